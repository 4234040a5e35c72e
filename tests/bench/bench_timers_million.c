/*
 * A million timers: nanoseconds to set, to set anew, to cancel and to fire one, and bytes for each.
 * One JSON object on standard output.
 *
 *   bench_timers_million [TIMERS]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/random.h"
#include "timer/timer.h"

struct bench {
  struct ms_loop *loop;
  struct ms_timers timers;
  long fired;
};

static double now_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t used_bytes(void)
{
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static void on_due(struct ms_timer *timer, void *user)
{
  struct bench *bench = user;
  (void)timer;
  bench->fired++;
}

static void on_loop_timer(void *user)
{
  struct bench *bench = user;
  ms_timers_fire(&bench->timers);
  ms_timers_arm(&bench->timers, 0);
}

static void set_all(struct bench *bench, struct ms_timer *timers, long count,
                    struct ms_random *random)
{
  for (long i = 0; i < count; i++) {
    if (ms_timer_set(&bench->timers, &timers[i], 1 + (int64_t)ms_random_below(random, 3600000)) !=
        0) {
      fprintf(stderr, "no memory\n");
      exit(1);
    }
  }
}

int main(int argc, char **argv)
{
  long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
  struct bench bench = {0};
  struct ms_random random;
  ms_random_seed(&random, 1);
  if (ms_loop_sim_new(&bench.loop, 0) != 0) {
    return 1;
  }
  const struct ms_loop_callbacks callbacks = {on_loop_timer, NULL, NULL, &bench};
  ms_loop_set_callbacks(bench.loop, &callbacks);
  ms_timers_init(&bench.timers, bench.loop, on_due, &bench);
  size_t before = used_bytes();
  struct ms_timer *timers = ms_calloc((size_t)count, sizeof *timers);
  if (timers == NULL) {
    return 1;
  }
  double t0 = now_seconds();
  set_all(&bench, timers, count, &random);
  double t1 = now_seconds();
  size_t bytes = (used_bytes() - before) / (size_t)count;
  set_all(&bench, timers, count, &random);
  double t2 = now_seconds();
  for (long i = 0; i < count; i += 2) {
    ms_timer_cancel(&bench.timers, &timers[i]);
  }
  double t3 = now_seconds();
  long left = count / 2;
  ms_timers_arm(&bench.timers, 0);
  int err = ms_loop_run(bench.loop);
  double t4 = now_seconds();
  if (err != 0 || bench.fired != left) {
    fprintf(stderr, "%ld timers fired, not %ld\n", bench.fired, left);
    return 1;
  }
  double ns = 1e9 / (double)count;
  printf("{\"bench\":\"timers_million\",\"timers\":%ld,\"bytes_each\":%zu,\"set_ns\":%.1f,\"set_"
         "anew_ns\":%.1f,"
         "\"cancel_ns\":%.1f,\"fire_ns\":%.1f}\n",
         count, bytes, (t1 - t0) * ns, (t2 - t1) * ns, (t3 - t2) * ns * 2, (t4 - t3) * ns * 2);
  ms_timers_deinit(&bench.timers);
  ms_loop_free(bench.loop);
  ms_free(timers);
  return 0;
}
