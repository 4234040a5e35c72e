/* PutItem, GetItem, UpdateItem, DeleteItem. */
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_item.h"

/* ---- what the answer has ---- */

static int check_returns(struct ms_json request, enum ms_table_intent intent,
                         struct ms_queue_refusal *why)
{
  struct ms_str asked = ms_table_text(request, "ReturnValues");
  bool is_fine = asked.data == NULL || ms_str_is(asked, "NONE") || ms_str_is(asked, "ALL_OLD");
  if (!is_fine && intent == MS_TABLE_UPDATE) {
    is_fine = ms_str_is(asked, "ALL_NEW") || ms_str_is(asked, "UPDATED_OLD") ||
              ms_str_is(asked, "UPDATED_NEW");
  }
  return is_fine ? MSTEP_OK : ms_table_invalid(why, "Return values set to invalid value");
}

static int put_attributes(struct ms_json *reply, struct ms_json attributes)
{
  return ms_json_count(attributes) == 0
             ? MSTEP_OK
             : ms_json_setc(reply, "Attributes", ms_json_ref(attributes));
}

static int put_updated(struct ms_json *reply, struct ms_table_item *item, struct ms_json of)
{
  struct ms_table_paths paths;
  struct ms_json part = MS_JSON_VALUE_NONE;
  int err = ms_table_update_paths(&paths, item->words.arena, item->update);
  err = err != 0 || ms_json_is_none(of) ? err : ms_table_project(&part, &paths, of);
  err = err != 0 ? err : put_attributes(reply, part);
  ms_json_unref(part);
  return err;
}

static int put_returned(struct ms_json *reply, struct ms_json request, struct ms_table_item *item)
{
  struct ms_str asked = ms_table_text(request, "ReturnValues");
  if (ms_str_is(asked, "ALL_OLD")) {
    return put_attributes(reply, item->old);
  }
  if (ms_str_is(asked, "ALL_NEW")) {
    return put_attributes(reply, item->new_item);
  }
  if (ms_str_is(asked, "UPDATED_OLD") || ms_str_is(asked, "UPDATED_NEW")) {
    bool is_new = ms_str_is(asked, "UPDATED_NEW");
    return put_updated(reply, item, is_new ? item->new_item : item->old);
  }
  return MSTEP_OK;
}

/* ---- writing ---- */

static int save(struct ms_table_item *item)
{
  struct ms_table_change change;
  struct ms_table_before before;
  ms_table_before(&before, item->table);
  ms_table_change_init(&change, &item->table->tables->rows);
  int err = ms_table_write(&change, item->table, item->old, item->new_item, false);
  if (err != 0) {
    ms_table_change_drop(&change);
  } else if (change.first != NULL) {
    err = ms_table_change_commit(&change);
  }
  if (err != 0) {
    ms_table_back(&before);
  }
  return err;
}

static int carry_out(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                     enum ms_table_intent intent, struct ms_queue_refusal *why)
{
  struct ms_table_item item;
  int err = ms_table_item_init(&item, tables, request, intent, why);
  err = err != 0 ? err : check_returns(request, intent, why);
  err = err != 0 ? err : ms_table_item_decide(&item, why);
  *reply = ms_json_object(2);
  if (err == MSTEP_EINVALID && item.shows_old && !ms_json_is_none(item.old) &&
      strcmp(why->name, "ConditionalCheckFailedException") == 0) {
    int set = ms_json_setc(reply, "Item", ms_json_ref(item.old));
    err = set != 0 ? set : err;
  }
  err = err != 0 ? err : put_returned(reply, request, &item);
  err = err != 0
            ? err
            : ms_table_put_capacity(reply, request, item.table, NULL, ms_table_write_units(&item));
  err = err == 0 && ms_json_is_none(*reply) ? ms_error_nomem() : err;
  err = err != 0 ? err : save(&item);
  ms_table_item_deinit(&item);
  return err;
}

int ms_table_put_item(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  return carry_out(tables, request, reply, MS_TABLE_PUT, why);
}

int ms_table_update_item(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  return carry_out(tables, request, reply, MS_TABLE_UPDATE, why);
}

int ms_table_delete_item(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  return carry_out(tables, request, reply, MS_TABLE_DELETE, why);
}

/* ---- reading ---- */

int ms_table_get_item(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  struct ms_table_item item;
  bool is_consistent = ms_json_is_true(ms_json_getc(request, "ConsistentRead"));
  int err = ms_table_item_init(&item, tables, request, MS_TABLE_GET, why);
  err = err != 0 ? err : ms_table_item_decide(&item, why);
  tables->read += err == 0;
  *reply = ms_json_object(2);
  if (err == 0) {
    struct ms_json shown = ms_table_item_shown(&item, &err);
    if (err == 0 && !ms_json_is_none(shown)) {
      err = ms_json_setc(reply, "Item", shown);
    }
    size_t size = ms_table_item_size(item.old);
    err = err != 0 ? err
                   : ms_table_put_capacity(reply, request, item.table, NULL,
                                           ms_table_read_units(size, is_consistent));
  }
  ms_table_item_deinit(&item);
  return err;
}
