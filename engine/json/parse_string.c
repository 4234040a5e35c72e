/*
 * The inside of JSON string literals: one pass that finds the end and checks everything (UTF-8,
 * control characters, escapes, surrogate pairs), and one that resolves escapes in text that passed.
 */
#include "json/json.h"

#include "base/utf8.h"
#include "json/internal.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Whether any of 8 bytes is a quote, a backslash, a control character or not ASCII. */
static bool has_special(uint64_t word)
{
  uint64_t quote = word ^ ONES * '"';
  uint64_t backslash = word ^ ONES * '\\';
  uint64_t hits = (quote - ONES) | (backslash - ONES) | (word - ONES * 0x20) | word;
  return (hits & HIGHS) != 0;
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hex digits at `at`; -1 when they are not there. */
static int32_t read_hex4(const char *at, const char *end)
{
  if (end - at < 4) {
    return -1;
  }
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_value(at[i]);
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/* Length of the `\uXXXX` or surrogate pair at `at`; 0 with the error set when it is not valid. */
static size_t check_unicode_escape(struct ms_json_string_scan *scan, const char *at,
                                   const char *end)
{
  scan->error_at = at;
  int32_t unit = read_hex4(at + 2, end);
  if (unit < 0) {
    scan->error = "\\u must be followed by four hexadecimal digits";
    return 0;
  }
  if (unit < 0xD800 || unit > 0xDFFF) {
    return 6;
  }
  if (unit < 0xDC00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
    int32_t low = read_hex4(at + 8, end);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      return 12;
    }
  }
  scan->error = "a lone surrogate is not a character";
  return 0;
}

static size_t check_escape(struct ms_json_string_scan *scan, const char *at, const char *end)
{
  scan->has_escapes = true;
  char c = end - at < 2 ? '\0' : at[1];
  if (c == 'u') {
    return check_unicode_escape(scan, at, end);
  }
  if (c != '\0' && strchr("\"\\/bfnrt", c) != NULL) {
    return 2;
  }
  scan->error_at = at;
  scan->error = end - at < 2 ? "the string does not end" : "unknown escape in a string";
  return 0;
}

/* Length of one byte, escape or sequence that is not plain ASCII; 0 with the error set. */
static size_t check_special(struct ms_json_string_scan *scan, const char *at, const char *end)
{
  unsigned char c = (unsigned char)*at;
  if (c == '\\') {
    return check_escape(scan, at, end);
  }
  if (c < 0x20) {
    scan->error_at = at;
    scan->error = "a control character in a string must be escaped";
    return 0;
  }
  if (c < 0x80) {
    return 1;
  }
  size_t length = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  size_t left = (size_t)(end - at);
  struct ms_str sequence = {at, length < left ? length : left};
  if (sequence.len < length || ms_utf8_check(sequence) != length) {
    scan->error_at = at;
    scan->error = "invalid UTF-8";
    return 0;
  }
  return length;
}

void ms_json_scan_string(struct ms_json_string_scan *scan, const char *at, const char *end)
{
  const char *start = at;
  *scan = (struct ms_json_string_scan){0, false, NULL, NULL};
  for (;;) {
    while (end - at >= 8) {
      uint64_t word;
      memcpy(&word, at, sizeof word);
      if (has_special(word)) {
        break;
      }
      at += 8;
    }
    /* Up to and over the special byte in this word, or the last bytes of the text. */
    while (at < end && (unsigned char)*at < 0x80 && (unsigned char)*at >= 0x20 && *at != '"' &&
           *at != '\\') {
      at++;
    }
    if (at == end) {
      scan->error = "the string does not end";
      scan->error_at = start - 1;
      return;
    }
    if (*at == '"') {
      scan->len = (size_t)(at - start);
      return;
    }
    size_t length = check_special(scan, at, end);
    if (length == 0) {
      return;
    }
    at += length;
  }
}

static char simple_escape(char c)
{
  switch (c) {
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  default:
    return c; /* quote, backslash, slash */
  }
}

size_t ms_json_unescape(char *out, struct ms_str text)
{
  char *to = out;
  const char *at = text.data;
  const char *end = text.data + text.len;
  while (at < end) {
    const char *escape = memchr(at, '\\', (size_t)(end - at));
    size_t plain = (size_t)((escape == NULL ? end : escape) - at);
    memcpy(to, at, plain);
    to += plain;
    at += plain;
    if (at == end) {
      break;
    }
    if (at[1] != 'u') {
      *to++ = simple_escape(at[1]);
      at += 2;
      continue;
    }
    uint32_t code_point = (uint32_t)read_hex4(at + 2, end);
    at += 6;
    if (code_point >= 0xD800 && code_point <= 0xDBFF) {
      uint32_t low = (uint32_t)read_hex4(at + 2, end);
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
    to += ms_utf8_put(to, code_point);
  }
  return (size_t)(to - out);
}
