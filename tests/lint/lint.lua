-- What the lint scripts share: the tree as a list of texts, comments and strings blanked out, and a
-- main function that first shows that the check can fail. A lint is
--
--   require "lint" { name = ..., check = function(files, report, context) ... end, bad = {...}, good = {...} }
--
-- `files` is a list of {path =, text =}; `bad` lists samples {says = PATTERN, [PATH] = TEXT ...}
-- each of which must be reported in those words; `good` samples must pass in silence.
-- Run as: lua5.4 tests/lint/NAME.lua ROOT [BUILD].
local lint = {}

local DIRECTORIES = "engine include lua tests examples .ci"
local TEXTS = { c = true, h = true, def = true, lua = true, md = true, txt = true, sh = true, cmake = true }

function lint.read(path)
  local f = io.open(path, "rb")
  if not f then
    return nil
  end
  local text = f:read("a")
  f:close()
  return text
end

function lint.lines_of(command)
  local lines = {}
  local pipe = assert(io.popen(command))
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  local ok = pipe:close()
  return lines, ok
end

local function is_text(path)
  local extension = path:match("%.(%w+)$")
  if extension then
    return TEXTS[extension]
  end
  return path:match("^[^/]*$") or path:match("/LAYERS$") or path:match("^tests/run$") or path:match("^examples/quickstart$")
    or path:match("^%.ci/")
end

