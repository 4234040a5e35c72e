/* See record_dump.h. */
#include "record_dump.h"

#include <stdio.h>

#include "asl/state_type.h"

struct dump {
  struct ms_json object;
  bool is_failed;
};

static void put(struct dump *dump, const char *name, struct ms_json value)
{
  if (ms_json_setc(&dump->object, name, value) < 0)
    dump->is_failed = true;
}

static void put_int(struct dump *dump, const char *name, int64_t value)
{
  if (value != 0)
    put(dump, name, ms_json_int(value));
}

/* An id, of a frame or a state, that may be none. */
static void put_id(struct dump *dump, const char *name, uint32_t id)
{
  if (id != UINT32_MAX)
    put(dump, name, ms_json_int(id));
}

static void put_value(struct dump *dump, const char *name, struct ms_json value)
{
  if (!ms_json_is_none(value))
    put(dump, name, ms_json_ref(value));
}

static struct dump begin(void)
{
  return (struct dump){ms_json_object(16), false};
}

static struct ms_json finish(struct dump *dump)
{
  if (!dump->is_failed)
    return dump->object;
  ms_json_unref(dump->object);
  return MS_JSON_VALUE_NONE;
}

/* ---- events ---- */

#define MS_EVENT(name, text, details) #name,
static const char *const type_names[] = {
#include "core/events.def"
};
#undef MS_EVENT

struct ms_json record_dump_event(const struct ms_event *event)
{
  struct dump dump = begin();
  put(&dump, "type",
      event->type < MS_EVENT_COUNT ? ms_json_cstring(type_names[event->type])
                                   : ms_json_int(event->type));
  put_int(&dump, "id", event->id);
  put_int(&dump, "previous", event->previous);
  put_int(&dump, "flags", event->flags);
  put_id(&dump, "frame", event->frame);
  put_id(&dump, "state", event->state);
  put_int(&dump, "number", event->number);
  put_int(&dump, "at_ms", event->at_ms);
  put_int(&dump, "due_at_ms", event->due_at_ms);
  put_value(&dump, "data", event->data);
  put_value(&dump, "more", event->more);
  return finish(&dump);
}

struct ms_json record_dump_events(const struct ms_event *events, size_t count)
{
  struct ms_json list = ms_json_array(count);
  for (size_t i = 0; i < count; i++)
    if (ms_json_push(&list, record_dump_event(&events[i])) < 0)
      break;
  return list;
}

/* ---- executions ---- */

static struct ms_json dump_list(const struct ms_execution *execution, uint32_t first)
{
  struct ms_json list = ms_json_array(0);
  for (uint32_t id = first; id != MS_FRAME_NONE; id = execution->frames[id]->next_ready)
    ms_json_push(&list, ms_json_int(id));
  return list;
}

static struct ms_json dump_dates(const struct ms_children *children)
{
  struct ms_json list = ms_json_array(0);
  for (size_t i = 0; i < children->started_count * (size_t)2; i++)
    ms_json_push(&list, ms_json_int(children->dates[i]));
  return list;
}

static struct ms_json dump_children(const struct ms_execution *execution,
                                    const struct ms_children *children)
{
  struct dump dump = begin();
  struct ms_json outputs = ms_json_object(0);
  char index[16];
  put_int(&dump, "count", children->count);
  put_int(&dump, "started_count", children->started_count);
  put_int(&dump, "running_count", children->running_count);
  put_int(&dump, "done_count", children->done_count);
  put_int(&dump, "failed_count", children->failed_count);
  put_int(&dump, "concurrency", children->concurrency);
  put_int(&dump, "last_exit", children->last_exit);
  put(&dump, "cut", dump_list(execution, children->cut_first));
  put_int(&dump, "waiting_count", children->waiting_count);
  put_int(&dump, "redrive_count", children->redrive_count);
  put_value(&dump, "run_arn", children->run_arn);
  put_value(&dump, "input", children->input);
  put_value(&dump, "items", children->items);
  put(&dump, "tolerated_count", ms_json_double(children->tolerated_count));
  put(&dump, "tolerated_percentage", ms_json_double(children->tolerated_percentage));
  put_int(&dump, "is_map_run", children->is_map_run);
  put_int(&dump, "is_pairs", children->is_pairs);
  put_int(&dump, "is_prepared", children->is_prepared);
  put_int(&dump, "is_batched", children->is_batched);
  put_value(&dump, "failures", children->failures);
  if (children->is_failing)
    put_int(&dump, "is_failing", 1);
  if (children->dates != NULL)
    put(&dump, "dates", dump_dates(children));
  for (uint32_t i = 0; i < children->count; i++) {
    snprintf(index, sizeof index, "%u", (unsigned)i);
    if (!ms_json_is_none(children->outputs[i]))
      ms_json_setc(&outputs, index, ms_json_ref(children->outputs[i]));
  }
  put(&dump, "outputs", outputs);
  return finish(&dump);
}

