/*
 * Deliveries under way: which is due, what a failed try means, where what cannot be delivered ends. What memory has
 * of an item and how it is written is relay_item.c's, what is kept as undeliverable relay_kept.c's.
 */
#include "messaging/relay.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "messaging/relay_internal.h"
#include "metrics/metrics.h"

#define AFTER_TROUBLE_MS 1000 /* when memory or the disk did not let us go on */
#define DEAD_LETTER_RETRIES 30
#define TRYING_MAX 1000

/* ---- the list ---- */

static void link_item(struct ms_relay *relay, struct ms_relay_item *item)
{
  item->relay = relay;
  item->next = NULL;
  item->slot = relay->last;
  *relay->last = item;
  relay->last = &item->next;
  relay->unsettled = relay->unsettled == NULL ? item : relay->unsettled;
  relay->count++;
}

/* The next one in its lane, if it is in one, has its turn. */
static void leave_lane(struct ms_relay_item *item)
{
  struct ms_relay *relay = item->relay;
  struct ms_relay_item *next = ms_relay_lane_leave(&relay->lanes, item);
  if (next != NULL && next->state == MS_RELAY_BEHIND && !relay->is_dropping) {
    ms_relay_make_due(next, MS_RELAY_DUE, ms_loop_now_ms(relay->env->loop));
    relay->env->touch(relay->env->user);
  }
}

static void unlink_item(struct ms_relay_item *item)
{
  struct ms_relay *relay = item->relay;
  leave_lane(item);
  *item->slot = item->next;
  if (item->next != NULL) {
    item->next->slot = item->slot;
  } else {
    relay->last = item->slot;
  }
  relay->unsettled = relay->unsettled == item ? item->next : relay->unsettled;
  relay->count--;
}

void ms_relay_drop_item(struct ms_relay_item *item)
{
  struct ms_relay *relay = item->relay;
  ms_heap_remove(&relay->heap, &item->node);
  relay->fresh -= item->state == MS_RELAY_FRESH;
  relay->kept -= item->state == MS_RELAY_KEPT;
  unlink_item(item);
  ms_relay_item_free(item);
}

/* It is tried at that time, and not before what was due earlier. Never fails: worst, the timer looks. */
void ms_relay_make_due(struct ms_relay_item *item, enum ms_relay_state state, int64_t due_at_ms)
{
  struct ms_relay *relay = item->relay;
  if (state == MS_RELAY_DUE && !ms_relay_lane_is_first(item)) {
    item->state = MS_RELAY_BEHIND;
    ms_relay_item_rest(item, false);
    return;
  }
  item->state = state;
  if (ms_heap_add(&relay->heap, &item->node, due_at_ms, relay->order++) != 0) {
    relay->fresh++;
    relay->unsettled = relay->first;
    item->state = MS_RELAY_FRESH; /* which asks again, later */
    relay->ask_again_ms = ms_loop_now_ms(relay->env->loop) + AFTER_TROUBLE_MS;
  }
  ms_relay_item_rest(item, false);
}

/* ---- rows ---- */

static void put_row(const struct ms_relay_item *item, struct ms_batch *batch)
{
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_buf row;
  ms_buf_init(&row, 0);
  ms_relay_item_write(&row, item);
  ms_batch_put(batch, MS_TABLE_EVENT, ms_store_key(key, item->id), ms_buf_view(&row));
  if (row.error != 0 && batch->error == 0) {
    batch->error = row.error;
  }
  ms_buf_deinit(&row);
}

/* Writes the item as it is now, or removes its row. */
int ms_relay_change_row(const struct ms_relay_item *item, bool is_removed)
{
  const struct ms_ledger *ledger = &item->relay->env->ledger;
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_batch *batch = NULL;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  if (batch != NULL && is_removed) {
    ms_batch_remove(batch, MS_TABLE_EVENT, ms_store_key(key, item->id));
  } else if (batch != NULL) {
    put_row(item, batch);
  }
  return ledger->end(ledger->user);
}

/* ---- what became of a try ---- */

static void finish(struct ms_relay_item *item)
{
  struct ms_relay *relay = item->relay;
  if (ms_relay_change_row(item, true) == 0) {
    ms_relay_drop_item(item);
  } else {
    ms_relay_make_due(item, MS_RELAY_DONE, ms_loop_now_ms(relay->env->loop) + AFTER_TROUBLE_MS);
  }
}

