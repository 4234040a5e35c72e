-- The load of soak, which wrk sends: all kinds of requests in turn, and what their answers call for (messages to delete,
-- tasks to answer). RATE in the environment: so many a second; without it as many as there can be.
local rate = tonumber(os.getenv("RATE") or "")
local STATES = "arn:aws:states:us-east-1:000000000000:"
local QUEUE = '"QueueUrl":"' .. os.getenv("QUEUE_URL") .. '"'
local FUNCTION = "/2015-03-31/functions/echo/invocations"
local last, polls, answers, at, sent, started = nil, 0, {}, 0, 0, nil

local function call(operation, body)
  return wrk.format("POST", "/mstep/" .. operation, nil, body)
end

local function start(operation, machine)
  return call(operation, '{"stateMachineArn":"' .. STATES .. "stateMachine:" .. machine .. '","input":"{}"}')
end

local kinds = {
  function() return start("StartSyncExecution", "quick") end,
  function() return start("StartExecution", "kept") end,
  function() return last and call("DescribeExecution", '{"executionArn":"' .. last .. '"}') or start("StartExecution", "kept") end,
  function() return wrk.format("POST", FUNCTION, nil, '{"a":1}') end,
  function() return wrk.format("POST", FUNCTION, { ["X-Amz-Invocation-Type"] = "Event" }, '{"a":2}') end,
  function() return call("SendMessage", "{" .. QUEUE .. ',"MessageBody":"a message"}') end,
  function() return call("ReceiveMessage", "{" .. QUEUE .. ',"MaxNumberOfMessages":10,"VisibilityTimeout":30}') end,
  function()
    polls = polls + 1
    return start("StartExecution", "worked")
  end,
  function() -- only for a task that will be there: nobody waits a minute
    if polls == 0 then
      return start("StartSyncExecution", "quick")
    end
    polls = polls - 1
    return call("GetActivityTask", '{"activityArn":"' .. STATES .. 'activity:work"}')
  end,
}

function request()
  sent = sent + 1
  if #answers > 0 then
    return table.remove(answers)
  end
  at = at % #kinds + 1
  return kinds[at]()
end

function response(_, _, body)
  for handle in body:gmatch('"ReceiptHandle":"([^"]+)"') do
    answers[#answers + 1] = call("DeleteMessage", "{" .. QUEUE .. ',"ReceiptHandle":"' .. handle .. '"}')
  end
  local token = body:match('"taskToken":"([^"]+)"')
  if token then
    answers[#answers + 1] = call("SendTaskSuccess", '{"taskToken":"' .. token .. '","output":"{}"}')
  end
  last = body:match('"executionArn":"([^"]+:kept:[^"]+)"') or last
end

-- What a second may have is sent within it; those who come too late for it wait.
function delay()
  started = started or os.time()
  if rate and sent > rate * (os.time() - started + 1) then
    return 50
  end
  return rate and 4000 / rate or 0
end

function done(summary)
  local errors = summary.errors
  io.write(("{\"requests\":%d,\"per_s\":%.0f,\"errors\":%d}\n"):format(summary.requests,
    summary.requests / summary.duration * 1e6, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
