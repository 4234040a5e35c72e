/*
 * The alternatives of a pattern, as written: literals, and objects with one operator (operators.def). The
 * order in which things are looked at is that of the service's compiler, for the first failure is the one
 * that is reported. Each reader begins at the operator's name and ends at the brace behind its value.
 */
#include <math.h>

#include "base/error.h"
#include "messaging/pattern_internal.h"

#define ONLY_ONE_KEY "Only one key allowed in match expression"
#define TOO_MANY_ELEMENTS "Too many elements in numeric expression"

static enum ms_token next(struct ms_compile *c)
{
  return ms_pattern_next(&c->text);
}

static int close_expression(struct ms_compile *c, const char *otherwise)
{
  return next(c) == MS_TOKEN_OBJECT_END ? 0 : ms_pattern_fail(&c->text, "%s", otherwise);
}

/* A matcher of `kind` whose operand and key is `text`. */
struct ms_matcher ms_compile_text(enum ms_matcher_kind kind, struct ms_str text)
{
  bool is_keyed = ms_matcher_look_ups[kind] == MS_LOOK_UP_KEYED;
  return (struct ms_matcher){.kind = kind, .text = text, .key = text, .is_keyed = is_keyed};
}

/* The string that follows, or the failure "WHAT match pattern must be a string". */
static int read_operand(struct ms_str *out, struct ms_compile *c, const char *what)
{
  if (next(c) != MS_TOKEN_STRING) {
    return ms_pattern_fail(&c->text, "%s match pattern must be a string", what);
  }
  return ms_pattern_token_text(out, &c->text) ? 0 : c->text.error;
}

int ms_compile_fold_key(struct ms_matcher *m, struct ms_compile *c)
{
  struct ms_buf folded;
  ms_buf_init(&folded, 0);
  m->is_keyed = ms_fold(&folded, m->text);
  if (m->is_keyed) {
    m->key = ms_arena_str(c->arena, ms_buf_view(&folded));
  }
  bool is_out = folded.error != 0 || m->key.data == NULL;
  ms_buf_deinit(&folded);
  return is_out ? ms_pattern_nomem(&c->text) : 0;
}

/* ---- text ---- */

static int read_text_operator(struct ms_compile *c, const char *what, enum ms_matcher_kind kind)
{
  struct ms_str text;
  int err = read_operand(&text, c, what);
  return err != 0 ? err : ms_compile_add(c, ms_compile_text(kind, text));
}

int ms_operator_exactly(struct ms_compile *c)
{
  int err = read_text_operator(c, "exact", MS_MATCHER_EXACT);
  return err != 0 ? err : close_expression(c, ONLY_ONE_KEY);
}

/* {"prefix": {"equals-ignore-case": "x"}}, from the inner name on. */
static int read_folded(struct ms_compile *c, const char *outer, enum ms_matcher_kind kind)
{
  if (next(c) != MS_TOKEN_NAME) {
    return ms_pattern_fail(&c->text, "%s expression name not found",
                           kind == MS_MATCHER_PREFIX_FOLDED ? "Prefix" : "Suffix");
  }
  if (!ms_str_is(c->text.name, "equals-ignore-case")) {
    return ms_pattern_fail(&c->text, "Unsupported %s pattern: %.*s", outer,
                           MS_STR_ARG(c->text.name));
  }
  int err = read_text_operator(c, "equals-ignore-case", kind);
  return err != 0 ? err : close_expression(c, ONLY_ONE_KEY);
}

static int read_affix(struct ms_compile *c, const char *name, enum ms_matcher_kind plain,
                      enum ms_matcher_kind folded)
{
  enum ms_token token = next(c);
  struct ms_str text;
  int err;
  if (token == MS_TOKEN_OBJECT && (c->dialect & MS_DIALECTS_POLICY) == 0) {
    err = read_folded(c, name, folded);
  } else if (token != MS_TOKEN_STRING) {
    err = ms_pattern_fail(&c->text, "%s match pattern must be a string", name);
  } else if (!ms_pattern_token_text(&text, &c->text)) {
    err = c->text.error;
  } else {
    err = ms_compile_add(c, ms_compile_text(plain, text));
  }
  return err != 0 ? err : close_expression(c, ONLY_ONE_KEY);
}

