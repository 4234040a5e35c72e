/*
 * A recorded history, ours or an exported GetExecutionHistory, against a definition as it is now:
 * would the execution go the same way? replay.c drives, replay_history.c reads the record and
 * compares.
 */
#ifndef MS_RUNTIME_REPLAY_H
#define MS_RUNTIME_REPLAY_H

#include "core/core.h"

/* One recorded event. Everything is borrowed from the record. */
struct ms_replay_event {
  struct ms_json event;
  struct ms_json details; /* NONE: it has none */
  struct ms_str type;
  uint32_t id, previous;
  int64_t at_ms;
  uint32_t ours; /* id of the event that took its place; 0: none yet */
};

/* By id, from 1: events[id - 1]. */
struct ms_replay_history {
  struct ms_json record; /* referenced */
  struct ms_replay_event *events;
  size_t count;
  size_t first_open; /* those before it have been matched */
};

/* text: {"events": [...]} or the array, in either order. MSTEP_ESYNTAX, MSTEP_EINVALID and why. */
int ms_replay_history_read(struct ms_replay_history *out, struct ms_str text);
void ms_replay_history_deinit(struct ms_replay_history *history);

/* Text of a member of an event's details; data NULL when there is none. */
struct ms_str ms_replay_text(const struct ms_replay_event *event, const char *name);
/*
 * Id that our event took for that of a recorded one; 0 for 0, UINT32_MAX when nothing took its
 * place yet.
 */
uint32_t ms_replay_ours(const struct ms_replay_history *history, uint32_t id);
/* The first recorded event that nothing matches yet and that follows ours `previous`; NULL. */
struct ms_replay_event *ms_replay_after(const struct ms_replay_history *history, uint32_t previous);

/*
 * Is `actual`, as ms_event_describe tells it, what was recorded? Ids and times do not count, texts
 * of JSON are compared as values. token (data NULL: none): our task token, which stands for any
 * other. If not, *where (may be NULL) gets a JSON pointer to the first difference in the event.
 */
bool ms_replay_matches(struct ms_buf *where, const struct ms_replay_event *recorded,
                       struct ms_json actual, struct ms_str token);
/*
 * The recorded event that `actual` is, with id and previous id as ours; it is matched from now on.
 * NULL: none is.
 */
struct ms_replay_event *ms_replay_take(struct ms_replay_history *history, struct ms_json actual,
                                       uint32_t id, uint32_t previous, struct ms_str token);

#endif
