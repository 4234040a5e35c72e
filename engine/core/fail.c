/*
 * Failing: Retry, then Catch, then up to the frame above, in one decision, with the events in AWS's
 * order. `decision->previous` is the failing event when ms_decision_fail is called.
 *
 *   fail(frame) --retrier matches--> RETRY_SCHEDULED
 *               --catcher matches--> [MapStateFailed] StateExited
 *               --neither---------> root: ExecutionFailed
 *                                    branch, iteration: siblings are aborted, fail(parent)
 */
#include "core/fail.h"
#include "core/map_run.h"

#include <math.h>

#include "asl/state_type.h"
#include "base/buf.h"
#include "base/error.h"

/* ---- matching ---- */

/* Errors that no retrier and no catcher sees: the definition cannot go on, whatever it says. */
static bool is_terminal(struct ms_str error)
{
  return ms_str_is(error, "States.Runtime") || ms_str_is(error, "States.ReferencePathConflict");
}

static bool name_matches(struct ms_str name, struct ms_str error)
{
  if (ms_str_is(name, "States.ALL") || ms_str_eq(name, error))
    return true;
  if (ms_str_is(name, "States.TaskFailed"))
    return !ms_str_is(error, "States.Timeout") && !ms_str_is(error, "States.HeartbeatTimeout");
  /* AWS records a missed heartbeat as States.Timeout; both names catch it. */
  return ms_str_is(error, "States.HeartbeatTimeout") && ms_str_is(name, "States.Timeout");
}

static bool any_matches(const struct ms_str *names, uint32_t count, struct ms_str error)
{
  for (uint32_t i = 0; i < count; i++)
    if (name_matches(names[i], error))
      return true;
  return false;
}

/* ---- retry ---- */

static int64_t retry_delay_ms(struct ms_decision *decision, const struct ms_retrier *retrier,
                              uint32_t retries)
{
  double seconds = retrier->interval_seconds * pow(retrier->backoff_rate, retries);
  double max = retrier->max_delay_seconds != 0 ? retrier->max_delay_seconds : 99999999.0;
  if (!(seconds < max))
    seconds = max;
  if (retrier->jitter == MS_JITTER_FULL)
    seconds *= ms_random_double(&decision->random);
  return (int64_t)(seconds * 1000 + 0.5);
}

/* 1: a retry is scheduled; 0: none is due; < 0 an error. */
static int try_retry(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_failure *failure)
{
  struct ms_str error = ms_json_text(failure->error);
  for (uint32_t i = 0; i < frame->state->retrier_count; i++) {
    const struct ms_retrier *retrier = &frame->state->retriers[i];
    if (!any_matches(retrier->errors, retrier->error_count, error))
      continue;
    uint32_t retries = frame->attempts == NULL ? 0 : frame->attempts[i];
    ms_decision_inspect(decision, "retryIndex", ms_json_int(i));
    if (retries >= retrier->max_attempts)
      return 0; /* the first that matches is the one, used up or not */
    struct ms_event *event = ms_decision_event(decision, MS_EVENT_RETRY_SCHEDULED, frame);
    if (event == NULL)
      return ms_error_nomem();
    event->number = i;
    event->data = ms_json_ref(failure->error);
    event->due_at_ms = event->at_ms + retry_delay_ms(decision, retrier, retries);
    event->flags |= MS_EVENT_SETS_TIMER;
    return 1;
  }
  return 0;
}

/* ---- catch ---- */

static struct ms_json text_or_null(struct ms_json text, const struct ms_json *error)
{
  if (!ms_json_is_none(text))
    return ms_json_ref(text);
  bool is_timeout = error != NULL && ms_str_has_suffix(ms_json_text(*error), "Timeout");
  return is_timeout ? ms_json_cstring("") : MS_JSON_VALUE_NULL;
}

static struct ms_json error_output(const struct ms_failure *failure)
{
  struct ms_json output = ms_json_object(2);
  struct ms_json error = failure->error;
  if (ms_str_is(ms_json_text(error), "States.HeartbeatTimeout"))
    error = ms_json_cstring("States.Timeout");
  else
    error = text_or_null(error, NULL);
  if (ms_json_setc(&output, "Error", error) < 0 ||
      ms_json_setc(&output, "Cause", text_or_null(failure->cause, &failure->error)) < 0) {
    ms_json_unref(output);
    return MS_JSON_VALUE_NONE;
  }
  return output;
}