int ms_operator_prefix(struct ms_compile *c)
{
  return read_affix(c, "prefix", MS_MATCHER_PREFIX, MS_MATCHER_PREFIX_FOLDED);
}

int ms_operator_suffix(struct ms_compile *c)
{
  return read_affix(c, "suffix", MS_MATCHER_SUFFIX, MS_MATCHER_SUFFIX_FOLDED);
}

int ms_operator_ignore_case(struct ms_compile *c)
{
  struct ms_str text;
  int err = read_operand(&text, c, "equals-ignore-case");
  if (err == 0) {
    struct ms_matcher m = ms_compile_text(MS_MATCHER_FOLDED, text);
    err = ms_compile_fold_key(&m, c);
    if (err == 0) {
      err = ms_compile_add(c, m);
    }
  }
  return err != 0 ? err : close_expression(c, ONLY_ONE_KEY);
}

int ms_compile_wildcard(struct ms_matcher *out, struct ms_compile *c, struct ms_str text)
{
  size_t at;
  const char *wrong = ms_wildcard_check(text, &at);
  if (wrong != NULL) {
    return ms_pattern_fail(&c->text, "%s %zu", wrong, at);
  }
  unsigned complexity =
      ms_wildcard_complexity(c->scratch, text, MS_PATTERN_COMPLEXITY_MAX, &c->wildcard_budget);
  *out = ms_compile_text(MS_MATCHER_WILDCARD, text);
  out->wildcard = ms_wildcard_compile(c->arena, text);
  if (out->wildcard == NULL || complexity == 0) {
    return ms_pattern_nomem(&c->text);
  }
  c->is_complex |= complexity >= MS_PATTERN_COMPLEXITY_MAX;
  return 0;
}

int ms_operator_wildcard(struct ms_compile *c)
{
  struct ms_str text;
  struct ms_matcher m;
  int err = read_operand(&text, c, "wildcard");
  if (err == 0 && (err = ms_compile_wildcard(&m, c, text)) == 0) {
    err = ms_compile_add(c, m);
  }
  return err != 0 ? err : close_expression(c, ONLY_ONE_KEY);
}

/* ---- presence ---- */

int ms_operator_exists(struct ms_compile *c)
{
  enum ms_token token = next(c);
  if (token != MS_TOKEN_TRUE && token != MS_TOKEN_FALSE) {
    return ms_pattern_fail(&c->text, "exists match pattern must be either true or false.");
  }
  enum ms_matcher_kind kind = token == MS_TOKEN_TRUE ? MS_MATCHER_EXISTS : MS_MATCHER_ABSENT;
  int err = ms_compile_add(c, ms_compile_text(kind, MS_STR("")));
  return err != 0 ? err : close_expression(c, ONLY_ONE_KEY);
}

/* ---- addresses ---- */

int ms_compile_add_address(struct ms_compile *c, struct ms_str key, struct ms_address first,
                           struct ms_address last)
{
  struct ms_address *bounds = ms_arena_alloc(c->arena, 2 * sizeof *bounds);
  if (bounds == NULL) {
    return ms_pattern_nomem(&c->text);
  }
  bounds[0] = first;
  bounds[1] = last;
  bool is_one = memcmp(first.bytes, last.bytes, first.size) == 0;
  struct ms_matcher m = ms_compile_text(is_one ? MS_MATCHER_HOST : MS_MATCHER_ADDRESS, key);
  m.key = is_one ? ms_address_key(&bounds[0]) : key;
  m.addresses = bounds;
  return ms_compile_add(c, m);
}

/* As Java's Integer.parseInt. */
static bool parse_bits(int64_t *out, struct ms_str text)
{
  size_t at = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
  int64_t value = 0;
  if (at == text.len) {
    return false;
  }
  for (; at < text.len; at++) {
    if (text.data[at] < '0' || text.data[at] > '9' || value > INT32_MAX / 10) {
      return false;
    }
    value = value * 10 + (text.data[at] - '0');
  }
  *out = text.data[0] == '-' ? -value : value;
  return value <= INT32_MAX;
}

