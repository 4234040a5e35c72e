/* Input paths and templates: what a target gets, and what is refused. */
#include "mt.h"

#include <string.h>

#include "base/error.h"
#include "messaging/transform.h"

#define EVENT                                                                                      \
  "{\"version\":\"0\",\"id\":\"e-1\",\"detail-type\":\"Order\",\"source\":\"shop\",\"account\":"   \
  "\"1\",\"time\":\"2026-11-23T10:00:00Z\",\"region\":\"r\",\"resources\":[\"arn:a\",\"arn:b\"],"  \
  "\"detail\":{\"id\":7,\"price\":1.50,\"ok\":true,\"none\":null,\"name\":\"a \\\"b\\\" \\\\ "     \
  "\\u00e9\\n\",\"lines\":[{\"sku\":\"x\",\"n\":1},{\"sku\":\"y\",\"n\":2}],\"a-b/c_d\":\"odd\","  \
  "\"dotted.name\":5}}"

#define PATHS                                                                                      \
  "{\"id\":\"$.detail.id\",\"price\":\"$.detail.price\",\"ok\":\"$.detail.ok\",\"none\":"          \
  "\"$.detail.none\",\"name\":\"$.detail.name\",\"lines\":\"$.detail.lines\",\"first\":"           \
  "\"$.detail.lines[0].sku\",\"skus\":\"$.detail.lines[*].sku\",\"all\":\"$.detail.lines[1].*\","  \
  "\"odd\":\"$.detail.a-b/"                                                                        \
  "c_d\",\"quoted\":\"$.detail['dotted.name']\",\"gone\":\"$.detail.gone\","                       \
  "\"far\":\"$.detail.lines[9]\",\"whole\":\"$\",\"type\":\"$.detail-type\"}"

static const struct ms_transform_context context = {
    {"arn:rule", 8}, {"the \"rule\"", 10}, 1700000000123};

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  if (ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail("not JSON: %s", text);
  }
  return value;
}

static void check(struct ms_transform *transform, const char *what, const char *wanted, int result)
{
  struct ms_json event = parse(EVENT);
  struct ms_buf out;
  ms_buf_init(&out, 0);
  int err = ms_transform_apply(&out, transform, event, &context);
  const char *got = out.data == NULL ? "" : out.data;
  if (err != result || strcmp(got, wanted) != 0) {
    mt_report("%s: %d %s instead of %d %s", what, err, got, result, wanted);
  }
  ms_buf_deinit(&out);
  ms_json_unref(event);
  ms_transform_free(transform);
}

