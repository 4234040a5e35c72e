-- `mstep redrive`: after a handler was repaired an execution goes on from the state that failed.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

describe("mstep redrive", function()
  local store = stores.new()

  it("goes on from where it failed, with what had been done", function()
    local failed = store:run("run", "pay.json", "--name", "p1", "-q")
    assert.are.equal(1, failed.code)
    assert.is_truthy(failed.stderr:find("the execution failed: NoMoney", 1, true), failed.stderr)

    store:write("functions/pay.lua", 'return function(event)\n  return { paid = event.noted ~= nil }\nend')
    store:ok("redrive", "p1")
    assert.are.equal("RUNNING", store:json("describe", "p1").status)
    assert.are.equal("1 succeeded, 0 failed\n", store:ok("run", "-q"))

    local described = store:json("describe", "p1")
    assert.are.equal('{"paid":true}', described.output)
    assert.are.equal(1, described.redriveCount)
    local count = {}
    for _, event in ipairs(store:json("history", "p1").events) do
      count[event.type] = (count[event.type] or 0) + 1
    end
    assert.are.equal(1, count.ExecutionRedriven)
    assert.are.equal(2, count.LambdaFunctionSucceeded) -- the first task was not done again
    assert.are.equal(1, count.ExecutionSucceeded)
  end)

  it("refuses with AWS's words", function()
    store:refused("Execution is SUCCEEDED and cannot be redriven", "redrive", "p1")
    store:start("wait.json", "w1")
    store:refused("Execution is RUNNING and cannot be redriven", "redrive", "w1")
  end)
end)
