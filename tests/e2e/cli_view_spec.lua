-- What is seen while an execution runs: lines in a pipe, a trace, a live tree on a terminal, colours.
local program = require "program"

if program.is_missing() then
  return
end

local MACHINE = [[{"StartAt":"First","States":{
  "First":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:flaky",
    "Retry":[{"ErrorEquals":["Flaky"],"IntervalSeconds":1,"MaxAttempts":2}],"Next":"Both"},
  "Both":{"Type":"Parallel","Next":"Each","Branches":[
    {"StartAt":"Left","States":{"Left":{"Type":"Wait","Seconds":1,"End":true}}},
    {"StartAt":"Right","States":{"Right":{"Type":"Pass","End":true}}}]},
  "Each":{"Type":"Map","ItemsPath":"$.items","End":true,"Parameters":{"n.$":"$$.Map.Item.Value"},
    "ItemProcessor":{"StartAt":"Item","States":{"Item":{"Type":"Pass","End":true}}}}}}]]

local dir = program.project {
  ["machine.json"] = MACHINE:gsub('"ItemsPath":"$.items",', '"ItemsPath":"$",'),
  ["many.json"] = [[{"StartAt":"Many","States":{"Many":{"Type":"Map","ItemsPath":"$","End":true,"ItemProcessor":{
    "StartAt":"Item","States":{"Item":{"Type":"Choice","Default":"Good",
      "Choices":[{"Variable":"$","NumericEquals":7,"Next":"Bad"}]},
    "Good":{"Type":"Pass","Result":1,"End":true},"Bad":{"Type":"Wait","Seconds":1,"Next":"Worse"},
    "Worse":{"Type":"Fail","Error":"Seven"}}}}}}]],
  ["functions/flaky.lua"] = [[return function(event, context)
    print("working")
    if context.attempt == 1 then error { Error = "Flaky", Cause = "first" } end
    return {} end]],
}

local function run(...)
  return program.run({ "run", "machine.json", ... }, { cwd = dir })
end

-- A container may lack terminals: then the cases that need one are pending, and say why.
local has_terminal = program.shell("script -qec true /dev/null").code == 0

-- Runs on a terminal of its own; gives everything that was written to it.
local function on_terminal(arguments, env)
  if not has_terminal then
    pending("no terminal can be opened here (is /dev/pts mounted?)")
  end
  local command = ("stty rows 24 cols 60; env TERM=xterm LANG=C.UTF-8 LC_ALL= %s %s run %s"):format(env or "",
    program.quote(program.bin), arguments)
  return program.shell("script -qec " .. program.quote(command) .. " /dev/null", { cwd = dir })
end

describe("progress in a pipe", function()
  it("is plain lines on standard error", function()
    local result = run "--virtual-time"
    assert.are.equal(0, result.code, result.stderr)
    assert.is_nil(result.stderr:find("\27", 1, true))
    for _, wanted in ipairs { "0.000s  First\n", "First: failed: Flaky: first", "First: attempt 2 in 1.0s",
      "First: attempt 2\n", "[0] Left: waits 1.0s", "[1] Right\n", "2.000s  Each\n", "[lua] " } do
      assert.is_truthy(result.stderr:find(wanted, 1, true), wanted .. " in " .. result.stderr)
    end
    assert.are.equal('[{"n":{}},{"n":{}}]\n', result.stdout)
  end)

  it("is silent with --quiet, and with -o json", function()
    local quiet = run("--virtual-time", "--quiet")
    assert.is_nil(quiet.stderr:find("First", 1, true))
    assert.are.equal('[{"n":{}},{"n":{}}]\n', quiet.stdout)
    assert.is_nil(run("--virtual-time", "-o", "json").stderr:find("First", 1, true))
  end)

  it("shows every event with --trace", function()
    local text = run("--virtual-time", "--trace").stderr
    for _, wanted in ipairs { "#1<0 ExecutionStarted", "#2<0 TaskStateEntered First",
      "MoonstepRetryScheduled First", "due in 1.0s", "MapIterationSucceeded", "ExecutionSucceeded" } do
      assert.is_truthy(text:find(wanted, 1, true), wanted .. " in " .. text)
    end
  end)
end)

describe("progress on a terminal", function()
  it("is a live tree that counts retries down", function()
    local result = on_terminal "machine.json"
    local text = result.stdout
    assert.are.equal(0, result.code, text)
    assert.is_truthy(text:find("\27[J", 1, true))
    assert.is_truthy(text:find("attempt 2 in 0.%ds"), text)
    assert.is_truthy(text:find("0.%ds left"), text)
    local last = text:match(".*\27%[J(.*)$")
    for _, state in ipairs { "First", "Both", "Left", "Right", "Each", "Item" } do
      assert.is_truthy(last:find(state, 1, true), state .. " in " .. last)
    end
    assert.is_truthy(last:find("✓", 1, true))
    assert.is_truthy(last:find("\27[32m", 1, true))
    -- The output is laid out for reading.
    assert.is_truthy(last:find('"n": {}', 1, true), last)
  end)

  it("only counts the many iterations that ended well, and keeps to the terminal's size", function()
    local result = on_terminal "many.json -i '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]'"
    local last = result.stdout:match(".*\27%[J(.*)$")
    assert.are.equal(1, result.code)
    assert.is_truthy(last:find("20 of 20", 1, true), last)
    assert.is_truthy(last:find("[6]", 1, true), last)
    assert.is_truthy(last:find("✗\27%[0m Worse"), last)
    assert.is_nil(last:find("[5]", 1, true), last)
    for line in last:gsub("\27%[%d*m", ""):gmatch("[^\r\n]+") do
      assert.is_true(utf8.len(line) <= 60, line)
    end
  end)

  it("has no colours with NO_COLOR", function()
    local text = on_terminal("machine.json --virtual-time", "NO_COLOR=1").stdout
    assert.is_truthy(text:find("✓", 1, true))
    assert.is_nil(text:find("\27%[%d+m"))
  end)

  it("is plain lines when the terminal is dumb", function()
    local text = on_terminal("machine.json --virtual-time", "TERM=dumb").stdout
    assert.is_nil(text:find("\27", 1, true))
    assert.is_truthy(text:find("First: attempt 2", 1, true))
  end)
end)
