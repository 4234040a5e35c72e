/*
 * Executions in a store, on simulated time: an engine is closed at any moment, another one opens the same
 * file, and nothing is lost, done twice or told too early.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "runtime/runtime.h"

#define TASK "arn:aws:states:us-east-1:000000000000:activity:work"
#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:m"
#define EXECUTION_ARN "arn:aws:states:us-east-1:000000000000:execution:m:"

static const char definition[] =
    "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Next\":\"M\",\"Branches\":["
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" TASK
    "\",\"TimeoutSeconds\":100,"
    "\"Retry\":[{\"ErrorEquals\":[\"Busy\"],\"IntervalSeconds\":3}],\"End\":true}}},"
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"End\":true}}}]},"
    "\"M\":{\"Type\":\"Map\",\"ItemProcessor\":{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":"
    "\"Pass\",\"End\":true}}},\"End\":true}}}";

#define WAITS                                                                                      \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}"
#define FAILS                                                                                      \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" TASK                   \
  "\",\"End\":true}}}"

/* What one engine's life leaves behind. */
struct life {
  struct ms_engine *engine;
  unsigned tasks;    /* started */
  unsigned busy;     /* of them so many are answered Busy first */
  unsigned silent;   /* so many are not answered at all */
  unsigned stop_after; /* tasks: then the engine's loop is stopped */
  unsigned done;
  int status;
  unsigned accepted;
  char output[4096];
  char token[256];
};

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct life *life = host;
  (void)callback;
  life->done++;
  life->status = end->status;
  snprintf(life->output, sizeof life->output, "%.*s", MS_STR_ARG(end->output));
}

static void on_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  struct life *life = host;
  (void)callback;
  (void)detail;
  mt_eq_int(code, 0);
  life->accepted++;
}

static void on_task(struct ms_callback callback, const char *token, const char *resource,
                    struct ms_str input, void *host)
{
  struct life *life = host;
  (void)callback;
  (void)resource;
  life->tasks++;
  snprintf(life->token, sizeof life->token, "%s", token);
  if (life->tasks == life->stop_after) {
    ms_engine_stop(life->engine);
  }
  if (life->silent > 0) {
    life->silent--;
    return;
  }
  int err = life->busy > 0 ? ms_engine_task_failure(life->engine, ms_str_c(token), MS_STR("Busy"),
                                                    MS_STR("later"))
                           : ms_engine_task_success(life->engine, ms_str_c(token), input);
  life->busy -= life->busy > 0;
  mt_eq_int(err, 0);
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
  (void)host;
  mt_note("%s: %.*s", module, MS_STR_ARG(line));
}

static struct ms_callback some_callback(void)
{
  static const char anything;
  return (struct ms_callback){(void (*)(void))on_log, (void *)(uintptr_t)&anything};
}

static struct ms_engine_options options_for(struct life *life, const char *url, int64_t start_at_ms)
{
  return (struct ms_engine_options){
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = start_at_ms,
      .seed = 7,
      .is_history_kept = true,
      .store_url = url,
      .host = {on_done, on_task, NULL, NULL, on_accepted, on_event, on_log, life},
  };
}

static void life_begin(struct life *life, const char *url, int64_t start_at_ms)
{
  *life = (struct life){0};
  struct ms_engine_options options = options_for(life, url, start_at_ms);
  int err = ms_engine_open(&life->engine, &options);
  mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
  mt_eq_int(ms_engine_task_register(life->engine, MS_STR("*"), some_callback()), 0);
}

static void life_end(struct life *life)
{
  mt_eq_int(ms_engine_close(life->engine), 0);
}

static int start(struct life *life, const char *text, const char *name, const char *input)
{
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request request = {
      .name = MS_STR("m"), .definition = ms_str_c(text), .is_update = true};
  mt_eq_int(ms_engine_machine_create(arn, life->engine, &request, NULL, NULL), 0);
  const struct ms_engine_start begin = {.machine_arn = MS_STR(MACHINE_ARN),
                                        .name = ms_str_c(name),
                                        .input = ms_str_c(input),
                                        .accepted = some_callback(),
                                        .done = some_callback()};
  return ms_engine_execution_start(arn, life->engine, &begin);
}

static char *history(struct life *life, const char *arn, bool is_reverse, unsigned page)
{
  struct ms_buf all;
  ms_buf_init(&all, 0);
  char token[64];
  struct ms_str next = {NULL, 0};
  do {
    struct ms_buf out;
    ms_buf_init(&out, 0);
    const struct ms_engine_history request = {
        .arn = ms_str_c(arn), .max_results = page, .is_reverse = is_reverse, .next_token = next};
    int err = ms_engine_execution_history(&out, life->engine, &request);
    mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
    struct ms_json answer;
    mt_eq_int(ms_json_parse(&answer, ms_buf_view(&out), NULL, NULL), 0);
    struct ms_json events = ms_json_getc(answer, "events");
    for (size_t i = 0; i < ms_json_count(events); i++) {
      struct ms_json event = ms_json_at(events, i);
      ms_json_print(&all, ms_json_getc(event, "id"));
      ms_buf_char(&all, ' ');
      ms_buf_str(&all, ms_json_text(ms_json_getc(event, "type")));
      ms_buf_char(&all, '\n');
    }
    struct ms_json more = ms_json_getc(answer, "nextToken");
    next.data = NULL;
    if (ms_json_is_string(more)) {
      snprintf(token, sizeof token, "%s", ms_json_text(more).data);
      next = ms_str_c(token);
    }
    ms_json_unref(answer);
    ms_buf_deinit(&out);
  } while (next.data != NULL);
  size_t len;
  return ms_buf_take(&all, &len);
}

