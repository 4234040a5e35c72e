/*
 * Fields with `{% %}` expressions: a tree whose constant parts are the definition's own values, so that
 * a field without expressions costs one reference to evaluate. Depth is bounded by the definition's.
 */
#include "query/expression.h"

#include "base/alloc.h"
#include "base/error.h"

#define QUERY_ERROR "States.QueryEvaluationError"

enum part_kind { PART_VALUE, PART_EXPRESSION, PART_OBJECT, PART_ARRAY };

/* A compiled field, or part of one. Parts without an expression inside are values. */
struct part {
  enum part_kind kind;
  struct ms_json key;   /* of an object's member: string; else NONE */
  struct ms_json value; /* VALUE */
  void *program;        /* EXPRESSION */
  struct part *parts;   /* OBJECT, ARRAY */
  size_t count;
};

struct expression_query {
  struct ms_query query; /* first */
  const struct ms_expression_type *type;
  struct ms_json field;  /* string: the field's name in messages */
  struct part root;
};

/* ---- compilation ---- */

struct ms_expression_compiler {
  const struct ms_expression_type *type;
  const struct ms_query_lang *lang;
  const struct ms_query_source *source;
  ms_query_report_cb report;
  void *user;
  struct ms_buf pointer;
  bool has_problems;
};

static int compile_part(struct part *out, struct ms_expression_compiler *c, struct ms_json value);

static void part_deinit(struct part *part, const struct ms_expression_type *type)
{
  for (size_t i = 0; i < part->count; i++) {
    part_deinit(&part->parts[i], type);
  }
  ms_free(part->parts);
  type->free(part->program);
  ms_json_unref(part->key);
  ms_json_unref(part->value);
}

int ms_expression_report(struct ms_expression_compiler *c, const char *code, struct ms_str message,
                         const char *hint)
{
  if (c->pointer.error != 0) {
    return ms_error_nomem();
  }
  c->has_problems = true;
  c->report(code, ms_buf_view(&c->pointer), message, ms_str_c(hint), c->user);
  return 0;
}

const struct ms_query_lang *ms_expression_lang(const struct ms_expression_compiler *c)
{
  return c->lang;
}

unsigned ms_expression_allow(const struct ms_expression_compiler *c)
{
  return c->source->allow;
}

