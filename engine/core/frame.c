/*
 * Frames: their memory, the run queue, and the lists of those that are cut. What happens to which frame
 * when is evolve.c's. Everything here is a function of the frames alone, ids too: folding a history
 * again gives the same ids.
 */
#include "core/frame.h"

#include "base/alloc.h"
#include "base/error.h"

/* ---- the run queue ---- */

void ms_frame_push(struct ms_execution *execution, struct ms_frame *frame)
{
  if (frame->is_queued)
    return;
  frame->is_queued = true;
  frame->next_ready = MS_FRAME_NONE;
  frame->previous_ready = execution->ready_last;
  if (execution->ready_last == MS_FRAME_NONE)
    execution->ready_first = frame->id;
  else
    execution->frames[execution->ready_last]->next_ready = frame->id;
  execution->ready_last = frame->id;
}

void ms_frame_push_front(struct ms_execution *execution, struct ms_frame *frame)
{
  frame->is_queued = true;
  frame->previous_ready = MS_FRAME_NONE;
  frame->next_ready = execution->ready_first;
  if (execution->ready_first == MS_FRAME_NONE)
    execution->ready_last = frame->id;
  else
    execution->frames[execution->ready_first]->previous_ready = frame->id;
  execution->ready_first = frame->id;
}

void ms_frame_unqueue(struct ms_execution *execution, struct ms_frame *frame)
{
  if (!frame->is_queued)
    return;
  frame->is_queued = false;
  if (frame->previous_ready == MS_FRAME_NONE)
    execution->ready_first = frame->next_ready;
  else
    execution->frames[frame->previous_ready]->next_ready = frame->next_ready;
  if (frame->next_ready == MS_FRAME_NONE)
    execution->ready_last = frame->previous_ready;
  else
    execution->frames[frame->next_ready]->previous_ready = frame->previous_ready;
}

/* ---- life ---- */

