/* engine/query/intrinsics/call.c: syntax, arguments, failures */
#include "base/error.h"
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_TEMPLATE, rows, sizeof rows / sizeof rows[0])

MT_TEST(intrinsics_call__takes_every_kind_of_argument)
{
  static const struct evaluation_row rows[] = {
      {"States.Array()", NULL, "[]"},
      {"States.Array( )", NULL, "[]"},
      {"States.Array('a', 1, -2.5, 1e2, true, false, null, $.x, States.Array(1))",
       "{\"x\":{\"y\":[]}}", "[\"a\",1,-2.5,1e2,true,false,null,{\"y\":[]},[1]]"},
      {"States.Array(  'a' ,	1 )", NULL, "[\"a\",1]"},
      {"States.Array('')", NULL, "[\"\"]"},
      {"States.Array('it\\'s', '\\{\\}', '\\\\', 'a\"b')", NULL,
       "[\"it's\",\"{}\",\"\\\\\",\"a\\\"b\"]"},
      {"States.Array($['a,b'], $['c)'], $.d[?(@.e == 'f)')].e)",
       "{\"a,b\":1,\"c)\":2,\"d\":[{\"e\":\"f)\"}]}", "[1,2,[\"f)\"]]"},
      {"States.Array($.a.length(), $)", "{\"a\":[1]}", "[1,{\"a\":[1]}]"},
      {"States.Array($.a[*], $.b[*])", "{\"a\":[1]}", "[[1],[]]"},
      {"States.Array(1,2,3,4,5,6,7,8)", NULL, "[1,2,3,4,5,6,7,8]"},
      {"States.Array(9223372036854775808)", NULL, "[9223372036854775808]"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_call__refuses)
{
  static const struct evaluation_row rows[] = {
      {"States.", NULL, "?"},
      {"States.Array", NULL, "?"},
      {"States.Array(", NULL, "?"},
      {"States.Array(1", NULL, "?"},
      {"States.Array(1,", NULL, "?"},
      {"States.Array(1,)", NULL, "?"},
      {"States.Array(,1)", NULL, "?"},
      {"States.Array(1 2)", NULL, "?"},
      {"States.Array(1))", NULL, "?"},
      {"States.Array(1) x", NULL, "?"},
      {"States.array()", NULL, "?"},
      {"States.NoSuch()", NULL, "?"},
      {"states.Array()", NULL, "?"},
      {"States.Array(\"a\")", NULL, "?"},
      {"States.Array([1])", NULL, "?"},
      {"States.Array({})", NULL, "?"},
      {"States.Array(x)", NULL, "?"},
      {"States.Array('a)", NULL, "?"},
      {"States.Array('a\\')", NULL, "?"},
      {"States.Array(States.Nope())", NULL, "?"},
      {"States.Array($.)", NULL, "?"},
      {"States.Array(tru)", NULL, "?"},
      {"States.Array(01)", NULL, "?"},
      {"States.Format('\\\"{}\\\"', 1)", NULL, "?"},
      {"States.Array (1)", NULL, "?"},
      {" States.Array()", NULL, "?"},
      {"States.Array(@.a)", NULL, "?"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_call__bounds_nesting)
{
  static const struct evaluation_row rows[] = {
      {"States.Array(States.Array(States.Array(States.Array(States.Array(States.Array(States.Array("
       "States.Array(States.Array(States.Array())))))))))",
       NULL, "[[[[[[[[[[]]]]]]]]]]"},
      {"States.Array(States.Array(States.Array(States.Array(States.Array(States.Array(States.Array("
       "States.Array(States.Array(States.Array(States.Array()))))))))))",
       NULL, "?"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_call__words_failures)
{
  static const struct evaluation_row rows[] = {
      {"States.Array($.missing)", "{}",
       "!The function 'States.Array($.missing)' had the following error: The JsonPath argument for "
       "the field '$.missing' could not be found in the input '{}'"},
      {"States.Array(States.ArrayLength($.a.b))", "{\"a\":1}",
       "!The function 'States.Array(States.ArrayLength($.a.b))' had the following error: The "
       "JsonPath argument for the field '$.a.b' could not be found in the input '{\"a\":1}'"},
      {"States.Array($v)", "{}",
       "!The function 'States.Array($v)' had the following error: The variable 'v' has no value"},
      {"States.Array('a\\n')", "{}",
       "!There was an error while evaluating the intrinsic function: States.Array('a\\n'). Invalid "
       "escape sequence in a string argument"},
      {"States.Array(States.MathAdd(1, 'x'))", "{}",
       "!There was an error while evaluating the intrinsic function: "
       "States.Array(States.MathAdd(1, 'x')). Invalid arguments in States.MathAdd"},
      {"States.MathAdd(1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(1). Invalid "
       "arguments in States.MathAdd"},
      {"States.MathAdd(1, 2, 3)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(1, 2, 3). "
       "Invalid arguments in States.MathAdd"},
      {"States.UUID(1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.UUID(1). Invalid "
       "arguments in States.UUID"},
      {"States.Format()", NULL,
       "!There was an error while evaluating the intrinsic function: States.Format(). Invalid "
       "arguments in States.Format"},
  };
  CHECK(rows);
}

static int eval_all(void *user)
{
  static const char *const texts[] = {
      "States.Format('{} {}', States.JsonToString($), 'x')",
      "States.Array(1,2,3,4,5,6,7,$.a)",
      "States.ArrayPartition(States.ArrayRange(1, 5, 1), 2)",
      "States.ArrayUnique($.a)",
      "States.JsonMerge($, States.StringToJson('{\"q\":1}'), false)",
      "States.StringSplit('a,b;c', ',é')",
      "States.Base64Decode(States.Base64Encode('abc'))",
      "States.Hash($, 'SHA-256')",
      "States.UUID()",
      "States.MathAdd('x', 1)",
      "States.Array($.missing)",
      "States.Array(States.Nope())",
  };
  struct evaluation e;
  int err = evaluation_init(&e, "{\"a\":[1,2,1]}", NULL, NULL);
  (void)user;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0] && err == 0; i++) {
    struct ms_json value = MS_JSON_VALUE_NONE;
    struct ms_json template = ms_json_object(1);
    err = ms_json_setc(&template, "v.$", ms_json_cstring(texts[i]));
    if (err == 0) {
      err = evaluate(&value, &e, MS_QUERY_TEMPLATE, "Parameters", template);
    }
    err = err == MS_FAILED || err == MSTEP_EDEFINITION ? 0 : err;
    ms_json_unref(value);
    ms_json_unref(template);
    if (err != 0) {
      evaluation_deinit(&e);
    }
  }
  if (err == 0) {
    evaluation_deinit(&e);
  }
  return err;
}

MT_TEST(intrinsics_call__survives_out_of_memory)
{
  mt_ok(mt_oom(eval_all, NULL) > 60);
}
