/*
 * What was read from a file, against the machine that it is said to belong to: each event before it
 * is applied, and the state that is left in the end. Nothing that passes here may crash evolve, the
 * description of the history or, after the last event, decide. Whether a decision would have
 * written just this is not asked.
 */
#include "asl/state_type.h"
#include "base/error.h"
#include "core/record_internal.h"

/* Far enough on both sides for a Wait of 68 years, and for sums of two. */
#define TIME_MAX_MS ((int64_t)1 << 53)

static bool is_time(int64_t at_ms)
{
  return at_ms >= -TIME_MAX_MS && at_ms <= TIME_MAX_MS;
}

static bool is_state_type(const struct ms_state *state, const char *name)
{
  return ms_str_is(ms_str_c(state->type->name), name);
}

/* ---- flows below a state ---- */

static bool is_map(const struct ms_state *state)
{
  return state->type->flows != NULL && (*state->type->flows(state))->kind == MS_FLOW_PROCESSOR;
}

static bool is_parallel(const struct ms_state *state)
{
  return state->type->flows != NULL && (*state->type->flows(state))->kind == MS_FLOW_BRANCH;
}

/* A flow is known by the state that it starts with. */
static uint32_t branch_count(const struct ms_machine *machine, const struct ms_state *owner)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < machine->state_count; i++) {
    const struct ms_flow *flow = machine->states[i]->flow;
    count += flow->owner == owner && flow->start == i;
  }
  return count;
}

/* Whether frame runs what parent's state has at its index. */
static bool is_child(const struct ms_frame *frame, const struct ms_frame *parent)
{
  if (parent->status != MS_FRAME_CHILDREN || parent->children == NULL ||
      frame->flow->owner != parent->state || frame->index >= parent->children->count)
    return false;
  return frame->flow->kind == MS_FLOW_PROCESSOR ||
         parent->state->type->flows(parent->state)[frame->index] == frame->flow;
}

static bool has_child_running(const struct ms_execution *execution, const struct ms_frame *frame)
{
  /* One that was aborted is still counted, so the count alone does not say. */
  if (frame->children == NULL || frame->children->running_count == 0)
    return false;
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    const struct ms_frame *child = execution->frames[i];
    if (child != NULL && child->parent == frame->id && !child->is_cut)
      return true;
  }
  return false;
}

/* ---- events ---- */

static bool is_execution_event(const struct ms_event *event)
{
  return event->type <= MS_EVENT_EXECUTION_TIMED_OUT || event->type == MS_EVENT_EXECUTION_REDRIVEN;
}

static const char *check_redriven(const struct ms_execution *execution)
{
  if (execution->status == MS_EXECUTION_RUNNING || execution->status == MS_EXECUTION_SUCCEEDED ||
      ms_execution_frame(execution, 0) == NULL)
    return "nothing is to be redriven";
  return execution->redrive_count == UINT32_MAX ? "it was redriven too often" : NULL;
}

static const char *check_execution_event(const struct ms_execution *execution,
                                         const struct ms_event *event)
{
  if (event->frame != MS_FRAME_NONE)
    return "it names a frame";
  if (event->type == MS_EVENT_EXECUTION_REDRIVEN)
    return check_redriven(execution);
  if (execution->status != MS_EXECUTION_RUNNING)
    return "the execution has ended";
  if (event->type != MS_EVENT_EXECUTION_STARTED)
    return ms_execution_frame(execution, 0) == NULL ? "nothing has started" : NULL;
  if (execution->next_event != 1 || execution->frame_count != 0)
    return "it has started";
  return ms_json_is_none(event->data) ? "it has no input" : NULL;
}

static const char *check_exited(const struct ms_execution *execution, const struct ms_frame *frame,
                                const struct ms_event *event)
{
  const struct ms_machine *machine = execution->machine;
  if (event->number != MS_STATE_NONE && (event->number >= machine->state_count ||
                                         machine->states[event->number]->flow != frame->flow))
    return "the next state is none of its flow";
  if (frame->status == MS_FRAME_READY || frame->status == MS_FRAME_RETRYING ||
      frame->status == MS_FRAME_ENDED)
    return "the frame is in no state";
  if (!ms_json_is_none(event->more) && !ms_json_is_object(event->more))
    return "what it assigns is not an object";
  if (has_child_running(execution, frame))
    return "a child is running";
  return ms_json_is_none(event->data) ? "it has no output" : NULL;
}

