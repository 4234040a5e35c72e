/*
 * Handlers that compute for long: others have their turn in between, nothing of a script is seen by itself
 * half done, and the total time is still what ends them.
 */
#include "fixture.h"

/* Computes for so many milliseconds, in Lua and not in C. */
#define SPIN "local function spin(ms) local t = os.clock() + ms / 1000 while os.clock() < t do end end\n"

static const struct ms_lua_options local = {.memory_max_bytes = 16u << 20};
static const struct ms_lua_options one = {.workers = 1, .memory_max_bytes = 16u << 20};
static const struct ms_lua_options two = {.workers = 2, .memory_max_bytes = 16u << 20};

/* Which call was told when: the order of `at_ms` is not fine enough. */
static int told;

struct runner {
  struct answer answer;
  int place;
};

static void on_done(const struct ms_lua_result *result, void *user)
{
  struct runner *r = user;
  fixture_done(result, &r->answer);
  r->place = ++told;
}

static void start(struct fixture *f, struct runner *r, const char *function, const char *payload,
                  int64_t timeout_ms)
{
  memset(r, 0, sizeof *r);
  r->answer.fixture = f;
  struct ms_lua_call call = {.function = ms_str_c(function), .request_id = "req-1", .attempt = 1,
                             .timeout_ms = timeout_ms};
  mt_eq_int(ms_json_parse(&call.payload, ms_str_c(payload), NULL, NULL), 0);
  mt_eq_int(ms_lua_invoke(&r->answer.id, f->lua, &call, on_done, r), 0);
  ms_json_unref(call.payload);
}

static void expect_short_first(struct ms_lua_options options, bool is_virtual)
{
  static struct runner hog, brief;
  struct fixture f;
  told = 0;
  fixture_init(&f, options, is_virtual);
  fixture_load(&f, "hog", SPIN "return function() spin(200) return 'hog' end");
  fixture_load(&f, "brief", "return function() return 'brief' end");
  start(&f, &hog, "hog", "{}", 0);
  start(&f, &brief, "brief", "{}", 0);
  fixture_run(&f);
  mt_eq_str(hog.answer.output, "\"hog\"");
  mt_eq_str(brief.answer.output, "\"brief\"");
  mt_eq_int(brief.place, 1);
  mt_eq_int(hog.place, 2);
  fixture_deinit(&f);
}

MT_TEST(lua_preempt__short_call_overtakes)
{
  expect_short_first(local, false);
  expect_short_first(local, true);
  expect_short_first(one, false);
}

MT_TEST(lua_preempt__not_when_switched_off)
{
  static struct runner hog, brief;
  struct fixture f;
  told = 0;
  fixture_init(&f, (struct ms_lua_options){.slice_ms = -1}, true);
  fixture_load(&f, "hog", SPIN "return function() spin(100) end");
  fixture_load(&f, "brief", "return function() end");
  start(&f, &hog, "hog", "{}", 0);
  start(&f, &brief, "brief", "{}", 0);
  fixture_run(&f);
  mt_eq_int(hog.place, 1);
  fixture_deinit(&f);
}

/* Calls of one function share its state, but never in the middle of one another's computing. */
static void expect_apart(struct ms_lua_options options)
{
  enum { COUNT = 12 };
  static struct runner runners[COUNT];
  struct fixture f;
  fixture_init(&f, options, false);
  fixture_load(&f, "f", SPIN "local inside, calls = 0, 0\n"
                        "return function() calls = calls + 1 inside = inside + 1 spin(35) local seen = inside\n"
                        "inside = inside - 1 return seen end");
  for (int i = 0; i < COUNT; i++) {
    start(&f, &runners[i], "f", "{}", 0);
  }
  fixture_run(&f);
  for (int i = 0; i < COUNT; i++) {
    mt_eq_str(runners[i].answer.output, "1");
  }
  fixture_deinit(&f);
}

MT_TEST(lua_preempt__calls_of_one_function_are_apart)
{
  expect_apart(local);
  expect_apart(two);
}

