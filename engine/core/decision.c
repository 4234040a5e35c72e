/*
 * What a decision writes and sees: events with their ids, and the environment of expressions (the
 * Context Object, variables, input). Nothing here changes the execution.
 */
#include "core/decision.h"

#include "asl/state_type.h"
#include "base/error.h"
#include "base/time.h"

struct ms_event *ms_decision_hidden(struct ms_decision *decision, enum ms_event_type type,
                                    const struct ms_frame *frame)
{
  struct ms_event *event = ms_events_add(decision->out);
  if (event == NULL)
    return NULL;
  event->type = (uint16_t)type;
  event->previous = decision->previous;
  event->frame = frame == NULL ? MS_FRAME_NONE : frame->id;
  event->state = frame == NULL ? MS_STATE_NONE : frame->state->index;
  event->at_ms = decision->env->now_ms;
  return event;
}

struct ms_event *ms_decision_event(struct ms_decision *decision, enum ms_event_type type,
                                   const struct ms_frame *frame)
{
  struct ms_event *event = ms_decision_hidden(decision, type, frame);
  bool is_public = ms_event_is_public(type) && (frame == NULL || !frame->is_hidden);
  if (event != NULL && is_public)
    event->id = decision->previous = decision->next_event++;
  return event;
}

int ms_decision_write(struct ms_decision *decision, enum ms_event_type type,
                      const struct ms_frame *frame, struct ms_json data, struct ms_json more)
{
  struct ms_event *event = ms_decision_event(decision, type, frame);
  if (event == NULL) {
    ms_json_unref(data);
    ms_json_unref(more);
    return ms_error_nomem();
  }
  event->data = data;
  event->more = more;
  return 0;
}

/* ---- the Context Object ---- */

/* Sets a member and forgets the difference between "no memory for the value" and "for the member". */
static int put(struct ms_json *object, const char *key, struct ms_json value)
{
  return ms_json_setc(object, key, value);
}

static struct ms_json time_value(int64_t at_ms)
{
  char text[MS_TIME_TEXT_SIZE];
  size_t len = ms_time_format(text, at_ms);
  return ms_json_string((struct ms_str){text, len});
}

static int put_execution(struct ms_json *context, const struct ms_execution *execution)
{
  const struct ms_execution_identity *identity = &execution->identity;
  struct ms_json object = ms_json_object(7);
  int status = put(&object, "Id", ms_json_ref(identity->arn));
  if (status == 0)
    status = put(&object, "Input", ms_json_ref(execution->input));
  if (status == 0)
    status = put(&object, "StartTime", time_value(execution->started_at_ms));
  if (status == 0)
    status = put(&object, "Name", ms_json_ref(identity->name));
  if (status == 0)
    status = put(&object, "RoleArn", ms_json_ref(identity->role_arn));
  if (status == 0 && !identity->is_sync)
    status = put(&object, "RedriveCount", ms_json_int(execution->redrive_count));
  if (status == 0 && execution->redrive_count != 0)
    status = put(&object, "RedriveTime", time_value(execution->redriven_at_ms));
  if (status == 0)
    return put(context, "Execution", object);
  ms_json_unref(object);
  return status;
}

static bool can_retry(const struct ms_state *state)
{
  for (const struct ms_field *field = state->type->fields; field->name != NULL; field++)
    if (field->kind == MS_FIELD_RETRY)
      return true;
  return false;
}

static int put_state(struct ms_json *context, const struct ms_frame *frame)
{
  struct ms_json object = ms_json_object(3);
  int status = put(&object, "Name", ms_json_ref(frame->state->name_value));
  if (status == 0)
    status = put(&object, "EnteredTime", time_value(frame->entered_at_ms));
  if (status == 0 && can_retry(frame->state))
    status = put(&object, "RetryCount", ms_json_int(frame->retry_count));
  if (status == 0)
    return put(context, "State", object);
  ms_json_unref(object);
  return status;
}

static int put_machine(struct ms_json *context, const struct ms_execution *execution)
{
  struct ms_json object = ms_json_object(2);
  int status = put(&object, "Id", ms_json_ref(execution->identity.machine_arn));
  if (status == 0)
    status = put(&object, "Name", ms_json_ref(execution->identity.machine_name));
  if (status == 0)
    return put(context, "StateMachine", object);
  ms_json_unref(object);
  return status;
}

/* {name: {key: value}}; value is borrowed. */
static int put_nested(struct ms_json *context, const char *name, const char *key, struct ms_json value)
{
  struct ms_json object = ms_json_object(1);
  int status = put(&object, key, ms_json_ref(value));
  if (status == 0)
    return put(context, name, object);
  ms_json_unref(object);
  return status;
}

