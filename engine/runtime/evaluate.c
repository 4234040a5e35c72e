/*
 * Expressions by themselves, for those who try them: `mstep eval`. Outside of a machine there is no
 * Context Object and no result; input and variables are what the caller gives.
 */
#include <stdio.h>

#include "base/error.h"
#include "query/expression.h"
#include "query/jsonata/jsonata.h"
#include "runtime/internal.h"

#define FIELD "expression" /* what messages call the field */
#define TEXT_MAX_BYTES ((size_t)16 << 20)

/* What one evaluation sees. */
struct sight {
  struct ms_query_env env; /* env.user: this */
  struct ms_json variables;
  struct ms_json context;
};

static struct ms_json sight_context(struct ms_query_env *env)
{
  return ((struct sight *)env->user)->context;
}

static struct ms_json sight_variable(struct ms_query_env *env, struct ms_str name)
{
  return ms_json_get(((struct sight *)env->user)->variables, name);
}

static void sight_deinit(struct sight *sight)
{
  ms_json_unref(sight->env.input);
  ms_json_unref(sight->variables);
  ms_json_unref(sight->context);
}

static int parse_given(struct ms_json *out, struct ms_str text, const char *what)
{
  int err = ms_json_parse(out, text.data == NULL ? MS_STR("{}") : text, NULL, NULL);
  return err == MSTEP_ESYNTAX ? ms_error(err, "%s: %s", what, ms_error_detail()) : err;
}

static int sight_init(struct sight *sight, struct ms_engine *engine,
                      const struct ms_engine_expression *expression)
{
  *sight = (struct sight){.context = ms_json_object(0)};
  sight->env = (struct ms_query_env){.arena = engine->arena,
                                     .random = &engine->random,
                                     .now_ms = ms_engine_now_ms(engine),
                                     .context = sight_context,
                                     .variable = sight_variable,
                                     .user = sight,
                                     .limits = &engine->limits.query};
  int err = ms_json_is_none(sight->context) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0) {
    err = parse_given(&sight->env.input, expression->input, "input");
  }
  if (err == 0) {
    err = parse_given(&sight->variables, expression->variables, "variables");
  }
  if (err == 0 && !ms_json_is_object(sight->variables)) {
    err = ms_error(MSTEP_EINVALID, "the variables are no object");
  }
  if (err != 0) {
    sight_deinit(sight);
  }
  return err;
}

/* ---- JSONata, by its own door: there `$` is the input, and the dialect can be chosen ---- */

/* `{%` and `%}` and what is blank around the expression. */
static struct ms_str without_delimiters(struct ms_str text)
{
  size_t from = 0;
  size_t to = text.len;
  if (text.len >= 4 && ms_str_has_prefix(text, "{%") && ms_str_has_suffix(text, "%}")) {
    from = 2;
    to -= 2;
  }
  while (from < to && strchr(" \t\r\n", text.data[from]) != NULL) {
    from++;
  }
  while (to > from && strchr(" \t\r\n", text.data[to - 1]) != NULL) {
    to--;
  }
  return ms_str_sub(text, from, to);
}

static int jsonata_error(int code, struct ms_jsonata_error *error)
{
  char position[48] = "";
  struct ms_str message = ms_json_text(error->message);
  if (error->has_position) {
    snprintf(position, sizeof position, " (position %u)", (unsigned)error->position);
  }
  int err = error->is_result_type
                ? ms_error(code, "the result is a function")
                : ms_error(code, "%s%s%.*s%s", error->code, error->code[0] == '\0' ? "" : ": ",
                           MS_STR_ARG(message), position);
  ms_jsonata_error_deinit(error);
  return err;
}

static int read_dialect(enum ms_jsonata_version *version, struct ms_str dialect)
{
  *version = ms_str_is(dialect, "latest") ? MS_JSONATA_2_2 : MS_JSONATA_2_0;
  if (dialect.data != NULL && *version == MS_JSONATA_2_0 && !ms_str_is(dialect, "2.0.6")) {
    return ms_error(MSTEP_EUNSUPPORTED, "JSONata '%.*s' is neither 2.0.6 nor latest",
                    MS_STR_ARG(dialect));
  }
  return MSTEP_OK;
}

static int evaluate_jsonata(struct ms_json *out, struct sight *sight,
                            const struct ms_engine_expression *expression)
{
  enum ms_jsonata_version version;
  struct ms_jsonata *program;
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  int err = read_dialect(&version, expression->dialect);
  if (err != 0) {
    return err;
  }
  err = ms_jsonata_compile(&program, without_delimiters(expression->text), version, &error);
  if (err != 0) {
    return err == MS_FAILED ? jsonata_error(MSTEP_EDEFINITION, &error) : err;
  }
  struct ms_jsonata_env env = {.arena = sight->env.arena,
                               .random = sight->env.random,
                               .now_ms = sight->env.now_ms,
                               .input = sight->env.input,
                               .limits = sight->env.limits,
                               .query = &sight->env};
  err = ms_jsonata_eval(out, program, &env, &error);
  ms_jsonata_free(program);
  return err == MS_FAILED ? jsonata_error(MSTEP_EEXPRESSION, &error) : err;
}

/* ---- JSONPath and Lua, as fields ---- */

