/*
 * SQS's operations on virtual time: what is sent is received, in flight, seen again, deduplicated, moved away;
 * and all of it from a store that was closed at any moment.
 */
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

#define ARN "arn:aws:sqs:us-east-1:000000000000:"
#define URL "\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/"
#define Q URL "q\""
#define F URL "f.fifo\""

static const char *store; /* NULL: none */

static void sleep_s(struct host *host, int seconds)
{
  mstep_status status = host_once(
      host,
      mt_format("{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"SecondsPath\":\"$.s\","
                "\"End\":true}}}"),
      mt_format("{\"s\":%d}", seconds));
  mt_eq_int(status, MSTEP_SUCCEEDED);
}

/* The value of a member of that name, the first there is. */
static const char *member(const char *text, const char *name)
{
  const char *at = strstr(text, mt_format("\"%s\":\"", name));
  if (at == NULL) {
    mt_fail("no %s in %s", name, text);
  }
  at += strlen(name) + 4;
  return mt_format("%.*s", (int)strcspn(at, "\""), at);
}

static void open_queue(struct host *host, const char *attributes)
{
  host_open_at(host, store, NULL);
  call_has(host, "sqs:CreateQueue",
           mt_format("{\"QueueName\":\"q\",\"Attributes\":{%s}}", attributes),
           "/000000000000/q\"}");
}

static void use_store(void)
{
  store = mt_format("sqlite:%s/s.db", mt_tmpdir());
}

static const char *delete_request(const char *queue, const char *received)
{
  return mt_format("{%s,\"ReceiptHandle\":\"%s\"}", queue, member(received, "ReceiptHandle"));
}

/* ---- standard queues ---- */

static void send_and_receive(void)
{
  struct host host;
  open_queue(&host, "\"VisibilityTimeout\":\"10\"");
  call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"hello\"}",
           "{\"MD5OfMessageBody\":\"5d41402abc4b2a76b9719d911017c592\",\"MessageId\":\"");
  const char *first = call_has(&host, "sqs:ReceiveMessage", "{" Q "}", "\"Body\":\"hello\"");
  call_is(&host, "sqs:ReceiveMessage", "{" Q "}", "{}");
  sleep_s(&host, 11);
  const char *second = call_has(&host, "sqs:ReceiveMessage",
                                "{" Q ",\"AttributeNames\":[\"ApproximateReceiveCount\"]}",
                                "\"ApproximateReceiveCount\":\"2\"");
  call_is(&host, "sqs:DeleteMessage", delete_request(Q, first), "{}"); /* superseded: it stays */
  sleep_s(&host, 11);
  call_has(&host, "sqs:GetQueueAttributes",
           "{" Q ",\"AttributeNames\":[\"ApproximateNumberOfMessages\"]}", "\"1\"");
  call_is(&host, "sqs:DeleteMessage", delete_request(Q, second), "{}"); /* late, but the latest */
  call_is(&host, "sqs:DeleteMessage", delete_request(Q, second), "{}");
  call_is(&host, "sqs:ReceiveMessage", "{" Q "}", "{}");
  host_close(&host);
}

MT_TEST(queue_calls__a_message_is_seen_again_until_it_is_deleted)
{
  send_and_receive();
  use_store();
  send_and_receive();
}

MT_TEST(queue_calls__a_long_poll_ends_with_the_message_or_the_time)
{
  struct host host;
  struct answer polled = {0};
  open_queue(&host, "");
  int64_t began_ms = mstep_engine_now_ms(host.engine);
  call_is(&host, "sqs:ReceiveMessage", "{" Q ",\"WaitTimeSeconds\":20}", "{}");
  mt_eq_int(mstep_engine_now_ms(host.engine) - began_ms, 20000);
  mt_eq_int(mstep_call(host.engine, "sqs:ReceiveMessage",
                       host_str("{" Q ",\"WaitTimeSeconds\":20}"), on_answer, &polled),
            0);
  call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"late\",\"DelaySeconds\":5}",
           "MessageId");
  mt_eq_int(polled.count, 0);
  began_ms = mstep_engine_now_ms(host.engine);
  host_run(&host);
  mt_eq_int(polled.count, 1);
  mt_ok(strstr(polled.text, "\"Body\":\"late\"") != NULL);
  mt_eq_int(mstep_engine_now_ms(host.engine) - began_ms, 5000);
  host_close(&host);
}