static struct ms_json build_context(const struct ms_decision *decision)
{
  struct ms_json context = ms_json_object(5);
  int status = put_execution(&context, decision->execution);
  if (status == 0)
    status = put_machine(&context, decision->execution);
  if (status == 0)
    status = put_state(&context, decision->frame);
  if (status == 0 && !ms_json_is_none(decision->token))
    status = put_nested(&context, "Task", "Token", decision->token);
  if (status == 0 && !ms_json_is_none(decision->item))
    status = put_nested(&context, "Map", "Item", decision->item);
  if (status == 0)
    return context;
  ms_json_unref(context);
  return MS_JSON_VALUE_NONE;
}

static struct ms_json context_of(struct ms_query_env *env)
{
  struct ms_decision *decision = env->user;
  const struct ms_core_probe *probe = decision->env->probe;
  if (probe != NULL && !ms_json_is_none(probe->context))
    return probe->context;
  if (ms_json_is_none(decision->context))
    decision->context = build_context(decision);
  return decision->context;
}

void ms_decision_forget_context(struct ms_decision *decision)
{
  ms_json_replace(&decision->context, MS_JSON_VALUE_NONE);
}

/* Inner scopes see outer ones; children of a distributed map see only their own. */
static struct ms_json variable_of(struct ms_query_env *env, struct ms_str name)
{
  const struct ms_decision *decision = env->user;
  const struct ms_frame *frame = decision->frame;
  while (frame != NULL) {
    struct ms_json value = ms_json_get(frame->variables, name);
    if (!ms_json_is_none(value) || frame->flow->is_distributed)
      return value;
    frame = ms_execution_frame(decision->execution, frame->parent);
  }
  return MS_JSON_VALUE_NONE;
}

struct ms_query_env *ms_decision_query(struct ms_decision *decision, const struct ms_frame *frame,
                                       struct ms_json input)
{
  if (decision->frame != frame)
    ms_decision_forget_context(decision);
  decision->frame = frame;
  decision->query = (struct ms_query_env){
      .arena = decision->env->arena,
      .random = &decision->random,
      .now_ms = decision->env->now_ms,
      .input = input,
      .context = context_of,
      .variable = variable_of,
      .user = decision,
      .limits = &decision->env->limits->query,
  };
  return &decision->query;
}

/* ---- values of fields ---- */

bool ms_state_is_jsonpath(const struct ms_state *state)
{
  return ms_str_is(ms_str_c(state->lang->name), "JSONPath");
}

void ms_decision_inspect(const struct ms_decision *decision, const char *name, struct ms_json value)
{
  const struct ms_core_probe *probe = decision->env->probe;
  if (probe != NULL)
    probe->inspect(probe->user, name, value);
}

void ms_decision_inspect_path(const struct ms_decision *decision, const struct ms_frame *frame,
                              const char *name, struct ms_json value)
{
  if (decision->env->probe != NULL && ms_state_is_jsonpath(frame->state))
    ms_decision_inspect(decision, name, value);
}

int ms_decision_input(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                      struct ms_failure *failure)
{
  int status = 0;
  if (frame->state->input_path == NULL)
    *out = ms_json_ref(frame->input);
  else
    status = ms_query_eval(out, frame->state->input_path,
                           ms_decision_query(decision, frame, frame->input), failure);
  if (status == 0)
    ms_decision_inspect_path(decision, frame, "afterInputPath", *out);
  return status;
}

int ms_decision_arguments(struct ms_json *out, struct ms_decision *decision,
                          const struct ms_frame *frame, struct ms_failure *failure)
{
  struct ms_json input;
  int status = ms_decision_input(&input, decision, frame, failure);
  if (status != 0)
    return status;
  if (frame->state->parameters == NULL) {
    *out = input;
    ms_decision_inspect_path(decision, frame, "afterParameters", *out);
    return 0;
  }
  status = ms_query_eval(out, frame->state->parameters, ms_decision_query(decision, frame, input),
                         failure);
  ms_json_unref(input);
  if (status == 0)
    ms_decision_inspect(decision,
                        ms_state_is_jsonpath(frame->state) ? "afterParameters" : "afterArguments",
                        *out);
  return status;
}

int ms_decision_setting(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                        const struct ms_setting *setting, struct ms_json input,
                        struct ms_failure *failure)
{
  *out = MS_JSON_VALUE_NONE;
  if (setting->kind == MS_SETTING_ABSENT)
    return 0;
  if (setting->kind == MS_SETTING_LITERAL) {
    *out = ms_json_ref(setting->literal);
    return 0;
  }
  return ms_query_eval(out, setting->query, ms_decision_query(decision, frame, input), failure);
}
