-- Lambda Destinations compared with Step Functions: a table of eleven rows, a test for each cell, each against one
-- `mstep serve` with AWS's own command line as the client.
local program = require "program"
if program.is_missing() then
  return
end
local cjson = require "cjson"
local servers = require "server"

local MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:"
local FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"

-- ---- the project that all cells share ----

local PROJECT = [[
local function sent(name, more)
  local f = { retries = 0, on_success = "queue:" .. name, on_failure = "queue:" .. name .. "_bad" }
  for key, value in pairs(more or {}) do f[key] = value end
  return f
end
return {
  queues = { "work", "work_bad", "quick", "quick_bad", "slow", "slow_bad", "old", "old_bad", "dead", "dead_bad", "dlq", "last",
    "last_bad", "ask", "ask_bad", "seen", "noted", "jobs", "jobs2", "via_function", "via_topic", "via_bus", "times", "tokens",
    "hooked" },
  functions = {
    work = sent "work", ask = sent "ask",
    quick = sent("quick", { retries = 2, backoff = { interval = 1 } }),
    slow = sent("slow", { retries = 3, backoff = { interval = 1, rate = 2, maximum = "2s" } }),
    old = sent("old", { retries = 2, max_age = 60, backoff = { interval = 300 } }),
    dead = sent("dead", { dead_letter = "queue:dlq" }),
    to_function = { on_success = "function:relay" }, to_topic = { on_success = "topic:told" },
    to_bus = { on_success = "bus:told" }, to_folder = { on_success = "folder:out" }, to_hook = { on_success = "hook:note" },
    first = { on_success = "function:second" }, second = { on_success = "function:third" }, third = sent "last",
  },
  topics = { told = { subscriptions = { { to = "queue:via_topic", raw = true } } },
             news = { subscriptions = { "function:seen", "function:start" } } },
  buses = { "told" },
  events = {
    told = { bus = "bus:told", pattern = { source = { "lambda" } }, targets = { "queue:via_bus" } },
    news = { pattern = { source = { "shop" } }, targets = { "function:seen", "machine:note" } },
  },
  tables = { carts = { key = "id", stream = "NEW_IMAGE" } },
  sources = {
    { from = "queue:jobs", to = "function:seen" }, { from = "queue:jobs2", to = "function:start" },
    { from = "table:carts", to = "function:seen", start = "TRIM_HORIZON" },
    { from = "table:carts", to = "function:start", start = "TRIM_HORIZON" },
  },
  routes = { { "POST /seen", fn = "seen" }, { "POST /start", fn = "start" } },
  watches = { { folder = "in", fn = "seen" }, { folder = "in", to = "machine:note", id = "machine" } },
  machines = { quickly = { type = "EXPRESS" } },
}
]]

local ECHO = "return function(event) return event end"
local WORK = [[
return function(event)
  print("working on " .. tostring(event.n))
  if event.fail then error { errorType = "Broken", errorMessage = event.fail } end
  return { did = event.n }
end
]]
local FAIL = [[return function() error { errorType = "Broken", errorMessage = "always" } end]]
local TIMED = [[
local mstep = require "mstep"
return function()
  mstep.queue("times"):send(tostring(mstep.now()))
  error { errorType = "Broken", errorMessage = "always" }
end
]]
local function add(letter)
  return ("return function(e) return { path = ((e.responsePayload or e).path or '') .. '%s' } end"):format(letter)
end
local function call(name)
  return { Type = "Task", Resource = FUNCTION .. name, End = true }
end
local function send(queue, body)
  return { Type = "Task", Resource = "arn:aws:states:::sqs:sendMessage", End = true,
    Parameters = { QueueUrl = "http://localhost/000000000000/" .. queue, ["MessageBody.$"] = body or "$" } }
end
local function with(state, more)
  for key, value in pairs(more) do
    state[key] = value
  end
  return state
end
local function machine(first, states, more)
  return cjson.encode(with({ StartAt = first, States = states }, more or {}))
end
local CATCH = { { ErrorEquals = { "Broken" }, Next = "Bad" } }

