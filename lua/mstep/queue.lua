--- queue(name): a queue by its name, ARN or URL.
--   queue:send(body [, options])        the message's id; a body that is no string becomes JSON
--   queue:send_batch(bodies [, options])  AWS's response: Successful and Failed
--   queue:receive([options])            a list of messages, maybe empty
--   queue:delete(message)               true; a message of receive, or its receipt handle
--   queue:extend(message, seconds)      true; hides it for so long
-- Options are members of the request in AWS's spelling: DelaySeconds, MessageGroupId, MaxNumberOfMessages ...
local call = require "mstep.call"
local core = require "mstep.core"
local names = require "mstep.names"

local queue = {}
queue.__index = queue

-- The URL, asked for once.
function queue:url()
  if not self.address then
    local response, err = call("GetQueueUrl", { QueueName = self.name })
    if not response then
      return nil, err
    end
    self.address = response.QueueUrl
  end
  return self.address
end

-- The operation with the queue's URL.
local function ask(self, operation, request, options)
  local url, err = self:url()
  if not url then
    return nil, err
  end
  request.QueueUrl = url
  return call(operation, names.merge(request, options))
end

function queue:send(body, options)
  local response, err = ask(self, "SendMessage", { MessageBody = names.text(body) }, options)
  if not response then
    return nil, err
  end
  return response.MessageId
end

function queue:send_batch(bodies, options)
  local entries = core.array()
  for i, body in ipairs(bodies) do
    entries[i] = names.merge({ Id = tostring(i), MessageBody = names.text(body) }, options)
  end
  return ask(self, "SendMessageBatch", { Entries = entries })
end

function queue:receive(options)
  local response, err = ask(self, "ReceiveMessage", {}, options)
  if not response then
    return nil, err
  end
  return response.Messages or core.array()
end

local function handle(message)
  return names.check(type(message) == "table" and message.ReceiptHandle or message, "the receipt handle", 3)
end

function queue:delete(message)
  local response, err = ask(self, "DeleteMessage", { ReceiptHandle = handle(message) })
  return response and true, err
end

function queue:extend(message, seconds)
  local request = { ReceiptHandle = handle(message), VisibilityTimeout = seconds }
  local response, err = ask(self, "ChangeMessageVisibility", request)
  return response and true, err
end

return function(name)
  names.check(name, "the queue's name")
  local is_url = name:find("://", 1, true) ~= nil
  local last = name:match("^arn:.*:([^:]+)$") or name
  return setmetatable({ name = last, address = is_url and name or nil }, queue)
end
