-- `mstep eval`: the three languages, what they see, exit codes, the prompt.
local program = require "program"

if program.is_missing() then
  return
end

local function eval(...)
  return program.run { "eval", ... }
end

describe("mstep eval", function()
  it("evaluates JSONata unless told otherwise", function()
    local result = eval("$sum(items.price) + $states.input.fee", "--input", '{"items":[{"price":2},{"price":3}],"fee":1}')
    assert.are.equal("6\n", result.stdout)
    assert.are.equal(0, result.code)
  end)

  it("evaluates JSONPath: paths, intrinsic functions, variables", function()
    local result = eval("--lang", "jsonpath", "$.a[1:]", "States.Format('{}-{}', $.a[0], $v.x)", "$v.x",
      "--input", '{"a":[1,2,3]}', "--var", 'v={"x":true}')
    assert.are.equal('[2,3]\n"1-true"\ntrue\n', result.stdout)
  end)

  it("evaluates Lua: expressions and chunks", function()
    local result = eval("-l", "lua", "#states.input.a + extra", "{% local s = name return s:upper() %}",
      "--input", '{"a":[1,2,3]}', "--var", "extra=4", "--var", "name=ada")
    assert.are.equal('7\n"ADA"\n', result.stdout)
  end)

  it("prints nothing for nothing, and an empty line among several", function()
    for language, nothing in pairs { jsonata = "missing", lua = "nil" } do
      local result = eval("-l", language, nothing)
      assert.are.equal("", result.stdout)
      assert.are.equal(0, result.code)
      assert.are.equal("1\n\n2\n", eval("-l", language, "1", nothing, "2").stdout)
    end
  end)

  it("takes variables as JSON, else as text", function()
    local result = eval("[$a, $b, $c, $d]", "--var", "a=1", "--var", "b=one", "--var", 'c={"x":[]}', "--var", "d==")
    assert.are.equal('[1,"one",{"x":[]},"="]\n', result.stdout)
  end)

  it("reads its input from a file and from standard input", function()
    local dir = program.project { ["in.json"] = '{"n": 5}' }
    assert.are.equal("5\n", program.run({ "eval", "n", "--input", "@in.json" }, { cwd = dir }).stdout)
    assert.are.equal("6\n", program.run({ "eval", "n", "--input", "-" }, { input = '{"n": 6}' }).stdout)
  end)

  it("lays results out", function()
    assert.are.equal('{\n  "a": [\n    1\n  ]\n}\n', eval('{"a": [1]}', "-o", "pretty").stdout)
  end)

  it("knows the newer operators of JSONata when asked", function()
    assert.are.equal(2, eval("a ?: 5").code)
    assert.are.equal("5\n", eval("a ?: 5", "--dialect", "latest").stdout)
  end)

  it("repeats itself with the same seed", function()
    for language, expression in pairs { jsonata = "$random()", lua = "math.random()" } do
      local first = eval("-l", language, expression, "--seed", "3").stdout
      assert.are.equal(first, eval("-l", language, expression, "--seed", "3").stdout)
      assert.are_not.equal(first, eval("-l", language, expression, "--seed", "4").stdout)
    end
  end)

  it("says what failed: exit code 1", function()
    for _, case in ipairs {
      { "jsonata", "1 + 'a'", "T2002" },
      { "jsonpath", "$.x", "$['x']" },
      { "lua", "states.input.x.y", "line 1: attempt to index a nil value (field 'x')" },
      { "lua", "while true do end return 1", "Expression evaluation timeout" },
    } do
      local result = eval("-l", case[1], case[2])
      assert.are.equal(1, result.code, case[2])
      assert.are.equal("", result.stdout)
      assert.is_truthy(result.stderr:find("mstep: error: the evaluation failed: ", 1, true), result.stderr)
      assert.is_truthy(result.stderr:find(case[3], 1, true), result.stderr)
    end
  end)

  it("says what is no expression, no JSON, no option: exit code 2", function()
    for _, case in ipairs {
      { { "1 +" }, "no expression in JSONata: S0207" },
      { { "-l", "lua", "1 +" }, "Lua syntax error at line 1, column 4" },
      { { "-l", "jsonpath", "a.b" }, "no expression in JSONPath" },
      { { "1", "--input", "{" }, "the input is not valid JSON" },
      { { "1", "--input", "@missing.json" }, "No such file" },
      { { "1", "--var", "x" }, "--var is NAME=VALUE" },
      { { "1", "-l", "jsonnet" }, "Did you mean jsonata?" },
      { {}, "needs an expression" },
    } do
      local result = eval(table.unpack(case[1]))
      assert.are.equal(2, result.code, case[2])
      assert.is_truthy(result.stderr:find(case[2], 1, true), result.stderr)
    end
  end)

  it("goes on after a bad one and gives the worst exit code", function()
    local result = eval("1", "$error('x')", "2", "3 +")
    assert.are.equal("1\n2\n", result.stdout)
    assert.are.equal(2, result.code)
  end)
end)

describe("mstep eval -i", function()
  local function prompt(lines, ...)
    return program.run({ "eval", "-i", ... }, { input = table.concat(lines, "\n") .. "\n" })
  end

  it("evaluates line by line, again by number", function()
    local result = prompt { "1 + 1", "", "n * 2", "!1", "!!", "!" , ":quit", "9" }
    assert.are.equal("2\n\n2\n2\n    1  1 + 1\n    2  n * 2\n    3  1 + 1\n    4  1 + 1\n", result.stdout)
    assert.are.equal(0, result.code)
  end)

  it("changes language and input", function()
    local result = prompt({ "n", ":lang lua", "states.input.n", ":input [7, 8]", "states.input[2]",
      ":lang jsonpath", "$[0]" }, "--input", '{"n": 5}')
    assert.are.equal("5\n5\n8\n7\n", result.stdout)
  end)

  it("explains itself, and what is wrong", function()
    assert.is_truthy(prompt({ ":help" }).stdout:find(":lang NAME", 1, true))
    local result = prompt { ":what", "!5", ":lang cobol", ":input {", "$error('x')", "1" }
    assert.are.equal("1\n", result.stdout)
    assert.are.equal(2, result.code)
    for _, text in ipairs { 'no command ":what"', 'no expression "!5"', 'not "cobol"', "not valid JSON", "D3137" } do
      assert.is_truthy(result.stderr:find(text, 1, true), text .. "\n" .. result.stderr)
    end
  end)
end)
