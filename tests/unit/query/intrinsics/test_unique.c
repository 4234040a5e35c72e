/* engine/query/intrinsics/unique.c */
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_TEMPLATE, rows, sizeof rows / sizeof rows[0])

MT_TEST(intrinsics_unique__drops_repeats)
{
  static const struct evaluation_row rows[] = {
      {"States.ArrayUnique($.a)", "{\"a\":[1,2,1,3]}", "[1,2,3]"},
      {"States.ArrayUnique($.a)", "{\"a\":[]}", "[]"},
      {"States.ArrayUnique($.a)", "{\"a\":[1,1.0]}", "[1]"},
      {"States.ArrayUnique($.a)", "{\"a\":[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]}",
       "[{\"a\":1,\"b\":2}]"},
      {"States.ArrayUnique($.a)", "{\"a\":[null,null,\"null\"]}", "[null,\"null\"]"},
      {"States.ArrayLength(States.ArrayUnique(States.ArrayRange(1, 1000, 1)))", NULL, "1000"},
      {"States.ArrayUnique('aa')", NULL,
       "!There was an error while evaluating the intrinsic function: States.ArrayUnique('aa'). "
       "Invalid arguments in States.ArrayUnique"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_unique__has_the_order_of_a_java_hash_set)
{
  static const struct evaluation_row rows[] = {
      {"States.ArrayUnique($.a)", "{\"a\":[true,false]}", "[false,true]"},
      {"States.ArrayUnique($.a)", "{\"a\":[[1,2],[2,1]]}", "[[2,1],[1,2]]"},
      {"States.ArrayUnique($.a)", "{\"a\":[17,1,16,0]}", "[16,0,17,1]"},
      {"States.ArrayUnique($.a)", "{\"a\":[\"banana\",\"apple\",\"cherry\"]}",
       "[\"banana\",\"apple\",\"cherry\"]"},
      {"States.ArrayUnique($.a)", "{\"a\":[4294967296,3]}", "[4294967296,3]"},
  };
  CHECK(rows);
}
