/* engine/query/jsonpath/jsonpath.c: kinds of fields, diagnostics, lookups */
#include "base/error.h"
#include "evaluate.h"
#include "mt.h"

static void check_problem(enum ms_query_kind kind, const char *field, const char *value_json,
                          const char *problem)
{
  struct evaluation e;
  struct ms_query *query;
  struct ms_json value;
  mt_leak_begin();
  mt_eq_int(ms_json_parse(&value, ms_str_c(value_json), NULL, NULL), 0);
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  int err = evaluation_compile(&query, &e, kind, field, value);
  if (err != (problem[0] == '\0' ? 0 : MSTEP_EDEFINITION) ||
      strcmp(e.problems.data == NULL ? "" : e.problems.data, problem) != 0) {
    mt_report("%s %s: %d %s", field, value_json, err, e.problems.data);
  }
  ms_query_free(query);
  ms_json_unref(value);
  evaluation_deinit(&e);
  mt_leak_end();
}

MT_TEST(jsonpath__checks_the_kind_of_field)
{
  static const char path[] = "SCHEMA_VALIDATION_FAILED at /F: Value is not a valid JSONPath\n";
  static const char reference[] = "SCHEMA_VALIDATION_FAILED at /F: Value is not a Reference Path\n";
  static const char call[] = "SCHEMA_VALIDATION_FAILED at /F: The value for the field 'ErrorPath' "
                             "must be a valid JSONPath or a "
                             "valid intrinsic function call\n";
  check_problem(MS_QUERY_PATH, "InputPath", "\"$.a[*]\"", "");
  check_problem(MS_QUERY_PATH, "InputPath", "\"$.a.length()\"", "");
  check_problem(MS_QUERY_PATH, "InputPath", "\"a\"", path);
  check_problem(MS_QUERY_PATH, "InputPath", "7", path);
  check_problem(MS_QUERY_PATH, "InputPath", "\"States.UUID()\"", path);
  check_problem(MS_QUERY_REFERENCE_PATH, "ItemsPath", "\"$.a['b'][0]\"", "");
  check_problem(MS_QUERY_REFERENCE_PATH, "ItemsPath", "\"$$.a\"", "");
  check_problem(MS_QUERY_REFERENCE_PATH, "ItemsPath", "\"$v.a\"", "");
  check_problem(MS_QUERY_REFERENCE_PATH, "ItemsPath", "\"$.a[*]\"", reference);
  check_problem(MS_QUERY_REFERENCE_PATH, "ItemsPath", "\"$..a\"", reference);
  check_problem(MS_QUERY_REFERENCE_PATH, "ItemsPath", "\"$.a[0:1]\"", reference);
  check_problem(MS_QUERY_REFERENCE_PATH, "ItemsPath", "\"$.a,b\"", reference);
  check_problem(MS_QUERY_REFERENCE_PATH, "ItemsPath", "\"$.a.length()\"", reference);
  check_problem(MS_QUERY_REFERENCE_PATH, "ResultPath", "\"$.a\"", "");
  check_problem(MS_QUERY_REFERENCE_PATH, "ResultPath", "\"$$.a\"", reference);
  check_problem(MS_QUERY_REFERENCE_PATH, "ResultPath", "\"$v\"", reference);
  check_problem(MS_QUERY_PATH_OR_CALL, "ErrorPath", "\"$.a\"", "");
  check_problem(MS_QUERY_PATH_OR_CALL, "ErrorPath", "\"States.Format('{}', $.a)\"", "");
  check_problem(MS_QUERY_PATH_OR_CALL, "ErrorPath", "\"States.MathAdd(1, 2)\"", call);
  check_problem(MS_QUERY_PATH_OR_CALL, "ErrorPath", "\"States.Format(\"", call);
  check_problem(MS_QUERY_PATH_OR_CALL, "ErrorPath", "\"$.a[*]\"", call);
}

MT_TEST(jsonpath__has_no_expressions)
{
  struct evaluation e;
  struct ms_query *query;
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  mt_eq_int(evaluation_compile(&query, &e, MS_QUERY_EXPRESSION, "Output", MS_JSON_VALUE_NULL),
            MSTEP_EINVALID);
  mt_ok(query == NULL);
  evaluation_deinit(&e);
}

