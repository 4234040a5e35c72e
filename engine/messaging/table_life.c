/* CreateTable, DescribeTable, ListTables, UpdateTable, DeleteTable. */
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_internal.h"

#define LIST_MAX 100

static int answer(struct ms_json *reply, const char *member, struct ms_json value)
{
  *reply = ms_json_object(1);
  return ms_json_setc(reply, member, value);
}

/* "yes" of {"StreamEnabled": true, "StreamViewType"}; view: data NULL when it is off or absent. */
static int read_stream(struct ms_str *view, bool *is_off, struct ms_json request,
                       struct ms_queue_refusal *why)
{
  struct ms_json spec = ms_json_getc(request, "StreamSpecification");
  struct ms_str type = ms_table_text(spec, "StreamViewType");
  bool is_on = ms_json_is_true(ms_json_getc(spec, "StreamEnabled"));
  *view = (struct ms_str){NULL, 0};
  *is_off = ms_json_is_object(spec) && !is_on;
  if (*is_off && type.data != NULL) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Table StreamSpecification "
                            "is not enabled, but StreamViewType was specified");
  }
  if (!is_on) {
    return MSTEP_OK;
  }
  if (!ms_str_is(type, "KEYS_ONLY") && !ms_str_is(type, "NEW_IMAGE") &&
      !ms_str_is(type, "OLD_IMAGE") && !ms_str_is(type, "NEW_AND_OLD_IMAGES")) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: StreamSpecification has "
                            "to have a StreamViewType when it is enabled");
  }
  *view = type;
  return MSTEP_OK;
}

/* ---- create ---- */

static int complete_row(struct ms_json *row, struct ms_tables *tables)
{
  const struct ms_driver_env *env = tables->env;
  struct ms_str name = ms_table_text(*row, "TableName");
  char id[37];
  ms_random_uuid(env->random, id);
  int err = ms_json_setc(row, "TableArn",
                         ms_json_stringf("arn:aws:dynamodb:%s:%s:table/%.*s", env->region,
                                         env->account, MS_STR_ARG(name)));
  err |= ms_json_setc(row, "TableId", ms_json_cstring(id));
  err |= ms_json_setc(row, "Created", ms_json_int(ms_loop_now_ms(env->loop)));
  err |= ms_json_setc(row, "Id", ms_json_int(tables->next_id));
  return err == 0 ? MSTEP_OK : ms_error_nomem();
}

static int save_new(struct ms_json *reply, struct ms_tables *tables, struct ms_item_table *table,
                    struct ms_str view)
{
  struct ms_table_change change;
  struct ms_table_stream *stream = NULL;
  ms_table_change_init(&change, &tables->rows);
  int err = view.data == NULL ? MSTEP_OK : ms_table_stream_open(&stream, &change, table, view);
  table->stream = stream;
  err = err != 0 ? err : answer(reply, "TableDescription", ms_table_description(table, "CREATING"));
  if (err != 0) {
    ms_table_change_drop(&change);
  } else {
    ms_table_change_resource(&change, "table", table->shape.name, table->shape.row);
    err = ms_table_change_commit(&change);
  }
  if (err != 0) {
    ms_table_stream_free(stream);
    return err;
  }
  if (stream != NULL) {
    ms_table_stream_link(tables, stream);
  }
  tables->next_id++;
  ms_table_link(tables, table);
  return MSTEP_OK;
}

int ms_table_create(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why)
{
  struct ms_str name = ms_table_text(request, "TableName"), view;
  struct ms_json row = MS_JSON_VALUE_NONE;
  struct ms_item_table *table = NULL;
  bool is_off;
  int err = ms_table_schema_check(&row, request, why);
  err = err != 0 ? err : read_stream(&view, &is_off, request, why);
  if (err == 0 && ms_table_named(tables, name) != NULL) {
    err = ms_refuse(why, "ResourceInUseException", "Table already exists: %.*s", MS_STR_ARG(name));
  }
  err = err != 0 ? err : complete_row(&row, tables);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  err = ms_table_new(&table, tables, row);
  err = err != 0 ? err : save_new(reply, tables, table, view);
  if (err != 0) {
    ms_table_free(table);
  }
  return err;
}

