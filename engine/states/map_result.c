/*
 * What a Map makes of the outputs of its iterations: as they are, joined, or one record for each as
 * DescribeExecution would have it. The names of children follow from the map run and their place.
 */
#include "base/error.h"
#include "base/time.h"
#include "core/map_child.h"
#include "core/map_run.h"
#include "states/map.h"

static int set(struct ms_json *object, const char *name, struct ms_json value)
{
  return ms_json_is_none(value) ? ms_error_nomem() : ms_json_setc(object, name, value);
}

/* ---- records ---- */

static struct ms_json time_value(int64_t at_ms)
{
  char text[MS_TIME_TEXT_SIZE];
  ms_time_format(text, at_ms);
  return ms_json_cstring(text);
}

/* When the child began and ended, or as much as is known of it. */
static struct ms_json start_of(const struct ms_frame *frame, uint32_t index)
{
  const int64_t *dates = frame->children->dates;
  return time_value(dates == NULL ? frame->entered_at_ms : dates[index * (size_t)2]);
}

static struct ms_json stop_of(const struct ms_decision *decision, const struct ms_frame *frame,
                              uint32_t index)
{
  const int64_t *dates = frame->children->dates;
  int64_t at_ms = dates == NULL ? 0 : dates[index * (size_t)2 + 1];
  return time_value(at_ms == 0 ? decision->env->now_ms : at_ms);
}

/* As AWS writes them: what failed has details of an output, and no output. */
static int set_payloads(struct ms_json *record, const struct ms_frame *frame, uint32_t index,
                        bool is_done, bool is_pending)
{
  const struct ms_children *children = frame->children;
  struct ms_str run = ms_json_text(children->run_arn);
  bool is_express = (*frame->state->type->flows(frame->state))->is_express;
  char name[MS_MAP_CHILD_NAME_SIZE];
  ms_map_child_name(name, run, index);
  struct ms_json details = ms_json_object(1);
  int err = set(&details, "Included", ms_json_bool(true));
  if (err == 0)
    err = set(record, "ExecutionArn", ms_map_child_arn(run, is_express, name));
  if (err == 0)
    err = set(record, "Input", ms_json_print_value(ms_json_at(children->items, index)));
  if (err == 0)
    err = set(record, "InputDetails", ms_json_ref(details));
  if (err == 0)
    err = set(record, "Name", ms_json_cstring(name));
  if (err == 0 && is_done)
    err = set(record, "Output", ms_json_print_value(children->outputs[index]));
  if (err == 0 && !is_pending)
    err = set(record, "OutputDetails", ms_json_ref(details));
  ms_json_unref(details);
  return err;
}

/* What all records have; NONE when out of memory. Of those that are pending nothing has happened yet. */
static struct ms_json record_of(const struct ms_decision *decision, const struct ms_frame *frame,
                                uint32_t index, const char *status)
{
  struct ms_str run = ms_json_text(frame->children->run_arn);
  bool is_done = status[0] == 'S', is_pending = status[0] == 'P';
  struct ms_json record = ms_json_object(16);
  int err = set_payloads(&record, frame, index, is_done, is_pending);
  if (err == 0)
    err = set(&record, "RedriveCount", ms_json_int(0));
  if (err == 0 && !is_pending)
    err = set(&record, "RedriveStatus",
              ms_json_cstring(is_done ? "NOT_REDRIVABLE" : "REDRIVABLE_BY_MAP_RUN"));
  if (err == 0 && is_done)
    err = set(&record, "RedriveStatusReason",
              ms_json_cstring("Execution is SUCCEEDED and cannot be redriven"));
  if (err == 0 && !is_pending)
    err = set(&record, "StartDate", start_of(frame, index));
  if (err == 0)
    err = set(&record, "StateMachineArn", ms_map_child_arn_like(run, "stateMachine", ""));
  if (err == 0)
    err = set(&record, "Status", ms_json_cstring(status));
  if (err == 0 && !is_pending)
    err = set(&record, "StopDate", stop_of(decision, frame, index));
  if (err == 0)
    return record;
  ms_json_unref(record);
  return MS_JSON_VALUE_NONE;
}

/* ---- lists of them ---- */

enum form { COMPACT, FLATTEN, RECORDS };

/* AWS's default is NONE where a bucket is named, and the outputs where none is. */
static enum form form_of(const struct ms_state_map_fields *state)
{
  struct ms_json config = ms_json_getc(state->result_writer, "WriterConfig");
  struct ms_str text = ms_json_text(ms_json_getc(config, "Transformation"));
  if (ms_str_is(text, "COMPACT"))
    return COMPACT;
  if (ms_str_is(text, "FLATTEN"))
    return FLATTEN;
  bool is_given = ms_str_is(text, "NONE");
  bool has_bucket = !ms_json_is_none(ms_json_getc(state->result_writer, "Resource"));
  return (is_given || has_bucket) && state->processor->is_distributed ? RECORDS : COMPACT;
}