static struct ms_json dump_attempts(const struct ms_frame *frame)
{
  struct ms_json list = ms_json_array(0);
  for (uint32_t i = 0; i < frame->state->retrier_count; i++)
    ms_json_push(&list, ms_json_int(frame->attempts[i]));
  return list;
}

static void dump_task(struct dump *dump, const struct ms_frame *frame)
{
  put_int(dump, "task", frame->task);
  put_int(dump, "timeout_seconds", frame->timeout_seconds);
  put_int(dump, "heartbeat_seconds", frame->heartbeat_seconds);
  put_int(dump, "timeout_at_ms", frame->timeout_at_ms);
  put_int(dump, "heartbeat_at_ms", frame->heartbeat_at_ms);
  put_value(dump, "parameters", frame->parameters);
  put_value(dump, "task_details", frame->task_details);
  put_int(dump, "timer_at_ms", frame->timer_at_ms);
}

static struct ms_json dump_frame(const struct ms_execution *execution, const struct ms_frame *frame)
{
  static const char *const statuses[] = {"READY",    "WAITING", "TASK", "CHILDREN",
                                         "RETRYING", "ENTERED", "ENDED"};
  struct dump dump = begin();
  put(&dump, "id", ms_json_int(frame->id));
  put_id(&dump, "parent", frame->parent);
  put_int(&dump, "index", frame->index);
  put(&dump, "status", ms_json_cstring(statuses[frame->status]));
  put_int(&dump, "is_hidden", frame->is_hidden);
  put_int(&dump, "is_queued", frame->is_queued);
  put_int(&dump, "is_started", frame->is_started);
  if (frame->is_submitted)
    put_int(&dump, "is_submitted", 1);
  put_int(&dump, "is_cut", frame->is_cut);
  put(&dump, "state", ms_json_ref(frame->state->name_value));
  put(&dump, "flow", ms_json_string(frame->flow->pointer));
  put_value(&dump, "input", frame->input);
  put_value(&dump, "variables", frame->variables);
  put_value(&dump, "first_input", frame->first_input);
  put_int(&dump, "entered_at_ms", frame->entered_at_ms);
  put_int(&dump, "entered_id", frame->entered_id);
  put_int(&dump, "entered_previous", frame->entered_previous);
  put_int(&dump, "previous", frame->previous);
  put_int(&dump, "retry_count", frame->retry_count);
  if (frame->attempts != NULL && frame->status != MS_FRAME_READY)
    put(&dump, "attempts", dump_attempts(frame));
  dump_task(&dump, frame);
  if (frame->children != NULL)
    put(&dump, "children", dump_children(execution, frame->children));
  return finish(&dump);
}

struct ms_json record_dump_execution(const struct ms_execution *execution)
{
  struct dump dump = begin();
  struct ms_json frames = ms_json_array(0), free_frames = ms_json_array(0);
  put(&dump, "status", ms_json_cstring(ms_execution_status_text(execution->status)));
  put_value(&dump, "input", execution->input);
  put_value(&dump, "output", execution->output);
  put_value(&dump, "error", execution->error);
  put_value(&dump, "cause", execution->cause);
  put_int(&dump, "started_at_ms", execution->started_at_ms);
  put_int(&dump, "stopped_at_ms", execution->stopped_at_ms);
  put_int(&dump, "redriven_at_ms", execution->redriven_at_ms);
  put_int(&dump, "redrive_count", execution->redrive_count);
  put_int(&dump, "timer_at_ms", execution->timer_at_ms);
  put_int(&dump, "next_event", execution->next_event);
  put_int(&dump, "next_task", execution->next_task);
  put_int(&dump, "turn", (int64_t)execution->turn);
  for (uint32_t i = 0; i < execution->frame_count; i++)
    if (execution->frames[i] != NULL)
      ms_json_push(&frames, dump_frame(execution, execution->frames[i]));
  for (uint32_t i = 0; i < execution->free_count; i++)
    ms_json_push(&free_frames, ms_json_int(execution->free_frames[i]));
  put(&dump, "frames", frames);
  put(&dump, "free_frames", free_frames);
  put(&dump, "ready", dump_list(execution, execution->ready_first));
  return finish(&dump);
}
