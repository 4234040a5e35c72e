/*
 * Comparisons and slices of borrowed byte runs. Nothing here allocates or keeps what it is given.
 */
#include "base/str.h"

bool ms_str_is(struct ms_str s, const char *literal)
{
  return ms_str_eq(s, ms_str_c(literal));
}

bool ms_str_has_prefix(struct ms_str s, const char *prefix)
{
  size_t len = strlen(prefix);
  return s.len >= len && (len == 0 || memcmp(s.data, prefix, len) == 0);
}

bool ms_str_has_suffix(struct ms_str s, const char *suffix)
{
  size_t len = strlen(suffix);
  return s.len >= len && (len == 0 || memcmp(s.data + s.len - len, suffix, len) == 0);
}

static int compare_lengths(size_t a, size_t b)
{
  return (a > b) - (a < b);
}

int ms_str_cmp(struct ms_str a, struct ms_str b)
{
  size_t shared = a.len < b.len ? a.len : b.len;
  int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
  if (order != 0) {
    return order < 0 ? -1 : 1;
  }
  return compare_lengths(a.len, b.len);
}

/*
 * UTF-8 byte order is code point order. UTF-16 differs in one place: code points above U+FFFF are
 * written with surrogates (D800..DFFF) and so come before U+E000..U+FFFF. Only where the first
 * different bytes are lead bytes of those two groups (F0.. against EE, EF) is the order turned
 * round; when the difference is in a continuation byte both lead bytes were the same.
 */
int ms_str_cmp_utf16(struct ms_str a, struct ms_str b)
{
  size_t shared = a.len < b.len ? a.len : b.len;
  size_t at = 0;
  while (at < shared && a.data[at] == b.data[at]) {
    at++;
  }
  if (at == shared) {
    return compare_lengths(a.len, b.len);
  }
  unsigned char x = (unsigned char)a.data[at];
  unsigned char y = (unsigned char)b.data[at];
  if (x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0)) {
    return x >= 0xF0 ? -1 : 1;
  }
  return x < y ? -1 : 1;
}

struct ms_str ms_str_sub(struct ms_str s, size_t from, size_t to)
{
  if (to > s.len) {
    to = s.len;
  }
  if (from >= to) {
    return (struct ms_str){"", 0};
  }
  return (struct ms_str){s.data + from, to - from};
}

size_t ms_str_find(struct ms_str s, size_t from, char c)
{
  if (from >= s.len) {
    return s.len;
  }
  const char *hit = memchr(s.data + from, c, s.len - from);
  return hit == NULL ? s.len : (size_t)(hit - s.data);
}

size_t ms_str_place(struct ms_str s)
{
  size_t place = 0;
  for (size_t i = 0; i < s.len && i < 9; i++) {
    bool is_digit = s.data[i] >= '0' && s.data[i] <= '9';
    place = is_digit ? place * 10 + (size_t)(s.data[i] - '0') : place;
  }
  return place;
}
