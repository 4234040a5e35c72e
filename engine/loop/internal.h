/* What the loops share: the first member of each, and the door for other threads. */
#ifndef MS_LOOP_INTERNAL_H
#define MS_LOOP_INTERNAL_H

#include <stdatomic.h>

#include "loop/loop.h"

/* A descriptor that other threads and signal handlers write to: one write however many wakes. */
struct ms_loop_door {
  int fd; /* eventfd; -1 when closed */
  atomic_bool is_rung;
};

int ms_loop_door_open(struct ms_loop_door *door);
void ms_loop_door_close(struct ms_loop_door *door);
int ms_loop_door_ring(struct ms_loop_door *door);
/* Empties it; what is posted after this rings again. */
void ms_loop_door_answer(struct ms_loop_door *door);

/* Embedded first in each loop's own struct. */
struct ms_loop {
  const struct ms_loop_type *type;
  struct ms_loop_callbacks callbacks;
  struct ms_loop_door door;
  uint32_t hold_count;
  bool is_running;
  bool is_stopping;
};

/* Prepares the shared part; the door is open after success. */
int ms_loop_init(struct ms_loop *loop, const struct ms_loop_type *type);
void ms_loop_deinit(struct ms_loop *loop);

static inline void ms_loop_tell(ms_loop_cb cb, const struct ms_loop *loop)
{
  if (cb != NULL) {
    cb(loop->callbacks.user);
  }
}

#endif
