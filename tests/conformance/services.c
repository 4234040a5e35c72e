/*
 * Executions recorded on AWS that call services which are here too: run by the whole engine against its own queues,
 * topics, buses, tables and executions, after the calls that the recording made before. Compared by status,
 * output, error, cause and history; what depends on the connection to AWS (SdkHttpMetadata) and what
 * recordings of other years do not have is left out on both sides.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host.h"
#include "match.h"
#include "mt.h"

struct answer {
  int count, status;
  struct ms_json reply;
};

static struct ms_str text_of(struct ms_json object, const char *key)
{
  return ms_json_text(ms_json_getc(object, key));
}

static char *c_text(struct ms_json object, const char *key)
{
  return mt_format("%.*s", MS_STR_ARG(text_of(object, key)));
}

/* ---- which ---- */

static bool is_ours(struct ms_str resource, struct ms_json entries)
{
  static const char *const names[] = {
      ":::sqs:sendMessage",          ":::sns:publish",           ":::events:putEvents",
      ":::dynamodb:",                ":::aws-sdk:dynamodb:",     ":::aws-sdk:sfn:",
      ":::states:startExecution",    NULL};
  bool is_found = false;
  for (size_t i = 0; names[i] != NULL; i++)
    is_found = is_found || strstr(mt_format("%.*s", MS_STR_ARG(resource)), names[i]) != NULL;
  /* Nobody here answers by token: only those that nobody answered. */
  for (size_t i = 0; is_found && ms_str_has_suffix(resource, ".waitForTaskToken") && i < ms_json_count(entries); i++)
    is_found = !ms_json_is_none(ms_json_getc(ms_json_at(entries, i), "timed_out"));
  return is_found;
}

static bool is_setup(struct ms_json step)
{
  static const char *const ops[] = {"CreateQueue", "SetQueueAttributes", "CreateTopic",        "CreateTable",
                                    "PutRule",     "PutTargets",         "CreateStateMachine", NULL};
  for (size_t i = 0; ops[i] != NULL; i++)
    if (ms_str_is(text_of(step, "op"), ops[i]))
      return true;
  return false;
}

static bool is_wanted(struct ms_json recorded)
{
  struct ms_json mocks = ms_json_getc(recorded, "mocks"), setup = ms_json_getc(recorded, "setup");
  bool is_wanted = ms_str_is(text_of(recorded, "class"), "mock") && ms_json_count(mocks) > 0 &&
                   ms_str_is(text_of(recorded, "type"), "STANDARD") &&
                   !ms_str_is(text_of(recorded, "area"), "local_mocking") &&
                   !ms_str_is(text_of(recorded, "area"), "credentials");
  for (size_t i = 0; is_wanted && i < ms_json_count(mocks); i++)
    is_wanted = is_ours(ms_json_key(mocks, i), ms_json_member(mocks, i));
  for (size_t i = 0; is_wanted && i < ms_json_count(setup); i++)
    is_wanted = is_setup(ms_json_at(setup, i));
  return is_wanted;
}

/* ---- calls ---- */

static void on_reply(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct answer *answer = user;
  answer->count++;
  answer->status = status;
  mt_eq_int(ms_json_parse(&answer->reply, (struct ms_str){reply.data, reply.len}, NULL, NULL), 0);
  mstep_engine_stop(engine);
}

/* Owned. */
static struct ms_json call(struct host *host, const char *operation, struct ms_json request)
{
  struct answer answer = {0};
  struct ms_json text = ms_json_print_value(request);
  struct ms_str sent = ms_json_text(text);
  mt_eq_int(mstep_call(host->engine, operation, (mstep_str){sent.data, sent.len}, on_reply, &answer), 0);
  for (int i = 0; i < 100 && answer.count == 0; i++)
    host_run(host);
  mt_eq_int(answer.count, 1);
  ms_json_unref(text);
  return answer.reply;
}

static struct ms_json parsed(const char *text)
{
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_str_c(text), NULL, NULL), 0);
  return value;
}

