/*
 * The driver: all queues, when something of them is due, and the ledger as they use it. What a
 * queue does with messages is in queue_send.c, queue_receive.c and queue_handle.c.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "messaging/queue_internal.h"
#include "metrics/metrics.h"

#define SOONS_MAX ((size_t)1 << 20)
#define RETRY_MS 50

/* ---- small things ---- */

int ms_queue_refuse(struct ms_queue_refusal *why, const char *name, const char *format, ...)
{
  char text[sizeof why->text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (why != NULL) {
    why->name = name;
    memcpy(why->text, text, sizeof text);
  }
  return ms_error(MSTEP_EINVALID, "%s", text);
}

int64_t ms_queue_now_ms(const struct ms_queues *queues)
{
  return ms_loop_now_ms(queues->env.loop);
}

const struct ms_driver_env *ms_queues_env(const struct ms_queues *queues)
{
  return &queues->env;
}

struct ms_queue *ms_queue_by_id(const struct ms_queues *queues, uint32_t id)
{
  return id < queues->by_id.count ? queues->by_id.data[id] : NULL;
}

struct ms_queue *ms_queue_named(struct ms_queues *queues, struct ms_str name)
{
  return ms_map_get(&queues->by_name, name);
}

struct ms_queue *ms_queue_find(struct ms_queues *queues, struct ms_str arn)
{
  size_t colon = arn.len;
  while (colon > 0 && arn.data[colon - 1] != ':') {
    colon--;
  }
  struct ms_queue *queue = ms_queue_named(queues, ms_str_sub(arn, colon, arn.len));
  return queue != NULL && ms_str_is(arn, queue->arn) ? queue : NULL;
}

struct ms_queue *ms_queue_at(struct ms_queues *queues, struct ms_str url)
{
  size_t name = url.len;
  while (name > 0 && url.data[name - 1] != '/') {
    name--;
  }
  size_t account = name == 0 ? 0 : name - 1;
  while (account > 0 && url.data[account - 1] != '/') {
    account--;
  }
  bool is_ours = name > 0 && ms_str_is(ms_str_sub(url, account, name - 1), queues->env.account);
  return is_ours ? ms_queue_named(queues, ms_str_sub(url, name, url.len)) : NULL;
}

const char *ms_queue_name(const struct ms_queue *queue)
{
  return queue->name;
}

const char *ms_queue_arn(const struct ms_queue *queue)
{
  return queue->arn;
}

bool ms_queue_is_fifo(const struct ms_queue *queue)
{
  return queue->settings.is_fifo;
}

int64_t ms_queue_visibility_s(const struct ms_queue *queue)
{
  return queue->settings.visibility_s;
}

/* ---- the ledger ---- */

int ms_queue_begin(struct ms_batch **out, struct ms_queue *queue)
{
  const struct ms_ledger *ledger = &queue->queues->env.ledger;
  return ledger->begin(out, ledger->user);
}

int ms_queue_end(struct ms_queue *queue)
{
  const struct ms_ledger *ledger = &queue->queues->env.ledger;
  return ledger->end(ledger->user);
}

static void on_soon(int code, void *arg)
{
  struct ms_queues *queues = arg;
  size_t count = queues->soons.count;
  struct ms_queue_soon *soons = queues->soons.data;
  queues->soons.data = NULL;
  queues->soons.count = queues->soons.capacity = 0;
  queues->is_soon_asked = false;
  for (size_t i = 0; i < count; i++) {
    soons[i].cb(code, soons[i].arg);
  }
  ms_free(soons);
}

/* Without a store nothing has to be waited for: one place in the turn serves all who are called in
 * it. */
int ms_queue_when_durable(struct ms_queue *queue, ms_durable_cb durable, void *arg)
{
  struct ms_queues *queues = queue->queues;
  const struct ms_ledger *ledger = &queues->env.ledger;
  if (durable == NULL) {
    return MSTEP_OK;
  }
  if (ledger->reader != NULL) {
    return ledger->when_durable(durable, arg, ledger->user);
  }
  int err = MS_VEC_RESERVE(&queues->soons, SOONS_MAX, 1);
  if (err == 0 && !queues->is_soon_asked) {
    err = ledger->when_durable(on_soon, queues, ledger->user);
  }
  if (err == 0) {
    queues->is_soon_asked = true;
    queues->soons.data[queues->soons.count++] = (struct ms_queue_soon){durable, arg};
  }
  return err;
}

/* ---- when something is due ---- */

static int64_t earlier(int64_t a, int64_t b)
{
  return a == 0 || (b != 0 && b < a) ? b : a;
}

/*
 * Only where somebody waits does time matter: else what has become visible or too old is found out
 * when the queue is next used (ms_queue_refresh), and a run does not go on because there are
 * messages.
 */
static int64_t queue_due_ms(const struct ms_queue *queue)
{
  int64_t due_ms = queue->retry_at_ms, at_ms;
  if (queue->first_waiter == NULL) {
    return INT64_MAX;
  }
  if (ms_heap_peek(&queue->wakes, &at_ms) != NULL && at_ms != INT64_MAX) {
    due_ms = earlier(due_ms, at_ms);
  }
  return due_ms == 0 ? INT64_MAX : due_ms;
}

void ms_queue_touch(struct ms_queue *queue)
{
  struct ms_queues *queues = queue->queues;
  int64_t due_ms = queue_due_ms(queue);
  if (due_ms != queue->due_at_ms) {
    queue->due_at_ms = due_ms;
    ms_heap_remove(&queues->due, &queue->due);
    ms_heap_add(&queues->due, &queue->due, due_ms, queue->id); /* into the slot it has left */
    queues->env.touch(queues->env.user);
  }
}

static int64_t next_due_ms(void *driver)
{
  const struct ms_queues *queues = driver;
  int64_t due_ms = ms_queue_moves_due_ms(queues), at_ms;
  if (ms_heap_peek(&queues->due, &at_ms) != NULL && at_ms != INT64_MAX) {
    due_ms = earlier(due_ms, at_ms);
  }
  if (ms_heap_peek(&queues->polls, &at_ms) != NULL) {
    due_ms = earlier(due_ms, at_ms);
  }
  return due_ms;
}

/* Messages that come to light. Those in flight come back with the receive count they have. */
static void wake_items(struct ms_queue *queue, int64_t now_ms)
{
  int64_t at_ms;
  struct ms_heap_node *node;
  while ((node = ms_heap_peek(&queue->wakes, &at_ms)) != NULL && at_ms <= now_ms) {
    struct ms_queue_item *item =
        (struct ms_queue_item *)((char *)node - offsetof(struct ms_queue_item, wake));
    ms_queue_item_set(queue, item, MS_QUEUE_READY, 0, false);
  }
}

static struct ms_queue_item *oldest(const struct ms_queue *queue, int64_t *from_ms)
{
  struct ms_heap_node *node = ms_heap_peek(&queue->ages, from_ms);
  return node == NULL
             ? NULL
             : (struct ms_queue_item *)((char *)node - offsetof(struct ms_queue_item, age));
}

/* Each by itself in the change's memory: a failed end finds them all in place. */
static void expire_items(struct ms_queue *queue, int64_t now_ms)
{
  int64_t from_ms, before_ms = now_ms - queue->settings.retention_s * 1000;
  for (struct ms_queue_item *item = oldest(queue, &from_ms); item != NULL && from_ms <= before_ms;
       item = oldest(queue, &from_ms)) {
    struct ms_batch *batch;
    if (ms_queue_begin(&batch, queue) != 0) {
      return;
    }
    if (batch != NULL) {
      ms_queue_remove_rows(batch, queue, item->seq);
    }
    if (ms_queue_end(queue) != 0) {
      return;
    }
    ms_queue_item_drop(queue, item);
  }
}

void ms_queue_refresh(struct ms_queue *queue)
{
  int64_t now_ms = ms_queue_now_ms(queue->queues);
  wake_items(queue, now_ms);
  expire_items(queue, now_ms);
  ms_queue_recents_expire(queue, now_ms);
}

static void queue_on_timer(struct ms_queue *queue, int64_t now_ms)
{
  queue->retry_at_ms = 0;
  ms_queue_refresh(queue);
  ms_queue_serve(queue);
  queue->due_at_ms = queue_due_ms(queue);
  if (queue->due_at_ms <= now_ms) {
    queue->due_at_ms = now_ms + RETRY_MS; /* the ledger takes nothing */
  }
  ms_heap_remove(&queue->queues->due, &queue->due);
  ms_heap_add(&queue->queues->due, &queue->due, queue->due_at_ms, queue->id);
}

static void on_timer(void *driver, int64_t now_ms)
{
  struct ms_queues *queues = driver;
  int64_t at_ms;
  struct ms_heap_node *node;
  while ((node = ms_heap_peek(&queues->due, &at_ms)) != NULL && at_ms <= now_ms) {
    queue_on_timer((struct ms_queue *)((char *)node - offsetof(struct ms_queue, due)), now_ms);
  }
  ms_queue_polls_end(queues, now_ms);
  ms_queue_moves_on_timer(queues, now_ms);
}

/* ---- life ---- */

static void queues_clear(struct ms_queues *queues)
{
  for (size_t i = 0; i < queues->by_id.count; i++) {
    ms_queue_free(queues->by_id.data[i]);
  }
  ms_map_deinit(&queues->by_name);
  ms_map_init(&queues->by_name, ms_hash_process_seed());
  queues->by_id.count = 0;
  queues->evicts.count = 0;
  ms_queue_moves_free(queues);
}

static void close_queues(void *driver)
{
  struct ms_queues *queues = driver;
  if (queues == NULL) {
    return;
  }
  ms_queue_receives_free(queues);
  ms_queue_deliveries_free(queues);
  queues_clear(queues);
  for (size_t i = 0; i < queues->graves.count; i++) {
    ms_free(queues->graves.data[i].name);
  }
  ms_free(queues->graves.data);
  ms_map_deinit(&queues->by_name);
  ms_heap_deinit(&queues->due);
  ms_heap_deinit(&queues->polls);
  ms_free(queues->by_id.data);
  ms_free(queues->evicts.data);
  ms_free(queues->soons.data);
  ms_free(queues);
}

static int open_queues(void **driver, const struct ms_driver_env *env)
{
  struct ms_queues *queues = ms_calloc(1, sizeof *queues);
  if (queues == NULL) {
    return ms_error_nomem();
  }
  queues->env = *env;
  queues->bodies_max = MS_QUEUE_BODIES_MAX;
  ms_map_init(&queues->by_name, ms_hash_process_seed());
  ms_heap_init(&queues->due);
  ms_heap_init(&queues->polls);
  *driver = queues;
  return MSTEP_OK;
}

static int load(void *driver)
{
  struct ms_queues *queues = driver;
  /* Those who hear of it find no queue until all is loaded. */
  ms_map_deinit(&queues->by_name);
  ms_map_init(&queues->by_name, ms_hash_process_seed());
  for (size_t i = 0; i < queues->by_id.count; i++) {
    if (queues->by_id.data[i] != NULL) {
      ms_queue_waiters_fail(queues->by_id.data[i], MSTEP_EIO);
    }
  }
  queues_clear(queues);
  return queues->env.ledger.reader == NULL ? MSTEP_OK : ms_queue_load_all(queues);
}

/* Somebody waits for a message: an end of the run would leave it without an answer. */
static bool is_busy(void *driver)
{
  const struct ms_queues *queues = driver;
  return ms_queue_receives_are_busy(queues) || queues->deliveries != NULL ||
         ms_queue_moves_due_ms(queues) != 0;
}

static void collect(void *driver, struct ms_metrics *metrics)
{
  const struct ms_queues *queues = driver;
  static const enum ms_metric of_state[] = {[MS_QUEUE_DELAYED] = MS_METRIC_QUEUE_DELAYED,
                                            [MS_QUEUE_READY] = MS_METRIC_QUEUE_VISIBLE,
                                            [MS_QUEUE_IN_FLIGHT] = MS_METRIC_QUEUE_IN_FLIGHT};
  ms_metrics_set(metrics, MS_METRIC_QUEUE_SENT, queues->counts.sent);
  ms_metrics_set(metrics, MS_METRIC_QUEUE_RECEIVED, queues->counts.received);
  ms_metrics_set(metrics, MS_METRIC_QUEUE_DELETED, queues->counts.deleted);
  ms_metrics_set(metrics, MS_METRIC_QUEUE_DEAD, queues->counts.dead_lettered);
  for (unsigned state = 0; state < sizeof of_state / sizeof *of_state; state++) {
    ms_metrics_set(metrics, of_state[state], 0);
    for (size_t i = 0; i < queues->by_id.count; i++) {
      const struct ms_queue *queue = queues->by_id.data[i];
      ms_metrics_set(metrics, of_state[state], queue == NULL ? 0 : queue->state_count[state]);
    }
  }
}

const struct ms_driver_type ms_queues_driver = {
    .name = "queues",
    .open = open_queues,
    .close = close_queues,
    .load = load,
    .next_due_ms = next_due_ms,
    .on_timer = on_timer,
    .is_busy = is_busy,
    .collect = collect,
};
