/*
 * Arrays: one block with its items behind the head, copied when somebody else holds it too.
 */
#include "json/json.h"

#include "base/alloc.h"
#include "base/error.h"
#include "json/internal.h"

#define FIRST_CAPACITY 4

struct ms_json_array *ms_json_array_new(size_t capacity)
{
  struct ms_json_array *array = NULL;
  if (capacity < UINT32_MAX && capacity <= (SIZE_MAX - sizeof *array) / sizeof array->items[0]) {
    array = ms_alloc(sizeof *array + capacity * sizeof array->items[0]);
  }
  if (array == NULL) {
    ms_error_nomem();
    return NULL;
  }
  array->refs = 1;
  array->depth = 1;
  array->weight = 1;
  array->unused = 0;
  array->count = 0;
  array->capacity = (uint32_t)capacity;
  return array;
}

struct ms_json ms_json_array(size_t capacity)
{
  struct ms_json_array *array = ms_json_array_new(capacity);
  return array == NULL ? MS_JSON_VALUE_NONE : ms_json_of_array(array);
}

size_t ms_json_count(struct ms_json value)
{
  if (value.type == MS_JSON_ARRAY) {
    return value.u.array->count;
  }
  return value.type == MS_JSON_OBJECT ? value.u.object->count : 0;
}

struct ms_json ms_json_at(struct ms_json array, size_t index)
{
  if (array.type != MS_JSON_ARRAY || index >= array.u.array->count) {
    return MS_JSON_VALUE_NONE;
  }
  return array.u.array->items[index];
}

static struct ms_json_array *copy_array(const struct ms_json_array *from, size_t capacity)
{
  struct ms_json_array *array = ms_json_array_new(capacity);
  if (array == NULL) {
    return NULL;
  }
  array->count = from->count;
  array->depth = from->depth;
  array->weight = from->weight;
  for (uint32_t i = 0; i < from->count; i++) {
    array->items[i] = ms_json_ref(from->items[i]);
  }
  return array;
}

/* Makes *slot an array that only the caller holds, with room for `count` items. */
static int make_own(struct ms_json *slot, size_t count)
{
  struct ms_json_array *array = slot->u.array;
  if (array->refs == 1 && count <= array->capacity) {
    return MSTEP_OK;
  }
  size_t capacity = array->capacity;
  if (count > capacity) {
    capacity += capacity / 2 < FIRST_CAPACITY ? FIRST_CAPACITY : capacity / 2;
  }
  if (array->refs > 1) {
    struct ms_json_array *copy = copy_array(array, capacity);
    if (copy == NULL) {
      return MSTEP_ENOMEM;
    }
    array->refs--;
    slot->u.array = copy;
    return MSTEP_OK;
  }
  if (capacity >= UINT32_MAX || capacity > (SIZE_MAX - sizeof *array) / sizeof array->items[0]) {
    return ms_error_nomem();
  }
  array = ms_realloc(array, sizeof *array + capacity * sizeof array->items[0]);
  if (array == NULL) {
    return ms_error_nomem();
  }
  array->capacity = (uint32_t)capacity;
  slot->u.array = array;
  return MSTEP_OK;
}

/*
 * Checks what is to be put into an array in the place of `old`: NONE stands for an allocation that
 * failed before.
 */
static int check_item(struct ms_json array, struct ms_json item, uint64_t old_weight)
{
  if (array.type == MS_JSON_NONE || item.type == MS_JSON_NONE) {
    return ms_error_nomem();
  }
  if (array.type != MS_JSON_ARRAY) {
    return ms_error(MSTEP_EINVALID, "%s is not an array", ms_json_type_name(array));
  }
  if (ms_json_depth(item) >= MS_JSON_DEPTH_MAX) {
    return ms_error(MSTEP_ETOOBIG, "JSON nested deeper than %d", MS_JSON_DEPTH_MAX);
  }
  if (array.u.array->weight - old_weight + ms_json_item_weight(item) > MS_JSON_SIZE_MAX) {
    return ms_error(MSTEP_ETOOBIG, "JSON of more than %u bytes", (unsigned)MS_JSON_SIZE_MAX);
  }
  return MSTEP_OK;
}

static void note_item(struct ms_json_array *array, struct ms_json item, uint64_t old_weight)
{
  array->weight = (uint32_t)(array->weight - old_weight + ms_json_item_weight(item));
  uint32_t depth = ms_json_depth(item) + 1;
  if (depth > array->depth) {
    array->depth = depth;
  }
}

int ms_json_push(struct ms_json *array, struct ms_json item)
{
  int err = check_item(*array, item, 0);
  if (err == 0) {
    err = make_own(array, (size_t)array->u.array->count + 1);
  }
  if (err != 0) {
    ms_json_unref(item);
    return err;
  }
  array->u.array->items[array->u.array->count++] = item;
  note_item(array->u.array, item, 0);
  return MSTEP_OK;
}

int ms_json_set_at(struct ms_json *array, size_t index, struct ms_json item)
{
  uint64_t old_weight =
      index < ms_json_count(*array) ? ms_json_item_weight(ms_json_at(*array, index)) : 0;
  int err = check_item(*array, item, old_weight);
  if (err == 0 && index >= array->u.array->count) {
    err = ms_error(MSTEP_EINVALID, "no item %zu in an array of %u", index, array->u.array->count);
  }
  if (err == 0) {
    err = make_own(array, array->u.array->count);
  }
  if (err != 0) {
    ms_json_unref(item);
    return err;
  }
  ms_json_replace(&array->u.array->items[index], item);
  note_item(array->u.array, item, old_weight);
  return MSTEP_OK;
}
