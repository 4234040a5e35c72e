/*
 * Event source mappings recorded on AWS: what the operations answered, what functions were given, and what destinations
 * were told. Each recording is played to an engine on virtual time through mstep_call; the functions of the recordings
 * are in Lua here. Recordings that need a service that is not there are counted, not run. What is expected
 * to differ is listed in sources-exceptions.txt, one `name: reason` a line; an entry that passes after all is a
 * failure too.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host.h"
#include "match.h"
#include "mt.h"

#define STEPS_MAX 64
#define FILES_MAX 512

struct play {
  struct host host;
  struct match match;
  struct ms_json answers[STEPS_MAX];
  struct ms_json reply;
  int status;
  bool is_answered;
  const char *function;   /* the latest that was made */
  const char *stream_arn; /* the latest stream */
  const char *missing;    /* an operation that is not there */
};

static struct ms_str text_of(struct ms_json object, const char *key)
{
  return ms_json_text(ms_json_getc(object, key));
}

/* ---- calls ---- */

static void on_reply(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct play *play = user;
  play->status = status;
  play->is_answered = true;
  ms_json_unref(play->reply);
  if (ms_json_parse(&play->reply, (struct ms_str){reply.data, reply.len}, NULL, NULL) != 0)
    mt_fail("a reply is no JSON: %.*s", (int)reply.len, reply.data);
  mstep_engine_stop(engine);
}

static void call(struct play *play, const char *operation, struct ms_str request)
{
  play->is_answered = false;
  mt_eq_int(mstep_call(play->host.engine, operation, (mstep_str){request.data, request.len},
                       on_reply, play),
            0);
  mt_eq_int(mstep_engine_run(play->host.engine), 0);
  mt_ok(play->is_answered);
  if (ms_str_is(text_of(play->reply, "__type"), "UnknownOperationException"))
    play->missing = mt_format("%s", operation);
}

/* What the recorded handlers do after they have noted what they were given. */
static const struct {
  const char *part; /* of the handler's text or its file's name */
  const char *lua;
} handlers[] = {
    {"'itemIdentifier': ''", "return {batchItemFailures = {{itemIdentifier = ''}}}"},
    {"'itemIdentifier': None", "return {batchItemFailures = {{itemIdentifier = mstep.null}}}"},
    {"'itemIdentifier': 123", "return {batchItemFailures = {{itemIdentifier = 123}}}"},
    {"'foo': 123", "return {batchItemFailures = {{foo = 123}}}"},
    {"'foo': None", "return {batchItemFailures = {{foo = mstep.null}}}"},
    {"'batchItemFailures': []", "return {batchItemFailures = mstep.array()}"},
    {"'batchItemFailures': None", "return {batchItemFailures = mstep.null}"},
    {"return {}", "return {}"},
    {"return []", "return mstep.array()"},
    {"return None", "return nil"},
    {" 0)()", "error('no')"},
    {"lambda_unhandled_error", "error('no')"},
    {"lambda_sqs_integration",
     "for _, r in ipairs(event.Records) do local wanted = r.body:match('fail_attempts\\\": (%d+)') "
     "if tonumber(r.attributes.ApproximateReceiveCount) <= tonumber(wanted) then error('no') end "
     "end"},
    {"lambda_sqs_batch_item_failure",
     "local failed = {} for _, r in ipairs(event.Records) do "
     "local wanted = r.body:match('fail_attempts\\\": (%d+)') "
     "if tonumber(r.attributes.ApproximateReceiveCount) <= tonumber(wanted) then "
     "failed[#failed + 1] = {itemIdentifier = r.messageId} end end "
     "if OVERWRITE then return OVERWRITE end return {batchItemFailures = failed}"},
    {"lambda_report_batch_item_failures_dynamodb",
     "local failed = {} for _, r in ipairs(event.Records) do "
     "if r.dynamodb.NewImage.should_fail.BOOL then "
     "failed[#failed + 1] = {itemIdentifier = r.dynamodb.SequenceNumber} end end "
     "return {batchItemFailures = failed}"},
};

