-- `mstep wait`: how an execution ended is the exit code.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

local function machine(states)
  return '{"StartAt":"A","States":' .. states .. "}"
end

local FILES = {
  ["short.asl.json"] = machine '{"A":{"Type":"Wait","Seconds":1,"End":true}}',
  ["long.asl.json"] = machine '{"A":{"Type":"Wait","Seconds":1000,"End":true}}',
  ["fail.asl.json"] = machine '{"A":{"Type":"Fail","Error":"NoMoon","Cause":"clouds"}}',
  ["late.asl.json"] = '{"TimeoutSeconds":1,"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":9,"End":true}}}',
}

describe("mstep wait", function()
  local place
  setup(function()
    place = places.new("server", FILES)
  end)
  teardown(function()
    place:close()
  end)

  it("prints the output of what succeeds", function()
    place:ok("start", "short.asl.json", "--name", "s", "-i", '{"a":1}')
    assert.are.equal('{"a":1}\n', place:ok("wait", "s"))
    assert.are.equal("SUCCEEDED", place:json("wait", "s").status)
  end)

  it("has an exit code for each end", function()
    place:ok("start", "fail.asl.json", "--name", "f")
    local failed = place:run("wait", "f")
    assert.are.equal(1, failed.code)
    assert.is_truthy(failed.stderr:find("the execution did not succeed: NoMoon: clouds", 1, true), failed.stderr)
    place:ok("start", "late.asl.json", "--name", "t")
    assert.are.equal(3, place:run("wait", "t").code)
    place:ok("start", "long.asl.json", "--name", "l")
    place:ok("stop", "l")
    assert.are.equal(4, place:run("wait", "l").code)
  end)

  it("gives up", function()
    place:ok("start", "long.asl.json", "--name", "l2")
    place:refused("still RUNNING after 1s", "wait", "l2", "--timeout", "1s")
    place:refused("--timeout must be a time", "wait", "l2", "--timeout", "soon")
    place:refused("there is no execution", "wait", "nobody")
  end)

  it("looks into a store that another process runs", function()
    local dir = program.project(FILES)
    local result = program.shell(("%s run short.asl.json --store w.db --name w -q & sleep 0.4; %s wait w --store w.db; wait")
      :format(program.quote(program.bin), program.quote(program.bin)), { cwd = dir })
    assert.are.equal("{}\n{}\n", result.stdout, result.stderr)
  end)
end)