static const char *check_scheduled(const struct ms_execution *execution,
                                   const struct ms_frame *frame, const struct ms_event *event)
{
  if (frame->status != MS_FRAME_ENTERED || !is_state_type(frame->state, "Task"))
    return "the frame is not in a task";
  if (event->number == 0 || event->number != execution->next_task || event->number == UINT32_MAX)
    return "another task is the next";
  return ms_json_is_none(event->data) ? "it has no parameters" : NULL;
}

static const char *check_task(const struct ms_frame *frame)
{
  return frame->status == MS_FRAME_TASK && frame->task != 0 ? NULL : "the frame has no open task";
}

static const char *check_timer(const struct ms_event *event)
{
  return (event->flags & MS_EVENT_SETS_TIMER) && event->due_at_ms != 0 ? NULL : "it has no end";
}

static const char *check_wait(const struct ms_frame *frame, const struct ms_event *event)
{
  if (frame->status != MS_FRAME_ENTERED || !is_state_type(frame->state, "Wait"))
    return "the frame is not in a Wait";
  return check_timer(event);
}

static const char *check_parallel_started(const struct ms_execution *execution,
                                          const struct ms_frame *frame,
                                          const struct ms_event *event)
{
  if (frame->status != MS_FRAME_ENTERED || !is_parallel(frame->state))
    return "the frame is not in a Parallel";
  if (event->number != branch_count(execution->machine, frame->state))
    return "the Parallel has another number of branches";
  return ms_json_is_none(event->data) ? "it has no input" : NULL;
}

static const char *check_map_started(const struct ms_frame *frame, const struct ms_event *event)
{
  int64_t concurrency = 0;
  if (frame->status != MS_FRAME_ENTERED || !is_map(frame->state))
    return "the frame is not in a Map";
  if (!ms_json_is_array(event->data) || ms_json_count(event->data) != event->number)
    return "it has another number of items";
  ms_json_to_int(&concurrency, ms_json_getc(event->more, "concurrency"));
  return (uint32_t)concurrency == 0 ? "it may run nothing" : NULL;
}

static const char *check_iteration_started(const struct ms_frame *frame,
                                           const struct ms_event *event)
{
  if (frame->status != MS_FRAME_CHILDREN || !is_map(frame->state))
    return "the frame is not in a Map";
  if (frame->task != 0 || frame->children->is_failing)
    return "the Map is busy";
  if (event->number != frame->children->started_count || event->number >= frame->children->count)
    return "another iteration is the next";
  return ms_json_is_none(event->data) ? "it has no input" : NULL;
}

static const char *check_child_ended(const struct ms_execution *execution,
                                     const struct ms_frame *frame, const struct ms_event *event)
{
  const struct ms_frame *parent = ms_execution_frame(execution, frame->parent);
  bool is_branch = event->type == MS_EVENT_BRANCH_SUCCEEDED;
  if (parent == NULL || parent->is_cut || !is_child(frame, parent))
    return "nobody waits for it";
  if (is_branch != (frame->flow->kind == MS_FLOW_BRANCH) || event->number != frame->index ||
      event->state != parent->state->index)
    return "it is another child's";
  if (parent->children->running_count == 0 ||
      !ms_json_is_none(parent->children->outputs[frame->index]))
    return "the child has ended before";
  if (event->type == MS_EVENT_MAP_ITERATION_FAILED)
    return NULL;
  if (frame->status != MS_FRAME_ENDED)
    return "the child has not reached its end";
  return ms_json_is_none(event->data) ? "it has no output" : NULL;
}

