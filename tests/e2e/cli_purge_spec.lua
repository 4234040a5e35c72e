-- `mstep purge`: by name, by age, by machine; the file gets smaller.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

describe("mstep purge", function()
  local store = stores.new()

  setup(function()
    local big = '{"StartAt":"P","States":{"P":{"Type":"Pass","Result":"' .. ("x"):rep(100000) .. '","End":true}}}'
    store:write("big.json", big)
    for i = 1, 20 do
      store:start("big.json", "b" .. i)
    end
    store:start("echo.json", "e1", "e2")
    store:ok("run", "-q")
    store:start("wait.json", "w1")
  end)

  it("forgets one", function()
    local answer = store:json("purge", "e1")
    assert.are.equal(1, answer.purgedCount)
    store:refused('there is no execution "e1"', "describe", "e1")
  end)

  it("does not forget what runs", function()
    store:refused("Execution is RUNNING and cannot be purged", "purge", "w1")
    assert.are.equal("RUNNING", store:json("describe", "w1").status)
  end)

  it("looks at the age", function()
    assert.are.equal(0, store:json("purge", "--older-than", "1h").purgedCount)
    assert.are.equal(22, #store:json("list").executions)
  end)

  it("forgets those of a machine and gives the space back", function()
    local before = store:size()
    local text = store:ok("purge", "--machine", "big")
    assert.is_truthy(text:match("^purged 20 executions, gave back %S+ [KM]?B, the store has %S+ [KM]?B\n$"), text)
    assert.is_true(store:size() < before / 2, ("%d of %d bytes are left"):format(store:size(), before))
    assert.are.equal("w1 e2", (store:json("list").executions[1].name .. " " .. store:json("list").executions[2].name))
    assert.are.equal(1, store:json("purge", "--older-than", "0s").purgedCount)
  end)

  it("refuses a command line that says too little or too much", function()
    store:refused("needs executions, --older-than or --machine", "purge")
    store:refused("do not go together", "purge", "w1", "--older-than", "7d")
    store:refused('needs a duration like 30s, 5m, 12h, 7d or 2w, not "soon"', "purge", "--older-than", "soon")
  end)
end)
