-- `mstep list`: pages, filters, order, and JSON as ListExecutions answers.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

local function names_of(answer)
  local names = {}
  for i, execution in ipairs(answer.executions) do
    names[i] = execution.name
  end
  return table.concat(names, " ")
end

describe("mstep list", function()
  local store = stores.new()

  setup(function()
    store:start("echo.json", "e1", "e2", "e3")
    store:start("pay.json", "p1", "p2")
    store:run("run", "-q")
    store:start("wait.json", "w1", "w2")
  end)

  it("shows the newest first, in columns", function()
    local lines = {}
    for line in store:ok("list"):gmatch("[^\n]+") do
      lines[#lines + 1] = line
    end
    assert.are.equal(8, #lines)
    assert.is_truthy(lines[1]:match("^NAME%s+MACHINE%s+STATUS%s+STARTED%s+TOOK$"), lines[1])
    assert.is_truthy(lines[2]:match("^w2%s+wait%s+RUNNING%s+%d+%-%d%d%-%d%dT%d%d:%d%d:%d%dZ%s+%-$"), lines[2])
    assert.is_truthy(lines[4]:match("^p2%s+pay%s+FAILED%s+%S+%s+%d+%.%ds$"), lines[4])
    assert.is_truthy(lines[8]:match("^e1%s+echo%s+SUCCEEDED"), lines[8])
  end)

  it("answers as ListExecutions", function()
    local answer = store:json("list")
    assert.are.equal("w2 w1 p2 p1 e3 e2 e1", names_of(answer))
    local first = answer.executions[7]
    assert.are.equal("arn:aws:states:us-east-1:000000000000:execution:echo:e1", first.executionArn)
    assert.are.equal("arn:aws:states:us-east-1:000000000000:stateMachine:echo", first.stateMachineArn)
    assert.are.equal("SUCCEEDED", first.status)
    assert.is_true(first.startDate <= first.stopDate)
    assert.is_nil(answer.nextToken)
  end)

  it("goes through pages", function()
    local seen, token = {}, nil
    repeat
      local answer = token and store:json("list", "--max-results", "3", "--next-token", token)
        or store:json("list", "--max-results", "3")
      seen[#seen + 1] = names_of(answer)
      token = answer.nextToken
    until not token
    assert.are.same({ "w2 w1 p2", "p1 e3 e2", "e1" }, seen)
    assert.are.equal("w2 w1 p2 p1 e3 e2 e1", names_of(store:json("list", "--max-results", "2", "--all")))
    local _, stderr = store:ok("list", "--max-results", "2")
    assert.is_truthy(stderr:match("^more: %-%-next%-token %S+, or %-%-all\n$"), stderr)
  end)

  it("filters", function()
    assert.are.equal("p2 p1", names_of(store:json("list", "--status", "FAILED")))
    assert.are.equal("e3 e2 e1", names_of(store:json("list", "--machine", "echo")))
    assert.are.equal("", names_of(store:json("list", "--machine", "echo", "--status", "RUNNING")))
    assert.are.equal("w2 w1", names_of(store:json("list", "-m", "wait", "--status", "RUNNING")))
  end)

  it("refuses what it does not know", function()
    store:refused("Value 'failed' at 'statusFilter'", "list", "--status", "failed")
    store:refused("Invalid Token: 'Invalid token'", "list", "--next-token", "made-up")
    store:refused('there is no state machine "nobody"', "list", "--machine", "nobody")
    store:refused("option --max-results needs a whole number from 1 to 1000", "list", "--max-results", "1001")
  end)

  it("says what is wrong with a store", function()
    local missing = program.run { "list", "--store", "/nowhere/at/all.db" }
    assert.are.equal(2, missing.code)
    assert.is_truthy(missing.stderr:find('could not open the store "/nowhere/at/all.db": No such file', 1, true),
      missing.stderr)
    store:write("text.db", "this is no store, and long enough to be looked at closely by whoever opens it\n")
    local foreign = program.run({ "list", "--store", "text.db" }, { cwd = store.dir })
    assert.are.equal(2, foreign.code)
    assert.is_truthy(foreign.stderr:find("is not a store of Moonstep", 1, true), foreign.stderr)
  end)
end)
