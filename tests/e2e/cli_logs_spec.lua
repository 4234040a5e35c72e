-- `mstep logs`: what functions say on a server.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

local FILES = {
  ["functions/quiet.lua"] = "return function() end",
  ["functions/talk.lua"] = "return function(e) print('said ' .. e.n) return e.n end",
  ["functions/other.lua"] = "return function(e) print('not me') end",
  ["functions/bad.lua"] = "return function(e) error { Error = 'NoMoon', Cause = 'clouds' } end",
}

describe("mstep logs", function()
  local place
  setup(function()
    place = places.new("server", FILES)
    place:ok("invoke", "talk", "-p", '{"n":1}')
    place:ok("invoke", "other")
    place:ok("invoke", "talk", "-p", '{"n":2}')
    place:run("invoke", "bad")
  end)
  teardown(function()
    place:close()
  end)

  it("prints the lines of one function", function()
    local text = place:ok("logs", "talk")
    assert.is_truthy(text:match("^START RequestId: %S+ Version: %$LATEST\nsaid 1\nEND RequestId: %S+\nREPORT .-\nSTART .*said 2\n"),
      text)
    assert.is_nil(text:find("not me", 1, true))
    assert.is_truthy(place:ok("logs", "bad"):find("[ERROR] NoMoon", 1, true))
    local arn = "arn:aws:lambda:us-east-1:000000000000:function:bad"
    assert.is_truthy(place:ok("logs", arn):find("[ERROR] NoMoon", 1, true))
  end)

  it("tells a function that has said nothing from one that is not there", function()
    assert.are.equal("", place:ok("logs", "quiet"))
    place:refused("Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody", "logs", "nobody")
    place:refused("Function not found", "logs", "nobody", "-f")
  end)

  it("prints the lines of one request", function()
    local id = place:ok("logs", "talk"):match("START RequestId: (%S+)")
    local text = place:ok("logs", "talk", "--request", id)
    assert.is_truthy(text:find("said 1", 1, true))
    assert.is_nil(text:find("said 2", 1, true))
  end)

  it("follows", function()
    local quoted, url = program.quote(program.bin), place.server.url
    local result = program.shell(("timeout 3 %s logs talk -f -e %s & sleep 1; %s invoke talk -p '{\"n\":3}' -e %s >/dev/null; wait")
      :format(quoted, url, quoted, url))
    assert.is_truthy(result.stdout:find("said 1.*said 2.*said 3"), result.stdout)
    local _, count = result.stdout:gsub("said 1", "")
    assert.are.equal(1, count)
  end)

  it("is what `aws logs` sees, too", function()
    if program.shell("command -v aws").code ~= 0 then
      print("# skipped: aws is not installed")
      return
    end
    local events = place.server:aws("logs", "filter-log-events", "--log-group-name", "/aws/lambda/talk").events
    assert.are.equal("said 1\n", events[2].message)
  end)

  it("needs a server", function()
    local result = program.run({ "logs", "talk", "--store", "x.db" }, { cwd = place.dir })
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("--endpoint", 1, true) or result.stderr:find("could not open", 1, true), result.stderr)
  end)
end)
