/* Handlers on worker threads: results, errors, sleeping, cancelling, killing, the log, ending in the middle. */
#include "fixture.h"

static const struct ms_lua_options two = {.workers = 2, .memory_max_bytes = 16u << 20};

MT_TEST(lua_worker__many_calls)
{
  enum { COUNT = 3000 };
  static struct answer answers[64];
  struct fixture f;
  fixture_init(&f, two, false);
  fixture_load(&f, "f", "return function(event, context) return {n = event.n + 1, list = event.list} end");
  for (int i = 0; i < COUNT; i += 64) {
    for (int j = 0; j < 64; j++) {
      fixture_start(&f, &answers[j], "f", mt_format("{\"n\":%d,\"list\":[]}", i + j), 0);
    }
    fixture_run(&f);
    for (int j = 0; j < 64; j++) {
      mt_eq_int(answers[j].count, 1);
      mt_eq_str(answers[j].output, mt_format("{\"list\":[],\"n\":%d}", i + j + 1));
    }
  }
  mt_ok(ms_lua_is_idle(f.lua));
  fixture_deinit(&f);
}

MT_TEST(lua_worker__errors_and_missing)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, two, false);
  fixture_eval(&f, &a, "error{Error = 'Card.Declined', Cause = 'no money'}", "{}");
  mt_eq_int(a.outcome, MS_LUA_ERROR);
  mt_eq_str(a.error, "Card.Declined");
  mt_eq_str(a.cause, "no money");
  fixture_eval(&f, &a, "error{Error = 'Bare'}", "{}");
  mt_eq_str(a.error, "Bare");
  mt_eq_str(a.cause, "");
  fixture_call(&f, &a, "nothing", "{}", 0);
  mt_eq_int(a.outcome, MS_LUA_MISSING);
  mt_eq_str(a.error, "Lambda.ResourceNotFoundException");
  fixture_load(&f, "broken", "error('at load')");
  fixture_call(&f, &a, "broken", "{}", 0);
  mt_eq_int(a.outcome, MS_LUA_MISSING);
  mt_ok(strstr(a.cause, "functions/broken.lua:1: at load") != NULL);
  fixture_deinit(&f);
}

MT_TEST(lua_worker__sleeps_do_not_hold_a_worker)
{
  enum { COUNT = 200 };
  static struct answer answers[COUNT];
  struct fixture f;
  fixture_init(&f, two, false);
  fixture_load(&f, "f", "local mstep = require 'mstep' return function(event)\n"
                        "local t = mstep.now() mstep.sleep(0.2) return mstep.now() - t > 0.199 end");
  int64_t begin = fixture_real_ms();
  for (int i = 0; i < COUNT; i++) {
    fixture_start(&f, &answers[i], "f", "{}", 0);
  }
  fixture_run(&f);
  mt_ok(fixture_real_ms() - begin < 10000); /* one after another it would be 40 s */
  for (int i = 0; i < COUNT; i++) {
    mt_eq_str(answers[i].output, "true");
  }
  fixture_deinit(&f);
}

MT_TEST(lua_worker__kill_leaves_others_alone)
{
  static struct answer good[50];
  struct answer bad;
  struct answer full;
  struct fixture f;
  fixture_init(&f, two, false);
  fixture_load(&f, "bad", "return function() while true do pcall(function() while true do end end) end end");
  fixture_load(&f, "full", "return function() local s = 'x' while true do s = s .. s end end");
  fixture_load(&f, "good", "return function(event) return event end");
  int64_t begin = fixture_real_ms();
  fixture_start(&f, &bad, "bad", "{}", 100);
  fixture_start(&f, &full, "full", "{}", 5000);
  for (int i = 0; i < 50; i++) {
    fixture_start(&f, &good[i], "good", "[1]", 0);
  }
  fixture_run(&f);
  mt_eq_int(bad.outcome, MS_LUA_TIMEOUT);
  mt_eq_int(full.outcome, MS_LUA_MEMORY);
  for (int i = 0; i < 50; i++) {
    mt_eq_str(good[i].output, "[1]");
  }
  mt_ok(fixture_real_ms() - begin < 5000);
  fixture_deinit(&f);
}

static struct answer *cancel_these[8];

static void cancel_soon(void *user)
{
  struct fixture *f = user;
  for (int i = 0; i < 8; i++) {
    if (cancel_these[i] != NULL) {
      ms_lua_cancel(f->lua, cancel_these[i]->id);
      cancel_these[i] = NULL;
    }
  }
}

