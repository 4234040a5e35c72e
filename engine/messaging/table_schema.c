/* What a table is: reading its row, checking what CreateTable asks for, describing it. */
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_internal.h"

/* ---- from the row ---- */

static char type_of(struct ms_json definitions, struct ms_str name)
{
  for (size_t i = 0; i < ms_json_count(definitions); i++) {
    struct ms_json one = ms_json_at(definitions, i);
    struct ms_str type = ms_table_text(one, "AttributeType");
    if (ms_str_eq(ms_table_text(one, "AttributeName"), name) && type.len == 1) {
      return type.data[0];
    }
  }
  return '\0';
}

static void read_schema(struct ms_table_schema *out, struct ms_json keys,
                        struct ms_json definitions)
{
  *out = (struct ms_table_schema){.hash = {.type = '\0'}};
  for (size_t i = 0; i < ms_json_count(keys); i++) {
    struct ms_json one = ms_json_at(keys, i);
    struct ms_table_key *key =
        ms_str_is(ms_table_text(one, "KeyType"), "HASH") ? &out->hash : &out->range;
    key->name = ms_table_text(one, "AttributeName");
    key->type = type_of(definitions, key->name);
  }
}

static void read_index(struct ms_table_index *out, struct ms_json index, bool is_local,
                       struct ms_json definitions)
{
  struct ms_json projection = ms_json_getc(index, "Projection");
  struct ms_str type = ms_table_text(projection, "ProjectionType");
  int64_t number = 0;
  ms_json_to_int(&number, ms_json_getc(index, "Number"));
  *out = (struct ms_table_index){
      .name = ms_table_text(index, "IndexName"),
      .included = ms_json_getc(projection, "NonKeyAttributes"),
      .projection = ms_str_is(type, "ALL")
                        ? MS_TABLE_ALL
                        : (ms_str_is(type, "INCLUDE") ? MS_TABLE_INCLUDE : MS_TABLE_KEYS_ONLY),
      .number = (unsigned)number,
      .is_local = is_local};
  read_schema(&out->schema, ms_json_getc(index, "KeySchema"), definitions);
}

int ms_table_shape_read(struct ms_table_shape *out, struct ms_json row)
{
  static const char *const kinds[] = {"LocalSecondaryIndexes", "GlobalSecondaryIndexes"};
  struct ms_json definitions = ms_json_getc(row, "AttributeDefinitions");
  *out = (struct ms_table_shape){.row = row,
                                 .name = ms_table_text(row, "TableName"),
                                 .arn = ms_table_text(row, "TableArn"),
                                 .expiry = ms_table_text(row, "Expiry")};
  read_schema(&out->schema, ms_json_getc(row, "KeySchema"), definitions);
  for (size_t kind = 0; kind < 2; kind++) {
    struct ms_json list = ms_json_getc(row, kinds[kind]);
    for (size_t i = 0; i < ms_json_count(list) && out->index_count < MS_TABLE_INDEXES_MAX; i++) {
      read_index(&out->indexes[out->index_count++], ms_json_at(list, i), kind == 0, definitions);
    }
  }
  bool is_whole = out->name.len > 0 && out->arn.len > 0 && out->schema.hash.type != '\0';
  return is_whole ? MSTEP_OK : ms_error(MSTEP_EIO, "a table's row is damaged");
}

const struct ms_table_index *ms_table_index_named(const struct ms_item_table *table,
                                                  struct ms_str name)
{
  for (size_t i = 0; i < table->shape.index_count; i++) {
    if (ms_str_eq(table->shape.indexes[i].name, name)) {
      return &table->shape.indexes[i];
    }
  }
  return NULL;
}

/* ---- is it right? ---- */

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

static int check_name(struct ms_str name, const char *member, struct ms_queue_refusal *why)
{
  if (!is_name(name)) {
    return ms_table_invalid(why,
                            "1 validation error detected: Value '%.*s' at '%s' failed to satisfy "
                            "constraint: Member must satisfy regular expression pattern: "
                            "[a-zA-Z0-9_.-]+",
                            name.len > 255 ? 255 : (int)name.len, name.data, member);
  }
  if (name.len < 3 || name.len > 255) {
    return ms_table_invalid(why,
                            "%s must be at least 3 characters long and at most 255 characters "
                            "long",
                            strcmp(member, "tableName") == 0 ? "TableName" : "IndexName");
  }
  return MSTEP_OK;
}