static int catch_output(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                        const struct ms_catcher *catcher, struct ms_json error,
                        struct ms_failure *failure)
{
  if (catcher->output != NULL) {
    struct ms_query_env *env = ms_decision_query(decision, frame, frame->input);
    env->error_output = error;
    return ms_query_eval(out, catcher->output, env, failure);
  }
  if (catcher->is_discarding || catcher->result_path == NULL) {
    *out = ms_json_ref(catcher->is_discarding ? frame->input : error);
    return 0;
  }
  return ms_jsonpath_put(out, catcher->result_path, frame->input, ms_json_ref(error), failure);
}

static int catch_assigned(struct ms_json *out, struct ms_decision *decision,
                          const struct ms_frame *frame, const struct ms_catcher *catcher,
                          struct ms_json error, struct ms_failure *failure)
{
  *out = MS_JSON_VALUE_NONE;
  if (catcher->assign == NULL)
    return 0;
  bool is_jsonpath = ms_state_is_jsonpath(frame->state);
  struct ms_query_env *env = ms_decision_query(decision, frame, is_jsonpath ? error : frame->input);
  env->error_output = error;
  return ms_query_eval(out, catcher->assign, env, failure);
}

static int fail_copy(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_failure *failure, bool may_handle);

/* A catcher's field could not be evaluated. */
static int fail_catch(struct ms_decision *decision, const struct ms_frame *frame, uint32_t index,
                      struct ms_failure *failure)
{
  if (ms_json_is_string(failure->location)) {
    struct ms_json at = ms_json_stringf("Catch[%u]/%.*s", (unsigned)index,
                                        MS_STR_ARG(ms_json_text(failure->location)));
    ms_json_replace(&failure->location, at);
  }
  return ms_decision_fail_uncaught(decision, frame, failure);
}

static int catch_with(struct ms_decision *decision, const struct ms_frame *frame, uint32_t index,
                      const struct ms_failure *failure)
{
  const struct ms_catcher *catcher = &frame->state->catchers[index];
  struct ms_failure own = MS_FAILURE_INIT;
  struct ms_json output = MS_JSON_VALUE_NONE, assigned = MS_JSON_VALUE_NONE;
  struct ms_json error = error_output(failure);
  int status = ms_json_is_none(error) ? ms_error_nomem() : 0;
  if (status == 0)
    status = catch_output(&output, decision, frame, catcher, error, &own);
  if (status == 0)
    status = catch_assigned(&assigned, decision, frame, catcher, error, &own);
  bool is_evaluated = status == 0;
  if (is_evaluated)
    status = ms_decision_check_limits(decision, frame, output, assigned, &own);
  if (status == 0)
    status = ms_decision_leave(decision, frame, output, assigned, catcher->next);
  else
    ms_json_unref(assigned);
  if (status == MS_FAILED && is_evaluated)
    status = fail_copy(decision, frame, &own, false);
  else if (status == MS_FAILED)
    status = fail_catch(decision, frame, index, &own);
  ms_json_unref(error);
  ms_json_unref(output);
  ms_failure_deinit(&own);
  return status;
}

/* As try_retry. */
static int try_catch(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_failure *failure)
{
  for (uint32_t i = 0; i < frame->state->catcher_count; i++) {
    const struct ms_catcher *catcher = &frame->state->catchers[i];
    if (!any_matches(catcher->errors, catcher->error_count, ms_json_text(failure->error)))
      continue;
    ms_decision_inspect(decision, "catchIndex", ms_json_int(i));
    int status = catch_with(decision, frame, i, failure);
    return status < 0 ? status : 1;
  }
  return 0;
}

/* ---- cutting off ---- */

static void mark_open(struct ms_event *event, const struct ms_frame *frame)
{
  if (frame->task != 0) {
    event->flags |= MS_EVENT_CANCELS_TASK;
    event->number = frame->task;
  }
  if (frame->timer_at_ms != 0)
    event->flags |= MS_EVENT_CLEARS_TIMER;
}

/* Writes an event about a frame that was cut off; the failing event stays the cause of all of them. */
static int write_cut(struct ms_decision *decision, enum ms_event_type type, const struct ms_frame *frame,
                     bool is_closing)
{
  uint32_t cause = decision->previous;
  struct ms_event *event = ms_decision_event(decision, type, frame);
  if (event == NULL)
    return ms_error_nomem();
  if (is_closing)
    mark_open(event, frame);
  if (type == MS_EVENT_MAP_ITERATION_ABORTED || type == MS_EVENT_MAP_ITERATION_FAILED) {
    event->number = frame->index;
    event->state = ms_execution_frame(decision->execution, frame->parent)->state->index;
  }
  decision->previous = cause;
  return 0;
}

