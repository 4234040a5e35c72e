-- Handlers that reach out, never end or take too much: the task ends in an error, in time, and the
-- execution can catch it.
local program = require "program"

if program.is_missing() then
  return
end

local MACHINE = [[{"StartAt":"T","States":{
  "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","TimeoutSeconds":SECONDS,
       "Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"Next":"D"},
  "C":{"Type":"Pass","OutputPath":"$.Error","End":true},
  "D":{"Type":"Pass","End":true}}}]]

-- seconds: what ends by itself gets enough of them for a sanitizer on a busy machine.
local function run_within(seconds, body, ...)
  local dir = program.project {
    ["m.json"] = MACHINE:gsub("SECONDS", tostring(seconds)),
    ["functions/f.lua"] = "return function(event, context)\n" .. body .. "\nend",
  }
  local result = program.run({ "run", "m.json", ... }, { cwd = dir })
  assert.are.equal(0, result.code, result.stderr)
  return (result.stdout:gsub("%s+$", ""))
end

local function run(body, ...)
  return run_within(1, body, ...)
end

local ENDLESS = {
  ["an empty loop"] = "while true do end",
  ["a loop around pcall"] = "while true do pcall(function() while true do end end) end",
  ["a hostile pattern"] = 'return (("a"):rep(100000)):find(".-.-.-.-.-b")',
  ["a comparator"] = "table.sort({ 1, 2 }, function() while true do end end)",
  ["a message handler"] = "xpcall(error, function() while true do end end)",
  ["a coroutine"] = "coroutine.wrap(function() while true do end end)()",
  ["a move of nothing"] = "table.move({}, 1, 1 << 60, 2)",
}

local GREEDY = {
  ["a long string"] = 'return #("x"):rep(1e9)',
  ["a growing string"] = 'local s = "x" while true do s = s .. s end',
}

describe("a handler that never ends", function()
  for name, body in pairs(ENDLESS) do
    it("in " .. name .. " is timed out", function()
      assert.are.equal('"States.Timeout"', run(body))
    end)

    it("in " .. name .. " is timed out on simulated time", function()
      assert.are.equal('"States.Timeout"', run(body, "--virtual-time"))
    end)
  end
end)

describe("a handler that takes too much memory", function()
  for name, body in pairs(GREEDY) do
    it("for " .. name .. " ends in an error", function()
      assert.are.equal('"Runtime.OutOfMemory"', run_within(60, body))
    end)
  end
end)

describe("a handler", function()
  it("has no way out of its state", function()
    assert.are.equal('[]', run [[
      local out = {}
      for _, name in ipairs { "io", "debug", "package", "dofile", "loadfile", "warn", "rawio" } do
        if _G[name] ~= nil then out[#out + 1] = name end
      end
      for _, name in ipairs { "execute", "exit", "remove", "rename", "tmpname", "setlocale" } do
        if os[name] ~= nil then out[#out + 1] = "os." .. name end
      end
      if string.dump then out[#out + 1] = "string.dump" end
      return require("mstep").array(out)]])
  end)

  it("sees nothing of the process's environment", function()
    assert.are.equal("[true,true,true]", run [[
      return { os.getenv("PATH") == nil, os.getenv("HOME") == nil, os.getenv("AWS_LAMBDA_FUNCTION_NAME") ~= nil }]])
  end)

  it("loads text and not binary chunks", function()
    assert.are.equal("[7,true]", run [[return { load("return 7")(), load("\27Lua") == nil }]])
  end)
end)
