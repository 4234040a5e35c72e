/*
 * Map runs while memory runs out: every allocation fails in turn of a life in which a run and its children are
 * described, listed, changed and stopped, while they run and afterwards; and of one with a store, in which a run
 * reads and writes files and comes to its end when memory is back.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "rough_life.h"
#include "runtime/runtime.h"

#define ACTIVITY "arn:aws:states:us-east-1:000000000000:activity:work"

static const char definition[] =
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"MaxConcurrency\":2,\"ToleratedFailureCount\":1,"
    "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},"
    "\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" ACTIVITY
    "\",\"End\":true}}},\"End\":true}}}";

struct life {
  struct ms_engine *engine;
  unsigned tasks, accepted, answered, ended;
  int status;
  int err;
};

static void any_function(void) {}

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct life *life = callback.user;
  (void)host;
  life->ended++;
  life->status = end->status;
}

static void on_accepted(struct ms_callback callback, int status, const char *detail, void *host)
{
  struct life *life = callback.user;
  (void)detail;
  (void)host;
  life->accepted += status == 0;
  life->answered++;
  if (life->answered >= 2) {
    ms_engine_stop(life->engine);
  }
}

/* The first two wait until everybody has asked; the last is answered. */
static void on_task(struct ms_callback callback, const char *token, const char *resource, struct ms_str input,
                    void *host)
{
  struct life *life = callback.user;
  (void)resource;
  (void)input;
  (void)host;
  if (++life->tasks == 2) {
    ms_engine_stop(life->engine);
  } else if (life->tasks > 2) {
    life->err = ms_engine_task_success(life->engine, ms_str_c(token), MS_STR("1"));
  }
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)module;
  (void)line;
  (void)host;
}

static int begin(struct life *life, char arn[MS_ENGINE_ARN_SIZE])
{
  const struct ms_engine_options options = {
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = 1704067200000,
      .seed = 3,
      .is_history_kept = true,
      .host = {.done = on_done, .task = on_task, .accepted = on_accepted, .log = on_log},
  };
  const struct ms_callback callback = {any_function, life};
  char machine[MS_ENGINE_ARN_SIZE];
  int err = ms_engine_open(&life->engine, &options);
  if (err != 0) {
    return err;
  }
  err = ms_engine_task_register(life->engine, MS_STR("*"), callback);
  if (err == 0) {
    const struct ms_engine_machine_request request = {.name = MS_STR("m"), .definition = MS_STR(definition)};
    err = ms_engine_machine_create(machine, life->engine, &request, NULL, NULL);
  }
  if (err == 0) {
    const struct ms_engine_start start = {.machine_arn = ms_str_c(machine),
                                          .name = MS_STR("e"),
                                          .input = MS_STR("[1,2,3]"),
                                          .done = callback};
    err = ms_engine_execution_start(arn, life->engine, &start);
  }
  return err == 0 ? ms_engine_run(life->engine) : err;
}

/* The value of the first member of that name; "" when there is none. */
static struct ms_str member(struct ms_str text, const char *name)
{
  const char *at = text.data == NULL ? NULL : strstr(text.data, name);
  if (at == NULL) {
    return MS_STR("");
  }
  at += strlen(name) + 3;
  return (struct ms_str){at, strcspn(at, "\"")};
}

/* The map run's ARN is in the history, which is asked for by the caller's ARN. */
static int find_run(struct ms_buf *out, struct life *life, const char *arn)
{
  const struct ms_engine_history all = {.arn = ms_str_c(arn)};
  int err = ms_engine_execution_history(out, life->engine, &all);
  struct ms_str run = member(ms_buf_view(out), "mapRunArn");
  char copy[MS_ENGINE_ARN_SIZE];
  memcpy(copy, run.data, run.len);
  ms_buf_reset(out);
  ms_buf_put(out, copy, run.len);
  ms_buf_char(out, '\0');
  return err != 0 ? err : out->error;
}

static int ask(struct life *life, struct ms_str run, struct ms_buf *text)
{
  const struct ms_engine_children_list list = {.map_run_arn = run, .status = -1, .redrive_filter = -1};
  int err = ms_engine_map_run_describe(text, life->engine, run);
  if (err == 0) {
    ms_buf_reset(text);
    err = ms_engine_children_list(text, life->engine, &list);
  }
  if (err != 0) {
    return err;
  }
  struct ms_buf answer;
  struct ms_str child = member(ms_buf_view(text), "executionArn");
  const struct ms_engine_history history = {.arn = child};
  ms_buf_init(&answer, 0);
  err = ms_engine_execution_describe(&answer, life->engine, child);
  if (err == 0) {
    err = ms_engine_execution_history(&answer, life->engine, &history);
  }
  ms_buf_deinit(&answer);
  return err;
}

/* text: the list of children. */
static int change(struct life *life, struct ms_str run, const struct ms_buf *text)
{
  const struct ms_callback accepted = {any_function, life};
  struct ms_json settings;
  struct ms_str child = member(ms_buf_view(text), "executionArn");
  int err = ms_json_parse(&settings, MS_STR("{\"concurrency\":3,\"toleratedCount\":2}"), NULL, NULL);
  if (err != 0) {
    return err;
  }
  err = ms_engine_map_run_update(life->engine, run, settings, accepted);
  ms_json_unref(settings);
  if (err == 0) {
    err = ms_engine_execution_stop(life->engine, child, MS_STR("E"), MS_STR("c"), accepted);
  }
  return err == 0 ? ms_engine_run(life->engine) : err;
}

