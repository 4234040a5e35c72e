/*
 * Path text -> steps. The grammar is Jayway's, and where it only fell out of that parser's loops (a
 * trailing character that is dropped, a name glued to a bracket) stricter than it.
 *
 *   path     = root *( "." name | ".." step | "." step | step )
 *   step     = name | "*" | function "(" [arguments] ")"
 *            | "[" ( quoted *("," quoted) | index *("," index) | slice | "*" | "?(" filter ")" ) "]"
 *
 * Blanks are spaces only; a dot name runs to the next `.`, `[` or `(`.
 */
#include <limits.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"
#include "query/jsonpath/path.h"

#define NAME_MAX_BYTES ((size_t)1 << 20)
#define LIST_MAX 4096 /* names or indexes in one bracket */

struct parser {
  struct ms_str text;
  size_t pos;
  unsigned nesting;
  size_t capacity; /* of path->steps */
  struct ms_path *path;
  struct ms_path_error *error;
};

static char peek(const struct parser *p)
{
  return p->pos < p->text.len ? p->text.data[p->pos] : '\0';
}

static bool at_end(const struct parser *p)
{
  return p->pos >= p->text.len;
}

static void skip_blanks(struct parser *p)
{
  while (!at_end(p) && p->text.data[p->pos] == ' ') {
    p->pos++;
  }
}

static int error_here(struct parser *p)
{
  return ms_path_error_set(p->error, "Could not parse token starting at position %zu", p->pos);
}

static int error_bracket(struct parser *p, size_t at)
{
  return ms_path_error_set(
      p->error, "Could not parse token starting at position %zu. Expected ?, ', 0-9, * ", at);
}

/* A zeroed step at the end; NULL with *err set when there is no room. */
static struct ms_path_step *add_step(struct parser *p, enum ms_step_kind kind, int *err)
{
  struct ms_path *path = p->path;
  if (path->count == MS_PATH_STEPS_MAX) {
    *err = ms_path_error_set(p->error, "A path has at most %d steps", MS_PATH_STEPS_MAX);
    return NULL;
  }
  *err = ms_vec_reserve(&path->steps, &p->capacity, (size_t)path->count + 1, sizeof *path->steps,
                        MS_PATH_STEPS_MAX);
  if (*err != 0) {
    return NULL;
  }
  struct ms_path_step *step = &path->steps[path->count++];
  memset(step, 0, sizeof *step);
  step->kind = (uint8_t)kind;
  step->quote = '\'';
  return step;
}

/* Adds a name, escapes resolved, to a NAME step, which becomes NAMES with the second one. */
static int add_name(struct parser *p, struct ms_path_step *step, struct ms_str written)
{
  if (step->count == LIST_MAX) {
    return ms_path_error_set(p->error, "Too many names in one bracket");
  }
  struct ms_path_name *names =
      ms_reallocarray(step->u.names, (size_t)step->count + 1, sizeof *names);
  if (names == NULL) {
    return ms_error_nomem();
  }
  step->u.names = names;
  struct ms_path_name *name = &names[step->count];
  name->written = MS_JSON_VALUE_NONE;
  struct ms_buf text;
  ms_buf_init(&text, NAME_MAX_BYTES);
  int err = ms_path_unescape(&text, written, p->error);
  if (err == 0) {
    name->name = ms_json_string(ms_buf_view(&text));
    err = ms_json_is_none(name->name) ? ms_error_nomem() : 0;
  }
  if (err == 0) {
    step->count++;
    step->kind = step->count > 1 ? MS_STEP_NAMES : MS_STEP_NAME;
    step->key = ms_json_text(names[0].name);
    if (!ms_str_eq(ms_buf_view(&text), written)) {
      name->written = ms_json_string(written);
      err = ms_json_is_none(name->written) ? ms_error_nomem() : 0;
    }
  }
  ms_buf_deinit(&text);
  return err;
}

