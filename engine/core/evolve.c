/*
 * evolve: the only code that changes an execution. Total and simple: it applies what an event says and
 * decides nothing. What it does for an event type of a released version is frozen; new behaviour is a
 * new event type.
 */
#include <assert.h>

#include "asl/state_type.h"
#include "base/alloc.h"
#include "base/error.h"
#include "core/core.h"
#include "core/frame.h"

uint32_t ms_core_runnable(const struct ms_execution *execution)
{
  return execution->ready_first;
}

/* ---- one function for each kind of event ---- */

static int apply_execution_started(struct ms_execution *execution, const struct ms_event *event)
{
  execution->status = MS_EXECUTION_RUNNING;
  execution->started_at_ms = event->at_ms;
  execution->timer_at_ms = event->due_at_ms;
  ms_json_replace(&execution->input, ms_json_ref(event->data));
  return ms_frame_add(execution, NULL, execution->machine->flow, 0, event->data);
}

static int apply_execution_ended(struct ms_execution *execution, const struct ms_event *event)
{
  bool is_kept = event->type != MS_EVENT_EXECUTION_SUCCEEDED && !execution->identity.is_express;
  if (is_kept)
    ms_frame_keep_cut(execution);
  else
    ms_frame_drop_all(execution);
  execution->stopped_at_ms = event->at_ms;
  execution->timer_at_ms = 0;
  if (event->type == MS_EVENT_EXECUTION_SUCCEEDED) {
    execution->status = MS_EXECUTION_SUCCEEDED;
    ms_json_replace(&execution->output, ms_json_ref(event->data));
    return 0;
  }
  execution->status = event->type == MS_EVENT_EXECUTION_FAILED      ? MS_EXECUTION_FAILED
                      : event->type == MS_EVENT_EXECUTION_TIMED_OUT ? MS_EXECUTION_TIMED_OUT
                                                                    : MS_EXECUTION_ABORTED;
  if (event->type != MS_EVENT_EXECUTION_TIMED_OUT) {
    ms_json_replace(&execution->error, ms_json_ref(event->data));
    ms_json_replace(&execution->cause, ms_json_ref(event->more));
  }
  return 0;
}

static int apply_execution_redriven(struct ms_execution *execution, const struct ms_event *event)
{
  execution->status = MS_EXECUTION_RUNNING;
  execution->redrive_count = event->number;
  execution->redriven_at_ms = event->at_ms;
  execution->stopped_at_ms = 0;
  execution->timer_at_ms = event->due_at_ms;
  ms_json_replace(&execution->error, MS_JSON_VALUE_NONE);
  ms_json_replace(&execution->cause, MS_JSON_VALUE_NONE);
  return 0;
}

static int apply_state_entered(struct ms_execution *execution, struct ms_frame *frame,
                               const struct ms_event *event)
{
  frame->status = MS_FRAME_ENTERED;
  frame->entered_at_ms = event->at_ms;
  frame->entered_id = event->id;
  frame->entered_previous = event->previous;
  frame->retry_count = 0;
  ms_free(frame->attempts);
  frame->attempts = NULL;
  ms_frame_unqueue(execution, frame);
  ms_frame_push(execution, frame);
  return 0;
}

static int assign_variables(struct ms_frame *frame, struct ms_json assigned)
{
  if (!ms_json_is_object(assigned))
    return 0;
  if (ms_json_is_none(frame->variables)) {
    frame->variables = ms_json_ref(assigned);
    return 0;
  }
  for (size_t i = 0; i < ms_json_count(assigned); i++) {
    int status = ms_json_set_key(&frame->variables, ms_json_key_value(assigned, i),
                                 ms_json_ref(ms_json_member(assigned, i)));
    if (status < 0)
      return status;
  }
  return 0;
}

