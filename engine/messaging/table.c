/* The driver of tables: which there are, what is read from the store, what is due. */
#include "messaging/table.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_internal.h"
#include "metrics/metrics.h"

struct ms_str ms_table_text(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

int ms_table_invalid(struct ms_queue_refusal *why, const char *format, ...)
{
  char text[sizeof why->text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return ms_refuse(why, "ValidationException", "%s", text);
}

/* ---- which table ---- */

struct ms_item_table *ms_table_named(struct ms_tables *tables, struct ms_str name)
{
  struct ms_item_table *table = tables->first;
  while (table != NULL && !ms_str_eq(table->shape.name, name)) {
    table = table->next;
  }
  return table;
}

struct ms_item_table *ms_table_by_arn(struct ms_tables *tables, struct ms_str arn)
{
  struct ms_item_table *table = tables->first;
  while (table != NULL && !ms_str_eq(table->shape.arn, arn)) {
    table = table->next;
  }
  return table;
}

static bool is_name(struct ms_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
          c == '.' || c == '-')) {
      return false;
    }
  }
  return true;
}

struct ms_item_table *ms_table_asked(struct ms_tables *tables, struct ms_json request,
                                     struct ms_queue_refusal *why)
{
  struct ms_str name = ms_table_text(request, "TableName");
  bool is_arn = ms_str_has_prefix(name, "arn:");
  struct ms_item_table *table =
      is_arn ? ms_table_by_arn(tables, name) : ms_table_named(tables, name);
  if (table != NULL) {
    return table;
  }
  if (!is_arn && !is_name(name)) {
    ms_table_invalid(why,
                     "1 validation error detected: Value '%.*s' at 'tableName' failed to satisfy "
                     "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
                     name.len > 255 ? 255 : (int)name.len, name.data);
  } else if (name.len < 3) {
    ms_table_invalid(why, name.len == 0
                              ? "1 validation error detected: Value null at 'tableName' failed to "
                                "satisfy constraint: Member must not be null"
                              : "TableName must be at least 3 characters long and at most 255 "
                                "characters long");
  } else {
    ms_refuse(why, "ResourceNotFoundException", "Requested resource not found");
  }
  return NULL;
}

/* ---- life of a table ---- */

int ms_table_new(struct ms_item_table **out, struct ms_tables *tables, struct ms_json row)
{
  struct ms_item_table *table = ms_calloc(1, sizeof *table);
  int64_t id = 0;
  int err = table == NULL ? ms_error_nomem() : ms_table_shape_read(&table->shape, row);
  if (err == 0 && (!ms_json_to_int(&id, ms_json_getc(row, "Id")) || id <= 0 || id > INT32_MAX)) {
    err = ms_error(MSTEP_EIO, "a table's row is damaged");
  }
  if (err != 0) {
    ms_json_unref(row);
    ms_free(table);
    return err;
  }
  table->tables = tables;
  table->id = (uint32_t)id;
  *out = table;
  return MSTEP_OK;
}

void ms_table_free(struct ms_item_table *table)
{
  if (table != NULL) {
    ms_json_unref(table->shape.row);
    ms_free(table);
  }
}

void ms_table_link(struct ms_tables *tables, struct ms_item_table *table)
{
  struct ms_item_table **slot = &tables->first;
  while (*slot != NULL && ms_str_cmp((*slot)->shape.name, table->shape.name) < 0) {
    slot = &(*slot)->next;
  }
  table->next = *slot;
  *slot = table;
}

void ms_table_unlink(struct ms_tables *tables, struct ms_item_table *table)
{
  struct ms_item_table **slot = &tables->first;
  while (*slot != table) {
    slot = &(*slot)->next;
  }
  *slot = table->next;
}

/* ---- the driver ---- */

static void drop_all(struct ms_tables *tables)
{
  for (struct ms_item_table *table = tables->first, *next; table != NULL; table = next) {
    next = table->next;
    ms_table_free(table);
  }
  tables->first = NULL;
  memset(tables->tokens, 0, sizeof tables->tokens); /* what was lost may be asked for again */
  ms_table_streams_free(tables);
  ms_table_rows_clear(&tables->rows);
}