MT_TEST(lua_worker__cancel_running_sleeping_queued)
{
  struct answer running;
  struct answer sleeping;
  struct answer queued[6];
  struct fixture f;
  fixture_init(&f, (struct ms_lua_options){.workers = 1}, false);
  struct ms_loop_callbacks callbacks = {cancel_soon, NULL, fixture_on_wake, &f};
  ms_loop_set_callbacks(f.loop, &callbacks);
  fixture_load(&f, "sleep", "return function() require('mstep').sleep(1000) end");
  fixture_load(&f, "spin", "return function() while true do end end");
  int64_t begin = fixture_real_ms();
  fixture_start(&f, &sleeping, "sleep", "{}", 0);
  fixture_start(&f, &running, "spin", "{}", 0);
  cancel_these[0] = &sleeping;
  cancel_these[1] = &running;
  for (int i = 0; i < 6; i++) {
    fixture_start(&f, &queued[i], "spin", "{}", 0);
    cancel_these[2 + i] = &queued[i];
  }
  ms_loop_set_timer(f.loop, ms_loop_now_ms(f.loop) + 100);
  mt_eq_int(ms_loop_run(f.loop), 0);
  mt_eq_int(running.outcome, MS_LUA_CANCELLED);
  mt_eq_int(running.count, 1);
  mt_eq_int(sleeping.outcome, MS_LUA_CANCELLED);
  mt_eq_int(sleeping.count, 1);
  mt_ok(strstr(sleeping.cause, "cancelled") != NULL);
  for (int i = 0; i < 6; i++) {
    mt_eq_int(queued[i].outcome, MS_LUA_CANCELLED);
    mt_eq_int(queued[i].count, 1);
  }
  mt_ok(ms_lua_is_idle(f.lua));
  mt_ok(fixture_real_ms() - begin < 5000);
  callbacks.on_timer = fixture_on_timer;
  ms_loop_set_callbacks(f.loop, &callbacks);
  fixture_eval(&f, &running, "return 1", "{}"); /* the worker is free again */
  mt_eq_str(running.output, "1");
  fixture_deinit(&f);
}

MT_TEST(lua_worker__log_reaches_the_loop)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, two, false);
  fixture_eval(&f, &a, "print('hello', 1, nil) context.log('there') return 1", "{}");
  mt_eq_str(f.log, "eval req-1 hello\t1\tnil\neval req-1 there\n");
  fixture_eval(&f, &a, "for i = 1, 100000 do print(('x'):rep(1000)) end return 1", "{}");
  mt_eq_str(a.output, "1");
  fixture_deinit(&f);
}

/* Closing does not wait for what runs, sleeps or is queued, and nobody is called. */
MT_TEST(lua_worker__free_in_the_middle)
{
  static struct answer answers[30];
  struct fixture f;
  fixture_init(&f, two, false);
  fixture_load(&f, "spin", "return function() while true do pcall(error) end end");
  fixture_load(&f, "sleep", "return function()\n"
                            "local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
                            "require('mstep').sleep(1000) end");
  for (int i = 0; i < 20; i++) {
    fixture_start(&f, &answers[i], "sleep", "{}", 0);
  }
  for (int i = 20; i < 30; i++) {
    fixture_start(&f, &answers[i], "spin", "{}", 0);
  }
  struct timespec moment = {0, 50 * 1000000L};
  nanosleep(&moment, NULL);
  int64_t begin = fixture_real_ms();
  fixture_deinit(&f);
  mt_ok(fixture_real_ms() - begin < 3000);
  for (int i = 0; i < 30; i++) {
    mt_ok(!answers[i].is_told);
  }
}

/* On simulated time the loop waits for the workers' real work; deadlines are carried over. */
MT_TEST(lua_worker__simulated_loop)
{
  struct fixture f;
  struct answer a;
  fixture_init(&f, two, true);
  fixture_load(&f, "f", "return function(event, context) require('mstep').sleep(0.05) return "
                        "context.remaining_ms() > 1000 end");
  fixture_call(&f, &a, "f", "{}", 60000);
  mt_eq_str(a.output, "true");
  fixture_load(&f, "spin", "return function() while true do end end");
  fixture_call(&f, &a, "spin", "{}", 100);
  mt_eq_int(a.outcome, MS_LUA_TIMEOUT);
  fixture_deinit(&f);
}