static bool is_separator(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* "['a', 'b']" with pos at the first quote. */
static int parse_names(struct parser *p)
{
  int err = 0;
  struct ms_path_step *step = add_step(p, MS_STEP_NAME, &err);
  if (step == NULL) {
    return err;
  }
  char quote = peek(p);
  step->quote = quote;
  for (;;) {
    size_t end = ms_path_closing_quote(p->text, p->pos, quote);
    if (end == p->text.len) {
      return ms_path_error_set(p->error, "Property has not been closed - missing closing %c",
                               quote);
    }
    err = add_name(p, step, ms_str_sub(p->text, p->pos + 1, end));
    if (err != 0) {
      return err;
    }
    p->pos = end + 1;
    skip_blanks(p);
    if (peek(p) == ']') {
      p->pos++;
      return 0;
    }
    if (peek(p) != ',') {
      return ms_path_error_set(p->error,
                               "Property must be separated by comma or Property must be terminated "
                               "close square bracket at index %zu",
                               end);
    }
    do {
      p->pos++;
    } while (!at_end(p) && is_separator(p->text.data[p->pos]));
    if (peek(p) != quote) {
      return ms_path_error_set(p->error, "Found empty property at index %zu", p->pos);
    }
  }
}

/* A decimal integer of 32 bits that is all of the text. */
static bool read_int(int32_t *out, struct ms_str text)
{
  size_t pos = text.len > 0 && text.data[0] == '-' ? 1 : 0;
  int64_t value = 0;
  if (pos == text.len) {
    return false;
  }
  for (size_t i = pos; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') {
      return false;
    }
    value = value * 10 + (text.data[i] - '0');
    if (value > (int64_t)INT32_MAX + 1) {
      return false;
    }
  }
  value = pos == 1 ? -value : value;
  *out = (int32_t)value;
  return value >= INT32_MIN && value <= INT32_MAX;
}

static struct ms_str trim(struct ms_str text)
{
  while (text.len > 0 && text.data[0] == ' ') {
    text = ms_str_sub(text, 1, text.len);
  }
  while (text.len > 0 && text.data[text.len - 1] == ' ') {
    text.len--;
  }
  return text;
}

/* "from:to"; what follows a second colon is a step, which Jayway reads and ignores. */
static int parse_slice(struct parser *p, struct ms_str text)
{
  int err = 0;
  struct ms_path_step *step = add_step(p, MS_STEP_SLICE, &err);
  if (step == NULL) {
    return err;
  }
  struct ms_path_slice *slice = &step->u.slice;
  size_t colon = ms_str_find(text, 0, ':');
  struct ms_str from = ms_str_sub(text, 0, colon);
  struct ms_str to = ms_str_sub(text, colon + 1, ms_str_find(text, colon + 1, ':'));
  slice->has_from = from.len > 0;
  slice->has_to = to.len > 0;
  bool is_valid = (slice->has_from || slice->has_to) &&
                  (!slice->has_from || read_int(&slice->from, from)) &&
                  (!slice->has_to || read_int(&slice->to, to));
  if (!is_valid || ms_str_find(text, 0, ' ') != text.len) {
    return ms_path_error_set(p->error, "Failed to parse SliceOperation: %.*s",
                             (int)(text.len < 100 ? text.len : 100), text.data);
  }
  return 0;
}

static int add_index(struct parser *p, struct ms_path_step *step, struct ms_str text)
{
  int32_t index;
  if (step->count == LIST_MAX || !read_int(&index, trim(text))) {
    return ms_path_error_set(p->error, "Failed to parse token in ArrayIndexOperation: %.*s",
                             (int)(text.len < 100 ? text.len : 100), text.data);
  }
  int32_t *indexes = ms_reallocarray(step->u.indexes, (size_t)step->count + 1, sizeof *indexes);
  if (indexes == NULL) {
    return ms_error_nomem();
  }
  step->u.indexes = indexes;
  indexes[step->count++] = index;
  return 0;
}

