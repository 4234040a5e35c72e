/*
 * Receiving: messages are taken in flight, written so, and handed out when that is durable. Who
 * finds none may wait; what comes is given to the one who waits longest.
 *
 *   WAITING ──a message──▶ HANDING ──durable──▶ cb
 *      └───────────────time is over──▶ cb, none
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/queue_handle.h"

#define RETRY_MS 50

struct ms_queue_receive {
  struct ms_queue_receive *prev, *next;               /* of all */
  struct ms_queue_receive *prev_waiter, *next_waiter; /* of the queue's; WAITING */
  struct ms_heap_node poll;
  struct ms_queues *queues;
  uint32_t queue_id;
  bool is_waiting;
  bool is_cancelled;
  bool is_background;
  unsigned max;
  int64_t visibility_s;
  size_t count;
  uint64_t seqs[MS_QUEUE_MAX_MESSAGES];
  uint32_t receives[MS_QUEUE_MAX_MESSAGES];
  ms_queue_received_cb cb;
  void *arg;
};

/* ---- the lists ---- */

static void link_receive(struct ms_queues *queues, struct ms_queue_receive *receive)
{
  receive->next = queues->receives;
  if (receive->next != NULL) {
    receive->next->prev = receive;
  }
  queues->receives = receive;
}

static void free_receive(struct ms_queue_receive *receive)
{
  *(receive->prev == NULL ? &receive->queues->receives : &receive->prev->next) = receive->next;
  if (receive->next != NULL) {
    receive->next->prev = receive->prev;
  }
  ms_free(receive);
}

static int wait(struct ms_queue *queue, struct ms_queue_receive *receive, int64_t until_ms)
{
  int err = receive->is_background
                ? MSTEP_OK
                : ms_heap_add(&queue->queues->polls, &receive->poll, until_ms, 0);
  if (err != 0) {
    return err;
  }
  receive->is_waiting = true;
  receive->prev_waiter = queue->last_waiter;
  *(queue->last_waiter == NULL ? &queue->first_waiter : &queue->last_waiter->next_waiter) = receive;
  queue->last_waiter = receive;
  ms_queue_touch(queue);
  queue->queues->env.touch(queue->queues->env.user);
  return MSTEP_OK;
}

static void stop_waiting(struct ms_queue_receive *receive)
{
  struct ms_queue *queue = ms_queue_by_id(receive->queues, receive->queue_id);
  struct ms_queue_receive *prev = receive->prev_waiter, *next = receive->next_waiter;
  ms_heap_remove(&receive->queues->polls, &receive->poll);
  receive->is_waiting = false;
  *(prev == NULL ? &queue->first_waiter : &prev->next_waiter) = next;
  *(next == NULL ? &queue->last_waiter : &next->prev_waiter) = prev;
  receive->prev_waiter = receive->next_waiter = NULL;
}

/* ---- handing out ---- */

/* A message as its receiver sees it; `copy` and the attributes live as long. */
static int describe(struct ms_queue_received *out, struct ms_buf *copy, struct ms_queue *queue,
                    const struct ms_queue_item *item, uint32_t receives)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_queue_row row;
  int err = ms_queue_item_row(&row, copy, queue, item);
  if (err != 0) {
    return err;
  }
  *out = (struct ms_queue_received){.body = row.body,
                                    .group = row.group,
                                    .deduplication = row.deduplication,
                                    .trace = row.trace,
                                    .dead_letter_source = row.dead_letter_source,
                                    .sent_at_ms = row.sent_at_ms,
                                    .first_received_ms = item->first_received_ms,
                                    .receives = receives};
  memcpy(out->id, row.id, sizeof out->id);
  ms_queue_handle_print(out->handle, queue, item->seq, receives);
  if (queue->settings.is_fifo) {
    ms_queue_print_sequence(out->sequence, item->seq);
  }
  return row.attributes.data == NULL
             ? MSTEP_OK
             : ms_json_parse(&out->attributes, row.attributes, &limits, NULL);
}

/* Still what it was when it was taken? It may have been purged. */
static struct ms_queue_item *taken(const struct ms_queue *queue,
                                   const struct ms_queue_receive *receive, size_t i)
{
  struct ms_queue_item *item = ms_queue_item_find(queue, receive->seqs[i]);
  return item != NULL && item->receives >= receive->receives[i] ? item : NULL;
}

/* Nobody got them: visible again, the last first, so that the order stays. */
static void give_back(struct ms_queue *queue, const struct ms_queue_receive *receive)
{
  for (size_t i = receive->count; i-- > 0;) {
    struct ms_queue_item *item = taken(queue, receive, i);
    if (item != NULL && item->receives == receive->receives[i] &&
        item->state == MS_QUEUE_IN_FLIGHT) {
      ms_queue_show(queue, item, 0); /* a failure: its time runs out */
    }
  }
}

