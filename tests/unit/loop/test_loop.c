/* What every loop promises, on both; then what only simulated time does. */
#include <pthread.h>
#include <unistd.h>

#include "base/error.h"
#include "loop/loop.h"
#include "mt.h"

#define START_MS 1700000000000

/* A record of what was called, in order, and what to do from inside. */
struct probe {
  struct ms_loop *loop;
  char calls[64];
  size_t count;
  int again;       /* defer that many times more from on_defer */
  int64_t next_ms; /* timer set from on_timer, 0 = none */
  int64_t fired_at_ms;
  int stop_after; /* stop after that many calls; 0 = never */
};

static void note(struct probe *probe, char what)
{
  mt_ok(probe->count + 1 < sizeof probe->calls);
  probe->calls[probe->count++] = what;
  if (probe->stop_after != 0 && (int)probe->count == probe->stop_after) {
    ms_loop_stop(probe->loop);
  }
}

static void on_timer(void *user)
{
  struct probe *probe = user;
  probe->fired_at_ms = ms_loop_now_ms(probe->loop);
  note(probe, 't');
  if (probe->next_ms != 0) {
    int64_t next_ms = probe->next_ms;
    probe->next_ms = 0;
    ms_loop_set_timer(probe->loop, next_ms);
  }
}

static void on_defer(void *user)
{
  struct probe *probe = user;
  note(probe, 'd');
  if (probe->again > 0) {
    probe->again--;
    ms_loop_defer(probe->loop);
  }
}

static void on_wake(void *user)
{
  note(user, 'w');
}

static void open_loop(struct probe *probe, bool is_sim)
{
  *probe = (struct probe){0};
  int err =
      is_sim ? ms_loop_sim_new(&probe->loop, START_MS) : ms_loop_libevent_new(&probe->loop, NULL);
  mt_eq_int(err, 0);
  struct ms_loop_callbacks callbacks = {on_timer, on_defer, on_wake, probe};
  ms_loop_set_callbacks(probe->loop, &callbacks);
}

static void each(void (*check)(struct probe *probe))
{
  for (int is_sim = 0; is_sim < 2; is_sim++) {
    struct probe probe;
    open_loop(&probe, is_sim != 0);
    check(&probe);
    ms_loop_free(probe.loop);
  }
}

static void check_empty(struct probe *probe)
{
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_int(probe->count, 0);
}

MT_TEST(loop__returns_at_once_when_nothing_can_happen)
{
  each(check_empty);
}

static void check_defers(struct probe *probe)
{
  mt_eq_int(ms_loop_defer(probe->loop), 0);
  mt_eq_int(ms_loop_defer(probe->loop), 0);
  mt_eq_int(probe->count, 0);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "d");
}

MT_TEST(loop__many_defers_in_a_turn_are_one)
{
  each(check_defers);
}

static void check_redefer(struct probe *probe)
{
  probe->again = 3;
  ms_loop_set_timer(probe->loop, ms_loop_now_ms(probe->loop));
  ms_loop_defer(probe->loop);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_int(probe->count, 5);
  /* The timer is not the last: a defer that asks for itself does not keep others from running. */
  mt_ok(probe->calls[4] == 'd');
}

MT_TEST(loop__a_defer_that_repeats_lets_timers_through)
{
  each(check_redefer);
}

static void check_timer(struct probe *probe)
{
  int64_t start_ms = ms_loop_now_ms(probe->loop);
  ms_loop_set_timer(probe->loop, start_ms + 20);
  probe->next_ms = start_ms + 30;
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "tt");
  mt_ok(probe->fired_at_ms >= start_ms + 30);
}

MT_TEST(loop__the_timer_fires_at_or_after_its_time)
{
  each(check_timer);
}

static void check_replace(struct probe *probe)
{
  int64_t start_ms = ms_loop_now_ms(probe->loop);
  ms_loop_set_timer(probe->loop, start_ms + 3600000);
  ms_loop_set_timer(probe->loop, start_ms + 5);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "t");
  mt_ok(ms_loop_now_ms(probe->loop) < start_ms + 3600000);
  ms_loop_set_timer(probe->loop, start_ms + 3600000);
  ms_loop_set_timer(probe->loop, 0);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "t");
}