static int parse_indexes(struct parser *p, struct ms_str text)
{
  int err = 0;
  if (ms_str_find(text, 0, ',') == text.len) {
    struct ms_path_step *step = add_step(p, MS_STEP_INDEX, &err);
    if (step != NULL && !read_int(&step->u.index, text)) {
      err = ms_path_error_set(p->error, "Failed to parse token in ArrayIndexOperation: %.*s",
                              (int)(text.len < 100 ? text.len : 100), text.data);
    }
    return err;
  }
  struct ms_path_step *step = add_step(p, MS_STEP_INDEXES, &err);
  for (size_t from = 0; err == 0 && from <= text.len;) {
    size_t comma = ms_str_find(text, from, ',');
    err = add_index(p, step, ms_str_sub(text, from, comma));
    from = comma + 1;
  }
  return err;
}

/* Indexes or a slice, pos at the first character of it. */
static int parse_array(struct parser *p, size_t bracket)
{
  size_t end = ms_str_find(p->text, p->pos, ']');
  struct ms_str text = trim(ms_str_sub(p->text, p->pos, end));
  bool is_slice = false;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    is_slice = is_slice || c == ':';
    if ((c < '0' || c > '9') && c != ',' && c != '-' && c != ':' && c != ' ') {
      return error_bracket(p, bracket);
    }
  }
  if (end == p->text.len) {
    return error_bracket(p, bracket);
  }
  p->pos = end + 1;
  return is_slice ? parse_slice(p, text) : parse_indexes(p, text);
}

static int parse_wildcard(struct parser *p)
{
  int err = 0;
  p->pos++;
  skip_blanks(p);
  if (peek(p) != ']') {
    return ms_path_error_set(p->error, "Expected wildcard token to end with ']' on position %zu",
                             p->pos);
  }
  p->pos++;
  add_step(p, MS_STEP_WILDCARD, &err);
  return err;
}

/* "[?(...)]" with pos at the question mark. */
static int parse_filter(struct parser *p, size_t bracket)
{
  p->pos++;
  skip_blanks(p);
  if (peek(p) != '(') {
    return error_bracket(p, bracket);
  }
  size_t open = p->pos;
  size_t close = ms_path_closing_bracket(p->text, open, true);
  p->pos = close + 1;
  skip_blanks(p);
  if (close == p->text.len || peek(p) != ']') {
    p->pos = open;
    return error_bracket(p, bracket);
  }
  p->pos++;
  int err = 0;
  struct ms_path_step *step = add_step(p, MS_STEP_FILTER, &err);
  if (step == NULL) {
    return err;
  }
  return ms_filter_compile(&step->u.filter, ms_str_sub(p->text, open + 1, close), p->nesting + 1,
                           p->error);
}

static int parse_bracket(struct parser *p)
{
  size_t bracket = p->pos++;
  skip_blanks(p);
  char c = peek(p);
  if (c == '\'' || c == '"') {
    return parse_names(p);
  }
  if ((c >= '0' && c <= '9') || c == '-' || c == ':') {
    return parse_array(p, bracket);
  }
  if (c == '*') {
    return parse_wildcard(p);
  }
  if (c == '?') {
    return parse_filter(p, bracket);
  }
  return error_bracket(p, bracket);
}

static int add_argument(struct parser *p, struct ms_path_call *call, struct ms_str text)
{
  struct ms_path_argument *arguments =
      ms_reallocarray(call->arguments, (size_t)call->count + 1, sizeof *arguments);
  if (arguments == NULL) {
    return ms_error_nomem();
  }
  call->arguments = arguments;
  struct ms_path_argument *argument = &arguments[call->count];
  argument->path = NULL;
  argument->value = MS_JSON_VALUE_NONE;
  text = trim(text);
  int err;
  if (text.len > 0 && (text.data[0] == '$' || text.data[0] == '@')) {
    err = ms_path_compile_nested(&argument->path, text, p->nesting + 1, p->error);
  } else {
    err = ms_path_literal(&argument->value, text, p->error);
  }
  call->count += err == 0 ? 1 : 0;
  return err;
}

