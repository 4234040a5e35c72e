/*
 * Keys of items, as the service checks them and as bytes that sort:
 *
 *   table (4) part (1) hash of the partition (16) sort key            items
 *   table     index    hash of the partition      sort key, ended, hash of the item's key (16)
 *   table     254      second when it expires (8) hash of the item's key
 *
 * Texts and binaries sort by their bytes, numbers as table_number.h says. In an index a sort key
 * is followed
 * by something, so its zeros are escaped and it gets an end. Items of one partition stand
 * together; partitions
 * in the order of their hashes.
 */
#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "messaging/table_internal.h"

#define HASH_SIZE 16
#define HASH_KEY_MAX 2048
#define RANGE_KEY_MAX 1024

/* ---- checks ---- */

static size_t key_size(struct ms_json value)
{
  return ms_table_value_size(value);
}

static int check_size(struct ms_json value, struct ms_str name, bool is_hash,
                      struct ms_queue_refusal *why)
{
  size_t size = key_size(value);
  if (size == 0 && !ms_table_is_type(value, "N")) {
    return ms_table_invalid(
        why,
        "One or more parameter values are not valid. The AttributeValue for a key "
        "attribute cannot contain an empty %s value. Key: %.*s",
        ms_table_is_type(value, "S") ? "string" : "binary", MS_STR_ARG(name));
  }
  if (is_hash && size > HASH_KEY_MAX) {
    return ms_table_invalid(why, "One or more parameter values were invalid: Size of hashkey has "
                                 "exceeded the maximum size limit of2048 bytes");
  }
  if (!is_hash && size > RANGE_KEY_MAX) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Aggregated size of all "
                            "range keys has exceeded the size limit of 1024 bytes");
  }
  return MSTEP_OK;
}

static bool is_of_type(struct ms_json value, char type)
{
  struct ms_str is = ms_table_type(value);
  return is.len == 1 && is.data[0] == type;
}

static int check_item_key(const struct ms_table_key *key, bool is_hash, struct ms_json item,
                          struct ms_queue_refusal *why)
{
  struct ms_json value = ms_json_get(item, key->name);
  if (key->name.data == NULL) {
    return MSTEP_OK;
  }
  if (ms_json_is_none(value)) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Missing the key %.*s in "
                            "the item",
                            MS_STR_ARG(key->name));
  }
  if (!is_of_type(value, key->type)) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Type mismatch for key %.*s "
                            "expected: %c actual: %.*s",
                            MS_STR_ARG(key->name), key->type, MS_STR_ARG(ms_table_type(value)));
  }
  return check_size(value, key->name, is_hash, why);
}

static int check_index_key(const struct ms_table_index *index, const struct ms_table_key *key,
                           bool is_hash, struct ms_json item, struct ms_queue_refusal *why)
{
  struct ms_json value = key->name.data == NULL ? MS_JSON_VALUE_NONE : ms_json_get(item, key->name);
  if (ms_json_is_none(value)) {
    return MSTEP_OK;
  }
  if (!is_of_type(value, key->type)) {
    return ms_table_invalid(
        why,
        "One or more parameter values were invalid: Type mismatch for Index Key "
        "%.*s Expected: %c Actual: %.*s IndexName: %.*s",
        MS_STR_ARG(key->name), key->type, MS_STR_ARG(ms_table_type(value)),
        MS_STR_ARG(index->name));
  }
  return check_size(value, key->name, is_hash, why);
}

int ms_table_key_check_item(const struct ms_item_table *table, struct ms_json item,
                            struct ms_queue_refusal *why)
{
  const struct ms_table_shape *shape = &table->shape;
  int err = check_item_key(&shape->schema.hash, true, item, why);
  err = err != 0 ? err : check_item_key(&shape->schema.range, false, item, why);
  for (size_t i = 0; i < shape->index_count && err == 0; i++) {
    const struct ms_table_index *index = &shape->indexes[i];
    err = check_index_key(index, &index->schema.hash, true, item, why);
    err = err != 0 ? err : check_index_key(index, &index->schema.range, false, item, why);
  }
  return err;
}

int ms_table_key_check(const struct ms_table_schema *schema, struct ms_json key,
                       struct ms_queue_refusal *why)
{
  bool has_range = schema->range.name.data != NULL;
  struct ms_json hash = ms_json_get(key, schema->hash.name);
  struct ms_json range = has_range ? ms_json_get(key, schema->range.name) : MS_JSON_VALUE_NONE;
  if (ms_json_count(key) != 1u + has_range || !is_of_type(hash, schema->hash.type) ||
      (has_range && !is_of_type(range, schema->range.type))) {
    return ms_table_invalid(why, "The provided key element does not match the schema");
  }
  int err = check_size(hash, schema->hash.name, true, why);
  return err != 0 || !has_range ? err : check_size(range, schema->range.name, false, why);
}

struct ms_json ms_table_key_of(const struct ms_item_table *table, struct ms_json item)
{
  const struct ms_table_schema *schema = &table->shape.schema;
  struct ms_json key = ms_json_object(2);
  int err = ms_json_set(&key, schema->hash.name, ms_json_ref(ms_json_get(item, schema->hash.name)));
  if (err == 0 && schema->range.name.data != NULL) {
    err = ms_json_set(&key, schema->range.name, ms_json_ref(ms_json_get(item, schema->range.name)));
  }
  if (err != 0) {
    ms_json_unref(key);
    return MS_JSON_VALUE_NONE;
  }
  return key;
}

