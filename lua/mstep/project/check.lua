--- Checks a table against a form, tells what is wrong and where, and gives it in the engine's spelling.
-- A form is { fields = { name = field }, ... }; a field is a table with
--   kind      text, flag, whole, number, seconds, ref, choice, any, texts (a table of strings), form, list, map
--   as        its name in the result; "A.B" puts it into the object A
--   min, max  of whole, number, seconds and of a text's length
--   of        of choice its values; refused has a message; of list and map the field of each; of form the form; of ref the kinds
--   needed    it must be there
--   short     of form: what a value that is no table stands for, as the name of a field
-- Problems are { path = { "functions", "f", "timeout" }, message = }. References are checked when all is known.
local core = require "mstep.core"

local M = {}

-- Letters to change, put in, leave out or swap to make one word of the other.
local function distance(a, b)
  local before, row = nil, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local now = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local least = math.min(now[j - 1] + 1, row[j] + 1, row[j - 1] + cost)
      if before and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        least = math.min(least, before[j - 2] + 1)
      end
      now[j] = least
    end
    before, row = row, now
  end
  return row[#b]
end

--- suggest(word, names): "; did you mean 'x'?" for the nearest of the names, or "".
function M.suggest(word, names)
  local best, least
  word = word:sub(1, 64):lower()
  for name in pairs(names) do
    local d = distance(word, tostring(name):sub(1, 64):lower())
    if not least or d < least or (d == least and name < best) then
      best, least = name, d
    end
  end
  if least and least <= math.max(1, #word // 3) then
    return ("; did you mean '%s'?"):format(best)
  end
  return ""
end

local checker = {}
checker.__index = checker

--- new(): a checker; its problems are in `problems`, its references in `refs`.
function M.new()
  return setmetatable({ problems = core.array(), refs = {}, path = {} }, checker)
end

function checker:problem(message, ...)
  local path = core.array()
  for i, step in ipairs(self.path) do path[i] = tostring(step) end
  self.problems[#self.problems + 1] = { path = path, message = message:format(...) }
end

--- at(step, f, ...): f(...) with the step added to the path.
function checker:at(step, f, ...)
  self.path[#self.path + 1] = step
  local result = f(...)
  self.path[#self.path] = nil
  return result
end

local function shown(value)
  if type(value) == "string" then
    return ("'%s'"):format(#value > 40 and value:sub(1, 40) .. "..." or value)
  end
  return type(value) == "table" and "a table" or tostring(value)
end

local function within(self, value, field, unit)
  if (field.min and value < field.min) or (field.max and value > field.max) then
    self:problem("%s%s is not between %s and %s", tostring(value), unit, field.min or "any", field.max or "any")
    return nil
  end
  return value
end

local kinds = {}

function kinds.text(self, value, field)
  if type(value) ~= "string" then
    return self:problem("must be a string, not %s", shown(value))
  end
  if field.pattern and not value:find(field.pattern) then
    return self:problem("%s is not of the form %s", shown(value), field.form_text)
  end
  return within(self, #value, field, " characters") and value
end

function kinds.flag(self, value)
  if type(value) ~= "boolean" then
    return self:problem("must be true or false, not %s", shown(value))
  end
  return value
end

function kinds.number(self, value, field)
  if type(value) ~= "number" then
    return self:problem("must be a number, not %s", shown(value))
  end
  return within(self, value, field, "")
end

function kinds.whole(self, value, field)
  local whole = type(value) == "number" and math.tointeger(value)
  if not whole then
    return self:problem("must be a whole number, not %s", shown(value))
  end
  return within(self, whole, field, "")
end

local units = { s = 1, m = 60, h = 3600, d = 86400 }

-- 30, "30s", "5m", "2h", "7d"
function kinds.seconds(self, value, field)
  local seconds = value
  if type(value) == "string" then
    local count, unit = value:match("^(%d+)([smhd])$")
    seconds = count and tonumber(count) * units[unit]
  end
  seconds = type(seconds) == "number" and math.tointeger(seconds)
  if not seconds then
    return self:problem("must be seconds, or a text like \"30s\", \"5m\", \"2h\", \"7d\", not %s", shown(value))
  end
  return within(self, seconds, field, " seconds")
end

function kinds.choice(self, value, field)
  local values = {}
  for _, one in ipairs(field.of) do values[one] = true end
  if values[value] then
    return value
  end
  self:problem("must be one of %s, not %s%s", table.concat(field.of, ", "), shown(value),
    type(value) == "string" and M.suggest(value, values) or "")
end

-- A key that is known, so that it is told why it cannot be.
function kinds.refused(self, _, field)
  return self:problem("%s", field.message)
end

function kinds.any(_, value)
  return value
end

function kinds.texts(self, value)
  if type(value) ~= "table" then
    return self:problem("must be a table of strings, not %s", shown(value))
  end
  local texts = {}
  for name, text in pairs(value) do
    local kind = type(text)
    self:at(name, function()
      if type(name) ~= "string" then
        self:problem("names must be strings")
      elseif kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
        self:problem("must be a string, not %s", shown(text))
      else
        texts[name] = tostring(text)
      end
    end)
  end
  return texts
end

-- "queue:orders", "https://host/path": { kind =, name = } and remembered for when all names are known.
function kinds.ref(self, value, field)
  if type(value) ~= "string" then
    return self:problem("must name something, like \"queue:orders\", not %s", shown(value))
  end
  local kind, name = value:match("^(%l+):(.+)$")
  if kind == "http" or kind == "https" then
    kind, name = "http", value
  end
  if not kind then
    return self:problem("must say what kind it is, like \"%s:%s\"", field.of[1], value)
  end
  local allowed = {}
  for _, one in ipairs(field.of) do allowed[one] = true end
  if not allowed[kind] then
    return self:problem("a %s cannot be here, only %s%s", kind, table.concat(field.of, ", "), M.suggest(kind, allowed))
  end
  local ref = { kind = kind, name = name }
  self.refs[#self.refs + 1] = { ref = ref, path = { table.unpack(self.path) } }
  return ref
end

function kinds.list(self, value, field)
  if type(value) ~= "table" then
    return self:problem("must be a list, not %s", shown(value))
  end
  local list = core.array()
  for i, item in ipairs(value) do
    list[#list + 1] = self:at(i, self.value, self, item, field.of)
  end
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > #value then
      self:at(key, function() self:problem("a list has no names") end)
    end
  end
  return list
end

function kinds.form(self, value, field)
  return self:form(value, field.of)
end

-- Puts a value under "A.B".
local function put(result, name, value)
  local outer, inner = name:match("^([^.]+)%.(.+)$")
  if not outer then
    result[name] = value
    return
  end
  result[outer] = result[outer] or {}
  put(result[outer], inner, value)
end

--- value(value, field): in the engine's spelling; nil when it is wrong.
function checker:value(value, field)
  return kinds[field.kind](self, value, field)
end

--- form(value, form): the table in the engine's spelling.
function checker:form(value, form)
  if type(value) ~= "table" and form.short then
    value = { [form.short] = value }
  end
  if type(value) ~= "table" then
    return self:problem("must be a table, not %s", shown(value))
  end
  local result = {}
  for name, given in pairs(value) do
    self:at(name, function()
      local field = form.fields[name]
      if not field then
        return self:problem("unknown key '%s'%s", tostring(name), M.suggest(tostring(name), form.fields))
      end
      local checked = self:value(given, field)
      if checked ~= nil then
        put(result, field.as, checked)
      end
    end)
  end
  for name, field in pairs(form.fields) do
    if field.needed and value[name] == nil then
      self:problem("'%s' is missing", name)
    end
  end
  return result
end

return M
