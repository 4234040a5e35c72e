-- Runs the built program from specs: `program.run{...}` gives exit code and both outputs. Files that a
-- case needs are written into a directory of its own.
local cjson = require "cjson"

local M = {}

M.bin = os.getenv("MSTEP_BIN")
M.source = os.getenv("MSTEP_SOURCE") or "."
M.build = os.getenv("MSTEP_BUILD")
M.is_sanitized = os.getenv("MSTEP_SANITIZE") ~= nil

-- Sanitizers make everything slower; limits on time grow with them.
M.slowness = M.is_sanitized and 10 or 1

function M.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

function M.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

-- A directory that is removed when the process ends.
local made = {}
function M.tmpdir()
  local pipe = assert(io.popen("mktemp -d"))
  local path = pipe:read("l")
  pipe:close()
  made[#made + 1] = path
  return path
end

setmetatable(made, {
  __gc = function(paths)
    for _, path in ipairs(paths) do
      os.execute("rm -rf " .. M.quote(path))
    end
  end,
})

-- A project: {["functions/a.lua"] = text, ...} in a fresh directory.
function M.project(files)
  local root = M.tmpdir()
  for name, text in pairs(files) do
    local folder = name:match("^(.*)/[^/]*$")
    if folder then
      os.execute("mkdir -p " .. M.quote(root .. "/" .. folder))
    end
    M.write(root .. "/" .. name, text)
  end
  return root
end

-- Runs a shell command; result: code, stdout, stderr, seconds. input: text for standard input.
function M.shell(command, options)
  options = options or {}
  local dir = M.tmpdir()
  M.write(dir .. "/in", options.input or "")
  local started = os.time()
  local full = ("cd %s && timeout -k 5 %d sh -c %s <%s/in >%s/out 2>%s/err"):format(
    M.quote(options.cwd or M.source), (options.limit or 60) * M.slowness, M.quote(command), dir, dir, dir)
  local _, _, code = os.execute(full)
  return {
    code = code,
    stdout = M.read(dir .. "/out"),
    stderr = M.read(dir .. "/err"),
    seconds = os.time() - started,
  }
end

-- Runs `mstep` with a list of arguments. options: input, cwd, limit (seconds), env ("A=b C=d").
function M.run(arguments, options)
  local words = { options and options.env and "env " .. options.env or "", M.quote(M.bin) }
  for _, argument in ipairs(arguments) do
    words[#words + 1] = M.quote(argument)
  end
  return M.shell(table.concat(words, " "), options)
end

-- A Lua value as JSON text: {} is an object.
function M.encode(value)
  return cjson.encode(value)
end

function M.decode(text)
  return cjson.decode(text)
end

-- Specs of the program say aloud when there is none.
function M.is_missing()
  if M.bin == nil then
    print("# skipped: MSTEP_BIN is not set, the program is not built")
  end
  return M.bin == nil
end

return M
