/*
 * Scripts that do not end, or take too much: each is killed near its deadline with the right outcome, and
 * the engine and the other calls go on.
 */
#include "fixture.h"

#define LIMIT_MS 60
#define LATE_MS 20000 /* a busy machine, a sanitizer: the scripts themselves would never end */
#define FILL_MS 60000 /* for scripts that fill their memory: they end long before, but not under a sanitizer */

#if defined(__SANITIZE_THREAD__)
#define HAS_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER 1
#endif
#endif

/* On the loop thread with simulated time: the limit counts in real time there. */
static void expect_killed(const char *body, enum ms_lua_outcome expected)
{
  int64_t limit_ms = expected == MS_LUA_MEMORY ? FILL_MS : LIMIT_MS;
  struct fixture f;
  struct answer a;
  struct ms_lua_options options = {.memory_max_bytes = 16u << 20};
  fixture_init(&f, options, true);
  char *source = mt_format("return function(event)\n%s\nend", body);
  fixture_load(&f, "bad", source);
  fixture_load(&f, "good", "return function(event) return event end");
  int64_t begin = fixture_real_ms();
  fixture_call(&f, &a, "bad", "{}", limit_ms);
  int64_t took = fixture_real_ms() - begin;
  if (a.outcome != expected) {
    mt_report("outcome %d instead of %d: %s\n%s", a.outcome, expected, a.cause, body);
  }
  if (expected == MS_LUA_TIMEOUT && took > LATE_MS) {
    mt_report("took %lld ms:\n%s", (long long)took, body);
  }
  if (expected == MS_LUA_TIMEOUT) {
    mt_eq_str(a.error, "Sandbox.Timedout");
    mt_eq_str(a.cause, "{\"errorMessage\":\"RequestId: req-1 Error: Task timed out after 0.06 seconds\","
                       "\"errorType\":\"Sandbox.Timedout\"}");
  }
  fixture_call(&f, &a, "good", "{\"n\":1}", 0);
  mt_eq_str(a.output, "{\"n\":1}");
  fixture_call(&f, &a, "bad", "{}", limit_ms); /* a killed function can be called again */
  mt_eq_int(a.outcome, expected);
  fixture_deinit(&f);
}

