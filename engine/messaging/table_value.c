/* Checks, sizes and comparisons of attribute values. */
#include "messaging/table_value.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/map.h"
#include "base/utf8.h"
#include "messaging/resource.h"

static int invalid(struct ms_queue_refusal *why, const char *text)
{
  return ms_refuse(why, "ValidationException", "%s", text);
}

/* ---- scalars ---- */

static int check_number(struct ms_json *out, struct ms_json inner, struct ms_queue_refusal *why)
{
  struct ms_table_number number;
  struct ms_str text = ms_json_text(inner);
  const char *wrong = ms_table_number_parse(&number, text);
  if (wrong != NULL) {
    bool says_which = strstr(wrong, "cannot be converted") != NULL && text.len > 0;
    return ms_refuse(why, "ValidationException", says_which ? "%s: %.*s" : "%s", wrong,
                     text.len > 200 ? 200 : (int)text.len, text.data);
  }
  struct ms_buf plain;
  ms_buf_init(&plain, 0);
  ms_table_number_print(&plain, &number);
  *out = plain.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&plain));
  ms_buf_deinit(&plain);
  return ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
}

static int check_binary(struct ms_json *out, struct ms_json inner, struct ms_queue_refusal *why)
{
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  int err = ms_base64_decode(&bytes, ms_json_text(inner));
  ms_buf_deinit(&bytes);
  if (err == MSTEP_ESYNTAX) {
    return ms_refuse(why, "SerializationException",
                     "The value of a binary attribute is not valid base64");
  }
  *out = err == 0 ? ms_json_ref(inner) : MS_JSON_VALUE_NONE;
  return err;
}

static int check_text(struct ms_json *out, struct ms_json inner, char type,
                      struct ms_queue_refusal *why)
{
  if (!ms_json_is_string(inner)) {
    return ms_refuse(why, "SerializationException", "%s cannot be converted to String",
                     ms_json_is_number(inner) ? "NUMBER_VALUE" : "The value");
  }
  switch (type) {
  case 'N':
    return check_number(out, inner, why);
  case 'B':
    return check_binary(out, inner, why);
  default:
    *out = ms_json_ref(inner);
    return MSTEP_OK;
  }
}

/* ---- sets ---- */

static int refuse_twice(struct ms_json set, struct ms_queue_refusal *why)
{
  struct ms_buf list;
  ms_buf_init(&list, 0);
  for (size_t i = 0; i < ms_json_count(set) && list.len < 200; i++) {
    ms_buf_cstr(&list, i == 0 ? "" : ", ");
    ms_buf_str(&list, ms_json_text(ms_json_at(set, i)));
  }
  int err = list.error != 0
                ? ms_error_nomem()
                : ms_refuse(why, "ValidationException",
                            "One or more parameter values were invalid: Input collection [%.*s] "
                            "contains duplicates.",
                            list.len > 300 ? 300 : (int)list.len, list.data);
  ms_buf_deinit(&list);
  return err;
}

static int check_set(struct ms_json *out, struct ms_json inner, char type,
                     struct ms_queue_refusal *why)
{
  size_t count = ms_json_count(inner);
  if (!ms_json_is_array(inner) || count == 0) {
    return ms_refuse(why, "ValidationException",
                     "One or more parameter values were invalid: An %s set  may not be empty",
                     type == 'S' ? "string" : (type == 'N' ? "number" : "binary"));
  }
  struct ms_json set = ms_json_array(count);
  struct ms_map seen;
  int err = MSTEP_OK;
  ms_map_init(&seen, 7);
  for (size_t i = 0; i < count && err == 0; i++) {
    struct ms_json item = MS_JSON_VALUE_NONE;
    err = check_text(&item, ms_json_at(inner, i), type, why);
    if (err == 0 && ms_map_has(&seen, ms_json_text(item))) {
      err = refuse_twice(inner, why);
    }
    err = err != 0 ? err : ms_map_put(&seen, ms_json_text(item), &seen, NULL);
    if (err == 0) {
      err = ms_json_push(&set, item);
    } else {
      ms_json_unref(item);
    }
  }
  ms_map_deinit(&seen);
  if (err != 0) {
    ms_json_unref(set);
    return err;
  }
  *out = set;
  return MSTEP_OK;
}

