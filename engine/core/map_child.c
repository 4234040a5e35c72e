/* See map_child.h. */
#include "core/map_child.h"

#include <stdio.h>

#include "asl/state_type.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"

/* Ids in the child's history of a frame's last event, and of the last exit of what ran below it. */
struct ms_map_view_threads {
  uint32_t last, last_exit;
};

/* ---- names ---- */

static uint64_t hash_of(struct ms_str text)
{
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < text.len; i++)
    hash = (hash ^ (unsigned char)text.data[i]) * 1099511628211u;
  return hash;
}

/* 92 bits say which map run it is, 32 which child; the others make it a UUID of version 4. */
void ms_map_child_name(char out[MS_MAP_CHILD_NAME_SIZE], struct ms_str run_arn, uint32_t index)
{
  uint64_t first = ms_random_mix(hash_of(run_arn), 1), second = ms_random_mix(hash_of(run_arn), 2);
  uint32_t low = (uint32_t)second ^ index * 2654435761u; /* odd: no two of them are the same */
  snprintf(out, MS_MAP_CHILD_NAME_SIZE, "%08x-%04x-4%03x-%04x-%04x%08x", (unsigned)(first >> 32),
           (unsigned)(first >> 16 & 0xffff), (unsigned)(first & 0xfff),
           (unsigned)(0x8000 | (second >> 48 & 0x3fff)), (unsigned)(second >> 32 & 0xffff),
           (unsigned)low);
}

bool ms_map_child_index(uint32_t *index, struct ms_str run_arn, struct ms_str name)
{
  char mine[MS_MAP_CHILD_NAME_SIZE];
  uint32_t low = 0;
  if (name.len != MS_MAP_CHILD_NAME_SIZE - 1)
    return false;
  for (size_t i = name.len - 8; i < name.len; i++) {
    char c = name.data[i];
    bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'a' || c > 'f'))
      return false;
    low = low << 4 | (uint32_t)(is_digit ? c - '0' : c - 'a' + 10);
  }
  uint32_t product = low ^ (uint32_t)ms_random_mix(hash_of(run_arn), 2);
  *index = product * 244002641u; /* the inverse of 2654435761, modulo 2^32 */
  ms_map_child_name(mine, run_arn, *index);
  return ms_str_eq(ms_str_c(mine), name);
}

struct ms_json ms_map_child_arn_like(struct ms_str run_arn, const char *kind, const char *suffix)
{
  size_t at = 0;
  for (int colons = 0; at < run_arn.len && colons < 5; at++)
    colons += run_arn.data[at] == ':';
  struct ms_str name = ms_str_sub(run_arn, at + sizeof "mapRun:" - 1, run_arn.len);
  name = ms_str_sub(name, 0, ms_str_find(name, 0, ':'));
  return ms_json_stringf("%.*s%s:%.*s%s%s", (int)at, run_arn.data, kind, MS_STR_ARG(name),
                         suffix[0] == '\0' ? "" : ":", suffix);
}

struct ms_json ms_map_child_arn(struct ms_str run_arn, bool is_express, const char *name)
{
  char twice[2 * MS_MAP_CHILD_NAME_SIZE];
  if (!is_express)
    return ms_map_child_arn_like(run_arn, "execution", name);
  snprintf(twice, sizeof twice, "%s:%s", name, name);
  return ms_map_child_arn_like(run_arn, "express", twice);
}

/* ---- whose event it is ---- */

/* The frame with which a child of the map run begins, at or above `frame`; NULL: it is of none. */
static const struct ms_frame *child_of(const struct ms_map_view *view, const struct ms_frame *frame)
{
  while (frame != NULL && !frame->flow->is_distributed)
    frame = frame->parent == MS_FRAME_NONE ? NULL
                                           : ms_execution_frame(view->execution, frame->parent);
  bool is_ours = frame != NULL && view->map != MS_FRAME_NONE && frame->parent == view->map &&
                 frame->index < view->count;
  return is_ours ? frame : NULL;
}

