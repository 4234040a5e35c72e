/*
 * From the text of a pattern to its clauses. An object is a conjunction of its names, and $or multiplies the
 * conjunctions written so far by its branches; a name that comes again replaces what it said before, by its
 * dotted name and in the order of the text. All of that is how the service's compiler reads.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "messaging/pattern_internal.h"

#define DRAFT_KEYS_MAX 200000 /* in all drafts ever made */
#define LOOKS_MAX 20000000    /* at keys, in search of one's like */
#define TOO_MANY "Rule is too complex - try using fewer combinations of $or"
#define MATCHERS_MAX ((size_t)1 << 20)

/* Names that $or may not have in its branches, for then it is taken for a name itself. */
static const char *const reserved[] = {"exactly",
                                       "equals-ignore-case",
                                       "prefix",
                                       "suffix",
                                       "anything-but",
                                       "exists",
                                       "wildcard",
                                       "numeric",
                                       "cidr",
                                       "html",
                                       "=",
                                       "<",
                                       "<=",
                                       ">",
                                       ">=",
                                       "regex",
                                       "not-wildcard",
                                       "not-equals-ignore-case",
                                       "date-after",
                                       "date-on-or-after",
                                       "date-before",
                                       "date-on-or-before",
                                       "in-date-range",
                                       "ip-address-in-range",
                                       "ip-address-not-in-range"};

/* ---- alternatives ---- */

int ms_compile_add(struct ms_compile *c, struct ms_matcher m)
{
  int err = MS_VEC_RESERVE(&c->matchers, MATCHERS_MAX, 1);
  if (err != 0) {
    return ms_pattern_nomem(&c->text);
  }
  c->matchers.data[c->matchers.count++] = m;
  return 0;
}

/* A text that is an address stands for the address, however it is written. */
static int add_text(struct ms_compile *c)
{
  struct ms_str text;
  struct ms_address address;
  if (!ms_pattern_token_text(&text, &c->text)) {
    return c->text.error;
  }
  if (ms_address_parse(&address, text)) {
    return ms_compile_add_address(c, text, address, address);
  }
  return ms_compile_add(c, ms_compile_text(MS_MATCHER_EXACT, text));
}

static int read_expression(struct ms_compile *c)
{
  static const struct {
    const char *name;
    int (*read)(struct ms_compile *c);
    unsigned dialects;
  } operators[] = {
#define MS_OPERATOR(name, read, dialects) {name, read, dialects},
#include "messaging/operators.def"
#undef MS_OPERATOR
  };
  if (ms_pattern_next(&c->text) != MS_TOKEN_NAME) {
    return ms_pattern_fail(&c->text, "Match expression name not found");
  }
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    if (ms_str_is(c->text.name, operators[i].name) && (operators[i].dialects & c->dialect) != 0) {
      return operators[i].read(c);
    }
  }
  return ms_pattern_fail(&c->text, "Unrecognized match type %.*s", MS_STR_ARG(c->text.name));
}

int ms_alternative_read(struct ms_compile *c)
{
  struct ms_str word;
  switch (c->text.token) {
  case MS_TOKEN_OBJECT:
    return read_expression(c);
  case MS_TOKEN_STRING:
    return add_text(c);
  case MS_TOKEN_NUMBER:
    return ms_compile_add_number(c);
  case MS_TOKEN_TRUE:
  case MS_TOKEN_FALSE:
  case MS_TOKEN_NULL:
    ms_pattern_token_text(&word, &c->text);
    return ms_compile_add(c, ms_compile_text(MS_MATCHER_LITERAL, word));
  default:
    return ms_pattern_fail(&c->text, "Match value must be String, number, true, false, or null");
  }
}

/* ---- drafts ---- */

static int add_draft(struct ms_compile *c, struct ms_draft draft)
{
  if (c->drafts.count == MS_PATTERN_CLAUSES_MAX) {
    return ms_pattern_fail_plain(&c->text, TOO_MANY);
  }
  if (MS_VEC_RESERVE(&c->drafts, MS_PATTERN_CLAUSES_MAX, 1) != 0) {
    return ms_pattern_nomem(&c->text);
  }
  c->drafts.data[c->drafts.count++] = draft;
  return 0;
}

