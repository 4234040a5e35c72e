-- Hostile handlers: each ends in an ASL error within its state's timeout, and the engine goes on.
local program = require "program"

if program.is_missing() then
  return
end

local HANDLERS = {
  loop = "while true do end",
  pcall_loop = "while true do pcall(function() while true do end end) end",
  xpcall_loop = "while true do xpcall(function() while true do end end, function() while true do end end) end",
  coroutine_loop = "while true do coroutine.wrap(function() while true do end end)() end",
  sort_loop = "table.sort({1,2,3}, function() while true do end end)",
  repeat_string = 'local s = ("x"):rep(1e9) return #s',
  pattern = 'local s = ("a"):rep(30000) return s:find((".-"):rep(40) .. "b")',
  gsub_pattern = 'return (("a"):rep(50000)):gsub(("a*"):rep(30) .. "b", "x")',
  memory = "local t = {} for i = 1, 1e12 do t[i] = {i} end",
  string_growth = 'local s = "x" while true do s = s .. s end',
  recursion = "local function f() return 1 + f() end return f()",
  close_loop = "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
  gc_loop = "setmetatable({}, {__gc = function() while true do end end}) collectgarbage() while true do end",
  concat = "local t = {} for i = 1, 1e6 do t[i] = ('y'):rep(1000) end return #table.concat(t)",
  deep_result = "local t = {} local u = t for i = 1, 1e6 do u.x = {} u = u.x end return t",
  cyclic_result = "local t = {} t.t = t return t",
}

local MACHINE = [[{"StartAt":"T","States":{
  "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:%s","TimeoutSeconds":1,
    "Catch":[{"ErrorEquals":["States.ALL"],"Next":"After"}],"End":true},
  "After":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:fine","End":true}}}]]

local files = { ["functions/fine.lua"] = "return function(event) return event end" }
for name, body in pairs(HANDLERS) do
  files["functions/" .. name .. ".lua"] = "return function(event)\n  " .. body .. "\nend\n"
  files[name .. ".json"] = MACHINE:format(name)
end
local dir = program.project(files)

local names = {}
for name in pairs(HANDLERS) do
  names[#names + 1] = name
end
table.sort(names)

describe("a hostile handler", function()
  for _, workers in ipairs { "0", "1" } do
    for _, name in ipairs(names) do
      it(("%s is ended and the engine goes on (%s workers)"):format(name, workers), function()
        local result = program.run({ "run", name .. ".json", "--workers", workers, "-q" }, { cwd = dir, limit = 10 })
        assert.are.equal(0, result.code, result.stderr)
        local failure = program.decode(result.stdout)
        assert.is_truthy(type(failure.Error) == "string" and #failure.Error > 0, result.stdout)
        assert.is_true(result.seconds <= 4 * program.slowness, result.seconds .. " s")
      end)
    end
  end

  it("that loops forever is a timeout", function()
    local result = program.run({ "run", "loop.json", "-q" }, { cwd = dir })
    assert.are.equal("States.Timeout", program.decode(result.stdout).Error)
  end)
end)

describe("a hostile definition or input", function()
  local function refuses(definition, input)
    local result = program.run({ "run", "-", "-q", "-i", input or "{}" }, { input = definition, limit = 20 })
    assert.are.equal(2, result.code, result.stderr)
    assert.is_true(#result.stderr > 0)
  end

  it("that nests without end is refused", function()
    refuses(("["):rep(200000))
    refuses(('{"a":'):rep(100000) .. "1" .. ("}"):rep(100000))
    refuses('{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}', ("["):rep(50000) .. ("]"):rep(50000))
  end)

  it("that is no text is refused", function()
    refuses("\255\254\0\1")
    refuses("")
  end)

  it("in Lua that never ends is refused", function()
    local project = program.project { ["m.lua"] = "while true do end" }
    local result = program.run({ "validate", "m.lua" }, { cwd = project, limit = 30 })
    assert.are.equal(2, result.code, result.stderr)
  end)
end)
