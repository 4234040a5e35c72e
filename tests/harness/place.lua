-- Where a command is tried: a server or a store, each with `ok`, `json` and `refused`, so that a spec runs in both.
local program = require "program"
local server = require "server"

local M = {}
M.__index = M

-- "server": `mstep serve` in a directory with these files; "store": a store beside them.
function M.new(kind, files)
  local self = setmetatable({ kind = kind, dir = program.project(files or {}) }, M)
  if kind == "server" then
    self.server = server.new { dir = self.dir }
    self.option = { "--endpoint", self.server.url }
  else
    self.option = { "--store", "place.db" }
    program.write(self.dir .. "/nothing.asl.json", '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}')
    local made = program.run({ "start", "nothing.asl.json", "--store", "place.db" }, { cwd = self.dir })
    assert(made.code == 0, made.stderr)
  end
  return self
end

-- Every kind of place, for a loop.
function M.kinds()
  return { "server", "store" }
end

function M:close()
  if self.server then
    self.server:stop()
  end
end

function M:run(...)
  local words = { ... }
  for _, word in ipairs(self.option) do
    words[#words + 1] = word
  end
  return program.run(words, { cwd = self.dir })
end

-- Standard output of a command that must succeed.
function M:ok(...)
  local result = self:run(...)
  assert(result.code == 0, table.concat({ ... }, " ") .. ": " .. result.stderr)
  return result.stdout
end

function M:json(...)
  local words = { ... }
  words[#words + 1] = "-o"
  words[#words + 1] = "json"
  return program.decode(self:ok(table.unpack(words)))
end

-- It must end with code 2 and say `text`.
function M:refused(text, ...)
  local result = self:run(...)
  assert(result.code == 2, "exit code " .. result.code .. ": " .. result.stderr)
  assert(result.stderr:find(text, 1, true), result.stderr)
end

return M
