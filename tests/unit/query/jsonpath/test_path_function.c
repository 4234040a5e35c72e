/* engine/query/jsonpath/path_function.c */
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_PATH, rows, sizeof rows / sizeof rows[0])

MT_TEST(path_function__shape)
{
  static const struct evaluation_row rows[] = {
      {"$.a.length()", "{\"a\":[1,2]}", "2"},
      {"$.length()", "{\"a\":1}", "1"},
      {"$.a.length()", "{\"a\":\"xyz\"}", "null"},
      {"$.a.size()", "{\"a\":[]}", "0"},
      {"$.length($.a)", "{\"a\":[1,2,3]}", "3"},
      {"$[*].length()", "[[1],[1,2],{}]", "[1,2,0]"},
      {"$.a.length()", "{}", "!Missing property in path $['a']"},
      {"$.keys()", "{\"b\":1,\"a\":2}", "[\"b\",\"a\"]"},
      {"$.keys()", "[1]", "null"},
      {"$..a.length()", "{\"a\":[1]}", "[1]"},
  };
  CHECK(rows);
}

MT_TEST(path_function__numbers)
{
  static const struct evaluation_row rows[] = {
      {"$.min()", "[3,1.5,\"x\",2]", "1.5"},
      {"$.max()", "[3,1,2]", "3.0"},
      {"$.sum()", "[1,2,null]", "3.0"},
      {"$.avg()", "[1,2]", "1.5"},
      {"$.stddev()", "[2,4,4,4,5,5,7,9]", "2.0"},
      {"$.max($.a[*].p)", "{\"a\":[{\"p\":1},{\"p\":12.99}]}", "12.99"},
      {"$.sum($.x, 2, [3,4])", "{\"x\":1}", "10.0"},
      {"$.sum()", "[]", "!Aggregation function attempted to calculate value using empty array"},
      {"$.a.max()", "{\"a\":1}",
       "!Aggregation function attempted to calculate value using empty array"},
  };
  CHECK(rows);
}

MT_TEST(path_function__lists_and_text)
{
  static const struct evaluation_row rows[] = {
      {"$.first()", "[1,2]", "1"},
      {"$.last()", "[1,2]", "2"},
      {"$.last()", "[7]", "7"},
      {"$.index(-1)", "[1,2]", "2"},
      {"$.index(2)", "[1,2]", "!Target index larger than object count"},
      {"$.index()", "[1,2]", "!index() takes a number"},
      {"$.first()", "[]", "!Target index larger than object count"},
      {"$.append(\"d\", 'e')", "[1]", "[1,\"d\",\"e\"]"},
      {"$.a.concat($.b, \"!\")", "{\"a\":[\"x\",1],\"b\":\"y\"}", "\"xy!\""},
      {"$.concat()", "[]", "\"\""},
  };
  CHECK(rows);
}
