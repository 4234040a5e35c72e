/* Coroutines of scripts: as Lua's own, except that a sleep inside of one suspends the whole call. */
#include "fixture.h"

MT_TEST(lua_coroutine__functions)
{
  static const struct fixture_row rows[] = {
      {"local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b) return c * 2 end)\n"
       "local _, x = coroutine.resume(co, 1, 2) local _, y = coroutine.resume(co, 5)\n"
       "return {x, y, coroutine.status(co)}",
       "[3,10,\"dead\"]"},
      {"local co = coroutine.create(print) coroutine.resume(co) return {coroutine.resume(co)}",
       "[false,\"cannot resume dead coroutine\"]"},
      {"return {coroutine.resume(coroutine.running())}",
       "[false,\"cannot resume non-suspended coroutine\"]"},
      {"local co co = coroutine.wrap(function() return pcall(co) end) return {co()}",
       "[false,\"cannot resume non-suspended coroutine\"]"},
      {"local a a = coroutine.create(function() return coroutine.status(a) end)\n"
       "return {coroutine.status(a), select(2, coroutine.resume(a))}",
       "[\"suspended\",\"running\"]"},
      {"local outer outer = coroutine.create(function()\n"
       "  return coroutine.wrap(function() return coroutine.status(outer) end)() end)\n"
       "return select(2, coroutine.resume(outer))",
       "\"normal\""},
      {"local t = {} for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do\n"
       "t[#t + 1] = v end return t",
       "[1,2,3]"},
      {"return {coroutine.resume(coroutine.create(function() error('x') end))}",
       "[false,\"functions/eval.lua:3: x\"]"},
      {"return {coroutine.resume(coroutine.create(function() error({1}) end))}", "[false,[1]]"},
      {"coroutine.wrap(function() error('inside') end)()",
       "functions/eval.lua:3: functions/eval.lua:3: inside"},
      {"coroutine.yield(1)", "attempt to yield from outside a coroutine"},
      {"return {coroutine.isyieldable(), coroutine.wrap(coroutine.isyieldable)()}", "[false,true]"},
      {"local co, main = coroutine.running() return {type(co), main}", "[\"thread\",true]"},
      {"return coroutine.wrap(function() return select(2, coroutine.running()) end)()", "false"},
      {"coroutine.close(coroutine.running())", "cannot close a running coroutine"},
      {"local log = {} local co = coroutine.create(function()\n"
       "  local x <close> = setmetatable({}, {__close = function() log[1] = 'closed' end})\n"
       "  coroutine.yield() end)\n"
       "coroutine.resume(co) return {coroutine.close(co), log, coroutine.status(co)}",
       "[true,[\"closed\"],\"dead\"]"},
      {"local co = coroutine.create(function()\n"
       "  local x <close> = setmetatable({}, {__close = function() error('late') end})\n"
       "  coroutine.yield() end)\n"
       "coroutine.resume(co) return {coroutine.close(co)}",
       "[false,\"functions/eval.lua:4: late\"]"},
      {"local co = coroutine.create(function()\n"
       "  local x <close> = setmetatable({}, {__close = function(_, e) error(e .. '!', 0) end})\n"
       "  error('a', 0) end)\n"
       "return {coroutine.resume(co)}",
       "[false,\"a!\"]"},
      {"return {pcall(coroutine.resume, 1)}",
       "[false,\"bad argument #1 to 'coroutine.resume' (coroutine expected, got number)\"]"},
      {"local ok = pcall(coroutine.create, 1) return ok", "false"},
      {"return pcall(coroutine.wrap(function() pcall(coroutine.yield, 1) error('x') end))", "true"},
      {"local n = 0 for i = 1, 1000 do n = n + coroutine.wrap(function() return 1 end)() end return n",
       "1000"},
      {"local function nest(n) if n == 0 then return 'deep' end\n"
       "return coroutine.wrap(nest)(n - 1) end return nest(60)",
       "\"deep\""},
      {"local function nest() return coroutine.wrap(nest)() end nest()", "C stack overflow"},
      {"return select('#', coroutine.wrap(function() return table.unpack({}, 1, 500) end)())", "500"},
  };
  FIXTURE_ROWS(rows);
}

MT_TEST(lua_coroutine__sleep_suspends_the_call)
{
  static const struct fixture_row rows[] = {
      {"local t = mstep.now() coroutine.wrap(function() mstep.sleep(2) end)() return mstep.now() - t",
       "2.0"},
      {"local t = mstep.now()\n"
       "local co = coroutine.create(function(a) mstep.sleep(1) local b = coroutine.yield(a + 1)\n"
       "  mstep.sleep(1) return b end)\n"
       "local _, x = coroutine.resume(co, 1) local _, y = coroutine.resume(co, 'b')\n"
       "return {x, y, mstep.now() - t, coroutine.status(co)}",
       "[2,\"b\",2.0,\"dead\"]"},
      {"local function nest(n) if n == 0 then mstep.sleep(3) return 'slept' end\n"
       "return coroutine.wrap(nest)(n - 1) end\n"
       "local t = mstep.now() return {nest(20), mstep.now() - t}",
       "[\"slept\",3.0]"},
      {"local t = mstep.now() local ok = pcall(function() mstep.sleep(1) error('x') end)\n"
       "return {ok, mstep.now() - t}",
       "[false,1.0]"},
      {"local t = mstep.now() local ok, e = xpcall(function() mstep.sleep(1) error('x', 0) end,\n"
       "function(e) return e .. '!' end) return {ok, e, mstep.now() - t}",
       "[false,\"x!\",1.0]"},
      {"table.sort({1, 2, 3}, function() mstep.sleep(1) end)", "cannot sleep here"},
      {"coroutine.wrap(function() table.sort({1, 2}, function() mstep.sleep(1) end) end)()",
       "cannot sleep here"},
      {"('x'):gsub('x', coroutine.wrap(function() mstep.sleep(1) end))", "cannot sleep here"},
      {"mstep.sleep(-1)", "0 to a year of seconds"},
      {"mstep.sleep(0/0)", "0 to a year of seconds"},
      {"mstep.sleep('x')", "number expected"},
      {"local t = mstep.now() mstep.sleep(0) mstep.sleep(0.0015) return mstep.now() > t", "true"},
  };
  FIXTURE_ROWS(rows);
}

/* The coroutine of another call, got hold of while it sleeps, cannot be touched. */
MT_TEST(lua_coroutine__other_calls_are_out_of_reach)
{
  struct fixture f;
  static struct answer sleeper;
  static struct answer thief;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f",
               "return function(event)\n"
               "  if event.thief then\n"
               "    return {coroutine.status(co), select(2, coroutine.resume(co)),\n"
               "            (pcall(coroutine.close, co)), (pcall(coroutine.wrap, co))} end\n"
               "  co = coroutine.running() require('mstep').sleep(5) return 'slept' end");
  fixture_start(&f, &sleeper, "f", "{}", 0);
  fixture_start(&f, &thief, "f", "{\"thief\":true}", 0);
  fixture_run(&f);
  mt_eq_str(thief.output, "[\"normal\",\"cannot resume non-suspended coroutine\",false,false]");
  mt_eq_str(sleeper.output, "\"slept\"");
  fixture_deinit(&f);
}
