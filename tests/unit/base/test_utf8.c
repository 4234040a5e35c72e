/* UTF-8: every code point, every malformed class, stepping. */
#include "mt.h"

#include "base/utf8.h"

MT_TEST(base_utf8__every_code_point_goes_round)
{
  for (uint32_t c = 0; c <= 0x10FFFF; c++) {
    if (c >= 0xD800 && c <= 0xDFFF) {
      continue;
    }
    char bytes[4];
    struct ms_str s = {bytes, ms_utf8_put(bytes, c)};
    size_t pos = 0;
    bool is_good = ms_utf8_check(s) == s.len && ms_utf8_next(s, &pos) == c && pos == s.len &&
                   ms_utf8_count(s) == 1 && ms_utf8_count_utf16(s) == (c > 0xFFFF ? 2 : 1);
    if (!is_good) {
      mt_fail("U+%04X", (unsigned)c);
    }
  }
}

MT_TEST(base_utf8__surrogates_are_refused)
{
  for (uint32_t c = 0xD800; c <= 0xDFFF; c++) {
    char bytes[4];
    struct ms_str s = {bytes, ms_utf8_put(bytes, c)};
    mt_eq_int(ms_utf8_check(s), 0);
  }
}

struct bad {
  const char *text;
  size_t offset;
};

static const struct bad bad_rows[] = {
    {"\x80", 0},             /* continuation alone */
    {"a\xBF", 1},
    {"\xC0\xAF", 0},         /* overlong */
    {"\xC1\xBF", 0},
    {"\xE0\x9F\xBF", 0},
    {"\xF0\x8F\xBF\xBF", 0},
    {"\xF4\x90\x80\x80", 0}, /* above U+10FFFF */
    {"\xF5\x80\x80\x80", 0},
    {"\xFE", 0},
    {"\xFF", 0},
    {"ab\xC3", 2},           /* cut off */
    {"ab\xE2\x82", 2},
    {"ab\xF0\x9F\x98", 2},
    {"\xC3(", 0},            /* continuation missing */
    {"\xE2\x28\xA1", 0},
    {"\xE2\x82\x28", 0},
    {"\xF0\x28\x8C\xBC", 0},
    {"\xF0\x90\x28\xBC", 0},
    {"\xF0\x90\x8C\x28", 0},
    {"\xED\xA0\x80", 0},
    {"12345678\xC3\xA9\x80 12345678", 10},
    {"1234567890123456789\xFF", 19},
};

MT_TEST(base_utf8__malformed_texts)
{
  for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
    mt_eq_int(ms_utf8_check(ms_str_c(bad_rows[i].text)), bad_rows[i].offset);
  }
}

MT_TEST(base_utf8__every_pair_of_bytes)
{
  for (int a = 0; a < 256; a++) {
    for (int b = 0; b < 256; b++) {
      char bytes[2] = {(char)a, (char)b};
      size_t expected = 2;
      if (a >= 0x80) {
        expected = a >= 0xC2 && a <= 0xDF && (b & 0xC0) == 0x80 ? 2 : 0;
      } else if (b >= 0x80) {
        expected = 1;
      }
      mt_eq_int(ms_utf8_check((struct ms_str){bytes, 2}), expected);
    }
  }
}

MT_TEST(base_utf8__counts)
{
  struct ms_str s = MS_STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  mt_eq_int(ms_utf8_count(s), 4);
  mt_eq_int(ms_utf8_count_utf16(s), 5);
  mt_eq_int(ms_utf8_count(MS_STR("")), 0);
  mt_eq_int(ms_utf8_check((struct ms_str){NULL, 0}), 0);
}

MT_TEST(utf8__repair_replaces_what_is_not_valid)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_utf8_repair(&buf, MS_STR("\xc3\xa9\xff\xed\xa0\x80z"));
  mt_eq_str(buf.data, "\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
  ms_buf_deinit(&buf);
}