MT_TEST(loop__one_timer_replaced_and_taken_away)
{
  each(check_replace);
}

static void check_wake_before(struct probe *probe)
{
  mt_eq_int(ms_loop_wake(probe->loop), 0);
  mt_eq_int(ms_loop_wake(probe->loop), 0);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "w");
}

MT_TEST(loop__a_wake_before_run_is_not_lost)
{
  each(check_wake_before);
}

static void *wake_later(void *user)
{
  usleep(20000);
  ms_loop_wake(user);
  return NULL;
}

static void on_wake_release(void *user)
{
  struct probe *probe = user;
  note(probe, 'w');
  ms_loop_release(probe->loop);
}

static void check_hold(struct probe *probe)
{
  struct ms_loop_callbacks callbacks = {on_timer, on_defer, on_wake_release, probe};
  ms_loop_set_callbacks(probe->loop, &callbacks);
  ms_loop_hold(probe->loop);
  pthread_t thread;
  mt_eq_int(pthread_create(&thread, NULL, wake_later, probe->loop), 0);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  pthread_join(thread, NULL);
  mt_eq_str(probe->calls, "w");
}

MT_TEST(loop__held_it_waits_for_the_wake)
{
  each(check_hold);
}

static void check_stop(struct probe *probe)
{
  probe->again = 1000;
  probe->stop_after = 3;
  ms_loop_defer(probe->loop);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "ddd");
  probe->stop_after = 0;
  ms_loop_stop(probe->loop);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "ddd");
  probe->again = 1;
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "ddddd");
}

MT_TEST(loop__stop_ends_this_run_or_the_next)
{
  each(check_stop);
}

static void on_defer_run(void *user)
{
  struct probe *probe = user;
  note(probe, ms_loop_run(probe->loop) == MSTEP_ESTATE ? 'e' : 'x');
}

static void check_nested(struct probe *probe)
{
  struct ms_loop_callbacks callbacks = {on_timer, on_defer_run, on_wake, probe};
  ms_loop_set_callbacks(probe->loop, &callbacks);
  ms_loop_defer(probe->loop);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "e");
}

MT_TEST(loop__run_inside_run_is_refused)
{
  each(check_nested);
}

static void on_read(int fd, unsigned events, void *user)
{
  struct probe *probe = user;
  char byte = 0;
  mt_eq_int(events, MS_LOOP_READ);
  mt_eq_int(read(fd, &byte, 1), 1);
  note(probe, byte);
  if (byte == '2') {
    ms_loop_watch(probe->loop, fd, 0, NULL, NULL);
  }
}

static void check_fd(struct probe *probe)
{
  int ends[2];
  mt_eq_int(pipe(ends), 0);
  mt_eq_int(write(ends[1], "123", 3), 3);
  mt_eq_int(ms_loop_watch(probe->loop, ends[0], MS_LOOP_READ, on_read, probe), 0);
  mt_eq_int(ms_loop_run(probe->loop), 0);
  mt_eq_str(probe->calls, "12");
  mt_eq_int(ms_loop_watch(probe->loop, ends[0], 0, NULL, NULL), 0);
  mt_eq_int(ms_loop_watch(probe->loop, -1, MS_LOOP_READ, on_read, probe), MSTEP_EINVALID);
  mt_eq_int(ms_loop_watch(probe->loop, ends[0], 8, on_read, probe), MSTEP_EINVALID);
  close(ends[0]);
  close(ends[1]);
}

MT_TEST(loop__descriptors_are_told_until_unwatched)
{
  each(check_fd);
}

MT_TEST(loop_sim__time_jumps_and_never_creeps)
{
  struct probe probe;
  open_loop(&probe, true);
  const int64_t week_ms = 7 * 24 * 3600 * (int64_t)1000;
  ms_loop_set_timer(probe.loop, START_MS + week_ms);
  usleep(3000);
  mt_eq_int(ms_loop_now_ms(probe.loop), START_MS);
  mt_eq_int(ms_loop_run(probe.loop), 0);
  mt_eq_int(probe.fired_at_ms, START_MS + week_ms);
  mt_eq_int(ms_loop_now_ms(probe.loop), START_MS + week_ms);
  ms_loop_set_timer(probe.loop, START_MS); /* in the past: at once, time does not go back */
  mt_eq_int(ms_loop_run(probe.loop), 0);
  mt_eq_int(probe.fired_at_ms, START_MS + week_ms);
  ms_loop_free(probe.loop);
}

