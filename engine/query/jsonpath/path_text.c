/*
 * The lexical ground of paths and filters: escapes, closing quotes and brackets, lenient JSON
 * literals. Knows no grammar.
 */
#include "query/jsonpath/path.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"

#define LITERAL_MAX_BYTES ((size_t)1 << 20)

int ms_path_error_set(struct ms_path_error *error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(error->message, sizeof error->message, format, args);
  va_end(args);
  /* A cut message must not end inside a code point. */
  struct ms_str text = ms_str_c(error->message);
  error->message[ms_utf8_check(text)] = '\0';
  return MSTEP_EINVALID;
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

/* Four characters as Java's Integer.parseInt(text, 16) reads them: a sign is allowed. -1: no number. */
static int32_t hex_unit(struct ms_str text, size_t at)
{
  size_t from = text.data[at] == '+' ? 1 : 0;
  int32_t unit = 0;
  for (size_t i = from; i < 4; i++) {
    int digit = hex_value(text.data[at + i]);
    if (digit < 0) {
      return -1;
    }
    unit = unit * 16 + digit;
  }
  return unit;
}

/*
 * Reads what follows `\u` at *pos. Fewer than four characters are dropped, as Jayway does; a lone
 * surrogate, which UTF-8 cannot say and no document can hold, becomes U+FFFD.
 */
static int unescape_unicode(struct ms_buf *out, struct ms_str text, size_t *pos,
                            struct ms_path_error *error)
{
  if (text.len - *pos < 4) {
    *pos = text.len;
    return 0;
  }
  int32_t unit = hex_unit(text, *pos);
  if (unit < 0) {
    return ms_path_error_set(error, "Unable to parse unicode value: %.4s", text.data + *pos);
  }
  *pos += 4;
  uint32_t point = (uint32_t)unit;
  if (unit >= 0xD800 && unit <= 0xDFFF) {
    point = 0xFFFD;
    bool has_low = unit < 0xDC00 && text.len - *pos >= 6 && text.data[*pos] == '\\' &&
                   text.data[*pos + 1] == 'u';
    int32_t low = has_low ? hex_unit(text, *pos + 2) : -1;
    if (low >= 0xDC00 && low <= 0xDFFF) {
      point = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
      *pos += 6;
    }
  }
  char bytes[4];
  ms_buf_put(out, bytes, ms_utf8_put(bytes, point));
  return 0;
}

int ms_path_unescape(struct ms_buf *out, struct ms_str text, struct ms_path_error *error)
{
  static const char letters[] = "rftnb";
  static const char controls[] = "\r\f\t\n\b";
  size_t pos = 0;
  while (pos < text.len) {
    char c = text.data[pos++];
    if (c != '\\' || pos == text.len) {
      ms_buf_char(out, c);
      continue;
    }
    c = text.data[pos++];
    if (c == 'u') {
      int err = unescape_unicode(out, text, &pos, error);
      if (err != 0) {
        return err;
      }
      continue;
    }
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    ms_buf_char(out, letter == NULL ? c : controls[letter - letters]);
  }
  return out->error;
}

size_t ms_path_closing_quote(struct ms_str text, size_t from, char quote)
{
  bool is_escaped = false;
  for (size_t i = from + 1; i < text.len; i++) {
    char c = text.data[i];
    if (is_escaped) {
      is_escaped = false;
    } else if (c == '\\') {
      is_escaped = true;
    } else if (c == quote) {
      return i;
    }
  }
  return text.len;
}

size_t ms_path_closing_bracket(struct ms_str text, size_t from, bool skip_regex)
{
  char open = text.data[from];
  char close = open == '[' ? ']' : open == '{' ? '}' : ')';
  size_t depth = 0;
  for (size_t i = from; i < text.len; i++) {
    char c = text.data[i];
    if (c == '\'' || c == '"' || (skip_regex && c == '/')) {
      i = ms_path_closing_quote(text, i, c);
    } else if (c == open) {
      depth++;
    } else if (c == close && --depth == 0) {
      return i;
    }
  }
  return text.len;
}

/* Rewrites one quoted string of a literal as a JSON string. */
static int literal_string(struct ms_buf *json, struct ms_str quoted, struct ms_path_error *error)
{
  struct ms_buf text;
  ms_buf_init(&text, LITERAL_MAX_BYTES);
  int err = ms_path_unescape(&text, quoted, error);
  if (err == 0) {
    ms_json_print_string(json, ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
  return err;
}

int ms_path_literal(struct ms_json *out, struct ms_str text, struct ms_path_error *error)
{
  struct ms_buf json;
  int err = 0;
  ms_buf_init(&json, LITERAL_MAX_BYTES);
  for (size_t i = 0; i < text.len && err == 0; i++) {
    char c = text.data[i];
    if (c != '\'' && c != '"') {
      ms_buf_char(&json, c);
      continue;
    }
    size_t end = ms_path_closing_quote(text, i, c);
    err = literal_string(&json, ms_str_sub(text, i + 1, end), error);
    i = end;
  }
  if (err == 0) {
    err = json.error;
  }
  if (err == 0) {
    err = ms_json_parse(out, ms_buf_view(&json), NULL, NULL);
  }
  ms_buf_deinit(&json);
  if (err != 0 && err != MSTEP_ENOMEM && err != MSTEP_EINVALID) {
    return ms_path_error_set(error, "Not a JSON value: %.*s",
                             (int)(text.len < 100 ? text.len : 100), text.data);
  }
  return err;
}
