-- Step Functions over HTTP with AWS's own command line: synchronous executions, aliases, tasks that call services.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"
local cjson = require "cjson"

local MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:"
local ROLE = "arn:aws:iam::000000000000:role/r"

local function machine(server, name, kind, definition)
  return server:aws("stepfunctions", "create-state-machine", "--name", name, "--type", kind, "--role-arn", ROLE,
    "--publish", "--definition", definition).stateMachineVersionArn
end

local function pass(result)
  return cjson.encode { StartAt = "P", States = { P = { Type = "Pass", Result = result, End = true } } }
end

describe("states", function()
  it("starts synchronous executions for aws", function()
    local server = servers.new()
    machine(server, "quick", "EXPRESS", pass { a = 1 })
    -- aws puts "sync-" before the host of this operation: the server as its proxy gets it whatever it is called
    local proxy = "HTTP_PROXY=" .. program.quote(server.url) .. " "
    local pipe = assert(io.popen(proxy .. "AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s AWS_DEFAULT_REGION=us-east-1 "
      .. "AWS_PAGER= aws --output json --endpoint-url " .. server.url:gsub("127%.0%.0%.1", "localhost")
      .. " stepfunctions start-sync-execution --state-machine-arn " .. MACHINE .. "quick --input '{\"n\": 1}'"))
    local reply = cjson.decode(pipe:read("a"))
    pipe:close()
    assert.are.equal("SUCCEEDED", reply.status)
    assert.are.equal('{"a":1}', reply.output)
    assert.are.equal('{"n": 1}', reply.input)
    assert.are.equal(64, reply.billingDetails.billedMemoryUsedInMB)
    assert.is_true(server:stop())
  end)

  it("starts by aliases, and keeps them through a kill", function()
    local dir = program.tmpdir()
    local server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local version = machine(server, "m", "STANDARD", pass { a = 1 })
    local routes = ("stateMachineVersionArn=%s,weight=100"):format(version)
    local alias = server:aws("stepfunctions", "create-state-machine-alias", "--name", "live", "--routing-configuration",
      routes).stateMachineAliasArn
    assert.are.equal(MACHINE .. "m:live", alias)
    server:stop("KILL")
    server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local arn = server:aws("stepfunctions", "start-execution", "--state-machine-arn", alias).executionArn
    local execution = server:aws("stepfunctions", "describe-execution", "--execution-arn", arn)
    assert.are.equal(version, execution.stateMachineVersionArn)
    assert.are.equal(alias, execution.stateMachineAliasArn)
    local text, code = server:aws_run("stepfunctions", "delete-state-machine-version", "--state-machine-version-arn",
      version)
    assert.are_not.equal(0, code)
    assert.is_truthy(text:find("(ConflictException)", 1, true))
    assert.is_true(server:stop())
  end)

  it("runs tasks that call services and executions", function()
    local server = servers.new()
    local url = server:aws("sqs", "create-queue", "--queue-name", "q").QueueUrl
    machine(server, "child", "STANDARD", pass { a = 1 })
    machine(server, "parent", "STANDARD", cjson.encode { StartAt = "S", States = {
      S = { Type = "Task", Resource = "arn:aws:states:::sqs:sendMessage", Next = "E",
        Parameters = { QueueUrl = url, MessageBody = { hello = "you" } } },
      E = { Type = "Task", Resource = "arn:aws:states:::states:startExecution.sync:2", End = true,
        Parameters = { StateMachineArn = MACHINE .. "child" }, OutputPath = "$.Output" } } })
    local arn = server:aws("stepfunctions", "start-execution", "--state-machine-arn", MACHINE .. "parent").executionArn
    local execution
    for _ = 1, 100 do
      execution = server:aws("stepfunctions", "describe-execution", "--execution-arn", arn)
      if execution.status ~= "RUNNING" then
        break
      end
      os.execute("sleep 0.1")
    end
    assert.are.equal("SUCCEEDED", execution.status)
    assert.are.equal('{"a":1}', execution.output)
    local messages = server:aws("sqs", "receive-message", "--queue-url", url).Messages
    assert.are.equal('{"hello":"you"}', messages[1].Body)
    assert.is_true(server:stop())
  end)
end)
