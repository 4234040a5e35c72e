/* Order, replacement, cancelling and the loop's timer, on simulated and on real time. */
#include "timer/timer.h"

#include "base/alloc.h"
#include "base/random.h"
#include "mt.h"

#define START_MS 1700000000000

struct item {
  struct ms_timer timer; /* first, so that a timer is its item */
  int name;
};

struct probe {
  struct ms_loop *loop;
  struct ms_timers timers;
  int fired[128];
  int count;
  int64_t last_ms;
  struct item *chained; /* set anew from on_due, once */
  struct item *victim;  /* cancelled from on_due */
};

static void on_due(struct ms_timer *timer, void *user)
{
  struct probe *probe = user;
  struct item *item = (struct item *)(void *)timer;
  mt_ok(probe->count < 128);
  probe->fired[probe->count++] = item->name;
  probe->last_ms = ms_loop_now_ms(probe->loop);
  if (probe->chained != NULL) {
    mt_eq_int(ms_timer_set(&probe->timers, &probe->chained->timer, probe->last_ms + 10), 0);
    probe->chained = NULL;
  }
  if (probe->victim != NULL) {
    ms_timer_cancel(&probe->timers, &probe->victim->timer);
    probe->victim = NULL;
  }
}

static void on_loop_timer(void *user)
{
  struct probe *probe = user;
  ms_timers_fire(&probe->timers);
  mt_eq_int(ms_timers_arm(&probe->timers, 0), 0);
}

static void open_probe(struct probe *probe, bool is_sim)
{
  *probe = (struct probe){0};
  mt_eq_int(is_sim ? ms_loop_sim_new(&probe->loop, START_MS)
                   : ms_loop_libevent_new(&probe->loop, NULL),
            0);
  struct ms_loop_callbacks callbacks = {on_loop_timer, NULL, NULL, probe};
  ms_loop_set_callbacks(probe->loop, &callbacks);
  ms_timers_init(&probe->timers, probe->loop, on_due, probe);
}

static void close_probe(struct probe *probe)
{
  ms_timers_deinit(&probe->timers);
  ms_loop_free(probe->loop);
}

static void run(struct probe *probe)
{
  mt_eq_int(ms_timers_arm(&probe->timers, 0), 0);
  mt_eq_int(ms_loop_run(probe->loop), 0);
}

MT_TEST(timer__equal_deadlines_fire_in_start_order)
{
  for (int is_sim = 0; is_sim < 2; is_sim++) {
    struct probe probe;
    open_probe(&probe, is_sim != 0);
    struct item items[100] = {0};
    int64_t due_at_ms = ms_loop_now_ms(probe.loop) + 5;
    for (int i = 0; i < 100; i++) {
      items[i].name = i;
      mt_eq_int(ms_timer_set(&probe.timers, &items[i].timer, due_at_ms), 0);
    }
    /* Set anew, to the same time: now behind its equals. */
    mt_eq_int(ms_timer_set(&probe.timers, &items[3].timer, due_at_ms), 0);
    run(&probe);
    mt_eq_int(probe.count, 100);
    for (int i = 0; i < 99; i++) {
      mt_eq_int(probe.fired[i], i < 3 ? i : i + 1);
    }
    mt_eq_int(probe.fired[99], 3);
    close_probe(&probe);
  }
}

MT_TEST(timer__replaced_and_cancelled)
{
  struct probe probe;
  open_probe(&probe, true);
  struct item items[4] = {{.name = 0}, {.name = 1}, {.name = 2}, {.name = 3}};
  for (int i = 0; i < 4; i++) {
    mt_eq_int(ms_timer_set(&probe.timers, &items[i].timer, START_MS + 10 * (i + 1)), 0);
  }
  mt_eq_int(ms_timer_set(&probe.timers, &items[0].timer, START_MS + 35), 0);
  ms_timer_cancel(&probe.timers, &items[1].timer);
  ms_timer_cancel(&probe.timers, &items[1].timer);
  mt_ok(!ms_timer_is_set(&items[1].timer));
  mt_ok(ms_timer_is_set(&items[0].timer));
  mt_eq_int(ms_timers_next_due_ms(&probe.timers), START_MS + 30);
  run(&probe);
  mt_eq_int(probe.count, 3);
  mt_eq_int(probe.fired[0], 2);
  mt_eq_int(probe.fired[1], 0);
  mt_eq_int(probe.fired[2], 3);
  mt_eq_int(probe.last_ms, START_MS + 40);
  mt_eq_int(ms_timers_next_due_ms(&probe.timers), 0);
  close_probe(&probe);
}