local FILES = {
  ["mstep.lua"] = PROJECT,
  ["functions/work.lua"] = WORK, ["functions/ask.lua"] = ECHO, ["functions/quick.lua"] = FAIL,
  ["functions/slow.lua"] = TIMED, ["functions/old.lua"] = FAIL, ["functions/dead.lua"] = WORK,
  ["functions/to_function.lua"] = ECHO, ["functions/to_topic.lua"] = ECHO, ["functions/to_bus.lua"] = ECHO,
  ["functions/to_folder.lua"] = ECHO, ["functions/to_hook.lua"] = ECHO,
  ["functions/first.lua"] = add "a", ["functions/second.lua"] = add "b", ["functions/third.lua"] = add "c",
  ["functions/relay.lua"] = "return function(e) require('mstep').queue('via_function'):send(e) end",
  ["functions/seen.lua"] = "return function(e) require('mstep').queue('seen'):send(e) return {} end",
  ["functions/start.lua"] = "return function(e) require('mstep').execution.start('note', e) return {} end",
  ["hooks/note.lua"] = "return function(record) return { Destination = 'arn:aws:sqs:us-east-1:000000000000:hooked', "
    .. "Record = { hooked = record.responsePayload.n } } end",
  ["machines/note.json"] = machine("N", { N = send "noted" }),
  ["machines/quickly.json"] = machine("W", { W = call "work" }),
  ["machines/choose.json"] = machine("W", {
    W = with(call "work", { Catch = CATCH, Next = "Which", End = cjson.null }),
    Which = { Type = "Choice", Choices = { { Variable = "$.did", NumericGreaterThan = 10, Next = "Many" } }, Default = "Few" },
    Many = { Type = "Pass", Result = "many", End = true }, Few = { Type = "Pass", Result = "few", End = true },
    Bad = { Type = "Pass", Parameters = { ["caught.$"] = "$.Error" }, End = true } }),
  ["machines/retry.json"] = machine("T", { T = with(call "slow", { Retry = {
    { ErrorEquals = { "Other" }, MaxAttempts = 9 },
    { ErrorEquals = { "Broken" }, IntervalSeconds = 1, BackoffRate = 2, MaxAttempts = 2, JitterStrategy = "NONE" } } }) }),
  ["machines/serve.json"] = machine("Q", {
    Q = with(send("noted", "$.m"), { ResultPath = "$.q", Next = "T", End = cjson.null }),
    T = { Type = "Task", Resource = "arn:aws:states:::sns:publish", ResultPath = "$.t", Next = "B",
      Parameters = { TopicArn = "arn:aws:sns:us-east-1:000000000000:told", ["Message.$"] = "$.m" } },
    B = { Type = "Task", Resource = "arn:aws:states:::events:putEvents", ResultPath = "$.b", Next = "D",
      Parameters = { Entries = { { Source = "lambda", DetailType = "x", Detail = { a = 1 }, EventBusName = "told" } } } },
    D = { Type = "Task", Resource = "arn:aws:states:::dynamodb:putItem", ResultPath = "$.d", Next = "S",
      Parameters = { TableName = "carts", Item = { id = { S = "of a machine" } } } },
    S = { Type = "Task", Resource = "arn:aws:states:::aws-sdk:sqs:listQueues", ResultPath = "$.s", Next = "L",
      Parameters = { QueueNamePrefix = "via_" } },
    L = with(call "to_hook", { ResultPath = "$.l" }) }),
  ["machines/compose.json"] = machine("P", {
    P = { Type = "Parallel", Next = "M", Branches = {
      { StartAt = "A", States = { A = with(call "first", {}) } }, { StartAt = "B", States = { B = call "second" } } } },
    M = { Type = "Map", Next = "Wait", ItemProcessor = { StartAt = "I", States = { I = call "third" } } },
    Wait = { Type = "Wait", Seconds = 1, Next = "E" }, E = { Type = "Pass", End = true } }),
  ["machines/approve.json"] = machine("Ask", { Ask = { Type = "Task", End = true,
    Resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    Parameters = { QueueUrl = "http://localhost/000000000000/tokens", MessageBody = { ["token.$"] = "$$.Task.Token" } } } }),
  ["machines/rescue.json"] = machine("W", {
    W = with(call "work", { Catch = { { ErrorEquals = { "States.ALL" }, ResultPath = "$.error", Next = "Dead" } } }),
    Dead = send "dlq" }),
  ["machines/late.json"] = machine("W", { W = { Type = "Wait", Seconds = 60, End = true } }, { TimeoutSeconds = 1 }),
  ["forever.json"] = machine("W", { W = { Type = "Wait", SecondsPath = "$.s", End = true } }),
}
-- cjson.null above takes "End" out of a state again.
for name, text in pairs(FILES) do
  FILES[name] = text:gsub(',"End":null', ""):gsub('"End":null,', "")
