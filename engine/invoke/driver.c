/* The driver itself: its life and its place in the loop. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "invoke/internal.h"
#include "metrics/metrics.h"

static int invoke_open(void **driver, const struct ms_driver_env *env)
{
  struct ms_invoke *invoke = ms_calloc(1, sizeof *invoke);
  if (invoke == NULL) {
    return ms_error_nomem();
  }
  invoke->env = env;
  invoke->next_number = 1;
  invoke->resident_max = MS_INVOKE_RESIDENT_BYTES;
  ms_map_init(&invoke->functions, ms_hash_process_seed());
  ms_map_init(&invoke->codes, ms_hash_process_seed());
  ms_heap_init(&invoke->heap);
  const struct ms_outbox_options options = {.env = env,
                                            .module = "invoke",
                                            .table = MS_TABLE_EVENT,
                                            .first = MS_INVOKE_OUTBOX_FIRST,
                                            .last = (uint64_t)INT64_MAX};
  int err = ms_outbox_new(&invoke->outbox, &options);
  if (err != 0) {
    ms_free(invoke);
    return err;
  }
  *driver = invoke;
  return MSTEP_OK;
}

static void invoke_close(void *driver)
{
  struct ms_invoke *invoke = driver;
  if (invoke == NULL) {
    return;
  }
  ms_heap_deinit(&invoke->heap); /* before what is in it */
  ms_invoke_runs_deinit(invoke);
  ms_invoke_waiters_deinit(invoke);
  ms_invoke_queue_deinit(invoke);
  ms_invoke_functions_deinit(invoke);
  ms_outbox_free(invoke->outbox);
  ms_free(invoke);
}

static int invoke_load(void *driver)
{
  struct ms_invoke *invoke = driver;
  invoke->is_resumed = false;
  if (invoke->env->ledger.reader == NULL) {
    return ms_outbox_load(invoke->outbox);
  }
  /* All of it goes before anything is read: what fails half-way leaves nothing that was not durable. */
  ms_invoke_queue_drop(invoke);
  ms_invoke_functions_drop(invoke);
  int err = ms_outbox_load(invoke->outbox);
  err = err != 0 ? err : ms_invoke_functions_load(invoke);
  return err != 0 ? err : ms_invoke_queue_load(invoke);
}

static void invoke_resume(void *driver)
{
  struct ms_invoke *invoke = driver;
  invoke->is_resumed = true;
  ms_outbox_resume(invoke->outbox);
  ms_invoke_go(invoke);
}

static int64_t invoke_next_due_ms(void *driver)
{
  struct ms_invoke *invoke = driver;
  int64_t outbox_due_ms = ms_outbox_next_due_ms(invoke->outbox);
  bool may_go = invoke->is_resumed && invoke->run_count < MS_INVOKE_RUNS_MAX;
  int64_t due_ms = may_go ? ms_invoke_queue_due_ms(invoke) : 0;
  return due_ms == 0 || (outbox_due_ms != 0 && outbox_due_ms < due_ms) ? outbox_due_ms : due_ms;
}

static void invoke_on_timer(void *driver, int64_t now_ms)
{
  struct ms_invoke *invoke = driver;
  ms_outbox_on_timer(invoke->outbox, now_ms);
  ms_invoke_go(invoke);
}

static bool invoke_is_busy(void *driver)
{
  struct ms_invoke *invoke = driver;
  return invoke->runs != NULL || (invoke->is_resumed && invoke->open_count > 0) ||
         ms_outbox_is_busy(invoke->outbox);
}

static void invoke_collect(void *driver, struct ms_metrics *metrics)
{
  const struct ms_invoke *invoke = driver;
  ms_metrics_set(metrics, MS_METRIC_FUNCTION_RUNS, invoke->counts.invocations);
  ms_metrics_set(metrics, MS_METRIC_FUNCTION_SUCCESSES, invoke->counts.successes);
  ms_metrics_set(metrics, MS_METRIC_FUNCTION_ERRORS, invoke->counts.errors);
  ms_metrics_set(metrics, MS_METRIC_FUNCTION_THROTTLES, invoke->counts.throttles);
  ms_metrics_set(metrics, MS_METRIC_ASYNC_RECEIVED, invoke->counts.received);
  ms_metrics_set(metrics, MS_METRIC_ASYNC_DROPPED, invoke->counts.dropped);
  ms_metrics_set(metrics, MS_METRIC_ASYNC_AGED_OUT, invoke->counts.aged_out);
  ms_metrics_set(metrics, MS_METRIC_ASYNC_PENDING, invoke->open_count);
  ms_metrics_set(metrics, MS_METRIC_RECURSIONS_DROPPED, invoke->counts.recursions);
  ms_metrics_set(metrics, MS_METRIC_DELIVERED, ms_outbox_delivered_count(invoke->outbox));
  ms_metrics_set(metrics, MS_METRIC_UNDELIVERED, ms_outbox_undelivered_count(invoke->outbox));
}

const struct ms_driver_type ms_invoke_driver = {
    .name = "invoke",
    .open = invoke_open,
    .close = invoke_close,
    .load = invoke_load,
    .resume = invoke_resume,
    .next_due_ms = invoke_next_due_ms,
    .on_timer = invoke_on_timer,
    .is_busy = invoke_is_busy,
    .collect = invoke_collect,
};

void ms_invoke_set_up(struct ms_invoke *invoke, const struct ms_invoke_up *up)
{
  invoke->up = *up;
}

int ms_invoke_lua(struct ms_lua **out, struct ms_invoke *invoke)
{
  *out = invoke->lua;
  if (invoke->lua != NULL) {
    return MSTEP_OK;
  }
  return invoke->up.lua == NULL ? ms_error(MSTEP_EUNSUPPORTED, "there are no functions")
                                : invoke->up.lua(out, invoke->up.user);
}

struct ms_outbox *ms_invoke_outbox(struct ms_invoke *invoke)
{
  return invoke->outbox;
}

size_t ms_invoke_pending(const struct ms_invoke *invoke)
{
  return invoke->open_count;
}
