-- The .def tables: each row names something that exists and is tested where its kind says; the error
-- codes of the public header and errors.def are the same list.
local lint = require "lint"

-- Names at the left of a definition anywhere in the engine's C: functions and constant tables.
local function definitions(files)
  local defined = {}
  for _, file in ipairs(files) do
    if file.path:match("^engine/.*%.c$") then
      local functions, code = lint.functions_c(file.text)
      for _, f in ipairs(functions) do
        defined[f.name or "?"] = file.path
      end
      for name in code:gmatch("const%s+struct%s+[%w_]+%s+(ms_[%w_]+)[%s%[%]]*=") do
        defined[name] = file.path
      end
      for name in ("\n" .. code):gmatch("\n%u+%((ms_[%w_]+),") do -- a macro of the file that defines it
        defined[name] = file.path
      end
    end
  end
  return defined
end

-- Where a row of a table has its test: patterns of paths, %s is the row's short name.
local TESTS = {
  ["engine/states/states.def"] = { strip = "^ms_state_", "tests/scenario/state_%s.scn", "tests/scenario/%s.scn",
    "tests/scenario/state_%s.c", "tests/scenario/test_state_%s.c" },
  ["engine/query/langs.def"] = { strip = "^ms_query_", "tests/conformance/%s.test", "tests/conformance/%s.c",
    "tests/conformance/test_%s.c" },
  -- An operation is called by its name in a test.
  ["engine/api/ops.def"] = { strip = "^$", "a call in tests/unit/public/test_call.c of %s",
    quoted = "^tests/unit/.*%.c$" },
  ["engine/cli/cmds.def"] = { strip = "^ms_c[lm][id]_", "tests/e2e/cli_%s_spec.lua" },
  -- A library of the sandbox is called by name in a test of the machine or in a spec.
  ["engine/store/stores.def"] = { strip = "^ms_store_", "tests/suite/store_suite.c" }, -- one CTest a row
  ["engine/luavm/libs.def"] = { strip = "^mstep%.", "tests/lua/%s_spec.lua", "tests/unit/luavm/test_lib_%s.c",
    named = { "^tests/unit/luavm/.*%.c$", "^tests/lua/.*%.lua$" } },
}

-- Whether a test among `files` calls `name.something` or requires it.
local function is_named(name, files, patterns)
  local plain = name:match("^[^.]+") -- "mstep.core" is called through "mstep"
  for _, file in ipairs(files) do
    for _, pattern in ipairs(patterns) do
      local called = file.path:match(pattern)
        and (file.text:find("%f[%w_]" .. plain .. "%.%l") or file.text:find("require[ (\\]*['\"]" .. plain .. "%f[^%w_.]"))
      if called then
        return true
      end
    end
  end
  return false
end

-- Whether a test among `files` has "name" in quotes.
local function is_quoted(name, files, pattern)
  for _, file in ipairs(files) do
    if file.path:match(pattern) and (file.text:find('"' .. name .. '"', 1, true) or file.text:find(":" .. name .. '"', 1, true)) then
      return true
    end
  end
  return false
end

local function has_test(row, rule, paths, files)
  local short = row[1]:gsub(rule.strip, "")
  for _, pattern in ipairs(rule) do
    if paths[pattern:format(short)] then
      return true
    end
  end
  if rule.quoted then
    return is_quoted(row[1], files, rule.quoted), rule[1]:format(short)
  end
  return rule.named ~= nil and is_named(row[1], files, rule.named), rule[1]:format(short)
end

local function check_rows(file, defined, paths, files, report)
  local rule = TESTS[file.path]
  local seen = {}
  local rows = lint.rows(file.text)
  if #rows == 0 then
    report(file.path, nil, "has no row")
  end
  for _, row in ipairs(rows) do
    local key = ("%s(%s, %s)"):format(row.macro, row[1] or "", row[2] or "")
    if seen[key] then
      report(file.path, row.line, "%s stands twice", key)
    end
    seen[key] = true
    for _, argument in ipairs(row) do
      if argument:match("^ms_[%l%d_]+$") and not defined[argument] then
        report(file.path, row.line, "%s is defined nowhere in engine/", argument)
      end
    end
    local ok, wanted = true, nil
    if rule then
      ok, wanted = has_test(row, rule, paths, files)
    end
    if not ok then
      report(file.path, row.line, "%s has no test %s", row[1], wanted)
    end
  end
end

-- Whether code passes the point, and whether a test arms it: MS_FAULT_name in C, "name:1" in a spec.
local function uses_of_fault(name, files)
  local is_passed, is_fired = false, false
  for _, file in ipairs(files) do
    if file.path:match("^engine/.*%.c$") then
      is_passed = is_passed or file.text:find("MS_FAULT%(" .. name .. "%)") ~= nil
    elseif file.path:match("^tests/fault/") or file.path:match("^tests/e2e/") then
      is_fired = is_fired or file.text:find("%f[%w_]MS_FAULT_" .. name .. "%f[^%w_]") ~= nil
        or file.text:find("%f[%w_]" .. name .. ":%d") ~= nil
    end
  end
  return is_passed, is_fired
end

local function check_faults(by_path, files, report)
  local table_file = by_path["engine/base/faults.def"]
  for _, row in ipairs(table_file and lint.rows(table_file.text) or {}) do
    local is_passed, is_fired = uses_of_fault(row[1], files)
    if not is_passed then
      report(table_file.path, row.line, "nothing passes MS_FAULT(%s)", row[1])
    elseif not is_fired then
      report(table_file.path, row.line, "%s is fired by no test in tests/fault or tests/e2e", row[1])
    end
  end
