-- Secrets are planted wherever Moonstep keeps or uses one, everything that touches them is run and fails, and then
-- nothing that anybody can read has one of them: answers, histories, logs, figures, what the commands print.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"
local cjson = require "cjson"

local ROLE = "arn:aws:iam::000000000000:role/r"
local STATES = "arn:aws:states:us-east-1:000000000000:"
-- Of the environment, of the parts of connections, of a token endpoint's answer, of a destination.
local NAMES = { "KEYOFAWS", "PASSWORD", "APIKEY", "CLIENT", "OAUTHPARAMETER", "TOKEN", "HEADER", "QUERY", "BODY", "SIGNING",
  "URLPASSWORD" }
local SECRET = {}
for i, name in ipairs(NAMES) do
  SECRET[name] = ("hush%s%d"):format(name:lower(), 7000 + i)
end

local GATE = ([[
return function(e)
  if e.rawPath == "/token" then
    return { statusCode = 200, headers = { ["content-type"] = "application/json" },
      body = '{"access_token": "TOKEN", "expires_in": 3600}' }
  end
  if e.rawPath == "/shut" then return { statusCode = 401, body = "no entry" } end
  -- Who sent what is right is told so, and nothing else.
  local all = require("mstep").json.encode(e)
  local found = 0
  for secret in ("APIKEY HEADER QUERY TOKEN"):gmatch("%S+") do
    found = found + (all:find(secret, 1, true) and 1 or 0)
  end
  return { statusCode = e.rawPath == "/fail" and 500 or 200, body = "right: " .. found }
end
]]):gsub("%u%u%u%u+", SECRET)

local function secret_parameters()
  local function list(name)
    return { { Key = "x-" .. name:lower(), Value = SECRET[name], IsValueSecret = true } }
  end
  return { HeaderParameters = list "HEADER", QueryStringParameters = list "QUERY", BodyParameters = list "BODY" }
end

local function connections(url)
  local function oauth(path)
    return { OAuthParameters = { AuthorizationEndpoint = url .. path, HttpMethod = "POST",
      ClientParameters = { ClientID = "me", ClientSecret = SECRET.CLIENT },
      OAuthHttpParameters = { BodyParameters = { { Key = "scope", Value = SECRET.OAUTHPARAMETER, IsValueSecret = true } } } } }
  end
  return {
    { "basic", "BASIC", { BasicAuthParameters = { Username = "me", Password = SECRET.PASSWORD } } },
    { "key", "API_KEY", { ApiKeyAuthParameters = { ApiKeyName = "X-Key", ApiKeyValue = SECRET.APIKEY },
      InvocationHttpParameters = secret_parameters() } },
    { "oauth", "OAUTH_CLIENT_CREDENTIALS", oauth "/token" },
    { "shut", "OAUTH_CLIENT_CREDENTIALS", oauth "/shut" },
  }
end

-- A Task that fails in its own way: refused, unreachable, not a URL at all, or with a body that cannot be merged.
local function tasks(url)
  return { ok = { url .. "/ok" }, fail = { url .. "/fail" }, nobody = { "http://127.0.0.1:1/x" },
    nowhere = { "http://nowhere.invalid:99999/x" }, body = { url .. "/ok", "text" } }
end

local function state_of(connection, task)
  return { Type = "Task", Resource = "arn:aws:states:::http:invoke", End = true, Parameters = { ApiEndpoint = task[1],
    Method = "POST", RequestBody = task[2], Authentication = { ConnectionArn = connection } } }
end