static bool is_inside_state(const struct ms_frame *frame)
{
  return frame->status != MS_FRAME_READY && frame->status != MS_FRAME_ENDED &&
         (frame->state->type->flows != NULL || frame->task != 0 ||
          frame->status == MS_FRAME_WAITING || frame->status == MS_FRAME_RETRYING);
}

/* Deadlines of one instant are all missed, before the first of them cuts the others off. */
static bool is_due_too(const struct ms_decision *decision, const struct ms_frame *frame)
{
  return frame->status == MS_FRAME_TASK && frame->task != 0 && frame->timer_at_ms != 0 &&
         frame->timer_at_ms <= decision->env->now_ms;
}

static bool is_below(const struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_frame *above)
{
  while (frame != NULL && frame != above)
    frame = ms_execution_frame(decision->execution, frame->parent);
  return frame != NULL;
}

/* Of all that runs below `parent`, but for what is `failed` or below it (NULL: nothing is). */
static int time_out_below(struct ms_decision *decision, const struct ms_frame *parent,
                          const struct ms_frame *failed)
{
  static const enum ms_event_type types[] = {[MS_RESOURCE_LAMBDA] = MS_EVENT_LAMBDA_TIMED_OUT,
                                             [MS_RESOURCE_ACTIVITY] = MS_EVENT_ACTIVITY_TIMED_OUT,
                                             [MS_RESOURCE_SERVICE] = MS_EVENT_TASK_TIMED_OUT};
  uint32_t cause = decision->previous;
  for (uint32_t i = 0; i < decision->execution->frame_count; i++) {
    const struct ms_frame *frame = decision->execution->frames[i];
    if (frame == NULL || !is_due_too(decision, frame) || !is_below(decision, frame, parent) ||
        (failed != NULL && is_below(decision, frame, failed)))
      continue;
    struct ms_resource resource;
    ms_core_resource(&resource, decision->execution->machine, frame->state->index);
    decision->previous = frame->previous;
    struct ms_event *event = ms_decision_event(decision, types[resource.kind], frame);
    if (event == NULL)
      return ms_error_nomem();
    event->data = ms_json_cstring("States.Timeout");
    mark_open(event, frame);
  }
  decision->previous = cause;
  return 0;
}

static int abort_children(struct ms_decision *decision, const struct ms_frame *parent,
                          const struct ms_frame *except);

static int abort_frame(struct ms_decision *decision, const struct ms_frame *frame)
{
  bool is_iteration = frame->flow->kind == MS_FLOW_PROCESSOR;
  int status = 0;
  if (is_iteration)
    status = write_cut(decision, MS_EVENT_MAP_ITERATION_ABORTED, frame, false);
  if (status == 0 && is_inside_state(frame))
    status = write_cut(decision, MS_EVENT_STATE_ABORTED, frame, false);
  if (status == 0 && frame->children != NULL)
    status = ms_decision_end_map_run(decision, frame, "ABORTED", NULL);
  if (status == 0 && frame->children != NULL)
    status = abort_children(decision, frame, NULL);
  if (status == 0)
    status = write_cut(decision, MS_EVENT_THREAD_ABORTED, frame, !is_due_too(decision, frame));
  return status;
}

static int abort_children(struct ms_decision *decision, const struct ms_frame *parent,
                          const struct ms_frame *except)
{
  int status = 0;
  for (uint32_t i = 0; status == 0 && i < decision->execution->frame_count; i++) {
    const struct ms_frame *frame = decision->execution->frames[i];
    if (frame != NULL && frame != except && frame->parent == parent->id && !frame->is_cut)
      status = abort_frame(decision, frame);
  }
  return status;
}

/* The child at that place while it runs; NULL. */
static const struct ms_frame *running_child(const struct ms_execution *execution,
                                            const struct ms_frame *map, uint32_t index)
{
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    const struct ms_frame *frame = execution->frames[i];
    if (frame != NULL && frame->parent == map->id && frame->index == index && !frame->is_cut)
      return frame;
  }
  return NULL;
}

