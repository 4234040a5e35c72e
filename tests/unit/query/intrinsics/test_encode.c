/* engine/query/intrinsics/encode.c */
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_TEMPLATE, rows, sizeof rows / sizeof rows[0])

MT_TEST(intrinsics_encode__base64)
{
  static const struct evaluation_row rows[] = {
      {"States.Base64Encode('Data to encode')", NULL, "\"RGF0YSB0byBlbmNvZGU=\""},
      {"States.Base64Encode('')", NULL, "\"\""},
      {"States.Base64Encode('é')", NULL, "\"w6k=\""},
      {"States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", NULL, "\"Data to encode\""},
      {"States.Base64Decode('')", NULL, "\"\""},
      {"States.Base64Decode('RGF0 YSB0!byBlbmNvZGU')", NULL, "\"Data to encode\""},
      {"States.Base64Decode('/w==')", NULL, "\"\\uFFFD\""},
      {"States.Base64Decode('YcMoYg==')", NULL, "\"a\\uFFFD(b\""},
      {"States.Base64Decode('YQBi')", NULL, "\"a\\u0000b\""},
      {"States.Base64Encode(1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Base64Encode(1). "
       "Invalid arguments in States.Base64Encode"},
      {"States.Base64Encode(null)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Base64Encode(null). "
       "Invalid arguments in States.Base64Encode"},
      {"States.Base64Decode(1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Base64Decode(1). "
       "Invalid arguments in States.Base64Decode"},
  };
  CHECK(rows);
}

/* 10,000 characters are taken and given back, one more is refused. */
MT_TEST(intrinsics_encode__bounds_the_data)
{
  for (size_t length = 10000; length <= 10001; length++) {
    struct evaluation e;
    struct ms_json value;
    struct ms_json template;
    char *text = mt_format("{\"a\":\"%*s\"}", (int)length, "");
    mt_eq_int(evaluation_init(&e, text, NULL, NULL), 0);
    mt_eq_int(ms_json_parse(&template,
                            MS_STR("{\"v.$\":\"States.ArrayLength(States.Array("
                                   "States.Base64Encode($.a), States.Hash($.a, 'MD5')))\"}"),
                            NULL, NULL),
              0);
    mt_eq_int(evaluate(&value, &e, MS_QUERY_TEMPLATE, "Parameters", template),
              length == 10000 ? 0 : MS_FAILED);
    ms_json_unref(value);
    ms_json_unref(template);
    evaluation_deinit(&e);
  }
}
