/* Task: asks the world to do something and waits for its answer, with timeout and heartbeat. */
#include <stddef.h>

#include "base/error.h"
#include "base/random.h"
#include "core/decision.h"
#include "states/setting.h"
#include "states/types.h"


static const struct ms_field task_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"Resource", MS_FIELD_RESOURCE, MS_FIELD_IN_ALL | MS_FIELD_REQUIRED,
     offsetof(struct ms_state_task_fields, resource), 0, 0, 0},
    {"Parameters", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH, offsetof(struct ms_state, parameters), 0, 0, 0},
    {"Arguments", MS_FIELD_TEMPLATE, MS_FIELD_IN_OTHERS, offsetof(struct ms_state, parameters), 0, 0, 0},
    {"Credentials", MS_FIELD_CREDENTIALS, MS_FIELD_IN_ALL, offsetof(struct ms_state_task_fields, credentials), 0, 0,
     0},
    {"TimeoutSeconds", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, offsetof(struct ms_state_task_fields, timeout), 0, 1,
     99999999},
    {"TimeoutSecondsPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH,
     offsetof(struct ms_state_task_fields, timeout), 0, 1, 99999999},
    {"HeartbeatSeconds", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, offsetof(struct ms_state_task_fields, heartbeat), 0, 1,
     99999999},
    {"HeartbeatSecondsPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH,
     offsetof(struct ms_state_task_fields, heartbeat), 0, 1, 99999999},
    MS_FIELDS_RESULT_SELECTOR,
    MS_FIELDS_RESULT_PATH,
    MS_FIELDS_OUTPUT(MS_FIELD_RESULT),
    MS_FIELDS_ASSIGN(MS_FIELD_RESULT),
    MS_FIELDS_RETRY_CATCH,
    MS_FIELDS_END};

static const struct ms_field_group task_groups[] = {
    {false, {"TimeoutSeconds", "TimeoutSecondsPath"}},
    {false, {"HeartbeatSeconds", "HeartbeatSecondsPath"}},
    {false, {NULL}}};

/* The event types of the three kinds of task, by what happens. */
enum task_moment { TASK_IS_SCHEDULED, TASK_IS_STARTED, TASK_HAS_SUCCEEDED, TASK_HAS_FAILED, TASK_HAS_TIMED_OUT };

static enum ms_event_type event_of(const struct ms_resource *resource, enum task_moment moment)
{
  static const enum ms_event_type types[3][5] = {
      [MS_RESOURCE_LAMBDA] = {MS_EVENT_LAMBDA_SCHEDULED, MS_EVENT_LAMBDA_STARTED,
                              MS_EVENT_LAMBDA_SUCCEEDED, MS_EVENT_LAMBDA_FAILED,
                              MS_EVENT_LAMBDA_TIMED_OUT},
      [MS_RESOURCE_ACTIVITY] = {MS_EVENT_ACTIVITY_SCHEDULED, MS_EVENT_ACTIVITY_STARTED,
                                MS_EVENT_ACTIVITY_SUCCEEDED, MS_EVENT_ACTIVITY_FAILED,
                                MS_EVENT_ACTIVITY_TIMED_OUT},
      [MS_RESOURCE_SERVICE] = {MS_EVENT_TASK_SCHEDULED, MS_EVENT_TASK_STARTED,
                               MS_EVENT_TASK_SUCCEEDED, MS_EVENT_TASK_FAILED,
                               MS_EVENT_TASK_TIMED_OUT}};
  return types[resource->kind][moment];
}

/* What is known of a task before it is scheduled. Values owned. */
struct task_plan {
  struct ms_resource resource;
  struct ms_json parameters;
  struct ms_json details; /* `more` of the scheduled event */
  int64_t timeout_seconds, heartbeat_seconds; /* 0 = none */
};

