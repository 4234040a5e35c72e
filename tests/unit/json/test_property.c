/*
 * Random values: what is built is what is printed, read, copied, compared and located. The seed of
 * a failure is in its message.
 */
#include "mt.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/random.h"
#include "base/utf8.h"
#include "json/internal.h"
#include "json/json.h"

static struct ms_json random_string(struct ms_random *random)
{
  char text[200];
  size_t len = 0;
  for (uint64_t n = ms_random_below(random, 30); n > 0; n--) {
    uint32_t c;
    switch (ms_random_below(random, 6)) {
    case 0:
      c = (uint32_t)ms_random_below(random, 0x20);
      break;
    case 1:
      c = (uint32_t)ms_random_below(random, 0x110000);
      c = c >= 0xD800 && c <= 0xDFFF ? '"' : c;
      break;
    case 2:
      c = "\"\\/\x7f{}[]:,"[ms_random_below(random, 10)] & 0x7F;
      break;
    default:
      c = (uint32_t)(' ' + ms_random_below(random, 95));
      break;
    }
    len += ms_utf8_put(text + len, c);
  }
  return ms_json_string((struct ms_str){text, len});
}

static struct ms_json random_number(struct ms_random *random)
{
  uint64_t bits = ms_random_next(random);
  double number;
  switch (ms_random_below(random, 5)) {
  case 0:
    return ms_json_int((int64_t)bits);
  case 1:
    return ms_json_int((int64_t)(bits >> ms_random_below(random, 63)) - 5);
  case 2:
    memcpy(&number, &bits, sizeof number);
    return ms_json_double(isfinite(number) ? number : 0.5);
  case 3:
    return ms_json_double((double)(int64_t)ms_random_below(random, 100000) / 100);
  default:
    return ms_json_double(ms_random_double(random));
  }
}

static struct ms_json random_value(struct ms_random *random, unsigned depth)
{
  uint64_t kind = ms_random_below(random, depth == 0 ? 5 : 8);
  if (kind < 5) {
    switch (kind) {
    case 0:
      return MS_JSON_VALUE_NULL;
    case 1:
      return ms_json_bool(ms_random_below(random, 2) == 0);
    case 2:
      return random_string(random);
    default:
      return random_number(random);
    }
  }
  uint64_t count = ms_random_below(random, 4) == 0 ? ms_random_below(random, 40)
                                                   : ms_random_below(random, 5);
  if (kind == 5) {
    struct ms_json array = ms_json_array(0);
    for (; count > 0; count--) {
      mt_eq_int(ms_json_push(&array, random_value(random, depth - 1)), 0);
    }
    return array;
  }
  struct ms_json object = ms_json_object((size_t)count);
  for (; count > 0; count--) {
    struct ms_json key = random_string(random);
    mt_eq_int(ms_json_set_key(&object, key, random_value(random, depth - 1)), 0);
    ms_json_unref(key);
  }
  return object;
}

/* The same members in another order, numbers that are whole in another form. */
static struct ms_json disguised(struct ms_json value)
{
  int64_t whole;
  if (value.type == MS_JSON_DOUBLE && ms_json_to_int(&whole, value)) {
    return ms_json_int(whole);
  }
  if (ms_json_is_array(value)) {
    struct ms_json array = ms_json_array(0);
    for (size_t i = 0; i < ms_json_count(value); i++) {
      mt_eq_int(ms_json_push(&array, disguised(ms_json_at(value, i))), 0);
    }
    return array;
  }
  if (ms_json_is_object(value)) {
    struct ms_json object = ms_json_object(0);
    for (size_t i = ms_json_count(value); i > 0; i--) {
      struct ms_json member = disguised(ms_json_member(value, i - 1));
      mt_eq_int(ms_json_set(&object, ms_json_key(value, i - 1), member), 0);
    }
    return object;
  }
  return ms_json_ref(value);
}

/* The weight of each container is what it would be if it were built anew, and below the size. */
static void check_weights(uint64_t seed, struct ms_json value)
{
  uint64_t weight = 1;
  for (size_t i = 0; i < ms_json_count(value); i++) {
    if (ms_json_is_object(value)) {
      const struct ms_json_pair *pair = &value.u.object->members[i];
      check_weights(seed, pair->value);
      weight += ms_json_member_weight(pair->key, pair->value);
    } else {
      check_weights(seed, ms_json_at(value, i));
      weight += ms_json_item_weight(ms_json_at(value, i));
    }
  }
  bool is_container = ms_json_is_array(value) || ms_json_is_object(value);
  if ((is_container && ms_json_weight(value) != weight) ||
      ms_json_weight(value) > ms_json_size_bytes(value)) {
    mt_fail("seed %llu: weight", (unsigned long long)seed);
  }
}