static void children_free(struct ms_children *children)
{
  if (children == NULL)
    return;
  ms_json_unref(children->input);
  ms_json_unref(children->items);
  ms_json_unref(children->run_arn);
  ms_json_unref(children->failures);
  for (uint32_t i = 0; i < children->count; i++)
    ms_json_unref(children->outputs[i]);
  ms_free(children->dates);
  ms_free(children);
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

static int grow_frames(struct ms_execution *execution)
{
  uint32_t capacity = execution->frame_capacity == 0 ? 1 : execution->frame_capacity * 2;
  if (execution->frame_capacity > UINT32_MAX / 4)
    return ms_error(MSTEP_ETOOBIG, "too many branches and iterations at once");
  struct ms_frame **frames =
      ms_reallocarray(execution->frames, capacity, sizeof(struct ms_frame *));
  if (frames == NULL)
    return ms_error_nomem();
  execution->frames = frames;
  uint32_t *ids = ms_reallocarray(execution->free_frames, capacity, sizeof(uint32_t));
  if (ids == NULL)
    return ms_error_nomem();
  execution->free_frames = ids;
  execution->frame_capacity = capacity;
  return 0;
}

int ms_frame_add(struct ms_execution *execution, const struct ms_frame *parent,
                 const struct ms_flow *flow, uint32_t index, struct ms_json input)
{
  if (execution->free_count == 0 && execution->frame_count == execution->frame_capacity) {
    int status = grow_frames(execution);
    if (status < 0)
      return status;
  }
  struct ms_frame *frame = ms_calloc(1, sizeof(*frame));
  if (frame == NULL)
    return ms_error_nomem();
  frame->id = execution->free_count > 0 ? execution->free_frames[--execution->free_count]
                                        : execution->frame_count++;
  frame->parent = MS_FRAME_NONE;
  frame->index = index;
  frame->flow = flow;
  frame->state = execution->machine->states[flow->start];
  frame->input = ms_json_ref(input);
  if (parent != NULL) {
    frame->parent = parent->id;
    frame->is_hidden = parent->is_hidden || flow->is_distributed;
    frame->previous = parent->previous;
    if (flow->is_distributed && flow->is_express)
      frame->first_input = ms_json_ref(input);
  }
  execution->frames[frame->id] = frame;
  ms_frame_push(execution, frame);
  return 0;
}

void ms_frame_remove(struct ms_execution *execution, struct ms_frame *frame)
{
  ms_frame_unqueue(execution, frame);
  execution->frames[frame->id] = NULL;
  execution->free_frames[execution->free_count++] = frame->id;
  ms_frame_free(frame);
}

void ms_frame_close_task(struct ms_frame *frame)
{
  frame->task = 0;
  frame->is_started = frame->is_submitted = false;
  frame->timeout_at_ms = frame->heartbeat_at_ms = frame->timer_at_ms = 0;
  ms_json_replace(&frame->parameters, MS_JSON_VALUE_NONE);
  ms_json_replace(&frame->task_details, MS_JSON_VALUE_NONE);
}

/* ---- cut ---- */

static struct ms_children *children_of_parent(const struct ms_execution *execution,
                                              const struct ms_frame *frame)
{
  struct ms_frame *parent = ms_execution_frame(execution, frame->parent);
  return parent == NULL ? NULL : parent->children;
}

static struct ms_frame *first_cut(const struct ms_execution *execution,
                                  const struct ms_frame *frame)
{
  return frame->children == NULL ? NULL : ms_execution_frame(execution, frame->children->cut_first);
}

static void append_cut(struct ms_execution *execution, struct ms_frame *frame)
{
  struct ms_children *children = children_of_parent(execution, frame);
  frame->next_ready = frame->previous_ready = MS_FRAME_NONE;
  if (children == NULL)
    return;
  if (children->cut_first == MS_FRAME_NONE)
    children->cut_first = frame->id;
  else
    execution->frames[children->cut_last]->next_ready = frame->id;
  children->cut_last = frame->id;
}

void ms_frame_uncut(struct ms_execution *execution, struct ms_frame *frame)
{
  struct ms_children *children = children_of_parent(execution, frame);
  frame->is_cut = false;
  if (children == NULL)
    return;
  struct ms_frame *before = NULL;
  if (children->cut_first != frame->id) { /* not in a history of ours: the first one goes first */
    before = ms_execution_frame(execution, children->cut_first);
    while (before != NULL && before->next_ready != frame->id)
      before = ms_execution_frame(execution, before->next_ready);
  }
  if (before != NULL)
    before->next_ready = frame->next_ready;
  else
    children->cut_first = frame->next_ready;
  if (children->cut_last == frame->id)
    children->cut_last = before == NULL ? MS_FRAME_NONE : before->id;
}

/* From the leaves up, without recursion: always the first cut one at the deepest place. */
static void remove_cut_below(struct ms_execution *execution, struct ms_frame *frame)
{
  struct ms_frame *at = frame;
  for (;;) {
    struct ms_frame *below = first_cut(execution, at);
    if (below != NULL) {
      at = below;
    } else if (at == frame) {
      return;
    } else {
      struct ms_frame *parent = execution->frames[at->parent];
      ms_frame_uncut(execution, at);
      ms_frame_remove(execution, at);
      at = parent;
    }
  }
}

void ms_frame_drop_children(struct ms_execution *execution, struct ms_frame *frame)
{
  if (frame->children == NULL)
    return;
  remove_cut_below(execution, frame);
  children_free(frame->children);
  frame->children = NULL;
}

void ms_frame_cut(struct ms_execution *execution, struct ms_frame *frame)
{
  if (frame->is_cut)
    return;
  ms_frame_unqueue(execution, frame);
  ms_frame_close_task(frame);
  ms_free(frame->attempts);
  frame->attempts = NULL;
  frame->retry_count = 0;
  if (frame->children != NULL && frame->children->started_count == 0)
    ms_frame_drop_children(execution,
                           frame); /* nothing is lost, and its settings may be why it failed */
  if (frame->status != MS_FRAME_READY && frame->status != MS_FRAME_ENDED)
    frame->status = frame->children != NULL ? MS_FRAME_CHILDREN : MS_FRAME_ENTERED;
  frame->is_cut = true;
  append_cut(execution, frame);
}

/* ---- at the end ---- */

void ms_frame_drop_all(struct ms_execution *execution)
{
  for (uint32_t i = 0; i < execution->frame_count; i++)
    ms_frame_free(execution->frames[i]);
  ms_free(execution->frames);
  ms_free(execution->free_frames);
  execution->frames = NULL;
  execution->free_frames = NULL;
  execution->frame_count = execution->frame_capacity = execution->free_count = 0;
  execution->ready_first = execution->ready_last = MS_FRAME_NONE;
}

/* Gives back room that many children may have needed. Without memory to move to, it stays. */
static void shrink(struct ms_execution *execution)
{
  uint32_t count = execution->frame_count;
  struct ms_frame **frames = ms_reallocarray(execution->frames, count, sizeof(struct ms_frame *));
  if (frames != NULL)
    execution->frames = frames;
  uint32_t *ids = ms_reallocarray(execution->free_frames, count, sizeof(uint32_t));
  if (ids != NULL)
    execution->free_frames = ids;
  execution->frame_capacity = count;
}

void ms_frame_keep_cut(struct ms_execution *execution)
{
  for (uint32_t i = 0; i < execution->frame_count; i++)
    if (execution->frames[i] != NULL)
      ms_frame_cut(execution, execution->frames[i]);
  while (execution->frame_count > 0 && execution->frames[execution->frame_count - 1] == NULL)
    execution->frame_count--;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < execution->free_count; i++)
    if (execution->free_frames[i] < execution->frame_count)
      execution->free_frames[kept++] = execution->free_frames[i];
  execution->free_count = kept;
  if (execution->frame_count < execution->frame_capacity && execution->frame_count > 0)
    shrink(execution);
}