static void hand_out(struct ms_queue *queue, struct ms_queue_receive *receive)
{
  struct ms_queue_received messages[MS_QUEUE_MAX_MESSAGES];
  struct ms_buf copies[MS_QUEUE_MAX_MESSAGES];
  size_t count = 0;
  int err = MSTEP_OK;
  for (size_t i = 0; i < receive->count && err == 0; i++) {
    const struct ms_queue_item *item = queue == NULL ? NULL : taken(queue, receive, i);
    if (item != NULL) {
      messages[count] = (struct ms_queue_received){.id = ""};
      ms_buf_init(&copies[count], 0);
      err = describe(&messages[count], &copies[count], queue, item, receive->receives[i]);
      count++;
    }
  }
  if (err != 0) {
    give_back(queue, receive);
  } else {
    receive->queues->counts.received += count;
  }
  receive->cb(err, messages, err != 0 ? 0 : count, receive->arg);
  for (size_t i = 0; i < count; i++) {
    ms_json_unref(messages[i].attributes);
    ms_buf_deinit(&copies[i]);
  }
}

static void on_durable(int code, void *arg)
{
  struct ms_queue_receive *receive = arg;
  struct ms_queue *queue = ms_queue_by_id(receive->queues, receive->queue_id);
  if (receive->is_cancelled) {
    /* what it had is visible again */
  } else if (code != 0) {
    receive->cb(code, NULL, 0, receive->arg);
  } else {
    hand_out(queue, receive);
  }
  free_receive(receive);
}

/* ---- taking ---- */

struct undo {
  struct ms_queue_item *items[MS_QUEUE_MAX_MESSAGES];
  int64_t first_received_ms[MS_QUEUE_MAX_MESSAGES];
  int64_t received_at_ms[MS_QUEUE_MAX_MESSAGES];
};

static void take_back(struct ms_queue *queue, struct ms_queue_receive *receive,
                      const struct undo *undo)
{
  while (receive->count > 0) {
    size_t i = --receive->count;
    struct ms_queue_item *item = undo->items[i];
    item->receives--;
    item->first_received_ms = undo->first_received_ms[i];
    item->received_at_ms = undo->received_at_ms[i];
    ms_queue_item_set(queue, item, MS_QUEUE_READY, 0, true);
  }
}

static void take_one(struct ms_queue *queue, struct ms_queue_receive *receive,
                     struct ms_queue_item *item, struct undo *undo, int64_t now_ms)
{
  int64_t visibility_s =
      receive->visibility_s < 0 ? queue->settings.visibility_s : receive->visibility_s;
  size_t i = receive->count++;
  undo->items[i] = item;
  undo->first_received_ms[i] = item->first_received_ms;
  undo->received_at_ms[i] = item->received_at_ms;
  item->receives++;
  item->received_at_ms = now_ms;
  item->first_received_ms = item->first_received_ms == 0 ? now_ms : item->first_received_ms;
  receive->seqs[i] = item->seq;
  receive->receives[i] = item->receives;
  ms_queue_item_set(queue, item, MS_QUEUE_IN_FLIGHT, now_ms + visibility_s * 1000, false);
}

/* Received too often: it goes to the dead letters. False: it stays. */
static bool bury(struct ms_queue *queue, struct ms_queue_item *item)
{
  const struct ms_queue_settings *settings = &queue->settings;
  if (settings->max_receives == 0 || item->receives < settings->max_receives) {
    return false;
  }
  struct ms_queue *letters = ms_queue_find(queue->queues, settings->dead_letter_arn);
  if (letters == NULL || letters == queue || ms_queue_transfer(letters, queue, item, false) != 0) {
    return false;
  }
  letters->retry_at_ms = ms_queue_now_ms(queue->queues); /* for those who wait there */
  ms_queue_touch(letters);
  return true;
}

/* The dead letters on the way go first; a message behind them is then taken. */
static struct ms_queue_item *next_living(struct ms_queue *queue)
{
  struct ms_queue_item *item;
  while ((item = ms_queue_item_next(queue)) != NULL && bury(queue, item)) {
  }
  return item;
}

/* Takes messages in flight, in memory. A FIFO queue gives as many of one group as there are. */
static void take_items(struct ms_queue *queue, struct ms_queue_receive *receive, struct undo *undo)
{
  int64_t now_ms = ms_queue_now_ms(queue->queues);
  while (receive->count < receive->max &&
         queue->state_count[MS_QUEUE_IN_FLIGHT] < MS_QUEUE_IN_FLIGHT_MAX) {
    struct ms_queue_item *item = next_living(queue);
    if (item == NULL) {
      return;
    }
    struct ms_queue_group *group = item->group;
    do {
      take_one(queue, receive, item, undo, now_ms);
      item = group == NULL ? NULL : ms_queue_item_behind(group);
    } while (
        item != NULL && receive->count < receive->max &&
        !(queue->settings.max_receives != 0 && item->receives >= queue->settings.max_receives));
  }
}

