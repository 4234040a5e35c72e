--- log(message [, fields]), log(level, message [, fields]), log.info(message [, fields]) and so on: a line for the
-- function's log, with the request it comes from. Levels are trace, debug, info, warn, error and fatal; without one
-- the line is as `print` would have it. Tables are written as JSON: log("charged", { amount = 3 }) gives
-- `charged {"amount":3}`.
local core = require "mstep.core"

local levels = { trace = true, debug = true, info = true, warn = true, error = true, fatal = true }

local function text(value)
  if type(value) == "table" then
    return core.encode(value)
  end
  return tostring(value)
end

local function write(level, message, fields)
  local line = text(message)
  if fields ~= nil then
    line = line .. " " .. text(fields)
  end
  core.log(line, level)
end

local log = {}

for level in pairs(levels) do
  log[level] = function(message, fields) write(level, message, fields) end
end

return setmetatable(log, {
  __call = function(_, first, second, ...)
    if type(first) == "string" and second ~= nil and levels[first:lower()] then
      return write(first, second, ...)
    end
    return write(nil, first, second)
  end,
})
