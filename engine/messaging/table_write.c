/*
 * One item replaced by another, with all that hangs on it: rows of indexes, expiry, counts, a
 * record of the stream.
 */
#include "base/bytes.h"
#include "base/error.h"
#include "messaging/table_internal.h"

/* ---- reading ---- */

int ms_table_row_parse(struct ms_json *item, struct ms_str text)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  int err = ms_json_parse(item, text, &limits, NULL);
  return err == 0 || err == MSTEP_ENOMEM ? err : ms_error(MSTEP_EIO, "an item's row is damaged");
}

int ms_table_read(struct ms_json *item, const struct ms_item_table *table, struct ms_json key)
{
  struct ms_buf row_key, text;
  ms_buf_init(&row_key, 0);
  ms_buf_init(&text, 0);
  ms_table_put_key(&row_key, table, key);
  *item = MS_JSON_VALUE_NONE;
  int err = row_key.error != 0 ? row_key.error
                               : ms_table_rows_get(&table->tables->rows, MS_TABLE_ITEM,
                                                   ms_buf_view(&row_key), &text);
  if (err == 0) {
    err = ms_table_row_parse(item, ms_buf_view(&text));
  }
  ms_buf_deinit(&row_key);
  ms_buf_deinit(&text);
  return err == MSTEP_ENOTFOUND ? MSTEP_OK : err;
}

/* ---- counts ---- */

void ms_table_before(struct ms_table_before *out, struct ms_item_table *table)
{
  *out = (struct ms_table_before){.table = table,
                                  .items = table->items,
                                  .bytes = table->bytes,
                                  .stream_first = table->stream == NULL ? 0 : table->stream->first,
                                  .stream_end = table->stream == NULL ? 0 : table->stream->end};
}

void ms_table_back(const struct ms_table_before *before)
{
  struct ms_item_table *table = before->table;
  table->items = before->items;
  table->bytes = before->bytes;
  if (table->stream != NULL) {
    table->stream->first = before->stream_first;
    table->stream->end = before->stream_end;
  }
}

static void put_counts(struct ms_table_change *change, const struct ms_item_table *table)
{
  struct ms_buf key, value;
  ms_buf_init(&key, 0);
  ms_buf_init(&value, 0);
  ms_table_put_prefix(&key, table, MS_TABLE_PART_COUNT);
  ms_bytes_put_signed(&value, table->items);
  ms_bytes_put_signed(&value, table->bytes);
  if (key.error != 0 || value.error != 0) {
    change->error = ms_error_nomem();
  } else {
    ms_table_change_put(change, MS_TABLE_ITEM, ms_buf_view(&key), ms_buf_view(&value));
  }
  ms_buf_deinit(&key);
  ms_buf_deinit(&value);
}

/* ---- rows ---- */

static int copy_member(struct ms_json *out, struct ms_json item, struct ms_str name)
{
  struct ms_json value = name.data == NULL ? MS_JSON_VALUE_NONE : ms_json_get(item, name);
  return ms_json_is_none(value) ? MSTEP_OK : ms_json_set(out, name, ms_json_ref(value));
}

int ms_table_project_index(struct ms_json *out, const struct ms_item_table *table,
                           const struct ms_table_index *index, struct ms_json item)
{
  if (index->projection == MS_TABLE_ALL) {
    *out = ms_json_ref(item);
    return MSTEP_OK;
  }
  const struct ms_table_schema *schemas[] = {&table->shape.schema, &index->schema};
  struct ms_json projected = ms_json_object(8);
  int err = ms_json_is_none(projected) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < 2 && err == 0; i++) {
    err = copy_member(&projected, item, schemas[i]->hash.name);
    err = err != 0 ? err : copy_member(&projected, item, schemas[i]->range.name);
  }
  size_t count = index->projection == MS_TABLE_INCLUDE ? ms_json_count(index->included) : 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = copy_member(&projected, item, ms_json_text(ms_json_at(index->included, i)));
  }
  if (err != 0) {
    ms_json_unref(projected);
    return err;
  }
  *out = projected;
  return MSTEP_OK;
}

