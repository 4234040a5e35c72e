/*
 * Sending: a message is checked, known or not to a FIFO queue's deduplication, put into memory and
 * into the ledger; and messages that go from one queue to another. Bodies of large queues stay in
 * the store alone.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "messaging/lineage.h"
#include "messaging/queue_internal.h"

#define EVICTS_MAX ((size_t)1 << 24)

/* ---- bodies that memory does not keep ---- */

static void ask_for_eviction(struct ms_queues *queues);

static void on_durable(int code, void *arg)
{
  struct ms_queues *queues = arg;
  size_t asked =
      queues->evicts_asked < queues->evicts.count ? queues->evicts_asked : queues->evicts.count;
  queues->evicts_asked = 0;
  if (code != 0) {
    return; /* load drops them all */
  }
  for (size_t i = 0; i < asked; i++) {
    struct ms_queue *queue = ms_queue_by_id(queues, queues->evicts.data[i].queue_id);
    struct ms_queue_item *item =
        queue == NULL ? NULL : ms_queue_item_find(queue, queues->evicts.data[i].seq);
    if (item != NULL && queues->body_bytes > queues->bodies_max) {
      ms_queue_item_forget_body(queue, item);
    }
  }
  queues->evicts.count -= asked;
  if (queues->evicts.count > 0) {
    memmove(queues->evicts.data, queues->evicts.data + asked,
            queues->evicts.count * sizeof *queues->evicts.data);
    ask_for_eviction(queues);
  }
}

static void ask_for_eviction(struct ms_queues *queues)
{
  const struct ms_ledger *ledger = &queues->env.ledger;
  if (queues->evicts_asked == 0 && ledger->when_durable(on_durable, queues, ledger->user) == 0) {
    queues->evicts_asked = queues->evicts.count;
  }
}

/* The newest go: what was sent first is received first. */
void ms_queue_note_body(struct ms_queue *queue, const struct ms_queue_item *item)
{
  struct ms_queues *queues = queue->queues;
  if (queues->env.ledger.reader == NULL || queues->body_bytes <= queues->bodies_max ||
      MS_VEC_RESERVE(&queues->evicts, EVICTS_MAX, 1) != 0) {
    return;
  }
  queues->evicts.data[queues->evicts.count++] = (struct ms_queue_evict){queue->id, item->seq};
  ask_for_eviction(queues);
}

/* ---- what a sender is told ---- */

static int md5_of(char out[33], struct ms_str text)
{
  char hex[MS_DIGEST_HEX_SIZE];
  int err = ms_digest_hex(hex, MS_STR("MD5"), text);
  if (err == 0) {
    memcpy(out, hex, 33);
  }
  return err;
}

static int trace_md5(char out[33], struct ms_str trace)
{
  struct ms_json value = ms_json_object(2), all = ms_json_object(1);
  int err = ms_json_setc(&value, "DataType", ms_json_cstring("String"));
  err = err != 0 ? err : ms_json_setc(&value, "StringValue", ms_json_string(trace));
  err = err != 0 ? err : ms_json_setc(&all, "AWSTraceHeader", ms_json_ref(value));
  err = err != 0 ? err : ms_queue_attributes_md5(out, all);
  ms_json_unref(value);
  ms_json_unref(all);
  return err;
}

static int fill_sent(struct ms_queue_sent *sent, struct ms_queue *queue,
                     const struct ms_queue_message *message)
{
  memset(sent, 0, sizeof *sent);
  ms_random_uuid(queue->queues->env.random, sent->id);
  int err = md5_of(sent->body_md5, message->body);
  err = err != 0 ? err : ms_queue_attributes_md5(sent->attributes_md5, message->attributes);
  return err != 0 || message->trace.data == NULL ? err : trace_md5(sent->trace_md5, message->trace);
}

/* ---- FIFO's deduplication ---- */

/* The id that was given, or the body's hash; before it the group where groups are apart. */
static int deduplication_key(struct ms_buf *key, struct ms_str *id, struct ms_buf *hash,
                             const struct ms_queue *queue, const struct ms_queue_message *message)
{
  char hex[MS_DIGEST_HEX_SIZE];
  int err = MSTEP_OK;
  *id = message->deduplication;
  if (id->data == NULL) {
    err = ms_digest_hex(hex, MS_STR("SHA-256"), message->body);
    if (err != 0) {
      return err;
    }
    ms_buf_cstr(hash, hex);
    *id = ms_buf_view(hash);
  }
  if (queue->settings.is_deduplicated_by_group) {
    ms_buf_str(key, message->group);
    ms_buf_char(key, '\0');
  }
  ms_buf_str(key, *id);
  return hash->error != 0 ? hash->error : key->error;
}

