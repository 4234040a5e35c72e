/* Choice's comparison operators. */
#include <string.h>

#include "mt.h"
#include "states/compare.h"

static bool holds(enum ms_compare_family family, enum ms_compare_relation relation, const char *value,
                  const char *operand)
{
  struct ms_json a, b;
  mt_eq_int(ms_json_parse(&a, ms_str_c(value), NULL, NULL), 0);
  mt_eq_int(ms_json_parse(&b, ms_str_c(operand), NULL, NULL), 0);
  struct ms_rule rule = {.kind = MS_RULE_COMPARE, .family = family, .relation = relation};
  bool result = ms_compare_holds(&rule, a, b);
  ms_json_unref(a);
  ms_json_unref(b);
  return result;
}

MT_TEST(compare__numbers_by_value)
{
  mt_ok(holds(MS_COMPARE_NUMERIC, MS_COMPARE_EQ, "0", "0.0"));
  mt_ok(holds(MS_COMPARE_NUMERIC, MS_COMPARE_GT, "9007199254740993", "9007199254740992"));
  mt_ok(holds(MS_COMPARE_NUMERIC, MS_COMPARE_LE, "-1.5", "-1"));
  mt_ok(!holds(MS_COMPARE_NUMERIC, MS_COMPARE_LT, "1", "1"));
}

MT_TEST(compare__a_wrong_type_is_false_never_an_error)
{
  mt_ok(!holds(MS_COMPARE_NUMERIC, MS_COMPARE_EQ, "\"42\"", "42"));
  mt_ok(!holds(MS_COMPARE_STRING, MS_COMPARE_EQ, "42", "\"42\""));
  mt_ok(!holds(MS_COMPARE_BOOLEAN, MS_COMPARE_EQ, "1", "true"));
  mt_ok(!holds(MS_COMPARE_TIMESTAMP, MS_COMPARE_EQ, "\"yesterday\"", "\"2016-03-14T01:59:00Z\""));
  mt_ok(!holds(MS_COMPARE_MATCHES, MS_COMPARE_EQ, "[]", "\"*\""));
}

MT_TEST(compare__strings_by_utf16_units)
{
  mt_ok(holds(MS_COMPARE_STRING, MS_COMPARE_LT, "\"a\"", "\"b\""));
  mt_ok(holds(MS_COMPARE_STRING, MS_COMPARE_LT, "\"B\"", "\"a\""));
  mt_ok(holds(MS_COMPARE_STRING, MS_COMPARE_LT, "\"\\ud83d\\ude00\"", "\"\\ufffd\""));
}

MT_TEST(compare__timestamps_as_instants)
{
  mt_ok(holds(MS_COMPARE_TIMESTAMP, MS_COMPARE_EQ, "\"2016-03-14T01:59:00Z\"",
              "\"2016-03-14T02:59:00+01:00\""));
  mt_ok(holds(MS_COMPARE_TIMESTAMP, MS_COMPARE_LT, "\"2016-03-14T01:59:00.0000001Z\"",
              "\"2016-03-14T01:59:00.0000002Z\""));
}

MT_TEST(compare__type_tests_and_their_inversion)
{
  mt_ok(holds(MS_COMPARE_IS_NULL, MS_COMPARE_EQ, "null", "true"));
  mt_ok(holds(MS_COMPARE_IS_NULL, MS_COMPARE_EQ, "0", "false"));
  mt_ok(holds(MS_COMPARE_IS_NUMERIC, MS_COMPARE_EQ, "1.5", "true"));
  mt_ok(holds(MS_COMPARE_IS_STRING, MS_COMPARE_EQ, "\"\"", "true"));
  mt_ok(holds(MS_COMPARE_IS_BOOLEAN, MS_COMPARE_EQ, "false", "true"));
  mt_ok(holds(MS_COMPARE_IS_TIMESTAMP, MS_COMPARE_EQ, "\"2016-03-14T01:59:00Z\"", "true"));
  mt_ok(holds(MS_COMPARE_IS_TIMESTAMP, MS_COMPARE_EQ, "\"2016-03-14 01:59:00Z\"", "false"));
}

static bool matches(const char *pattern, const char *text)
{
  return ms_compare_matches(ms_str_c(pattern), ms_str_c(text));
}

MT_TEST(matches__stars_and_escapes)
{
  mt_ok(matches("foo*.log", "foo23.log"));
  mt_ok(matches("*", ""));
  mt_ok(matches("*a*b*", "xxaxxbxx"));
  mt_ok(!matches("*a*b", "ab c"));
  mt_ok(matches("a\\*b", "a*b"));
  mt_ok(!matches("a\\*b", "axb"));
  mt_ok(matches("a\\\\b", "a\\b"));
  mt_ok(!matches("", "a"));
  mt_ok(matches("", ""));
}

MT_TEST(matches__many_stars_do_not_explode)
{
  char text[2001];
  memset(text, 'a', 2000);
  text[2000] = '\0';
  mt_ok(!matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}
