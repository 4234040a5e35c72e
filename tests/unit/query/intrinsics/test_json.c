/* engine/query/intrinsics/json.c */
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_TEMPLATE, rows, sizeof rows / sizeof rows[0])

MT_TEST(intrinsics_json__string_to_json)
{
  static const struct evaluation_row rows[] = {
      {"States.StringToJson($.a)", "{\"a\":\"{\\\"x\\\":[1,2.50]}\"}", "{\"x\":[1,2.5]}"},
      {"States.StringToJson('')", NULL, "null"},
      {"States.StringToJson('  ')", NULL, "null"},
      {"States.StringToJson('-0')", NULL, "0"},
      {"States.StringToJson(' 1 ')", NULL, "1"},
      {"States.StringToJson('\"x\"')", NULL, "\"x\""},
      {"States.StringToJson(1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.StringToJson(1). "
       "Invalid arguments in States.StringToJson"},
      {"States.StringToJson($)", "{}",
       "!There was an error while evaluating the intrinsic function: States.StringToJson($). "
       "Invalid arguments in States.StringToJson"},
      {"States.StringToJson(null)", NULL,
       "!There was an error while evaluating the intrinsic function: States.StringToJson(null). "
       "Invalid arguments in States.StringToJson"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_json__json_to_string)
{
  static const struct evaluation_row rows[] = {
      {"States.JsonToString($)", "{\"b\": 1, \"a\": [1.0, null, \"x\\n\"]}",
       "\"{\\\"b\\\":1,\\\"a\\\":[1.0,null,\\\"x\\\\n\\\"]}\""},
      {"States.JsonToString('x')", NULL, "\"\\\"x\\\"\""},
      {"States.JsonToString(null)", NULL, "\"null\""},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_json__json_merge)
{
  static const struct evaluation_row rows[] = {
      {"States.JsonMerge($.a, $.b, false)",
       "{\"a\":{\"x\":{\"p\":1},\"y\":2},\"b\":{\"x\":{\"q\":1},\"z\":3}}",
       "{\"x\":{\"q\":1},\"y\":2,\"z\":3}"},
      {"States.JsonMerge($.a, $.b, 'no')", "{\"a\":{},\"b\":{\"z\":3}}", "{\"z\":3}"},
      {"States.JsonMerge($.a, $.b, true)", "{\"a\":{},\"b\":{}}",
       "!There was an error while evaluating the intrinsic function: States.JsonMerge($.a, $.b, "
       "true). Invalid arguments in States.JsonMerge"},
      {"States.JsonMerge($.a, null, false)", "{\"a\":{}}",
       "!There was an error while evaluating the intrinsic function: States.JsonMerge($.a, null, "
       "false). Invalid arguments in States.JsonMerge"},
      {"States.JsonMerge($.a, $.a, false)", "{\"a\":[]}",
       "!There was an error while evaluating the intrinsic function: States.JsonMerge($.a, $.a, "
       "false). Invalid arguments in States.JsonMerge"},
  };
  CHECK(rows);
}

/* The parser's words are ours; those around them AWS's. */
MT_TEST(intrinsics_json__refuses_bad_json)
{
  struct evaluation e;
  struct ms_json value;
  struct ms_json template;
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  mt_eq_int(
      ms_json_parse(&template, MS_STR("{\"v.$\":\"States.StringToJson('[1,]')\"}"), NULL, NULL), 0);
  mt_eq_int(evaluate(&value, &e, MS_QUERY_TEMPLATE, "Parameters", template), MS_FAILED);
  mt_eq_json(e.failure.error, "\"States.Runtime\"");
  mt_ok(ms_str_has_prefix(ms_json_text(e.failure.cause),
                          "There was an error while evaluating the intrinsic function: "
                          "States.StringToJson('[1,]'). Cannot "
                          "convert String to Json in States.StringToJson, caused by: "));
  ms_json_unref(template);
  evaluation_deinit(&e);
}
