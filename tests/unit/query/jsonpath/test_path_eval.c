/* engine/query/jsonpath/path_eval.c, path_miss.c */
#include "base/error.h"
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_PATH, rows, sizeof rows / sizeof rows[0])

MT_TEST(path_eval__names_and_indexes)
{
  static const struct evaluation_row rows[] = {
      {"$", "{\"a\":1}", "{\"a\":1}"},
      {"$", "null", "null"},
      {"$.a.b", "{\"a\":{\"b\":1.0}}", "1.0"},
      {"$.a", "{\"a\":null}", "null"},
      {"$['a b']", "{\"a b\":1}", "1"},
      {"$[\"a'b\"]", "{\"a'b\":1}", "1"},
      {"$['a\\'b']", "{\"a'b\":1}", "1"},
      {"$['\\u0041\\t']", "{\"A\\t\":1}", "1"},
      {"$['\\uD83D\\uDE00']", "{\"\\uD83D\\uDE00\":1}", "1"},
      {"$['']", "{\"\":1}", "1"},
      {"$['a\\b']", "{\"a\\\\b\":1}", "1"}, /* a name as it was written */
      {"$['a\\\\b']", "{\"a\\\\b\":1}", "1"},
      {"$.['a'].[0]", "{\"a\":[5]}", "5"},
      {"$[1]", "[1,2]", "2"},
      {"$[-1]", "[1,2]", "2"},
      {"$[-2]", "[1,2]", "1"},
      {"$.a  ", "{\"a\":1}", "1"},
      {"$.@type", "{\"@type\":1}", "1"},
  };
  CHECK(rows);
}

MT_TEST(path_eval__misses)
{
  static const struct evaluation_row rows[] = {
      {"$.a", "{}", "!Invalid path '$.a' : No results for path: $['a']"},
      {"$.a.b.c", "{\"a\":{}}", "!Invalid path '$.a.b.c' : Missing property in path $['a']['b']"},
      {"$[\"a\"]", "{}", "!Invalid path '$[\"a\"]' : No results for path: $[\"a\"]"},
      {"$[2]", "[1,2]", "!No results for path: $[2]"},
      {"$[-3]", "[1,2]", "!No results for path: $[-3]"},
      {"$[9].a.b", "[1]", "!No results for path: $[9]['a']['b']"},
      {"$.a.b", "{\"a\":1}",
       "!Expected to find an object with property ['b'] in path $['a'] but found "
       "'number'."},
      {"$.a", "[]", "!Expected to find an object with property ['a'] in path $ but found 'array'."},
      {"$.a[0]", "{\"a\":{\"k\":[1,null]}}",
       "!Filter: [0] can only be applied to arrays. Current context is: {k=[1, null]}"},
      {"$.a[0]", "{\"a\":null}", "!The path $['a'] is null"},
      {"$.a[0].b", "{\"a\":\"x\"}",
       "!Filter: [0]['b'] can only be applied to arrays. Current context is: x"},
      {"$['a','b']", "1",
       "!Expected to find an object with property ['a','b'] in path $ but found 'number'."},
  };
  CHECK(rows);
}

