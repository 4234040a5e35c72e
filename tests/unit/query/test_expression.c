/*
 * engine/query/expression.c with a language whose expressions are decimal numbers: "7" is 7, "-" has no value, "!"
 * fails, anything else is no expression.
 */
#include "query/expression.h"

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"

struct number {
  char text[32];
};

static int number_compile(void **program, struct ms_expression_compiler *compiler, struct ms_str text)
{
  struct number *number = ms_calloc(1, sizeof *number);
  *program = number;
  if (number == NULL) {
    return ms_error_nomem();
  }
  if (text.len == 0 || text.len >= sizeof number->text ||
      strchr("0123456789-!", text.data[0]) == NULL) {
    return ms_expression_report(compiler, "INVALID_NUMBER", MS_STR("no number"), "count");
  }
  memcpy(number->text, text.data, text.len);
  return 0;
}

static int number_eval(struct ms_json *out, const void *program, struct ms_query_env *env,
                       struct ms_expression_evaluation *evaluation)
{
  const struct number *number = program;
  (void)env;
  *out = MS_JSON_VALUE_NONE;
  if (number->text[0] == '!') {
    return ms_expression_fail(evaluation, "is %s.", "angry");
  }
  return number->text[0] == '-' ? 0 : ms_json_parse(out, ms_str_c(number->text), NULL, NULL);
}

static void number_free(void *program)
{
  ms_free(program);
}

static void number_references(const void *program, ms_query_reference_cb cb, void *user)
{
  cb(ms_str_c(((const struct number *)program)->text), user);
}

static struct ms_str number_text(const void *program)
{
  return ms_str_c(((const struct number *)program)->text);
}

static const struct ms_expression_type number_type = {
    .name = "Number",
    .invalid_code = "INVALID_NUMBER",
    .compile = number_compile,
    .eval = number_eval,
    .free = number_free,
    .references = number_references,
    .text = number_text,
};

static int lang_compile(struct ms_query **out, const struct ms_query_lang *lang,
                        const struct ms_query_source *source, ms_query_report_cb report, void *user)
{
  return ms_expression_compile(out, lang, &number_type, source, report, user);
}

static const struct ms_query_lang lang = MS_EXPRESSION_LANG("Number", lang_compile);

static void note_problem(const char *code, struct ms_str pointer, struct ms_str message,
                         struct ms_str hint, void *user)
{
  ms_buf_printf(user, "%s %.*s %.*s (%.*s)|", code, MS_STR_ARG(pointer), MS_STR_ARG(message),
                MS_STR_ARG(hint));
}

struct answer {
  struct ms_json value;
  struct ms_failure failure;
  struct ms_buf problems;
};

static int run(struct answer *a, const char *field, enum ms_query_kind kind)
{
  struct ms_json source;
  struct ms_query *query;
  struct ms_query_env env = {0};
  *a = (struct answer){.value = MS_JSON_VALUE_NONE, .failure = MS_FAILURE_INIT};
  ms_buf_init(&a->problems, 0);
  int err = ms_json_parse(&source, ms_str_c(field), NULL, NULL);
  if (err != 0) {
    return err;
  }
  const struct ms_query_source what = {
      .value = source, .kind = kind, .field = MS_STR("Output"), .pointer = MS_STR("/O")};
  err = lang.compile(&query, &lang, &what, note_problem, &a->problems);
  if (err == 0) {
    err = ms_query_eval(&a->value, query, &env, &a->failure);
    ms_query_free(query);
  }
  ms_json_unref(source);
  return err;
}

static void answer_deinit(struct answer *a)
{
  ms_json_unref(a->value);
  ms_failure_deinit(&a->failure);
  ms_buf_deinit(&a->problems);
}

static void check_value(const char *field, const char *expected)
{
  struct answer a;
  mt_eq_int(run(&a, field, MS_QUERY_TEMPLATE), 0);
  mt_eq_json(a.value, expected);
  answer_deinit(&a);
}

static void check_failure(const char *field, const char *location, const char *cause)
{
  struct answer a;
  mt_eq_int(run(&a, field, MS_QUERY_TEMPLATE), MS_FAILED);
  struct ms_str got = ms_json_text(a.failure.location);
  mt_eq_json(a.failure.error, "\"States.QueryEvaluationError\"");
  mt_eq_mem(got.data, got.len, location);
  got = ms_json_text(a.failure.cause);
  mt_eq_mem(got.data, got.len, cause);
  answer_deinit(&a);
}

