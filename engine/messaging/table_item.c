/* An item of a request, from what is asked to what is to be written. */
#include "messaging/table_item.h"

#include "base/error.h"
#include "messaging/resource.h"

int ms_table_no_legacy(struct ms_json request, struct ms_queue_refusal *why)
{
  static const char *const names[] = {"AttributesToGet", "Expected",    "ConditionalOperator",
                                      "KeyConditions",   "QueryFilter", "ScanFilter",
                                      "AttributeUpdates"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (!ms_json_is_none(ms_json_getc(request, names[i])) &&
        !ms_json_is_null(ms_json_getc(request, names[i]))) {
      return ms_table_invalid(why,
                              "%s is a parameter of before there were expressions, and not "
                              "supported: use expressions",
                              names[i]);
    }
  }
  return MSTEP_OK;
}

/* ---- what is asked ---- */

static int check_too_large(struct ms_json item, const char *text, struct ms_queue_refusal *why)
{
  return ms_table_item_size(item) > MS_TABLE_ITEM_MAX ? ms_table_invalid(why, "%s", text)
                                                      : MSTEP_OK;
}

static int check_there(struct ms_json request, const char *member, const char *place,
                       struct ms_queue_refusal *why)
{
  struct ms_json value = ms_json_getc(request, member);
  if (!ms_json_is_none(value) && !ms_json_is_null(value)) {
    return MSTEP_OK;
  }
  return ms_table_invalid(why,
                          "1 validation error detected: Value null at '%s' failed to satisfy "
                          "constraint: Member must not be null",
                          place);
}

static int take_put(struct ms_table_item *item, struct ms_json request,
                    struct ms_queue_refusal *why)
{
  int err = check_there(request, "Item", "item", why);
  err = err != 0 ? err : ms_table_item_check(&item->put, ms_json_getc(request, "Item"), why);
  err = err != 0 ? err : ms_table_key_check_item(item->table, item->put, why);
  err = err != 0
            ? err
            : check_too_large(item->put, "Item size has exceeded the maximum allowed size", why);
  if (err == 0) {
    item->key = ms_table_key_of(item->table, item->put);
    err = ms_json_is_none(item->key) ? ms_error_nomem() : MSTEP_OK;
  }
  return err;
}

static int take_key(struct ms_table_item *item, struct ms_json request,
                    struct ms_queue_refusal *why)
{
  int err = check_there(request, "Key", "key", why);
  err = err != 0 ? err : ms_table_item_check(&item->key, ms_json_getc(request, "Key"), why);
  return err != 0 ? err : ms_table_key_check(&item->table->shape.schema, item->key, why);
}

/* An update may not touch the key. */
static int check_update(const struct ms_table_item *item, struct ms_queue_refusal *why)
{
  const struct ms_table_schema *schema = &item->table->shape.schema;
  for (const struct ms_table_action *one = item->update; one != NULL; one = one->next) {
    struct ms_str name = one->path.steps[0].name;
    bool is_range = schema->range.name.data != NULL && ms_str_eq(name, schema->range.name);
    if (is_range || ms_str_eq(name, schema->hash.name)) {
      return ms_table_invalid(why,
                              "One or more parameter values were invalid: Cannot update "
                              "attribute %.*s. This attribute is part of the key",
                              MS_STR_ARG(name));
    }
  }
  return MSTEP_OK;
}

static int take_expressions(struct ms_table_item *item, struct ms_json request,
                            struct ms_queue_refusal *why)
{
  struct ms_table_words *words = &item->words;
  int err = ms_table_words_init(words, request, why);
  if (err == 0 && item->intent == MS_TABLE_GET) {
    err = ms_table_projection_parse(&item->projection, words, request, why);
  } else if (err == 0) {
    err = ms_table_condition_parse(&item->condition, words, request, "ConditionExpression", why);
  }
  if (err == 0 && item->intent == MS_TABLE_UPDATE) {
    err = ms_table_update_parse(&item->update, words, request, why);
  }
  err = err != 0 ? err : ms_table_words_check(words, why);
  return err != 0 ? err : check_update(item, why);
}