static void keep_undeliverable(struct ms_relay_item *item)
{
  struct ms_relay *relay = item->relay;
  char line[512];
  snprintf(line, sizeof line, "undeliverable to %.*s: %s %s",
           MS_STR_ARG(item->content->texts[MS_RELAY_TEXT_TARGET]), ms_relay_item_error(item),
           ms_relay_item_error_text(item));
  if (relay->env->log != NULL) {
    relay->env->log(2, "messaging", line, relay->env->user);
  }
  item->phase = MS_RELAY_UNDELIVERABLE;
  item->state = MS_RELAY_KEPT;
  relay->kept++;
  leave_lane(item);
  ms_relay_change_row(item, false); /* a failure: after a restart it is tried once more */
  ms_relay_item_rest(item, true);
}

/* The target will not have it: to the dead letters, or to those that are kept. */
static void give_up(struct ms_relay_item *item)
{
  struct ms_relay *relay = item->relay;
  if (item->phase != MS_RELAY_TARGET || item->content->texts[MS_RELAY_TEXT_DEAD_LETTER].data == NULL) {
    keep_undeliverable(item);
    return;
  }
  item->phase = MS_RELAY_DEAD_LETTER;
  item->target_attempts = item->attempts;
  item->attempts = 0;
  ms_relay_change_row(item, false);
  ms_relay_make_due(item, MS_RELAY_DUE, ms_loop_now_ms(relay->env->loop));
}

/* The name a bus has for it. */
static const char *error_name(int code)
{
  switch (code) {
  case MSTEP_ENOTFOUND:
    return "NO_RESOURCE";
  case MSTEP_ESTATE:
    return "NO_PERMISSIONS";
  case MSTEP_EINVALID:
  case MSTEP_ETOOBIG:
  case MSTEP_EUNSUPPORTED:
    return "INVALID_PARAMETER";
  case MSTEP_ESYNTAX:
    return "INVALID_JSON";
  case MSTEP_ETIMEOUT:
    return "TIMEOUT";
  case MSTEP_EIO:
    return "CONNECTION_FAILURE";
  default:
    return "INTERNAL_ERROR";
  }
}

static void on_failed(struct ms_relay_item *item, int code, bool is_final, const char *detail)
{
  int64_t now_ms = ms_loop_now_ms(item->relay->env->loop);
  item->relay->failed++;
  bool is_target = item->phase == MS_RELAY_TARGET;
  uint32_t retries = is_target ? item->content->policy.retries : DEAD_LETTER_RETRIES;
  int64_t delay_ms = ms_relay_item_delay_ms(item, ms_random_next(item->relay->env->random));
  bool is_too_old = is_target && item->content->policy.max_age_ms != 0 &&
                    now_ms + delay_ms - item->created_at_ms > item->content->policy.max_age_ms;
  if (is_target) {
    (void)ms_relay_item_fail(item, error_name(code), detail); /* without memory: without a reason */
  }
  if (!is_final && item->attempts <= retries && !is_too_old) {
    ms_relay_change_row(item,
               false); /* that it failed; if it cannot be written, one try more after a crash */
    ms_relay_make_due(item, MS_RELAY_DUE, now_ms + delay_ms);
    return;
  }
  if (is_target) {
    item->is_too_old = !is_final && item->attempts <= retries;
    item->is_refused = is_final;
  }
  give_up(item);
}

static void on_delivered(int code, bool is_final, const char *detail, void *arg)
{
  struct ms_relay_item *item = arg;
  struct ms_relay *relay = item->relay;
  relay->trying--;
  if (item->state == MS_RELAY_ORPHAN) {
    *item->slot = item->next;
    if (item->next != NULL) {
      item->next->slot = item->slot;
    }
    ms_relay_item_free(item);
    return;
  }
  if (code == 0) {
    relay->delivered++;
    finish(item);
  } else {
    on_failed(item, code, is_final, detail);
  }
  relay->env->touch(relay->env->user);
}

/* ---- trying ---- */