int ms_decision_stop_child(struct ms_decision *decision, const struct ms_command *command)
{
  const struct ms_frame *map = ms_map_run_find(decision->execution, ms_json_text(command->data));
  const struct ms_frame *child =
      map == NULL || map->is_cut ? NULL : running_child(decision->execution, map, command->task);
  if (child == NULL)
    return 0; /* it has ended meanwhile */
  int status = time_out_below(decision, child, NULL);
  if (status == 0)
    status = abort_frame(decision, child);
  if (status != 0)
    return status;
  struct ms_event *event = &decision->out->items[decision->out->count - 1];
  event->data = ms_json_ref(command->error);
  event->more = ms_json_ref(command->cause);
  event = ms_decision_hidden(decision, MS_EVENT_MAP_ITERATION_STOPPED, map);
  if (event == NULL)
    return ms_error_nomem();
  event->number = command->task;
  return 0;
}

int ms_decision_end(struct ms_decision *decision, enum ms_event_type type, struct ms_json error,
                    struct ms_json cause)
{
  const struct ms_execution *execution = decision->execution;
  int status = 0;
  for (uint32_t i = 0; status == 0 && i < execution->frame_count; i++) {
    const struct ms_frame *frame = execution->frames[i];
    if (frame == NULL || frame->is_cut)
      continue;
    status = ms_decision_end_map_run(decision, frame, "ABORTED", NULL);
    if (status == 0)
      status = write_cut(decision, MS_EVENT_THREAD_ABORTED, frame, true);
  }
  struct ms_event *event = status == 0 ? ms_decision_event(decision, type, NULL) : NULL;
  if (event == NULL) {
    ms_json_unref(error);
    ms_json_unref(cause);
    return ms_error_nomem();
  }
  event->data = error;
  event->more = cause;
  if (execution->timer_at_ms != 0)
    event->flags |= MS_EVENT_CLEARS_TIMER;
  return 0;
}

/* ---- up ---- */

static bool tolerates(double count, double percentage, double failed, double total)
{
  if (failed == 0)
    return true;
  if (count < 0 && percentage < 0)
    return false;
  return (count < 0 || failed <= count) && (percentage < 0 || failed * 100 / total <= percentage);
}

/* With batches, items count: a batch fails with all of them. failed_now: as in map_run.h. */
static void count_failures(double *failed, double *total, const struct ms_decision *decision,
                           const struct ms_frame *map, const struct ms_frame *failed_now)
{
  const struct ms_children *children = map->children;
  *failed = children->failed_count + (failed_now != NULL ? 1.0 : 0.0);
  *total = children->count;
  if (children->is_batched) {
    struct ms_map_run_counts items, batches;
    ms_map_run_count(&items, &batches, decision->execution, map, failed_now);
    *failed = (double)items.failed;
    *total = (double)items.total;
  }
}

static bool is_tolerated(const struct ms_decision *decision, const struct ms_frame *parent,
                         const struct ms_frame *frame)
{
  const struct ms_children *children = parent->children;
  double failed, total;
  if (children->tolerated_count < 0 && children->tolerated_percentage < 0)
    return false;
  count_failures(&failed, &total, decision, parent, frame);
  return tolerates(children->tolerated_count, children->tolerated_percentage, failed, total);
}

static bool writes_results(const struct ms_decision *decision, const struct ms_frame *frame)
{
  return ms_json_is_string(frame->children->run_arn) && decision->env->probe == NULL &&
         frame->state->type->writes_results != NULL &&
         frame->state->type->writes_results(frame->state);
}

/* 1: nothing fails yet, results are written first. */
static int exceed_threshold(struct ms_decision *decision, const struct ms_frame *parent,
                            const struct ms_frame *failed, struct ms_failure *failure)
{
  const struct ms_children *children = parent->children;
  bool has_threshold = children->tolerated_count >= 0 || children->tolerated_percentage >= 0;
  if (!children->is_map_run && !has_threshold)
    return 0;
  if (writes_results(decision, parent)) {
    struct ms_event *event = ms_decision_hidden(decision, MS_EVENT_MAP_RUN_FAILING, parent);
    return event == NULL ? ms_error_nomem() : 1;
  }
  int status = ms_decision_exceed_map_run(decision, parent, failed, failure);
  return status == MS_FAILED ? 0 : status;
}

static double number_or(struct ms_json object, const char *name, double otherwise)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_number(value) ? ms_json_number(value) : otherwise;
}

