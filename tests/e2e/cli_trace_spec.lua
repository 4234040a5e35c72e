-- `mstep trace`: a history, line by line, as it happens.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"

local FILES = {
  ["both.asl.json"] = [[{"StartAt":"P","States":{"P":{"Type":"Parallel","Next":"Z","Branches":[
    {"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},
    {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.l","End":true,
      "ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}}}}]},
    "Z":{"Type":"Fail","Error":"NoMoon","Cause":"clouds"}}}]],
  ["slow.asl.json"] = [[{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":2,"Next":"E"},"E":{"Type":"Pass","End":true}}}]],
}

-- {type, columns of indentation} of each line.
local function lines_of(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    local indent, id, name = line:match("^ +%d+%.%d%d%ds  ( *)#(%d+) (%w+)")
    assert(name, line)
    lines[#lines + 1] = { id = tonumber(id), type = name, indent = #indent }
  end
  return lines
end

local function indent_of(lines, name)
  for _, line in ipairs(lines) do
    if line.type == name then
      return line.indent
    end
  end
end

for _, kind in ipairs(places.kinds()) do
  describe("mstep trace of a " .. kind, function()
    local place
    setup(function()
      place = places.new(kind, FILES)
    end)
    teardown(function()
      place:close()
    end)

    it("shows each event, what is in branches indented", function()
      place:ok("start", "both.asl.json", "--name", "b", "-i", '{"l":[1,2]}')
      local text = place:ok("trace", "b")
      local lines = lines_of(text)
      local history = place:json("history", "b").events
      assert.are.equal(#history, #lines)
      for i, event in ipairs(history) do
        assert.are.equal(event.id, lines[i].id)
        assert.are.equal(event.type, lines[i].type)
      end
      local expected = { ExecutionStarted = 0, ParallelStateEntered = 0, ParallelStateStarted = 0, PassStateEntered = 2,
        MapStateEntered = 2, MapStateStarted = 2, MapIterationStarted = 4, MapIterationSucceeded = 4, MapStateSucceeded = 2,
        MapStateExited = 2, ParallelStateSucceeded = 0, ParallelStateExited = 0, FailStateEntered = 0, ExecutionFailed = 0 }
      for name, indent in pairs(expected) do
        assert.are.equal(indent, indent_of(lines, name), name .. "\n" .. text)
      end
      assert.are.equal(6, lines[#lines] and (function()
        local deepest = 0
        for _, line in ipairs(lines) do
          deepest = math.max(deepest, line.indent)
        end
        return deepest
      end)())
      assert.is_truthy(text:find("NoMoon", 1, true), text)
    end)

    it("writes an event a line as JSON", function()
      place:ok("start", "both.asl.json", "--name", "j", "-i", '{"l":[1]}')
      local count = 0
      for line in place:ok("trace", "j", "-o", "json"):gmatch("[^\n]+") do
        count = count + 1
        assert.are.equal(count, program.decode(line).id)
      end
      assert.are.equal(#place:json("history", "j").events, count)
    end)

    it("ends where the history ends now, without -f", function()
      place:ok("start", "slow.asl.json", "--name", "now")
      local lines = lines_of(place:ok("trace", "now"))
      assert.are_not.equal("ExecutionSucceeded", lines[#lines].type)
    end)

    it("refuses what is not there", function()
      place:refused("there is no execution", "trace", "nobody", "-f")
      place:refused("--output", "trace", "nobody", "-o", "xml")
    end)
  end)
end

describe("mstep trace -f", function()
  it("goes on until a server's execution has ended", function()
    local place = places.new("server", FILES)
    place:ok("start", "slow.asl.json", "--name", "s")
    local lines = lines_of(place:ok("trace", "s", "-f"))
    assert.are.equal("ExecutionSucceeded", lines[#lines].type)
    for i, line in ipairs(lines) do
      assert.are.equal(i, line.id)
    end
    place:close()
  end)

  it("follows a store that another process runs", function()
    local dir = program.project(FILES)
    local bin = program.quote(program.bin)
    local result = program.shell(("%s run slow.asl.json --store t.db --name t -q >run.out & sleep 0.5; %s trace t -f --store t.db; wait")
      :format(bin, bin), { cwd = dir })
    local lines = lines_of(result.stdout)
    assert.are.equal("ExecutionSucceeded", lines[#lines].type, result.stderr)
  end)
end)
