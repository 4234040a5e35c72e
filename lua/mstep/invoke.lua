--- invoke(name, payload [, options]): calls another function. Options: type ("RequestResponse", "Event" or "DryRun"),
-- qualifier (a version or an alias), and any member of Invoke's request in AWS's spelling.
-- Gives what the function returned; nil and its error when it failed or could not be called. An event is accepted
-- when this returns true; what comes of it goes to the function's destinations.
local call = require "mstep.call"
local core = require "mstep.core"
local errors = require "mstep.error"
local names = require "mstep.names"

local function failure(payload)
  if type(payload) ~= "table" then
    return errors.new("Unhandled", names.text(payload))
  end
  local err = errors.new(payload.errorType or "Unhandled", payload.errorMessage)
  err.stackTrace = payload.stackTrace
  return err
end

return function(name, payload, options)
  names.check(name, "the function's name")
  local request = { FunctionName = name, Payload = payload == nil and core.null or payload }
  for key, value in pairs(options or {}) do
    local aws = key == "type" and "InvocationType" or key == "qualifier" and "Qualifier" or key
    request[aws] = value
  end
  local response, err = call("Invoke", request)
  if not response then
    return nil, err
  end
  if response.FunctionError then
    return nil, failure(response.Payload)
  end
  if request.InvocationType == "Event" or request.InvocationType == "DryRun" then
    return true
  end
  return response.Payload == nil and core.null or response.Payload
end
