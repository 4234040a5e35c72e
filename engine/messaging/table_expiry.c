/*
 * DescribeTimeToLive, UpdateTimeToLive, and items whose time has come. The service takes up to
 * days, here it is the
 * second that the attribute names. Rows in the order of those seconds say which items: see
 * table_key.c.
 */
#include "base/bytes.h"
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_internal.h"

#define AT_ONCE 100                                      /* items that go in one commit */
#define TOO_OLD_MS ((int64_t)5 * 366 * 24 * 3600 * 1000) /* such a time is taken for a mistake */
#define AGAIN_MS 1000                                    /* after a commit that failed */

static void put_second(struct ms_buf *out, const struct ms_item_table *table, int64_t second)
{
  char key[MS_STORE_NUMBER_SIZE];
  ms_table_put_prefix(out, table, MS_TABLE_PART_EXPIRY);
  ms_buf_str(out, ms_store_key(key, second < 0 ? 0 : (uint64_t)second));
}

/* Calls cb for rows from five years ago until end_ms; 0: for all. */
static int scan_rows(struct ms_item_table *table, int64_t now_ms, int64_t end_ms, ms_record_cb cb,
                     void *user)
{
  struct ms_buf from, to;
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  put_second(&from, table, (now_ms - TOO_OLD_MS) / 1000);
  if (end_ms == 0) {
    ms_table_put_prefix(&to, table, MS_TABLE_PART_EXPIRY + 1);
  } else {
    put_second(&to, table, end_ms / 1000 + 1);
  }
  const struct ms_scan scan = {
      .table = MS_TABLE_ITEM, .from = ms_buf_view(&from), .to = ms_buf_view(&to)};
  int err = from.error != 0 || to.error != 0
                ? ms_error_nomem()
                : ms_table_rows_scan(&table->tables->rows, &scan, cb, user);
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  return err;
}

static int take_first(struct ms_str key, struct ms_str row, void *user)
{
  int64_t *next_ms = user, due_ms = (int64_t)ms_store_number(ms_str_sub(key, 5, 13)) * 1000;
  (void)row;
  *next_ms = *next_ms == 0 || due_ms < *next_ms ? due_ms : *next_ms;
  return 1;
}

void ms_table_expiry_look(struct ms_tables *tables)
{
  int64_t now_ms = ms_loop_now_ms(tables->env->loop), next_ms = 0;
  for (struct ms_item_table *table = tables->first; table != NULL; table = table->next) {
    if (table->shape.expiry.data != NULL && scan_rows(table, now_ms, 0, take_first, &next_ms) < 0) {
      next_ms = now_ms + AGAIN_MS;
    }
  }
  tables->next_expiry_ms = next_ms;
}

/* ---- what is due ---- */

/* Keys of items: while rows are gone through, none can be read. */
struct due {
  struct ms_buf keys;
  size_t count;
};

static int take_due(struct ms_str key, struct ms_str row_key, void *user)
{
  struct due *due = user;
  (void)key;
  if (due->count == AT_ONCE) {
    return 1;
  }
  ms_bytes_put_text(&due->keys, row_key);
  due->count++;
  return due->keys.error;
}

static int expire_item(struct ms_table_change *change, struct ms_item_table *table,
                       struct ms_str row_key)
{
  struct ms_buf text;
  struct ms_json item = MS_JSON_VALUE_NONE;
  ms_buf_init(&text, 0);
  int err = ms_table_rows_get(&table->tables->rows, MS_TABLE_ITEM, row_key, &text);
  err = err != 0 ? err : ms_table_row_parse(&item, ms_buf_view(&text));
  err = err != 0 ? err : ms_table_write(change, table, item, MS_JSON_VALUE_NONE, true);
  ms_json_unref(item);
  ms_buf_deinit(&text);
  return err == MSTEP_ENOTFOUND ? MSTEP_OK : err;
}

static int expire_table(struct ms_item_table *table, int64_t now_ms)
{
  struct due due = {.count = 0};
  struct ms_table_change change;
  struct ms_table_before before;
  struct ms_bytes_reader reader;
  ms_table_before(&before, table);
  ms_table_change_init(&change, &table->tables->rows);
  ms_buf_init(&due.keys, 0);
  int err = scan_rows(table, now_ms, now_ms, take_due, &due);
  err = err > 0 ? MSTEP_OK : err;
  ms_bytes_reader_init(&reader, ms_buf_view(&due.keys));
  for (size_t i = 0; i < due.count && err == 0; i++) {
    err = expire_item(&change, table, ms_bytes_text(&reader));
  }
  ms_buf_deinit(&due.keys);
  if (err != 0 || change.first == NULL) {
    ms_table_change_drop(&change);
  } else {
    err = ms_table_change_commit(&change);
  }
  if (err != 0) {
    ms_table_back(&before);
  }
  return err;
}