static int read_block(struct ms_compile *c, struct ms_str text)
{
  struct ms_address first;
  int64_t bits;
  size_t slash = ms_str_find(text, 0, '/');
  struct ms_str ip = ms_str_sub(text, 0, slash);
  struct ms_str mask = ms_str_sub(text, slash + 1, text.len);
  if (mask.len == 0 || ms_str_find(mask, 0, '/') != mask.len) {
    return ms_pattern_fail_plain(&c->text, "Malformed CIDR, one '/' required");
  }
  if (!parse_bits(&bits, mask)) {
    return ms_pattern_fail_plain(&c->text, "Malformed CIDR, mask bits must be an integer");
  }
  if (bits < 0) {
    return ms_pattern_fail_plain(&c->text, "Malformed CIDR, mask bits must not be negative");
  }
  if (!ms_address_looks_like_one(ip)) {
    return ms_pattern_fail_plain(&c->text, "Nonstandard IP address: %.*s", MS_STR_ARG(ip));
  }
  if (!ms_address_parse(&first, ip)) {
    return ms_pattern_fail_plain(&c->text, "Invalid IP address: %.*s", MS_STR_ARG(ip));
  }
  if (bits >= first.size * 8) {
    return ms_pattern_fail_plain(&c->text, "IPv%d mask bits must be < %d", first.size == 4 ? 4 : 6,
                                 first.size * 8);
  }
  return ms_compile_add_address(c, text, first, ms_address_last(first, (unsigned)bits));
}

int ms_operator_cidr(struct ms_compile *c)
{
  struct ms_str text;
  int err = read_operand(&text, c, "prefix"); /* the service says so */
  if (err == 0) {
    err = read_block(c, text);
  }
  return err != 0 ? err : close_expression(c, ONLY_ONE_KEY);
}

/* ---- numbers ---- */

/* The number at the current token. One that fits in no double becomes infinite, or zero; *is_odd says so. */
static int read_number(struct ms_json *out, bool *is_odd, struct ms_compile *c)
{
  struct ms_str text;
  struct ms_json value;
  if (!ms_pattern_token_text(&text, &c->text)) {
    return c->text.error;
  }
  int err = ms_json_parse(&value, text, NULL, NULL);
  if (err == MSTEP_ENOMEM) {
    return ms_pattern_nomem(&c->text);
  }
  if (err != 0) {
    return ms_pattern_fail(&c->text, "Number value length exceeds the maximum allowed");
  }
  *out = value;
  *is_odd = value.type == MS_JSON_BIG;
  if (*is_odd) {
    *out = (struct ms_json){.type = MS_JSON_DOUBLE, .u.number = ms_json_number(value)};
    ms_json_unref(value);
  }
  return 0;
}

int ms_compile_add_number(struct ms_compile *c)
{
  char key[MS_NUMBER_KEY_MAX];
  struct ms_json value;
  struct ms_str text;
  bool is_odd = false;
  int err = read_number(&value, &is_odd, c);
  if (err != 0 || !ms_pattern_token_text(&text, &c->text)) {
    return c->text.error;
  }
  struct ms_matcher m = {.kind = MS_MATCHER_NUMBER, .is_keyed = true};
  m.key = ms_arena_str(c->arena, is_odd ? text : ms_number_key(key, value));
  m.text = m.key;
  return m.key.data == NULL ? ms_pattern_nomem(&c->text) : ms_compile_add(c, m);
}

static int add_range(struct ms_compile *c, struct ms_matcher m, size_t from)
{
  bool is_bounded = m.has_low && m.has_high;
  double low = ms_json_number(m.low);
  double high = ms_json_number(m.high);
  bool is_infinite = isinf(low) || isinf(high);
  if (is_bounded && (is_infinite ? low >= high : ms_json_cmp_number(m.low, m.high) >= 0)) {
    return ms_pattern_fail(&c->text, "Bottom must be less than top");
  }
  bool is_low_real = !m.has_low || ms_number_is_real(&m.low_real, m.low);
  bool is_high_real = !m.has_high || ms_number_is_real(&m.high_real, m.high);
  m.low_real = m.has_low ? m.low_real : -INFINITY;
  m.high_real = m.has_high ? m.high_real : INFINITY;
  m.is_real = is_low_real && is_high_real;
  m.kind = MS_MATCHER_RANGE;
  m.key = m.text = ms_str_sub(c->text.text, from, c->text.at);
  return ms_compile_add(c, m);
}

