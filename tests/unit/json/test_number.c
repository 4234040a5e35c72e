/* Doubles to text and back: the shortest digits, the nearest double, whatever the locale. */
#include "mt.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "json/json.h"

static double parse_double(const char *text)
{
  struct ms_json value;
  if (ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail("%s does not parse", text);
  }
  double number = ms_json_number(value);
  ms_json_unref(value);
  return number;
}

static void check_print(double value, const char *expected)
{
  char out[40];
  size_t len = ms_json_print_double(out, value);
  mt_eq_str(out, expected);
  mt_eq_int(len, strlen(expected));
}

MT_TEST(json_number__prints)
{
  check_print(0, "0.0");
  check_print(-0.0, "-0.0");
  check_print(1, "1.0");
  check_print(-1.5, "-1.5");
  check_print(0.1, "0.1");
  check_print(0.1 + 0.2, "0.30000000000000004");
  check_print(1.0 / 3, "0.3333333333333333");
  check_print(2.0 / 3, "0.6666666666666666");
  check_print(100, "100.0");
  check_print(123456, "123456.0");
  check_print(1e15, "1000000000000000.0");
  check_print(1e20, "100000000000000000000.0");
  check_print(123456789012345678901.0, "123456789012345680000.0");
  check_print(1e21, "1e21");
  check_print(-1e21, "-1e21");
  check_print(1.5e300, "1.5e300");
  check_print(1e-7, "0.0000001");
  check_print(9.99e-8, "9.99e-8");
  check_print(DBL_MAX, "1.7976931348623157e308");
  check_print(DBL_MIN, "2.2250738585072014e-308");
  check_print(5e-324, "5e-324");
  check_print(-5e-324, "-5e-324");
  check_print(1.5e-323, "1.5e-323");
  check_print(0x1p-44, "5.684341886080802e-14"); /* the nearest of 16 digits does not read back */
  check_print(0x1p53, "9007199254740992.0");
  check_print(0x1p63, "9223372036854776000.0"); /* 16 digits are enough to tell it */
}

MT_TEST(json_number__longest_texts_fit)
{
  static const double values[] = {-1.2345678901234567e-7, -1.2345678901234567e-300,
                                  -123456789012345678901.0, -9.9999999999999989e20,
                                  -2.2250738585072011e-308, -0.00001234567890123456};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    char out[40];
    size_t len = ms_json_print_double(out, values[i]);
    mt_ok(len < sizeof out && strlen(out) == len);
    mt_ok(parse_double(out) == values[i]);
  }
}

/* Counts digits between the first and the last that is not 0. */
static int significant_digits(const char *text, char digits[40])
{
  int count = 0;
  for (; *text != '\0' && *text != 'e'; text++) {
    if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0')) {
      digits[count++] = *text;
    }
  }
  while (count > 0 && digits[count - 1] == '0') {
    count--;
  }
  return count;
}

/* Reads back, no shorter decimal does, and of that length it is the nearest. */
static void check_shortest(double value)
{
  char out[40];
  char own[40];
  ms_json_print_double(out, value);
  if (parse_double(out) != value || strtod(out, NULL) != value) {
    mt_fail("%a printed %s", value, out);
  }
  int count = significant_digits(out, own);
  char text[40];
  if (count > 1) {
    snprintf(text, sizeof text, "%.*e", count - 2, value);
    if (strtod(text, NULL) == value) {
      mt_fail("%a printed %s, %s is shorter", value, out, text);
    }
  }
  snprintf(text, sizeof text, "%.*e", count - 1, value);
  char nearest[40];
  int nearest_count = significant_digits(text, nearest);
  if (strtod(text, NULL) == value &&
      (nearest_count != count || memcmp(own, nearest, (size_t)count) != 0)) {
    mt_fail("%a printed %s, %s is nearer", value, out, text);
  }
}

MT_TEST(json_number__random_bit_patterns_are_shortest)
{
  struct ms_random random;
  ms_random_seed(&random, 1);
  for (int i = 0; i < 20000; i++) {
    uint64_t bits = ms_random_next(&random);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (isfinite(value)) {
      check_shortest(fabs(value));
    }
  }
}

MT_TEST(json_number__usual_magnitudes_are_shortest)
{
  struct ms_random random;
  ms_random_seed(&random, 2);
  for (int i = 0; i < 50000; i++) {
    double value = ms_random_double(&random);
    for (uint64_t k = ms_random_below(&random, 24); k > 0; k--) {
      value *= 10;
    }
    check_shortest(value / 1e6);
  }
}

