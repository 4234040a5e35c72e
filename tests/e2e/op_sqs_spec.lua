-- Queues over HTTP: AWS's own command line as the client, JSON both ways, with hashes that it checks.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"

local ARN = "arn:aws:sqs:us-east-1:000000000000:"

describe("sqs", function()
  it("keeps messages from aws, through a kill, until they are deleted", function()
    local dir = program.tmpdir()
    local server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local url = server:aws("sqs", "create-queue", "--queue-name", "q").QueueUrl
    assert.is_truthy(url:find("/000000000000/q$"))
    local sent = server:aws("sqs", "send-message", "--queue-url", url, "--message-body", "hello", "--message-attributes",
      '{"n": {"DataType": "Number", "StringValue": "7"}}')
    assert.are.equal("5d41402abc4b2a76b9719d911017c592", sent.MD5OfMessageBody)
    assert.is_true(server:stop("KILL"))
    server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local received = server:aws("sqs", "receive-message", "--queue-url", url, "--attribute-names", "All",
      "--message-attribute-names", "All").Messages
    assert.are.equal(1, #received)
    assert.are.equal(sent.MessageId, received[1].MessageId)
    assert.are.equal("hello", received[1].Body)
    assert.are.equal("1", received[1].Attributes.ApproximateReceiveCount)
    assert.are.equal("7", received[1].MessageAttributes.n.StringValue)
    server:aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", received[1].ReceiptHandle)
    local counts = server:aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All").Attributes
    assert.are.equal("0", counts.ApproximateNumberOfMessages)
    assert.are.equal("0", counts.ApproximateNumberOfMessagesNotVisible)
    assert.are.equal(ARN .. "q", counts.QueueArn)
    assert.is_true(server:stop())
  end)

  it("says AWS's errors", function()
    local server = servers.new()
    local text, code = server:aws_run("sqs", "get-queue-url", "--queue-name", "none")
    assert.are_not.equal(0, code)
    assert.is_truthy(text:find("An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl "
      .. "operation: The specified queue does not exist", 1, true), text)
    assert.is_true(server:stop())
  end)
end)
