/*
 * Simulated time. Nothing ever waits for the clock: when all that is due has been done, time jumps
 * to the next deadline. The order of callbacks depends on nothing but the calls made, so a run
 * repeats.
 *
 *   wake -> defer -> timer due now -> descriptors that are ready -> held? wait for a wake
 *                                                                -> else jump to the timer
 *
 * Held (work is out on a thread), time stands still: a jump then would fire a task's timeout
 * although its answer is only microseconds of real time away.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"
#include "loop/internal.h"

#define SIM_WATCHES_MAX 65536

struct sim_watch {
  int fd;
  unsigned events;
  ms_loop_fd_cb cb;
  void *user;
};

struct sim_loop {
  struct ms_loop base;
  int64_t now_ms;
  int64_t timer_at_ms; /* 0 = none */
  int64_t end_at_ms;   /* of this run; 0 = none */
  bool is_deferred;
  MS_VEC(struct sim_watch) watches;
  struct pollfd *polls; /* as many as watches has room for, and one for the door */
  size_t poll_capacity;
};

static struct sim_loop *sim_of(struct ms_loop *loop)
{
  return (struct sim_loop *)(void *)loop;
}

static void sim_free(struct ms_loop *loop)
{
  struct sim_loop *sim = sim_of(loop);
  ms_loop_deinit(loop);
  ms_free(sim->watches.data);
  ms_free(sim->polls);
  ms_free(sim);
}

static int64_t sim_now_ms(struct ms_loop *loop)
{
  return sim_of(loop)->now_ms;
}

static int sim_set_timer(struct ms_loop *loop, int64_t due_at_ms)
{
  sim_of(loop)->timer_at_ms = due_at_ms;
  return MSTEP_OK;
}

static int sim_defer(struct ms_loop *loop)
{
  sim_of(loop)->is_deferred = true;
  return MSTEP_OK;
}

static int sim_wake(struct ms_loop *loop)
{
  return ms_loop_door_ring(&loop->door);
}

static void sim_stop(struct ms_loop *loop)
{
  (void)loop; /* the flag is enough: run looks at it between callbacks */
}

/* ---- descriptors ---- */

static int sim_watch(struct ms_loop *loop, int fd, unsigned events, ms_loop_fd_cb cb, void *user)
{
  struct sim_loop *sim = sim_of(loop);
  size_t at = 0;
  while (at < sim->watches.count && sim->watches.data[at].fd != fd) {
    at++;
  }
  if (events == 0) {
    if (at < sim->watches.count) {
      size_t after = sim->watches.count - at - 1;
      memmove(&sim->watches.data[at], &sim->watches.data[at + 1],
              after * sizeof sim->watches.data[0]);
      sim->watches.count--;
    }
    return MSTEP_OK;
  }
  if (at == sim->watches.count) {
    int err = MS_VEC_RESERVE(&sim->watches, SIM_WATCHES_MAX, 1);
    if (err == 0) {
      err = ms_vec_reserve(&sim->polls, &sim->poll_capacity, at + 2, sizeof *sim->polls,
                           SIM_WATCHES_MAX + 1);
    }
    if (err != 0) {
      return err;
    }
    sim->watches.count++;
  }
  sim->watches.data[at] = (struct sim_watch){fd, events, cb, user};
  return MSTEP_OK;
}

static void sim_tell_fd(struct sim_loop *sim, const struct pollfd *ready)
{
  unsigned events = 0;
  if ((ready->revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) != 0) {
    events |= MS_LOOP_READ;
  }
  if ((ready->revents & (POLLOUT | POLLHUP | POLLERR | POLLNVAL)) != 0) {
    events |= MS_LOOP_WRITE;
  }
  /* Looked up again: a callback before may have stopped watching it. */
  for (size_t i = 0; i < sim->watches.count; i++) {
    struct sim_watch watch = sim->watches.data[i];
    if (watch.fd == ready->fd) {
      events &= watch.events;
      if (events != 0) {
        watch.cb(watch.fd, events, watch.user);
      }
      return;
    }
  }
}

