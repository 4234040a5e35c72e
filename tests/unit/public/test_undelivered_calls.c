/*
 * What a target does not take, for each kind of target and each that sends: it is listed, outlives the engine, gets there
 * once when it is sent again after the target was mended, and the rest is forgotten when that is asked for. What
 * watched folders send is tests/unit/source/test_folder.c.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "calls.h"
#include "mt.h"
#include "peer.h"

#define ARN(service, rest) "arn:aws:" service ":us-east-1:000000000000:" rest
#define SEEN ARN("sqs", "seen")
#define ROLE "arn:aws:iam::000000000000:role/r"

static struct peer peer;
static char store_url[512], functions_dir[512];

static void tune(mstep_options *options)
{
  options->store = store_url[0] == '\0' ? NULL : store_url;
  options->functions_dir = functions_dir;
}

/* What makes ready; all that follows of it is waited for. */
static void done(struct host *host, const char *operation, const char *request)
{
  struct answer answer = call_answer(host, operation, request);
  if (answer.status != 0) {
    mt_fail("%s %.300s: %.1000s", operation, request, answer.text);
  }
  host_run(host);
}

static void make_folder(const char *name)
{
  mkdir(mt_format("%s/%s", mt_tmpdir(), name), 0700);
}

static size_t count_of(const char *text, const char *part)
{
  size_t count = 0;
  for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
    count++;
  }
  return count;
}

static void make(struct host *host, const char *name)
{
  done(host, "CreateFunction",
       mt_format("{\"FunctionName\":\"%s\",\"Code\":{\"Source\":\"return function() return 1 end\"}}",
                 name));
}

/* On success to the target; a failure that passes is tried no second time. */
static void destination(struct host *host, const char *name, const char *target)
{
  done(host, "PutFunctionEventInvokeConfig",
       mt_format("{\"FunctionName\":\"%s\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":"
                 "\"%s\",\"RetryPolicy\":{\"MaximumRetryAttempts\":0}}}}",
                 name, target));
}

/* ---- what sends ---- */

static void function_ready(struct host *host, const char *target)
{
  make(host, "f");
  destination(host, "f", target);
}

/* A function must be there to be named; then it goes. */
static void gone_function_ready(struct host *host, const char *target)
{
  make(host, "none");
  function_ready(host, target);
  done(host, "DeleteFunction", "{\"FunctionName\":\"none\"}");
}

static void function_fire(struct host *host)
{
  done(host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\"}");
}

static void topic_ready(struct host *host, const char *target)
{
  done(host, "CreateTopic", "{\"Name\":\"source\"}");
  done(host, "Subscribe",
       mt_format("{\"TopicArn\":\"" ARN("sns", "source") "\",\"Protocol\":\"sqs\",\"Endpoint\":\"%s\"}",
                 target));
}

static void topic_fire(struct host *host)
{
  done(host, "Publish", "{\"TopicArn\":\"" ARN("sns", "source") "\",\"Message\":\"m\"}");
}

static void rule(struct host *host, const char *bus, const char *target)
{
  done(host, "PutRule",
       mt_format("{\"Name\":\"r\",\"EventBusName\":\"%s\",\"EventPattern\":"
                 "\"{\\\"account\\\":[\\\"000000000000\\\"]}\"}",
                 bus));
  done(host, "PutTargets",
       mt_format("{\"Rule\":\"r\",\"EventBusName\":\"%s\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"%s\"}]}",
                 bus, target));
}

static void rule_ready(struct host *host, const char *target)
{
  rule(host, "default", target);
}

static void rule_fire(struct host *host)
{
  done(host, "PutEvents",
       "{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"t\",\"Detail\":\"{}\"}]}");
}

static void schedule_ready(struct host *host, const char *target)
{
  for (int i = 1; i <= 2; i++) {
    done(host, "CreateSchedule",
         mt_format("{\"Name\":\"s%d\",\"ScheduleExpression\":\"at(2024-01-01T01:00:0%d)\","
                   "\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"},\"Target\":{\"Arn\":\"%s\","
                   "\"RoleArn\":\"" ROLE "\",\"Input\":\"{}\"}}",
                   i, i, target));
  }
}

