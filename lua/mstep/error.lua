--- Errors that a state machine's Retry and Catch can name.
local json = require "mstep.core"

local M = {}

local text = { __tostring = function(e) return e.errorType .. ": " .. e.errorMessage end }

--- error(name, message): an error object for `error()`. Name is what ErrorEquals matches; the cause becomes
-- Lambda's error JSON with a trace. `tostring` of it reads "name: message".
function M.new(name, message)
  if type(name) ~= "string" or name == "" then
    error("bad argument #1 to 'error' (string expected)", 2)
  end
  return setmetatable({ errorType = name, errorMessage = message == nil and "" or tostring(message) }, text)
end

--- fail(name [, cause]): ends the call with this Error and Cause as they are; a table as cause becomes JSON text.
function M.fail(name, cause)
  if type(name) ~= "string" or name == "" then
    error("bad argument #1 to 'fail' (string expected)", 2)
  end
  if type(cause) == "table" then
    cause = json.encode(cause)
  end
  error({ Error = name, Cause = cause }, 0)
end

return M
