/* Arrays: building, copy on write, refusals. */
#include "mt.h"

#include "base/error.h"
#include "json/json.h"

MT_TEST(json_array__push_and_read)
{
  struct ms_json array = ms_json_array(0);
  for (int i = 0; i < 100; i++) {
    mt_eq_int(ms_json_count(array), i);
    mt_eq_int(ms_json_push(&array, ms_json_int(i)), 0);
  }
  for (size_t i = 0; i < 100; i++) {
    mt_eq_int(ms_json_at(array, i).u.integer, i);
  }
  mt_ok(ms_json_is_none(ms_json_at(array, 100)));
  mt_ok(ms_json_is_none(ms_json_at(array, SIZE_MAX)));
  mt_ok(ms_json_is_none(ms_json_at(ms_json_int(1), 0)));
  mt_eq_int(ms_json_count(ms_json_int(1)), 0);
  mt_ok(ms_json_is_none(ms_json_get(array, MS_STR("0"))));
  ms_json_unref(array);
}

MT_TEST(json_array__changes_do_not_reach_other_holders)
{
  mt_leak_begin();
  struct ms_json a = ms_json_array(4);
  mt_eq_int(ms_json_push(&a, ms_json_cstring("one")), 0);
  mt_eq_int(ms_json_push(&a, ms_json_cstring("two")), 0);
  struct ms_json b = ms_json_ref(a);
  mt_eq_int(ms_json_push(&b, ms_json_cstring("three")), 0);
  mt_eq_json(a, "[\"one\",\"two\"]");
  mt_eq_json(b, "[\"one\",\"two\",\"three\"]");
  mt_ok(a.u.array != b.u.array);
  struct ms_json c = ms_json_ref(b);
  mt_eq_int(ms_json_set_at(&c, 0, ms_json_int(1)), 0);
  mt_eq_json(b, "[\"one\",\"two\",\"three\"]");
  mt_eq_json(c, "[1,\"two\",\"three\"]");
  ms_json_unref(b);
  mt_eq_json(c, "[1,\"two\",\"three\"]");
  struct ms_json before = c;
  mt_eq_int(ms_json_set_at(&c, 2, MS_JSON_VALUE_NULL), 0);
  mt_ok(before.u.array == c.u.array); /* the only holder: in place */
  ms_json_unref(a);
  ms_json_unref(c);
  mt_leak_end();
}

MT_TEST(json_array__may_hold_itself_as_it_was)
{
  mt_leak_begin();
  struct ms_json a = ms_json_array(0);
  mt_eq_int(ms_json_push(&a, ms_json_int(1)), 0);
  mt_eq_int(ms_json_push(&a, ms_json_ref(a)), 0);
  mt_eq_json(a, "[1,[1]]");
  mt_eq_int(ms_json_set_at(&a, 0, ms_json_ref(a)), 0);
  mt_eq_json(a, "[[1,[1]],[1]]");
  ms_json_unref(a);
  mt_leak_end();
}

MT_TEST(json_array__refusals_consume_the_item)
{
  mt_leak_begin();
  struct ms_json none = MS_JSON_VALUE_NONE;
  struct ms_json number = ms_json_int(1);
  struct ms_json array = ms_json_array(0);
  mt_eq_int(ms_json_push(&none, ms_json_cstring("x")), MSTEP_ENOMEM);
  mt_eq_int(ms_json_push(&number, ms_json_cstring("x")), MSTEP_EINVALID);
  mt_eq_int(ms_json_push(&array, MS_JSON_VALUE_NONE), MSTEP_ENOMEM);
  mt_eq_int(ms_json_set_at(&array, 0, ms_json_cstring("x")), MSTEP_EINVALID);
  mt_eq_int(ms_json_count(array), 0);
  ms_json_unref(array);
  mt_ok(ms_json_is_none(ms_json_array(SIZE_MAX)));
  mt_ok(ms_json_is_none(ms_json_array((size_t)UINT32_MAX)));
  mt_leak_end();
}

MT_TEST(json_array__depth_is_capped)
{
  mt_leak_begin();
  struct ms_json value = ms_json_array(0);
  for (int depth = 1; depth < MS_JSON_DEPTH_MAX; depth++) {
    struct ms_json outer = ms_json_array(1);
    mt_eq_int(ms_json_push(&outer, value), 0);
    value = outer;
  }
  struct ms_json outer = ms_json_array(1);
  mt_eq_int(ms_json_push(&outer, ms_json_ref(value)), MSTEP_ETOOBIG);
  mt_eq_str(ms_error_detail(), "JSON nested deeper than 1024");
  mt_eq_int(ms_json_push(&outer, ms_json_int(1)), 0);
  mt_eq_int(ms_json_set_at(&outer, 0, ms_json_ref(value)), MSTEP_ETOOBIG);
  mt_eq_json(outer, "[1]");
  ms_json_unref(outer);
  ms_json_unref(value);
  mt_leak_end();
}

static int build(void *user)
{
  (void)user;
  struct ms_json array = ms_json_array(0);
  int err = ms_json_is_none(array) ? MSTEP_ENOMEM : 0;
  for (int i = 0; i < 20 && err == 0; i++) {
    err = ms_json_push(&array, ms_json_stringf("item %d", i));
    mt_eq_int(ms_json_count(array), err == 0 ? i + 1 : i);
  }
  struct ms_json copy = ms_json_ref(array);
  if (err == 0) {
    err = ms_json_set_at(&copy, 3, ms_json_int(1));
    mt_ok(err == 0 || copy.u.array == array.u.array);
  }
  ms_json_unref(copy);
  ms_json_unref(array);
  return err;
}

MT_TEST(json_array__out_of_memory)
{
  mt_oom(build, NULL);
}
