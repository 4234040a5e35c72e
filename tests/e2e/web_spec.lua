-- Functions over HTTP, folders and subscriptions through a running server: curl and AWS's command line as clients.
local program = require "program"
if program.is_missing() then
  return
end
local cjson = require "cjson"
local servers = require "server"

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function curl(...)
  local words = { "curl", "--silent", "--show-error" }
  for _, word in ipairs { ... } do
    words[#words + 1] = program.quote(word)
  end
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1"))
  local text = pipe:read("a")
  pipe:close()
  return text
end

local function operation(server, target, request)
  return cjson.decode(curl(server.url .. "/", "-H", "X-Amz-Target: " .. target, "-H", "Content-Type: application/x-amz-json-1.0",
    "-d", cjson.encode(request)))
end

local ECHO = [[
return function(event)
  if event.rawPath == "/hello" then return "hello " .. (event.queryStringParameters or {}).name end
  return event
end
]]

local function project()
  local dir = program.tmpdir()
  os.execute("mkdir -p " .. program.quote(dir .. "/functions") .. " " .. program.quote(dir .. "/uploads"))
  write(dir .. "/functions/echo.lua", ECHO)
  write(dir .. "/functions/order.lua", 'return function(e) return {statusCode = 201, body = e.pathParameters.id .. " " .. e.httpMethod} end')
  write(dir .. "/functions/receive.lua", 'return function(e) require("mstep").queue("got"):send(e) return "" end')
  return dir
end

describe("the web", function()
  it("reaches a function at its URL, by host and by path, until it is deleted", function()
    local dir = project()
    local server = servers.new { dir = dir, args = { "--store", "s.db" } }
    local made = server:aws("lambda", "create-function-url-config", "--function-name", "echo", "--auth-type", "NONE",
      "--cors", '{"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET"]}')
    local port = server.url:match(":(%d+)$")
    local id = made.FunctionUrl:match("^http://(%w+)%.lambda%-url%.us%-east%-1%.localhost:" .. port .. "/$")
    assert.are.equal(32, #id)
    assert.are.equal("hello you", curl(made.FunctionUrl .. "hello?name=you"))
    assert.are.equal("hello me", curl(server.url .. "/_aws/lambda-url/" .. id .. "/hello?name=me"))
    -- every path below a name of its own is the function's
    assert.are.equal("/_aws/lambda-code/echo/$LATEST",
      cjson.decode(curl(made.FunctionUrl .. "_aws/lambda-code/echo/$LATEST")).rawPath)
    assert.is_truthy(curl(server.url .. "/_aws/lambda-code/echo/$LATEST"):find("SignatureDoesNotMatch", 1, true))
    local event = cjson.decode(curl(made.FunctionUrl .. "a%20b", "-b", "c=1; d=2", "-d", "\1\2", "-H", "Content-Type: image/png"))
    assert.are.equal("/a%20b", event.rawPath)
    assert.are.same({ "c=1", "d=2" }, event.cookies)
    assert.are.equal("AQI=", event.body)
    assert.is_true(event.isBase64Encoded)
    assert.are.equal("127.0.0.1", event.requestContext.http.sourceIp)
    local head = curl("-i", "-H", "Origin: https://shop.example", made.FunctionUrl)
    assert.is_truthy(head:find("Access-Control-Allow-Origin: https://shop.example", 1, true))
    -- It is no API, whatever it looks like.
    assert.are.equal("/healthz", cjson.decode(curl(made.FunctionUrl .. "healthz")).rawPath)
    assert.are.equal("2.0", cjson.decode(curl(made.FunctionUrl, "-d", "{}", "-H", "X-Amz-Target: AmazonSQS.ListQueues")).version)
    assert.is_true(server:stop())
    server = servers.new { dir = dir, args = { "--store", "s.db" } }
    assert.are.equal("hello you", curl(server.url .. "/_aws/lambda-url/" .. id .. "/hello?name=you"))
    server:aws("lambda", "delete-function-url-config", "--function-name", "echo")
    assert.are.equal('{"Message":null}', curl(server.url .. "/_aws/lambda-url/" .. id .. "/hello?name=me"))
    assert.is_true(server:stop())
  end)

  it("asks for a signature where AWS_IAM says so, whether keys are known or not", function()
    local dir = project()
    write(dir .. "/keys", "[default]\naws_access_key_id = KEY\naws_secret_access_key = SECRET\n")
    os.execute("chmod 600 " .. program.quote(dir .. "/keys"))
    local server = servers.new { dir = dir, args = { "--credentials", "keys" } }
    server.key, server.secret = "KEY", "SECRET"
    local url = server:aws("lambda", "create-function-url-config", "--function-name", "echo", "--auth-type", "AWS_IAM").FunctionUrl
    assert.are.equal('{"Message":"Forbidden"}', curl(url .. "hello?name=x"))
    assert.are.equal("hello x", curl("--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", "KEY:SECRET", url .. "hello?name=x"))
    assert.are.equal('{"Message":"Forbidden"}',
      curl("--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", "KEY:WRONG", url .. "hello?name=x"))
    server:aws("lambda", "update-function-url-config", "--function-name", "echo", "--auth-type", "NONE")
    assert.are.equal("hello x", curl("-H", "Authorization: Bearer mine", url .. "hello?name=x"))
    assert.is_true(server:stop())
  end)

  it("serves routes at their paths, in stages, and says what is not found", function()
    local server = servers.new { dir = project() }
    operation(server, "Moonstep.PutRoutes", { apiId = "shop", routes = {
      { RouteKey = "GET /hello", FunctionName = "echo" },
      { RouteKey = "ANY /orders/{id}", FunctionName = "order", PayloadFormatVersion = "1.0", Stage = "prod" },
    } })
    assert.are.equal("hello you", curl(server.url .. "/hello?name=you"))
    assert.are.equal("7 PUT", curl("-X", "PUT", server.url .. "/prod/orders/7"))
    assert.are.equal("7 GET", curl("-H", "Host: shop.execute-api.us-east-1.localhost", server.url .. "/prod/orders/7"))
    assert.are.equal("7 GET", curl(server.url .. "/_aws/execute-api/shop/prod/orders/7"))
    assert.are.equal('{"message":"Not Found"}', curl(server.url .. "/orders/7"))
    assert.is_true(server:stop())
  end)

  it("confirms an HTTP subscription by the link that it was sent, and sends what SNS sends", function()
    local server = servers.new { dir = project() }
    operation(server, "AmazonSQS.CreateQueue", { QueueName = "got", Attributes = { VisibilityTimeout = "600" } })
    local function next_request()
      local reply = operation(server, "AmazonSQS.ReceiveMessage",
        { QueueUrl = server.url .. "/000000000000/got", WaitTimeSeconds = 10 })
      return cjson.decode(assert(reply.Messages, "nothing came")[1].Body)
    end
    -- The server is its own receiver: a function at a URL hands on what comes.
    local made = server:aws("lambda", "create-function-url-config", "--function-name", "receive", "--auth-type", "NONE")
    local endpoint = server.url .. "/_aws/lambda-url/" .. made.FunctionUrl:match("//(%w+)") .. "/news"
    local topic = server:aws("sns", "create-topic", "--name", "news").TopicArn
    local subscribed = server:aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "http", "--notification-endpoint",
      endpoint)
    assert.are.equal("pending confirmation", subscribed.SubscriptionArn)
    local asked = next_request()
    assert.are.equal("SubscriptionConfirmation", asked.headers["x-amz-sns-message-type"])
    assert.are.equal("text/plain; charset=UTF-8", asked.headers["content-type"])
    assert.are.equal("Amazon Simple Notification Service Agent", asked.headers["user-agent"])
    local confirmation = cjson.decode(asked.body)
    assert.are.equal(1, (confirmation.SubscribeURL:find(server.url, 1, true)))
    local arn = curl(confirmation.SubscribeURL):match("<SubscriptionArn>(.-)</SubscriptionArn>")
    assert.are.equal(arn, server:aws("sns", "list-subscriptions").Subscriptions[1].SubscriptionArn)
    local sent = server:aws("sns", "publish", "--topic-arn", topic, "--message", "hello", "--subject", "s")
    local notified = next_request()
    assert.are.equal("Notification", notified.headers["x-amz-sns-message-type"])
    assert.are.equal(sent.MessageId, notified.headers["x-amz-sns-message-id"])
    assert.are.equal(topic, notified.headers["x-amz-sns-topic-arn"])
    assert.are.equal(arn, notified.headers["x-amz-sns-subscription-arn"])
    local notification = cjson.decode(notified.body)
    assert.are.equal("hello", notification.Message)
    assert.are.equal("1", notification.SignatureVersion)
    curl(notification.UnsubscribeURL)
    assert.are.same({}, server:aws("sns", "list-subscriptions").Subscriptions)
    assert.is_true(server:stop())
  end)

  it("tells once of each file that lands in a watched folder, also of those that came while it was down", function()
    local dir = project()
    local watches = { watches = { { Folder = "uploads", To = { kind = "queue", name = "q" } } } }
    local function receive(server)
      local got = {}
      local reply = operation(server, "AmazonSQS.ReceiveMessage", { QueueUrl = server.url .. "/000000000000/q", WaitTimeSeconds = 5 })
      for _, message in ipairs(reply.Messages or {}) do
        got[#got + 1] = cjson.decode(message.Body).Records[1]
      end
      return got
    end
    local server = servers.new { dir = dir, args = { "--store", "s.db" } }
    operation(server, "AmazonSQS.CreateQueue", { QueueName = "q", Attributes = { VisibilityTimeout = "600" } })
    operation(server, "Moonstep.PutWatches", watches)
    write(dir .. "/uploads/happy face.jpg", "hello")
    local record = receive(server)[1]
    assert.are.equal("ObjectCreated:Put", record.eventName)
    assert.are.equal("happy+face.jpg", record.s3.object.key)
    assert.are.equal("5d41402abc4b2a76b9719d911017c592", record.s3.object.eTag)
    assert.are.equal("uploads", record.s3.bucket.name)
    assert.is_true(server:stop())
    write(dir .. "/uploads/later", "x")
    server = servers.new { dir = dir, args = { "--store", "s.db" } }
    operation(server, "Moonstep.PutWatches", watches)
    local records = receive(server)
    assert.are.equal(1, #records)
    assert.are.equal("later", records[1].s3.object.key)
    assert.is_true(server:stop())
  end)

  it("does what a project's mstep.lua says of routes and watches, wherever it is started", function()
    local dir = project()
    os.execute("mkdir " .. program.quote(dir .. "/from"))
    write(dir .. "/mstep.lua", [[return { name = "shop", queues = { "q" },
      routes = { { "ANY /orders/{id}", fn = "order", payload = "1.0", stage = "prod" } },
      watches = { { folder = "uploads", suffix = ".jpg", to = "queue:q" } } }]])
    local server = servers.new { dir = dir .. "/from", args = { "--project", "..", "--store", "s.db" } }
    assert.are.equal("7 GET", curl(server.url .. "/prod/orders/7"))
    assert.are.equal("7 GET", curl(server.url .. "/_aws/execute-api/shop/prod/orders/7"))
    write(dir .. "/uploads/a.jpg", "x")
    local reply = operation(server, "AmazonSQS.ReceiveMessage", { QueueUrl = server.url .. "/000000000000/q", WaitTimeSeconds = 5 })
    assert.are.equal("a.jpg", cjson.decode(reply.Messages[1].Body).Records[1].s3.object.key)
    assert.is_true(server:stop())
  end)
end)