/* MSTEP_OK: receive->count messages are about to be handed out, or there are none. */
static int take(struct ms_queue *queue, struct ms_queue_receive *receive)
{
  struct undo undo;
  struct ms_batch *batch;
  ms_queue_refresh(queue);
  if (ms_queue_item_next(queue) == NULL) {
    return MSTEP_OK;
  }
  take_items(queue, receive, &undo);
  if (receive->count == 0) {
    return MSTEP_OK;
  }
  int err = ms_queue_begin(&batch, queue);
  if (err == 0) {
    for (size_t i = 0; batch != NULL && i < receive->count; i++) {
      ms_queue_put_state(batch, queue, undo.items[i]);
    }
    err = ms_queue_end(queue);
  }
  if (err != 0) {
    take_back(queue, receive, &undo);
    return err;
  }
  err = ms_queue_when_durable(queue, on_durable, receive);
  if (err != 0) {
    give_back(queue, receive);
    receive->count = 0;
  }
  return err;
}

/* Nothing here comes back to this function: what others cause to be served is due at once
 * (retry_at_ms). */
void ms_queue_serve(struct ms_queue *queue)
{
  while (queue->first_waiter != NULL && ms_queue_item_next(queue) != NULL) {
    struct ms_queue_receive *receive = queue->first_waiter;
    int err = take(queue, receive);
    if (err != 0) {
      queue->retry_at_ms = ms_queue_now_ms(queue->queues) + RETRY_MS;
    }
    if (err != 0 || receive->count == 0) {
      return;
    }
    stop_waiting(receive);
  }
}

/* ---- calls ---- */

static int begin_receive(struct ms_queue *queue, struct ms_queue_receive *receive, int64_t wait_ms)
{
  int err = MSTEP_OK;
  if (queue->first_waiter == NULL) {
    err = take(queue, receive);
  }
  if (err != 0 || receive->count > 0) {
    ms_queue_touch(queue);
    return err;
  }
  return wait_ms > 0 || receive->is_background
             ? wait(queue, receive, ms_queue_now_ms(queue->queues) + wait_ms)
             : ms_queue_when_durable(queue, on_durable, receive);
}

int ms_queue_receive(struct ms_queue *queue, const struct ms_queue_request *request,
                     struct ms_queue_receive **out, struct ms_queue_refusal *why,
                     ms_queue_received_cb cb, void *arg)
{
  if (why != NULL) {
    why->name = NULL;
  }
  ms_queue_refresh(queue);
  if (!queue->settings.is_fifo &&
      queue->state_count[MS_QUEUE_IN_FLIGHT] >= MS_QUEUE_IN_FLIGHT_MAX) {
    return ms_queue_refuse(why, "OverLimit", "Too many messages in flight for queue %s",
                           queue->name);
  }
  struct ms_queue_receive *receive = ms_calloc(1, sizeof *receive);
  if (receive == NULL) {
    return ms_error_nomem();
  }
  unsigned max = request->max == 0 ? 1 : request->max;
  receive->queues = queue->queues;
  receive->queue_id = queue->id;
  receive->max = max > MS_QUEUE_MAX_MESSAGES ? MS_QUEUE_MAX_MESSAGES : max;
  receive->visibility_s = request->visibility_s;
  receive->is_background = request->is_background;
  receive->cb = cb;
  receive->arg = arg;
  link_receive(queue->queues, receive);
  int err = begin_receive(queue, receive,
                          request->wait_ms < 0 ? queue->settings.wait_s * 1000 : request->wait_ms);
  if (err != 0) {
    free_receive(receive);
    return err;
  }
  if (out != NULL) {
    *out = receive;
  }
  return MSTEP_OK;
}

void ms_queue_receive_cancel(struct ms_queue_receive *receive)
{
  if (receive->is_waiting) {
    stop_waiting(receive);
    free_receive(receive);
  } else {
    struct ms_queue *queue = ms_queue_by_id(receive->queues, receive->queue_id);
    receive->is_cancelled = true;
    if (queue != NULL) {
      give_back(queue, receive);
    }
  }
}

static void end_with(struct ms_queue_receive *receive, int code)
{
  stop_waiting(receive);
  receive->cb(code, NULL, 0, receive->arg);
  free_receive(receive);
}

void ms_queue_polls_end(struct ms_queues *queues, int64_t now_ms)
{
  int64_t at_ms;
  struct ms_heap_node *node;
  while ((node = ms_heap_peek(&queues->polls, &at_ms)) != NULL && at_ms <= now_ms) {
    end_with((struct ms_queue_receive *)((char *)node - offsetof(struct ms_queue_receive, poll)),
             MSTEP_OK);
  }
}

void ms_queue_waiters_fail(struct ms_queue *queue, int code)
{
  while (queue->first_waiter != NULL) {
    end_with(queue->first_waiter, code);
  }
}

bool ms_queue_receives_are_busy(const struct ms_queues *queues)
{
  const struct ms_queue_receive *receive = queues->receives;
  while (receive != NULL && receive->is_background && receive->is_waiting) {
    receive = receive->next;
  }
  return receive != NULL;
}

void ms_queue_receives_free(struct ms_queues *queues)
{
  while (queues->receives != NULL) {
    struct ms_queue_receive *receive = queues->receives;
    if (receive->is_waiting) {
      stop_waiting(receive);
    }
    free_receive(receive);
  }
}