MT_TEST(queue_calls__a_poll_that_nobody_waits_for_takes_nothing)
{
  struct host host;
  struct answer polled = {0};
  open_queue(&host, "");
  mt_eq_int(mstep_call(host.engine, "sqs:ReceiveMessage",
                       host_str("{" Q ",\"WaitTimeSeconds\":20}"), on_answer, &polled),
            0);
  call_is(&host, "sqs:ListQueueTags", "{" Q "}", "{}");
  mt_eq_int(polled.count, 0);
  mt_eq_int(mstep_call_cancel(host.engine, &polled), 0);
  host_run(&host);
  mt_eq_int(polled.count, 1);
  mt_eq_str(polled.text, "{}");
  call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"a\"}", "MessageId");
  mt_eq_int(mstep_call(host.engine, "sqs:ReceiveMessage", host_str("{" Q "}"), on_answer, &polled),
            0);
  mt_eq_int(mstep_call_cancel(host.engine, &polled), 0); /* it has them, but not durably */
  host_run(&host);
  mt_eq_int(polled.count, 2);
  mt_eq_str(polled.text, "{}");
  call_has(&host, "sqs:ReceiveMessage", "{" Q "}", "\"Body\":\"a\"");
  mt_eq_int(mstep_call_cancel(host.engine, &host), 0); /* there is no such call */
  mt_eq_int(mstep_call_cancel(NULL, &host), MSTEP_EINVALID);
  host_close(&host);
}

MT_TEST(queue_calls__messages_are_kept_as_long_as_the_queue_says)
{
  struct host host;
  open_queue(&host, "\"MessageRetentionPeriod\":\"60\"");
  call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"a\"}", "MessageId");
  sleep_s(&host, 59);
  call_has(&host, "sqs:GetQueueAttributes",
           "{" Q ",\"AttributeNames\":[\"ApproximateNumberOfMessages\"]}", "\"1\"");
  sleep_s(&host, 2);
  call_has(&host, "sqs:GetQueueAttributes",
           "{" Q ",\"AttributeNames\":[\"ApproximateNumberOfMessages\"]}", "\"0\"");
  call_is(&host, "sqs:ReceiveMessage", "{" Q "}", "{}");
  host_close(&host);
}

static const char *change(const char *handle, int seconds)
{
  return mt_format("{" Q ",\"ReceiptHandle\":\"%s\",\"VisibilityTimeout\":%d}", handle, seconds);
}

MT_TEST(queue_calls__visibility_can_be_changed)
{
  struct host host;
  open_queue(&host, "");
  call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"a\"}", "MessageId");
  const char *handle =
      member(call_has(&host, "sqs:ReceiveMessage", "{" Q "}", "Body"), "ReceiptHandle");
  call_is(&host, "sqs:ChangeMessageVisibility", change(handle, 100), "{}");
  sleep_s(&host, 99);
  call_is(&host, "sqs:ReceiveMessage", "{" Q "}", "{}");
  call_is(&host, "sqs:ChangeMessageVisibility", change(handle, 0), "{}");
  call_has(&host, "sqs:ChangeMessageVisibility", change(handle, 5), "MessageNotInflight");
  handle =
      member(call_has(&host, "sqs:ReceiveMessage", "{" Q "}", "\"Body\":\"a\""), "ReceiptHandle");
  call_has(&host, "sqs:ChangeMessageVisibility", change(handle, 43201),
           "VisibilityTimeout must be an integer between 0 and 43200");
  sleep_s(&host, 10);
  call_has(&host, "sqs:ChangeMessageVisibility", change(handle, 43200),
           "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
  call_has(
      &host, "sqs:ChangeMessageVisibilityBatch",
      mt_format("{" Q
                ",\"Entries\":[{\"Id\":\"a\",\"ReceiptHandle\":\"%s\",\"VisibilityTimeout\":0},"
                "{\"Id\":\"b\",\"ReceiptHandle\":\"x\",\"VisibilityTimeout\":0}]}",
                handle),
      "{\"Successful\":[{\"Id\":\"a\"}],\"Failed\":[{\"Id\":\"b\",\"SenderFault\":true,"
      "\"Code\":\"ReceiptHandleIsInvalid\"");
  host_close(&host);
}