static void make_function(struct play *play, struct ms_json params)
{
  struct ms_str name = text_of(params, "FunctionName"), file = text_of(params, "handler_file");
  struct ms_json override = ms_json_getc(ms_json_getc(params, "envvars"), "OVERWRITE_RESULT");
  const char *lua = "return event";
  struct ms_buf said;
  for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
    if (strstr(file.data, handlers[i].part) != NULL) {
      lua = handlers[i].lua;
      break;
    }
  ms_buf_init(&said, 0);
  if (ms_json_is_string(override)) { /* as text in text */
    struct ms_json inner = ms_json_print_value(override);
    ms_json_print_string(&said, ms_json_text(inner));
    ms_json_unref(inner);
  }
  char *quoted =
      mt_format("%.*s", (int)(said.len > 2 ? said.len - 2 : 0), said.len > 2 ? said.data + 1 : "");
  ms_buf_deinit(&said);
  const char *request = mt_format(
      "{\"FunctionName\":\"%.*s\",\"Code\":{\"Source\":\"local mstep = require 'mstep' local seen "
      "= {} "
      "%s%s return function(event) if event.get then return seen end seen[#seen + 1] = event %s "
      "end\"}}",
      MS_STR_ARG(name), quoted[0] != '\0' ? "local OVERWRITE = " : "local OVERWRITE ", quoted, lua);
  play->function = mt_format("%.*s", MS_STR_ARG(name));
  call(play, "lambda:CreateFunction", ms_str_c(request));
  if (play->status != 0)
    mt_fail("%s: %s", request, mt_format("%.*s", MS_STR_ARG(text_of(play->reply, "message"))));
}

static void make_table(struct play *play, struct ms_json params)
{
  const char *key = mt_format("%.*s", MS_STR_ARG(text_of(params, "partition_key")));
  struct ms_str view = text_of(params, "stream_view_type");
  const char *stream = view.len == 0 ? ""
                                     : mt_format(",\"StreamSpecification\":{\"StreamEnabled\":true,"
                                                 "\"StreamViewType\":\"%.*s\"}",
                                                 MS_STR_ARG(view));
  call(play, "dynamodb:CreateTable",
       ms_str_c(mt_format("{\"TableName\":\"%.*s\",\"KeySchema\":[{\"AttributeName\":\"%s\","
                          "\"KeyType\":\"HASH\"}],\"AttributeDefinitions\":[{\"AttributeName\":"
                          "\"%s\",\"AttributeType\":\"S\"}],\"BillingMode\":"
                          "\"PAY_PER_REQUEST\"%s}",
                          MS_STR_ARG(text_of(params, "table_name")), key, key, stream)));
}

/* The stream of the recording is the one that is there; a mapping is known by the step that made it. */
static struct ms_json request_of(struct play *play, struct ms_json params)
{
  struct ms_json out = ms_json_ref(params);
  struct ms_json item = ms_json_ref(ms_json_getc(params, "Item"));
  if (ms_json_is_object(ms_json_getc(item, "binary_key"))) { /* recorded before it was encoded */
    struct ms_json bytes = ms_json_object(1);
    mt_ok(ms_str_is(text_of(ms_json_getc(item, "binary_key"), "B"), "foobar"));
    mt_eq_int(ms_json_setc(&bytes, "B", ms_json_cstring("Zm9vYmFy")), 0);
    mt_eq_int(ms_json_setc(&item, "binary_key", bytes), 0);
    mt_eq_int(ms_json_setc(&out, "Item", ms_json_ref(item)), 0);
  }
  ms_json_unref(item);
  struct ms_str arn = text_of(params, "EventSourceArn"), uuid = text_of(params, "UUID");
  unsigned step;
  if (play->stream_arn != NULL && ms_str_has_suffix(arn, "/stream/2024-01-01T00:00:00.000"))
    mt_eq_int(ms_json_setc(&out, "EventSourceArn", ms_json_cstring(play->stream_arn)), 0);
  if (uuid.len > 0 && sscanf(uuid.data, "esm-%u", &step) == 1 && step < STEPS_MAX)
    mt_eq_int(ms_json_setc(&out, "UUID", ms_json_ref(ms_json_getc(play->answers[step], "UUID"))),
              0);
  return out;
}

