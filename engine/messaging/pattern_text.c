/*
 * The tokens of a pattern's text. Responsible for JSON's grammar and the texts of its failures; what a
 * pattern may say is pattern_compile.c's business. The texts and columns are those of the parser that the
 * service uses (ReaderBasedJsonParser of Jackson).
 */
#include "messaging/pattern_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"

#define SNIPPET_UNITS 500 /* UTF-16 units of the text that a message shows */
#define VALUES "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

int ms_pattern_text_init(struct ms_pattern_text *t, struct ms_str text, struct ms_arena *arena,
                         struct ms_arena *scratch, struct ms_buf *message)
{
  *t = (struct ms_pattern_text){.text = text, .arena = arena, .message = message};
  t->token = t->pending = MS_TOKEN_END;
  t->scopes = ms_arena_calloc(scratch, MS_PATTERN_DEPTH_MAX, sizeof *t->scopes);
  return t->scopes == NULL ? ms_pattern_nomem(t) : 0;
}

/* ---- failures ---- */

int ms_pattern_nomem(struct ms_pattern_text *t)
{
  t->error = ms_error_nomem();
  return t->error;
}

static void put_snippet(struct ms_buf *out, struct ms_str text)
{
  size_t at = 0;
  size_t units = 0;
  while (at < text.len) {
    size_t next = at;
    size_t wide = ms_utf8_next(text, &next) > 0xFFFF ? 2 : 1;
    if (units + wide > SNIPPET_UNITS) {
      break;
    }
    units += wide;
    at = next;
  }
  ms_buf_char(out, '"');
  ms_buf_put(out, text.data, at);
  ms_buf_char(out, '"');
  if (at < text.len) {
    ms_buf_printf(out, "[truncated %zu chars]",
                  ms_utf8_count_utf16(ms_str_sub(text, at, text.len)));
  }
}

static void put_place(struct ms_buf *out, const struct ms_pattern_text *t, size_t at)
{
  size_t line = 1;
  size_t line_start = 0;
  for (size_t i = 0; i < at; i++) {
    char c = t->text.data[i];
    if (c == '\n' || (c == '\r' && !(i + 1 < t->text.len && t->text.data[i + 1] == '\n'))) {
      line++;
      line_start = i + 1;
    }
  }
  ms_buf_cstr(out, "[Source: (String)");
  put_snippet(out, t->text);
  ms_buf_printf(out, "; line: %zu, column: %zu]", line,
                ms_utf8_count_utf16(ms_str_sub(t->text, line_start, at)) + 1);
}

static bool begin_failure(struct ms_pattern_text *t)
{
  if (t->error != 0) {
    return false;
  }
  t->error = MSTEP_EINVALID;
  return t->message != NULL;
}

static int fail_at(struct ms_pattern_text *t, size_t at, const char *format, va_list args)
{
  if (begin_failure(t)) {
    ms_buf_vprintf(t->message, format, args);
    ms_buf_cstr(t->message, "\n at ");
    put_place(t->message, t, at);
  }
  return t->error;
}

int ms_pattern_fail(struct ms_pattern_text *t, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int err = fail_at(t, t->at, format, args);
  va_end(args);
  return err;
}

int ms_pattern_fail_plain(struct ms_pattern_text *t, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (begin_failure(t)) {
    ms_buf_vprintf(t->message, format, args);
  }
  va_end(args);
  return t->error;
}

void ms_pattern_fail_again(struct ms_pattern_text *t)
{
  if (t->error == MSTEP_EINVALID && t->message != NULL) {
    ms_buf_cstr(t->message, "\n at ");
    put_place(t->message, t, t->at);
  }
}

static enum ms_token __attribute__((format(printf, 3, 4)))
wrong_at(struct ms_pattern_text *t, size_t at, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  fail_at(t, at, format, args);
  va_end(args);
  return MS_TOKEN_WRONG;
}

#define DESCRIPTION_SIZE 48

/* One character, as messages name it. Where the next one begins. */
static size_t describe(char out[DESCRIPTION_SIZE], struct ms_str text, size_t at)
{
  size_t next = at;
  uint32_t c = ms_utf8_next(text, &next);
  struct ms_str shown = ms_str_sub(text, at, next);
  if (c < 0x20 || c == 0x7F) {
    snprintf(out, DESCRIPTION_SIZE, "(CTRL-CHAR, code %u)", c);
  } else if (c > 255) {
    snprintf(out, DESCRIPTION_SIZE, "'%.*s' (code %u / 0x%x)", MS_STR_ARG(shown), c, c);
  } else {
    snprintf(out, DESCRIPTION_SIZE, "'%.*s' (code %u)", MS_STR_ARG(shown), c);
  }
  return next;
}

