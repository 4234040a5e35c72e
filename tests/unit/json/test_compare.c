/* Equality, identity, order of numbers, hashes. */
#include "mt.h"

#include "base/error.h"
#include "json/json.h"

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  if (ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail("%s: %s", text, ms_error_detail());
  }
  return value;
}

/* Each line is a class of texts that are equal; different classes are not. */
static const char *const classes[][8] = {
    {"null"},
    {"true"},
    {"false"},
    {"0", "-0", "0.0", "-0.0", "0e5"},
    {"1", "1.0", "1e0", "10e-1"},
    {"-1", "-1.0"},
    {"1.5", "15e-1"},
    {"9007199254740992", "9007199254740992.0"},
    {"9007199254740993"},
    {"9223372036854775807"},
    {"9223372036854775808", "9223372036854775808.0", "9223372036854775807.9"},
    {"-9223372036854775808", "-9223372036854775808.0"},
    {"18446744073709551616", "18446744073709551616.0", "1.8446744073709552e19"},
    {"18446744073709551617"},
    {"123456789012345678901234567890"},
    {"123456789012345678901234567891"},
    {"1e400", "10e399", "0.1e401", "1.000e400", "0.00001E+405"},
    {"1.0000000000000000000000001e400"},
    {"-1e400", "-10e399"},
    {"1e401"},
    {"1e-400", "10e-401"},
    {"-1e-400"},
    {"\"\""},
    {"\"a\"", "\"\\u0061\""},
    {"\"1\""},
    {"\"a\\u0000b\""},
    {"\"a\\u0000c\""},
    {"[]", "[ ]"},
    {"{}", "{ }"},
    {"[1]", "[1.0]"},
    {"[1,2]", "[1.0,2e0]"},
    {"[2,1]"},
    {"[[]]"},
    {"[{}]"},
    {"[null]"},
    {"{\"a\":1}", "{\"a\":1.0}", "{\"a\":2,\"a\":1}"},
    {"{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1}", "{\"b\":[1.0,2.0],\"a\":1e0}"},
    {"{\"a\":1,\"c\":[1,2]}"},
    {"{\"a\":null}"},
    {"{\"b\":1}"},
    {"{\"a\":\"b\"}"},
    {"{\"b\":\"a\"}"},
    {"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10}",
     "{\"j\":10,\"i\":9,\"h\":8,\"g\":7,\"f\":6,\"e\":5,\"d\":4,\"c\":3,\"b\":2,\"a\":1}"},
    {"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":11}"},
};

#define CLASS_COUNT (sizeof classes / sizeof classes[0])

MT_TEST(json_compare__equality_and_hashes)
{
  for (size_t i = 0; i < CLASS_COUNT; i++) {
    for (size_t m = 0; m < 8 && classes[i][m] != NULL; m++) {
      struct ms_json a = parse(classes[i][m]);
      for (size_t k = 0; k < CLASS_COUNT; k++) {
        for (size_t n = 0; n < 8 && classes[k][n] != NULL; n++) {
          struct ms_json b = parse(classes[k][n]);
          if (ms_json_equal(a, b) != (i == k)) {
            mt_report("%s and %s", classes[i][m], classes[k][n]);
          }
          if (i == k && ms_json_hash(a, 7) != ms_json_hash(b, 7)) {
            mt_report("hashes of %s and %s", classes[i][m], classes[k][n]);
          }
          ms_json_unref(b);
        }
      }
      ms_json_unref(a);
    }
  }
}

MT_TEST(json_compare__hashes_of_different_values_differ)
{
  for (size_t i = 0; i < CLASS_COUNT; i++) {
    struct ms_json a = parse(classes[i][0]);
    mt_ok(ms_json_hash(a, 1) != ms_json_hash(a, 2));
    for (size_t k = 0; k < i; k++) {
      struct ms_json b = parse(classes[k][0]);
      double x = ms_json_number(a);
      bool may_collide = ms_json_is_number(a) && ms_json_is_number(b) && x == ms_json_number(b);
      if (!may_collide && ms_json_hash(a, 1) == ms_json_hash(b, 1)) {
        mt_report("%s and %s hash alike", classes[i][0], classes[k][0]);
      }
      ms_json_unref(b);
    }
    ms_json_unref(a);
  }
}