/* Where the argument that begins at `from` ends: at a comma outside brackets, or at `end`. */
static size_t argument_end(struct ms_str text, size_t from, size_t end)
{
  for (size_t i = from; i < end; i++) {
    char c = text.data[i];
    if (c == ',') {
      return i;
    }
    if (c == '(' || c == '[' || c == '{') {
      i = ms_path_closing_bracket(text, i, false);
    } else if (c == '\'' || c == '"') {
      i = ms_path_closing_quote(text, i, c);
    }
  }
  return end;
}

/* pos at the opening parenthesis behind `name`. */
static int parse_function(struct parser *p, struct ms_str name)
{
  const struct ms_path_function *function = ms_path_function_find(name);
  if (function == NULL) {
    return ms_path_error_set(p->error, "Function with name: %.*s does not exist.",
                             (int)(name.len < 60 ? name.len : 60), name.data);
  }
  size_t open = p->pos;
  size_t close = ms_path_closing_bracket(p->text, open, false);
  if (close == p->text.len) {
    return ms_path_error_set(p->error, "Arguments to function: '%.*s' are not closed properly.",
                             MS_STR_ARG(name));
  }
  int err = 0;
  struct ms_path_step *step = add_step(p, MS_STEP_FUNCTION, &err);
  if (step == NULL) {
    return err;
  }
  step->u.call = ms_calloc(1, sizeof *step->u.call);
  if (step->u.call == NULL) {
    return ms_error_nomem();
  }
  step->u.call->function = function;
  bool is_empty = trim(ms_str_sub(p->text, open + 1, close)).len == 0;
  for (size_t from = open + 1; err == 0 && from <= close && !is_empty;) {
    size_t end = argument_end(p->text, from, close);
    end = end > close ? close : end;
    err = add_argument(p, step->u.call, ms_str_sub(p->text, from, end));
    from = end + 1;
  }
  p->pos = close + 1;
  if (err == 0 && !at_end(p)) {
    err = ms_path_error_set(p->error, "A function must end the path, position %zu", p->pos);
  }
  return err;
}

/* A dot name or a function call. */
static int parse_word(struct parser *p)
{
  size_t start = p->pos;
  while (!at_end(p)) {
    char c = p->text.data[p->pos];
    if (c == ' ') {
      return ms_path_error_set(p->error,
                               "Use bracket notion ['my prop'] if your property contains blank "
                               "characters. position: %zu",
                               start);
    }
    if (c == '.' || c == '[' || c == '(') {
      break;
    }
    p->pos++;
  }
  struct ms_str name = ms_str_sub(p->text, start, p->pos);
  if (name.len == 0) {
    return error_here(p);
  }
  if (peek(p) == '(') {
    return parse_function(p, name);
  }
  int err = 0;
  struct ms_path_step *step = add_step(p, MS_STEP_NAME, &err);
  if (step == NULL) {
    return err;
  }
  /* No escapes in dot names. */
  step->u.names = ms_calloc(1, sizeof *step->u.names);
  if (step->u.names == NULL) {
    return ms_error_nomem();
  }
  step->count = 1;
  step->u.names[0].name = ms_json_string(name);
  step->key = ms_json_text(step->u.names[0].name);
  for (size_t i = 0; i < name.len; i++) {
    p->path->is_reference = p->path->is_reference && strchr("@,:?*", name.data[i]) == NULL;
  }
  return ms_json_is_none(step->u.names[0].name) ? ms_error_nomem() : 0;
}

/* What may follow a dot. */
static int parse_after_dot(struct parser *p)
{
  char c = peek(p);
  if (at_end(p)) {
    return ms_path_error_set(p->error, "Path must not end with a '.' or '..'");
  }
  if (c == '.') {
    return ms_path_error_set(p->error, "Character '.' on position %zu is not valid.", p->pos);
  }
  if (c == ' ') {
    return error_here(p);
  }
  if (c == '[') {
    return parse_bracket(p);
  }
  if (c != '*') {
    return parse_word(p);
  }
  int err = 0;
  p->pos++;
  add_step(p, MS_STEP_WILDCARD, &err);
  return err;
}

