/*
 * JSONata as a query language of state machines: fields whose strings `{% ... %}` are expressions, at
 * any depth of a template; AWS's diagnostics when a definition is created, AWS's words when an
 * expression fails. The language itself is behind jsonata.h.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "query/jsonata/jsonata.h"
#include "query/query.h"

#define QUERY_ERROR "States.QueryEvaluationError"

enum part_kind { PART_VALUE, PART_EXPRESSION, PART_OBJECT, PART_ARRAY };

/* A compiled field, or part of one. Parts without an expression inside are values. */
struct part {
  enum part_kind kind;
  struct ms_json key;         /* of an object's member: string; else NONE */
  struct ms_json value;       /* VALUE */
  struct ms_jsonata *program; /* EXPRESSION */
  struct part *parts;         /* OBJECT, ARRAY */
  size_t count;
};

struct jsonata_query {
  struct ms_query query; /* first */
  struct ms_json field;  /* string: the field's name in messages */
  struct part root;
};

/* ---- compilation ---- */

struct compiler {
  const struct ms_query_source *source;
  ms_query_report_cb report;
  void *user;
  struct ms_buf pointer;
  bool has_problems;
};

static int compile_part(struct part *out, struct compiler *c, struct ms_json value);

static void part_deinit(struct part *part)
{
  for (size_t i = 0; i < part->count; i++) {
    part_deinit(&part->parts[i]);
  }
  ms_free(part->parts);
  ms_jsonata_free(part->program);
  ms_json_unref(part->key);
  ms_json_unref(part->value);
}

static int report(struct compiler *c, const char *code, struct ms_str message, const char *hint)
{
  if (c->pointer.error != 0) {
    return ms_error_nomem();
  }
  c->has_problems = true;
  c->report(code, ms_buf_view(&c->pointer), message, ms_str_c(hint), c->user);
  return 0;
}

struct check {
  struct compiler *compiler;
  int err;
};

static void report_reference(struct ms_str name, bool is_member, void *user)
{
  struct check *check = user;
  struct ms_buf text;
  ms_buf_init(&text, 4096);
  if (is_member) {
    ms_buf_printf(&text, "Field '$states.%.*s' does not exist.", MS_STR_ARG(name));
  } else {
    ms_buf_printf(&text, "Reference to '%.*s' at the top level is not supported.",
                  MS_STR_ARG(name));
  }
  if (text.error != 0) {
    check->err = ms_error_nomem();
  } else {
    int err = report(check->compiler, "UNSUPPORTED_JSONATA_EXPRESSION", ms_buf_view(&text),
                     is_member ? "$states has input and context; result and errorOutput only where "
                                 "there is one"
                               : "data is reached through $states.input and variables");
    check->err = err != 0 ? err : check->err;
  }
  ms_buf_deinit(&text);
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

static int compile_expression(struct part *out, struct compiler *c, struct ms_str text)
{
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  int code = ms_jsonata_compile(&out->program, text, MS_JSONATA_2_0, &error);
  if (code == MS_FAILED) {
    code = report(c, "INVALID_JSONATA_EXPRESSION", ms_json_text(error.message), NULL);
    ms_jsonata_error_deinit(&error);
    return code;
  }
  if (code != 0) {
    return code;
  }
  out->kind = PART_EXPRESSION;
  struct check check = {c, 0};
  code = ms_jsonata_check(out->program, c->source->allow, report_reference, &check);
  return code != 0 ? code : check.err;
}

static int compile_string(struct part *out, struct compiler *c, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  struct ms_str expression;
  if (expression_text(&expression, text)) {
    return compile_expression(out, c, expression);
  }
  bool opens = ms_str_has_prefix(text, "{%");
  if (opens || ms_str_has_suffix(text, "%}")) {
    return report(c, "INVALID_JSONATA_EXPRESSION",
                  opens ? MS_STR("JSONata expression is not terminated by '%}'")
                        : MS_STR("JSONata expression does not begin with '{%'"),
                  "write {% expression %}, with nothing outside");
  }
  out->value = ms_json_ref(value);
  return 0;
}

/* A container whose parts are all values is a value. */
static void fold(struct part *out, struct ms_json value)
{
  for (size_t i = 0; i < out->count; i++) {
    if (out->parts[i].kind != PART_VALUE) {
      return;
    }
  }
  part_deinit(out);
  *out = (struct part){.value = ms_json_ref(value)};
}

static int compile_container(struct part *out, struct compiler *c, struct ms_json value)
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
  fold(out, value);
  return 0;
}

static int compile_part(struct part *out, struct compiler *c, struct ms_json value)
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

static void query_free(struct ms_query *query)
{
  struct jsonata_query *q = (struct jsonata_query *)query;
  part_deinit(&q->root);
  ms_json_unref(q->field);
  ms_free(q);
}

static int compile_field(struct jsonata_query *q, struct compiler *c)
{
  struct ms_json value = c->source->value;
  struct ms_str text;
  ms_buf_str(&c->pointer, c->source->pointer);
  if (c->source->kind != MS_QUERY_TEMPLATE &&
      (!ms_json_is_string(value) || !expression_text(&text, ms_json_text(value)))) {
    return report(c, "SCHEMA_VALIDATION_FAILED", MS_STR("Expected a JSONata expression"),
                  "write {% expression %}");
  }
  return compile_part(&q->root, c, value);
}