/* ---- anything ---- */

static int check_value(struct ms_json *out, struct ms_json value, unsigned depth,
                       struct ms_queue_refusal *why);

static int check_members(struct ms_json *out, struct ms_json object, unsigned depth,
                         struct ms_queue_refusal *why)
{
  size_t count = ms_json_count(object);
  struct ms_json members = ms_json_object(count);
  int err = ms_json_is_none(members) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    struct ms_json one = MS_JSON_VALUE_NONE;
    err = check_value(&one, ms_json_member(object, i), depth, why);
    err = err != 0 ? err : ms_json_set_key(&members, ms_json_key_value(object, i), one);
  }
  if (err != 0) {
    ms_json_unref(members);
    return err;
  }
  *out = members;
  return MSTEP_OK;
}

static int check_list(struct ms_json *out, struct ms_json list, unsigned depth,
                      struct ms_queue_refusal *why)
{
  size_t count = ms_json_count(list);
  struct ms_json items = ms_json_array(count);
  int err = ms_json_is_none(items) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    struct ms_json one = MS_JSON_VALUE_NONE;
    err = check_value(&one, ms_json_at(list, i), depth, why);
    err = err != 0 ? err : ms_json_push(&items, one);
  }
  if (err != 0) {
    ms_json_unref(items);
    return err;
  }
  *out = items;
  return MSTEP_OK;
}

static int check_inner(struct ms_json *out, struct ms_str type, struct ms_json inner,
                       unsigned depth, struct ms_queue_refusal *why)
{
  if (type.len == 1 && strchr("SNB", type.data[0]) != NULL) {
    return check_text(out, inner, type.data[0], why);
  }
  if (type.len == 2 && type.data[1] == 'S' && strchr("SNB", type.data[0]) != NULL) {
    return check_set(out, inner, type.data[0], why);
  }
  if (ms_str_is(type, "M") && ms_json_is_object(inner)) {
    return check_members(out, inner, depth + 1, why);
  }
  if (ms_str_is(type, "L") && ms_json_is_array(inner)) {
    return check_list(out, inner, depth + 1, why);
  }
  if (ms_str_is(type, "NULL") && !ms_json_is_true(inner)) {
    return invalid(why,
                   "One or more parameter values were invalid: Null attribute value types must "
                   "have the value of true");
  }
  if ((ms_str_is(type, "BOOL") || ms_str_is(type, "NULL")) && ms_json_is_bool(inner)) {
    *out = ms_json_ref(inner);
    return MSTEP_OK;
  }
  if (ms_str_is(type, "M") || ms_str_is(type, "L") || ms_str_is(type, "BOOL")) {
    return ms_refuse(why, "SerializationException", "Unexpected value type in payload");
  }
  return invalid(why, "Supplied AttributeValue is empty, must contain exactly one of the supported "
                      "datatypes");
}

static int check_value(struct ms_json *out, struct ms_json value, unsigned depth,
                       struct ms_queue_refusal *why)
{
  *out = MS_JSON_VALUE_NONE;
  if (!ms_json_is_object(value)) {
    return ms_refuse(why, "SerializationException", "Unexpected value type in payload");
  }
  if (ms_json_count(value) == 0) {
    return invalid(why, "Supplied AttributeValue is empty, must contain exactly one of the "
                        "supported datatypes");
  }
  if (ms_json_count(value) > 1) {
    return invalid(why, "Supplied AttributeValue has more than one datatypes set, must contain "
                        "exactly one of the supported datatypes");
  }
  if (depth > MS_TABLE_NESTING_MAX) {
    return invalid(why, "Nesting Levels have exceeded supported limits");
  }
  struct ms_json inner = MS_JSON_VALUE_NONE;
  int err = check_inner(&inner, ms_json_key(value, 0), ms_json_member(value, 0), depth, why);
  if (err != 0) {
    return err;
  }
  *out = ms_table_value(ms_json_key(value, 0), inner);
  return ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
}

