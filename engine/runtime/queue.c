/* Commands that wait for their turn, first in, first out. */
#include "base/alloc.h"
#include "runtime/internal.h"

#define FREE_MAX 1024 /* kept to be used again: more than a turn takes */

struct ms_pending *ms_pending_new(struct ms_engine *engine, struct ms_run *run,
                                  enum ms_command_type type)
{
  struct ms_pending *pending = engine->free_pending;
  if (pending != NULL) {
    engine->free_pending = pending->next;
    engine->free_pending_count--;
  } else {
    pending = ms_alloc(sizeof *pending);
    if (pending == NULL) {
      return NULL;
    }
  }
  *pending = (struct ms_pending){.run = run == NULL ? NULL : ms_run_ref(run)};
  pending->command.type = type;
  pending->command.frame = MS_FRAME_NONE;
  return pending;
}

void ms_pending_push(struct ms_engine *engine, struct ms_pending *pending)
{
  pending->next = NULL;
  if (engine->last_pending == NULL) {
    engine->first_pending = pending;
  } else {
    engine->last_pending->next = pending;
  }
  engine->last_pending = pending;
}

struct ms_pending *ms_pending_pop(struct ms_engine *engine)
{
  struct ms_pending *pending = engine->first_pending;
  if (pending != NULL) {
    engine->first_pending = pending->next;
    if (pending->next == NULL) {
      engine->last_pending = NULL;
    }
  }
  return pending;
}

void ms_pending_free(struct ms_engine *engine, struct ms_pending *pending)
{
  ms_json_unref(pending->command.data);
  ms_json_unref(pending->command.error);
  ms_json_unref(pending->command.cause);
  ms_run_unref(pending->run);
  if (pending->is_embedded) {
    char *task = (char *)pending - offsetof(struct ms_open_task, answer);
    ms_free(task);
  } else if (engine->free_pending_count < FREE_MAX) {
    pending->next = engine->free_pending;
    engine->free_pending = pending;
    engine->free_pending_count++;
  } else {
    ms_free(pending);
  }
}

void ms_queue_deinit(struct ms_engine *engine)
{
  struct ms_pending *pending;
  while ((pending = ms_pending_pop(engine)) != NULL) {
    ms_pending_free(engine, pending);
  }
  while ((pending = engine->free_pending) != NULL) {
    engine->free_pending = pending->next;
    ms_free(pending);
  }
}
