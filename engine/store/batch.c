/* Batches: an array of operations, and the bytes they speak of in one buffer. */
#include "store/batch.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "store/store.h"

void ms_batch_init(struct ms_batch *batch)
{
  *batch = (struct ms_batch){0};
  ms_buf_init(&batch->records, MS_BATCH_BYTES_MAX);
  ms_buf_init(&batch->bytes, MS_BATCH_BYTES_MAX);
}

void ms_batch_deinit(struct ms_batch *batch)
{
  ms_buf_deinit(&batch->records);
  ms_buf_deinit(&batch->bytes);
  ms_free(batch->ops.data);
  ms_free(batch->fences.data);
  ms_batch_init(batch);
}

void ms_batch_reset(struct ms_batch *batch)
{
  ms_buf_reset(&batch->records);
  ms_buf_reset(&batch->bytes);
  batch->ops.count = 0;
  batch->fences.count = 0;
  batch->has_durability = false;
  batch->error = 0;
}

static void cut(struct ms_buf *buf, size_t len)
{
  assert(len <= buf->len);
  buf->len = len;
  buf->error = 0;
  if (buf->data != NULL) {
    buf->data[len] = '\0';
  }
}

struct ms_batch_mark ms_batch_mark(const struct ms_batch *batch)
{
  assert(ms_batch_error(batch) == 0);
  return (struct ms_batch_mark){batch->records.len, batch->bytes.len, batch->ops.count,
                                batch->fences.count};
}

void ms_batch_back(struct ms_batch *batch, struct ms_batch_mark mark)
{
  assert(mark.op_count <= batch->ops.count && mark.fence_count <= batch->fences.count);
  cut(&batch->records, mark.records_len);
  cut(&batch->bytes, mark.bytes_len);
  batch->ops.count = mark.op_count;
  batch->fences.count = mark.fence_count;
  batch->error = 0;
}

size_t ms_batch_size(const struct ms_batch *batch)
{
  return batch->records.len + batch->bytes.len;
}

int ms_batch_error(const struct ms_batch *batch)
{
  if (batch->error != 0) {
    return batch->error;
  }
  return batch->records.error != 0 ? batch->records.error : batch->bytes.error;
}

/* True when it fits; otherwise the batch has failed. */
static bool check_key(struct ms_batch *batch, unsigned table, struct ms_str key, bool is_bound)
{
  if (table >= MS_TABLE_COUNT) {
    batch->error = ms_error(MSTEP_EINVALID, "there is no table %u", table);
  } else if (is_bound && key.len == 0) {
    return true;
  } else if (ms_table_is_number(table)) {
    if (key.len != MS_STORE_NUMBER_SIZE || (!is_bound && (key.data[0] & 0x80) != 0)) {
      batch->error =
          ms_error(MSTEP_EINVALID, "a key of table %s is a number of eight bytes below 2^63",
                   ms_table_name(table));
    }
  } else if (key.len > MS_STORE_KEY_MAX) {
    batch->error =
        ms_error(MSTEP_ETOOBIG, "a key of table %s has %zu bytes; at most %u are allowed",
                 ms_table_name(table), key.len, MS_STORE_KEY_MAX);
  }
  return batch->error == 0;
}

static void add_op(struct ms_batch *batch, enum ms_batch_op_type type, unsigned table,
                   struct ms_str key, struct ms_str value)
{
  struct ms_batch_op op = {type, table, batch->bytes.len, key.len, 0, value.len};
  op.value_at = op.key_at + key.len;
  ms_buf_str(&batch->bytes, key);
  ms_buf_str(&batch->bytes, value);
  if (batch->bytes.error != 0) {
    return;
  }
  batch->error = MS_VEC_RESERVE(&batch->ops, MS_BATCH_OPS_MAX, 1);
  if (batch->error == 0) {
    batch->ops.data[batch->ops.count++] = op;
  }
}

void ms_batch_put(struct ms_batch *batch, unsigned table, struct ms_str key, struct ms_str value)
{
  if (ms_batch_error(batch) != 0 || !check_key(batch, table, key, false)) {
    return;
  }
  if (table == MS_TABLE_JOURNAL) {
    batch->error = ms_error(MSTEP_EINVALID, "the journal is written by records, not by put");
    return;
  }
  add_op(batch, MS_BATCH_PUT, table, key, value);
}

void ms_batch_remove(struct ms_batch *batch, unsigned table, struct ms_str key)
{
  if (ms_batch_error(batch) != 0 || !check_key(batch, table, key, false)) {
    return;
  }
  if (table == MS_TABLE_JOURNAL) {
    batch->error = ms_error(MSTEP_EINVALID, "the journal is cut at its head, not in its middle");
    return;
  }
  add_op(batch, MS_BATCH_REMOVE, table, key, (struct ms_str){NULL, 0});
}

void ms_batch_remove_range(struct ms_batch *batch, unsigned table, struct ms_str from,
                           struct ms_str to)
{
  if (ms_batch_error(batch) != 0 || !check_key(batch, table, from, true) ||
      !check_key(batch, table, to, true)) {
    return;
  }
  if (table == MS_TABLE_JOURNAL && from.len > 0) {
    batch->error = ms_error(MSTEP_EINVALID, "the journal is cut at its head, not in its middle");
    return;
  }
  add_op(batch, MS_BATCH_REMOVE_RANGE, table, from, to);
}

void ms_batch_fence(struct ms_batch *batch, unsigned shard, uint64_t fence)
{
  if (ms_batch_error(batch) != 0) {
    return;
  }
  batch->error = MS_VEC_RESERVE(&batch->fences, MS_BATCH_FENCES_MAX, 1);
  if (batch->error == 0) {
    batch->fences.data[batch->fences.count++] = (struct ms_batch_fence){shard, fence};
  }
}

void ms_batch_need(struct ms_batch *batch, enum ms_durability durability)
{
  assert(durability <= MS_DURABILITY_NONE);
  if (!batch->has_durability || durability < batch->durability) { /* the stronger is the smaller */
    batch->durability = durability;
    batch->has_durability = true;
  }
}

struct ms_str ms_batch_key(const struct ms_batch *batch, const struct ms_batch_op *op)
{
  assert(op->key_at + op->key_len <= batch->bytes.len);
  return (struct ms_str){batch->bytes.data + op->key_at, op->key_len};
}

struct ms_str ms_batch_value(const struct ms_batch *batch, const struct ms_batch_op *op)
{
  assert(op->value_at + op->value_len <= batch->bytes.len);
  return (struct ms_str){batch->bytes.data + op->value_at, op->value_len};
}
