/*
 * One turn-taking loop behind one interface: libevent (its own base or the host's), the host's own
 * loop through two callbacks, or simulated time. Everything time-dependent in the engine asks the
 * loop, so a week passes in milliseconds on the simulated one. One timer only: the heap of
 * deadlines is the `timer` module's. Belongs to the loop thread, except ms_loop_wake.
 */
#ifndef MS_LOOP_LOOP_H
#define MS_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct ms_loop;

typedef void (*ms_loop_cb)(void *user);
/* events: MS_LOOP_READ, MS_LOOP_WRITE */
typedef void (*ms_loop_fd_cb)(int fd, unsigned events, void *user);

#define MS_LOOP_READ 1u
#define MS_LOOP_WRITE 2u

/* What a loop must be able to do; one file loop_x.c each. */
struct ms_loop_type {
  const char *name;
  void (*free)(struct ms_loop *loop);
  int64_t (*now_ms)(struct ms_loop *loop);
  int (*set_timer)(struct ms_loop *loop, int64_t due_at_ms);
  int (*defer)(struct ms_loop *loop);
  int (*wake)(struct ms_loop *loop);
  int (*watch)(struct ms_loop *loop, int fd, unsigned events, ms_loop_fd_cb cb, void *user);
  int (*run)(struct ms_loop *loop);
  void (*stop)(struct ms_loop *loop);
  void *(*event_base)(struct ms_loop *loop); /* NULL: has none */
  int64_t (*clock_us)(struct ms_loop *loop);
};

/* Wall clock, milliseconds since 1970, read once a turn; never goes backwards. */
int64_t ms_loop_now_ms(struct ms_loop *loop);
/* For measuring how long things take: microseconds that only rise, read now. Simulated time where time is simulated. */
int64_t ms_loop_clock_us(struct ms_loop *loop);
/* The one timer: calls on_timer at or after due_at_ms. Replaces the one before; 0 = none. */
int ms_loop_set_timer(struct ms_loop *loop, int64_t due_at_ms);
/* Calls on_defer once, at the end of this turn, before waiting; many calls in a turn are one. */
int ms_loop_defer(struct ms_loop *loop);
/* From any thread and from signal handlers: makes the loop call on_wake soon. */
int ms_loop_wake(struct ms_loop *loop);
int ms_loop_watch(struct ms_loop *loop, int fd, unsigned events, ms_loop_fd_cb cb,
                  void *user); /* 0 = stop */
/*
 * Runs until ms_loop_stop, or until nothing is left that could happen: no timer, no watched fd and
 * no ms_loop_hold. The simulated loop jumps to the next deadline when nothing else is due; while
 * held (work is out on a thread) it waits for the wake instead of jumping.
 */
int ms_loop_run(struct ms_loop *loop);
void ms_loop_stop(struct ms_loop *loop); /* loop thread */
void ms_loop_hold(struct ms_loop *loop); /* somebody outside will wake the loop */
void ms_loop_release(struct ms_loop *loop);

struct ms_loop_callbacks {
  ms_loop_cb on_timer;
  ms_loop_cb on_defer;
  ms_loop_cb on_wake;
  void *user;
};
void ms_loop_set_callbacks(struct ms_loop *loop, const struct ms_loop_callbacks *callbacks);

/* event_base: `struct event_base *` of the host, or NULL for one of its own. */
int ms_loop_libevent_new(struct ms_loop **out, void *event_base);
/* The `struct event_base *` it runs on, for what brings its own events; NULL of the simulated one. */
void *ms_loop_event_base(struct ms_loop *loop);
/* Simulated time from start_at_ms on. */
int ms_loop_sim_new(struct ms_loop **out, int64_t start_at_ms);
/*
 * ms_loop_run of a simulated loop, up to a moment: does all that is due until then, waits for nobody, and
 * time is end_at_ms afterwards (or what it was, if that is later, or if the loop was stopped).
 */
int ms_loop_sim_run_until(struct ms_loop *loop, int64_t end_at_ms);
void ms_loop_free(struct ms_loop *loop); /* NULL is fine */

#endif