static struct ms_map_view_threads *thread(const struct ms_map_view *view, uint32_t frame)
{
  return &view->threads[frame];
}

static int grow_threads(struct ms_map_view *view)
{
  uint32_t count = view->execution->frame_count;
  if (count <= view->thread_count)
    return 0;
  struct ms_map_view_threads *threads =
      ms_realloc(view->threads, (size_t)count * 2 * sizeof *threads);
  if (threads == NULL)
    return ms_error_nomem();
  for (uint32_t i = view->thread_count; i < count * 2; i++)
    threads[i] = (struct ms_map_view_threads){0, 0};
  view->threads = threads;
  view->thread_count = count * 2;
  return 0;
}

/* A thread that has done nothing hangs on the one above. */
static uint32_t last_of(const struct ms_map_view *view, const struct ms_frame *frame)
{
  while (frame != NULL && thread(view, frame->id)->last == 0 && !frame->flow->is_distributed)
    frame = ms_execution_frame(view->execution, frame->parent);
  return frame == NULL ? 0 : thread(view, frame->id)->last;
}

/* ---- the history of one ---- */

static int emit(struct ms_map_view *view, const struct ms_event *event, enum ms_event_type type,
                uint32_t previous)
{
  struct ms_event *copy = ms_events_add(&view->events);
  if (copy == NULL)
    return ms_error_nomem();
  *copy = *event;
  copy->type = (uint16_t)type;
  copy->id = (uint32_t)view->events.count;
  copy->previous = previous;
  copy->data = ms_json_ref(event->data);
  copy->more = ms_json_ref(event->more);
  return 0;
}

static bool is_failure(const struct ms_event *event)
{
  return event->type == MS_EVENT_TASK_FAILED || event->type == MS_EVENT_TASK_TIMED_OUT ||
         event->type == MS_EVENT_ACTIVITY_FAILED || event->type == MS_EVENT_ACTIVITY_TIMED_OUT ||
         event->type == MS_EVENT_LAMBDA_FAILED || event->type == MS_EVENT_LAMBDA_TIMED_OUT ||
         event->type == MS_EVENT_EVALUATION_FAILED || event->type == MS_EVENT_MAP_RUN_FAILED;
}

static bool hangs_on_failure(const struct ms_event *event)
{
  return event->type == MS_EVENT_STATE_ABORTED || event->type == MS_EVENT_PARALLEL_FAILED ||
         event->type == MS_EVENT_MAP_FAILED || event->type == MS_EVENT_MAP_ITERATION_FAILED ||
         event->type == MS_EVENT_MAP_ITERATION_ABORTED;
}

/* AWS leaves these out of the chain. */
static bool is_beside_chain(const struct ms_event *event)
{
  return event->type == MS_EVENT_PARALLEL_SUCCEEDED || event->type == MS_EVENT_MAP_SUCCEEDED ||
         event->type == MS_EVENT_MAP_RUN_SUCCEEDED;
}

/* MapStateSucceeded hangs on MapRunSucceeded, which comes in the same decision. */
static bool hangs_on_latest(const struct ms_map_view *view, const struct ms_event *event)
{
  size_t count = view->events.count;
  return event->type == MS_EVENT_MAP_SUCCEEDED && count > 0 &&
         view->events.items[count - 1].type == MS_EVENT_MAP_RUN_SUCCEEDED;
}

/* A branch or iteration inside the child ends: the thread above goes on from there. */
static void join(struct ms_map_view *view, const struct ms_event *event,
                 const struct ms_frame *frame, uint32_t id)
{
  uint32_t last = last_of(view, frame);
  if (event->type == MS_EVENT_BRANCH_SUCCEEDED || event->type == MS_EVENT_MAP_ITERATION_SUCCEEDED ||
      event->type == MS_EVENT_MAP_ITERATION_FAILED) {
    thread(view, frame->parent)->last = id != 0 ? id : last;
    thread(view, frame->parent)->last_exit = last;
  }
  *thread(view, frame->id) = (struct ms_map_view_threads){0, 0};
}