static void carry_out(struct play *play, size_t index, struct ms_json step)
{
  struct ms_json params = ms_json_getc(step, "params");
  struct ms_str op = text_of(step, "op"), service = text_of(step, "service");
  /* The recordings waited for what a call had caused. */
  mt_eq_int(mstep_engine_run(play->host.engine), 0);
  if (ms_str_is(op, "CreateFunction")) {
    make_function(play, params);
  } else if (ms_str_is(op, "CreateTable") &&
             ms_json_is_string(ms_json_getc(params, "table_name"))) {
    make_table(play, params);
  } else if (!ms_str_is(service, "s3") && !ms_str_is(service, "iam")) {
    struct ms_json request = request_of(play, params);
    struct ms_json text = ms_json_print_value(request);
    call(play, mt_format("%.*s:%.*s", MS_STR_ARG(service), MS_STR_ARG(op)), ms_json_text(text));
    ms_json_unref(text);
    ms_json_unref(request);
  } else if (ms_str_is(service, "s3")) {
    play->missing = "s3";
  }
  struct ms_json table = ms_json_getc(play->reply, "TableDescription");
  if (ms_json_is_string(ms_json_getc(table, "LatestStreamArn")))
    play->stream_arn = mt_format("%.*s", MS_STR_ARG(text_of(table, "LatestStreamArn")));
  if (index < STEPS_MAX)
    ms_json_replace(&play->answers[index], ms_json_ref(play->reply));
}

static void play_open(struct play *play, struct ms_json recorded)
{
  *play = (struct play){.status = 0};
  host_open(&play->host, NULL);
  match_init(&play->match, ms_json_getc(recorded, "wildcards"));
}

static void play_close(struct play *play)
{
  match_deinit(&play->match);
  for (size_t i = 0; i < STEPS_MAX; i++)
    ms_json_unref(play->answers[i]);
  ms_json_unref(play->reply);
  host_close(&play->host);
}

/* ---- what operations answered ---- */

static void check_step(struct ms_buf *why, struct play *play, size_t index, struct ms_json step)
{
  struct ms_json expected = ms_json_getc(step, "expect"),
                 error = ms_json_getc(step, "expect_error");
  bool ok = true;
  if (!ms_str_is(text_of(step, "service"), "lambda") ||
      strstr(text_of(step, "op").data, "EventSourceMapping") == NULL)
    return;
  if (!ms_json_is_none(error)) {
    const char *pointer = mt_format("/steps/%zu/expect_error/message", index);
    ok = ms_str_eq(text_of(error, "code"), text_of(play->reply, "__type")) &&
         match_value(&play->match, pointer, ms_json_getc(error, "message"),
                     ms_json_getc(play->reply, "message"));
  } else if (!ms_json_is_none(expected)) {
    ok = play->status == 0 &&
         match_value(&play->match, mt_format("/steps/%zu/expect", index), expected, play->reply);
  }
  if (!ok) {
    ms_buf_printf(why, "step %zu, %.*s: ", index, MS_STR_ARG(text_of(step, "op")));
    ms_buf_str(why, ms_buf_view(&play->match.why));
    ms_buf_cstr(why, ": ");
    ms_json_print(why, play->reply);
  }
}

static void play_steps(struct ms_buf *why, struct play *play, struct ms_json recorded)
{
  struct ms_json steps = ms_json_getc(recorded, "steps");
  for (size_t i = 0; i < ms_json_count(steps) && why->len == 0 && play->missing == NULL; i++) {
    struct ms_json step = ms_json_at(steps, i);
    if (ms_json_is_string(ms_json_getc(step, "op"))) {
      carry_out(play, i, step);
      check_step(why, play, i, step);
    }
  }
}

/* ---- what came to a function, what came to a destination ---- */

static bool is_same(struct ms_json expected, struct ms_json actual);