/* A token that only this attempt has: unguessable, and the same again for the same seed. */
static struct ms_json make_token(struct ms_decision *decision)
{
  static const char digits[] = "0123456789abcdef";
  char token[36 + 1 + 16 + 1];
  ms_random_uuid(&decision->random, token);
  uint64_t tail = ms_random_next(&decision->random);
  token[36] = '-';
  for (unsigned i = 0; i < 16; i++) {
    token[37 + i] = digits[tail >> (60 - 4 * i) & 15];
  }
  return ms_json_string((struct ms_str){token, sizeof token - 1});
}

static int plan_credentials(struct task_plan *plan, struct ms_decision *decision,
                            const struct ms_frame *frame, struct ms_json input,
                            struct ms_failure *failure)
{
  const struct ms_state_task_fields *state = (const struct ms_state_task_fields *)frame->state;
  if (state->credentials == NULL)
    return 0;
  struct ms_json credentials = MS_JSON_VALUE_NONE;
  int status = ms_query_eval(&credentials, state->credentials,
                             ms_decision_query(decision, frame, input), failure);
  struct ms_json role = ms_json_getc(credentials, "RoleArn");
  if (status == 0 && !ms_json_is_none(role))
    status = ms_json_setc(&plan->details, "roleArn", ms_json_ref(role));
  ms_json_unref(credentials);
  return status;
}

static int plan_limits(struct task_plan *plan, struct ms_decision *decision,
                       const struct ms_frame *frame, struct ms_json input,
                       struct ms_failure *failure)
{
  const struct ms_state_task_fields *state = (const struct ms_state_task_fields *)frame->state;
  int status = ms_setting_integer(&plan->timeout_seconds, decision, frame, &state->timeout, input,
                                  failure);
  if (status == 0)
    status = ms_setting_integer(&plan->heartbeat_seconds, decision, frame, &state->heartbeat, input,
                                failure);
  if (status == 0 && plan->timeout_seconds != 0)
    status = ms_json_setc(&plan->details, "timeoutInSeconds", ms_json_int(plan->timeout_seconds));
  if (status == 0 && plan->heartbeat_seconds != 0)
    status =
        ms_json_setc(&plan->details, "heartbeatInSeconds", ms_json_int(plan->heartbeat_seconds));
  return status;
}

static int plan_task(struct task_plan *plan, struct ms_decision *decision,
                     const struct ms_frame *frame, struct ms_failure *failure)
{
  const struct ms_resource *resource = &plan->resource;
  bool has_token = resource->waits_for_token || resource->is_sync ||
                   resource->kind == MS_RESOURCE_ACTIVITY;
  struct ms_json input = MS_JSON_VALUE_NONE;
  plan->details = ms_json_object(2);
  int status = 0;
  if (has_token)
    status = ms_json_setc(&plan->details, "token", make_token(decision));
  ms_decision_forget_context(decision);
  decision->token = ms_json_getc(plan->details, "token");
  if (status == 0)
    status = ms_decision_input(&input, decision, frame, failure);
  if (status == 0)
    status = plan_limits(plan, decision, frame, input, failure);
  if (status == 0)
    status = plan_credentials(plan, decision, frame, input, failure);
  ms_json_unref(input);
  if (status == 0)
    status = ms_decision_arguments(&plan->parameters, decision, frame, failure);
  ms_decision_forget_context(decision);
  decision->token = MS_JSON_VALUE_NONE;
  const struct ms_core_env *env = decision->env;
  if (status == 0 && env->check_task != NULL)
    status = env->check_task(env->user, resource, plan->parameters, failure);
  return status;
}

