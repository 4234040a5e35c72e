-- Signatures in every protocol that the server speaks: each is refused unsigned, wrongly signed, changed, from a
-- clock that is off, and again; presigned addresses hold for what they name, and as long as they say.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"
local signing = require "signing"

local KEY, SECRET = "AKIDEXAMPLE", "hush-credential-0816"
local FORM = "application/x-www-form-urlencoded"

-- What a client of each protocol sends, what the answer says, and how it is refused.
local JSON = { wrong = "InvalidSignatureException", unsigned = "MissingAuthenticationTokenException" }
local QUERY = { wrong = "SignatureDoesNotMatch", unsigned = "MissingAuthenticationToken" }
local URL = { wrong = '{"Message":"Forbidden"}', unsigned = '{"Message":"Forbidden"}' }
-- The Scheduler's paths are short: unsigned they are left to routes.
local CASES = {
  { name = "JSON 1.0 of Step Functions", service = "states", target = "AWSStepFunctions.ListStateMachines", body = "{}",
    says = "stateMachines", refusals = JSON },
  { name = "JSON 1.1 of EventBridge", service = "events", target = "AWSEvents.ListEventBuses", body = "{}",
    type = "application/x-amz-json-1.1", says = "EventBuses", refusals = JSON },
  { name = "JSON 1.0 of SQS", service = "sqs", target = "AmazonSQS.ListQueues", body = "{}", says = "{", refusals = JSON },
  { name = "JSON of DynamoDB", service = "dynamodb", target = "DynamoDB_20120810.ListTables", body = "{}",
    says = "TableNames", refusals = JSON },
  { name = "Query of SNS", service = "sns", type = FORM, body = "Action=ListTopics&Version=2010-03-31",
    says = "ListTopicsResult", refusals = QUERY },
  { name = "Query of SQS", service = "sqs", type = FORM, body = "Action=ListQueues&Version=2012-11-05",
    says = "ListQueues", refusals = QUERY },
  { name = "REST of Lambda", service = "lambda", method = "GET", path = "/2015-03-31/functions", says = "Functions",
    refusals = JSON },
  { name = "an invocation over REST", service = "lambda", path = "/2015-03-31/functions/echo/invocations", body = '"i"',
    says = '"i"', refusals = JSON },
  { name = "REST of the Scheduler", service = "scheduler", method = "GET", path = "/schedules", says = "Schedules",
    refusals = { wrong = JSON.wrong, unsigned = "Not Found" } },
  { name = "an operation by its name", service = "mstep", path = "/mstep/ListExecutions", body = "{}", says = "executions",
    refusals = JSON },
  { name = "an operation of ours", service = "moonstep", target = "Moonstep.ListUndelivered", body = "{}",
    says = "undelivered", refusals = JSON },
  { name = "a function URL with AWS_IAM", service = "lambda", path = "/_aws/lambda-url/ID/x", type = "application/json",
    body = '"u"', says = '\r\n\r\n"u"', refusals = URL },
}