static bool ends_frame(const struct ms_event *event)
{
  return event->type == MS_EVENT_BRANCH_SUCCEEDED || event->type == MS_EVENT_THREAD_ABORTED ||
         event->type == MS_EVENT_MAP_ITERATION_SUCCEEDED ||
         event->type == MS_EVENT_MAP_ITERATION_FAILED;
}

/* A Fail state has no failing event but its own beginning. */
static bool is_in_fail(const struct ms_frame *frame)
{
  return !frame->is_cut && frame->status == MS_FRAME_ENTERED &&
         ms_str_is(ms_str_c(frame->state->type->name), "Fail");
}

/* Of a map run inside the child, the children have histories of their own. */
static bool is_shown(const struct ms_event *event, const struct ms_frame *frame)
{
  bool is_of_run = event->type == MS_EVENT_MAP_ITERATION_STARTED && frame->children->is_map_run;
  return ms_event_is_public(event->type) && !is_of_run;
}

static int add_inner(struct ms_map_view *view, const struct ms_event *event,
                     const struct ms_frame *frame)
{
  struct ms_map_view_threads *at = thread(view, frame->id);
  uint32_t previous = last_of(view, frame), id = 0;
  int status = 0;
  if (view->failing == 0 && ends_frame(event) && is_in_fail(frame))
    view->failing = previous;
  if (hangs_on_failure(event) && view->failing != 0)
    previous = view->failing;
  if (event->type == MS_EVENT_MAP_ITERATION_STARTED && at->last_exit != 0)
    previous = at->last_exit;
  if (hangs_on_latest(view, event))
    previous = (uint32_t)view->events.count;
  if (is_shown(event, frame)) {
    status = emit(view, event, event->type, previous);
    id = (uint32_t)view->events.count;
  }
  if (id != 0 && is_failure(event))
    view->failing = id;
  if (event->type == MS_EVENT_RETRY_SCHEDULED && view->failing != 0)
    at->last = view->failing; /* what is tried again hangs on what failed */
  if (event->type == MS_EVENT_STATE_ENTERED || event->type == MS_EVENT_STATE_EXITED ||
      event->type == MS_EVENT_RETRY_SCHEDULED)
    view->failing = at->last_exit = 0;
  if (ends_frame(event))
    join(view, event, frame, id);
  else if (id != 0 && !is_beside_chain(event) && event->type != MS_EVENT_MAP_ITERATION_STARTED)
    at->last = id;
  return status;
}

/* ---- the life of any ---- */

static int begin_child(struct ms_map_view *view, const struct ms_event *event)
{
  if (event->number != view->count)
    return 0; /* only of a history that is not whole */
  if (view->count == view->capacity) {
    uint32_t capacity = view->capacity == 0 ? 16 : view->capacity * 2;
    struct ms_map_child *children = ms_realloc(view->children, capacity * sizeof *children);
    if (children == NULL)
      return ms_error_nomem();
    view->children = children;
    view->capacity = capacity;
  }
  const struct ms_children *all = ms_execution_frame(view->execution, event->frame)->children;
  view->children[view->count++] = (struct ms_map_child){
      .started_at_ms = event->at_ms,
      .status = MS_EXECUTION_RUNNING,
      .item_count =
          all->is_batched ? (uint32_t)ms_json_count(ms_json_getc(event->data, "Items")) : 0};
  if (event->number != view->wanted)
    return 0;
  ms_json_replace(&view->input, ms_json_ref(event->data));
  return emit(view, event, MS_EVENT_EXECUTION_STARTED, 0);
}

static void forget_end(struct ms_map_view *view)
{
  ms_json_replace(&view->error, MS_JSON_VALUE_NONE);
  ms_json_replace(&view->cause, MS_JSON_VALUE_NONE);
  view->failing = 0;
  view->is_aborting = false;
}