/* Behind the lower bound: the end, or an upper one. */
static int read_upper(struct ms_matcher *m, struct ms_compile *c)
{
  struct ms_str operator;
  bool is_odd = false;
  enum ms_token token = next(c);
  if (token == MS_TOKEN_ARRAY_END || !ms_pattern_token_text(&operator, & c->text)) {
    return c->text.error;
  }
  if (token != MS_TOKEN_STRING) {
    return ms_pattern_fail(&c->text, "Bad value in numeric range: %.*s", MS_STR_ARG(operator));
  }
  m->is_high_open = ms_str_is(operator, "<");
  if (!m->is_high_open && !ms_str_is(operator, "<=")) {
    return ms_pattern_fail(&c->text, "Bad numeric range operator: %.*s", MS_STR_ARG(operator));
  }
  if (next(c) != MS_TOKEN_NUMBER) {
    return ms_pattern_fail(&c->text, "Value of %.*s must be numeric", MS_STR_ARG(operator));
  }
  m->has_high = true;
  int err = read_number(&m->high, &is_odd, c);
  if (err == 0 && next(c) != MS_TOKEN_ARRAY_END) {
    err = ms_pattern_fail(&c->text, "Too many terms in numeric range expression");
  }
  return err;
}

static int end_numeric(struct ms_compile *c)
{
  return next(c) == MS_TOKEN_ARRAY_END ? 0 : ms_pattern_fail(&c->text, TOO_MANY_ELEMENTS);
}

/* Behind the bracket and the first operator, which is one of the five. */
static int read_terms(struct ms_compile *c, struct ms_str operator, size_t from)
{
  struct ms_matcher m = {0};
  if (next(c) != MS_TOKEN_NUMBER) {
    bool is_equals = ms_str_is(operator, "=");
    struct ms_str name = is_equals ? MS_STR("equals") : operator;
    return ms_pattern_fail(&c->text, "Value of %.*s must be numeric", MS_STR_ARG(name));
  }
  if (ms_str_is(operator, "=")) {
    int err = ms_compile_add_number(c);
    return err != 0 ? err : end_numeric(c);
  }
  bool is_odd = false;
  int err;
  if (operator.data[0] == '>') {
    m.has_low = true;
    m.is_low_open = operator.len == 1;
    err = read_number(&m.low, &is_odd, c);
    err = err != 0 ? err : read_upper(&m, c);
  } else {
    m.has_high = true;
    m.is_high_open = operator.len == 1;
    err = read_number(&m.high, &is_odd, c);
    err = err != 0 ? err : end_numeric(c);
  }
  return err != 0 ? err : add_range(c, m, from);
}

int ms_operator_numeric(struct ms_compile *c)
{
  static const char *const known[] = {"=", "<", "<=", ">", ">="};
  struct ms_str operator;
  if (next(c) != MS_TOKEN_ARRAY) {
    return ms_pattern_fail(&c->text, "Value of numeric must be an array.");
  }
  size_t from = c->text.at;
  enum ms_token token = next(c);
  if (!ms_pattern_token_text(&operator, & c->text)) {
    return c->text.error;
  }
  if (token != MS_TOKEN_STRING) {
    return ms_pattern_fail(&c->text, "Invalid member in numeric match: %.*s", MS_STR_ARG(operator));
  }
  bool is_known = false;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    is_known |= ms_str_is(operator, known[i]);
  }
  if (!is_known) {
    next(c); /* the service has looked one token ahead */
    return ms_pattern_fail(&c->text, "Unrecognized numeric range operator: %.*s",
                           MS_STR_ARG(operator));
  }
  int err = read_terms(c, operator, from);
  return err != 0 ? err : close_expression(c, TOO_MANY_ELEMENTS);
}
