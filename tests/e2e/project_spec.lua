-- A project's folder under `mstep serve`: what mstep.lua declares is there, again and changed; files that change while
-- the server runs.
local program = require "program"
if program.is_missing() then
  return
end
local places = require "place"
local server = require "server"

local MACHINE = '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}'
local DECLARED = [[
return {
  functions = { work = { timeout = "7s", retries = 0, on_success = "queue:done", on_failure = "queue:failed" } },
  queues = { "done", failed = { visibility_timeout = 30 }, jobs = { dead_letter = "queue:failed", max_receives = 2 } },
  topics = { news = { subscriptions = { { to = "queue:done", raw = true } } } },
  buses = { "events" },
  events = { big = { bus = "bus:events", pattern = { source = { "shop" } }, targets = { "queue:done" } } },
  schedules = { nightly = { when = "cron(0 3 * * ? *)", to = "queue:done" } },
  tables = { carts = { key = "id" } },
  machines = { quick = { type = "EXPRESS" } },
  sources = { { from = "queue:jobs", to = "function:work", batch_size = 1 } },
}
]]
local FILES = {
  ["mstep.lua"] = DECLARED,
  ["functions/work.lua"] = "return function(e) return { did = e } end",
  ["functions/ask.lua"] = [[
local mstep = require "mstep"
return function(e)
  assert(mstep.queue("done"):send { from = "ask" })
  local _, err = mstep.queue("nowhere"):send { a = 1 }
  return { work = mstep.invoke("work", 5), err = err.errorType }
end]],
  ["functions/loop.lua"] = "return function(e) local m = require 'mstep' return m.invoke('loop', e) end",
  ["machines/quick.asl.json"] = MACHINE,
  ["machines/plain.json"] = MACHINE,
}

local function eventually(check, what)
  for _ = 1, 100 * program.slowness do
    if check() then
      return
    end
    os.execute("sleep 0.1")
  end
  error("never: " .. what)
end

-- Replaces a file at once, as editors do.
local function save(dir, name, text)
  program.write(dir .. "/" .. name .. ".new~", text)
  assert(os.rename(dir .. "/" .. name .. ".new~", dir .. "/" .. name))
end

describe("a project's folder", function()
  local place
  setup(function()
    place = places.new("server", FILES)
  end)
  teardown(function()
    place:close()
  end)

  it("has what mstep.lua declares, and what lies in the folders", function()
    for _, name in ipairs { "done", "failed", "jobs" } do
      assert.is_truthy(place:ok("queue", "ls"):find("/" .. name .. "\n", 1, true), name)
    end
    assert.is_truthy(place:ok("queue", "stats", "failed"):match("VisibilityTimeout%s+30\n"))
    assert.is_truthy(place:ok("queue", "stats", "jobs"):match('RedrivePolicy%s+{.-:failed","maxReceiveCount":2}'))
    assert.is_truthy(place:ok("topic", "subscriptions", "news"):find("sqs", 1, true))
    assert.is_truthy(place:ok("bus", "rules", "--bus", "events"):match("\nbig%s+ENABLED%s+{\"source\":%[\"shop\"%]}"))
    assert.is_truthy(place:ok("schedule", "ls"):match("\nnightly%s"))
    assert.are.equal("carts\n", place:ok("table", "ls"))
    local machines = place:ok("machines")
    assert.is_truthy(machines:match("\nquick%s+EXPRESS") and machines:match("\nplain%s+STANDARD"), machines)
    assert.are.equal(7, place.server:aws("lambda", "get-function-configuration", "--function-name", "work").Timeout)
  end)

  it("sends events and results where it says", function()
    place:ok("bus", "put", "shop", "Order", "{}", "--bus", "events")
    assert.is_truthy(place:ok("queue", "receive", "done", "--wait-time", "5", "--delete"):find('"source":"shop"', 1, true))
    place:ok("invoke", "work", "--async", "--wait")
    assert.is_truthy(place:ok("queue", "receive", "done", "--wait-time", "5", "--delete"):find('"Success"', 1, true))
    place:ok("queue", "send", "jobs", "x")
    eventually(function()
      return place:ok("logs", "work"):find("START.*START")
    end, "the mapping calls work")
  end)

  it("lets handlers ask for operations", function()
    local answer = program.decode(place:ok("invoke", "ask"))
    assert.are.equal(5, answer.work.did)
    assert.is_truthy(answer.err:find("QueueDoesNotExist", 1, true), answer.err)
    assert.are.equal('{"from":"ask"}\n', place:ok("queue", "receive", "done", "--wait-time", "5", "--delete"))
  end)

  it("stops functions that call themselves", function()
    local result = place:run("invoke", "loop")
    assert.is_true(result.code == 0 or result.code == 1, result.stderr)
    local _, starts = place:ok("logs", "loop"):gsub("START", "")
    assert.is_true(starts <= 17, "ran " .. starts .. " times")
  end)

  it("is applied again without harm, and changed", function()
    local dir = program.project(FILES)
    local function start()
      return server.new { dir = dir, args = { "--store", "p.db" } }
    end
    local first = start()
    local before = first:logged()
    first:stop()
    local second = start()
    assert.are.equal(before:match("project: (.-)\n"), second:logged():match("project: (.-)\n"))
    assert.is_nil(second:logged():find("error", 1, true), second:logged())
    second:stop()
    program.write(dir .. "/mstep.lua", (DECLARED:gsub("visibility_timeout = 30", "visibility_timeout = 31")))
    local third = start()
    finally(function()
      third:stop()
    end)
    local stats = program.run({ "queue", "stats", "failed", "-e", third.url }).stdout
    assert.is_truthy(stats:match("VisibilityTimeout%s+31\n"), stats)
  end)

  it("says what is wrong before it listens", function()
    local dir = program.project { ["mstep.lua"] = 'return {\n  queues = { a = { dealy = 1 } },\n}' }
    local result = program.run({ "serve", "--listen", "127.0.0.1:0" }, { cwd = dir, limit = 10 })
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:match("^mstep%.lua:2: error: .*dealy"), result.stderr)
  end)