/* "<name:3>" stands for anything, also within a text. */
static bool is_same_text(struct ms_str expected, struct ms_json actual)
{
  static const char *const words[] = {"sent-timestamp", "sender-id", "datetime"};
  char *glob = mt_format("%.*s", MS_STR_ARG(expected));
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(glob, words[i]) == 0)
      return ms_json_is_string(actual);
  if (glob[0] == '<' && strchr(glob, '>') == glob + strlen(glob) - 1)
    return !ms_json_is_none(actual);
  for (char *at = strchr(glob, '<'); at != NULL; at = strchr(at + 1, '<')) {
    char *close = strchr(at, '>');
    if (close != NULL && memchr(at, ':', (size_t)(close - at)) != NULL) {
      *at = '*';
      memmove(at + 1, close + 1, strlen(close + 1) + 1);
    }
  }
  return ms_json_is_string(actual) && match_glob(ms_str_c(glob), ms_json_text(actual));
}

static bool is_same_object(struct ms_json expected, struct ms_json actual)
{
  for (size_t i = 0; i < ms_json_count(expected); i++)
    if (!is_same(ms_json_member(expected, i), ms_json_get(actual, ms_json_key(expected, i))))
      return false;
  return ms_json_count(actual) == ms_json_count(expected);
}

static bool is_same(struct ms_json expected, struct ms_json actual)
{
  if (ms_json_is_string(expected))
    return is_same_text(ms_json_text(expected), actual);
  if (ms_json_is_object(expected) && ms_json_is_string(actual)) {
    struct ms_json parsed;
    if (ms_json_parse(&parsed, ms_json_text(actual), NULL, NULL) != 0)
      return false;
    bool same = is_same(expected, parsed);
    ms_json_unref(parsed);
    return same;
  }
  if (ms_json_is_object(expected))
    return ms_json_is_object(actual) && is_same_object(expected, actual);
  if (ms_json_is_array(expected)) {
    bool same = ms_json_is_array(actual) && ms_json_count(expected) == ms_json_count(actual);
    for (size_t i = 0; same && i < ms_json_count(expected); i++)
      same = is_same(ms_json_at(expected, i), ms_json_at(actual, i));
    return same;
  }
  return ms_json_equal(expected, actual);
}

static void play_calls(struct play *play, struct ms_json recorded)
{
  struct ms_json calls = ms_json_getc(recorded, "calls");
  for (size_t i = 0; i < ms_json_count(calls) && play->missing == NULL; i++)
    carry_out(play, i, ms_json_at(calls, i));
  mt_eq_int(mstep_engine_run(play->host.engine), 0);
}

/* Did the record come to the function, or to that version of it? */
static bool has_come(struct play *play, const char *qualifier, struct ms_json record)
{
  call(play, "lambda:Invoke",
       ms_str_c(mt_format("{\"FunctionName\":\"%s%s\",\"Payload\":{\"get\":true}}", play->function,
                          qualifier)));
  struct ms_json seen = ms_json_getc(play->reply, "Payload");
  bool found = false;
  for (size_t j = 0; j < ms_json_count(seen) && !found; j++) {
    struct ms_json came = ms_json_getc(ms_json_at(seen, j), "Records");
    for (size_t k = 0; k < ms_json_count(came) && !found; k++)
      found = is_same(record, ms_json_at(came, k));
  }
  return found;
}

/* Each recorded record came in one of the events. */
static void play_event(struct ms_buf *why, struct play *play, struct ms_json recorded)
{
  play_calls(play, recorded);
  struct ms_json records = ms_json_getc(ms_json_getc(recorded, "event"), "Records");
  for (size_t i = 0; i < ms_json_count(records) && why->len == 0 && play->missing == NULL; i++) {
    struct ms_json record = ms_json_at(records, i);
    if (!has_come(play, ":1", record) && !has_come(play, ":2", record) &&
        !has_come(play, "", record)) {
      ms_buf_printf(why, "record %zu did not come: ", i);
      ms_json_print(why, record);
      ms_buf_cstr(why, " but ");
      ms_json_print(why, play->reply);
    }
  }
}