static void check_problems(const char *field, enum ms_query_kind kind, const char *expected)
{
  struct answer a;
  mt_eq_int(run(&a, field, kind), MSTEP_EDEFINITION);
  mt_eq_mem(a.problems.data, a.problems.len, expected);
  answer_deinit(&a);
}

MT_TEST(expression__templates)
{
  mt_leak_begin();
  check_value("\"{% 7 %}\"", "7");
  check_value("\"{%7%}\"", "7");
  check_value("\"{%\\n 7\\t%}\"", "7");
  check_value("\" {% 7 %} \"", "\" {% 7 %} \"");
  check_value("{\"b\":[1,\"{% 2 %}\",{\"c\":\"{% 3 %}\"}],\"{% 4 %}\":null,\"a.$\":\"$.x\"}",
              "{\"b\":[1,2,{\"c\":3}],\"{% 4 %}\":null,\"a.$\":\"$.x\"}");
  check_value("[[],{},\"\",true]", "[[],{},\"\",true]");
  mt_leak_end();
}

MT_TEST(expression__failures_name_their_place)
{
  check_failure("\"{% ! %}\"", "Output",
                "The Number expression '!' specified for the field 'Output' is angry.");
  check_failure("[{\"k\":[0,\"{% - %}\"]}]", "Output[0]/k[1]",
                "The Number expression '-' specified for the field 'Output[0]/k[1]' returned nothing "
                "(undefined).");
}

MT_TEST(expression__problems_name_their_place)
{
  check_problems("{\"a/b\":[\"{% x %}\",\"{% y\",\"z %}\"]}", MS_QUERY_TEMPLATE,
                 "INVALID_NUMBER /O/a~1b/0 no number (count)|"
                 "INVALID_NUMBER /O/a~1b/1 Number expression is not terminated by '%}' (write {% "
                 "expression %}, with nothing outside)|"
                 "INVALID_NUMBER /O/a~1b/2 Number expression does not begin with '{%' (write {% "
                 "expression %}, with nothing outside)|");
  check_problems("{\"a\":1}", MS_QUERY_EXPRESSION,
                 "SCHEMA_VALIDATION_FAILED /O Expected a Number expression (write {% expression %}, "
                 "with nothing outside)|");
}

static void add_name(struct ms_str name, void *user)
{
  ms_buf_printf(user, "%.*s ", MS_STR_ARG(name));
}

MT_TEST(expression__text_and_references)
{
  struct ms_buf names;
  struct ms_query *query;
  struct ms_json source;
  ms_buf_init(&names, 0);
  mt_eq_int(ms_json_parse(&source, MS_STR("{\"a\":[\"{% 1 %}\",{\"b\":\"{% 2 %}\"}]}"), NULL, NULL), 0);
  struct ms_query_source what = {.value = source, .kind = MS_QUERY_TEMPLATE, .field = MS_STR("F")};
  mt_eq_int(lang.compile(&query, &lang, &what, note_problem, &names), 0);
  ms_query_references(query, add_name, &names);
  mt_eq_str(names.data, "1 2 ");
  mt_eq_int(ms_query_text(query).len, 0);
  ms_query_free(query);
  ms_json_unref(source);
  ms_buf_deinit(&names);
}

static int run_under_failure(void *user)
{
  struct answer a;
  int err = run(&a, user, MS_QUERY_TEMPLATE);
  answer_deinit(&a);
  return err == MS_FAILED || err == MSTEP_EDEFINITION ? 0 : err;
}

MT_TEST(expression__out_of_memory)
{
  mt_oom(run_under_failure, (void *)(uintptr_t) "{\"a\":[1,\"{% 2 %}\",{\"c\":\"{% 3 %}\"}]}");
  mt_oom(run_under_failure, (void *)(uintptr_t) "{\"a\":[1,\"{% ! %}\"]}");
  mt_oom(run_under_failure, (void *)(uintptr_t) "{\"a\":[1,\"{% x %}\",\"{% y\"]}");
}