static int apply_state_exited(struct ms_execution *execution, struct ms_frame *frame,
                              const struct ms_event *event)
{
  ms_frame_drop_children(execution, frame);
  ms_frame_close_task(frame);
  ms_frame_unqueue(execution, frame);
  ms_json_replace(&frame->input, ms_json_ref(event->data));
  if (event->number == MS_STATE_NONE) {
    frame->status = MS_FRAME_ENDED;
  } else {
    frame->state = execution->machine->states[event->number];
    frame->status = MS_FRAME_READY;
    ms_frame_push(execution, frame);
  }
  return assign_variables(frame, event->more);
}

static uint32_t detail_seconds(struct ms_json details, const char *name)
{
  int64_t seconds = 0;
  ms_json_to_int(&seconds, ms_json_getc(details, name));
  return (uint32_t)seconds;
}

static int apply_task_scheduled(struct ms_execution *execution, struct ms_frame *frame,
                                const struct ms_event *event)
{
  ms_frame_unqueue(execution, frame);
  frame->status = MS_FRAME_TASK;
  frame->task = event->number;
  frame->timeout_seconds = detail_seconds(event->more, "timeoutInSeconds");
  frame->heartbeat_seconds = detail_seconds(event->more, "heartbeatInSeconds");
  ms_json_replace(&frame->parameters, ms_json_ref(event->data));
  ms_json_replace(&frame->task_details, ms_json_ref(event->more));
  execution->next_task = event->number + 1;
  return 0;
}

static int apply_task_started(struct ms_frame *frame, const struct ms_event *event)
{
  frame->is_started = true;
  if (frame->timeout_seconds != 0)
    frame->timeout_at_ms = event->at_ms + (int64_t)frame->timeout_seconds * 1000;
  if (frame->heartbeat_seconds != 0)
    frame->heartbeat_at_ms = event->at_ms + (int64_t)frame->heartbeat_seconds * 1000;
  return 0;
}

static struct ms_children *children_new(uint32_t count)
{
  struct ms_children *children =
      ms_calloc(1, sizeof(*children) + (size_t)count * sizeof(struct ms_json));
  if (children == NULL)
    return NULL;
  children->count = count;
  children->cut_first = children->cut_last = MS_FRAME_NONE;
  return children;
}

static int apply_parallel_started(struct ms_execution *execution, struct ms_frame *frame,
                                  const struct ms_event *event)
{
  struct ms_flow *const *flows = frame->state->type->flows(frame->state);
  ms_frame_unqueue(execution, frame);
  frame->status = MS_FRAME_CHILDREN;
  frame->children = children_new(event->number);
  if (frame->children == NULL)
    return ms_error_nomem();
  frame->children->input = ms_json_ref(event->data);
  frame->children->concurrency = event->number;
  frame->children->running_count = frame->children->started_count = event->number;
  for (uint32_t i = 0; i < event->number; i++) {
    int status = ms_frame_add(execution, frame, flows[i], i, event->data);
    if (status < 0)
      return status;
  }
  return 0;
}

static double detail_number(struct ms_json details, const char *name)
{
  struct ms_json value = ms_json_getc(details, name);
  return ms_json_is_none(value) ? -1 : ms_json_number(value);
}

static int apply_map_started(struct ms_execution *execution, struct ms_frame *frame,
                             const struct ms_event *event)
{
  frame->status = MS_FRAME_CHILDREN;
  frame->children = children_new((uint32_t)ms_json_count(event->data));
  if (frame->children == NULL)
    return ms_error_nomem();
  struct ms_children *children = frame->children;
  children->input = ms_json_ref(ms_json_getc(event->more, "input"));
  children->items = ms_json_ref(event->data);
  children->concurrency = detail_seconds(event->more, "concurrency");
  children->tolerated_count = detail_number(event->more, "toleratedCount");
  children->tolerated_percentage = detail_number(event->more, "toleratedPercentage");
  children->is_map_run = (*frame->state->type->flows(frame->state))->is_distributed;
  children->is_pairs = ms_json_is_true(ms_json_getc(event->more, "pairs"));
  ms_frame_unqueue(execution, frame);
  ms_frame_push(execution, frame);
  return 0;
}