static int end(struct life *life, const char *arn)
{
  const struct ms_callback accepted = {any_function, life};
  int err = ms_engine_execution_stop(life->engine, ms_str_c(arn), MS_STR("E"), MS_STR("c"), accepted);
  return err == 0 ? ms_engine_run(life->engine) : err;
}

static int live(void *user)
{
  struct life life = {0};
  char arn[MS_ENGINE_ARN_SIZE];
  struct ms_buf run, text;
  (void)user;
  ms_buf_init(&run, 0);
  ms_buf_init(&text, 0);
  int err = begin(&life, arn);
  if (err == 0 && life.tasks < 2) {
    err = MSTEP_ENOMEM; /* the execution ended with what memory cut short */
  }
  if (err == 0) {
    err = find_run(&run, &life, arn);
  }
  struct ms_str name = ms_str_sub(ms_buf_view(&run), 0, run.len > 0 ? run.len - 1 : 0);
  if (err == 0) {
    err = ask(&life, name, &text);
  }
  if (err == 0) {
    err = change(&life, name, &text);
  }
  if (err == 0) {
    err = end(&life, arn);
  }
  if (err == 0) {
    ms_buf_reset(&text);
    err = ask(&life, name, &text);
  }
  ms_buf_deinit(&run);
  ms_buf_deinit(&text);
  if (life.engine != NULL) {
    mt_eq_int(ms_engine_close(life.engine), 0);
  }
  bool is_whole = life.accepted == 3 && life.ended == 1 && life.status == MS_EXECUTION_ABORTED &&
                  life.tasks == 3 && life.err == 0;
  return err == 0 && !is_whole ? MSTEP_ENOMEM : err;
}

MT_TEST(map_children__every_allocation_may_fail)
{
  mt_eq_int(live(NULL), 0);
  mt_ok(mt_oom(live, NULL) > 300);
}

/* ---- with a store ---- */

#define FILES                                                                                      \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",\"MaxConcurrency\":2,\"ItemReader\":{"   \
  "\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"InputType\":\"JSON\"},\"Parameters\":{"   \
  "\"Bucket\":\"in\",\"Key\":\"items\"}},\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","      \
  "\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" ROUGH_TASK   \
  "\",\"Retry\":[{\"ErrorEquals\":[\"Busy\"]}],\"End\":true}}},\"ResultWriter\":{\"Resource\":"                  \
  "\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"out\"},\"WriterConfig\":{\"Transformation\":"  \
  "\"COMPACT\"}},\"End\":true}}}"

/* The files of the run that succeeded: everything, once. */
static void check_files(struct rough_life *life)
{
  struct ms_buf run, all;
  struct life seen = {.engine = life->engine};
  ms_buf_init(&run, 0);
  ms_buf_init(&all, 0);
  mt_eq_int(find_run(&run, &seen, ROUGH_ARN "e"), 0);
  mt_eq_int(ms_engine_map_run_describe(&all, life->engine, ms_str_c(run.data)), 0);
  mt_ok(strstr(all.data, "\"status\":\"SUCCEEDED\"") != NULL);
  mt_ok(strstr(all.data, "\"succeeded\":3,\"failed\":0,\"timedOut\":0,\"aborted\":0,\"total\":3") != NULL);
  const char *uuid = strstr(run.data, "m/L:") + 4;
  mt_eq_str(mt_read_file(mt_format("%s/buckets/out/%s/SUCCEEDED_0.json", mt_tmpdir(), uuid), NULL),
            "[[1,2],[1,2],[1,2]]");
  ms_buf_deinit(&run);
  ms_buf_deinit(&all);
}

static int live_with_files(void *user)
{
  struct rough_life life = {.definition = FILES, .functions_dir = user};
  bool has_succeeded = false;
  int err = rough_open(&life, "memory:");
  err = err != 0 ? err : rough_create(&life);
  err = err != 0 ? err : rough_start(&life, "e");
  if (err == 0) {
    rough_run(&life, 60000);
  }
  mt_oom_over();
  if (life.engine == NULL) {
    return err;
  }
  for (unsigned i = 0; i < 100 && !has_succeeded; i++) {
    int code = rough_look(&life, ROUGH_ARN "e", &has_succeeded);
    if (code == MSTEP_ENOTFOUND) {
      mt_eq_int(rough_create(&life), 0);
      mt_eq_int(ms_engine_task_register(life.engine, MS_STR("*"), rough_callback()), 0);
      mt_eq_int(rough_start(&life, "e"), 0);
    }
    rough_answer_again(&life);
    rough_run(&life, 10000);
  }
  mt_ok(has_succeeded);
  check_files(&life);
  mt_eq_int(ms_engine_close(life.engine), 0);
  return err == 0 || err == MSTEP_ENOMEM ? err : MSTEP_ENOMEM;
}

MT_TEST(map_children__files_when_memory_runs_out)
{
  char *functions = mt_format("%s/functions", mt_tmpdir());
  mkdir(functions, 0777);
  mkdir(mt_format("%s/buckets", mt_tmpdir()), 0777);
  mkdir(mt_format("%s/buckets/in", mt_tmpdir()), 0777);
  FILE *items = fopen(mt_format("%s/buckets/in/items", mt_tmpdir()), "w");
  mt_ok(items != NULL && fputs("[1,2,3]", items) >= 0 && fclose(items) == 0);
  mt_eq_int(live_with_files(functions), 0);
  mt_ok(mt_oom(live_with_files, functions) > 300);
}
