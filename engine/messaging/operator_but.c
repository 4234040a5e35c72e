/*
 * anything-but: what the value must not be. Texts, numbers, or what begins, ends, reads or looks like
 * something; a value of another kind is never what is excluded.
 */
#include "base/sort.h"
#include "messaging/pattern_internal.h"

#define ONLY_VALUES "Value of anything-but must be an array or single string/number value."

/* What {"anything-but": {"NAME": ...}} makes of each text, and what it says of something else. */
struct inner {
  const char *name;
  enum ms_matcher_kind kind;
  unsigned dialects;
  const char *no_string;
};

#define FOLDED_ONLY                                                                                \
  "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."

static const struct inner inners[] = {
    {"prefix", MS_MATCHER_PREFIX, MS_DIALECTS_ALL, "prefix/suffix match pattern must be a string"},
    {"suffix", MS_MATCHER_SUFFIX, MS_DIALECTS_ALL, "prefix/suffix match pattern must be a string"},
    {"equals-ignore-case", MS_MATCHER_FOLDED, MS_PATTERN_RULE | MS_PATTERN_SOURCE, FOLDED_ONLY},
    {"wildcard", MS_MATCHER_WILDCARD, MS_PATTERN_RULE | MS_PATTERN_SOURCE,
     "wildcard match pattern must be a string"},
};

static const struct inner *find_inner(const struct ms_compile *c)
{
  for (size_t i = 0; i < sizeof inners / sizeof *inners; i++) {
    if (ms_str_is(c->text.name, inners[i].name) && (inners[i].dialects & c->dialect) != 0) {
      return &inners[i];
    }
  }
  return NULL;
}

static int compare_texts(const void *a, const void *b)
{
  const struct ms_matcher *left = a;
  const struct ms_matcher *right = b;
  return ms_str_cmp(left->text, right->text);
}

/* The matchers added since `first` become the list of one. */
static int wrap(struct ms_compile *c, size_t first, size_t from)
{
  size_t count = c->matchers.count - first;
  struct ms_matcher *list = ms_arena_alloc(c->arena, count * sizeof *list + 1);
  if (list == NULL) {
    return ms_pattern_nomem(&c->text);
  }
  if (count > 0) {
    memcpy(list, c->matchers.data + first, count * sizeof *list);
  }
  c->matchers.count = first;
  bool is_text = true;
  for (size_t i = 0; i < count; i++) {
    is_text &= list[i].kind == MS_MATCHER_EXACT;
  }
  if (is_text) {
    ms_sort(list, count, sizeof *list, compare_texts);
  }
  struct ms_matcher m = ms_compile_text(is_text ? MS_MATCHER_BUT_TEXT : MS_MATCHER_BUT,
                                        ms_str_sub(c->text.text, from, c->text.at));
  m.list = list;
  m.count = count;
  return ms_compile_add(c, m);
}

static int add_inner(struct ms_compile *c, const struct inner *inner)
{
  struct ms_str text;
  if (!ms_pattern_token_text(&text, &c->text)) {
    return c->text.error;
  }
  bool is_affix = inner->kind == MS_MATCHER_PREFIX || inner->kind == MS_MATCHER_SUFFIX;
  if (is_affix && text.len == 0) {
    return ms_pattern_fail(&c->text, "Null prefix/suffix not allowed");
  }
  struct ms_matcher m = ms_compile_text(inner->kind, text);
  int err = inner->kind == MS_MATCHER_WILDCARD ? ms_compile_wildcard(&m, c, text) : 0;
  return err != 0 ? err : ms_compile_add(c, m);
}

static int read_inner_list(struct ms_compile *c, const struct inner *inner)
{
  for (;;) {
    enum ms_token token = ms_pattern_next(&c->text);
    if (token == MS_TOKEN_ARRAY_END) {
      return 0;
    }
    int err = token == MS_TOKEN_STRING ? add_inner(c, inner)
                                       : ms_pattern_fail(&c->text, "%s", inner->no_string);
    if (err != 0) {
      return err;
    }
  }
}