static bool writes_results(const struct ms_state *state)
{
  return state->type->writes_results != NULL && state->type->writes_results(state);
}

/* The iterations are known now, and what they get. */
static int apply_map_items(struct ms_execution *execution, struct ms_frame *frame,
                           const struct ms_event *event)
{
  struct ms_children *children = children_new((uint32_t)ms_json_count(event->data));
  if (children == NULL)
    return ms_error_nomem();
  if (children->count > 0 && writes_results(frame->state)) {
    children->dates = ms_calloc((size_t)children->count * 2, sizeof *children->dates);
    if (children->dates == NULL) {
      ms_free(children);
      return ms_error_nomem();
    }
  }
  struct ms_children *old = frame->children;
  children->concurrency = old->concurrency;
  children->redrive_count = old->redrive_count;
  children->run_arn = ms_json_ref(old->run_arn);
  children->input = ms_json_ref(old->input);
  children->items = ms_json_ref(event->data);
  children->tolerated_count = old->tolerated_count;
  children->tolerated_percentage = old->tolerated_percentage;
  children->is_map_run = old->is_map_run;
  children->is_prepared = true;
  children->is_batched = ms_json_is_true(ms_json_getc(event->more, "batched"));
  ms_frame_drop_children(execution, frame);
  frame->children = children;
  ms_frame_unqueue(execution, frame);
  ms_frame_push(execution, frame);
  return 0;
}

static int apply_map_task(struct ms_execution *execution, struct ms_frame *frame,
                          const struct ms_event *event)
{
  ms_frame_unqueue(execution, frame);
  frame->task = event->number;
  ms_json_replace(&frame->parameters, ms_json_ref(event->data));
  execution->next_task = event->number + 1;
  return 0;
}

static bool may_start_more(const struct ms_children *children)
{
  return children->waiting_count > 0 || children->started_count < children->count;
}

static int apply_iteration_started(struct ms_execution *execution, struct ms_frame *frame,
                                   const struct ms_event *event)
{
  struct ms_children *children = frame->children;
  children->started_count++;
  children->running_count++;
  if (children->dates != NULL)
    children->dates[event->number * (size_t)2] = event->at_ms;
  ms_frame_unqueue(execution, frame);
  int status = ms_frame_add(execution, frame, *frame->state->type->flows(frame->state),
                            event->number, event->data);
  if (status != 0)
    return status;
  if (event->id != 0)
    execution->frames[execution->ready_last]->previous = event->id;
  if (may_start_more(children) && children->running_count < children->concurrency)
    ms_frame_push_front(execution, frame);
  return 0;
}

static int apply_map_run(struct ms_frame *frame, const struct ms_event *event)
{
  if (frame->children == NULL)
    return 0;
  ms_json_replace(&frame->children->run_arn, ms_json_ref(event->data));
  frame->children->redrive_count = event->number;
  return 0;
}

static int apply_map_run_updated(struct ms_execution *execution, struct ms_frame *frame,
                                 const struct ms_event *event)
{
  struct ms_children *children = frame->children;
  uint32_t concurrency = detail_seconds(event->data, "concurrency");
  double count = detail_number(event->data, "toleratedCount");
  double percentage = detail_number(event->data, "toleratedPercentage");
  if (concurrency != 0)
    children->concurrency = concurrency;
  if (count >= 0)
    children->tolerated_count = count;
  if (percentage >= 0)
    children->tolerated_percentage = percentage;
  if (frame->task != 0 || children->done_count == children->count)
    return 0;
  if (children->running_count >= children->concurrency)
    ms_frame_unqueue(execution, frame);
  else if (may_start_more(children))
    ms_frame_push(execution, frame);
  return 0;
}

static struct ms_json or_null(struct ms_json value)
{
  return ms_json_is_none(value) ? MS_JSON_VALUE_NULL : ms_json_ref(value);
}

