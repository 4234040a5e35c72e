/*
 * Objects: members in order of insertion, in one block. Up to eight members are searched from the
 * front, which beats hashing; above that a table of positions lies behind the members:
 *
 *   head | members[capacity] | slots[slot_count]      a slot holds position + 1, 0 is free
 *
 * The table is at most half full and probed linearly by the name's hash, which is cached in the key
 * and seeded per process (base/hash.h), so that names chosen by a sender do not collide on purpose.
 */
#include "json/json.h"

#include "base/alloc.h"
#include "base/error.h"
#include "json/internal.h"

#define FIRST_CAPACITY 4

/* ---- the index ---- */

static uint32_t *slots_of(const struct ms_json_object *object)
{
  return (uint32_t *)(void *)&((struct ms_json_object *)object)->members[object->capacity];
}

static uint32_t slot_count_for(uint32_t capacity)
{
  if (capacity <= MS_JSON_LINEAR_MAX) {
    return 0;
  }
  uint32_t count = 4 * MS_JSON_LINEAR_MAX;
  while (count < 2 * capacity) {
    count *= 2;
  }
  return count;
}

static void index_insert(struct ms_json_object *object, uint32_t position)
{
  uint32_t *slots = slots_of(object);
  uint32_t mask = object->slot_count - 1;
  uint32_t at = ms_json_string_hash(object->members[position].key) & mask;
  while (slots[at] != 0) {
    at = (at + 1) & mask;
  }
  slots[at] = position + 1;
}

static void index_rebuild(struct ms_json_object *object)
{
  if (object->slot_count == 0) {
    return;
  }
  memset(slots_of(object), 0, object->slot_count * sizeof(uint32_t));
  for (uint32_t i = 0; i < object->count; i++) {
    index_insert(object, i);
  }
}

static uint32_t index_find(const struct ms_json_object *object, struct ms_str key, uint32_t hash)
{
  const uint32_t *slots = slots_of(object);
  uint32_t mask = object->slot_count - 1;
  for (uint32_t at = hash & mask; slots[at] != 0; at = (at + 1) & mask) {
    const struct ms_json_string *name = object->members[slots[at] - 1].key;
    if (name->hash == hash && ms_str_eq(ms_json_string_view(name), key)) {
      return slots[at] - 1;
    }
  }
  return UINT32_MAX;
}

uint32_t ms_json_object_find(const struct ms_json_object *object, struct ms_str key)
{
  if (object->slot_count != 0) {
    return index_find(object, key, ms_json_string_hash_of(key));
  }
  for (uint32_t i = 0; i < object->count; i++) {
    const struct ms_json_string *name = object->members[i].key;
    if (ms_str_eq(ms_json_string_view(name), key)) {
      return i;
    }
  }
  return UINT32_MAX;
}

/* ---- memory ---- */

/* Bytes of an object; 0 when it would be too large. */
static size_t block_size(size_t capacity)
{
  /* A quarter of the 32-bit range leaves slot counts and positions room to be doubled. */
  if (capacity > UINT32_MAX / 4) {
    return 0;
  }
  uint64_t size = sizeof(struct ms_json_object) + (uint64_t)capacity * sizeof(struct ms_json_pair) +
                  (uint64_t)slot_count_for((uint32_t)capacity) * sizeof(uint32_t);
  return size > SIZE_MAX ? 0 : (size_t)size;
}

struct ms_json_object *ms_json_object_new(size_t capacity)
{
  size_t size = block_size(capacity);
  struct ms_json_object *object = size == 0 ? NULL : ms_alloc(size);
  if (object == NULL) {
    ms_error_nomem();
    return NULL;
  }
  object->refs = 1;
  object->depth = 1;
  object->count = 0;
  object->capacity = (uint32_t)capacity;
  object->weight = 1;
  object->slot_count = slot_count_for((uint32_t)capacity);
  index_rebuild(object);
  return object;
}

