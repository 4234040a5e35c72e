-- `mstep backup`: a copy that is a store, also while another process runs the original; and what other
-- commands say and can do meanwhile.
local program = require "program"
if program.is_missing() then
  return
end
local stores = require "store"

-- Runs `command` while `mstep run` has the store open.
local function while_running(store, command)
  local script = ([[%s run --store orders.db -q & pid=$!
    i=0; until grep -q . orders.db-lock 2>/dev/null && [ -s orders.db ] || [ $i -gt 100 ]; do sleep 0.05; i=$((i+1)); done
    sleep 0.3; echo "pid $pid"; %s; code=$?; kill $pid; wait $pid; exit $code]])
  return program.shell(script:format(program.quote(program.bin), command:gsub("mstep", program.quote(program.bin))),
    { cwd = store.dir })
end

describe("mstep backup", function()
  local store = stores.new()

  setup(function()
    store:start("echo.json", "e1")
    store:ok("run", "-q")
    store:start("wait.json", "w1")
  end)

  it("makes a store like the one it copies", function()
    store:ok("backup", "copy.db")
    local copy = program.run({ "list", "--store", "copy.db", "-o", "json" }, { cwd = store.dir })
    assert.are.same(store:json("list"), program.decode(copy.stdout))
  end)

  it("writes no existing file", function()
    store:refused("copy.db exists already", "backup", "copy.db")
  end)

  it("works while the store is in use", function()
    local result = while_running(store, "mstep backup live.db --store orders.db && mstep list --store orders.db -o json")
    assert.are.equal(0, result.code, result.stderr)
    local copy = program.run({ "list", "--store", "live.db", "-o", "json" }, { cwd = store.dir })
    assert.are.equal(0, copy.code, copy.stderr)
    assert.are.equal("w1", program.decode(copy.stdout).executions[1].name)
  end)

  it("what changes the store is refused meanwhile, and the process is named", function()
    local result = while_running(store, "mstep stop w1 --store orders.db")
    assert.are.equal(2, result.code)
    local pid = result.stdout:match("pid (%d+)")
    assert.is_truthy(result.stderr:find("process " .. pid, 1, true), result.stderr)
    assert.is_truthy(result.stderr:find("What only looks (list, describe, history, trace, machines, backup,", 1, true), result.stderr)
  end)
end)
