-- `mstep serve`: AWS's own command line as the client.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"

local MACHINE = [[{"StartAt":"Greet","States":{"Greet":{"Type":"Task",
"Resource":"arn:aws:lambda:us-east-1:000000000000:function:greet","End":true}}}]]
local WAITS = [[{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}]]
local GREET = [[return function(event) return { text = "hello " .. event.name } end]]
local ARN = "arn:aws:states:us-east-1:000000000000:"

local function project()
  return program.project { ["functions/greet.lua"] = GREET, ["machines/hello.asl.json"] = MACHINE }
end

local function wait_for(server, arn)
  for _ = 1, 40 * program.slowness do
    local answer = server:aws("stepfunctions", "describe-execution", "--execution-arn", arn)
    if answer.status ~= "RUNNING" then
      return answer
    end
  end
end

describe("mstep serve", function()
  it("runs a project's machine for the aws command line, and keeps it in a store", function()
    local dir = project()
    local server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local started = server:aws("stepfunctions", "start-execution", "--state-machine-arn",
      ARN .. "stateMachine:hello", "--name", "one", "--input", '{"name": "Ada"}')
    assert.are.equal(ARN .. "execution:hello:one", started.executionArn)
    local ended = wait_for(server, started.executionArn)
    assert.are.equal("SUCCEEDED", ended.status)
    assert.are.equal('{"text":"hello Ada"}', ended.output)
    assert.are.equal('{"name": "Ada"}', ended.input)
    local metrics = server:get("/metrics")
    assert.is_truthy(metrics:find('\nmstep_executions_ended_total{status="SUCCEEDED"} 1\n', 1, true), metrics)
    assert.is_truthy(metrics:find('\nmstep_http_requests_total{outcome="refused"} 0\n', 1, true), metrics)
    assert.is_true(server:stop("KILL"))
    server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local events = server:aws("stepfunctions", "get-execution-history", "--execution-arn", started.executionArn).events
    assert.are.equal("ExecutionStarted", events[1].type)
    assert.are.equal("ExecutionSucceeded", events[#events].type)
    assert.is_true(server:stop())
  end)

  it("creates machines, and says AWS's errors", function()
    local server = servers.new()
    local made = server:aws("stepfunctions", "create-state-machine", "--name", "w", "--definition", WAITS,
      "--role-arn", "arn:aws:iam::000000000000:role/r")
    assert.are.equal(ARN .. "stateMachine:w", made.stateMachineArn)
    local text, code = server:aws_run("stepfunctions", "describe-execution", "--execution-arn", ARN .. "execution:w:none")
    assert.are_not.equal(0, code)
    assert.is_truthy(text:find("An error occurred (ExecutionDoesNotExist) when calling the DescribeExecution operation: "
      .. "Execution Does Not Exist: '" .. ARN .. "execution:w:none'", 1, true), text)
    assert.is_true(server:stop())
  end)

  it("refuses keys that others may read", function()
    local dir = program.tmpdir()
    program.write(dir .. "/keys", "[default]\naws_access_key_id = A\naws_secret_access_key = s\n")
    os.execute("chmod 644 " .. program.quote(dir .. "/keys"))
    assert.has_error(function() servers.new { dir = dir, args = { "--credentials", "keys" } } end,
      "the server did not start: mstep: error: keys has secrets and others may read it\nmstep: hint: Say chmod 600 keys.\n")
  end)

  it("refuses what is not signed with a key that it was given", function()
    local dir = program.tmpdir()
    program.write(dir .. "/keys", "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s3cr3t\n")
    os.execute("chmod 600 " .. program.quote(dir .. "/keys"))
    local server = servers.new { dir = dir, args = { "--credentials", "keys" } }
    local text = server:aws_run("stepfunctions", "list-state-machines")
    assert.is_truthy(text:find("UnrecognizedClientException", 1, true), text)
    server.key, server.secret = "AKIDEXAMPLE", "wrong"
    text = server:aws_run("stepfunctions", "list-state-machines")
    assert.is_truthy(text:find("InvalidSignatureException", 1, true), text)
    server.secret = "s3cr3t"
    assert.are.same({}, server:aws("stepfunctions", "list-state-machines").stateMachines)
    assert.is_nil(server:logged():find("s3cr3t", 1, true))
    assert.is_true(server:stop())
  end)

  it("says why it does not start", function()
    local dir = program.project { ["machines/broken.json"] = '{"StartAt": "A"}', ["keys"] = "nothing" }
    local answer = program.run({ "serve", "--listen", "0.0.0.0:0" }, { cwd = dir })
    assert.are.equal(2, answer.code)
    answer = program.run({ "serve", "--listen", "127.0.0.1:port" }, { cwd = dir })
    assert.are.equal(2, answer.code)
    assert.is_truthy(answer.stderr:find("--listen must be ADDRESS:PORT", 1, true), answer.stderr)
    answer = program.run({ "serve", "--listen", "127.0.0.1:0" }, { cwd = dir })
    assert.are.equal(2, answer.code)
    assert.is_truthy(answer.stderr:find("broken.json:1:", 1, true), answer.stderr)
  end)
end)
