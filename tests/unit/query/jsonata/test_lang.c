/* JSONata as a query language: diagnostics, results, and failures in AWS's words. */
#include "table.h"

#include "query/query.h"

extern const struct ms_query_lang ms_query_jsonata;

static const char *problems;

static void report(const char *code, struct ms_str pointer, struct ms_str message,
                   struct ms_str hint, void *user)
{
  (void)hint;
  (void)user;
  problems = mt_format("%s%s%s at %.*s: %.*s", problems, problems[0] == '\0' ? "" : "\n", code,
                       MS_STR_ARG(pointer), MS_STR_ARG(message));
}

static int compile(struct ms_query **out, const char *json, enum ms_query_kind kind, unsigned allow)
{
  struct ms_json value = table_json(json);
  struct ms_query_source source = {.value = value,
                                   .kind = kind,
                                   .allow = allow,
                                   .field = MS_STR("Output"),
                                   .pointer = MS_STR("/States/E/Output")};
  problems = "";
  int err = ms_query_jsonata.compile(out, &ms_query_jsonata, &source, report, NULL);
  ms_json_unref(value);
  return err;
}

static int contexts;

static struct ms_json context_of(struct ms_query_env *env)
{
  contexts++;
  return ms_json_getc(*(struct ms_json *)env->user, "context");
}

static struct ms_json variable_of(struct ms_query_env *env, struct ms_str name)
{
  return ms_json_get(ms_json_getc(*(struct ms_json *)env->user, "variables"), name);
}

/* The result as JSON, or `error|location|cause`. */
static const char *evaluate(const char *json, enum ms_query_kind kind)
{
  struct ms_query *query;
  int err = compile(&query, json, kind, MS_QUERY_ALLOW_RESULT);
  if (err != 0) {
    return problems;
  }
  struct ms_json world = table_json("{\"input\":{\"a\":1,\"l\":[{\"x\":1},{\"x\":2}]},\"result\":{"
                                    "\"r\":2},\"context\":{\"Execution\":{\"Id\":\"arn\"}},"
                                    "\"variables\":{\"v\":[1,2],\"t\":\"text\"}}");
  struct ms_random random;
  ms_random_seed(&random, 1);
  struct ms_query_env env = {.arena = ms_arena_new(0),
                             .random = &random,
                             .now_ms = NOW_MS,
                             .input = ms_json_getc(world, "input"),
                             .result = ms_json_getc(world, "result"),
                             .context = context_of,
                             .variable = variable_of,
                             .user = &world};
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json result;
  contexts = 0;
  err = ms_query_eval(&result, query, &env, &failure);
  const char *text = "";
  if (err == MS_FAILED) {
    struct ms_str parts[3] = {ms_json_text(failure.error), ms_json_text(failure.location),
                              ms_json_text(failure.cause)};
    text = mt_format("%.*s|%.*s|%.*s", MS_STR_ARG(parts[0]), MS_STR_ARG(parts[1]),
                     MS_STR_ARG(parts[2]));
  } else if (err == 0) {
    struct outcome o = {0, result, MS_JSONATA_ERROR_INIT};
    text = outcome_text(&o);
  }
  ms_json_unref(result);
  ms_failure_deinit(&failure);
  ms_arena_free(env.arena);
  ms_query_free(query);
  ms_json_unref(world);
  return text;
}

MT_TEST(jsonata_lang__templates)
{
  mt_eq_str(evaluate("{\"n\":\"{% $states.input.a + 1 %}\",\"l\":[1,\"{%$v[1]%}\",{\"t\":\"{% $t "
                     "%}\"}],\"k\":\"plain\"}",
                     MS_QUERY_TEMPLATE),
            "{\"n\":2,\"l\":[1,2,{\"t\":\"text\"}],\"k\":\"plain\"}");
  mt_eq_str(evaluate("\"{% $states.result.r %}\"", MS_QUERY_TEMPLATE), "2");
  mt_eq_str(evaluate("\"{% $states.input.l.x %}\"", MS_QUERY_EXPRESSION), "[1,2]");
  mt_eq_str(evaluate("\"{% null %}\"", MS_QUERY_EXPRESSION), "null");
  mt_eq_str(evaluate("\" {% 1 %}\"", MS_QUERY_TEMPLATE),
            "INVALID_JSONATA_EXPRESSION at /States/E/Output: "
            "JSONata expression does not begin with '{%'");
  mt_eq_str(evaluate("{\"a.$\":\"$.x\"}", MS_QUERY_TEMPLATE), "{\"a.$\":\"$.x\"}");
}