static const char *check_iteration_aborted(const struct ms_frame *frame,
                                           const struct ms_event *event)
{
  if (frame->flow->kind != MS_FLOW_PROCESSOR || event->state != frame->flow->owner->index)
    return "the frame is no iteration";
  return event->number == frame->index ? NULL : "it is another iteration's";
}

static const char *check_retry(const struct ms_execution *execution, const struct ms_frame *frame,
                               const struct ms_event *event)
{
  if (event->number >= frame->state->retrier_count)
    return "the state has no such retrier";
  if (frame->status != MS_FRAME_ENTERED && frame->status != MS_FRAME_TASK &&
      frame->status != MS_FRAME_CHILDREN)
    return "the frame is in no state";
  return has_child_running(execution, frame) ? "a child is running" : check_timer(event);
}

static const char *check_reset(const struct ms_execution *execution, const struct ms_frame *frame)
{
  if (frame->status != MS_FRAME_CHILDREN)
    return "the frame has no children";
  return has_child_running(execution, frame) ? "a child is running" : NULL;
}

static const char *check_resumed(const struct ms_execution *execution, const struct ms_frame *frame,
                                 const struct ms_event *event)
{
  const struct ms_frame *parent = ms_execution_frame(execution, frame->parent);
  if (!frame->is_cut)
    return "the frame is not cut";
  if (parent != NULL &&
      (parent->is_cut || !is_child(frame, parent) || parent->children->waiting_count == 0 ||
       parent->children->is_failing || parent->children->cut_first != frame->id))
    return "it is not its turn";
  if (event->number > 1 || (event->number == 1 && frame->children != NULL))
    return "it cannot go on like this";
  return NULL;
}

static const char *check_map_run(const struct ms_frame *frame, const struct ms_event *event)
{
  if (frame->status != MS_FRAME_CHILDREN || !is_map(frame->state))
    return "the frame is not in a Map";
  return ms_json_is_string(event->data) ? NULL : "the map run has no name";
}

/* The frame is in a Map, and none of its iterations runs. */
static bool is_still_map(const struct ms_frame *frame)
{
  return frame->status == MS_FRAME_CHILDREN && is_map(frame->state) &&
         frame->children->running_count == 0 && frame->task == 0;
}

static const char *check_map_task(const struct ms_execution *execution, const struct ms_frame *frame,
                                  const struct ms_event *event)
{
  if (!is_still_map(frame))
    return "the frame is in no Map, or one that is busy";
  if (event->number == 0 || event->number != execution->next_task || event->number == UINT32_MAX)
    return "another task is the next";
  return ms_json_is_none(event->data) ? "it has no parameters" : NULL;
}

static const char *check_map_items(const struct ms_frame *frame, const struct ms_event *event)
{
  if (!is_still_map(frame) || frame->children->started_count != 0)
    return "the frame is in no Map, or one that has begun";
  if (!ms_json_is_array(event->data) || ms_json_count(event->data) != event->number)
    return "it has another number of items";
  return NULL;
}

static const char *check_of_map_run(const struct ms_frame *frame, const struct ms_event *event)
{
  if (frame->status != MS_FRAME_CHILDREN || ms_json_is_none(frame->children->run_arn))
    return "the frame is in no map run";
  return ms_json_is_object(event->data) ? NULL : "it says nothing";
}

static const char *check_failing(const struct ms_execution *execution, const struct ms_frame *frame)
{
  if (frame->status != MS_FRAME_CHILDREN || !is_map(frame->state) || frame->task != 0 ||
      !ms_json_is_string(frame->children->run_arn))
    return "the frame is in no map run, or one that is busy";
  if (frame->children->is_failing)
    return "the map run fails already";
  return has_child_running(execution, frame) ? "a child is running" : NULL;
}

static const char *check_iteration_stopped(const struct ms_execution *execution,
                                           const struct ms_frame *frame,
                                           const struct ms_event *event)
{
  bool is_there = false;
  if (frame->status != MS_FRAME_CHILDREN || !is_map(frame->state) ||
      !ms_json_is_string(frame->children->run_arn) || frame->children->running_count == 0)
    return "the frame is in no map run, or one in which nothing runs";
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    const struct ms_frame *child = execution->frames[i];
    is_there = is_there || (child != NULL && child->parent == frame->id && child->is_cut &&
                            child->index == event->number);
  }
  return is_there ? NULL : "the child was not cut off";
}

