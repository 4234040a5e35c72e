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

#ifndef NDEBUG
/* Each cut frame stands in the list of its parent, once. */
static void assert_lists(const struct ms_execution *execution)
{
  uint32_t cut = 0, listed = 0;
  for (uint32_t i = 0; i < execution->frame_count; i++) {
    const struct ms_frame *frame = execution->frames[i];
    if (frame == NULL)
      continue;
    cut += frame->is_cut && frame->parent != MS_FRAME_NONE;
    if (frame->children == NULL)
      continue;
    uint32_t id = frame->children->cut_first;
    for (uint32_t last = MS_FRAME_NONE; id != MS_FRAME_NONE; listed++) {
      const struct ms_frame *child = ms_execution_frame(execution, id);
      assert(child != NULL && child->is_cut && child->parent == frame->id);
      last = id;
      id = child->next_ready;
      assert(id != MS_FRAME_NONE || last == frame->children->cut_last);
    }
  }
  assert(cut == listed);
}
#endif

static void assert_frame(const struct ms_execution *execution, const struct ms_frame *frame)
{
  bool is_runnable = frame->status == MS_FRAME_READY || frame->status == MS_FRAME_ENTERED;
  assert(frame->is_cut || !is_runnable || frame->is_queued);
  assert(!frame->is_queued || is_runnable || frame->status == MS_FRAME_CHILDREN);
  assert(frame->status != MS_FRAME_TASK || frame->task != 0);
  assert(frame->task == 0 || frame->status == MS_FRAME_TASK || frame->status == MS_FRAME_CHILDREN);
  assert(frame->status != MS_FRAME_RETRYING || frame->timer_at_ms != 0);
  assert(frame->status != MS_FRAME_WAITING || frame->timer_at_ms != 0);
  assert((frame->status == MS_FRAME_CHILDREN) == (frame->children != NULL));
  assert((frame->parent == MS_FRAME_NONE) == (frame->id == 0));
  assert(frame->parent == MS_FRAME_NONE || ms_execution_frame(execution, frame->parent) != NULL);
  assert(!frame->is_cut || (!frame->is_queued && frame->timer_at_ms == 0));
  assert(!frame->is_cut || (frame->attempts == NULL && frame->retry_count == 0));
  (void)execution;
  (void)is_runnable;
}

static void assert_ended(const struct ms_execution *execution)
{
  bool is_kept = execution->status != MS_EXECUTION_SUCCEEDED && !execution->identity.is_express;
  assert(execution->ready_first == MS_FRAME_NONE);
  assert(is_kept ? execution->frame_count > 0 && execution->frames[0] != NULL
                 : execution->frame_count == 0);
  for (uint32_t i = 0; i < execution->frame_count; i++)
    assert(execution->frames[i] == NULL || execution->frames[i]->is_cut);
  (void)is_kept;
}

void ms_execution_assert_state(const struct ms_execution *execution)
{
  if (execution->status != MS_EXECUTION_RUNNING)
    assert_ended(execution);
  for (uint32_t i = 0; i < execution->frame_count; i++)
    if (execution->frames[i] != NULL)
      assert_frame(execution, execution->frames[i]);
#ifndef NDEBUG
  assert_lists(execution);
#endif
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