MT_TEST(path_eval__lists)
{
  static const struct evaluation_row rows[] = {
      {"$.a[*]", "{\"a\":[1,2]}", "[1,2]"},
      {"$.*", "{\"a\":[1,2],\"b\":3}", "[[1,2],3]"},
      {"$[*][*]", "[[1,2],[3],4]", "[1,2,3]"},
      {"$[*].a", "[{\"a\":1},{},3,{\"a\":null}]", "[1,null]"},
      {"$[0,2,0,9]", "[1,2,3]", "[1,3,1]"},
      {"$[0,1].a", "[{\"a\":1},{\"b\":1}]", "[1]"},
      {"$['a','c']", "{\"a\":1,\"b\":2}", "{\"a\":1}"},
      {"$['c','d']", "{\"a\":1}", "{}"},
      {"$['a','b'].c", "{\"a\":{\"c\":1},\"b\":{\"c\":2}}", "[1,2]"},
      {"$['a','b'].c", "{\"a\":{\"c\":1},\"b\":{}}", "[1]"},
      {"$[*]['a','b']", "[{\"a\":1},{}]", "[{\"a\":1},{}]"},
      {"$[1:]", "[1,2,3]", "[2,3]"},
      {"$[:1]", "[1,2,3]", "[1]"},
      {"$[1:2]", "[1,2,3]", "[2]"},
      {"$[-2:]", "[1,2,3]", "[2,3]"},
      {"$[:-1]", "[1,2,3]", "[1,2]"},
      {"$[1:-1]", "[1,2,3]", "[]"},
      {"$[-2:2]", "[1,2,3]", "[2,3,1,2]"},
      {"$[-9:]", "[1,2,3]", "[1,2,3]"},
      {"$[-2147483648:2147483647]", "[1,2]", "[1,2,1,2]"},
      {"$[0:3:2]", "[1,2,3]", "[1,2,3]"},
      {"$[*][0]", "[[1],2,[],{}]", "[1]"},
      {"$[*][0:1]", "[[1],2,[],{}]", "[1]"},
      {"$.a[*]", "{\"a\":5}", "[]"},
      {"$.a[*]", "{\"a\":{}}", "[]"},
  };
  CHECK(rows);
}

/* AWS: [] for what is missing, a failure for a slice of what is no array. */
MT_TEST(path_eval__indefinite_over_nothing)
{
  static const struct evaluation_row rows[] = {
      {"$.a[*]", "{}", "[]"},
      {"$.a.b[1:5].c", "{}", "[]"},
      {"$.a..b", "{}", "[]"},
      {"$.a[?(@.b == 1)]", "{}", "[]"},
      {"$.a[0,1]", "{}", "[]"},
      {"$[9][*]", "[]", "[]"},
      {"$.a.b[*]", "{\"a\":1}", "[]"},
      {"$[1:]", "{}", "!Filter: [1:] can only be applied to arrays. Current context is: {}"},
      {"$[1:5].a", "{}",
       "!Filter: [1:5]['a'] can only be applied to arrays. Current context is: {}"},
      {"$[0,1]", "{}", "!Filter: [0,1] can only be applied to arrays. Current context is: {}"},
      {"$.a[?(@.b)]", "{\"a\":1}",
       "!Filter: [?] can not be applied to primitives. Current context is: 1"},
  };
  CHECK(rows);
}

MT_TEST(path_eval__descends)
{
  static const struct evaluation_row rows[] = {
      {"$..a", "{\"a\":{\"a\":1},\"b\":[{\"a\":2},{\"c\":{\"a\":[3]}}]}", "[{\"a\":1},1,2,[3]]"},
      {"$..a[0]", "{\"b\":[{\"a\":[1,2]},{\"a\":5}]}", "[1]"},
      {"$..*", "{\"a\":[1,{\"b\":2}]}", "[[1,{\"b\":2}],1,{\"b\":2},2]"},
      {"$..[0]", "[[1],[[2]]]", "[[1],1,[2],2]"},
      {"$..[1:]", "[[1,2],3]", "[3,2]"},
      {"$..['a','b']", "{\"x\":{\"a\":1,\"b\":2},\"y\":{\"a\":3}}", "[{\"a\":1,\"b\":2}]"},
      {"$..[?(@.a)]", "[{\"a\":1,\"b\":{\"a\":2}}]", "[{\"a\":1,\"b\":{\"a\":2}},{\"a\":2}]"},
      {"$..a..b", "{\"a\":{\"b\":1,\"c\":{\"b\":2}}}", "[1,2]"},
      {"$..a", "5", "[]"},
      {"$..a", "{\"b\":1}", "[]"},
      {"$..[0].a", "[{\"a\":1},{\"a\":2}]", "[1]"},
  };
  CHECK(rows);
}

