-- `mstep help`, --help everywhere, and what the program says to words it does not know.
local program = require "program"

if program.is_missing() then
  return
end

local COMMANDS = { "run", "validate", "graph", "version", "help" }

describe("mstep help", function()
  it("lists every command", function()
    local result = program.run { "help" }
    assert.are.equal(0, result.code)
    for _, command in ipairs(COMMANDS) do
      assert.is_truthy(result.stdout:find("\n  " .. command .. " ", 1, true), command)
    end
  end)

  it("is also --help and -h", function()
    local text = program.run({ "help" }).stdout
    assert.are.equal(text, program.run({ "--help" }).stdout)
    assert.are.equal(text, program.run({ "-h" }).stdout)
  end)

  for _, command in ipairs(COMMANDS) do
    it("explains " .. command .. " with usage, options and exit codes", function()
      local result = program.run { "help", command }
      assert.are.equal(0, result.code)
      assert.are.equal("usage: mstep " .. command, result.stdout:match("^usage: mstep %l+"))
      assert.is_truthy(result.stdout:find("\noptions:\n", 1, true))
      assert.is_truthy(result.stdout:find("--help", 1, true))
      assert.is_truthy(result.stdout:find("\nexit codes:\n", 1, true))
      assert.are.equal(result.stdout, program.run({ command, "--help" }).stdout)
      assert.are.equal(result.stdout, program.run({ command, "-h" }).stdout)
    end)
  end

  it("keeps its lines within 100 columns", function()
    for _, command in ipairs(COMMANDS) do
      for line in program.run({ "help", command }).stdout:gmatch("[^\n]+") do
        assert.is_true(#line <= 100, line)
      end
    end
  end)

  it("is what a lone mstep prints, as an error", function()
    local result = program.run {}
    assert.are.equal(2, result.code)
    assert.are.equal("", result.stdout)
    assert.are.equal(program.run({ "help" }).stdout, result.stderr)
  end)
end)

describe("a word that mstep does not know", function()
  local function says(arguments, ...)
    local result = program.run(arguments)
    assert.are.equal(2, result.code)
    assert.are.equal("", result.stdout)
    for _, wanted in ipairs { ... } do
      assert.is_truthy(result.stderr:find(wanted, 1, true), result.stderr)
    end
  end

  it("as a command: did you mean", function()
    says({ "rnu" }, 'there is no command "rnu"', 'Did you mean "mstep run"?')
    says({ "valid" }, 'Did you mean "mstep validate"?')
    says({ "help", "grpah" }, 'Did you mean "mstep graph"?')
  end)

  it("as a command, far from any: where they are listed", function()
    says({ "xyzzy" }, 'there is no command "xyzzy"', '"mstep help" lists the commands.')
  end)

  it("as an option: did you mean", function()
    says({ "run", "m.json", "--inptu", "{}" }, '"mstep run" has no option --inptu', "Did you mean --input?")
    says({ "run", "m.json", "--virtual" }, "Did you mean --virtual-time?")
    says({ "run", "m.json", "--function=x" }, "Did you mean --functions?")
  end)

  it("as an option of another command", function()
    says({ "graph", "m.json", "--trace" }, '"mstep graph" has no option --trace')
    says({ "run", "m.json", "-x" }, '"mstep run" has no option -x')
  end)

  it("as a value", function()
    says({ "run", "m.json", "-o", "jason" }, 'option --output is json|text, not "jason"', "Did you mean json?")
    says({ "run", "m.json", "--seed", "-1" }, "option --seed needs a whole number")
    says({ "run", "m.json", "--seed", "12x" }, "option --seed needs a whole number")
    says({ "run", "m.json", "--workers", "65" }, "from 0 to 64")
  end)

  it("as an option without its value, or a switch with one", function()
    says({ "run", "m.json", "--input" }, "option --input needs a value: JSON|@FILE|-")
    says({ "run", "m.json", "--trace=1" }, "option --trace takes no value")
  end)

  it("as an operand too few or too many", function()
    says({ "run" }, '"mstep run" needs MACHINE')
    says({ "run", "a.json", "b.json" }, 'has no use for "b.json"')
    says({ "validate" }, '"mstep validate" needs FILE...')
  end)
end)