static struct ms_delivery delivery_of(const struct ms_relay_item *item)
{
  const struct ms_str *texts = item->content->texts;
  return (struct ms_delivery){.target = texts[MS_RELAY_TEXT_TARGET],
                              .body = texts[MS_RELAY_TEXT_BODY],
                              .attributes = texts[MS_RELAY_TEXT_ATTRIBUTES],
                              .group = texts[MS_RELAY_TEXT_GROUP],
                              .deduplication = texts[MS_RELAY_TEXT_DEDUPLICATION],
                              .source = texts[MS_RELAY_TEXT_SOURCE],
                              .detail_type = texts[MS_RELAY_TEXT_DETAIL_TYPE],
                              .reason = texts[MS_RELAY_TEXT_REASON],
                              .headers = texts[MS_RELAY_TEXT_HEADERS],
                              .lineage = texts[MS_RELAY_TEXT_LINEAGE]};
}

static void try_item(struct ms_relay_item *item)
{
  struct ms_relay *relay = item->relay;
  const struct ms_driver_env *env = relay->env;
  struct ms_delivery delivery = delivery_of(item);
  struct ms_buf facts, body;
  ms_buf_init(&facts, 0);
  ms_buf_init(&body, 0);
  if (item->phase == MS_RELAY_DEAD_LETTER) {
    ms_relay_item_facts(&facts, item);
    delivery.target = item->content->texts[MS_RELAY_TEXT_DEAD_LETTER];
    delivery.attributes = facts.len > 0 ? ms_buf_view(&facts) : delivery.attributes;
  }
  item->state = MS_RELAY_TRYING;
  item->attempts += item->attempts < UINT32_MAX;
  relay->trying++;
  if (relay->range == MS_RELAY_SCHEDULES) {
    ms_relay_item_body(&body, item);
    delivery.body = ms_buf_view(&body);
  }
  int err = facts.error != 0 ? facts.error : body.error;
  err = err != 0 ? err : env->deliver(&delivery, on_delivered, item, env->user);
  ms_buf_deinit(&facts);
  ms_buf_deinit(&body);
  if (err == MSTEP_ENOMEM) {
    relay->trying--;
    item->attempts--;
    ms_relay_make_due(item, MS_RELAY_DUE, ms_loop_now_ms(env->loop) + AFTER_TROUBLE_MS);
  } else if (err != 0) {
    relay->trying--;
    on_failed(item, err, err != MSTEP_EIO && err != MSTEP_ETOOBIG, ms_error_detail());
  }
}

/* Its time has come. */
static void turn(struct ms_relay_item *item)
{
  struct ms_relay *relay = item->relay;
  if (item->state == MS_RELAY_DONE) {
    finish(item);
  } else if (ms_relay_item_fill(item) != 0) {
    if (relay->env->log != NULL) {
      relay->env->log(0, "messaging", ms_error_detail(), relay->env->user);
    }
    ms_relay_make_due(item, MS_RELAY_DUE, ms_loop_now_ms(relay->env->loop) + AFTER_TROUBLE_MS);
  } else if (item->is_refused && item->phase == MS_RELAY_TARGET) {
    give_up(item); /* it cannot even be tried */
  } else {
    try_item(item);
  }
}

void ms_relay_on_timer(struct ms_relay *relay, int64_t now_ms)
{
  struct ms_heap_node *node;
  if (relay->ask_again_ms != 0 && relay->ask_again_ms <= now_ms) {
    relay->ask_again_ms = 0;
    ms_relay_commit(relay);
  }
  uint64_t order = relay->order; /* what becomes due again meanwhile waits for the next turn */
  while (relay->is_resumed && relay->trying < TRYING_MAX &&
         (node = ms_heap_peek(&relay->heap, NULL)) != NULL && node->order < order &&
         ms_heap_take_due(&relay->heap, now_ms) != NULL) {
    turn((struct ms_relay_item *)(void *)((char *)node - offsetof(struct ms_relay_item, node)));
  }
}

/* The figures of a relay, by its range. */
static const struct {
  enum ms_metric delivered, failed, waiting, undeliverable;
} figures[] = {
    [MS_RELAY_BUSES] = {MS_METRIC_BUS_DELIVERED, MS_METRIC_BUS_FAILED, MS_METRIC_BUS_WAITING,
                        MS_METRIC_BUS_KEPT},
    [MS_RELAY_TOPICS] = {MS_METRIC_TOPIC_DELIVERED, MS_METRIC_TOPIC_FAILED,
                         MS_METRIC_TOPIC_WAITING, MS_METRIC_TOPIC_KEPT},
    [MS_RELAY_SCHEDULES] = {MS_METRIC_SCHEDULE_DELIVERED, MS_METRIC_SCHEDULE_FAILED,
                            MS_METRIC_SCHEDULE_WAITING, MS_METRIC_SCHEDULE_KEPT},
    [MS_RELAY_FOLDERS] = {MS_METRIC_FOLDER_DELIVERED, MS_METRIC_FOLDER_FAILED,
                          MS_METRIC_FOLDER_WAITING, MS_METRIC_FOLDER_KEPT},
};