int ms_table_value_check(struct ms_json *out, struct ms_json value, struct ms_queue_refusal *why)
{
  return check_value(out, value, 0, why);
}

int ms_table_item_check(struct ms_json *out, struct ms_json item, struct ms_queue_refusal *why)
{
  *out = MS_JSON_VALUE_NONE;
  if (!ms_json_is_object(item)) {
    return ms_refuse(why, "SerializationException", "Unexpected value type in payload");
  }
  for (size_t i = 0; i < ms_json_count(item); i++) {
    if (ms_json_key(item, i).len > 65535) {
      return invalid(why, "One or more parameter values were invalid: Attribute name is too large, "
                          "must be less than 65536 bytes");
    }
  }
  return check_members(out, item, 0, why);
}

/* ---- parts ---- */

struct ms_str ms_table_type(struct ms_json value)
{
  static const struct ms_str none;
  return ms_json_count(value) == 0 ? none : ms_json_key(value, 0);
}

bool ms_table_is_type(struct ms_json value, const char *type)
{
  return ms_str_is(ms_table_type(value), type);
}

struct ms_json ms_table_inner(struct ms_json value)
{
  return ms_json_member(value, 0);
}

bool ms_table_is_set(struct ms_json value)
{
  struct ms_str type = ms_table_type(value);
  return type.len == 2 && type.data[1] == 'S';
}

struct ms_table_number ms_table_number_of(struct ms_json value)
{
  struct ms_table_number number;
  ms_table_number_parse(&number, ms_json_text(ms_table_inner(value)));
  return number;
}

struct ms_json ms_table_value(struct ms_str type, struct ms_json inner)
{
  struct ms_json value = ms_json_object(1);
  if (ms_json_set(&value, type, inner) != 0) {
    ms_json_unref(value);
    return MS_JSON_VALUE_NONE;
  }
  return value;
}

struct ms_json ms_table_number_value(const struct ms_table_number *number)
{
  struct ms_buf plain;
  ms_buf_init(&plain, 0);
  ms_table_number_print(&plain, number);
  struct ms_json text = plain.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&plain));
  ms_buf_deinit(&plain);
  return ms_table_value(MS_STR("N"), text);
}

/* ---- comparison ---- */

static bool equal_sets(struct ms_json a, struct ms_json b)
{
  size_t count = ms_json_count(a);
  struct ms_map seen;
  bool is_equal = count == ms_json_count(b);
  if (ms_json_equal(a, b) || !is_equal) {
    return is_equal;
  }
  ms_map_init(&seen, 7);
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = ms_map_put(&seen, ms_json_text(ms_json_at(a, i)), &seen, NULL);
  }
  for (size_t i = 0; i < count && is_equal; i++) {
    is_equal = err == 0 && ms_map_has(&seen, ms_json_text(ms_json_at(b, i)));
  }
  ms_map_deinit(&seen);
  return is_equal;
}

bool ms_table_equal(struct ms_json a, struct ms_json b)
{
  if (!ms_str_eq(ms_table_type(a), ms_table_type(b))) {
    return false;
  }
  struct ms_json left = ms_table_inner(a), right = ms_table_inner(b);
  if (ms_table_is_set(a)) {
    return equal_sets(left, right);
  }
  bool is_list = ms_table_is_type(a, "L");
  if (!is_list && !ms_table_is_type(a, "M")) {
    return ms_json_equal(left, right);
  }
  bool is_equal = ms_json_count(left) == ms_json_count(right);
  for (size_t i = 0; i < ms_json_count(left) && is_equal; i++) {
    struct ms_json other =
        is_list ? ms_json_at(right, i) : ms_json_get(right, ms_json_key(left, i));
    is_equal = ms_table_equal(is_list ? ms_json_at(left, i) : ms_json_member(left, i), other);
  }
  return is_equal;
}