MT_TEST(queue_calls__batches_do_what_they_can)
{
  struct host host;
  open_queue(&host, "");
  call_has(
      &host, "sqs:SendMessageBatch",
      "{" Q
      ",\"Entries\":[{\"Id\":\"1\",\"MessageBody\":\"a\"},{\"Id\":\"2\",\"MessageBody\":\"\"}]}",
      "\"Failed\":[{\"Id\":\"2\",\"SenderFault\":true,\"Code\":\"MissingParameter\"");
  call_has(&host, "sqs:SendMessageBatch", "{" Q ",\"Entries\":[]}", "EmptyBatchRequest");
  call_has(
      &host, "sqs:SendMessageBatch",
      "{" Q
      ",\"Entries\":[{\"Id\":\"1\",\"MessageBody\":\"a\"},{\"Id\":\"1\",\"MessageBody\":\"b\"}]}",
      "BatchEntryIdsNotDistinct");
  call_has(&host, "sqs:SendMessageBatch",
           "{" Q ",\"Entries\":[{\"Id\":\"a b\",\"MessageBody\":\"a\"}]}", "InvalidBatchEntryId");
  const char *received =
      call_has(&host, "sqs:ReceiveMessage", "{" Q ",\"MaxNumberOfMessages\":10}", "Body");
  call_has(&host, "sqs:DeleteMessageBatch",
           mt_format("{" Q ",\"Entries\":[{\"Id\":\"x\",\"ReceiptHandle\":\"%s\"}]}",
                     member(received, "ReceiptHandle")),
           "{\"Successful\":[{\"Id\":\"x\"}]}");
  host_close(&host);
}

MT_TEST(queue_calls__attributes_are_hashed_and_filtered)
{
  struct host host;
  open_queue(&host, "");
  call_has(&host, "sqs:SendMessage",
           "{" Q ",\"MessageBody\":\"a\",\"MessageAttributes\":{\"x\":{\"DataType\":\"String\","
           "\"StringValue\":\"v\"},\"b\":{\"DataType\":\"Binary\",\"BinaryValue\":\"AQI=\"}}}",
           "\"MD5OfMessageAttributes\":\"db83127f7bc23faa2d0cd0108229ea50\"");
  const char *received =
      call_has(&host, "sqs:ReceiveMessage",
               "{" Q ",\"MessageAttributeNames\":[\"x.*\"],\"VisibilityTimeout\":0}", "\"x\":{");
  mt_ok(strstr(received, "AQI=") == NULL);
  call_has(&host, "sqs:ReceiveMessage", "{" Q ",\"MessageAttributeNames\":[\"All\"]}",
           "\"MD5OfMessageAttributes\":\"db83127f7bc23faa2d0cd0108229ea50\"");
  static const char *const refused[][2] = {
      {"\"aws.x\":{\"DataType\":\"String\",\"StringValue\":\"v\"}", "is invalid"},
      {"\"x\":{\"DataType\":\"Text\",\"StringValue\":\"v\"}", "set of supported type prefixes"},
      {"\"x\":{\"DataType\":\"String\",\"StringValue\":\"\"}", "must contain non-empty"},
      {"\"x\":{\"DataType\":\"Number\",\"StringValue\":\"1x\"}", "to a number"},
      {"\"x\":{\"DataType\":\"Binary\",\"BinaryValue\":\"*\"}", "must contain non-empty"},
      {"\"x\":7", "must contain non-empty message attribute type"},
  };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    call_has(&host, "sqs:SendMessage",
             mt_format("{" Q ",\"MessageBody\":\"a\",\"MessageAttributes\":{%s}}", refused[i][0]),
             refused[i][1]);
  }
  host_close(&host);
}