#define KILLED(name, expected, body) \
  MT_TEST(lua_kill__##name)          \
  {                                  \
    expect_killed(body, expected);   \
  }

KILLED(loop, MS_LUA_TIMEOUT, "while true do end")
KILLED(empty_repeat, MS_LUA_TIMEOUT, "repeat until false")
KILLED(goto_loop, MS_LUA_TIMEOUT, "::again:: goto again")
KILLED(numeric_for, MS_LUA_TIMEOUT, "for i = 1, math.maxinteger do end")
KILLED(pcall_loop, MS_LUA_TIMEOUT, "while true do pcall(function() while true do end end) end")
KILLED(pcall_of_pcall, MS_LUA_TIMEOUT, "while true do pcall(pcall, pcall, error) end")
KILLED(recursive_pcall, MS_LUA_TIMEOUT,
       "local function f() while true do pcall(f) end end f()")
KILLED(xpcall_loop, MS_LUA_TIMEOUT,
       "while true do xpcall(function() while true do end end, function(e) return e end) end")
KILLED(message_handler, MS_LUA_TIMEOUT,
       "xpcall(function() error('x') end, function() while true do end end)")
KILLED(message_handler_of_kill, MS_LUA_TIMEOUT,
       "xpcall(function() while true do end end, function() while true do end end)")
KILLED(coroutine_wrap, MS_LUA_TIMEOUT, "coroutine.wrap(function() while true do end end)()")
KILLED(coroutine_pcall, MS_LUA_TIMEOUT,
       "while true do pcall(coroutine.wrap(function() while true do end end)) end")
KILLED(coroutine_nested, MS_LUA_TIMEOUT,
       "local function f(n) if n == 0 then while true do end end\n"
       "while true do pcall(coroutine.wrap(f), n - 1) end end f(20)")
MT_TEST(lua_kill__coroutine_resume_loop)
{
#ifdef HAS_THREAD_SANITIZER
  mt_skip("the thread sanitizer's own stack grows with each yield: it counts calls, not jumps");
#endif
  expect_killed("local co = coroutine.create(function() while true do coroutine.yield() end end)\n"
                "while true do coroutine.resume(co) end",
                MS_LUA_TIMEOUT);
}

KILLED(coroutines_made, MS_LUA_TIMEOUT,
       "while true do coroutine.resume(coroutine.create(function() end)) end")
KILLED(to_be_closed, MS_LUA_TIMEOUT,
       "local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
       "while true do end")
KILLED(to_be_closed_at_return, MS_LUA_TIMEOUT,
       "local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
       "return 1")
KILLED(to_be_closed_in_coroutine, MS_LUA_TIMEOUT,
       "coroutine.wrap(function()\n"
       "local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
       "while true do end end)()")
KILLED(coroutine_close, MS_LUA_TIMEOUT,
       "local co = coroutine.create(function()\n"
       "local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
       "coroutine.yield() end) coroutine.resume(co) coroutine.close(co)")
KILLED(sort_comparator, MS_LUA_TIMEOUT,
       "table.sort({3,2,1}, function(a, b) while true do end end)")
KILLED(gsub_callback, MS_LUA_TIMEOUT, "string.gsub('abc', '.', function() while true do end end)")
KILLED(index_metamethod, MS_LUA_TIMEOUT,
       "return setmetatable({}, {__index = function() while true do end end}).x")
KILLED(tostring_metamethod, MS_LUA_TIMEOUT,
       "tostring(setmetatable({}, {__tostring = function() while true do end end}))")
KILLED(tostring_of_error, MS_LUA_TIMEOUT,
       "error(setmetatable({}, {__tostring = function() while true do end end}))")
KILLED(pairs_metamethod, MS_LUA_TIMEOUT,
       "for k in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end")
KILLED(concat_metamethod, MS_LUA_TIMEOUT,
       "return setmetatable({}, {__concat = function() while true do end end}) .. ''")
KILLED(load_reader, MS_LUA_TIMEOUT, "load(function() while true do end end)")

/* ---- functions in C ---- */

KILLED(find_bad_pattern, MS_LUA_TIMEOUT,
       "return string.find(('a'):rep(5000), ('a-'):rep(60) .. 'b')")
KILLED(match_bad_pattern, MS_LUA_TIMEOUT,
       "return string.match(('a'):rep(100000), '.-.-.-.-.-.-b')")
KILLED(gmatch_bad_pattern, MS_LUA_TIMEOUT,
       "for w in string.gmatch(('a'):rep(100000), '.-.-.-.-.-.-b') do end")
KILLED(gsub_bad_pattern, MS_LUA_TIMEOUT,
       "return string.gsub(('a'):rep(100000), '.-.-.-.-.-.-b', '')")
KILLED(find_in_pcall, MS_LUA_TIMEOUT,
       "while true do pcall(string.find, ('a'):rep(100000), '.-.-.-.-.-.-b') end")
KILLED(rep_of_nothing, MS_LUA_TIMEOUT, "while true do (''):rep(1 << 60) end")
KILLED(table_move_of_nothing, MS_LUA_TIMEOUT, "table.move({}, 1, 1 << 60, 2)")
KILLED(table_insert_lying_length, MS_LUA_TIMEOUT,
       "table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 1)")
KILLED(table_remove_lying_length, MS_LUA_TIMEOUT,
       "table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)")
KILLED(sort_long_strings, MS_LUA_TIMEOUT,
       "local s, t = ('a'):rep(4000000), {} for i = 1, 200000 do t[i] = s end table.sort(t)")

/* ---- memory ---- */

KILLED(rep_too_long, MS_LUA_MEMORY, "return #('x'):rep(1e9)")
KILLED(string_grows, MS_LUA_MEMORY, "local s = 'x' while true do s = s .. s end")
KILLED(table_grows, MS_LUA_MEMORY, "local t = {} for i = 1, math.huge do t[i] = {} end")
KILLED(globals_grow, MS_LUA_MEMORY, "t = {} for i = 1, math.huge do t[i] = 'abc' .. i end")
KILLED(closures_grow, MS_LUA_MEMORY,
       "local t = nil while true do local old = t t = function() return old end end")
KILLED(coroutines_grow, MS_LUA_MEMORY,
       "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end")
KILLED(gsub_grows, MS_LUA_MEMORY,
       "local s = 'xxxxxxxxxxxx' while true do s = s:gsub('.', '%0%0') end")
KILLED(memory_in_coroutine, MS_LUA_MEMORY,
       "coroutine.wrap(function() local s = 'x' while true do s = s .. s end end)()")

MT_TEST(lua_kill__memory_caught_for_ever)
{
  expect_killed("while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
                MS_LUA_TIMEOUT);
}

/* The same limits hold where a function's file is run for the first time. */
MT_TEST(lua_kill__while_loading)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "bad", "while true do end");
  fixture_call(&f, &a, "bad", "{}", LIMIT_MS);
  mt_eq_int(a.outcome, MS_LUA_TIMEOUT);
  fixture_load(&f, "bad", "local x <close> = setmetatable({}, {__close = function() while true do end "
                          "end})\nwhile true do end");
  fixture_call(&f, &a, "bad", "{}", LIMIT_MS);
  mt_eq_int(a.outcome, MS_LUA_TIMEOUT);
  fixture_deinit(&f);
}

