--- table(name): a table by its name or ARN. Items and keys are plain Lua tables; see mstep.attribute.
--   table:get(key [, options])      the item; nil when there is none (and no error then)
--   table:put(item [, options])     true
--   table:delete(key [, options])   true
--   table:update(key, request)      AWS's response; request in AWS's spelling, its values as `values`
--   table:query(request)            a list of items, and the key to go on from; `values` likewise
-- Options are members of the request in AWS's spelling; `values` become ExpressionAttributeValues.
local attribute = require "mstep.attribute"
local call = require "mstep.call"
local core = require "mstep.core"
local names = require "mstep.names"

local tab = {}
tab.__index = tab

local function request_for(self, request, options)
  names.merge(request, options)
  request.TableName = self.name
  if request.values then
    request.ExpressionAttributeValues = attribute.write_item(request.values)
    request.values = nil
  end
  return request
end

function tab:get(key, options)
  local request = request_for(self, { Key = attribute.write_item(key) }, options)
  local response, err = call("GetItem", request)
  if not response then
    return nil, err
  end
  return response.Item and attribute.read_item(response.Item)
end

function tab:put(item, options)
  local request = request_for(self, { Item = attribute.write_item(item) }, options)
  local response, err = call("PutItem", request)
  return response and true, err
end

function tab:delete(key, options)
  local request = request_for(self, { Key = attribute.write_item(key) }, options)
  local response, err = call("DeleteItem", request)
  return response and true, err
end

function tab:update(key, options)
  local request = request_for(self, { Key = attribute.write_item(key) }, options)
  return call("UpdateItem", request)
end

function tab:query(options)
  local response, err = call("Query", request_for(self, {}, options))
  if not response then
    return nil, err
  end
  local items = core.array()
  for i, item in ipairs(response.Items or {}) do
    items[i] = attribute.read_item(item)
  end
  return items, response.LastEvaluatedKey
end

return function(name)
  return setmetatable({ name = names.check(name, "the table's name") }, tab)
end
