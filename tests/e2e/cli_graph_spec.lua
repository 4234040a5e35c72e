-- `mstep graph`: the drawings name every state and every way between them.
local program = require "program"

if program.is_missing() then
  return
end

local function graph(...)
  return program.run { "graph", "examples/order/order.asl.json", ... }
end

local STATES = { "PriceOrder", "ReserveStock", "ChargeCard", "BookCourier", "WriteReceipt", "RefundCard",
  "ReleaseStock", "CancelOrder" }

describe("mstep graph", function()
  it("draws Mermaid unless told otherwise", function()
    local result = graph()
    assert.are.equal(0, result.code)
    assert.is_truthy(result.stdout:find("^stateDiagram%-v2"), result.stdout)
    assert.are.equal(result.stdout, graph("--format", "mermaid").stdout)
    for _, state in ipairs(STATES) do
      assert.is_truthy(result.stdout:find(state, 1, true), state)
    end
    assert.is_truthy(result.stdout:find("[*] -->", 1, true))
  end)

  it("draws DOT", function()
    local result = graph("--format=dot")
    assert.are.equal(0, result.code)
    assert.is_truthy(result.stdout:find("^digraph"), result.stdout)
    local opened, closed = select(2, result.stdout:gsub("{", "")), select(2, result.stdout:gsub("}", ""))
    assert.are.equal(opened, closed)
    for _, state in ipairs(STATES) do
      assert.is_truthy(result.stdout:find(state, 1, true), state)
    end
  end)

  it("draws what lies inside Map and Parallel", function()
    local result = program.run { "graph", "examples/documents/documents.asl.json" }
    for _, state in ipairs { "ExtractText", "CountWords", "FindKeywords", "Summarise" } do
      assert.is_truthy(result.stdout:find(state, 1, true), state)
    end
  end)

  it("draws names that are no identifiers", function()
    local machine = '{"StartAt":"a \\"b\\" c","States":{"a \\"b\\" c":{"Type":"Pass","Next":"ü:;}"},'
      .. '"ü:;}":{"Type":"Succeed"}}}'
    local dot = program.run({ "graph", "-", "--format", "dot" }, { input = machine })
    assert.are.equal(0, dot.code, dot.stderr)
    assert.is_truthy(dot.stdout:find('a \\"b\\" c', 1, true), dot.stdout)
    assert.are.equal(0, program.run({ "graph", "-" }, { input = machine }).code)
  end)

  it("refuses a bad definition and says why", function()
    local result = program.run({ "graph", "-" }, { input = '{"StartAt": "A", "States": {}}' })
    assert.are.equal(2, result.code)
    assert.are.equal("", result.stdout)
    assert.is_truthy(result.stderr:find("error: ", 1, true))
  end)

  it("refuses a format it does not know", function()
    local result = graph("--format", "mermade")
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("Did you mean mermaid?", 1, true), result.stderr)
  end)
end)