static void check_value(uint64_t seed, struct ms_json value)
{
  struct ms_buf text;
  struct ms_json again = MS_JSON_VALUE_NONE;
  ms_buf_init(&text, 0);
  ms_json_print(&text, value);
  if (ms_json_size_bytes(value) != text.len) {
    mt_fail("seed %llu: size", (unsigned long long)seed);
  }
  check_weights(seed, value);
  if (ms_json_parse(&again, ms_buf_view(&text), NULL, NULL) != 0 ||
      !ms_json_identical(value, again)) {
    mt_fail("seed %llu: %s", (unsigned long long)seed, text.data);
  }
  ms_json_unref(again);
  ms_buf_reset(&text);
  ms_json_print_pretty(&text, value, 3);
  if (ms_json_parse(&again, ms_buf_view(&text), NULL, NULL) != 0 ||
      !ms_json_identical(value, again)) {
    mt_fail("seed %llu: pretty: %s", (unsigned long long)seed, text.data);
  }
  ms_json_unref(again);
  again = disguised(value);
  if (!ms_json_equal(value, again) || !ms_json_equal(again, value) ||
      ms_json_hash(value, seed) != ms_json_hash(again, seed)) {
    mt_fail("seed %llu: disguised: %s", (unsigned long long)seed, text.data);
  }
  ms_json_unref(again);
  ms_buf_deinit(&text);
}

MT_TEST(json_property__values_survive_print_and_parse)
{
  mt_leak_begin();
  for (uint64_t seed = 1; seed <= 600; seed++) {
    struct ms_random random;
    ms_random_seed(&random, seed);
    struct ms_json value = random_value(&random, 5);
    check_value(seed, value);
    ms_json_unref(value);
  }
  mt_leak_end();
}

/* One random change to a value that others hold leaves theirs as it was. */
MT_TEST(json_property__changes_stay_with_their_holder)
{
  mt_leak_begin();
  for (uint64_t seed = 1; seed <= 600; seed++) {
    struct ms_random random;
    ms_random_seed(&random, seed);
    struct ms_json value = random_value(&random, 4);
    struct ms_json before = ms_json_print_value(value);
    struct ms_json mine = ms_json_ref(value);
    if (ms_json_is_array(mine)) {
      mt_eq_int(ms_json_push(&mine, random_value(&random, 2)), 0);
      mt_eq_int(ms_json_set_at(&mine, 0, random_value(&random, 2)), 0);
    } else if (ms_json_is_object(mine)) {
      mt_eq_int(ms_json_setc(&mine, "new", random_value(&random, 2)), 0);
      mt_eq_int(ms_json_remove(&mine, ms_json_key(value, 0)), 0);
      mt_eq_int(ms_json_setc(&mine, "new", random_value(&random, 2)), 0);
    }
    check_weights(seed, mine);
    struct ms_json after = ms_json_print_value(value);
    if (!ms_json_equal(before, after)) {
      mt_fail("seed %llu", (unsigned long long)seed);
    }
    ms_json_unref(before);
    ms_json_unref(after);
    ms_json_unref(value);
    ms_json_unref(mine);
  }
  mt_leak_end();
}

/* Bytes changed at random: refused or accepted, never a crash; what is accepted goes round. */
MT_TEST(json_property__damaged_texts)
{
  mt_leak_begin();
  for (uint64_t seed = 1; seed <= 600; seed++) {
    struct ms_random random;
    ms_random_seed(&random, seed);
    struct ms_json value = random_value(&random, 4);
    struct ms_buf text;
    ms_buf_init(&text, 0);
    ms_json_print(&text, value);
    ms_json_unref(value);
    for (int i = 0; i < 5 && text.len > 0; i++) {
      size_t at = (size_t)ms_random_below(&random, text.len);
      text.data[at] = ms_random_below(&random, 2) == 0 ? (char)ms_random_below(&random, 256)
                                                       : "{}[]\",:0-.eE\\u"[i * 2];
      struct ms_json_position where = {0, 0, 0};
      int err = ms_json_parse(&value, ms_buf_view(&text), NULL, &where);
      if (err == 0) {
        check_value(seed, value);
        ms_json_unref(value);
      } else {
        mt_ok(err == MSTEP_ESYNTAX || err == MSTEP_ETOOBIG);
        mt_ok(where.offset <= text.len && where.line >= 1 && where.column >= 1);
      }
    }
    ms_buf_deinit(&text);
  }
  mt_leak_end();
}