int ms_decision_lower_tolerance(struct ms_decision *decision, const struct ms_frame *map,
                                struct ms_json settings)
{
  const struct ms_children *children = map->children;
  double failed, total;
  if (map->task != 0 || children->is_failing || children->failed_count == 0)
    return 0; /* it reads or writes, or nothing has failed that may not */
  count_failures(&failed, &total, decision, map, NULL);
  if (tolerates(number_or(settings, "toleratedCount", children->tolerated_count),
                number_or(settings, "toleratedPercentage", children->tolerated_percentage), failed,
                total))
    return 0;
  int status = time_out_below(decision, map, NULL);
  if (status == 0)
    status = abort_children(decision, map, NULL);
  if (status == 0 && ms_decision_hidden(decision, MS_EVENT_MAP_RUN_FAILING, map) == NULL)
    status = ms_error_nomem();
  return status;
}

/* A branch or iteration fails its parent. 1: tolerated, or not yet, nothing more to do. */
static int fail_parent(struct ms_decision *decision, const struct ms_frame *frame,
                       struct ms_failure *failure)
{
  const struct ms_frame *parent = ms_execution_frame(decision->execution, frame->parent);
  bool is_iteration = frame->flow->kind == MS_FLOW_PROCESSOR;
  bool is_spared = is_iteration && !is_terminal(ms_json_text(failure->error)) &&
                   is_tolerated(decision, parent, frame);
  int status = is_spared ? 0 : time_out_below(decision, parent, frame);
  if (status == 0 && is_iteration)
    status = write_cut(decision, MS_EVENT_MAP_ITERATION_FAILED, frame, false);
  if (status == 0 && is_iteration && parent->children->is_map_run) {
    struct ms_event *event = &decision->out->items[decision->out->count - 1];
    event->data = ms_json_ref(failure->error);
    event->more = ms_json_ref(failure->cause);
  }
  if (status == 0 && is_spared)
    return 1;
  if (status == 0 && frame->status == MS_FRAME_TASK)
    status = write_cut(decision, MS_EVENT_STATE_ABORTED, frame, false);
  if (status == 0 && !is_iteration)
    status = write_cut(decision, MS_EVENT_THREAD_ABORTED, frame, false);
  if (status == 0)
    status = abort_children(decision, parent, frame);
  if (frame->is_hidden && !parent->is_hidden)
    decision->previous = parent->previous;
  if (status == 0 && is_iteration)
    status = exceed_threshold(decision, parent, frame, failure);
  return status;
}

static int write_state_failed(struct ms_decision *decision, const struct ms_frame *frame)
{
  if (frame->state->type->flows == NULL)
    return 0;
  bool is_map = (*frame->state->type->flows(frame->state))->kind == MS_FLOW_PROCESSOR;
  return ms_decision_write(decision, is_map ? MS_EVENT_MAP_FAILED : MS_EVENT_PARALLEL_FAILED, frame,
                           MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE);
}

/*
 * Whether a redrive would run all children again, those that succeeded too: when their outputs are too
 * large together, and when a map run itself is what failed. Results that could not be written are written again.
 */
static bool begins_anew(const struct ms_frame *frame, const struct ms_failure *failure, bool is_own)
{
  if (frame->children == NULL)
    return false;
  return ms_str_is(ms_json_text(failure->error), "States.DataLimitExceeded") ||
         (is_own && frame->children->is_map_run && !frame->children->is_failing &&
          !ms_str_is(ms_json_text(failure->error), "States.ResultWriterFailed"));
}

static int fail_machine(struct ms_decision *decision, const struct ms_failure *failure)
{
  struct ms_json error = ms_json_ref(failure->error);
  if (ms_str_is(ms_json_text(error), "States.HeartbeatTimeout"))
    ms_json_replace(&error, ms_json_cstring("States.Timeout"));
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_EXECUTION_FAILED, NULL);
  if (event == NULL) {
    ms_json_unref(error);
    return ms_error_nomem();
  }
  event->data = error;
  event->more = ms_json_ref(failure->cause);
  if (decision->execution->timer_at_ms != 0)
    event->flags |= MS_EVENT_CLEARS_TIMER;
  return 0;
}