/* ---- dead letters ---- */

static void dead_letters(void)
{
  struct host host;
  host_open_at(&host, store, NULL);
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"dead\"}", "dead");
  call_has(&host, "sqs:CreateQueue",
           "{\"QueueName\":\"q\",\"Attributes\":{\"VisibilityTimeout\":\"1\",\"RedrivePolicy\":"
           "\"{\\\"deadLetterTargetArn\\\":\\\"" ARN
           "dead\\\",\\\"maxReceiveCount\\\":\\\"2\\\"}\"}}",
           "/q\"");
  call_is(&host, "sqs:ListDeadLetterSourceQueues", "{" URL "dead\"}",
          "{\"queueUrls\":[\"https://sqs.us-east-1.amazonaws.com/000000000000/q\"]}");
  const char *id =
      member(call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"a\"}", "MessageId"),
             "MessageId");
  for (int i = 0; i < 2; i++) {
    call_has(&host, "sqs:ReceiveMessage", "{" Q "}", id);
    sleep_s(&host, 2);
  }
  call_is(&host, "sqs:ReceiveMessage", "{" Q "}", "{}");
  const char *dead =
      call_has(&host, "sqs:ReceiveMessage",
               "{" URL "dead\",\"AttributeNames\":[\"All\"],\"VisibilityTimeout\":0}",
               "\"DeadLetterQueueSourceArn\":\"" ARN "q\"");
  mt_ok(strstr(dead, id) != NULL);
  call_has(&host, "sqs:StartMessageMoveTask", "{\"SourceArn\":\"" ARN "dead\"}", "TaskHandle");
  sleep_s(&host, 1);
  call_has(&host, "sqs:ListMessageMoveTasks", "{\"SourceArn\":\"" ARN "dead\"}",
           "\"Status\":\"COMPLETED\",\"SourceArn\":\"" ARN "dead\","
           "\"ApproximateNumberOfMessagesMoved\":1");
  call_has(&host, "sqs:ReceiveMessage", "{" Q ",\"AttributeNames\":[\"All\"]}",
           "\"ApproximateReceiveCount\":\"1\"");
  call_has(&host, "sqs:CancelMessageMoveTask", "{\"TaskHandle\":\"none\"}",
           "ResourceNotFoundException");
  call_has(&host, "sqs:StartMessageMoveTask", "{\"SourceArn\":\"" ARN "q\"}",
           "Source queue must be configured as a Dead Letter Queue.");
  host_close(&host);
}

MT_TEST(queue_calls__what_is_received_too_often_is_a_dead_letter)
{
  dead_letters();
  use_store();
  dead_letters();
}

/* ---- FIFO ---- */

#define SEND_F(group, id, body)                                                                    \
  "{" F ",\"MessageBody\":\"" body "\",\"MessageGroupId\":\"" group                                \
  "\",\"MessageDeduplicationId\":\"" id "\"}"

static void open_fifo(struct host *host)
{
  host_open_at(host, store, NULL);
  call_has(host, "sqs:CreateQueue",
           "{\"QueueName\":\"f.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}", "/f.fifo\"");
}

MT_TEST(queue_calls__groups_are_in_order_and_one_at_a_time)
{
  struct host host;
  open_fifo(&host);
  call_has(&host, "sqs:SendMessage", SEND_F("g", "1", "g1"), "SequenceNumber");
  call_has(&host, "sqs:SendMessage", SEND_F("g", "2", "g2"), "SequenceNumber");
  call_has(&host, "sqs:SendMessage", SEND_F("h", "3", "h1"), "SequenceNumber");
  const char *g1 = call_has(&host, "sqs:ReceiveMessage", "{" F "}", "\"Body\":\"g1\"");
  const char *h1 = call_has(&host, "sqs:ReceiveMessage", "{" F "}", "\"Body\":\"h1\"");
  call_is(&host, "sqs:ReceiveMessage", "{" F "}", "{}"); /* g2 waits for g1 */
  call_is(&host, "sqs:DeleteMessage", delete_request(F, g1), "{}");
  const char *g2 = call_has(&host, "sqs:ReceiveMessage", "{" F "}", "\"Body\":\"g2\"");
  sleep_s(&host, 31);
  call_has(&host, "sqs:DeleteMessage", delete_request(F, g2), "The receipt handle has expired.");
  const char *all =
      call_has(&host, "sqs:ReceiveMessage", "{" F ",\"MaxNumberOfMessages\":10}", "g2");
  mt_ok(strstr(all, "h1") != NULL);
  call_has(&host, "sqs:DeleteMessage", delete_request(F, h1), "The receipt handle has expired.");
  host_close(&host);
}

