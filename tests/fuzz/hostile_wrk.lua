-- Requests of every protocol, damaged: what `tests/fuzz/hostile` lets wrk send. SEED in the environment; the same seed
-- sends the same requests. Counts answers that say the server is at fault.
math.randomseed(tonumber(os.getenv("SEED") or "1"))

local ARN = "arn:aws:states:us-east-1:000000000000:"
local MACHINE = ARN .. "stateMachine:quick"
local JSON = "application/x-amz-json-1.0"
local FORM = "application/x-www-form-urlencoded"
local calls = {
  { "/", JSON, '{"stateMachineArn":"' .. MACHINE .. '","input":"{\\"a\\":1}","name":"n1"}', "AWSStepFunctions.StartExecution" },
  { "/", JSON, '{"stateMachineArn":"' .. MACHINE .. '","input":"{}"}', "AWSStepFunctions.StartSyncExecution" },
  { "/", JSON, '{"name":"m","definition":"{\\"StartAt\\":\\"A\\",\\"States\\":{\\"A\\":{\\"Type\\":\\"Succeed\\"}}}","roleArn":"arn:aws:iam::000000000000:role/r"}', "AWSStepFunctions.CreateStateMachine" },
  { "/", JSON, '{"definition":"{\\"Type\\":\\"Pass\\",\\"Next\\":\\"B\\"}","input":"{}","inspectionLevel":"TRACE"}', "AWSStepFunctions.TestState" },
  { "/", JSON, '{"maxResults":10,"stateMachineArn":"' .. MACHINE .. '","nextToken":"AAAA"}', "AWSStepFunctions.ListExecutions" },
  { "/", JSON, '{"QueueUrl":"http://127.0.0.1/000000000000/till","MessageBody":"b","MessageAttributes":{"a":{"DataType":"String","StringValue":"v"}}}', "AmazonSQS.SendMessage" },
  { "/", JSON, '{"QueueUrl":"http://127.0.0.1/000000000000/till","MaxNumberOfMessages":10}', "AmazonSQS.ReceiveMessage" },
  { "/", FORM, "Action=SendMessage&QueueUrl=http%3A%2F%2F127.0.0.1%2F000000000000%2Ftill&MessageBody=b&Version=2012-11-05" },
  { "/", FORM, "Action=CreateTopic&Name=t&Version=2010-03-31&Attributes.entry.1.key=a&Attributes.entry.1.value=b" },
  { "/", "application/x-amz-json-1.1", '{"Entries":[{"Source":"s","DetailType":"t","Detail":"{\\"a\\":1}"}]}', "AWSEvents.PutEvents" },
  { "/", "application/x-amz-json-1.1", '{"Name":"r","EventPattern":"{\\"a\\":[{\\"prefix\\":\\"b\\"}]}"}', "AWSEvents.PutRule" },
  { "/", JSON, '{"TableName":"t","Item":{"id":{"S":"1"},"n":{"N":"1e3"}}}', "DynamoDB_20120810.PutItem" },
  { "/2015-03-31/functions/echo/invocations?Qualifier=$LATEST", "application/json", '{"a":[1,2.5,null,"\\u00e9"]}' },
  { "/2015-03-31/functions", "application/json", '{"FunctionName":"f","Code":{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},"Handler":"a.b","Role":"r"}' },
  { "/schedules/s?groupName=default", "application/json", '{"ScheduleExpression":"rate(5 minutes)","FlexibleTimeWindow":{"Mode":"OFF"},"Target":{"Arn":"a","RoleArn":"r"}}' },
  { "/mstep/ListQueues", "application/json", '{"MaxResults":5}' },
}
local pieces = { '"', "{", "}", "[", "]", "\\", "\0", "\255", "%", "%zz", "&", "=", ":", "-1", "1e999", "99999999999999999999", "null",
  "\\ud800", "\237\160\128", "../", "$", "$$.", "{%", "%}", "\r\n", ("["):rep(300), ("a"):rep(5000) }

local function mutate(text)
  for _ = 1, math.random(0, 4) do
    local from = math.random(1, #text + 1)
    local kind = math.random(5)
    if kind == 1 then
      text = text:sub(1, from - 1) .. text:sub(from + math.random(1, 8))
    elseif kind == 2 then
      text = text:sub(1, from - 1) .. pieces[math.random(#pieces)] .. text:sub(from)
    elseif kind == 3 then
      text = text:sub(1, from - 1) .. string.char(math.random(0, 255)) .. text:sub(from + 1)
    elseif kind == 4 then
      text = text:sub(1, from - 1) .. text:sub(math.random(1, #text + 1)):sub(1, 200) .. text:sub(from)
    else
      text = text:sub(1, from - 1) .. pieces[math.random(#pieces)] .. text:sub(from + math.random(1, 20))
    end
  end
  return text
end

-- Heads are damaged seldom, and lengths that promise too much more seldom: those only wait.
function request()
  local call = calls[math.random(#calls)]
  local path, body = call[1], mutate(call[3])
  if math.random(20) == 1 then
    path = "/" .. mutate(path):gsub("[%s%c]", "")
  end
  local method = math.random(30) == 1 and ({ "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD" })[math.random(5)] or "POST"
  local lines = { method .. " " .. path .. " HTTP/1.1", "Host: 127.0.0.1", "Content-Type: " .. call[2],
    "Content-Length: " .. #body + (math.random(5000) == 1 and 10 or 0) }
  if call[4] then
    lines[#lines + 1] = "X-Amz-Target: " .. (math.random(20) == 1 and mutate(call[4]) or call[4])
  end
  if math.random(50) == 1 then
    lines[#lines + 1] = mutate("X-Amz-Invocation-Type: Event")
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

local faults = 0
function response(status, _, body)
  if status >= 500 and status ~= 501 then -- 501: a method that HTTP does not know
    faults = faults + 1
    if faults <= 5 then
      io.stderr:write(status, " ", body:sub(1, 300), "\n")
    end
  end
end

function done(summary)
  io.write(("{\"requests\":%d,\"refused\":%d,\"broken_off\":%d}\n"):format(summary.requests, summary.errors.status,
    summary.errors.read + summary.errors.write + summary.errors.connect + summary.errors.timeout))
end