/* One child fewer runs: another may begin, or all have ended. */
static int note_ended(struct ms_execution *execution, struct ms_frame *parent)
{
  struct ms_children *children = parent->children;
  children->running_count--;
  children->done_count++;
  bool has_room = children->running_count < children->concurrency;
  if ((may_start_more(children) && has_room) || children->done_count == children->count)
    ms_frame_push(execution, parent);
  return 0;
}

/* [index, error, cause]: for who writes results. */
static int note_failure(struct ms_children *children, const struct ms_event *event)
{
  if (!children->is_map_run)
    return 0;
  if (ms_json_is_none(children->failures))
    children->failures = ms_json_array(4);
  struct ms_json failure = ms_json_array(3);
  int status = ms_json_push(&failure, ms_json_int(event->number));
  if (status == 0)
    status = ms_json_push(&failure, or_null(event->data));
  if (status == 0 && !ms_json_is_none(event->more))
    status = ms_json_push(&failure, ms_json_ref(event->more));
  if (status == 0)
    return ms_json_push(&children->failures, failure);
  ms_json_unref(failure);
  return status;
}

/* When the child ended; 0: it runs again. */
static void date_end(const struct ms_execution *execution, const struct ms_frame *child, int64_t at_ms)
{
  const struct ms_frame *parent = ms_execution_frame(execution, child->parent);
  const struct ms_children *children = parent == NULL ? NULL : parent->children;
  if (children != NULL && children->dates != NULL && child->index < children->count)
    children->dates[child->index * (size_t)2 + 1] = at_ms;
}

/* A branch or iteration ended, well or not: its output, if any, goes to the frame above. */
static int apply_child_ended(struct ms_execution *execution, struct ms_frame *child,
                             const struct ms_event *event)
{
  struct ms_frame *parent = ms_execution_frame(execution, child->parent);
  date_end(execution, child, event->at_ms);
  if (parent != NULL && parent->children != NULL) {
    struct ms_children *children = parent->children;
    children->last_exit = child->previous;
    if (event->type == MS_EVENT_MAP_ITERATION_FAILED)
      children->failed_count++;
    else
      ms_json_replace(&children->outputs[child->index], ms_json_ref(event->data));
    if (event->type == MS_EVENT_MAP_ITERATION_FAILED && note_failure(children, event) != 0)
      return ms_error_nomem();
    if (!child->is_hidden)
      parent->previous = event->id != 0 ? event->id : child->previous;
    note_ended(execution, parent);
  }
  if (event->type == MS_EVENT_MAP_ITERATION_FAILED)
    ms_frame_cut(execution, child);
  else
    ms_frame_remove(execution, child);
  return 0;
}

static int apply_thread_aborted(struct ms_execution *execution, struct ms_frame *frame,
                                const struct ms_event *event)
{
  if (!frame->is_cut)
    date_end(execution, frame, event->at_ms);
  ms_frame_cut(execution, frame);
  return 0;
}

/* Its children were cut off; all that is left to do is to write what there is. */
static int apply_map_run_failing(struct ms_execution *execution, struct ms_frame *frame)
{
  frame->children->is_failing = true;
  frame->children->running_count = 0;
  ms_frame_push(execution, frame);
  return 0;
}

/* ---- redrive ---- */

/* What the children that are cut had done is undone: they wait to be resumed, in the order of the list. */
static void recount(struct ms_execution *execution, struct ms_children *children)
{
  children->done_count = 0;
  for (uint32_t i = 0; i < children->count; i++)
    children->done_count += !ms_json_is_none(children->outputs[i]);
  children->failed_count = children->running_count = children->waiting_count = 0;
  children->last_exit = 0;
  children->is_failing = false;
  ms_json_replace(&children->failures, MS_JSON_VALUE_NONE);
  for (uint32_t id = children->cut_first; id != MS_FRAME_NONE;
       id = execution->frames[id]->next_ready)
    children->waiting_count++;
}

