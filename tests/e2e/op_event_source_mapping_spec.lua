-- Event source mappings over HTTP: AWS's own command line makes them, and queues call functions of the project.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"

local QUEUE = "arn:aws:sqs:us-east-1:000000000000:"

local COPY = [[
return function(event)
  if event.Records[1].body == "fail" then
    error("no")
  end
  return event
end
]]

local function received(server, url)
  for _ = 1, 50 do
    local answer = server:aws("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "1")
    if answer and answer.Messages then
      return answer.Messages[1]
    end
  end
end

local function counts(server, url)
  return server:aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All").Attributes
end

describe("event source mappings", function()
  it("are made, changed, listed and deleted by aws", function()
    local dir = program.project { ["functions/copy.lua"] = COPY }
    local server = servers.new { dir = dir, args = { "--store", "s.db" } }
    server:aws("sqs", "create-queue", "--queue-name", "q")
    local made = server:aws("lambda", "create-event-source-mapping", "--function-name", "copy", "--event-source-arn",
      QUEUE .. "q", "--batch-size", "5", "--filter-criteria", '{"Filters":[{"Pattern":"{\\"body\\":[\\"a\\",\\"fail\\"]}"}]}',
      "--function-response-types", "ReportBatchItemFailures")
    assert.are.equal("Creating", made.State)
    assert.are.equal("USER_INITIATED", made.StateTransitionReason)
    assert.are.equal("arn:aws:lambda:us-east-1:000000000000:event-source-mapping:" .. made.UUID, made.EventSourceMappingArn)
    assert.are.equal("arn:aws:lambda:us-east-1:000000000000:function:copy", made.FunctionArn)
    assert.is_true(server:stop("KILL"))
    server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local shown = server:aws("lambda", "get-event-source-mapping", "--uuid", made.UUID)
    assert.are.equal("Enabled", shown.State)
    assert.are.equal(5, shown.BatchSize)
    local text, code = server:aws_run("lambda", "create-event-source-mapping", "--function-name", "copy",
      "--event-source-arn", QUEUE .. "q")
    assert.are_not.equal(0, code)
    assert.is_truthy(text:find("An error occurred (ResourceConflictException) when calling the CreateEventSourceMapping "
      .. "operation: An event source mapping with SQS arn", 1, true), text)
    local changed = server:aws("lambda", "update-event-source-mapping", "--uuid", made.UUID, "--no-enabled")
    assert.are.equal("Disabling", changed.State)
    local list = server:aws("lambda", "list-event-source-mappings", "--function-name", "copy").EventSourceMappings
    assert.are.equal(1, #list)
    assert.are.equal("Disabled", list[1].State)
    assert.are.equal("Deleting", server:aws("lambda", "delete-event-source-mapping", "--uuid", made.UUID).State)
    text = server:aws_run("lambda", "get-event-source-mapping", "--uuid", made.UUID)
    assert.is_truthy(text:find("(ResourceNotFoundException)", 1, true), text)
    assert.is_true(server:stop())
  end)

  it("bring messages to a function, and those that fail to the dead letters", function()
    local dir = program.project { ["functions/copy.lua"] = COPY }
    local server = servers.new { dir = dir }
    local dead = server:aws("sqs", "create-queue", "--queue-name", "dead").QueueUrl
    local url = server:aws("sqs", "create-queue", "--queue-name", "q", "--attributes",
      '{"VisibilityTimeout":"1","RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"' .. QUEUE
      .. 'dead\\",\\"maxReceiveCount\\":\\"1\\"}"}').QueueUrl
    server:aws("lambda", "create-event-source-mapping", "--function-name", "copy", "--event-source-arn", QUEUE .. "q",
      "--batch-size", "1")
    server:aws("sqs", "send-message", "--queue-url", url, "--message-body", "fine")
    server:aws("sqs", "send-message", "--queue-url", url, "--message-body", "fail")
    assert.are.equal("fail", received(server, dead).Body)
    local left = counts(server, url)
    assert.are.equal("0", left.ApproximateNumberOfMessages)
    assert.are.equal("0", left.ApproximateNumberOfMessagesNotVisible)
    assert.is_true(server:stop())
  end)
end)