static struct ms_json_object *copy_object(const struct ms_json_object *from, size_t capacity)
{
  struct ms_json_object *object = ms_json_object_new(capacity);
  if (object == NULL) {
    return NULL;
  }
  object->count = from->count;
  object->depth = from->depth;
  object->weight = from->weight;
  for (uint32_t i = 0; i < from->count; i++) {
    object->members[i].key = from->members[i].key;
    object->members[i].key->refs++;
    object->members[i].value = ms_json_ref(from->members[i].value);
  }
  index_rebuild(object);
  return object;
}

/* Makes *slot an object that only the caller holds, with room for `count` members. */
static int make_own(struct ms_json *slot, size_t count)
{
  struct ms_json_object *object = slot->u.object;
  if (object->refs == 1 && count <= object->capacity) {
    return MSTEP_OK;
  }
  size_t capacity = object->capacity;
  if (count > capacity) {
    capacity += capacity < FIRST_CAPACITY ? FIRST_CAPACITY : capacity;
  }
  if (object->refs > 1) {
    struct ms_json_object *copy = copy_object(object, capacity);
    if (copy == NULL) {
      return MSTEP_ENOMEM;
    }
    object->refs--;
    slot->u.object = copy;
    return MSTEP_OK;
  }
  size_t size = block_size(capacity);
  object = size == 0 ? NULL : ms_realloc(object, size);
  if (object == NULL) {
    return ms_error_nomem();
  }
  object->capacity = (uint32_t)capacity;
  object->slot_count = slot_count_for((uint32_t)capacity);
  index_rebuild(object);
  slot->u.object = object;
  return MSTEP_OK;
}

/* ---- reading ---- */

struct ms_json ms_json_object(size_t capacity)
{
  struct ms_json_object *object = ms_json_object_new(capacity);
  return object == NULL ? MS_JSON_VALUE_NONE : ms_json_of_object(object);
}

struct ms_json ms_json_get(struct ms_json object, struct ms_str key)
{
  if (object.type != MS_JSON_OBJECT) {
    return MS_JSON_VALUE_NONE;
  }
  uint32_t position = ms_json_object_find(object.u.object, key);
  return position == UINT32_MAX ? MS_JSON_VALUE_NONE : object.u.object->members[position].value;
}

struct ms_json ms_json_getc(struct ms_json object, const char *key)
{
  return ms_json_get(object, ms_str_c(key));
}

struct ms_str ms_json_key(struct ms_json object, size_t index)
{
  return ms_json_text(ms_json_key_value(object, index));
}

struct ms_json ms_json_key_value(struct ms_json object, size_t index)
{
  if (object.type != MS_JSON_OBJECT || index >= object.u.object->count) {
    return MS_JSON_VALUE_NONE;
  }
  return ms_json_of_string(object.u.object->members[index].key);
}

struct ms_json ms_json_member(struct ms_json object, size_t index)
{
  if (object.type != MS_JSON_OBJECT || index >= object.u.object->count) {
    return MS_JSON_VALUE_NONE;
  }
  return object.u.object->members[index].value;
}

/* ---- changing ---- */

static void note_member(struct ms_json_object *object, uint64_t old_weight, uint64_t weight,
                        struct ms_json value)
{
  object->weight = (uint32_t)(object->weight - old_weight + weight);
  uint32_t depth = ms_json_depth(value) + 1;
  if (depth > object->depth) {
    object->depth = depth;
  }
}

static void append(struct ms_json_object *object, struct ms_json_string *key, struct ms_json value)
{
  object->members[object->count] = (struct ms_json_pair){key, value};
  note_member(object, 0, ms_json_member_weight(key, value), value);
  if (object->slot_count != 0) {
    index_insert(object, object->count);
  }
  object->count++;
}

/* The object is the caller's own; takes value. */
static void replace_value(struct ms_json_object *object, uint32_t position, struct ms_json value)
{
  struct ms_json_pair *pair = &object->members[position];
  note_member(object, ms_json_weight(pair->value), ms_json_weight(value), value);
  ms_json_replace(&pair->value, value);
}

bool ms_json_object_add(struct ms_json_object *object, struct ms_json_string *key,
                        struct ms_json value)
{
  uint32_t position;
  if (object->slot_count != 0) {
    position = index_find(object, ms_json_string_view(key), ms_json_string_hash(key));
  } else {
    position = ms_json_object_find(object, ms_json_string_view(key));
  }
  if (position == UINT32_MAX) {
    append(object, key, value);
    return false;
  }
  ms_json_string_unref(key);
  replace_value(object, position, value);
  return true;
}