MT_TEST(json_number__powers_of_two_and_their_neighbours_are_shortest)
{
  for (int exponent = -1074; exponent < 1024; exponent++) {
    double value = ldexp(1.0, exponent);
    check_shortest(value);
    check_shortest(nextafter(value, DBL_MAX));
    if (exponent > -1074) {
      check_shortest(nextafter(value, 0));
    }
  }
}

MT_TEST(json_number__decimals_of_few_digits_come_out_as_written)
{
  for (int places = 0; places <= 6; places++) {
    double power = pow(10, places);
    for (int n = 1; n < 20000; n += 7) {
      char expected[40];
      char out[40];
      snprintf(expected, sizeof expected, "%.*f", places, n / power);
      if (places == 0) {
        snprintf(expected, sizeof expected, "%d.0", n);
      }
      size_t len = strlen(expected);
      while (expected[len - 1] == '0' && expected[len - 2] != '.') {
        expected[--len] = '\0';
      }
      ms_json_print_double(out, n / power);
      mt_eq_str(out, expected);
    }
  }
}

MT_TEST(json_number__reads_the_nearest_double)
{
  struct ms_random random;
  ms_random_seed(&random, 3);
  for (int i = 0; i < 50000; i++) {
    char text[900];
    int len = snprintf(text, sizeof text, "%s%llu", i % 2 == 0 ? "-" : "",
                       (unsigned long long)(ms_random_next(&random) >> ms_random_below(&random, 63)));
    if (i % 3 != 0) {
      len += snprintf(text + len, sizeof text - (size_t)len, ".%llu",
                      (unsigned long long)ms_random_next(&random));
    }
    snprintf(text + len, sizeof text - (size_t)len, "e%d",
             (int)ms_random_below(&random, i % 5 == 0 ? 700 : 60) - (i % 5 == 0 ? 350 : 30));
    if (parse_double(text) != strtod(text, NULL)) {
      mt_fail("%s", text);
    }
  }
}

/* Exactly between two doubles, and a digit far behind that decides. */
MT_TEST(json_number__ties_and_digits_far_behind)
{
  for (int exponent = -60; exponent < 60; exponent++) {
    char text[400];
    double low = ldexp(9007199254740991.0, exponent - 53);
    double high = nextafter(low, DBL_MAX);
    /* The middle has one bit more than a double, which a long double holds. */
    snprintf(text, sizeof text, "%.300Lf", ((long double)low + (long double)high) / 2);
    mt_ok(parse_double(text) == strtod(text, NULL));
    size_t len = strlen(text);
    text[len - 1] = '1';
    mt_ok(parse_double(text) == strtod(text, NULL));
  }
  mt_ok(parse_double("9007199254740993.0") == 9007199254740992.0);
  mt_ok(parse_double("9007199254740993.00000000000000000000000000000000000000001") ==
        9007199254740994.0);
  mt_ok(parse_double("0.000000000000000000000000000000000000000000001e45") == 1.0);
  mt_ok(parse_double("100000000000000000000000000000000000000000000e-44") == 1.0);
}

MT_TEST(json_number__more_than_800_digits)
{
  /* 2^53 + 1 is a tie; 900 zeros and a 1 behind it break it upwards. */
  char *zeros = mt_format("%0900d", 0);
  mt_ok(parse_double(mt_format("9007199254740993.%s", zeros)) == 9007199254740992.0);
  mt_ok(parse_double(mt_format("9007199254740993.%s1", zeros)) == 9007199254740994.0);
  mt_ok(parse_double(mt_format("9007199254740993%se-900", zeros)) == 9007199254740992.0);
  mt_ok(parse_double(mt_format("9007199254740993%s1e-901", zeros)) == 9007199254740994.0);
  mt_ok(parse_double(mt_format("0.%s1e901", zeros)) == 1.0);
}

MT_TEST(json_number__the_locale_does_not_matter)
{
  static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE",
                                        "ps_AF.utf8"};
  bool is_set = false;
  for (size_t i = 0; i < sizeof locales / sizeof locales[0] && !is_set; i++) {
    is_set = setlocale(LC_ALL, locales[i]) != NULL && strcmp(localeconv()->decimal_point, ".") != 0;
  }
  if (!is_set) {
    mt_skip("no locale with a decimal comma is installed");
  }
  check_print(0.30000000000000004, "0.30000000000000004");
  check_print(1.5e-300, "1.5e-300");
  check_print(1.2345678901234568e-300, "1.2345678901234568e-300");
  mt_ok(parse_double("1.2345678901234567e-300") == 1.2345678901234567e-300);
  struct ms_json big;
  mt_eq_int(ms_json_parse(&big, MS_STR("18446744073709551616"), NULL, NULL), 0);
  mt_eq_int(ms_json_cmp_number(big, ms_json_double(18446744073709551616.0)), 0);
  ms_json_unref(big);
}
