-- A project with a store for the specs of the commands that work on one: `store.new()` gives an object whose
-- methods run `mstep COMMAND ... --store orders.db` in the project's folder.
local program = require "program"

local M = {}
local Store = {}
Store.__index = Store

local FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"

local FILES = {
  ["echo.json"] = '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}',
  ["wait.json"] = '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}',
  ["short.json"] = '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"Next":"T"},'
    .. '"T":{"Type":"Task","Resource":"' .. FUNCTION .. 'note","End":true}}}',
  ["pay.json"] = '{"StartAt":"Price","States":{"Price":{"Type":"Task","Resource":"' .. FUNCTION
    .. 'note","Next":"Pay"},"Pay":{"Type":"Task","Resource":"' .. FUNCTION .. 'pay","End":true}}}',
  ["functions/note.lua"] = 'return function(event)\n  print("noted")\n  return { noted = event }\nend',
  ["functions/pay.lua"] = 'return function(event)\n  error { Error = "NoMoney", Cause = "come back later" }\nend',
}

-- more: further files of the project.
function M.new(more)
  local files = {}
  for name, text in pairs(FILES) do
    files[name] = text
  end
  for name, text in pairs(more or {}) do
    files[name] = text
  end
  return setmetatable({ dir = program.project(files), file = "orders.db" }, Store)
end

function Store:run(command, ...)
  return program.run({ command, "--store", self.file, ... }, { cwd = self.dir })
end

-- The same, which must succeed; its standard output.
function Store:ok(command, ...)
  local result = self:run(command, ...)
  assert(result.code == 0, command .. ": " .. result.stderr)
  return result.stdout, result.stderr
end

-- What the command prints with -o json, decoded.
function Store:json(command, ...)
  return program.decode((self:ok(command, "-o", "json", ...)))
end

-- Starts executions of a machine, with names; in that order.
function Store:start(machine, ...)
  for _, name in ipairs { ... } do
    self:ok("start", machine, "--name", name, "--input", '{"n": "' .. name .. '"}')
  end
end

function Store:write(name, text)
  program.write(self.dir .. "/" .. name, text)
end

function Store:size()
  local file = assert(io.open(self.dir .. "/" .. self.file, "rb"))
  local size = file:seek("end")
  file:close()
  return size
end

-- Refused with exit code 2, nothing printed, and these words said.
function Store:refused(words, command, ...)
  local result = self:run(command, ...)
  assert(result.code == 2, ("%s: code %d, %s"):format(command, result.code, result.stderr))
  assert(result.stdout == "", result.stdout)
  assert(result.stderr:find(words, 1, true), result.stderr)
end

return M
