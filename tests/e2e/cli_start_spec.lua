-- `mstep start`: executions that are durable and not run yet; machines created and updated from files.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

describe("mstep start", function()
  local store = stores.new()

  it("prints the ARN of an execution that is there and has not run", function()
    local arn = store:ok("start", "pay.json", "--name", "first", "--input", '{"a": [1]}')
    assert.are.equal("arn:aws:states:us-east-1:000000000000:execution:pay:first\n", arn)
    local described = store:json("describe", "first")
    assert.are.equal("RUNNING", described.status)
    assert.are.equal('{"a": [1]}', described.input)
    for _, event in ipairs(store:json("history", "first").events) do
      assert.is_falsy(event.type:find("Succeeded") or event.type:find("Failed"), event.type)
    end
  end)

  it("gives a UUID as name, and StartExecution's answer as JSON", function()
    local answer = store:json("start", "echo.json")
    assert.is_truthy(answer.executionArn:match(":execution:echo:%x+%-%x+%-7%x+%-%x+%-%x+$"), answer.executionArn)
    assert.is_true(answer.startDate > 1.6e9)
  end)

  it("takes the name or ARN of a machine in the store", function()
    store:ok("start", "echo", "--name", "by-name")
    store:ok("start", "arn:aws:states:us-east-1:000000000000:stateMachine:echo", "--name", "by-arn")
    store:refused('there is no state machine "ecco" in orders.db', "start", "ecco")
  end)

  it("is the same execution while the input is the same", function()
    store:ok("start", "wait.json", "--name", "again", "--input", '{"a": 1}')
    store:ok("start", "wait.json", "--name", "again", "--input", '{"a":1}')
    store:refused("Execution Already Exists: 'arn:aws:states:us-east-1:000000000000:execution:wait:again'", "start",
      "wait.json", "--name", "again", "--input", '{"a": 2}')
  end)

  it("updates a machine whose file has changed", function()
    store:write("grown.json", '{"StartAt":"P","States":{"P":{"Type":"Pass","Result":1,"End":true}}}')
    store:ok("start", "grown.json", "--name", "old")
    store:write("grown.json", '{"StartAt":"P","States":{"P":{"Type":"Pass","Result":2,"End":true}}}')
    store:ok("start", "grown.json", "--name", "new")
    assert.are.equal("1", store:json("describe", "old").output)
    assert.are.equal("2", store:json("describe", "new").output)
  end)

  it("names the machine otherwise, if asked", function()
    local arn = store:ok("start", "echo.json", "--machine-name", "mirror", "--name", "x")
    assert.are.equal("arn:aws:states:us-east-1:000000000000:execution:mirror:x\n", arn)
  end)

  it("reads a definition from standard input and the input from a file", function()
    store:write("in.json", "[1, 2]")
    local result = program.run({ "start", "-", "--store", "orders.db", "-i", "@in.json", "--name", "piped" },
      { cwd = store.dir, input = '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}' })
    assert.are.equal(0, result.code, result.stderr)
    assert.are.equal("[1, 2]", store:json("describe", "stdin:piped").input)
  end)

  it("refuses what is wrong, with file and line", function()
    store:write("bad.json", '{"StartAt":"X","States":{"P":{"Type":"Pass","End":true}}}')
    store:refused("bad.json:1:", "start", "bad.json")
    store:refused("Invalid State Machine Execution Input: 'Unrecognized token 'oops'", "start", "echo.json", "-i", "oops")
    store:refused("Invalid Name: 'a b'", "start", "echo.json", "--name", "a b")
    store:refused("could not read the input", "start", "echo.json", "-i", "@missing.json")
  end)

  it("needs a store", function()
    local result = program.run({ "start", "echo.json" }, { cwd = store.dir })
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("needs --store FILE, or MSTEP_STORE", 1, true), result.stderr)
    result = program.run({ "list" }, { cwd = store.dir, env = "MSTEP_STORE=orders.db" })
    assert.are.equal(0, result.code, result.stderr)
    assert.is_truthy(result.stdout:find("by-name", 1, true))
  end)
end)
