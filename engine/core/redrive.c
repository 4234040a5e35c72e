/*
 * Redrive: an execution that ended badly goes on where it did. What that needs was kept when it ended
 * (cut frames, see execution.h); here is whether it may, and the events with which it does.
 *
 *   EXECUTION_REDRIVEN, RESUMED of the machine's frame; then, as steps, RESUMED of one cut child after the
 *   other, no more at once than the state's concurrency.
 */
#include "asl/state_type.h"
#include "base/error.h"
#include "core/fail.h"

#define SYNC_LIFE_SECONDS 300 /* of StartSyncExecution, where there is no limit for Express */

/* ---- whether ---- */

static const char *status_reason(const struct ms_execution *execution)
{
  if (execution->status == MS_EXECUTION_RUNNING)
    return "Execution is RUNNING and cannot be redriven";
  if (execution->status == MS_EXECUTION_SUCCEEDED)
    return "Execution is SUCCEEDED and cannot be redriven";
  if (execution->identity.is_express)
    return "This operation is not supported by this type of state machine";
  return NULL;
}

static bool is_over_limit(int64_t from_ms, uint32_t seconds, int64_t now_ms)
{
  return seconds != 0 && now_ms - from_ms >= (int64_t)seconds * 1000;
}

static const char *limit_reason(const struct ms_execution *execution,
                                const struct ms_core_limits *limits, int64_t now_ms)
{
  /* Room for ExecutionRedriven and one more. */
  if (limits->history_events != 0 && execution->next_event >= limits->history_events)
    return "Execution history event limit exceeded";
  if (is_over_limit(execution->started_at_ms, limits->execution_seconds_standard, now_ms))
    return "Execution has exceeded the max execution time";
  if (is_over_limit(execution->stopped_at_ms, limits->redrive_seconds, now_ms))
    return "Execution redrivable period exceeded";
  return NULL;
}

bool ms_core_redrivable(const char **reason, const struct ms_execution *execution,
                        const struct ms_core_limits *limits, int64_t now_ms)
{
  *reason = status_reason(execution);
  if (*reason == NULL && limits != NULL)
    *reason = limit_reason(execution, limits, now_ms);
  return *reason == NULL;
}

/* ---- how ---- */

int64_t ms_decision_deadline(const struct ms_decision *decision, int64_t started_at_ms)
{
  const struct ms_execution *execution = decision->execution;
  const struct ms_core_limits *limits = decision->env->limits;
  uint32_t life_seconds = execution->identity.is_express ? limits->execution_seconds_express
                                                         : limits->execution_seconds_standard;
  if (execution->identity.is_sync && life_seconds == 0) {
    life_seconds = SYNC_LIFE_SECONDS; /* somebody holds a connection for it */
  }
  int64_t timeout = execution->machine->timeout_seconds;
  int64_t life_at_ms = started_at_ms + (int64_t)life_seconds * 1000;
  int64_t timeout_at_ms = decision->env->now_ms + timeout * 1000;
  if (timeout == 0)
    return life_seconds == 0 ? 0 : life_at_ms;
  return life_seconds != 0 && life_at_ms < timeout_at_ms ? life_at_ms : timeout_at_ms;
}

/* A Map whose map run was redriven too often fails, as if it had gone on. */
static int refuse_map_run(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  int status = ms_fail(&failure, "States.Runtime",
                       "The map run reached the maximum number of redrives (%u).",
                       (unsigned)decision->env->limits->map_run_redrives);
  if (status == MS_FAILED)
    status = ms_decision_fail(decision, frame, &failure);
  ms_failure_deinit(&failure);
  return status;
}

static int redrive_map_run(struct ms_decision *decision, const struct ms_frame *frame)
{
  uint32_t limit = decision->env->limits->map_run_redrives;
  if (limit != 0 && frame->children->redrive_count >= limit)
    return refuse_map_run(decision, frame);
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_MAP_RUN_REDRIVEN, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->number = frame->children->redrive_count + 1;
  event->data = ms_json_ref(frame->children->run_arn);
  return 0;
}

static int resume(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_RESUMED, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->number = frame->state->type->is_terminal; /* "Reenters the Fail state and fails again" */
  event->data = ms_json_ref(frame->first_input);
  bool is_map_run = frame->children != NULL && !ms_json_is_none(frame->children->run_arn);
  return is_map_run && ms_json_is_none(frame->first_input) ? redrive_map_run(decision, frame) : 0;
}

int ms_decision_resume_next(struct ms_decision *decision, const struct ms_frame *parent)
{
  if (parent->children->last_exit != 0) /* as between iterations one after the other */
    decision->previous = parent->children->last_exit;
  return resume(decision, ms_execution_frame(decision->execution, parent->children->cut_first));
}

int ms_decision_redrive(struct ms_decision *decision)
{
  const struct ms_execution *execution = decision->execution;
  const char *reason;
  if (!ms_core_redrivable(&reason, execution, decision->env->limits, decision->env->now_ms))
    return ms_error(MSTEP_ESTATE, "%s", reason);
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_EXECUTION_REDRIVEN, NULL);
  if (event == NULL)
    return ms_error_nomem();
  event->number = execution->redrive_count + 1;
  event->due_at_ms = ms_decision_deadline(decision, execution->started_at_ms);
  if (event->due_at_ms != 0)
    event->flags |= MS_EVENT_SETS_TIMER;
  return resume(decision, execution->frames[0]);
}