MT_TEST(messaging_transform__paths)
{
  static const struct {
    const char *path;
    const char *wanted;
  } rows[] = {
      {"$.detail.id", "7"},
      {"$.detail.price", "1.5"},
      {"$.source", "\"shop\""},
      {"$.detail-type", "\"Order\""},
      {"$.resources", "[\"arn:a\",\"arn:b\"]"},
      {"$.resources[1]", "\"arn:b\""},
      {"$['detail']['id']", "7"},
      {"$[\"detail\"].id", "7"},
      {"$.detail.lines[*].n", "[1,2]"},
      {"$.detail.lines[0].*", "[\"x\",1]"},
      {"$.nothing.*", "[]"},
      {"$.detail.none", "null"},
      {"$.detail.gone", "null"},
      {"$.detail.id.deeper", "null"},
      {"$.resources[99999999999]", "null"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_transform *transform = NULL;
    int err = ms_transform_path(&transform, ms_str_c(rows[i].path), MS_STR("t"), NULL);
    if (strstr(rows[i].path, "99999999999") != NULL) {
      mt_eq_int(err, MSTEP_EINVALID);
      continue;
    }
    mt_eq_int(err, 0);
    check(transform, rows[i].path, rows[i].wanted, 0);
  }
}

MT_TEST(messaging_transform__wrong_paths)
{
  static const char *const paths[] = {"",     "detail", "$detail", "$.",      "$..a",
                                      "$.a[", "$.a[]",  "$.a[x]",  "$.a[1",   "$['a]",
                                      "$.a]", "$.a b",  "$[-1]",   "$.a['b'", "$.a[1]b"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct ms_transform *transform = NULL;
    struct ms_buf message;
    ms_buf_init(&message, 0);
    int err = ms_transform_path(&transform, ms_str_c(paths[i]), MS_STR("t-1"), &message);
    if (err != MSTEP_EINVALID) {
      mt_report("%s: %d", paths[i], err);
    } else {
      mt_eq_str(message.data, "InputPath for target t-1 is invalid.");
    }
    ms_buf_deinit(&message);
  }
}

static int compile(struct ms_transform **out, const char *text, struct ms_buf *message)
{
  struct ms_json paths = parse(PATHS);
  int err = ms_transform_template(out, paths, ms_str_c(text), MS_STR("t-1"), message);
  ms_json_unref(paths);
  return err;
}

MT_TEST(messaging_transform__templates)
{
  static const struct {
    const char *text;
    const char *wanted;
    int result;
  } rows[] = {
      /* outside of quotes: JSON */
      {"{\"a\": <id>, \"b\": <price>}", "{\"a\": 7, \"b\": 1.5}", 0},
      {"{\"a\":<name>}", "{\"a\":\"a \\\"b\\\" \\\\ \xC3\xA9\\n\"}", 0},
      {"{\"a\":<ok>,\"b\":<none>,\"c\":<first>}", "{\"a\":true,\"b\":null,\"c\":\"x\"}", 0},
      {"[<lines>,<skus>,<all>]",
       "[[{\"sku\":\"x\",\"n\":1},{\"sku\":\"y\",\"n\":2}],[\"x\",\"y\"],[\"y\",2]]", 0},
      {"{\"a\":<gone>,\"b\":<far>}", "{\"a\":\"\",\"b\":\"\"}", 0},
      {"{\"a\":<odd>,\"b\":<quoted>,\"c\":<type>}", "{\"a\":\"odd\",\"b\":5,\"c\":\"Order\"}", 0},
      {"<id>", "7", 0},
      {" <first> ", " \"x\" ", 0},
      /* within quotes: text */
      {"\"Order <id> costs <price>, <ok>, <none>.\"", "\"Order 7 costs 1.5, true, null.\"", 0},
      {"\"<name>|<first>|<gone>|\"", "\"a \\\"b\\\" \\\\ \xC3\xA9\\n|x||\"", 0},
      {"{\"m\":\"<lines>\",\"n\":\"<skus>\"}",
       "{\"m\":\"[{sku:x,n:1},{sku:y,n:2}]\",\"n\":\"[x,y]\"}", 0},
      {"{\"p/<id>\":\"q\\\"<id>\\\"\"}", "{\"p/7\":\"q\\\"7\\\"\"}", 0},
      {"\"{[/ odd beginnings of <type>\"", "\"{[/ odd beginnings of Order\"", 0},
      /* several strings */
      {"\"first <id>\"\n\"second <first>\"", "\"first 7\"\n\"second x\"", 0},
      /* what is predefined */
      {"{\"a\":<aws.events.rule-arn>,\"b\":\"<aws.events.rule-name>\"}",
       "{\"a\":\"arn:rule\",\"b\":\"the \\\"rule\\\"\"}", 0},
      {"<aws.events.event.ingestion-time>", "\"2023-11-14T22:13:20.123Z\"", 0},
      {"<aws.events.event>",
       "{\"id\":\"e-1\",\"account\":\"1\",\"detailType\":\"Order\",\"time\":\"2026-11-23T10:00:"
       "00Z\","
       "\"source\":\"shop\",\"region\":\"r\",\"resources\":[\"arn:a\",\"arn:b\"],\"version\":"
       "\"0\"}",
       0},
      /* characters that are no places */
      {"\"1 < 2 > 0 <> <a b> <x\"", "\"1 < 2 > 0 <> <a b> <x\"", 0},
      /* what is no JSON goes to the dead letters as it is */
      {"Order <id>", "Order 7", MSTEP_ESYNTAX},
      {"{\"a\":<id>", "{\"a\":7", MSTEP_ESYNTAX},
      {"\"<id>\" \"", "\"7\" \"", MSTEP_ESYNTAX},
      {" ", " ", MSTEP_ESYNTAX},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_transform *transform = NULL;
    mt_eq_int(compile(&transform, rows[i].text, NULL), 0);
    check(transform, rows[i].text, rows[i].wanted, rows[i].result);
  }
}

MT_TEST(messaging_transform__whole_event)
{
  struct ms_transform *transform = NULL;
  struct ms_json event = parse(EVENT);
  struct ms_json got;
  struct ms_buf out;
  ms_buf_init(&out, 0);
  mt_eq_int(compile(&transform, "{\"e\":<aws.events.event.json>,\"w\":<whole>}", NULL), 0);
  mt_eq_int(ms_transform_apply(&out, transform, event, &context), 0);
  got = parse(out.data);
  mt_ok(ms_json_identical(ms_json_getc(got, "e"), event));
  mt_ok(ms_json_identical(ms_json_getc(got, "w"), event));
  ms_json_unref(got);
  ms_transform_free(transform);
  ms_buf_reset(&out);
  mt_eq_int(compile(&transform, "\"<aws.events.event.json>\"", NULL), 0);
  mt_eq_int(ms_transform_apply(&out, transform, event, &context), MSTEP_ESYNTAX);
  ms_transform_free(transform);
  ms_json_unref(event);
  ms_buf_deinit(&out);
}

MT_TEST(messaging_transform__refusals)
{
  struct ms_transform *transform = NULL;
  struct ms_buf message;
  ms_buf_init(&message, 0);
  mt_eq_int(compile(&transform, "{\"a\":<undefined-key>}", &message), MSTEP_EINVALID);
  mt_eq_str(message.data,
            "InputTemplate for target t-1 contains invalid placeholder undefined-key.");
  mt_eq_int(compile(&transform, "<aws.events.other>", NULL), MSTEP_EINVALID);
  mt_eq_int(compile(&transform, "", NULL), MSTEP_EINVALID);
  static const char *const maps[] = {"{\"a b\":\"$.x\"}",
                                     "{\"\":\"$.x\"}",
                                     "{\"aws.x\":\"$.x\"}",
                                     "{\"AWSx\":\"$.x\"}",
                                     "{\"a\":1}",
                                     "{\"a\":\"x\"}",
                                     "[]"};
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
    struct ms_json paths = parse(maps[i]);
    int err = ms_transform_template(&transform, paths, MS_STR("{}"), MS_STR("t"), NULL);
    if (err != MSTEP_EINVALID) {
      mt_report("%s: %d", maps[i], err);
    }
    ms_json_unref(paths);
  }
  ms_buf_deinit(&message);
}

