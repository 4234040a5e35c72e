/* engine/query/template.c */
#include "base/error.h"
#include "evaluate.h"
#include "mt.h"

/* One template on one input: a value, or "!" and the whole cause. */
static void check(const char *template_json, const char *input, const char *answer)
{
  struct evaluation e;
  struct ms_json template;
  struct ms_json value;
  mt_leak_begin();
  mt_eq_int(ms_json_parse(&template, ms_str_c(template_json), NULL, NULL), 0);
  mt_eq_int(evaluation_init(&e, input, "{\"State\":{\"Name\":\"S\"}}", "{\"v\":[1,2]}"), 0);
  int err = evaluate(&value, &e, MS_QUERY_TEMPLATE, "Parameters", template);
  if (answer[0] == '!') {
    struct ms_str cause = ms_json_text(e.failure.cause);
    mt_eq_int(err, MS_FAILED);
    mt_eq_json(e.failure.error, "\"States.Runtime\"");
    mt_eq_mem(cause.data, cause.len, answer + 1);
  } else {
    mt_eq_int(err, 0);
    mt_eq_json(value, answer);
  }
  ms_json_unref(value);
  ms_json_unref(template);
  evaluation_deinit(&e);
  mt_leak_end();
}

MT_TEST(template__computes_members)
{
  check("{}", NULL, "{}");
  check("[1,\"$.a\",null]", NULL, "[1,\"$.a\",null]");
  check("\"$.a\"", NULL, "\"$.a\"");
  check("{\"a\":\"$.a\",\"b.$\":\"$.a\"}", "{\"a\":5}", "{\"a\":\"$.a\",\"b\":5}");
  check("{\"z.$\":\"$.a\",\"a.$\":\"$\"}", "{\"a\":1.0}", "{\"z\":1.0,\"a\":{\"a\":1.0}}");
  check("{\"n\":{\"m\":{\"x.$\":\"$.a\"}}}", "{\"a\":1}", "{\"n\":{\"m\":{\"x\":1}}}");
  check("{\"l\":[\"$.a\",{\"x.$\":\"$.a\"},[{\"y.$\":\"$.a\"}],\"States.UUID()\"]}", "{\"a\":1}",
        "{\"l\":[\"$.a\",{\"x\":1},[{\"y\":1}],\"States.UUID()\"]}");
  check("{\"c.$\":\"$$.State.Name\",\"v.$\":\"$v[1]\",\"l.$\":\"$.a[*]\"}", "{}",
        "{\"c\":\"S\",\"v\":2,\"l\":[]}");
  check("{\"f.$\":\"States.Format('{}-{}', $.a, $v)\"}", "{\"a\":1}", "{\"f\":\"1-[1, 2]\"}");
  check("{\".$\":\"$.a\"}", "{\"a\":1}", "{\"\":1}");
  check("{\"a$\":\"$.a\",\"$\":1}", "{}", "{\"a$\":\"$.a\",\"$\":1}");
  check("{\"a.$.$\":\"$.a\"}", "{\"a\":1}", "{\"a.$\":1}");
}

MT_TEST(template__fails_where_a_path_misses)
{
  check("{\"a\":{\"x.$\":\"$.x\"}}", "{\"a\": 1, \"b\": [true]}",
        "!The JSONPath '$.x' specified for the field 'x.$' could not be found in the input "
        "'{\"a\":1,\"b\":[true]}'");
  check("{\"x.$\":\"$$.State.X\"}", "{\"a\":1}",
        "!The JSONPath '$$.State.X' specified for the field 'x.$' could not be found in the input "
        "'{\"State\":{\"Name\":\"S\"}}'");
  check("{\"x.$\":\"$v[2]\"}", "{}",
        "!The JSONPath '$v[2]' specified for the field 'x.$' could not be found in the input "
        "'[1,2]'");
  check("{\"x.$\":\"$w.a\"}", "{}",
        "!The JSONPath '$w.a' specified for the field 'x.$' could not be evaluated: The variable "
        "'w' has no "
        "value");
  check(
      "{\"x.$\":\"$[1:5]\"}", "{}",
      "!The JSONPath '$[1:5]' specified for the field 'x.$' could not be found in the input '{}'");
}

MT_TEST(template__shares_what_is_constant)
{
  struct evaluation e;
  struct ms_query *query;
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json template;
  struct ms_json first;
  struct ms_json second;
  mt_eq_int(ms_json_parse(&template, MS_STR("{\"a\":{\"b\":[1]},\"c.$\":\"$\"}"), NULL, NULL), 0);
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  mt_eq_int(evaluation_compile(&query, &e, MS_QUERY_TEMPLATE, "Parameters", template), 0);
  mt_eq_int(ms_query_eval(&first, query, &e.env, &failure), 0);
  mt_eq_int(ms_query_eval(&second, query, &e.env, &failure), 0);
  mt_ok(ms_json_getc(first, "a").u.object == ms_json_getc(template, "a").u.object);
  mt_ok(ms_json_getc(second, "a").u.object == ms_json_getc(template, "a").u.object);
  /* A result may be changed by its owner: the definition must not be. */
  mt_eq_int(ms_json_setc(&first, "d", ms_json_int(1)), 0);
  mt_eq_json(second, "{\"a\":{\"b\":[1]},\"c\":{}}");
  ms_json_unref(first);
  ms_json_unref(second);
  ms_query_free(query);
  ms_json_unref(template);
  evaluation_deinit(&e);
}