/* Room for one more key; what is in drafts made before stays as it is. */
static int grow_draft(struct ms_draft *draft, struct ms_compile *c, uint32_t more)
{
  if (draft->count + more <= draft->capacity) {
    return 0;
  }
  uint32_t capacity = (draft->count + more) * 2;
  c->draft_keys += capacity;
  if (c->draft_keys > DRAFT_KEYS_MAX) {
    return ms_pattern_fail_plain(&c->text, TOO_MANY);
  }
  struct ms_draft_key *keys = ms_arena_alloc(c->scratch, capacity * sizeof *keys);
  if (keys == NULL) {
    return ms_pattern_nomem(&c->text);
  }
  if (draft->count > 0) {
    memcpy(keys, draft->keys, draft->count * sizeof *keys);
  }
  draft->keys = keys;
  draft->capacity = capacity;
  return 0;
}

/* Keys are found by a look at each. Patterns are short; one that is not may cost so much and no more. */
static int put_key(struct ms_draft *draft, struct ms_compile *c, struct ms_draft_key key)
{
  c->looks += draft->count;
  if (c->looks > LOOKS_MAX) {
    return ms_pattern_fail_plain(&c->text, TOO_MANY);
  }
  for (uint32_t i = 0; i < draft->count; i++) {
    if (ms_str_eq(draft->keys[i].name, key.name)) {
      draft->keys[i] = key;
      return 0;
    }
  }
  int err = grow_draft(draft, c, 1);
  if (err == 0) {
    draft->keys[draft->count++] = key;
  }
  return err;
}

static int put_in_all(struct ms_compile *c, struct ms_draft_key key)
{
  int err = c->drafts.count == 0 ? add_draft(c, (struct ms_draft){0}) : 0;
  for (size_t i = 0; i < c->drafts.count && err == 0; i++) {
    err = put_key(&c->drafts.data[i], c, key);
  }
  return err;
}

/* ---- objects ---- */

static int read_object(struct ms_compile *c, bool in_or);

/* The array behind a name. */
static int read_alternatives(struct ms_compile *c, struct ms_str step)
{
  struct ms_draft_key key = {.first = (uint32_t)c->matchers.count};
  size_t before = c->path.len;
  ms_buf_str(&c->path, step);
  key.name = ms_arena_str(c->arena, ms_buf_view(&c->path));
  if (c->path.error != 0 || key.name.data == NULL) {
    return ms_pattern_nomem(&c->text);
  }
  c->path.len = before;
  int err = 0;
  while (err == 0 && ms_pattern_next(&c->text) != MS_TOKEN_ARRAY_END) {
    err = ms_alternative_read(c);
  }
  key.count = (uint32_t)c->matchers.count - key.first;
  if (err == 0 && key.count == 0) {
    err = ms_pattern_fail(&c->text, "Empty arrays are not allowed");
  }
  return err != 0 ? err : put_in_all(c, key);
}

/* The branches' drafts are those before the $or, each with what the branch says. */
static int read_branch(struct ms_compile *c, const struct ms_draft *before, size_t count)
{
  int err = count == 0 ? add_draft(c, (struct ms_draft){0}) : 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    struct ms_draft copy = before[i];
    copy.capacity = copy.count; /* a key that is added or replaced is this branch's alone */
    if (copy.count > 0 && (err = grow_draft(&copy, c, 1)) != 0) {
      break;
    }
    err = add_draft(c, copy);
  }
  return err != 0 ? err : read_object(c, true);
}

/* Takes the drafts out, to be multiplied. */
static struct ms_draft *take_drafts(struct ms_compile *c, size_t *count)
{
  *count = c->drafts.count;
  struct ms_draft *taken = ms_arena_alloc(c->scratch, (*count + 1) * sizeof *taken);
  if (taken != NULL && *count > 0) {
    memcpy(taken, c->drafts.data, *count * sizeof *taken);
  }
  c->drafts.count = 0;
  return taken;
}

static int read_or(struct ms_compile *c)
{
  size_t count;
  size_t done = 0; /* drafts of the branches so far */
  size_t branches = 0;
  struct ms_draft *before = take_drafts(c, &count);
  if (before == NULL) {
    return ms_pattern_nomem(&c->text);
  }
  if (ms_pattern_next(&c->text) != MS_TOKEN_ARRAY) {
    return ms_pattern_fail(&c->text, "It must be an Array followed with $or.");
  }
  for (;; branches++) {
    enum ms_token token = ms_pattern_next(&c->text);
    if (token == MS_TOKEN_ARRAY_END) {
      break;
    }
    if (token != MS_TOKEN_OBJECT) {
      return ms_pattern_fail(&c->text, "Only JSON object is allowed in array of $or relationship.");
    }
    /* The drafts of earlier branches step aside: a branch speaks of its own only. */
    struct ms_draft *earlier = take_drafts(c, &done);
    int err = earlier == NULL ? ms_pattern_nomem(&c->text) : read_branch(c, before, count);
    for (size_t i = 0; i < done && err == 0; i++) {
      err = add_draft(c, earlier[i]);
    }
    if (err != 0) {
      return err;
    }
  }
  if (branches < 2) {
    return ms_pattern_fail(&c->text, "There must have at least 2 Objects in $or relationship.");
  }
  return 0;
}