static void close_tables(void *driver)
{
  struct ms_tables *tables = driver;
  if (tables != NULL) {
    drop_all(tables);
    ms_free(tables);
  }
}

static int open_tables(void **driver, const struct ms_driver_env *env)
{
  struct ms_tables *tables = ms_calloc(1, sizeof *tables);
  if (tables == NULL) {
    return ms_error_nomem();
  }
  tables->env = env;
  tables->next_id = tables->next_stream_id = 1;
  ms_table_rows_init(&tables->rows, env);
  tables->rows.on_asked = ms_table_streams_asked;
  tables->rows.on_durable = ms_table_streams_durable;
  tables->rows.user = tables;
  *driver = tables;
  return MSTEP_OK;
}

static int read_counts(struct ms_item_table *table)
{
  struct ms_buf key, value;
  ms_buf_init(&key, 0);
  ms_buf_init(&value, 0);
  ms_table_put_prefix(&key, table, MS_TABLE_PART_COUNT);
  int err = key.error != 0
                ? key.error
                : ms_table_rows_get(&table->tables->rows, MS_TABLE_ITEM, ms_buf_view(&key), &value);
  if (err == 0) {
    struct ms_bytes_reader reader;
    ms_bytes_reader_init(&reader, ms_buf_view(&value));
    table->items = ms_bytes_signed(&reader);
    table->bytes = ms_bytes_signed(&reader);
    err = reader.error;
  }
  ms_buf_deinit(&key);
  ms_buf_deinit(&value);
  return err == MSTEP_ENOTFOUND ? MSTEP_OK : err;
}

static int load_table(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_tables *tables = user;
  struct ms_item_table *table = NULL;
  (void)name;
  int err = ms_table_new(&table, tables, ms_json_ref(row));
  if (err != 0) {
    return err;
  }
  ms_table_link(tables, table);
  tables->next_id = table->id >= tables->next_id ? table->id + 1 : tables->next_id;
  return MSTEP_OK;
}

static int load_tables(void *driver)
{
  struct ms_tables *tables = driver;
  struct ms_store *reader = tables->env->ledger.reader;
  if (reader == NULL) {
    return MSTEP_OK;
  }
  drop_all(tables);
  int err = ms_resource_scan(reader, "table", load_table, tables);
  for (struct ms_item_table *table = tables->first; table != NULL && err == 0;
       table = table->next) {
    err = read_counts(table);
  }
  err = err != 0 ? err : ms_table_streams_load(tables);
  if (err == 0) {
    ms_table_expiry_look(tables);
  }
  return err;
}

static int64_t next_due_ms(void *driver)
{
  const struct ms_tables *tables = driver;
  int64_t expiry_ms = tables->next_expiry_ms, trim_ms = tables->next_trim_ms;
  return expiry_ms == 0 || (trim_ms != 0 && trim_ms < expiry_ms) ? trim_ms : expiry_ms;
}

static void on_timer(void *driver, int64_t now_ms)
{
  struct ms_tables *tables = driver;
  if (tables->next_expiry_ms != 0 && tables->next_expiry_ms <= now_ms) {
    ms_table_expire(tables, now_ms);
  }
  if (tables->next_trim_ms != 0 && tables->next_trim_ms <= now_ms) {
    ms_table_streams_trim(tables, now_ms);
  }
}

static void collect(void *driver, struct ms_metrics *metrics)
{
  const struct ms_tables *tables = driver;
  ms_metrics_set(metrics, MS_METRIC_TABLE_READ, tables->read);
  ms_metrics_set(metrics, MS_METRIC_TABLE_WRITTEN, tables->written);
  ms_metrics_set(metrics, MS_METRIC_TABLE_RECORDS, tables->records);
}

const struct ms_driver_type ms_tables_driver = {
    .name = "tables",
    .open = open_tables,
    .close = close_tables,
    .load = load_tables,
    .next_due_ms = next_due_ms,
    .on_timer = on_timer,
    .collect = collect,
};
