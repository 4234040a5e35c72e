/*
 * A pool of threads with message queues to and from the loop. Messages are blocks that have one
 * owner at a time and carry bytes: no counted value (engine/json) may be reachable from one,
 * because counts are not atomic. What a message means is its owner's business; so are its memory
 * and its state on the worker.
 *
 *   loop thread   post ----> [ queue, bounded ] ----> on_message   any worker that is free
 *                 post_to -> [ of one worker  ] ----> on_message   that one
 *                 take <---- [ replies ] <----------- reply        and the loop is woken once
 *
 * A worker has timers of its own (next_due_ms, on_timer) so that it can carry what waits for time.
 */
#ifndef MS_WORK_WORK_H
#define MS_WORK_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct ms_work;
struct ms_worker;

/* Embedded in what is sent. */
struct ms_work_message {
  struct ms_work_message *next;
  struct ms_work_message *previous;
  bool is_queued; /* posted and not begun; under the pool's lock */
};

/* What a worker does; all but `open` on its thread. NULL where there is nothing to do. */
struct ms_work_type {
  /* On the thread that makes the pool, for each worker; *state is what the others get. */
  int (*open)(void **state, struct ms_worker *worker, unsigned index, void *user);
  /* on the thread that frees the pool, after the worker has ended */
  void (*close)(void *state);
  void (*on_message)(void *state, struct ms_work_message *message);
  void (*on_wake)(void *state);        /* after ms_work_wake */
  int64_t (*next_due_ms)(void *state); /* wall time; 0 = nothing is due */
  void (*on_timer)(void *state);
  /* takes nothing from the common queue now; what is posted to this worker alone still comes */
  bool (*is_full)(void *state);
};

struct ms_work_options {
  const struct ms_work_type *type;
  void *user;
  struct ms_loop *loop; /* woken by replies; borrowed */
  unsigned workers;     /* 1 to 256 */
  size_t queue_max;     /* messages posted and not begun; 0 = 65536 */
};

int ms_work_new(struct ms_work **out, const struct ms_work_options *options);
/*
 * Ends the workers after what they are doing and frees the pool; NULL is fine. Messages not begun
 * and replies not taken are forgotten: their owner must know them otherwise.
 */
void ms_work_free(struct ms_work *work);
/*
 * Workers end after what they are doing, without waiting for it; what was posted is not begun any
 * more.
 */
void ms_work_stop(struct ms_work *work);
/* Stops and waits for the workers' end; what they replied can still be taken. */
void ms_work_join(struct ms_work *work);

/* ---- loop thread ---- */

/* MSTEP_ETOOBIG: the queue is full */
int ms_work_post(struct ms_work *work, struct ms_work_message *message);
/*
 * For one worker alone, before what is in the common queue: what only it can deal with. Not bounded:
 * the poster knows how many there can be.
 */
void ms_work_post_to(struct ms_work *work, unsigned index, struct ms_work_message *message);
/* false: it has begun, or it was posted to one worker */
bool ms_work_take_back(struct ms_work *work, struct ms_work_message *message);
/* All replies so far in their order, linked by `next`; NULL when there are none. */
struct ms_work_message *ms_work_take(struct ms_work *work);
void ms_work_wake(struct ms_work *work); /* every worker calls on_wake soon */
unsigned ms_work_count(const struct ms_work *work);
void *ms_work_state(struct ms_work *work, unsigned index);

/* ---- workers ---- */

void ms_worker_reply(struct ms_worker *worker, struct ms_work_message *message);

#endif
