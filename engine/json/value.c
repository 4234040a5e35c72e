/*
 * Life of values and everything about scalars. Containers live in array.c and object.c; releasing
 * them is here because it goes through all kinds.
 */
#include "json/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "json/internal.h"

/* ---- strings ---- */

struct ms_json_string *ms_json_string_new(size_t len)
{
  if (len > SIZE_MAX - sizeof(struct ms_json_string) - 1) {
    ms_error_nomem();
    return NULL;
  }
  struct ms_json_string *string = ms_alloc(sizeof *string + len + 1);
  if (string == NULL) {
    ms_error_nomem();
    return NULL;
  }
  string->refs = 1;
  string->hash = 0;
  string->len = len;
  string->data[len] = '\0';
  return string;
}

void ms_json_string_unref(struct ms_json_string *string)
{
  if (--string->refs == 0) {
    ms_free(string);
  }
}

uint32_t ms_json_string_hash_of(struct ms_str text)
{
  uint64_t hash = ms_hash(text, ms_hash_process_seed());
  uint32_t folded = (uint32_t)(hash ^ hash >> 32);
  return folded == 0 ? 1 : folded;
}

static struct ms_json text_value(enum ms_json_type type, struct ms_str text)
{
  struct ms_json_string *string = ms_json_string_new(text.len);
  if (string == NULL) {
    return MS_JSON_VALUE_NONE;
  }
  if (text.len > 0) {
    memcpy(string->data, text.data, text.len);
  }
  return (struct ms_json){.type = (uint8_t)type, .u.string = string};
}

struct ms_json ms_json_string(struct ms_str text)
{
  return text_value(MS_JSON_STRING, text);
}

struct ms_json ms_json_cstring(const char *text)
{
  return text_value(MS_JSON_STRING, ms_str_c(text));
}

struct ms_json ms_json_big(struct ms_str text)
{
  return text_value(MS_JSON_BIG, text);
}

/* The text of a value that may not be valid UTF-8; takes it. */
static struct ms_json repaired(struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  if (ms_utf8_check(text) == text.len) {
    return value;
  }
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_utf8_repair(&buf, text);
  struct ms_json clean = buf.error == 0 ? ms_json_string(ms_buf_view(&buf)) : MS_JSON_VALUE_NONE;
  ms_buf_deinit(&buf);
  ms_json_unref(value);
  return clean;
}

struct ms_json ms_json_stringf(const char *format, ...)
{
  va_list args;
  va_list again;
  va_start(args, format);
  va_copy(again, args);
  struct ms_json value = MS_JSON_VALUE_NONE;
  int len = vsnprintf(NULL, 0, format, args);
  if (len >= 0) {
    struct ms_json_string *string = ms_json_string_new((size_t)len);
    if (string != NULL) {
      vsnprintf(string->data, (size_t)len + 1, format, again);
      value = ms_json_of_string(string);
    }
  }
  va_end(again);
  va_end(args);
  return repaired(value);
}

struct ms_str ms_json_text(struct ms_json value)
{
  if (value.type == MS_JSON_STRING || value.type == MS_JSON_BIG) {
    return ms_json_string_view(value.u.string);
  }
  return MS_STR("");
}

/* ---- other scalars ---- */

struct ms_json ms_json_bool(bool value)
{
  return (struct ms_json){.type = MS_JSON_BOOL, .u.boolean = value};
}

struct ms_json ms_json_int(int64_t value)
{
  return (struct ms_json){.type = MS_JSON_INT, .u.integer = value};
}

struct ms_json ms_json_double(double value)
{
  if (!isfinite(value)) {
    return MS_JSON_VALUE_NONE;
  }
  return (struct ms_json){.type = MS_JSON_DOUBLE, .u.number = value};
}

double ms_json_number(struct ms_json value)
{
  switch (value.type) {
  case MS_JSON_INT:
    return (double)value.u.integer;
  case MS_JSON_DOUBLE:
    return value.u.number;
  case MS_JSON_BIG:
    return ms_json_double_from_text(ms_json_string_view(value.u.string));
  default:
    return 0;
  }
}

bool ms_json_is_negative_zero(struct ms_json value)
{
  return value.type == MS_JSON_INT && value.reserved == MS_JSON_NEGATIVE_ZERO && value.u.integer == 0;
}