static int64_t earlier(int64_t a, int64_t b)
{
  return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

/* Somebody works on it from now on: the clocks start. */
static int write_started(struct ms_decision *decision, const struct ms_frame *frame,
                         const struct ms_resource *resource, struct ms_json worker,
                         int64_t timeout_seconds, int64_t heartbeat_seconds)
{
  struct ms_event *event =
      ms_decision_event(decision, event_of(resource, TASK_IS_STARTED), frame);
  if (event == NULL)
    return ms_error_nomem();
  event->data = ms_json_ref(worker);
  event->due_at_ms = earlier(timeout_seconds == 0 ? 0 : event->at_ms + timeout_seconds * 1000,
                             heartbeat_seconds == 0 ? 0 : event->at_ms + heartbeat_seconds * 1000);
  if (event->due_at_ms != 0)
    event->flags |= MS_EVENT_SETS_TIMER;
  return 0;
}

static int write_scheduled(struct ms_decision *decision, const struct ms_frame *frame,
                           struct task_plan *plan)
{
  struct ms_event *event =
      ms_decision_event(decision, event_of(&plan->resource, TASK_IS_SCHEDULED), frame);
  if (event == NULL)
    return ms_error_nomem();
  event->number = decision->execution->next_task;
  event->data = ms_json_ref(plan->parameters);
  event->more = ms_json_ref(plan->details);
  if (plan->resource.kind == MS_RESOURCE_ACTIVITY)
    return 0; /* started when a worker takes it */
  return write_started(decision, frame, &plan->resource, MS_JSON_VALUE_NONE, plan->timeout_seconds,
                       plan->heartbeat_seconds);
}

static int task_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct task_plan plan = {.parameters = MS_JSON_VALUE_NONE};
  ms_resource_parse(&plan.resource, ((const struct ms_state_task_fields *)frame->state)->resource);
  int status = plan_task(&plan, decision, frame, &failure);
  if (status != 0)
    status = ms_decision_settle(decision, frame, status, &failure);
  else if (ms_decision_is_too_large(decision, plan.parameters))
    status = ms_decision_fail_too_large(decision, frame);
  else
    status = write_scheduled(decision, frame, &plan);
  ms_json_unref(plan.parameters);
  ms_json_unref(plan.details);
  ms_failure_deinit(&failure);
  return status;
}

/* ---- answers ---- */

/* An event that ends the task; its timer, if it has not fired, is not needed any more. */
static int write_answered(struct ms_decision *decision, const struct ms_frame *frame,
                          enum ms_event_type type, struct ms_json data, struct ms_json more)
{
  struct ms_event *event = ms_decision_event(decision, type, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->data = ms_json_ref(data);
  event->more = ms_json_ref(more);
  if (frame->timer_at_ms != 0)
    event->flags |= MS_EVENT_CLEARS_TIMER;
  return 0;
}

static int task_succeeded(struct ms_decision *decision, const struct ms_frame *frame,
                          const struct ms_resource *resource, struct ms_json output)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  int status;
  if (ms_decision_is_too_large(decision, output)) {
    status = ms_fail(&failure, "States.DataLimitExceeded",
                     "The state/task '%.*s' returned a result with a size exceeding the maximum "
                     "number of bytes service limit.",
                     MS_STR_ARG(resource->kind == MS_RESOURCE_SERVICE ? resource->type
                                                                      : resource->arn));
    if (status == MS_FAILED)
      status = write_answered(decision, frame, event_of(resource, TASK_HAS_FAILED), failure.error,
                              failure.cause);
    if (status == 0)
      status = ms_decision_fail(decision, frame, &failure);
    ms_failure_deinit(&failure);
    return status;
  }
  status = write_answered(decision, frame, event_of(resource, TASK_HAS_SUCCEEDED), output,
                          MS_JSON_VALUE_NONE);
  if (status != 0)
    return status;
  return ms_decision_exit_result(decision, frame, output);
}

static int task_failed(struct ms_decision *decision, const struct ms_frame *frame,
                       const struct ms_resource *resource, const struct ms_command *command)
{
  struct ms_failure failure = {command->error, command->cause, MS_JSON_VALUE_NONE};
  int status = write_answered(decision, frame, event_of(resource, TASK_HAS_FAILED), command->error,
                              command->cause);
  return status == 0 ? ms_decision_fail(decision, frame, &failure) : status;
}

