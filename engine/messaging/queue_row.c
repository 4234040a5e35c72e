/*
 * A message as rows of the store. What never changes is one row, the little that does is another,
 * so that a receive does not write the body again:
 *
 *   queue id << 40 | seq * 2        id, times, body, attributes, group ...
 *   queue id << 40 | seq * 2 + 1    receives, times of them, when it becomes visible
 *
 * The row of a deduplication id outlives its message: it stands in the upper half of the queue ids.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"
#include "messaging/queue_internal.h"

#define ROW_VERSION 1

static uint64_t key_of(const struct ms_queue *queue, uint64_t seq, unsigned part)
{
  return (uint64_t)queue->id << 40 | seq * 2 | part;
}

static uint64_t recent_key_of(const struct ms_queue *queue, uint64_t seq)
{
  return (uint64_t)(queue->id | MS_QUEUE_ID_MAX) << 40 | seq * 2;
}

/* ---- what does not change ---- */

void ms_queue_row_print(struct ms_buf *out, const struct ms_queue_row *row)
{
  ms_bytes_put_number(out, ROW_VERSION);
  ms_bytes_put_text(out, ms_str_c(row->id));
  ms_bytes_put_signed(out, row->sent_at_ms);
  ms_bytes_put_signed(out, row->kept_from_ms);
  ms_bytes_put_signed(out, row->visible_at_ms);
  ms_bytes_put_text(out, row->attributes);
  ms_bytes_put_text(out, row->group);
  ms_bytes_put_text(out, row->deduplication);
  ms_bytes_put_text(out, row->trace);
  ms_bytes_put_text(out, row->dead_letter_source);
  ms_bytes_put_text(out, row->body);
}

static struct ms_str text_or_none(struct ms_bytes_reader *reader)
{
  struct ms_str text = ms_bytes_text(reader);
  return text.len == 0 ? (struct ms_str){NULL, 0} : text;
}

int ms_queue_row_read(struct ms_queue_row *out, struct ms_str bytes)
{
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, bytes);
  if (ms_bytes_number(&reader) != ROW_VERSION) {
    return ms_bytes_fail(&reader, "a message of another version");
  }
  struct ms_str id = ms_bytes_text(&reader);
  if (reader.error == 0 && id.len >= sizeof out->id) {
    return ms_bytes_fail(&reader, "a message's id is too long");
  }
  memset(out->id, 0, sizeof out->id);
  if (reader.error == 0 && id.len > 0) {
    memcpy(out->id, id.data, id.len);
  }
  out->sent_at_ms = ms_bytes_signed(&reader);
  out->kept_from_ms = ms_bytes_signed(&reader);
  out->visible_at_ms = ms_bytes_signed(&reader);
  out->attributes = text_or_none(&reader);
  out->group = text_or_none(&reader);
  out->deduplication = text_or_none(&reader);
  out->trace = text_or_none(&reader);
  out->dead_letter_source = text_or_none(&reader);
  out->body = ms_bytes_text(&reader);
  return reader.error;
}

void ms_queue_put_item(struct ms_batch *batch, const struct ms_queue *queue,
                       const struct ms_queue_item *item)
{
  char key[MS_STORE_NUMBER_SIZE];
  ms_batch_put(batch, MS_TABLE_MESSAGE, ms_store_key(key, key_of(queue, item->seq, 0)),
               (struct ms_str){item->data, item->len});
}

/* ---- what does ---- */

void ms_queue_put_state(struct ms_batch *batch, const struct ms_queue *queue,
                        const struct ms_queue_item *item)
{
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_buf value;
  ms_buf_init(&value, 0);
  ms_bytes_put_number(&value, item->receives);
  ms_bytes_put_signed(&value, item->first_received_ms);
  ms_bytes_put_signed(&value, item->received_at_ms);
  ms_bytes_put_signed(&value,
                      item->state == MS_QUEUE_READY ? 0 : ms_queue_item_visible_at_ms(queue, item));
  if (value.error != 0) {
    batch->error = batch->error != 0 ? batch->error : value.error;
  } else {
    ms_batch_put(batch, MS_TABLE_MESSAGE, ms_store_key(key, key_of(queue, item->seq, 1)),
                 ms_buf_view(&value));
  }
  ms_buf_deinit(&value);
}