static void put_json(struct ms_table_change *change, struct ms_str key, struct ms_json value)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, value);
  if (text.error != 0) {
    change->error = text.error;
  } else {
    ms_table_change_put(change, MS_TABLE_ITEM, key, ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
}

/* Local indexes have whole items, since queries may ask for more than what is projected. */
static void put_index_row(struct ms_table_change *change, const struct ms_item_table *table,
                          const struct ms_table_index *index, struct ms_str key,
                          struct ms_json item)
{
  struct ms_json projected = MS_JSON_VALUE_NONE;
  int err = index->is_local ? (projected = ms_json_ref(item), MSTEP_OK)
                            : ms_table_project_index(&projected, table, index, item);
  if (err == 0) {
    put_json(change, key, projected);
  } else {
    change->error = err;
  }
  ms_json_unref(projected);
}

/* A row of the expiry: its value is the key of the item's. */
static void put_expiry_row(struct ms_table_change *change, const struct ms_item_table *table,
                           struct ms_str key, struct ms_json item)
{
  struct ms_tables *tables = table->tables;
  int64_t due_ms = (int64_t)ms_store_number(ms_str_sub(key, 5, 13)) * 1000;
  struct ms_buf row_key;
  ms_buf_init(&row_key, 0);
  ms_table_put_key(&row_key, table, item);
  if (row_key.error != 0) {
    change->error = row_key.error;
  } else {
    ms_table_change_put(change, MS_TABLE_ITEM, key, ms_buf_view(&row_key));
  }
  ms_buf_deinit(&row_key);
  due_ms = due_ms < 1 ? 1 : due_ms;
  if (tables->next_expiry_ms == 0 || due_ms < tables->next_expiry_ms) {
    tables->next_expiry_ms = due_ms;
    tables->env->touch(tables->env->user);
  }
}

/* The key in that part; false: the item has none there. */
static bool part_key(struct ms_buf *out, const struct ms_item_table *table,
                     const struct ms_table_index *index, struct ms_json item)
{
  if (ms_json_is_none(item)) {
    return false;
  }
  return index == NULL ? ms_table_put_expiry_key(out, table, item)
                       : ms_table_put_index_key(out, table, index, item);
}

/* index NULL: the expiry. */
static void write_part(struct ms_table_change *change, const struct ms_item_table *table,
                       const struct ms_table_index *index, struct ms_json old,
                       struct ms_json new_item)
{
  struct ms_buf was, is;
  ms_buf_init(&was, 0);
  ms_buf_init(&is, 0);
  bool had = part_key(&was, table, index, old), has = part_key(&is, table, index, new_item);
  if (was.error != 0 || is.error != 0) {
    change->error = ms_error_nomem();
  } else {
    if (had && !(has && ms_str_eq(ms_buf_view(&was), ms_buf_view(&is)))) {
      ms_table_change_remove(change, MS_TABLE_ITEM, ms_buf_view(&was));
    }
    if (has && index == NULL) {
      put_expiry_row(change, table, ms_buf_view(&is), new_item);
    } else if (has) {
      put_index_row(change, table, index, ms_buf_view(&is), new_item);
    }
  }
  ms_buf_deinit(&was);
  ms_buf_deinit(&is);
}

static void write_item(struct ms_table_change *change, const struct ms_item_table *table,
                       struct ms_json old, struct ms_json new_item)
{
  struct ms_buf key;
  ms_buf_init(&key, 0);
  ms_table_put_key(&key, table, ms_json_is_none(new_item) ? old : new_item);
  if (key.error != 0) {
    change->error = key.error;
  } else if (ms_json_is_none(new_item)) {
    ms_table_change_remove(change, MS_TABLE_ITEM, ms_buf_view(&key));
  } else {
    put_json(change, ms_buf_view(&key), new_item);
  }
  ms_buf_deinit(&key);
}

int ms_table_write(struct ms_table_change *change, struct ms_item_table *table, struct ms_json old,
                   struct ms_json new_item, bool is_expired)
{
  bool had = !ms_json_is_none(old), has = !ms_json_is_none(new_item);
  if ((!had && !has) || (had && has && ms_json_equal(old, new_item))) {
    return MSTEP_OK; /* nothing changes, nobody is told */
  }
  table->items += has - had;
  table->bytes += has ? (int64_t)ms_table_item_size(new_item) : 0;
  table->bytes -= had ? (int64_t)ms_table_item_size(old) : 0;
  write_item(change, table, old, new_item);
  for (size_t i = 0; i < table->shape.index_count; i++) {
    write_part(change, table, &table->shape.indexes[i], old, new_item);
  }
  if (table->shape.expiry.data != NULL) {
    write_part(change, table, NULL, old, new_item);
  }
  put_counts(change, table);
  table->tables->written++;
  if (table->stream != NULL) {
    table->tables->records++;
    ms_table_stream_record(change, table, old, new_item, is_expired);
  }
  return change->error;
}

/* ---- a part that is new ---- */

struct fill {
  struct ms_table_change *change;
  const struct ms_item_table *table;
  const struct ms_table_index *index;
};

static int fill_item(struct ms_str key, struct ms_str row, void *user)
{
  const struct fill *fill = user;
  struct ms_json item = MS_JSON_VALUE_NONE;
  (void)key;
  int err = ms_table_row_parse(&item, row);
  if (err == 0) {
    write_part(fill->change, fill->table, fill->index, MS_JSON_VALUE_NONE, item);
    err = fill->change->error;
  }
  ms_json_unref(item);
  return err;
}

int ms_table_fill(struct ms_table_change *change, const struct ms_item_table *table, unsigned part)
{
  struct fill fill = {.change = change, .table = table};
  struct ms_buf from, to;
  for (size_t i = 0; i < table->shape.index_count; i++) {
    const struct ms_table_index *index = &table->shape.indexes[i];
    fill.index = index->number == part ? index : fill.index;
  }
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  ms_table_put_prefix(&from, table, MS_TABLE_PART_ITEMS);
  ms_table_put_prefix(&to, table, MS_TABLE_PART_ITEMS + 1);
  const struct ms_scan scan = {
      .table = MS_TABLE_ITEM, .from = ms_buf_view(&from), .to = ms_buf_view(&to)};
  int err = from.error != 0 || to.error != 0
                ? ms_error_nomem()
                : ms_table_rows_scan(change->rows, &scan, fill_item, &fill);
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  return err;
}
