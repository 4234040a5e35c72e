--- table(name): a table by its name or ARN. Items and keys are plain Lua tables; see mstep.attribute.
--   table:get(key [, options])      the item; nil when there is none (and no error then)
--   table:put(item [, options])     true
--   table:delete(key [, options])   true
--   table:update(key, request)      AWS's response; request in AWS's spelling, its values as `values`
--   table:query(request)            a list of items, and the key to go on from; `values` likewise
--   table:scan([request])           likewise, of all items
--   table:each([request])           for item in t:each() do: all pages; of a query when it has KeyConditionExpression
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

-- One page.
local function page(self, operation, options)
  local response, err = call(operation, request_for(self, {}, options))
  if not response then
    return nil, err
  end
  local items = core.array()
  for i, item in ipairs(response.Items or {}) do
    items[i] = attribute.read_item(item)
  end
  return items, response.LastEvaluatedKey
end

function tab:query(options)
  return page(self, "Query", options)
end

function tab:scan(options)
  return page(self, "Scan", options)
end

--- each(options): an iterator, which asks for the next page when one is used up; a failure is raised.
function tab:each(options)
  local operation = options and options.KeyConditionExpression and "Query" or "Scan"
  local items, at, from, is_last = {}, 0, nil, false
  return function()
    while at >= #items do
      if is_last then
        return nil
      end
      local request = names.merge({ ExclusiveStartKey = from }, options)
      local list, more = page(self, operation, request)
      if not list then
        error(more, 0)
      end
      items, at, from, is_last = list, 0, more, more == nil
    end
    at = at + 1
    return items[at]
  end
end

return function(name)
  return setmetatable({ name = names.check(name, "the table's name") }, tab)
end