/* Base64's letters do not sort as the bytes do: each letter is turned into its six bits. */
static int six_bits(char c)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = c == '\0' ? NULL : strchr(letters, c);
  return at == NULL ? -1 : (int)(at - letters);
}

static int compare_binary(struct ms_str a, struct ms_str b)
{
  for (size_t i = 0; i < a.len && i < b.len; i++) {
    if (a.data[i] != b.data[i]) {
      return six_bits(a.data[i]) < six_bits(b.data[i]) ? -1 : 1;
    }
  }
  return (a.len > b.len) - (a.len < b.len);
}

bool ms_table_compare(int *order, struct ms_json a, struct ms_json b)
{
  struct ms_str type = ms_table_type(a);
  if (type.len != 1 || !ms_str_eq(type, ms_table_type(b)) || strchr("SNB", type.data[0]) == NULL) {
    return false;
  }
  struct ms_str left = ms_json_text(ms_table_inner(a)), right = ms_json_text(ms_table_inner(b));
  if (type.data[0] == 'N') {
    struct ms_table_number x = ms_table_number_of(a), y = ms_table_number_of(b);
    *order = ms_table_number_cmp(&x, &y);
  } else {
    int cmp = type.data[0] == 'S' ? ms_str_cmp(left, right) : compare_binary(left, right);
    *order = (cmp > 0) - (cmp < 0);
  }
  return true;
}

/* ---- sizes ---- */

size_t ms_table_binary_size(struct ms_str base64)
{
  size_t padding = ms_str_has_suffix(base64, "==") ? 2 : ms_str_has_suffix(base64, "=");
  return base64.len / 4 * 3 - padding;
}

static size_t text_size(struct ms_json inner, char type)
{
  struct ms_table_number number;
  switch (type) {
  case 'N':
    ms_table_number_parse(&number, ms_json_text(inner));
    return ms_table_number_size(&number);
  case 'B':
    return ms_table_binary_size(ms_json_text(inner));
  default:
    return ms_json_text(inner).len;
  }
}

size_t ms_table_value_size(struct ms_json value)
{
  struct ms_json inner = ms_table_inner(value);
  struct ms_str type = ms_table_type(value);
  size_t count = ms_json_count(inner), size = 0;
  if (ms_json_is_bool(inner)) {
    return 1;
  }
  if (ms_json_is_string(inner)) {
    return text_size(inner, type.data[0]);
  }
  if (ms_json_is_object(inner)) {
    return 3 + count + ms_table_item_size(inner);
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_json item = ms_json_at(inner, i);
    size += type.len == 2 ? text_size(item, type.data[0]) : 1 + ms_table_value_size(item);
  }
  return type.len == 2 ? size : size + 3;
}

size_t ms_table_item_size(struct ms_json item)
{
  size_t size = 0;
  for (size_t i = 0; i < ms_json_count(item); i++) {
    size += ms_json_key(item, i).len + ms_table_value_size(ms_json_member(item, i));
  }
  return size;
}

bool ms_table_length(size_t *out, struct ms_json value)
{
  struct ms_json inner = ms_table_inner(value);
  if (ms_table_is_type(value, "S")) {
    *out = ms_utf8_count_utf16(ms_json_text(inner));
  } else if (ms_table_is_type(value, "B")) {
    *out = ms_table_binary_size(ms_json_text(inner));
  } else if (ms_json_is_array(inner) || ms_json_is_object(inner)) {
    *out = ms_json_count(inner);
  } else {
    return false;
  }
  return true;
}