MT_TEST(json_compare__identity_is_exact)
{
  /* No two of these are identical, each is to itself. */
  static const char *const texts[] = {
      "1",    "1.0",      "0",     "-0",    "0.0",           "-0.0",          "1e400", "10e399",
      "\"a\"", "\"b\"",    "null",  "true",  "false",         "[]",            "{}",    "[1]",
      "[1.0]", "[1,2]",    "{\"a\":1}", "{\"a\":1.0}", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}",
      "{\"b\":1}"};
  size_t count = sizeof texts / sizeof texts[0];
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < count; k++) {
      struct ms_json a = parse(texts[i]);
      struct ms_json b = parse(texts[k]);
      if (ms_json_identical(a, b) != (i == k)) {
        mt_report("%s and %s", texts[i], texts[k]);
      }
      ms_json_unref(a);
      ms_json_unref(b);
    }
  }
}

MT_TEST(json_compare__order_of_numbers)
{
  static const char *const sorted[] = {
      "-1e500", "-1e400", "-1.7976931348623157e308", "-123456789012345678901234567890",
      "-9223372036854775809", "-9223372036854775808", "-9007199254740993", "-9007199254740992.0",
      "-1.5", "-1", "-0.5", "-1e-400", "0", "1e-500", "1e-400", "5e-324", "0.1", "0.5", "1",
      "1.0000000000000002", "1.5", "2", "9007199254740992.0", "9007199254740993",
      "9007199254740994.0", "9223372036854774784.0", "9223372036854775806", "9223372036854775807",
      "9223372036854775808.0", "9223372036854775809", "9223372036854777856.0",
      "18446744073709551615", "18446744073709551616.0", "18446744073709551617",
      "123456789012345678901234567890", "123456789012345678901234567891",
      "1.7976931348623157e308", "1.7976931348623159e308", "1e400", "1.00000000000000000001e400",
      "2e400", "1e500"};
  size_t count = sizeof sorted / sizeof sorted[0];
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < count; k++) {
      struct ms_json a = parse(sorted[i]);
      struct ms_json b = parse(sorted[k]);
      int expected = (i > k) - (i < k);
      if (ms_json_cmp_number(a, b) != expected) {
        mt_report("%s against %s: %d", sorted[i], sorted[k], ms_json_cmp_number(a, b));
      }
      ms_json_unref(a);
      ms_json_unref(b);
    }
  }
}

MT_TEST(json_compare__doubled_values_end)
{
  /* Twice as many leaves each round: the size limit must stop it before time does. */
  struct ms_json a = parse("[1]");
  struct ms_json b = parse("[1]");
  int err = 0;
  int rounds = 0;
  for (; err == 0; rounds++) {
    struct ms_json next_a = ms_json_array(2);
    struct ms_json next_b = ms_json_array(2);
    mt_eq_int(ms_json_push(&next_a, ms_json_ref(a)), 0);
    mt_eq_int(ms_json_push(&next_b, ms_json_ref(b)), 0);
    err = ms_json_push(&next_a, ms_json_ref(a));
    mt_eq_int(ms_json_push(&next_b, ms_json_ref(b)), err);
    if (err == 0 && rounds < 16) {
      mt_ok(ms_json_equal(next_a, next_b));
      mt_ok(ms_json_hash(next_a, 1) == ms_json_hash(next_b, 1));
    }
    ms_json_replace(&a, next_a);
    ms_json_replace(&b, next_b);
  }
  mt_eq_int(err, MSTEP_ETOOBIG);
  mt_eq_str(ms_error_detail(), "JSON of more than 268435456 bytes");
  mt_ok(rounds > 20 && rounds < 30);
  mt_ok(!ms_json_fits(a, 262144)); /* at once */
  ms_json_unref(a);
  ms_json_unref(b);
}

MT_TEST(json_compare__none)
{
  mt_ok(ms_json_equal(MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE));
  mt_ok(!ms_json_equal(MS_JSON_VALUE_NONE, MS_JSON_VALUE_NULL));
  mt_ok(!ms_json_equal(ms_json_int(0), MS_JSON_VALUE_NONE));
}
