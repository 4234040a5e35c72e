/*
 * Calls of Lua functions a second: through ms_lua_invoke on the loop thread, one after another as a chain of
 * tasks makes them, with an order of 430 bytes, or one of 20 bytes ("small"). Prints one line of JSON
 * per case.
 *
 *   bench_lua_call [SECONDS [WORKERS [FUNCTION]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "luavm/luavm.h"

static const char small[] = "{\"n\":1,\"name\":\"Ada\"}";
static const char document[] = "{\"orderId\":\"ORD-20240229-000123\",\"customer\":{\"id\":42,"
                               "\"name\":\"Ada Lovelace\",\"vip\":true},"
                               "\"items\":[{\"sku\":\"MOON-1\",\"quantity\":2,\"price\":19.95},{"
                               "\"sku\":\"STEP-9\",\"quantity\":1,"
                               "\"price\":100.0}],\"total\":139.9,\"currency\":\"EUR\",\"notes\":"
                               "null,\"tags\":[\"new\",\"gift\"],"
                               "\"address\":{\"street\":\"1 Loop\",\"city\":\"Luna\"}}";

struct bench {
  struct ms_loop *loop;
  struct ms_lua *lua;
  struct ms_json payload;
  struct ms_json small;
  const char *function;
  bool is_small; /* which payload */
  unsigned long count;
  unsigned long failed;
  double end;
  unsigned in_flight;
};

static double now_seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all threads; unlike the wall's, other programs on the machine do not count. */
static double cpu_seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void start(struct bench *b);

static void on_done(const struct ms_lua_result *result, void *user)
{
  struct bench *b = user;
  b->count++;
  b->failed += result->outcome != MS_LUA_OK;
  if ((b->count & 255) != 0 || now_seconds() < b->end) {
    start(b);
  } else if (--b->in_flight == 0 || b->end < now_seconds()) {
    ms_loop_stop(b->loop);
  }
}

static void start(struct bench *b)
{
  struct ms_lua_call call = {.function = ms_str_c(b->function),
                             .payload = b->is_small ? b->small : b->payload,
                             .request_id = "00000000-0000-0000-0000-000000000000",
                             .arn = "arn:aws:lambda:us-east-1:000000000000:function:bench",
                             .attempt = 1};
  uint64_t id;
  if (ms_lua_invoke(&id, b->lua, &call, on_done, b) != 0) {
    abort();
  }
}

static void on_wake(void *user)
{
  struct bench *b = user;
  ms_lua_on_wake(b->lua);
  ms_loop_set_timer(b->loop, ms_lua_next_due_ms(b->lua)); /* on a busy machine calls are preempted */
}

static void on_timer(void *user)
{
  struct bench *b = user;
  ms_lua_on_timer(b->lua, ms_loop_now_ms(b->loop));
  ms_loop_set_timer(b->loop, ms_lua_next_due_ms(b->lua));
}

static void run(struct bench *b, const char *function, double seconds, unsigned in_flight)
{
  b->function = function;
  b->is_small = strcmp(function, "small") == 0;
  b->count = 0;
  b->failed = 0;
  b->in_flight = in_flight;
  double begin = now_seconds();
  double cpu = cpu_seconds();
  b->end = begin + seconds;
  for (unsigned i = 0; i < in_flight; i++) {
    start(b);
  }
  ms_loop_run(b->loop);
  double took = now_seconds() - begin;
  cpu = cpu_seconds() - cpu;
  printf(
      "{\"bench\":\"lua_call\",\"function\":\"%s\",\"in_flight\":%u,\"calls\":%lu,\"failed\":%lu,"
      "\"per_second\":%.0f,\"us\":%.2f,\"cpu_us\":%.2f}\n",
      function, in_flight, b->count, b->failed, (double)b->count / took,
      took * 1e6 / (double)b->count, cpu * 1e6 / (double)b->count);
}

static void load(struct bench *b, const char *name, const char *source)
{
  if (ms_lua_load(b->lua, ms_str_c(name), ms_str_c(source)) != 0) {
    fprintf(stderr, "%s\n", ms_error_detail());
    abort();
  }
}

int main(int argc, char **argv)
{
  double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
  struct bench b = {0};
  struct ms_lua_options options = {.workers = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0};
  if (ms_loop_libevent_new(&b.loop, NULL) != 0) {
    return 1;
  }
  options.loop = b.loop;
  if (ms_lua_new(&b.lua, &options) != 0 ||
      ms_json_parse(&b.payload, MS_STR(document), NULL, NULL) != 0 ||
      ms_json_parse(&b.small, MS_STR(small), NULL, NULL) != 0) {
    return 1;
  }
  struct ms_loop_callbacks callbacks = {on_timer, NULL, on_wake, &b};
  ms_loop_set_callbacks(b.loop, &callbacks);
  load(&b, "empty", "return function() return nil end");
  load(&b, "small", "return function(event) return {n = event.n + 1, name = event.name} end");
  load(&b, "echo", "return function(event) return event end");
  load(&b, "total",
       "return function(event, context)\n"
       "  local total = 0\n"
       "  for _, item in ipairs(event.items) do total = total + item.quantity * item.price end\n"
       "  return {orderId = event.orderId, total = total, status = 'CHARGED'}\n"
       "end");
  static const char *const functions[] = {"small", "empty", "total", "echo"};
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    if (argc > 3 && strcmp(argv[3], functions[i]) != 0) {
      continue;
    }
    run(&b, functions[i], seconds, 1);
    run(&b, functions[i], seconds, 64);
  }
  ms_lua_free(b.lua);
  ms_json_unref(b.payload);
  ms_json_unref(b.small);
  ms_loop_free(b.loop);
  return 0;
}
