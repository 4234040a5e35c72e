-- Every example does what its README says.
local program = require "program"

if program.is_missing() then
  return
end

local function run(machine, ...)
  return program.run { "run", "examples/" .. machine, ... }
end

local function described(machine, ...)
  local result = run(machine, "-o", "json", "--trace", "--virtual-time", "--seed", "1", ...)
  return program.decode(result.stdout), result.code
end

-- Names of the states in the order in which they were entered.
local function entered(execution)
  local names = {}
  for _, event in ipairs(execution.events) do
    if event.stateEnteredEventDetails then
      names[#names + 1] = event.stateEnteredEventDetails.name
    end
  end
  return names
end

local function count(execution, type)
  local n = 0
  for _, event in ipairs(execution.events) do
    n = n + (event.type == type and 1 or 0)
  end
  return n
end

describe("the order example", function()
  local ORDER = "order/order.asl.json"

  it("processes an order after two failed charges", function()
    local execution, code = described(ORDER, "--input", "@examples/order/input.json")
    assert.are.equal(0, code)
    assert.are.same({
      status = "PROCESSED",
      orderId = "A-1001",
      totalCents = 24800,
      paymentId = "pay-A-1001",
      trackingNumber = "track-A-1001",
      message = "Thank you, Ada! Your order is on its way.",
    }, program.decode(execution.output))
    assert.are.equal(3, count(execution, "TaskScheduled"))
    assert.are.equal(2, count(execution, "TaskFailed"))
    assert.are.equal(3, math.floor(execution.stopDate - execution.startDate))
  end)

  it("really waits between the charges in real time", function()
    local result = run(ORDER, "--functions", "examples/order/functions", "--input", "@examples/order/input.json")
    assert.are.equal(0, result.code, result.stderr)
    assert.is_true(result.seconds >= 2)
    assert.is_truthy(result.stderr:find("ChargeCard: attempt 3", 1, true), result.stderr)
    assert.are.equal("PROCESSED", program.decode(result.stdout).status)
  end)

  it("releases the stock when the card is declined", function()
    local execution, code = described(ORDER, "--input", "@examples/order/declined.json")
    assert.are.equal(1, code)
    assert.are.equal("OrderCancelled", execution.error)
    assert.are.equal("order A-1002 was cancelled: CardDeclined", execution.cause)
    assert.are.same({ "PriceOrder", "ReserveStock", "ChargeCard", "ReleaseStock", "CancelOrder" }, entered(execution))
  end)

  it("refunds the card, then releases the stock, when no courier goes there", function()
    local execution, code = described(ORDER, "--input", "@examples/order/unreachable.json")
    assert.are.equal(1, code)
    assert.are.equal("order A-1003 was cancelled: NoRoute", execution.cause)
    assert.are.same({ "PriceOrder", "ReserveStock", "ChargeCard", "BookCourier", "RefundCard", "ReleaseStock",
      "CancelOrder" }, entered(execution))
  end)

  it("runs on mocks alone", function()
    local execution, code = described(ORDER, "--mocks", "examples/order/mocks.json#CourierOnStrike",
      "--input", "@examples/order/input.json")
    assert.are.equal(1, code)
    assert.are.equal("order A-1001 was cancelled: Courier.OnStrike", execution.cause)
    assert.are.equal(2, count(execution, "TaskScheduled"))
  end)
end)

describe("the documents example", function()
  it("reads every document and sets the empty one aside", function()
    local execution, code = described("documents/documents.asl.json", "--input", "@examples/documents/input.json")
    assert.are.equal(0, code)
    local output = program.decode(execution.output)
    assert.are.equal(2, output.read)
    assert.are.equal(19 + 15, output.words)
    assert.are.same({ "empty.txt" }, output.setAside)
    assert.are.same({ "light", "moon" }, output.documents[1].keywords)
    assert.are.equal("Document.Unreadable", output.documents[2].error)
    assert.are.same({ "stone", "step" }, output.documents[3].keywords)
    assert.are.equal(64, #output.documents[1].sha256)
    assert.are.equal(3, count(execution, "MapIterationSucceeded"))
  end)

  it("gives the same with worker threads", function()
    local arguments = { "documents/documents.asl.json", "-q", "--input", "@examples/documents/input.json", "--workers" }
    arguments[#arguments + 1] = "4"
    local threaded = run(table.unpack(arguments))
    arguments[#arguments] = "0"
    assert.are.equal(0, threaded.code, threaded.stderr)
    assert.are.equal(run(table.unpack(arguments)).stdout, threaded.stdout)
  end)
end)

describe("the quest example", function()
  local function quest(input)
    return described("quest/quest.lua", "--input", "@examples/quest/" .. input)
  end

  it("takes three fights and two nights", function()
    local execution, code = quest "input.json"
    assert.are.equal(0, code)
    local output = program.decode(execution.output)
    assert.are.equal(3, output.fights)
    assert.are.equal("Brunhild", output.hero)
    -- 16 hours of travel, two rests of 8 hours, a breath of 10 seconds in each fight
    assert.are.equal(32 * 3600 + 30, math.floor(execution.stopDate - execution.startDate + 0.5))
  end)

  it("does not begin for a coward", function()
    local execution, code = quest "coward.json"
    assert.are.equal(1, code)
    assert.are.equal("NotReady", execution.error)
    assert.are.same({ "IsHeroReady", "StayAtHome" }, entered(execution))
  end)

  it("ends after three days for the weak", function()
    local execution, code = quest "weak.json"
    assert.are.equal(3, code)
    assert.are.equal("TIMED_OUT", execution.status)
    assert.are.equal(72 * 3600, math.floor(execution.stopDate - execution.startDate + 0.5))
  end)
end)

describe("the upload example", function()
  it("fails to publish a picture of more than 1 MB, in a machine with a history", function()
    local dir = program.tmpdir()
    assert(program.shell(("cp -r %s/. . && mkdir uploads"):format(program.quote(program.source .. "/examples/upload")),
      { cwd = dir }).code == 0)
    local server = require("server").new { dir = dir, args = { "--store", "s.db" } }
    program.write(dir .. "/uploads/large.png", ("x"):rep(1000001))
    local machine, failed = "arn:aws:states:us-east-1:000000000000:stateMachine:publish", nil
    for _ = 1, 100 do
      failed = server:aws("stepfunctions", "list-executions", "--state-machine-arn", machine, "--status-filter",
        "FAILED").executions[1]
      if failed then
        break
      end
    end
    assert.is_truthy(failed, "no execution has failed")
    local execution = server:aws("stepfunctions", "describe-execution", "--execution-arn", failed.executionArn)
    assert.are.equal("TooLarge", execution.error)
    assert.are.equal("large.png is too large", execution.cause)
    assert.is_true(server:stop())
  end)
end)

describe("the embedding example", function()
  it("answers the task of its machine", function()
    local result = program.shell(program.quote(program.build .. "/tests/example_embed"))
    assert.are.equal(0, result.code, result.stderr)
    assert.are.equal('task:   {"name":"moon"}\ntask:   {"name":"moon"}\noutput: "hello, moon"\n', result.stdout)
  end)
end)
