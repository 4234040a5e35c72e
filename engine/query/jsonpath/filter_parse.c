/*
 * Filter text -> tree. The grammar is Jayway's, blanks included: a path inside a filter runs to the
 * next space, operator character or closing parenthesis, so `@.a&&@.b` is one (odd) path while
 * `@.a && @.b` and `@.a==1&&@.b==1` are two terms.
 *
 *   or       = and *( "||" and )
 *   and      = operand *( "&&" operand )
 *   operand  = "!" operand | "(" or ")" | relation
 *   relation = value [ operator value ]        one value alone must be a path: it exists
 *   value    = path | "!" path | string | number | true | false | null | json | /regex/flags | word
 */
#include "base/alloc.h"
#include "base/error.h"
#include "query/java_text.h"
#include "query/jsonpath/path.h"

#define TERMS_MAX 4096 /* of one || or && */
#define TEXT_MAX_BYTES ((size_t)1 << 20)

struct filter_parser {
  struct ms_str text;
  size_t pos;
  unsigned nesting;
  struct ms_path_error *error;
};

static int parse_or(struct ms_filter **out, struct filter_parser *p);

static bool at_end(const struct filter_parser *p)
{
  return p->pos >= p->text.len;
}

static char peek(const struct filter_parser *p)
{
  return at_end(p) ? '\0' : p->text.data[p->pos];
}

static char peek_significant(struct filter_parser *p)
{
  while (!at_end(p) && p->text.data[p->pos] == ' ') {
    p->pos++;
  }
  return peek(p);
}

static int error_here(struct filter_parser *p)
{
  return ms_path_error_set(p->error, "Failed to parse filter, error on position: %zu: %.*s", p->pos,
                           (int)(p->text.len < 100 ? p->text.len : 100), p->text.data);
}

static bool is_operator_char(char c)
{
  return c == '<' || c == '>' || c == '=' || c == '~' || c == '!';
}

static struct ms_filter *new_filter(enum ms_filter_op op)
{
  struct ms_filter *filter = ms_calloc(1, sizeof *filter);
  if (filter != NULL) {
    filter->op = (uint8_t)op;
  }
  return filter;
}

static void deinit_operand(struct ms_filter_operand *operand)
{
  ms_path_free(operand->path);
  ms_regex_free(operand->pattern);
  ms_json_unref(operand->value);
  ms_json_unref(operand->text);
}

void ms_filter_free(struct ms_filter *filter)
{
  if (filter == NULL) {
    return;
  }
  for (uint32_t i = 0; i < filter->count; i++) {
    ms_filter_free(filter->parts[i]);
  }
  ms_free(filter->parts);
  deinit_operand(&filter->left);
  deinit_operand(&filter->right);
  ms_free(filter);
}

/* ---- values ---- */

static int parse_path(struct ms_filter_operand *out, struct filter_parser *p)
{
  size_t begin = p->pos++;
  while (!at_end(p)) {
    char c = peek(p);
    if (c == '[' || c == '(') {
      size_t close = ms_path_closing_bracket(p->text, p->pos, false);
      if (close == p->text.len) {
        return ms_path_error_set(p->error, "Brackets do not match in filter");
      }
      p->pos = close + 1;
      continue;
    }
    if (is_operator_char(c) || c == ' ' || c == ')') {
      break;
    }
    p->pos++;
  }
  return ms_path_compile_nested(&out->path, ms_str_sub(p->text, begin, p->pos), p->nesting + 1,
                                p->error);
}

static int parse_string(struct ms_filter_operand *out, struct filter_parser *p)
{
  size_t begin = p->pos;
  size_t end = ms_path_closing_quote(p->text, begin, peek(p));
  if (end == p->text.len) {
    return ms_path_error_set(p->error, "String literal does not have matching quotes. Expected %c",
                             p->text.data[begin]);
  }
  p->pos = end + 1;
  struct ms_buf text;
  ms_buf_init(&text, TEXT_MAX_BYTES);
  int err = ms_path_unescape(&text, ms_str_sub(p->text, begin + 1, end), p->error);
  if (err == 0) {
    out->value = ms_json_string(ms_buf_view(&text));
    err = ms_json_is_none(out->value) ? ms_error_nomem() : 0;
  }
  ms_buf_deinit(&text);
  return err;
}

static bool is_word_char(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || (unsigned char)c >= 0x80;
}

/*
 * true, false, null; behind an operator any other word is a string without its quotes. Jayway of today
 * refuses those, AWS's takes them: published workflows say `@.Name==Receipt`.
 */