MT_TEST(queue_calls__a_group_gives_its_messages_back_in_order)
{
  struct host host;
  open_fifo(&host);
  call_has(&host, "sqs:SendMessage", SEND_F("g", "1", "g1"), "SequenceNumber");
  call_has(&host, "sqs:SendMessage", SEND_F("g", "2", "g2"), "SequenceNumber");
  call_has(&host, "sqs:SendMessage", SEND_F("g", "3", "g3"), "SequenceNumber");
  for (int i = 0; i < 2; i++) {
    const char *two =
        call_has(&host, "sqs:ReceiveMessage", "{" F ",\"MaxNumberOfMessages\":2}", "g1");
    mt_ok(strstr(two, "\"g1\"") < strstr(two, "\"g2\"") && strstr(two, "\"g3\"") == NULL);
    sleep_s(&host, 31);
  }
  host_close(&host);
}

static void duplicates(bool is_reopened)
{
  struct host host;
  open_fifo(&host);
  const char *sent = call_has(&host, "sqs:SendMessage", SEND_F("g", "1", "a"), "SequenceNumber");
  const char *id = member(sent, "MessageId");
  const char *received = call_has(&host, "sqs:ReceiveMessage", "{" F "}", id);
  call_is(&host, "sqs:DeleteMessage", delete_request(F, received), "{}");
  if (is_reopened) {
    host_reopen(&host);
  } else {
    sleep_s(&host, 299);
  }
  const char *again = call_has(&host, "sqs:SendMessage", SEND_F("g", "1", "other"), id);
  mt_eq_str(member(again, "SequenceNumber"), member(sent, "SequenceNumber"));
  call_is(&host, "sqs:ReceiveMessage", "{" F "}", "{}");
  sleep_s(&host, 301);
  call_has(&host, "sqs:SendMessage", SEND_F("g", "1", "third"), mt_format("!%s", id));
  call_has(&host, "sqs:ReceiveMessage", "{" F "}", "\"Body\":\"third\"");
  host_close(&host);
}

MT_TEST(queue_calls__a_duplicate_is_the_first_for_five_minutes)
{
  duplicates(false);
  use_store();
  duplicates(true);
}

MT_TEST(queue_calls__fifo_is_refused_what_it_cannot_have)
{
  struct host host;
  open_fifo(&host);
  call_has(&host, "sqs:SendMessage", "{" F ",\"MessageBody\":\"a\"}",
           "The request must contain the parameter MessageGroupId.");
  call_has(
      &host, "sqs:SendMessage", "{" F ",\"MessageBody\":\"a\",\"MessageGroupId\":\"g\"}",
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
      "provided explicitly");
  call_has(&host, "sqs:SendMessage",
           "{" F ",\"MessageBody\":\"a\",\"MessageGroupId\":\"g\",\"DelaySeconds\":1}",
           "Value 1 for parameter DelaySeconds is invalid");
  call_is(&host, "sqs:SetQueueAttributes",
          "{" F ",\"Attributes\":{\"ContentBasedDeduplication\":\"true\"}}", "{}");
  const char *id =
      member(call_has(&host, "sqs:SendMessage",
                      "{" F ",\"MessageBody\":\"a\",\"MessageGroupId\":\"g\"}", "Sequence"),
             "MessageId");
  call_has(&host, "sqs:SendMessage", "{" F ",\"MessageBody\":\"a\",\"MessageGroupId\":\"h\"}", id);
  call_has(&host, "sqs:SetQueueAttributes", "{" F ",\"Attributes\":{\"FifoQueue\":\"true\"}}",
           "InvalidAttributeName");
  host_close(&host);
}