/* ---- describe, list ---- */

static struct ms_item_table *asked_by_name(struct ms_tables *tables, struct ms_json request,
                                           struct ms_queue_refusal *why)
{
  struct ms_item_table *table = ms_table_asked(tables, request, why);
  struct ms_str name = ms_table_text(request, "TableName");
  if (table == NULL && why->name != NULL && strcmp(why->name, "ResourceNotFoundException") == 0) {
    ms_refuse(why, "ResourceNotFoundException",
              "Requested resource not found: Table: %.*s not found", MS_STR_ARG(name));
  }
  return table;
}

int ms_table_describe(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  const struct ms_item_table *table = asked_by_name(tables, request, why);
  return table == NULL ? MSTEP_EINVALID
                       : answer(reply, "Table", ms_table_description(table, "ACTIVE"));
}

int ms_table_list(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why)
{
  struct ms_str after = ms_table_text(request, "ExclusiveStartTableName");
  int64_t limit = LIST_MAX;
  ms_json_to_int(&limit, ms_json_getc(request, "Limit"));
  if (limit < 1 || limit > LIST_MAX) {
    return ms_table_invalid(why,
                            "1 validation error detected: Value '%lld' at 'limit' failed to "
                            "satisfy constraint: Member must have value %s",
                            (long long)limit,
                            limit < 1 ? "greater than or equal to 1" : "less than or equal to 100");
  }
  struct ms_json names = ms_json_array(0);
  const struct ms_item_table *table = tables->first;
  int err = MSTEP_OK;
  for (; table != NULL && err == 0 && ms_json_count(names) < (size_t)limit; table = table->next) {
    if (after.data == NULL || ms_str_cmp(table->shape.name, after) > 0) {
      err = ms_json_push(&names, ms_json_string(table->shape.name));
    }
  }
  struct ms_json last =
      table == NULL ? MS_JSON_VALUE_NONE : ms_json_ref(ms_json_at(names, ms_json_count(names) - 1));
  int set = answer(reply, "TableNames", names);
  if (set == 0 && !ms_json_is_none(last)) {
    return err != 0 ? (ms_json_unref(last), err)
                    : ms_json_setc(reply, "LastEvaluatedTableName", last);
  }
  ms_json_unref(last);
  return err != 0 ? err : set;
}

/* ---- update ---- */

/*
 * One of GlobalSecondaryIndexUpdates. *part: the new index's number, or 0; *gone: the old one's,
 * or 0.
 */
struct index_change {
  unsigned part, gone;
};

static int add_index(struct ms_json *list, struct ms_json *row, struct ms_json asked,
                     struct index_change *out)
{
  static const char *const kept[] = {"IndexName", "KeySchema", "Projection",
                                     "ProvisionedThroughput", NULL};
  struct ms_json copy = ms_json_object(5);
  int64_t number = 1;
  ms_json_to_int(&number, ms_json_getc(*row, "NextIndex"));
  out->part = (unsigned)number;
  int err = ms_resource_copy(&copy, asked, kept);
  err = err != 0 ? err : ms_json_setc(&copy, "Number", ms_json_int(number));
  err = err != 0 ? err : ms_json_setc(row, "NextIndex", ms_json_int(number + 1));
  return err != 0 ? (ms_json_unref(copy), err) : ms_json_push(list, copy);
}

static int drop_index(struct ms_json *list, struct ms_json old, struct ms_str name,
                      struct index_change *out)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(old) && err == 0; i++) {
    struct ms_json one = ms_json_at(old, i);
    int64_t number = 0;
    if (!ms_str_eq(ms_table_text(one, "IndexName"), name)) {
      err = ms_json_push(list, ms_json_ref(one));
    } else if (ms_json_to_int(&number, ms_json_getc(one, "Number"))) {
      out->gone = (unsigned)number;
    }
  }
  return err;
}

