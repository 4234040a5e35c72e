/* Trials of one state: see trial.h. Whether a trial may be made of a state is not decided here. */
#include "core/trial.h"

#include "asl/state_type.h"
#include "base/alloc.h"
#include "base/error.h"
#include "core/decision.h"

/* ---- writing down ---- */

static void put(struct ms_trial *trial, struct ms_json *object, const char *name, struct ms_json value)
{
  if (trial->status == 0)
    trial->status = ms_json_setc(object, name, ms_json_ref(value));
}

/* AWS shows of a Parallel what came out of it only. */
static bool is_shown(const struct ms_trial *trial, const char *name)
{
  const struct ms_state *state = trial->execution->machine->states[trial->execution->machine->flow->start];
  bool is_result = ms_str_has_prefix(ms_str_c(name), "afterResult");
  return is_result || !ms_str_is(ms_str_c(state->type->name), "Parallel");
}

static void on_inspect(void *user, const char *name, struct ms_json value)
{
  struct ms_trial *trial = user;
  struct ms_str what = ms_str_c(name);
  if (ms_str_is(what, "error"))
    ms_json_replace(&trial->error, ms_json_ref(value));
  else if (ms_str_is(what, "cause"))
    ms_json_replace(&trial->cause, ms_json_ref(value));
  else if (ms_str_is(what, "retryIndex") || ms_str_is(what, "catchIndex"))
    put(trial, &trial->details, name, value);
  else if (is_shown(trial, name))
    put(trial, &trial->inspected, name, value);
}

/* ---- going on ---- */

static struct ms_frame *frame_of(const struct ms_trial *trial)
{
  return ms_execution_frame(trial->execution, 0);
}

/* Branches and iterations do not begin: the state waits for the caller in their place. */
static bool is_of_children(struct ms_trial *trial, const struct ms_event *event)
{
  if (event->type != MS_EVENT_PARALLEL_STARTED && event->type != MS_EVENT_MAP_STARTED &&
      event->type != MS_EVENT_MAP_RUN_STARTED)
    return false;
  trial->state = MS_TRIAL_CHILDREN;
  if (event->type == MS_EVENT_MAP_RUN_STARTED)
    return true;
  trial->child_count = event->number;
  trial->tolerated_count = trial->tolerated_percentage = -1;
  struct ms_json count = ms_json_getc(event->more, "toleratedCount");
  struct ms_json percentage = ms_json_getc(event->more, "toleratedPercentage");
  if (ms_json_is_number(count))
    trial->tolerated_count = ms_json_number(count);
  if (ms_json_is_number(percentage))
    trial->tolerated_percentage = ms_json_number(percentage);
  return true;
}

/* Applies what was decided since `from`. */
static int evolve(struct ms_trial *trial, size_t from)
{
  int status = trial->status;
  trial->state = MS_TRIAL_ENDED;
  for (size_t i = from; status == 0 && i < trial->events.count; i++) {
    const struct ms_event *event = &trial->events.items[i];
    if (is_of_children(trial, event))
      continue;
    trial->state = MS_TRIAL_ENDED;
    status = ms_core_evolve(trial->execution, event);
    if (status == 0 && event->type == MS_EVENT_RETRY_SCHEDULED)
      put(trial, &trial->details, "retryBackoffIntervalSeconds",
          ms_json_int((event->due_at_ms - event->at_ms) / 1000));
  }
  return status != 0 ? status : trial->status;
}

static int command(struct ms_trial *trial, const struct ms_command *command)
{
  size_t from = trial->events.count;
  int status = ms_core_decide(&trial->events, trial->execution, command, &trial->env);
  return status != 0 ? status : evolve(trial, from);
}

static int step(struct ms_trial *trial)
{
  struct ms_command step = {.type = MS_COMMAND_STEP, .frame = ms_core_runnable(trial->execution)};
  return step.frame == MS_FRAME_NONE ? 0 : command(trial, &step);
}

/* What the state finds when it is run. */
static int prepare(struct ms_trial *trial, const struct ms_trial_setup *setup)
{
  struct ms_frame *frame = frame_of(trial);
  ms_json_replace(&frame->variables, ms_json_ref(setup->variables));
  frame->retry_count = setup->retries;
  if (setup->retries == 0 || frame->state->retrier_count == 0)
    return 0;
  frame->attempts = ms_calloc(frame->state->retrier_count, sizeof *frame->attempts);
  if (frame->attempts == NULL)
    return ms_error_nomem();
  for (uint32_t i = 0; i < frame->state->retrier_count; i++)
    frame->attempts[i] = setup->retries;
  return 0;
}

/* Where the state is when it has been run. */
static int look(struct ms_trial *trial)
{
  const struct ms_frame *frame = frame_of(trial);
  if (trial->execution->status != MS_EXECUTION_RUNNING || frame == NULL ||
      trial->state == MS_TRIAL_CHILDREN)
    return 0;
  if (frame->status == MS_FRAME_TASK)
    trial->state = MS_TRIAL_TASK;
  if (frame->status != MS_FRAME_WAITING)
    return 0;
  trial->env.now_ms = frame->timer_at_ms;
  struct ms_command timer = {.type = MS_COMMAND_TIMER, .frame = frame->id};
  return command(trial, &timer);
}

