/* Numbers of tables: text, order, sums, bytes that sort. */
#include "messaging/table_number.h"

#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "mt.h"

static const char *printed(const struct ms_table_number *number)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_table_number_print(&out, number);
  const char *text = mt_format("%.*s", (int)out.len, out.data);
  ms_buf_deinit(&out);
  return text;
}

static struct ms_table_number number(const char *text)
{
  struct ms_table_number out;
  const char *why = ms_table_number_parse(&out, ms_str_c(text));
  if (why != NULL) {
    mt_fail("%s: %s", text, why);
  }
  return out;
}

static const char *plain(const char *text)
{
  struct ms_table_number out;
  const char *why = ms_table_number_parse(&out, ms_str_c(text));
  return why != NULL ? why : printed(&out);
}

MT_TEST(table_number__one_plain_text_for_each_value)
{
  static const char *const rows[][2] = {
      {"0", "0"},
      {"-0", "0"},
      {"0.00", "0"},
      {"007", "7"},
      {"+7", "7"},
      {"-7.50", "-7.5"},
      {"1e3", "1000"},
      {"1E+3", "1000"},
      {"12.34e1", "123.4"},
      {"1e-3", "0.001"},
      {".5", "0.5"},
      {"5.", "5"},
      {"100.0010", "100.001"},
      {"0e999999999999", "0"},
      {"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
      {"0.00012345678901234567890123456789012345678",
       "0.00012345678901234567890123456789012345678"},
      {"123456789012345678901234567890123456780000", "123456789012345678901234567890123456780000"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    mt_eq_str(plain(rows[i][0]), rows[i][1]);
  }
}

MT_TEST(table_number__what_is_none_or_out_of_range_is_said)
{
  static const char *const wrong[] = {"", "-", ".", "a", "1a", "1e", "1e+", "--1", "1 ", "1.2.3"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    mt_eq_str(plain(wrong[i]), "The parameter cannot be converted to a numeric value");
  }
  mt_ok(strstr(plain("123456789012345678901234567890123456789"), "more than 38") != NULL);
  mt_ok(strstr(plain("1e126"), "larger than supported") != NULL);
  mt_ok(strstr(plain("1e-131"), "smaller than supported") != NULL);
  mt_ok(strstr(plain("1e99999999999999999999"), "larger than supported") != NULL);
  mt_eq_int(strlen(plain("9.9999999999999999999999999999999999999E+125")), 126);
  mt_eq_int(strlen(plain("1e-130")), 132);
}

MT_TEST(table_number__sums)
{
  static const char *const rows[][4] = {
      {"1", "2", "3", "-1"},
      {"0.1", "0.2", "0.3", "-0.1"},
      {"5", "-5", "0", "10"},
      {"-1.5", "-2.5", "-4", "1"},
      {"99999999999999999999999999999999999999", "1", "100000000000000000000000000000000000000",
       "99999999999999999999999999999999999998"},
      {"1e125", "-1e125", "0", NULL},
      {"1e-130", "1e-130", NULL, "0"},
      {"0", "7", "7", "-7"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_table_number a = number(rows[i][0]), b = number(rows[i][1]), sum;
    for (unsigned minus = 0; minus < 2; minus++) {
      if (rows[i][2 + minus] != NULL) {
        mt_ok(ms_table_number_add(&sum, &a, &b, minus == 1) == NULL);
        mt_eq_str(printed(&sum), rows[i][2 + minus]);
      }
    }
  }
  struct ms_table_number large = number("9.9999999999999999999999999999999999999e125"), sum;
  struct ms_table_number one = number("1"), huge = number("1e60");
  mt_ok(ms_table_number_add(&sum, &large, &large, false) != NULL);
  mt_ok(ms_table_number_add(&sum, &huge, &one, false) != NULL);
}

static struct ms_table_number any(struct ms_random *random)
{
  char text[80];
  size_t len = 0, digits = 1 + ms_random_below(random, 6);
  if (ms_random_below(random, 2) == 0) {
    text[len++] = '-';
  }
  for (size_t i = 0; i < digits; i++) {
    text[len++] = (char)('0' + ms_random_below(random, ms_random_below(random, 3) == 0 ? 1 : 10));
  }
  snprintf(text + len, sizeof text - len, "e%d", (int)ms_random_below(random, 12) - 6);
  return number(text);
}

static int order_of(int cmp)
{
  return (cmp > 0) - (cmp < 0);
}

MT_TEST(table_number__bytes_sort_as_numbers_do)
{
  struct ms_random random;
  ms_random_seed(&random, 3);
  for (unsigned i = 0; i < 20000; i++) {
    struct ms_table_number a = any(&random), b = any(&random), difference;
    unsigned char x[MS_TABLE_NUMBER_BYTES], y[MS_TABLE_NUMBER_BYTES];
    struct ms_str left = {(char *)x, ms_table_number_bytes(x, &a)};
    struct ms_str right = {(char *)y, ms_table_number_bytes(y, &b)};
    int by_value = ms_table_number_cmp(&a, &b);
    mt_ok(ms_table_number_add(&difference, &a, &b, true) == NULL);
    int by_difference = difference.count == 0 ? 0 : (difference.is_negative ? -1 : 1);
    if (order_of(ms_str_cmp(left, right)) != by_value || by_difference != by_value) {
      mt_fail("%s and %s: bytes say %d, value %d, difference %d", printed(&a), printed(&b),
              order_of(ms_str_cmp(left, right)), by_value, by_difference);
    }
    mt_eq_int(ms_table_number_cmp(&b, &a), -by_value);
  }
}

MT_TEST(table_number__bytes_of_the_longest_fit)
{
  unsigned char out[MS_TABLE_NUMBER_BYTES];
  struct ms_table_number a = number("-12345678901234567890123456789012345678e-100");
  mt_ok(ms_table_number_bytes(out, &a) <= sizeof out);
}
