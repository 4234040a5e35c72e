-- `mstep stop`: executions in a store end as ABORTED, with the words given.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

describe("mstep stop", function()
  local store = stores.new()

  setup(function()
    store:start("wait.json", "w1", "w2")
  end)

  it("ends an execution that waits", function()
    local answer = store:json("stop", "w1", "--error", "Cancelled", "--cause", "the customer called")
    local described = store:json("describe", "w1")
    assert.are.equal("ABORTED", described.status)
    assert.are.equal("Cancelled", described.error)
    assert.are.equal("the customer called", described.cause)
    assert.are.equal(described.stopDate, answer.stopDate)
    local events = store:json("history", "w1").events
    assert.are.equal("ExecutionAborted", events[#events].type)
  end)

  it("says nothing, and does nothing twice", function()
    assert.are.equal("", store:ok("stop", "w2"))
    local first = store:json("describe", "w2").stopDate
    assert.are.equal(first, store:json("stop", "w2").stopDate)
    assert.are.equal("no execution is open in orders.db\n", store:ok("run"))
  end)

  it("refuses what does not exist", function()
    store:refused('there is no execution "w3"', "stop", "w3")
  end)
end)
