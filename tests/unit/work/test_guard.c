/* A guard interrupts a loop that never looks at anything, in time, and only that entry. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "base/error.h"
#include "mt.h"
#include "work/guard.h"

static int64_t now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct victim {
  struct ms_guard guard;
  volatile sig_atomic_t is_stopped;
};

static void on_fire(void *user)
{
  struct victim *v = user;
  v->is_stopped = 1;
}

/* Where the sanitizer keeps signals back, the guard is polled. */
static bool is_stopped(struct victim *v)
{
  return MS_GUARD_POLLS ? ms_guard_is_fired(&v->guard) : v->is_stopped != 0;
}

static void spin(struct victim *v, int64_t give_up_ms)
{
  int64_t end = now_ms() + give_up_ms;
  while (!is_stopped(v) && now_ms() < end) {
  }
}

MT_TEST(guard__fires_at_limit)
{
  struct ms_watchdog *w;
  struct victim v = {.is_stopped = 0};
  mt_eq_int(ms_watchdog_new(&w), 0);
  ms_guard_init(&v.guard, w, on_fire, &v);
  int64_t begin = now_ms();
  ms_guard_enter(&v.guard, 50, 1);
  spin(&v, 5000);
  mt_ok(is_stopped(&v));
  mt_ok(ms_guard_leave(&v.guard));
  int64_t took = now_ms() - begin;
  mt_ok(took >= 49 && took < 2000);
  ms_guard_deinit(&v.guard);
  ms_watchdog_free(w);
}

MT_TEST(guard__quick_entries_are_left_alone)
{
  struct ms_watchdog *w;
  struct victim v = {.is_stopped = 0};
  mt_eq_int(ms_watchdog_new(&w), 0);
  ms_guard_init(&v.guard, w, on_fire, &v);
  int64_t end = now_ms() + 300;
  while (now_ms() < end) {
    ms_guard_enter(&v.guard, 100, 1);
    mt_ok(!ms_guard_leave(&v.guard));
  }
  mt_ok(!v.is_stopped);
  ms_guard_deinit(&v.guard);
  ms_watchdog_free(w);
}

MT_TEST(guard__wakes_after_a_long_quiet)
{
  struct ms_watchdog *w;
  struct victim v = {.is_stopped = 0};
  struct timespec quiet = {0, 300 * 1000000L};
  mt_eq_int(ms_watchdog_new(&w), 0);
  ms_guard_init(&v.guard, w, on_fire, &v);
  for (int i = 0; i < 2; i++) {
    nanosleep(&quiet, NULL);
    v.is_stopped = 0;
    ms_guard_enter(&v.guard, 20, 1);
    spin(&v, 5000);
    mt_ok(ms_guard_leave(&v.guard));
  }
  ms_guard_deinit(&v.guard);
  ms_watchdog_free(w);
}

/* ---- from another thread, by tag ---- */

static void *fire_often(void *user)
{
  struct victim *v = user;
  for (int i = 0; i < 200000 && !v->is_stopped; i++) {
    ms_guard_fire(&v->guard, 7);
    ms_guard_fire(&v->guard, 8);
    if ((i & 255) == 0) {
      sched_yield();
    }
  }
  return NULL;
}

struct counts {
  struct ms_guard guard;
  volatile sig_atomic_t fired;
};

static void count_fire(void *user)
{
  struct counts *c = user;
  c->fired++;
}

static void *fire_tag_two(void *user)
{
  struct counts *c = user;
  for (int i = 0; i < 100000; i++) {
    ms_guard_fire(&c->guard, 2);
  }
  return NULL;
}

MT_TEST(guard__fire_hits_its_tag_only)
{
  struct ms_watchdog *w;
  struct counts c = {.fired = 0};
  pthread_t thread;
  mt_eq_int(ms_watchdog_new(&w), 0);
  ms_guard_init(&c.guard, w, count_fire, &c);
  mt_eq_int(pthread_create(&thread, NULL, fire_tag_two, &c), 0);
  unsigned told = 0;
  for (int i = 0; i < 50000; i++) {
    ms_guard_enter(&c.guard, 60000, 1);
    mt_ok(!ms_guard_leave(&c.guard));
    ms_guard_enter(&c.guard, 60000, 2);
    told += ms_guard_leave(&c.guard);
  }
  pthread_join(thread, NULL);
  if (!MS_GUARD_POLLS) {
    mt_eq_int(c.fired, told);
  }
  ms_guard_deinit(&c.guard);
  ms_watchdog_free(w);
}

MT_TEST(guard__other_tags_do_nothing)
{
  struct ms_watchdog *w;
  struct victim v = {.is_stopped = 0};
  pthread_t thread;
  mt_eq_int(ms_watchdog_new(&w), 0);
  ms_guard_init(&v.guard, w, on_fire, &v);
  ms_guard_enter(&v.guard, 60000, 3);
  mt_eq_int(pthread_create(&thread, NULL, fire_often, &v), 0);
  pthread_join(thread, NULL);
  mt_ok(!ms_guard_leave(&v.guard));
  ms_guard_deinit(&v.guard);
  ms_watchdog_free(w);
}

/* ---- the signal belongs to the process ---- */

static volatile sig_atomic_t others;

static void on_other(int number)
{
  (void)number;
  others++;
}

MT_TEST(guard__signals_of_others_reach_them)
{
  if (MS_GUARD_POLLS) {
    mt_skip("no signals under the thread sanitizer");
  }
  struct ms_watchdog *w;
  signal(SIGURG, on_other);
  mt_eq_int(ms_watchdog_new(&w), 0);
  raise(SIGURG);
  mt_eq_int(others, 1);
  ms_watchdog_free(w);
  raise(SIGURG); /* the handler from before is back */
  mt_eq_int(others, 2);
}

MT_TEST(guard__blocked_by_the_host)
{
  struct ms_watchdog *w;
  struct victim v = {.is_stopped = 0};
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGURG);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  mt_eq_int(ms_watchdog_new(&w), 0);
  ms_guard_init(&v.guard, w, on_fire, &v);
  ms_guard_enter(&v.guard, 20, 1);
  spin(&v, 5000);
  mt_ok(is_stopped(&v));
  mt_ok(ms_guard_leave(&v.guard));
  pthread_sigmask(SIG_BLOCK, &set, NULL); /* again: late then, but it ends */
  v.is_stopped = 0;
  ms_guard_enter(&v.guard, 20, 1);
  spin(&v, 200);
  mt_ok(ms_guard_leave(&v.guard));
  ms_guard_deinit(&v.guard);
  ms_watchdog_free(w);
}

static int open_and_close(void *user)
{
  struct ms_watchdog *w;
  (void)user;
  int err = ms_watchdog_new(&w);
  ms_watchdog_free(w);
  return err;
}

MT_TEST(guard__out_of_memory)
{
  mt_oom(open_and_close, NULL);
}