static void nothing(struct host *host)
{
  (void)host;
}

/* ---- targets: how they are mended ---- */

static void mend_queue(struct host *host)
{
  done(host, "sqs:CreateQueue", "{\"QueueName\":\"seen\"}");
}

static void mend_function(struct host *host)
{
  mend_queue(host);
  make(host, "none");
  destination(host, "none", SEEN);
}

static void mend_topic(struct host *host)
{
  mend_queue(host);
  done(host, "CreateTopic", "{\"Name\":\"none\"}");
  done(host, "Subscribe",
       "{\"TopicArn\":\"" ARN("sns", "none") "\",\"Protocol\":\"sqs\",\"Endpoint\":\"" SEEN "\"}");
}

static void mend_bus(struct host *host)
{
  mend_queue(host);
  done(host, "CreateEventBus", "{\"Name\":\"none\"}");
  rule(host, "none", SEEN);
}

static void mend_machine(struct host *host)
{
  mend_queue(host);
  host_machine(host, "none",
               "{\"StartAt\":\"S\",\"States\":{\"S\":{\"Type\":\"Task\",\"End\":true,\"Resource\":"
               "\"arn:aws:states:::sqs:sendMessage\",\"Parameters\":{\"QueueUrl\":"
               "\"http://sqs/000000000000/seen\",\"MessageBody\":\"m\"}}}}");
}

static void mend_folder(struct host *host)
{
  (void)host;
  mt_eq_int(remove(mt_format("%s/out", mt_tmpdir())), 0);
}

static void mend_hook(struct host *host)
{
  (void)host;
  make_folder("hooks");
  const char source[] = "return function(record) return { Destination = '" SEEN
                        "', Record = record } end";
  mt_write_file(mt_format("%s/hooks/none.lua", mt_tmpdir()), source, strlen(source));
  mend_queue(host);
}

/* ---- how often something got there ---- */

static size_t in_queue(struct host *host)
{
  return count_of(call(host, "sqs:ReceiveMessage",
                       "{\"QueueUrl\":\"http://sqs/000000000000/seen\",\"MaxNumberOfMessages\":10,"
                       "\"VisibilityTimeout\":0}"),
                  "\"MessageId\":");
}

static size_t in_folder(struct host *host)
{
  glob_t found;
  (void)host;
  size_t count =
      glob(mt_format("%s/out/aws/*/*/*/*/*/*/*", mt_tmpdir()), 0, NULL, &found) == 0 ? found.gl_pathc
                                                                                      : 0;
  globfree(&found);
  return count;
}

static size_t at_peer(struct host *host)
{
  (void)host;
  return peer.got[2][0] != '\0';
}

/* ---- all of them ---- */

static const struct kind {
  const char *name;
  void (*ready)(struct host *host, const char *target);
  void (*fire)(struct host *host);
  const char *target; /* of a path: behind that of the case; of a URL: behind the peer's */
  void (*mend)(struct host *host);
  size_t (*seen)(struct host *host);
  const char *first; /* id */
} kinds[] = {
    {"function", gone_function_ready, function_fire, ARN("lambda", "function:none"), mend_function,
     in_queue, "1"},
    {"queue", function_ready, function_fire, SEEN, mend_queue, in_queue, "1"},
    {"topic", function_ready, function_fire, ARN("sns", "none"), mend_topic, in_queue, "1"},
    {"bus", function_ready, function_fire, ARN("events", "event-bus/none"), mend_bus, in_queue, "1"},
    {"machine", function_ready, function_fire, ARN("states", "stateMachine:none"), mend_machine,
     in_queue, "1"},
    {"http", function_ready, function_fire, "http:", nothing, at_peer, "1"},
    {"folder", function_ready, function_fire, "file:", mend_folder, in_folder, "1"},
    {"hook", function_ready, function_fire, "hook:none", mend_hook, in_queue, "1"},
    {"subscription", topic_ready, topic_fire, SEEN, mend_queue, in_queue, "topics:1"},
    {"rule", rule_ready, rule_fire, SEEN, mend_queue, in_queue, "buses:1"},
    {"schedule", schedule_ready, nothing, SEEN, mend_queue, in_queue, "schedules:1"}};