end)

describe("--watch", function()
  local dir, running
  local function ask(...)
    local words = { ... }
    words[#words + 1] = "-e"
    words[#words + 1] = running.url
    return program.run(words)
  end
  local function says(text)
    eventually(function()
      return running:logged():find(text, 1, true)
    end, text .. " in " .. running:logged())
  end

  setup(function()
    dir = program.project {
      ["functions/f.lua"] = "return function(e) require('mstep').sleep(0.01) return 1 end",
      ["functions/slow.lua"] = "return function(e) require('mstep').sleep(2) return 'old' end",
      ["lib/part.lua"] = "return 1",
      ["functions/user.lua"] = "local part = require 'part' return function() return part end",
      ["machines/m.json"] = MACHINE,
      ["mstep.lua"] = 'return { queues = { "one", "two" } }',
    }
    running = server.new { dir = dir, args = { "--watch" } }
  end)
  teardown(function()
    running:stop()
  end)

  it("takes changed functions under load; no call fails, a broken file changes nothing", function()
    local load = ("for i in $(seq 60); do curl -s -d '{\"FunctionName\":\"f\"}' %s/mstep/Invoke >> $1; echo >> $1; done")
      :format(running.url)
    program.write(dir .. "/load.sh", load)
    os.execute(("cd %s && touch load1 load2; sh load.sh load1 & cd %s && sh load.sh load2 & true"):format(dir, dir))
    local function loaded()
      return program.read(dir .. "/load1") .. program.read(dir .. "/load2")
    end
    eventually(function()
      return loaded() ~= ""
    end, "the load begins")
    save(dir, "functions/f.lua", "return function(e) return 2 end")
    says("reloaded: f (functions/f.lua)")
    save(dir, "functions/f.lua", "return function(e)\n  return 3 +\nend")
    says("functions/f.lua:3: error:")
    assert.are.equal("2\n", ask("invoke", "f").stdout)
    save(dir, "functions/f.lua", "return function(e) return 4 end")
    eventually(function()
      return ask("invoke", "f").stdout == "4\n"
    end, "the mended file is taken")
    eventually(function()
      local _, count = loaded():gsub("\n", "")
      return count == 120
    end, "the load ends")
    for line in loaded():gmatch("[^\n]+") do
      local reply = program.decode(line)
      assert.is_true(reply.StatusCode == 200 and reply.FunctionError == nil, line)
      assert.is_true(reply.Payload == 1 or reply.Payload == 2 or reply.Payload == 4, line)
    end
  end)

  it("lets calls end on what they began with", function()
    os.execute(("curl -s -d '{\"FunctionName\":\"slow\"}' %s/mstep/Invoke > %s/slow & true"):format(running.url, dir))
    eventually(function()
      return ask("logs", "slow").stdout:find("START", 1, true)
    end, "the call begins")
    save(dir, "functions/slow.lua", "return function(e) return 'new' end")
    says("reloaded: slow")
    assert.are.equal('"new"\n', ask("invoke", "slow").stdout)
    eventually(function()
      return program.read(dir .. "/slow"):find('"old"', 1, true)
    end, "the old call ends")
  end)

  it("takes new functions, and modules with who requires them", function()
    program.write(dir .. "/functions/fresh.lua", "return function() return 'fresh' end")
    says("added: fresh")
    assert.are.equal('"fresh"\n', ask("invoke", "fresh").stdout)
    os.remove(dir .. "/functions/fresh.lua")
    says("removed: fresh\n")
    save(dir, "lib/part.lua", "return 2")
    eventually(function()
      return ask("invoke", "user").stdout == "2\n"
    end, "user is loaded again")
  end)

  it("applies mstep.lua and machines, and leaves alone what is gone", function()
    save(dir, "mstep.lua", 'return { queues = { "one", three = { delay = 5 } } }')
    says("project: added queue three")
    says("project: queue two left alone: no longer declared")
    assert.is_truthy(ask("queue", "stats", "three").stdout:match("DelaySeconds%s+5\n"))
    assert.are.equal(0, ask("queue", "stats", "two").code)
    save(dir, "mstep.lua", "return {\n  queues = {")
    says("mstep.lua:2: error:")
    says("project: nothing has changed, until mstep.lua is right")
    assert.are.equal(0, ask("queue", "stats", "three").code)
    save(dir, "machines/m.json", '{"StartAt":"P","States":{"P":{"Type":"Pass","Nxt":1}}}')
    says("machines/m.json:1:")
    says("project: nothing has changed, until machines/ is right")
    save(dir, "mstep.lua", 'return { queues = { "one" } }')
    save(dir, "machines/m.json", '{"StartAt":"Q","States":{"Q":{"Type":"Succeed"}}}')
    eventually(function()
      return ask("machines", "m", "-o", "json").stdout:find('\\"Q\\"', 1, true)
    end, "the machine is updated")
  end)
end)
