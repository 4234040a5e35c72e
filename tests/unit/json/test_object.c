/* Objects: lookup below and above the index, order, replacing, removing, copy on write. */
#include "mt.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "json/json.h"

static struct ms_str name_of(char room[16], size_t i)
{
  int len = snprintf(room, 16, "n%zu", i);
  return (struct ms_str){room, (size_t)len};
}

MT_TEST(json_object__set_get_in_order)
{
  for (size_t count = 0; count < 70; count++) { /* across the sizes where the index begins */
    struct ms_json object = ms_json_object(count % 3 == 0 ? 0 : count);
    char room[16];
    for (size_t i = 0; i < count; i++) {
      mt_eq_int(ms_json_set(&object, name_of(room, i), ms_json_int((int64_t)i)), 0);
    }
    mt_eq_int(ms_json_count(object), count);
    for (size_t i = 0; i < count; i++) {
      struct ms_str name = name_of(room, i);
      mt_ok(ms_str_eq(ms_json_key(object, i), name));
      mt_eq_int(ms_json_get(object, name).u.integer, i);
      mt_eq_int(ms_json_member(object, i).u.integer, i);
      mt_ok(ms_json_get(object, name).type == MS_JSON_INT);
    }
    mt_ok(ms_json_is_none(ms_json_get(object, name_of(room, count))));
    mt_ok(ms_json_is_none(ms_json_get(object, MS_STR(""))));
    mt_eq_int(ms_json_key(object, count).len, 0);
    mt_ok(ms_json_is_none(ms_json_member(object, count)));
    mt_ok(ms_json_is_none(ms_json_key_value(object, count)));
    ms_json_unref(object);
  }
}

MT_TEST(json_object__replacing_keeps_the_place)
{
  mt_leak_begin();
  struct ms_json object = ms_json_object(0);
  mt_eq_int(ms_json_setc(&object, "a", ms_json_cstring("old")), 0);
  mt_eq_int(ms_json_setc(&object, "b", ms_json_int(2)), 0);
  mt_eq_int(ms_json_setc(&object, "a", ms_json_cstring("new")), 0);
  mt_eq_json(object, "{\"a\":\"new\",\"b\":2}");
  ms_json_unref(object);
  mt_leak_end();
}

MT_TEST(json_object__names_with_nul_and_empty)
{
  struct ms_json object = ms_json_object(0);
  mt_eq_int(ms_json_set(&object, MS_STR("a\0b"), ms_json_int(1)), 0);
  mt_eq_int(ms_json_set(&object, MS_STR("a"), ms_json_int(2)), 0);
  mt_eq_int(ms_json_set(&object, (struct ms_str){NULL, 0}, ms_json_int(3)), 0);
  mt_eq_json(object, "{\"a\\u0000b\":1,\"a\":2,\"\":3}");
  mt_eq_int(ms_json_get(object, (struct ms_str){NULL, 0}).u.integer, 3);
  mt_eq_int(ms_json_get(object, MS_STR("a\0b")).u.integer, 1);
  ms_json_unref(object);
}

MT_TEST(json_object__changes_do_not_reach_other_holders)
{
  mt_leak_begin();
  struct ms_json a = ms_json_object(2);
  mt_eq_int(ms_json_setc(&a, "x", ms_json_cstring("1")), 0);
  mt_eq_int(ms_json_setc(&a, "y", ms_json_cstring("2")), 0);
  struct ms_json b = ms_json_ref(a);
  mt_eq_int(ms_json_setc(&b, "x", ms_json_int(10)), 0);
  mt_eq_json(a, "{\"x\":\"1\",\"y\":\"2\"}");
  mt_eq_json(b, "{\"x\":10,\"y\":\"2\"}");
  struct ms_json c = ms_json_ref(b);
  mt_eq_int(ms_json_setc(&c, "z", ms_json_int(3)), 0);
  struct ms_json d = ms_json_ref(c);
  mt_eq_int(ms_json_remove(&d, MS_STR("x")), 0);
  mt_eq_json(b, "{\"x\":10,\"y\":\"2\"}");
  mt_eq_json(c, "{\"x\":10,\"y\":\"2\",\"z\":3}");
  mt_eq_json(d, "{\"y\":\"2\",\"z\":3}");
  struct ms_json before = d;
  mt_eq_int(ms_json_setc(&d, "y", MS_JSON_VALUE_NULL), 0);
  mt_ok(before.u.object == d.u.object);
  mt_eq_int(ms_json_remove(&d, MS_STR("not there")), 0);
  ms_json_unref(a);
  ms_json_unref(b);
  ms_json_unref(c);
  ms_json_unref(d);
  mt_leak_end();
}

MT_TEST(json_object__keys_can_be_shared)
{
  mt_leak_begin();
  struct ms_json a = ms_json_object(0);
  struct ms_json b = ms_json_object(0);
  mt_eq_int(ms_json_setc(&a, "name", ms_json_int(1)), 0);
  mt_eq_int(ms_json_set_key(&b, ms_json_key_value(a, 0), ms_json_int(2)), 0);
  mt_ok(ms_json_key_value(a, 0).u.string == ms_json_key_value(b, 0).u.string);
  mt_eq_int(ms_json_set_key(&b, ms_json_key_value(a, 0), ms_json_int(3)), 0);
  ms_json_unref(a);
  mt_eq_json(b, "{\"name\":3}");
  /* A key of the very object that grows. */
  mt_eq_int(ms_json_set_key(&b, ms_json_key_value(b, 0), ms_json_int(4)), 0);
  mt_eq_int(ms_json_set(&b, ms_json_key(b, 0), ms_json_int(5)), 0);
  mt_eq_json(b, "{\"name\":5}");
  ms_json_unref(b);
  mt_leak_end();
}