/* A problem in words that name the language: the format has one %s. */
static int report_named(struct ms_expression_compiler *c, const char *code, const char *before,
                        const char *after)
{
  struct ms_buf text;
  ms_buf_init(&text, 4096);
  ms_buf_printf(&text, "%s%s%s", before, c->type->name, after);
  int err = text.error != 0 ? ms_error_nomem()
                            : ms_expression_report(c, code, ms_buf_view(&text),
                                                   "write {% expression %}, with nothing outside");
  ms_buf_deinit(&text);
  return err;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The expression between the delimiters, without blanks at its ends; false: there are no delimiters. */
static bool expression_text(struct ms_str *out, struct ms_str text)
{
  if (text.len < 4 || !ms_str_has_prefix(text, "{%") || !ms_str_has_suffix(text, "%}")) {
    return false;
  }
  size_t from = 2;
  size_t to = text.len - 2;
  while (from < to && is_blank(text.data[from])) {
    from++;
  }
  while (to > from && is_blank(text.data[to - 1])) {
    to--;
  }
  *out = ms_str_sub(text, from, to);
  return true;
}

static int compile_string(struct part *out, struct ms_expression_compiler *c, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  struct ms_str expression;
  if (expression_text(&expression, text)) {
    out->kind = PART_EXPRESSION;
    return c->type->compile(&out->program, c, expression);
  }
  bool opens = ms_str_has_prefix(text, "{%");
  if (opens || ms_str_has_suffix(text, "%}")) {
    return report_named(c, c->type->invalid_code, "",
                        opens ? " expression is not terminated by '%}'"
                              : " expression does not begin with '{%'");
  }
  out->value = ms_json_ref(value);
  return 0;
}

/* A container whose parts are all values is a value. */
static void fold(struct part *out, const struct ms_expression_type *type, struct ms_json value)
{
  for (size_t i = 0; i < out->count; i++) {
    if (out->parts[i].kind != PART_VALUE) {
      return;
    }
  }
  part_deinit(out, type);
  *out = (struct part){.value = ms_json_ref(value)};
}

static int compile_container(struct part *out, struct ms_expression_compiler *c,
                             struct ms_json value)
{
  bool is_object = ms_json_is_object(value);
  size_t count = ms_json_count(value);
  out->kind = is_object ? PART_OBJECT : PART_ARRAY;
  out->parts = ms_calloc(count, sizeof *out->parts);
  if (out->parts == NULL) {
    return ms_error_nomem();
  }
  for (; out->count < count; out->count++) {
    size_t i = out->count;
    size_t len = c->pointer.len;
    struct part *part = &out->parts[i];
    if (is_object) {
      part->key = ms_json_ref(ms_json_key_value(value, i));
      ms_json_pointer_push(&c->pointer, ms_json_key(value, i));
    } else {
      ms_json_pointer_push_index(&c->pointer, i);
    }
    int err = compile_part(part, c, is_object ? ms_json_member(value, i) : ms_json_at(value, i));
    if (err != 0) {
      out->count++;
      return err;
    }
    if (c->pointer.error == 0) {
      c->pointer.len = len;
      c->pointer.data[len] = '\0';
    }
  }
  fold(out, c->type, value);
  return 0;
}

static int compile_part(struct part *out, struct ms_expression_compiler *c, struct ms_json value)
{
  struct ms_json key = out->key;
  int err = 0;
  if (ms_json_is_string(value)) {
    err = compile_string(out, c, value);
  } else if (ms_json_count(value) > 0) {
    out->key = MS_JSON_VALUE_NONE; /* folding starts the part anew */
    err = compile_container(out, c, value);
    out->key = key;
  } else {
    out->value = ms_json_ref(value);
  }
  return err;
}

void ms_expression_free(struct ms_query *query)
{
  struct expression_query *q = (struct expression_query *)query;
  part_deinit(&q->root, q->type);
  ms_json_unref(q->field);
  ms_free(q);
}

static int compile_field(struct expression_query *q, struct ms_expression_compiler *c)
{
  struct ms_json value = c->source->value;
  struct ms_str text;
  ms_buf_str(&c->pointer, c->source->pointer);
  if (c->source->kind != MS_QUERY_TEMPLATE &&
      (!ms_json_is_string(value) || !expression_text(&text, ms_json_text(value)))) {
    return report_named(c, "SCHEMA_VALIDATION_FAILED", "Expected a ", " expression");
  }
  return compile_part(&q->root, c, value);
}

int ms_expression_compile(struct ms_query **out, const struct ms_query_lang *lang,
                          const struct ms_expression_type *type,
                          const struct ms_query_source *source, ms_query_report_cb report,
                          void *user)
{
  *out = NULL;
  struct expression_query *q = ms_calloc(1, sizeof *q);
  if (q == NULL) {
    return ms_error_nomem();
  }
  struct ms_expression_compiler c = {type, lang, source, report, user, {0}, false};
  ms_buf_init(&c.pointer, MS_BUF_MAX_DEFAULT);
  q->query = (struct ms_query){lang, source->kind};
  q->type = type;
  q->field = ms_json_string(source->field);
  int err = ms_json_is_none(q->field) ? ms_error_nomem() : compile_field(q, &c);
  if (err == 0 && c.pointer.error != 0) {
    err = ms_error_nomem();
  }
  ms_buf_deinit(&c.pointer);
  if (err == 0 && c.has_problems) {
    err = ms_error(MSTEP_EDEFINITION, "invalid %s expression", type->name);
  }
  if (err != 0) {
    ms_expression_free(&q->query);
    return err;
  }
  *out = &q->query;
  return 0;
}

/* ---- evaluation ---- */

/* Where in the field an evaluation is: a list from the inside out. */
struct place {
  const struct place *outer;
  const struct part *part; /* of an object: its key; of an array: */
  size_t index;
};

struct ms_expression_evaluation {
  const struct expression_query *query;
  struct ms_query_env *env;
  struct ms_failure *failure;
  const struct place *place; /* of the expression under way */
  bool is_optional;
};

static void put_place(struct ms_buf *out, const struct place *place)
{
  if (place->outer != NULL) {
    put_place(out, place->outer);
  }
  if (ms_json_is_none(place->part->key)) {
    if (place->outer != NULL) {
      ms_buf_printf(out, "[%zu]", place->index);
    }
  } else {
    ms_buf_char(out, '/');
    ms_buf_str(out, ms_json_text(place->part->key));
  }
}

/* As the public one, of two texts that are formatted already. */
static int fail_texts(struct ms_expression_evaluation *e, struct ms_buf *field, struct ms_buf *what)
{
  const struct ms_expression_type *type = e->query->type;
  struct ms_str text = type->text(e->place->part->program);
  if (field->error != 0 || what->error != 0) {
    return ms_error_nomem();
  }
  int err = ms_fail(e->failure, QUERY_ERROR,
                    "The %s expression '%.*s' specified for the field '%.*s' %.*s", type->name,
                    MS_STR_ARG(text), (int)field->len, field->data, (int)what->len, what->data);
  if (err == MS_FAILED) {
    e->failure->location = ms_json_string(ms_buf_view(field));
    if (ms_json_is_none(e->failure->location)) {
      err = ms_error_nomem();
    }
  }
  return err;
}

int ms_expression_fail(struct ms_expression_evaluation *e, const char *format, ...)
{
  struct ms_buf field;
  struct ms_buf what;
  va_list args;
  ms_buf_init(&field, MS_BUF_MAX_DEFAULT);
  ms_buf_init(&what, MS_BUF_MAX_DEFAULT);
  ms_buf_str(&field, ms_json_text(e->query->field));
  put_place(&field, e->place);
  va_start(args, format);
  ms_buf_vprintf(&what, format, args);
  va_end(args);
  int err = fail_texts(e, &field, &what);
  ms_buf_deinit(&field);
  ms_buf_deinit(&what);
  return err;
}

static int eval_expression(struct ms_json *out, struct ms_expression_evaluation *e,
                           const struct place *place)
{
  e->place = place;
  int err = e->query->type->eval(out, place->part->program, e->env, e);
  if (err == 0 && ms_json_is_none(*out) && !e->is_optional) {
    err = ms_expression_fail(e, "returned nothing (undefined).");
  }
  return err;
}

static int eval_part(struct ms_json *out, struct ms_expression_evaluation *e,
                     const struct place *place)
{
  const struct part *part = place->part;
  if (part->kind == PART_VALUE) {
    *out = ms_json_ref(part->value);
    return 0;
  }
  if (part->kind == PART_EXPRESSION) {
    return eval_expression(out, e, place);
  }
  bool is_object = part->kind == PART_OBJECT;
  struct ms_json result = is_object ? ms_json_object(part->count) : ms_json_array(part->count);
  int err = ms_json_is_none(result) ? ms_error_nomem() : 0;
  for (size_t i = 0; err == 0 && i < part->count; i++) {
    struct place inner = {place, &part->parts[i], i};
    struct ms_json value;
    err = eval_part(&value, e, &inner);
    if (err == 0) {
      err = is_object ? ms_json_set_key(&result, part->parts[i].key, value)
                      : ms_json_push(&result, value);
    }
  }
  if (err != 0) {
    ms_json_unref(result);
    return err;
  }
  *out = result;
  return 0;
}

static int eval_root(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env,
                     struct ms_failure *failure, bool is_optional)
{
  const struct expression_query *q = (const struct expression_query *)query;
  struct ms_expression_evaluation e = {q, env, failure, NULL, is_optional};
  struct place place = {NULL, &q->root, 0};
  *out = MS_JSON_VALUE_NONE;
  return eval_part(out, &e, &place);
}

int ms_expression_eval(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env,
                       struct ms_failure *failure)
{
  return eval_root(out, query, env, failure, false);
}

int ms_expression_eval_optional(struct ms_json *out, const struct ms_query *query,
                                struct ms_query_env *env, struct ms_failure *failure)
{
  const struct expression_query *q = (const struct expression_query *)query;
  return eval_root(out, query, env, failure, q->root.kind == PART_EXPRESSION);
}

/* ---- the rest of the contract ---- */

static void part_references(const struct part *part, const struct ms_expression_type *type,
                            ms_query_reference_cb cb, void *user)
{
  if (part->kind == PART_EXPRESSION) {
    type->references(part->program, cb, user);
  }
  for (size_t i = 0; i < part->count; i++) {
    part_references(&part->parts[i], type, cb, user);
  }
}

void ms_expression_references(const struct ms_query *query, ms_query_reference_cb cb, void *user)
{
  const struct expression_query *q = (const struct expression_query *)query;
  part_references(&q->root, q->type, cb, user);
}

struct ms_str ms_expression_text(const struct ms_query *query)
{
  const struct expression_query *q = (const struct expression_query *)query;
  return q->root.kind == PART_EXPRESSION ? q->type->text(q->root.program) : MS_STR("");
}