static int task_timed_out(struct ms_decision *decision, const struct ms_frame *frame,
                          const struct ms_resource *resource)
{
  bool is_heartbeat = frame->heartbeat_at_ms != 0 && frame->heartbeat_at_ms <= decision->env->now_ms &&
                      (frame->timeout_at_ms == 0 || frame->heartbeat_at_ms < frame->timeout_at_ms);
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_event *event =
      ms_decision_event(decision, event_of(resource, TASK_HAS_TIMED_OUT), frame);
  if (event == NULL)
    return ms_error_nomem();
  event->data = ms_json_cstring("States.Timeout");
  event->number = frame->task;
  event->flags |= MS_EVENT_CANCELS_TASK;
  failure.error = ms_json_cstring(is_heartbeat ? "States.HeartbeatTimeout" : "States.Timeout");
  int status = ms_json_is_none(event->data) || ms_json_is_none(failure.error) ? ms_error_nomem() : 0;
  if (status == 0)
    status = ms_decision_fail(decision, frame, &failure);
  ms_failure_deinit(&failure);
  return status;
}

static int task_heartbeat(struct ms_decision *decision, const struct ms_frame *frame)
{
  if (frame->heartbeat_at_ms == 0)
    return 0;
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_HEARTBEAT, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->due_at_ms =
      earlier(frame->timeout_at_ms, event->at_ms + (int64_t)frame->heartbeat_seconds * 1000);
  event->flags |= MS_EVENT_SETS_TIMER;
  return 0;
}

static int task_on_command(struct ms_decision *decision, const struct ms_frame *frame,
                           const struct ms_command *command)
{
  struct ms_resource resource;
  ms_resource_parse(&resource, ((const struct ms_state_task_fields *)frame->state)->resource);
  switch (command->type) {
  case MS_COMMAND_TASK_STARTED:
    if (frame->is_started)
      return 0;
    return write_started(decision, frame, &resource, command->data, frame->timeout_seconds,
                         frame->heartbeat_seconds);
  case MS_COMMAND_TASK_SUBMITTED:
    if (frame->is_submitted)
      return 0; /* asked again after a crash */
    return ms_decision_write(decision, MS_EVENT_TASK_SUBMITTED, frame, ms_json_ref(command->data),
                             MS_JSON_VALUE_NONE);
  case MS_COMMAND_TASK_SUCCEEDED:
    return task_succeeded(decision, frame, &resource, command->data);
  case MS_COMMAND_TASK_FAILED:
    return task_failed(decision, frame, &resource, command);
  case MS_COMMAND_TASK_HEARTBEAT:
    return task_heartbeat(decision, frame);
  case MS_COMMAND_TIMER:
    return task_timed_out(decision, frame, &resource);
  default:
    return 0;
  }
}

/* What concerns two fields at once. */
static int task_validate(struct ms_asl_parse *parse, const struct ms_state *base)
{
  const struct ms_state_task_fields *state = (const struct ms_state_task_fields *)base;
  int64_t timeout = 0;
  int64_t heartbeat = 0;
  if (state->timeout.kind == MS_SETTING_LITERAL && state->heartbeat.kind == MS_SETTING_LITERAL &&
      ms_json_to_int(&timeout, state->timeout.literal) &&
      ms_json_to_int(&heartbeat, state->heartbeat.literal) && heartbeat >= timeout) {
    ms_asl_report(parse, base, "HeartbeatSeconds", "SCHEMA_VALIDATION_FAILED",
                  "HeartbeatSeconds must be smaller than TimeoutSeconds");
  }
  struct ms_resource resource;
  ms_resource_parse(&resource, state->resource);
  if (state->credentials != NULL && resource.kind == MS_RESOURCE_ACTIVITY) {
    ms_asl_report(parse, base, "Credentials", "SCHEMA_VALIDATION_FAILED",
                  "The field 'Credentials' is not supported for activities");
  }
  return 0;
}

const struct ms_state_type ms_state_task = {
    .name = "Task",
    .size = sizeof(struct ms_state_task_fields),
    .has_next = true,
    .fields = task_fields,
    .groups = task_groups,
    .validate = task_validate,
    .enter = task_enter,
    .on_command = task_on_command,
};