static const char *check_by_type(const struct ms_execution *execution, const struct ms_frame *frame,
                                 const struct ms_event *event)
{
  switch (event->type) {
  case MS_EVENT_STATE_ENTERED:
    return frame->status == MS_FRAME_READY ? NULL : "the frame is in a state";
  case MS_EVENT_STATE_EXITED:
    return check_exited(execution, frame, event);
  case MS_EVENT_TASK_SCHEDULED:
  case MS_EVENT_ACTIVITY_SCHEDULED:
  case MS_EVENT_LAMBDA_SCHEDULED:
    return check_scheduled(execution, frame, event);
  case MS_EVENT_PARALLEL_STARTED:
    return check_parallel_started(execution, frame, event);
  case MS_EVENT_MAP_STARTED:
    return check_map_started(frame, event);
  case MS_EVENT_MAP_ITERATION_STARTED:
    return check_iteration_started(frame, event);
  case MS_EVENT_WAIT_SCHEDULED:
    return check_wait(frame, event);
  case MS_EVENT_RETRY_SCHEDULED:
    return check_retry(execution, frame, event);
  case MS_EVENT_RETRY_STARTED:
    return frame->status == MS_FRAME_RETRYING ? NULL : "the frame waits for no retry";
  case MS_EVENT_STATE_RESET:
    return check_reset(execution, frame);
  case MS_EVENT_MAP_RUN_STARTED:
  case MS_EVENT_MAP_RUN_REDRIVEN:
    return check_map_run(frame, event);
  case MS_EVENT_MAP_TASK_SCHEDULED:
    return check_map_task(execution, frame, event);
  case MS_EVENT_MAP_TASK_ENDED:
    return frame->status == MS_FRAME_CHILDREN && frame->task != 0 ? NULL : "the Map has no open task";
  case MS_EVENT_MAP_ITEMS:
    return check_map_items(frame, event);
  case MS_EVENT_MAP_RUN_ENDED:
  case MS_EVENT_MAP_RUN_UPDATED:
    return check_of_map_run(frame, event);
  case MS_EVENT_MAP_RUN_FAILING:
    return check_failing(execution, frame);
  case MS_EVENT_MAP_ITERATION_STOPPED:
    return check_iteration_stopped(execution, frame, event);
  case MS_EVENT_PARALLEL_SUCCEEDED:
  case MS_EVENT_PARALLEL_FAILED:
  case MS_EVENT_MAP_SUCCEEDED:
  case MS_EVENT_MAP_FAILED:
  case MS_EVENT_MAP_RUN_SUCCEEDED:
  case MS_EVENT_MAP_RUN_FAILED:
  case MS_EVENT_EVALUATION_FAILED:
    return NULL;
  case MS_EVENT_HEARTBEAT:
    return check_task(frame);
  default:
    if (event->type >= MS_EVENT_TASK_STARTED && event->type <= MS_EVENT_LAMBDA_TIMED_OUT)
      return check_task(frame);
    return "nobody knows what it does";
  }
}

/* Those that may be about a frame that is cut, or cut it. */
static const char *check_cut(const struct ms_execution *execution, const struct ms_frame *frame,
                             const struct ms_event *event)
{
  if (event->type == MS_EVENT_MAP_ITERATION_ABORTED)
    return check_iteration_aborted(frame, event);
  if (event->state != frame->state->index)
    return "the frame is in another state";
  return event->type == MS_EVENT_RESUMED ? check_resumed(execution, frame, event) : NULL;
}

