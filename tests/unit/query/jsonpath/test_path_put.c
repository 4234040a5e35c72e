/* engine/query/jsonpath/path_put.c: ResultPath */
#include "base/error.h"
#include "evaluate.h"
#include "mt.h"

/* Puts "NEW" at a path of a document. */
static int put(struct ms_json *out, struct evaluation *e, const char *path)
{
  struct ms_query *query;
  struct ms_json text = ms_json_cstring(path);
  ms_failure_deinit(&e->failure);
  mt_eq_int(evaluation_compile(&query, e, MS_QUERY_REFERENCE_PATH, "ResultPath", text), 0);
  int err = ms_jsonpath_put(out, query, e->env.input, ms_json_cstring("NEW"), &e->failure);
  ms_query_free(query);
  ms_json_unref(text);
  return err;
}

MT_TEST(path_put__builds_and_replaces)
{
  static const char *const rows[][3] = {
      {"$", "{\"a\":1}", "\"NEW\""},
      {"$", "5", "\"NEW\""},
      {"$.b", "{\"a\":1}", "{\"a\":1,\"b\":\"NEW\"}"},
      {"$.a", "{\"a\":1,\"c\":2}", "{\"a\":\"NEW\",\"c\":2}"},
      {"$.a.b.c", "{}", "{\"a\":{\"b\":{\"c\":\"NEW\"}}}"},
      {"$.a.c", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"c\":\"NEW\"}}"},
      {"$['x y']", "{}", "{\"x y\":\"NEW\"}"},
      {"$['a\\'b']", "{}", "{\"a'b\":\"NEW\"}"},
      {"$.a[1]", "{\"a\":[1,2,3]}", "{\"a\":[1,\"NEW\",3]}"},
      {"$.a[-1]", "{\"a\":[1,2,3]}", "{\"a\":[1,2,\"NEW\"]}"},
      {"$[0].x", "[{}]", "[{\"x\":\"NEW\"}]"},
      {"$['a\\b']", "{\"a\\\\b\":1}", "{\"a\\\\b\":\"NEW\"}"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct evaluation e;
    struct ms_json value;
    mt_leak_begin();
    mt_eq_int(evaluation_init(&e, rows[i][1], NULL, NULL), 0);
    mt_eq_int(put(&value, &e, rows[i][0]), 0);
    mt_eq_json(value, rows[i][2]);
    mt_eq_json(e.env.input, rows[i][1]); /* the document is as it was */
    ms_json_unref(value);
    evaluation_deinit(&e);
    mt_leak_end();
  }
}

MT_TEST(path_put__conflicts)
{
  static const char *const rows[][3] = {
      {"$.x", "[\"a\"]", "Unable to apply step \"x\" to input [\"a\"]"},
      {"$.x", "\"text\"", "Unable to apply ReferencePath $.x to input \"text\""},
      {"$.x.y", "null", "Unable to apply ReferencePath $.x.y to input null"},
      {"$.a.b", "{\"a\":1}", "Unable to apply step \"b\" to input 1"},
      {"$.a.b", "{\"a\":null}", "Unable to apply step \"b\" to input null"},
      {"$.a[3]", "{\"a\":[1]}", "Unable to apply step \"[3]\" to input [1]"},
      {"$.a[-2]", "{\"a\":[1]}", "Unable to apply step \"[-2]\" to input [1]"},
      {"$.a[0]", "{}", "Unable to apply step \"[0]\" to input {}"},
      {"$.a[0]", "{\"a\":{}}", "Unable to apply step \"[0]\" to input {}"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct evaluation e;
    struct ms_json value;
    mt_leak_begin();
    mt_eq_int(evaluation_init(&e, rows[i][1], NULL, NULL), 0);
    mt_eq_int(put(&value, &e, rows[i][0]), MS_FAILED);
    mt_ok(ms_json_is_none(value));
    mt_eq_json(e.failure.error, "\"States.ReferencePathConflict\"");
    struct ms_str cause = ms_json_text(e.failure.cause);
    mt_eq_mem(cause.data, cause.len, rows[i][2]);
    evaluation_deinit(&e);
    mt_leak_end();
  }
}

MT_TEST(path_put__is_for_reference_paths_into_data)
{
  struct evaluation e;
  struct ms_query *query;
  struct ms_json value;
  struct ms_json text = ms_json_cstring("$$.State");
  mt_leak_begin();
  mt_eq_int(evaluation_init(&e, NULL, NULL, NULL), 0);
  mt_eq_int(evaluation_compile(&query, &e, MS_QUERY_REFERENCE_PATH, "ItemsPath", text), 0);
  mt_eq_int(ms_jsonpath_put(&value, query, e.env.input, ms_json_cstring("x"), &e.failure),
            MSTEP_EINVALID);
  ms_query_free(query);
  evaluation_deinit(&e);
  mt_leak_end();
  ms_json_unref(text);
}

static int put_deep(void *user)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct evaluation e;
  struct ms_json text;
  struct ms_query *query = NULL;
  (void)user;
  int err = evaluation_init(&e, "{\"a\":[{\"b\":{\"c\":1}}]}", NULL, NULL);
  if (err != 0) {
    return err;
  }
  text = ms_json_cstring("$.a[0].b.d.e");
  err = ms_json_is_none(text)
            ? MSTEP_ENOMEM
            : evaluation_compile(&query, &e, MS_QUERY_REFERENCE_PATH, "ResultPath", text);
  if (err == 0) {
    err = ms_jsonpath_put(&value, query, e.env.input, ms_json_cstring("x"), &e.failure);
  }
  ms_json_unref(text);
  ms_json_unref(value);
  ms_query_free(query);
  evaluation_deinit(&e);
  return err;
}

MT_TEST(path_put__survives_out_of_memory)
{
  mt_ok(mt_oom(put_deep, NULL) > 10);
}