/* ---- one message into memory and the ledger ---- */

struct addition {
  struct ms_queue *queue;
  struct ms_queue_item *item;
  struct ms_queue_recent *recent;
  uint64_t next_seq, reserved_seq; /* before it */
};

static void undo(struct addition *addition)
{
  struct ms_queue *queue = addition->queue;
  if (addition->recent != NULL) {
    ms_queue_recent_undo(queue, addition->recent);
  }
  if (addition->item != NULL) {
    ms_queue_item_drop(queue, addition->item);
  }
  queue->next_seq = addition->next_seq;
  queue->reserved_seq = addition->reserved_seq;
}

/* Within a change that has begun. On failure the caller undoes. */
static int add(struct addition *addition, struct ms_batch *batch, const struct ms_queue_row *row,
               struct ms_str deduplication_key, int64_t now_ms)
{
  struct ms_queue *queue = addition->queue;
  struct ms_buf bytes;
  uint64_t seq;
  addition->next_seq = queue->next_seq;
  addition->reserved_seq = queue->reserved_seq;
  int err = ms_queue_take_seq(&seq, batch, queue);
  if (err != 0) {
    return err;
  }
  ms_buf_init(&bytes, 0);
  ms_queue_row_print(&bytes, row);
  size_t len;
  char *data = ms_buf_take(&bytes, &len);
  ms_buf_deinit(&bytes);
  addition->item =
      data == NULL ? NULL : ms_queue_item_add(queue, seq, data, len, row, row->visible_at_ms);
  if (addition->item == NULL) {
    ms_free(data);
    return ms_error_nomem();
  }
  if (deduplication_key.data != NULL) {
    addition->recent = ms_queue_recent_add(queue, deduplication_key, row->id, seq, now_ms);
    if (addition->recent == NULL) {
      return ms_error_nomem();
    }
  }
  if (batch != NULL) {
    ms_queue_put_item(batch, queue, addition->item);
    if (addition->recent != NULL) {
      ms_queue_put_recent(batch, queue, addition->recent);
    }
  }
  return MSTEP_OK;
}

/* An error inside of a change: it has to end, and to fail. */
static int end_with(struct ms_queue *queue, struct ms_batch *batch, int err)
{
  if (err != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : err;
  }
  int end = ms_queue_end(queue);
  return err != 0 ? err : end;
}

static int send_new(struct ms_queue *queue, const struct ms_queue_message *message,
                    struct ms_queue_sent *sent, struct ms_str id, struct ms_str key)
{
  int64_t now_ms = ms_queue_now_ms(queue->queues);
  int64_t delay_s =
      message->delay_s < 0 || queue->settings.is_fifo ? queue->settings.delay_s : message->delay_s;
  struct addition addition = {.queue = queue};
  struct ms_queue_row row = {.sent_at_ms = now_ms,
                             .kept_from_ms = now_ms,
                             .visible_at_ms = delay_s > 0 ? now_ms + delay_s * 1000 : 0,
                             .body = message->body,
                             .group = message->group,
                             .deduplication = id,
                             .trace = message->trace};
  struct ms_batch *batch;
  struct ms_buf attributes;
  ms_buf_init(&attributes, 0);
  if (ms_json_count(message->attributes) > 0) {
    ms_json_print(&attributes, message->attributes);
    row.attributes = ms_buf_view(&attributes);
  }
  memcpy(row.id, sent->id, sizeof row.id);
  int err = attributes.error != 0 ? attributes.error : ms_queue_begin(&batch, queue);
  if (err == 0) {
    err = end_with(queue, batch, add(&addition, batch, &row, key, now_ms));
    if (err != 0) {
      undo(&addition);
    }
  }
  ms_buf_deinit(&attributes);
  if (err == 0 && queue->settings.is_fifo) {
    ms_queue_print_sequence(sent->sequence, addition.item->seq);
  }
  if (err == 0) {
    queue->queues->counts.sent++;
    ms_queue_note_body(queue, addition.item);
  }
  return err;
}

