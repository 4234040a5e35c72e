/*
 * All deadlines of the engine on the loop's one timer. A timer lives inside its owner's object and
 * costs 16 bytes there and 16 in the heap; a million may be pending. Timers that are due at the
 * same millisecond fire in the order in which they were set. Works the same on real and on
 * simulated time. Loop thread only.
 */
#ifndef MS_TIMER_TIMER_H
#define MS_TIMER_TIMER_H

#include "base/heap.h"
#include "loop/loop.h"

/* Zero it before first use; it must not move while it is set. */
struct ms_timer {
  struct ms_heap_node node;
};

typedef void (*ms_timer_cb)(struct ms_timer *timer, void *user);

struct ms_timers {
  struct ms_heap heap;
  struct ms_loop *loop; /* borrowed */
  uint64_t next_order;
  int64_t armed_at_ms; /* what the loop's timer is set to; 0 = not set */
  ms_timer_cb on_due;  /* one for all: the owner finds itself by the timer's place in it */
  void *user;
};

void ms_timers_init(struct ms_timers *timers, struct ms_loop *loop, ms_timer_cb on_due, void *user);
/* Timers that are set are forgotten; they stay their owners'. */
void ms_timers_deinit(struct ms_timers *timers);

/*
 * Sets it, or sets it anew: its place among equals is then the last. MSTEP_ENOMEM: it is not set.
 */
int ms_timer_set(struct ms_timers *timers, struct ms_timer *timer, int64_t due_at_ms);
void ms_timer_cancel(struct ms_timers *timers, struct ms_timer *timer); /* nothing when not set */

static inline bool ms_timer_is_set(const struct ms_timer *timer)
{
  return ms_heap_is_in(&timer->node);
}

/* Of one that is set. */
static inline int64_t ms_timer_due_at_ms(const struct ms_timers *timers, const struct ms_timer *timer)
{
  return ms_heap_due_at_ms(&timers->heap, &timer->node);
}

/* When the earliest is due; 0 = none is set. */
int64_t ms_timers_next_due_ms(const struct ms_timers *timers);
/*
 * Sets the loop's timer to the earlier of the earliest timer and other_due_ms (0 = none). To be
 * called once at the end of a turn: setting and cancelling in between costs the loop nothing.
 */
int ms_timers_arm(struct ms_timers *timers, int64_t other_due_ms);
/* From the loop's on_timer: calls on_due for all that are due. on_due may set and cancel timers. */
void ms_timers_fire(struct ms_timers *timers);

#endif