static int push_output(struct ms_json *out, enum form form, const struct ms_decision *decision,
                       const struct ms_frame *frame, uint32_t index)
{
  struct ms_json output = frame->children->outputs[index];
  if (form == RECORDS)
    return ms_json_push(out, record_of(decision, frame, index, "SUCCEEDED"));
  if (form == COMPACT || !ms_json_is_array(output))
    return ms_json_push(out, ms_json_ref(output));
  int status = 0;
  for (size_t i = 0; status == 0 && i < ms_json_count(output); i++)
    status = ms_json_push(out, ms_json_ref(ms_json_at(output, i)));
  return status;
}

/* Items whose failure was tolerated have no output and are left out. */
int ms_map_succeeded(struct ms_json *out, const struct ms_decision *decision,
                     const struct ms_frame *frame)
{
  enum form form = form_of((const struct ms_state_map_fields *)frame->state);
  if (ms_json_is_none(frame->children->run_arn) && form == RECORDS)
    form = COMPACT;
  *out = ms_json_array(frame->children->count);
  int status = ms_json_is_none(*out) ? ms_error_nomem() : 0;
  for (uint32_t i = 0; status == 0 && i < frame->children->count; i++)
    if (!ms_json_is_none(frame->children->outputs[i]))
      status = push_output(out, form, decision, frame, i);
  if (status != 0)
    ms_json_unref(*out);
  return status;
}

/* Pushes the record of a child that did not succeed. failure: [index, error, cause], or NONE. */
static int push_record(struct ms_json *out, const struct ms_decision *decision,
                       const struct ms_frame *frame, uint32_t index, const char *status,
                       struct ms_json failure)
{
  struct ms_json record = record_of(decision, frame, index, status);
  int err = ms_json_is_none(record) ? ms_error_nomem() : 0;
  if (err == 0 && ms_json_is_string(ms_json_at(failure, 1)))
    err = ms_json_setc(&record, "Error", ms_json_ref(ms_json_at(failure, 1)));
  if (err == 0 && ms_json_is_string(ms_json_at(failure, 2)))
    err = ms_json_setc(&record, "Cause", ms_json_ref(ms_json_at(failure, 2)));
  if (err == 0)
    return ms_json_push(out, record);
  ms_json_unref(record);
  return err;
}

/* The first child that is cut and does not wait to be resumed. */
static uint32_t first_ended(const struct ms_decision *decision, const struct ms_children *children)
{
  uint32_t id = children->cut_first;
  for (uint32_t i = 0; i < children->waiting_count && id != MS_FRAME_NONE; i++)
    id = decision->execution->frames[id]->next_ready;
  return id;
}

int ms_map_failed(struct ms_json *out, const struct ms_decision *decision,
                  const struct ms_frame *frame)
{
  const struct ms_children *children = frame->children;
  size_t at = 0;
  *out = ms_json_array(ms_json_count(children->failures));
  int status = ms_json_is_none(*out) ? ms_error_nomem() : 0;
  for (uint32_t id = first_ended(decision, children); status == 0 && id != MS_FRAME_NONE;) {
    const struct ms_frame *child = decision->execution->frames[id];
    struct ms_json failure = ms_json_at(children->failures, at);
    bool is_failure = ms_map_run_is_failure(&at, children, child);
    status = push_record(out, decision, frame, child->index, is_failure ? "FAILED" : "ABORTED",
                         is_failure ? failure : MS_JSON_VALUE_NONE);
    id = child->next_ready;
  }
  if (status != 0)
    ms_json_unref(*out);
  return status;
}

int ms_map_pending(struct ms_json *out, const struct ms_decision *decision,
                   const struct ms_frame *frame)
{
  const struct ms_children *children = frame->children;
  *out = ms_json_array(0);
  int status = ms_json_is_none(*out) ? ms_error_nomem() : 0;
  uint32_t end = first_ended(decision, children);
  for (uint32_t id = children->cut_first; status == 0 && id != end;) {
    const struct ms_frame *child = decision->execution->frames[id];
    status = push_record(out, decision, frame, child->index, "PENDING_REDRIVE", MS_JSON_VALUE_NONE);
    id = child->next_ready;
  }
  for (uint32_t i = children->started_count; status == 0 && i < children->count; i++)
    status = push_record(out, decision, frame, i, "PENDING", MS_JSON_VALUE_NONE);
  if (status != 0)
    ms_json_unref(*out);
  return status;
}
