/*
 * The loop's dispatch: calls the type's functions, keeps what all types have in common (callbacks,
 * holds, the door for other threads). How time passes and what waiting means is the types' own.
 */
#include "loop/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "loop/internal.h"

/* ---- door ---- */

int ms_loop_door_open(struct ms_loop_door *door)
{
  atomic_init(&door->is_rung, false);
  door->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (door->fd < 0) {
    return ms_error(MSTEP_EIO, "eventfd: %s", strerror(errno));
  }
  return MSTEP_OK;
}

void ms_loop_door_close(struct ms_loop_door *door)
{
  if (door->fd >= 0) {
    close(door->fd);
    door->fd = -1;
  }
}

/* Only what a signal handler may do: a lock-free flag and one write. */
int ms_loop_door_ring(struct ms_loop_door *door)
{
  if (atomic_exchange(&door->is_rung, true)) {
    return MSTEP_OK; /* the loop has not looked since the last ring */
  }
  int saved = errno;
  uint64_t one = 1;
  ssize_t written = write(door->fd, &one, sizeof one);
  errno = saved;
  return written == (ssize_t)sizeof one ? MSTEP_OK : MSTEP_EIO;
}

void ms_loop_door_answer(struct ms_loop_door *door)
{
  uint64_t count;
  ssize_t got = read(door->fd, &count, sizeof count);
  (void)got; /* EAGAIN: rung and not written yet, the write will wake us once more for nothing */
  atomic_store(&door->is_rung, false);
}

/* ---- shared part ---- */

int ms_loop_init(struct ms_loop *loop, const struct ms_loop_type *type)
{
  loop->type = type;
  loop->callbacks = (struct ms_loop_callbacks){NULL, NULL, NULL, NULL};
  loop->hold_count = 0;
  loop->is_running = false;
  loop->is_stopping = false;
  return ms_loop_door_open(&loop->door);
}

void ms_loop_deinit(struct ms_loop *loop)
{
  ms_loop_door_close(&loop->door);
}

void ms_loop_set_callbacks(struct ms_loop *loop, const struct ms_loop_callbacks *callbacks)
{
  loop->callbacks = *callbacks;
}

void ms_loop_free(struct ms_loop *loop)
{
  if (loop != NULL) {
    loop->type->free(loop);
  }
}

/* ---- dispatch ---- */

int64_t ms_loop_clock_us(struct ms_loop *loop)
{
  return loop->type->clock_us(loop);
}

int64_t ms_loop_now_ms(struct ms_loop *loop)
{
  return loop->type->now_ms(loop);
}

int ms_loop_set_timer(struct ms_loop *loop, int64_t due_at_ms)
{
  return loop->type->set_timer(loop, due_at_ms);
}

int ms_loop_defer(struct ms_loop *loop)
{
  return loop->type->defer(loop);
}

int ms_loop_wake(struct ms_loop *loop)
{
  return loop->type->wake(loop);
}

int ms_loop_watch(struct ms_loop *loop, int fd, unsigned events, ms_loop_fd_cb cb, void *user)
{
  if (fd < 0 || (events & ~(MS_LOOP_READ | MS_LOOP_WRITE)) != 0 || (events != 0 && cb == NULL)) {
    return ms_error(MSTEP_EINVALID, "cannot watch descriptor %d for %u", fd, events);
  }
  return loop->type->watch(loop, fd, events, cb, user);
}

int ms_loop_run(struct ms_loop *loop)
{
  if (loop->is_running) {
    return ms_error(MSTEP_ESTATE, "the loop is running already");
  }
  loop->is_running = true;
  int err = loop->type->run(loop);
  loop->is_running = false;
  loop->is_stopping = false;
  return err;
}

/* Before a run it makes that run return at once: a stop is never lost. */
void ms_loop_stop(struct ms_loop *loop)
{
  loop->is_stopping = true;
  loop->type->stop(loop);
}

void *ms_loop_event_base(struct ms_loop *loop)
{
  return loop->type->event_base == NULL ? NULL : loop->type->event_base(loop);
}

void ms_loop_hold(struct ms_loop *loop)
{
  loop->hold_count++;
}

void ms_loop_release(struct ms_loop *loop)
{
  if (loop->hold_count > 0) {
    loop->hold_count--;
  }
}
