-- `mstep machines`: the machines of a store.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

describe("mstep machines", function()
  local store = stores.new()

  setup(function()
    store:start("echo.json", "e1")
    store:ok("start", "wait.json", "--type", "EXPRESS")
  end)

  it("lists them", function()
    local text = store:ok("machines")
    assert.is_truthy(text:match("^NAME%s+TYPE%s+CREATED%s+ARN\n"), text)
    assert.is_truthy(text:match("\necho%s+STANDARD%s+%S+Z%s+arn:aws:states:us%-east%-1:000000000000:stateMachine:echo\n"),
      text)
    assert.is_truthy(text:match("\nwait%s+EXPRESS%s"), text)
    assert.are.equal(2, #store:json("machines").stateMachines)
  end)

  it("shows one as DescribeStateMachine", function()
    local machine = store:json("machines", "echo")
    assert.are.equal(program.read(store.dir .. "/echo.json"), machine.definition)
    assert.are.equal("ACTIVE", machine.status)
    assert.is_truthy(store:ok("machines", "echo"):find('definition       {"StartAt":"P"', 1, true))
  end)

  it("shows a definition of more than a line below its name", function()
    program.write(store.dir .. "/lines.json",
      '{\n  "StartAt": "P",\n  "States": { "P": { "Type": "Pass", "End": true } }\n}\n')
    store:ok("start", "lines.json")
    assert.is_truthy(store:ok("machines", "lines"):find('\ndefinition\n  {\n    "StartAt": "P",\n    "States": { "P": { '
      .. '"Type": "Pass", "End": true } }\n  }\n', 1, true))
  end)

  it("refuses a name that is none", function()
    store:refused('there is no state machine "nobody" in orders.db', "machines", "nobody")
  end)
end)
