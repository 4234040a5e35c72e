/*
 * Equality, identity, order of numbers and hashing. Recursion is bounded by MS_JSON_DEPTH_MAX.
 *
 * Numbers compare by exact value, whatever their kinds: int64 against double without rounding, and
 * a BIG digit by digit. A hash that agrees with that takes the int64 where a number is one, else
 * the nearest double.
 */
#include "json/json.h"

#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "json/internal.h"

/* ---- numbers ---- */

static int compare_int_double(int64_t a, double b)
{
  if (b >= 0x1p63) {
    return -1;
  }
  if (b < -0x1p63) {
    return 1;
  }
  double whole = trunc(b);
  int64_t rounded = (int64_t)whole;
  if (a != rounded) {
    return a < rounded ? -1 : 1;
  }
  return (b < whole) - (b > whole);
}

/* A decimal text seen as 0.ddd * 10^exponent with its first digit not 0. */
struct digits {
  const char *at; /* at the first digit that counts */
  const char *end;
  int64_t exponent;
  int sign; /* 0 for zero */
};

#define EXPONENT_CAP (INT64_C(1) << 60)

static int64_t read_exponent(const char *at, const char *end)
{
  bool is_negative = at < end && *at == '-';
  int64_t exponent = 0;
  for (; at < end; at++) {
    if (*at >= '0' && *at <= '9' && exponent < EXPONENT_CAP / 16) {
      exponent = exponent * 10 + (*at - '0');
    }
  }
  return is_negative ? -exponent : exponent;
}

static struct digits digits_of(struct ms_str text)
{
  const char *end = text.data + text.len;
  struct digits d = {NULL, end, 0, 0};
  bool is_negative = text.len > 0 && text.data[0] == '-';
  bool in_fraction = false;
  for (const char *at = text.data + is_negative; at < end; at++) {
    if (*at == 'e' || *at == 'E') {
      d.end = at;
      d.exponent += read_exponent(at + 1, end);
      break;
    }
    if (*at < '0' || *at > '9') {
      in_fraction = true; /* the point, whatever the locale makes of it */
    } else if (d.at == NULL && *at == '0') {
      d.exponent -= in_fraction;
    } else {
      if (d.at == NULL) {
        d.at = at;
        d.sign = is_negative ? -1 : 1;
      }
      d.exponent += !in_fraction;
    }
  }
  return d;
}

/* The next digit, 0 behind the last. */
static char next_digit(struct digits *d)
{
  while (d->at < d->end && (*d->at < '0' || *d->at > '9')) {
    d->at++;
  }
  return d->at < d->end ? *d->at++ : '0';
}

static int compare_decimals(struct ms_str a, struct ms_str b)
{
  struct digits x = digits_of(a);
  struct digits y = digits_of(b);
  if (x.sign != y.sign || x.sign == 0) {
    return (x.sign > y.sign) - (x.sign < y.sign);
  }
  if (x.exponent != y.exponent) {
    return x.exponent > y.exponent ? x.sign : -x.sign;
  }
  while (x.at < x.end || y.at < y.end) {
    char c = next_digit(&x);
    char d = next_digit(&y);
    if (c != d) {
      return c > d ? x.sign : -x.sign;
    }
  }
  return 0;
}

/* Enough for every digit of any double: 767 significant ones at most. */
#define EXACT_DIGITS 770
#define NUMBER_TEXT_SIZE (EXACT_DIGITS + 16)

/* The exact decimal text of a number; a BIG is its own. */
static struct ms_str exact_text(char buffer[NUMBER_TEXT_SIZE], struct ms_json value)
{
  int len = 0;
  if (value.type == MS_JSON_BIG) {
    return ms_json_text(value);
  }
  if (value.type == MS_JSON_INT) {
    len = snprintf(buffer, NUMBER_TEXT_SIZE, "%lld", (long long)value.u.integer);
  } else {
    len = snprintf(buffer, NUMBER_TEXT_SIZE, "%.*e", EXACT_DIGITS, value.u.number);
  }
  return (struct ms_str){buffer, len < 0 ? 0 : (size_t)len};
}

int ms_json_cmp_number(struct ms_json a, struct ms_json b)
{
  if (a.type == MS_JSON_INT && b.type == MS_JSON_INT) {
    return (a.u.integer > b.u.integer) - (a.u.integer < b.u.integer);
  }
  if (a.type == MS_JSON_INT && b.type == MS_JSON_DOUBLE) {
    return compare_int_double(a.u.integer, b.u.number);
  }
  if (a.type == MS_JSON_DOUBLE && b.type == MS_JSON_INT) {
    return -compare_int_double(b.u.integer, a.u.number);
  }
  double x = ms_json_number(a);
  double y = ms_json_number(b);
  if ((a.type != MS_JSON_BIG && b.type != MS_JSON_BIG) || x != y) {
    return (x > y) - (x < y);
  }
  char text_a[NUMBER_TEXT_SIZE];
  char text_b[NUMBER_TEXT_SIZE];
  return compare_decimals(exact_text(text_a, a), exact_text(text_b, b));
}