static int check_definitions(struct ms_json definitions, struct ms_queue_refusal *why)
{
  if (!ms_json_is_array(definitions)) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Some AttributeDefinitions"
                            " are missing");
  }
  for (size_t i = 0; i < ms_json_count(definitions); i++) {
    struct ms_str type = ms_table_text(ms_json_at(definitions, i), "AttributeType");
    struct ms_str name = ms_table_text(ms_json_at(definitions, i), "AttributeName");
    if (type.len != 1 || strchr("SNB", type.data[0]) == NULL) {
      return ms_table_invalid(why,
                              "1 validation error detected: Value '%.*s' at 'attributeDefinitions."
                              "%zu.member.attributeType' failed to satisfy constraint: Member must "
                              "satisfy enum value set: [B, N, S]",
                              type.len > 50 ? 50 : (int)type.len, type.data, i + 1);
    }
    if (name.len == 0 || name.len > 255) {
      return ms_table_invalid(why,
                              "1 validation error detected: Value at 'attributeDefinitions.%zu."
                              "member.attributeName' failed to satisfy constraint: Member must "
                              "have length less than or equal to 255",
                              i + 1);
    }
  }
  return MSTEP_OK;
}

/* used: which definitions are a key somewhere, a bit each. */
static int check_keys(uint64_t *used, struct ms_json keys, struct ms_json definitions,
                      struct ms_queue_refusal *why)
{
  size_t count = ms_json_count(keys);
  if (!ms_json_is_array(keys) || count == 0 || count > 2) {
    return ms_table_invalid(why,
                            "1 validation error detected: Value at 'keySchema' failed to "
                            "satisfy constraint: Member must have length %s",
                            count > 2 ? "less than or equal to 2" : "greater than or equal to 1");
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_json key = ms_json_at(keys, i);
    struct ms_str name = ms_table_text(key, "AttributeName");
    if (!ms_str_is(ms_table_text(key, "KeyType"), i == 0 ? "HASH" : "RANGE")) {
      return ms_table_invalid(why,
                              "Invalid KeySchema: The %s KeySchemaElement is not a %s key type",
                              i == 0 ? "first" : "second", i == 0 ? "HASH" : "RANGE");
    }
    if (type_of(definitions, name) == '\0') {
      return ms_table_invalid(
          why,
          "One or more parameter values were invalid: Some index key attributes "
          "are not defined in AttributeDefinitions. Keys: [%.*s]",
          name.len > 200 ? 200 : (int)name.len, name.data);
    }
    if (i == 1 && ms_str_eq(name, ms_table_text(ms_json_at(keys, 0), "AttributeName"))) {
      return ms_table_invalid(why, "Both the Hash Key and the Range Key element in the KeySchema "
                                   "have the same name");
    }
    for (size_t at = 0; at < ms_json_count(definitions) && at < 64; at++) {
      if (ms_str_eq(ms_table_text(ms_json_at(definitions, at), "AttributeName"), name)) {
        *used |= (uint64_t)1 << at;
      }
    }
  }
  return MSTEP_OK;
}

static int check_projection(struct ms_json index, struct ms_queue_refusal *why)
{
  struct ms_json projection = ms_json_getc(index, "Projection");
  struct ms_str type = ms_table_text(projection, "ProjectionType");
  struct ms_json names = ms_json_getc(projection, "NonKeyAttributes");
  bool has_names = ms_json_count(names) > 0;
  if (!ms_json_is_object(projection) ||
      !(ms_str_is(type, "ALL") || ms_str_is(type, "KEYS_ONLY") || ms_str_is(type, "INCLUDE"))) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Unknown ProjectionType: "
                            "%.*s",
                            type.len > 100 ? 100 : (int)type.len,
                            type.data == NULL ? "null" : type.data);
  }
  if (ms_str_is(type, "INCLUDE") != has_names) {
    return ms_table_invalid(
        why,
        has_names ? "One or more parameter values were invalid: ProjectionType is %.*s, "
                    "but NonKeyAttributes is specified"
                  : "One or more parameter values were invalid: ProjectionType is %.*s, "
                    "but NonKeyAttributes is not specified",
        MS_STR_ARG(type));
  }
  return MSTEP_OK;
}

