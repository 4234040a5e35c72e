/*
 * JSONata as a query language of state machines: what is to be told when a definition is created, and
 * AWS's words when an expression fails. Fields and templates are query/expression.c's; the language
 * itself is behind jsonata.h.
 */
#include "base/error.h"
#include "query/expression.h"
#include "query/jsonata/jsonata.h"

/* ---- compilation ---- */

struct check {
  struct ms_expression_compiler *compiler;
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
    const char *hint = is_member
                           ? "$states has input and context; result and errorOutput only where "
                             "there is one"
                           : "data is reached through $states.input and variables";
    int err = ms_expression_report(check->compiler, "UNSUPPORTED_JSONATA_EXPRESSION",
                                   ms_buf_view(&text), hint);
    check->err = err != 0 ? err : check->err;
  }
  ms_buf_deinit(&text);
}

static int expression_compile(void **program, struct ms_expression_compiler *compiler,
                              struct ms_str text)
{
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  struct ms_jsonata *jsonata;
  int code = ms_jsonata_compile(&jsonata, text, MS_JSONATA_2_0, &error);
  *program = jsonata;
  if (code == MS_FAILED) {
    code = ms_expression_report(compiler, "INVALID_JSONATA_EXPRESSION", ms_json_text(error.message),
                                NULL);
    ms_jsonata_error_deinit(&error);
    return code;
  }
  if (code != 0) {
    return code;
  }
  struct check check = {compiler, 0};
  code = ms_jsonata_check(jsonata, ms_expression_allow(compiler), report_reference, &check);
  return code != 0 ? code : check.err;
}

/* ---- evaluation ---- */

static int fail_error(struct ms_expression_evaluation *evaluation, struct ms_jsonata_error *error)
{
  int err;
  struct ms_str message = ms_json_text(error->message);
  if (error->is_result_type) {
    err = ms_expression_fail(evaluation, "returned an unsupported result type.");
  } else if (error->code[0] == '\0') {
    err = ms_expression_fail(evaluation, "threw an error during evaluation: %.*s",
                             MS_STR_ARG(message));
  } else {
    err = ms_expression_fail(evaluation, "threw an error during evaluation. %s: %.*s", error->code,
                             MS_STR_ARG(message));
  }
  ms_jsonata_error_deinit(error);
  return err;
}

static int expression_eval(struct ms_json *out, const void *program, struct ms_query_env *env,
                           struct ms_expression_evaluation *evaluation)
{
  struct ms_jsonata_env jsonata = {
      .arena = env->arena,
      .random = env->random,
      .now_ms = env->now_ms,
      .limits = env->limits,
      .query = env,
  };
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  int code = ms_jsonata_eval(out, program, &jsonata, &error);
  return code == MS_FAILED ? fail_error(evaluation, &error) : code;
}

/* ---- the rest of the contract ---- */

static void expression_free(void *program)
{
  ms_jsonata_free(program);
}

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

static void expression_references(const void *program, ms_query_reference_cb cb, void *user)
{
  struct references references = {cb, user};
  ms_jsonata_references(program, pass_reference, &references);
}

static struct ms_str expression_text(const void *program)
{
  return ms_jsonata_text(program);
}

static const struct ms_expression_type jsonata_type = {
    .name = "JSONata",
    .invalid_code = "INVALID_JSONATA_EXPRESSION",
    .compile = expression_compile,
    .eval = expression_eval,
    .free = expression_free,
    .references = expression_references,
    .text = expression_text,
};

static int jsonata_compile(struct ms_query **out, const struct ms_query_lang *lang,
                           const struct ms_query_source *source, ms_query_report_cb report,
                           void *user)
{
  return ms_expression_compile(out, lang, &jsonata_type, source, report, user);
}

const struct ms_query_lang ms_query_jsonata = MS_EXPRESSION_LANG("JSONata", jsonata_compile);
