/*
 * Drives an execution through a recorded history: the core is given what the world did then (the
 * input, the answers of tasks, timers, a stop) at the times of then, and each event that it decides
 * on must be one of the record. What happened at the same time in several branches may have
 * happened in another order.
 */
#include "runtime/replay.h"

#include <stdio.h>

#include "asl/asl.h"
#include "base/alloc.h"
#include "base/error.h"
#include "runtime/internal.h"
#include "states/states.h"

#define CONTEXT_EVENTS 3 /* before the difference */

struct replay {
  struct ms_engine *engine;
  struct ms_replay_history history;
  struct ms_machine *machine;
  struct ms_execution *execution;
  struct ms_core_env env;
  struct ms_core_limits limits;
  struct ms_events events; /* of the latest decision */
  size_t compared;
  /* The difference, once there is one. */
  bool is_different;
  const struct ms_replay_event *expected; /* NULL: the record has nothing there */
  struct ms_json actual;                  /* NONE: nothing happens there now */
  struct ms_buf where;                    /* in the event; empty: all of it */
  const char *reason; /* NULL: it differs; else why it could not be followed further */
};

/* ---- the execution ---- */

static int compile(struct replay *r, const struct ms_engine_replay *request,
                   ms_engine_diagnostic_cb report, void *user)
{
  unsigned checks = request->is_express ? MS_ENGINE_EXPRESS : 0;
  int err = ms_engine_machine_validate(r->engine, request->definition, checks, report, user);
  if (err != 0) {
    return err;
  }
  const struct ms_asl_options options = {
      .types = ms_states_all, .langs = r->engine->langs, .is_express = request->is_express};
  return ms_asl_compile(&r->machine, request->definition, &options, NULL);
}

/* Part `index` of an ARN, counted from 0; the last one has all that is left. */
static struct ms_str arn_part(struct ms_str arn, int index)
{
  size_t at = 0;
  for (int i = 0; i < index && at < arn.len; i++) {
    at = ms_str_find(arn, at, ':') + 1;
  }
  return ms_str_sub(arn, at, ms_str_find(arn, at, ':'));
}

/* Where tasks ran, as their events say. */
static struct ms_str recorded_region(const struct replay *r)
{
  for (size_t i = 0; i < r->history.count; i++) {
    struct ms_str region = ms_replay_text(&r->history.events[i], "region");
    if (region.data != NULL) {
      return region;
    }
  }
  return ms_json_text(r->engine->region);
}

