--- call(operation, request): asks the engine by the name of an AWS operation, with AWS's request as a table; gives
-- AWS's response as a table, or nil and an error with `errorType` and `errorMessage`. The call waits meanwhile and
-- others go on. What it cannot do, it raises: a name that is none, a request that cannot be JSON.
--   local result, err = mstep.call("SendMessage", { QueueUrl = url, MessageBody = "hello" })
local core = require "mstep.core"
local errors = require "mstep.error"

return function(operation, request)
  local ok, body, message = core.call(operation, core.encode(request == nil and {} or request))
  if not ok then
    return nil, errors.new(body, message)
  end
  if body == "" then
    return {}
  end
  return core.decode(body)
end
