/*
 * What a watcher is told: each event, with the place of its thread in the tree of branches and
 * iterations. That place is in no event, so it is noted while the execution still has the frame:
 * the turn goes step by step when somebody watches, and each step's events are noted just after it.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"
#include "runtime/internal.h"

#define THREADS_MAX 1000000

static const struct ms_watch_thread watch_none = {0, 0, -1, 1};

void ms_watch_threads_free(struct ms_watch_threads *threads)
{
  if (threads != NULL) {
    ms_free(threads->data);
    ms_free(threads);
  }
}

/* The run's memory of its threads; frames get there when first seen. NULL when out of memory. */
static struct ms_watch_thread *watch_thread(struct ms_run *run, uint32_t frame)
{
  if (run->threads == NULL) {
    run->threads = ms_calloc(1, sizeof *run->threads);
    if (run->threads == NULL) {
      return NULL;
    }
  }
  struct ms_watch_threads *threads = run->threads;
  if (frame >= threads->count) {
    size_t more = (size_t)frame + 1 - threads->count;
    if (MS_VEC_RESERVE(threads, THREADS_MAX, more) != 0) {
      return NULL;
    }
    while (threads->count <= frame) {
      threads->data[threads->count++] = watch_none;
    }
  }
  return &threads->data[frame];
}

/* Reads the frame if it is there; one that has gone is remembered as it was. */
static void watch_refresh(struct ms_watch_thread *thread, const struct ms_execution *core,
                          uint32_t id)
{
  const struct ms_frame *frame = ms_execution_frame(core, id);
  if (frame == NULL || frame->parent == MS_FRAME_NONE) {
    return;
  }
  thread->parent = frame->parent;
  thread->index = frame->index;
  thread->depth = 0;
  while (frame != NULL && frame->parent != MS_FRAME_NONE) {
    thread->depth++;
    frame = ms_execution_frame(core, frame->parent);
  }
}

static bool is_about_child(const struct ms_event *event)
{
  return event->type == MS_EVENT_MAP_ITERATION_STARTED ||
         event->type == MS_EVENT_MAP_ITERATION_SUCCEEDED ||
         event->type == MS_EVENT_MAP_ITERATION_FAILED ||
         event->type == MS_EVENT_MAP_ITERATION_ABORTED || event->type == MS_EVENT_BRANCH_SUCCEEDED;
}

static int watch_note_one(struct ms_engine *engine, struct ms_run *run,
                          const struct ms_event *event)
{
  struct ms_watch_threads *notes = &engine->turn->notes;
  int err = MS_VEC_RESERVE(notes, SIZE_MAX / sizeof notes->data[0], 1);
  if (err != 0) {
    return err;
  }
  struct ms_watch_thread note = watch_none;
  if (event->frame != MS_FRAME_NONE) {
    struct ms_watch_thread *thread = watch_thread(run, event->frame);
    if (thread == NULL) {
      return ms_error_nomem();
    }
    watch_refresh(thread, run->core, event->frame);
    if (event->type == MS_EVENT_STATE_ENTERED) {
      thread->attempt = 1;
    } else if (event->type == MS_EVENT_RETRY_STARTED) {
      thread->attempt++;
    }
    note = *thread;
    if (is_about_child(event)) {
      note.index = event->number;
    }
  }
  notes->data[notes->count++] = note;
  return MSTEP_OK;
}

int ms_watch_note(struct ms_engine *engine, struct ms_run *run, size_t first_event)
{
  int err = MSTEP_OK;
  for (size_t i = first_event; i < engine->turn->events.count && err == 0; i++) {
    err = watch_note_one(engine, run, &engine->turn->events.items[i]);
  }
  return err;
}

/* ---- telling ---- */

bool ms_event_is_failure(const struct ms_event *event)
{
  switch (event->type) {
  case MS_EVENT_EXECUTION_FAILED:
  case MS_EVENT_EXECUTION_ABORTED:
  case MS_EVENT_EXECUTION_TIMED_OUT:
  case MS_EVENT_TASK_FAILED:
  case MS_EVENT_TASK_TIMED_OUT:
  case MS_EVENT_ACTIVITY_FAILED:
  case MS_EVENT_ACTIVITY_TIMED_OUT:
  case MS_EVENT_LAMBDA_FAILED:
  case MS_EVENT_LAMBDA_TIMED_OUT:
  case MS_EVENT_MAP_RUN_FAILED:
  case MS_EVENT_EVALUATION_FAILED:
  case MS_EVENT_RETRY_SCHEDULED:
    return true;
  default:
    return false;
  }
}

/* Strings end with a NUL; what is not one has no text. */
static const char *text_or_empty(struct ms_json value)
{
  return ms_json_is_string(value) ? ms_json_text(value).data : "";
}

static bool is_deadline_told(const struct ms_event *event)
{
  return event->type == MS_EVENT_WAIT_SCHEDULED || event->type == MS_EVENT_RETRY_SCHEDULED;
}

static void tell_one(struct ms_engine *engine, const struct ms_run *run,
                     const struct ms_event *event, const struct ms_watch_thread *note)
{
  const struct ms_execution *core = run->core;
  char type[64];
  ms_event_type_text(type, sizeof type, event, core->machine);
  bool has_state = event->state != MS_STATE_NONE && event->state < core->machine->state_count &&
                   event->frame != MS_FRAME_NONE;
  struct ms_engine_event out = {
      .arn = ms_json_text(core->identity.arn).data,
      .type = type,
      .id = event->id,
      .previous_id = event->previous,
      .at_ms = event->at_ms,
      .state = has_state ? text_or_empty(core->machine->states[event->state]->name_value) : "",
      .depth = note->depth,
      .thread = event->frame == MS_FRAME_NONE ? 0 : event->frame,
      .parent_thread = note->parent,
      .index = note->index,
      .attempt = note->attempt,
      .due_at_ms = is_deadline_told(event) ? event->due_at_ms : 0,
      .error = "",
      .cause = "",
  };
  struct ms_buf payload;
  ms_buf_init(&payload, 0);
  if (ms_event_is_failure(event)) {
    out.error = text_or_empty(event->data);
    struct ms_json cause = event->type == MS_EVENT_EVALUATION_FAILED
                               ? ms_json_getc(event->more, "cause")
                               : event->more;
    out.cause = text_or_empty(cause);
  } else if (!ms_json_is_none(event->data)) {
    ms_json_print(&payload, event->data);
    out.payload = ms_buf_view(&payload);
  }
  const struct ms_engine_host *host = &engine->options.host;
  host->event(engine->watcher, &out, host->host);
  ms_buf_deinit(&payload);
}

void ms_watch_tell(struct ms_engine *engine, const struct ms_turn *turn,
                   const struct ms_turn_entry *entry)
{
  for (size_t i = 0; i < entry->event_count && engine->watcher.fn != NULL; i++) {
    if (entry->first_note + i >= turn->notes.count) {
      return; /* the watcher came in the middle of this command's turn, or memory ran out */
    }
    tell_one(engine, entry->run, &turn->events.items[entry->first_event + i],
             &turn->notes.data[entry->first_note + i]);
  }
}