/* A template that would write the event a thousand times stops at the buffer's maximum. */
MT_TEST(messaging_transform__results_are_bounded)
{
  struct ms_transform *transform = NULL;
  struct ms_json event = parse(EVENT);
  struct ms_buf text;
  struct ms_buf out;
  ms_buf_init(&text, 0);
  ms_buf_init(&out, 10000);
  ms_buf_char(&text, '[');
  for (int i = 0; i < 300; i++) {
    ms_buf_printf(&text, "%s<aws.events.event.json>", i == 0 ? "" : ",");
  }
  ms_buf_char(&text, ']');
  mt_eq_int(
      ms_transform_template(&transform, MS_JSON_VALUE_NONE, ms_buf_view(&text), MS_STR("t"), NULL),
      0);
  mt_eq_int(ms_transform_apply(&out, transform, event, &context), MSTEP_ETOOBIG);
  ms_transform_free(transform);
  for (int i = 0; i < 200; i++) {
    ms_buf_cstr(&text, "<aws.events.event.json>");
  }
  while (text.len <= MS_TRANSFORM_TEMPLATE_MAX) {
    ms_buf_char(&text, ' ');
  }
  mt_eq_int(
      ms_transform_template(&transform, MS_JSON_VALUE_NONE, ms_buf_view(&text), MS_STR("t"), NULL),
      MSTEP_EINVALID);
  ms_buf_deinit(&text);
  ms_buf_deinit(&out);
  ms_json_unref(event);
}

static int transform_once(void *user)
{
  struct ms_transform *transform = NULL;
  struct ms_json paths = MS_JSON_VALUE_NONE;
  struct ms_json event = MS_JSON_VALUE_NONE;
  struct ms_buf out;
  (void)user;
  ms_buf_init(&out, 0);
  int err = ms_json_parse(&paths, MS_STR(PATHS), NULL, NULL);
  err = err != 0 ? err : ms_json_parse(&event, MS_STR(EVENT), NULL, NULL);
  if (err == 0) {
    err = ms_transform_template(&transform, paths,
                                MS_STR("[\"<lines> <name>\",<skus>,<aws.events.event>,<gone>]"),
                                MS_STR("t"), NULL);
  }
  err = err != 0 ? err : ms_transform_apply(&out, transform, event, &context);
  ms_transform_free(transform);
  ms_json_unref(paths);
  ms_json_unref(event);
  ms_buf_deinit(&out);
  return err;
}

MT_TEST(messaging_transform__memory_runs_out)
{
  mt_ok(mt_oom(transform_once, NULL) > 20);
}