static int fail_from(struct ms_decision *decision, const struct ms_frame *frame,
                     struct ms_failure *failure, bool may_handle)
{
  /* A Map or Parallel whose own field failed may have children that still run. */
  bool has_children = frame->children != NULL && may_handle;
  int cut = has_children ? time_out_below(decision, frame, NULL) : 0;
  if (cut == 0 && has_children)
    cut = abort_children(decision, frame, NULL);
  if (cut == 0)
    cut = ms_decision_end_map_run(decision, frame, "FAILED", NULL);
  if (cut < 0)
    return cut;
  ms_decision_inspect(decision, "error", failure->error);
  ms_decision_inspect(decision, "cause", failure->cause);
  for (bool is_own = true;; is_own = false) {
    bool is_caught = may_handle && !is_terminal(ms_json_text(failure->error));
    int status = is_caught ? try_retry(decision, frame, failure) : 0;
    /* AWS leaves MapStateFailed out where the Map's own fields are a States.Runtime. */
    if (status == 0 && !(is_own && is_terminal(ms_json_text(failure->error))))
      status = write_state_failed(decision, frame);
    if (status == 0 && is_caught)
      status = try_catch(decision, frame, failure);
    if (status == 0 && begins_anew(frame, failure, is_own))
      status = ms_decision_write(decision, MS_EVENT_STATE_RESET, frame, MS_JSON_VALUE_NONE,
                                 MS_JSON_VALUE_NONE);
    if (status != 0)
      return status < 0 ? status : 0;
    if (frame->parent == MS_FRAME_NONE)
      return fail_machine(decision, failure);
    status = fail_parent(decision, frame, failure);
    if (status != 0)
      return status < 0 ? status : 0;
    frame = ms_execution_frame(decision->execution, frame->parent);
    may_handle = true;
  }
}

static int fail_copy(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_failure *failure, bool may_handle)
{
  struct ms_failure copy = {ms_json_ref(failure->error), ms_json_ref(failure->cause),
                            MS_JSON_VALUE_NONE};
  int status = fail_from(decision, frame, &copy, may_handle);
  ms_failure_deinit(&copy);
  return status;
}

int ms_decision_fail(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_failure *failure)
{
  return fail_copy(decision, frame, failure, true);
}

/* ---- failed evaluations ---- */

static int write_evaluation_failed(struct ms_decision *decision, const struct ms_frame *frame,
                                   const struct ms_failure *failure)
{
  struct ms_json more = ms_json_object(2);
  int status = ms_json_setc(&more, "cause", ms_json_ref(failure->cause));
  if (status == 0 && !ms_json_is_none(failure->location))
    status = ms_json_setc(&more, "location", ms_json_ref(failure->location));
  if (status < 0) {
    ms_json_unref(more);
    return status;
  }
  /* AWS counts the state as not entered (but for Wait, which passes its own event). */
  if (decision->previous == frame->entered_id && !ms_str_is(ms_str_c(frame->state->type->name), "Wait"))
    decision->previous = frame->entered_previous;
  return ms_decision_write(decision, MS_EVENT_EVALUATION_FAILED, frame, ms_json_ref(failure->error),
                           more);
}

static int explain(struct ms_decision *decision, const struct ms_frame *frame,
                   struct ms_failure *failure)
{
  if (ms_json_is_none(failure->error))
    return ms_error(MSTEP_EINTERNAL, "an evaluation failed without an error");
  if (decision->env->probe != NULL)
    return 0; /* there is one state only, and AWS does not say that it was this one */
  struct ms_json cause = ms_json_stringf(
      "An error occurred while executing the state '%.*s' (entered at the event id #%u). %.*s",
      MS_STR_ARG(frame->state->name), (unsigned)frame->entered_id,
      MS_STR_ARG(ms_json_text(failure->cause)));
  if (ms_json_is_none(cause))
    return ms_error_nomem();
  ms_json_replace(&failure->cause, cause);
  if (ms_str_eq(ms_json_text(failure->error), MS_STR("States.QueryEvaluationError")))
    return write_evaluation_failed(decision, frame, failure);
  return 0;
}

int ms_decision_fail_evaluation(struct ms_decision *decision, const struct ms_frame *frame,
                                struct ms_failure *failure)
{
  int status = explain(decision, frame, failure);
  return status < 0 ? status : fail_copy(decision, frame, failure, true);
}

int ms_decision_fail_uncaught(struct ms_decision *decision, const struct ms_frame *frame,
                              struct ms_failure *failure)
{
  int status = explain(decision, frame, failure);
  return status < 0 ? status : fail_copy(decision, frame, failure, false);
}

int ms_decision_settle(struct ms_decision *decision, const struct ms_frame *frame, int status,
                       struct ms_failure *failure)
{
  return status == MS_FAILED ? ms_decision_fail_evaluation(decision, frame, failure) : status;
}
