/* mstep_metrics: what an engine has counted. */
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

static char store_url[512];

static void tune(mstep_options *options)
{
  options->store = store_url[0] == '\0' ? NULL : store_url;
}

static const char *metrics_of(struct host *host)
{
  const char *text = NULL;
  mt_eq_int(mstep_metrics(host->engine, host_text, &text), 0);
  return text;
}

static void check_has(const char *text, const char *line)
{
  if (strstr(text, line) == NULL)
    mt_eq_str(text, line); /* shows both */
}

static void run_two(struct host *host)
{
  mstep_arn good = host_machine(host, "good", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":3,\"Next\":"
                             "\"B\"},\"B\":{\"Type\":\"Succeed\"}}}");
  mstep_arn bad = host_machine(host, "bad", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Fail\"}}}");
  host_start(host, &good, NULL, NULL);
  host_start(host, &bad, NULL, NULL);
  host_run(host);
}

MT_TEST(metrics__count_executions_in_memory)
{
  struct host host;
  store_url[0] = '\0';
  host_open(&host, tune);
  run_two(&host);
  const char *text = metrics_of(&host);
  check_has(text, "\nmstep_executions_started_total 2\n");
  check_has(text, "\nmstep_executions_ended_total{status=\"SUCCEEDED\"} 1\n");
  check_has(text, "\nmstep_executions_ended_total{status=\"FAILED\"} 1\n");
  check_has(text, "\nmstep_executions_open 0\n");
  check_has(text, "\nmstep_transitions_total 2\n");
  check_has(text, "\nmstep_execution_duration_seconds_bucket{le=\"1\"} 1\n");
  check_has(text, "\nmstep_execution_duration_seconds_sum 3.000000\n");
  mt_ok(strstr(text, "journal") == NULL);
  host_close(&host);
}

MT_TEST(metrics__count_what_is_durable_in_a_store)
{
  struct host host;
  snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", mt_tmpdir());
  host_open(&host, tune);
  run_two(&host);
  const char *text = metrics_of(&host);
  check_has(text, "\nmstep_executions_started_total 2\n");
  check_has(text, "\nmstep_journal_failures_total 0\n");
  check_has(text, "\nmstep_store_failed 0\n");
  mt_ok(strstr(text, "\nmstep_journal_commits_total 0\n") == NULL);
  host_close(&host);
}

/* ---- drivers ---- */

/* request: with ' in place of ". */
static const char *ask(struct host *host, const char *operation, const char *request)
{
  char *text = mt_format("%s", request);
  for (char *c = text; *c != '\0'; c++) {
    *c = *c == '\'' ? '"' : *c;
  }
  return call_has(host, operation, text, "!__type");
}

#define ARN(service, name) "arn:aws:" service ":us-east-1:000000000000:" name
#define URL "https://sqs.us-east-1.amazonaws.com/000000000000/"

static void receive(struct host *host, bool is_deleted)
{
  const char *text = ask(host, "ReceiveMessage", "{'QueueUrl':'" URL "q','VisibilityTimeout':0}");
  const char *handle = strstr(text, "\"ReceiptHandle\":\"");
  mt_ok(handle != NULL);
  handle += sizeof "\"ReceiptHandle\":\"" - 1;
  if (is_deleted) {
    ask(host, "DeleteMessage",
        mt_format("{'QueueUrl':'" URL "q','ReceiptHandle':'%.*s'}", (int)strcspn(handle, "\""),
                  handle));
  }
}

static void use_queues(struct host *host)
{
  ask(host, "CreateQueue", "{'QueueName':'dead'}");
  ask(host, "CreateQueue",
      "{'QueueName':'q','Attributes':{'RedrivePolicy':'{\\'deadLetterTargetArn\\':\\'" ARN(
          "sqs", "dead") "\\',\\'maxReceiveCount\\':1}'}}");
  ask(host, "SendMessage", "{'QueueUrl':'" URL "q','MessageBody':'a'}");
  receive(host, true);
  ask(host, "SendMessage", "{'QueueUrl':'" URL "q','MessageBody':'b'}");
  receive(host, false);
  ask(host, "ReceiveMessage", "{'QueueUrl':'" URL "q'}"); /* too often: it is dead */
  ask(host, "SendMessage", "{'QueueUrl':'" URL "q','MessageBody':'c','DelaySeconds':60}");
}

