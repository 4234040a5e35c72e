-- Each public header compiles alone: C99 and C11 with gcc and clang, C++17, nothing but the standard
-- before it and every warning an error. A compiler that is not installed is named and passed over.
local lint = require "lint"

local COMPILERS = {
  { program = "gcc", language = "c", standards = { "c99", "c11" } },
  { program = "clang", language = "c", standards = { "c99", "c11" } },
  { program = "g++", language = "c++", standards = { "c++17" } },
}

local function exists(program)
  return (os.execute(("command -v %s >/dev/null 2>&1"):format(program)))
end

local function compile(compiler, standard, include, header)
  local command = ([[printf '#include <%s>\nint main(void) { return 0; }\n' | %s -x %s -std=%s -I'%s'
    -fsyntax-only -Wall -Wextra -pedantic -Werror - 2>&1]]):gsub("\n%s*", " ")
  local lines, ok = lint.lines_of(command:format(header, compiler.program, compiler.language, standard, include))
  return ok, lines[1]
end

local function check_header(include, header, path, report)
  local ran = 0
  for _, compiler in ipairs(COMPILERS) do
    for _, standard in ipairs(exists(compiler.program) and compiler.standards or {}) do
      local ok, message = compile(compiler, standard, include, header)
      ran = ran + 1
      if not ok then
        report(path, nil, "%s -std=%s: %s", compiler.program, standard, message or "failed")
      end
    end
  end
  if ran == 0 then
    report(path, nil, "no compiler of %s, %s, %s is installed", "gcc", "clang", "g++")
  end
end

-- A sample is compiled from a scratch directory, the tree from where it is.
local function materialise(files)
  local directory = os.tmpname()
  os.remove(directory)
  for _, file in ipairs(files) do
    local path = directory .. "/" .. file.path
    os.execute(("mkdir -p '%s'"):format(path:match("^(.*)/")))
    local f = assert(io.open(path, "w"))
    f:write(file.text)
    f:close()
  end
  return directory
end

local function check(files, report, context)
  local root = context.root or materialise(files)
  local count = 0
  for _, file in ipairs(files) do
    local header = file.path:match("^include/(.*%.h)$")
    if header then
      check_header(root .. "/include", header, file.path, report)
      count = count + 1
    end
  end
  if count == 0 then
    report("include", nil, "holds no header")
  end
  if not context.root then
    os.execute(("rm -rf '%s'"):format(root))
  end
end

return lint {
  name = "headers",
  check = check,
  bad = {
    { says = "std=c99", ["include/mstep/a.h"] = "size_t f(void);\n" },
    { says = "std=c%+%+17", ["include/mstep/a.h"] = "struct mstep_a {\n  int class;\n};\n" },
    { says = "holds no header", ["engine/a.h"] = "" },
  },
  good = { { ["include/mstep/a.h"] = "#include <stddef.h>\nsize_t f(void);\n" } },
}
