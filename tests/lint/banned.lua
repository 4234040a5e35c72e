-- What nobody calls: C functions without a bound, memory past base/alloc.c, process-wide state in the
-- core; and words that have no place in the tree.
local lint = require "lint"

local NEVER = {}
for name in ([[strcpy strcat sprintf vsprintf gets atoi atol atoll atof strtok alloca system tmpnam mktemp
    setlocale]]):gmatch("%S+") do
  NEVER[name] = true
end

local MEMORY = {}
for name in ("malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf aligned_alloc"):gmatch("%S+") do
  MEMORY[name] = true
end

local IMPURE = {}
for name in ([[printf fprintf vprintf puts putchar fopen perror getenv rand srand random time clock gettimeofday
    clock_gettime localtime gmtime mktime exit abort setjmp longjmp signal]]):gmatch("%S+") do
  IMPURE[name] = true
end

-- Written in two halves, so that this file does not hold them.
local WORDS = {
  { "/wo", "rk/" }, { "chat", "gpt" }, { "clau", "de" }, { "anthro", "pic" }, { "copi", "lot" }, { "open", "ai" },
  { "language ", "model" }, { "ai%-gen", "erated" }, { "sub%-?", "agent" }, { "FIX", "ME" }, { "TO", "DO" },
}

local CORE = {}
for name in ("base json metrics query asl core states"):gmatch("%S+") do
  CORE[name] = true
end

local function check_call(file, module, name, line, report)
  if NEVER[name] then
    report(file.path, line, "%s() is banned", name)
  elseif MEMORY[name] and file.path ~= "engine/base/alloc.c" and module ~= "cli" then
    -- The program sees public headers only, and those have no allocator to offer.
    report(file.path, line, "%s(): memory comes from base/alloc.h", name)
  elseif IMPURE[name] and CORE[module] then
    report(file.path, line, "%s(): the core is pure", name)
  end
end

local function check_c(file, report)
  local module = file.path:match("^engine/([^/]+)/")
  local code = lint.strip_c(file.text)
  for before, name, at in code:gmatch("([^%w_])([%a_][%w_]*)()%s*%(") do
    local from = at - #name
    local member = before == "." or code:sub(from - 2, from - 1) == "->"
    if not member then
      check_call(file, module, name, lint.line_at(code, from), report)
    end
  end
  local plain = file.text:gsub("/%*.-%*/", function(s) return (s:gsub("[^\n]", " ")) end)
  for number, line in lint.each_line(plain) do
    local bare = line:gsub('\\.', ""):gsub('"[^"]*"', ""):gsub("'[^']*'", "")
    if bare:find("//", 1, true) then
      report(file.path, number, "comments are /* */")
    end
  end
end

local function check_words(file, report)
  for number, line in lint.each_line(file.text) do
    local lower = line:lower()
    for _, halves in ipairs(WORDS) do
      local word = halves[1] .. halves[2]
      local upper = word:upper() == word and word:find("%a") ~= nil
      local text = upper and line or lower
      local pattern = upper and "%f[%w]" .. word .. "%f[^%w]" or word
      if text:find(pattern) then
        report(file.path, number, "'%s' has no place here", word)
      end
    end
  end
end

local function check(files, report)
  for _, file in ipairs(files) do
    check_words(file, report)
    if file.path:match("^engine/.*%.[ch]$") or file.path:match("^include/.*%.h$") then
      check_c(file, report)
    end
  end
end

local function in_core(line)
  return "int f(void)\n{\n  " .. line .. "\n}\n"
end

return lint {
  name = "banned",
  check = check,
  bad = {
    { says = "a.c:3: strcpy%(%) is banned", ["engine/loop/a.c"] = in_core("strcpy(a, b);") },
    { says = "sprintf%(%) is banned", ["engine/loop/a.c"] = in_core("return sprintf (a, b);") },
    { says = "malloc%(%): memory comes", ["engine/json/a.c"] = in_core("a = malloc(3);") },
    { says = "free%(%): memory comes", ["engine/loop/a.c"] = in_core("free(a);") },
    { says = "printf%(%): the core", ["engine/json/a.c"] = in_core('printf("x");') },
    { says = "comments are", ["engine/json/a.c"] = "int a; // why\n" },
    { says = "no place", ["engine/json/a.c"] = "/* TO" .. "DO: later */\n" },
    { says = "no place", ["examples/README.md"] = "see /wo" .. "rk/main\n" },
  },
  good = {
    {
      ["engine/loop/a.c"] = in_core('x->free(a); y.free(a); snprintf(a, 1, "http://x"); printf("//");'),
      ["engine/cli/text.c"] = in_core("free(a);"),
      ["engine/base/alloc.c"] = in_core("free(a); realloc(b, 3);"),
      ["engine/json/a.c"] = "/* never strcpy(a); // */\nvoid (*free)(void *user);\nint ms_free(int a);\n",
    },
  },
}
