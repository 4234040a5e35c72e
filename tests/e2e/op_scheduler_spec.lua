-- Schedules, archives and replays over HTTP, with AWS's own command line: what is due while nobody runs, and after a
-- kill.
local program = require "program"
if program.is_missing() then
  return
end
local servers = require "server"

local ACCOUNT = "us-east-1:000000000000:"
local QUEUE = "arn:aws:sqs:" .. ACCOUNT .. "q"
local BUS = "arn:aws:events:" .. ACCOUNT .. "event-bus/default"

local function start(dir, ...)
  return servers.new { dir = dir, args = { "--store", "s.db", ... } }
end

local function receive(server, url)
  local messages = {}
  local reply = server:aws("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "10",
    "--max-number-of-messages", "10")
  for _, message in ipairs(reply and reply.Messages or {}) do
    messages[#messages + 1] = message.Body
    server:aws_run("sqs", "delete-message", "--queue-url", url, "--receipt-handle", message.ReceiptHandle)
  end
  return messages
end

-- A schedule that is due in so many seconds.
local function create(server, name, seconds, ...)
  return server:aws("scheduler", "create-schedule", "--name", name, "--schedule-expression",
    os.date("!at(%Y-%m-%dT%H:%M:%S)", os.time() + seconds), "--flexible-time-window", "Mode=OFF", "--target",
    '{"Arn": "' .. QUEUE .. '", "RoleArn": "arn:aws:iam::000000000000:role/r", "Input": "' .. name .. '"}', ...)
end

describe("scheduler", function()
  it("runs once what was due while the server was killed", function()
    local dir = program.tmpdir()
    local server = start(dir)
    local url = server:aws("sqs", "create-queue", "--queue-name", "q").QueueUrl
    local made = create(server, "one", 3, "--action-after-completion", "DELETE")
    assert.are.equal("arn:aws:scheduler:" .. ACCOUNT .. "schedule/default/one", made.ScheduleArn)
    assert.are.equal("ENABLED", server:aws("scheduler", "get-schedule", "--name", "one").State)
    assert.is_true(server:stop("KILL"))
    os.execute("sleep 3")
    server = start(dir)
    assert.are.same({ "one" }, receive(server, url))
    assert.are.same({}, server:aws("scheduler", "list-schedules").Schedules)
    assert.is_true(server:stop("KILL"))
    server = start(dir)
    create(server, "two", 5)
    assert.are.same({ "two" }, receive(server, url))
    assert.is_true(server:stop())
  end)

  it("has groups with tags, zones, and AWS's errors", function()
    local server = servers.new()
    local group = server:aws("scheduler", "create-schedule-group", "--name", "g", "--tags", "Key=a,Value=b").ScheduleGroupArn
    server:aws_run("scheduler", "untag-resource", "--resource-arn", group, "--tag-keys", "a")
    server:aws_run("scheduler", "tag-resource", "--resource-arn", group, "--tags", "Key=c,Value=d")
    assert.are.same({ { Key = "c", Value = "d" } },
      server:aws("scheduler", "list-tags-for-resource", "--resource-arn", group).Tags)
    local target = "Arn=" .. QUEUE .. ",RoleArn=arn:aws:iam::000000000000:role/r"
    server:aws("scheduler", "create-schedule", "--name", "s", "--group-name", "g", "--schedule-expression",
      "cron(0 8 ? * MON-FRI *)", "--schedule-expression-timezone", "Europe/Paris", "--flexible-time-window",
      "Mode=FLEXIBLE,MaximumWindowInMinutes=15", "--target", target)
    assert.are.equal(1, #server:aws("scheduler", "list-schedules", "--group-name", "g", "--state", "ENABLED").Schedules)
    local text = server:aws_run("scheduler", "create-schedule", "--name", "t", "--schedule-expression", "rate(5 years)",
      "--flexible-time-window", "Mode=OFF", "--target", target)
    assert.is_truthy(text:find("(ValidationException) when calling the CreateSchedule operation: Invalid Schedule "
      .. "Expression rate(5 years).", 1, true), text)
    server:aws_run("scheduler", "delete-schedule-group", "--name", "g")
    text = server:aws_run("scheduler", "get-schedule", "--name", "s", "--group-name", "g")
    assert.is_truthy(text:find("ResourceNotFoundException", 1, true), text)
    assert.is_true(server:stop())
  end)
end)

describe("archives", function()
  it("replay events from before a kill", function()
    local dir = program.tmpdir()
    local server = start(dir)
    local url = server:aws("sqs", "create-queue", "--queue-name", "q").QueueUrl
    local archive = server:aws("events", "create-archive", "--archive-name", "a", "--event-source-arn", BUS).ArchiveArn
    server:aws("events", "put-events", "--entries", '[{"Source": "app", "DetailType": "t", "Detail": "{}"}]')
    assert.is_true(server:stop("KILL"))
    server = start(dir)
    assert.are.equal(1, server:aws("events", "describe-archive", "--archive-name", "a").EventCount)
    server:aws("events", "put-rule", "--name", "r", "--event-pattern", '{"source": ["app"]}')
    server:aws("events", "put-targets", "--rule", "r", "--targets", "Id=1,Arn=" .. QUEUE)
    local now = os.time()
    server:aws("events", "start-replay", "--replay-name", "p", "--event-source-arn", archive, "--event-start-time",
      os.date("!%Y-%m-%dT%H:%M:%SZ", now - 600), "--event-end-time", os.date("!%Y-%m-%dT%H:%M:%SZ", now + 600),
      "--destination", "Arn=" .. BUS)
    local messages = receive(server, url)
    assert.are.equal(1, #messages)
    assert.is_truthy(messages[1]:find('"replay-name":"p"', 1, true))
    assert.are.equal("COMPLETED", server:aws("events", "describe-replay", "--replay-name", "p").State)
    assert.is_true(server:stop())
  end)
end)
