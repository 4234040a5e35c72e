-- `mstep run`: inputs, outputs, exit codes, folders of Lua code, mocks, virtual time, Ctrl-C.
local program = require "program"

if program.is_missing() then
  return
end

local FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"

local function task(name, more)
  return ('{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"%s%s"%s,"End":true}}}'):format(
    FUNCTION, name, more or "")
end

local RETRIES = ',"Retry":[{"ErrorEquals":["Flaky"],"IntervalSeconds":3600,"MaxAttempts":9,"BackoffRate":2}]'

local dir = program.project {
  ["echo.json"] = '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}',
  ["fail.json"] = '{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"Broken","Cause":"it is broken"}}}',
  ["slow.json"] = '{"TimeoutSeconds":1,"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}}',
  ["wait.json"] = '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}}',
  ["bad.json"] = '{"StartAt":"X","States":{"P":{"Type":"Pass","End":true}}}',
  ["hello.json"] = task("hello"),
  ["raise.json"] = task("raise"),
  ["table.json"] = task("table"),
  ["hog.json"] = task("hog"),
  ["functions/hog.lua"] = "return function() while true do pcall(function() while true do end end) end end",
  ["flaky.json"] = task("flaky", RETRIES),
  ["uuid.json"] = [[{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"id.$":"States.UUID()",
    "n.$":"States.MathRandom(0,1000000)","name.$":"$$.Execution.Name"},"End":true}}}]],
  ["lua/machine.lua"] = 'local parts = require "parts"\nreturn parts.machine("made in Lua")',
  ["lib/parts.lua"] = [[return { machine = function(text)
    return { StartAt = "P", States = { P = { Type = "Pass", Result = text, End = true } } } end }]],
  ["functions/hello.lua"] = 'return function(event, context)\n  return "hello " .. event.name .. " from " .. context.function_name\nend',
  ["functions/raise.lua"] = 'return function(event)\n  error("no luck")\nend',
  ["functions/table.lua"] = 'return function(event)\n  error { Error = "Mine", Cause = "my cause" }\nend',
  ["functions/flaky.lua"] = [[return function(event, context)
    if context.attempt < 4 then error { Error = "Flaky", Cause = "attempt " .. context.attempt } end
    return context.attempt end]],
  ["other/functions/hello.lua"] = 'return function() return "the other one" end',
  ["mocks.json"] = [[{"StateMachines":{"hello":{"TestCases":{"Happy":{"T":"Said"},"Sad":{"T":"Thrown"}}}},
    "MockedResponses":{"Said":{"0":{"Return":"mocked"}},"Thrown":{"0":{"Throw":{"Error":"E","Cause":"C"}}}}}]],
  ["input.json"] = '{"name": "file"}\n',
}

local function run(arguments, options)
  options = options or {}
  options.cwd = options.cwd or dir
  return program.run({ "run", table.unpack(arguments) }, options)
end

describe("the input of mstep run", function()
  local function output(...)
    local result = run({ "echo.json", ... }, { input = "[1, 2.50]" })
    assert.are.equal(0, result.code, result.stderr)
    return result.stdout
  end

  it("is {} unless given", function()
    assert.are.equal("{}\n", output())
  end)

  it("is text, a file or standard input", function()
    assert.are.equal('{"a":[]}\n', output("--input", '{"a": []}'))
    assert.are.equal('{"name":"file"}\n', output("--input", "@input.json"))
    assert.are.equal('{"name":"file"}\n', output("-i@input.json"))
    assert.are.equal("[1,2.5]\n", output("--input=-"))
  end)

  it("may be any JSON", function()
    for _, text in ipairs { "null", "false", '"x"', "12345678901234567890123", "[]", "0.1" } do
      assert.are.equal(text .. "\n", output("-i", text))
    end
  end)

  it("is refused when it is no JSON", function()
    local result = run { "echo.json", "--input", "{oops" }
    assert.are.equal(2, result.code)
    assert.are.equal("", result.stdout)
    assert.is_truthy(result.stderr:find("the input is not valid JSON", 1, true), result.stderr)
  end)

  it("is hinted at when the @ was forgotten", function()
    local result = run { "echo.json", "--input", "input.json" }
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("Did you mean --input @input.json?", 1, true), result.stderr)
  end)

  it("cannot share standard input with the machine", function()
    assert.are.equal(2, run({ "-", "-i", "-" }).code)
  end)

  it("is refused when its file is missing", function()
    local result = run { "echo.json", "-i", "@nowhere.json" }
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find('could not read the input "nowhere.json": No such file', 1, true))
  end)
