/* Those who wait for the end of an event: they hear its record once the commit of the end is durable. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "invoke/internal.h"

static void waiter_free(struct ms_invoke_waiter *waiter)
{
  *waiter->slot = waiter->next;
  if (waiter->next != NULL) {
    waiter->next->slot = waiter->slot;
  }
  ms_buf_deinit(&waiter->record);
  ms_free(waiter);
}

/* An event that did not get to the disk has no end. */
static void on_sent(int code, const char *request_id, void *user)
{
  struct ms_invoke_waiter *waiter = user;
  (void)request_id;
  waiter->is_sending = false;
  if (waiter->is_ended || (code == 0 && waiter->ended != NULL)) {
    return;
  }
  if (waiter->ended != NULL) {
    waiter->ended(code, "", MS_STR(""), waiter->user);
  }
  waiter_free(waiter);
}

int ms_invoke_send_and_wait(struct ms_invoke_waiter **out, struct ms_invoke *invoke,
                            const struct ms_invoke_event *event, ms_invoke_ended_cb ended,
                            void *user)
{
  struct ms_invoke_waiter *waiter = ms_calloc(1, sizeof *waiter);
  if (waiter == NULL) {
    return ms_error_nomem();
  }
  waiter->next = invoke->waiters;
  waiter->slot = &invoke->waiters;
  if (waiter->next != NULL) {
    waiter->next->slot = &waiter->next;
  }
  invoke->waiters = waiter;
  waiter->invoke = invoke;
  snprintf(waiter->request_id, sizeof waiter->request_id, "%s", event->request_id);
  ms_buf_init(&waiter->record, 0);
  waiter->ended = ended;
  waiter->user = user;
  waiter->is_sending = true;
  int err = ms_invoke_send(invoke, event, on_sent, waiter);
  if (err != 0) {
    waiter_free(waiter);
    return err;
  }
  *out = waiter;
  return MSTEP_OK;
}

void ms_invoke_wait_cancel(struct ms_invoke_waiter *waiter)
{
  waiter->ended = NULL;
  if (!waiter->is_sending && !waiter->is_ended) { /* else the ledger still has it */
    waiter_free(waiter);
  }
}

static void on_durable(int code, void *arg)
{
  struct ms_invoke_waiter *waiter = arg;
  if (waiter->ended != NULL) {
    int failed = code != 0 ? code : waiter->record.error;
    waiter->ended(failed, ms_invoke_condition_name(waiter->condition),
                  ms_buf_view(&waiter->record), waiter->user);
  }
  waiter_free(waiter);
}

void ms_invoke_tell_end(struct ms_queued *queued, enum ms_invoke_condition condition)
{
  struct ms_invoke *invoke = queued->invoke;
  const struct ms_ledger *ledger = &invoke->env->ledger;
  struct ms_invoke_waiter *next;
  for (struct ms_invoke_waiter *waiter = invoke->waiters; waiter != NULL; waiter = next) {
    next = waiter->next;
    if (!waiter->is_ended && strcmp(waiter->request_id, queued->request_id) == 0) {
      waiter->is_ended = true;
      waiter->condition = condition;
      ms_invoke_record(&waiter->record, queued, condition, ms_loop_now_ms(invoke->env->loop));
      int err = ledger->when_durable(on_durable, waiter, ledger->user);
      if (err != 0) {
        on_durable(err, waiter);
      }
    }
  }
}

void ms_invoke_waiters_deinit(struct ms_invoke *invoke)
{
  while (invoke->waiters != NULL) {
    waiter_free(invoke->waiters);
  }
}