static bool is_reserved(struct ms_str name)
{
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    if (ms_str_is(name, reserved[i])) {
      return true;
    }
  }
  return false;
}

/* The current token is a name. */
static int read_member(struct ms_compile *c, bool in_or)
{
  struct ms_str name = c->text.name;
  if (c->knows_or && ms_str_is(name, "$or")) {
    return read_or(c);
  }
  if (in_or && is_reserved(name)) {
    return ms_pattern_fail(&c->text,
                           "%.*s is Ruler reserved fieldName which cannot be used inside $or.",
                           MS_STR_ARG(name));
  }
  enum ms_token token = ms_pattern_next(&c->text);
  if (token == MS_TOKEN_ARRAY) {
    return read_alternatives(c, name);
  }
  if (token != MS_TOKEN_OBJECT) {
    return ms_pattern_fail(&c->text, "\"%.*s\" must be an object or an array", MS_STR_ARG(name));
  }
  size_t before = c->path.len;
  c->is_nested = true;
  ms_buf_str(&c->path, name);
  ms_buf_char(&c->path, '.');
  int err = c->path.error != 0 ? ms_pattern_nomem(&c->text) : read_object(c, in_or);
  c->path.len = before;
  return err;
}

/* Behind the brace. Recursion goes no deeper than the text's scopes, MS_PATTERN_DEPTH_MAX. */
static int read_object(struct ms_compile *c, bool in_or)
{
  bool is_top = c->text.depth == 1;
  size_t members = 0;
  int err = 0;
  while (err == 0 && ms_pattern_next(&c->text) != MS_TOKEN_OBJECT_END) {
    members++;
    err = c->text.error != 0 ? c->text.error : read_member(c, in_or);
  }
  c->top_keys += is_top ? members : 0;
  if (err == 0 && members == 0) {
    err = ms_pattern_fail(&c->text, "Empty objects are not allowed");
  }
  return err;
}

/* ---- the whole ---- */

static int compare_keys(const void *a, const void *b)
{
  return ms_str_cmp(((const struct ms_clause_key *)a)->name,
                    ((const struct ms_clause_key *)b)->name);
}

static int make_clause(struct ms_clause *out, struct ms_pattern *pattern,
                       const struct ms_draft *draft)
{
  out->count = draft->count;
  out->keys = ms_arena_calloc(pattern->arena, draft->count + 1, sizeof *out->keys);
  if (out->keys == NULL) {
    return ms_error_nomem();
  }
  for (uint32_t i = 0; i < draft->count; i++) {
    struct ms_clause_key *key = &out->keys[i];
    *key = (struct ms_clause_key){
        .name = draft->keys[i].name, .first = draft->keys[i].first, .count = draft->keys[i].count};
    for (uint32_t j = 0; j < key->count; j++) {
      key->may_be_absent |= pattern->matchers[key->first + j].kind == MS_MATCHER_ABSENT;
    }
    int err = ms_path_tree_add(&key->node, &pattern->tree, key->name);
    if (err != 0) {
      return err;
    }
  }
  ms_sort(out->keys, out->count, sizeof *out->keys, compare_keys);
  for (uint32_t i = 0; i + 1 < out->count; i++) {
    out->keys[i].shared = ms_path_shared(out->keys[i].name, out->keys[i + 1].name);
  }
  return 0;
}

int ms_compile_finish(struct ms_pattern **out, struct ms_compile *c)
{
  size_t count = c->matchers.count;
  struct ms_pattern *pattern = ms_arena_calloc(c->arena, 1, sizeof *pattern);
  struct ms_matcher *matchers = ms_arena_alloc(c->arena, count * sizeof *matchers + 1);
  if (pattern == NULL || matchers == NULL) {
    return ms_error_nomem();
  }
  memcpy(matchers, c->matchers.data, count * sizeof *matchers);
  pattern->refs = 1;
  pattern->arena = c->arena;
  pattern->matchers = matchers;
  pattern->matcher_count = count;
  pattern->clause_count = c->drafts.count;
  ms_path_tree_init(&pattern->tree);
  pattern->clauses = ms_arena_calloc(c->arena, c->drafts.count, sizeof *pattern->clauses);
  int err = pattern->clauses == NULL ? ms_error_nomem() : 0;
  for (size_t i = 0; i < c->drafts.count && err == 0; i++) {
    err = make_clause(&pattern->clauses[i], pattern, &c->drafts.data[i]);
  }
  if (err != 0) {
    ms_path_tree_deinit(&pattern->tree);
    return err;
  }
  *out = pattern;
  return 0;
}