/* NONE stands for an allocation that failed before. */
static int check_member(struct ms_json object, size_t key_len, struct ms_json value)
{
  if (object.type == MS_JSON_NONE || value.type == MS_JSON_NONE) {
    return ms_error_nomem();
  }
  if (object.type != MS_JSON_OBJECT) {
    return ms_error(MSTEP_EINVALID, "%s is not an object", ms_json_type_name(object));
  }
  if (ms_json_depth(value) >= MS_JSON_DEPTH_MAX) {
    return ms_error(MSTEP_ETOOBIG, "JSON nested deeper than %d", MS_JSON_DEPTH_MAX);
  }
  /* What is replaced counts too: nobody works that near the limit. */
  if (key_len > MS_JSON_SIZE_MAX ||
      object.u.object->weight + key_len + ms_json_weight(value) + 4 > MS_JSON_SIZE_MAX) {
    return ms_error(MSTEP_ETOOBIG, "JSON of more than %u bytes", (unsigned)MS_JSON_SIZE_MAX);
  }
  return MSTEP_OK;
}

/* Replaces the value of the member at `position`; takes value. */
static int set_existing(struct ms_json *object, uint32_t position, struct ms_json value)
{
  int err = make_own(object, object->u.object->count);
  if (err != 0) {
    ms_json_unref(value);
    return err;
  }
  replace_value(object->u.object, position, value);
  return MSTEP_OK;
}

int ms_json_set(struct ms_json *object, struct ms_str key, struct ms_json value)
{
  int err = check_member(*object, key.len, value);
  if (err == 0) {
    uint32_t position = ms_json_object_find(object->u.object, key);
    if (position != UINT32_MAX) {
      return set_existing(object, position, value);
    }
    struct ms_json name = ms_json_string(key);
    err = ms_json_is_none(name) ? MSTEP_ENOMEM : make_own(object, ms_json_count(*object) + 1);
    if (err == 0) {
      append(object->u.object, name.u.string, value);
      return MSTEP_OK;
    }
    ms_json_unref(name);
  }
  ms_json_unref(value);
  return err;
}

int ms_json_setc(struct ms_json *object, const char *key, struct ms_json value)
{
  return ms_json_set(object, ms_str_c(key), value);
}

int ms_json_set_key(struct ms_json *object, struct ms_json key, struct ms_json value)
{
  int err = check_member(*object, ms_json_text(key).len, value);
  if (err == 0 && key.type != MS_JSON_STRING) {
    err = ms_json_is_none(key) ? ms_error_nomem() : ms_error(MSTEP_EINVALID, "key is no string");
  }
  if (err == 0) {
    uint32_t position = ms_json_object_find(object->u.object, ms_json_text(key));
    if (position != UINT32_MAX) {
      return set_existing(object, position, value);
    }
    err = make_own(object, ms_json_count(*object) + 1);
  }
  if (err != 0) {
    ms_json_unref(value);
    return err;
  }
  append(object->u.object, ms_json_ref(key).u.string, value);
  return MSTEP_OK;
}

int ms_json_remove(struct ms_json *object, struct ms_str key)
{
  if (object->type != MS_JSON_OBJECT) {
    return MSTEP_OK;
  }
  uint32_t position = ms_json_object_find(object->u.object, key);
  if (position == UINT32_MAX) {
    return MSTEP_OK;
  }
  int err = make_own(object, object->u.object->count);
  if (err != 0) {
    return err;
  }
  struct ms_json_object *own = object->u.object;
  struct ms_json_pair removed = own->members[position];
  own->count--;
  own->weight -= (uint32_t)ms_json_member_weight(removed.key, removed.value);
  memmove(&own->members[position], &own->members[position + 1],
          (own->count - position) * sizeof own->members[0]);
  index_rebuild(own);
  ms_json_string_unref(removed.key);
  ms_json_unref(removed.value);
  return MSTEP_OK;
}