static int parse_steps(struct parser *p)
{
  int err = 0;
  while (err == 0 && !at_end(p)) {
    char c = peek(p);
    if (c == '[') {
      err = parse_bracket(p);
    } else if (c == '.') {
      p->pos++;
      if (peek(p) == '.') {
        p->pos++;
        add_step(p, MS_STEP_DESCEND, &err);
      }
      err = err != 0 ? err : parse_after_dot(p);
    } else if (p->path->count == 0) {
      err = ms_path_error_set(p->error, "Illegal character at position %zu expected '.' or '['",
                              p->pos);
    } else {
      err = error_here(p);
    }
  }
  return err;
}

static bool is_name_char(char c, bool is_first)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80 ||
         (!is_first && c >= '0' && c <= '9');
}

/* `$`, `$$` or `$name`; inside filters `$` or `@`. */
static int parse_root(struct parser *p)
{
  char c = peek(p);
  if (c == '@' && p->nesting > 0) {
    p->path->root = MS_PATH_CURRENT;
    p->pos++;
    return 0;
  }
  if (c != '$') {
    return ms_path_error_set(p->error, "Path must start with '$'");
  }
  p->pos++;
  if (p->nesting > 0) {
    return 0;
  }
  if (peek(p) == '$') {
    p->path->root = MS_PATH_CONTEXT;
    p->pos++;
    return 0;
  }
  size_t start = p->pos;
  while (!at_end(p) && is_name_char(p->text.data[p->pos], p->pos == start)) {
    p->pos++;
  }
  if (p->pos > start) {
    p->path->root = MS_PATH_VARIABLE;
    p->path->variable = ms_json_string(ms_str_sub(p->text, start, p->pos));
    return ms_json_is_none(p->path->variable) ? ms_error_nomem() : 0;
  }
  return 0;
}

/* Derives what evaluation wants to know, once all steps are there. */
static void finish(struct ms_path *path)
{
  bool is_definite = true;
  path->is_simple = true;
  for (uint32_t i = 0; i < path->count; i++) {
    struct ms_path_step *step = &path->steps[i];
    bool is_last = i + 1 == path->count;
    bool is_one = step->kind == MS_STEP_NAME || step->kind == MS_STEP_INDEX;
    step->is_upstream_definite = is_definite;
    path->is_simple = path->is_simple && is_one;
    is_definite = is_definite && (is_one || step->kind == MS_STEP_FUNCTION ||
                                  (step->kind == MS_STEP_NAMES && is_last));
  }
  path->is_definite = is_definite;
  path->is_reference = path->is_reference && path->is_simple;
}

int ms_path_compile_nested(struct ms_path **out, struct ms_str text, unsigned nesting,
                           struct ms_path_error *error)
{
  *out = NULL;
  if (nesting > MS_PATH_NESTING_MAX) {
    return ms_path_error_set(error, "The path nests too deeply");
  }
  while (text.len > 0 && text.data[text.len - 1] == ' ') {
    text.len--;
  }
  struct parser p = {text, 0, nesting, 0, ms_calloc(1, sizeof *p.path), error};
  if (p.path == NULL) {
    return ms_error_nomem();
  }
  p.path->is_reference = true;
  p.path->text = ms_json_string(text);
  int err = ms_json_is_none(p.path->text) ? ms_error_nomem() : parse_root(&p);
  if (err == 0) {
    err = parse_steps(&p);
  }
  if (err != 0) {
    ms_path_free(p.path);
    return err;
  }
  finish(p.path);
  *out = p.path;
  return 0;
}

int ms_path_compile(struct ms_path **out, struct ms_str text, struct ms_path_error *error)
{
  return ms_path_compile_nested(out, text, 0, error);
}