void ms_table_expire(struct ms_tables *tables, int64_t now_ms)
{
  int err = MSTEP_OK;
  for (struct ms_item_table *table = tables->first; table != NULL && err == 0;
       table = table->next) {
    err = table->shape.expiry.data == NULL ? MSTEP_OK : expire_table(table, now_ms);
  }
  if (err != 0) {
    tables->next_expiry_ms = now_ms + AGAIN_MS;
  } else {
    ms_table_expiry_look(tables);
  }
}

/* ---- operations ---- */

int ms_table_describe_expiry(struct ms_tables *tables, struct ms_json request,
                             struct ms_json *reply, struct ms_queue_refusal *why)
{
  const struct ms_item_table *table = ms_table_asked(tables, request, why);
  if (table == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_str name = table->shape.expiry;
  struct ms_json out = ms_json_object(2);
  int err = ms_json_setc(&out, "TimeToLiveStatus",
                         ms_json_cstring(name.data == NULL ? "DISABLED" : "ENABLED"));
  err |= name.data == NULL ? MSTEP_OK : ms_json_setc(&out, "AttributeName", ms_json_string(name));
  *reply = ms_json_object(1);
  int set = ms_json_setc(reply, "TimeToLiveDescription", out);
  return err != 0 ? MSTEP_ENOMEM : set;
}

/* Takes row. */
static int save(struct ms_item_table *table, struct ms_json row, bool is_on)
{
  struct ms_table_shape old = table->shape;
  struct ms_table_change change;
  struct ms_buf from, to;
  ms_table_change_init(&change, &table->tables->rows);
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  ms_table_put_prefix(&from, table, MS_TABLE_PART_EXPIRY);
  ms_table_put_prefix(&to, table, MS_TABLE_PART_EXPIRY + 1);
  int err =
      from.error != 0 || to.error != 0 ? ms_error_nomem() : ms_table_shape_read(&table->shape, row);
  if (err == 0 && is_on) {
    err = ms_table_fill(&change, table, MS_TABLE_PART_EXPIRY);
  } else if (err == 0) {
    ms_table_change_range(&change, MS_TABLE_ITEM, ms_buf_view(&from), ms_buf_view(&to));
  }
  if (err != 0) {
    ms_table_change_drop(&change);
  } else {
    ms_table_change_resource(&change, "table", old.name, row);
    err = ms_table_change_commit(&change);
  }
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  if (err != 0) {
    table->shape = old;
    ms_json_unref(row);
    return err;
  }
  ms_json_unref(old.row);
  return MSTEP_OK;
}

int ms_table_update_expiry(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why)
{
  struct ms_item_table *table = ms_table_asked(tables, request, why);
  struct ms_json spec = ms_json_getc(request, "TimeToLiveSpecification");
  struct ms_str name = ms_table_text(spec, "AttributeName");
  bool is_on = ms_json_is_true(ms_json_getc(spec, "Enabled"));
  if (table == NULL) {
    return MSTEP_EINVALID;
  }
  if (name.len == 0 || name.len > 255) {
    return ms_table_invalid(why, "1 validation error detected: Value at 'timeToLiveSpecification."
                                 "attributeName' failed to satisfy constraint: Member must not be "
                                 "null");
  }
  if (is_on == (table->shape.expiry.data != NULL)) {
    return ms_table_invalid(why, is_on ? "TimeToLive is already enabled"
                                       : "TimeToLive is already disabled");
  }
  if (!is_on && !ms_str_eq(name, table->shape.expiry)) {
    return ms_table_invalid(why,
                            "TimeToLive is active on a different AttributeName: current "
                            "AttributeName is %.*s",
                            MS_STR_ARG(table->shape.expiry));
  }
  *reply = ms_json_object(1);
  struct ms_json row = ms_json_ref(table->shape.row);
  int err = ms_json_setc(reply, "TimeToLiveSpecification", ms_json_ref(spec));
  if (err == 0 && is_on) {
    err = ms_json_setc(&row, "Expiry", ms_json_string(name));
  } else if (err == 0) {
    err = ms_json_remove(&row, MS_STR("Expiry"));
  }
  return err != 0 ? (ms_json_unref(row), err) : save(table, row, is_on);
}