int ms_queue_read_state(struct ms_queue_item *item, int64_t *visible_at_ms, struct ms_str bytes)
{
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, bytes);
  item->receives = ms_bytes_number32(&reader);
  item->first_received_ms = ms_bytes_signed(&reader);
  item->received_at_ms = ms_bytes_signed(&reader);
  *visible_at_ms = ms_bytes_signed(&reader);
  return reader.error;
}

void ms_queue_remove_rows(struct ms_batch *batch, const struct ms_queue *queue, uint64_t seq)
{
  char key[MS_STORE_NUMBER_SIZE];
  ms_batch_remove(batch, MS_TABLE_MESSAGE, ms_store_key(key, key_of(queue, seq, 0)));
  ms_batch_remove(batch, MS_TABLE_MESSAGE, ms_store_key(key, key_of(queue, seq, 1)));
}

static void remove_range(struct ms_batch *batch, uint64_t from, uint64_t to)
{
  char first[MS_STORE_NUMBER_SIZE], end[MS_STORE_NUMBER_SIZE];
  ms_batch_remove_range(batch, MS_TABLE_MESSAGE, ms_store_key(first, from), ms_store_key(end, to));
}

void ms_queue_remove_all_rows(struct ms_batch *batch, const struct ms_queue *queue,
                              bool has_recents)
{
  remove_range(batch, key_of(queue, 0, 0), key_of(queue, queue->next_seq, 0));
  if (has_recents) {
    remove_range(batch, recent_key_of(queue, 0), recent_key_of(queue, queue->next_seq));
  }
}

/* ---- deduplication ---- */

void ms_queue_put_recent(struct ms_batch *batch, const struct ms_queue *queue,
                         const struct ms_queue_recent *recent)
{
  char key[MS_STORE_NUMBER_SIZE];
  struct ms_buf value;
  ms_buf_init(&value, 0);
  ms_bytes_put_signed(&value, recent->at_ms);
  ms_bytes_put_text(&value, ms_str_c(recent->id));
  ms_bytes_put_text(&value, recent->key);
  if (value.error != 0) {
    batch->error = batch->error != 0 ? batch->error : value.error;
  } else {
    ms_batch_put(batch, MS_TABLE_MESSAGE, ms_store_key(key, recent_key_of(queue, recent->seq)),
                 ms_buf_view(&value));
  }
  ms_buf_deinit(&value);
}

void ms_queue_remove_recent(struct ms_batch *batch, const struct ms_queue *queue, uint64_t seq)
{
  char key[MS_STORE_NUMBER_SIZE];
  ms_batch_remove(batch, MS_TABLE_MESSAGE, ms_store_key(key, recent_key_of(queue, seq)));
}

/* ---- reading one back ---- */

static int copy_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *copy = user;
  (void)key;
  ms_buf_reset(copy);
  ms_buf_str(copy, value);
  return copy->error;
}

int ms_queue_item_row(struct ms_queue_row *out, struct ms_buf *copy, struct ms_queue *queue,
                      const struct ms_queue_item *item)
{
  if (item->data != NULL) {
    return ms_queue_row_read(out, (struct ms_str){item->data, item->len});
  }
  char key[MS_STORE_NUMBER_SIZE];
  int err = ms_store_get(queue->queues->env.ledger.reader, MS_TABLE_MESSAGE,
                         ms_store_key(key, key_of(queue, item->seq, 0)), copy_row, copy);
  return err != 0 ? err : ms_queue_row_read(out, ms_buf_view(copy));
}

/* Twenty digits, as SQS's; they grow, with gaps. */
void ms_queue_print_sequence(char out[24], uint64_t seq)
{
  snprintf(out, 24, "%llu", 10000000000000000000ull + (unsigned long long)seq * 256);
}