/* Texts or numbers, not both. */
static int read_plain_list(struct ms_compile *c)
{
  bool has_text = false;
  bool has_number = false;
  for (;;) {
    struct ms_str text;
    enum ms_token token = ms_pattern_next(&c->text);
    int err = 0;
    if (token == MS_TOKEN_ARRAY_END) {
      return 0;
    }
    if (token == MS_TOKEN_STRING) {
      has_text = true;
      err = ms_pattern_token_text(&text, &c->text)
                ? ms_compile_add(c, ms_compile_text(MS_MATCHER_EXACT, text))
                : c->text.error;
    } else if (token == MS_TOKEN_NUMBER) {
      has_number = true;
      err = ms_compile_add_number(c);
    } else {
      err = ms_pattern_fail(&c->text,
                            "Inside anything but list, start|null|boolean is not supported.");
    }
    if (err != 0) {
      return err;
    }
    c->is_mixed = has_text && has_number;
  }
}

static int read_list(struct ms_compile *c, const struct inner *inner, size_t first)
{
  c->is_mixed = false;
  int err = inner != NULL ? read_inner_list(c, inner) : read_plain_list(c);
  if (err != 0) {
    ms_pattern_fail_again(&c->text);
    return err;
  }
  if (inner == NULL && (c->is_mixed || c->matchers.count == first)) {
    return ms_pattern_fail(&c->text, "Inside anything but list, either all values are number or "
                                     "string, mixed type is not supported");
  }
  return 0;
}

static int read_single(struct ms_compile *c, const struct inner *inner, enum ms_token token)
{
  struct ms_str text;
  if (inner != NULL) {
    return token == MS_TOKEN_STRING ? add_inner(c, inner)
                                    : ms_pattern_fail(&c->text, "%s", inner->no_string);
  }
  if (token == MS_TOKEN_NUMBER) {
    return ms_compile_add_number(c);
  }
  if (!ms_pattern_token_text(&text, &c->text)) {
    return c->text.error;
  }
  return ms_compile_add(c, ms_compile_text(MS_MATCHER_EXACT, text));
}

static int read_excluded(struct ms_compile *c, const struct inner *inner, enum ms_token token,
                         size_t from)
{
  size_t first = c->matchers.count;
  bool is_policy = (c->dialect & MS_DIALECTS_POLICY) != 0;
  if (inner != NULL && is_policy && token != MS_TOKEN_STRING) {
    return ms_pattern_fail(&c->text, "%s match pattern must be a string", inner->name);
  }
  if (token != MS_TOKEN_ARRAY && token != MS_TOKEN_STRING && token != MS_TOKEN_NUMBER) {
    return ms_pattern_fail(&c->text, ONLY_VALUES);
  }
  int err = token == MS_TOKEN_ARRAY ? read_list(c, inner, first) : read_single(c, inner, token);
  return err != 0 ? err : wrap(c, first, from);
}

int ms_operator_anything_but(struct ms_compile *c)
{
  const struct inner *inner = NULL;
  enum ms_token token = ms_pattern_next(&c->text);
  size_t from = c->text.start;
  if (token == MS_TOKEN_OBJECT) {
    if (ms_pattern_next(&c->text) != MS_TOKEN_NAME) {
      return ms_pattern_fail(&c->text, "Anything-But expression name not found");
    }
    inner = find_inner(c);
    if (inner == NULL) {
      return ms_pattern_fail(&c->text, "Unsupported anything-but pattern: %.*s",
                             MS_STR_ARG(c->text.name));
    }
    token = ms_pattern_next(&c->text);
  }
  int err = read_excluded(c, inner, token, from);
  for (int i = inner == NULL ? 1 : 0; i < 2 && err == 0; i++) {
    if (ms_pattern_next(&c->text) != MS_TOKEN_OBJECT_END) {
      err = ms_pattern_fail(&c->text, "Too many elements in numeric expression");
    }
  }
  return err;
}
