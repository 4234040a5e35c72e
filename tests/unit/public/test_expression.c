/* mstep_expression_evaluate and mstep_state_machine_validate_portable. */
#include <string.h>

#include "base/alloc.h"
#include "host.h"
#include "mt.h"

static mstep_expression expression(const char *language, const char *text)
{
  return (mstep_expression){.version = MSTEP_EXPRESSION_VERSION,
                            .language = language,
                            .text = host_str(text),
                            .input = host_str("{\"a\":{\"b\":[1,2]},\"n\":null}"),
                            .variables = host_str("{\"v\":[7]}")};
}

/* expected: JSON, "" for no value; else how the error begins. */
static void check(mstep_engine *engine, const char *language, const char *text, int code,
                  const char *expected)
{
  const mstep_expression what = expression(language, text);
  const char *got = "";
  int result = mstep_expression_evaluate(engine, &what, host_text, &got);
  if (result != code) {
    mt_report("%s: %d and not %d: %s", text, result, code, mstep_last_error());
  }
  got = result != 0 ? mstep_last_error() : got;
  if (strncmp(got, expected, result == 0 ? strlen(got) + 1 : strlen(expected)) != 0) {
    mt_report("%s gives %s and not %s", text, got, expected);
  }
}

MT_TEST(public_expression__values)
{
  struct host host;
  host_open(&host, NULL);
  check(host.engine, "JSONata", "a.b[0] + $v[0]", 0, "8");
  check(host.engine, "JSONata", "{% $states.input.a.b %}", 0, "[1,2]");
  check(host.engine, "JSONata", "nothing", 0, "");
  check(host.engine, "JSONata", "n", 0, "null");
  check(host.engine, "JSONPath", "$.a.b[1]", 0, "2");
  check(host.engine, "JSONPath", "$v[0]", 0, "7");
  check(host.engine, "JSONPath", "States.ArrayLength($.a.b)", 0, "2");
  check(host.engine, "JSONPath", "$$", 0, "{}");
  check(host.engine, "Lua", "states.input.a.b[2] + v[1]", 0, "9");
  check(host.engine, "Lua", "local t = states.input.a.b return #t", 0, "2");
  check(host.engine, "Lua", "{%nil%}", 0, "");
  check(host.engine, "Lua", "states.input.n", 0, "null");
  host_close(&host);
}

MT_TEST(public_expression__failures)
{
  struct host host;
  host_open(&host, NULL);
  check(host.engine, "JSONata", "1 +", MSTEP_EDEFINITION, "S0207: ");
  check(host.engine, "JSONata", "1 + 'x'", MSTEP_EEXPRESSION, "T2002: ");
  check(host.engine, "JSONata", "function() { 1 }", MSTEP_EEXPRESSION, "the result is a function");
  check(host.engine, "JSONPath", "$.", MSTEP_EDEFINITION, "");
  check(host.engine, "JSONPath", "x", MSTEP_EDEFINITION, "");
  check(host.engine, "JSONPath", "$.x", MSTEP_EEXPRESSION, "");
  check(host.engine, "JSONPath", "States.ArrayLength($.n)", MSTEP_EEXPRESSION, "");
  check(host.engine, "Lua", "1 +", MSTEP_EDEFINITION, "Lua syntax error at line 1, column 4: ");
  check(host.engine, "Lua", "states.what", MSTEP_EDEFINITION, "Field 'states.what' does not exist.");
  check(host.engine, "Lua", "\nv.x.y", MSTEP_EEXPRESSION, "line 1: attempt to index a nil value");
  check(host.engine, "Lua", "pairs", MSTEP_EEXPRESSION, "returned an unsupported result type: ");
  check(host.engine, "Python", "1", MSTEP_EUNSUPPORTED, "'Python' is no query language");
  check(host.engine, "Lua", "\xff", MSTEP_EINVALID, "text is not valid UTF-8");
  host_close(&host);
}

