-- Inclusion follows engine/LAYERS: modules include only what stands below them, a foreign library is
-- named in one place, and the core includes headers of the C standard only.
local lint = require "lint"

local STANDARD = {}
for name in ([[assert ctype errno float inttypes limits math stdalign stdarg stdatomic stdbool stddef
    stdint stdio stdlib stdnoreturn string]]):gmatch("%S+") do
  STANDARD[name .. ".h"] = true
end

local function matches(header, pattern)
  local prefix = pattern:match("^(.*/)%*$")
  return header == pattern or prefix ~= nil and header:sub(1, #prefix) == prefix
end

local function check_foreign(file, number, header, foreign, report)
  local allowed, owner = true, nil
  for _, row in ipairs(foreign) do
    for _, pattern in ipairs(row.headers) do
      if matches(header, pattern) then
        local inside = file.path:sub(1, #("engine/" .. row.where)) == "engine/" .. row.where
        allowed, owner = (owner ~= nil and allowed) or inside, row
      end
    end
  end
  if not allowed then
    report(file.path, number, "<%s> (%s) belongs to engine/%s only", header, owner.package, owner.where)
  end
  return owner ~= nil
end

local function check_own(file, number, header, module, modules, report)
  local target = header:match("^(%l+)/[%w_/]+%.%l+$")
  if target == nil then
    report(file.path, number, '"%s": include as "module/noun.h"', header)
  elseif target == "mstep" then
    if header ~= "mstep/error.h" and not modules[module].may.public then
      report(file.path, number, '"%s": %s may not include public headers', header, module)
    end
  elseif modules[target] == nil then
    report(file.path, number, '"%s": there is no module %s in LAYERS', header, target)
  elseif not modules[module].may[target] or (target == "public" and module ~= "public") then
    report(file.path, number, '"%s": %s may not include %s', header, module, target)
  end
end

local function check_file(file, module, modules, foreign, report)
  local code = file.text:gsub("/%*.-%*/", function(s) return (s:gsub("[^\n]", " ")) end)
  for number, line in lint.each_line(code) do
    local own = line:match('^%s*#%s*include%s*"([^"]+)"')
    local system = line:match("^%s*#%s*include%s*<([^>]+)>")
    if own then
      check_own(file, number, own, module, modules, report)
    elseif system and system:match("^mstep/") then
      check_own(file, number, system, module, modules, report)
    elseif system and not check_foreign(file, number, system, foreign, report)
      and modules[module].level <= 2 and not STANDARD[system] then
      report(file.path, number, "<%s>: the core includes headers of the C standard only", system)
    end
  end
end

local function check_order(modules, order, report)
  local seen = {}
  for _, name in ipairs(order) do
    for other in pairs(modules[name].may) do
      if other ~= name and other ~= "public" and not seen[other] then
        report("engine/LAYERS", nil, "%s lists %s, which does not stand above it in the table", name, other)
      end
    end
    seen[name] = true
  end
end

local function check(files, report)
  local modules, foreign, order
  for _, file in ipairs(files) do
    if file.path == "engine/LAYERS" then
      modules, foreign, order = lint.layers(file.text)
    end
  end
  if modules == nil then
    return report("engine/LAYERS", nil, "is missing")
  end
  check_order(modules, order, report)
  for _, file in ipairs(files) do
    local module = file.path:match("^engine/([^/]+)/.*%.[ch]$") or file.path:match("^engine/([^/]+)/.*%.def$")
    if module and modules[module] == nil then
      report(file.path, nil, "module %s has no row in engine/LAYERS", module)
    elseif module then
      check_file(file, module, modules, foreign, report)
    end
  end
end

local LAYERS = [[
module  L0  base  :
module  L1  json  : base
module  L3  luavm : base json
module  L6  cli   : public
foreign  lua5.4  lua.h x/*  luavm/
]]

return lint {
  name = "layers",
  check = check,
  bad = {
    { says = "base may not include json", ["engine/LAYERS"] = LAYERS, ["engine/base/a.c"] = '#include "json/json.h"\n' },
    { says = "belongs to engine/luavm/ only", ["engine/LAYERS"] = LAYERS, ["engine/cli/a.c"] = "#include <lua.h>\n" },
    { says = "belongs to engine/luavm/ only", ["engine/LAYERS"] = LAYERS, ["engine/cli/a.c"] = "# include <x/y.h>\n" },
    { says = "C standard only", ["engine/LAYERS"] = LAYERS, ["engine/json/a.h"] = "#include <unistd.h>\n" },
    { says = "no module nowhere", ["engine/LAYERS"] = LAYERS, ["engine/json/a.h"] = '#include "nowhere/a.h"\n' },
    { says = "no row", ["engine/LAYERS"] = LAYERS, ["engine/extra/a.c"] = "\n" },
    { says = 'a.c:2: "a.h": include as', ["engine/LAYERS"] = LAYERS, ["engine/json/a.c"] = '\n#include "a.h"\n' },
    { says = "cli may not include json", ["engine/LAYERS"] = LAYERS, ["engine/cli/a.c"] = '#include "json/json.h"\n' },
    { says = "json may not include public", ["engine/LAYERS"] = LAYERS, ["engine/json/a.c"] = '#include "mstep/mstep.h"\n' },
    { says = "does not stand above", ["engine/LAYERS"] = "module L0 base : json\nmodule L1 json :\n" },
    { says = "is missing", ["engine/json/a.c"] = "" },
  },
  good = {
    {
      ["engine/LAYERS"] = LAYERS,
      ["engine/luavm/a.c"] = '#include "json/json.h"\n#include <lua.h>\n#include <unistd.h>\n/* #include "cli/x.h" */\n',
      ["engine/cli/a.c"] = '#include "mstep/mstep.h"\n',
      ["engine/base/a.c"] = '#include "mstep/error.h"\n#include <string.h>\n',
    },
  },
}
