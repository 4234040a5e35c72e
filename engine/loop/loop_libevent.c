/*
 * The loop on libevent 2.1: a base of its own, or the host's. Time is the wall clock, read once for
 * each pass over the ready events and never going back.
 *
 * libevent 2.1 has no "end of turn" hook, so a defer is an event of the same priority that is
 * activated by hand: it runs after what is ready now, before the next wait. A defer asked for
 * inside on_defer goes through a timer of zero instead, so that sockets and timers get their turn
 * in between.
 *
 * libevent's timers count monotonic time and ours are wall time: a long wait is cut into pieces of
 * a minute, and each piece looks at the wall clock again. So a clock that jumps is noticed within
 * one.
 */
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "loop/internal.h"

#define PIECE_MAX_MS 60000

struct lev_loop;

struct lev_watch {
  struct lev_loop *loop;
  struct lev_watch *next;
  struct event *event;
  int fd;
  ms_loop_fd_cb cb;
  void *user;
};

struct lev_loop {
  struct ms_loop base;
  struct event_base *events;
  bool is_owner;
  bool is_deferred; /* on_defer is due */
  bool is_in_defer;
  int64_t now_ms;      /* latest time told; the floor of the next */
  int64_t timer_at_ms; /* 0 = none */
  struct event *timer;
  struct event *defer;
  struct event *door;
  struct lev_watch *watches;
};

static struct lev_loop *lev_of(struct ms_loop *loop)
{
  return (struct lev_loop *)(void *)loop;
}

/* ---- time ---- */

static int64_t lev_now_ms(struct ms_loop *loop)
{
  struct lev_loop *lev = lev_of(loop);
  struct timeval now;
  if (event_base_gettimeofday_cached(lev->events, &now) == 0) {
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
    if (now_ms > lev->now_ms) {
      lev->now_ms = now_ms;
    }
  }
  return lev->now_ms;
}

static int lev_arm(struct lev_loop *lev)
{
  int64_t wait_ms = lev->timer_at_ms - lev_now_ms(&lev->base);
  if (wait_ms < 0) {
    wait_ms = 0;
  }
  if (wait_ms > PIECE_MAX_MS) {
    wait_ms = PIECE_MAX_MS;
  }
  struct timeval wait = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000) * 1000};
  return evtimer_add(lev->timer, &wait) == 0 ? MSTEP_OK : ms_error_nomem();
}

static int lev_set_timer(struct ms_loop *loop, int64_t due_at_ms)
{
  struct lev_loop *lev = lev_of(loop);
  lev->timer_at_ms = due_at_ms;
  if (due_at_ms == 0) {
    evtimer_del(lev->timer);
    return MSTEP_OK;
  }
  return lev_arm(lev);
}

static void lev_on_timer(evutil_socket_t fd, short what, void *user)
{
  (void)fd;
  (void)what;
  struct lev_loop *lev = user;
  if (lev->timer_at_ms == 0) {
    return;
  }
  if (lev_now_ms(&lev->base) < lev->timer_at_ms) {
    lev_arm(lev); /* re-adding an event that exists allocates nothing */
    return;
  }
  lev->timer_at_ms = 0;
  ms_loop_tell(lev->base.callbacks.on_timer, &lev->base);
}

/* ---- defer and wake ---- */

static void lev_on_defer(evutil_socket_t fd, short what, void *user)
{
  (void)fd;
  (void)what;
  struct lev_loop *lev = user;
  lev->is_deferred = false;
  lev->is_in_defer = true;
  ms_loop_tell(lev->base.callbacks.on_defer, &lev->base);
  lev->is_in_defer = false;
}

static int lev_defer(struct ms_loop *loop)
{
  struct lev_loop *lev = lev_of(loop);
  if (lev->is_deferred) {
    return MSTEP_OK;
  }
  if (lev->is_in_defer) {
    struct timeval zero = {0, 0};
    if (event_add(lev->defer, &zero) != 0) {
      return ms_error_nomem();
    }
  } else {
    event_active(lev->defer, EV_TIMEOUT, 0);
  }
  lev->is_deferred = true;
  return MSTEP_OK;
}

static int lev_wake(struct ms_loop *loop)
{
  return ms_loop_door_ring(&loop->door);
}

static void lev_on_door(evutil_socket_t fd, short what, void *user)
{
  (void)fd;
  (void)what;
  struct lev_loop *lev = user;
  ms_loop_door_answer(&lev->base.door);
  ms_loop_tell(lev->base.callbacks.on_wake, &lev->base);
}

/* ---- descriptors ---- */

static void lev_on_fd(evutil_socket_t fd, short what, void *user)
{
  struct lev_watch *watch = user;
  unsigned events = 0;
  if ((what & EV_READ) != 0) {
    events |= MS_LOOP_READ;
  }
  if ((what & EV_WRITE) != 0) {
    events |= MS_LOOP_WRITE;
  }
  watch->cb((int)fd, events, watch->user);
}