end)

describe("the exit code of mstep run", function()
  it("is 1 when the execution failed, with error and cause", function()
    local result = run { "fail.json" }
    assert.are.equal(1, result.code)
    assert.are.equal("", result.stdout)
    assert.is_truthy(result.stderr:find("the execution failed: Broken\n  it is broken\n", 1, true), result.stderr)
  end)

  it("is 2 when the definition is invalid, and nothing was run", function()
    local result = run { "bad.json" }
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("^bad%.json:1:%d+: error: "), result.stderr)
    assert.are.equal(2, run({ "missing.json" }).code)
  end)

  it("is 3 when it timed out", function()
    local result = run { "slow.json", "--virtual-time" }
    assert.are.equal(3, result.code)
    assert.is_truthy(result.stderr:find("the execution timed out", 1, true))
  end)

  for _, signal in ipairs { "INT", "TERM" } do
    it("is 4 when it was interrupted by " .. signal, function()
      local command = "%s run wait.json -o json >out & pid=$!; sleep 0.5; kill -%s $pid; wait $pid; echo $?"
      local result = program.shell(command:format(program.quote(program.bin), signal), { cwd = dir })
      assert.are.equal("4\n", result.stdout)
      local described = program.decode(program.read(dir .. "/out"))
      assert.are.equal("ABORTED", described.status)
      assert.are.equal("Interrupted", described.error)
    end)
  end
end)

describe("Ctrl-C", function()
  for _, workers in ipairs { "0", "1" } do
    it("ends a handler that never returns (" .. workers .. " workers)", function()
      local command = "%s run hog.json -q --workers %s & pid=$!; sleep 0.4; kill -INT $pid; sleep 0.4; "
        .. "kill -INT $pid 2>/dev/null; wait $pid; echo $?"
      local result = program.shell(command:format(program.quote(program.bin), workers), { cwd = dir, limit = 20 })
      assert.are.equal("4\n", result.stdout)
    end)
  end
end)

describe("mstep run -o json", function()
  it("prints DescribeExecution's form", function()
    local result = run { "echo.json", "-i", '{"a":1}', "-o", "json", "--name", "mine" }
    local described = program.decode(result.stdout)
    assert.are.equal(0, result.code)
    assert.are.equal("", result.stderr)
    assert.are.equal("SUCCEEDED", described.status)
    assert.are.equal('{"a":1}', described.output)
    assert.are.equal("mine", described.name)
    assert.are.equal("arn:aws:states:us-east-1:000000000000:execution:echo:mine", described.executionArn)
    assert.are.equal("arn:aws:states:us-east-1:000000000000:stateMachine:echo", described.stateMachineArn)
    assert.is_true(described.startDate <= described.stopDate)
    assert.is_nil(described.events)
  end)

  it("has error and cause of a failure", function()
    local result = run { "fail.json", "-o", "json" }
    local described = program.decode(result.stdout)
    assert.are.equal(1, result.code)
    assert.are.equal("FAILED", described.status)
    assert.are.equal("Broken", described.error)
    assert.are.equal("it is broken", described.cause)
    assert.is_nil(described.output)
  end)

  it("has the history with --trace", function()
    local events = program.decode(run({ "echo.json", "-o", "json", "--trace" }).stdout).events
    local types = {}
    for i, event in ipairs(events) do
      assert.are.equal(i, event.id)
      types[i] = event.type
    end
    assert.are.same({ "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded" }, types)
    assert.are.equal("P", events[2].stateEnteredEventDetails.name)
  end)
end)

