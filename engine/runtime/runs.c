/* Runs as data: making, counting, finding. Not what happens to them: effects.c, executions.c. */
#include "base/alloc.h"
#include "base/error.h"
#include "runtime/internal.h"

struct ms_run *ms_run_new(struct ms_machine *machine, const struct ms_execution_identity *identity)
{
  struct ms_run *run = ms_calloc(1, sizeof *run);
  if (run == NULL) {
    return NULL;
  }
  run->core = ms_execution_new(machine, identity);
  if (run->core == NULL) {
    ms_free(run);
    return NULL;
  }
  run->references = 1;
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
  ms_execution_free(run->core);
  ms_free(run);
}

struct ms_str ms_run_key(const void *item)
{
  const struct ms_run *run = item;
  return ms_json_text(run->core->identity.arn);
}

struct ms_run *ms_run_find(struct ms_engine *engine, struct ms_str arn)
{
  struct ms_run *run = ms_index_find(&engine->runs, arn);
  if (run == NULL) {
    ms_error(MSTEP_ENOTFOUND, "Execution Does Not Exist: '%.*s'", MS_STR_ARG(arn));
  }
  return run;
}