static void check_problems(const char *template_json, const char *problems)
{
  struct evaluation e;
  struct ms_query *query;
  struct ms_json template;
  mt_eq_int(ms_json_parse(&template, ms_str_c(template_json), NULL, NULL), 0);
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  mt_eq_int(evaluation_compile(&query, &e, MS_QUERY_TEMPLATE, "Parameters", template),
            MSTEP_EDEFINITION);
  mt_ok(query == NULL);
  mt_eq_str(e.problems.data, problems);
  ms_json_unref(template);
  evaluation_deinit(&e);
}

#define MUST_BE(key)                                                                               \
  "The value for the field '" key "' must be a valid JSONPath or a valid intrinsic function "      \
                                  "call\n"

MT_TEST(template__reports_every_problem)
{
  check_problems("{\"x.$\":\"abc\"}", "SCHEMA_VALIDATION_FAILED at /F: " MUST_BE("x.$"));
  check_problems("{\"a/b\":[{\"x.$\":1}]}",
                 "SCHEMA_VALIDATION_FAILED at /F/a~1b/0: " MUST_BE("x.$"));
  check_problems(
      "{\"x.$\":\"States.Nope()\",\"y\":{\"z.$\":\"$.\"},\"w.$\":null}",
      "SCHEMA_VALIDATION_FAILED at /F: " MUST_BE(
          "x.$") "SCHEMA_VALIDATION_FAILED at /F/y: " MUST_BE("z.$") "SCHEMA_VALIDATION_FAILED at "
                                                                     "/F: " MUST_BE("w.$"));
  check_problems("{\"a\":1,\"a.$\":\"$.b\"}",
                 "SCHEMA_VALIDATION_FAILED at /F: The fields 'a' and 'a.$' give the same member\n");
}

MT_TEST(template__refuses_a_result_that_nests_too_deeply)
{
  struct evaluation e;
  struct ms_query *query;
  struct ms_json template;
  struct ms_json value;
  int err = 0;
  mt_eq_int(ms_json_parse(&template, MS_STR("{\"x.$\":\"$\"}"), NULL, NULL), 0);
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  mt_eq_int(evaluation_compile(&query, &e, MS_QUERY_TEMPLATE, "Parameters", template), 0);
  for (int i = 0; i < MS_JSON_DEPTH_MAX + 1 && err == 0; i++) {
    err = ms_query_eval(&value, query, &e.env, &e.failure);
    if (err == 0) {
      ms_json_replace(&e.env.input, value);
    }
  }
  mt_eq_int(err, MS_FAILED);
  mt_eq_json(e.failure.cause, "\"The payload template gives a value that nests too deeply\"");
  ms_query_free(query);
  ms_json_unref(template);
  evaluation_deinit(&e);
}

static int compile_and_eval(void *user)
{
  struct evaluation e;
  struct ms_json template;
  struct ms_json value = MS_JSON_VALUE_NONE;
  (void)user;
  int err = ms_json_parse(
      &template,
      MS_STR("{\"a\":{\"b\":[1,{\"c.$\":\"$.x\"}]},\"d.$\":\"States.Format('{}', $.x)\","
             "\"e.$\":\"$$\",\"f.$\":\"$.y[*]\"}"),
      NULL, NULL);
  if (err != 0) {
    return err;
  }
  err = evaluation_init(&e, "{\"x\":\"text\"}", NULL, NULL);
  if (err == 0) {
    err = evaluate(&value, &e, MS_QUERY_TEMPLATE, "Parameters", template);
    ms_json_unref(value);
    evaluation_deinit(&e);
  }
  ms_json_unref(template);
  return err;
}

static int compile_bad(void *user)
{
  struct evaluation e;
  struct ms_json template;
  struct ms_json value;
  (void)user;
  int err = ms_json_parse(&template, MS_STR("{\"a\":1,\"a.$\":\"$.b\",\"x\":{\"c.$\":\"$[\"}}"),
                          NULL, NULL);
  if (err != 0) {
    return err;
  }
  err = evaluation_init(&e, NULL, NULL, NULL);
  if (err == 0) {
    err = evaluate(&value, &e, MS_QUERY_TEMPLATE, "Parameters", template);
    evaluation_deinit(&e);
  }
  ms_json_unref(template);
  return err == MSTEP_EDEFINITION ? 0 : err;
}

static int eval_miss(void *user)
{
  struct evaluation e;
  struct ms_json template;
  struct ms_json value;
  (void)user;
  int err = ms_json_parse(&template, MS_STR("{\"a\":{\"b\":1},\"x.$\":\"$.no\"}"), NULL, NULL);
  if (err != 0) {
    return err;
  }
  err = evaluation_init(&e, NULL, NULL, NULL);
  if (err == 0) {
    err = evaluate(&value, &e, MS_QUERY_TEMPLATE, "Parameters", template);
    evaluation_deinit(&e);
  }
  ms_json_unref(template);
  return err == MS_FAILED ? 0 : err;
}

MT_TEST(template__survives_out_of_memory)
{
  mt_ok(mt_oom(compile_and_eval, NULL) > 30);
  mt_ok(mt_oom(compile_bad, NULL) > 5);
  mt_ok(mt_oom(eval_miss, NULL) > 5);
}
