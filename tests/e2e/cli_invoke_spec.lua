-- `mstep invoke`: the same against a server and with a store in this process.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

local FILES = {
  ["functions/double.lua"] = "return function(e) return { n = 2 * e.n } end",
  ["functions/name.lua"] = "return function(e) return 'moon' end",
  ["functions/talker.lua"] = "return function(e) for i = 1, e.n do print('line ' .. i) end return e.n end",
  ["functions/broken.lua"] = "return function() error { Error = 'NoMoon', Cause = 'clouds' } end",
}

for _, kind in ipairs(places.kinds()) do
  describe("mstep invoke with a " .. kind, function()
    local place
    setup(function()
      place = places.new(kind, FILES)
    end)
    teardown(function()
      place:close()
    end)

    it("prints what the function returned, as JSON", function()
      assert.are.equal('{"n":14}\n', place:ok("invoke", "double", "--payload", '{"n":7}'))
      assert.are.equal('"moon"\n', place:ok("invoke", "name"))
      assert.are.equal('{"n":2}\n', place:ok("invoke", "double", "-p", '{"n":1}', "--qualifier", "$LATEST"))
      assert.are.equal(200, place:json("invoke", "double", "-p", '{"n":7}').StatusCode)
    end)

    it("ends with 1 when the function failed", function()
      local result = place:run("invoke", "broken")
      assert.are.equal(1, result.code)
      assert.are.equal("NoMoon", program.decode(result.stdout).errorType)
    end)

    it("shows the log of a call on standard error", function()
      local result = place:run("invoke", "talker", "--log", "-p", '{"n":2}')
      assert.are.equal("2\n", result.stdout)
      assert.is_truthy(result.stderr:find(
        "START RequestId: [%x-]+ Version: %$LATEST\nline 1\nline 2\nEND RequestId: [%x-]+\nREPORT RequestId: "))
      result = place:run("invoke", "talker", "--log", "-p", '{"n":2000}')
      assert.is_falsy(result.stderr:find("START", 1, true))
      assert.is_truthy(result.stderr:find("line 2000\nEND RequestId", 1, true))
      result = place:run("invoke", "broken", "--log")
      assert.are.equal(1, result.code)
      assert.is_truthy(result.stderr:find("[ERROR] NoMoon: clouds", 1, true))
      place:refused("mstep logs has those of events", "invoke", "talker", "--log", "--async")
    end)

    it("gives an event to the queue", function()
      assert.are.equal("", place:ok("invoke", "double", "--async", "-p", '{"n":1}'))
      assert.are.equal(202, place:json("invoke", "double", "--async", "-p", '{"n":1}').StatusCode)
    end)

    it("waits for the record of an event", function()
      local record = program.decode(place:ok("invoke", "double", "--async", "--wait", "-p", '{"n":4}'))
      assert.are.equal("Success", record.requestContext.condition)
      assert.are.equal(8, record.responsePayload.n)
      assert.are.equal(4, record.requestPayload.n)
    end)

    it("says what is wrong", function()
      place:refused("Function not found", "invoke", "nobody")
      place:refused("--wait goes with --async", "invoke", "double", "--wait")
      place:refused("could not read the payload", "invoke", "double", "-p", "@none")
      place:refused("the payload is not valid JSON: line 1", "invoke", "double", "-p", "{")
    end)
  end)
end