static void begin_anew(struct ms_execution *execution, struct ms_frame *frame, struct ms_json input)
{
  ms_frame_drop_children(execution, frame);
  frame->state = execution->machine->states[frame->flow->start];
  frame->status = MS_FRAME_READY;
  ms_json_replace(&frame->input, ms_json_ref(input));
  ms_json_replace(&frame->variables, MS_JSON_VALUE_NONE);
}

static int apply_resumed(struct ms_execution *execution, struct ms_frame *frame,
                         const struct ms_event *event)
{
  struct ms_frame *parent = ms_execution_frame(execution, frame->parent);
  ms_frame_uncut(execution, frame);
  date_end(execution, frame, 0);
  frame->previous = event->previous;
  frame->entered_at_ms = event->at_ms; /* a Wait waits its whole time again */
  if (event->number == 1)
    frame->status = MS_FRAME_READY;
  if (!ms_json_is_none(event->data))
    begin_anew(execution, frame, event->data);
  if (frame->children != NULL)
    recount(execution, frame->children);
  ms_frame_push(execution, frame);
  if (parent == NULL || parent->children == NULL)
    return 0;
  parent->children->waiting_count--;
  parent->children->running_count++;
  ms_frame_unqueue(execution, parent);
  if (may_start_more(parent->children) &&
      parent->children->running_count < parent->children->concurrency)
    ms_frame_push_front(execution, parent);
  return 0;
}

static int apply_state_reset(struct ms_execution *execution, struct ms_frame *frame)
{
  ms_frame_drop_children(execution, frame);
  ms_frame_unqueue(execution, frame);
  frame->status = MS_FRAME_ENTERED;
  return 0;
}

/* ---- dispatch ---- */

static int apply_retry_scheduled(struct ms_execution *execution, struct ms_frame *frame,
                                 const struct ms_event *event)
{
  if (frame->attempts == NULL)
    frame->attempts = ms_calloc(frame->state->retrier_count, sizeof(uint32_t));
  if (frame->attempts == NULL)
    return ms_error_nomem();
  frame->attempts[event->number]++;
  frame->retry_count++;
  frame->previous = event->previous;
  ms_frame_drop_children(execution, frame);
  ms_frame_close_task(frame);
  ms_frame_unqueue(execution, frame);
  frame->status = MS_FRAME_RETRYING;
  frame->timer_at_ms = event->due_at_ms;
  return 0;
}

