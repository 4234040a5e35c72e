-- What mstep.lua may say, checked in plain Lua: lua/mstep/project stands on little of mstep.core.
local root = os.getenv("MSTEP_SOURCE") or "."
package.path = root .. "/lua/?.lua;" .. root .. "/lua/?/init.lua;" .. package.path

local array = {}
package.loaded["mstep.core"] = {
  array = function(t) return setmetatable(t or {}, array) end,
  is_array = function(t) return getmetatable(t) == array end,
}
local project = require "mstep.project"
local check = require "mstep.project.check"

local function files(t)
  t = t or {}
  return { functions = t.functions or {}, hooks = t.hooks or {}, rules = t.rules or {}, machines = t.machines or {} }
end

local function problems(declared, found)
  local texts = {}
  for i, problem in ipairs(project(declared, files(found)).problems) do
    texts[i] = table.concat(problem.path, ".") .. ": " .. problem.message
  end
  return texts
end

describe("a project", function()
  it("is what lies in the folders", function()
    local result = project({}, files { functions = { "b", "a" }, machines = { { name = "m", file = "machines/m.json" } } })
    assert.are.same({ { FunctionName = "a" }, { FunctionName = "b" } }, result.project.functions)
    assert.are.same({ { Name = "m", File = "machines/m.json" } }, result.project.machines)
    assert.are.same({}, result.problems)
  end)

  it("is the same document however its tables are ordered", function()
    local names = {}
    for _, queue in ipairs(project({ queues = { "z", a = {}, m = {} } }, files()).project.queues) do
      names[#names + 1] = queue.QueueName
    end
    assert.are.same({ "a", "m", "z" }, names)
  end)

  it("reads durations as people write them", function()
    local queues = project({ queues = { q = { retention = "2d", visibility_timeout = "5m", delay = 7 } } }, files()).project.queues
    assert.are.same({ MessageRetentionPeriod = 172800, VisibilityTimeout = 300, DelaySeconds = 7 }, queues[1].Attributes)
  end)

  it("says everything that is wrong at once", function()
    local found = problems { queues = { q = { dely = 1, retention = "x" } }, functions = { f = {} } }
    table.sort(found)
    assert.are.same({
      "functions.f: there is no file for it in functions/",
      "queues.q.dely: unknown key 'dely'; did you mean 'delay'?",
      "queues.q.retention: must be seconds, or a text like \"30s\", \"5m\", \"2h\", \"7d\", not 'x'",
    }, found)
  end)

  it("knows names that are declared after they are used", function()
    assert.are.same({}, problems({ functions = { f = { on_failure = "queue:dead" } }, queues = { "dead" } },
      { functions = { "f" } }))
  end)

  it("knows the default bus, folders, routes and addresses", function()
    assert.are.same({}, problems({ functions = { f = { on_success = "bus:default", on_failure = "https://x/y" } },
      sources = { { from = "folder:in", to = "function:f" }, { from = "route:GET /x", to = "function:f" } } },
      { functions = { "f" } }))
  end)
end)

describe("a suggestion", function()
  local names = { timeout = 1, memory = 1, retries = 1 }

  it("is the nearest name", function()
    assert.are.equal("; did you mean 'timeout'?", check.suggest("timeot", names))
    assert.are.equal("; did you mean 'memory'?", check.suggest("Memroy", names))
  end)

  it("is not made up", function()
    assert.are.equal("", check.suggest("colour", names))
    assert.are.equal("", check.suggest("", {}))
  end)

  it("does not take long for a long word", function()
    assert.are.equal("", check.suggest(("x"):rep(100000), names))
  end)
end)