MT_TEST(public_expression__arguments)
{
  struct host host;
  host_open(&host, NULL);
  mstep_expression what = expression("JSONata", "1");
  mt_eq_int(mstep_expression_evaluate(NULL, &what, host_text, NULL), MSTEP_EINVALID);
  mt_eq_int(mstep_expression_evaluate(host.engine, NULL, host_text, NULL), MSTEP_EINVALID);
  mt_eq_int(mstep_expression_evaluate(host.engine, &what, NULL, NULL), 0);
  what.version = 9;
  mt_eq_int(mstep_expression_evaluate(host.engine, &what, NULL, NULL), MSTEP_EINVALID);
  what = expression(NULL, "1");
  mt_eq_int(mstep_expression_evaluate(host.engine, &what, NULL, NULL), MSTEP_EINVALID);
  what = expression("Lua", "1");
  what.text.data = NULL;
  mt_eq_int(mstep_expression_evaluate(host.engine, &what, NULL, NULL), MSTEP_EINVALID);
  what = expression("Lua", "1");
  what.input = host_str("{");
  mt_eq_int(mstep_expression_evaluate(host.engine, &what, NULL, NULL), MSTEP_ESYNTAX);
  what = expression("Lua", "1");
  what.variables = host_str("[1]");
  mt_eq_int(mstep_expression_evaluate(host.engine, &what, NULL, NULL), MSTEP_EINVALID);
  what = (mstep_expression){.version = MSTEP_EXPRESSION_VERSION, .language = "JSONata",
                            .text = host_str("a ?: $"), .dialect = "latest"};
  const char *got = "";
  mt_eq_int(mstep_expression_evaluate(host.engine, &what, host_text, &got), 0);
  mt_eq_str(got, "{}");
  what.dialect = "3.1";
  mt_eq_int(mstep_expression_evaluate(host.engine, &what, NULL, NULL), MSTEP_EUNSUPPORTED);
  host_close(&host);
}

static void count_portable(const mstep_diagnostic *diagnostic, void *user)
{
  mt_ok(diagnostic->is_error);
  *(int *)user += strcmp(diagnostic->code, "NOT_PORTABLE") == 0;
}

MT_TEST(public_machine__portable)
{
  static const char machine[] =
      "{\"QueryLanguage\":\"Lua\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Output\":"
      "\"{% 1 %}\",\"End\":true}}}";
  struct host host;
  int count = 0;
  host_open(&host, NULL);
  mt_eq_int(mstep_state_machine_validate(host.engine, host_str(machine), NULL, count_portable, &count), 0);
  mt_eq_int(count, 0);
  mt_eq_int(mstep_state_machine_validate_portable(host.engine, host_str(machine), NULL, count_portable,
                                                  &count),
            MSTEP_EDEFINITION);
  mt_eq_int(count, 2);
  mt_eq_int(mstep_state_machine_validate_portable(host.engine, host_str(machine), "SLOW", NULL, NULL),
            MSTEP_EINVALID);
  mt_eq_int(mstep_state_machine_validate_portable(NULL, host_str(machine), NULL, NULL, NULL),
            MSTEP_EINVALID);
  host_close(&host);
}

static int evaluate_all(void *user)
{
  static const char *const texts[][2] = {{"JSONata", "a.b[0] + $v[0]"}, {"JSONata", "1 +"},
                                         {"JSONPath", "$.a.b"},      {"JSONPath", "States.UUID()"},
                                         {"Lua", "{v, states.input}"}, {"Lua", "error('x')"}};
  int err = 0;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0] && err != MSTEP_ENOMEM; i++) {
    const mstep_expression what = expression(texts[i][0], texts[i][1]);
    err = mstep_expression_evaluate(user, &what, NULL, NULL);
  }
  return err == MSTEP_ENOMEM ? err : 0;
}

static int evaluate_under_failure(void *user)
{
  mstep_engine *engine;
  mstep_options options;
  (void)user;
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.is_virtual_time = 1;
  options.seed = 1;
  int err = mstep_engine_open(&engine, &options);
  if (err == 0) {
    err = evaluate_all(engine);
    mstep_engine_close(engine);
  }
  return err;
}

MT_TEST(public_expression__out_of_memory)
{
  mt_oom(evaluate_under_failure, NULL);
}
