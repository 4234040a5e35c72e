-- `mstep bus`: the same against a server and a store.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

local EVENT = '{"id":"1","account":"000000000000","source":"shop","time":"2026-11-23T12:00:00Z","region":"us-east-1",'
  .. '"resources":[],"detail-type":"Order","detail":{"total":7}}'

for _, kind in ipairs(places.kinds()) do
  describe("mstep bus with a " .. kind, function()
    local place
    setup(function()
      place = places.new(kind)
    end)
    teardown(function()
      place:close()
    end)

    it("lists buses and rules, puts an event", function()
      assert.is_truthy(place:ok("bus", "ls"):match("\ndefault%s+arn:aws:events:us%-east%-1:000000000000:event%-bus/default\n"))
      assert.is_truthy(place:ok("bus", "rules"):match("^NAME%s+STATE%s+PATTERN%s+SCHEDULE\n"))
      assert.are.equal(0, place:json("bus", "put", "shop", "Order", '{"total":7}').FailedEntryCount)
    end)

    it("makes a bus, says the ids of events alone, deletes the bus", function()
      assert.are.equal("arn:aws:events:us-east-1:000000000000:event-bus/shop\n", place:ok("bus", "create", "shop"))
      place:refused("Event bus shop already exists.", "bus", "create", "shop")
      assert.is_truthy(place:ok("bus", "put", "shop", "Order", "{}", "--bus", "shop"):match("^[%x-]+\n$"))
      assert.are.equal("", place:ok("bus", "delete", "shop"))
      place:refused('there is no bus "shop"', "bus", "delete", "shop")
      place:refused("Cannot delete event bus default", "bus", "delete", "default")
    end)

    it("fails with an event that is refused, or would be lost", function()
      local refused = place:run("bus", "put", "shop", "Order", "not JSON")
      assert.are.equal(1, refused.code)
      assert.are.equal("", refused.stdout)
      assert.is_truthy(refused.stderr:find("MalformedDetail: Detail is malformed.", 1, true), refused.stderr)
      local json = place:run("bus", "put", "shop", "Order", "not JSON", "-o", "json")
      assert.are.equal(1, json.code)
      assert.are.equal(1, program.decode(json.stdout).FailedEntryCount)
      place:refused('there is no bus "none"', "bus", "put", "shop", "Order", "{}", "--bus", "none")
      place:refused('there is no bus "none"', "bus", "rules", "--bus", "none")
    end)

    it("tests patterns", function()
      program.write(place.dir .. "/event.json", EVENT)
      assert.are.equal("true\n", place:ok("bus", "test", '{"source":["shop"]}', "@event.json"))
      assert.are.equal("false\n", place:ok("bus", "test", '{"source":["bank"]}', EVENT))
      place:refused("Event pattern is not valid", "bus", "test", '{"source":"shop"}', EVENT)
    end)
  end)
end