describe("a signature is asked for, and looked at, in", function()
  local server, host, id

  local function curl(case, lines, body, path)
    local words = { "curl", "--silent", "--show-error", "--include", "--write-out '\n%{http_code}'", "--request", case.method or "POST",
      program.quote("http://" .. host .. (path or case.path or "/")) }
    for _, line in ipairs(lines) do
      words[#words + 1] = "-H " .. program.quote(line)
    end
    if case.method ~= "GET" then
      words[#words + 1] = "--data-binary " .. program.quote(body or case.body)
    end
    local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1"))
    local text, status = pipe:read("a"):match("^(.*)\n(%d+)$")
    pipe:close()
    return text, tonumber(status)
  end
  local function headers(case, change)
    local request = { host = host, key = KEY, secret = SECRET }
    for _, from in ipairs { case, change or {} } do
      for name, value in pairs(from) do
        request[name] = value
      end
    end
    return signing.headers(request)
  end
  local function refused(name, text, status)
    assert.is_true(status == 400 or status == 403 or status == 404, tostring(status) .. ": " .. text)
    assert.is_truthy(text:find(name, 1, true), text)
    assert.is_nil(text:find(SECRET, 1, true))
  end

  setup(function()
    local dir = program.project { ["functions/echo.lua"] = "return function(e) return e.body or e end",
      keys = ("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n"):format(KEY, SECRET) }
    os.execute("chmod 600 " .. program.quote(dir .. "/keys"))
    server = servers.new { dir = dir, args = { "--credentials", "keys" } }
    server.key, server.secret = KEY, SECRET
    host = server.url:match("//(.*)$")
    id = server:aws("lambda", "create-function-url-config", "--function-name", "echo", "--auth-type",
      "AWS_IAM").FunctionUrl:match("//(%w+)")
    for _, case in ipairs(CASES) do
      case.path = case.path and case.path:gsub("ID", id)
    end
  end)
  teardown(function()
    assert.is_true(server:stop())
  end)

  local sent = {}
  for _, case in ipairs(CASES) do
    it(case.name, function()
      local names = case.refusals
      local lines = headers(case)
      local text, status = curl(case, lines)
      assert.are.equal(200, status, text)
      assert.is_truthy(text:find(case.says, 1, true), text)
      sent[#sent + 1] = { case = case, lines = lines }
      local unsigned = {}
      for _, line in ipairs(lines) do
        if not line:find("^Authorization") then
          unsigned[#unsigned + 1] = line
        end
      end
      refused(names.unsigned, curl(case, unsigned))
      refused(names.wrong, curl(case, headers(case, { secret = "guess" })))
      -- A service's signature is no other's; where paths and actions are shared, there is no such thing at another's.
      local other, code = curl(case, headers(case, { service = case.service == "states" and "sqs" or "states" }))
      assert.is_true(code == 400 or code == 403 or code == 404, other)
      for _, seconds in ipairs { -400, 400 } do
        refused(names.wrong, curl(case, headers(case, { at = os.time() + seconds })))
      end
      refused(names.wrong, curl(case, lines, nil, (case.path or "/") .. "?more=1"))
      if case.body then
        refused(names.wrong, curl(case, lines, case.body .. (case.type == FORM and "&x=y" or " ")))
      end
    end)
  end

  it("none of them a second time", function()
    os.execute("sleep 2.2")
    assert.are.equal(#CASES, #sent)
    for _, request in ipairs(sent) do
      refused(request.case.refusals.wrong, curl(request.case, request.lines))
    end
  end)

  it("addresses that were signed beforehand", function()
    local list = { method = "GET", path = "/2015-03-31/functions" }
    local function presigned(change)
      local request = { host = host, key = KEY, secret = SECRET, service = "lambda", path = list.path, expires = 60 }
      for name, value in pairs(change or {}) do
        request[name] = value
      end
      return signing.presign(request)
    end
    local query = presigned()
    local text, status = curl(list, {}, nil, list.path .. "?" .. query)
    assert.are.equal(200, status, text)
    assert.is_truthy(text:find('"echo"', 1, true), text)
    refused(JSON.wrong, curl(list, {}, nil, "/2015-03-31/functions/echo?" .. query)) -- another path
    refused(JSON.wrong, curl({ path = list.path, body = "" }, {}, nil, list.path .. "?" .. query)) -- another method
    refused(JSON.wrong, curl(list, {}, nil, list.path .. "?MaxItems=1&" .. query))
    refused(JSON.wrong, curl(list, { "X-Amz-Log-Type: Tail" }, nil, list.path .. "?" .. query))
    refused(JSON.wrong, curl(list, {}, nil, list.path .. "?" .. presigned { secret = "guess" }))
    refused("RequestExpired", curl(list, {}, nil, list.path .. "?" .. presigned { at = os.time() - 120 }))
    refused(JSON.wrong, curl(list, {}, nil, list.path .. "?" .. presigned { at = os.time() + 400 }))
    refused(JSON.wrong, curl(list, {}, nil, list.path .. "?" .. (query:gsub("Expires=60", "Expires=600"))))
    refused("IncompleteSignatureException", curl(list, {}, nil, list.path .. "?" .. presigned { expires = 604801 }))
    refused("IncompleteSignatureException", curl(list, headers(list, { service = "lambda" }), nil, list.path .. "?" .. query))
    local url = { method = "GET", path = "/_aws/lambda-url/" .. id .. "/x" }
    assert.are.equal(200, select(2, curl(url, {}, nil, url.path .. "?" .. presigned { path = url.path })))
    refused(URL.wrong, curl(url, {}, nil, url.path .. "?" .. presigned { path = url.path, secret = "guess" }))
    refused(URL.wrong, curl(url, {}, nil, url.path .. "?" .. presigned { path = url.path, at = os.time() - 120 }))
  end)
end)