MT_TEST(lua_kill__finalizers_are_refused)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_eval(&f, &a, "setmetatable({}, {__gc = function() while true do end end})", "{}");
  mt_eq_int(a.outcome, MS_LUA_ERROR);
  mt_ok(strstr(a.cause, "__gc") != NULL);
  /* no way in through the metatables of arrays, strings and the context */
  fixture_eval(&f, &a,
               "return {getmetatable(event.list), getmetatable(''), getmetatable(context),"
               " getmetatable(event.big)}",
               "{\"list\":[],\"big\":1e999}");
  mt_eq_str(a.output, "[\"mstep.array\",false,\"mstep.context\",\"mstep.number\"]");
  fixture_deinit(&f);
}

/* Sleeping calls of the same function outlive one that is killed. */
MT_TEST(lua_kill__leaves_sleepers_alone)
{
  struct fixture f;
  struct answer sleeper;
  struct answer bad;
  struct answer after;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f",
               "local mstep = require 'mstep' n = 0\n"
               "return function(event) n = n + 1\n"
               "if event.bad then while true do end end mstep.sleep(1) return n end");
  fixture_start(&f, &sleeper, "f", "{}", 0);
  fixture_start(&f, &bad, "f", "{\"bad\":true}", LIMIT_MS);
  fixture_start(&f, &after, "f", "{}", 0);
  fixture_run(&f);
  mt_eq_int(bad.outcome, MS_LUA_TIMEOUT);
  mt_eq_str(sleeper.output, "2"); /* the state that the bad one shared with it */
  mt_eq_str(after.output, "1");   /* a new one */
  fixture_deinit(&f);
}

MT_TEST(lua_kill__deadline_while_asleep)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f", "return function() require('mstep').sleep(100) end");
  fixture_call(&f, &a, "f", "{}", 5000);
  mt_eq_int(a.outcome, MS_LUA_TIMEOUT);
  mt_eq_int(a.at_ms, FIXTURE_START_MS + 5000);
  fixture_deinit(&f);
}

/* Closing a sleeping call runs its __close handlers: for a moment, not for ever. */
MT_TEST(lua_kill__close_handler_of_a_sleeper)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f",
               "return function()\n"
               "local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
               "require('mstep').sleep(100) end");
  fixture_call(&f, &a, "f", "{}", 5000);
  mt_eq_int(a.outcome, MS_LUA_TIMEOUT);
  fixture_deinit(&f);
}
