-- What a server must refuse, and what it must not tell: signatures, tokens, secrets, addresses, browsers.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"
local signing = require "signing"
local cjson = require "cjson"

local KEY, SECRET = "AKIDEXAMPLE", "hush-credential-0815"
local LIST = "AWSStepFunctions.ListStateMachines"
local ARN = "arn:aws:states:us-east-1:000000000000:"
local ROLE = "arn:aws:iam::000000000000:role/r"

local function curl(url, lines, body)
  local words = { "curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", program.quote(url) }
  for i, word in ipairs(words) do
    words[i] = i == 5 and program.quote(word) or word
  end
  for _, line in ipairs(lines) do
    words[#words + 1] = "-H " .. program.quote(line)
  end
  if body then
    words[#words + 1] = "--data-binary " .. program.quote(body)
  end
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1"))
  local text, status = pipe:read("a"):match("^(.*)\n(%d+)$")
  pipe:close()
  return text, tonumber(status)
end

local function keys_dir()
  local dir = program.tmpdir()
  program.write(dir .. "/keys", ("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n"):format(KEY, SECRET))
  os.execute("chmod 600 " .. program.quote(dir .. "/keys"))
  return dir
end

local function guarded(args)
  local words = { "--credentials", "keys", "--log-level", "debug" }
  for _, word in ipairs(args or {}) do
    words[#words + 1] = word
  end
  local server = servers.new { dir = keys_dir(), args = words }
  server.key, server.secret = KEY, SECRET
  return server
end

-- A signed call with what `change` makes of the request, and afterwards of its header lines.
local function signed(server, change, tamper)
  local request = { host = server.url:match("//(.*)$"), target = LIST, body = "{}", key = KEY, secret = SECRET }
  for name, value in pairs(change or {}) do
    request[name] = value
  end
  local lines, body = signing.headers(request), request.body
  if tamper then
    body = tamper(lines) or body
  end
  return curl(server.url .. "/", lines, body)
end

local function refused(code, text, status)
  assert.are_not.equal(200, status, text)
  assert.are.equal(code, (cjson.decode(text).__type or ""):match("[^#]+$"), text)
  assert.is_nil(text:find(SECRET, 1, true))
end

describe("signatures", function()
  local server
  setup(function()
    server = guarded()
  end)
  teardown(function()
    assert.is_true(server:stop())
  end)

  it("takes what is properly signed", function()
    local text, status = signed(server)
    assert.are.equal(200, status, text)
    assert.are.same({}, cjson.decode(text).stateMachines)
  end)

  it("refuses what is not signed, wherever it goes", function()
    refused("MissingAuthenticationTokenException", curl(server.url .. "/",
      { "Content-Type: application/x-amz-json-1.0", "X-Amz-Target: " .. LIST }, "{}"))
    for _, path in ipairs { "/2015-03-31/functions", "/mstep/ListExecutions" } do
      local text, status = curl(server.url .. path, { "Content-Type: application/json" }, path:find("mstep") and "{}" or nil)
      assert.are.equal(path:find("mstep") and 400 or 403, status, path .. ": " .. text)
    end
    local text, status = curl(server.url .. "/?Action=ListQueues&Version=2012-11-05", {})
    assert.are.equal(403, status, text)
  end)

  it("refuses another secret, another key, another service", function()
    refused("InvalidSignatureException", signed(server, { secret = "guess" }))
    refused("UnrecognizedClientException", signed(server, { key = "AKIDNOBODY" }))
    refused("InvalidSignatureException", signed(server, { service = "sqs" }))
  end)

  it("refuses what was changed after it was signed", function()
    refused("InvalidSignatureException", signed(server, nil, function() return '{"maxResults":1}' end))
    refused("InvalidSignatureException", signed(server, nil, function(lines)
      lines[2] = "X-Amz-Target: AWSStepFunctions.ListActivities"
    end))
    refused("InvalidSignatureException", signed(server, nil, function(lines)
      lines[#lines + 1] = "X-Amz-Security-Token: more" -- not among the signed headers
    end))
  end)

  it("refuses clocks that are more than five minutes off", function()
    for _, seconds in ipairs { -400, 400 } do
      refused("InvalidSignatureException", signed(server, { at = os.time() + seconds }))
    end
    for _, seconds in ipairs { -200, 200 } do
      local text, status = signed(server, { at = os.time() + seconds })
      assert.are.equal(200, status, text)
    end
  end)

  it("refuses a signature that comes again", function()
    local request = { host = server.url:match("//(.*)$"), target = LIST, body = '{"maxResults":7}', key = KEY, secret = SECRET }
    local lines = signing.headers(request)
    local text, status = curl(server.url .. "/", lines, request.body)
    assert.are.equal(200, status, text)
    os.execute("sleep 2.2")
    refused("InvalidSignatureException", curl(server.url .. "/", lines, request.body))
  end)
end)

describe("task tokens", function()
  local server, names = nil, {}
  local WORK = cjson.encode { StartAt = "T", States = { T = { Type = "Task", Resource = ARN .. "activity:work",
    TimeoutSeconds = 60, End = true } } }

  local function start(machine, name)
    return server:aws("stepfunctions", "start-execution", "--state-machine-arn", ARN .. "stateMachine:" .. machine,
      "--name", name).executionArn
  end
  local function token_of(arn)
    local task = server:aws("stepfunctions", "get-activity-task", "--activity-arn", ARN .. "activity:work")
    names[arn] = task.taskToken
    return task.taskToken
  end
  local function status_of(arn)
    return server:aws("stepfunctions", "describe-execution", "--execution-arn", arn)
  end
  local function succeed(token, output)
    return server:aws_run("stepfunctions", "send-task-success", "--task-token", token, "--task-output", output)
  end

  setup(function()
    server = servers.new()
    server:aws("stepfunctions", "create-activity", "--name", "work")
    server:aws("stepfunctions", "create-state-machine", "--name", "m", "--role-arn", ROLE, "--definition", WORK)
    server:aws("stepfunctions", "create-state-machine", "--name", "brief", "--role-arn", ROLE, "--definition",
      (WORK:gsub('"TimeoutSeconds":60', '"TimeoutSeconds":1')))
  end)
  teardown(function()
    assert.is_true(server:stop())
  end)

  it("complete the execution that they were given for, and no other", function()
    local first = start("m", "one")
    local one = token_of(first)
    local second = start("m", "two")
    local two = token_of(second)
    assert.are_not.equal(one, two)
    assert.are.equal("", (succeed(two, '"two"')))
    os.execute("sleep 0.3")
    assert.are.equal("SUCCEEDED", status_of(second).status)
    assert.are.equal("RUNNING", status_of(first).status)
    -- A token made of both, and one with a letter changed, are nobody's.
    local half = #one // 2
    local other = one:sub(1, half):gsub(".$", function(c) return c == "A" and "B" or "A" end) .. one:sub(half + 1)
    for _, token in ipairs { two:sub(1, half) .. one:sub(half + 1), one:sub(1, half) .. two:sub(half + 1), other,
      one:sub(1, -2), one .. one, "x" } do
      local text, code = succeed(token, '"stolen"')
      if token ~= one and token ~= two then
        assert.are_not.equal(0, code, token)
        assert.is_truthy(text:find("InvalidToken") or text:find("TaskTimedOut") or text:find("TaskDoesNotExist"), text)
      end
    end
    assert.are.equal("RUNNING", status_of(first).status)
    assert.are.equal("", (succeed(one, '"one"')))
    os.execute("sleep 0.3")
    assert.are.equal('"one"', status_of(first).output)
  end)

  it("are TaskTimedOut once they were used, and once the task is over", function()
    local arn = start("m", "used")
    local token = token_of(arn)
    assert.are.equal("", (succeed(token, "1")))
    os.execute("sleep 0.3")
    assert.is_truthy(succeed(token, "2"):find("TaskTimedOut", 1, true))
    assert.are.equal("1", status_of(arn).output)
    arn = start("brief", "late")
    token = token_of(arn)
    os.execute("sleep 1.6")
    assert.are.equal("FAILED", status_of(arn).status)
    assert.is_truthy(succeed(token, "3"):find("TaskTimedOut", 1, true))
  end)
end)

describe("secrets", function()
  local API_KEY, ENVIRONMENT = "hush-api-key-4711", "hush-environment-1234"
  local CALL = cjson.encode { StartAt = "H", States = { H = { Type = "Task", Resource = "arn:aws:states:::http:invoke",
    Parameters = { ApiEndpoint = "https://127.0.0.1:1/x", Method = "GET",
      Authentication = { ConnectionArn = "CONNECTION" } }, End = true } } }
  local KEEP = cjson.encode { StartAt = "F", States = { F = { Type = "Task", Resource =
    "arn:aws:lambda:us-east-1:000000000000:function:keeper", End = true } } }
  local KEEPER = 'return function() error("no: " .. #os.getenv("HUSH")) end'

  it("are in no log, error, history, description or figure", function()
    local server = guarded { "--store", "s.db" }
    local seen = {}
    local function ask(...)
      local text = server:aws_run(...)
      seen[#seen + 1] = table.concat({ ... }, " ", 1, 2) .. ": " .. text
      return text
    end
    local made = ask("events", "create-connection", "--name", "c", "--authorization-type", "API_KEY", "--auth-parameters",
      cjson.encode { ApiKeyAuthParameters = { ApiKeyName = "X-Key", ApiKeyValue = API_KEY } })
    local connection = assert(cjson.decode(made).ConnectionArn, made)
    program.write(server.dir .. "/keeper.lua", KEEPER)
    os.execute("cd " .. program.quote(server.dir) .. " && zip -q keeper.zip keeper.lua")
    server:aws("lambda", "create-function", "--function-name", "keeper", "--zip-file", "fileb://keeper.zip", "--runtime",
      "provided.al2023", "--handler", "keeper.handler", "--role", ROLE, "--environment", "Variables={HUSH=" .. ENVIRONMENT .. "}")
    for _, part in ipairs { { "call", CALL }, { "keep", KEEP } } do
      local text = part[2]:gsub("CONNECTION", connection)
      ask("stepfunctions", "create-state-machine", "--name", part[1], "--role-arn", ROLE, "--definition", text)
      ask("stepfunctions", "start-execution", "--state-machine-arn", ARN .. "stateMachine:" .. part[1], "--name", "x")
      local arn = ARN .. "execution:" .. part[1] .. ":x"
      local status
      for _ = 1, 20 * program.slowness do
        status = ask("stepfunctions", "describe-execution", "--execution-arn", arn)
        if not status:find("RUNNING", 1, true) then
          break
        end
        os.execute("sleep 0.2")
      end
      assert.is_truthy(status:find("FAILED", 1, true), status)
      ask("stepfunctions", "get-execution-history", "--execution-arn", arn)
    end
    ask("events", "describe-connection", "--name", "c")
    ask("events", "list-connections")
    ask("lambda", "invoke", "--function-name", "keeper", "out.json")
    ask("lambda", "invoke", "--function-name", "nobody", "out2.json")
    local secret = server.secret
    server.secret = "wrong"
    ask("stepfunctions", "list-state-machines")
    server.secret = secret
    seen[#seen + 1] = server:get("/metrics")
    seen[#seen + 1] = server:get("/healthz")
    seen[#seen + 1] = program.read(server.dir .. "/out.json")
    assert.is_true(server:stop())
    local log = server:logged()
    assert.is_truthy(log:find("state F, error", 1, true), log) -- the failures are there, without what is secret
    seen[#seen + 1] = log
    local all = table.concat(seen, "\n")
    for _, word in ipairs { API_KEY, ENVIRONMENT, SECRET } do
      local at = all:find(word, 1, true)
      assert.is_nil(at, at and all:sub(math.max(1, at - 300), at + 60))
    end
  end)
end)

describe("addresses and browsers", function()
  it("listens beyond loopback only with credentials", function()
    for _, address in ipairs { "0.0.0.0:0", "[::]:0" } do
      local answer = program.run({ "serve", "--listen", address }, { cwd = program.tmpdir(), limit = 10 })
      assert.are.equal(2, answer.code, answer.stderr)
      assert.is_truthy(answer.stderr:find("hint: --credentials FILE", 1, true), answer.stderr)
    end
  end)

  it("answers to its own names, and to pages of no other origin", function()
    local server = servers.new { args = { "--allow-origin", "https://shop.example" } }
    local json = { "Content-Type: application/x-amz-json-1.0", "X-Amz-Target: " .. LIST }
    local function status(...)
      local lines = { json[1], json[2], ... }
      return (select(2, curl(server.url .. "/", lines, "{}")))
    end
    assert.are.equal(200, status())
    assert.are.equal(200, status("Host: localhost"))
    assert.are.equal(421, status("Host: rebound.example"))
    assert.are.equal(403, status("Origin: https://evil.example"))
    assert.are.equal(403, status("Origin: null"))
    assert.are.equal(200, status("Origin: https://shop.example"))
    assert.is_true(server:stop())
  end)
end)
