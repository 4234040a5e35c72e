/*
 * Executions and frames as data: making, freeing, finding. Which changes are legal, and when, is
 * evolve.c's.
 */
#include "core/execution.h"

#include <assert.h>

#include "base/alloc.h"
#include "core/frame.h"

void ms_execution_identity_deinit(struct ms_execution_identity *identity)
{
  ms_json_unref(identity->arn);
  ms_json_unref(identity->name);
  ms_json_unref(identity->role_arn);
  ms_json_unref(identity->machine_arn);
  ms_json_unref(identity->machine_name);
  ms_json_unref(identity->region);
  ms_json_unref(identity->input_text);
}

struct ms_execution *ms_execution_new(struct ms_machine *machine,
                                      const struct ms_execution_identity *identity)
{
  struct ms_execution *execution = ms_calloc(1, sizeof(*execution));
  if (execution == NULL)
    return NULL;
  execution->machine = ms_machine_ref(machine);
  execution->identity = *identity;
  execution->next_event = 1;
  execution->next_task = 1;
  execution->ready_first = execution->ready_last = MS_FRAME_NONE;
  return execution;
}

static void children_free(struct ms_children *children)
{
  if (children == NULL)
    return;
  ms_json_unref(children->input);
  ms_json_unref(children->items);
  ms_json_unref(children->run_arn);
  for (uint32_t i = 0; i < children->count; i++)
    ms_json_unref(children->outputs[i]);
  ms_free(children);
}

void ms_frame_drop_children(struct ms_frame *frame)
{
  children_free(frame->children);
  frame->children = NULL;
}

void ms_frame_free(struct ms_frame *frame)
{
  if (frame == NULL)
    return;
  ms_json_unref(frame->input);
  ms_json_unref(frame->variables);
  ms_json_unref(frame->first_input);
  ms_json_unref(frame->parameters);
  ms_json_unref(frame->task_details);
  children_free(frame->children);
  ms_free(frame->attempts);
  ms_free(frame);
}

void ms_execution_free(struct ms_execution *execution)
{
  if (execution == NULL)
    return;
  for (uint32_t i = 0; i < execution->frame_count; i++)
    ms_frame_free(execution->frames[i]);
  ms_free(execution->frames);
  ms_free(execution->free_frames);
  ms_json_unref(execution->input);
  ms_json_unref(execution->output);
  ms_json_unref(execution->error);
  ms_json_unref(execution->cause);
  ms_execution_identity_deinit(&execution->identity);
  ms_machine_unref(execution->machine);
  ms_free(execution);
}

const char *ms_execution_status_text(enum ms_execution_status status)
{
  static const char *const texts[] = {"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"};
  return texts[status];
}

struct ms_frame *ms_execution_frame(const struct ms_execution *execution, uint32_t id)
{
  return id < execution->frame_count ? execution->frames[id] : NULL;
}

static void assert_frame(const struct ms_execution *execution, const struct ms_frame *frame)
{
  bool is_runnable = frame->status == MS_FRAME_READY || frame->status == MS_FRAME_ENTERED;
  assert(!is_runnable || frame->is_queued);
  assert(!frame->is_queued || is_runnable || frame->status == MS_FRAME_CHILDREN);
  assert((frame->status == MS_FRAME_TASK) == (frame->task != 0));
  assert(frame->status != MS_FRAME_RETRYING || frame->timer_at_ms != 0);
  assert(frame->status != MS_FRAME_WAITING || frame->timer_at_ms != 0);
  assert((frame->status == MS_FRAME_CHILDREN) == (frame->children != NULL));
  assert((frame->parent == MS_FRAME_NONE) == (frame->id == 0));
  assert(frame->parent == MS_FRAME_NONE || ms_execution_frame(execution, frame->parent) != NULL);
  (void)execution;
  (void)is_runnable;
}

void ms_execution_assert_state(const struct ms_execution *execution)
{
  if (execution->status != MS_EXECUTION_RUNNING) {
    assert(execution->frame_count == 0 || execution->frames[0] == NULL);
    assert(execution->ready_first == MS_FRAME_NONE);
    return;
  }
  for (uint32_t i = 0; i < execution->frame_count; i++)
    if (execution->frames[i] != NULL)
      assert_frame(execution, execution->frames[i]);
}

size_t ms_execution_size_bytes(const struct ms_execution *execution)
{
  size_t size = sizeof(*execution) + execution->frame_capacity * sizeof(execution->frames[0]) * 2;
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    const struct ms_frame *frame = execution->frames[i];
    if (frame == NULL)
      continue;
    size += sizeof(*frame);
    if (frame->attempts != NULL)
      size += frame->state->retrier_count * sizeof(frame->attempts[0]);
    if (frame->children != NULL)
      size += sizeof(*frame->children) + frame->children->count * sizeof(struct ms_json);
  }
  return size;
}