static const char *target_of(const struct kind *kind)
{
  if (strcmp(kind->target, "http:") == 0) {
    return mt_format("http://127.0.0.1:%u/x", peer.port);
  }
  return strcmp(kind->target, "file:") == 0 ? mt_format("file:%s/out", mt_tmpdir()) : kind->target;
}

static void live(const struct kind *kind)
{
  struct host host;
  mt_note("%s", kind->name);
  host_open(&host, tune);
  kind->ready(&host, target_of(kind));
  kind->fire(&host);
  kind->fire(&host);
  again(&host);
  const char *list = call(&host, "ListUndelivered", "{}");
  mt_eq_int(count_of(list, "\"Id\":"), 2);
  mt_eq_int(count_of(list, mt_format("\"Target\":\"%s\"", target_of(kind))), 2);
  mt_eq_int(count_of(list, mt_format("\"Id\":\"%s\"", kind->first)), 1);
  kind->mend(&host);
  call_is(&host, "ReplayUndelivered", mt_format("{\"ids\":[\"%s\"]}", kind->first),
     "{\"replayedCount\":1}");
  host_run(&host);
  mt_eq_int(kind->seen(&host), 1);
  mt_eq_int(count_of(call(&host, "ListUndelivered", "{}"), "\"Id\":"), 1);
  again(&host);
  mt_eq_int(kind->seen(&host), 1);
  call_is(&host, "PurgeUndelivered", "{}", "{\"purgedCount\":1}");
  again(&host);
  call_is(&host, "ListUndelivered", "{}", "{\"undelivered\":[]}");
  call_is(&host, "ReplayUndelivered", "{}", "{\"replayedCount\":0}");
  mt_eq_int(kind->seen(&host), 1);
  host_close(&host);
}

static void each(bool has_store)
{
  static const char refusal[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                                "Connection: close\r\n\r\n";
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    store_url[0] = '\0';
    if (has_store) {
      snprintf(store_url, sizeof store_url, "sqlite:%s/%zu.db", mt_tmpdir(), i);
    }
    bool is_http = strcmp(kinds[i].target, "http:") == 0;
    if (is_http) {
      peer = (struct peer){.answers = {refusal, refusal,
                                       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                       "Connection: close\r\n\r\n"}};
      peer_start_all(&peer, 3);
    }
    live(&kinds[i]);
    if (is_http) {
      peer_join(&peer);
    }
  }
}

static void prepare(void)
{
  make_folder("functions");
  snprintf(functions_dir, sizeof functions_dir, "%s/functions", mt_tmpdir());
  mt_write_file(mt_format("%s/out", mt_tmpdir()), "a file", 6);
}

MT_TEST(undelivered__each_kind_of_target)
{
  prepare();
  each(false);
}

MT_TEST(undelivered__each_kind_of_target_in_a_store)
{
  prepare();
  each(true);
}

/* More than the 64 MiB that wait for the disk at a time: it is done a part after the other. */
MT_TEST(undelivered__more_than_waits_for_the_disk)
{
  enum { COUNT = 290, SIZE = 250000 };
  struct host host;
  prepare();
  char *message = mt_format("%*s", SIZE, "x"), *ids = mt_format("%s", "");
  snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", mt_tmpdir());
  host_open(&host, tune);
  topic_ready(&host, SEEN);
  for (int i = 1; i <= COUNT; i++) {
    done(&host, "Publish",
         mt_format("{\"TopicArn\":\"" ARN("sns", "source") "\",\"Message\":\"%s\"}", message));
    ids = mt_format("%s%s\"topics:%d\"", ids, i == 1 ? "" : ",", i);
  }
  call_is(&host, "ReplayUndelivered", mt_format("{\"ids\":[%s]}", ids),
     mt_format("{\"replayedCount\":%d}", COUNT));
  call_is(&host, "ReplayUndelivered", "{}", mt_format("{\"replayedCount\":%d}", COUNT));
  host_close(&host);
  host_open(&host, tune);
  call_is(&host, "PurgeUndelivered", "{}", mt_format("{\"purgedCount\":%d}", COUNT));
  call_is(&host, "ListUndelivered", "{}", "{\"undelivered\":[]}");
  host_close(&host);
}
