/* engine/query/intrinsics/array.c */
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_TEMPLATE, rows, sizeof rows / sizeof rows[0])

MT_TEST(intrinsics_array__partition)
{
  static const struct evaluation_row rows[] = {
      {"States.ArrayPartition($.a, 2)", "{\"a\":[1,2,3]}", "[[1,2],[3]]"},
      {"States.ArrayPartition($.a, 2.6)", "{\"a\":[1,2,3]}", "[[1,2],[3]]"},
      {"States.ArrayPartition($.a, 9)", "{\"a\":[1,2,3]}", "[[1,2,3]]"},
      {"States.ArrayPartition($.a, 1)", "{\"a\":[1,2]}", "[[1],[2]]"},
      {"States.ArrayPartition($.a, 4)", "{\"a\":[]}", "[]"},
      {"States.ArrayPartition($.a, 9000000000000000000)", "{\"a\":[1]}", "[[1]]"},
      {"States.ArrayPartition($.a, 0)", "{\"a\":[1]}",
       "!There was an error while evaluating the intrinsic function: States.ArrayPartition($.a, "
       "0). Invalid arguments in States.ArrayPartition"},
      {"States.ArrayPartition($.a, 0.6)", "{\"a\":[1]}",
       "!There was an error while evaluating the intrinsic function: States.ArrayPartition($.a, "
       "0.6). Invalid arguments in States.ArrayPartition"},
      {"States.ArrayPartition($.a, -1)", "{\"a\":[1]}",
       "!There was an error while evaluating the intrinsic function: States.ArrayPartition($.a, "
       "-1). Invalid arguments in States.ArrayPartition"},
      {"States.ArrayPartition($.a, '2')", "{\"a\":[1]}",
       "!There was an error while evaluating the intrinsic function: States.ArrayPartition($.a, "
       "'2'). Invalid arguments in States.ArrayPartition"},
      {"States.ArrayPartition('ab', 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayPartition('ab', "
       "1). Invalid arguments in States.ArrayPartition"},
      {"States.ArrayPartition(null, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayPartition(null, "
       "1). Invalid arguments in States.ArrayPartition"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_array__contains)
{
  static const struct evaluation_row rows[] = {
      {"States.ArrayContains($.a, $.b)",
       "{\"a\":[{\"x\":1,\"y\":[2]}],\"b\":{\"y\":[2.0],\"x\":1}}", "true"},
      {"States.ArrayContains($.a, 1)", "{\"a\":[\"1\",2]}", "false"},
      {"States.ArrayContains($.a, null)", "{\"a\":[null]}", "true"},
      {"States.ArrayContains($.a, $.a)", "{\"a\":[]}", "false"},
      {"States.ArrayContains('abc', 'a')", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayContains('abc', "
       "'a'). Invalid arguments in States.ArrayContains"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_array__range)
{
  static const struct evaluation_row rows[] = {
      {"States.ArrayRange(1, 9, 2)", NULL, "[1,3,5,7,9]"},
      {"States.ArrayRange(5.4, -0.6, -2.4)", NULL, "[5,3,1]"},
      {"States.ArrayRange(1, 9, -1)", NULL, "[]"},
      {"States.ArrayRange(9, 1, 1)", NULL, "[]"},
      {"States.ArrayRange(4, 4, 7)", NULL, "[4]"},
      {"States.ArrayRange(4, 4, -7)", NULL, "[4]"},
      {"States.ArrayLength(States.ArrayRange(1, 1000, 1))", NULL, "1000"},
      {"States.ArrayRange(-9223372036854775808, 9223372036854775807, 9223372036854775807)", NULL,
       "[-9223372036854775808,-1,9223372036854775806]"},
      {"States.ArrayRange(1, 1001, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayRange(1, 1001, "
       "1). Invalid arguments in States.ArrayRange"},
      {"States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: "
       "States.ArrayRange(-9223372036854775808, 9223372036854775807, 1). Invalid arguments in "
       "States.ArrayRange"},
      {"States.ArrayRange(1, 2, 0)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayRange(1, 2, 0). "
       "Invalid arguments in States.ArrayRange"},
      {"States.ArrayRange(1, 2, 0.9)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayRange(1, 2, 0.9). "
       "Invalid arguments in States.ArrayRange"},
      {"States.ArrayRange('1', 2, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayRange('1', 2, 1). "
       "Invalid arguments in States.ArrayRange"},
      {"States.ArrayRange(1, 1e30, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayRange(1, 1e30, "
       "1). Invalid arguments in States.ArrayRange"},
      {"States.ArrayRange(1, 99999999999999999999, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayRange(1, "
       "99999999999999999999, 1). Invalid arguments in States.ArrayRange"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_array__get_item_and_length)
{
  static const struct evaluation_row rows[] = {
      {"States.ArrayGetItem($.a, 1)", "{\"a\":[1,2]}", "2"},
      {"States.ArrayGetItem($.a, 1.9)", "{\"a\":[1,2]}", "2"},
      {"States.ArrayGetItem($.a, -0.5)", "{\"a\":[1,2]}", "1"},
      {"States.ArrayGetItem($.a, 7)", "{\"a\":[]}", "null"},
      {"States.ArrayGetItem($.a, 2)", "{\"a\":[1,2]}",
       "!There was an error while evaluating the intrinsic function: States.ArrayGetItem($.a, 2). "
       "Invalid arguments in States.ArrayGetItem"},
      {"States.ArrayGetItem($.a, -1)", "{\"a\":[1,2]}",
       "!There was an error while evaluating the intrinsic function: States.ArrayGetItem($.a, -1). "
       "Invalid arguments in States.ArrayGetItem"},
      {"States.ArrayGetItem($.a, '0')", "{\"a\":[1,2]}",
       "!There was an error while evaluating the intrinsic function: States.ArrayGetItem($.a, "
       "'0'). Invalid arguments in States.ArrayGetItem"},
      {"States.ArrayGetItem('ab', 0)", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayGetItem('ab', 0). "
       "Invalid arguments in States.ArrayGetItem"},
      {"States.ArrayLength($.a)", "{\"a\":[1,[2,3]]}", "2"},
      {"States.ArrayLength('ab')", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayLength('ab'). "
       "Invalid arguments in States.ArrayLength"},
      {"States.ArrayLength($)", "{\"a\":1}",
       "!There was an error while evaluating the intrinsic function: States.ArrayLength($). "
       "Invalid arguments in States.ArrayLength"},
  };
  CHECK(rows);
}
