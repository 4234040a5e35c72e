/*
 * EventBridge's and SNS's operations through mstep_call, with queues as targets: what is put or published
 * where a pattern or policy takes it arrives there. What drivers do with time and failures is
 * tests/unit/messaging's.
 */
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

#define QUEUE_ARN "arn:aws:sqs:us-east-1:000000000000:q"
#define QUEUE_URL "\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/q\""
#define TOPIC "\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\""
#define EVENT                                                                                      \
  "{\"Entries\":[{\"Source\":\"shop\",\"DetailType\":\"sold\",\"Detail\":\"{\\\"n\\\":7}\"}]}"

static void open_with_queue(struct host *host)
{
  host_open(host, NULL);
  call_has(host, "CreateQueue", "{\"QueueName\":\"q\"}", "QueueUrl");
}

static const char *receive(struct host *host, const char *part)
{
  return call_has(host, "ReceiveMessage",
                  "{" QUEUE_URL ",\"WaitTimeSeconds\":20,\"MaxNumberOfMessages\":10}", part);
}

MT_TEST(event_calls__rules_and_targets)
{
  struct host host;
  open_with_queue(&host);
  call_has(&host, "PutRule",
           "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"shop\\\"]}\"}", ":rule/r");
  call_has(&host, "PutRule", "{\"Name\":\"bad\",\"EventPattern\":\"{\\\"source\\\":1}\"}",
           "InvalidEventPatternException");
  call_has(&host, "PutTargets",
           "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"" QUEUE_ARN "\"}]}",
           "\"FailedEntryCount\":0");
  call_has(&host, "ListTargetsByRule", "{\"Rule\":\"r\"}", QUEUE_ARN);
  call_has(&host, "ListRuleNamesByTarget", "{\"TargetArn\":\"" QUEUE_ARN "\"}", "[\"r\"]");
  call_has(&host, "DescribeRule", "{\"Name\":\"r\"}", "\"State\":\"ENABLED\"");
  call_has(&host, "ListRules", "{}", "\"Name\":\"r\"");
  call_has(&host, "PutEvents", EVENT, "\"FailedEntryCount\":0");
  receive(&host, "\\\"detail\\\":{\\\"n\\\":7}");
  call(&host, "DisableRule", "{\"Name\":\"r\"}");
  call_has(&host, "DescribeRule", "{\"Name\":\"r\"}", "\"State\":\"DISABLED\"");
  call_has(&host, "PutEvents", EVENT, "\"FailedEntryCount\":0");
  receive(&host, "!detail");
  call(&host, "EnableRule", "{\"Name\":\"r\"}");
  call_has(&host, "PutEvents", EVENT, "\"FailedEntryCount\":0");
  receive(&host, "detail");
  call_has(&host, "DeleteRule", "{\"Name\":\"r\"}", "ValidationException");
  call_has(&host, "RemoveTargets", "{\"Rule\":\"r\",\"Ids\":[\"1\"]}", "\"FailedEntryCount\":0");
  call(&host, "DeleteRule", "{\"Name\":\"r\"}");
  call_has(&host, "DescribeRule", "{\"Name\":\"r\"}", "ResourceNotFoundException");
  call_has(&host, "TestEventPattern",
           "{\"EventPattern\":\"{\\\"source\\\":[{\\\"prefix\\\":\\\"sh\\\"}]}\",\"Event\":\"{"
           "\\\"id\\\":\\\"1\\\",\\\"account\\\":\\\"000000000000\\\",\\\"source\\\":\\\"shop\\\","
           "\\\"time\\\":\\\"2024-01-01T00:00:00Z\\\",\\\"region\\\":\\\"us-east-1\\\","
           "\\\"resources\\\":[],\\\"detail-type\\\":\\\"sold\\\",\\\"detail\\\":{}}\"}",
           "\"Result\":true");
  host_close(&host);
}

MT_TEST(event_calls__buses)
{
  struct host host;
  open_with_queue(&host);
  call_has(&host, "CreateEventBus", "{\"Name\":\"b\"}", ":event-bus/b");
  call_has(&host, "DescribeEventBus", "{\"Name\":\"b\"}", "\"Name\":\"b\"");
  call_has(&host, "ListEventBuses", "{}", "\"Name\":\"default\"");
  call(&host, "DeleteEventBus", "{\"Name\":\"b\"}");
  call_has(&host, "ListEventBuses", "{}", "!\"Name\":\"b\"");
  host_close(&host);
}

