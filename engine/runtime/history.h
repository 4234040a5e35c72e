/*
 * The public history of one execution, packed: some 15 bytes an event where the struct has 72,
 * because executions by the million keep theirs. Events that are ours alone (id 0) are kept only where
 * somebody asks for them later: see keeps_all.
 */
#ifndef MS_RUNTIME_HISTORY_H
#define MS_RUNTIME_HISTORY_H

#include "core/event.h"

struct ms_history {
  unsigned char *bytes;
  uint32_t len;
  uint32_t capacity;
  uint32_t count; /* of those with an id */
  bool keeps_all; /* events without an id, too; set before the first */
};

/*
 * Appends events whose ids go on from what is there; *takes* the values of all of them, on failure
 * too. base_ms: the time that others are told from, the same in each call. MSTEP_ENOMEM,
 * MSTEP_ETOOBIG: nothing was kept.
 */
int ms_history_append(struct ms_history *history, struct ms_event *events, size_t count,
                      int64_t base_ms);
void ms_history_deinit(struct ms_history *history);

/*
 * Reads from the start: begin with a zeroed reader but for history and base_ms. Values are
 * borrowed.
 */
struct ms_history_reader {
  const struct ms_history *history;
  int64_t base_ms;
  uint32_t at;    /* offset */
  uint32_t index; /* events read */
};
bool ms_history_next(struct ms_event *out, struct ms_history_reader *reader);

#endif
