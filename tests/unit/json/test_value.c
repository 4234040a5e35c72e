/* Scalars, references, releasing. */
#include "mt.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "json/json.h"

MT_TEST(json_value__scalars)
{
  mt_ok(sizeof(struct ms_json) == 16);
  mt_ok(ms_json_is_true(ms_json_bool(true)) && !ms_json_is_true(ms_json_bool(false)));
  mt_ok(!ms_json_is_true(ms_json_int(1)));
  mt_ok(ms_json_is_null(MS_JSON_VALUE_NULL) && ms_json_is_none(MS_JSON_VALUE_NONE));
  struct ms_json least = ms_json_int(INT64_MIN);
  struct ms_json two = ms_json_double(2);
  mt_eq_json(least, "-9223372036854775808");
  mt_eq_json(two, "2.0");
  mt_ok(ms_json_is_none(ms_json_double(HUGE_VAL)));
  mt_ok(ms_json_is_none(ms_json_double(-HUGE_VAL)));
  mt_ok(ms_json_is_none(ms_json_double(NAN)));
}

MT_TEST(json_value__strings)
{
  struct ms_json a = ms_json_string(MS_STR("a\0b"));
  struct ms_json b = ms_json_cstring("text");
  struct ms_json c = ms_json_stringf("%s-%d-%0300d", "x", 5, 1);
  struct ms_json empty = ms_json_string((struct ms_str){NULL, 0});
  mt_eq_int(ms_json_text(a).len, 3);
  mt_ok(memcmp(ms_json_text(a).data, "a\0b", 4) == 0); /* and a NUL behind it */
  mt_eq_str(ms_json_text(b).data, "text");
  mt_eq_int(ms_json_text(c).len, 304);
  mt_eq_str(ms_json_text(empty).data, "");
  mt_eq_str(ms_json_text(ms_json_int(1)).data, "");
  mt_ok(ms_json_is_none(ms_json_string((struct ms_str){"x", SIZE_MAX})));
  mt_ok(ms_json_is_none(ms_json_string((struct ms_str){"x", SIZE_MAX - 16})));
  ms_json_unref(a);
  ms_json_unref(b);
  ms_json_unref(c);
  ms_json_unref(empty);
}

MT_TEST(json_value__type_names)
{
  struct ms_json string = ms_json_cstring("");
  struct ms_json array = ms_json_array(0);
  struct ms_json object = ms_json_object(0);
  mt_eq_str(ms_json_type_name(MS_JSON_VALUE_NONE), "none");
  mt_eq_str(ms_json_type_name(MS_JSON_VALUE_NULL), "null");
  mt_eq_str(ms_json_type_name(ms_json_bool(false)), "boolean");
  mt_eq_str(ms_json_type_name(ms_json_int(1)), "number");
  mt_eq_str(ms_json_type_name(ms_json_double(1)), "number");
  mt_eq_str(ms_json_type_name(string), "string");
  mt_eq_str(ms_json_type_name(array), "array");
  mt_eq_str(ms_json_type_name(object), "object");
  ms_json_unref(string);
  ms_json_unref(array);
  ms_json_unref(object);
}

static bool to_int(int64_t *out, const char *text)
{
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_str_c(text), NULL, NULL), 0);
  *out = 77;
  bool is_int = ms_json_to_int(out, value);
  ms_json_unref(value);
  return is_int;
}

MT_TEST(json_value__whole_numbers)
{
  static const struct {
    const char *text;
    int64_t value;
  } whole[] = {{"3", 3},       {"3.0", 3},   {"3e2", 300},
               {"-0", 0},      {"-0.0", 0},  {"9223372036854775807", INT64_MAX},
               {"0e5", 0},     {"-5.0", -5}, {"-9223372036854775808.0", INT64_MIN},
               {"1.5e1", 15},  {"4503599627370497.0", 4503599627370497}};
  static const char *const not_whole[] = {
      "3.5",  "1e19", "9223372036854775808", "9223372036854775808.0", "1e400", "-9223372036854775809",
      "0.1",  "\"3\"", "null",               "true",                  "[3]",   "1e-400",
      "-1e19"};
  int64_t out;
  for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
    if (!to_int(&out, whole[i].text) || out != whole[i].value) {
      mt_report("%s", whole[i].text);
    }
  }
  for (size_t i = 0; i < sizeof not_whole / sizeof not_whole[0]; i++) {
    if (to_int(&out, not_whole[i]) || out != 77) {
      mt_report("%s", not_whole[i]);
    }
  }
  mt_ok(!ms_json_to_int(&out, MS_JSON_VALUE_NONE));
}

MT_TEST(json_value__nearest_double)
{
  static const struct {
    const char *text;
    double number;
  } rows[] = {{"3", 3},
              {"-0", 0},
              {"2.5", 2.5},
              {"18446744073709551616", 18446744073709551616.0},
              {"123456789012345678901234567890", 123456789012345678901234567890.0},
              {"1e400", HUGE_VAL},
              {"-1e400", -HUGE_VAL},
              {"1e-400", 0},
              {"\"5\"", 0},
              {"null", 0},
              {"[1]", 0}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_json value;
    mt_eq_int(ms_json_parse(&value, ms_str_c(rows[i].text), NULL, NULL), 0);
    if (ms_json_number(value) != rows[i].number) {
      mt_report("%s: %g", rows[i].text, ms_json_number(value));
    }
    ms_json_unref(value);
  }
}

MT_TEST(json_value__references)
{
  mt_leak_begin();
  struct ms_json inner = ms_json_cstring("shared");
  struct ms_json array = ms_json_array(0);
  mt_eq_int(ms_json_push(&array, ms_json_ref(inner)), 0);
  mt_eq_int(ms_json_push(&array, ms_json_ref(inner)), 0);
  struct ms_json again = ms_json_ref(array);
  mt_ok(again.u.array == array.u.array);
  ms_json_unref(array);
  mt_eq_str(ms_json_text(ms_json_at(again, 1)).data, "shared");
  ms_json_replace(&inner, ms_json_ref(ms_json_at(again, 0)));
  ms_json_unref(again);
  mt_eq_str(ms_json_text(inner).data, "shared");
  ms_json_replace(&inner, ms_json_int(3));
  mt_eq_int(inner.u.integer, 3);
  ms_json_unref(MS_JSON_VALUE_NONE);
  ms_json_unref(MS_JSON_VALUE_NULL);
  mt_leak_end();
}

MT_TEST(json_value__wide_and_deep_values_are_released)
{
  mt_leak_begin();
  struct ms_json root = ms_json_array(0);
  for (int i = 0; i < 100; i++) {
    struct ms_json chain = ms_json_cstring("end");
    for (int depth = 0; depth < 1000; depth++) {
      struct ms_json outer = depth % 2 == 0 ? ms_json_array(1) : ms_json_object(1);
      if (depth % 2 == 0) {
        mt_eq_int(ms_json_push(&outer, chain), 0);
      } else {
        mt_eq_int(ms_json_setc(&outer, "inner", chain), 0);
      }
      chain = outer;
    }
    mt_eq_int(ms_json_push(&root, ms_json_ref(chain)), 0);
    mt_eq_int(ms_json_push(&root, chain), 0); /* shared */
  }
  ms_json_unref(root);
  mt_leak_end();
}

MT_TEST(json_value__a_formatted_string_is_valid_utf8)
{
  struct ms_json value = ms_json_stringf("%s", "a\xff\xc3" "b");
  mt_eq_json(value, "\"a\\ufffd\\ufffdb\"");
  ms_json_unref(value);
}