static int end_child(struct ms_map_view *view, const struct ms_event *event, uint32_t index,
                     enum ms_execution_status ended, enum ms_event_type type, uint32_t previous)
{
  struct ms_map_child *child = &view->children[index];
  if (child->status != MS_EXECUTION_RUNNING)
    return 0;
  child->status = (uint8_t)ended;
  child->stopped_at_ms = event->at_ms;
  if (index != view->wanted)
    return 0;
  view->is_aborting = false;
  if (ended == MS_EXECUTION_SUCCEEDED) {
    ms_json_replace(&view->output, ms_json_ref(event->data));
  } else {
    ms_json_replace(&view->error, ms_json_ref(event->data));
    ms_json_replace(&view->cause, ms_json_ref(event->more));
  }
  return emit(view, event, type, previous);
}

static int resume_child(struct ms_map_view *view, const struct ms_event *event,
                        const struct ms_frame *frame)
{
  struct ms_map_child *child = &view->children[frame->index];
  child->status = MS_EXECUTION_RUNNING;
  child->waits_for_redrive = false;
  child->stopped_at_ms = 0;
  child->redriven_at_ms = event->at_ms;
  child->redrive_count++;
  if (frame->index != view->wanted)
    return 0;
  forget_end(view);
  struct ms_event redriven = {.frame = MS_FRAME_NONE,
                              .state = MS_STATE_NONE,
                              .number = child->redrive_count,
                              .at_ms = event->at_ms,
                              .data = MS_JSON_VALUE_NONE,
                              .more = MS_JSON_VALUE_NONE};
  int status = emit(view, &redriven, MS_EVENT_EXECUTION_REDRIVEN, 0);
  *thread(view, frame->id) = (struct ms_map_view_threads){(uint32_t)view->events.count, 0};
  return status;
}

/* An event of the frame with which a child begins, or of one below it. */
static int add_to_child(struct ms_map_view *view, const struct ms_event *event,
                        const struct ms_frame *child, const struct ms_frame *frame)
{
  uint32_t index = child->index;
  bool is_own = frame == child;
  uint32_t last = index == view->wanted ? last_of(view, frame) : 0;
  switch (is_own ? (int)event->type : -1) {
  case MS_EVENT_MAP_ITERATION_SUCCEEDED:
    return end_child(view, event, index, MS_EXECUTION_SUCCEEDED, MS_EVENT_EXECUTION_SUCCEEDED, last);
  case MS_EVENT_MAP_ITERATION_FAILED:
    return end_child(view, event, index, MS_EXECUTION_FAILED, MS_EVENT_EXECUTION_FAILED, last);
  case MS_EVENT_THREAD_ABORTED:
    return end_child(view, event, index, MS_EXECUTION_ABORTED, MS_EVENT_EXECUTION_ABORTED, 0);
  case MS_EVENT_RESUMED:
    return resume_child(view, event, frame);
  case MS_EVENT_MAP_ITERATION_ABORTED:
    view->is_aborting = view->is_aborting || index == view->wanted;
    return 0;
  default:
    break;
  }
  if (index != view->wanted || view->is_aborting)
    return 0;
  if (event->type == MS_EVENT_RESUMED) {
    *thread(view, frame->id) = (struct ms_map_view_threads){last_of(view, child), 0};
    return 0;
  }
  return add_inner(view, event, frame);
}

/* ---- the map run ---- */

static void set_waiting(struct ms_map_view *view, bool waits)
{
  for (uint32_t i = 0; i < view->count; i++)
    view->children[i].waits_for_redrive =
        waits && view->children[i].status != MS_EXECUTION_SUCCEEDED;
}

static bool is_about_run(const struct ms_map_view *view, const struct ms_event *event)
{
  struct ms_json arn = event->type == MS_EVENT_MAP_RUN_ENDED ? ms_json_getc(event->data, "mapRunArn")
                                                             : event->data;
  return ms_str_eq(ms_json_text(arn), view->run_arn);
}