describe("secrets", function()
  -- The environment's key signs what goes to other clouds.
  local bin = program.bin
  local wrapper = program.tmpdir() .. "/mstep"
  program.write(wrapper, ("#!/bin/sh\nAWS_ACCESS_KEY_ID=AKIDX AWS_SECRET_ACCESS_KEY=%s exec %s \"$@\"\n"):format(
    SECRET.KEYOFAWS, bin))
  os.execute("chmod +x " .. program.quote(wrapper))
  before_each(function()
    program.bin = wrapper
  end)
  after_each(function()
    program.bin = bin
  end)

  local server, seen
  local function see(what, text)
    seen[#seen + 1] = what .. "\n" .. text
    return text
  end
  -- An operation by its name; what it answered is seen.
  local function call(operation, request)
    local path = program.write(server.dir .. "/request.json", cjson.encode(request))
    local pipe = assert(io.popen(("curl --silent --show-error --data-binary @%s %s/mstep/%s 2>&1"):format(path, server.url,
      operation)))
    local text = pipe:read("a")
    pipe:close()
    return cjson.decode(see(operation, text))
  end
  local function command(words)
    local answer = program.run(words, { cwd = server.dir, limit = 20 })
    see(table.concat(words, " "), answer.stdout .. answer.stderr)
    return answer
  end

  local function run_machine(name, definition)
    call("CreateStateMachine", { name = name, roleArn = ROLE, definition = cjson.encode(definition) })
    local started = call("StartExecution", { stateMachineArn = STATES .. "stateMachine:" .. name, name = "x", input = "{}" })
    return started.executionArn
  end

  local function plant()
    server = servers.new { args = { "--store", "s.db", "--log-level", "debug", "--log-format", server.format,
      "--aws-endpoint", "http://127.0.0.1:1" }, dir = program.project { ["functions/gate.lua"] = GATE } }
    local id = call("CreateFunctionUrlConfig", { FunctionName = "gate", AuthType = "NONE" }).FunctionUrl:match("//(%w+)")
    local url = server.url .. "/_aws/lambda-url/" .. id
    local arns = {}
    for _, row in ipairs(connections(url)) do
      arns[row[1]] = call("CreateConnection", { Name = row[1], AuthorizationType = row[2], AuthParameters = row[3] }).ConnectionArn
      assert(arns[row[1]], seen[#seen])
    end
    call("PutFunctionEventInvokeConfig", { FunctionName = "gate", DestinationConfig = { OnSuccess = {
      Destination = "https://127.0.0.1:1/x", SigningSecret = SECRET.SIGNING, RetryPolicy = { MaximumRetryAttempts = 0 } } } })
    local topic = call("CreateTopic", { Name = "t" }).TopicArn
    call("Subscribe", { TopicArn = topic, Protocol = "http", Endpoint = "http://me:" .. SECRET.URLPASSWORD .. "@127.0.0.1:1/x" })
    return url, arns, topic
  end

  local function use(url, arns, topic)
    local executions = { run_machine("away", { StartAt = "A", States = { A = { Type = "Task", End = true,
      Resource = "arn:aws:states:::aws-sdk:sfn:listStateMachines", Parameters = {} } } }) }
    local tests = {}
    for connection, arn in pairs(arns) do
      for task, parts in pairs(tasks(url)) do
        local state = state_of(arn, parts)
        executions[#executions + 1] = run_machine(connection .. "-" .. task, { StartAt = "H", States = { H = state } })
        tests[#tests + 1] = state
      end
    end
    for _, state in ipairs(tests) do
      for _, level in ipairs { "DEBUG", "TRACE" } do
        call("TestState", { definition = cjson.encode(state), roleArn = ROLE, input = "{}", inspectionLevel = level })
      end
    end
    call("Invoke", { FunctionName = "gate", InvocationType = "Event" })
    call("Publish", { TopicArn = topic, Message = "m" })
    return executions
  end

  local function look(executions, topic)
    for _, arn in ipairs(executions) do
      call("GetExecutionHistory", { executionArn = arn, includeExecutionData = true })
      call("DescribeExecution", { executionArn = arn })
      call("DescribeStateMachineForExecution", { executionArn = arn })
    end
    for _, row in ipairs(connections("")) do
      call("DescribeConnection", { Name = row[1] })
    end
    for operation, request in pairs { ListConnections = {}, ListExecutions = {}, ListStateMachines = {}, ListUndelivered = {},
      ListFunctions = {}, GetFunctionEventInvokeConfig = { FunctionName = "gate" }, ListFunctionEventInvokeConfigs = {
        FunctionName = "gate" }, GetFunctionConfiguration = { FunctionName = "gate" }, DescribeLogGroups = {},
      FilterLogEvents = { logGroupName = "/aws/lambda/gate" }, GetTopicAttributes = { TopicArn = topic } } do
      call(operation, request)
    end
    see("/metrics", server:get("/metrics"))
    see("/healthz", server:get("/healthz"))
    local at = { "--endpoint", server.url }
    for _, words in ipairs { { "list", "-o", "json" }, { "trace", executions[2], "-o", "json" }, { "trace", executions[2] },
      { "history", executions[3], "-o", "json" }, { "describe", executions[3], "-o", "json" }, { "machines" }, { "logs", "gate" },
      { "top", "--once" }, { "deadletters", "list", "-o", "json" } } do
      words[#words + 1], words[#words + 2] = at[1], at[2]
      command(words)
    end
  end

  -- Changed and forgotten connections, and requests that are refused with what is secret in them.
  local function refuse(arns)
    call("UpdateConnection", { Name = "basic", AuthorizationType = "BASIC", AuthParameters = { BasicAuthParameters = {
      Username = "you", Password = SECRET.PASSWORD } } })
    call("CreateConnection", { Name = "basic", AuthorizationType = "API_KEY", AuthParameters = { BasicAuthParameters = {
      Username = "me", Password = SECRET.PASSWORD } } })
    call("CreateConnection", { Name = "long", AuthorizationType = "BASIC", AuthParameters = { BasicAuthParameters = {
      Username = "me", Password = SECRET.PASSWORD:rep(100) } } })
    call("CreateConnection", { Name = "array", AuthorizationType = "API_KEY", AuthParameters = { ApiKeyAuthParameters = {
      ApiKeyName = "X", ApiKeyValue = { SECRET.APIKEY } } } })
    call("PutFunctionEventInvokeConfig", { FunctionName = "gate", DestinationConfig = { OnSuccess = {
      Destination = "nothing that is a target", SigningSecret = SECRET.SIGNING } } })
    call("PutFunctionEventInvokeConfig", { FunctionName = "gate", DestinationConfig = { OnSuccess = {
      Destination = "https://127.0.0.1:1/x", SigningSecret = SECRET.SIGNING:rep(100) } } })
    call("DeauthorizeConnection", { Name = "key" })
    call("DescribeConnection", { Name = "key" })
    call("DeleteConnection", { Name = "oauth" })
    return arns
  end

  local function wait_for(executions)
    for _ = 1, 100 * program.slowness do
      local open = call("ListExecutions", { statusFilter = "RUNNING", maxResults = 1 })
      local undelivered = call("ListUndelivered", {})
      if #open.executions == 0 and #undelivered.undelivered > 0 then
        return #executions
      end
      os.execute("sleep 0.2")
    end
    error("what should have ended goes on: " .. seen[#seen - 1])
  end

  local function check()
    local all = table.concat(seen, "\n\n")
    for name, secret in pairs(SECRET) do
      local at = all:find(secret, 1, true)
      assert.is_nil(at, at and ("%s: %s"):format(name, all:sub(math.max(1, at - 600), at + 60)))
    end
    return all
  end

  for _, format in ipairs { "text", "json" } do
    it("are nowhere to be read, logs as " .. format .. " included", function()
      server, seen = { format = format }, {}
      local url, arns, topic = plant()
      local executions = use(url, arns, topic)
      wait_for(executions)
      look(executions, topic)
      refuse(arns)
      assert.is_true(server:stop())
      local log = see("log", server:logged())
      command { "backup", "b.db", "--store", "s.db" }
      for _, words in ipairs { { "list" }, { "machines", "key-ok" }, { "history", executions[2] }, { "trace", executions[3] },
        { "deadletters", "list" }, { "topic", "ls" } } do
        words[#words + 1], words[#words + 2] = "--store", "b.db"
        command(words)
      end
      local all = check()
      -- It was not for nothing: the secrets were sent, and what failed was told.
      assert.is_truthy(all:find("right: 3", 1, true), "what the key's connection adds did not arrive")
      assert.is_truthy(all:find("right: 1", 1, true), "no token arrived")
      assert.is_truthy(all:find("States.Http.StatusCode.500", 1, true))
      assert.is_truthy(all:find("no entry", 1, true) or all:find("401", 1, true))
      assert.is_truthy(log:find("undelivered", 1, true), log)
      -- Who may not read the secrets cannot read the files that have them.
      for _, name in ipairs { "s.db", "b.db" } do
        local pipe = assert(io.popen("stat -c %a " .. program.quote(server.dir .. "/" .. name)))
        assert.are.equal("600", pipe:read("l"), name)
        pipe:close()
      end
    end)
  end
end)