int ms_table_item_init(struct ms_table_item *item, struct ms_tables *tables, struct ms_json request,
                       enum ms_table_intent intent, struct ms_queue_refusal *why)
{
  *item = (struct ms_table_item){.intent = intent};
  item->shows_old =
      ms_str_is(ms_table_text(request, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD");
  item->table = ms_table_asked(tables, request, why);
  int err = item->table == NULL ? MSTEP_EINVALID : ms_table_no_legacy(request, why);
  if (err == 0) {
    err = intent == MS_TABLE_PUT ? take_put(item, request, why) : take_key(item, request, why);
  }
  return err != 0 ? err : take_expressions(item, request, why);
}

void ms_table_item_deinit(struct ms_table_item *item)
{
  ms_table_words_deinit(&item->words);
  ms_json_unref(item->put);
  ms_json_unref(item->key);
  ms_json_unref(item->old);
  ms_json_unref(item->new_item);
}

/* ---- what becomes of it ---- */

/* An update of an item that does not exist begins with its key. */
static int make_updated(struct ms_table_item *item, struct ms_queue_refusal *why)
{
  struct ms_json from = ms_json_is_none(item->old) ? item->key : item->old;
  int err = ms_table_update_apply(&item->new_item, item->update, from, why);
  err = err != 0 ? err : ms_table_key_check_item(item->table, item->new_item, why);
  return err != 0
             ? err
             : check_too_large(item->new_item,
                               "Item size to update has exceeded the maximum allowed size", why);
}

int ms_table_item_decide(struct ms_table_item *item, struct ms_queue_refusal *why)
{
  int err = ms_table_read(&item->old, item->table, item->key);
  if (err != 0) {
    return err;
  }
  if (!ms_table_condition_holds(item->condition, item->old)) {
    return ms_refuse(why, "ConditionalCheckFailedException", "The conditional request failed");
  }
  switch (item->intent) {
  case MS_TABLE_PUT:
    item->new_item = ms_json_ref(item->put);
    return MSTEP_OK;
  case MS_TABLE_UPDATE:
    return make_updated(item, why);
  case MS_TABLE_CHECK:
    item->new_item = ms_json_ref(item->old);
    return MSTEP_OK;
  default:
    return MSTEP_OK;
  }
}

struct ms_json ms_table_item_shown(const struct ms_table_item *item, int *err)
{
  struct ms_json out = MS_JSON_VALUE_NONE;
  *err = MSTEP_OK;
  if (ms_json_is_none(item->old) || item->projection.count == 0) {
    return ms_json_ref(item->old);
  }
  *err = ms_table_project(&out, &item->projection, item->old);
  return out;
}

/* ---- capacity ---- */

double ms_table_read_units(size_t bytes, bool is_consistent)
{
  size_t units = (bytes + 4095) / 4096;
  units = units == 0 ? 1 : units;
  return is_consistent ? (double)units : (double)units / 2;
}

double ms_table_write_units(const struct ms_table_item *item)
{
  size_t was = ms_table_item_size(item->old), is = ms_table_item_size(item->new_item);
  size_t units = ((was > is ? was : is) + 1023) / 1024;
  return units == 0 ? 1 : (double)units;
}

bool ms_table_wants_capacity(struct ms_json request)
{
  struct ms_str asked = ms_table_text(request, "ReturnConsumedCapacity");
  return ms_str_is(asked, "TOTAL") || ms_str_is(asked, "INDEXES");
}

static struct ms_json units_of(double units)
{
  struct ms_json out = ms_json_object(1);
  if (ms_json_setc(&out, "CapacityUnits", ms_json_double(units)) != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

struct ms_json ms_table_capacity(struct ms_json request, const struct ms_item_table *table,
                                 const struct ms_table_index *index, double units)
{
  struct ms_json out = ms_json_object(4);
  int err = ms_json_setc(&out, "TableName", ms_json_string(table->shape.name));
  err |= ms_json_setc(&out, "CapacityUnits", ms_json_double(units));
  if (ms_str_is(ms_table_text(request, "ReturnConsumedCapacity"), "INDEXES")) {
    err |= ms_json_setc(&out, "Table", units_of(index == NULL ? units : 0));
    if (index != NULL) {
      struct ms_json one = ms_json_object(1);
      err |= ms_json_set(&one, index->name, units_of(units));
      err |= ms_json_setc(
          &out, index->is_local ? "LocalSecondaryIndexes" : "GlobalSecondaryIndexes", one);
    }
  }
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

int ms_table_put_capacity(struct ms_json *reply, struct ms_json request,
                          const struct ms_item_table *table, const struct ms_table_index *index,
                          double units)
{
  return ms_table_wants_capacity(request)
             ? ms_json_setc(reply, "ConsumedCapacity",
                            ms_table_capacity(request, table, index, units))
             : MSTEP_OK;
}
