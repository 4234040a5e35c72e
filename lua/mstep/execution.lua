--- Executions of state machines; a machine is said by its name or ARN.
local call = require "mstep.call"
local core = require "mstep.core"
local errors = require "mstep.error"
local names = require "mstep.names"

local M = {}

local function request_for(machine, input, options)
  names.check(machine, "the machine's name", 3)
  local arn = machine:find(":", 1, true) and machine or "stateMachine:" .. machine
  local request = { stateMachineArn = names.arn("states", arn) }
  request.input = core.encode(input == nil and {} or input)
  return names.merge(request, options)
end

--- start(machine [, input [, options]]): the execution's ARN. Options: name, and what else StartExecution has.
function M.start(machine, input, options)
  local response, err = call("StartExecution", request_for(machine, input, options))
  if not response then
    return nil, err
  end
  return response.executionArn
end

--- start_sync(machine [, input [, options]]): waits for an Express execution; its output, or nil and its error.
function M.start_sync(machine, input, options)
  local response, err = call("StartSyncExecution", request_for(machine, input, options))
  if not response then
    return nil, err
  end
  if response.status ~= "SUCCEEDED" then
    return nil, errors.new(response.error or "States." .. tostring(response.status), response.cause)
  end
  return core.decode(response.output or "null")
end

--- describe(arn): AWS's description; input and output are texts in it.
function M.describe(arn)
  return call("DescribeExecution", { executionArn = names.check(arn, "the execution's ARN") })
end

--- stop(arn [, error [, cause]]): true.
function M.stop(arn, name, cause)
  local request = { executionArn = names.check(arn, "the execution's ARN"), error = name, cause = cause }
  local response, err = call("StopExecution", request)
  return response and true, err
end

return M