static int check_index(uint64_t *used, struct ms_json request, struct ms_json index, bool is_local,
                       struct ms_queue_refusal *why)
{
  struct ms_json keys = ms_json_getc(index, "KeySchema");
  int err = check_name(ms_table_text(index, "IndexName"), "indexName", why);
  err = err != 0 ? err : check_keys(used, keys, ms_json_getc(request, "AttributeDefinitions"), why);
  err = err != 0 ? err : check_projection(index, why);
  if (err != 0 || !is_local) {
    return err;
  }
  struct ms_json table_keys = ms_json_getc(request, "KeySchema");
  if (ms_json_count(keys) != 2 || ms_json_count(table_keys) != 2) {
    return ms_table_invalid(
        why, "One or more parameter values were invalid: %s",
        ms_json_count(keys) != 2
            ? "Index KeySchema does not have a range key"
            : "Table KeySchema does not have a range key, which is required when "
              "specifying a LocalSecondaryIndex");
  }
  if (!ms_str_eq(ms_table_text(ms_json_at(keys, 0), "AttributeName"),
                 ms_table_text(ms_json_at(table_keys, 0), "AttributeName"))) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Index KeySchema does not "
                            "have the same leading hash key as table KeySchema");
  }
  return MSTEP_OK;
}

static bool is_named_before(struct ms_json list, size_t end, struct ms_str name)
{
  for (size_t i = 0; i < end; i++) {
    if (ms_str_eq(ms_table_text(ms_json_at(list, i), "IndexName"), name)) {
      return true;
    }
  }
  return false;
}

/* Copies the indexes with a number each. */
static int take_indexes(struct ms_json *row, uint64_t *used, unsigned *next, struct ms_json request,
                        bool is_local, struct ms_queue_refusal *why)
{
  const char *member = is_local ? "LocalSecondaryIndexes" : "GlobalSecondaryIndexes";
  static const char *const kept[] = {"IndexName", "KeySchema", "Projection",
                                     "ProvisionedThroughput", NULL};
  struct ms_json list = ms_json_getc(request, member);
  size_t count = ms_json_count(list), max = is_local ? 5 : 20;
  if (count > max) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Number of %s exceeds "
                            "per-table limit of %zu",
                            member, max);
  }
  struct ms_json copies = ms_json_array(count);
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    struct ms_json index = ms_json_at(list, i), copy = ms_json_object(5);
    struct ms_str name = ms_table_text(index, "IndexName");
    err = check_index(used, request, index, is_local, why);
    if (err == 0 && (is_named_before(list, i, name) ||
                     is_named_before(ms_json_getc(*row, "LocalSecondaryIndexes"), 5, name))) {
      err = ms_table_invalid(why,
                             "One or more parameter values were invalid: Duplicate index name: "
                             "%.*s",
                             MS_STR_ARG(name));
    }
    err = err != 0 ? err : ms_resource_copy(&copy, index, kept);
    err = err != 0 ? err : ms_json_setc(&copy, "Number", ms_json_int((*next)++));
    err = err != 0 ? (ms_json_unref(copy), err) : ms_json_push(&copies, copy);
  }
  if (err != 0 || count == 0) {
    ms_json_unref(copies);
    return err;
  }
  return ms_json_setc(row, member, copies);
}

static int check_used(uint64_t used, struct ms_json definitions, bool has_indexes,
                      struct ms_queue_refusal *why)
{
  size_t count = ms_json_count(definitions);
  for (size_t i = 0; i < count && i < 64; i++) {
    if ((used >> i & 1) == 0) {
      return ms_table_invalid(
          why, has_indexes
                   ? "One or more parameter values were invalid: Some AttributeDefinitions are not "
                     "used. AttributeDefinitions: keys used does not match"
                   : "One or more parameter values were invalid: Number of attributes in KeySchema "
                     "does not exactly match number of attributes defined in AttributeDefinitions");
    }
  }
  return MSTEP_OK;
}

