-- `mstep run --store`: kill -9 in the middle and go on, orderly stops, several executions, exit codes.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

-- Runs in the background, sends a signal after some seconds; exit code and what it said.
local function interrupted(store, signal, seconds, arguments)
  local script = ("%s run --store orders.db %s & pid=$!; sleep %s; kill -%s $pid; wait $pid"):format(
    program.quote(program.bin), arguments, seconds, signal)
  return program.shell(script, { cwd = store.dir })
end

local FLAKY = [[{"StartAt":"Count","States":{"Count":{"Type":"Task",
  "Resource":"arn:aws:lambda:us-east-1:000000000000:function:count",
  "Retry":[{"ErrorEquals":["NotYet"],"IntervalSeconds":1,"MaxAttempts":5,"BackoffRate":1}],"End":true}}}]]
local COUNT = [[return function(event, context)
  if context.attempt < 4 then error { Error = "NotYet", Cause = "attempt " .. context.attempt } end
  return context.attempt end]]

describe("mstep run --store", function()
  it("prints the output and leaves the execution in the store", function()
    local store = stores.new()
    assert.are.equal('{"a":1}\n', (store:ok("run", "echo.json", "-q", "-i", '{"a": 1}', "--name", "once")))
    assert.are.equal("SUCCEEDED", store:json("describe", "once").status)
    store:refused("Execution Already Exists", "run", "echo.json", "-q", "--name", "once", "-i", "{}")
  end)

  it("goes on after kill -9, in the middle of retries", function()
    local store = stores.new { ["flaky.json"] = FLAKY, ["functions/count.lua"] = COUNT }
    local killed = interrupted(store, "KILL", 1.5, "flaky.json --name f1 -q")
    assert.are.equal(137, killed.code, killed.stderr)
    assert.are.equal("RUNNING", store:json("describe", "f1").status)
    local before = #store:json("history", "f1").events
    assert.are.equal("1 succeeded, 0 failed\n", (store:ok("run", "-q")))
    assert.are.equal("4", store:json("describe", "f1").output)
    local events = store:json("history", "f1").events
    assert.is_true(#events > before)
    local failures = 0
    for i, event in ipairs(events) do
      assert.are.equal(i, event.id)
      failures = failures + (event.type == "LambdaFunctionFailed" and 1 or 0)
    end
    assert.are.equal(3, failures)
  end)

  it("keeps what is open at SIGTERM and says so", function()
    local five = '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}'
    local store = stores.new { ["five.json"] = five }
    store:start("five.json", "s1")
    store:start("wait.json", "w1")
    local stopped = interrupted(store, "TERM", program.is_sanitized and 2 or 0.5, "-q")
    assert.are.equal(4, stopped.code)
    assert.is_truthy(stopped.stderr:find("interrupted: 2 executions stay open in orders.db", 1, true), stopped.stderr)
    assert.is_truthy(stopped.stderr:find('"mstep run --store orders.db" goes on with them.', 1, true), stopped.stderr)
    assert.are.equal("RUNNING", store:json("describe", "s1").status)
    interrupted(store, "INT", 7, "-q")
    assert.are.equal("SUCCEEDED", store:json("describe", "s1").status)
    assert.are.equal("RUNNING", store:json("describe", "w1").status)
  end)

  it("shows what several executions do, by their names", function()
    local store = stores.new()
    store:start("pay.json", "p1")
    store:start("short.json", "e1")
    local result = store:run("run")
    assert.are.equal(1, result.code)
    assert.are.equal("1 succeeded, 1 failed\n", result.stdout)
    assert.is_truthy(result.stderr:find("  p1: Pay: failed: NoMoney: come back later\n", 1, true), result.stderr)
    assert.is_truthy(result.stderr:find("  p1: failed: NoMoney: come back later\n", 1, true), result.stderr)
    assert.is_truthy(result.stderr:find("  e1: succeeded\n", 1, true), result.stderr)
    assert.are.same({ succeeded = 0, failed = 0, timedOut = 0, aborted = 0 }, store:json("run"))
  end)

  it("runs the one that is asked for and goes on with the others", function()
    local store = stores.new()
    store:start("short.json", "left")
    local result = store:run("run", "echo.json", "--name", "asked", "-i", "7")
    assert.are.equal(0, result.code, result.stderr)
    assert.are.equal("7\n", result.stdout)
    assert.is_truthy(result.stderr:find("left: succeeded", 1, true), result.stderr)
    assert.is_truthy(result.stderr:match("\n%s+%d+%.%d+s  P\n"), result.stderr)
    local described = program.decode((store:ok("run", "echo", "-o", "json", "--name", "third")))
    assert.are.equal("third", described.name)
  end)

  it("has nothing to do with virtual time, and needs something to do", function()
    local store = stores.new()
    store:refused("--virtual-time and a store do not go together", "run", "echo.json", "--virtual-time")
    store:refused("No such file or directory", "run")
    local quick = program.run({ "run", "wait.json", "--virtual-time", "-q" },
      { cwd = store.dir, env = "MSTEP_STORE=orders.db" })
    assert.are.equal(0, quick.code, quick.stderr)
    local result = program.run({ "run" }, { cwd = store.dir })
    assert.are.equal(2, result.code)
    assert.is_truthy(result.stderr:find("needs MACHINE, or --store FILE", 1, true), result.stderr)
  end)
end)
