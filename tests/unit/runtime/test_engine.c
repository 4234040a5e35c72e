/*
 * The engine when memory runs out: every allocation of a whole life failed in turn, from open to
 * close, on simulated time. Whatever fails, nothing leaks and nobody waits for ever.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "runtime/runtime.h"

#define LAMBDA "arn:aws:states:us-east-1:000000000000:activity:work"

/*
 * Everything that the runtime holds: timers, retries, tasks with tokens, branches, a Map, a Choice.
 */
static const char definition[] =
    "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Next\":\"M\",\"Branches\":["
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" LAMBDA
    "\",\"TimeoutSeconds\":100,"
    "\"Retry\":[{\"ErrorEquals\":[\"Busy\"],\"IntervalSeconds\":3}],\"End\":true}}},"
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"End\":true}}}]},"
    "\"M\":{\"Type\":\"Map\",\"ItemProcessor\":{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":"
    "\"Pass\",\"End\":true}}},"
    "\"End\":true}}}";

struct life {
  struct ms_engine *engine;
  int tasks;
  int ended;
  int status;
  int err;
};

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct life *life = callback.user;
  (void)host;
  life->ended++;
  life->status = end->status;
}

/* The first attempt fails; an answer that finds no memory is given again later. */
static void on_task(struct ms_callback callback, const char *token, const char *resource,
                    struct ms_str input, void *host)
{
  struct life *life = callback.user;
  (void)resource;
  (void)input;
  (void)host;
  int err = life->tasks++ == 0
                ? ms_engine_task_failure(life->engine, ms_str_c(token), MS_STR("Busy"), MS_STR("c"))
                : ms_engine_task_success(life->engine, ms_str_c(token), MS_STR("{}"));
  if (err != 0) {
    life->err = err;
  }
}

static void on_event(struct ms_callback callback, const struct ms_engine_event *event, void *host)
{
  (void)callback;
  (void)event;
  (void)host;
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)module;
  (void)line;
  (void)host;
}

static void any_function(void) {}

static int live(struct life *life, bool is_watched)
{
  const struct ms_engine_options options = {
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = 1704067200000,
      .seed = 3,
      .payload_max_bytes = 262144,
      .history_max_events = 25000,
      .is_history_kept = true,
      .host = {.done = on_done, .task = on_task, .event = on_event, .log = on_log},
  };
  const struct ms_callback callback = {any_function, life};
  int err = ms_engine_open(&life->engine, &options);
  if (err != 0) {
    return err;
  }
  struct ms_engine *engine = life->engine;
  char machine[MS_ENGINE_ARN_SIZE], arn[MS_ENGINE_ARN_SIZE];
  if (is_watched) {
    ms_engine_watch(engine, callback);
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  err = ms_engine_task_register(engine, MS_STR("*"), callback);
  if (err == 0) {
    const struct ms_engine_machine_request request = {.name = MS_STR("m"),
                                                      .definition = ms_str_c(definition)};
    err = ms_engine_machine_create(machine, engine, &request, NULL, NULL);
  }
  if (err == 0) {
    const struct ms_engine_start start = {.machine_arn = ms_str_c(machine),
                                          .name = MS_STR("e"),
                                          .input = MS_STR("{ \"n\": 1 }"),
                                          .done = callback};
    err = ms_engine_execution_start(arn, engine, &start);
  }
  if (err == 0) {
    err = ms_engine_run(engine);
  }
  if (err == 0) {
    err = ms_engine_execution_describe(&text, engine, ms_str_c(arn));
  }
  if (err == 0) {
    ms_buf_reset(&text);
    const struct ms_engine_history all = {.arn = ms_str_c(arn), .max_results = UINT_MAX};
    err = ms_engine_execution_history(&text, engine, &all);
  }
  ms_buf_deinit(&text);
  mt_eq_int(ms_engine_close(engine), 0);
  return err;
}

/* 0 when it went as undisturbed; a life that memory cut short counts as MSTEP_ENOMEM. */
static int live_or_fail(void *user)
{
  struct life life = {0};
  int err = live(&life, *(bool *)user);
  if (err == 0) {
    mt_eq_int(life.ended, 1);
  }
  if (err == 0 && (life.status != MS_EXECUTION_SUCCEEDED || life.tasks != 2)) {
    return MSTEP_ENOMEM;
  }
  return err;
}

MT_TEST(engine__every_allocation_may_fail)
{
  bool is_watched = false;
  mt_eq_int(live_or_fail(&is_watched), 0);
  mt_ok(mt_oom(live_or_fail, &is_watched) > 200);
}

MT_TEST(engine__every_allocation_may_fail_while_somebody_watches)
{
  bool is_watched = true;
  mt_eq_int(live_or_fail(&is_watched), 0);
  mt_ok(mt_oom(live_or_fail, &is_watched) > 200);
}