static const char *check_frame_event(const struct ms_execution *execution,
                                     const struct ms_event *event)
{
  const struct ms_frame *frame = ms_execution_frame(execution, event->frame);
  if (execution->status != MS_EXECUTION_RUNNING)
    return "the execution has ended";
  if (frame == NULL)
    return "there is no such frame";
  if (event->state >= execution->machine->state_count)
    return "its state is none of the machine";
  if (event->type == MS_EVENT_MAP_ITERATION_ABORTED || event->type == MS_EVENT_THREAD_ABORTED ||
      event->type == MS_EVENT_STATE_ABORTED || event->type == MS_EVENT_RESUMED)
    return check_cut(execution, frame, event);
  if (frame->is_cut)
    return "the frame is cut";
  if (event->type == MS_EVENT_MAP_ITERATION_SUCCEEDED ||
      event->type == MS_EVENT_MAP_ITERATION_FAILED || event->type == MS_EVENT_BRANCH_SUCCEEDED)
    return check_child_ended(execution, frame, event);
  if (event->state != frame->state->index)
    return "the frame is in another state";
  return check_by_type(execution, frame, event);
}

static const char *check_common(const struct ms_execution *execution, const struct ms_event *event)
{
  const unsigned flags = MS_EVENT_SETS_TIMER | MS_EVENT_CLEARS_TIMER | MS_EVENT_CANCELS_TASK;
  if (event->type >= MS_EVENT_COUNT || (event->flags & ~flags) != 0)
    return "its type is not known";
  if (event->id != 0 && (event->id != execution->next_event || event->id == UINT32_MAX))
    return "another id is the next";
  if (event->previous >= execution->next_event)
    return "it comes before its cause";
  if (!is_time(event->at_ms) || !is_time(event->due_at_ms))
    return "its time is out of range";
  return NULL;
}

int ms_record_check_event(const struct ms_execution *execution, const struct ms_event *event)
{
  const char *problem = check_common(execution, event);
  if (problem == NULL)
    problem = is_execution_event(event) ? check_execution_event(execution, event)
                                        : check_frame_event(execution, event);
  if (problem == NULL)
    return 0;
  return ms_error(MSTEP_EIO, "an event of type %u after event %u does not fit: %s",
                  (unsigned)event->type, (unsigned)execution->next_event - 1, problem);
}

/* ---- the state ---- */

/* A child that has a frame leaves its mark where its output will be. */
enum { IS_RUNNING = 1, IS_CUT = 2 };

static const char *check_place(const struct ms_execution *execution, const struct ms_frame *frame)
{
  if ((frame->id == 0) != (frame->parent == MS_FRAME_NONE))
    return "a frame without a parent";
  if (frame->id == 0)
    return frame->flow == execution->machine->flow ? NULL : "the first frame is in a branch";
  const struct ms_frame *parent = ms_execution_frame(execution, frame->parent);
  if (parent == NULL || !is_child(frame, parent) || (parent->is_cut && !frame->is_cut))
    return "a frame that its parent does not know";
  struct ms_json *output = &parent->children->outputs[frame->index];
  if (!ms_json_is_none(*output) || output->aux != 0)
    return "two frames for one child";
  output->aux = frame->is_cut ? IS_CUT : IS_RUNNING;
  return NULL;
}

static const char *check_waiting(const struct ms_execution *execution, const struct ms_frame *frame)
{
  switch (frame->status) {
  case MS_FRAME_WAITING:
    return is_state_type(frame->state, "Wait") && frame->timer_at_ms != 0 ? NULL
                                                                          : "a Wait without end";
  case MS_FRAME_TASK:
    return is_state_type(frame->state, "Task") && frame->task < execution->next_task &&
                   !ms_json_is_none(frame->parameters)
               ? NULL
               : "a task of nobody";
  case MS_FRAME_RETRYING:
    return frame->state->retrier_count != 0 && frame->timer_at_ms != 0 ? NULL
                                                                       : "a retry without end";
  default:
    return frame->timer_at_ms == 0 ? NULL : "a timer of a frame that does not wait";
  }
}

