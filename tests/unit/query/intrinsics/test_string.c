/* engine/query/intrinsics/string.c */
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_TEMPLATE, rows, sizeof rows / sizeof rows[0])

MT_TEST(intrinsics_string__format)
{
  static const struct evaluation_row rows[] = {
      {"States.Format('Hello {}, {}!', $.a, 'x')", "{\"a\":\"y\"}", "\"Hello y, x!\""},
      {"States.Format('no values')", NULL, "\"no values\""},
      {"States.Format('')", NULL, "\"\""},
      {"States.Format('{}{}{}{}{}', 1, 2.50, true, null, 'é')", NULL, "\"12.5truenullé\""},
      {"States.Format('{}', $.a)", "{\"a\":{\"k\":[1,\"x\",{}],\"n\":null}}",
       "\"{k=[1, x, {}], n=null}\""},
      {"States.Format('\\{{}\\} \\'\\\\', 1)", NULL, "\"{1} '\\\\\""},
      {"States.Format($.t, 1)", "{\"t\":\"a{}b\\\\{\"}", "\"a1b{\""},
      {"States.Format('{}', '{}')", NULL, "\"{}\""},
      {"States.Format('{}', 1.0)", NULL, "\"1.0\""},
      {"States.Format('{}')", NULL,
       "!There was an error while evaluating the intrinsic function: States.Format('{}'). Invalid "
       "arguments in States.Format"},
      {"States.Format('{}', 1, 2)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Format('{}', 1, 2). "
       "Invalid arguments in States.Format"},
      {"States.Format('x', 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Format('x', 1). "
       "Invalid arguments in States.Format"},
      {"States.Format(1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Format(1). Invalid "
       "arguments in States.Format"},
      {"States.Format(null, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Format(null, 1). "
       "Invalid arguments in States.Format"},
      {"States.Format('{x}', 1)", NULL,
       "!Invalid template in States.Format: matching '}' not found for '{'."},
      {"States.Format('{', 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Format('{', 1). "
       "Invalid template in States.Format: matching '}' not found for '{'."},
      {"States.Format('{{}}', 1)", NULL,
       "!Invalid template in States.Format: matching '}' not found for '{'."},
      {"States.Format('}', 1)", NULL,
       "!Invalid template in States.Format: matching '{' not found for '}'."},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_string__split)
{
  static const struct evaluation_row rows[] = {
      {"States.StringSplit('1,2,3', ',')", NULL, "[\"1\",\"2\",\"3\"]"},
      {"States.StringSplit('This.is+a,test=string', '.+,=')", NULL,
       "[\"This\",\"is\",\"a\",\"test\",\"string\"]"},
      {"States.StringSplit('', ',')", NULL, "[]"},
      {"States.StringSplit(',,,', ',')", NULL, "[]"},
      {"States.StringSplit(', , ,', ',')", NULL, "[\" \",\" \"]"},
      {"States.StringSplit('abc', '')", NULL, "[\"abc\"]"},
      {"States.StringSplit('aébüc', 'éü')", NULL, "[\"a\",\"b\",\"c\"]"},
      {"States.StringSplit('aébc', 'b')", NULL, "[\"aé\",\"c\"]"},
      {"States.StringSplit(1, ',')", NULL,
       "!There was an error while evaluating the intrinsic function: States.StringSplit(1, ','). "
       "Invalid arguments in States.StringSplit"},
      {"States.StringSplit('a', 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.StringSplit('a', 1). "
       "Invalid arguments in States.StringSplit"},
      {"States.StringSplit('a', null)", NULL,
       "!There was an error while evaluating the intrinsic function: States.StringSplit('a', "
       "null). Invalid arguments in States.StringSplit"},
  };
  CHECK(rows);
}
