-- `mstep validate --portable`: what AWS would not take, and that the hints are right.
local program = require "program"

if program.is_missing() then
  return
end

-- Lua, JSONata as the hint has it, the value of both for INPUT and VARIABLE.
local PAIRS = {
  { "states.input.a.b", "$states.input.a.b" },
  { "states.input.list[2].x + n", "$states.input.list[1].x + $n" },
  { "'n=' .. n", '"n=" & $n' },
  { "n >= 3 and states.input.a.b ~= 'x'", '$n >= 3 and $states.input.a.b != "x"' },
  { "{a = states.input.a, k = {n = n, [ [[x]] ] = 1}}", nil },
  { "{a = states.input.a, k = {n = n * 2}}", '{"a": $states.input.a, "k": {"n": $n * 2}}' },
  { "math.floor(n / 2)", "$floor($n / 2)" },
  { "string.upper(states.input.a.b)", "$uppercase($states.input.a.b)" },
}
local INPUT = '{"a": {"b": "deep"}, "list": [{"x": 1}, {"x": 2}]}'

local function validate(definition, ...)
  local dir = program.project { ["m.json"] = program.encode(definition) }
  return program.run({ "validate", "m.json", "-o", "json", ... }, { cwd = dir })
end

local function lua_machine(expression)
  return { QueryLanguage = "Lua", StartAt = "A",
    States = { A = { Type = "Pass", Output = { v = "{% " .. expression .. " %}" }, End = true } } }
end

-- The diagnostic at this place.
local function at(result, location)
  for _, diagnostic in ipairs(program.decode(result.stdout).diagnostics) do
    if diagnostic.location == location then
      return diagnostic
    end
  end
  error("nothing at " .. location .. " in " .. result.stdout)
end

local function eval(language, expression)
  local result = program.run { "eval", "-l", language, expression, "--input", INPUT, "--var", "n=7" }
  assert.are.equal(0, result.code, result.stderr)
  return program.decode(result.stdout)
end

describe("mstep validate --portable", function()
  it("has nothing to say about what AWS takes", function()
    local definition = { QueryLanguage = "JSONata", StartAt = "A",
      States = { A = { Type = "Pass", Output = "{% $states.input.a %}", End = true } } }
    assert.are.equal(0, validate(definition, "--portable").code)
  end)

  it("names the language and each expression; without it they are fine", function()
    local definition = lua_machine("states.input.a")
    assert.are.equal(0, validate(definition).code)
    local result = validate(definition, "--portable")
    assert.are.equal(2, result.code)
    assert.are.equal("NOT_PORTABLE", at(result, "/QueryLanguage").code)
    assert.are.equal("NOT_PORTABLE", at(result, "/States/A/Output/v").code)
  end)

  it("names Rule", function()
    local definition = { StartAt = "A", States = {
      A = { Type = "Choice", Choices = { { Rule = "rules.is_vip", Next = "B" } }, Default = "B" },
      B = { Type = "Succeed" } } }
    assert.are.equal(0, validate(definition).code)
    local diagnostic = at(validate(definition, "--portable"), "/States/A/Choices[0]/Rule")
    assert.are.equal("AWS does not know the field 'Rule'", diagnostic.message)
    assert.is_truthy(diagnostic.hint:find("Condition", 1, true))
  end)

  it("writes expressions in JSONata that give the same", function()
    for _, pair in ipairs(PAIRS) do
      local hint = at(validate(lua_machine(pair[1]), "--portable"), "/States/A/Output/v").hint
      local jsonata = hint:match("^In JSONata: {%% (.*) %%}$")
      assert.are.equal(pair[2], jsonata)
      if jsonata then
        assert.are.same(eval("lua", pair[1]), eval("jsonata", jsonata))
      end
    end
  end)

  it("tells of mistakes besides", function()
    local result = validate(lua_machine("1 +"), "--portable")
    assert.are.equal("INVALID_LUA_EXPRESSION", at(result, "/States/A/Output/v").code)
  end)
end)
