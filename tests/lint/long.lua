-- Sizes: functions, files. The limits are the ones at which a change is refused, not the ones to aim
-- at (functions of 40 lines, files of 150 to 500). An exception is a row in long.txt with its reason.
local lint = require "lint"

local C_FUNCTION, C_FILE, HEADER, PUBLIC_HEADER = 80, 1000, 400, 600
local LUA_FUNCTION, LUA_FILE = 60, 600

local function count_lines(text)
  local _, n = text:gsub("\n", "")
  return n
end

-- Offset after a Lua string, comment or long bracket that starts at `at`; nil when none does.
local function skip_lua(text, at)
  local level = text:match("^%-%-%[(=*)%[", at) or text:match("^%[(=*)%[", at)
  if level then
    local _, to = text:find("]" .. level .. "]", at, true)
    return (to or #text) + 1
  end
  if text:sub(at, at + 1) == "--" then
    return text:find("\n", at, true) or #text + 1
  end
  local quote = text:match("^[\"']", at)
  if quote then
    local to = at + 1
    while to <= #text and text:sub(to, to) ~= quote do
      to = to + (text:sub(to, to) == "\\" and 2 or 1)
    end
    return to + 1
  end
end

local OPENS = { ["function"] = true, ["if"] = true, ["do"] = true, ["repeat"] = true }

-- Calls on_word(word, offset) for each keyword and name outside strings and comments.
local function words_lua(text, on_word)
  local at = 1
  while at <= #text do
    local after = skip_lua(text, at)
    local word = not after and text:match("^[%a_][%w_]*", at)
    if word then
      on_word(word, at)
    end
    at = after or at + (word and #word or 1)
  end
end

-- Functions of a Lua text with their own lines: those of functions inside are not counted twice, so
-- that a describe() full of it() is as long as what it adds itself.
local function functions_lua(text)
  local stack, found = {}, {}
  words_lua(text, function(word, at)
    if OPENS[word] then
      stack[#stack + 1] = { word = word, at = at, inner = 0 }
    elseif (word == "end" or word == "until") and #stack > 0 then
      local block = table.remove(stack)
      local lines = count_lines(text:sub(block.at, at)) + 1
      local inner = block.inner
      if block.word == "function" then
        local name = text:match("^function%s+([%w_.:]+)", block.at) or "(anonymous)"
        found[#found + 1] = { name = name, line = lint.line_at(text, block.at), size = lines - inner }
        inner = lines
      end
      if #stack > 0 then
        stack[#stack].inner = stack[#stack].inner + inner
      end
    end
  end)
  return found
end

local function exceptions(text, report)
  local rows = {}
  for number, line in lint.each_line(text) do
    local path, what, limit, reason = line:match("^(%S+)%s+(%S+)%s+(%d+)%s+(%S.*)$")
    if path then
      rows[path .. " " .. what] = { limit = tonumber(limit), line = number, reason = reason }
    elseif line:match("%S") and not line:match("^#") then
      report("tests/lint/long.txt", number, "write: PATH NAME LIMIT REASON")
    end
  end
  return rows
end

local function judge(rows, report, path, line, name, size, limit)
  local row = rows[path .. " " .. name]
  if row then
    row.used = size > limit
    limit = row.limit
  end
  if size > limit then
    report(path, line, "%s has %d lines, the limit is %d", name, size, limit)
  end
end

local function file_limit(path)
  if path:match("%.lua$") then
    return LUA_FILE
  elseif path:match("%.c$") then
    return C_FILE
  elseif path:match("^include/.*%.h$") then
    return PUBLIC_HEADER
  elseif path:match("%.h$") then
    return HEADER
  end
end

local function check(files, report)
  local rows = {}
  for _, file in ipairs(files) do
    if file.path == "tests/lint/long.txt" then
      rows = exceptions(file.text, report)
    end
  end
  for _, file in ipairs(files) do
    local limit = file_limit(file.path)
    if limit then
      judge(rows, report, file.path, nil, "file", count_lines(file.text), limit)
    end
    if file.path:match("%.[ch]$") then
      for _, f in ipairs(lint.functions_c(file.text)) do
        judge(rows, report, file.path, f.line, f.name or "?", f.last - f.line + 1, C_FUNCTION)
      end
    elseif file.path:match("%.lua$") then
      for _, f in ipairs(functions_lua(file.text)) do
        judge(rows, report, file.path, f.line, f.name, f.size, LUA_FUNCTION)
      end
    end
  end
  for key, row in pairs(rows) do
    if not row.used then
      report("tests/lint/long.txt", row.line, "'%s' is not over its limit: remove the row", key)
    end
  end
end

local function c_function(lines)
  return "static int f(int a)\n{\n" .. ("  a++; /* } */\n"):rep(lines - 3) .. "}\n"
end

local function lua_function(lines)
  return "local function f(a)\n" .. ("  a = 'end' -- end\n"):rep(lines - 2) .. "end\n"
end

return lint {
  name = "long",
  check = check,
  bad = {
    { says = "f has 81 lines, the limit is 80", ["engine/a/a.c"] = c_function(81) },
    { says = "a.c:3: ", ["engine/a/a.c"] = "struct a {\n  int b; };\n" .. c_function(90) },
    { says = "file has 1001 lines", ["engine/a/a.c"] = ("\n"):rep(1001) },
    { says = "file has 401 lines", ["engine/a/a.h"] = ("\n"):rep(401) },
    { says = "file has 601 lines", ["lua/mstep/a.lua"] = ("\n"):rep(601) },
    { says = "f has 61 lines", ["lua/mstep/a.lua"] = lua_function(61) },
    { says = "remove the row", ["tests/lint/long.txt"] = "engine/a/a.c f 90 a switch\n", ["engine/a/a.c"] = c_function(80) },
    { says = "REASON", ["tests/lint/long.txt"] = "engine/a/a.c f 90\n" },
    { says = "limit is 90", ["tests/lint/long.txt"] = "engine/a/a.c f 90 a switch\n", ["engine/a/a.c"] = c_function(91) },
  },
  good = {
    { ["engine/a/a.c"] = c_function(80), ["lua/a.lua"] = lua_function(60), ["include/mstep/a.h"] = ("\n"):rep(600) },
    { ["engine/a/a.c"] = ("CASE(a, (b))\n"):rep(80) .. "MT_TEST(a)\n{\n}\n" .. ("CASE(a)\n"):rep(80) .. c_function(80) },
    { ["tests/lint/long.txt"] = "# why\nengine/a/a.c f 90 a switch\n", ["engine/a/a.c"] = c_function(90) },
    { ["tests/lua/a_spec.lua"] = "describe('x', function()\n" .. ("it('y', function()\n" .. ("x()\n"):rep(40) .. "end)\n"):rep(3) .. "end)\n" },
  },
}