static int query_compile(struct ms_query **out, const struct ms_query_lang *lang,
                         const struct ms_query_source *source, ms_query_report_cb report_cb,
                         void *user)
{
  *out = NULL;
  struct jsonata_query *q = ms_calloc(1, sizeof *q);
  if (q == NULL) {
    return ms_error_nomem();
  }
  struct compiler c = {source, report_cb, user, {0}, false};
  ms_buf_init(&c.pointer, MS_BUF_MAX_DEFAULT);
  q->query = (struct ms_query){lang, source->kind};
  q->field = ms_json_string(source->field);
  int err = ms_json_is_none(q->field) ? ms_error_nomem() : compile_field(q, &c);
  if (err == 0 && c.pointer.error != 0) {
    err = ms_error_nomem();
  }
  ms_buf_deinit(&c.pointer);
  if (err == 0 && c.has_problems) {
    err = ms_error(MSTEP_EDEFINITION, "invalid JSONata expression");
  }
  if (err != 0) {
    query_free(&q->query);
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

struct evaluation {
  const struct jsonata_query *query;
  struct ms_query_env *env;
  struct ms_failure *failure;
};

/* Fills the failure: the expression, the field and what is wrong with it. */
static int fail(struct evaluation *e, const struct place *place, const char *separator,
                const char *code, struct ms_str message)
{
  struct ms_buf field;
  ms_buf_init(&field, MS_BUF_MAX_DEFAULT);
  ms_buf_str(&field, ms_json_text(e->query->field));
  put_place(&field, place);
  struct ms_str text = ms_jsonata_text(place->part->program);
  int err = field.error != 0
                ? ms_error_nomem()
                : ms_fail(e->failure, QUERY_ERROR,
                          "The JSONata expression '%.*s' specified for the field '%.*s' %s%s%.*s",
                          MS_STR_ARG(text), (int)field.len, field.data, separator, code,
                          MS_STR_ARG(message));
  if (err == MS_FAILED) {
    e->failure->location = ms_json_string(ms_buf_view(&field));
    if (ms_json_is_none(e->failure->location)) {
      err = ms_error_nomem();
    }
  }
  ms_buf_deinit(&field);
  return err;
}

static int fail_error(struct evaluation *e, const struct place *place,
                      struct ms_jsonata_error *error)
{
  int err;
  struct ms_str message = ms_json_text(error->message);
  if (error->is_result_type) {
    err = fail(e, place, "returned an unsupported result type.", "", MS_STR(""));
  } else if (error->code[0] == '\0') {
    err = fail(e, place, "threw an error during evaluation: ", "", message);
  } else {
    char code[12];
    memcpy(code, error->code, sizeof error->code);
    memcpy(code + strlen(code), ": ", 3);
    err = fail(e, place, "threw an error during evaluation. ", code, message);
  }
  ms_jsonata_error_deinit(error);
  return err;
}

static int eval_expression(struct ms_json *out, struct evaluation *e, const struct place *place)
{
  struct ms_query_env *env = e->env;
  struct ms_jsonata_env jsonata = {
      .arena = env->arena,
      .random = env->random,
      .now_ms = env->now_ms,
      .limits = env->limits,
      .query = env,
  };
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  int code = ms_jsonata_eval(out, place->part->program, &jsonata, &error);
  if (code == MS_FAILED) {
    return fail_error(e, place, &error);
  }
  if (code == 0 && ms_json_is_none(*out)) {
    return fail(e, place, "returned nothing (undefined).", "", MS_STR(""));
  }
  return code;
}

static int eval_part(struct ms_json *out, struct evaluation *e, const struct place *place)
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

static int query_eval(struct ms_json *out, const struct ms_query *query, struct ms_query_env *env,
                      struct ms_failure *failure)
{
  const struct jsonata_query *q = (const struct jsonata_query *)query;
  struct evaluation e = {q, env, failure};
  struct place place = {NULL, &q->root, 0};
  *out = MS_JSON_VALUE_NONE;
  return eval_part(out, &e, &place);
}

/* ---- the rest of the contract ---- */

struct references {
  ms_query_reference_cb cb;
  void *user;
};

static void pass_reference(struct ms_str name, void *user)
{
  const struct references *references = user;
  if (!ms_str_is(name, "states")) {
    references->cb(name, references->user);
  }
}

static void part_references(const struct part *part, struct references *references)
{
  if (part->program != NULL) {
    ms_jsonata_references(part->program, pass_reference, references);
  }
  for (size_t i = 0; i < part->count; i++) {
    part_references(&part->parts[i], references);
  }
}

static void query_references(const struct ms_query *query, ms_query_reference_cb cb, void *user)
{
  struct references references = {cb, user};
  part_references(&((const struct jsonata_query *)query)->root, &references);
}

static struct ms_str query_text(const struct ms_query *query)
{
  const struct jsonata_query *q = (const struct jsonata_query *)query;
  return q->root.kind == PART_EXPRESSION ? ms_jsonata_text(q->root.program) : MS_STR("");
}

const struct ms_query_lang ms_query_jsonata = {
    .name = "JSONata",
    .compile = query_compile,
    .eval = query_eval,
    .references = query_references,
    .free = query_free,
    .text = query_text,
};
