/* JSON Pointer: the examples of RFC 6901 and what is not there. */
#include "mt.h"

#include "json/json.h"

static const char document[] = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
                               "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,\"~1\":9,\"x\":{\"\":{\"\":10}}}";

struct row {
  const char *pointer;
  const char *value; /* NULL: nothing there */
};

static const struct row rows[] = {
    {"", document},
    {"/foo", "[\"bar\",\"baz\"]"},
    {"/foo/0", "\"bar\""},
    {"/foo/1", "\"baz\""},
    {"/", "0"},
    {"/a~1b", "1"},
    {"/c%d", "2"},
    {"/e^f", "3"},
    {"/g|h", "4"},
    {"/i\\j", "5"},
    {"/k\"l", "6"},
    {"/ ", "7"},
    {"/m~0n", "8"},
    {"/~01", "9"},
    {"/x//", "10"},
    {"/foo/2", NULL},
    {"/foo/-", NULL},
    {"/foo/-1", NULL},
    {"/foo/+1", NULL},
    {"/foo/00", NULL},
    {"/foo/01", NULL},
    {"/foo/1.0", NULL},
    {"/foo/", NULL},
    {"/foo/4294967296", NULL},
    {"/foo/18446744073709551616", NULL},
    {"/foo/0/x", NULL},
    {"/foo/bar", NULL},
    {"/nothing", NULL},
    {"/nothing/at/all", NULL},
    {"/~1", NULL}, /* the name "/" */
    {"foo", NULL},
    {"#/foo", NULL},
};

MT_TEST(json_pointer__finds_and_misses)
{
  struct ms_json root;
  mt_eq_int(ms_json_parse(&root, MS_STR(document), NULL, NULL), 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_json value = ms_json_pointer(root, ms_str_c(rows[i].pointer));
    if (rows[i].value == NULL) {
      if (!ms_json_is_none(value)) {
        mt_report("'%s' names something", rows[i].pointer);
      }
    } else if (ms_json_is_none(value)) {
      mt_report("'%s' names nothing", rows[i].pointer);
    } else {
      mt_eq_json(value, rows[i].value);
    }
  }
  ms_json_unref(root);
  mt_ok(ms_json_is_none(ms_json_pointer(MS_JSON_VALUE_NONE, MS_STR(""))));
  mt_ok(ms_json_is_none(ms_json_pointer(ms_json_int(1), MS_STR("/0"))));
}

MT_TEST(json_pointer__pushed_tokens_lead_back)
{
  struct ms_json root;
  struct ms_buf pointer;
  mt_eq_int(ms_json_parse(&root, MS_STR(document), NULL, NULL), 0);
  ms_buf_init(&pointer, 0);
  for (size_t i = 0; i < ms_json_count(root); i++) {
    ms_buf_reset(&pointer);
    ms_json_pointer_push(&pointer, ms_json_key(root, i));
    struct ms_json found = ms_json_pointer(root, ms_buf_view(&pointer));
    mt_ok(ms_json_identical(found, ms_json_member(root, i)));
  }
  ms_buf_reset(&pointer);
  ms_json_pointer_push(&pointer, MS_STR("~/~01/"));
  ms_json_pointer_push_index(&pointer, 12);
  ms_json_pointer_push(&pointer, MS_STR(""));
  mt_eq_str(pointer.data, "/~0~1~001~1/12/");
  ms_buf_deinit(&pointer);
  ms_json_unref(root);
}