/* The recordings' helper for tables takes a name and a key. */
static struct ms_json table_request(struct ms_json params)
{
  char *key = c_text(params, "partition_key");
  return parsed(mt_format("{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":"
                          "[{\"AttributeName\":\"%s\",\"KeyType\":\"HASH\"}],\"AttributeDefinitions\":"
                          "[{\"AttributeName\":\"%s\",\"AttributeType\":\"S\"}]}",
                          c_text(params, "table_name"), key, key));
}

static void set_up(struct host *host, struct ms_json recorded)
{
  struct ms_json setup = ms_json_getc(recorded, "setup");
  for (size_t i = 0; i < ms_json_count(setup); i++) {
    struct ms_json step = ms_json_at(setup, i), params = ms_json_getc(step, "params");
    struct ms_json request = ms_str_is(text_of(step, "op"), "CreateTable") &&
                                     !ms_json_is_none(ms_json_getc(params, "table_name"))
                                 ? table_request(params)
                                 : ms_json_ref(params);
    ms_json_unref(call(host, mt_format("%s:%s", c_text(step, "service"), c_text(step, "op")), request));
    ms_json_unref(request);
  }
}

/* ---- what is compared ---- */

/* Texts of objects as objects, without what differs by nature. Takes value. */
static struct ms_json plain(struct ms_json value)
{
  static const char *const left_out[] = {"SdkHttpMetadata",     "RedriveCount",
                                         "RedriveStatus",       "RedriveStatusReason",
                                         "redriveCount",        NULL};
  struct ms_json inner;
  if (ms_json_is_string(value) && ms_str_has_prefix(ms_json_text(value), "{") &&
      ms_json_parse(&inner, ms_json_text(value), NULL, NULL) == 0) {
    ms_json_unref(value);
    value = inner;
  }
  for (size_t i = 0; ms_json_is_array(value) && i < ms_json_count(value); i++)
    ms_json_set_at(&value, i, plain(ms_json_ref(ms_json_at(value, i))));
  if (!ms_json_is_object(value))
    return value;
  for (size_t i = 0; left_out[i] != NULL; i++)
    ms_json_remove(&value, ms_str_c(left_out[i]));
  for (size_t i = 0; i < ms_json_count(value); i++)
    ms_json_set_key(&value, ms_json_key_value(value, i), plain(ms_json_ref(ms_json_member(value, i))));
  return value;
}

static bool compare(struct match *match, struct ms_json expect, struct ms_json execution,
                    struct ms_json history)
{
  static const char *const names[] = {"status", "error", "cause", "output"};
  bool ok = true;
  for (int i = 0; i < 4 && ok; i++) {
    struct ms_json expected = plain(ms_json_ref(ms_json_getc(expect, names[i])));
    struct ms_json actual = plain(ms_json_ref(ms_json_getc(execution, names[i])));
    if (!ms_json_is_none(expected) && !ms_json_is_null(expected))
      ok = match_value(match, mt_format("/%s", names[i]), expected, actual);
    ms_json_unref(expected);
    ms_json_unref(actual);
  }
  struct ms_json expected = plain(ms_json_ref(ms_json_getc(expect, "history")));
  struct ms_json actual = plain(ms_json_ref(ms_json_getc(history, "events")));
  if (ok && ms_json_is_array(expected))
    ok = match_history(match, "/history", expected, actual, false);
  ms_json_unref(expected);
  ms_json_unref(actual);
  return ok;
}

static void tune(mstep_options *options)
{
  options->is_aws_compat = 1;
  options->role_arn = "arn:aws:iam::000000000000:role/test-sfn-role";
}

