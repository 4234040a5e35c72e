/*
 * The window of due timers: a heap, and one timer of the loop for its top. Not responsible for what
 * a deadline means, nor for keeping it over a restart.
 */
#include "timer/timer.h"

#include <stddef.h>

void ms_timers_init(struct ms_timers *timers, struct ms_loop *loop, ms_timer_cb on_due, void *user)
{
  ms_heap_init(&timers->heap);
  timers->loop = loop;
  timers->next_order = 1;
  timers->armed_at_ms = 0;
  timers->on_due = on_due;
  timers->user = user;
}

void ms_timers_deinit(struct ms_timers *timers)
{
  ms_heap_deinit(&timers->heap);
}

int ms_timer_set(struct ms_timers *timers, struct ms_timer *timer, int64_t due_at_ms)
{
  ms_heap_remove(&timers->heap, &timer->node);
  return ms_heap_add(&timers->heap, &timer->node, due_at_ms, timers->next_order++);
}

void ms_timer_cancel(struct ms_timers *timers, struct ms_timer *timer)
{
  ms_heap_remove(&timers->heap, &timer->node);
}

int64_t ms_timers_next_due_ms(const struct ms_timers *timers)
{
  int64_t due_at_ms = 0;
  if (ms_heap_peek(&timers->heap, &due_at_ms) == NULL) {
    return 0;
  }
  /* 0 means "none" to the loop; a deadline before 1970 is as due as one just after. */
  return due_at_ms > 0 ? due_at_ms : 1;
}

int ms_timers_arm(struct ms_timers *timers, int64_t other_due_ms)
{
  int64_t due_at_ms = ms_timers_next_due_ms(timers);
  if (other_due_ms != 0 && (due_at_ms == 0 || other_due_ms < due_at_ms)) {
    due_at_ms = other_due_ms;
  }
  if (due_at_ms == timers->armed_at_ms) {
    return 0;
  }
  int err = ms_loop_set_timer(timers->loop, due_at_ms);
  if (err == 0) {
    timers->armed_at_ms = due_at_ms;
  }
  return err;
}

void ms_timers_fire(struct ms_timers *timers)
{
  timers->armed_at_ms = 0; /* the loop's timer fires once */
  int64_t now_ms = ms_loop_now_ms(timers->loop);
  struct ms_heap_node *node;
  while ((node = ms_heap_take_due(&timers->heap, now_ms)) != NULL) {
    struct ms_timer *timer =
        (struct ms_timer *)(void *)((char *)node - offsetof(struct ms_timer, node));
    timers->on_due(timer, timers->user);
  }
}
