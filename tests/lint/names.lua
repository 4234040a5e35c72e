-- Names: what crosses files says so (ms_module_verb, mstep_noun_verb), what does not has no prefix;
-- header guards, file names, no typedef of structs.
local lint = require "lint"

local function guards(path)
  local below = path:match("^engine/(.*)%.h$")
  local accepted = {}
  if below then
    local module, noun = below:match("^([^/]+)/.*"), below:match("([^/]+)$")
    accepted[("MS_" .. below:gsub("/", "_") .. "_H"):upper()] = true
    accepted[("MS_" .. module .. "_" .. noun .. "_H"):upper()] = true
  else
    below = path:match("^include/(.*)%.h$")
    accepted[(below:gsub("/", "_") .. "_H"):upper()] = true
    accepted[(below:match("([^/]+)$") .. "_H"):upper()] = true
  end
  return accepted
end

local function check_header(file, report)
  local guard = file.text:match("#ifndef%s+([%w_]+)%s*\n#define%s+([%w_]+)")
  local accepted = guards(file.path)
  if guard == nil then
    report(file.path, nil, "has no header guard")
  elseif not accepted[guard] then
    report(file.path, nil, "the guard %s should be %s", guard, (next(accepted)))
  end
end

local function check_function(file, f, report)
  local is_static = f.header:match("%f[%w_]static%f[^%w_]") ~= nil
  local public = file.path:match("^engine/public/")
  local program = file.path:match("^engine/cli/")
  local name = f.name or "?"
  if file.path:match("%.c$") and is_static and name:match("^ms_") then
    report(file.path, f.line, "%s is static: file-local names have no prefix", name)
  elseif not is_static and not name:match("^ms_%l") and not (public and name:match("^mstep_"))
    and not (program and name == "main") then
    report(file.path, f.line, "%s crosses files: name it ms_module_verb", name)
  end
end

local function check_c(file, report)
  local functions, code = lint.functions_c(file.text)
  for _, f in ipairs(functions) do
    check_function(file, f, report)
  end
  for at, rest in code:gmatch("()%f[%w_]typedef%s+struct%f[^%w_]([^;{]*)") do
    -- The type of a callback that returns a struct is fine.
    if not file.path:match("^include/") and not rest:find("(", 1, true) then
      report(file.path, lint.line_at(code, at), "struct ms_x is used by that name: no typedef")
    end
  end
  for at, name in code:gmatch("\n()static%s+[%w_ *]-%f[%w_](ms_[%w_]+)%s*[=;%[]") do
    if file.path:match("%.c$") then
      report(file.path, lint.line_at(code, at), "%s is static: file-local names have no prefix", name)
    end
  end
end

local function check(files, report)
  for _, file in ipairs(files) do
    local ours = file.path:match("^engine/.*%.[ch]$") or file.path:match("^include/.*%.h$")
    if ours and not file.path:match("^[%l%d_/]+%.[ch]$") then
      report(file.path, nil, "file names are snake_case")
    end
    if ours and file.path:match("%.h$") then
      check_header(file, report)
    end
    if ours then
      check_c(file, report)
    end
    if ours and not file.text:match("^/%*") then
      report(file.path, 1, "opens with a comment: what the file is responsible for")
    end
  end
end

local function with(text)
  return "/* a */\n" .. text
end

return lint {
  name = "names",
  check = check,
  bad = {
    { says = "file%-local names", ["engine/a/a.c"] = with("static int ms_a_b(void)\n{\n}\n") },
    { says = "file%-local names", ["engine/a/a.c"] = with("static const int ms_a[2] = {1, 2};\n") },
    { says = "a.c:3: parse crosses files", ["engine/a/a.c"] = with("\nint parse(void)\n{\n}\n") },
    { says = "guard A_H should be MS_A_A_H", ["engine/a/a.h"] = with("#ifndef A_H\n#define A_H\n#endif\n") },
    { says = "no header guard", ["engine/a/a.h"] = with("int x;\n") },
    { says = "no typedef", ["engine/a/a.c"] = with("typedef struct x {\n  int a;\n} x;\n") },
    { says = "snake_case", ["engine/a/bigName.c"] = with("") },
    { says = "opens with a comment", ["engine/a/a.c"] = "#include <stdio.h>\n" },
  },
  good = {
    {
      ["engine/a/a.c"] = with("static int b(void)\n{\n}\n\nint ms_a_b(void)\n{\n}\nconst struct ms_x ms_y = {1};\n"
        .. "typedef struct ms_x (*ms_x_cb)(int a);\n"),
      ["engine/query/jsonata/eval.h"] = with("#ifndef MS_JSONATA_EVAL_H\n#define MS_JSONATA_EVAL_H\n#endif\n")
        :gsub("MS_JSONATA", "MS_QUERY_JSONATA"),
      ["engine/cli/main.c"] = with("int main(void)\n{\n}\n"),
      ["engine/public/a.c"] = with("int mstep_a_b(void)\n{\n}\n"),
      ["include/mstep/a.h"] = with("#ifndef MSTEP_A_H\n#define MSTEP_A_H\n#endif\n"),
    },
  },
}
