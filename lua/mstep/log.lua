--- log(message [, fields]): a line for the engine's log, with the function and the request it comes from.
-- Tables are written as JSON: log("charged", { amount = 3 }) gives `charged {"amount":3}`.
local core = require "mstep.core"

local function text(value)
  if type(value) == "table" then
    return core.encode(value)
  end
  return tostring(value)
end

return function(message, fields)
  local line = text(message)
  if fields ~= nil then
    line = line .. " " .. text(fields)
  end
  core.log(line)
end
