-- Symbols of the built libraries: a static archive has no hidden names, so every global one starts
-- with mstep_ or ms_; the shared library exports mstep_ only.
local lint = require "lint"

local function check(_, report, context)
  for _, symbol in ipairs(context.static) do
    if not symbol:match("^mstep_") and not symbol:match("^ms_") then
      report("libmstep.a", nil, "the global symbol %s has no prefix", symbol)
    end
  end
  for _, symbol in ipairs(context.shared) do
    if not symbol:match("^mstep_") then
      report("libmstep.so", nil, "%s is exported", symbol)
    end
  end
  if #context.static == 0 then
    report("libmstep.a", nil, "has no symbols")
  end
end

local function names(command)
  local found = {}
  for _, line in ipairs((lint.lines_of(command))) do
    found[#found + 1] = line:match("^%x+ %a ([%w_.$]+)$")
  end
  return found
end

local function context(_, build)
  local shared = build .. "/libmstep.so"
  local f = io.open(shared)
  return {
    static = names(("nm -g --defined-only '%s/libmstep.a'"):format(build)),
    shared = f and f:close() and names(("nm -D --defined-only '%s'"):format(shared)) or {},
  }
end

return lint {
  name = "symbols",
  check = check,
  context = context,
  bad = {
    { says = "parse has no prefix", context = { static = { "ms_a", "parse" }, shared = {} } },
    { says = "ms_a is exported", context = { static = { "ms_a" }, shared = { "mstep_b", "ms_a" } } },
    { says = "has no symbols", context = { static = {}, shared = {} } },
  },
  good = { { context = { static = { "ms_a", "mstep_b" }, shared = { "mstep_b" } } } },
}
