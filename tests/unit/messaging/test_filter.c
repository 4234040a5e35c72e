/* Filter criteria: the forms of a record's data, for each kind of source. */
#include "mt.h"

#include "base/base64.h"
#include "base/error.h"
#include "messaging/filter.h"

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  if (ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail("not JSON: %s", text);
  }
  return value;
}

static struct ms_criteria *compile(enum ms_criteria_source source, const char *pattern)
{
  struct ms_criteria *filter = NULL;
  struct ms_str text = ms_str_c(pattern);
  if (ms_criteria_compile(&filter, &text, 1, source, NULL) != 0) {
    mt_fail("refused: %s", pattern);
  }
  return filter;
}

static bool matches(const struct ms_criteria *filter, const char *record)
{
  bool is_match;
  struct ms_json value = parse(record);
  mt_eq_int(ms_criteria_match(&is_match, filter, value), 0);
  ms_json_unref(value);
  return is_match;
}

static void check(enum ms_criteria_source source, const char *pattern, const char *record,
                  bool wanted)
{
  struct ms_criteria *filter = compile(source, pattern);
  if (matches(filter, record) != wanted) {
    mt_report("%s: %s", pattern, record);
  }
  ms_criteria_free(filter);
}

MT_TEST(messaging_filter__queue_bodies)
{
  static const struct {
    const char *pattern;
    const char *record;
    bool wanted;
  } rows[] = {
      /* both JSON */
      {"{\"body\":{\"n\":[{\"numeric\":[\">\",5]}]}}", "{\"body\":\"{\\\"n\\\":6}\"}", true},
      {"{\"body\":{\"n\":[{\"numeric\":[\">\",5]}]}}", "{\"body\":\"{\\\"n\\\":5}\"}", false},
      {"{\"body\":{\"a\":{\"b\":[1]}}}", "{\"body\":\" {\\\"a\\\":[{\\\"b\\\":1}]} \"}", true},
      /* both text */
      {"{\"body\":[\"hello\"]}", "{\"body\":\"hello\"}", true},
      {"{\"body\":[{\"prefix\":\"Result: \"}]}", "{\"body\":\"Result: 3\"}", true},
      {"{\"body\":[\"hello\"]}", "{\"body\":\"bye\"}", false},
      {"{\"body\":[\"12\"]}", "{\"body\":\"12\"}", true},
      /* one of each: dropped, whatever the pattern would say */
      {"{\"body\":{\"n\":[{\"exists\":false}]}}", "{\"body\":\"plain\"}", false},
      {"{\"body\":{\"n\":[{\"exists\":false}]}}", "{\"body\":\"{}\"}", true},
      {"{\"body\":[{\"prefix\":\"{\"}]}", "{\"body\":\"{\\\"n\\\":1}\"}", false},
      {"{\"body\":[{\"anything-but\":\"x\"}]}", "{\"body\":\"[1]\"}", false},
      {"{\"body\":[{\"exists\":true}]}", "{\"messageId\":\"1\"}", false},
      /* nothing said of the body: the record decides */
      {"{\"messageAttributes\":{\"k\":{\"stringValue\":[\"v\"]}}}",
       "{\"body\":\"plain\",\"messageAttributes\":{\"k\":{\"stringValue\":\"v\"}}}", true},
      {"{\"eventSource\":[\"aws:sqs\"]}", "{\"body\":\"{}\",\"eventSource\":\"aws:sns\"}", false},
      {"{\"bodyguard\":[1]}", "{\"body\":\"{}\",\"bodyguard\":1}", true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    check(MS_FILTER_QUEUE, rows[i].pattern, rows[i].record, rows[i].wanted);
  }
}

MT_TEST(messaging_filter__tables)
{
  check(MS_FILTER_TABLE,
        "{\"eventName\":[\"INSERT\"],\"dynamodb\":{\"NewImage\":{\"k\":{\"S\":[{\"prefix\":\"us\"}]"
        "}}}}",
        "{\"eventName\":\"INSERT\",\"dynamodb\":{\"NewImage\":{\"k\":{\"S\":\"us-1\"}}}}", true);
  check(MS_FILTER_TABLE, "{\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":[{\"numeric\":[\">\",1]}]}}}}",
        "{\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":\"5\"}}}}", false);
  check(MS_FILTER_TABLE, "{\"dynamodb\":{\"NewImage\":{\"k\":[{\"exists\":false}]}}}",
        "{\"dynamodb\":{\"NewImage\":{\"k\":{\"S\":\"x\"}}}}", true);
}

/* {"a":1} and "plain", in base64. */
#define A1 "eyJhIjoxfQ=="
#define PLAIN "cGxhaW4="

MT_TEST(messaging_filter__streams)
{
  check(MS_FILTER_STREAM, "{\"data\":{\"a\":[1]}}", "{\"kinesis\":{\"data\":\"" A1 "\"}}", true);
  check(MS_FILTER_STREAM, "{\"data\":{\"a\":[2]}}", "{\"kinesis\":{\"data\":\"" A1 "\"}}", false);
  check(MS_FILTER_STREAM, "{\"data\":{\"a\":[{\"exists\":false}]}}",
        "{\"kinesis\":{\"data\":\"" PLAIN "\"}}", false);
  check(MS_FILTER_STREAM, "{\"data\":{\"a\":[1]}}", "{\"kinesis\":{\"data\":\"!!\"}}", false);
  check(MS_FILTER_STREAM, "{\"data\":{\"a\":[1]}}", "{\"kinesis\":{\"data\":\"/w==\"}}", false);
  check(MS_FILTER_STREAM, "{\"partitionKey\":[\"p\"],\"eventSource\":[\"aws:kinesis\"]}",
        "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"partitionKey\":\"p\",\"data\":\"" PLAIN
        "\"}}",
        true);
  check(MS_FILTER_TOPIC_LOG, "{\"value\":[\"plain\"]}", "{\"value\":\"" PLAIN "\"}", true);
  check(MS_FILTER_TOPIC_LOG, "{\"value\":{\"a\":[1]}}", "{\"value\":\"" A1 "\"}", true);
}

MT_TEST(messaging_filter__any_of_several)
{
  struct ms_criteria *filter = NULL;
  struct ms_str patterns[] = {MS_STR("{\"body\":{\"a\":[1]}}"), MS_STR("{\"body\":[\"b\"]}"),
                              MS_STR("{\"c\":[3]}")};
  mt_eq_int(ms_criteria_compile(&filter, patterns, 3, MS_FILTER_QUEUE, NULL), 0);
  mt_ok(matches(filter, "{\"body\":\"{\\\"a\\\":1}\"}"));
  mt_ok(matches(filter, "{\"body\":\"b\"}"));
  mt_ok(matches(filter, "{\"body\":\"x\",\"c\":3}"));
  mt_ok(!matches(filter, "{\"body\":\"x\"}"));
  ms_criteria_free(filter);
  mt_eq_int(ms_criteria_compile(&filter, NULL, 0, MS_FILTER_QUEUE, NULL), 0);
  mt_ok(matches(filter, "{\"body\":\"x\"}"));
  ms_criteria_free(filter);
}

static void check_refused(enum ms_criteria_source source, const struct ms_str *patterns,
                          size_t count)
{
  struct ms_criteria *filter = NULL;
  struct ms_buf message;
  ms_buf_init(&message, 0);
  mt_eq_int(ms_criteria_compile(&filter, patterns, count, source, &message), MSTEP_EINVALID);
  mt_eq_str(message.data, "Invalid filter pattern definition.");
  ms_buf_deinit(&message);
}

MT_TEST(messaging_filter__refusals)
{
  struct ms_str bad[] = {MS_STR("{\"a\":[1]}"), MS_STR("{\"eventSource\": \"aws:sqs\"}")};
  struct ms_str text = MS_STR("{\"data\":[\"plain\"]}");
  struct ms_str many[MS_FILTER_PATTERNS_MAX + 1];
  for (size_t i = 0; i <= MS_FILTER_PATTERNS_MAX; i++) {
    many[i] = MS_STR("{\"a\":[1]}");
  }
  check_refused(MS_FILTER_QUEUE, bad, 2);
  check_refused(MS_FILTER_STREAM, &text, 1);
  check_refused(MS_FILTER_TABLE, many, MS_FILTER_PATTERNS_MAX + 1);
}

static int filter_once(void *user)
{
  struct ms_criteria *filter = NULL;
  struct ms_json record = MS_JSON_VALUE_NONE;
  struct ms_str patterns[] = {MS_STR("{\"partitionKey\":[\"q\"]}"),
                              MS_STR("{\"data\":{\"a\":[1]}}")};
  bool is_match = false;
  (void)user;
  int err = ms_criteria_compile(&filter, patterns, 2, MS_FILTER_STREAM, NULL);
  if (err == 0) {
    err = ms_json_parse(
        &record, MS_STR("{\"kinesis\":{\"partitionKey\":\"p\",\"data\":\"" A1 "\"}}"), NULL, NULL);
    err = err != 0 ? err : ms_criteria_match(&is_match, filter, record);
    ms_json_unref(record);
    ms_criteria_free(filter);
    err = err == 0 && !is_match ? MSTEP_EINTERNAL : err;
  }
  return err;
}

MT_TEST(messaging_filter__memory_runs_out)
{
  mt_ok(mt_oom(filter_once, NULL) > 10);
}
