-- Functions over HTTP: AWS's own command line as the client; packages, what deployment tools ask, destinations of every
-- kind on the real thing.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"
local cjson = require "cjson"

local ACCOUNT = "000000000000"
local FUNCTION = "arn:aws:lambda:us-east-1:" .. ACCOUNT .. ":function:"
local PACKAGE = { -- as `zip -r` makes it: src/index.lua with main and other, lib/money.lua
  "UEsDBBQAAAAAAAAAIVgAAAAAAAAAAAAAAAAEAAAAc3JjL1BLAwQUAAAACAAAACFYFEN3MXkAAAC4AAAADQAAAHNy",
  "Yy9pbmRleC5sdWFdjUEKwzAMBO9+hW5qIPgHeYIfYccqNTgSNXIghPy9jt1D6U3szo6yrD7DJkwHLFDoXVMhwJyC",
  "7SGa3AnX2vMyz8qrJmFwdvOJH7QT69R2WgvDqaKNXYbP+hgHYP0M4wjTDOH+hPccLyCOv1LRF5U/K/YQO/qNnPkA",
  "UEsDBBQAAAAIAAAAIViSbJbBLQAAAC8AAAANAAAAbGliL21vbmV5Lmx1YStKLSktylOoTkxJUbBVSCvNSy7JzM/T",
  "SNRRSNJUKIJIJipoKyQppOal1HIBAFBLAwQUAAAACAAAACFYpM587B8AAADgAQAACQAAAFJFQURNRS5tZHNUKMhM",
  "LiktSlXIT1NIVChITM5OTE/VU3AcFR8W4gBQSwECFAMUAAAAAAAAACFYAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAA",
  "gAEAAAAAc3JjL1BLAQIUAxQAAAAIAAAAIVgUQ3cxeQAAALgAAAANAAAAAAAAAAAAAACAASIAAABzcmMvaW5kZXgu",
  "bHVhUEsBAhQDFAAAAAgAAAAhWJJslsEtAAAALwAAAA0AAAAAAAAAAAAAAIABxgAAAGxpYi9tb25leS5sdWFQSwEC",
  "FAMUAAAACAAAACFYpM587B8AAADgAQAACQAAAAAAAAAAAAAAgAEeAQAAUkVBRE1FLm1kUEsFBgAAAAAEAAQA3wAA",
  "AGQBAAAAAA==",
}

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function invoke(server, name, payload, ...)
  local words = { "lambda", "invoke", "--function-name", name, "--payload", payload, ... }
  words[#words + 1] = "out.json"
  return server:aws(table.unpack(words))
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a")
  if file then
    file:close()
  end
  return text
end

-- What check() gives, once it gives something.
local function eventually(check)
  for _ = 1, 100 * program.slowness do
    local value = check()
    if value then
      return value
    end
    os.execute("sleep 0.1")
  end
  return nil
end

describe("lambda", function()
  it("takes packages, and answers what tools ask", function()
    local dir = program.tmpdir()
    os.execute(("printf %%s %s | base64 -d > %s/p.zip"):format(table.concat(PACKAGE), dir))
    local server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local made = server:aws("lambda", "create-function", "--function-name", "z", "--runtime", "provided.al2023", "--role",
      "arn:aws:iam::" .. ACCOUNT .. ":role/r", "--handler", "src/index.main", "--zip-file", "fileb://p.zip", "--tags", "a=1",
      "--publish")
    assert.are.equal("zXnQ4lXbzWb66L+wrP++YdFBEKyt62q02tpoDECQ26M=", made.CodeSha256)
    assert.are.equal(601, made.CodeSize)
    assert.are.same({ "Pending", "Creating" }, { made.State, made.StateReasonCode })
    assert.is_nil(made.LastUpdateStatus)
    server:aws("lambda", "wait", "function-active-v2", "--function-name", "z")
    local changed = server:aws("lambda", "update-function-code", "--function-name", "z", "--zip-file", "fileb://p.zip")
    assert.are.same({ "Active", "InProgress" }, { changed.State, changed.LastUpdateStatus })
    changed = server:aws("lambda", "update-function-configuration", "--function-name", "z", "--description", "d")
    assert.are.same({ "Active", "InProgress" }, { changed.State, changed.LastUpdateStatus })
    local waited = os.time()
    server:aws("lambda", "wait", "function-updated-v2", "--function-name", "z")
    assert.is_true(os.time() - waited < 4 * program.slowness)
    made = server:aws("lambda", "get-function-configuration", "--function-name", "z")
    assert.are.same({ "Active", "Successful" }, { made.State, made.LastUpdateStatus })
    assert.is_nil(made.StateReason)
    assert.is_nil(made.LastUpdateStatusReason)
    invoke(server, "z", '{"a": 2, "b": 3}')
    assert.are.same({ by = "main", total = 5 }, cjson.decode(read(dir .. "/out.json")))
    assert.are.equal(1, tonumber(server:aws("lambda", "get-function", "--function-name", "z").Tags.a))
    server:aws("lambda", "add-permission", "--function-name", "z", "--statement-id", "s", "--action",
      "lambda:InvokeFunction", "--principal", "events.amazonaws.com")
    local policy = cjson.decode(server:aws("lambda", "get-policy", "--function-name", "z").Policy)
    assert.are.equal("s", policy.Statement[1].Sid)
    server:aws("lambda", "remove-permission", "--function-name", "z", "--statement-id", "s")
    assert.are.equal("z", server:aws("lambda", "get-function-code-signing-config", "--function-name", "z").FunctionName)
    assert.are.equal(1000, server:aws("lambda", "get-account-settings").AccountLimit.ConcurrentExecutions)
    assert.are.equal("1", server:aws("lambda", "list-tags", "--resource", FUNCTION .. "z").Tags.a)
    server:aws("lambda", "untag-resource", "--resource", FUNCTION .. "z", "--tag-keys", "a")
    assert.is_nil(next(server:aws("lambda", "list-tags", "--resource", FUNCTION .. "z").Tags))
    server:aws("lambda", "put-provisioned-concurrency-config", "--function-name", "z", "--qualifier", "1",
      "--provisioned-concurrent-executions", "2")
    assert.are.equal("READY", server:aws("lambda", "get-provisioned-concurrency-config", "--function-name", "z",
      "--qualifier", "1").Status)
    assert.are.equal(1, #server:aws("lambda", "list-provisioned-concurrency-configs", "--function-name", "z")
      .ProvisionedConcurrencyConfigs)
    local text, code = server:aws_run("lambda", "create-function", "--function-name", "y", "--runtime", "provided.al2023",
      "--role", "arn:aws:iam::" .. ACCOUNT .. ":role/r", "--handler", "a.b", "--code", "S3Bucket=bucket,S3Key=k")
    assert.are_not.equal(0, code)
    assert.is_truthy(text:find("InvalidParameterValueException", 1, true), text)
    server:aws("lambda", "put-function-concurrency", "--function-name", "z", "--reserved-concurrent-executions", "0")
    text = server:aws_run("--debug", "lambda", "invoke", "--function-name", "z", "out.json")
    assert.is_truthy(text:find("TooManyRequestsException", 1, true), text)
    assert.is_truthy(text:find("ReservedFunctionConcurrentInvocationLimitExceeded", 1, true))
    assert.is_truthy(text:find("Retry-After", 1, true))
    assert.is_true(server:stop())
  end)

  it("gives the end of a call's log", function()
    local dir = program.tmpdir()
    os.execute("mkdir " .. dir .. "/functions")
    write(dir .. "/functions/talker.lua", [[
      return function(e)
        for i = 1, e.n do print(("line %04d ü"):format(i)) end
        if e.fails then error("no moon") end
        return e.n
      end]])
    local server = servers.new { dir = dir }
    local function tail(payload)
      local answer = invoke(server, "talker", payload, "--log-type", "Tail")
      write(dir .. "/tail", answer.LogResult)
      return program.shell(("base64 -d %s/tail"):format(dir)).stdout, answer
    end
    local log, answer = tail('{"n": 2}')
    local id = log:match("^START RequestId: ([%x-]+) Version: %$LATEST\nline 0001 ü\nline 0002 ü\nEND RequestId: ")
    assert.is_truthy(id, log)
    assert.is_truthy(log:find("\nREPORT RequestId: " .. id:gsub("%-", "%%-") .. "\tDuration: %d+%.%d%d ms\tBilled Duration: %d+ ms\t"
      .. "Memory Size: 128 MB\tMax Memory Used: %d+ MB\t"), log)
    assert.are.equal(200, answer.StatusCode)
    log = tail('{"n": 1000}')
    assert.are.equal(4096, #log)
    assert.is_truthy(log:find("line 1000 ü\nEND RequestId: ", 1, true))
    log, answer = tail('{"n": 1, "fails": true}')
    assert.are.equal("Unhandled", answer.FunctionError)
    assert.is_truthy(log:find("line 0001 ü\n[ERROR] ", 1, true), log)
    assert.is_truthy(log:find("no moon", 1, true), log)
    assert.is_nil(invoke(server, "talker", '{"n": 1}').LogResult)
    assert.is_true(server:stop())
  end)

  it("gives code where it can be fetched", function()
    local dir = program.tmpdir()
    os.execute(("mkdir %s/functions; printf %%s %s | base64 -d > %s/p.zip"):format(dir, table.concat(PACKAGE), dir))
    write(dir .. "/functions/double.lua", "return function(e) return { n = 2 * e.n } end")
    write(dir .. "/keys", "[default]\naws_access_key_id = key\naws_secret_access_key = secret\n")
    os.execute("chmod 600 " .. dir .. "/keys")
    local server = servers.new { dir = dir, args = { "--credentials", "keys" } }
    local function create(name, zip, handler)
      return server:aws("lambda", "create-function", "--function-name", name, "--runtime", "provided.al2023", "--role",
        "arn:aws:iam::" .. ACCOUNT .. ":role/r", "--handler", handler, "--zip-file", "fileb://" .. zip)
    end
    local function fetch(location, file) -- without any signature
      return program.shell(("curl --silent --output %s/%s --write-out '%%{http_code} %%{content_type}' %s"):format(dir, file,
        program.quote(location))).stdout
    end
    local made = create("z", "p.zip", "src/index.main")
    local code = server:aws("lambda", "get-function", "--function-name", "z").Code
    assert.are.equal("S3", code.RepositoryType)
    assert.are.equal(server.url .. "/_aws/lambda-code/z/$LATEST?", code.Location:sub(1, #server.url + 28))
    assert.are.equal("200 application/zip", fetch(code.Location, "got.zip"))
    assert.are.equal(read(dir .. "/p.zip"), read(dir .. "/got.zip"))
    assert.are.equal(601, made.CodeSize)

    -- a file of the project comes as an archive, too
    local double = server:aws("lambda", "get-function", "--function-name", "double").Code
    assert.are.equal("200 application/zip", fetch(double.Location, "double.zip"))
    create("copy", "double.zip", "double.handler")
    invoke(server, "copy", '{"n": 4}')
    assert.are.same({ n = 8 }, cjson.decode(read(dir .. "/out.json")))

    assert.are.equal("403 application/xml", fetch(code.Location .. "0", "no.xml"))
    assert.are.equal("403 application/xml", fetch((code.Location:gsub("until=%d", "until=9")), "no.xml"))
    assert.are.equal("403 application/xml", fetch((code.Location:gsub("/z/", "/double/")), "no.xml"))
    assert.is_truthy(read(dir .. "/no.xml"):find("<Code>SignatureDoesNotMatch</Code>", 1, true))
    assert.are.equal("403 application/xml", fetch(server.url .. "/_aws/lambda-code/z", "no.xml"))
    server:aws("lambda", "delete-function", "--function-name", "z")
    assert.are.equal("404 application/xml", fetch(code.Location, "no.xml"))
    assert.is_truthy(read(dir .. "/no.xml"):find("<Code>NoSuchKey</Code>", 1, true))
    assert.is_true(server:stop())
  end)

  it("delivers to destinations of every kind", function()
    local dir = program.tmpdir()
    os.execute("mkdir -p " .. dir .. "/project/hooks " .. dir .. "/project/functions")
    write(dir .. "/project/functions/f.lua", "return function(event) return {done = event.n} end")
    write(dir .. "/project/functions/other.lua", "return function(event) print('OTHER GOT', event.responsePayload.done) end")
    write(dir .. "/project/hooks/h.lua", "return function(record) return {hooked = record.responsePayload.done} end")
    local server = servers.new { dir = dir, args = { "--project", "project" } }
    local url = server:aws("sqs", "create-queue", "--queue-name", "q").QueueUrl
    local queue = "arn:aws:sqs:us-east-1:" .. ACCOUNT .. ":q"
    local topic = server:aws("sns", "create-topic", "--name", "t").TopicArn
    server:aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", queue)
    server:aws("events", "put-rule", "--name", "r", "--event-pattern", '{"source":["lambda"]}')
    server:aws("events", "put-targets", "--rule", "r", "--targets", "Id=1,Arn=" .. queue)
    local machine = server:aws("stepfunctions", "create-state-machine", "--name", "m", "--role-arn",
      "arn:aws:iam::" .. ACCOUNT .. ":role/r", "--definition",
      '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}').stateMachineArn
    local page = server:aws("lambda", "create-function-url-config", "--function-name", "other", "--auth-type", "NONE")
      .FunctionUrl
    local number = 0
    local function deliver(target)
      number = number + 1
      server:aws("lambda", "put-function-event-invoke-config", "--function-name", "f", "--destination-config",
        cjson.encode { OnSuccess = { Destination = target } })
      local answer = invoke(server, "f", ('{"n": %d}'):format(number), "--invocation-type", "Event")
      assert.are.equal(202, answer.StatusCode)
      return number
    end
    local function message(part)
      return eventually(function()
        local got = server:aws("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "1")
        local found = got and got.Messages and got.Messages[1]
        if found then
          server:aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", found.ReceiptHandle)
          assert.is_truthy(found.Body:find(part, 1, true), found.Body)
        end
        return found
      end)
    end
    deliver(queue)
    assert.is_truthy(message('"condition":"Success"'))
    deliver(topic)
    assert.is_truthy(message('"Type":"Notification"'))
    deliver("arn:aws:events:us-east-1:" .. ACCOUNT .. ":event-bus/default")
    assert.is_truthy(message('"detail-type":"Lambda Function Invocation Result - Success"'))
    local n = deliver(FUNCTION .. "other")
    assert.is_truthy(eventually(function()
      return server:logged():find("OTHER GOT%s+" .. n)
    end))
    deliver(machine)
    assert.is_truthy(eventually(function()
      return server:aws("stepfunctions", "list-executions", "--state-machine-arn", machine).executions[1]
    end))
    deliver("hook:h," .. queue)
    assert.is_truthy(message('{"hooked":6}'))
    deliver("file:" .. dir .. "/records")
    assert.is_truthy(eventually(function()
      local pipe = io.popen("find " .. dir .. "/records -type f 2>/dev/null")
      local name = pipe:read("l")
      pipe:close()
      return name and read(name):find('"done":7', 1, true)
    end))
    write(dir .. "/project/functions/other.lua", "return function(event) print('POSTED', event.body) end")
    server:stop()
    server = servers.new { dir = dir, args = { "--project", "project" } }
    page = server:aws("lambda", "create-function-url-config", "--function-name", "other", "--auth-type", "NONE").FunctionUrl
    deliver(page)
    assert.is_truthy(eventually(function()
      return server:logged():find("POSTED.*condition")
    end), server:logged())
    assert.is_true(server:stop())
  end)
end)