/* ---- bytes ---- */

/* A key's value as bytes that sort; type S, N or B. */
static void put_value(struct ms_buf *out, struct ms_json value)
{
  unsigned char bytes[MS_TABLE_NUMBER_BYTES];
  struct ms_str text = ms_json_text(ms_table_inner(value));
  if (ms_table_is_type(value, "N")) {
    struct ms_table_number number = ms_table_number_of(value);
    ms_buf_put(out, bytes, ms_table_number_bytes(bytes, &number));
  } else if (ms_table_is_type(value, "B")) {
    ms_base64_decode_lenient(out, text);
  } else {
    ms_buf_str(out, text);
  }
}

static void put_digest(struct ms_buf *out, const struct ms_buf *of)
{
  unsigned char digest[MS_SHA256_SIZE];
  if (of->error != 0 || ms_digest_sha256(digest, ms_buf_view(of)) != 0) {
    out->error = out->error != 0 ? out->error : MSTEP_ENOMEM;
    return;
  }
  ms_buf_put(out, digest, HASH_SIZE);
}

void ms_table_put_prefix(struct ms_buf *out, const struct ms_item_table *table, unsigned part)
{
  const char bytes[5] = {(char)(table->id >> 24), (char)(table->id >> 16), (char)(table->id >> 8),
                         (char)table->id, (char)part};
  ms_buf_put(out, bytes, sizeof bytes);
}

void ms_table_put_partition(struct ms_buf *out, const struct ms_item_table *table, unsigned part,
                            struct ms_json hash)
{
  struct ms_buf value;
  ms_buf_init(&value, 0);
  put_value(&value, hash);
  ms_table_put_prefix(out, table, part);
  put_digest(out, &value);
  ms_buf_deinit(&value);
}

void ms_table_put_sort(struct ms_buf *out, unsigned part, struct ms_json range, bool is_whole)
{
  if (part == MS_TABLE_PART_ITEMS) {
    put_value(out, range);
    return;
  }
  struct ms_buf value;
  ms_buf_init(&value, 0);
  put_value(&value, range);
  for (size_t i = 0; i < value.len; i++) {
    ms_buf_char(out, value.data[i]);
    if (value.data[i] == '\0') {
      ms_buf_char(out, '\xff');
    }
  }
  if (is_whole) {
    ms_buf_put(out, "\0\0", 2);
  }
  out->error = out->error != 0 ? out->error : value.error;
  ms_buf_deinit(&value);
}

void ms_table_put_key(struct ms_buf *out, const struct ms_item_table *table, struct ms_json item)
{
  const struct ms_table_schema *schema = &table->shape.schema;
  ms_table_put_partition(out, table, MS_TABLE_PART_ITEMS, ms_json_get(item, schema->hash.name));
  if (schema->range.name.data != NULL) {
    ms_table_put_sort(out, MS_TABLE_PART_ITEMS, ms_json_get(item, schema->range.name), true);
  }
}

/* What tells items of one place in an index apart. */
static void put_item_digest(struct ms_buf *out, const struct ms_item_table *table,
                            struct ms_json item)
{
  struct ms_buf key;
  ms_buf_init(&key, 0);
  ms_table_put_key(&key, table, item);
  put_digest(out, &key);
  ms_buf_deinit(&key);
}

bool ms_table_put_index_key(struct ms_buf *out, const struct ms_item_table *table,
                            const struct ms_table_index *index, struct ms_json item)
{
  const struct ms_table_schema *schema = &index->schema;
  bool has_range = schema->range.name.data != NULL;
  struct ms_json hash = ms_json_get(item, schema->hash.name);
  struct ms_json range = has_range ? ms_json_get(item, schema->range.name) : MS_JSON_VALUE_NONE;
  if (!is_of_type(hash, schema->hash.type) ||
      (has_range && !is_of_type(range, schema->range.type))) {
    return false;
  }
  ms_table_put_partition(out, table, index->number, hash);
  if (has_range) {
    ms_table_put_sort(out, index->number, range, true);
  }
  put_item_digest(out, table, item);
  return true;
}

bool ms_table_put_expiry_key(struct ms_buf *out, const struct ms_item_table *table,
                             struct ms_json item)
{
  struct ms_str name = table->shape.expiry;
  struct ms_json value = name.data == NULL ? MS_JSON_VALUE_NONE : ms_json_get(item, name);
  int64_t second = 0;
  if (!is_of_type(value, 'N')) {
    return false;
  }
  struct ms_str text = ms_json_text(ms_table_inner(value));
  for (size_t i = 0; i < text.len && text.data[i] != '.'; i++) { /* below it: a fraction */
    if (text.data[i] < '0' || text.data[i] > '9' || second > (int64_t)1 << 50) {
      return false;
    }
    second = second * 10 + (text.data[i] - '0');
  }
  char key[MS_STORE_NUMBER_SIZE];
  ms_table_put_prefix(out, table, MS_TABLE_PART_EXPIRY);
  ms_buf_str(out, ms_store_key(key, (uint64_t)second));
  put_item_digest(out, table, item);
  return true;
}

void ms_table_key_end(struct ms_buf *key)
{
  while (key->len > 0 && (unsigned char)key->data[key->len - 1] == 0xff) {
    key->len--;
  }
  if (key->len > 0) {
    key->data[key->len - 1]++;
  }
}