static void note_problem(const char *code, struct ms_str pointer, struct ms_str message,
                         struct ms_str hint, void *user)
{
  struct ms_buf *first = user;
  (void)code;
  (void)pointer;
  if (first->len == 0) {
    ms_buf_str(first, message);
    if (hint.len > 0) {
      ms_buf_printf(first, " (%.*s)", MS_STR_ARG(hint));
    }
  }
}

/* The field is called as the caller never called it: what comes behind its name says all. */
static int query_failure(const struct ms_failure *failure)
{
  static const char named[] = " specified for the field '" FIELD "' ";
  static const char threw[] = "threw an error during evaluation: ";
  struct ms_str cause = ms_json_text(failure->cause);
  for (size_t i = 0; i + sizeof named - 1 <= cause.len; i++) {
    if (memcmp(cause.data + i, named, sizeof named - 1) == 0) {
      struct ms_str rest = ms_str_sub(cause, i + sizeof named - 1, cause.len);
      size_t skip = ms_str_has_prefix(rest, threw) ? sizeof threw - 1 : 0;
      return ms_error(MSTEP_EEXPRESSION, "%.*s", MS_STR_ARG(ms_str_sub(rest, skip, rest.len)));
    }
  }
  return ms_error(MSTEP_EEXPRESSION, "%.*s", MS_STR_ARG(cause));
}

static int evaluate_query(struct ms_json *out, struct sight *sight, const struct ms_query_lang *lang,
                          enum ms_query_kind kind, struct ms_json field)
{
  struct ms_query_source source = {.value = field, .kind = kind, .field = MS_STR(FIELD)};
  struct ms_query *query;
  struct ms_buf problem;
  struct ms_failure failure = MS_FAILURE_INIT;
  ms_buf_init(&problem, TEXT_MAX_BYTES);
  int err = lang->compile(&query, lang, &source, note_problem, &problem);
  if (err == MSTEP_EDEFINITION && problem.error == 0) {
    err = ms_error(err, "%.*s", MS_STR_ARG(ms_buf_view(&problem)));
  } else if (err == 0) {
    err = kind == MS_QUERY_EXPRESSION
              ? ms_expression_eval_optional(out, query, &sight->env, &failure)
              : ms_query_eval(out, query, &sight->env, &failure);
    ms_query_free(query);
  }
  if (err == MS_FAILED) {
    err = query_failure(&failure);
  }
  ms_failure_deinit(&failure);
  ms_buf_deinit(&problem);
  return err;
}

static int evaluate_lua(struct ms_json *out, struct sight *sight, const struct ms_query_lang *lang,
                        struct ms_str text)
{
  struct ms_str inner = without_delimiters(text);
  struct ms_json field = ms_json_stringf("{%%%.*s%%}", MS_STR_ARG(inner));
  int err = ms_json_is_none(field) ? ms_error_nomem()
                                   : evaluate_query(out, sight, lang, MS_QUERY_EXPRESSION, field);
  ms_json_unref(field);
  return err;
}

/* A path by itself; a call of an intrinsic function as the member of a template. */
static int evaluate_jsonpath(struct ms_json *out, struct sight *sight, struct ms_str text)
{
  const struct ms_query_lang *lang = ms_query_lang_find(MS_STR("JSONPath"));
  struct ms_str inner = without_delimiters(text);
  struct ms_json path = ms_json_string(inner);
  struct ms_json whole = MS_JSON_VALUE_NONE;
  int err = ms_json_is_none(path) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && ms_str_has_prefix(inner, "$")) {
    err = evaluate_query(out, sight, lang, MS_QUERY_PATH, path);
  } else if (err == 0) {
    struct ms_json template = ms_json_object(1);
    err = ms_json_setc(&template, FIELD ".$", ms_json_ref(path));
    err = err != 0 ? err : evaluate_query(&whole, sight, lang, MS_QUERY_TEMPLATE, template);
    *out = ms_json_ref(ms_json_getc(whole, FIELD));
    ms_json_unref(template);
  }
  ms_json_unref(whole);
  ms_json_unref(path);
  return err;
}

int ms_engine_evaluate(struct ms_buf *out, struct ms_engine *engine,
                       const struct ms_engine_expression *expression)
{
  bool is_lua = ms_str_is(expression->language, engine->langs[0]->name);
  if (!is_lua && ms_query_lang_find(expression->language) == NULL) {
    return ms_error(MSTEP_EUNSUPPORTED, "'%.*s' is no query language: JSONPath, JSONata or Lua",
                    MS_STR_ARG(expression->language));
  }
  struct sight sight;
  struct ms_json value = MS_JSON_VALUE_NONE;
  int err = sight_init(&sight, engine, expression);
  if (err != 0) {
    return err;
  }
  struct ms_arena_mark mark = ms_arena_mark(engine->arena);
  if (is_lua) {
    err = evaluate_lua(&value, &sight, engine->langs[0], expression->text);
  } else if (ms_str_is(expression->language, "JSONata")) {
    err = evaluate_jsonata(&value, &sight, expression);
  } else {
    err = evaluate_jsonpath(&value, &sight, expression->text);
  }
  ms_arena_rewind(engine->arena, mark);
  if (err == 0) {
    ms_json_print(out, value);
    err = out->error;
  }
  ms_json_unref(value);
  sight_deinit(&sight);
  return err;
}