void ms_relay_collect(const struct ms_relay *relay, struct ms_metrics *metrics)
{
  ms_metrics_set(metrics, figures[relay->range].delivered, relay->delivered);
  ms_metrics_set(metrics, figures[relay->range].failed, relay->failed);
  ms_metrics_set(metrics, figures[relay->range].waiting, relay->count - relay->kept);
  ms_metrics_set(metrics, figures[relay->range].undeliverable, relay->kept);
}

int64_t ms_relay_next_due_ms(const struct ms_relay *relay)
{
  int64_t due_at_ms = 0;
  if (!relay->is_resumed || relay->trying >= TRYING_MAX ||
      ms_heap_peek(&relay->heap, &due_at_ms) == NULL) {
    due_at_ms = 0;
  }
  return relay->ask_again_ms != 0 && (due_at_ms == 0 || relay->ask_again_ms < due_at_ms)
             ? relay->ask_again_ms
             : due_at_ms;
}

/* ---- in ---- */

static void settle_fresh(struct ms_relay *relay, enum ms_relay_state from)
{
  int64_t now_ms = ms_loop_now_ms(relay->env->loop);
  for (struct ms_relay_item *item = relay->unsettled, *next; item != NULL; item = next) {
    next = item->next;
    if (item->state == from) {
      item->is_stored = true;
      ms_relay_make_due(item, MS_RELAY_DUE, now_ms);
    }
  }
  while (relay->unsettled != NULL && relay->unsettled->state != MS_RELAY_STAGED &&
         relay->unsettled->state != MS_RELAY_FRESH && relay->unsettled->state != MS_RELAY_ASKED) {
    relay->unsettled = relay->unsettled->next;
  }
}

static void on_durable(int code, void *arg)
{
  struct ms_relay *relay = arg;
  relay->is_asked = false;
  if (code == 0) {
    settle_fresh(relay, MS_RELAY_ASKED);
    ms_relay_commit(relay);
    relay->env->touch(relay->env->user);
  } /* else everything is loaded again */
}

void ms_relay_commit(struct ms_relay *relay)
{
  const struct ms_ledger *ledger = &relay->env->ledger;
  for (struct ms_relay_item *item = relay->unsettled; item != NULL; item = item->next) {
    if (item->state == MS_RELAY_STAGED) {
      item->state = MS_RELAY_FRESH;
      relay->fresh++;
    }
  }
  if (relay->fresh == 0 || relay->is_asked || relay->ask_again_ms != 0) {
    return;
  }
  if (ledger->when_durable(on_durable, relay, ledger->user) != 0) {
    relay->ask_again_ms = ms_loop_now_ms(relay->env->loop) + AFTER_TROUBLE_MS;
    relay->env->touch(relay->env->user);
    return;
  }
  relay->is_asked = true;
  relay->fresh = 0;
  for (struct ms_relay_item *item = relay->unsettled; item != NULL; item = item->next) {
    if (item->state == MS_RELAY_FRESH) {
      item->state = MS_RELAY_ASKED;
    }
  }
}

void ms_relay_rollback(struct ms_relay *relay)
{
  for (struct ms_relay_item *item = relay->unsettled, *next; item != NULL; item = next) {
    next = item->next;
    if (item->state == MS_RELAY_STAGED) {
      ms_relay_drop_item(item);
    }
  }
}

int ms_relay_add(struct ms_relay *relay, struct ms_batch *batch, const struct ms_relay_entry *entry)
{
  struct ms_relay_item *item;
  int err = ms_relay_item_new(&item, relay, entry);
  if (err != 0) {
    return err;
  }
  item->id = ++relay->last_id;
  item->created_at_ms = ms_loop_now_ms(relay->env->loop);
  if (entry->error != NULL) {
    item->is_refused = true;
    err = ms_relay_item_fail(item, entry->error, entry->error_text);
  }
  item->state = MS_RELAY_STAGED;
  err = err != 0 ? err : ms_relay_lane_join(&relay->lanes, item);
  if (err != 0) {
    ms_relay_item_free(item);
    return err;
  }
  link_item(relay, item);
  if (batch != NULL) {
    put_row(item, batch);
  }
  return MSTEP_OK;
}