end

local function check_errors(by_path, report)
  local header, table_file = by_path["include/mstep/error.h"], by_path["engine/base/errors.def"]
  if not header or not table_file then
    return
  end
  local in_table = {}
  for _, row in ipairs(lint.rows(table_file.text)) do
    in_table[row[1]] = row.line
  end
  for name in header.text:gmatch("#define%s+(MSTEP_[%u%d]+)%s+%(?%-?%d") do
    if not in_table[name] then
      report("include/mstep/error.h", nil, "%s has no text in engine/base/errors.def", name)
    end
    in_table[name] = nil
  end
  for name, line in pairs(in_table) do
    report("engine/base/errors.def", line, "%s is not in include/mstep/error.h", name)
  end
end

local function check(files, report)
  local by_path, paths = {}, {}
  for _, file in ipairs(files) do
    by_path[file.path], paths[file.path] = file, true
  end
  for _, path in ipairs(files.all or {}) do
    paths[path] = true
  end
  local defined = definitions(files)
  for _, file in ipairs(files) do
    if file.path:match("^engine/.*%.def$") then
      check_rows(file, defined, paths, files, report)
      local module = file.path:match("^engine/([^/]+)/")
      local readme = by_path["engine/" .. module .. "/README.md"]
      local name = file.path:match("[^/]+$")
      if readme and not readme.text:find(name, 1, true) then
        report(readme.path, nil, "does not mention %s", name)
      end
    end
  end
  check_errors(by_path, report)
  check_faults(by_path, files, report)
end

local function check_with_data(files, report, context)
  -- Scenario and conformance data are no program text, so the tree does not hold them: ask for names.
  if context.root then
    files.all = lint.lines_of(("cd '%s' && find tests -type f"):format(context.root))
  end
  check(files, report)
end

local STATE = "const struct ms_state_type ms_state_a = {1};\n"
return lint {
  name = "defs",
  check = check_with_data,
  bad = {
    { says = "a.def:2: ms_x_b is defined nowhere", ["engine/x/a.def"] = "/* MS_X(ms_no) */\nMS_X(ms_x_b)\n" },
    { says = "stands twice", ["engine/x/a.def"] = 'MS_X("a", 1)\nMS_X("a", 1, 2)\n' },
    { says = "has no row", ["engine/x/a.def"] = "/* nothing */\n" },
    { says = "ms_state_a has no test tests/scenario/state_a.scn", ["engine/states/states.def"] = "MS_STATE(ms_state_a)\n",
      ["engine/states/state_a.c"] = STATE },
    { says = "utf8 has no test", ["engine/luavm/libs.def"] = 'MS_LUA_LIB("utf8", 1)\nMS_LUA_LIB("os", 1)\n',
      ["tests/lua/a_spec.lua"] = "os.time()\nx_utf8.char()\n" },
    { says = "StopIt has no test", ["engine/api/ops.def"] = "MS_API_OP(StartIt, s, a)\nMS_API_OP(StopIt, s, b)\n",
      ["tests/unit/public/test_call.c"] = 'call("StartIt")\n' },
    { says = "MSTEP_EB is not in", ["include/mstep/error.h"] = "#define MSTEP_EA (-1)\n",
      ["engine/base/errors.def"] = 'MS_ERROR(MSTEP_EA, "a")\nMS_ERROR(MSTEP_EB, "b")\n' },
    { says = "MSTEP_EA has no text", ["include/mstep/error.h"] = "#define MSTEP_EA (-1)\n#define MSTEP_EB (-2)\n",
      ["engine/base/errors.def"] = 'MS_ERROR(MSTEP_EB, "b")\n' },
    { says = "nothing passes MS_FAULT%(a_b%)", ["engine/base/faults.def"] = "MS_FAULT_POINT(a_b)\n",
      ["engine/base/a.c"] = "MS_FAULT(a_bc);\n", ["tests/fault/a.c"] = "MS_FAULT_a_b\n" },
    { says = "a_b is fired by no test", ["engine/base/faults.def"] = "MS_FAULT_POINT(a_b)\n",
      ["engine/base/a.c"] = "MS_FAULT(a_b);\n", ["tests/fault/a.c"] = "MS_FAULT_a_bc\n" },
    { says = "does not mention a.def", ["engine/x/a.def"] = "MS_X(A)\n", ["engine/x/README.md"] = "x\n" },
  },
  good = {
    {
      ["engine/states/states.def"] = "MS_STATE(ms_state_a)\n",
      ["engine/states/state_a.c"] = STATE,
      ["tests/scenario/state_a.scn"] = "",
  ["engine/luavm/libs.def"] = 'MS_LUA_LIB("cjson", 1)\nMS_LUA_LIB("os", 1)\n',
      ["tests/unit/luavm/test_a.c"] = 'run("require \\"cjson\\"")\nrun("os.time()")\n',
      ["engine/base/faults.def"] = "MS_FAULT_POINT(a_b)\nMS_FAULT_POINT(c_d)\n",
      ["engine/base/a.c"] = "MS_FAULT(a_b);\nMS_FAULT(c_d);\n",
      ["tests/fault/a.c"] = "MS_FAULT_a_b", ["tests/e2e/a_spec.lua"] = "'c_d:3'\n",
      ["engine/x/a.def"] = '/* MS_X(B) */\nMS_X(A, "b, c) (\\"ms_no\\"", ms_x_f)\n',
      ["engine/x/a.c"] = "int ms_x_f(int a)\n{\n}\n",
    },
  },
}