static void note_map_run(struct ms_map_view *view, const struct ms_event *event)
{
  const struct ms_frame *frame = ms_execution_frame(view->execution, event->frame);
  bool is_ours = is_about_run(view, event);
  if (event->type == MS_EVENT_MAP_RUN_ENDED) {
    if (is_ours)
      set_waiting(view, false);
  } else if (is_ours && frame != NULL) {
    view->map = event->frame;
    view->is_express = (*frame->state->type->flows(frame->state))->is_express;
    set_waiting(view, event->type == MS_EVENT_MAP_RUN_REDRIVEN);
  } else if (event->frame == view->map) {
    view->map = MS_FRAME_NONE; /* the state is in another run now */
  }
}

/* Before the event is applied: what it ends is still there. */
static int note(struct ms_map_view *view, const struct ms_event *event)
{
  if (event->type == MS_EVENT_MAP_RUN_STARTED || event->type == MS_EVENT_MAP_RUN_REDRIVEN ||
      event->type == MS_EVENT_MAP_RUN_ENDED)
    note_map_run(view, event);
  if (view->map == MS_FRAME_NONE)
    return 0;
  if (event->frame == view->map && event->type == MS_EVENT_MAP_ITERATION_STARTED)
    return begin_child(view, event);
  const struct ms_frame *frame = ms_execution_frame(view->execution, event->frame);
  const struct ms_frame *child = child_of(view, frame);
  return child == NULL ? 0 : add_to_child(view, event, child, frame);
}

/* A frame was made for it: where its history goes on. AWS's first state hangs on nothing. */
static void note_iteration(struct ms_map_view *view, const struct ms_event *event)
{
  const struct ms_frame *frame = ms_execution_frame(view->execution, view->execution->ready_last);
  const struct ms_frame *child = child_of(view, frame);
  if (frame != NULL && child != NULL && child->index == view->wanted &&
      frame->parent == event->frame)
    *thread(view, frame->id) =
        (struct ms_map_view_threads){frame == child ? 0 : (uint32_t)view->events.count, 0};
}

int ms_map_view_add(struct ms_map_view *view, const struct ms_event *event)
{
  int status = note(view, event);
  if (status == 0)
    status = ms_core_evolve(view->execution, event);
  if (status == 0)
    status = grow_threads(view);
  if (status == 0 && event->type == MS_EVENT_MAP_ITERATION_STARTED)
    note_iteration(view, event);
  return status;
}

/* ---- life ---- */

int ms_map_view_init(struct ms_map_view *view, struct ms_machine *machine,
                     const struct ms_execution_identity *identity, struct ms_str run_arn,
                     uint32_t wanted)
{
  struct ms_execution_identity copy = *identity;
  *view = (struct ms_map_view){.run_arn = run_arn,
                               .map = MS_FRAME_NONE,
                               .wanted = wanted,
                               .input = MS_JSON_VALUE_NONE,
                               .output = MS_JSON_VALUE_NONE,
                               .error = MS_JSON_VALUE_NONE,
                               .cause = MS_JSON_VALUE_NONE};
  ms_json_ref(copy.arn);
  ms_json_ref(copy.name);
  ms_json_ref(copy.role_arn);
  ms_json_ref(copy.machine_arn);
  ms_json_ref(copy.machine_name);
  ms_json_ref(copy.region);
  ms_json_ref(copy.input_text);
  view->execution = ms_execution_new(machine, &copy);
  if (view->execution != NULL)
    return 0;
  ms_execution_identity_deinit(&copy);
  return ms_error_nomem();
}

void ms_map_view_deinit(struct ms_map_view *view)
{
  if (view->execution != NULL)
    ms_execution_free(view->execution);
  ms_free(view->children);
  ms_free(view->threads);
  ms_events_deinit(&view->events);
  ms_json_unref(view->input);
  ms_json_unref(view->output);
  ms_json_unref(view->error);
  ms_json_unref(view->cause);
}
