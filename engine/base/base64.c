/*
 * Base64 both ways. The lenient decoder follows Java's MIME decoder, where AWS's own comes from:
 * bytes outside the alphabet are skipped, also between and behind the padding; what is refused is a
 * last unit of one character, padding where none can be, and one `=` where two are needed.
 */
#include "base/base64.h"

#include <stdbool.h>

#include "base/error.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ms_base64_encode(struct ms_buf *out, struct ms_str data)
{
  if (data.len > SIZE_MAX / 2) {
    out->error = out->error == 0 ? MSTEP_ETOOBIG : out->error;
    return;
  }
  size_t len = (data.len + 2) / 3 * 4;
  char *to = ms_buf_reserve(out, len);
  if (to == NULL) {
    return;
  }
  const unsigned char *from = (const unsigned char *)data.data;
  size_t left = data.len;
  while (left > 0) {
    uint32_t bits = (uint32_t)from[0] << 16;
    bits |= left > 1 ? (uint32_t)from[1] << 8 : 0;
    bits |= left > 2 ? from[2] : 0;
    to[0] = alphabet[bits >> 18];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
    to[3] = left > 2 ? alphabet[bits & 63] : '=';
    to += 4;
    size_t taken = left > 3 ? 3 : left;
    from += taken;
    left -= taken;
  }
  ms_buf_added(out, len);
}

/* 0 to 63, or -1 for a byte that is not of the alphabet. */
static int digit_value(char c)
{
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int refuse(size_t at, const char *what)
{
  return ms_error(MSTEP_ESYNTAX, "invalid Base64 at byte %zu: %s", at, what);
}

/* Writes the bytes of a last unit of 2 or 3 characters. */
static void put_last(struct ms_buf *out, uint32_t bits, int digits)
{
  ms_buf_char(out, (char)(bits >> 16 & 255));
  if (digits == 3) {
    ms_buf_char(out, (char)(bits >> 8 & 255));
  }
}

int ms_base64_decode_lenient(struct ms_buf *out, struct ms_str text)
{
  uint32_t bits = 0;
  int digits = 0;
  size_t at = 0;
  ms_buf_reserve(out, text.len / 4 * 3 + 3);
  for (; at < text.len && text.data[at] != '='; at++) {
    int value = digit_value(text.data[at]);
    if (value < 0) {
      continue;
    }
    bits |= (uint32_t)value << (18 - 6 * digits);
    if (++digits == 4) {
      char unit[3] = {(char)(bits >> 16 & 255), (char)(bits >> 8 & 255), (char)(bits & 255)};
      ms_buf_put(out, unit, 3);
      bits = 0;
      digits = 0;
    }
  }
  bool is_padded = at < text.len;
  if (is_padded && digits == 0) {
    return refuse(at, "padding where nothing is to be padded");
  }
  if (digits == 1) {
    return refuse(at, "a single character is left over");
  }
  if (is_padded && digits == 2 && (at + 1 == text.len || text.data[++at] != '=')) {
    return refuse(at, "the second '=' is missing");
  }
  if (digits > 0) {
    put_last(out, bits, digits);
  }
  for (at++; at < text.len; at++) {
    if (digit_value(text.data[at]) >= 0) {
      return refuse(at, "text behind the padding");
    }
  }
  return out->error;
}

int ms_base64_decode(struct ms_buf *out, struct ms_str text)
{
  if (text.len % 4 != 0) {
    return refuse(text.len, "the length is not a multiple of four");
  }
  ms_buf_reserve(out, text.len / 4 * 3);
  for (size_t at = 0; at < text.len; at += 4) {
    uint32_t bits = 0;
    int digits = 4;
    if (at + 4 == text.len && text.data[at + 3] == '=') {
      digits = text.data[at + 2] == '=' ? 2 : 3;
    }
    for (int i = 0; i < digits; i++) {
      int value = digit_value(text.data[at + (size_t)i]);
      if (value < 0) {
        return refuse(at + (size_t)i, "a character outside the alphabet");
      }
      bits |= (uint32_t)value << (18 - 6 * i);
    }
    if (digits == 4) {
      char unit[3] = {(char)(bits >> 16 & 255), (char)(bits >> 8 & 255), (char)(bits & 255)};
      ms_buf_put(out, unit, 3);
    } else if ((bits & (digits == 2 ? 0xFFFFu : 0xFFu)) != 0) {
      return refuse(at, "bits behind the last byte");
    } else {
      put_last(out, bits, digits);
    }
  }
  return out->error;
}