static int make_execution(struct replay *r, const struct ms_engine_replay *request)
{
  struct ms_str arn = request->execution_arn.data != NULL
                          ? request->execution_arn
                          : MS_STR("arn:aws:states:us-east-1:000000000000:execution:replay:replay");
  struct ms_str machine = arn_part(arn, 6), role = ms_replay_text(&r->history.events[0], "roleArn");
  struct ms_execution_identity identity = {
      .arn = ms_json_string(arn),
      .name = ms_json_string(arn_part(arn, 7)),
      .role_arn = role.data != NULL ? ms_json_string(role) : ms_json_ref(r->engine->role_arn),
      .machine_arn = ms_json_stringf("arn:aws:states:%.*s:%.*s:stateMachine:%.*s",
                                     MS_STR_ARG(arn_part(arn, 3)), MS_STR_ARG(arn_part(arn, 4)),
                                     MS_STR_ARG(machine)),
      .machine_name = ms_json_string(machine),
      .region = ms_json_string(recorded_region(r)),
      .input_text = ms_json_string(ms_replay_text(&r->history.events[0], "input")),
      .is_express = request->is_express,
      .seed = 1,
  };
  bool has_all = !ms_json_is_none(identity.arn) && !ms_json_is_none(identity.name) &&
                 !ms_json_is_none(identity.role_arn) && !ms_json_is_none(identity.machine_arn) &&
                 !ms_json_is_none(identity.machine_name) && !ms_json_is_none(identity.region) &&
                 !ms_json_is_none(identity.input_text);
  r->execution = has_all ? ms_execution_new(r->machine, &identity) : NULL;
  if (r->execution == NULL) {
    ms_execution_identity_deinit(&identity);
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

/* ---- comparing ---- */

static void differ(struct replay *r, const struct ms_replay_event *expected, struct ms_json actual)
{
  r->is_different = true;
  r->expected = expected;
  r->actual = ms_json_ref(actual);
  if (expected != NULL && !ms_json_is_none(actual)) {
    static const struct ms_str no_token;
    ms_replay_matches(&r->where, expected, actual, no_token);
  }
}

/* What the record has where `event` is not found. */
static const struct ms_replay_event *expected_for(const struct replay *r,
                                                  const struct ms_event *event)
{
  const struct ms_replay_event *next = ms_replay_after(&r->history, event->previous);
  if (next == NULL && r->history.first_open < r->history.count) {
    next = &r->history.events[r->history.first_open];
  }
  return next;
}

static bool is_end(struct ms_str type)
{
  return ms_str_is(type, "ExecutionSucceeded") || ms_str_is(type, "ExecutionFailed") ||
         ms_str_is(type, "ExecutionAborted") || ms_str_is(type, "ExecutionTimedOut");
}

/* The record ends before the execution did: as far as it goes, nothing differs. */
static bool is_used_up(const struct replay *r)
{
  return r->history.first_open == r->history.count &&
         !is_end(r->history.events[r->history.count - 1].type);
}

static int check_event(struct replay *r, const struct ms_event *event)
{
  if (event->id == 0 || r->is_different || is_used_up(r)) {
    return MSTEP_OK;
  }
  struct ms_json actual = ms_event_describe(event, r->execution);
  if (ms_json_is_none(actual)) {
    return ms_error_nomem();
  }
  struct ms_str token = {NULL, 0};
  struct ms_json given =
      event->type == MS_EVENT_TASK_SCHEDULED || event->type == MS_EVENT_LAMBDA_SCHEDULED
          ? ms_json_getc(event->more, "token")
          : MS_JSON_VALUE_NONE;
  if (ms_json_is_string(given)) {
    token = ms_json_text(given);
  }
  if (ms_replay_take(&r->history, actual, event->id, event->previous, token) != NULL) {
    r->compared++;
  } else {
    differ(r, expected_for(r, event), actual);
  }
  ms_json_unref(actual);
  return MSTEP_OK;
}

/* ---- deciding ---- */

static int decide(struct replay *r, const struct ms_command *command)
{
  ms_events_clear(&r->events);
  int err = ms_core_decide(&r->events, r->execution, command, &r->env);
  for (size_t i = 0; i < r->events.count && err == 0 && !r->is_different; i++) {
    err = ms_core_evolve(r->execution, &r->events.items[i]);
    err = err != 0 ? err : check_event(r, &r->events.items[i]);
  }
  return err;
}

/* The clock never goes back. */
static void go_to(struct replay *r, int64_t at_ms)
{
  if (at_ms > r->env.now_ms) {
    r->env.now_ms = at_ms;
  }
}

/* Everything that goes on by itself, each step at the time at which it was recorded. */
static int run_ready(struct replay *r)
{
  int err = MSTEP_OK;
  while (err == 0 && !r->is_different && !is_used_up(r)) {
    const struct ms_command step = {.type = MS_COMMAND_STEP,
                                    .frame = ms_core_runnable(r->execution)};
    if (step.frame == MS_FRAME_NONE) {
      return MSTEP_OK;
    }
    const struct ms_frame *frame = ms_execution_frame(r->execution, step.frame);
    const struct ms_replay_event *next = ms_replay_after(&r->history, frame->previous);
    if (next != NULL) {
      go_to(r, next->at_ms);
    }
    err = decide(r, &step);
  }
  return err;
}

/* ---- what the world did next ---- */

/* The frame whose latest event is ours with that id, and which waits so. */
static const struct ms_frame *find_frame(const struct replay *r, uint32_t previous,
                                         enum ms_frame_status status)
{
  for (uint32_t i = 0; i < r->execution->frame_count; i++) {
    const struct ms_frame *frame = r->execution->frames[i];
    if (frame != NULL && !frame->is_cut && frame->status == status && frame->previous == previous) {
      return frame;
    }
  }
  return NULL;
}

enum answer {
  NO_ANSWER,
  ANSWER_STARTED,
  ANSWER_SUBMITTED,
  ANSWER_SUCCEEDED,
  ANSWER_FAILED,
  ANSWER_TIMED_OUT
};

/* What became of a task, by the end of the event's type. */
static enum answer answer_of(struct ms_str type)
{
  static const struct {
    const char *end;
    enum answer answer;
  } ends[] = {{"Started", ANSWER_STARTED},
              {"Submitted", ANSWER_SUBMITTED},
              {"Succeeded", ANSWER_SUCCEEDED},
              {"Failed", ANSWER_FAILED},
              {"TimedOut", ANSWER_TIMED_OUT}};
  bool is_task = ms_str_has_prefix(type, "Task") || ms_str_has_prefix(type, "LambdaFunction") ||
                 ms_str_has_prefix(type, "Activity");
  for (size_t i = 0; is_task && i < sizeof ends / sizeof *ends; i++) {
    if (ms_str_has_suffix(type, ends[i].end)) {
      return ends[i].answer;
    }
  }
  return NO_ANSWER;
}

/* A command on its way, with the values that it borrows. */
struct next {
  struct ms_command command;
  struct ms_json data, error, cause; /* owned */
};

static int text_value(struct ms_json *out, const struct ms_replay_event *event, const char *name)
{
  struct ms_str text = ms_replay_text(event, name);
  *out = text.data == NULL ? MS_JSON_VALUE_NONE : ms_json_string(text);
  return text.data != NULL && ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
}

static int next_failure(struct next *next, const struct ms_replay_event *event,
                        enum ms_command_type type)
{
  next->command.type = type;
  int err = text_value(&next->error, event, "error");
  err = err != 0 ? err : text_value(&next->cause, event, "cause");
  next->command.error = next->error;
  next->command.cause = next->cause;
  return err;
}

static int next_output(struct next *next, const struct ms_replay_event *event,
                       enum ms_command_type type)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_str text = ms_replay_text(event, "output");
  next->command.type = type;
  int err = text.data == NULL
                ? ms_error(MSTEP_EINVALID, "event %u has no output", (unsigned)event->id)
                : ms_json_parse(&next->data, text, &limits, NULL);
  next->command.data = next->data;
  return err;
}

static int next_answer(struct next *next, const struct ms_replay_event *event,
                       const struct ms_frame *frame)
{
  next->command.frame = frame->id;
  next->command.task = frame->task;
  int err = MSTEP_OK;
  switch (answer_of(event->type)) {
  case ANSWER_STARTED:
    next->command.type = MS_COMMAND_TASK_STARTED;
    err = text_value(&next->data, event, "workerName");
    next->command.data = next->data;
    return err;
  case ANSWER_SUBMITTED:
    return next_output(next, event, MS_COMMAND_TASK_SUBMITTED);
  case ANSWER_SUCCEEDED:
    return next_output(next, event, MS_COMMAND_TASK_SUCCEEDED);
  case ANSWER_TIMED_OUT:
    if (frame->timer_at_ms != 0) {
      next->command.type = MS_COMMAND_TIMER;
      return MSTEP_OK;
    }
    return next_failure(next, event, MS_COMMAND_TASK_FAILED);
  default:
    return next_failure(next, event, MS_COMMAND_TASK_FAILED);
  }
}

/* What the whole execution was told. */
static int next_of_all(struct next *next, const struct ms_replay_event *event)
{
  next->command.frame = MS_FRAME_NONE;
  if (ms_str_is(event->type, "ExecutionAborted")) {
    return next_failure(next, event, MS_COMMAND_STOP);
  }
  next->command.type =
      ms_str_is(event->type, "ExecutionRedriven") ? MS_COMMAND_REDRIVE : MS_COMMAND_TIMER;
  return MSTEP_OK;
}

static bool is_of_all(const struct replay *r, struct ms_str type)
{
  return ms_str_is(type, "ExecutionAborted") || ms_str_is(type, "ExecutionRedriven") ||
         (ms_str_is(type, "ExecutionTimedOut") && r->execution->timer_at_ms != 0);
}

/* The Map that reads or writes, when the recorded end of its run says that this is what failed; NULL. */
static const struct ms_frame *find_map_task(const struct replay *r, const struct ms_replay_event *event)
{
  struct ms_str error = ms_replay_text(event, "error");
  const struct ms_frame *frame =
      find_frame(r, ms_replay_ours(&r->history, event->previous), MS_FRAME_CHILDREN);
  if (frame == NULL || frame->task == 0 || !ms_str_is(event->type, "MapRunFailed")) {
    return NULL;
  }
  bool is_read = ms_str_is(ms_json_text(ms_json_getc(frame->parameters, "action")), "read");
  return ms_str_is(error, is_read ? "States.ItemReaderFailed" : "States.ResultWriterFailed") ? frame
                                                                                            : NULL;
}

/* *out NULL: this event is none that comes from outside, or not yet. */
static int try_event(struct next *next, bool *is_found, struct replay *r,
                     const struct ms_replay_event *event)
{
  *is_found = true;
  if (is_of_all(r, event->type)) {
    return next_of_all(next, event);
  }
  uint32_t previous = ms_replay_ours(&r->history, event->previous);
  const struct ms_frame *frame = NULL;
  if (answer_of(event->type) != NO_ANSWER) {
    frame = find_frame(r, previous, MS_FRAME_TASK);
  }
  if (frame != NULL) {
    return next_answer(next, event, frame);
  }
  frame = find_map_task(r, event);
  if (frame != NULL) {
    next->command.frame = frame->id;
    next->command.task = frame->task;
    return next_failure(next, event, MS_COMMAND_TASK_FAILED);
  }
  frame = find_frame(r, previous, MS_FRAME_WAITING);
  if (frame == NULL) {
    frame = find_frame(r, previous, MS_FRAME_RETRYING);
  }
  *is_found = frame != NULL;
  if (frame != NULL) {
    next->command.type = MS_COMMAND_TIMER;
    next->command.frame = frame->id;
  }
  return MSTEP_OK;
}

static void next_deinit(struct next *next)
{
  ms_json_unref(next->data);
  ms_json_unref(next->error);
  ms_json_unref(next->cause);
}

/* A timer fires when it is due, even if the record says earlier. */
static void go_to_timer(struct replay *r, const struct ms_command *command)
{
  const struct ms_frame *frame = ms_execution_frame(r->execution, command->frame);
  go_to(r, frame != NULL ? frame->timer_at_ms : r->execution->timer_at_ms);
}

/* What the execution waits for, and no history tells; NULL: there is no such thing. */
static const char *unrecorded(const struct replay *r)
{
  for (uint32_t i = 0; i < r->execution->frame_count; i++) {
    const struct ms_frame *frame = r->execution->frames[i];
    if (frame == NULL || frame->is_cut || frame->task == 0) {
      continue;
    }
    if (frame->status == MS_FRAME_CHILDREN) {
      return "What a distributed Map read or wrote is not in this history.";
    }
    if (frame->is_hidden) {
      return "What the children of a distributed Map did is not in this history.";
    }
  }
  return NULL;
}

/* Nothing that was recorded can happen now. */
static void cannot_go_on(struct replay *r)
{
  r->reason = unrecorded(r);
  if (r->reason == NULL) {
    differ(r, &r->history.events[r->history.first_open], MS_JSON_VALUE_NONE);
  }
}

/* The first recorded event that comes from outside and can happen now, happens. */
static int next_from_outside(struct replay *r)
{
  for (size_t i = r->history.first_open; i < r->history.count; i++) {
    const struct ms_replay_event *event = &r->history.events[i];
    struct next next = {.command = {.frame = MS_FRAME_NONE}};
    bool is_found = false;
    int err = event->ours != 0 ? MSTEP_OK : try_event(&next, &is_found, r, event);
    if (err == 0 && is_found) {
      go_to(r, event->at_ms);
      if (next.command.type == MS_COMMAND_TIMER) {
        go_to_timer(r, &next.command);
      }
      size_t before = r->compared;
      err = decide(r, &next.command);
      if (err == MSTEP_ESTATE || (err == 0 && r->compared == before && r->events.count == 0)) {
        err = MSTEP_OK; /* it changes nothing now */
        differ(r, event, MS_JSON_VALUE_NONE);
      }
    }
    next_deinit(&next);
    if (err != 0 || is_found) {
      return err;
    }
  }
  cannot_go_on(r);
  return MSTEP_OK;
}

static int start(struct replay *r)
{
  const struct ms_replay_event *first = &r->history.events[0];
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json input;
  int err = ms_json_parse(&input, ms_replay_text(first, "input"), &limits, NULL);
  if (err != 0) {
    return err;
  }
  r->env.now_ms = first->at_ms;
  err = decide(r, &(struct ms_command){.type = MS_COMMAND_START, .data = input});
  ms_json_unref(input);
  return err;
}

static int drive(struct replay *r)
{
  int err = start(r);
  while (err == 0 && !r->is_different && r->reason == NULL) {
    err = run_ready(r);
    if (err != 0 || r->is_different || r->history.first_open == r->history.count) {
      return err;
    }
    err = next_from_outside(r);
  }
  return err;
}

/* ---- the answer ---- */

static void put_event(struct ms_buf *out, const char *name, struct ms_json event)
{
  ms_buf_printf(out, ",\"%s\":", name);
  ms_json_print(out, ms_json_is_none(event) ? MS_JSON_VALUE_NULL : event);
}

static void put_difference(struct ms_buf *out, const struct replay *r)
{
  size_t at = r->expected != NULL ? r->expected->id - 1 : r->history.count;
  size_t from = at > CONTEXT_EVENTS ? at - CONTEXT_EVENTS : 0;
  ms_buf_printf(out, ",\"eventId\":%zu,\"location\":", at + 1);
  ms_json_print_string(out, ms_buf_view(&r->where));
  put_event(out, "expected", r->expected != NULL ? r->expected->event : MS_JSON_VALUE_NONE);
  put_event(out, "actual", r->actual);
  ms_buf_cstr(out, ",\"context\":[");
  for (size_t i = from; i < at; i++) {
    ms_buf_cstr(out, i == from ? "" : ",");
    ms_json_print(out, r->history.events[i].event);
  }
  ms_buf_char(out, ']');
}

static int put_result(struct ms_buf *out, const struct replay *r)
{
  const char *result = r->is_different ? "DIFFERENT" : r->reason != NULL ? "INCOMPLETE" : "SAME";
  ms_buf_printf(out, "{\"result\":\"%s\",\"events\":%zu,\"compared\":%zu", result, r->history.count,
                r->compared);
  if (r->is_different) {
    put_difference(out, r);
  } else if (r->reason != NULL) {
    ms_buf_cstr(out, ",\"reason\":");
    ms_json_print_string(out, ms_str_c(r->reason));
  }
  ms_buf_char(out, '}');
  return out->error;
}

int ms_engine_history_replay(struct ms_buf *out, struct ms_engine *engine,
                             const struct ms_engine_replay *request, ms_engine_diagnostic_cb report,
                             void *user)
{
  struct replay r = {.engine = engine, .limits = engine->limits};
  ms_buf_init(&r.where, 0);
  r.limits.history_events = 0;
  r.env = engine->env;
  r.env.check_task = NULL; /* what is there today says nothing about then */
  r.env.limits = &r.limits;
  int err = ms_replay_history_read(&r.history, request->history);
  err = err != 0 ? err : compile(&r, request, report, user);
  err = err != 0 ? err : make_execution(&r, request);
  err = err != 0 ? err : drive(&r);
  err = err != 0 ? err : put_result(out, &r);
  ms_events_deinit(&r.events);
  ms_execution_free(r.execution);
  ms_machine_unref(r.machine);
  ms_json_unref(r.actual);
  ms_replay_history_deinit(&r.history);
  ms_buf_deinit(&r.where);
  return err;
}