/* ---- values ---- */

static bool is_equal_array(const struct ms_json_array *a, const struct ms_json_array *b,
                           bool (*same)(struct ms_json, struct ms_json))
{
  if (a == b) {
    return true;
  }
  if (a->count != b->count) {
    return false;
  }
  for (uint32_t i = 0; i < a->count; i++) {
    if (!same(a->items[i], b->items[i])) {
      return false;
    }
  }
  return true;
}

static bool is_equal_object(const struct ms_json_object *a, const struct ms_json_object *b)
{
  if (a == b) {
    return true;
  }
  if (a->count != b->count) {
    return false;
  }
  for (uint32_t i = 0; i < a->count; i++) {
    struct ms_str key = ms_json_string_view(a->members[i].key);
    /* Nearly always the members are in the same order: look there first. */
    uint32_t at = i;
    if (!ms_str_eq(key, ms_json_string_view(b->members[i].key))) {
      at = ms_json_object_find(b, key);
    }
    if (at == UINT32_MAX || !ms_json_equal(a->members[i].value, b->members[at].value)) {
      return false;
    }
  }
  return true;
}

bool ms_json_equal(struct ms_json a, struct ms_json b)
{
  if (ms_json_is_number(a)) {
    return ms_json_is_number(b) && ms_json_cmp_number(a, b) == 0;
  }
  if (a.type != b.type) {
    return false;
  }
  switch (a.type) {
  case MS_JSON_BOOL:
    return a.u.boolean == b.u.boolean;
  case MS_JSON_STRING:
    return a.u.string == b.u.string || ms_str_eq(ms_json_text(a), ms_json_text(b));
  case MS_JSON_ARRAY:
    return is_equal_array(a.u.array, b.u.array, ms_json_equal);
  case MS_JSON_OBJECT:
    return is_equal_object(a.u.object, b.u.object);
  default:
    return true;
  }
}

static bool is_identical_object(const struct ms_json_object *a, const struct ms_json_object *b)
{
  if (a->count != b->count) {
    return false;
  }
  for (uint32_t i = 0; i < a->count; i++) {
    if (!ms_str_eq(ms_json_string_view(a->members[i].key),
                   ms_json_string_view(b->members[i].key)) ||
        !ms_json_identical(a->members[i].value, b->members[i].value)) {
      return false;
    }
  }
  return true;
}

bool ms_json_identical(struct ms_json a, struct ms_json b)
{
  if (a.type != b.type) {
    return false;
  }
  switch (a.type) {
  case MS_JSON_BOOL:
    return a.u.boolean == b.u.boolean;
  case MS_JSON_INT:
    return a.u.integer == b.u.integer && a.reserved == b.reserved;
  case MS_JSON_DOUBLE:
    return memcmp(&a.u.number, &b.u.number, sizeof a.u.number) == 0;
  case MS_JSON_BIG:
  case MS_JSON_STRING:
    return ms_str_eq(ms_json_text(a), ms_json_text(b));
  case MS_JSON_ARRAY:
    return is_equal_array(a.u.array, b.u.array, ms_json_identical);
  case MS_JSON_OBJECT:
    return is_identical_object(a.u.object, b.u.object);
  default:
    return true;
  }
}

/* ---- hashes ---- */

static uint64_t hash_number(struct ms_json value, uint64_t seed)
{
  int64_t whole;
  if (ms_json_to_int(&whole, value)) {
    return ms_hash_mix((uint64_t)whole, seed);
  }
  double number = ms_json_number(value);
  uint64_t bits = 0;
  if (number != 0) { /* a BIG near zero has either sign of it */
    memcpy(&bits, &number, sizeof bits);
  }
  return ms_hash_mix(bits, ~seed);
}

static uint64_t hash_object(const struct ms_json_object *object, uint64_t seed)
{
  /* A sum does not depend on the order of the members. */
  uint64_t sum = 0;
  for (uint32_t i = 0; i < object->count; i++) {
    uint64_t key = ms_hash(ms_json_string_view(object->members[i].key), seed);
    sum += ms_hash_mix(key, ms_json_hash(object->members[i].value, seed));
  }
  return ms_hash_mix(sum, seed + object->count);
}

uint64_t ms_json_hash(struct ms_json value, uint64_t seed)
{
  uint64_t own = ms_hash_mix(seed, ms_json_is_number(value) ? MS_JSON_INT : value.type);
  switch (value.type) {
  case MS_JSON_BOOL:
    return ms_hash_mix(own, value.u.boolean);
  case MS_JSON_INT:
  case MS_JSON_DOUBLE:
  case MS_JSON_BIG:
    return hash_number(value, own);
  case MS_JSON_STRING:
    return ms_hash(ms_json_text(value), own);
  case MS_JSON_ARRAY:
    for (uint32_t i = 0; i < value.u.array->count; i++) {
      own = ms_hash_mix(own, ms_json_hash(value.u.array->items[i], seed));
    }
    return own;
  case MS_JSON_OBJECT:
    return hash_object(value.u.object, own);
  default:
    return own;
  }
}
