--- A project's mstep.lua, checked and in the engine's spelling; without one, what the folders say.
-- project(declared, files) -> { project =, problems = }. `files` is what lies in the folders: functions, hooks and
-- rules as lists of names, machines as a list of { name =, file = }. The form is described in lua/README.md.
local check = require "mstep.project.check"
local core = require "mstep.core"
local forms = require "mstep.project.forms"

-- Sections in the order of the document, what a reference calls their members, and the name's own name.
local sections = {
  { name = "functions", kind = "function", as = "FunctionName" },
  { name = "queues", kind = "queue", as = "QueueName" },
  { name = "topics", kind = "topic", as = "TopicName" },
  { name = "buses", kind = "bus", as = "Name" },
  { name = "events", as = "Name" },
  { name = "schedules", as = "Name" },
  { name = "tables", kind = "table", as = "TableName" },
  { name = "machines", kind = "machine", as = "Name" },
}

local NAME = "^[%w_%-]+$"

-- Names in order, so that the same project is the same document.
local function sorted(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

-- "orders" in a list stands for orders = {}.
local function members(checker, given)
  local result = {}
  for key, value in pairs(given) do
    if math.type(key) == "integer" and type(value) == "string" then
      key, value = value, {}
    end
    if type(key) ~= "string" or not key:find(NAME) and not key:find("^[%w_%-]+%.fifo$") then
      checker:at(key, checker.problem, checker, "'%s' cannot be a name: letters, digits, '_' and '-'", tostring(key))
    else
      result[key] = value
    end
  end
  return result
end

local function read_section(checker, section, given, known)
  local list = core.array()
  if type(given) ~= "table" then
    checker:problem("must be a table, not %s", type(given))
    return list
  end
  local all = members(checker, given)
  for _, name in ipairs(sorted(all)) do
    local entry = checker:at(name, checker.form, checker, all[name], forms[section.name])
    if section.kind then
      known[section.kind][name] = true
    end
    if entry then
      entry[section.as] = name
      list[#list + 1] = entry
    end
  end
  return list
end

-- What lies in a folder and is not declared is there all the same.
local function add_found(list, as, found, known)
  local have = {}
  for _, entry in ipairs(list) do have[entry[as]] = true end
  for _, file in ipairs(found) do
    local name = type(file) == "table" and file.name or file
    known[name] = true
    if not have[name] then
      list[#list + 1] = { [as] = name, File = type(file) == "table" and file.file or nil }
    end
  end
  table.sort(list, function(a, b) return a[as] < b[as] end)
end

-- Which file a declared function or machine is in.
local function find_files(checker, section, list, found)
  local where = {}
  for _, file in ipairs(found) do
    where[type(file) == "table" and file.name or file] = type(file) == "table" and file.file or true
  end
  for _, entry in ipairs(list) do
    local name = entry[section.as]
    if entry.File == nil and entry.Definition == nil then
      if where[name] then
        entry.File = where[name] ~= true and where[name] or nil
      else
        checker:at(section.name, checker.at, checker, name, checker.problem, checker,
          "there is no file for it in %s/%s", section.name, check.suggest(name, where))
      end
    end
  end
end

local function check_queues(checker, list)
  for _, queue in ipairs(list) do
    local redrive = queue.Redrive
    local is_fifo = queue.QueueName:find("%.fifo$") ~= nil
    checker:at("queues", checker.at, checker, queue.QueueName, function()
      if redrive and not (redrive.To and redrive.MaxReceiveCount) then
        checker:problem("'dead_letter' and 'max_receives' belong together")
      end
      if queue.Attributes and queue.Attributes.FifoQueue and not is_fifo then
        checker:problem("the name of a FIFO queue ends in .fifo")
      end
    end)
    if is_fifo then
      queue.Attributes = queue.Attributes or {}
      queue.Attributes.FifoQueue = true
    end
  end
end

local function check_events(checker, list)
  for _, rule in ipairs(list) do
    if (rule.EventPattern == nil) == (rule.ScheduleExpression == nil) then
      checker:at("events", checker.at, checker, rule.Name, checker.problem, checker,
        "needs either 'pattern' or 'schedule'")
    end
  end
end

-- Folders, routes and addresses are what they say; all else must be somewhere.
local function check_refs(checker, known)
  for _, item in ipairs(checker.refs) do
    local names = known[item.ref.kind]
    if names and not names[item.ref.name] then
      checker.path = item.path
      checker:problem("there is no %s '%s'%s", item.ref.kind, item.ref.name, check.suggest(item.ref.name, names))
    end
  end
  checker.path = {}
end

-- A list of forms; what stands without a name in one is the value of `first`. Functions must be there.
local function read_list(checker, given, form, first, known)
  if type(given) ~= "table" then
    checker:problem("must be a list, not %s", type(given))
    return core.array()
  end
  local list = {}
  for key, item in pairs(given) do
    if first and type(item) == "table" and item[1] ~= nil and item[first] == nil then
      local named = {}
      for name, value in pairs(item) do named[name == 1 and first or name] = value end
      item = named
    end
    list[key] = item
  end
  local result = checker:value(list, { kind = "list", of = { kind = "form", of = form } })
  for i, entry in ipairs(result) do
    local name = entry.FunctionName and entry.FunctionName:match("^[^:]+$")
    if name and not known[name] then
      checker:at(i, checker.at, checker, "fn", checker.problem, checker, "there is no function '%s'%s", name,
        check.suggest(name, known))
    end
  end
  return result
end

local function check_watches(checker, list)
  for i, watch in ipairs(list) do
    if (watch.FunctionName == nil) == (watch.To == nil) then
      checker:at("watches", checker.at, checker, i, checker.problem, checker, "needs either 'fn' or 'to'")
    end
  end
end

-- A route has one target; to wait for a machine it must be an Express one.
local function check_routes(checker, project)
  local types = {}
  for _, machine in ipairs(project.machines) do types[machine.Name] = machine.Type or "STANDARD" end
  for i, route in ipairs(project.routes) do
    local name = route.To and route.To.kind == "machine" and route.To.name
    checker:at("routes", checker.at, checker, i, function()
      if (route.FunctionName == nil) == (route.To == nil) then
        checker:problem("needs either 'fn' or 'to'")
      elseif route.Sync and not name then
        checker:problem("'sync' is for machines: functions are always waited for")
      elseif route.Sync and types[name] == "STANDARD" then
        checker:problem("'sync' needs a machine of type EXPRESS, and '%s' is STANDARD", name)
      end
    end)
    if route.To and route.To.kind == "function" then
      route.FunctionName, route.To = route.FunctionName or route.To.name, nil
    end
  end
end

-- Sources that are no mappings: routes and folders.
local function spread_sources(checker, project)
  for i, source in ipairs(project.sources) do
    local from, to = source.From, source.To
    if from and to and source.Enabled ~= false then
      if from.kind == "route" and to.kind == "hook" then
        checker:at("sources", checker.at, checker, i, checker.problem, checker,
          "a route reaches functions and machines, no hooks")
      elseif from.kind == "route" then
        local is_function = to.kind == "function"
        project.routes[#project.routes + 1] = { RouteKey = from.name, FunctionName = is_function and to.name or nil,
          To = not is_function and to or nil, PayloadFormatVersion = source.PayloadFormatVersion }
      elseif from.kind == "folder" then
        project.watches[#project.watches + 1] = { Folder = from.name, To = to }
      end
    end
  end
end

local function read_sources(checker, given)
  if type(given) ~= "table" then
    checker:problem("must be a list, not %s", type(given))
    return core.array()
  end
  return checker:value(given, { kind = "list", of = { kind = "form", of = forms.sources } })
end

local function known_keys()
  local keys = { name = true, sources = true, routes = true, watches = true }
  for _, section in ipairs(sections) do keys[section.name] = true end
  return keys
end

-- Names that every project has, and what the folders add.
local function first_names(files)
  local known = { ["function"] = {}, queue = {}, topic = {}, bus = { default = true }, table = {}, machine = {}, hook = {} }
  for _, name in ipairs(files.hooks) do known.hook[name] = true end
  for _, name in ipairs(files.functions) do known["function"][name] = true end
  for _, machine in ipairs(files.machines) do known.machine[machine.name] = true end
  return known
end

return function(declared, files)
  local checker = check.new()
  local known = first_names(files)
  local project = { hooks = core.array(files.hooks), rules = core.array(files.rules) }
  local keys = known_keys()
  for _, key in ipairs(sorted(declared)) do
    if not keys[key] then
      checker:at(key, checker.problem, checker, "unknown key '%s'%s", tostring(key), check.suggest(tostring(key), keys))
    end
  end
  if declared.name ~= nil then
    project.name = checker:at("name", checker.value, checker, declared.name,
      { kind = "text", pattern = NAME, form_text = "letters, digits, '_' and '-'" })
  end
  for _, section in ipairs(sections) do
    project[section.name] = checker:at(section.name, read_section, checker, section, declared[section.name] or {}, known)
  end
  project.sources = checker:at("sources", read_sources, checker, declared.sources or {})
  local functions = known["function"]
  project.routes = checker:at("routes", read_list, checker, declared.routes or {}, forms.routes, "route", functions)
  project.watches = checker:at("watches", read_list, checker, declared.watches or {}, forms.watches, nil, functions)
  find_files(checker, sections[1], project.functions, files.functions)
  find_files(checker, sections[8], project.machines, files.machines)
  add_found(project.functions, "FunctionName", files.functions, known["function"])
  add_found(project.machines, "Name", files.machines, known.machine)
  check_queues(checker, project.queues)
  check_events(checker, project.events)
  check_watches(checker, project.watches)
  check_routes(checker, project)
  spread_sources(checker, project)
  check_refs(checker, known)
  return { project = project, problems = checker.problems }
end
