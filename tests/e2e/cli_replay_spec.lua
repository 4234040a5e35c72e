-- `mstep replay`: a recorded history, ours or AWS's, against a definition as it is now.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

-- As aws-cli v2 writes it: times are texts, members are laid out over lines.
local EXPORTED = [[{
  "events": [
    { "timestamp": "2024-03-01T10:00:00.100000+01:00", "type": "ExecutionStarted", "id": 1, "previousEventId": 0,
      "executionStartedEventDetails": { "input": "{\"n\": 1}", "inputDetails": { "truncated": false },
        "roleArn": "arn:aws:iam::123456789012:role/r" } },
    { "timestamp": "2024-03-01T10:00:00.120000+01:00", "type": "TaskStateEntered", "id": 2, "previousEventId": 0,
      "stateEnteredEventDetails": { "name": "Ask", "input": "{\"n\": 1}", "inputDetails": { "truncated": false } } },
    { "timestamp": "2024-03-01T10:00:00.120000+01:00", "type": "TaskScheduled", "id": 3, "previousEventId": 2,
      "taskScheduledEventDetails": { "resourceType": "sqs", "resource": "sendMessage", "region": "eu-west-1",
        "parameters": "{\"MessageBody\":{\"n\":1},\"QueueUrl\":\"q\"}" } },
    { "timestamp": "2024-03-01T10:00:00.130000+01:00", "type": "TaskStarted", "id": 4, "previousEventId": 3,
      "taskStartedEventDetails": { "resourceType": "sqs", "resource": "sendMessage" } },
    { "timestamp": "2024-03-01T10:00:00.300000+01:00", "type": "TaskSucceeded", "id": 5, "previousEventId": 4,
      "taskSucceededEventDetails": { "resourceType": "sqs", "resource": "sendMessage",
        "output": "{\"MessageId\":\"m-1\"}", "outputDetails": { "truncated": false } } },
    { "timestamp": "2024-03-01T10:00:00.310000+01:00", "type": "TaskStateExited", "id": 6, "previousEventId": 5,
      "stateExitedEventDetails": { "name": "Ask", "output": "{\"MessageId\":\"m-1\"}",
        "outputDetails": { "truncated": false } } },
    { "timestamp": "2024-03-01T10:00:00.320000+01:00", "type": "ExecutionSucceeded", "id": 7, "previousEventId": 6,
      "executionSucceededEventDetails": { "output": "{\"MessageId\":\"m-1\"}", "outputDetails": { "truncated": false } } }
  ]
}]]

local ASK = [[{"StartAt":"Ask","States":{"Ask":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
  "Parameters":{"QueueUrl":"%s","MessageBody.$":"$"},"End":true}}}]]

describe("mstep replay", function()
  local store = stores.new { ["exported.json"] = EXPORTED, ["ask.json"] = ASK:format("q"),
    ["other.json"] = ASK:format("another") }

  local function replay(history, machine, ...)
    return program.run({ "replay", history, "--machine", machine, ... }, { cwd = store.dir })
  end

  setup(function()
    store:run("run", "pay.json", "--name", "p1", "-q", "-i", '{"n": 1}')
    store:write("p1.json", (store:ok("history", "p1", "-o", "json")))
  end)

  it("finds our own history unchanged", function()
    local result = replay("p1.json", "pay.json")
    assert.are.equal(0, result.code, result.stderr)
    assert.are.equal("the same: 11 events\n", result.stdout)
  end)

  it("finds an exported history of AWS unchanged", function()
    local result = replay("exported.json", "ask.json")
    assert.are.equal(0, result.code, result.stdout .. result.stderr)
    assert.are.equal("the same: 7 events\n", result.stdout)
  end)

  it("shows the first event that would be another one", function()
    local result = replay("exported.json", "other.json")
    assert.are.equal(1, result.code)
    assert.are.equal(table.concat({
      "event 3 would be another one, at /taskScheduledEventDetails/parameters/QueueUrl:",
      '  #1<0 ExecutionStarted {"n": 1}',
      '  #2<0 TaskStateEntered Ask {"n": 1}',
      '- #3<2 TaskScheduled sendMessage {"MessageBody":{"n":1},"QueueUrl":"q"}',
      '+ #3<2 TaskScheduled sendMessage {"QueueUrl":"another","MessageBody":{"n":1}}',
    }, "\n") .. "\n", result.stdout)
  end)

  it("says so when the machine would end earlier, or go on", function()
    store:write("short.json", '{"StartAt":"Price","States":{"Price":{"Type":"Task",'
      .. '"Resource":"arn:aws:lambda:us-east-1:000000000000:function:note","End":true}}}')
    local earlier = replay("p1.json", "short.json")
    assert.are.equal(1, earlier.code)
    assert.is_truthy(earlier.stdout:find("event 7 would be another one", 1, true), earlier.stdout)
    assert.is_truthy(earlier.stdout:find("\n- #7<6 TaskStateEntered Pay ", 1, true), earlier.stdout)
    assert.is_truthy(earlier.stdout:find("\n+ #7<6 ExecutionSucceeded ", 1, true), earlier.stdout)
    store:write("retried.json", (program.read(store.dir .. "/pay.json"):gsub('pay","End"',
      'pay","Retry":[{"ErrorEquals":["NoMoney"]}],"End"')))
    local later = replay("p1.json", "retried.json")
    assert.are.equal(1, later.code)
    assert.is_truthy(later.stdout:find("\n- #11<10 ExecutionFailed NoMoney", 1, true), later.stdout)
    assert.is_truthy(later.stdout:find("\n+ #11<10 LambdaFunctionScheduled ", 1, true), later.stdout)
  end)

  it("has the whole difference as JSON", function()
    local difference = program.decode(replay("exported.json", "other.json", "-o", "json").stdout)
    assert.are.equal("DIFFERENT", difference.result)
    assert.are.equal(3, difference.eventId)
    assert.are.equal("TaskScheduled", difference.expected.type)
    assert.are.equal(2, #difference.context)
  end)

  it("follows a history that has not ended, and one told backwards", function()
    store:start("wait.json", "w1")
    store:write("w1.json", (store:ok("history", "w1", "-o", "json", "--reverse")))
    assert.are.equal("the same: 2 events\n", replay("w1.json", "wait.json").stdout)
  end)

  it("refuses what is no history", function()
    for text, words in pairs {
      ['{"events": []}'] = "there is no list of events",
      ["[1]"] = "an event has no type",
      ["nonsense"] = "expected a value",
      ['[{"id":2,"previousEventId":0,"type":"X","timestamp":1}]'] = "event 1 is missing",
    } do
      store:write("bad.json", text)
      local result = replay("bad.json", "ask.json")
      assert.are.equal(2, result.code)
      assert.is_truthy(result.stderr:find(words, 1, true), result.stderr)
    end
    local missing = program.run({ "replay", "exported.json" }, { cwd = store.dir })
    assert.is_truthy(missing.stderr:find("needs --machine FILE", 1, true), missing.stderr)
  end)
end)
