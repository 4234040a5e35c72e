/* Runs as data: making, counting, finding. Not what happens to them: effects.c, executions.c. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/durable.h"
#include "runtime/internal.h"

struct ms_run *ms_run_new(struct ms_engine_machine *machine, struct ms_json tail)
{
  struct ms_run *run = ms_calloc(1, sizeof *run);
  if (run != NULL) {
    run->machine = machine;
    run->tail = tail;
    run->test_case = MS_JSON_VALUE_NONE;
    run->references = 1;
  }
  return run;
}

struct ms_run *ms_run_ref(struct ms_run *run)
{
  run->references++;
  return run;
}

/* The caller has made it quiet before it drops the last one. */
void ms_run_unref(struct ms_run *run)
{
  if (run == NULL || --run->references > 0) {
    return;
  }
  while (run->more_done != NULL) {
    struct ms_run_done *next = run->more_done->next;
    ms_free(run->more_done);
    run->more_done = next;
  }
  ms_watch_threads_free(run->threads);
  ms_free(run->invocations);
  ms_history_deinit(&run->history);
  ms_kept_free(run->kept);
  ms_execution_free(run->core);
  ms_json_unref(run->tail);
  ms_json_unref(run->test_case);
  ms_free(run);
}

/* ---- by ARN ---- */

bool ms_run_is(const void *item, struct ms_str arn)
{
  const struct ms_run *run = item;
  struct ms_str prefix = ms_json_text(run->machine->prefix);
  struct ms_str tail = ms_json_text(run->tail);
  return arn.len == prefix.len + tail.len && memcmp(arn.data, prefix.data, prefix.len) == 0 &&
         memcmp(arn.data + prefix.len, tail.data, tail.len) == 0;
}

void ms_run_arn(char out[MS_ENGINE_ARN_SIZE], const struct ms_run *run)
{
  struct ms_str prefix = ms_json_text(run->machine->prefix);
  struct ms_str tail = ms_json_text(run->tail);
  snprintf(out, MS_ENGINE_ARN_SIZE, "%.*s%.*s", MS_STR_ARG(prefix), MS_STR_ARG(tail));
}

int ms_runs_add(struct ms_engine *engine, struct ms_run *run)
{
  char arn[MS_ENGINE_ARN_SIZE];
  ms_run_arn(arn, run);
  return ms_index_add(&engine->runs, ms_str_c(arn), run);
}

void ms_runs_remove(struct ms_engine *engine, struct ms_run *run)
{
  char arn[MS_ENGINE_ARN_SIZE];
  ms_run_arn(arn, run);
  ms_index_remove(&engine->runs, ms_str_c(arn), run);
}

int ms_run_get(struct ms_run **out, struct ms_engine *engine, struct ms_str arn)
{
  int err = ms_durable_status(engine);
  if (err != 0) {
    return err;
  }
  struct ms_run *run = ms_index_find(&engine->runs, arn);
  if (run == NULL && engine->durable != NULL) {
    return ms_archive_load(out, engine, arn);
  }
  if (run == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "Execution Does Not Exist: '%.*s'", MS_STR_ARG(arn));
  }
  err = ms_run_wake(engine, run);
  if (err == 0) {
    *out = ms_run_ref(run);
  }
  return err;
}