MT_TEST(jsonata_lang__states_is_made_of_what_is_asked_for)
{
  mt_eq_str(evaluate("\"{% $states.context.Execution.Id %}\"", MS_QUERY_EXPRESSION), "\"arn\"");
  mt_eq_int(contexts, 1);
  mt_eq_str(evaluate("\"{% $states.input.a %}\"", MS_QUERY_EXPRESSION), "1");
  mt_eq_int(contexts, 0);
  mt_eq_str(evaluate("\"{% $sort($keys($states)) %}\"", MS_QUERY_EXPRESSION),
            "[\"context\",\"input\",\"result\"]");
  mt_eq_int(contexts, 1);
}

MT_TEST(jsonata_lang__failures)
{
  mt_eq_str(evaluate("{\"x\":\"{% $missing %}\"}", MS_QUERY_TEMPLATE),
            "States.QueryEvaluationError|Output/x|The JSONata expression '$missing' specified for "
            "the field 'Output/x' "
            "returned nothing (undefined).");
  mt_eq_str(evaluate("{\"a\":{\"b\":[1,\"{% 1 + 'a' %}\"]}}", MS_QUERY_TEMPLATE),
            "States.QueryEvaluationError|Output/a/b[1]|The JSONata expression '1 + 'a'' specified "
            "for the field "
            "'Output/a/b[1]' threw an error during evaluation. T2002: The right side of the \"+\" "
            "operator must evaluate to a "
            "number");
  mt_eq_str(evaluate("\"{% $sum %}\"", MS_QUERY_EXPRESSION),
            "States.QueryEvaluationError|Output|The JSONata expression '$sum' specified for the "
            "field 'Output' returned an "
            "unsupported result type.");
  mt_eq_str(evaluate("\"{% [1..900000] ~> $count() %}\"", MS_QUERY_EXPRESSION),
            "States.QueryEvaluationError|Output|The JSONata expression '[1..900000] ~> $count()' "
            "specified for the field "
            "'Output' threw an error during evaluation: Expression evaluation memory limit "
            "exceeded: Check for excessive "
            "memory usage");
  mt_eq_str(evaluate("\"{% $eval('1+1') %}\"", MS_QUERY_EXPRESSION),
            "States.QueryEvaluationError|Output|The JSONata expression '$eval('1+1')' specified "
            "for the field 'Output' threw "
            "an error during evaluation. T1006: Attempted to invoke a non-function");
}

MT_TEST(jsonata_lang__diagnostics)
{
  struct ms_query *query;
  mt_eq_int(compile(&query, "{\"v\":\"{% phone %}\",\"w\":\"{% $$ %}\",\"x\":[\"{% 1 + %}\"]}",
                    MS_QUERY_TEMPLATE, 0),
            MSTEP_EDEFINITION);
  mt_eq_str(problems,
            "UNSUPPORTED_JSONATA_EXPRESSION at /States/E/Output/v: Reference to 'phone' at the top "
            "level is not supported.\n"
            "UNSUPPORTED_JSONATA_EXPRESSION at /States/E/Output/w: Reference to '$$' at the top "
            "level is not supported.\n"
            "INVALID_JSONATA_EXPRESSION at /States/E/Output/x/0: Unexpected end of expression");
  mt_eq_int(compile(&query, "\"{% $states.errorOutput.Error %}\"", MS_QUERY_EXPRESSION, 0),
            MSTEP_EDEFINITION);
  mt_eq_str(problems, "UNSUPPORTED_JSONATA_EXPRESSION at /States/E/Output: Field "
                      "'$states.errorOutput' does not exist.");
  mt_eq_int(compile(&query, "\"{% $states.errorOutput.Error %}\"", MS_QUERY_EXPRESSION,
                    MS_QUERY_ALLOW_ERROR_OUTPUT),
            0);
  ms_query_free(query);
}

static void collect(struct ms_str name, void *user)
{
  const char **all = user;
  *all = mt_format("%s %.*s", *all, MS_STR_ARG(name));
}

MT_TEST(jsonata_lang__references_and_text)
{
  struct ms_query *query;
  const char *all = "";
  mt_eq_int(compile(&query, "{\"a\":\"{% $b + $states.input.c %}\",\"d\":[\"{% $e %}\"]}",
                    MS_QUERY_TEMPLATE, 0),
            0);
  ms_query_references(query, collect, &all);
  mt_eq_str(all, " b e");
  mt_eq_int(ms_query_text(query).len, 0);
  ms_query_free(query);
  mt_eq_int(compile(&query, "\"{%  $b  %}\"", MS_QUERY_EXPRESSION, 0), 0);
  mt_ok(ms_str_is(ms_query_text(query), "$b"));
  ms_query_free(query);
}