-- Every text file that belongs to the project, sorted; fuzz corpora and test data are not looked at.
function lint.tree(root)
  local command = ("cd '%s' && { find %s -type f 2>/dev/null; find . -maxdepth 1 -type f | cut -c3-; } | sort")
    :format(root, DIRECTORIES)
  local files = {}
  for _, path in ipairs((lint.lines_of(command))) do
    local data = path:match("^tests/fuzz/corpus/") or path:match("^tests/resources/")
    if is_text(path) and not data then
      files[#files + 1] = { path = path, text = assert(lint.read(root .. "/" .. path)) }
    end
  end
  return files
end

-- The same number of lines, everything but the line breaks turned into spaces.
local function blank(text)
  return (text:gsub("[^\n]", " "))
end

-- C with comments and the insides of literals blanked: offsets and lines stay true.
function lint.strip_c(text)
  local out, at = {}, 1
  while true do
    local from = text:find("[/\"']", at)
    if not from then
      out[#out + 1] = text:sub(at)
      return table.concat(out)
    end
    local c, two = text:sub(from, from), text:sub(from, from + 1)
    local to = from
    if two == "/*" then
      _, to = text:find("*/", from + 2, true)
    elseif two == "//" then
      to = (text:find("\n", from, true) or #text + 1) - 1
    elseif c ~= "/" then
      to = from + 1
      while to <= #text and text:sub(to, to) ~= c do
        to = to + (text:sub(to, to) == "\\" and 2 or 1)
      end
    end
    to = to or #text
    out[#out + 1] = text:sub(at, from - 1)
    local piece = text:sub(from, to)
    if c == "/" and to > from then
      out[#out + 1] = blank(piece)
    elseif c == "/" then
      out[#out + 1] = "/"
    else
      out[#out + 1] = c .. blank(piece:sub(2, -2)) .. c
    end
    at = to + 1
  end
end

-- Preprocessor lines blanked, with those that continue them.
function lint.strip_directives(text)
  local out, continued = {}, false
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local directive = continued or line:match("^%s*#")
    continued = directive and line:match("\\%s*$") and true or false
    out[#out + 1] = directive and "" or line
  end
  return table.concat(out, "\n")
end

function lint.line_at(text, offset)
  local _, count = text:sub(1, offset - 1):gsub("\n", "")
  return count + 1
end

-- Lines with their numbers.
function lint.each_line(text)
  local number = 0
  local next_line = (text .. "\n"):gmatch("(.-)\n")
  return function()
    local line = next_line()
    number = number + 1
    return line and number, line
  end
end

local function name_of(header)
  local plain = header:gsub("__attribute__%s*(%b())", "")
  local name, arguments = plain:match("([%a_][%w_]*)%s*(%b())")
  if name == "MT_TEST" then
    return arguments:match("[%w_]+"), plain
  end
  return name, plain
end

local function is_function(header)
  local plain = header:gsub("__attribute__%s*(%b())", ""):gsub("%s+$", "")
  return plain:sub(-1) == ")" and not plain:find("=", 1, true) and plain:find("^%s*[%a_]")
    and not plain:match("^%s*extern%s*$")
end

-- Where a header really starts: calls of macros without a semicolon may stand before it.
local function after_macros(code, start, stop)
  while true do
    local rest = code:sub(start, stop):match("^%s*[%u_][%u%d_]*%s*%b()%s*()%S")
    if rest == nil then
      return start
    end
    start = start + rest - 1
  end
end

-- The functions of a C text: {name, header, from, to, line, last}, lines counted from the signature.
function lint.functions_c(text)
  local code = lint.strip_directives(lint.strip_c(text))
  local found, depth, start, current = {}, 0, 1, nil
  for at, c in code:gmatch("()([{};])") do
    if c == "{" then
      start = depth == 0 and after_macros(code, start, at - 1) or start
      if depth == 0 and is_function(code:sub(start, at - 1)) then
        local header = code:sub(start, at - 1)
        local first = start + #header:match("^%s*")
        local name, plain = name_of(header)
        current = { name = name, header = plain, from = at, line = lint.line_at(code, first) }
      end
      depth = depth + 1
    elseif c == "}" then
      depth = depth - 1
      if depth == 0 then
        if current then
          current.to, current.last = at, lint.line_at(code, at)
          found[#found + 1] = current
          current = nil
        end
        start = at + 1
      end
    elseif depth == 0 then
      start = at + 1
    end
  end
  return found, code
end

function lint.layers(text)
  local modules, foreign, order = {}, {}, {}
  for _, line in lint.each_line(text) do
    local level, name, list = line:match("^module%s+L(%d)%s+(%l+)%s*:(.*)$")
    if level then
      local may = { [name] = true }
      for word in list:gmatch("%S+") do
        may[word] = true
      end
      modules[name] = { level = tonumber(level), may = may }
      order[#order + 1] = name
    end
    local package, rest = line:match("^foreign%s+(%S+)%s+(.-)%s*$")
    if package then
      local words = {}
      for word in rest:gmatch("%S+") do
        words[#words + 1] = word
      end
      foreign[#foreign + 1] = { package = package, where = table.remove(words), headers = words }
    end
  end
  return modules, foreign, order
end

-- The rows MS_X(a, "b, c", d) of a .def table: {macro, line, "a", "b, c", "d"}; quotes are removed.
function lint.rows(text)
  local code = lint.strip_c(text)
  local rows = {}
  for at, macro, from, list in code:gmatch("()%f[%w_](MS_[%u_]+)()(%b())") do
    local row = { macro = macro, line = lint.line_at(code, at) }
    for first, piece in list:sub(2, -2):gmatch("()([^,]+)") do
      local start = from + first
      local argument = text:sub(start, start + #piece - 1)
      row[#row + 1] = argument:match('^%s*"?(.-)"?%s*$')
    end
    rows[#rows + 1] = row
  end
  return rows
end

local function run(spec, files, context)
  local problems = {}
  local function report(path, line, format, ...)
    local message = select("#", ...) > 0 and format:format(...) or format
    problems[#problems + 1] = ("%s%s: %s"):format(path, line and ":" .. line or "", message)
  end
  spec.check(files, report, context)
  return problems
end

local function sample_files(sample)
  local files = {}
  for path, text in pairs(sample) do
    if path ~= "says" and path ~= "context" then
      files[#files + 1] = { path = path, text = text }
    end
  end
  table.sort(files, function(a, b) return a.path < b.path end)
  return files
end

local function self_test(spec)
  assert(#spec.bad > 0, "a lint needs samples that it refuses")
  for i, sample in ipairs(spec.bad) do
    local said = table.concat(run(spec, sample_files(sample), sample.context or {}), "\n")
    if not said:find(sample.says) then
      error(("%s: bad sample %d is not refused with '%s'; said: %s"):format(spec.name, i, sample.says, said), 0)
    end
  end
  for i, sample in ipairs(spec.good or {}) do
    local said = run(spec, sample_files(sample), sample.context or {})
    if #said > 0 then
      error(("%s: good sample %d is refused: %s"):format(spec.name, i, said[1]), 0)
    end
  end
end

local function main(_, spec)
  local root, build = arg[1] or ".", arg[2]
  self_test(spec)
  local context = spec.context and spec.context(root, build) or {}
  context.root, context.build = root, build
  local problems = run(spec, lint.tree(root), context)
  for _, problem in ipairs(problems) do
    print(problem)
  end
  print(("lint.%s: %d samples, %d problems"):format(spec.name, #spec.bad + #(spec.good or {}), #problems))
  os.exit(#problems == 0)
end

return setmetatable(lint, { __call = main })
