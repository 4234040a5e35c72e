/*
 * decide: one command against one execution. Dispatches to the state's type; knows itself only about
 * starting, stopping, entering a state and the timers that do not belong to a type.
 */
#include "asl/state_type.h"
#include "base/error.h"
#include "core/fail.h"

static int decide_start(struct ms_decision *decision, const struct ms_command *command)
{
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_EXECUTION_STARTED, NULL);
  if (event == NULL)
    return ms_error_nomem();
  event->data = ms_json_ref(command->data);
  event->due_at_ms = ms_decision_deadline(decision, event->at_ms);
  if (event->due_at_ms != 0)
    event->flags |= MS_EVENT_SETS_TIMER;
  return 0;
}

static int decide_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_STATE_ENTERED, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->data = ms_json_ref(frame->input);
  return 0;
}

static int fail_history_full(struct ms_decision *decision)
{
  struct ms_json error = ms_json_cstring("States.Runtime");
  struct ms_json cause =
      ms_json_stringf("The execution reached the maximum number of history events (%u).",
                      (unsigned)decision->env->limits->history_events);
  decision->previous = decision->next_event - 1;
  return ms_decision_end(decision, MS_EVENT_EXECUTION_FAILED, error, cause);
}

static int decide_step(struct ms_decision *decision, const struct ms_frame *frame,
                       const struct ms_command *command)
{
  switch (frame->status) {
  case MS_FRAME_READY:
    return decide_enter(decision, frame);
  case MS_FRAME_ENTERED:
    return frame->state->type->enter(decision, frame);
  case MS_FRAME_ENDED: /* cut between its end and what follows from it, and resumed */
    return ms_decision_finish(decision, frame);
  case MS_FRAME_CHILDREN:
    if (frame->children->waiting_count > 0 && !frame->children->is_failing)
      return ms_decision_resume_next(decision, frame);
    return frame->state->type->on_command(decision, frame, command);
  default:
    return ms_error(MSTEP_EINTERNAL, "a frame that cannot run is in the run queue");
  }
}

static int decide_execution_timer(struct ms_decision *decision)
{
  const struct ms_execution *execution = decision->execution;
  if (execution->timer_at_ms == 0 || decision->env->now_ms < execution->timer_at_ms)
    return 0;
  decision->previous = 0;
  int status = ms_decision_end(decision, MS_EVENT_EXECUTION_TIMED_OUT,
                               ms_json_cstring("States.Timeout"), MS_JSON_VALUE_NONE);
  /* The timer has fired: it is not there to be cleared. */
  if (status == 0)
    decision->out->items[decision->out->count - 1].flags &= (uint16_t)~MS_EVENT_CLEARS_TIMER;
  return status;
}

static int decide_timer(struct ms_decision *decision, const struct ms_frame *frame,
                        const struct ms_command *command)
{
  if (frame->timer_at_ms == 0 || decision->env->now_ms < frame->timer_at_ms)
    return 0;
  if (frame->status != MS_FRAME_RETRYING)
    return frame->state->type->on_command(decision, frame, command);
  return ms_decision_write(decision, MS_EVENT_RETRY_STARTED, frame, MS_JSON_VALUE_NONE,
                           MS_JSON_VALUE_NONE);
}

static int decide_update(struct ms_decision *decision, const struct ms_frame *frame,
                         const struct ms_command *command)
{
  if (frame->is_cut || frame->children == NULL || ms_json_is_none(frame->children->run_arn))
    return 0;
  struct ms_event *event = ms_decision_hidden(decision, MS_EVENT_MAP_RUN_UPDATED, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->data = ms_json_ref(command->data);
  return ms_decision_lower_tolerance(decision, frame, command->data);
}

static int decide_for_frame(struct ms_decision *decision, const struct ms_command *command)
{
  const struct ms_frame *frame = ms_execution_frame(decision->execution, command->frame);
  if (frame == NULL)
    return 0;
  decision->previous = frame->previous;
  switch (command->type) {
  case MS_COMMAND_STEP:
    return decide_step(decision, frame, command);
  case MS_COMMAND_TIMER:
    return decide_timer(decision, frame, command);
  case MS_COMMAND_UPDATE_MAP_RUN:
    return decide_update(decision, frame, command);
  default:
    /* An answer to a task that is not open any more comes too late: nothing happens. */
    if (frame->task == 0 || frame->task != command->task)
      return 0;
    return frame->state->type->on_command(decision, frame, command);
  }
}

static int dispatch(struct ms_decision *decision, const struct ms_command *command)
{
  switch (command->type) {
  case MS_COMMAND_START:
    return decide_start(decision, command);
  case MS_COMMAND_STOP:
    return ms_decision_end(decision, MS_EVENT_EXECUTION_ABORTED, ms_json_ref(command->error),
                           ms_json_ref(command->cause));
  case MS_COMMAND_STOP_CHILD:
    return ms_decision_stop_child(decision, command);
  case MS_COMMAND_REDRIVE:
    return ms_decision_redrive(decision);
  case MS_COMMAND_HISTORY_FULL:
    return fail_history_full(decision);
  case MS_COMMAND_TIMER:
    if (command->frame == MS_FRAME_NONE)
      return decide_execution_timer(decision);
    break;
  default:
    break;
  }
  return decide_for_frame(decision, command);
}

int ms_core_decide(struct ms_events *out, const struct ms_execution *execution,
                   const struct ms_command *command, const struct ms_core_env *env)
{
  bool is_over = execution->status != MS_EXECUTION_RUNNING;
  bool is_new = execution->next_event == 1;
  bool is_redrive = command->type == MS_COMMAND_REDRIVE; /* says itself why not */
  if (!is_redrive && (is_over || is_new != (command->type == MS_COMMAND_START)))
    return 0;
  struct ms_decision decision = {
      .out = out, .execution = execution, .env = env, .next_event = execution->next_event};
  ms_random_seed(&decision.random, ms_random_mix(execution->identity.seed, execution->turn));
  struct ms_arena_mark mark = ms_arena_mark(env->arena);
  size_t before = out->count;
  int status = dispatch(&decision, command);
  ms_decision_forget_context(&decision);
  ms_arena_rewind(env->arena, mark);
  if (status < 0) { /* all or nothing */
    while (out->count > before)
      ms_event_deinit(&out->items[--out->count]);
    return status;
  }
  return 0;
}