/* Is the row's shape one that could be created? */
static int check_row(struct ms_json row, struct ms_queue_refusal *why)
{
  struct ms_json checked = MS_JSON_VALUE_NONE, asked = ms_json_ref(row);
  int err = ms_json_setc(&asked, "BillingMode", ms_json_cstring("PAY_PER_REQUEST"));
  err = err != 0 ? err : ms_json_remove(&asked, MS_STR("ProvisionedThroughput"));
  err = err != 0 ? err : ms_table_schema_check(&checked, asked, why);
  ms_json_unref(asked);
  ms_json_unref(checked);
  return err;
}

static int update_indexes(struct ms_json *row, struct index_change *out,
                          const struct ms_item_table *table, struct ms_json request,
                          struct ms_queue_refusal *why)
{
  struct ms_json updates = ms_json_getc(request, "GlobalSecondaryIndexUpdates");
  struct ms_json one = ms_json_at(updates, 0), old = ms_json_getc(*row, "GlobalSecondaryIndexes");
  struct ms_json create = ms_json_getc(one, "Create"), gone = ms_json_getc(one, "Delete");
  struct ms_str name = ms_table_text(ms_json_is_object(create) ? create : gone, "IndexName");
  if (ms_json_count(updates) == 0 || ms_json_is_object(ms_json_getc(one, "Update"))) {
    return MSTEP_OK;
  }
  if (ms_json_count(updates) > 1) {
    return ms_refuse(why, "LimitExceededException",
                     "Subscriber limit exceeded: Only 1 online index "
                     "can be created or deleted simultaneously per table");
  }
  bool exists = ms_table_index_named(table, name) != NULL;
  if (ms_json_is_object(create) && exists) {
    return ms_table_invalid(why, "Attempting to create an index which already exists");
  }
  if (!ms_json_is_object(create) && !exists) {
    return ms_refuse(why, "ResourceNotFoundException", "Requested resource not found");
  }
  if (ms_json_is_object(create) && table->shape.index_count == MS_TABLE_INDEXES_MAX) {
    return ms_refuse(why, "LimitExceededException", "Too many indexes");
  }
  struct ms_json list =
      ms_json_is_object(create) && ms_json_is_array(old) ? ms_json_ref(old) : ms_json_array(1);
  int err = ms_json_is_object(create) ? add_index(&list, row, create, out)
                                      : drop_index(&list, old, name, out);
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  err = ms_json_setc(row, "GlobalSecondaryIndexes", list);
  return err != 0 || out->part == 0 ? err : check_row(*row, why);
}

/* Rows of an index that is gone. */
static int drop_part(struct ms_table_change *change, const struct ms_item_table *table,
                     unsigned part)
{
  struct ms_buf from, to;
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  ms_table_put_prefix(&from, table, part);
  ms_table_put_prefix(&to, table, part + 1);
  int err = from.error != 0 ? from.error : to.error;
  if (err == 0) {
    ms_table_change_range(change, MS_TABLE_ITEM, ms_buf_view(&from), ms_buf_view(&to));
  }
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  return err;
}