static int apply_to_frame(struct ms_execution *execution, struct ms_frame *frame,
                          const struct ms_event *event)
{
  switch (event->type) {
  case MS_EVENT_STATE_ENTERED:
    return apply_state_entered(execution, frame, event);
  case MS_EVENT_STATE_EXITED:
    return apply_state_exited(execution, frame, event);
  case MS_EVENT_WAIT_SCHEDULED:
    ms_frame_unqueue(execution, frame);
    frame->status = MS_FRAME_WAITING;
    return 0;
  case MS_EVENT_TASK_SCHEDULED:
  case MS_EVENT_ACTIVITY_SCHEDULED:
  case MS_EVENT_LAMBDA_SCHEDULED:
    return apply_task_scheduled(execution, frame, event);
  case MS_EVENT_TASK_STARTED:
  case MS_EVENT_ACTIVITY_STARTED:
  case MS_EVENT_LAMBDA_STARTED:
    return apply_task_started(frame, event);
  case MS_EVENT_TASK_SUBMITTED:
    frame->is_submitted = true;
    return 0;
  case MS_EVENT_HEARTBEAT:
    frame->heartbeat_at_ms = event->at_ms + (int64_t)frame->heartbeat_seconds * 1000;
    return 0;
  case MS_EVENT_TASK_SUCCEEDED:
  case MS_EVENT_TASK_FAILED:
  case MS_EVENT_TASK_TIMED_OUT:
  case MS_EVENT_ACTIVITY_SUCCEEDED:
  case MS_EVENT_ACTIVITY_FAILED:
  case MS_EVENT_ACTIVITY_TIMED_OUT:
  case MS_EVENT_LAMBDA_SUCCEEDED:
  case MS_EVENT_LAMBDA_FAILED:
  case MS_EVENT_LAMBDA_TIMED_OUT:
    ms_frame_close_task(frame);
    return 0;
  case MS_EVENT_PARALLEL_STARTED:
    return apply_parallel_started(execution, frame, event);
  case MS_EVENT_MAP_STARTED:
    return apply_map_started(execution, frame, event);
  case MS_EVENT_MAP_ITERATION_STARTED:
    return apply_iteration_started(execution, frame, event);
  case MS_EVENT_MAP_ITERATION_SUCCEEDED:
  case MS_EVENT_MAP_ITERATION_FAILED:
  case MS_EVENT_BRANCH_SUCCEEDED:
    return apply_child_ended(execution, frame, event);
  case MS_EVENT_THREAD_ABORTED:
    return apply_thread_aborted(execution, frame, event);
  case MS_EVENT_MAP_RUN_STARTED:
  case MS_EVENT_MAP_RUN_REDRIVEN:
    return apply_map_run(frame, event);
  case MS_EVENT_RESUMED:
    return apply_resumed(execution, frame, event);
  case MS_EVENT_STATE_RESET:
    return apply_state_reset(execution, frame);
  case MS_EVENT_MAP_TASK_SCHEDULED:
    return apply_map_task(execution, frame, event);
  case MS_EVENT_MAP_TASK_ENDED:
    ms_frame_close_task(frame);
    return 0;
  case MS_EVENT_MAP_ITEMS:
    return apply_map_items(execution, frame, event);
  case MS_EVENT_MAP_RUN_UPDATED:
    return apply_map_run_updated(execution, frame, event);
  case MS_EVENT_MAP_RUN_FAILING:
    return apply_map_run_failing(execution, frame);
  case MS_EVENT_MAP_ITERATION_STOPPED:
    return note_ended(execution, frame);
  case MS_EVENT_RETRY_SCHEDULED:
    return apply_retry_scheduled(execution, frame, event);
  case MS_EVENT_RETRY_STARTED:
    frame->status = MS_FRAME_ENTERED;
    frame->timer_at_ms = 0;
    ms_frame_push(execution, frame);
    return 0;
  default:
    return 0;
  }
}

/* Events that are about a child and must not become the last event of its thread. */
static bool ends_thread(const struct ms_event *event)
{
  return event->type == MS_EVENT_MAP_ITERATION_SUCCEEDED ||
         event->type == MS_EVENT_MAP_ITERATION_FAILED ||
         event->type == MS_EVENT_MAP_ITERATION_STARTED;
}

int ms_core_evolve(struct ms_execution *execution, const struct ms_event *event)
{
  if (event->id != 0)
    execution->next_event = event->id + 1;
  execution->turn++;
  switch (event->type) {
  case MS_EVENT_EXECUTION_STARTED:
    return apply_execution_started(execution, event);
  case MS_EVENT_EXECUTION_SUCCEEDED:
  case MS_EVENT_EXECUTION_FAILED:
  case MS_EVENT_EXECUTION_TIMED_OUT:
  case MS_EVENT_EXECUTION_ABORTED:
    return apply_execution_ended(execution, event);
  case MS_EVENT_EXECUTION_REDRIVEN:
    return apply_execution_redriven(execution, event);
  default:
    break;
  }
  struct ms_frame *frame = ms_execution_frame(execution, event->frame);
  if (frame == NULL)
    return 0; /* StateAborted of an iteration that MapIterationFailed has ended */
  if (event->id != 0 && !ends_thread(event))
    frame->previous = event->id;
  if (event->flags & MS_EVENT_SETS_TIMER)
    frame->timer_at_ms = event->due_at_ms;
  else if (event->flags & MS_EVENT_CLEARS_TIMER)
    frame->timer_at_ms = 0;
  return apply_to_frame(execution, frame, event);
}
