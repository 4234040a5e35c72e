/* A ms_lua on a loop of simulated or real time, calls by function source, results kept as text. */
#ifndef TEST_LUAVM_FIXTURE_H
#define TEST_LUAVM_FIXTURE_H

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/luavm.h"
#include "mt.h"

#define FIXTURE_START_MS 1700000000000

struct answer {
  bool is_told;
  int count; /* how often it was told */
  enum ms_lua_outcome outcome;
  char output[65536];
  char error[300];
  char cause[140000];
  int64_t at_ms;
  struct fixture *fixture;
  uint64_t id;
};

struct fixture {
  struct ms_loop *loop;
  struct ms_lua *lua;
  char log[8192];
  size_t log_len;
};

static void fixture_rearm(struct fixture *f)
{
  ms_loop_set_timer(f->loop, ms_lua_next_due_ms(f->lua));
}

static void fixture_on_wake(void *user)
{
  struct fixture *f = user;
  ms_lua_on_wake(f->lua);
  fixture_rearm(f);
}

static void fixture_on_timer(void *user)
{
  struct fixture *f = user;
  ms_lua_on_timer(f->lua, ms_loop_now_ms(f->loop));
  fixture_rearm(f);
}

static void fixture_log(const char *function, const char *request_id, struct ms_str line, void *user)
{
  struct fixture *f = user;
  int len = snprintf(f->log + f->log_len, sizeof f->log - f->log_len, "%s %s %.*s\n", function,
                     request_id, (int)(line.len > 200 ? 200 : line.len), line.data);
  if (len > 0 && (size_t)len < sizeof f->log - f->log_len) {
    f->log_len += (size_t)len;
  }
}

static inline void fixture_init(struct fixture *f, struct ms_lua_options options, bool is_virtual)
{
  memset(f, 0, sizeof *f);
  mt_eq_int(is_virtual ? ms_loop_sim_new(&f->loop, FIXTURE_START_MS)
                       : ms_loop_libevent_new(&f->loop, NULL), 0);
  options.loop = f->loop;
  options.log = fixture_log;
  options.log_user = f;
  mt_eq_int(ms_lua_new(&f->lua, &options), 0);
  struct ms_loop_callbacks callbacks = {fixture_on_timer, NULL, fixture_on_wake, f};
  ms_loop_set_callbacks(f->loop, &callbacks);
}

static inline void fixture_deinit(struct fixture *f)
{
  ms_lua_free(f->lua);
  ms_loop_free(f->loop);
}

static inline void fixture_load(struct fixture *f, const char *name, const char *source)
{
  int err = ms_lua_load(f->lua, ms_str_c(name), ms_str_c(source));
  if (err != 0) {
    mt_fail("load %s: %s", name, ms_error_detail());
  }
}

static inline void fixture_done(const struct ms_lua_result *result, void *user)
{
  struct answer *a = user;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, result->output);
  a->is_told = true;
  a->count++;
  a->outcome = result->outcome;
  snprintf(a->output, sizeof a->output, "%s", text.data == NULL ? "" : text.data);
  snprintf(a->error, sizeof a->error, "%s", ms_json_text(result->error).data);
  snprintf(a->cause, sizeof a->cause, "%s", ms_json_text(result->cause).data);
  a->at_ms = ms_loop_now_ms(a->fixture->loop);
  ms_buf_deinit(&text);
}

/* timeout_ms 0: none of its own */
static inline void fixture_start(struct fixture *f, struct answer *a, const char *function,
                                 const char *payload, int64_t timeout_ms)
{
  memset(a, 0, sizeof *a);
  a->fixture = f;
  struct ms_lua_call call = {
      .function = ms_str_c(function),
      .request_id = "req-1",
      .arn = "arn:aws:lambda:us-east-1:000000000000:function:f",
      .deadline_ms = timeout_ms == 0 ? 0 : ms_loop_now_ms(f->loop) + timeout_ms,
      .attempt = 1,
  };
  mt_eq_int(ms_json_parse(&call.payload, ms_str_c(payload), NULL, NULL), 0);
  mt_eq_int(ms_lua_invoke(&a->id, f->lua, &call, fixture_done, a), 0);
  ms_json_unref(call.payload);
  mt_ok(!a->is_told);
}

static inline void fixture_run(struct fixture *f)
{
  fixture_rearm(f);
  mt_eq_int(ms_loop_run(f->loop), 0);
}

/* One call from beginning to end. */
static inline void fixture_call(struct fixture *f, struct answer *a, const char *function,
                                const char *payload, int64_t timeout_ms)
{
  fixture_start(f, a, function, payload, timeout_ms);
  fixture_run(f);
  mt_eq_int(a->count, 1);
  mt_ok(ms_lua_is_idle(f->lua));
}

/* The result of a function's body with `event` in sight, as JSON text. */
static inline void fixture_eval(struct fixture *f, struct answer *a, const char *body,
                                const char *payload)
{
  char *source = mt_format("local mstep = require 'mstep'\nreturn function(event, context)\n%s\nend",
                           body);
  fixture_load(f, "eval", source);
  fixture_call(f, a, "eval", payload, 0);
}

/* A body, and its result as JSON text or a piece of the cause of its error. */
struct fixture_row {
  const char *body;
  const char *expected;
};

static inline void fixture_rows(const struct fixture_row *rows, size_t count,
                                struct ms_lua_options options)
{
  struct fixture f;
  static struct answer a;
  fixture_init(&f, options, true);
  for (size_t i = 0; i < count; i++) {
    fixture_eval(&f, &a, rows[i].body, "{}");
    bool is_ok = a.outcome == MS_LUA_OK;
    const char *got = is_ok ? a.output : a.cause;
    if (is_ok ? strcmp(got, rows[i].expected) != 0 : strstr(got, rows[i].expected) == NULL) {
      mt_report("%s\ngave %s\nnot  %s", rows[i].body, got, rows[i].expected);
    }
  }
  fixture_deinit(&f);
}

#define FIXTURE_ROWS(rows) \
  fixture_rows((rows), sizeof(rows) / sizeof((rows)[0]), (struct ms_lua_options){0})

static inline int64_t fixture_real_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