static char *describe(struct life *life, const char *arn)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  int err = ms_engine_execution_describe(&out, life->engine, ms_str_c(arn));
  mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
  size_t len;
  return ms_buf_take(&out, &len);
}

static void url_of(char out[256], const char *name)
{
  snprintf(out, 256, "sqlite:%s/%s", mt_tmpdir(), name);
}

MT_TEST(durable__one_life)
{
  char url[256];
  struct life life;
  url_of(url, "one.db");
  life_begin(&life, url, 1000000);
  life.busy = 1;
  mt_eq_int(start(&life, definition, "e", "[1,2]"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.done, 1);
  mt_eq_int(life.accepted, 1);
  mt_eq_int(life.status, MS_EXECUTION_SUCCEEDED);
  mt_eq_str(life.output, "[[1,2],[1,2]]");
  char *forward = history(&life, EXECUTION_ARN "e", false, UINT_MAX);
  char *paged = history(&life, EXECUTION_ARN "e", false, 3);
  mt_eq_str(paged, forward);
  ms_free(paged);
  life_end(&life);

  life_begin(&life, url, 2000000);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.tasks, 0);
  paged = history(&life, EXECUTION_ARN "e", false, 4);
  mt_eq_str(paged, forward);
  ms_free(paged);
  char *text = describe(&life, EXECUTION_ARN "e");
  mt_ok(strstr(text, "\"output\":\"[[1,2],[1,2]]\"") != NULL);
  ms_free(text);
  mt_eq_int(start(&life, definition, "e", "[1,2]"), MSTEP_EEXISTS);
  life_end(&life);
  ms_free(forward);
}

/* The loop is stopped at every task, and the next engine goes on. */
MT_TEST(durable__stopped_and_opened_again)
{
  char url[256], file[64];
  for (unsigned after = 1; after <= 3; after++) {
    struct life life;
    snprintf(file, sizeof file, "again%u.db", after);
    url_of(url, file);
    life_begin(&life, url, 1000000);
    life.busy = 2;
    life.stop_after = after;
    mt_eq_int(start(&life, definition, "e", "[1,2]"), 0);
    mt_eq_int(ms_engine_run(life.engine), 0);
    char token[256];
    snprintf(token, sizeof token, "%s", life.token);
    unsigned tasks = life.tasks;
    mt_eq_int(life.done, 0);
    life_end(&life);

    life_begin(&life, url, 1010000);
    char *text = describe(&life, EXECUTION_ARN "e");
    mt_ok(strstr(text, "\"status\":\"RUNNING\"") != NULL);
    ms_free(text);
    mt_eq_int(ms_engine_execution_wait(life.engine, MS_STR(EXECUTION_ARN "e"), some_callback()), 0);
    mt_eq_int(ms_engine_run(life.engine), 0);
    mt_eq_int(life.done, 1);
    mt_eq_int(life.status, MS_EXECUTION_SUCCEEDED);
    mt_eq_str(life.output, "[[1,2],[1,2]]");
    mt_ok(life.tasks >= 1 && tasks >= 1);
    life_end(&life);
  }
}

/* A task that nobody answered is started again with its token. */
MT_TEST(durable__same_token_again)
{
  char url[256], token[256];
  struct life life;
  url_of(url, "token.db");
  life_begin(&life, url, 1000000);
  life.silent = 1;
  life.stop_after = 1;
  mt_eq_int(start(&life, FAILS, "e", "{}"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  snprintf(token, sizeof token, "%s", life.token);
  life_end(&life);
  life_begin(&life, url, 1010000);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.tasks, 1);
  mt_eq_str(life.token, token);
  char *events = history(&life, EXECUTION_ARN "e", false, UINT_MAX);
  mt_eq_str(events, "1 ExecutionStarted\n2 TaskStateEntered\n3 ActivityScheduled\n"
                    "4 ActivityStarted\n5 ActivitySucceeded\n6 TaskStateExited\n7 ExecutionSucceeded\n");
  ms_free(events);
  events = history(&life, EXECUTION_ARN "e", true, 2);
  mt_eq_str(events, "7 ExecutionSucceeded\n6 TaskStateExited\n5 ActivitySucceeded\n4 ActivityStarted\n"
                    "3 ActivityScheduled\n2 TaskStateEntered\n1 ExecutionStarted\n");
  ms_free(events);
  life_end(&life);
}