/* ---- queues themselves ---- */

MT_TEST(queue_calls__queues_come_and_go)
{
  struct host host;
  open_queue(&host, "\"DelaySeconds\":\"3\"");
  call_has(&host, "sqs:CreateQueue",
           "{\"QueueName\":\"q\",\"Attributes\":{\"DelaySeconds\":\"3\"}}", "/q\"");
  call_has(
      &host, "sqs:CreateQueue", "{\"QueueName\":\"q\",\"Attributes\":{\"DelaySeconds\":\"4\"}}",
      "A queue already exists with the same name and a different value for attribute DelaySeconds");
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"q x\"}",
           "Can only include alphanumeric characters");
  call_has(&host, "sqs:CreateQueue",
           "{\"QueueName\":\"x\",\"Attributes\":{\"DelaySeconds\":\"901\"}}",
           "InvalidAttributeValue");
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"x\",\"Attributes\":{\"Nothing\":\"1\"}}",
           "Unknown Attribute Nothing.");
  call_has(&host, "sqs:GetQueueUrl", "{\"QueueName\":\"q\"}", "/000000000000/q\"");
  call_has(&host, "sqs:GetQueueUrl", "{\"QueueName\":\"none\"}", "QueueDoesNotExist");
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"r\"}", "/r\"");
  const char *page = call_has(&host, "sqs:ListQueues", "{\"MaxResults\":1}", "/q\"");
  call_has(&host, "sqs:ListQueues",
           mt_format("{\"MaxResults\":1,\"NextToken\":\"%s\"}", member(page, "NextToken")), "/r\"");
  call_is(&host, "sqs:ListQueues", "{\"QueueNamePrefix\":\"z\"}", "{}");
  call_is(&host, "sqs:TagQueue", "{" Q ",\"Tags\":{\"a\":\"1\",\"b\":\"2\"}}", "{}");
  call_is(&host, "sqs:UntagQueue", "{" Q ",\"TagKeys\":[\"a\"]}", "{}");
  call_is(&host, "sqs:ListQueueTags", "{" Q "}", "{\"Tags\":{\"b\":\"2\"}}");
  call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"a\"}", "MessageId");
  call_has(&host, "sqs:GetQueueAttributes", "{" Q ",\"AttributeNames\":[\"All\"]}",
           "\"ApproximateNumberOfMessagesDelayed\":\"1\"");
  call_is(&host, "sqs:PurgeQueue", "{" Q "}", "{}");
  call_has(&host, "sqs:PurgeQueue", "{" Q "}", "Only one PurgeQueue operation on q is allowed");
  sleep_s(&host, 4);
  call_is(&host, "sqs:ReceiveMessage", "{" Q "}", "{}");
  call_is(&host, "sqs:DeleteQueue", "{" Q "}", "{}");
  call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"a\"}",
           "The specified queue does not exist.");
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}", "QueueDeletedRecently");
  sleep_s(&host, 61);
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}", "/q\"");
  host_close(&host);
}

MT_TEST(queue_calls__a_poll_of_a_queue_that_is_deleted_ends)
{
  struct host host;
  struct answer polled = {0};
  open_queue(&host, "");
  mt_eq_int(mstep_call(host.engine, "sqs:ReceiveMessage",
                       host_str("{" Q ",\"WaitTimeSeconds\":20}"), on_answer, &polled),
            0);
  struct answer deleted = {0};
  mt_eq_int(mstep_call(host.engine, "sqs:DeleteQueue", host_str("{" Q "}"), on_answer, &deleted),
            0);
  host_run(&host); /* each answer stops it */
  host_run(&host);
  mt_eq_int(deleted.count, 1);
  mt_eq_int(polled.count, 1);
  mt_ok(strstr(polled.text, "QueueDoesNotExist") != NULL);
  host_close(&host);
}