static void run_case(struct ms_buf *why, struct ms_json recorded)
{
  struct host host;
  struct match match;
  host_open(&host, tune);
  match_init(&match, ms_json_getc(recorded, "wildcards"));
  set_up(&host, recorded);
  struct ms_json request = ms_json_object(3);
  ms_json_setc(&request, "name", ms_json_ref(ms_json_getc(recorded, "stateMachineName")));
  ms_json_setc(&request, "definition", ms_json_print_value(ms_json_getc(recorded, "definition")));
  ms_json_setc(&request, "roleArn", ms_json_ref(ms_json_getc(recorded, "roleArn")));
  struct ms_json machine = call(&host, "CreateStateMachine", request);
  ms_json_unref(request);
  struct ms_json start = ms_json_object(3);
  ms_json_setc(&start, "stateMachineArn", ms_json_ref(ms_json_getc(machine, "stateMachineArn")));
  ms_json_setc(&start, "name", ms_json_ref(ms_json_getc(recorded, "executionName")));
  if (!ms_json_is_none(ms_json_getc(recorded, "input")))
    ms_json_setc(&start, "input", ms_json_print_value(ms_json_getc(recorded, "input")));
  struct ms_json started = call(&host, "StartExecution", start);
  ms_json_unref(start);
  host_run(&host);
  host_run(&host);
  struct ms_json ask = ms_json_object(2);
  ms_json_setc(&ask, "executionArn", ms_json_ref(ms_json_getc(started, "executionArn")));
  struct ms_json execution = call(&host, "DescribeExecution", ask);
  ms_json_setc(&ask, "maxResults", ms_json_int(1000));
  struct ms_json history = call(&host, "GetExecutionHistory", ask);
  ms_json_unref(ask);
  if (!compare(&match, ms_json_getc(recorded, "expect"), execution, history)) {
    ms_buf_str(why, ms_buf_view(&match.why));
    ms_buf_cstr(why, ": ");
    ms_json_print(why, execution);
  }
  ms_json_unref(execution);
  ms_json_unref(history);
  ms_json_unref(started);
  ms_json_unref(machine);
  match_deinit(&match);
  host_close(&host);
}

/* ---- all of them ---- */

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_files(char *names[], size_t max, const char *folder)
{
  DIR *dir = opendir(folder);
  size_t count = 0;
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && count < max;)
    if (strstr(entry->d_name, ".json") != NULL)
      names[count++] = mt_format("%s", entry->d_name);
  if (dir != NULL)
    closedir(dir);
  qsort(names, count, sizeof(*names), compare_names);
  return count;
}

MT_TEST(services__recorded_executions)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL)
    mt_skip("no recorded executions here");
  char *exceptions = mt_format("\n%s", mt_read_file("tests/conformance/services-exceptions.txt", NULL));
  const char *only = getenv("MT_CASE");
  static char *names[2048];
  size_t count = list_files(names, 2048, mt_format("%s/asl/cases", corpus)), ran = 0, failed = 0, excused = 0;
  for (size_t i = 0; i < count; i++) {
    if (only != NULL && strstr(names[i], only) == NULL)
      continue;
    size_t len;
    char *text = mt_read_file(mt_format("%s/asl/cases/%s", corpus, names[i]), &len);
    struct ms_json recorded;
    if (ms_json_parse(&recorded, (struct ms_str){text, len}, NULL, NULL) != 0)
      mt_fail("%s does not parse", names[i]);
    if (is_wanted(recorded)) {
      struct ms_buf why;
      ms_buf_init(&why, 1 << 20);
      run_case(&why, recorded);
      char *name = c_text(recorded, "name");
      bool is_expected = strstr(exceptions, mt_format("\n%s:", name)) != NULL;
      ran++;
      excused += is_expected;
      if ((why.len != 0) != is_expected) {
        failed++;
        mt_report("%s: %.700s", name, why.len == 0 ? "passes, but is listed as an exception" : why.data);
      }
      ms_buf_deinit(&why);
    }
    ms_json_unref(recorded);
  }
  mt_note("%zu executions, %zu excused, %zu failed", ran, excused, failed);
  mt_ok(ran > 0);
  mt_eq_int((long long)failed, 0);
}
