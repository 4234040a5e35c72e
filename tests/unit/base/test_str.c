/* Comparisons and slices of borrowed byte runs. */
#include "mt.h"

#include "base/str.h"

static int sign(int x)
{
  return (x > 0) - (x < 0);
}

MT_TEST(base_str__equality_counts_nul_bytes)
{
  mt_ok(ms_str_eq(MS_STR("a\0b"), MS_STR("a\0b")));
  mt_ok(!ms_str_eq(MS_STR("a\0b"), MS_STR("a\0c")));
  mt_ok(!ms_str_eq(MS_STR("a"), MS_STR("ab")));
  mt_ok(ms_str_eq((struct ms_str){NULL, 0}, MS_STR("")));
  mt_ok(ms_str_is(MS_STR("abc"), "abc"));
  mt_ok(!ms_str_is(MS_STR("abc"), "ab"));
  mt_eq_int(ms_str_c(NULL).len, 0);
}

MT_TEST(base_str__prefix_and_suffix)
{
  mt_ok(ms_str_has_prefix(MS_STR("States.Format"), "States."));
  mt_ok(!ms_str_has_prefix(MS_STR("State"), "States"));
  mt_ok(ms_str_has_prefix((struct ms_str){NULL, 0}, ""));
  mt_ok(ms_str_has_suffix(MS_STR("input.$"), ".$"));
  mt_ok(!ms_str_has_suffix(MS_STR("$"), ".$"));
  mt_ok(ms_str_has_suffix((struct ms_str){NULL, 0}, ""));
}

MT_TEST(base_str__byte_order)
{
  mt_eq_int(ms_str_cmp(MS_STR("a"), MS_STR("b")), -1);
  mt_eq_int(ms_str_cmp(MS_STR("b"), MS_STR("a")), 1);
  mt_eq_int(ms_str_cmp(MS_STR("a"), MS_STR("ab")), -1);
  mt_eq_int(ms_str_cmp(MS_STR("ab"), MS_STR("a")), 1);
  mt_eq_int(ms_str_cmp(MS_STR(""), (struct ms_str){NULL, 0}), 0);
  mt_eq_int(ms_str_cmp(MS_STR("\xff"), MS_STR("a")), 1); /* unsigned bytes */
}

MT_TEST(base_str__utf16_order)
{
  /* Sorted by UTF-16 code units; the fourth from the end is U+FFFF and sorts after U+10000. */
  static const char *const sorted[] = {
      "",         "\x01",         "A",            "AB",         "a",
      "\x7f",     "\xc2\x80",     "\xdf\xbf",     "\xe0\xa0\x80", "\xed\x9f\xbf",
      "\xf0\x90\x80\x80", "\xf0\x90\x80\x80z", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf",
      "\xee\x80\x80", "\xef\xbb\xbf", "\xef\xbf\xbf"};
  size_t count = sizeof sorted / sizeof sorted[0];
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < count; k++) {
      int expected = (i > k) - (i < k);
      int order = ms_str_cmp_utf16(ms_str_c(sorted[i]), ms_str_c(sorted[k]));
      if (sign(order) != expected) {
        mt_report("item %zu against %zu: %d", i, k, order);
      }
    }
  }
  /* Equal lead bytes, difference in what follows. */
  mt_eq_int(ms_str_cmp_utf16(MS_STR("\xf0\x9f\x98\x80"), MS_STR("\xf0\x9f\x98\x81")), -1);
  mt_eq_int(ms_str_cmp_utf16(MS_STR("\xef\xbf\xbe"), MS_STR("\xef\xbf\xbf")), -1);
}

MT_TEST(base_str__slices_are_clamped)
{
  struct ms_str s = MS_STR("abcdef");
  mt_ok(ms_str_is(ms_str_sub(s, 1, 3), "bc"));
  mt_ok(ms_str_is(ms_str_sub(s, 4, 100), "ef"));
  mt_eq_int(ms_str_sub(s, 3, 3).len, 0);
  mt_eq_int(ms_str_sub(s, 5, 2).len, 0);
  mt_eq_int(ms_str_sub(s, 7, 9).len, 0);
  mt_eq_int(ms_str_sub((struct ms_str){NULL, 0}, 0, 5).len, 0);
}

MT_TEST(base_str__find)
{
  struct ms_str s = MS_STR("a/b/c");
  mt_eq_int(ms_str_find(s, 0, '/'), 1);
  mt_eq_int(ms_str_find(s, 2, '/'), 3);
  mt_eq_int(ms_str_find(s, 4, '/'), 5);
  mt_eq_int(ms_str_find(s, 50, '/'), 5);
  mt_eq_int(ms_str_find(MS_STR("a\0b"), 0, '\0'), 1);
}

MT_TEST(base_str__places)
{
  static const struct {
    const char *text;
    long long place;
  } cases[] = {
      {"", 0},     {"7", 7},   {"050", 50},
      {"none", 0}, {"1-2", 12}, {"99999999999999999999", 999999999},
  };
  mt_eq_int((long long)ms_str_place((struct ms_str){NULL, 0}), 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mt_eq_int((long long)ms_str_place(ms_str_c(cases[i].text)), cases[i].place);
  }
}
