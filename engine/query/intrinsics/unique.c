/*
 * States.ArrayUnique. The answer has the order of a Java HashSet, which AWS's answers show:
 * [true,false] -> [false,true]. So values are hashed as Java hashes them and laid out by bucket.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "query/intrinsics/call.h"

#define NOWHERE SIZE_MAX

static uint32_t hash_text(struct ms_str text)
{
  uint32_t hash = 0;
  size_t pos = 0;
  while (pos < text.len) {
    uint32_t point = ms_utf8_next(text, &pos);
    if (point >= 0x10000) {
      hash = hash * 31 + (0xD800 + ((point - 0x10000) >> 10));
      point = 0xDC00 + ((point - 0x10000) & 0x3FF);
    }
    hash = hash * 31 + point;
  }
  return hash;
}

/* Whole numbers hash alike however they were written, since 1 and 1.0 are one item. */
static uint32_t hash_number(struct ms_json value)
{
  int64_t whole;
  uint64_t bits;
  if (ms_json_to_int(&whole, value)) {
    if (whole >= INT32_MIN && whole <= INT32_MAX) {
      return (uint32_t)whole;
    }
    bits = (uint64_t)whole;
  } else {
    double number = ms_json_number(value);
    memcpy(&bits, &number, sizeof bits);
  }
  return (uint32_t)(bits ^ bits >> 32);
}

static uint32_t hash_value(struct ms_json value)
{
  size_t count = ms_json_count(value);
  uint32_t hash = 0;
  switch (value.type) {
  case MS_JSON_BOOL:
    return ms_json_is_true(value) ? 1231 : 1237;
  case MS_JSON_STRING:
    return hash_text(ms_json_text(value));
  case MS_JSON_ARRAY:
    hash = 1;
    for (size_t i = 0; i < count; i++) {
      hash = hash * 31 + hash_value(ms_json_at(value, i));
    }
    return hash;
  case MS_JSON_OBJECT:
    for (size_t i = 0; i < count; i++) {
      hash += hash_text(ms_json_key(value, i)) ^ hash_value(ms_json_member(value, i));
    }
    return hash;
  case MS_JSON_NULL:
    return 0;
  default:
    return hash_number(value);
  }
}

/* Items of the array in chains by bucket; those that repeat an earlier one are in none. */
struct set {
  struct ms_json array;
  size_t length;   /* of the array */
  size_t count;    /* different items */
  size_t capacity; /* buckets, a power of two */
  size_t *first;   /* by bucket */
  size_t *last;
  size_t *next; /* by item, like the rest */
  uint32_t *hash;
  bool *is_repeat;
};

static bool has_equal(const struct set *set, size_t bucket, size_t i)
{
  for (size_t j = set->first[bucket]; j != NOWHERE; j = set->next[j]) {
    if (set->hash[j] == set->hash[i] &&
        ms_json_equal(ms_json_at(set->array, j), ms_json_at(set->array, i))) {
      return true;
    }
  }
  return false;
}

/* Chains the items anew by set->hash; `find_repeats` marks those that are there already. */
static void chain(struct set *set, size_t capacity, bool find_repeats)
{
  set->capacity = capacity;
  for (size_t i = 0; i < capacity; i++) {
    set->first[i] = NOWHERE;
  }
  for (size_t i = 0; i < set->length; i++) {
    size_t bucket = set->hash[i] & (capacity - 1);
    if (find_repeats && has_equal(set, bucket, i)) {
      set->is_repeat[i] = true;
      set->count--;
    }
    if (set->is_repeat[i]) {
      continue;
    }
    set->next[i] = NOWHERE;
    if (set->first[bucket] == NOWHERE) {
      set->first[bucket] = i;
    } else {
      set->next[set->last[bucket]] = i;
    }
    set->last[bucket] = i;
  }
}

/* Buckets for n items by HashMap's load factor of three quarters. */
static size_t capacity_for(size_t n)
{
  size_t capacity = 16;
  while (n > capacity / 4 * 3) {
    capacity *= 2;
  }
  return capacity;
}

static struct ms_json list_of(const struct set *set)
{
  struct ms_json list = ms_json_array(set->count);
  for (size_t b = 0; b < set->capacity && !ms_json_is_none(list); b++) {
    for (size_t j = set->first[b]; j != NOWHERE; j = set->next[j]) {
      if (ms_json_push(&list, ms_json_ref(ms_json_at(set->array, j))) != 0) {
        ms_json_unref(list);
        return MS_JSON_VALUE_NONE;
      }
    }
  }
  return list;
}

/*
 * Repeats are found by a seeded hash: Java's is easy to collide on purpose. Java's decides only the
 * order.
 */
static struct ms_json unique_items(struct set *set, uint64_t seed)
{
  for (size_t i = 0; i < set->length; i++) {
    set->hash[i] = (uint32_t)ms_json_hash(ms_json_at(set->array, i), seed);
  }
  chain(set, capacity_for(set->length), true);
  for (size_t i = 0; i < set->length; i++) {
    uint32_t hash = hash_value(ms_json_at(set->array, i));
    set->hash[i] = hash ^ hash >> 16;
  }
  chain(set, capacity_for(set->count), false);
  return list_of(set);
}

int ms_call_array_unique(struct ms_json *out, struct ms_call_run *run, const struct ms_json *args,
                         size_t count)
{
  (void)count;
  if (!ms_json_is_array(args[0])) {
    return ms_call_invalid(run);
  }
  size_t length = ms_json_count(args[0]);
  size_t capacity = capacity_for(length);
  struct set set = {.array = args[0], .length = length, .count = length};
  set.first = ms_calloc(capacity, sizeof *set.first);
  set.last = ms_calloc(capacity, sizeof *set.last);
  set.next = ms_calloc(length, sizeof *set.next);
  set.hash = ms_calloc(length, sizeof *set.hash);
  set.is_repeat = ms_calloc(length, sizeof *set.is_repeat);
  if (set.first != NULL && set.last != NULL && set.next != NULL && set.hash != NULL &&
      set.is_repeat != NULL) {
    *out = unique_items(&set, ms_random_next(run->env->random));
  }
  ms_free(set.first);
  ms_free(set.last);
  ms_free(set.next);
  ms_free(set.hash);
  ms_free(set.is_repeat);
  return ms_json_is_none(*out) ? ms_error_nomem() : 0;
}
