/* The timers' heap: order, ties, removal by handle, against a sorted list under random use. */
#include "mt.h"

#include "base/error.h"
#include "base/heap.h"
#include "base/random.h"

MT_TEST(base_heap__earliest_first)
{
  struct ms_heap heap;
  struct ms_heap_node nodes[5] = {{0, 0}};
  static const int64_t due[] = {50, 10, 40, -30, 20};
  static const int order[] = {3, 1, 4, 2, 0};
  ms_heap_init(&heap);
  mt_ok(ms_heap_peek(&heap, NULL) == NULL);
  mt_ok(ms_heap_take_due(&heap, INT64_MAX) == NULL);
  for (int i = 0; i < 5; i++) {
    mt_eq_int(ms_heap_add(&heap, &nodes[i], due[i], (uint64_t)i), 0);
    mt_ok(ms_heap_is_in(&nodes[i]));
    mt_eq_int(ms_heap_due_at_ms(&heap, &nodes[i]), due[i]);
  }
  for (int i = 0; i < 5; i++) {
    int64_t at = 0;
    mt_ok(ms_heap_peek(&heap, &at) == &nodes[order[i]]);
    mt_eq_int(at, due[order[i]]);
    mt_ok(ms_heap_take_due(&heap, at - 1) == NULL);
    mt_ok(ms_heap_take_due(&heap, at) == &nodes[order[i]]);
    mt_ok(!ms_heap_is_in(&nodes[order[i]]));
  }
  ms_heap_deinit(&heap);
}

MT_TEST(base_heap__ties_go_by_order_of_start)
{
  struct ms_heap heap;
  struct ms_heap_node nodes[1000] = {{0, 0}};
  ms_heap_init(&heap);
  for (size_t i = 0; i < 1000; i++) {
    size_t n = i * 389 % 1000; /* every node once */
    mt_eq_int(ms_heap_add(&heap, &nodes[n], 5, UINT64_MAX - 1000 + n), 0);
  }
  for (size_t i = 0; i < 1000; i++) {
    mt_ok(ms_heap_take_due(&heap, 5) == &nodes[i]);
  }
  ms_heap_deinit(&heap);
}

MT_TEST(base_heap__a_node_is_in_one_heap_once)
{
  struct ms_heap heap;
  struct ms_heap_node node = {0, 0};
  ms_heap_init(&heap);
  ms_heap_remove(&heap, &node);
  mt_eq_int(ms_heap_add(&heap, &node, 1, 1), 0);
  mt_eq_int(ms_heap_add(&heap, &node, 2, 2), MSTEP_ESTATE);
  ms_heap_remove(&heap, &node);
  ms_heap_remove(&heap, &node);
  mt_eq_int(heap.count, 0);
  mt_eq_int(ms_heap_add(&heap, &node, 3, 3), 0);
  ms_heap_deinit(&heap);
  mt_ok(!ms_heap_is_in(&node));
}

#define NODES 500

struct timer {
  struct ms_heap_node node;
  int64_t due_at_ms;
};

static struct timer *earliest(struct timer *timers)
{
  struct timer *best = NULL;
  for (int i = 0; i < NODES; i++) {
    struct timer *t = &timers[i];
    if (ms_heap_is_in(&t->node) &&
        (best == NULL || t->due_at_ms < best->due_at_ms ||
         (t->due_at_ms == best->due_at_ms && t->node.order < best->node.order))) {
      best = t;
    }
  }
  return best;
}

MT_TEST(base_heap__behaves_as_a_sorted_list_does)
{
  static struct timer timers[NODES];
  struct ms_random random;
  struct ms_heap heap;
  uint64_t order = 0;
  ms_random_seed(&random, 21);
  ms_heap_init(&heap);
  for (int round = 0; round < 20000; round++) {
    struct timer *t = &timers[ms_random_below(&random, NODES)];
    uint64_t action = ms_random_below(&random, 5);
    if (ms_heap_is_in(&t->node) && action < 2) {
      ms_heap_remove(&heap, &t->node);
    } else if (!ms_heap_is_in(&t->node) && action < 4) {
      t->due_at_ms = (int64_t)ms_random_below(&random, 200);
      mt_eq_int(ms_heap_add(&heap, &t->node, t->due_at_ms, order++), 0);
    } else if (action == 4) {
      struct timer *best = earliest(timers);
      struct ms_heap_node *taken = ms_heap_take_due(&heap, INT64_MAX);
      mt_ok(taken == (best == NULL ? NULL : &best->node));
    }
    struct timer *best = earliest(timers);
    mt_ok(ms_heap_peek(&heap, NULL) == (best == NULL ? NULL : &best->node));
  }
  ms_heap_deinit(&heap);
}

static int fill(void *user)
{
  struct timer *timers = user;
  struct ms_heap heap;
  int err = 0;
  ms_heap_init(&heap);
  for (int i = 0; i < NODES && err == 0; i++) {
    timers[i].node = (struct ms_heap_node){0, 0};
    err = ms_heap_add(&heap, &timers[i].node, i, 0);
    mt_ok(ms_heap_is_in(&timers[i].node) == (err == 0));
  }
  ms_heap_deinit(&heap);
  return err;
}

MT_TEST(base_heap__out_of_memory)
{
  static struct timer timers[NODES];
  mt_oom(fill, timers);
}
