/*
 * The engine's figures for whoever watches it: of executions, from the events that became durable; of the
 * journal and the timers, from what these count; of the drivers, from what each puts in. HTTP has its own.
 */
#include "journal/journal.h"
#include "metrics/metrics.h"
#include "runtime/durable.h"
#include "runtime/internal.h"

/* Which events make up which figure. */
static const struct {
  enum ms_metric metric;
  enum ms_event_type types[3];
  unsigned count;
} of_events[] = {
    {MS_METRIC_EXECUTIONS_STARTED, {MS_EVENT_EXECUTION_STARTED}, 1},
    {MS_METRIC_EXECUTIONS_SUCCEEDED, {MS_EVENT_EXECUTION_SUCCEEDED}, 1},
    {MS_METRIC_EXECUTIONS_FAILED, {MS_EVENT_EXECUTION_FAILED}, 1},
    {MS_METRIC_EXECUTIONS_TIMED_OUT, {MS_EVENT_EXECUTION_TIMED_OUT}, 1},
    {MS_METRIC_EXECUTIONS_ABORTED, {MS_EVENT_EXECUTION_ABORTED}, 1},
    {MS_METRIC_EXECUTIONS_REDRIVEN, {MS_EVENT_EXECUTION_REDRIVEN}, 1},
    {MS_METRIC_TRANSITIONS, {MS_EVENT_STATE_EXITED}, 1},
    {MS_METRIC_TASKS_SCHEDULED,
     {MS_EVENT_TASK_SCHEDULED, MS_EVENT_LAMBDA_SCHEDULED, MS_EVENT_ACTIVITY_SCHEDULED},
     3},
    {MS_METRIC_TASKS_SUCCEEDED,
     {MS_EVENT_TASK_SUCCEEDED, MS_EVENT_LAMBDA_SUCCEEDED, MS_EVENT_ACTIVITY_SUCCEEDED},
     3},
    {MS_METRIC_TASKS_FAILED,
     {MS_EVENT_TASK_FAILED, MS_EVENT_LAMBDA_FAILED, MS_EVENT_ACTIVITY_FAILED},
     3},
    {MS_METRIC_TASKS_TIMED_OUT,
     {MS_EVENT_TASK_TIMED_OUT, MS_EVENT_LAMBDA_TIMED_OUT, MS_EVENT_ACTIVITY_TIMED_OUT},
     3},
    {MS_METRIC_RETRIES, {MS_EVENT_RETRY_SCHEDULED}, 1},
};

void ms_collect_events(struct ms_engine *engine, const struct ms_events *events)
{
  for (size_t i = 0; i < events->count; i++) {
    engine->event_counts[events->items[i].type]++;
  }
}

void ms_collect_end(struct ms_engine *engine, const struct ms_execution *execution)
{
  ms_histogram_add(&engine->durations,
                   1000 * (execution->stopped_at_ms - execution->started_at_ms));
}

static void collect_executions(struct ms_metrics *metrics, const struct ms_engine *engine)
{
  for (size_t i = 0; i < sizeof of_events / sizeof of_events[0]; i++) {
    for (unsigned j = 0; j < of_events[i].count; j++) {
      ms_metrics_set(metrics, of_events[i].metric, engine->event_counts[of_events[i].types[j]]);
    }
  }
  for (unsigned i = 0; i < MS_EVENT_COUNT; i++) {
    ms_metrics_set(metrics, MS_METRIC_HISTORY_EVENTS, engine->event_counts[i]);
  }
  ms_metrics_set(metrics, MS_METRIC_EXECUTIONS_OPEN, engine->open_count);
  ms_metrics_set_histogram(metrics, MS_METRIC_EXECUTION_SECONDS, &engine->durations);
}

static void collect_journal(struct ms_metrics *metrics, const struct ms_durable *durable)
{
  struct ms_journal_stats stats;
  ms_journal_get_stats(&stats, durable->journal);
  ms_metrics_set(metrics, MS_METRIC_JOURNAL_COMMITS, stats.commits);
  ms_metrics_set(metrics, MS_METRIC_JOURNAL_RECORDS, stats.transitions);
  ms_metrics_set(metrics, MS_METRIC_JOURNAL_BYTES, stats.bytes);
  ms_metrics_set(metrics, MS_METRIC_JOURNAL_FAILURES, stats.failures);
  ms_metrics_set_histogram(metrics, MS_METRIC_JOURNAL_SECONDS,
                           ms_journal_durations(durable->journal));
  ms_metrics_set(metrics, MS_METRIC_STORE_FAILED, durable->state == MS_DURABLE_FAILED);
}

static void collect_lua(struct ms_metrics *metrics, const struct ms_lua *lua)
{
  struct ms_lua_stats stats;
  ms_lua_stats(&stats, lua);
  ms_metrics_set(metrics, MS_METRIC_LUA_WORKERS, stats.workers);
  ms_metrics_set(metrics, MS_METRIC_LUA_CALLS, stats.calls);
  ms_metrics_set(metrics, MS_METRIC_LUA_RUNNING, stats.running);
  ms_metrics_set(metrics, MS_METRIC_LUA_WAITING, stats.waiting);
}

void ms_engine_collect(struct ms_metrics *metrics, struct ms_engine *engine)
{
  collect_executions(metrics, engine);
  ms_metrics_set(metrics, MS_METRIC_TIMERS, engine->timers.heap.count);
  if (engine->durable != NULL && engine->durable->journal != NULL) {
    collect_journal(metrics, engine->durable);
  }
  if (engine->lua != NULL) {
    collect_lua(metrics, engine->lua);
  }
  ms_drivers_collect(metrics, engine);
}
