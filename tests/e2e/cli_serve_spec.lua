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

  it("logs what becomes of executions, as text or JSON, and no payload", function()
    local fails = [[{"StartAt":"F","States":{"F":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:bad",
      "End":true}}}]]
    local bad = 'return function(event) print("seen\\nit") error { Error = "NoMoon", Cause = event.word } end'
    for _, form in ipairs { "text", "json" } do
      local dir = program.project { ["functions/bad.lua"] = bad, ["machines/fails.asl.json"] = fails }
      local server = servers.new { dir = dir, args = { "--log-format", form } }
      local arn = server:aws("stepfunctions", "start-execution", "--state-machine-arn", ARN .. "stateMachine:fails", "--input",
        '{"word": "hush"}').executionArn
      wait_for(server, arn)
      assert.is_true(server:stop())
      local log = server:logged()
      assert.is_nil(log:find("hush", 1, true), log)
      if form == "text" then
        assert.is_truthy(log:find("mstep: warning: execution: " .. arn .. " LambdaFunctionFailed, state F, error NoMoon\n", 1, true), log)
        assert.is_truthy(log:find("mstep: info: lua: bad: seen\n    it\n", 1, true), log)
      else
        local found = false
        for line in log:gmatch("{[^\n]+") do
          local entry = program.decode(line)
          found = found or (entry.executionArn == arn and entry.state == "F" and entry.error == "NoMoon" and entry.level == "warning")
        end
        assert.is_true(found, log)
      end
    end
    assert.are.equal(2, program.run({ "serve", "--log-level", "loud" }).code)
  end)

  it("is not healthy while its store cannot write, and is again afterwards", function()
    local dir, bin = program.tmpdir(), program.bin
    program.write(dir .. "/mstep", "#!/bin/sh\ntrap '' XFSZ\nexec " .. program.quote(bin) .. ' "$@"\n')
    os.execute("chmod +x " .. program.quote(dir .. "/mstep"))
    program.bin = dir .. "/mstep"
    local server = servers.new { dir = dir, args = { "--store", "h.db" } }
    program.bin = bin
    assert.are.equal('{"status":"ok"}', server:get("/healthz"))
    assert(os.execute(("prlimit --pid %d --fsize=4096:unlimited"):format(server.pid)))
    server:aws_run("stepfunctions", "create-activity", "--name", "a")
    local text = server:get("/healthz")
    assert.is_truthy(text:find('^{"status":"failing","reason":"the store .+ has failed: .+"}$'), text)
    assert.is_truthy(server:get("/metrics"):find("\nmstep_store_failed 1\n", 1, true))
    assert(os.execute(("prlimit --pid %d --fsize=unlimited:unlimited"):format(server.pid)))
    for _ = 1, 100 * program.slowness do
      text = server:get("/healthz")
      if text == '{"status":"ok"}' then
        break
      end
      os.execute("sleep 0.1")
    end
    assert.are.equal('{"status":"ok"}', text)
    server:aws("stepfunctions", "create-activity", "--name", "b")
    assert.is_true(server:stop())
  end)
end)
