-- Hostile clients and functions against `mstep serve`: each gets AWS's error, in bounded time, and the server goes on,
-- which is asked after each.
local program = require "program"
if program.is_missing() then
  return
end
local cjson = require "cjson"
local servers = require "server"

local FILES = {
  ["functions/fine.lua"] = "return function(event) return event end",
  ["functions/loop.lua"] = "return function() while true do pcall(function() while true do end end) end end",
  ["functions/memory.lua"] = "return function() local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end end",
  ["functions/deep.lua"] = "local function f() return 1 + f() end return f",
  ["functions/nested.lua"] = "return function() local t = {} for _ = 1, 1e5 do t = { t } end return t end",
  ["functions/huge.lua"] = "return function() return ('x'):rep(7e6) end",
  ["functions/printer.lua"] = "return function() for _ = 1, 1e5 do print(('x'):rep(100)) end return 1 end",
  ["mstep.lua"] = 'return { functions = { loop = { timeout = "1s" } } }',
}

local JSON_1_0 = "Content-Type: application/x-amz-json-1.0"

local server, dir

local function shell(command)
  local pipe = assert(io.popen("timeout 60 sh -c " .. program.quote(command) .. " 2>&1"))
  local text = pipe:read("a")
  pipe:close()
  return text
end

-- Status and body of a request; words are curl's.
local function curl(path, ...)
  local words = {}
  for _, word in ipairs { ... } do
    words[#words + 1] = program.quote(word)
  end
  local text = shell("curl -s --max-time 50 -w '\\n%{http_code}' " .. table.concat(words, " ") .. " "
    .. program.quote(server.url .. path))
  local body, status = text:match("^(.*)\n(%d+)$")
  return tonumber(status), body
end

local function goes_on()
  assert.is_true(server:is_running(), server:logged())
  local status, body = curl("/2015-03-31/functions/fine/invocations", "-d", '{"a":1}')
  assert.are.same({ 200, '{"a":1}' }, { status, body })
end

-- Lua over a socket is no part of the tests' packages: bash speaks TCP.
local function raw(script)
  local port = server.url:match(":(%d+)$")
  program.write(dir .. "/raw.sh", "exec 3<>/dev/tcp/127.0.0.1/" .. port .. "\n" .. script)
  return shell("bash " .. dir .. "/raw.sh")
end

local MALFORMED = { -- name, path, header, header, body, status, what the error is called
  { "JSON 1.0 that is cut", "/", "X-Amz-Target: AmazonSQS.SendMessage", JSON_1_0, '{"QueueUrl": "', 400, "SerializationException" },
  { "JSON 1.0 that is a list", "/", "X-Amz-Target: AmazonSQS.ListQueues", JSON_1_0, "[]", 400, "SerializationException" },
  { "JSON 1.0 of the wrong types", "/", "X-Amz-Target: AWSStepFunctions.StartExecution", JSON_1_0, '{"stateMachineArn": {}}',
    400, "SerializationException" },
  { "JSON 1.1 that nests without end", "/", "X-Amz-Target: AWSEvents.PutEvents", "Content-Type: application/x-amz-json-1.1",
    ("["):rep(100000), 400, "SerializationException" },
  { "an operation that nobody knows", "/", "X-Amz-Target: AmazonSQS.Nothing", JSON_1_0, "{}", 400, "UnknownOperation" },
  { "a service that nobody knows", "/", "X-Amz-Target: Nothing_1.Nothing", JSON_1_0, "{}", 400, "UnknownOperation" },
  { "an action that nobody knows", "/", "A: b", "Content-Type: application/x-www-form-urlencoded",
    "Action=Nothing&Version=2012-11-05", 400, "InvalidAction" },
  { "the query protocol with half an escape", "/", "A: b", "Content-Type: application/x-www-form-urlencoded",
    "Action=Publish&Version=2010-03-31&Message=%f", 400, "" },
  { "REST-JSON that is cut", "/2015-03-31/functions", "A: b", "Content-Type: application/json", '{"FunctionName"', 400,
    "" },
  { "a payload that is no JSON", "/2015-03-31/functions/fine/invocations", "A: b", "Content-Type: application/json", "{", 400,
    "Could not parse request body into json" },
  { "a table's item of no type", "/", "X-Amz-Target: DynamoDB_20120810.PutItem", JSON_1_0,
    '{"TableName": "none", "Item": {"id": {"Z": 1}}}', 400, "Exception" },
  { "bytes that are no text", "/", "X-Amz-Target: DynamoDB_20120810.GetItem", JSON_1_0, "\255\254{\1", 400,
    "SerializationException" },
  { "a wrong type of content", "/", "X-Amz-Target: AmazonSQS.ListQueues", "Content-Type: text/html", "<p>", 400, "" },
}

describe("a hostile client", function()
  setup(function()
    dir = program.project(FILES)
    server = servers.new { dir = dir, args = { "--store", "h.db" } }
  end)
  teardown(function()
    assert(server:stop())
  end)

  for _, case in ipairs(MALFORMED) do
    it("sends " .. case[1], function()
      program.write(dir .. "/body", case[5])
      local status, body = curl(case[2], "-H", case[3], "-H", case[4], "--data-binary", "@" .. dir .. "/body")
      assert.are.equal(case[6], status, body)
      assert.is_truthy(body:find(case[7], 1, true), body)
      goes_on()
    end)
  end

  it("sends a header that has no end", function()
    local status = curl("/", "-H", "A: " .. ("x"):rep(100000))
    assert.is_true(status == 431 or status == 400, status)
    goes_on()
  end)

  it("sends a body that is too large, and one that says so", function()
    shell("head -c 80000000 /dev/zero > " .. dir .. "/large")
    local status = curl("/2015-03-31/functions/fine/invocations", "--data-binary", "@" .. dir .. "/large")
    assert.are.equal(413, status)
    local text = raw("printf 'POST / HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 99999999999999999999\\r\\n\\r\\n' >&3; timeout 5 head -1 <&3")
    assert.is_truthy(text:find("HTTP/1.1 4", 1, true), text)
    goes_on()
  end)

  it("sends what is no HTTP", function()
    local text = raw("printf '\\x16\\x03\\x01\\x02\\x00\\x01\\x00 \\r\\n\\r\\n' >&3; timeout 5 head -1 <&3")
    assert.is_true(text == "" or text:find("HTTP/1.1 4", 1, true) ~= nil, text)
    goes_on()
  end)

  it("begins two hundred requests, a byte at a time, and leaves them", function()
    local port = server.url:match(":(%d+)$")
    program.write(dir .. "/many.sh", ([[
ulimit -n 1024
for i in $(seq 200); do exec {fd}<>/dev/tcp/127.0.0.1/%s; printf 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx' >&$fd; done
touch open; for i in $(seq 100); do [ -e done ] && break; sleep 0.1; done
]]):format(port))
    os.execute(("cd %s && bash many.sh >/dev/null 2>&1 & true"):format(dir))
    for _ = 1, 100 do
      if io.open(dir .. "/open") then
        break
      end
      os.execute("sleep 0.1")
    end
    local started = os.time()
    goes_on()
    assert.is_true(os.time() - started <= 3 * program.slowness)
    program.write(dir .. "/done", "")
    goes_on()
  end)
end)

-- FunctionError, and the errorType of the payload.
local function invoke(name)
  local text = shell(("curl -s -i --max-time 50 -d '{}' %s/2015-03-31/functions/%s/invocations"):format(server.url, name))
  local head, body = text:match("^(.-)\r\n\r\n(.*)$")
  local decoded, value = pcall(cjson.decode, body)
  return head:match("X%-Amz%-Function%-Error: (%w+)"), decoded and type(value) == "table" and value.errorType or body, value
end

describe("a hostile function", function()
  setup(function()
    dir = program.project(FILES)
    server = servers.new { dir = dir, args = { "--watch" } }
  end)
  teardown(function()
    assert(server:stop())
  end)

  it("never returns", function()
    local started = os.time()
    local kind, name = invoke "loop"
    assert.are.same({ "Unhandled", "Sandbox.Timedout" }, { kind, name })
    assert.is_true(os.time() - started <= 4 * program.slowness)
    goes_on()
  end)

  it("eats memory", function()
    local kind, name = invoke "memory"
    assert.are.same({ "Unhandled", "Runtime.OutOfMemory" }, { kind, name })
    goes_on()
  end)

  it("calls itself without end", function()
    local kind, name, value = invoke "deep"
    assert.are.equal("Unhandled", kind)
    assert.is_truthy(value.errorMessage:find("stack overflow", 1, true), name)
    goes_on()
  end)

  it("returns what nests too deep", function()
    local kind, name = invoke "nested"
    assert.are.same({ "Unhandled", "Runtime.MarshalError" }, { kind, name })
    goes_on()
  end)

  it("returns more than may be answered", function()
    local kind, name = invoke "huge"
    assert.are.same({ "Unhandled", "Function.ResponseSizeTooLarge" }, { kind, name })
    goes_on()
  end)

  it("prints without end", function()
    local kind, body = invoke "printer"
    assert.is_nil(kind)
    assert.are.equal("1", body)
    goes_on()
  end)

  it("does not compile after a reload: the one before answers", function()
    program.write(dir .. "/new~", "return function(event)\n  return event +\nend")
    assert(os.rename(dir .. "/new~", dir .. "/functions/fine.lua"))
    for _ = 1, 100 * program.slowness do
      if server:logged():find("functions/fine.lua:3: error:", 1, true) then
        break
      end
      os.execute("sleep 0.1")
    end
    assert.is_truthy(server:logged():find("functions/fine.lua:3: error:", 1, true), server:logged())
    goes_on()
  end)
end)
