-- A running `mstep serve` for specs: server.new{...} starts it on a port of its own, server:stop() ends it by
-- its process id. server:aws(...) is AWS's command line talking to it.
local program = require "program"
local cjson = require "cjson"

local M = {}
M.__index = M

local WAIT_S = 20 * program.slowness

-- Started beside each server: the pipe's other end is held here, and closes when this process ends, however it
-- does. What a failed spec left running goes with it.
local WATCHDOG = "trap '' INT TERM; cat >/dev/null; kill -TERM %d 2>/dev/null || exit; sleep 3; "
  .. "kill -KILL %d 2>/dev/null"

local function read_all(path)
  local file = io.open(path, "rb")
  if not file then
    return ""
  end
  local text = file:read("a")
  file:close()
  return text
end

local function shell(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  local _, _, code = pipe:close()
  return text, code
end

-- options: args (list of further arguments), dir (where it runs), scheme
function M.new(options)
  options = options or {}
  local self = setmetatable({ dir = options.dir or program.tmpdir() }, M)
  local words = {}
  for _, word in ipairs(options.args or {}) do
    words[#words + 1] = program.quote(word)
  end
  self.log = self.dir .. "/serve.log"
  self.pid = tonumber((shell(("cd %s && { %s serve --listen 127.0.0.1:0 %s >serve.out 2>serve.log & echo $!; }"):format(
    program.quote(self.dir), program.quote(program.bin), table.concat(words, " ")))))
  self.watchdog = assert(io.popen(("sh -c %s >/dev/null 2>&1"):format(program.quote(WATCHDOG:format(self.pid, self.pid))), "w"))
  for _ = 1, WAIT_S * 20 do
    self.url = read_all(self.log):match("listening on (%S+),")
    if self.url or not self:is_running() then
      break
    end
    os.execute("sleep 0.05")
  end
  assert(self.url, "the server did not start: " .. read_all(self.log))
  return self
end

function M:is_running()
  return os.execute(("kill -0 %d 2>/dev/null"):format(self.pid)) == true
end

-- Sends a signal and waits for the end.
function M:stop(signal)
  os.execute(("kill -%s %d 2>/dev/null"):format(signal or "TERM", self.pid))
  for _ = 1, WAIT_S * 20 do
    if not self:is_running() then
      self.watchdog:close()
      return true
    end
    os.execute("sleep 0.05")
  end
  os.execute(("kill -KILL %d 2>/dev/null"):format(self.pid))
  return false
end

local ENVIRONMENT = "AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_DEFAULT_REGION=us-east-1 "
  .. "AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_MAX_ATTEMPTS=1 AWS_PAGER= "

-- Output and exit code of `aws ARGUMENTS`.
function M:aws_run(...)
  local words = { "aws", "--endpoint-url", self.url, "--output", "json" }
  for _, word in ipairs { ... } do
    words[#words + 1] = word
  end
  for i, word in ipairs(words) do
    words[i] = program.quote(word)
  end
  return shell("cd " .. program.quote(self.dir) .. " && " .. ENVIRONMENT:format(self.key or "key", self.secret or "secret")
    .. table.concat(words, " ") .. " 2>&1")
end

-- The same, decoded; nil when there is no output.
function M:aws(...)
  local text, code = self:aws_run(...)
  assert(code == 0, text)
  return text:find("%S") and cjson.decode(text) or nil
end

-- What GET PATH answers.
function M:get(path)
  return (shell("curl --silent --show-error " .. program.quote(self.url .. path) .. " 2>&1"))
end

function M:logged()
  return read_all(self.log)
end

return M
