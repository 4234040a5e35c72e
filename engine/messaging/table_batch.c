/*
 * BatchGetItem and BatchWriteItem: many items, each on its own; here a batch's writes are one
 * commit.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_item.h"
#include "messaging/table_many.h"

#define WRITES_MAX 25
#define READS_MAX 100
#define REPLY_MAX ((size_t)16 << 20)

static int refuse_count(struct ms_queue_refusal *why, size_t count, size_t max)
{
  if (count == 0) {
    return ms_table_invalid(why,
                            "1 validation error detected: Value '{}' at 'requestItems' failed to "
                            "satisfy constraint: Member must have length greater than or equal "
                            "to 1");
  }
  return max == READS_MAX
             ? ms_table_invalid(why, "Too many items requested for the BatchGetItem call")
             : ms_table_invalid(why, "Too many items requested for the BatchWriteItem call");
}

/* The request of one item: the group's own, with the table's name. */
static struct ms_json request_of(struct ms_json of, struct ms_str table)
{
  struct ms_json request = ms_json_ref(of);
  if (ms_json_setc(&request, "TableName", ms_json_string(table)) != 0) {
    ms_json_unref(request);
    return MS_JSON_VALUE_NONE;
  }
  return request;
}

/* ---- writing ---- */

static int add_write(struct ms_table_many *many, struct ms_tables *tables, struct ms_str table,
                     struct ms_json entry, struct ms_queue_refusal *why)
{
  struct ms_json put = ms_json_getc(entry, "PutRequest");
  struct ms_json gone = ms_json_getc(entry, "DeleteRequest");
  bool is_put = ms_json_is_object(put);
  if (is_put == ms_json_is_object(gone)) {
    return ms_table_invalid(why,
                            "Supplied AttributeValue has more than one datatypes set, must contain "
                            "exactly one of the supported datatypes");
  }
  struct ms_json request = request_of(is_put ? put : gone, table);
  int err =
      ms_json_is_none(request)
          ? ms_error_nomem()
          : ms_table_many_add(many, tables, request, is_put ? MS_TABLE_PUT : MS_TABLE_DELETE, why);
  ms_json_unref(request);
  return err;
}

int ms_table_batch_write(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  struct ms_json groups = ms_json_getc(request, "RequestItems");
  struct ms_table_many many;
  size_t count = 0;
  for (size_t i = 0; i < ms_json_count(groups); i++) {
    count += ms_json_count(ms_json_member(groups, i));
  }
  if (count == 0 || count > WRITES_MAX) {
    return refuse_count(why, count, WRITES_MAX);
  }
  int err = ms_table_many_init(&many, count);
  for (size_t i = 0; i < ms_json_count(groups); i++) {
    struct ms_json list = ms_json_member(groups, i);
    for (size_t j = 0; j < ms_json_count(list) && err == 0; j++) {
      err = add_write(&many, tables, ms_json_key(groups, i), ms_json_at(list, j), why);
    }
  }
  err = err != 0
            ? err
            : ms_table_many_check(&many, "Provided list of item keys contains duplicates", why);
  for (size_t i = 0; i < many.count && err == 0; i++) {
    err = ms_table_item_decide(&many.items[i], why);
  }
  *reply = ms_json_object(2);
  err = err != 0 ? err : ms_json_setc(reply, "UnprocessedItems", ms_json_object(0));
  err = err != 0 ? err : ms_table_many_capacity(reply, request, &many, 1);
  err = err != 0 ? err : ms_table_many_save(&many, tables);
  ms_table_many_deinit(&many);
  return err;
}

/* ---- reading ---- */

struct reading {
  struct ms_json responses, left; /* per table: what was found, what did not fit any more */
  size_t bytes;
};

static int push_to(struct ms_json *object, struct ms_str name, struct ms_json value)
{
  struct ms_json list = ms_json_ref(ms_json_get(*object, name));
  if (ms_json_is_none(list)) {
    list = ms_json_array(0);
  }
  int err = ms_json_push(&list, value);
  return err != 0 ? (ms_json_unref(list), err) : ms_json_set(object, name, list);
}

