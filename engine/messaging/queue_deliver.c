/* Queues as targets of whatever delivers: a delivery becomes a message, and is done when that is
 * durable. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/lineage.h"
#include "messaging/queue_internal.h"

struct ms_queue_delivery {
  struct ms_queue_delivery *prev, *next;
  struct ms_queues *queues;
  ms_delivered_cb cb;
  void *arg;
  int code;
  bool is_final;
  struct ms_queue_refusal why;
};

static void free_delivery(struct ms_queue_delivery *delivery)
{
  *(delivery->prev == NULL ? &delivery->queues->deliveries : &delivery->prev->next) =
      delivery->next;
  if (delivery->next != NULL) {
    delivery->next->prev = delivery->prev;
  }
  ms_free(delivery);
}

static void on_durable(int code, void *arg)
{
  struct ms_queue_delivery *delivery = arg;
  int result = delivery->code != 0 ? delivery->code : code;
  delivery->cb(result, delivery->is_final,
               delivery->why.text[0] != '\0' ? delivery->why.text : ms_error_text(result),
               delivery->arg);
  free_delivery(delivery);
}

static int send(struct ms_queue *queue, const struct ms_delivery *from,
                struct ms_queue_delivery *delivery)
{
  struct ms_queue_message message = {
      .body = from->body,
      .group = from->group,
      .deduplication = queue->settings.is_fifo ? from->deduplication : (struct ms_str){NULL, 0},
      .delay_s = -1};
  struct ms_buf trace;
  ms_buf_init(&trace, 0);
  int err = ms_lineage_print_header(&trace, from->lineage, queue->queues->env.random);
  if (trace.len > 0) {
    message.trace = ms_buf_view(&trace);
  }
  if (err == 0 && from->attributes.data != NULL) {
    err = ms_json_parse(&message.attributes, from->attributes, NULL, NULL);
  }
  err = err != 0 ? err : ms_queue_send(queue, &message, NULL, &delivery->why, on_durable, delivery);
  ms_json_unref(message.attributes);
  ms_buf_deinit(&trace);
  return err;
}

/* What the queue will never take is told later as well: nobody is called from inside of this. */
static int refuse(struct ms_queue_delivery *delivery, int code, const char *detail)
{
  const struct ms_ledger *ledger = &delivery->queues->env.ledger;
  delivery->code = code;
  delivery->is_final = true;
  snprintf(delivery->why.text, sizeof delivery->why.text, "%s", detail);
  return ledger->when_durable(on_durable, delivery, ledger->user);
}

int ms_queue_deliver(struct ms_queues *queues, const struct ms_delivery *from, ms_delivered_cb cb,
                     void *arg)
{
  struct ms_queue *queue = ms_queue_find(queues, from->target);
  struct ms_queue_delivery *delivery = ms_calloc(1, sizeof *delivery);
  if (delivery == NULL) {
    return ms_error_nomem();
  }
  *delivery = (struct ms_queue_delivery){
      .next = queues->deliveries, .queues = queues, .cb = cb, .arg = arg};
  if (delivery->next != NULL) {
    delivery->next->prev = delivery;
  }
  queues->deliveries = delivery;
  int err = queue == NULL ? ms_error(MSTEP_ENOTFOUND, "The specified queue does not exist.")
                          : send(queue, from, delivery);
  if (err != 0 && err != MSTEP_ENOMEM && err != MSTEP_EIO &&
      !(err == MSTEP_ETOOBIG && queue != NULL)) {
    err = refuse(delivery, err, ms_error_detail());
  }
  if (err != 0) {
    free_delivery(delivery);
  }
  return err;
}

void ms_queue_deliveries_free(struct ms_queues *queues)
{
  while (queues->deliveries != NULL) {
    free_delivery(queues->deliveries);
  }
}