/* One that sleeps in the state of one that computes is due in the middle of it. */
static void expect_sleeper_waits(struct ms_lua_options options)
{
  static struct runner sleeper, hog;
  struct fixture f;
  fixture_init(&f, options, false);
  fixture_load(&f, "f", SPIN "local mstep = require 'mstep' local inside = 0\n"
                        "return function(e)\n"
                        "  if e.sleep then mstep.sleep(0.02) return inside end\n"
                        "  inside = 1 spin(120) inside = 0 return 'computed' end");
  start(&f, &sleeper, "f", "{\"sleep\":true}", 0);
  start(&f, &hog, "f", "{}", 0);
  fixture_run(&f);
  mt_eq_str(sleeper.answer.output, "0");
  mt_eq_str(hog.answer.output, "\"computed\"");
  fixture_deinit(&f);
}

MT_TEST(lua_preempt__sleeper_is_not_woken_inside)
{
  expect_sleeper_waits(local);
  expect_sleeper_waits(one);
}

MT_TEST(lua_preempt__many_that_compute)
{
  enum { COUNT = 60 };
  static struct runner runners[COUNT];
  const struct ms_lua_options *all[] = {&local, &two};
  for (size_t k = 0; k < 2; k++) {
    struct fixture f;
    told = 0;
    fixture_init(&f, *all[k], false);
    fixture_load(&f, "f", SPIN "return function(e) spin(12) return e end");
    for (int i = 0; i < COUNT; i++) {
      start(&f, &runners[i], "f", mt_format("%d", i), 0);
    }
    fixture_run(&f);
    mt_eq_int(told, COUNT);
    for (int i = 0; i < COUNT; i++) {
      mt_eq_str(runners[i].answer.output, mt_format("%d", i));
    }
    fixture_deinit(&f);
  }
}

/* Where the computing happens: each gives its sum, preempted often on the way, with a call beside it. */
MT_TEST(lua_preempt__anywhere)
{
  static const char *const bodies[] = {
      "local n = 0 for i = 1, 3000000 do n = n + i % 7 end return n",
      "return coroutine.wrap(function() local n = 0 for i = 1, 3000000 do n = n + i % 7 end return n end)()",
      "local co = coroutine.wrap(function() local n = 0 for i = 1, 3000000 do n = n + i % 7\n"
      "  if i % 1000 == 0 then coroutine.yield(i) end end coroutine.yield(0) coroutine.yield(n) end)\n"
      "local last while true do local v = co() if v == 0 then return co() end end",
      /* where no yield is possible */
      "local n = 0 table.sort({2, 1}, function(a, b) n = 0 for i = 1, 3000000 do n = n + i % 7 end return a < b end)\n"
      "return n",
      "local n = 0 string.gsub('a', '.', function() for i = 1, 3000000 do n = n + i % 7 end end) return n",
      /* a coroutine that could yield below a function that cannot */
      "local n = 0 string.gsub('a', '.', coroutine.wrap(function() for i = 1, 3000000 do n = n + i % 7 end end))\n"
      "return n",
      "local t = setmetatable({}, {__index = function() local n = 0 for i = 1, 3000000 do n = n + i % 7 end return n end})\n"
      "return t.x",
      "local n = 0 pcall(function() for i = 1, 3000000 do n = n + i % 7 end end) return n",
      "local n = 0 xpcall(error, function() for i = 1, 3000000 do n = n + i % 7 end end) return n",
      "local n = 0 do local x <close> = setmetatable({}, {__close = function()\n"
      "  for i = 1, 3000000 do n = n + i % 7 end end}) end return n",
      "local n = 0 for i = 1, 300 do local co = coroutine.create(function()\n"
      "  for k = 1, 10000 do n = n + ((i - 1) * 10000 + k) % 7 end end) coroutine.resume(co) end return n",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    for (unsigned workers = 0; workers < 2; workers++) {
      static struct runner hog, beside[3];
      struct fixture f;
      fixture_init(&f, (struct ms_lua_options){.slice_ms = 1, .workers = workers}, false);
      fixture_load(&f, "hog", mt_format("return function()\n%s\nend", bodies[i]));
      fixture_load(&f, "brief", SPIN "return function() spin(5) return 'brief' end");
      start(&f, &hog, "hog", "{}", 0);
      for (int k = 0; k < 3; k++) {
        start(&f, &beside[k], "brief", "{}", 0);
      }
      fixture_run(&f);
      if (strcmp(hog.answer.output, "8999997") != 0) {
        mt_report("%s\n%s\n%s", bodies[i], hog.answer.output, hog.answer.cause);
      }
      mt_eq_str(beside[2].answer.output, "\"brief\"");
      fixture_deinit(&f);
    }
  }
}

