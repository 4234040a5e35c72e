-- `mstep top`: a server's figures on one screen.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

local FILES = {
  ["long.asl.json"] = '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1000,"End":true}}}',
  ["fail.asl.json"] = '{"StartAt":"F","States":{"F":{"Type":"Fail"}}}',
}

describe("mstep top", function()
  local place
  setup(function()
    place = places.new("server", FILES)
  end)
  teardown(function()
    place:close()
  end)

  it("shows an idle server", function()
    local text = place:ok("top", "--once")
    assert.is_truthy(text:find("^mstep top  http://127%.0%.0%.1:%d+  %d+%-"), text)
    assert.is_truthy(text:find("executions  open 0  started 0  succeeded 0  failed 0", 1, true), text)
    assert.is_nil(text:find("RUNNING", 1, true))
    assert.is_nil(text:find("\27", 1, true))
  end)

  it("shows what runs and what waits in queues", function()
    place:ok("start", "long.asl.json", "--name", "endless")
    place:ok("start", "fail.asl.json", "--name", "f")
    place:ok("queue", "create", "till")
    place:ok("queue", "send", "till", "a")
    place:ok("queue", "send", "till", "b")
    place:ok("queue", "receive", "till")
    local text = place:ok("top", "--once")
    assert.is_truthy(text:find("executions  open 1  started 2  succeeded 0  failed 1", 1, true), text)
    assert.is_truthy(text:find("sent 2  received 1", 1, true), text)
    assert.is_truthy(text:find("\nendless +long +%d+%-%d+%-%S+ +%S"), text)
    assert.is_truthy(text:find("\ntill +1 +1 +0\n"), text)
    assert.is_truthy(text:find("p99 <", 1, true), text)
  end)

  it("looks again every second, with how fast the figures rise", function()
    local result = program.shell(("timeout -s INT 2 %s top --endpoint %s"):format(program.quote(program.bin), place.server.url))
    local _, screens = result.stdout:gsub("mstep top", "")
    assert.is_true(screens >= 2, result.stdout .. result.stderr)
    assert.is_truthy(result.stdout:find("calls %d+ %(%d+/s%)"), result.stdout)
  end)

  it("asks servers only", function()
    local result = program.run({ "top", "--once" }, { env = "MSTEP_STORE=x.db" })
    assert.are.equal(2, result.code)
    result = program.run { "top", "--once", "--endpoint", "http://127.0.0.1:1" }
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("nobody listens", 1, true), result.stderr)
  end)
end)
