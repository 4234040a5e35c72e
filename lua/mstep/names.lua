--- Names as they are said in scripts, and ARNs as the engine wants them.
local core = require "mstep.core"

local M = {}

-- Of the running function: partition, region, account.
local function place()
  local partition, region, account = (core.arn() or ""):match("^arn:([^:]*):[^:]*:([^:]*):([^:]*):")
  return partition or "aws", region or "us-east-1", account or "000000000000"
end

--- arn(service, resource): resource as it is when it is an ARN already, else the ARN of that name in the region and
-- account of the running function.
function M.arn(service, resource)
  if resource:sub(1, 4) == "arn:" then
    return resource
  end
  local partition, region, account = place()
  return ("arn:%s:%s:%s:%s:%s"):format(partition, service, region, account, resource)
end

--- check(value, what): raises unless it is a text with something in it.
function M.check(value, what, level)
  if type(value) ~= "string" or value == "" then
    error(("%s must be a string, not %s"):format(what, value == "" and "empty" or type(value)), (level or 2) + 1)
  end
  return value
end

--- text(value): a string as it is, anything else as JSON: bodies of messages are text.
function M.text(value)
  if type(value) == "string" then
    return value
  end
  return core.encode(value)
end

--- merge(request, options): what the options say in AWS's own words is taken over.
function M.merge(request, options)
  for name, value in pairs(options or {}) do
    request[name] = value
  end
  return request
end

return M
