/*
 * An engine that only looks at a store: each operation that only reads is answered, whatever is due is left to who has
 * the store open, and what would change something is refused.
 */
#include <string.h>

#include "calls.h"
#include "mt.h"

static const char *store;
static bool is_reading;

static void tune(mstep_options *options)
{
  options->store = store;
  options->is_read_only = is_reading;
}

static const char *const made[][2] = {
    {"CreateQueue", "{\"QueueName\":\"q\"}"},
    {"CreateTopic", "{\"Name\":\"t\"}"},
    {"CreateEventBus", "{\"Name\":\"b\"}"},
    {"CreateTable", "{\"TableName\":\"carts\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":[{\"AttributeName\":\"k\","
                    "\"KeyType\":\"HASH\"}],\"AttributeDefinitions\":[{\"AttributeName\":\"k\",\"AttributeType\":\"S\"}]}"},
    {"CreateSchedule",
     "{\"Name\":\"s\",\"ScheduleExpression\":\"rate(1 minute)\",\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"},\"Target\":{"
     "\"Arn\":\"arn:aws:sqs:us-east-1:000000000000:q\",\"RoleArn\":\"arn:aws:iam::000000000000:role/r\"}}"}};

static const char *const read[][3] = {
    {"ListQueues", "{}", "/q\""},
    {"ListTopics", "{}", ":t\""},
    {"ListEventBuses", "{}", "\"b\""},
    {"ListTables", "{}", "\"carts\""},
    {"ListSchedules", "{}", "\"s\""},
    {"GetSchedule", "{\"Name\":\"s\"}", "rate(1 minute)"},
    {"ListRules", "{}", "Rules"},
    {"DescribeTable", "{\"TableName\":\"carts\"}", "ACTIVE"},
    {"GetItem", "{\"TableName\":\"carts\",\"Key\":{\"k\":{\"S\":\"x\"}}}", "{"},
    {"ListUndelivered", "{}", "undelivered"},
    {"GetQueueAttributes",
     "{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/q\",\"AttributeNames\":[\"All\"]}", "VisibilityTimeout"}};

MT_TEST(read_only__what_reads_is_answered)
{
  struct host writer, reader;
  store = mt_format("sqlite:%s/e.db", mt_tmpdir());
  is_reading = false;
  host_open(&writer, tune);
  for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
    struct answer answer = call_answer(&writer, made[i][0], made[i][1]);
    mt_eq_str(answer.status == 0 ? "" : answer.text, "");
  }
  is_reading = true;
  host_open(&reader, tune);
  for (size_t i = 0; i < sizeof read / sizeof read[0]; i++) {
    struct answer answer = call_answer(&reader, read[i][0], read[i][1]);
    if (answer.status != 0 || strstr(answer.text, read[i][2]) == NULL) {
      mt_fail("%s: %s", read[i][0], answer.text);
    }
  }
  host_close(&reader);
  host_close(&writer);
}

MT_TEST(read_only__what_changes_is_refused)
{
  struct host writer, reader;
  store = mt_format("sqlite:%s/e.db", mt_tmpdir());
  is_reading = false;
  host_open(&writer, tune);
  is_reading = true;
  host_open(&reader, tune);
  for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
    struct answer answer = call_answer(&reader, made[i][0], made[i][1]);
    mt_ok(answer.status != 0);
  }
  host_close(&reader);
  host_close(&writer);
}
