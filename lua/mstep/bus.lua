--- bus([name]): an event bus by its name or ARN; without one the default bus.
--   bus:put(detail_type, detail [, options])  the event's id; Source is the function's name unless the options say
--   bus:put_all(entries)                      AWS's response: Entries and FailedEntryCount
-- Options are members of an entry in AWS's spelling: Source, Resources, Time ...
local call = require "mstep.call"
local core = require "mstep.core"
local errors = require "mstep.error"
local names = require "mstep.names"

local bus = {}
bus.__index = bus

local function source()
  return (core.arn() or ""):match(":function:([^:]+)") or "mstep"
end

function bus:put_all(entries)
  local list = core.array()
  for i, entry in ipairs(entries) do
    list[i] = names.merge({ EventBusName = self.name }, entry)
    list[i].Detail = names.text(entry.Detail == nil and {} or entry.Detail)
    list[i].Source = entry.Source or source()
  end
  return call("PutEvents", { Entries = list })
end

function bus:put(detail_type, detail, options)
  names.check(detail_type, "the detail type")
  local entry = names.merge({ DetailType = detail_type, Detail = detail }, options)
  local response, err = self:put_all { entry }
  local first = response and response.Entries and response.Entries[1]
  if not first then
    return nil, err or errors.new("InternalFailure", "no entry came back")
  end
  if first.ErrorCode then
    return nil, errors.new(first.ErrorCode, first.ErrorMessage)
  end
  return first.EventId
end

return function(name)
  return setmetatable({ name = name == nil and "default" or names.check(name, "the bus's name") }, bus)
end