static void subscribe(struct host *host, char arn[256])
{
  const char *text =
      call_has(host, "Subscribe", "{" TOPIC ",\"Protocol\":\"sqs\",\"Endpoint\":\"" QUEUE_ARN "\"}",
               "SubscriptionArn");
  const char *begin = strstr(text, "arn:aws:sns:");
  mt_ok(begin != NULL);
  snprintf(arn, 256, "%.*s", (int)strcspn(begin, "\""), begin);
}

MT_TEST(event_calls__topics)
{
  struct host host;
  char arn[256];
  open_with_queue(&host);
  call_has(&host, "CreateTopic", "{\"Name\":\"t\"}", ":t\"");
  call_has(&host, "ListTopics", "{}", "arn:aws:sns:us-east-1:000000000000:t");
  static const char *const shown[] = {"\"DisplayName\":\"\"", "__default_policy_ID",
                                      "\\\"minDelayTarget\\\":20"};
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    call_has(&host, "GetTopicAttributes", "{" TOPIC "}", shown[i]);
  }
  call(&host, "SetTopicAttributes",
       "{" TOPIC ",\"AttributeName\":\"DisplayName\",\"AttributeValue\":\"Tea\"}");
  call_has(&host, "GetTopicAttributes", "{" TOPIC "}", "\"DisplayName\":\"Tea\"");
  subscribe(&host, arn);
  call_has(&host, "ListSubscriptions", "{}", arn);
  call_has(&host, "ListSubscriptionsByTopic", "{" TOPIC "}", arn);
  call(&host, "SetSubscriptionAttributes",
       mt_format("{\"SubscriptionArn\":\"%s\",\"AttributeName\":\"RawMessageDelivery\","
                 "\"AttributeValue\":\"true\"}",
                 arn));
  call_has(&host, "GetSubscriptionAttributes", mt_format("{\"SubscriptionArn\":\"%s\"}", arn),
           "\"RawMessageDelivery\":\"true\"");
  call_has(&host, "Publish", "{" TOPIC ",\"Message\":\"one\"}", "MessageId");
  receive(&host, "\"Body\":\"one\"");
  call_has(&host, "PublishBatch",
           "{" TOPIC ",\"PublishBatchRequestEntries\":[{\"Id\":\"a\",\"Message\":\"two\"}]}",
           "\"Id\":\"a\"");
  receive(&host, "\"Body\":\"two\"");
  call_has(&host, "ConfirmSubscription", "{" TOPIC ",\"Token\":\"none\"}", "InvalidParameter");
  call(&host, "Unsubscribe", mt_format("{\"SubscriptionArn\":\"%s\"}", arn));
  call_has(&host, "ListSubscriptions", "{}", "!:t:");
  call(&host, "DeleteTopic", "{" TOPIC "}");
  call_has(&host, "ListTopics", "{}", "!:t\"");
  host_close(&host);
}

#define ARCHIVE_ARN "arn:aws:events:us-east-1:000000000000:archive/a"
#define BUS_ARN "arn:aws:events:us-east-1:000000000000:event-bus/default"

