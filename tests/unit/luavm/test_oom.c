/* Memory runs out anywhere: the call ends as MEMORY or the function says MSTEP_ENOMEM, and nothing leaks. */
#include "fixture.h"

struct scenario {
  const char *source;
  const char *payload;
};

static void note(const struct ms_lua_result *result, void *user)
{
  *(enum ms_lua_outcome *)user = result->outcome;
  if (result->outcome != MS_LUA_OK) {
    ms_json_type_name(result->error);
  }
}

static void on_wake(void *user)
{
  ms_lua_on_wake(user);
}

static void quiet(const char *function, const char *request_id, struct ms_str line, void *user)
{
  (void)function;
  (void)request_id;
  (void)line;
  (void)user;
}

static int call_once(struct ms_lua *lua, struct ms_loop *loop, const struct scenario *s)
{
  struct ms_lua_call call = {.function = MS_STR("f"), .request_id = "r", .arn = "a", .attempt = 1};
  enum ms_lua_outcome outcome = MS_LUA_CANCELLED;
  uint64_t id;
  int err = ms_lua_load(lua, MS_STR("f"), ms_str_c(s->source));
  if (err == 0) {
    err = ms_json_parse(&call.payload, ms_str_c(s->payload), NULL, NULL);
  }
  if (err == 0) {
    err = ms_lua_invoke(&id, lua, &call, note, &outcome);
  }
  if (err == 0) {
    struct ms_loop_callbacks callbacks = {NULL, NULL, on_wake, lua};
    ms_loop_set_callbacks(loop, &callbacks);
    err = ms_loop_run(loop);
    int64_t due_at_ms = ms_lua_next_due_ms(lua);
    if (due_at_ms != 0) {
      ms_lua_on_timer(lua, due_at_ms);
    }
  }
  ms_json_unref(call.payload);
  if (err == 0 && outcome == MS_LUA_MEMORY) {
    err = MSTEP_ENOMEM;
  }
  return err == 0 && outcome != MS_LUA_OK && outcome != MS_LUA_ERROR ? -100 - (int)outcome : err;
}

static int run(void *user)
{
  struct ms_loop *loop;
  struct ms_lua *lua = NULL;
  int err = ms_loop_sim_new(&loop, 1700000000000);
  if (err != 0) {
    return err;
  }
  struct ms_lua_options options = {.loop = loop, .slice_ms = -1, .log = quiet};
  err = ms_lua_new(&lua, &options);
  if (err == 0) {
    err = call_once(lua, loop, user);
  }
  ms_lua_free(lua);
  ms_loop_free(loop);
  return err;
}

MT_TEST(lua_oom__call)
{
  struct scenario s = {"return function(e) return {a = e, b = {1, 2, {c = 'x'}}} end",
                       "{\"n\":1,\"list\":[1,2,{\"x\":null}],\"big\":1e999}"};
  size_t count = mt_oom(run, &s);
  mt_ok(count > 20);
}

MT_TEST(lua_oom__error)
{
  struct scenario s = {"return function(e) error('a message') end", "{}"};
  mt_oom(run, &s);
}

MT_TEST(lua_oom__error_table)
{
  struct scenario s = {"return function(e) error{Error = 'A', Cause = {1, 2}} end", "{}"};
  mt_oom(run, &s);
}

MT_TEST(lua_oom__result_that_cannot_be_json)
{
  struct scenario s = {"return function(e) return {a = {b = print}} end", "{}"};
  mt_oom(run, &s);
}

MT_TEST(lua_oom__sleep_coroutine_log_json)
{
  struct scenario s = {
      "local mstep = require 'mstep'\n"
      "return function(e) coroutine.wrap(function() mstep.sleep(1) end)()\n"
      "mstep.log('x', {1}) return mstep.json.decode(mstep.json.encode(e)) end",
      "{\"a\":[1]}"};
  mt_oom(run, &s);
}

/* The limit of a function's memory instead, which counts what Lua takes from its arena too. */
MT_TEST(lua_oom__every_limit)
{
  struct scenario s = {
      "local mstep = require 'mstep'\n"
      "return function(e) coroutine.wrap(function() mstep.sleep(1) end)()\n"
      "local t = {} for i = 1, 50 do t[i] = {i .. 'x'} end\n"
      "if e.fail then error({t}) end\n"
      "return mstep.json.decode(mstep.json.encode({e, t})) end",
      "{\"a\":[1,{\"b\":null}]}"};
  int refused = 0;
  int passed = 0;
  for (size_t max_bytes = 1000; max_bytes < 70000; max_bytes += 61) {
    struct ms_loop *loop;
    struct ms_lua *lua;
    s.payload = max_bytes % 2 == 0 ? "{\"a\":[1,{\"b\":null}]}" : "{\"fail\":true}";
    mt_eq_int(ms_loop_sim_new(&loop, 1700000000000), 0);
    struct ms_lua_options options = {.loop = loop, .slice_ms = -1, .log = quiet, .memory_max_bytes = max_bytes};
    mt_eq_int(ms_lua_new(&lua, &options), 0);
    int err = call_once(lua, loop, &s);
    if (err != 0 && err != MSTEP_ENOMEM) {
      mt_report("limit %zu: %d %s", max_bytes, err, ms_error_detail());
    }
    refused += err == MSTEP_ENOMEM;
    passed += err == 0;
    ms_lua_free(lua);
    ms_loop_free(loop);
  }
  mt_ok(refused > 100 && passed > 100);
}

static int define(void *user)
{
  struct ms_loop *loop;
  struct ms_lua *lua = NULL;
  struct ms_json value = MS_JSON_VALUE_NONE;
  (void)user;
  int err = ms_loop_sim_new(&loop, 1700000000000);
  if (err != 0) {
    return err;
  }
  struct ms_lua_options options = {.loop = loop, .slice_ms = -1, .log = quiet};
  err = ms_lua_new(&lua, &options);
  if (err == 0) {
    err = ms_lua_table(&value, lua, MS_STR("return {a = {1, 2}, b = ('x'):rep(100)}"), "m.lua");
  }
  ms_json_unref(value);
  ms_lua_free(lua);
  ms_loop_free(loop);
  return err;
}

MT_TEST(lua_oom__definition)
{
  mt_oom(define, NULL);
}

static int workers(void *user)
{
  struct ms_loop *loop;
  struct ms_lua *lua = NULL;
  (void)user;
  int err = ms_loop_sim_new(&loop, 1700000000000);
  if (err != 0) {
    return err;
  }
  struct ms_lua_options options = {.loop = loop, .slice_ms = -1, .log = quiet, .workers = 2};
  err = ms_lua_new(&lua, &options);
  ms_lua_free(lua);
  ms_loop_free(loop);
  return err;
}

MT_TEST(lua_oom__workers)
{
  mt_oom(workers, NULL);
}