static const char *check_cut_frame(const struct ms_frame *frame)
{
  if (frame->is_queued || frame->timer_at_ms != 0 || frame->attempts != NULL ||
      frame->retry_count != 0)
    return "a frame that is cut and goes on";
  return frame->status == MS_FRAME_READY || frame->status == MS_FRAME_ENTERED ||
                 frame->status == MS_FRAME_CHILDREN || frame->status == MS_FRAME_ENDED
             ? NULL
             : "a frame that is cut and waits";
}

/* A Map that reads or writes: nothing of it runs meanwhile. */
static bool is_still_busy(const struct ms_execution *execution, const struct ms_frame *frame)
{
  return is_map(frame->state) && !frame->is_cut && !frame->is_queued &&
         frame->children->running_count == 0 && frame->task < execution->next_task &&
         !ms_json_is_none(frame->parameters);
}

static const char *check_frame(const struct ms_execution *execution, const struct ms_frame *frame)
{
  bool is_runnable = frame->status == MS_FRAME_READY || frame->status == MS_FRAME_ENTERED ||
                     frame->status == MS_FRAME_ENDED;
  bool is_busy = frame->status == MS_FRAME_CHILDREN && frame->task != 0;
  if (is_busy && (frame->children == NULL || !is_still_busy(execution, frame)))
    return "a Map that waits for nobody";
  if ((frame->status == MS_FRAME_TASK) != (frame->task != 0 && !is_busy) ||
      (frame->status == MS_FRAME_CHILDREN) != (frame->children != NULL))
    return "a frame that is two things at once";
  if (ms_json_is_none(frame->input) ||
      !(ms_json_is_none(frame->variables) || ms_json_is_object(frame->variables)))
    return "a frame without values";
  if (!is_time(frame->entered_at_ms) || !is_time(frame->timeout_at_ms) ||
      !is_time(frame->heartbeat_at_ms) || !is_time(frame->timer_at_ms))
    return "a time out of range";
  if (frame->is_cut)
    return check_cut_frame(frame);
  if (frame->is_queued != is_runnable && frame->status != MS_FRAME_CHILDREN)
    return "a frame that is in the run queue and does not belong there, or the other way round";
  return check_waiting(execution, frame);
}

/* The list of children that are cut: *count of them, all this frame's. */
static const char *check_cut_list(uint32_t *count, const struct ms_execution *execution,
                                  const struct ms_frame *frame)
{
  *count = 0;
  for (uint32_t id = frame->children->cut_first; id != MS_FRAME_NONE; ++*count) {
    const struct ms_frame *child = ms_execution_frame(execution, id);
    if (child == NULL || !child->is_cut || child->parent != frame->id ||
        *count > frame->children->count)
      return "a child that is cut elsewhere";
    id = child->next_ready;
  }
  return NULL;
}

static bool has_good_dates(const struct ms_children *children)
{
  bool is_good = true;
  for (size_t i = 0; children->dates != NULL && i < children->started_count * (size_t)2; i++)
    is_good = is_good && is_time(children->dates[i]);
  return is_good;
}

static const char *check_kind(const struct ms_execution *execution, const struct ms_frame *frame)
{
  const struct ms_children *children = frame->children;
  if (children->is_failing && !ms_json_is_string(children->run_arn))
    return "no map run fails like this";
  if (!has_good_dates(children))
    return "a time out of range";
  if (is_map(frame->state))
    return ms_json_is_array(children->items) && ms_json_count(children->items) == children->count &&
                   children->concurrency != 0
               ? NULL
               : "a Map of other items";
  return is_parallel(frame->state) && ms_json_is_none(children->failures) && children->started_count == children->count &&
                 children->failed_count == 0 &&
                 children->count == branch_count(execution->machine, frame->state)
             ? NULL
             : "a Parallel of other branches";
}

/* Children of each kind, counted. */
struct tally {
  uint32_t running;
  uint32_t cut;
  uint32_t done; /* have an output */
};

/* Takes the marks away. False: one is there that was never started. */
static bool count_children(struct tally *tally, struct ms_children *children)
{
  bool is_good = true;
  *tally = (struct tally){0, 0, 0};
  for (uint32_t i = 0; i < children->count; i++) {
    struct ms_json *output = &children->outputs[i];
    bool is_none = ms_json_is_none(*output) && output->aux == 0;
    tally->running += output->aux == IS_RUNNING;
    tally->cut += output->aux == IS_CUT;
    tally->done += !ms_json_is_none(*output);
    is_good = is_good && is_none == (i >= children->started_count);
    output->aux = 0;
  }
  return is_good;
}