static int check_billing(struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_str mode = ms_table_text(request, "BillingMode");
  bool has_throughput = ms_json_is_object(ms_json_getc(request, "ProvisionedThroughput"));
  if (ms_str_is(mode, "PAY_PER_REQUEST") && has_throughput) {
    return ms_table_invalid(why, "One or more parameter values were invalid: Neither "
                                 "ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                                 "BillingMode is PAY_PER_REQUEST");
  }
  if (!ms_str_is(mode, "PAY_PER_REQUEST") && !has_throughput) {
    return ms_table_invalid(why, "One or more parameter values were invalid: ReadCapacityUnits and "
                                 "WriteCapacityUnits must both be specified when BillingMode is "
                                 "PROVISIONED");
  }
  return MSTEP_OK;
}

int ms_table_schema_check(struct ms_json *row, struct ms_json request, struct ms_queue_refusal *why)
{
  static const char *const kept[] = {
      "TableName",   "AttributeDefinitions",  "KeySchema",
      "BillingMode", "ProvisionedThroughput", "DeletionProtectionEnabled",
      "TableClass",  "SSESpecification",      "Tags",
      NULL};
  struct ms_json definitions = ms_json_getc(request, "AttributeDefinitions");
  uint64_t used = 0;
  unsigned next = 1;
  *row = ms_json_object(16);
  int err = check_name(ms_table_text(request, "TableName"), "tableName", why);
  err = err != 0 ? err : check_definitions(definitions, why);
  err = err != 0 ? err : check_keys(&used, ms_json_getc(request, "KeySchema"), definitions, why);
  err = err != 0 ? err : check_billing(request, why);
  err = err != 0 ? err : ms_resource_copy(row, request, kept);
  err = err != 0 ? err : take_indexes(row, &used, &next, request, true, why);
  err = err != 0 ? err : take_indexes(row, &used, &next, request, false, why);
  err = err != 0 ? err : check_used(used, definitions, next > 1, why);
  err = err != 0 ? err : ms_json_setc(row, "NextIndex", ms_json_int(next));
  if (err != 0) {
    ms_json_unref(*row);
    *row = MS_JSON_VALUE_NONE;
  }
  return err;
}

/* ---- description ---- */

/* ReadCapacityUnits, WriteCapacityUnits as they were asked for, 0 without. */
static struct ms_json throughput_of(struct ms_json owner)
{
  struct ms_json asked = ms_json_getc(owner, "ProvisionedThroughput");
  struct ms_json out = ms_json_object(3);
  int64_t reads = 0, writes = 0;
  if (ms_str_is(ms_table_text(owner, "BillingMode"), "PAY_PER_REQUEST")) {
    asked = MS_JSON_VALUE_NONE; /* it was PROVISIONED once */
  }
  ms_json_to_int(&reads, ms_json_getc(asked, "ReadCapacityUnits"));
  ms_json_to_int(&writes, ms_json_getc(asked, "WriteCapacityUnits"));
  int err = ms_json_setc(&out, "NumberOfDecreasesToday", ms_json_int(0));
  err |= ms_json_setc(&out, "ReadCapacityUnits", ms_json_int(reads));
  err |= ms_json_setc(&out, "WriteCapacityUnits", ms_json_int(writes));
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

static int describe_index(struct ms_json *list, const struct ms_item_table *table,
                          struct ms_json index, bool is_local)
{
  static const char *const copied[] = {"IndexName", "KeySchema", "Projection", NULL};
  struct ms_json out = ms_json_object(8);
  struct ms_str name = ms_table_text(index, "IndexName");
  int err = ms_resource_copy(&out, index, copied);
  if (!is_local) {
    err |= ms_json_setc(&out, "IndexStatus", ms_json_cstring("ACTIVE"));
    err |= ms_json_setc(&out, "ProvisionedThroughput", throughput_of(index));
  }
  err |= ms_json_setc(&out, "IndexSizeBytes", ms_json_int(table->bytes));
  err |= ms_json_setc(&out, "ItemCount", ms_json_int(table->items));
  err |= ms_json_setc(
      &out, "IndexArn",
      ms_json_stringf("%.*s/index/%.*s", MS_STR_ARG(table->shape.arn), MS_STR_ARG(name)));
  err = err != 0 ? (ms_json_unref(out), MSTEP_ENOMEM) : ms_json_push(list, out);
  return err;
}

static int describe_indexes(struct ms_json *out, const struct ms_item_table *table,
                            const char *member)
{
  struct ms_json list = ms_json_getc(table->shape.row, member);
  size_t count = ms_json_count(list);
  struct ms_json described = ms_json_array(count);
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = describe_index(&described, table, ms_json_at(list, i),
                         strcmp(member, "LocalSecondaryIndexes") == 0);
  }
  if (err != 0 || count == 0) {
    ms_json_unref(described);
    return err;
  }
  return ms_json_setc(out, member, described);
}

static int describe_stream(struct ms_json *out, const struct ms_item_table *table)
{
  struct ms_json spec = ms_json_object(2);
  const struct ms_table_stream *stream = table->stream;
  int err = ms_json_setc(&spec, "StreamEnabled", ms_json_bool(true));
  err |= ms_json_setc(&spec, "StreamViewType", ms_json_string(stream->view));
  err |= ms_json_setc(out, "StreamSpecification", spec);
  err |= ms_json_setc(out, "LatestStreamLabel", ms_json_string(stream->label));
  err |= ms_json_setc(out, "LatestStreamArn", ms_json_string(stream->arn));
  return err == 0 ? MSTEP_OK : MSTEP_ENOMEM;
}

/* What was asked for and changes nothing here: a class, encryption at rest. */
static int describe_settings(struct ms_json *out, struct ms_json row)
{
  static const char *const class[] = {"TableClass", NULL};
  struct ms_json spec = ms_json_getc(row, "SSESpecification");
  int err = MSTEP_OK;
  if (!ms_json_is_none(ms_json_getc(row, "TableClass"))) {
    struct ms_json summary = ms_json_object(1);
    err = ms_resource_copy(&summary, row, class);
    err |= ms_json_setc(out, "TableClassSummary", summary);
  }
  if (ms_json_is_true(ms_json_getc(spec, "Enabled"))) {
    struct ms_json key = ms_json_getc(spec, "KMSMasterKeyId"), sse = ms_json_object(3);
    err |= ms_json_setc(&sse, "Status", ms_json_cstring("ENABLED"));
    err |= ms_json_setc(&sse, "SSEType", ms_json_cstring("KMS"));
    err |= ms_json_is_string(key) ? ms_json_setc(&sse, "KMSMasterKeyArn", ms_json_ref(key)) : 0;
    err |= ms_json_setc(out, "SSEDescription", sse);
  }
  return err == 0 ? MSTEP_OK : MSTEP_ENOMEM;
}

struct ms_json ms_table_description(const struct ms_item_table *table, const char *status)
{
  static const char *const copied[] = {"AttributeDefinitions", "TableName", "KeySchema", NULL};
  static const char *const more[] = {"TableArn", "TableId", NULL};
  struct ms_json row = table->shape.row, out = ms_json_object(20);
  int64_t created_ms = 0;
  ms_json_to_int(&created_ms, ms_json_getc(row, "Created"));
  struct ms_json protection = ms_json_getc(row, "DeletionProtectionEnabled");
  int err = ms_resource_copy(&out, row, copied);
  err |= ms_json_setc(&out, "TableStatus", ms_json_cstring(status));
  err |= ms_json_setc(&out, "CreationDateTime", ms_json_double((double)created_ms / 1000));
  err |= ms_json_setc(&out, "ProvisionedThroughput", throughput_of(row));
  err |= ms_json_setc(&out, "TableSizeBytes", ms_json_int(table->bytes));
  err |= ms_json_setc(&out, "ItemCount", ms_json_int(table->items));
  err |= ms_resource_copy(&out, row, more);
  if (ms_str_is(ms_table_text(row, "BillingMode"), "PAY_PER_REQUEST")) {
    struct ms_json billing = ms_json_object(1);
    err |= ms_json_setc(&billing, "BillingMode", ms_json_cstring("PAY_PER_REQUEST"));
    err |= ms_json_setc(&out, "BillingModeSummary", billing);
  }
  err |= describe_indexes(&out, table, "LocalSecondaryIndexes");
  err |= describe_indexes(&out, table, "GlobalSecondaryIndexes");
  err |= table->stream == NULL ? MSTEP_OK : describe_stream(&out, table);
  err |= describe_settings(&out, row);
  err |= ms_json_setc(&out, "DeletionProtectionEnabled", ms_json_bool(ms_json_is_true(protection)));
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}