MT_TEST(loop_sim__held_time_stands_still)
{
  struct probe probe;
  open_loop(&probe, true);
  struct ms_loop_callbacks callbacks = {on_timer, on_defer, on_wake_release, &probe};
  ms_loop_set_callbacks(probe.loop, &callbacks);
  ms_loop_set_timer(probe.loop, START_MS + 1);
  ms_loop_hold(probe.loop);
  pthread_t thread;
  mt_eq_int(pthread_create(&thread, NULL, wake_later, probe.loop), 0);
  mt_eq_int(ms_loop_run(probe.loop), 0);
  pthread_join(thread, NULL);
  mt_eq_str(probe.calls, "wt"); /* the answer first, then the jump */
  ms_loop_free(probe.loop);
}

struct ringer {
  struct ms_loop *loop;
  _Atomic int posted;
  int seen;
};

#define RINGS 20000

static void *ring_often(void *user)
{
  struct ringer *ringer = user;
  for (int i = 0; i < RINGS; i++) {
    ringer->posted++;
    ms_loop_wake(ringer->loop);
  }
  return NULL;
}

static void on_wake_count(void *user)
{
  struct ringer *ringer = user;
  ringer->seen = ringer->posted;
  if (ringer->seen == 2 * RINGS) {
    ms_loop_release(ringer->loop);
  }
}

MT_TEST(loop__no_ring_of_many_threads_is_lost)
{
  for (int is_sim = 0; is_sim < 2; is_sim++) {
    struct ringer ringer = {0};
    mt_eq_int(is_sim ? ms_loop_sim_new(&ringer.loop, 0) : ms_loop_libevent_new(&ringer.loop, NULL),
              0);
    struct ms_loop_callbacks callbacks = {NULL, NULL, on_wake_count, &ringer};
    ms_loop_set_callbacks(ringer.loop, &callbacks);
    ms_loop_hold(ringer.loop);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
      mt_eq_int(pthread_create(&threads[i], NULL, ring_often, &ringer), 0);
    }
    mt_eq_int(ms_loop_run(ringer.loop), 0);
    for (int i = 0; i < 2; i++) {
      pthread_join(threads[i], NULL);
    }
    mt_eq_int(ringer.seen, 2 * RINGS);
    ms_loop_free(ringer.loop);
  }
}

struct opening {
  bool is_sim;
  int fd;
};

static int open_and_free(void *user)
{
  struct opening *opening = user;
  struct ms_loop *loop;
  int err = opening->is_sim ? ms_loop_sim_new(&loop, 0) : ms_loop_libevent_new(&loop, NULL);
  if (err == 0) {
    err = ms_loop_watch(loop, opening->fd, MS_LOOP_READ, on_read, NULL);
  }
  ms_loop_free(loop);
  return err;
}

MT_TEST(loop__out_of_memory_is_told)
{
  int ends[2];
  mt_eq_int(pipe(ends), 0);
  for (int is_sim = 0; is_sim < 2; is_sim++) {
    struct opening opening = {is_sim != 0, ends[0]};
    mt_ok(mt_oom(open_and_free, &opening) > 0);
  }
  close(ends[0]);
  close(ends[1]);
}

MT_TEST(loop__event_base_of_the_loops_that_have_one)
{
  struct ms_loop *loop;
  mt_eq_int(ms_loop_libevent_new(&loop, NULL), 0);
  void *base = ms_loop_event_base(loop);
  mt_ok(base != NULL);
  struct ms_loop *guest;
  mt_eq_int(ms_loop_libevent_new(&guest, base), 0);
  mt_ok(ms_loop_event_base(guest) == base);
  ms_loop_free(guest);
  ms_loop_free(loop);
  mt_eq_int(ms_loop_sim_new(&loop, START_MS), 0);
  mt_ok(ms_loop_event_base(loop) == NULL);
  ms_loop_free(loop);
}