/* The whole time is what ends it, and others go on meanwhile. */
static void expect_killed(struct ms_lua_options options, bool is_virtual, const char *body)
{
  static struct runner hog, brief;
  struct fixture f;
  told = 0;
  fixture_init(&f, options, is_virtual);
  fixture_load(&f, "hog", mt_format("return function()\n%s\nend", body));
  fixture_load(&f, "brief", SPIN "return function() spin(30) return 'brief' end");
  int64_t begin = fixture_real_ms();
  start(&f, &hog, "hog", "{}", 150);
  start(&f, &brief, "brief", "{}", 0);
  fixture_run(&f);
  int64_t took = fixture_real_ms() - begin;
  mt_eq_int(hog.answer.outcome, MS_LUA_TIMEOUT);
  mt_eq_str(hog.answer.error, "Sandbox.Timedout");
  mt_ok(strstr(hog.answer.cause, "Task timed out after 0.15 seconds") != NULL);
  mt_eq_str(brief.answer.output, "\"brief\"");
  mt_ok(took >= 145 && took < 20000);
  fixture_call(&f, &brief.answer, "brief", "{}", 0);
  fixture_deinit(&f);
}

MT_TEST(lua_preempt__total_time_kills)
{
  static const char *const bodies[] = {
      "while true do end",
      "while true do pcall(coroutine.wrap(function() while true do end end)) end",
      "table.sort({2, 1}, function() while true do end end)",
      "string.gsub('a', '.', coroutine.wrap(function() while true do end end))",
      "return string.find(('a'):rep(100000), '.-.-.-.-.-.-b')",
      "while true do local x = ('x'):rep(1000) end",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    expect_killed(local, false, bodies[i]);
    expect_killed(local, true, bodies[i]);
    expect_killed(one, false, bodies[i]);
  }
}

MT_TEST(lua_preempt__cancelled_and_freed_in_between)
{
  const struct ms_lua_options *all[] = {&local, &two};
  for (size_t k = 0; k < 2; k++) {
    static struct runner hogs[8];
    struct fixture f;
    told = 0;
    fixture_init(&f, *all[k], false);
    fixture_load(&f, "hog", "return function() while true do end end");
    fixture_load(&f, "brief", "return function() return 'brief' end");
    for (int i = 0; i < 8; i++) {
      start(&f, &hogs[i], "hog", "{}", 60000);
    }
    static struct runner brief;
    start(&f, &brief, "brief", "{}", 0);
    while (!brief.answer.is_told) {
      ms_lua_on_wake(f.lua);
      ms_lua_on_timer(f.lua, ms_loop_now_ms(f.loop));
    }
    for (int i = 0; i < 4; i++) {
      ms_lua_cancel(f.lua, hogs[i].answer.id);
    }
    while (told < 5) {
      ms_lua_on_wake(f.lua);
      ms_lua_on_timer(f.lua, ms_loop_now_ms(f.loop));
    }
    for (int i = 0; i < 4; i++) {
      mt_eq_int(hogs[i].answer.outcome, MS_LUA_CANCELLED);
    }
    fixture_deinit(&f); /* the others are still under way */
  }
}