static int check_whole(struct ms_compile *c)
{
  if (c->is_complex) {
    return ms_pattern_fail_plain(
        &c->text, "Rule is too complex - try using fewer wildcard characters or fewer "
                  "repeating character sequences after a wildcard character");
  }
  return (c->dialect & MS_DIALECTS_POLICY) != 0 ? ms_policy_check(c) : 0;
}

static int read_pattern(struct ms_compile *c, struct ms_str text, struct ms_buf *message)
{
  if (text.len > MS_PATTERN_BYTES_MAX || ms_utf8_check(text) != text.len) {
    c->text = (struct ms_pattern_text){.message = message};
    return ms_pattern_fail_plain(&c->text, text.len > MS_PATTERN_BYTES_MAX
                                               ? "Pattern is too long"
                                               : "Pattern is not valid UTF-8");
  }
  struct ms_str copy = ms_arena_str(c->arena, text);
  if (copy.data == NULL) {
    return ms_error_nomem();
  }
  int err = ms_pattern_text_init(&c->text, copy, c->arena, c->scratch, message);
  if (err == 0 && ms_pattern_next(&c->text) != MS_TOKEN_OBJECT) {
    err = ms_pattern_fail(&c->text, "Filter is not an object");
  }
  err = err != 0 ? err : read_object(c, false);
  return err != 0 ? err : check_whole(c);
}

/* One reading, with $or as what it is or as a name. */
static int compile_once(struct ms_pattern **out, struct ms_str text,
                        enum ms_pattern_dialect dialect, bool knows_or, struct ms_buf *message)
{
  struct ms_compile c = {.dialect = dialect,
                         .knows_or = knows_or,
                         .wildcard_budget = MS_WILDCARD_BUDGET,
                         .arena = ms_arena_new(0),
                         .scratch = ms_arena_new(0)};
  ms_buf_init(&c.path, 0);
  int err =
      c.arena == NULL || c.scratch == NULL ? ms_error_nomem() : read_pattern(&c, text, message);
  if (err == 0) {
    err = ms_compile_finish(out, &c);
  }
  ms_buf_deinit(&c.path);
  ms_free(c.matchers.data);
  ms_free(c.drafts.data);
  ms_arena_free(c.scratch);
  if (err != 0) {
    ms_arena_free(c.arena);
  }
  return err;
}

static bool mentions_or(struct ms_str text)
{
  for (size_t i = 0; i + 3 <= text.len; i++) {
    if (memcmp(text.data + i, "$or", 3) == 0) {
      return true;
    }
  }
  return false;
}

int ms_pattern_compile(struct ms_pattern **out, struct ms_str text, enum ms_pattern_dialect dialect,
                       struct ms_buf *message)
{
  struct ms_buf why;
  ms_buf_init(&why, 0);
  int err = compile_once(out, text, dialect, true, &why);
  if (err == MSTEP_EINVALID && mentions_or(text) &&
      compile_once(out, text, dialect, false, NULL) == 0) {
    err = 0; /* from before $or meant anything: a name */
  }
  if (err == MSTEP_EINVALID && why.error != 0) {
    err = why.error == MSTEP_ENOMEM ? ms_error_nomem() : err;
  }
  if (err == MSTEP_EINVALID && message != NULL) {
    if (dialect == MS_PATTERN_SOURCE) {
      ms_buf_cstr(message, "Invalid filter pattern definition.");
    } else {
      bool is_own = (dialect & MS_DIALECTS_POLICY) != 0 &&
                    ms_str_has_prefix(ms_buf_view(&why), "Filter policy scope ");
      ms_buf_cstr(message, dialect == MS_PATTERN_RULE ? "Event pattern is not valid. Reason: "
                           : is_own                   ? ""
                                                      : "FilterPolicy: ");
      ms_buf_str(message, ms_buf_view(&why));
    }
  }
  ms_buf_deinit(&why);
  return err;
}

struct ms_pattern *ms_pattern_ref(struct ms_pattern *pattern)
{
  pattern->refs++;
  return pattern;
}

void ms_pattern_unref(struct ms_pattern *pattern)
{
  if (pattern != NULL && --pattern->refs == 0) {
    ms_path_tree_deinit(&pattern->tree);
    ms_arena_free(pattern->arena);
  }
}
