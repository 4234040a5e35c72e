-- The load of soak: lua5.4 soak_load.lua URL RATE MINUTES. curl carries it, a config of many transfers at a time over
-- one connection, so that there is nothing here that could grow.
local url, rate, minutes = arg[1], tonumber(arg[2]), tonumber(arg[3])
local ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:"
local QUEUE = '"QueueUrl":"' .. url .. '/000000000000/till"'
local calls = {
  { "StartSyncExecution", '{"stateMachineArn":"' .. ARN .. 'quick","input":"{}"}' },
  { "StartExecution", '{"stateMachineArn":"' .. ARN .. 'kept","input":"{}"}' },
  { "SendMessage", "{" .. QUEUE .. ',"MessageBody":"a message"}' },
  { "ReceiveMessage", "{" .. QUEUE .. ',"VisibilityTimeout":30}' },
}

local function quote(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

local function add(lines, operation, body)
  if #lines > 0 then
    lines[#lines + 1] = "next"
  end
  lines[#lines + 1] = "url = " .. quote(url .. "/mstep/" .. operation)
  lines[#lines + 1] = "data-binary = " .. quote(body)
  lines[#lines + 1] = "silent\nfail"
end

-- Carries out a list of calls; all that was answered.
local function send(lines)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
  local pipe = assert(io.popen("curl --config " .. path))
  local text = pipe:read("a")
  local is_fine = pipe:close()
  os.remove(path)
  return text, is_fine
end

local started, sent, failed = os.time(), 0, 0
while os.time() - started < minutes * 60 do
  local second, lines, count = os.time(), {}, math.max(1, rate // #calls)
  for _ = 1, count do
    for _, call in ipairs(calls) do
      add(lines, call[1], call[2])
    end
  end
  local text, is_fine = send(lines)
  sent, failed = sent + count * #calls, failed + (is_fine and 0 or 1)
  local deletions = {}
  for handle in text:gmatch('"ReceiptHandle":"([^"]+)"') do
    add(deletions, "DeleteMessage", "{" .. QUEUE .. ',"ReceiptHandle":"' .. handle .. '"}')
  end
  if #deletions > 0 then
    send(deletions)
  end
  while os.time() == second do
    os.execute("sleep 0.05")
  end
end
print(('{"requests":%d,"seconds":%d,"failed":%d}'):format(sent, os.time() - started, failed))