/* The character at `at` is not what was expected; t->at may stand anywhere. */
static enum ms_token wrong_character(struct ms_pattern_text *t, size_t at, const char *wanted)
{
  char description[DESCRIPTION_SIZE];
  describe(description, t->text, at);
  return wrong_at(t, at, "Unexpected character (%s)%s", description, wanted);
}

static enum ms_token wrong_end(struct ms_pattern_text *t, const char *where)
{
  t->at = t->text.len;
  return wrong_at(t, t->at, "Unexpected end-of-input%s", where);
}

/* Names the place at which a bracket was opened. */
static enum ms_token wrong_bracket(struct ms_pattern_text *t, char found)
{
  const struct ms_pattern_scope *scope = &t->scopes[t->depth - 1];
  const char *kind = scope->is_object ? "Object" : "Array";
  if (!begin_failure(t)) {
    return MS_TOKEN_WRONG;
  }
  if (found == '\0') {
    ms_buf_printf(t->message,
                  "Unexpected end-of-input: expected close marker for %s (start marker at ", kind);
  } else {
    ms_buf_printf(t->message, "Unexpected close marker '%c': expected '%c' (for %s starting at ",
                  found, scope->is_object ? '}' : ']', kind);
  }
  put_place(t->message, t, scope->start);
  ms_buf_cstr(t->message, ")\n at ");
  put_place(t->message, t, t->at);
  return MS_TOKEN_WRONG;
}

static bool is_word_byte(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (unsigned char)c >= 0x80;
}

/* A word that is no value, from `from`. */
static enum ms_token wrong_word(struct ms_pattern_text *t, size_t from)
{
  size_t end = from;
  while (end < t->text.len && is_word_byte(t->text.data[end]) && end - from < 256) {
    end++;
  }
  t->at = end;
  return wrong_at(t, end, "Unrecognized token '%.*s': was expecting " VALUES, (int)(end - from),
                  t->text.data + from);
}

/* ---- the parts of the grammar ---- */

static bool at_end(const struct ms_pattern_text *t)
{
  return t->at >= t->text.len;
}

static char peek(const struct ms_pattern_text *t)
{
  return at_end(t) ? '\0' : t->text.data[t->at];
}

static void skip_blanks(struct ms_pattern_text *t)
{
  while (!at_end(t) && (peek(t) == ' ' || peek(t) == '\t' || peek(t) == '\n' || peek(t) == '\r')) {
    t->at++;
  }
}

static bool is_hex(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool skip_escape(struct ms_pattern_text *t)
{
  t->at++;
  char c = peek(t);
  if (at_end(t)) {
    wrong_end(t, " in character escape sequence");
    return false;
  }
  if (c == 'u') {
    for (int i = 1; i <= 4; i++) {
      if (t->at + (size_t)i >= t->text.len || !is_hex(t->text.data[t->at + (size_t)i])) {
        t->at += (size_t)i;
        if (at_end(t)) {
          wrong_end(t, " in character escape sequence");
        } else {
          wrong_character(t, t->at, ": expected a hex-digit for character escape sequence");
        }
        return false;
      }
    }
    t->at += 5;
    return true;
  }
  if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL) {
    char description[DESCRIPTION_SIZE];
    size_t next = describe(description, t->text, t->at);
    wrong_at(t, next, "Unrecognized character escape %s", description);
    return false;
  }
  t->at++;
  return true;
}

/* From behind the opening quote to behind the closing one. */
static bool skip_string(struct ms_pattern_text *t, const char *at_end_of_text)
{
  while (!at_end(t)) {
    char c = peek(t);
    if (c == '"') {
      t->at++;
      return true;
    }
    if (c == '\\') {
      if (!skip_escape(t)) {
        return false;
      }
    } else if ((unsigned char)c < 0x20) {
      wrong_at(
          t, t->at + 1,
          "Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash "
          "to be included in string value",
          c);
      return false;
    } else {
      t->at++;
    }
  }
  wrong_end(t, at_end_of_text);
  return false;
}

static bool finish_string(struct ms_pattern_text *t)
{
  if (t->is_open) {
    t->is_open = false;
    if (!skip_string(t, ": was expecting closing quote for a string value")) {
      return false;
    }
    t->end = t->at - 1;
  }
  return true;
}

static uint32_t hex4(const char *digits)
{
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) {
    char c = ms_ascii_lower(digits[i]);
    value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return value;
}

