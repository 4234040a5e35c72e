-- What handlers get from `require "mstep"` and from their context, seen through `mstep run`.
local program = require "program"

if program.is_missing() then
  return
end

local MACHINE = [[{"StartAt":"T","States":{"T":{"Type":"Task","Resource":
  "arn:aws:lambda:us-east-1:000000000000:function:f","End":true}}}]]

-- Runs `body` as a handler with `event`, `context`, `mstep`; the run's result, with the log on stderr.
local function run(body, input, ...)
  local dir = program.project {
    ["m.json"] = MACHINE,
    ["functions/f.lua"] = 'local mstep = require "mstep"\nreturn function(event, context)\n' .. body .. "\nend",
  }
  return program.run({ "run", "m.json", "--virtual-time", ... }, { cwd = dir, input = input or "{}" })
end

local function output(body, input)
  local result = run(body, input, "--input", "-")
  assert.are.equal(0, result.code, result.stderr)
  return (result.stdout:gsub("%s+$", ""))
end

describe("values", function()
  it("come back as they went in", function()
    local text = '{"a":[],"b":{},"c":1,"d":1.0,"e":null,"f":"\\u0000","g":123456789012345678,"h":1e999}'
    assert.are.equal(text, output("return event", text))
  end)

  it("tell null from nothing", function()
    assert.are.equal("[true,true]", output("return { event.a == mstep.null, event.b == nil }", '{"a":null}'))
  end)

  it("make an empty array only on demand", function()
    assert.are.equal('{"a":[],"o":{}}', output("return { a = mstep.array(), o = {} }"))
  end)

  it("share null with cjson", function()
    assert.are.equal("true", output('return require("cjson").null == mstep.null'))
  end)

  it("that cannot be JSON end the task", function()
    local result = run("return { deep = { print } }")
    assert.are.equal(1, result.code)
    assert.is_truthy((result.stdout .. result.stderr):find("at .deep[1]: a function cannot be JSON", 1, true))
  end)
end)

describe("mstep.json", function()
  it("keeps what cjson loses", function()
    assert.are.equal('"[[],{},1.0,12345678901234567890]"',
      output('return mstep.json.encode(mstep.json.decode("[[],{},1.0,12345678901234567890]"))'))
  end)

  it("says where a text is wrong", function()
    assert.is_truthy(output('return select(2, mstep.json.decode("[1,\\n]"))'):find("line 2", 1, true))
  end)
end)

describe("time", function()
  it("passes in a sleep, on simulated time at once", function()
    assert.are.equal("600.0", output("local t = mstep.now() mstep.sleep(600) return mstep.now() - t"))
  end)

  it("passes in a sleep inside of coroutines too", function()
    assert.are.equal('[true,10.0]', output([[
      local t = mstep.now()
      local step = coroutine.wrap(function() mstep.sleep(10) coroutine.yield(true) end)
      return { step(), mstep.now() - t }]]))
  end)
end)

describe("the context", function()
  it("names the function and the call", function()
    local text = output([[return { context.function_name, context.attempt, #context.aws_request_id,
      context.invoked_function_arn, context.get_remaining_time_in_millis() > 0 }]])
    assert.are.equal('["f",1,36,"arn:aws:lambda:us-east-1:000000000000:function:f",true]', text)
  end)
end)

describe("errors", function()
  it("by mstep.fail are Error and Cause as they are", function()
    local result = run('mstep.fail("Card.Declined", "no money")', nil, "-o", "json")
    assert.are.equal(1, result.code)
    assert.is_truthy(result.stdout:find('"error":"Card.Declined"', 1, true))
    assert.is_truthy(result.stdout:find('"cause":"no money"', 1, true))
  end)

  it("by error() name file and line", function()
    local result = run('error("no luck")', nil, "-o", "json")
    assert.is_truthy(result.stdout:find('"error":"Lua.Error"', 1, true))
    assert.is_truthy(result.stdout:find("functions/f.lua:3: no luck", 1, true))
  end)

  it("by mstep.error carry a trace", function()
    local result = run('error(mstep.error("Bad.Input", "n is missing"))', nil, "-o", "json")
    assert.is_truthy(result.stdout:find('"error":"Bad.Input"', 1, true))
    assert.is_truthy(result.stdout:find("stackTrace", 1, true))
  end)
end)

describe("the log", function()
  it("gets print and mstep.log", function()
    local result = run('print("a", 1) mstep.log("charged", { amount = 3 }) return 1')
    assert.is_truthy(result.stderr:find("a\t1", 1, true), result.stderr)
    assert.is_truthy(result.stderr:find('charged {"amount":3}', 1, true), result.stderr)
  end)
end)