MT_TEST(json_object__may_hold_itself_as_it_was)
{
  mt_leak_begin();
  struct ms_json a = ms_json_object(0);
  mt_eq_int(ms_json_setc(&a, "n", ms_json_int(1)), 0);
  mt_eq_int(ms_json_setc(&a, "me", ms_json_ref(a)), 0);
  mt_eq_json(a, "{\"n\":1,\"me\":{\"n\":1}}");
  ms_json_unref(a);
  mt_leak_end();
}

MT_TEST(json_object__refusals_consume_the_value)
{
  mt_leak_begin();
  struct ms_json none = MS_JSON_VALUE_NONE;
  struct ms_json array = ms_json_array(0);
  struct ms_json object = ms_json_object(0);
  mt_eq_int(ms_json_setc(&none, "a", ms_json_cstring("x")), MSTEP_ENOMEM);
  mt_eq_int(ms_json_setc(&array, "a", ms_json_cstring("x")), MSTEP_EINVALID);
  mt_eq_int(ms_json_setc(&object, "a", MS_JSON_VALUE_NONE), MSTEP_ENOMEM);
  mt_eq_int(ms_json_set_key(&object, MS_JSON_VALUE_NONE, ms_json_cstring("x")), MSTEP_ENOMEM);
  mt_eq_int(ms_json_set_key(&object, ms_json_int(1), ms_json_cstring("x")), MSTEP_EINVALID);
  mt_eq_int(ms_json_remove(&array, MS_STR("a")), 0);
  mt_eq_json(object, "{}");
  ms_json_unref(array);
  ms_json_unref(object);
  mt_ok(ms_json_is_none(ms_json_object(SIZE_MAX)));
  mt_ok(ms_json_is_none(ms_json_object((size_t)UINT32_MAX)));
  mt_leak_end();
}

MT_TEST(json_object__depth_is_capped)
{
  mt_leak_begin();
  struct ms_json value = ms_json_object(0);
  int err = 0;
  int depth = 1;
  for (; err == 0; depth++) {
    struct ms_json outer = ms_json_object(1);
    err = ms_json_setc(&outer, "a", ms_json_ref(value));
    ms_json_replace(&value, outer);
  }
  mt_eq_int(err, MSTEP_ETOOBIG);
  mt_eq_int(depth, MS_JSON_DEPTH_MAX + 1);
  mt_eq_json(value, "{}");
  ms_json_unref(value);
  mt_leak_end();
}

/* Random sets and removes against two plain arrays. */
#define NAMES 40

MT_TEST(json_object__behaves_as_a_list_does)
{
  size_t order[NAMES];
  int64_t values[NAMES];
  size_t count = 0;
  struct ms_random random;
  struct ms_json object = ms_json_object(0);
  struct ms_json snapshot = MS_JSON_VALUE_NONE;
  ms_random_seed(&random, 4);
  for (int64_t round = 0; round < 20000; round++) {
    char room[16];
    size_t n = (size_t)ms_random_below(&random, NAMES);
    size_t at = 0;
    while (at < count && order[at] != n) {
      at++;
    }
    if (ms_random_below(&random, 3) < 2) {
      mt_eq_int(ms_json_set(&object, name_of(room, n), ms_json_int(round)), 0);
      if (at == count) {
        order[count] = n;
        values[count++] = round;
      } else {
        values[at] = round;
      }
    } else {
      mt_eq_int(ms_json_remove(&object, name_of(room, n)), 0);
      if (at < count) {
        count--;
        memmove(order + at, order + at + 1, (count - at) * sizeof order[0]);
        memmove(values + at, values + at + 1, (count - at) * sizeof values[0]);
      }
    }
    mt_eq_int(ms_json_count(object), count);
    for (size_t i = 0; i < count; i++) {
      mt_ok(ms_json_member(object, i).u.integer == values[i]);
      mt_ok(ms_json_get(object, name_of(room, order[i])).u.integer == values[i]);
    }
    if (round % 50 == 0) { /* somebody else holds it now and then: copy on write */
      ms_json_replace(&snapshot, ms_json_ref(object));
    }
  }
  ms_json_unref(snapshot);
  ms_json_unref(object);
}

static int build(void *user)
{
  (void)user;
  char room[16];
  struct ms_json object = ms_json_object(0);
  int err = ms_json_is_none(object) ? MSTEP_ENOMEM : 0;
  for (size_t i = 0; i < 30 && err == 0; i++) {
    err = ms_json_set(&object, name_of(room, i), ms_json_stringf("value %zu", i));
    mt_eq_int(ms_json_count(object), err == 0 ? i + 1 : i);
  }
  struct ms_json copy = ms_json_ref(object);
  if (err == 0) {
    err = ms_json_remove(&copy, MS_STR("n3"));
    mt_ok(err == 0 || copy.u.object == object.u.object);
  }
  if (err == 0) {
    err = ms_json_set_key(&object, ms_json_key_value(copy, 5), ms_json_int(1));
  }
  ms_json_unref(copy);
  ms_json_unref(object);
  return err;
}

MT_TEST(json_object__out_of_memory)
{
  mt_oom(build, NULL);
}
