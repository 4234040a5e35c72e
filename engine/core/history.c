/*
 * Events as GetExecutionHistory shows them: names, nesting and text-in-text exactly as AWS. What an
 * event means is event.h's; paging and order are the API's.
 */
#include "asl/state_type.h"
#include "base/error.h"
#include "core/decision.h"

/* A description under construction; failure is sticky. */
struct describe {
  const struct ms_execution *execution;
  const struct ms_event *event;
  struct ms_json details;
  int status;
};

static void put(struct describe *d, const char *key, struct ms_json value)
{
  if (d->status != 0) {
    ms_json_unref(value);
    return;
  }
  d->status = ms_json_setc(&d->details, key, value);
}

static void put_given(struct describe *d, const char *key, struct ms_json value)
{
  if (!ms_json_is_none(value) && !ms_json_is_null(value))
    put(d, key, ms_json_ref(value));
}

static bool is_same(struct ms_json a, struct ms_json b)
{
  return a.type == b.type && a.u.integer == b.u.integer;
}

/* The payload as text: as it was sent where it is the execution's input, untouched. */
static struct ms_json payload_text(const struct ms_execution *execution, struct ms_json value)
{
  struct ms_json sent = execution->identity.input_text;
  if (!ms_json_is_none(sent) && is_same(value, execution->input))
    return ms_json_ref(sent);
  return ms_json_print_value(value);
}

static void put_payload(struct describe *d, const char *key, const char *details_key,
                        struct ms_json value)
{
  put(d, key, payload_text(d->execution, value));
  struct ms_json truncated = ms_json_object(1);
  if (ms_json_setc(&truncated, "truncated", ms_json_bool(false)) < 0)
    d->status = ms_error_nomem();
  put(d, details_key, truncated);
}

static void put_input(struct describe *d)
{
  put_payload(d, "input", "inputDetails", d->event->data);
}

static void put_output(struct describe *d)
{
  put_payload(d, "output", "outputDetails", d->event->data);
}

static void put_failure(struct describe *d)
{
  put_given(d, "error", d->event->data);
  put_given(d, "cause", d->event->more);
}

static struct ms_json text_value(struct ms_str text)
{
  return ms_json_string(text);
}

static const struct ms_state *state_of(const struct describe *d)
{
  return d->execution->machine->states[d->event->state];
}

static void put_name(struct describe *d)
{
  put(d, "name", ms_json_ref(state_of(d)->name_value));
}

static void put_resource(struct describe *d)
{
  struct ms_resource resource;
  ms_core_resource(&resource, d->execution->machine, d->event->state);
  put(d, "resourceType", text_value(resource.type));
  put(d, "resource", text_value(resource.action));
}

static void put_resource_arn(struct describe *d)
{
  struct ms_resource resource;
  ms_core_resource(&resource, d->execution->machine, d->event->state);
  put(d, "resource", text_value(resource.arn));
}

static void put_assigned(struct describe *d)
{
  if (!ms_json_is_object(d->event->more))
    return;
  struct ms_json texts = ms_json_object(ms_json_count(d->event->more));
  for (size_t i = 0; d->status == 0 && i < ms_json_count(d->event->more); i++)
    d->status = ms_json_set_key(&texts, ms_json_key_value(d->event->more, i),
                                ms_json_print_value(ms_json_member(d->event->more, i)));
  put(d, "assignedVariables", texts);
  struct ms_json truncated = ms_json_object(1);
  if (ms_json_setc(&truncated, "truncated", ms_json_bool(false)) < 0)
    d->status = ms_error_nomem();
  put(d, "assignedVariablesDetails", truncated);
}

static void put_limits(struct describe *d)
{
  put_given(d, "timeoutInSeconds", ms_json_getc(d->event->more, "timeoutInSeconds"));
  put_given(d, "heartbeatInSeconds", ms_json_getc(d->event->more, "heartbeatInSeconds"));
  struct ms_json role = ms_json_getc(d->event->more, "roleArn");
  if (ms_json_is_none(role))
    return;
  struct ms_json credentials = ms_json_object(1);
  if (ms_json_setc(&credentials, "roleArn", ms_json_ref(role)) < 0)
    d->status = ms_error_nomem();
  put(d, "taskCredentials", credentials);
}