bool ms_json_to_int(int64_t *out, struct ms_json value)
{
  if (value.type == MS_JSON_INT) {
    *out = value.u.integer;
    return true;
  }
  /* A BIG is never a whole number within int64: the parser would have made it one. */
  if (value.type != MS_JSON_DOUBLE) {
    return false;
  }
  double number = value.u.number;
  if (!(number >= -0x1p63 && number < 0x1p63) || number != trunc(number)) {
    return false;
  }
  *out = (int64_t)number;
  return true;
}

const char *ms_json_type_name(struct ms_json value)
{
  switch (value.type) {
  case MS_JSON_NULL:
    return "null";
  case MS_JSON_BOOL:
    return "boolean";
  case MS_JSON_INT:
  case MS_JSON_DOUBLE:
  case MS_JSON_BIG:
    return "number";
  case MS_JSON_STRING:
    return "string";
  case MS_JSON_ARRAY:
    return "array";
  case MS_JSON_OBJECT:
    return "object";
  default:
    return "none";
  }
}

/* ---- life ---- */

struct ms_json ms_json_ref(struct ms_json value)
{
  switch (value.type) {
  case MS_JSON_BIG:
  case MS_JSON_STRING:
    value.u.string->refs++;
    break;
  case MS_JSON_ARRAY:
    value.u.array->refs++;
    break;
  case MS_JSON_OBJECT:
    value.u.object->refs++;
    break;
  default:
    break;
  }
  return value;
}

/*
 * Containers that died wait in a list to have their children released, so that releasing needs no
 * recursion; nor does it need memory: the link is written over the head of the dead container.
 */
struct grave {
  struct grave *next;
  uint32_t count;
  uint32_t type; /* MS_JSON_ARRAY or MS_JSON_OBJECT */
};

_Static_assert(sizeof(struct grave) <= offsetof(struct ms_json_array, items), "grave covers items");
_Static_assert(sizeof(struct grave) <= offsetof(struct ms_json_object, members), "or members");

static struct grave *bury(void *container, uint32_t count, uint8_t type, struct grave *graves)
{
  struct grave *grave = container;
  *grave = (struct grave){graves, count, type};
  return grave;
}

/* Drops one reference; a container that dies joins the list. */
static struct grave *release(struct ms_json value, struct grave *graves)
{
  switch (value.type) {
  case MS_JSON_BIG:
  case MS_JSON_STRING:
    ms_json_string_unref(value.u.string);
    break;
  case MS_JSON_ARRAY:
    if (--value.u.array->refs == 0) {
      return bury(value.u.array, value.u.array->count, value.type, graves);
    }
    break;
  case MS_JSON_OBJECT:
    if (--value.u.object->refs == 0) {
      return bury(value.u.object, value.u.object->count, value.type, graves);
    }
    break;
  default:
    break;
  }
  return graves;
}

static struct grave *release_children(const struct grave *dead, uint32_t count, uint32_t type,
                                      struct grave *graves)
{
  if (type == MS_JSON_ARRAY) {
    const struct ms_json_array *array = (const void *)dead;
    for (uint32_t i = 0; i < count; i++) {
      graves = release(array->items[i], graves);
    }
    return graves;
  }
  const struct ms_json_object *object = (const void *)dead;
  for (uint32_t i = 0; i < count; i++) {
    ms_json_string_unref(object->members[i].key);
    graves = release(object->members[i].value, graves);
  }
  return graves;
}

void ms_json_unref(struct ms_json value)
{
  struct grave *graves = release(value, NULL);
  while (graves != NULL) {
    struct grave *dead = graves;
    graves = release_children(dead, dead->count, dead->type, dead->next);
    ms_free(dead);
  }
}

bool ms_json_is_shared(struct ms_json value)
{
  switch (value.type) {
  case MS_JSON_BIG:
  case MS_JSON_STRING:
    return value.u.string->refs > 1;
  case MS_JSON_ARRAY:
    return value.u.array->refs > 1;
  case MS_JSON_OBJECT:
    return value.u.object->refs > 1;
  default:
    return false;
  }
}

void ms_json_replace(struct ms_json *slot, struct ms_json value)
{
  struct ms_json old = *slot;
  *slot = value;
  ms_json_unref(old);
}
