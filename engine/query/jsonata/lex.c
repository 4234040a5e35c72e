/*
 * Scanning. The language has no reserved words: `and`, `or`, `in` come out as operators and the
 * parser lets them be names. What a `/` means depends on what came before it, so the parser says.
 */
#include "query/jsonata/lex.h"

#include "base/utf8.h"

static bool lex_fail(struct ms_jx_lexer *lx, const char *code, size_t pos, struct ms_str token)
{
  lx->code = code;
  lx->error_pos = pos;
  lx->error_token = token;
  return false;
}

static char peek(const struct ms_jx_lexer *lx, size_t ahead)
{
  size_t at = lx->pos + ahead;
  return at < lx->source.len ? lx->source.data[at] : '\0';
}

static bool at_end(const struct ms_jx_lexer *lx)
{
  return lx->pos >= lx->source.len;
}

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v';
}

static bool is_operator(char c)
{
  return c != '\0' && strchr(".[]{}(),@#;:?+-*/%|=<>^&!~", c) != NULL;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Skips white space and comments. */
static bool skip_blank(struct ms_jx_lexer *lx)
{
  for (;;) {
    while (!at_end(lx) && is_space(peek(lx, 0))) {
      lx->pos++;
    }
    if (peek(lx, 0) != '/' || peek(lx, 1) != '*') {
      return true;
    }
    size_t start = lx->pos;
    lx->pos += 2;
    while (peek(lx, 0) != '*' || peek(lx, 1) != '/') {
      if (at_end(lx)) {
        return lex_fail(lx, "S0106", start, MS_STR(""));
      }
      lx->pos++;
    }
    lx->pos += 2;
  }
}

static bool finish(struct ms_jx_lexer *lx, struct ms_jx_token *token, enum ms_jx_token_type type,
                   struct ms_str text)
{
  token->type = type;
  token->pos = lx->pos;
  token->text = text;
  return true;
}

/* A literal ends at a `/` outside brackets that is not behind an odd number of backslashes. */
static bool closes_regex(const struct ms_jx_lexer *lx, int depth)
{
  size_t slashes = 0;
  while (lx->pos > slashes && lx->source.data[lx->pos - slashes - 1] == '\\') {
    slashes++;
  }
  return peek(lx, 0) == '/' && depth == 0 && slashes % 2 == 0;
}

static bool lex_regex(struct ms_jx_lexer *lx, struct ms_jx_token *token)
{
  lx->pos++;
  size_t start = lx->pos;
  int depth = 0;
  while (!at_end(lx)) {
    char c = peek(lx, 0);
    char before = lx->source.data[lx->pos - 1];
    if (closes_regex(lx, depth)) {
      struct ms_str pattern = ms_str_sub(lx->source, start, lx->pos);
      if (pattern.len == 0) {
        return lex_fail(lx, "S0301", lx->pos, MS_STR(""));
      }
      lx->pos++;
      size_t flags = lx->pos;
      while (peek(lx, 0) == 'i' || peek(lx, 0) == 'm') {
        lx->pos++;
      }
      token->flags = ms_str_sub(lx->source, flags, lx->pos);
      return finish(lx, token, MS_JX_TK_REGEX, pattern);
    }
    if ((c == '(' || c == '[' || c == '{') && before != '\\') {
      depth++;
    } else if ((c == ')' || c == ']' || c == '}') && before != '\\') {
      depth--;
    }
    lx->pos++;
  }
  return lex_fail(lx, "S0302", lx->pos, MS_STR(""));
}

static bool lex_operator(struct ms_jx_lexer *lx, struct ms_jx_token *token)
{
  static const struct {
    char text[3];
    int id;
    bool is_new;
  } pairs[] = {
      {"..", MS_JX_O_DOTDOT, false},     {":=", MS_JX_O_BIND, false},
      {"!=", MS_JX_O_NOT_EQUAL, false},  {">=", MS_JX_O_GREATER_EQUAL, false},
      {"<=", MS_JX_O_LESS_EQUAL, false}, {"**", MS_JX_O_DESCENDANT, false},
      {"~>", MS_JX_O_APPLY, false},      {"?:", MS_JX_O_ELVIS, true},
      {"??", MS_JX_O_COALESCE, true},
  };
  size_t len = 1;
  token->id = (unsigned char)peek(lx, 0);
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (peek(lx, 0) == pairs[i].text[0] && peek(lx, 1) == pairs[i].text[1] &&
        (lx->new_operators || !pairs[i].is_new)) {
      token->id = pairs[i].id;
      len = 2;
      break;
    }
  }
  struct ms_str text = ms_str_sub(lx->source, lx->pos, lx->pos + len);
  lx->pos += len;
  return finish(lx, token, MS_JX_TK_OPERATOR, text);
}