static void use_topics_and_buses(struct host *host)
{
  ask(host, "CreateTopic", "{'Name':'t'}");
  ask(host, "Subscribe",
      "{'TopicArn':'" ARN("sns", "t") "','Protocol':'sqs','Endpoint':'" ARN("sqs", "dead") "'}");
  ask(host, "Publish", "{'TopicArn':'" ARN("sns", "t") "','Message':'m'}");
  ask(host, "PutRule", "{'Name':'r','EventPattern':'{\\'source\\':[\\'shop\\']}'}");
  ask(host, "PutTargets", "{'Rule':'r','Targets':[{'Id':'1','Arn':'" ARN("sqs", "dead") "'}]}");
  ask(host, "PutEvents",
      "{'Entries':[{'Source':'shop','DetailType':'d','Detail':'{}'},"
      "{'Source':'bank','DetailType':'d','Detail':'{}'}]}");
  host_run(host);
}

static void use_tables(struct host *host)
{
  ask(host, "CreateTable",
      "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{'AttributeName':"
      "'id','AttributeType':'S'}],'KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],"
      "'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'KEYS_ONLY'}}");
  ask(host, "PutItem", "{'TableName':'tab','Item':{'id':{'S':'a'}}}");
  ask(host, "PutItem", "{'TableName':'tab','Item':{'id':{'S':'b'}}}");
  ask(host, "GetItem", "{'TableName':'tab','Key':{'id':{'S':'a'}}}");
  ask(host, "Scan", "{'TableName':'tab'}");
}

static void use_functions(struct host *host)
{
  ask(host, "CreateFunction",
      "{'FunctionName':'f','Code':{'Source':'return function(e) if e.bad then error(1) end return "
      "1 "
      "end'}}");
  ask(host, "Invoke", "{'FunctionName':'f','Payload':{}}");
  ask(host, "Invoke", "{'FunctionName':'f','Payload':{'bad':true}}");
  ask(host, "Invoke", "{'FunctionName':'f','InvocationType':'Event','Payload':{}}");
  ask(host, "CreateQueue", "{'QueueName':'in'}");
  ask(host, "CreateEventSourceMapping",
      "{'FunctionName':'f','EventSourceArn':'" ARN("sqs", "in") "'}");
  ask(host, "SendMessage", "{'QueueUrl':'" URL "in','MessageBody':'x'}");
  host_run(host);
}

MT_TEST(metrics__of_drivers_move)
{
  static const char *const lines[] = {
      "mstep_queue_messages_deleted_total 2",
      "mstep_queue_messages_dead_lettered_total 1",
      "mstep_queue_messages{state=\"visible\"} 3", /* the dead one, of the topic, of the rule */
      "mstep_queue_messages{state=\"delayed\"} 1",
      "mstep_queue_messages{state=\"in_flight\"} 0",
      "mstep_queue_messages_sent_total 6",
      "mstep_queue_messages_received_total 3",
      "mstep_topic_messages_published_total 1",
      "mstep_bus_events_total 2",
      "mstep_bus_matches_total 1",
      "mstep_deliveries_total{from=\"topic\",outcome=\"delivered\"} 1",
      "mstep_deliveries_total{from=\"bus\",outcome=\"delivered\"} 1",
      "mstep_deliveries_total{from=\"bus\",outcome=\"failed\"} 0",
      "mstep_table_items_written_total 2",
      "mstep_table_items_read_total 3",
      "mstep_table_stream_records_total 2",
      "mstep_function_invocations_total 4",
      "mstep_function_successes_total 3",
      "mstep_function_errors_total 1",
      "mstep_async_events_received_total 1",
      "mstep_mapping_batches_total 1",
      "mstep_mapping_records_total 1",
      "mstep_mapping_failures_total 0",
      "mstep_lua_calls_total 4",
  };
  struct host host;
  store_url[0] = '\0';
  host_open(&host, tune);
  use_queues(&host);
  use_topics_and_buses(&host);
  use_tables(&host);
  use_functions(&host);
  const char *text = metrics_of(&host);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    check_has(text, mt_format("\n%s\n", lines[i]));
  }
  mt_ok(strstr(text, "\nmstep_api_call_duration_seconds_count 0\n") == NULL);
  host_close(&host);
}

MT_TEST(metrics__are_the_same_for_the_same_run_on_virtual_time)
{
  const char *texts[2];
  for (unsigned i = 0; i < 2; i++) {
    struct host host;
    snprintf(store_url, sizeof store_url, "sqlite:%s/same%u.db", mt_tmpdir(), i);
    host_open(&host, tune);
    run_two(&host);
    use_queues(&host);
    texts[i] = mt_format("%s", metrics_of(&host));
    host_close(&host);
  }
  mt_eq_str(texts[0], texts[1]);
  check_has(texts[0], "\nmstep_journal_commit_duration_seconds_sum 0.000000\n");
}

MT_TEST(metrics__health_is_well_until_the_store_is_not)
{
  struct host host;
  store_url[0] = '\0';
  host_open(&host, tune);
  mt_eq_int(mstep_engine_health(host.engine), 0);
  mt_eq_int(mstep_engine_health(NULL), MSTEP_EINVALID);
  host_close(&host);
}