end

-- ---- what the cells are written in ----

local server, dir

local function operation(target, request)
  local pipe = assert(io.popen(("curl -s -H 'Content-Type: application/x-amz-json-1.0' -H 'X-Amz-Target: %s' -d %s %s/"):format(
    target, program.quote(cjson.encode(request)), server.url)))
  local text = pipe:read("a")
  pipe:close()
  return text ~= "" and cjson.decode(text) or {}
end

local function eventually(check, what)
  for _ = 1, 200 * program.slowness do
    local value = check()
    if value then
      return value
    end
    os.execute("sleep 0.05")
  end
  error("never: " .. what .. "\n" .. server:logged())
end

local function url(queue)
  return server.url .. "/000000000000/" .. queue
end

-- The next message of a queue; decoded where it is JSON.
local function receive(queue)
  local messages
  eventually(function()
    messages = operation("AmazonSQS.ReceiveMessage", { QueueUrl = url(queue), WaitTimeSeconds = 10,
      MessageAttributeNames = { "All" } }).Messages
    return messages
  end, "a message in " .. queue)
  operation("AmazonSQS.DeleteMessage", { QueueUrl = url(queue), ReceiptHandle = messages[1].ReceiptHandle })
  local decoded, body = pcall(cjson.decode, messages[1].Body)
  return decoded and body or messages[1].Body, messages[1]
end

local function count(queue)
  local attributes = operation("AmazonSQS.GetQueueAttributes", { QueueUrl = url(queue), AttributeNames = { "All" } }).Attributes
  return tonumber(attributes.ApproximateNumberOfMessages)
end

local function invoke_async(name, event)
  program.write(dir .. "/event.json", cjson.encode(event))
  return server:aws("lambda", "invoke", "--function-name", name, "--invocation-type", "Event", "--payload",
    "fileb://event.json", "out.json")
end

local function start(name, input)
  return server:aws("stepfunctions", "start-execution", "--state-machine-arn", MACHINE .. name, "--input",
    cjson.encode(input)).executionArn
end

local function finished(arn)
  return eventually(function()
    local execution = operation("AWSStepFunctions.DescribeExecution", { executionArn = arn })
    return execution.status ~= "RUNNING" and execution
  end, "the end of " .. arn)
end

local function run(name, input)
  return finished(start(name, input))
end

local function source_of(event)
  local record = event.Records and event.Records[1]
  return record and (record.eventSource or record.EventSource) or event.routeKey and "route" or event.source or event.from
end

-- The sources of so many messages, in order.
local function sources(queue, wanted)
  local seen, names = {}, {}
  eventually(function()
    local reply = operation("AmazonSQS.ReceiveMessage", { QueueUrl = url(queue), MaxNumberOfMessages = 10, WaitTimeSeconds = 1 })
    for _, message in ipairs(reply.Messages or {}) do
      operation("AmazonSQS.DeleteMessage", { QueueUrl = url(queue), ReceiptHandle = message.ReceiptHandle })
      local name = source_of(cjson.decode(message.Body))
      if name and not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
    return #names >= wanted
  end, wanted .. " sources, only " .. table.concat(names, " "))
  table.sort(names)
  return names
end