static int parse_word(struct ms_filter_operand *out, struct filter_parser *p, bool is_right)
{
  size_t begin = p->pos;
  while (is_word_char(peek(p))) {
    p->pos++;
  }
  struct ms_str word = ms_str_sub(p->text, begin, p->pos);
  if (ms_str_is(word, "true") || ms_str_is(word, "false")) {
    out->value = ms_json_bool(word.len == 4);
    return 0;
  }
  if (ms_str_is(word, "null")) {
    out->value = MS_JSON_VALUE_NULL;
    return 0;
  }
  if (!is_right || peek(p) == '(') {
    return ms_path_error_set(p->error, "Expected boolean literal or null at position %zu", begin);
  }
  out->value = ms_json_string(word);
  return ms_json_is_none(out->value) ? ms_error_nomem() : 0;
}

static int parse_number(struct ms_filter_operand *out, struct filter_parser *p)
{
  size_t begin = p->pos;
  while (!at_end(p) && peek(p) != '\0' && strchr("0123456789-.eE", peek(p)) != NULL) {
    p->pos++;
  }
  struct ms_str text = ms_str_sub(p->text, begin, p->pos);
  struct ms_buf decimal;
  ms_buf_init(&decimal, TEXT_MAX_BYTES);
  int err = ms_java_decimal(&decimal, &out->value, text);
  if (err == 0) {
    out->text = ms_json_string(ms_buf_view(&decimal));
    err = ms_json_is_none(out->text) ? ms_error_nomem() : 0;
  }
  ms_buf_deinit(&decimal);
  return err == 0 || err == MSTEP_ENOMEM ? err : error_here(p);
}

static int parse_json(struct ms_filter_operand *out, struct filter_parser *p)
{
  size_t begin = p->pos;
  size_t close = ms_path_closing_bracket(p->text, begin, false);
  if (close == p->text.len) {
    return error_here(p);
  }
  p->pos = close + 1;
  return ms_path_literal(&out->value, ms_str_sub(p->text, begin, p->pos), p->error);
}

/* Java's flags. d, u and U say what holds here anyway. */
static unsigned pattern_flags(struct filter_parser *p)
{
  unsigned flags = MS_REGEX_WHOLE;
  for (; !at_end(p) && strchr("dixmsuU", peek(p)) != NULL; p->pos++) {
    switch (peek(p)) {
    case 'i':
      flags |= MS_REGEX_CASELESS;
      break;
    case 'x':
      flags |= MS_REGEX_EXTENDED;
      break;
    case 'm':
      flags |= MS_REGEX_MULTILINE;
      break;
    case 's':
      flags |= MS_REGEX_DOTALL;
      break;
    default:
      break;
    }
  }
  return flags;
}

static int parse_pattern(struct ms_filter_operand *out, struct filter_parser *p)
{
  size_t begin = p->pos;
  size_t end = ms_path_closing_quote(p->text, begin, '/');
  if (end == p->text.len) {
    return ms_path_error_set(p->error, "Pattern not closed. Expected /");
  }
  p->pos = end + 1;
  unsigned flags = pattern_flags(p);
  int err = ms_regex_compile(&out->pattern, ms_str_sub(p->text, begin + 1, end), flags, NULL);
  if (err == MSTEP_ESYNTAX) {
    return ms_path_error_set(p->error, "Invalid pattern: %s", ms_error_detail());
  }
  return err;
}

static int parse_value(struct ms_filter_operand *out, struct filter_parser *p, bool is_right)
{
  char c = peek_significant(p);
  switch (c) {
  case '$':
  case '@':
    return parse_path(out, p);
  case '\'':
  case '"':
    return parse_string(out, p);
  case '{':
  case '[':
    return parse_json(out, p);
  case '/':
    return parse_pattern(out, p);
  default:
    break;
  }
  bool is_word = is_word_char(c) && c != '-' && (c < '0' || c > '9');
  return is_word ? parse_word(out, p, is_right) : parse_number(out, p);
}

/* ---- relations ---- */

static bool same_word(struct ms_str text, const char *word)
{
  size_t i = 0;
  for (; i < text.len && word[i] != '\0'; i++) {
    char c = text.data[i];
    c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    if (c != word[i]) {
      return false;
    }
  }
  return i == text.len && word[i] == '\0';
}

/* False, with the position as it was, when no operator stands here. */
static bool parse_operator(uint8_t *op, struct filter_parser *p)
{
  static const struct {
    const char *text;
    uint8_t op;
  } operators[] = {
#define MS_FILTER_OPERATOR(name, text) {text, MS_FILTER_##name},
#include "query/jsonpath/operators.def"
#undef MS_FILTER_OPERATOR
  };
  size_t saved = p->pos;
  peek_significant(p);
  size_t begin = p->pos;
  bool is_symbol = is_operator_char(peek(p));
  while (!at_end(p) && (is_symbol ? is_operator_char(peek(p)) : peek(p) != ' ')) {
    p->pos++;
  }
  struct ms_str text = ms_str_sub(p->text, begin, p->pos);
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    if (same_word(text, operators[i].text)) {
      *op = operators[i].op;
      return true;
    }
  }
  p->pos = saved;
  return false;
}