/* ---- life ---- */

int ms_relay_new(struct ms_relay **out, const struct ms_driver_env *env, enum ms_relay_range range)
{
  struct ms_relay *relay = ms_calloc(1, sizeof *relay);
  if (relay == NULL) {
    return ms_error_nomem();
  }
  relay->env = env;
  relay->range = range;
  relay->last_id = (uint64_t)range << MS_RELAY_RANGE_SHIFT;
  relay->resident_max = MS_RELAY_RESIDENT_BYTES;
  relay->last = &relay->first;
  ms_heap_init(&relay->heap);
  ms_map_init(&relay->lanes, ms_hash_process_seed());
  *out = relay;
  return MSTEP_OK;
}

/* Those that are being tried wait for their callback; the rest goes. */
static void drop_all(struct ms_relay *relay)
{
  relay->is_dropping = true;
  for (struct ms_relay_item *item = relay->first, *next; item != NULL; item = next) {
    next = item->next;
    if (item->state != MS_RELAY_TRYING) {
      ms_relay_drop_item(item);
      continue;
    }
    unlink_item(item);
    item->state = MS_RELAY_ORPHAN;
    item->next = relay->orphans;
    item->slot = &relay->orphans;
    if (item->next != NULL) {
      item->next->slot = &item->next;
    }
    relay->orphans = item;
  }
  relay->is_dropping = false;
  relay->is_asked = false;
  relay->ask_again_ms = 0;
  relay->is_resumed = false;
}

void ms_relay_free(struct ms_relay *relay)
{
  void *lane;
  if (relay == NULL) {
    return;
  }
  drop_all(relay);
  for (struct ms_relay_item *item = relay->orphans, *next; item != NULL; item = next) {
    next = item->next;
    ms_relay_item_free(item);
  }
  ms_heap_deinit(&relay->heap);
  for (size_t pos = 0; ms_map_next(&relay->lanes, &pos, &(struct ms_str){NULL, 0}, &lane);) {
    ms_free(lane);
  }
  ms_map_deinit(&relay->lanes);
  ms_free(relay);
}

static int read_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_relay *relay = user;
  struct ms_relay_item *item;
  int err = ms_relay_item_read(&item, relay, value);
  if (err != 0) {
    return err;
  }
  item->id = ms_store_number(key);
  relay->last_id = item->id > relay->last_id ? item->id : relay->last_id;
  item->state = item->phase == MS_RELAY_UNDELIVERABLE ? MS_RELAY_KEPT : MS_RELAY_ASKED;
  if (item->state != MS_RELAY_KEPT) {
    err = ms_relay_lane_join(&relay->lanes, item);
    if (err != 0) {
      ms_relay_item_free(item);
      return err;
    }
  }
  item->is_stored = true;
  relay->kept += item->state == MS_RELAY_KEPT;
  link_item(relay, item);
  ms_relay_item_rest(item, item->state == MS_RELAY_KEPT);
  return MSTEP_OK;
}

int ms_relay_load(struct ms_relay *relay)
{
  char from[MS_STORE_NUMBER_SIZE], to[MS_STORE_NUMBER_SIZE];
  struct ms_store *reader = relay->env->ledger.reader;
  if (reader == NULL) {
    return MSTEP_OK;
  }
  drop_all(relay);
  const struct ms_scan scan = {.table = MS_TABLE_EVENT,
                               .from = ms_store_key(from, (uint64_t)relay->range << MS_RELAY_RANGE_SHIFT),
                               .to = ms_store_key(to, ((uint64_t)relay->range + 1) << MS_RELAY_RANGE_SHIFT)};
  return ms_store_scan(reader, &scan, read_row, relay);
}

void ms_relay_resume(struct ms_relay *relay)
{
  relay->is_resumed = true;
  if (!relay->is_asked) {
    settle_fresh(relay, MS_RELAY_ASKED);
  }
  relay->env->touch(relay->env->user);
}

bool ms_relay_is_busy(const struct ms_relay *relay)
{
  return relay->count > relay->kept;
}

size_t ms_relay_count(const struct ms_relay *relay)
{
  return relay->count - relay->kept;
}

void ms_relay_set_resident_max(struct ms_relay *relay, size_t bytes)
{
  relay->resident_max = bytes;
}