static void play_record(struct ms_buf *why, struct play *play, struct ms_json recorded)
{
  struct ms_json calls = ms_json_getc(recorded, "calls"), record = ms_json_getc(recorded, "record");
  play_calls(play, recorded);
  if (play->missing != NULL)
    return;
  bool found = false;
  for (size_t i = 0; i < ms_json_count(calls) && !found; i++) {
    struct ms_json step = ms_json_at(calls, i);
    if (!ms_str_is(text_of(step, "op"), "CreateQueue"))
      continue;
    call(play, "sqs:ReceiveMessage",
         ms_str_c(
             mt_format("{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/%.*s\"}",
                       MS_STR_ARG(text_of(ms_json_getc(step, "params"), "QueueName")))));
    struct ms_json message = ms_json_at(ms_json_getc(play->reply, "Messages"), 0), body;
    if (ms_json_parse(&body, text_of(message, "Body"), NULL, NULL) == 0) {
      struct ms_json inner = ms_json_getc(body, "Message");
      found = is_same(record, ms_json_is_none(inner) ? body : inner);
      ms_buf_reset(&play->match.why);
      ms_json_print(&play->match.why, body);
      ms_json_unref(body);
    }
  }
  if (!found) {
    ms_buf_cstr(why, "the record did not come: ");
    ms_json_print(why, record);
    ms_buf_cstr(why, " but ");
    ms_buf_str(why, ms_buf_view(&play->match.why));
  }
}

/* ---- all of them ---- */

typedef void (*play_fn)(struct ms_buf *why, struct play *play, struct ms_json recorded);

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_files(char *names[], const char *folder)
{
  static const char *const wanted[] = {"integration_sqs__", "integration_dynamodbstreams__",
                                       "event_source_mapping_", "create_event_"};
  DIR *dir = opendir(folder);
  size_t count = 0;
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && count < FILES_MAX;)
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
      if (strstr(entry->d_name, wanted[i]) != NULL && strstr(entry->d_name, "kinesis") == NULL) {
        names[count++] = mt_format("%s", entry->d_name);
        break;
      }
  if (dir != NULL)
    closedir(dir);
  qsort(names, count, sizeof *names, compare_names);
  return count;
}

static void run_all(const char *folder, play_fn fn)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL)
    mt_skip("no recorded mappings here");
  char *exceptions =
      mt_format("\n%s", mt_read_file("tests/conformance/sources-exceptions.txt", NULL));
  const char *only = getenv("MT_CASE");
  static char *names[FILES_MAX];
  size_t count = list_files(names, mt_format("%s/lambda/%s", corpus, folder));
  size_t ran = 0, failed = 0, excused = 0, missing = 0;
  for (size_t i = 0; i < count; i++) {
    struct ms_json recorded;
    struct ms_buf why;
    struct play play;
    size_t len;
    if (only != NULL && strstr(names[i], only) == NULL)
      continue;
    char *text = mt_read_file(mt_format("%s/lambda/%s/%s", corpus, folder, names[i]), &len);
    mt_eq_int(ms_json_parse(&recorded, (struct ms_str){text, len}, NULL, NULL), 0);
    bool is_followed = !ms_str_is(text_of(recorded, "trust"), "test not followed");
    ms_buf_init(&why, 1 << 20);
    play_open(&play, recorded);
    if (is_followed)
      fn(&why, &play, recorded);
    bool has_run = is_followed && play.missing == NULL;
    char *name = mt_format("%.*s", MS_STR_ARG(text_of(recorded, "name")));
    bool is_expected = strstr(exceptions, mt_format("\n%s:", name)) != NULL;
    ran += has_run;
    missing += !has_run;
    excused += has_run && is_expected;
    if (has_run && (why.len != 0) != is_expected) {
      failed++;
      mt_report("%s: %.1500s", name,
                why.len == 0 ? "passes, but is listed as an exception" : why.data);
    }
    play_close(&play);
    ms_buf_deinit(&why);
    ms_json_unref(recorded);
  }
  mt_note("%zu of %zu, %zu cannot be run, %zu excused, %zu failed", ran, count, missing, excused,
          failed);
  mt_eq_int((long long)failed, 0);
  if (ran == 0)
    mt_skip("none of them can be run");
}

MT_TEST(sources__recorded_calls)
{
  run_all("api", play_steps);
}

MT_TEST(sources__recorded_events)
{
  run_all("events", play_event);
}

MT_TEST(sources__recorded_destinations)
{
  run_all("destinations", play_record);
}
