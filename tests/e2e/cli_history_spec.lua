-- `mstep history`: both directions, pages, and JSON as GetExecutionHistory answers.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

local TYPES = { "ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted",
  "LambdaFunctionSucceeded", "TaskStateExited", "TaskStateEntered", "LambdaFunctionScheduled",
  "LambdaFunctionStarted", "LambdaFunctionFailed", "ExecutionFailed" }

describe("mstep history", function()
  local store = stores.new()

  setup(function()
    store:start("pay.json", "p1")
    store:run("run", "-q")
  end)

  it("answers as GetExecutionHistory", function()
    local answer = store:json("history", "p1")
    assert.is_nil(answer.nextToken)
    assert.are.equal(#TYPES, #answer.events)
    for i, event in ipairs(answer.events) do
      assert.are.equal(i, event.id)
      assert.are.equal(TYPES[i], event.type)
    end
    assert.are.equal('{"n": "p1"}', answer.events[1].executionStartedEventDetails.input)
    assert.are.equal("NoMoney", answer.events[11].executionFailedEventDetails.error)
    assert.are.equal(10, answer.events[11].previousEventId)
  end)

  it("is the same as --trace -o json told while it ran", function()
    local told = program.decode((store:ok("run", "echo.json", "--name", "told", "--trace", "-o", "json")))
    assert.are.same(told.events, store:json("history", "told").events)
  end)

  it("goes backwards", function()
    local there, back = store:json("history", "p1").events, store:json("history", "p1", "--reverse").events
    for i, event in ipairs(there) do
      assert.are.same(event, back[#back + 1 - i])
    end
  end)

  it("goes through pages in both directions", function()
    for _, direction in ipairs { false, true } do
      local ids, token = {}, nil
      repeat
        local arguments = { "--max-results", "4" }
        if direction then
          arguments[#arguments + 1] = "--reverse"
        end
        if token then
          table.move({ "--next-token", token }, 1, 2, #arguments + 1, arguments)
        end
        local page = store:json("history", "p1", table.unpack(arguments))
        assert.is_true(#page.events <= 4)
        for _, event in ipairs(page.events) do
          ids[#ids + 1] = direction and 12 - event.id or event.id
        end
        token = page.nextToken
      until not token
      assert.are.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }, ids)
    end
  end)

  it("is a line an event for people", function()
    local text = store:ok("history", "p1")
    local lines = select(2, text:gsub("\n", ""))
    assert.are.equal(#TYPES, lines)
    assert.is_truthy(text:find('  #1<0 ExecutionStarted {"n": "p1"}\n', 1, true), text)
    assert.is_truthy(text:find("  #11<10 ExecutionFailed NoMoney come back later\n", 1, true), text)
    local newest = store:ok("history", "p1", "-r", "--max-results", "1")
    assert.are.equal("      0.000s  #11<10 ExecutionFailed NoMoney come back later\n", newest)
  end)

  it("refuses a token that is none", function()
    store:refused("Invalid Token: 'Invalid token'", "history", "p1", "--next-token", "zzz")
  end)
end)
