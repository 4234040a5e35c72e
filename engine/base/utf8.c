/*
 * UTF-8 after RFC 3629, table 3-7 of Unicode: the second byte's range depends on the first, which
 * is what keeps out overlong forms, surrogates and code points above U+10FFFF.
 */
#include "base/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Length of the sequence that begins at p, 0 when it is not valid. */
static size_t sequence_length(const unsigned char *p, const unsigned char *end)
{
  unsigned char lead = p[0];
  size_t rest = (size_t)(end - p);
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2) {
    return 0;
  }
  if (lead < 0xE0) {
    return rest >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
  }
  if (lead < 0xF0) {
    unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return rest >= 3 && p[1] >= low && p[1] <= high && (p[2] & 0xC0) == 0x80 ? 3 : 0;
  }
  if (lead < 0xF5) {
    unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return rest >= 4 && p[1] >= low && p[1] <= high && (p[2] & 0xC0) == 0x80 &&
                   (p[3] & 0xC0) == 0x80
               ? 4
               : 0;
  }
  return 0;
}

size_t ms_utf8_check(struct ms_str s)
{
  const unsigned char *start = (const unsigned char *)s.data;
  const unsigned char *p = start;
  const unsigned char *end = s.len == 0 ? start : start + s.len; /* NULL has no end */
  while (p < end) {
    while (end - p >= 8) {
      uint64_t word;
      memcpy(&word, p, sizeof word);
      if ((word & HIGH_BITS) != 0) {
        break;
      }
      p += 8;
    }
    if (p == end) {
      break;
    }
    size_t len = sequence_length(p, end);
    if (len == 0) {
      return (size_t)(p - start);
    }
    p += len;
  }
  return s.len;
}

uint32_t ms_utf8_next(struct ms_str s, size_t *pos)
{
  const unsigned char *p = (const unsigned char *)s.data + *pos;
  if (p[0] < 0x80) {
    *pos += 1;
    return p[0];
  }
  if (p[0] < 0xE0) {
    *pos += 2;
    return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
  }
  if (p[0] < 0xF0) {
    *pos += 3;
    return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
  }
  *pos += 4;
  return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
         (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
}

size_t ms_utf8_put(char out[4], uint32_t code_point)
{
  if (code_point < 0x80) {
    out[0] = (char)code_point;
    return 1;
  }
  if (code_point < 0x800) {
    out[0] = (char)(0xC0 | code_point >> 6);
    out[1] = (char)(0x80 | (code_point & 0x3F));
    return 2;
  }
  if (code_point < 0x10000) {
    out[0] = (char)(0xE0 | code_point >> 12);
    out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code_point & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | code_point >> 18);
  out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
  out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
  out[3] = (char)(0x80 | (code_point & 0x3F));
  return 4;
}

size_t ms_utf8_count(struct ms_str s)
{
  size_t count = 0;
  for (size_t i = 0; i < s.len; i++) {
    count += ((unsigned char)s.data[i] & 0xC0) != 0x80;
  }
  return count;
}

size_t ms_utf8_count_utf16(struct ms_str s)
{
  size_t count = 0;
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.data[i];
    count += (c & 0xC0) != 0x80;
    count += c >= 0xF0;
  }
  return count;
}

void ms_utf8_repair(struct ms_buf *out, struct ms_str s)
{
  while (s.len > 0) {
    size_t valid = ms_utf8_check(s);
    ms_buf_put(out, s.data, valid);
    if (valid < s.len) {
      ms_buf_cstr(out, "\xEF\xBF\xBD");
      valid++;
    }
    s = ms_str_sub(s, valid, s.len);
  }
}
