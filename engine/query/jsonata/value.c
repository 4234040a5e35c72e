/*
 * Objects in scratch memory, comparison, and the way out into counted JSON. Text forms are print.c's.
 *
 * A value built by an expression may share parts of itself many times over (a doubling list of lists has
 * 2^n leaves in n cells), so whatever walks a whole value spends steps or is bounded by its output.
 */
#include "query/jsonata/value.h"

#include "base/hash.h"
#include "query/jsonata/eval.h"

#define INDEX_FROM 8 /* members; below, a walk is faster than a hash */

/* ---- objects ---- */

size_t ms_jx_member_count(struct ms_jx object)
{
  if (object.type == MS_JX_DICT) {
    return object.u.dict->count;
  }
  return object.type == MS_JX_OBJECT ? ms_json_count(ms_jx_as_json(object)) : 0;
}

struct ms_jx ms_jx_member_key(struct ms_jx object, size_t index)
{
  if (object.type == MS_JX_DICT) {
    return object.u.dict->members[index].key;
  }
  return ms_jx_from_json(ms_json_key_value(ms_jx_as_json(object), index));
}

struct ms_jx ms_jx_member_value(struct ms_jx object, size_t index)
{
  if (object.type == MS_JX_DICT) {
    return object.u.dict->members[index].value;
  }
  return ms_jx_from_json(ms_json_member(ms_jx_as_json(object), index));
}