MT_TEST(path_eval__roots)
{
  struct evaluation e;
  struct ms_json value;
  mt_eq_int(
      evaluation_init(&e, "{\"a\":1}", "{\"State\":{\"Name\":\"S\"}}", "{\"v\":{\"k\":[1,2]}}"), 0);
  static const char *const rows[][2] = {
      {"$.a", "1"},
      {"$$.State.Name", "\"S\""},
      {"$$", "{\"State\":{\"Name\":\"S\"}}"},
      {"$v", "{\"k\":[1,2]}"},
      {"$v.k[1]", "2"},
      {"$v.k[*]", "[1,2]"},
      {"$v[?($.k)]", "[{\"k\":[1,2]}]"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_json text = ms_json_cstring(rows[i][0]);
    mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH, "InputPath", text), 0);
    mt_eq_json(value, rows[i][1]);
    ms_json_unref(text);
    ms_json_unref(value);
  }
  struct ms_json text = ms_json_cstring("$w.k");
  mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH, "InputPath", text), MS_FAILED);
  mt_eq_json(e.failure.error, "\"States.Runtime\"");
  mt_eq_json(e.failure.cause, "\"Invalid path '$w.k' : The variable 'w' has no value\"");
  ms_json_unref(text);
  text = ms_json_cstring("$$.State.X");
  mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH, "InputPath", text), MS_FAILED);
  mt_eq_json(e.failure.cause,
             "\"Invalid path '$$.State.X' : No results for path: $['State']['X']\"");
  ms_json_unref(text);
  evaluation_deinit(&e);
}

MT_TEST(path_eval__counts_steps)
{
  struct evaluation e;
  struct ms_json value;
  struct ms_json text = ms_json_cstring("$..*..*..*");
  struct ms_query_limits limits = {20, 0, 0};
  mt_eq_int(evaluation_init(&e, "[[[[1,2],[3]],[[4]]],[[5,[6,7,8]]]]", NULL, NULL), 0);
  mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH, "InputPath", text), 0);
  ms_json_unref(value);
  e.env.limits = &limits;
  mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH, "InputPath", text), MS_FAILED);
  mt_eq_json(e.failure.error, "\"States.Runtime\"");
  mt_eq_json(e.failure.cause, "\"Invalid path '$..*..*..*' : The evaluation took too many steps\"");
  limits.max_steps = 1000000;
  mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH, "InputPath", text), 0);
  ms_json_unref(value);
  ms_json_unref(text);
  evaluation_deinit(&e);
}

/* A document as deep as one can be: `..` has to reach its bottom. */
MT_TEST(path_eval__walks_the_deepest_document)
{
  struct evaluation e;
  struct ms_json value = ms_json_int(7);
  struct ms_json text = ms_json_cstring("$..leaf");
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  for (int i = 0; i < MS_JSON_DEPTH_MAX; i++) {
    struct ms_json parent = ms_json_object(1);
    mt_eq_int(ms_json_setc(&parent, i == 0 ? "leaf" : "a", value), 0);
    value = parent;
  }
  ms_json_replace(&e.env.input, value);
  mt_eq_int(evaluate(&value, &e, MS_QUERY_PATH, "InputPath", text), 0);
  mt_eq_json(value, "[7]");
  ms_json_unref(value);
  ms_json_unref(text);
  evaluation_deinit(&e);
}

static int eval_all(void *user)
{
  static const char *const texts[] = {"$..a",
                                      "$[?(@.a == '1' && @.b =~ /x/)]",
                                      "$['a','b']",
                                      "$.x[*]",
                                      "$[0].concat('x')",
                                      "$[0].max($..a)",
                                      "$.no.such"};
  struct ms_json value;
  struct evaluation e;
  (void)user;
  int err = evaluation_init(&e, "[{\"a\":1,\"b\":\"x\"},{\"a\":\"1\"}]", NULL, NULL);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0] && err == 0; i++) {
    struct ms_json text = ms_json_cstring(texts[i]);
    err = ms_json_is_none(text) ? MSTEP_ENOMEM
                                : evaluate(&value, &e, MS_QUERY_PATH, "InputPath", text);
    err = err == MS_FAILED ? 0 : err;
    ms_json_unref(text);
    if (err == 0) {
      ms_json_unref(value);
    }
    if (err != 0) {
      evaluation_deinit(&e);
    }
  }
  if (err == 0) {
    evaluation_deinit(&e);
  }
  return err;
}

MT_TEST(path_eval__survives_out_of_memory)
{
  mt_ok(mt_oom(eval_all, NULL) > 50);
}
