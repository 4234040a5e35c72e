/*
 * What a Map asks of the world: items from a bucket, results into one. It is asked like a task, by an event
 * that is ours alone; what is asked and answered is described in task/bucket.h.
 */
#include "base/error.h"
#include "states/map.h"
#include "states/setting.h"

static int set(struct ms_json *object, const char *name, struct ms_json value)
{
  return ms_json_is_none(value) ? ms_error_nomem() : ms_json_setc(object, name, value);
}

/* {"action", "resource", "parameters"?, "config"?} of an ItemReader or ResultWriter; *out owned. */
static int begin_request(struct ms_json *out, struct ms_decision *decision,
                         const struct ms_frame *frame, const char *action, struct ms_json field,
                         struct ms_failure *failure)
{
  const struct ms_map_parts *parts = &((const struct ms_state_map_fields *)frame->state)->parts;
  bool is_read = action[0] == 'r';
  const struct ms_query *query = is_read ? parts->reader_parameters : parts->writer_parameters;
  struct ms_json input = frame->children->input;
  struct ms_json parameters = MS_JSON_VALUE_NONE;
  struct ms_json config = ms_json_getc(field, is_read ? "ReaderConfig" : "WriterConfig");
  int status = query == NULL ? 0
                             : ms_query_eval(&parameters, query,
                                             ms_decision_query(decision, frame, input), failure);
  if (status != 0)
    return status;
  *out = ms_json_object(6);
  status = set(out, "action", ms_json_cstring(action));
  if (status == 0)
    status = set(out, "resource", ms_json_ref(ms_json_getc(field, "Resource")));
  if (status == 0 && query != NULL)
    status = set(out, "parameters", ms_json_ref(parameters));
  if (status == 0 && !ms_json_is_none(config))
    status = set(out, "config", ms_json_ref(config));
  ms_json_unref(parameters);
  if (status != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return status;
}

bool ms_map_reads(const struct ms_decision *decision, const struct ms_state_map_fields *state)
{
  return decision->env->probe == NULL && state->processor->is_distributed &&
         !ms_json_is_none(state->item_reader);
}

int ms_map_read_request(struct ms_json *out, struct ms_decision *decision,
                        const struct ms_frame *frame, struct ms_json input,
                        struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  int64_t max_items = 0;
  struct ms_children children = {.input = input}; /* the frame has none yet */
  struct ms_frame entered = *frame;
  entered.children = &children;
  int status = ms_setting_integer(&max_items, decision, frame, &state->parts.reader_max_items, input,
                                  failure);
  if (status == 0)
    status = begin_request(out, decision, &entered, "read", state->item_reader, failure);
  if (status == 0 && max_items != 0)
    status = set(out, "maxItems", ms_json_int(max_items));
  return status;
}

int ms_map_schedule(struct ms_decision *decision, const struct ms_frame *frame,
                    struct ms_json request)
{
  struct ms_event *event = ms_decision_hidden(decision, MS_EVENT_MAP_TASK_SCHEDULED, frame);
  if (event == NULL) {
    ms_json_unref(request);
    return ms_error_nomem();
  }
  event->number = decision->execution->next_task;
  event->data = request;
  return 0;
}

bool ms_map_has_bucket(const struct ms_state_map_fields *state)
{
  return state->processor->is_distributed &&
         !ms_json_is_none(ms_json_getc(state->result_writer, "Resource"));
}

bool ms_map_writes(const struct ms_decision *decision, const struct ms_state_map_fields *state)
{
  return decision->env->probe == NULL && ms_map_has_bucket(state);
}

int ms_map_write_request(struct ms_json *out, struct ms_decision *decision,
                         const struct ms_frame *frame, struct ms_failure *failure)
{
  const struct ms_state_map_fields *state = (const struct ms_state_map_fields *)frame->state;
  struct ms_json succeeded = MS_JSON_VALUE_NONE, failed = MS_JSON_VALUE_NONE;
  struct ms_json pending = MS_JSON_VALUE_NONE;
  int status = begin_request(out, decision, frame, "write", state->result_writer, failure);
  if (status != 0)
    return status;
  status = set(out, "mapRunArn", ms_json_ref(frame->children->run_arn));
  if (status == 0)
    status = ms_map_succeeded(&succeeded, decision, frame);
  if (status == 0)
    status = set(out, "succeeded", succeeded);
  if (status == 0)
    status = ms_map_failed(&failed, decision, frame);
  if (status == 0)
    status = set(out, "failed", failed);
  if (status == 0 && frame->children->is_failing)
    status = ms_map_pending(&pending, decision, frame);
  if (status == 0 && frame->children->is_failing)
    status = set(out, "pending", pending);
  if (status != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return status;
}