/* Four hex digits at `at`; -1 when there are none. */
static int32_t hex4(struct ms_str s, size_t at)
{
  if (at + 4 > s.len) {
    return -1;
  }
  int32_t value = 0;
  for (size_t i = at; i < at + 4; i++) {
    char c = s.data[i];
    int digit;
    if (is_digit(c)) {
      digit = c - '0';
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = (c | 0x20) - 'a' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/*
 * `\uXXXX` at lx->pos (on the `u`): one code point, a surrogate pair taken together. A lone surrogate
 * cannot be kept in UTF-8 and becomes U+FFFD.
 */
static bool decode_unicode(struct ms_jx_lexer *lx, char *out, size_t *len)
{
  int32_t unit = hex4(lx->source, lx->pos + 1);
  if (unit < 0) {
    return lex_fail(lx, "S0104", lx->pos, MS_STR(""));
  }
  lx->pos += 5;
  uint32_t code = (uint32_t)unit;
  if (unit >= 0xD800 && unit <= 0xDBFF && peek(lx, 0) == '\\' && peek(lx, 1) == 'u') {
    int32_t low = hex4(lx->source, lx->pos + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      code = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
      lx->pos += 6;
    }
  }
  if (code >= 0xD800 && code <= 0xDFFF) {
    code = 0xFFFD;
  }
  *len += ms_utf8_put(out + *len, code);
  return true;
}

static bool decode_escape(struct ms_jx_lexer *lx, char *out, size_t *len)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";
  char c = peek(lx, 0);
  if (c == 'u') {
    return decode_unicode(lx, out, len);
  }
  const char *found = c == '\0' ? NULL : strchr(from, c);
  if (found == NULL) {
    size_t end = lx->pos;
    if (!at_end(lx)) {
      ms_utf8_next(lx->source, &end);
    }
    return lex_fail(lx, "S0103", lx->pos, ms_str_sub(lx->source, lx->pos, end));
  }
  out[(*len)++] = to[found - from];
  lx->pos++;
  return true;
}

static bool lex_string(struct ms_jx_lexer *lx, struct ms_jx_token *token)
{
  char quote = peek(lx, 0);
  lx->pos++;
  size_t start = lx->pos;
  bool has_escapes = false;
  for (size_t i = start; i < lx->source.len && lx->source.data[i] != quote; i++) {
    if (lx->source.data[i] == '\\') {
      has_escapes = true;
      i++;
    }
  }
  char *out = NULL;
  size_t len = 0;
  if (has_escapes) {
    out = ms_arena_alloc(lx->arena, lx->source.len - start + 4);
    if (out == NULL) {
      return lex_fail(lx, NULL, 0, MS_STR(""));
    }
  }
  while (!at_end(lx)) {
    char c = peek(lx, 0);
    if (c == quote) {
      struct ms_str text =
          has_escapes ? (struct ms_str){out, len} : ms_str_sub(lx->source, start, lx->pos);
      lx->pos++;
      return finish(lx, token, MS_JX_TK_STRING, text);
    }
    lx->pos++;
    if (c != '\\') {
      if (has_escapes) {
        out[len++] = c;
      }
    } else if (!decode_escape(lx, out, &len)) {
      return false;
    }
  }
  return lex_fail(lx, "S0101", lx->pos, MS_STR(""));
}

/* The length of a number at lx->pos: no leading zeros, no bare point. */
static size_t number_length(const struct ms_jx_lexer *lx)
{
  size_t n = 0;
  if (peek(lx, 0) == '0') {
    n = 1;
  } else {
    while (is_digit(peek(lx, n))) {
      n++;
    }
  }
  if (peek(lx, n) == '.' && is_digit(peek(lx, n + 1))) {
    n++;
    while (is_digit(peek(lx, n))) {
      n++;
    }
  }
  if ((peek(lx, n) | 0x20) == 'e') {
    size_t e = n + 1;
    if (peek(lx, e) == '+' || peek(lx, e) == '-') {
      e++;
    }
    if (is_digit(peek(lx, e))) {
      while (is_digit(peek(lx, e))) {
        e++;
      }
      n = e;
    }
  }
  return n;
}

static bool lex_quoted_name(struct ms_jx_lexer *lx, struct ms_jx_token *token)
{
  lx->pos++;
  size_t end = ms_str_find(lx->source, lx->pos, '`');
  if (end >= lx->source.len) {
    lx->pos = lx->source.len;
    return lex_fail(lx, "S0105", lx->pos, MS_STR(""));
  }
  struct ms_str name = ms_str_sub(lx->source, lx->pos, end);
  lx->pos = end + 1;
  return finish(lx, token, MS_JX_TK_NAME, name);
}

static bool lex_name(struct ms_jx_lexer *lx, struct ms_jx_token *token)
{
  size_t start = lx->pos;
  while (!at_end(lx) && !is_space(peek(lx, 0)) && !is_operator(peek(lx, 0))) {
    lx->pos++;
  }
  struct ms_str name = ms_str_sub(lx->source, start, lx->pos);
  if (name.data[0] == '$') {
    return finish(lx, token, MS_JX_TK_VARIABLE, ms_str_sub(name, 1, name.len));
  }
  static const struct {
    const char *text;
    enum ms_jx_token_type type;
    int id;
  } words[] = {
      {"or", MS_JX_TK_OPERATOR, MS_JX_O_OR},
      {"in", MS_JX_TK_OPERATOR, MS_JX_O_IN},
      {"and", MS_JX_TK_OPERATOR, MS_JX_O_AND},
      {"true", MS_JX_TK_VALUE, 0},
      {"false", MS_JX_TK_VALUE, 0},
      {"null", MS_JX_TK_VALUE, 0},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (ms_str_is(name, words[i].text)) {
      token->id = words[i].id;
      return finish(lx, token, words[i].type, name);
    }
  }
  return finish(lx, token, MS_JX_TK_NAME, name);
}

bool ms_jx_lex(struct ms_jx_lexer *lx, bool infix, struct ms_jx_token *token)
{
  token->id = 0;
  token->flags = MS_STR("");
  if (!skip_blank(lx)) {
    return false;
  }
  if (at_end(lx)) {
    return finish(lx, token, MS_JX_TK_END, MS_STR("(end)"));
  }
  char c = peek(lx, 0);
  if (c == '/' && !infix) {
    return lex_regex(lx, token);
  }
  if (is_operator(c)) {
    return lex_operator(lx, token);
  }
  if (c == '"' || c == '\'') {
    return lex_string(lx, token);
  }
  if (is_digit(c)) {
    struct ms_str text = ms_str_sub(lx->source, lx->pos, lx->pos + number_length(lx));
    lx->pos += text.len;
    return finish(lx, token, MS_JX_TK_NUMBER, text);
  }
  return c == '`' ? lex_quoted_name(lx, token) : lex_name(lx, token);
}