/* One \u escape at s[*at], or two that are a pair; half a pair alone becomes U+FFFD. */
static uint32_t escaped_letter(struct ms_str s, size_t *at)
{
  uint32_t c = hex4(s.data + *at + 2);
  *at += 6;
  if (c < 0xD800 || c > 0xDFFF) {
    return c;
  }
  if (c < 0xDC00 && *at + 6 <= s.len && s.data[*at] == '\\' && s.data[*at + 1] == 'u') {
    uint32_t low = hex4(s.data + *at + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      *at += 6;
      return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  return 0xFFFD;
}

/* The content of a string whose escapes have been checked. */
static bool decode(struct ms_str *out, struct ms_pattern_text *t, size_t from, size_t to)
{
  static const char plain[] = "\"\\/bfnrt";
  static const char meant[] = "\"\\/\b\f\n\r\t";
  struct ms_str s = ms_str_sub(t->text, from, to);
  char *copy = ms_arena_alloc(t->arena, s.len + 1);
  if (copy == NULL) {
    ms_pattern_nomem(t);
    return false;
  }
  size_t len = 0;
  for (size_t at = 0; at < s.len;) {
    if (s.data[at] != '\\') {
      copy[len++] = s.data[at++];
    } else if (s.data[at + 1] == 'u') {
      char bytes[4];
      size_t size = ms_utf8_put(bytes, escaped_letter(s, &at));
      memcpy(copy + len, bytes, size); /* at most 4 for the 6 that were read */
      len += size;
    } else {
      copy[len++] = meant[strchr(plain, s.data[at + 1]) - plain];
      at += 2;
    }
  }
  copy[len] = '\0';
  *out = (struct ms_str){copy, len};
  return true;
}

static size_t skip_digits(struct ms_pattern_text *t)
{
  size_t from = t->at;
  while (!at_end(t) && peek(t) >= '0' && peek(t) <= '9') {
    t->at++;
  }
  return t->at - from;
}

static enum ms_token wrong_number(struct ms_pattern_text *t, const char *wanted)
{
  return at_end(t) ? wrong_end(t, " in a Number value") : wrong_character(t, t->at, wanted);
}

static enum ms_token read_number(struct ms_pattern_text *t)
{
  t->start = t->at;
  if (peek(t) == '-') {
    t->at++;
  }
  size_t from = t->at;
  size_t digits = skip_digits(t);
  if (digits == 0) {
    return wrong_number(t,
                        " in numeric value: expected digit (0-9) to follow minus sign, for valid "
                        "numeric value");
  }
  if (digits > 1 && t->text.data[from] == '0') {
    return wrong_at(t, from + 1, "Invalid numeric value: Leading zeroes not allowed");
  }
  if (peek(t) == '.') {
    t->at++;
    if (skip_digits(t) == 0) {
      return wrong_number(t, " in numeric value: Decimal point not followed by a digit");
    }
  }
  if (peek(t) == 'e' || peek(t) == 'E') {
    t->at++;
    if (peek(t) == '+' || peek(t) == '-') {
      t->at++;
    }
    if (skip_digits(t) == 0) {
      return wrong_number(t, " in numeric value: Exponent indicator not followed by a digit");
    }
  }
  t->end = t->at;
  return MS_TOKEN_NUMBER;
}

static enum ms_token read_word(struct ms_pattern_text *t, const char *word, enum ms_token token)
{
  size_t len = strlen(word);
  struct ms_str found = ms_str_sub(t->text, t->at, t->at + len);
  bool goes_on = t->at + len < t->text.len && is_word_byte(t->text.data[t->at + len]);
  if (!ms_str_is(found, word) || goes_on) {
    return wrong_word(t, t->at);
  }
  t->start = t->at;
  t->at += len;
  t->end = t->at;
  return token;
}

static enum ms_token read_value(struct ms_pattern_text *t)
{
  char c = peek(t);
  switch (c) {
  case '"':
    t->start = ++t->at;
    t->is_open = true;
    return MS_TOKEN_STRING;
  case '{':
    t->start = t->at++;
    return MS_TOKEN_OBJECT;
  case '[':
    t->start = t->at++;
    return MS_TOKEN_ARRAY;
  case 't':
    return read_word(t, "true", MS_TOKEN_TRUE);
  case 'f':
    return read_word(t, "false", MS_TOKEN_FALSE);
  case 'n':
    return read_word(t, "null", MS_TOKEN_NULL);
  default:
    if (c == '-' || (c >= '0' && c <= '9')) {
      return read_number(t);
    }
    if (is_word_byte(c)) {
      return wrong_word(t, t->at);
    }
    return wrong_character(t, t->at, ": expected a valid value " VALUES);
  }
}

static bool open_scope(struct ms_pattern_text *t, bool is_object, size_t start)
{
  if (t->depth == MS_PATTERN_DEPTH_MAX) {
    ms_pattern_fail(t, "Document nesting depth (%d) exceeds the maximum allowed (%d)",
                    MS_PATTERN_DEPTH_MAX + 1, MS_PATTERN_DEPTH_MAX);
    return false;
  }
  t->scopes[t->depth++] = (struct ms_pattern_scope){(uint32_t)start, is_object, false};
  return true;
}

static enum ms_token close_scope(struct ms_pattern_text *t)
{
  char c = peek(t);
  t->at++;
  if (t->depth == 0) {
    return wrong_character(t, t->at - 1, ": expected a valid value " VALUES);
  }
  if (t->scopes[t->depth - 1].is_object != (c == '}')) {
    return wrong_bracket(t, c);
  }
  t->depth--;
  t->start = t->at - 1;
  t->end = t->at;
  return c == '}' ? MS_TOKEN_OBJECT_END : MS_TOKEN_ARRAY_END;
}

/* `"name" :` and the beginning of the value, which is kept back. */
static enum ms_token read_name(struct ms_pattern_text *t)
{
  if (peek(t) != '"') {
    return wrong_character(t, t->at, ": was expecting double-quote to start field name");
  }
  size_t from = ++t->at;
  if (!skip_string(t, " in field name") || !decode(&t->name, t, from, t->at - 1)) {
    return MS_TOKEN_WRONG;
  }
  skip_blanks(t);
  if (peek(t) != ':') {
    return at_end(t) ? wrong_end(t, " within/between Object entries")
                     : wrong_character(t, t->at,
                                       ": was expecting a colon to separate field name and value");
  }
  t->at++;
  skip_blanks(t);
  if (at_end(t)) {
    return wrong_end(t, " within/between Object entries");
  }
  t->pending = read_value(t);
  return t->pending == MS_TOKEN_WRONG ? MS_TOKEN_WRONG : MS_TOKEN_NAME;
}

static enum ms_token read_token(struct ms_pattern_text *t)
{
  skip_blanks(t);
  struct ms_pattern_scope *scope = t->depth == 0 ? NULL : &t->scopes[t->depth - 1];
  if (at_end(t)) {
    return scope == NULL ? MS_TOKEN_END : wrong_bracket(t, '\0');
  }
  if (peek(t) == '}' || peek(t) == ']') {
    return close_scope(t);
  }
  if (scope == NULL) {
    return read_value(t);
  }
  if (scope->has_entry) {
    if (peek(t) != ',') {
      return wrong_character(t, t->at,
                             scope->is_object ? ": was expecting comma to separate Object entries"
                                              : ": was expecting comma to separate Array entries");
    }
    t->at++;
    skip_blanks(t);
    if (at_end(t)) {
      return wrong_end(t, scope->is_object ? " within/between Object entries"
                                           : " within/between Array entries");
    }
  }
  scope->has_entry = true;
  return scope->is_object ? read_name(t) : read_value(t);
}

enum ms_token ms_pattern_next(struct ms_pattern_text *t)
{
  enum ms_token token;
  if (t->error != 0) {
    return MS_TOKEN_WRONG;
  }
  if (t->token == MS_TOKEN_NAME) {
    token = t->pending;
  } else {
    token = finish_string(t) ? read_token(t) : MS_TOKEN_WRONG;
  }
  bool is_bracket = token == MS_TOKEN_OBJECT || token == MS_TOKEN_ARRAY;
  if (is_bracket && !open_scope(t, token == MS_TOKEN_OBJECT, t->start)) {
    token = MS_TOKEN_WRONG;
  }
  t->token = token;
  return token;
}

bool ms_pattern_token_text(struct ms_str *out, struct ms_pattern_text *t)
{
  switch (t->token) {
  case MS_TOKEN_NAME:
    *out = t->name;
    return true;
  case MS_TOKEN_STRING:
    return finish_string(t) && decode(out, t, t->start, t->end);
  case MS_TOKEN_OBJECT:
    *out = MS_STR("{");
    return true;
  case MS_TOKEN_ARRAY:
    *out = MS_STR("[");
    return true;
  case MS_TOKEN_WRONG:
    *out = MS_STR("");
    return false;
  case MS_TOKEN_END:
    *out = MS_STR("");
    return true;
  default:
    *out = ms_str_sub(t->text, t->start, t->end);
    return true;
  }
}