static void describe_task(struct describe *d)
{
  put_resource(d);
  switch (d->event->type) {
  case MS_EVENT_TASK_SCHEDULED:
    put_given(d, "region", d->execution->identity.region);
    put(d, "parameters", ms_json_print_value(d->event->data));
    put_limits(d);
    break;
  case MS_EVENT_TASK_SUBMITTED:
  case MS_EVENT_TASK_SUCCEEDED:
    put_output(d);
    break;
  case MS_EVENT_TASK_FAILED:
  case MS_EVENT_TASK_TIMED_OUT:
    put_failure(d);
    break;
  default:
    break;
  }
}

static void describe_execution(struct describe *d)
{
  switch (d->event->type) {
  case MS_EVENT_EXECUTION_STARTED:
    put_input(d);
    put_given(d, "roleArn", d->execution->identity.role_arn);
    break;
  case MS_EVENT_EXECUTION_SUCCEEDED:
    put_output(d);
    break;
  default:
    put_failure(d);
    break;
  }
}

static void describe_details(struct describe *d)
{
  switch (d->event->type) {
  case MS_EVENT_STATE_ENTERED:
    put_name(d);
    put_input(d);
    break;
  case MS_EVENT_STATE_EXITED:
    put_name(d);
    put_output(d);
    put_assigned(d);
    break;
  case MS_EVENT_LAMBDA_SCHEDULED:
  case MS_EVENT_ACTIVITY_SCHEDULED:
    put_resource_arn(d);
    put_input(d);
    put_limits(d);
    break;
  case MS_EVENT_LAMBDA_SUCCEEDED:
  case MS_EVENT_ACTIVITY_SUCCEEDED:
    put_output(d);
    break;
  case MS_EVENT_LAMBDA_FAILED:
  case MS_EVENT_LAMBDA_TIMED_OUT:
  case MS_EVENT_ACTIVITY_FAILED:
  case MS_EVENT_ACTIVITY_TIMED_OUT:
  case MS_EVENT_MAP_RUN_FAILED:
    put_failure(d);
    break;
  case MS_EVENT_ACTIVITY_STARTED:
    put_given(d, "workerName", d->event->data);
    break;
  case MS_EVENT_MAP_STARTED:
    put(d, "length", ms_json_int(d->event->number));
    break;
  case MS_EVENT_MAP_ITERATION_STARTED:
  case MS_EVENT_MAP_ITERATION_SUCCEEDED:
  case MS_EVENT_MAP_ITERATION_FAILED:
  case MS_EVENT_MAP_ITERATION_ABORTED:
    put_name(d);
    put(d, "index", ms_json_int(d->event->number));
    break;
  case MS_EVENT_EXECUTION_REDRIVEN:
    put(d, "redriveCount", ms_json_int(d->event->number));
    break;
  case MS_EVENT_MAP_RUN_REDRIVEN:
    put(d, "redriveCount", ms_json_int(d->event->number));
    put_given(d, "mapRunArn", d->event->data);
    break;
  case MS_EVENT_MAP_RUN_STARTED:
    put_given(d, "mapRunArn", d->event->data);
    break;
  case MS_EVENT_EVALUATION_FAILED:
    put_given(d, "error", d->event->data);
    put_given(d, "cause", ms_json_getc(d->event->more, "cause"));
    put_given(d, "location", ms_json_getc(d->event->more, "location"));
    put(d, "state", ms_json_ref(state_of(d)->name_value));
    break;
  default:
    break;
  }
}

#define MS_EVENT(name, text, details) details,
static const char *const details_keys[] = {
#include "core/events.def"
};
#undef MS_EVENT

struct ms_json ms_event_describe(const struct ms_event *event, const struct ms_execution *execution)
{
  struct describe d = {execution, event, ms_json_object(6), 0};
  if (event->type >= MS_EVENT_TASK_SCHEDULED && event->type <= MS_EVENT_TASK_TIMED_OUT)
    describe_task(&d);
  else if (event->type <= MS_EVENT_EXECUTION_TIMED_OUT)
    describe_execution(&d);
  else
    describe_details(&d);
  struct ms_json details = d.details;
  char type[64];
  ms_event_type_text(type, sizeof(type), event, execution->machine);
  d.details = ms_json_object(5);
  put(&d, "timestamp", ms_json_double((double)event->at_ms / 1000.0));
  put(&d, "type", ms_json_cstring(type));
  put(&d, "id", ms_json_int(event->id));
  put(&d, "previousEventId", ms_json_int(event->previous));
  const char *key = details_keys[event->type];
  if (*key != '\0')
    put(&d, key, details);
  else
    ms_json_unref(details);
  if (d.status == 0)
    return d.details;
  ms_json_unref(d.details);
  return MS_JSON_VALUE_NONE;
}
