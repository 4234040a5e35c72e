-- Machines whose expressions are Lua: every kind of field, failures that are caught, runs that repeat.
local program = require "program"

if program.is_missing() then
  return
end

local FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"

-- A machine in Lua of these states, the first of which is A.
local function machine(states, language)
  return program.encode { QueryLanguage = language or "Lua", StartAt = "A", States = states }
end

local function run(states, input, ...)
  local dir = program.project {
    ["m.json"] = type(states) == "string" and states or machine(states),
    ["functions/double.lua"] = "return function(event) return {n = event.n * 2} end",
    ["functions/fail.lua"] = 'return function() error {Error = "Broken", Cause = "no luck"} end',
  }
  local result = program.run({ "run", "m.json", "-q", "--virtual-time", "--seed", "7", "-i", input or "{}", ... },
    { cwd = dir })
  return result, result.code == 0 and program.decode(result.stdout) or nil
end

describe("QueryLanguage Lua", function()
  it("computes arguments, results, variables and conditions", function()
    local result, output = run({
      A = {
        Type = "Task", Resource = FUNCTION .. "double", Arguments = { n = "{% states.input.n + 1 %}" },
        TimeoutSeconds = "{% 10 // 2 %}",
        Assign = { n = "{% states.result.n %}", twice = "{% {states.result.n, states.result.n} %}" },
        Output = { before = "{% states.input.n %}", name = "{% states.context.State.Name %}" }, Next = "C",
      },
      C = {
        Type = "Choice",
        Choices = {
          { Condition = "{% n > 100 %}", Next = "Bad" },
          { Condition = "{% n == 8 and #twice == 2 %}", Next = "W",
            Output = "{% {n = n, input = states.input} %}", Assign = { kind = "even" } },
        },
        Default = "Bad",
      },
      W = { Type = "Wait", Seconds = "{% n * 100 %}", Next = "M" },
      M = {
        Type = "Map", Items = "{% twice %}", MaxConcurrency = "{% 2 %}",
        ItemSelector = { v = "{% states.context.Map.Item.Value + states.context.Map.Item.Index %}" },
        ItemProcessor = { StartAt = "P", States = {
          P = { Type = "Pass", Output = "{% local v = states.input.v\nreturn v * v + n %}", End = true } } },
        Output = { map = "{% states.result %}", all = "{% states.input %}", kind = "{% kind %}" }, End = true,
      },
      Bad = { Type = "Fail", Error = "Bad" },
    }, '{"n": 3}')
    assert.are.equal(0, result.code, result.stderr)
    assert.are.same({ map = { 72, 89 }, kind = "even",
      all = { n = 8, input = { before = 3, name = "A" } } }, output)
  end)

  it("gives a Catch its error", function()
    local _, output = run {
      A = {
        Type = "Task", Resource = FUNCTION .. "fail", End = true,
        Catch = { { ErrorEquals = { "Broken" }, Next = "B",
          Assign = { why = "{% states.errorOutput.Cause:upper() %}" },
          Output = { error = "{% states.errorOutput.Error .. '!' %}" } } },
      },
      B = { Type = "Pass", Output = "{% {why, states.input.error} %}", End = true },
    }
    assert.are.same({ "NO LUCK", "Broken!" }, output)
  end)

  it("may be one state's alone", function()
    local _, output = run(program.encode {
      StartAt = "A",
      States = {
        A = { Type = "Pass", Parameters = { ["x.$"] = "$.n" }, Assign = { ["v.$"] = "$.x" }, Next = "B" },
        B = { Type = "Pass", QueryLanguage = "Lua", Output = { y = "{% states.input.x + v %}" }, Next = "C" },
        C = { Type = "Pass", QueryLanguage = "JSONata", Output = "{% $states.input.y * 2 %}", End = true },
      },
    }, '{"n": 3}')
    assert.are.equal(12, output)
  end)

  it("fails with the field and the line, and the history has both", function()
    local dir = program.project { ["m.json"] = machine {
      A = { Type = "Pass", Output = { list = { 1, "{% local t = {}\nreturn t.x.y %}" } }, End = true } } }
    local result = program.run({ "run", "m.json", "-o", "json", "--trace" }, { cwd = dir })
    assert.are.equal(1, result.code)
    local answer = program.decode(result.stdout)
    assert.are.equal("States.QueryEvaluationError", answer.error)
    assert.is_truthy(answer.cause:find("specified for the field 'Output/list[1]' threw an error during "
      .. "evaluation: line 2: attempt to index a nil value (field 'x')", 1, true), answer.cause)
    local seen
    for _, event in ipairs(answer.events) do
      seen = seen or event.evaluationFailedEventDetails
    end
    assert.are.equal("Output/list[1]", seen.location)
    assert.are.equal("A", seen.state)
  end)

  it("fails where a value has the wrong type, as JSONata does", function()
    local result = run {
      A = { Type = "Choice", Choices = { { Condition = "{% 1 %}", Next = "B" } }, Default = "B" },
      B = { Type = "Succeed" },
    }
    assert.are.equal(1, result.code)
    assert.is_truthy(result.stderr:find("The Lua expression '1' specified for the field", 1, true), result.stderr)
    assert.is_truthy(result.stderr:find("Expected 'boolean', but was 'number' for value: 1", 1, true), result.stderr)
  end)

  it("can be caught and retried on a Task", function()
    local _, output = run {
      A = {
        Type = "Task", Resource = FUNCTION .. "double", Arguments = "{% states.input.a.b %}", End = true,
        Catch = { { ErrorEquals = { "States.QueryEvaluationError" }, Next = "B" } },
      },
      B = { Type = "Pass", Output = "caught", End = true },
    }
    assert.are.equal("caught", output)
  end)

  it("ends what does not end", function()
    for _, body in ipairs { "while true do end return 1", "('x'):rep(1e10)",
      "local s = 'x' while true do s = s .. s end return s", "('a'):rep(30):find(('a-'):rep(30) .. 'b')" } do
      local result = run { A = { Type = "Pass", Output = "{% " .. body .. " %}", End = true } }
      assert.are.equal(1, result.code)
      assert.is_truthy(result.stderr:find("States.QueryEvaluationError", 1, true), result.stderr)
      assert.is_true(result.seconds < 20 * program.slowness)
    end
  end)

  it("repeats itself with the same seed", function()
    local states = { A = { Type = "Pass", End = true, Output = { r = "{% math.random(1000000) %}",
      u = "{% mstep.uuid() %}", keys = "{% local k = {} for key in pairs(states.input) do k[#k + 1] = key end return k %}" } } }
    local input = '{"q": 1, "a": 2, "zz": 3, "m": 4}'
    local _, first = run(states, input)
    local _, second = run(states, input)
    local _, other = run(states, input, "--seed", "8")
    assert.are.same(first, second)
    assert.are_not.equal(first.u, other.u)
    assert.are.same({ "a", "m", "q", "zz" }, first.keys)
  end)

  it("is checked when the definition is", function()
    local dir = program.project { ["m.json"] = machine {
      A = { Type = "Pass", Output = { a = "{% 1 + %}", b = "{% states.result %}" }, Next = "B" },
      B = { Type = "Task", Resource = FUNCTION .. "double", Arguments = "{% states.errorOutput %}",
        Output = "{% local x = 1 %}", Assign = { list = { "{% y" } }, End = true } } }
    local result = program.run({ "validate", "m.json" }, { cwd = dir })
    assert.are.equal(2, result.code)
    for _, text in ipairs {
      "Lua syntax error at line 1, column 4: unexpected symbol near <eof> (INVALID_LUA_EXPRESSION at /States/A/Output/a)",
      "Field 'states.result' is not available here. (UNSUPPORTED_LUA_EXPRESSION at /States/A/Output/b)",
      "Field 'states.errorOutput' is not available here. (UNSUPPORTED_LUA_EXPRESSION at /States/B/Arguments)",
      "The Lua chunk has no 'return' (INVALID_LUA_EXPRESSION at /States/B/Output)",
      "Lua expression is not terminated by '%}' (INVALID_LUA_EXPRESSION at /States/B/Assign/list[0])",
    } do
      assert.is_truthy(result.stdout:find(text, 1, true), text .. "\nis not in\n" .. result.stdout)
    end
  end)
end)