static int parse_relation(struct ms_filter **out, struct filter_parser *p)
{
  bool is_negated = peek_significant(p) == '!';
  p->pos += is_negated ? 1 : 0;
  struct ms_filter *filter = new_filter(is_negated ? MS_FILTER_MISSING : MS_FILTER_EXISTS);
  if (filter == NULL) {
    return ms_error_nomem();
  }
  *out = filter;
  int err = parse_value(&filter->left, p, false);
  if (err != 0) {
    return err;
  }
  if (parse_operator(&filter->op, p)) {
    return parse_value(&filter->right, p, true);
  }
  return filter->left.path != NULL ? 0 : ms_path_error_set(p->error, "Expected path node");
}

static int parse_not(struct ms_filter **out, struct filter_parser *p);

static int parse_operand(struct ms_filter **out, struct filter_parser *p)
{
  char c = peek_significant(p);
  if (p->nesting >= MS_PATH_NESTING_MAX) {
    return ms_path_error_set(p->error, "The filter nests too deeply");
  }
  if (c == '!') {
    size_t bang = p->pos++;
    char next = peek_significant(p);
    p->pos = bang;
    return next == '$' || next == '@' ? parse_relation(out, p) : parse_not(out, p);
  }
  if (c != '(') {
    return parse_relation(out, p);
  }
  p->pos++;
  p->nesting++;
  int err = parse_or(out, p);
  p->nesting--;
  if (err == 0 && peek_significant(p) != ')') {
    err = ms_path_error_set(p->error, "Expected character: )");
  }
  p->pos++;
  return err;
}

static int add_part(struct ms_filter *filter, struct ms_filter *part)
{
  struct ms_filter **parts =
      ms_reallocarray(filter->parts, (size_t)filter->count + 1, sizeof *parts);
  if (parts == NULL) {
    ms_filter_free(part);
    return ms_error_nomem();
  }
  filter->parts = parts;
  parts[filter->count++] = part;
  return 0;
}

/* `first` becomes the only part so far of a new node in *out. */
static int wrap(struct ms_filter **out, enum ms_filter_op op, struct ms_filter *first)
{
  *out = new_filter(op);
  if (*out == NULL) {
    ms_filter_free(first);
    return ms_error_nomem();
  }
  return add_part(*out, first);
}

static int parse_not(struct ms_filter **out, struct filter_parser *p)
{
  struct ms_filter *operand = NULL;
  p->pos++;
  p->nesting++;
  int err = parse_operand(&operand, p);
  p->nesting--;
  if (err != 0) {
    ms_filter_free(operand);
    return err;
  }
  return wrap(out, MS_FILTER_NOT, operand);
}

static bool take_pair(struct filter_parser *p, char c)
{
  size_t saved = p->pos;
  if (peek_significant(p) == c && p->pos + 1 < p->text.len && p->text.data[p->pos + 1] == c) {
    p->pos += 2;
    return true;
  }
  p->pos = saved;
  return false;
}

/* Terms joined by the doubled character, each read by `term`. */
static int parse_terms(struct ms_filter **out, struct filter_parser *p, enum ms_filter_op op,
                       int (*term)(struct ms_filter **, struct filter_parser *))
{
  int err = term(out, p);
  bool is_wrapped = false;
  while (err == 0 && take_pair(p, op == MS_FILTER_OR ? '|' : '&')) {
    if (!is_wrapped) {
      err = wrap(out, op, *out);
      is_wrapped = true;
    }
    struct ms_filter *part = NULL;
    if (err == 0 && (*out)->count >= TERMS_MAX) {
      err = ms_path_error_set(p->error, "The filter has too many terms");
    }
    err = err != 0 ? err : term(&part, p);
    if (err != 0) {
      ms_filter_free(part);
    } else {
      err = add_part(*out, part);
    }
  }
  return err;
}

static int parse_and(struct ms_filter **out, struct filter_parser *p)
{
  return parse_terms(out, p, MS_FILTER_AND, parse_operand);
}

static int parse_or(struct ms_filter **out, struct filter_parser *p)
{
  return parse_terms(out, p, MS_FILTER_OR, parse_and);
}

int ms_filter_compile(struct ms_filter **out, struct ms_str text, unsigned nesting,
                      struct ms_path_error *error)
{
  struct filter_parser p = {text, 0, nesting, error};
  *out = NULL;
  int err = parse_or(out, &p);
  if (err == 0) {
    peek_significant(&p);
    if (!at_end(&p)) {
      err = ms_path_error_set(error, "Expected character: )");
    }
  }
  if (err != 0) {
    ms_filter_free(*out);
    *out = NULL;
  }
  return err;
}
