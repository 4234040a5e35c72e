-- `mstep version`, and the interpreter that specs run under.
local program = require "program"

describe("specs", function()
  it("run under the Lua that the engine embeds", function()
    assert.are.equal("Lua 5.4", _VERSION)
  end)
end)

if program.is_missing() then
  return
end

describe("mstep version", function()
  local header = program.read(program.source .. "/include/mstep/mstep.h")
  local version = header:match('MSTEP_VERSION_TEXT "([%d.]+)"')

  it("prints the version of the header", function()
    local result = program.run { "version" }
    assert.are.equal(0, result.code)
    assert.are.equal("mstep " .. version .. "\n", result.stdout)
    assert.are.equal("", result.stderr)
  end)

  it("is also --version and -V", function()
    assert.are.equal("mstep " .. version .. "\n", program.run({ "--version" }).stdout)
    assert.are.equal("mstep " .. version .. "\n", program.run({ "-V" }).stdout)
  end)

  it("takes no operand", function()
    local result = program.run { "version", "x" }
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find('has no use for "x"', 1, true))
  end)

  it("fails when its output cannot be written", function()
    local result = program.shell(program.quote(program.bin) .. " version >/dev/full")
    assert.are.equal(1, result.code)
    assert.is_truthy(result.stderr:find("could not write", 1, true))
  end)
end)