MT_TEST(queue_calls__hostile_requests_are_refused)
{
  static const char *const requests[] = {
      "{}",
      "{\"QueueUrl\":\"\"}",
      "{\"QueueUrl\":\"////\"}",
      "{\"QueueUrl\":\"q\"}",
      "{\"QueueUrl\":\"/000000000000/\"}",
      "{" Q ",\"Attributes\":{\"x\":[]}}",
      "{" Q ",\"Entries\":[{}]}",
      "{" Q ",\"ReceiptHandle\":\"AQEB\",\"VisibilityTimeout\":-1}",
      "{" Q ",\"ReceiptHandle\":\"AQEB00000000000000000000000100000001d57a18c4\"}",
      "{" Q ",\"MessageBody\":\"\\u0000\",\"MaxNumberOfMessages\":99,\"MaxResults\":-1}",
      "{" Q
      ",\"MessageBody\":\"x\",\"DelaySeconds\":-1,\"WaitTimeSeconds\":21,\"NextToken\":\"*\"}",
      "{\"QueueName\":\"\\u0000\",\"SourceArn\":\":\",\"Attributes\":{\"RedrivePolicy\":\"{}\"}}",
  };
  static const char *const operations[] = {
      "CreateQueue",        "DeleteMessage",        "ReceiveMessage",
      "SendMessage",        "SendMessageBatch",     "ChangeMessageVisibility",
      "SetQueueAttributes", "StartMessageMoveTask", "GetQueueUrl"};
  struct host host;
  open_queue(&host, "");
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    for (size_t k = 0; k < sizeof operations / sizeof *operations; k++) {
      const char *answer = call(&host, mt_format("sqs:%s", operations[k]), requests[i]);
      mt_ok(strstr(answer, "Internal") == NULL);
    }
  }
  host_close(&host);
}

/* ---- the store ---- */

MT_TEST(queue_calls__what_was_answered_is_there_after_a_restart)
{
  struct host host;
  use_store();
  open_queue(&host, "\"VisibilityTimeout\":\"100\"");
  call_is(&host, "sqs:TagQueue", "{" Q ",\"Tags\":{\"a\":\"1\"}}", "{}");
  for (int i = 0; i < 3; i++) {
    call_has(&host, "sqs:SendMessage", mt_format("{" Q ",\"MessageBody\":\"m%d\"}", i),
             "MessageId");
  }
  const char *m0 = call_has(&host, "sqs:ReceiveMessage", "{" Q "}", "m0");
  const char *m1 =
      call_has(&host, "sqs:ReceiveMessage", "{" Q ",\"VisibilityTimeout\":1000}", "m1");
  call_is(&host, "sqs:DeleteMessage", delete_request(Q, m1), "{}");
  host_reopen(&host);
  call_is(&host, "sqs:ListQueueTags", "{" Q "}", "{\"Tags\":{\"a\":\"1\"}}");
  call_has(&host, "sqs:GetQueueAttributes", "{" Q ",\"AttributeNames\":[\"All\"]}",
           "\"ApproximateNumberOfMessages\":\"1\",\"ApproximateNumberOfMessagesNotVisible\":\"1\"");
  call_has(&host, "sqs:ReceiveMessage", "{" Q "}", "\"Body\":\"m2\"");
  call_is(&host, "sqs:ReceiveMessage", "{" Q "}", "{}");
  call_is(&host, "sqs:DeleteMessage", delete_request(Q, m0), "{}"); /* the handle is still good */
  call_has(&host, "sqs:SendMessage", "{" Q ",\"MessageBody\":\"new\"}", "MessageId");
  host_reopen(&host);
  call_has(&host, "sqs:ReceiveMessage", "{" Q ",\"MaxNumberOfMessages\":10}", "\"Body\":\"new\"");
  sleep_s(&host, 101);
  const char *rest =
      call_has(&host, "sqs:ReceiveMessage", "{" Q ",\"MaxNumberOfMessages\":10}", "m2");
  mt_ok(strstr(rest, "m0") == NULL && strstr(rest, "m1") == NULL);
  call_is(&host, "sqs:DeleteQueue", "{" Q "}", "{}");
  host_reopen(&host);
  call_is(&host, "sqs:ListQueues", "{}", "{}");
  host_close(&host);
}