static const char *check_children(const struct ms_execution *execution,
                                  const struct ms_frame *frame)
{
  const struct ms_children *children = frame->children;
  struct tally tally;
  uint32_t listed;
  if (!count_children(&tally, frame->children))
    return "a child that is missing, or was never started";
  const char *problem = check_cut_list(&listed, execution, frame);
  if (problem == NULL)
    problem = check_kind(execution, frame);
  if (problem != NULL)
    return problem;
  uint32_t failed = children->failed_count, stopped = children->done_count - failed - tally.done;
  if (listed != tally.cut || (uint64_t)failed + tally.done > children->done_count ||
      (stopped > 0 && !ms_json_is_string(children->run_arn)))
    return "children that are counted wrong";
  if (frame->is_cut) /* the rest is counted again when it is resumed */
    return NULL;
  /* Those that were cut off are among them while their map run fails. */
  uint32_t ended = listed - children->waiting_count;
  if (children->running_count != tally.running || children->waiting_count > listed ||
      (children->is_failing ? ended < (uint64_t)failed + stopped : ended != (uint64_t)failed + stopped))
    return "children that are counted wrong";
  bool has_work = children->is_failing || children->waiting_count > 0 || children->started_count < children->count ||
                  children->done_count == children->count;
  return (frame->is_queued ? has_work : children->running_count > 0 || frame->task != 0)
             ? NULL
             : "children that nobody looks after";
}

/* All marks are set before any is looked at, and none stays. */
static const char *check_frames(const struct ms_execution *execution)
{
  const char *problem = NULL;
  for (uint32_t i = 0; problem == NULL && i < execution->frame_count; i++)
    if (execution->frames[i] != NULL)
      problem = check_frame(execution, execution->frames[i]);
  for (uint32_t i = 0; problem == NULL && i < execution->frame_count; i++)
    if (execution->frames[i] != NULL)
      problem = check_place(execution, execution->frames[i]);
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    const struct ms_frame *frame = execution->frames[i];
    const char *found =
        frame == NULL || frame->children == NULL ? NULL : check_children(execution, frame);
    problem = problem == NULL ? found : problem;
  }
  return problem;
}

static const char *check_ended(const struct ms_execution *execution)
{
  const struct ms_frame *first = ms_execution_frame(execution, 0);
  if (execution->status == MS_EXECUTION_SUCCEEDED || execution->identity.is_express)
    return execution->frame_count == 0 ? NULL : "frames of an execution that has ended";
  if (first == NULL || !first->is_cut)
    return "an execution that has ended nowhere";
  return execution->ready_first == MS_FRAME_NONE ? NULL : "a run queue after the end";
}

static const char *check_head(const struct ms_execution *execution)
{
  const struct ms_frame *first = ms_execution_frame(execution, 0);
  if (!is_time(execution->started_at_ms) || !is_time(execution->stopped_at_ms) ||
      !is_time(execution->redriven_at_ms) || !is_time(execution->timer_at_ms))
    return "a time out of range";
  if (execution->next_event == 0 || execution->next_task == 0)
    return "a counter that ran over";
  if (execution->status != MS_EXECUTION_RUNNING)
    return check_ended(execution);
  if (execution->next_event == 1)
    return execution->frame_count == 0 ? NULL : "frames of an execution that has not started";
  return first != NULL && !first->is_cut && !ms_json_is_none(execution->input)
             ? NULL
             : "an execution that runs nowhere";
}

int ms_record_check_execution(const struct ms_execution *execution)
{
  const char *problem = check_head(execution);
  if (problem == NULL)
    problem = check_frames(execution);
  return problem == NULL ? 0 : ms_error(MSTEP_EIO, "a state that cannot be: %s", problem);
}