/* Fail's paths are worded like a template's members. */
MT_TEST(jsonpath__words_a_miss_by_the_kind_of_field)
{
  struct evaluation e;
  struct ms_json value;
  struct ms_json text = ms_json_cstring("$.x");
  mt_eq_int(evaluation_init(&e, "{\"a\": 1}", NULL, NULL), 0);
  mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH_OR_CALL, "CausePath", text), MS_FAILED);
  mt_eq_json(e.failure.error, "\"States.Runtime\"");
  mt_eq_json(e.failure.cause,
             "\"The JSONPath '$.x' specified for the field 'CausePath' could not be found "
             "in the input '{\\\"a\\\":1}'\"");
  mt_eq_int(evaluate(&value, &e, MS_QUERY_REFERENCE_PATH, "SecondsPath", text), MS_FAILED);
  mt_eq_json(e.failure.cause, "\"Invalid path '$.x' : No results for path: $['x']\"");
  ms_json_unref(text);
  text = ms_json_cstring("States.Format('<{}>', $.a)");
  mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH_OR_CALL, "CausePath", text), 0);
  mt_eq_json(value, "\"<1>\"");
  ms_json_unref(value);
  ms_json_unref(text);
  evaluation_deinit(&e);
}

static struct ms_query *compile(struct evaluation *e, enum ms_query_kind kind, const char *json)
{
  struct ms_query *query;
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_str_c(json), NULL, NULL), 0);
  mt_eq_int(evaluation_compile(&query, e, kind, "F", value), 0);
  ms_json_unref(value);
  return query;
}

MT_TEST(jsonpath__looks_up_without_a_failure)
{
  struct evaluation e;
  struct ms_json value;
  mt_eq_int(evaluation_init(&e, "{\"a\":[1]}", NULL, NULL), 0);
  struct ms_query *query = compile(&e, MS_QUERY_PATH, "\"$.a[0]\"");
  mt_eq_int(ms_jsonpath_lookup(&value, query, &e.env), 0);
  mt_eq_json(value, "1");
  ms_query_free(query);
  query = compile(&e, MS_QUERY_PATH, "\"$.b.c\"");
  mt_eq_int(ms_jsonpath_lookup(&value, query, &e.env), MSTEP_ENOTFOUND);
  mt_ok(ms_json_is_none(value));
  mt_eq_mem(ms_jsonpath_text(query).data, ms_jsonpath_text(query).len, "$.b.c");
  ms_query_free(query);
  query = compile(&e, MS_QUERY_PATH, "\"$nothing\"");
  mt_eq_int(ms_jsonpath_lookup(&value, query, &e.env), MSTEP_ENOTFOUND);
  ms_query_free(query);
  query = compile(&e, MS_QUERY_PATH_OR_CALL, "\"States.UUID()\"");
  mt_eq_int(ms_jsonpath_lookup(&value, query, &e.env), MSTEP_EINVALID);
  mt_eq_mem(ms_query_text(query).data, ms_query_text(query).len, "States.UUID()");
  ms_query_free(query);
  query = compile(&e, MS_QUERY_TEMPLATE, "{}");
  mt_eq_int(ms_jsonpath_text(query).len, 0);
  ms_query_free(query);
  evaluation_deinit(&e);
}

static void add_name(struct ms_str name, void *user)
{
  ms_buf_printf(user, "%.*s ", MS_STR_ARG(name));
}

MT_TEST(jsonpath__tells_which_variables_it_refers_to)
{
  static const char *const rows[][2] = {
      {"{\"a.$\":\"$x.y\",\"b\":\"$no\",\"c\":[{\"d.$\":\"$z\"}],\"e.$\":\"$.x\",\"f.$\":\"$$."
       "State\"}",
       "x z "},
      {"{\"a.$\":\"States.Format('{}{}', $p, States.MathAdd($q.n, 1))\"}", "p q "},
      {"{\"a.$\":\"$x[?(@.y == $.z)]\"}", "x "},
      {"{}", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct evaluation e;
    struct ms_buf names;
    ms_buf_init(&names, 1000);
    mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
    struct ms_query *query = compile(&e, MS_QUERY_TEMPLATE, rows[i][0]);
    ms_query_references(query, add_name, &names);
    mt_eq_mem(names.data, names.len, rows[i][1]);
    ms_query_free(query);
    ms_buf_deinit(&names);
    evaluation_deinit(&e);
  }
}
