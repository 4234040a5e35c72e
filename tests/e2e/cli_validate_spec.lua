-- `mstep validate`: positions, codes, hints, several files, both forms of output.
local program = require "program"

if program.is_missing() then
  return
end

local GOOD = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
local BAD = [[
{
  "StartAt": "A",
  "States": {
    "A": {
      "Type": "Pass",
      "Nxt": "B"
    },
    "B": {
      "Type": "Task",
      "End": true
    }
  }
}
]]

local dir = program.project {
  ["good.json"] = GOOD,
  ["bad.json"] = BAD,
  ["broken.json"] = '{"StartAt": "A",\n  "States": }',
  ["good.lua"] = 'return {StartAt = "A", States = {A = {Type = "Succeed"}}}',
  ["bad.lua"] = 'return {StartAt = "A", States = {A = {Type = "Pass"}}}',
  ["broken.lua"] = "return {\n  x = = 1\n}",
}

local function validate(...)
  return program.run({ "validate", ... }, { cwd = dir })
end

describe("mstep validate", function()
  it("says ok to a good definition", function()
    local result = validate("good.json")
    assert.are.equal("good.json: ok\n", result.stdout)
    assert.are.equal(0, result.code)
  end)

  it("tells every problem with file, line, column, code and pointer", function()
    local result = validate("bad.json")
    assert.are.equal(2, result.code)
    local places = {}
    for line, column, kind in result.stdout:gmatch("bad%.json:(%d+):(%d+): (%l+): ") do
      assert.are.equal("error", kind)
      assert.is_true(tonumber(line) >= 4 and tonumber(line) <= 11 and tonumber(column) >= 1)
      places[#places + 1] = line
    end
    assert.is_true(#places >= 2, result.stdout)
    assert.is_truthy(result.stdout:find("(SCHEMA_VALIDATION_FAILED at /States/A", 1, true), result.stdout)
    assert.is_truthy(result.stdout:find("at /States/B", 1, true), result.stdout)
  end)

  it("hints at the field that was meant", function()
    local result = validate("bad.json")
    assert.is_truthy(result.stdout:find('    hint: [^\n]*Next'), result.stdout)
  end)

  it("points at broken JSON", function()
    local result = validate("broken.json")
    assert.are.equal(2, result.code)
    assert.is_truthy((result.stdout .. result.stderr):find("broken.json:2:13", 1, true), result.stdout .. result.stderr)
  end)

  it("checks a Lua file's table, without positions that mean nothing", function()
    assert.are.equal("good.lua: ok\n", validate("good.lua").stdout)
    local result = validate("bad.lua")
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stdout:find("^bad%.lua: error: "), result.stdout)
    assert.is_truthy(result.stdout:find("/States/A", 1, true), result.stdout)
  end)

  it("says where a Lua file does not load", function()
    local result = validate("broken.lua")
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("broken.lua:2", 1, true), result.stderr)
  end)

  it("goes on after a bad file and fails in the end", function()
    local result = validate("bad.json", "missing.json", "good.json")
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stdout:find("good.json: ok", 1, true))
    assert.is_truthy(result.stderr:find("missing.json: No such file or directory", 1, true), result.stderr)
  end)

  it("reads standard input", function()
    local result = program.run({ "validate", "-" }, { input = GOOD })
    assert.are.equal("<stdin>: ok\n", result.stdout)
    assert.are.equal(0, result.code)
  end)

  it("writes JSON, a line for each file", function()
    local result = validate("-o", "json", "good.json", "bad.json")
    local lines = {}
    for line in result.stdout:gmatch("[^\n]+") do
      lines[#lines + 1] = program.decode(line)
    end
    assert.are.equal(2, result.code)
    assert.are.equal(2, #lines)
    assert.are.equal("OK", lines[1].result)
    assert.are.equal(0, #lines[1].diagnostics)
    assert.are.equal("FAIL", lines[2].result)
    assert.are.equal("bad.json", lines[2].file)
    for _, diagnostic in ipairs(lines[2].diagnostics) do
      assert.are.equal("ERROR", diagnostic.severity)
      assert.is_truthy(diagnostic.location:find("^/"))
      assert.is_true(diagnostic.line > 0 and diagnostic.column > 0)
      assert.is_true(#diagnostic.message > 0 and #diagnostic.code > 0)
    end
  end)

  it("finds all examples good", function()
    local result = program.run { "validate", "examples/order/order.asl.json",
      "examples/documents/documents.asl.json", "examples/quest/quest.lua" }
    assert.are.equal(0, result.code, result.stdout .. result.stderr)
  end)
end)