describe("Lua handlers", function()
  it("are found beside the machine", function()
    assert.are.equal('"hello moon from hello"\n', run({ "hello.json", "-i", '{"name":"moon"}' }).stdout)
  end)

  it("are found in the folder above, with modules in lib/", function()
    assert.are.equal('"made in Lua"\n', run({ "lua/machine.lua" }).stdout)
  end)

  it("are found where --functions and --project say", function()
    assert.are.equal('"the other one"\n', run({ "hello.json", "--functions", "other/functions" }).stdout)
    assert.are.equal('"the other one"\n', run({ "hello.json", "--project", "other" }).stdout)
  end)

  it("are not found where there is no folder, and that is said", function()
    local result = run { "hello.json", "--functions", "nowhere" }
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find('could not open folder "nowhere"', 1, true), result.stderr)
  end)

  it("run on the loop with no workers", function()
    assert.are.equal('"hello moon from hello"\n', run({ "hello.json", "-i", '{"name":"moon"}', "--workers", "0" }).stdout)
  end)

  it("raise errors that name the line", function()
    local result = run { "raise.json" }
    assert.are.equal(1, result.code)
    assert.is_truthy(result.stderr:find("no luck", 1, true), result.stderr)
    assert.is_truthy(result.stderr:find("functions/raise.lua:2", 1, true), result.stderr)
  end)

  it("raise errors of their own", function()
    local described = program.decode(run({ "table.json", "-o", "json" }).stdout)
    assert.are.equal("Mine", described.error)
    assert.is_truthy(described.cause:find("my cause", 1, true))
  end)

  -- The table of the README, row by row.
  for name, row in pairs {
    own = { 'return function() error { Error = "CardDeclined", Cause = "no" } end', "CardDeclined", "^no$" },
    lambda = { 'return function() error { errorType = "CardDeclined", errorMessage = "no" } end', "CardDeclined",
      '^{"errorMessage":"no","errorType":"CardDeclined","requestId":"[%x-]+","stackTrace":%[' },
    text = { 'return function()\n  error("text")\nend', "Lua.Error", '"errorMessage":"functions/text.lua:2: text"' },
    mistake = { "return function()\n  local x\n  return x.y\nend", "Lua.Error", "functions/mistake.lua:3: " },
    result = { "return function() return print end", "Runtime.MarshalError", "function" },
    syntax = { "return {", "Runtime.UserCodeSyntaxError", "functions/syntax.lua:1: " },
    nothing = { "return 1", "Runtime.HandlerNotFound", "functions/nothing.lua" },
    memory = { "return function() local t = {} for i = 1, 1e12 do t[i] = {} end end", "Runtime.OutOfMemory", "memory" },
  } do
    it("raise errors with AWS's shape: " .. name, function()
      local project = program.project { ["functions/" .. name .. ".lua"] = row[1], ["m.json"] = task(name) }
      local described = program.decode(run({ "m.json", "-o", "json" }, { cwd = project }).stdout)
      assert.are.equal(row[2], described.error)
      assert.is_truthy(described.cause:find(row[3]), described.cause)
    end)
  end

  it("that do not exist are an error of AWS's", function()
    local described = program.decode(run({ "-", "-o", "json" }, { input = task("nobody") }).stdout)
    assert.are.equal("FAILED", described.status)
    assert.are.equal("Lambda.ResourceNotFoundException", described.error)
    local told = run({ "-", "-q" }, { input = task("nobody") }).stderr
    assert.is_truthy(told:find("hint: A function NAME is the file NAME.lua", 1, true), told)
  end)
end)

describe("mstep run --mocks", function()
  it("answers tasks from a file", function()
    assert.are.equal('"mocked"\n', run({ "hello.json", "--mocks", "mocks.json#Happy" }).stdout)
    local described = program.decode(run({ "hello.json", "--mocks", "mocks.json#Sad", "-o", "json" }).stdout)
    assert.are.equal("E", described.error)
    assert.are.equal("C", described.cause)
  end)

  it("refuses a case that is not there", function()
    local result = run { "hello.json", "--mocks", "mocks.json#Glad" }
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("Glad", 1, true), result.stderr)
  end)
end)

describe("mstep run --virtual-time", function()
  it("lets hours of backoff pass at once", function()
    local result = run { "flaky.json", "--virtual-time", "--trace", "-o", "json" }
    local described = program.decode(result.stdout)
    assert.are.equal("4", described.output)
    assert.is_true(result.seconds <= 2 * program.slowness)
    assert.are.equal(7 * 3600, math.floor(described.stopDate - described.startDate + 0.5))
  end)

  it("repeats bit for bit for a seed", function()
    local arguments = { "uuid.json", "--virtual-time", "--seed", "7", "--trace", "-o", "json" }
    local first = run(arguments).stdout
    assert.are.equal(first, run(arguments).stdout)
    arguments[4] = "8"
    assert.are_not.equal(first, run(arguments).stdout)
  end)

  it("needs the loop for handlers", function()
    assert.are.equal(2, run({ "echo.json", "--virtual-time", "--workers", "2" }).code)
  end)
end)