static void lev_unwatch(struct lev_watch **slot)
{
  struct lev_watch *watch = *slot;
  *slot = watch->next;
  event_free(watch->event);
  ms_free(watch);
}

static int lev_watch(struct ms_loop *loop, int fd, unsigned events, ms_loop_fd_cb cb, void *user)
{
  struct lev_loop *lev = lev_of(loop);
  struct lev_watch **slot = &lev->watches;
  while (*slot != NULL && (*slot)->fd != fd) {
    slot = &(*slot)->next;
  }
  if (events == 0) {
    if (*slot != NULL) {
      lev_unwatch(slot);
    }
    return MSTEP_OK;
  }
  struct lev_watch *watch = ms_calloc(1, sizeof *watch);
  if (watch == NULL) {
    return ms_error_nomem();
  }
  short what = EV_PERSIST;
  what |= (events & MS_LOOP_READ) != 0 ? EV_READ : 0;
  what |= (events & MS_LOOP_WRITE) != 0 ? EV_WRITE : 0;
  watch->loop = lev;
  watch->fd = fd;
  watch->cb = cb;
  watch->user = user;
  watch->event = event_new(lev->events, fd, what, lev_on_fd, watch);
  if (watch->event == NULL || event_add(watch->event, NULL) != 0) {
    if (watch->event != NULL) {
      event_free(watch->event);
    }
    ms_free(watch);
    return ms_error(MSTEP_EIO, "cannot watch descriptor %d", fd);
  }
  if (*slot != NULL) {
    lev_unwatch(slot);
  }
  watch->next = lev->watches;
  lev->watches = watch;
  return MSTEP_OK;
}

/* ---- run ---- */

static bool lev_is_idle(struct lev_loop *lev)
{
  return lev->timer_at_ms == 0 && lev->watches == NULL && !lev->is_deferred &&
         lev->base.hold_count == 0 && !atomic_load(&lev->base.door.is_rung);
}

static int lev_run(struct ms_loop *loop)
{
  struct lev_loop *lev = lev_of(loop);
  while (!loop->is_stopping && !lev_is_idle(lev)) {
    if (event_base_loop(lev->events, EVLOOP_ONCE) < 0) {
      return ms_error(MSTEP_EIO, "the event loop failed: %s", strerror(errno));
    }
  }
  return MSTEP_OK;
}

static void lev_stop(struct ms_loop *loop)
{
  if (loop->is_running) {
    event_base_loopbreak(lev_of(loop)->events);
  }
}

static void *lev_event_base(struct ms_loop *loop)
{
  return lev_of(loop)->events;
}

static void lev_free(struct ms_loop *loop)
{
  struct lev_loop *lev = lev_of(loop);
  while (lev->watches != NULL) {
    lev_unwatch(&lev->watches);
  }
  struct event *own[] = {lev->timer, lev->defer, lev->door};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    if (own[i] != NULL) {
      event_free(own[i]);
    }
  }
  if (lev->is_owner && lev->events != NULL) {
    event_base_free(lev->events);
  }
  ms_loop_deinit(loop);
  ms_free(lev);
}

static int64_t lev_clock_us(struct ms_loop *loop)
{
  struct timespec now;
  (void)loop;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static const struct ms_loop_type lev_type = {
    "libevent", lev_free,  lev_now_ms, lev_set_timer, lev_defer,
    lev_wake,   lev_watch, lev_run,    lev_stop,      lev_event_base,
    lev_clock_us,
};

static struct event_base *lev_base_new(void)
{
  struct event_config *config = event_config_new();
  if (config == NULL) {
    return NULL;
  }
  /* The engine is one thread's: no locks, whatever the host told libevent. */
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  struct event_base *base = event_base_new_with_config(config);
  event_config_free(config);
  return base;
}

static int lev_open(struct lev_loop *lev, struct event_base *host)
{
  lev->is_owner = host == NULL;
  lev->events = host != NULL ? host : lev_base_new();
  if (lev->events == NULL) {
    return ms_error_nomem();
  }
  lev->timer = evtimer_new(lev->events, lev_on_timer, lev);
  lev->defer = event_new(lev->events, -1, 0, lev_on_defer, lev);
  lev->door = event_new(lev->events, lev->base.door.fd, EV_READ | EV_PERSIST, lev_on_door, lev);
  if (lev->timer == NULL || lev->defer == NULL || lev->door == NULL ||
      event_add(lev->door, NULL) != 0) {
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

int ms_loop_libevent_new(struct ms_loop **out, void *event_base)
{
  *out = NULL;
  struct lev_loop *lev = ms_calloc(1, sizeof *lev);
  if (lev == NULL) {
    return ms_error_nomem();
  }
  int err = ms_loop_init(&lev->base, &lev_type);
  if (err == 0) {
    err = lev_open(lev, event_base);
  }
  if (err != 0) {
    lev_free(&lev->base);
    return err;
  }
  *out = &lev->base;
  return MSTEP_OK;
}