MT_TEST(event_calls__archives_and_replays)
{
  struct host host;
  open_with_queue(&host);
  call_has(&host, "CreateArchive", "{\"ArchiveName\":\"a\"}", "ValidationException");
  call_has(&host, "CreateArchive", "{\"ArchiveName\":\"a\",\"EventSourceArn\":\"" BUS_ARN "\"}",
           "\"State\":\"ENABLED\"");
  call_has(&host, "PutEvents", EVENT, "\"FailedEntryCount\":0");
  call_has(&host, "DescribeArchive", "{\"ArchiveName\":\"a\"}", "\"EventCount\":1");
  call_has(&host, "UpdateArchive", "{\"ArchiveName\":\"a\",\"RetentionDays\":3}", ARCHIVE_ARN);
  call_has(&host, "ListArchives", "{\"EventSourceArn\":\"" BUS_ARN "\"}", "\"RetentionDays\":3");
  call_has(&host, "PutRule",
           "{\"Name\":\"r\",\"EventPattern\":\"{\\\"replay-name\\\":[{\\\"exists\\\":true}]}\"}",
           ":rule/r");
  call_has(&host, "PutTargets",
           "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"" QUEUE_ARN "\"}]}",
           "\"FailedEntryCount\":0");
  call_has(&host, "PutEvents", EVENT, "\"FailedEntryCount\":0");
  call_has(&host, "StartReplay",
           "{\"ReplayName\":\"p\",\"EventSourceArn\":\"" ARCHIVE_ARN
           "\",\"EventStartTime\":1704067200,\"EventEndTime\":1704070800,\"Destination\":{\"Arn\":"
           "\"" BUS_ARN "\"}}",
           "\"State\":\"STARTING\"");
  receive(&host, "\\\"replay-name\\\":\\\"p\\\"");
  receive(&host, "\\\"replay-name\\\":\\\"p\\\""); /* both */
  call_has(&host, "DescribeReplay", "{\"ReplayName\":\"p\"}", "\"State\":\"COMPLETED\"");
  call_has(&host, "ListReplays", "{\"NamePrefix\":\"p\"}", "\"ReplayName\":\"p\"");
  call_has(&host, "CancelReplay", "{\"ReplayName\":\"p\"}", "IllegalStatusException");
  call_has(&host, "DeleteArchive", "{\"ArchiveName\":\"a\"}", "{}");
  call_has(&host, "DescribeArchive", "{\"ArchiveName\":\"a\"}", "ResourceNotFoundException");
  host_close(&host);
}

/* ---- pages ---- */

MT_TEST(event_calls__pages_of_buses)
{
  struct host host;
  open_with_queue(&host);
  call(&host, "CreateEventBus", "{\"Name\":\"a\"}");
  call(&host, "CreateEventBus", "{\"Name\":\"z\"}");
  static const char *const names[] = {"a", "default", "z"};
  for (size_t i = 0; i < 3; i++) {
    const char *page = call_has(&host, "ListEventBuses",
                                mt_format("{\"Limit\":1,\"NextToken\":\"%s\"}", names[i]),
                                mt_format("\"Name\":\"%s\"", names[i]));
    const char *next = i < 2 ? mt_format("\"NextToken\":\"%s\"", names[i + 1]) : "}]}";
    mt_ok(strstr(page, next) != NULL);
  }
  host_close(&host);
}

MT_TEST(event_calls__pages_of_targets)
{
  struct host host;
  open_with_queue(&host);
  call(&host, "PutRule", "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"s\\\"]}\"}");
  for (int i = 1; i <= 3; i++) {
    call(&host, "PutTargets",
         mt_format("{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"t%d\",\"Arn\":\"" QUEUE_ARN "\"}]}", i));
  }
  call_has(&host, "ListTargetsByRule", "{\"Rule\":\"r\",\"Limit\":2}", "\"NextToken\":\"2\"");
  call_is(&host, "ListTargetsByRule", "{\"Rule\":\"r\",\"NextToken\":\"2\"}",
          "{\"Targets\":[{\"Id\":\"t3\",\"Arn\":\"" QUEUE_ARN "\"}]}");
  call_is(&host, "ListTargetsByRule", "{\"Rule\":\"r\",\"NextToken\":\"999999999999\"}",
          "{\"Targets\":[]}");
  host_close(&host);
}

static size_t count_of(const char *text, const char *part)
{
  size_t count = 0;
  for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}

MT_TEST(event_calls__pages_of_subscriptions)
{
  struct host host;
  open_with_queue(&host);
  call(&host, "CreateTopic", "{\"Name\":\"t\"}");
  for (int i = 0; i < 101; i++) {
    call_has(&host, "Subscribe",
             mt_format("{" TOPIC ",\"Protocol\":\"lambda\",\"Endpoint\":\"arn:aws:lambda:us-east-1:"
                       "000000000000:function:f%d\"}",
                       i),
             "SubscriptionArn");
  }
  const char *of_topic = "{" TOPIC "}", *rest = "{" TOPIC ",\"NextToken\":\"100\"}";
  const char *first = call_has(&host, "ListSubscriptionsByTopic", of_topic, "\"NextToken\":\"100\"");
  mt_eq_int((long long)count_of(first, "\"Endpoint\""), 100);
  const char *last = call_has(&host, "ListSubscriptionsByTopic", rest, ":function:f100\"");
  mt_eq_int((long long)count_of(last, "\"Endpoint\""), 1);
  mt_ok(strstr(last, "NextToken") == NULL);
  call_has(&host, "ListSubscriptions", "{}", "\"NextToken\":\"100\"");
  host_close(&host);
}