struct ms_jx ms_jx_dict(struct ms_jx_eval *ev, size_t capacity)
{
  struct ms_jx_dict *dict = ms_jx_alloc(ev, sizeof *dict);
  if (dict == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  *dict = (struct ms_jx_dict){NULL, 0, 0, NULL, 0};
  if (capacity > 0) {
    dict->members = ms_jx_alloc(ev, capacity * sizeof *dict->members);
    if (dict->members == NULL) {
      return MS_JX_VALUE_ERROR;
    }
    dict->capacity = (uint32_t)capacity;
  }
  struct ms_jx v = ms_jx_make(MS_JX_DICT);
  v.u.dict = dict;
  return v;
}

/* The slot of the index where the key is or would go. */
static uint32_t index_slot(const struct ms_jx_dict *dict, struct ms_str key)
{
  uint32_t mask = dict->index_size - 1;
  uint32_t slot = (uint32_t)ms_hash(key, ms_hash_process_seed()) & mask;
  while (dict->index[slot] != 0 &&
         !ms_str_eq(ms_jx_text(dict->members[dict->index[slot] - 1].key), key)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

int64_t ms_jx_dict_find(const struct ms_jx_dict *dict, struct ms_str key)
{
  if (dict->index != NULL) {
    return (int64_t)dict->index[index_slot(dict, key)] - 1;
  }
  for (uint32_t i = 0; i < dict->count; i++) {
    if (ms_str_eq(ms_jx_text(dict->members[i].key), key)) {
      return i;
    }
  }
  return -1;
}

struct ms_jx ms_jx_dict_get(const struct ms_jx_dict *dict, struct ms_str key)
{
  int64_t found = ms_jx_dict_find(dict, key);
  return found < 0 ? MS_JX_VALUE_UNDEFINED : dict->members[found].value;
}

/* Builds the index for twice the present members or drops it when there are few. */
static bool reindex(struct ms_jx_eval *ev, struct ms_jx_dict *dict)
{
  uint32_t size = 32;
  while (size < dict->capacity * 2) {
    size *= 2;
  }
  if (dict->index == NULL || dict->index_size < size) {
    dict->index = ms_jx_alloc(ev, size * sizeof *dict->index);
    if (dict->index == NULL) {
      return false;
    }
    dict->index_size = size;
  }
  memset(dict->index, 0, dict->index_size * sizeof *dict->index);
  for (uint32_t i = 0; i < dict->count; i++) {
    dict->index[index_slot(dict, ms_jx_text(dict->members[i].key))] = i + 1;
  }
  return true;
}

static bool grow(struct ms_jx_eval *ev, struct ms_jx_dict *dict)
{
  if (dict->capacity >= UINT32_MAX / 8) {
    ms_jx_fail_memory_limit(ev);
    return false;
  }
  uint32_t capacity = dict->capacity < 4 ? 4 : dict->capacity * 2;
  struct ms_jx_member *members = ms_jx_alloc(ev, capacity * sizeof *members);
  if (members == NULL) {
    return false;
  }
  if (dict->count > 0) {
    memcpy(members, dict->members, dict->count * sizeof *members);
  }
  dict->members = members;
  dict->capacity = capacity;
  return capacity <= INDEX_FROM || reindex(ev, dict);
}

bool ms_jx_dict_set(struct ms_jx_eval *ev, struct ms_jx object, struct ms_jx key,
                    struct ms_jx value)
{
  struct ms_jx_dict *dict = object.u.dict;
  int64_t found = ms_jx_dict_find(dict, ms_jx_text(key));
  if (found >= 0) {
    dict->members[found].value = value;
    return true;
  }
  if (dict->count == dict->capacity && !grow(ev, dict)) {
    return false;
  }
  if (dict->index == NULL && dict->count >= INDEX_FROM && !reindex(ev, dict)) {
    return false;
  }
  if (dict->index != NULL) {
    dict->index[index_slot(dict, ms_jx_text(key))] = dict->count + 1;
  }
  dict->members[dict->count++] = (struct ms_jx_member){key, value};
  return true;
}

void ms_jx_dict_remove(struct ms_jx_eval *ev, struct ms_jx_dict *dict, struct ms_str key)
{
  int64_t found = ms_jx_dict_find(dict, key);
  if (found < 0) {
    return;
  }
  dict->count--;
  memmove(dict->members + found, dict->members + found + 1,
          (dict->count - (size_t)found) * sizeof *dict->members);
  if (dict->index != NULL) {
    reindex(ev, dict); /* the memory is there: it cannot fail */
  }
}

bool ms_jx_dict_settle(struct ms_jx_eval *ev, struct ms_jx_dict *dict)
{
  uint32_t kept = 0;
  for (uint32_t i = 0; i < dict->count; i++) {
    if (dict->members[i].value.type != MS_JX_UNDEFINED) {
      dict->members[kept++] = dict->members[i];
    }
  }
  dict->count = kept;
  return kept <= INDEX_FROM || reindex(ev, dict);
}

/* ---- strings and arrays ---- */

struct ms_jx ms_jx_copy_text(struct ms_jx_eval *ev, struct ms_str s)
{
  if (s.len > ev->max_value_bytes || s.len > MS_JX_MAX_LEN) {
    return ms_jx_fail_memory_limit(ev);
  }
  char *copy = ms_jx_alloc(ev, s.len);
  if (copy == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  if (s.len > 0) {
    memcpy(copy, s.data, s.len);
  }
  return ms_jx_text_value((struct ms_str){copy, s.len});
}

struct ms_jx ms_jx_take_buf(struct ms_jx_eval *ev, struct ms_buf *buf)
{
  struct ms_jx v;
  if (buf->error == 0) {
    v = ms_jx_copy_text(ev, ms_buf_view(buf));
  } else {
    v = buf->error == MSTEP_ENOMEM ? ms_jx_fail_nomem(ev) : ms_jx_fail_memory_limit(ev);
  }
  ms_buf_deinit(buf);
  return v;
}

struct ms_jx ms_jx_list_new(struct ms_jx_eval *ev, struct ms_jx **items, size_t count)
{
  if (count > ev->max_value_bytes / 8 || count > MS_JX_MAX_LEN) {
    return ms_jx_fail_memory_limit(ev);
  }
  *items = ms_jx_alloc(ev, count * sizeof **items);
  if (*items == NULL || !ms_jx_spend(ev, count / 16)) {
    return MS_JX_VALUE_ERROR;
  }
  struct ms_jx v = ms_jx_make(MS_JX_LIST);
  v.len = (uint32_t)count;
  v.u.items = *items;
  return v;
}

struct ms_jx ms_jx_list(struct ms_jx_eval *ev, const struct ms_jx *items, size_t count)
{
  struct ms_jx *copy = NULL;
  struct ms_jx v = ms_jx_list_new(ev, &copy, count);
  if (!ms_jx_is_error(v) && count > 0) {
    memcpy(copy, items, count * sizeof *items);
  }
  return v;
}

/* ---- comparison ---- */

static int compare_numbers(struct ms_jx a, struct ms_jx b)
{
  if (a.type == MS_JX_INT && b.type == MS_JX_INT) {
    return a.u.integer < b.u.integer ? -1 : a.u.integer > b.u.integer;
  }
  double x = ms_jx_number(a);
  double y = ms_jx_number(b);
  return x < y ? -1 : x > y;
}

int ms_jx_compare(struct ms_jx a, struct ms_jx b)
{
  return ms_jx_is_number(a) ? compare_numbers(a, b)
                            : ms_str_cmp_utf16(ms_jx_text(a), ms_jx_text(b));
}

static bool equal_numbers(struct ms_jx a, struct ms_jx b)
{
  if (a.type == MS_JX_INT && b.type == MS_JX_INT) {
    return a.u.integer == b.u.integer;
  }
  if (a.type == MS_JX_BIG && b.type == MS_JX_BIG) {
    return ms_json_equal(ms_jx_as_json(a), ms_jx_as_json(b));
  }
  return ms_jx_number(a) == ms_jx_number(b);
}

bool ms_jx_same(struct ms_jx a, struct ms_jx b)
{
  if (ms_jx_is_number(a) && ms_jx_is_number(b)) {
    return equal_numbers(a, b);
  }
  if (ms_jx_is_string(a) && ms_jx_is_string(b)) {
    return ms_str_eq(ms_jx_text(a), ms_jx_text(b));
  }
  if (a.type != b.type) {
    return false;
  }
  switch (a.type) {
  case MS_JX_UNDEFINED:
  case MS_JX_NULL:
    return true;
  case MS_JX_BOOL:
    return a.u.boolean == b.u.boolean;
  case MS_JX_LIST:
    return a.u.items == b.u.items && a.len == b.len && a.len > 0;
  default:
    return a.u.bits == b.u.bits;
  }
}

static bool equal(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b, unsigned depth);

static bool equal_arrays(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b, unsigned depth)
{
  size_t count = ms_jx_count(a);
  if (count != ms_jx_count(b)) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    if (!equal(ev, ms_jx_at(a, i), ms_jx_at(b, i), depth + 1)) {
      return false;
    }
  }
  return true;
}

static bool equal_objects(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b, unsigned depth)
{
  size_t count = ms_jx_member_count(a);
  if (count != ms_jx_member_count(b)) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_jx other = ms_jx_get(b, ms_jx_text(ms_jx_member_key(a, i)));
    if (other.type == MS_JX_UNDEFINED || !equal(ev, ms_jx_member_value(a, i), other, depth + 1)) {
      return false;
    }
  }
  return true;
}

static bool equal(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b, unsigned depth)
{
  if (!ms_jx_spend(ev, 1)) {
    return false;
  }
  bool both_arrays = ms_jx_is_array(a) && ms_jx_is_array(b);
  bool both_objects = ms_jx_is_object(a) && ms_jx_is_object(b);
  if ((!both_arrays && !both_objects) || ms_jx_same(a, b)) {
    return ms_jx_same(a, b);
  }
  if (depth > MS_JSON_DEPTH_MAX) {
    ms_jx_fail_depth(ev);
    return false;
  }
  return both_arrays ? equal_arrays(ev, a, b, depth) : equal_objects(ev, a, b, depth);
}

bool ms_jx_equal(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b)
{
  return equal(ev, a, b, 0);
}

char ms_jx_type_letter(struct ms_jx value)
{
  switch (value.type) {
  case MS_JX_NULL:
    return 'l';
  case MS_JX_BOOL:
    return 'b';
  case MS_JX_INT:
  case MS_JX_DOUBLE:
  case MS_JX_BIG:
    return 'n';
  case MS_JX_STRING:
  case MS_JX_TEXT:
    return 's';
  case MS_JX_ARRAY:
  case MS_JX_LIST:
    return 'a';
  case MS_JX_OBJECT:
  case MS_JX_DICT:
  case MS_JX_TUPLE:
    return 'o';
  case MS_JX_FUNCTION:
    return 'f';
  default:
    return 'm';
  }
}

/* ---- the way out ---- */

static int to_json(struct ms_jx_eval *ev, struct ms_json *out, struct ms_jx value, unsigned depth);

/* Charges what the counted copy of an array or object will take. */
static bool charge(struct ms_jx_eval *ev, size_t count, size_t item_bytes, unsigned depth)
{
  if (depth > MS_JSON_DEPTH_MAX - 1) {
    ms_jx_fail_depth(ev);
    return false;
  }
  ev->bytes += 48 + count * item_bytes;
  if (ev->bytes > ev->max_bytes) {
    ms_jx_fail_memory_limit(ev);
    return false;
  }
  return ms_jx_spend(ev, count);
}

static int fail_code(struct ms_jx_eval *ev, int code)
{
  if (code == MSTEP_ETOOBIG) {
    ms_jx_fail_depth(ev);
  } else {
    ms_jx_fail_nomem(ev);
  }
  return ev->code;
}

static int list_to_json(struct ms_jx_eval *ev, struct ms_json *out, struct ms_jx value,
                        unsigned depth)
{
  size_t count = ms_jx_count(value);
  if (!charge(ev, count, sizeof *out, depth)) {
    return ev->code;
  }
  struct ms_json array = ms_json_array(count);
  if (ms_json_is_none(array)) {
    return fail_code(ev, MSTEP_ENOMEM);
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_json item;
    struct ms_jx from = ms_jx_at(value, i);
    int code = 0;
    if (from.type == MS_JX_INT || from.type == MS_JX_STRING) {
      item = ms_json_ref(ms_jx_as_json(from)); /* what most items are */
    } else {
      code = to_json(ev, &item, from, depth + 1);
    }
    if (code == 0 && ms_json_is_none(item)) {
      item = MS_JSON_VALUE_NULL;
    }
    if (code == 0 && (code = ms_json_push(&array, item)) != 0) {
      code = fail_code(ev, code);
    }
    if (code != 0) {
      ms_json_unref(array);
      return code;
    }
  }
  *out = array;
  return 0;
}

static int set_member(struct ms_jx_eval *ev, struct ms_json *object, struct ms_jx key,
                      struct ms_json value)
{
  int code = key.type == MS_JX_STRING ? ms_json_set_key(object, ms_jx_as_json(key), value)
                                      : ms_json_set(object, ms_jx_text(key), value);
  return code == 0 ? 0 : fail_code(ev, code);
}

static int dict_to_json(struct ms_jx_eval *ev, struct ms_json *out, struct ms_jx value,
                        unsigned depth)
{
  const struct ms_jx_dict *dict = value.u.dict;
  if (!charge(ev, dict->count, 3 * sizeof *out, depth)) {
    return ev->code;
  }
  struct ms_json object = ms_json_object(dict->count);
  if (ms_json_is_none(object)) {
    return fail_code(ev, MSTEP_ENOMEM);
  }
  for (uint32_t i = 0; i < dict->count; i++) {
    struct ms_json member;
    int code = to_json(ev, &member, dict->members[i].value, depth + 1);
    if (code == 0 && !ms_json_is_none(member)) {
      code = set_member(ev, &object, dict->members[i].key, member);
    }
    if (code != 0) {
      ms_json_unref(object);
      return code;
    }
  }
  *out = object;
  return 0;
}

/* Numbers that JSON has no form for become text, as on AWS. */
static struct ms_json double_to_json(struct ms_jx value)
{
  double number = value.u.number;
  if (!isfinite(number)) {
    return ms_json_cstring(isnan(number) ? "NaN" : (number > 0 ? "Infinity" : "-Infinity"));
  }
  if ((value.flags & MS_JX_COMPUTED) != 0 && number == floor(number) && fabs(number) < 9.2e18) {
    return ms_json_int((int64_t)number);
  }
  return ms_json_double(number);
}

static int to_json(struct ms_jx_eval *ev, struct ms_json *out, struct ms_jx value, unsigned depth)
{
  *out = MS_JSON_VALUE_NONE;
  switch (value.type) {
  case MS_JX_UNDEFINED:
    return 0;
  case MS_JX_LIST:
    return list_to_json(ev, out, value, depth);
  case MS_JX_DICT:
    return dict_to_json(ev, out, value, depth);
  case MS_JX_FUNCTION:
  case MS_JX_TUPLE:
    ms_jx_fail_text(ev, "The result is of a type that JSON does not have");
    ev->error.is_result_type = true;
    return ev->code;
  case MS_JX_DOUBLE:
    *out = double_to_json(value);
    break;
  case MS_JX_TEXT:
    *out = ms_json_string(ms_jx_text(value));
    break;
  default:
    *out = ms_json_ref(ms_jx_as_json(value));
    break;
  }
  return ms_json_is_none(*out) ? fail_code(ev, MSTEP_ENOMEM) : 0;
}

int ms_jx_to_json(struct ms_jx_eval *ev, struct ms_json *out, struct ms_jx value)
{
  return to_json(ev, out, value, 0);
}
