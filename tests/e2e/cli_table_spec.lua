-- `mstep table`: items as plain JSON.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

for _, kind in ipairs(places.kinds()) do
  describe("mstep table with a " .. kind, function()
    local place
    setup(function()
      place = places.new(kind, { ["mstep.lua"] = 'return { tables = { carts = { key = "id", sort = { name = "n", type = "N" } } } }' })
      if kind == "store" then
        place:close()
        local started = program.shell(("timeout 1 %s serve --store place.db --listen 127.0.0.1:0; true"):format(
          program.quote(program.bin)), { cwd = place.dir })
        assert(started.code == 0)
      end
    end)
    teardown(function()
      place:close()
    end)

    it("writes and reads items", function()
      assert.are.equal("carts\n", place:ok("table", "ls"))
      place:ok("table", "put", "carts", '{"id":"a","n":1,"deep":{"list":[1,"x",true,null]}}')
      place:ok("table", "put", "carts", '{"id":"a","n":2}')
      place:ok("table", "put", "carts", '{"id":"b","n":1.5}')
      local item = program.decode(place:ok("table", "get", "carts", '{"id":"a","n":1}'))
      assert.are.equal("x", item.deep.list[2])
      assert.are.equal("1.5", place:json("table", "get", "carts", '{"id":"b","n":1.5}').Item.n.N)
      assert.are.equal("", place:ok("table", "get", "carts", '{"id":"c","n":1}'))
    end)

    it("makes and drops tables", function()
      assert.are.equal("arn:aws:dynamodb:us-east-1:000000000000:table/log\n", place:ok("table", "create", "log", "day", "n:N"))
      place:ok("table", "put", "log", '{"day":"mon","n":7}')
      assert.are.equal('{"day":"mon","n":7}\n', place:ok("table", "get", "log", '{"day":"mon","n":7}'))
      place:refused("Table already exists: log", "table", "create", "log", "day")
      place:refused('not a key: "day:X"', "table", "create", "other", "day:X")
      place:refused('needs TABLE KEY [SORT]', "table", "create", "other")
      place:ok("table", "drop", "log")
      assert.are.equal("carts\n", place:ok("table", "ls"))
      place:refused('there is no table "log"', "table", "drop", "log")
    end)

    it("queries, scans, deletes", function()
      local _, count = place:ok("table", "query", "carts", '{"id":"a"}'):gsub("\n", "")
      assert.are.equal(2, count)
      _, count = place:ok("table", "scan", "carts"):gsub("\n", "")
      assert.are.equal(3, count)
      place:ok("table", "delete", "carts", '{"id":"b","n":1.5}')
      assert.are.equal(2, place:json("table", "scan", "carts").Count)
    end)

    it("says what is wrong", function()
      place:refused("not a JSON object", "table", "put", "carts", "[1]")
      place:refused("not valid JSON: line 1", "table", "put", "carts", '{"id":"a" "n":1}')
      place:refused('there is no table "nobody"', "table", "get", "nobody", '{"id":"a"}')
    end)
  end)
end
