-- `mstep describe`: DescribeExecution, and the short forms by which executions are called.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

describe("mstep describe", function()
  local store = stores.new()

  setup(function()
    store:start("pay.json", "order-1", "order-22")
    store:start("echo.json", "order-1", "lonely")
    store:run("run", "-q")
  end)

  it("answers as DescribeExecution", function()
    local failed = store:json("describe", "order-22")
    assert.are.equal("arn:aws:states:us-east-1:000000000000:execution:pay:order-22", failed.executionArn)
    assert.are.equal("FAILED", failed.status)
    assert.are.equal("NoMoney", failed.error)
    assert.are.equal("come back later", failed.cause)
    assert.are.equal("REDRIVABLE", failed.redriveStatus)
    assert.are.equal('{"n": "order-22"}', failed.input)
    assert.is_nil(failed.output)
  end)

  it("is a text for people", function()
    local text = store:ok("describe", "lonely")
    assert.is_truthy(text:find("\nstatus               SUCCEEDED\n", 1, true), text)
    assert.is_truthy(text:find('\noutput\n  {\n    "n": "lonely"\n  }\n', 1, true), text)
    assert.is_truthy(text:match("\nstartDate            %d+%-%d%d%-%d%dT%d%d:%d%d:%d%dZ\n"), text)
  end)

  it("knows executions by ARN, name, MACHINE:NAME and the beginning of a name", function()
    local arn = "arn:aws:states:us-east-1:000000000000:execution:echo:lonely"
    for _, name in ipairs { arn, "lonely", "echo:lonely", "lon", "echo:l" } do
      assert.are.equal(arn, store:json("describe", name).executionArn, name)
    end
    assert.are.equal("pay", store:json("describe", "pay:order-1").stateMachineArn:match("[^:]*$"))
  end)

  it("does not guess", function()
    store:refused('"order-1" may be ', "describe", "order-1")
    store:refused('"order-" may be ', "describe", "order-")
    store:refused('there is no execution "nothing" in orders.db', "describe", "nothing")
    store:refused("Execution Does Not Exist", "describe", "arn:aws:states:us-east-1:000000000000:execution:echo:no")
    store:refused("Invalid Arn: 'Resource type not valid in this context: express'", "describe",
      "arn:aws:states:us-east-1:000000000000:express:echo:no:id")
  end)
end)
