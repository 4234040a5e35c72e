/*
 * Paths into an event as targets write them: `$`, `.name`, `['name']`, `[3]`, and `.*` or `[*]` for everything
 * at a place. With a star the result is an array of what is found.
 */
#ifndef MS_MESSAGING_EVENT_PATH_H
#define MS_MESSAGING_EVENT_PATH_H

#include "base/arena.h"
#include "json/json.h"

#define MS_EVENT_PATH_BYTES_MAX 256

struct ms_event_step {
  enum { MS_EVENT_STEP_NAME, MS_EVENT_STEP_INDEX, MS_EVENT_STEP_ALL } kind;
  struct ms_str name;
  size_t index;
};

struct ms_event_path {
  struct ms_event_step *steps;
  size_t count;
  bool has_star;
};

/* The steps are in the arena. MSTEP_ESYNTAX: it is none, or too long. MSTEP_ENOMEM. */
int ms_event_path_parse(struct ms_event_path *out, struct ms_arena *arena, struct ms_str text);
/* A reference for the caller. NONE: there is nothing there. MSTEP_ENOMEM, MSTEP_ETOOBIG. */
int ms_event_path_get(struct ms_json *out, const struct ms_event_path *path, struct ms_json event);

#endif