/* Keys that are left keep what else their group asked for. */
static int leave(struct reading *reading, struct ms_str table, struct ms_json group,
                 struct ms_json key)
{
  struct ms_json rest = ms_json_ref(ms_json_get(reading->left, table));
  int err = MSTEP_OK;
  if (ms_json_is_none(rest)) {
    rest = ms_json_ref(group);
    err = ms_json_setc(&rest, "Keys", ms_json_array(0));
  }
  err = err != 0 ? err : push_to(&rest, MS_STR("Keys"), ms_json_ref(key));
  return err != 0 ? (ms_json_unref(rest), err) : ms_json_set(&reading->left, table, rest);
}

static int read_one(struct reading *reading, struct ms_table_item *item, struct ms_str table,
                    struct ms_json group, struct ms_json key, struct ms_queue_refusal *why)
{
  if (reading->bytes >= REPLY_MAX) {
    return leave(reading, table, group, key);
  }
  int err = ms_table_item_decide(item, why);
  item->table->tables->read += err == 0;
  struct ms_json shown = err == 0 ? ms_table_item_shown(item, &err) : MS_JSON_VALUE_NONE;
  reading->bytes += ms_table_item_size(item->old);
  return err != 0 || ms_json_is_none(shown) ? err : push_to(&reading->responses, table, shown);
}

static int add_reads(struct ms_table_many *many, struct ms_tables *tables, struct ms_str table,
                     struct ms_json group, struct ms_queue_refusal *why)
{
  struct ms_json keys = ms_json_getc(group, "Keys");
  int err =
      ms_json_count(keys) == 0
          ? ms_table_invalid(why, "1 validation error detected: Value '[]' at 'requestItems."
                                  "member.keys' failed to satisfy constraint: Member must have "
                                  "length greater than or equal to 1")
          : MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(keys) && err == 0; i++) {
    struct ms_json request = request_of(group, table);
    err = ms_json_is_none(request)
              ? ms_error_nomem()
              : ms_json_setc(&request, "Key", ms_json_ref(ms_json_at(keys, i)));
    err = err != 0 ? err : ms_table_many_add(many, tables, request, MS_TABLE_GET, why);
    ms_json_unref(request);
  }
  return err;
}

int ms_table_batch_get(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why)
{
  struct ms_json groups = ms_json_getc(request, "RequestItems");
  struct reading reading = {ms_json_object(1), ms_json_object(0), 0};
  struct ms_table_many many;
  size_t count = 0, at = 0;
  for (size_t i = 0; i < ms_json_count(groups); i++) {
    count += ms_json_count(ms_json_getc(ms_json_member(groups, i), "Keys"));
  }
  int err = ms_table_many_init(&many, count);
  err = err != 0 || (count > 0 && count <= READS_MAX) ? err : refuse_count(why, count, READS_MAX);
  for (size_t i = 0; i < ms_json_count(groups) && err == 0; i++) {
    err = add_reads(&many, tables, ms_json_key(groups, i), ms_json_member(groups, i), why);
    if (err == 0) {
      err = ms_json_set(&reading.responses, ms_json_key(groups, i), ms_json_array(0));
    }
  }
  err = err != 0
            ? err
            : ms_table_many_check(&many, "Provided list of item keys contains duplicates", why);
  for (size_t i = 0; i < ms_json_count(groups) && err == 0; i++) {
    struct ms_json group = ms_json_member(groups, i), keys = ms_json_getc(group, "Keys");
    for (size_t j = 0; j < ms_json_count(keys) && err == 0; j++) {
      err = read_one(&reading, &many.items[at++], ms_json_key(groups, i), group,
                     ms_json_at(keys, j), why);
    }
  }
  *reply = ms_json_object(3);
  err = err != 0 ? err : ms_json_setc(reply, "Responses", ms_json_ref(reading.responses));
  err = err != 0 ? err : ms_json_setc(reply, "UnprocessedKeys", ms_json_ref(reading.left));
  err = err != 0 ? err : ms_table_many_capacity(reply, request, &many, 0);
  ms_json_unref(reading.responses);
  ms_json_unref(reading.left);
  ms_table_many_deinit(&many);
  return err;
}