MT_TEST(timer__on_due_may_set_and_cancel)
{
  struct probe probe;
  open_probe(&probe, true);
  struct item items[3] = {{.name = 0}, {.name = 1}, {.name = 2}};
  mt_eq_int(ms_timer_set(&probe.timers, &items[0].timer, START_MS + 1), 0);
  mt_eq_int(ms_timer_set(&probe.timers, &items[1].timer, START_MS + 1), 0);
  probe.chained = &items[2];
  probe.victim = &items[1];
  run(&probe);
  mt_eq_int(probe.count, 2);
  mt_eq_int(probe.fired[1], 2);
  mt_eq_int(probe.last_ms, START_MS + 11);
  close_probe(&probe);
}

MT_TEST(timer__cancelling_the_last_leaves_nothing_to_jump_to)
{
  struct probe probe;
  open_probe(&probe, true);
  struct item item = {.name = 1};
  mt_eq_int(ms_timer_set(&probe.timers, &item.timer, START_MS + 60000), 0);
  mt_eq_int(ms_timers_arm(&probe.timers, 0), 0);
  ms_timer_cancel(&probe.timers, &item.timer);
  run(&probe);
  mt_eq_int(ms_loop_now_ms(probe.loop), START_MS);
  close_probe(&probe);
}

MT_TEST(timer__armed_for_the_earlier_of_two_sources)
{
  struct probe probe;
  open_probe(&probe, true);
  struct item item = {.name = 1};
  mt_eq_int(ms_timer_set(&probe.timers, &item.timer, START_MS + 60), 0);
  mt_eq_int(ms_timers_arm(&probe.timers, START_MS + 20), 0);
  mt_eq_int(probe.timers.armed_at_ms, START_MS + 20);
  mt_eq_int(ms_timers_arm(&probe.timers, START_MS + 90), 0);
  mt_eq_int(probe.timers.armed_at_ms, START_MS + 60);
  ms_timer_cancel(&probe.timers, &item.timer);
  mt_eq_int(ms_timers_arm(&probe.timers, START_MS + 90), 0);
  mt_eq_int(probe.timers.armed_at_ms, START_MS + 90);
  close_probe(&probe);
}

#define MANY 20000

/* Against the plain definition: sorted by time, then by the order of setting. */
MT_TEST(timer__random_sets_and_cancels_fire_in_order)
{
  struct many {
    struct ms_timer timer;
    int64_t due_at_ms;
    uint64_t order;
  };
  struct ms_loop *loop;
  mt_eq_int(ms_loop_sim_new(&loop, START_MS), 0);
  struct ms_timers timers;
  ms_timers_init(&timers, loop, NULL, NULL);
  struct many *items = ms_calloc(MANY, sizeof *items);
  struct ms_random random;
  ms_random_seed(&random, 11);
  uint64_t order = 0;
  for (int i = 0; i < 3 * MANY; i++) {
    struct many *item = &items[ms_random_below(&random, MANY)];
    if (ms_random_below(&random, 4) == 0) {
      ms_timer_cancel(&timers, &item->timer);
      continue;
    }
    item->due_at_ms = START_MS + (int64_t)ms_random_below(&random, 500);
    item->order = order++;
    mt_eq_int(ms_timer_set(&timers, &item->timer, item->due_at_ms), 0);
  }
  const struct many *last = NULL;
  struct ms_heap_node *node;
  while ((node = ms_heap_take_due(&timers.heap, START_MS + 500)) != NULL) {
    const struct many *item = (const struct many *)(void *)node;
    mt_ok(last == NULL || last->due_at_ms < item->due_at_ms ||
          (last->due_at_ms == item->due_at_ms && last->order < item->order));
    last = item;
  }
  mt_ok(last != NULL);
  ms_timers_deinit(&timers);
  ms_free(items);
  ms_loop_free(loop);
}

static int set_some(void *user)
{
  struct probe *probe = user;
  struct item items[3] = {0};
  struct ms_timers timers;
  ms_timers_init(&timers, probe->loop, on_due, probe);
  int err = 0;
  for (int i = 0; i < 3 && err == 0; i++) {
    err = ms_timer_set(&timers, &items[i].timer, START_MS + i);
  }
  ms_timers_deinit(&timers);
  return err;
}

MT_TEST(timer__out_of_memory_leaves_it_unset)
{
  struct probe probe;
  open_probe(&probe, true);
  mt_ok(mt_oom(set_some, &probe) > 0);
  close_probe(&probe);
}