-- Something happens at each of seven sources.
local function stir(queue, route, target)
  server:aws("dynamodb", "put-item", "--table-name", "carts", "--item", '{"id": {"S": "' .. queue .. '"}}')
  operation("AmazonSQS.SendMessage", { QueueUrl = url(queue), MessageBody = "job" })
  os.execute(("curl -s -d '{}' %s%s >/dev/null; mkdir -p %s/in; echo x > %s/in/%s"):format(server.url, route, dir, dir, queue))
  server:aws("events", "put-events", "--entries", '[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}]')
  server:aws("sns", "publish", "--topic-arn", "arn:aws:sns:us-east-1:000000000000:news", "--message", "hello")
  server:aws("scheduler", "create-schedule", "--name", queue, "--flexible-time-window", "Mode=OFF", "--schedule-expression",
    os.date("!at(%Y-%m-%dT%H:%M:%S)", os.time() + 3), "--target",
    cjson.encode { Arn = target, RoleArn = "any", Input = '{"from": "schedule"}' })
end

local SOURCES = { "aws:dynamodb", "aws:s3", "aws:sns", "aws:sqs", "route", "schedule", "shop" }

-- ---- the table: a row, what Destinations do, what Step Functions do ----

local rows = {}
local function row(name, destinations, steps)
  rows[#rows + 1] = { name = name, destinations = destinations, steps = steps }
end

row("how it is invoked", function() -- asynchronously only
  program.write(dir .. "/event.json", '{"n": 1}')
  server:aws("lambda", "invoke", "--function-name", "work", "--payload", "fileb://event.json", "out.json")
  assert.are.same({ did = 1 }, cjson.decode(program.read(dir .. "/out.json")))
  assert.are.equal(202, invoke_async("work", { n = 2 }).StatusCode)
  assert.are.same({ n = 2 }, (receive "work").requestPayload) -- and nothing came of the first
  assert.are.equal(0, count "work")
end, function() -- asynchronously, and with Express waiting for the result
  assert.are.equal('"few"', run("choose", { n = 3 }).output)
  assert.are.equal('{"did":3}', operation("AWSStepFunctions.StartSyncExecution",
    { stateMachineArn = MACHINE .. "quickly", input = '{"n":3}' }).output)
end)

row("event sources", function()
  stir("jobs", "/seen", FUNCTION .. "seen")
  assert.are.same(SOURCES, sources("seen", #SOURCES))
end, function() -- bus, schedule and folder by themselves, the others through a function of one line
  stir("jobs2", "/start", MACHINE .. "note")
  assert.are.same(SOURCES, sources("noted", #SOURCES))
end)

row("targets", function() -- AWS's four, and ours
  for _, name in ipairs { "to_function", "to_topic", "to_bus", "to_folder", "to_hook" } do
    invoke_async(name, { n = name })
  end
  assert.are.equal("to_function", (receive "via_function").responsePayload.n)
  assert.are.equal("to_topic", (receive "via_topic").responsePayload.n)
  local event = receive "via_bus"
  assert.are.equal("Lambda Function Invocation Result - Success", event["detail-type"])
  assert.are.equal("to_bus", event.detail.responsePayload.n)
  eventually(function()
    local pipe = io.popen("cat $(find " .. dir .. "/out -type f 2>/dev/null) </dev/null 2>/dev/null")
    local text = pipe:read("a")
    pipe:close()
    return text:find('"to_folder"', 1, true)
  end, "a record in the folder")
  assert.are.same({ hooked = "to_hook" }, (receive "hooked"))
end, function() -- tasks for any of the services
  local execution = run("serve", { m = { hello = "you" } })
  assert.are.equal("SUCCEEDED", execution.status, execution.cause)
  local output = cjson.decode(execution.output)
  assert.are.equal(3, #output.s.QueueUrls)
  assert.are.same({ hello = "you" }, output.l.m)
  assert.are.equal(0, output.b.FailedEntryCount)
  assert.are.equal("you", (receive "noted").hello)
  assert.are.equal("of a machine", server:aws("dynamodb", "get-item", "--table-name", "carts", "--key",
    '{"id": {"S": "of a machine"}}').Item.id.S)
end)

row("on success and on failure", function() -- one target for each
  invoke_async("work", { n = 4 })
  invoke_async("work", { n = 5, fail = "no" })
  assert.are.equal("Success", (receive "work").requestContext.condition)
  assert.are.equal("RetriesExhausted", (receive "work_bad").requestContext.condition)
end, function() -- Choice on the result, Catch on the error
  assert.are.equal('"few"', run("choose", { n = 1 }).output)
  assert.are.equal('"many"', run("choose", { n = 11 }).output)
  assert.are.equal('{"caught":"Broken"}', run("choose", { n = 1, fail = "no" }).output)
end)

local function gaps(queue, wanted)
  local times = {}
  eventually(function()
    local reply = operation("AmazonSQS.ReceiveMessage", { QueueUrl = url(queue), MaxNumberOfMessages = 10, WaitTimeSeconds = 1 })
    for _, message in ipairs(reply.Messages or {}) do
      operation("AmazonSQS.DeleteMessage", { QueueUrl = url(queue), ReceiptHandle = message.ReceiptHandle })
      times[#times + 1] = tonumber(message.Body)
    end
    return #times >= wanted
  end, wanted .. " attempts")
  table.sort(times)
  local between = {}
  for i = 2, #times do
    between[i - 1] = math.floor(times[i] - times[i - 1] + 0.3)
  end
  return between
end

row("retries", function() -- 0 to 2; ours more, with backoff
  invoke_async("quick", {})
  assert.are.equal(3, (receive "quick_bad").requestContext.approximateInvokeCount)
  local text, code = server:aws_run("lambda", "put-function-event-invoke-config", "--function-name", "work",
    "--maximum-retry-attempts", "-1")
  assert.is_true(code ~= 0 and text:find("MaximumRetryAttempts", 1, true) ~= nil, text)
  invoke_async("slow", {})
  assert.are.same({ 1, 2, 2 }, gaps("times", 4))
  assert.are.equal(4, (receive "slow_bad").requestContext.approximateInvokeCount)
end, function() -- by error, with rate, cap and jitter
  local execution = run("retry", {})
  assert.are.equal("Broken", execution.error)
  assert.are.same({ 1, 2 }, gaps("times", 3))
end)

row("what the target gets", function() -- a record with both payloads and contexts
  invoke_async("work", { n = 6 })
  local record = receive "work"
  assert.are.equal("1.0", record.version)
  assert.are.equal(FUNCTION .. "work:$LATEST", record.requestContext.functionArn)
  assert.are.equal(1, record.requestContext.approximateInvokeCount)
  assert.are.same({ n = 6 }, record.requestPayload)
  assert.are.same({ statusCode = 200, executedVersion = "$LATEST" }, record.responseContext)
  assert.are.same({ did = 6 }, record.responsePayload)
  invoke_async("work", { n = 6, fail = "no" })
  record = receive "work_bad"
  assert.are.equal("Unhandled", record.responseContext.functionError)
  assert.are.equal("Broken", record.responsePayload.errorType)
end, function() -- the output of the state before, and nothing else
  assert.are.equal('{"did":7}', (function()
    local history = server:aws("stepfunctions", "get-execution-history", "--execution-arn", finished(start("choose", { n = 7 }))
      .executionArn).events
    for _, event in ipairs(history) do
      if event.type == "ChoiceStateEntered" then
        return event.stateEnteredEventDetails.input
      end
    end
  end)())
end)

row("order and composition", function() -- one hop; a chain is functions that name the next
  invoke_async("first", { path = "" })
  assert.are.same({ path = "abc" }, (receive "last").responsePayload)
end, function() -- sequence, parallel, map, wait
  local execution = run("compose", { path = "" })
  assert.are.same({ { path = "ac" }, { path = "bc" } }, cjson.decode(execution.output))
  assert.is_true(execution.stopDate - execution.startDate >= 1)
end)

row("waiting for somebody", function() -- no: the record is there when the function returns, and nothing takes an answer
  invoke_async("ask", { question = "may I?" })
  local record = receive "ask"
  assert.are.equal("may I?", record.responsePayload.question)
  local text, code = server:aws_run("stepfunctions", "send-task-success", "--task-token", record.requestContext.requestId,
    "--task-output", "{}")
  assert.is_truthy(code ~= 0 and text:find("when calling the SendTaskSuccess operation", 1, true), text)
end, function()
  local arn = start("approve", {})
  local token = (receive "tokens").token
  assert.are.equal("RUNNING", operation("AWSStepFunctions.DescribeExecution", { executionArn = arn }).status)
  server:aws("stepfunctions", "send-task-success", "--task-token", token, "--task-output", '{"yes": true}')
  assert.are.same({ yes = true }, cjson.decode(finished(arn).output))
end)

row("seeing what happened", function() -- what the function logged, and the record
  invoke_async("work", { n = 88 })
  local id = (receive "work").requestContext.requestId
  local log = program.run({ "logs", "work", "--endpoint", server.url }).stdout
  assert.is_truthy(log:find("START RequestId: " .. id, 1, true), log)
  assert.is_truthy(log:find("working on 88", 1, true), log)
end, function() -- every event, and a redrive from where it failed
  local arn = run("retry", {}).executionArn
  local events = server:aws("stepfunctions", "get-execution-history", "--execution-arn", arn).events
  assert.are.equal("ExecutionStarted", events[1].type)
  assert.are.equal("ExecutionFailed", events[#events].type)
  server:aws("stepfunctions", "redrive-execution", "--execution-arn", arn)
  assert.are.equal(1, finished(arn).redriveCount)
  gaps("times", 6)
end)

row("maximum time", function() -- the age of an event
  invoke_async("old", {})
  local context = (receive "old_bad").requestContext
  assert.are.equal("EventAgeExceeded", context.condition)
  assert.are.equal(1, context.approximateInvokeCount)
end, function() -- what the machine says; a year, 5 minutes for Express
  assert.are.equal("TIMED_OUT", run("late", {}).status)
  local function ends(kind, seconds)
    return program.run({ "run", "forever.json", "-q", "--virtual-time", "--aws-compat", "--type", kind, "-i",
      ('{"s": %d}'):format(seconds) }, { cwd = dir }).code
  end
  assert.are.same({ 0, 3 }, { ends("EXPRESS", 299), ends("EXPRESS", 301) })
  assert.are.same({ 0, 3 }, { ends("STANDARD", 364 * 86400), ends("STANDARD", 366 * 86400) })
end)

row("dead letters", function() -- the event itself, with the error beside it
  invoke_async("dead", { n = 9, fail = "no" })
  local event, message = receive "dlq"
  assert.are.same({ n = 9, fail = "no" }, event)
  assert.are.equal("200", message.MessageAttributes.ErrorCode.StringValue)
  assert.are.equal("no", message.MessageAttributes.ErrorMessage.StringValue)
  assert.are.equal("Broken", (receive "dead_bad").responsePayload.errorType) -- the destination has its record as well
end, function() -- none: a Catch that sends what it has, or the execution, which stays
  assert.are.equal("SUCCEEDED", run("rescue", { n = 10, fail = "no" }).status)
  local body = receive "dlq"
  assert.are.equal(10, body.n)
  assert.are.equal("Broken", body.error.Error)
  local failed = server:aws("stepfunctions", "list-executions", "--state-machine-arn", MACHINE .. "retry",
    "--status-filter", "FAILED").executions
  assert.is_true(#failed >= 1)
end)

describe("Destinations or Step Functions:", function()
  setup(function()
    dir = program.project(FILES)
    os.execute("mkdir " .. dir .. "/in")
    server = servers.new { dir = dir, args = { "--store", "table.db" } }
  end)
  teardown(function()
    assert(server:stop())
  end)

  it("the project is whole", function()
    assert.is_nil(server:logged():find("error", 1, true), server:logged())
  end)
  for _, cells in ipairs(rows) do
    it(cells.name .. ", with Destinations", cells.destinations)
    it(cells.name .. ", with Step Functions", cells.steps)
  end
end)
