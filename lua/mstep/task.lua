--- Answers for tasks that wait for a token (`.waitForTaskToken`). Each gives true, or nil and an error.
local call = require "mstep.call"
local core = require "mstep.core"
local names = require "mstep.names"

local M = {}

local function send(operation, token, request)
  request.taskToken = names.check(token, "the token", 3)
  local response, err = call(operation, request)
  return response and true, err
end

--- success(token [, output])
function M.success(token, output)
  return send("SendTaskSuccess", token, { output = core.encode(output == nil and {} or output) })
end

--- failure(token [, error [, cause]])
function M.failure(token, name, cause)
  return send("SendTaskFailure", token, { error = name, cause = cause })
end

--- heartbeat(token)
function M.heartbeat(token)
  return send("SendTaskHeartbeat", token, {})
end

return M
