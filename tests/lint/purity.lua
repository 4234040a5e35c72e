-- The core is pure: what libms_core.a asks of the rest of the world is the list in purity.txt, and it
-- keeps no state of its own (no writable variables but those listed there).
--   symbol NAME [OBJECT]     may be called (only from OBJECT.c); NAME may end in *
--   state NAME OBJECT REASON may be a writable variable
local lint = require "lint"

local function parse(text)
  local symbols, state = {}, {}
  for _, line in lint.each_line(text) do
    local name, object = line:match("^symbol%s+(%S+)%s*(%S*)")
    if name then
      symbols[name] = object
    end
    local variable, where = line:match("^state%s+(%S+)%s+(%S+)%s+%S")
    if variable then
      state[where .. " " .. variable] = true
    end
  end
  return symbols, state
end

-- The object that alone may use a name, "" for any, nil when the name is not in the list.
local function owner_of(name, symbols)
  if symbols[name] then
    return symbols[name]
  end
  for pattern, object in pairs(symbols) do
    local prefix = pattern:match("^(.*)%*$")
    if prefix and name:sub(1, #prefix) == prefix then
      return object
    end
  end
end

local function check(files, report, context)
  local symbols, state = {}, {}
  for _, file in ipairs(files) do
    if file.path == "tests/lint/purity.txt" then
      symbols, state = parse(file.text)
    end
  end
  local defined = {}
  for _, row in ipairs(context.symbols) do
    if row.kind ~= "U" and row.kind ~= "w" then
      defined[row.name] = true
    end
  end
  for _, row in ipairs(context.symbols) do
    local only = owner_of(row.name, symbols)
    if row.kind == "U" and not defined[row.name] and only == nil then
      report("libms_core.a", nil, "%s calls %s", row.object, row.name)
    elseif row.kind == "U" and only and only ~= "" and only ~= row.object then
      report("libms_core.a", nil, "%s calls %s: only %s may", row.object, row.name, only)
    end
  end
  for _, row in ipairs(context.state) do
    if not state[row.object .. " " .. row.name] then
      report("libms_core.a", nil, "%s keeps state in %s", row.object, row.name)
    end
  end
  if #context.symbols == 0 then
    report("libms_core.a", nil, "has no symbols")
  end
end

local function read_symbols(archive)
  local rows, object = {}, "?"
  for _, line in ipairs((lint.lines_of(("nm '%s'"):format(archive)))) do
    object = line:match("^(.*)%.c%.o:$") or object
    local kind, name = line:match("^%s*%x*%s+(%a) (%S+)$")
    if kind then
      rows[#rows + 1] = { object = object, kind = kind, name = name }
    end
  end
  return rows
end

-- nm cannot tell constant tables of pointers (.data.rel.ro) from variables: sections can.
local function read_state(archive)
  local rows, object = {}, "?"
  for _, line in ipairs((lint.lines_of(("objdump -t '%s'"):format(archive)))) do
    object = line:match("^(.*)%.c%.o:%s+file format") or object
    local section, name = line:match("^%x+ .......%s+(%.t?[bd][sa][st][%w.]*)%s+%x+%s+.-(%S+)$")
    local is_symbol = section and name ~= section and not section:match("%.rel%.ro")
    if is_symbol then
      rows[#rows + 1] = { object = object, name = (name:gsub("%.%d+$", "")) }
    end
  end
  return rows
end

local function context(_, build)
  local archive = build .. "/libms_core.a"
  return { symbols = read_symbols(archive), state = read_state(archive) }
end

local function sample(kind, name, object, state)
  return { symbols = { { kind = kind, name = name, object = object } }, state = state or {} }
end

local ALLOWED = "# why\nsymbol memcpy\nsymbol malloc alloc\nsymbol pcre2_* regex\nstate allocator alloc the hook\n"
return lint {
  name = "purity",
  check = check,
  context = context,
  bad = {
    { says = "parse calls getenv", ["tests/lint/purity.txt"] = ALLOWED, context = sample("U", "getenv", "parse") },
    { says = "only alloc may", ["tests/lint/purity.txt"] = ALLOWED, context = sample("U", "malloc", "parse") },
    { says = "parse calls pcre2_a: only regex may", ["tests/lint/purity.txt"] = ALLOWED, context = sample("U", "pcre2_a", "parse") },
    { says = "parse keeps state in cache", ["tests/lint/purity.txt"] = ALLOWED,
      context = sample("T", "a", "parse", { { object = "parse", name = "cache" } }) },
    { says = "has no symbols", ["tests/lint/purity.txt"] = ALLOWED, context = { symbols = {}, state = {} } },
  },
  good = {
    { ["tests/lint/purity.txt"] = ALLOWED, context = sample("U", "pcre2_a", "regex") },
    { ["tests/lint/purity.txt"] = ALLOWED, context = sample("U", "malloc", "alloc", { { object = "alloc", name = "allocator" } }) },
    { ["tests/lint/purity.txt"] = ALLOWED, context = sample("U", "memcpy", "parse") },
  },
}