int ms_trial_begin(struct ms_trial *trial, const struct ms_trial_setup *setup,
                   const struct ms_core_env *env)
{
  *trial = (struct ms_trial){.env = *env,
                             .probe = {setup->context, setup->items, on_inspect, trial},
                             .inspected = ms_json_object(8),
                             .details = ms_json_object(2),
                             .error = MS_JSON_VALUE_NONE,
                             .cause = MS_JSON_VALUE_NONE,
                             .state = MS_TRIAL_ENDED};
  trial->env.probe = &trial->probe;
  trial->execution = ms_execution_new(setup->machine, &setup->identity);
  if (trial->execution == NULL) {
    struct ms_execution_identity identity = setup->identity;
    ms_execution_identity_deinit(&identity);
    return ms_error_nomem();
  }
  put(trial, &trial->inspected, "input", setup->input);
  if (ms_json_count(setup->variables) > 0)
    put(trial, &trial->inspected, "variables", setup->variables);
  struct ms_command start = {.type = MS_COMMAND_START, .data = setup->input};
  int status = command(trial, &start);
  if (status == 0)
    status = step(trial); /* enters */
  if (status == 0)
    status = prepare(trial, setup);
  if (status == 0)
    status = step(trial); /* runs */
  return status != 0 ? status : look(trial);
}

void ms_trial_deinit(struct ms_trial *trial)
{
  ms_execution_free(trial->execution);
  ms_events_deinit(&trial->events);
  ms_json_unref(trial->inspected);
  ms_json_unref(trial->details);
  ms_json_unref(trial->error);
  ms_json_unref(trial->cause);
}

struct ms_json ms_trial_parameters(const struct ms_trial *trial)
{
  return frame_of(trial)->parameters;
}

bool ms_trial_exceeds(const struct ms_trial *trial, uint32_t failed)
{
  if (failed == 0)
    return false;
  if (trial->tolerated_count >= 0 && failed > trial->tolerated_count)
    return true;
  return trial->tolerated_percentage >= 0 &&
         failed * 100.0 / trial->child_count > trial->tolerated_percentage;
}

/* ---- what the world says ---- */

/* A decision about the state that none of the commands makes: its children are answered for. */
static int decide_children(struct ms_trial *trial, struct ms_json result,
                           const struct ms_failure *failure)
{
  const struct ms_frame *frame = frame_of(trial);
  struct ms_decision decision = {.out = &trial->events,
                                 .execution = trial->execution,
                                 .env = &trial->env,
                                 .next_event = trial->execution->next_event,
                                 .previous = frame->previous};
  ms_random_seed(&decision.random, trial->execution->identity.seed);
  struct ms_arena_mark mark = ms_arena_mark(trial->env.arena);
  size_t from = trial->events.count;
  int status = failure == NULL ? ms_decision_exit_result(&decision, frame, result)
                               : ms_decision_fail(&decision, frame, failure);
  ms_decision_forget_context(&decision);
  ms_arena_rewind(trial->env.arena, mark);
  return status < 0 ? status : evolve(trial, from);
}

int ms_trial_answer(struct ms_trial *trial, struct ms_json result)
{
  bool is_task = trial->state == MS_TRIAL_TASK;
  trial->state = MS_TRIAL_ENDED;
  if (!is_task)
    return decide_children(trial, result, NULL);
  struct ms_command answer = {
      .type = MS_COMMAND_TASK_SUCCEEDED, .frame = 0, .task = frame_of(trial)->task, .data = result};
  return command(trial, &answer);
}

int ms_trial_fail(struct ms_trial *trial, struct ms_json error, struct ms_json cause)
{
  bool is_task = trial->state == MS_TRIAL_TASK;
  trial->state = MS_TRIAL_ENDED;
  if (!is_task) {
    const struct ms_failure failure = {error, cause, MS_JSON_VALUE_NONE};
    return decide_children(trial, MS_JSON_VALUE_NONE, &failure);
  }
  struct ms_command answer = {.type = MS_COMMAND_TASK_FAILED,
                              .frame = 0,
                              .task = frame_of(trial)->task,
                              .error = error,
                              .cause = cause};
  return command(trial, &answer);
}

/* ---- the outcome ---- */

void ms_trial_outcome(struct ms_trial_outcome *out, const struct ms_trial *trial)
{
  *out = (struct ms_trial_outcome){.status = MS_TRIAL_SUCCEEDED,
                                   .output = MS_JSON_VALUE_NONE,
                                   .error = trial->error,
                                   .cause = trial->cause};
  for (size_t i = 0; i < trial->events.count; i++) {
    const struct ms_event *event = &trial->events.items[i];
    if (event->type == MS_EVENT_STATE_EXITED) {
      bool is_caught = !ms_json_is_none(ms_json_getc(trial->details, "catchIndex"));
      out->status = is_caught ? MS_TRIAL_CAUGHT_ERROR : MS_TRIAL_SUCCEEDED;
      out->output = event->data;
      out->next = event->number == MS_STATE_NONE ? NULL : trial->execution->machine->states[event->number];
    } else if (event->type == MS_EVENT_RETRY_SCHEDULED) {
      out->status = MS_TRIAL_RETRIABLE;
    } else if (event->type == MS_EVENT_EXECUTION_FAILED) {
      out->status = MS_TRIAL_FAILED;
      out->error = event->data;
      out->cause = event->more;
    }
  }
}