static int send_fifo(struct ms_queue *queue, const struct ms_queue_message *message,
                     struct ms_queue_sent *sent)
{
  struct ms_buf key, hash;
  struct ms_str id;
  ms_buf_init(&key, 0);
  ms_buf_init(&hash, 0);
  int err = deduplication_key(&key, &id, &hash, queue, message);
  const struct ms_queue_recent *recent =
      err != 0 ? NULL
               : ms_queue_recent_find(queue, ms_buf_view(&key), ms_queue_now_ms(queue->queues));
  if (recent != NULL) {
    memcpy(sent->id, recent->id, sizeof sent->id);
    ms_queue_print_sequence(sent->sequence, recent->seq);
  } else if (err == 0) {
    err = send_new(queue, message, sent, id, ms_buf_view(&key));
  }
  ms_buf_deinit(&key);
  ms_buf_deinit(&hash);
  return err;
}

static int send_now(struct ms_queue *queue, const struct ms_queue_message *message,
                    struct ms_queue_sent *sent, struct ms_queue_refusal *why, ms_durable_cb durable,
                    void *arg)
{
  struct ms_queue_sent local;
  static const struct ms_str none;
  if (why != NULL) {
    why->name = NULL;
  }
  ms_queue_refresh(queue);
  int err = ms_queue_message_check(queue, message, why);
  err = err != 0 ? err : fill_sent(&local, queue, message);
  if (err == 0) {
    err = queue->settings.is_fifo ? send_fifo(queue, message, &local)
                                  : send_new(queue, message, &local, none, none);
  }
  if (err != 0) {
    return err;
  }
  if (sent != NULL) {
    *sent = local;
  }
  ms_queue_serve(queue);
  ms_queue_touch(queue);
  return ms_queue_when_durable(queue, durable, arg);
}

void ms_queues_set_lineage(struct ms_queues *queues, struct ms_str lineage)
{
  queues->lineage = lineage;
}

int ms_queue_send(struct ms_queue *queue, const struct ms_queue_message *message,
                  struct ms_queue_sent *sent, struct ms_queue_refusal *why, ms_durable_cb durable,
                  void *arg)
{
  struct ms_queues *queues = queue->queues;
  if (message->trace.data != NULL || queues->lineage.len == 0) {
    return send_now(queue, message, sent, why, durable, arg);
  }
  struct ms_queue_message traced = *message;
  struct ms_buf trace;
  ms_buf_init(&trace, 0);
  int err = ms_lineage_print_header(&trace, queues->lineage, queues->env.random);
  if (trace.len > 0) {
    traced.trace = ms_buf_view(&trace);
  }
  err = err != 0 ? err : send_now(queue, &traced, sent, why, durable, arg);
  ms_buf_deinit(&trace);
  return err;
}

/* ---- from one queue to another ---- */

/* To a dead letter queue as it is; back from there as a new message. */
static void transfer_row(struct ms_queue_row *row, const struct ms_queue *to,
                         const struct ms_queue *from, const struct ms_queue_item *item,
                         bool is_redrive)
{
  int64_t now_ms = ms_queue_now_ms(to->queues);
  row->visible_at_ms = 0;
  row->kept_from_ms =
      to->settings.is_fifo || is_redrive ? now_ms : ms_queue_item_kept_from_ms(from, item);
  row->dead_letter_source = is_redrive ? (struct ms_str){NULL, 0} : ms_str_c(from->arn);
  if (is_redrive) {
    row->sent_at_ms = now_ms;
    ms_random_uuid(to->queues->env.random, row->id);
  }
}

int ms_queue_transfer(struct ms_queue *to, struct ms_queue *from, struct ms_queue_item *item,
                      bool is_redrive)
{
  static const struct ms_str none;
  struct addition addition = {.queue = to};
  struct ms_queue_row row;
  struct ms_buf copy;
  struct ms_batch *batch;
  ms_buf_init(&copy, 0);
  int err = ms_queue_item_row(&row, &copy, from, item);
  err = err != 0 ? err : ms_queue_begin(&batch, to);
  if (err == 0) {
    transfer_row(&row, to, from, item, is_redrive);
    err = add(&addition, batch, &row, none, 0);
    if (err == 0 && batch != NULL) {
      ms_queue_remove_rows(batch, from, item->seq);
    }
    err = end_with(to, batch, err);
    if (err != 0) {
      undo(&addition);
    }
  }
  ms_buf_deinit(&copy);
  if (err == 0) {
    to->queues->counts.dead_lettered += !is_redrive;
    ms_queue_item_drop(from, item);
    ms_queue_note_body(to, addition.item);
    ms_queue_touch(to);
  }
  return err;
}