/* The new row is written with what follows from it, and takes the old one's place. Takes row. */
static int save_update(struct ms_json *reply, struct ms_item_table *table, struct ms_json row,
                       const struct index_change *index, struct ms_str view, bool is_off)
{
  struct ms_tables *tables = table->tables;
  struct ms_table_shape old = table->shape;
  struct ms_table_stream *stream = NULL, *was = table->stream;
  struct ms_table_change change;
  ms_table_change_init(&change, &tables->rows);
  int err = ms_table_shape_read(&table->shape, row);
  if (err == 0 && view.data != NULL) {
    err = ms_table_stream_open(&stream, &change, table, view);
  } else if (err == 0 && is_off) {
    err = ms_table_stream_end(&change, was);
  }
  if (err == 0 && index->part != 0) {
    err = ms_table_fill(&change, table, index->part);
  }
  err = err != 0 || index->gone == 0 ? err : drop_part(&change, table, index->gone);
  table->stream = is_off ? NULL : (stream != NULL ? stream : was);
  err = err != 0 ? err : answer(reply, "TableDescription", ms_table_description(table, "UPDATING"));
  if (err != 0) {
    ms_table_change_drop(&change);
  } else {
    ms_table_change_resource(&change, "table", table->shape.name, row);
    err = ms_table_change_commit(&change);
  }
  if (err != 0) {
    ms_json_unref(row);
    table->shape = old;
    table->stream = was;
    ms_table_stream_free(stream);
    return err;
  }
  ms_json_unref(old.row);
  if (stream != NULL) {
    ms_table_stream_link(tables, stream);
  } else if (is_off) {
    ms_table_stream_ended(tables, was);
  }
  return MSTEP_OK;
}

int ms_table_update(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why)
{
  static const char *const kept[] = {"BillingMode",
                                     "ProvisionedThroughput",
                                     "AttributeDefinitions",
                                     "DeletionProtectionEnabled",
                                     "TableClass",
                                     "SSESpecification",
                                     NULL};
  struct ms_item_table *table = asked_by_name(tables, request, why);
  struct index_change index = {0, 0};
  struct ms_str view;
  bool is_off;
  int err = table == NULL ? MSTEP_EINVALID : read_stream(&view, &is_off, request, why);
  if (err != 0) {
    return err;
  }
  if (view.data != NULL && table->stream != NULL) {
    return ms_table_invalid(why, "Table already has an enabled stream: TableName: %.*s",
                            MS_STR_ARG(table->shape.name));
  }
  if (is_off && table->stream == NULL) {
    return ms_table_invalid(why, "Table is already in the desired state: the stream is disabled");
  }
  struct ms_json row = ms_json_ref(table->shape.row);
  err = ms_resource_copy(&row, request, kept);
  err = err != 0 ? err : update_indexes(&row, &index, table, request, why);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  return save_update(reply, table, row, &index, view, is_off);
}

/* ---- delete ---- */

int ms_table_delete(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why)
{
  struct ms_item_table *table = asked_by_name(tables, request, why);
  struct ms_table_change change;
  struct ms_buf from, to;
  if (table == NULL) {
    return MSTEP_EINVALID;
  }
  if (ms_json_is_true(ms_json_getc(table->shape.row, "DeletionProtectionEnabled"))) {
    return ms_table_invalid(why, "Resource cannot be deleted as it is currently protected against "
                                 "deletion. Disable deletion protection first.");
  }
  ms_table_change_init(&change, &tables->rows);
  ms_buf_init(&from, 0);
  ms_buf_init(&to, 0);
  ms_table_put_prefix(&from, table, 0);
  ms_table_put_prefix(&to, table, 0);
  if (to.len >= 5) {
    to.len = 4;
    ms_table_key_end(&to);
  }
  int err = from.error != 0 ? from.error : to.error;
  err = err != 0 || table->stream == NULL ? err : ms_table_stream_end(&change, table->stream);
  err = err != 0 ? err : answer(reply, "TableDescription", ms_table_description(table, "DELETING"));
  if (err != 0) {
    ms_table_change_drop(&change);
  } else {
    ms_table_change_range(&change, MS_TABLE_ITEM, ms_buf_view(&from), ms_buf_view(&to));
    ms_table_change_resource(&change, "table", table->shape.name, MS_JSON_VALUE_NONE);
    err = ms_table_change_commit(&change);
  }
  ms_buf_deinit(&from);
  ms_buf_deinit(&to);
  if (err == 0) {
    if (table->stream != NULL) {
      ms_table_stream_ended(tables, table->stream);
    }
    ms_table_unlink(tables, table);
    ms_table_free(table);
  }
  return err;
}