/* Waits for the door and the descriptors, or only looks. *any: something was ready. */
static int sim_poll(struct sim_loop *sim, bool is_waiting, bool *any)
{
  size_t count = sim->watches.count;
  for (size_t i = 0; i < count; i++) {
    short wanted = 0;
    if ((sim->watches.data[i].events & MS_LOOP_READ) != 0) {
      wanted |= POLLIN;
    }
    if ((sim->watches.data[i].events & MS_LOOP_WRITE) != 0) {
      wanted |= POLLOUT;
    }
    sim->polls[i] = (struct pollfd){sim->watches.data[i].fd, wanted, 0};
  }
  sim->polls[count] = (struct pollfd){sim->base.door.fd, POLLIN, 0};
  int ready = poll(sim->polls, count + 1, is_waiting ? -1 : 0);
  *any = ready > 0;
  if (ready < 0 && errno != EINTR) {
    return ms_error(MSTEP_EIO, "poll: %s", strerror(errno));
  }
  if (ready > 0 && sim->polls[count].revents != 0) {
    /* A write may come after its ring was answered; without this it would be polled for ever. */
    atomic_store(&sim->base.door.is_rung, true);
  }
  for (size_t i = 0; i < count && ready > 0; i++) {
    if (sim->polls[i].revents != 0) {
      struct pollfd found = sim->polls[i]; /* the array may move while a callback runs */
      sim_tell_fd(sim, &found);
    }
  }
  return MSTEP_OK;
}

/* ---- run ---- */

/* Does what is due at this moment; false when nothing was. */
static bool sim_turn(struct sim_loop *sim)
{
  struct ms_loop *loop = &sim->base;
  bool any = false;
  if (atomic_load(&loop->door.is_rung)) {
    any = true;
    ms_loop_door_answer(&loop->door);
    ms_loop_tell(loop->callbacks.on_wake, loop);
  }
  if (sim->is_deferred && !loop->is_stopping) {
    any = true;
    sim->is_deferred = false;
    ms_loop_tell(loop->callbacks.on_defer, loop);
  }
  if (sim->timer_at_ms != 0 && sim->timer_at_ms <= sim->now_ms && !loop->is_stopping) {
    any = true;
    sim->timer_at_ms = 0;
    ms_loop_tell(loop->callbacks.on_timer, loop);
  }
  return any;
}

/* Is the next thing that can happen of itself behind the end of this run? Then it is the end's moment. */
static bool sim_is_over(struct sim_loop *sim)
{
  bool is_over = sim->end_at_ms != 0 &&
                 (sim->timer_at_ms == 0 || sim->timer_at_ms > sim->end_at_ms);
  if (is_over && sim->now_ms < sim->end_at_ms) {
    sim->now_ms = sim->end_at_ms;
  }
  return is_over;
}

static int sim_run(struct ms_loop *loop)
{
  struct sim_loop *sim = sim_of(loop);
  while (!loop->is_stopping) {
    bool any = sim_turn(sim);
    int err = MSTEP_OK;
    if (!loop->is_stopping && sim->watches.count > 0) {
      bool is_ready = false;
      err = sim_poll(sim, false, &is_ready);
      any = any || is_ready;
    }
    if (err == 0 && !any && !loop->is_stopping) {
      bool ignored;
      if (sim_is_over(sim)) {
        return MSTEP_OK;
      }
      if (loop->hold_count > 0) {
        err = sim_poll(sim, true, &ignored);
      } else if (sim->timer_at_ms != 0) {
        sim->now_ms = sim->timer_at_ms;
      } else if (sim->watches.count > 0) {
        err = sim_poll(sim, true, &ignored);
      } else {
        return MSTEP_OK;
      }
    }
    if (err != 0) {
      return err;
    }
  }
  return MSTEP_OK;
}

static int64_t sim_clock_us(struct ms_loop *loop)
{
  return sim_now_ms(loop) * 1000;
}

static const struct ms_loop_type sim_type = {
    "sim", sim_free, sim_now_ms, sim_set_timer, sim_defer, sim_wake, sim_watch, sim_run, sim_stop,
    NULL,    sim_clock_us,
};

int ms_loop_sim_run_until(struct ms_loop *loop, int64_t end_at_ms)
{
  struct sim_loop *sim = sim_of(loop);
  sim->end_at_ms = end_at_ms;
  int err = ms_loop_run(loop);
  sim->end_at_ms = 0;
  return err;
}

int ms_loop_sim_new(struct ms_loop **out, int64_t start_at_ms)
{
  *out = NULL;
  struct sim_loop *sim = ms_calloc(1, sizeof *sim);
  if (sim == NULL) {
    return ms_error_nomem();
  }
  sim->now_ms = start_at_ms;
  int err = ms_vec_reserve(&sim->polls, &sim->poll_capacity, 1, sizeof *sim->polls, 1);
  if (err == 0) {
    err = ms_loop_init(&sim->base, &sim_type);
  }
  if (err != 0) {
    ms_free(sim->polls);
    ms_free(sim);
    return err;
  }
  *out = &sim->base;
  return MSTEP_OK;
}
