--- Values of a table's items (DynamoDB's AttributeValue) to and from Lua: {S = "x"} is "x", {N = "1"} is 1,
-- {L = {...}} an array, {M = {...}} an object. Sets and binaries have no Lua form: write({ SS = ... }) is said by
-- attribute.raw.
local core = require "mstep.core"

local M = {}

local raw = {}

--- raw(value): an AttributeValue that stays as it is.
function M.raw(value)
  return setmetatable({ value = value }, raw)
end

local function write_table(value, write)
  if getmetatable(value) == raw then
    return value.value
  end
  if core.is_array(value) or (#value > 0 and next(value, #value) == nil) then
    local list = core.array()
    for i, item in ipairs(value) do
      list[i] = write(item)
    end
    return { L = list }
  end
  return { M = M.write_item(value) }
end

--- write(value): as an AttributeValue.
function M.write(value)
  local kind = type(value)
  if kind == "string" then
    return { S = value }
  elseif kind == "boolean" then
    return { BOOL = value }
  elseif kind == "table" then
    return write_table(value, M.write)
  elseif value == nil or value == core.null then
    return { NULL = true }
  end
  return { N = core.encode(value) } -- raises what is no number
end

--- write_item(t): each member as an AttributeValue.
function M.write_item(t)
  local item = {}
  for name, value in pairs(t) do
    item[name] = M.write(value)
  end
  return item
end

local readers = {
  S = function(text) return text end,
  N = function(text) return core.number(text) end,
  BOOL = function(value) return value end,
  NULL = function() return core.null end,
  L = function(list)
    local result = core.array()
    for i, item in ipairs(list) do
      result[i] = M.read(item)
    end
    return result
  end,
  M = function(item) return M.read_item(item) end,
}

--- read(attribute): the value; sets and binaries as they are.
function M.read(attribute)
  local kind, value = next(attribute)
  local reader = readers[kind]
  if reader then
    return reader(value)
  end
  return M.raw(attribute)
end

--- read_item(item): each member as a value.
function M.read_item(item)
  local t = {}
  for name, attribute in pairs(item) do
    t[name] = M.read(attribute)
  end
  return t
end

return M
