--- topic(name): a topic by its name or ARN.
--   topic:publish(message [, options])  the message's id; a message that is no string becomes JSON
-- Options are members of the request in AWS's spelling: Subject, MessageAttributes, MessageGroupId ...
local call = require "mstep.call"
local names = require "mstep.names"

local topic = {}
topic.__index = topic

function topic:publish(message, options)
  local request = { TopicArn = names.arn("sns", self.name), Message = names.text(message) }
  local response, err = call("Publish", names.merge(request, options))
  if not response then
    return nil, err
  end
  return response.MessageId
end

return function(name)
  return setmetatable({ name = names.check(name, "the topic's name") }, topic)
end
