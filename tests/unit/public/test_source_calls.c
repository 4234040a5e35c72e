/*
 * Event source mappings on virtual time: what is sent to a queue comes to a function in batches, and goes, stays
 * or is buried as the function says; and all of it from a store that was closed at any moment.
 */
#include <string.h>

#include "calls.h"
#include "mt.h"

#define QUEUE_ARN "arn:aws:sqs:us-east-1:000000000000:"
#define URL "\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/"

static const char *store; /* NULL: none */

static void on_awake(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                     mstep_str error, mstep_str cause, void *user)
{
  (void)arn, (void)output, (void)error, (void)cause;
  *(mstep_status *)user = status;
  mstep_engine_stop(engine);
}

/* What is due in that time happens. */
static void sleep_s(struct host *host, int seconds)
{
  mstep_arn machine = host_machine(host, "sleep",
                                   "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\","
                                   "\"SecondsPath\":\"$.s\",\"End\":true}}}");
  mstep_arn arn;
  mstep_status status = MSTEP_RUNNING;
  mt_eq_int(mstep_execution_start(&arn, host->engine, machine.text, NULL,
                                  host_str(mt_format("{\"s\":%d}", seconds)), on_awake, &status),
            0);
  host_run(host);
  mt_eq_int(status, MSTEP_SUCCEEDED);
}

static const char *member(const char *text, const char *name)
{
  const char *at = strstr(text, mt_format("\"%s\":\"", name));
  if (at == NULL) {
    mt_fail("no %s in %s", name, text);
  }
  at += strlen(name) + 4;
  return mt_format("%.*s", (int)strcspn(at, "\""), at);
}

static int count_of(const char *text, const char *part)
{
  int count = 0;
  for (; (text = strstr(text, part)) != NULL; text += strlen(part)) {
    count++;
  }
  return count;
}

/*
 * A function that keeps what it is given: {"get":true} gives all events, {"bodies":true} the bodies, a line a
 * batch. A body "fail" makes it fail, "report" is reported as failed, and "say X" makes X its answer.
 */
static const char function_source[] =
    "local seen, lines = {}, {} "
    "return function(event) "
    "  if event.get then return seen end "
    "  if event.bodies then return table.concat(lines, '|') end "
    "  seen[#seen + 1] = event "
    "  local bodies, failed, answer, fails = {}, {}, nil, false "
    "  for i, r in ipairs(event.Records) do "
    "    local body = r.body or r.eventName "
    "    bodies[i] = body "
    "    if body == 'fail' then fails = true end "
    "    if body == 'report' then failed[#failed + 1] = {itemIdentifier = r.messageId} end "
    "    if body:sub(1, 4) == 'say ' then answer = body:sub(5) end "
    "  end "
    "  lines[#lines + 1] = table.concat(bodies, ',') "
    "  if fails then error('no') end "
    "  if answer then return answer end "
    "  if #failed > 0 then return {batchItemFailures = failed} end "
    "end";

static void make_function(struct host *host, const char *name)
{
  call_has(
      host, "CreateFunction",
      mt_format("{\"FunctionName\":\"%s\",\"Code\":{\"Source\":\"%s\"}}", name, function_source),
      "\"FunctionArn\"");
}

static void make_queue(struct host *host, const char *name, const char *attributes)
{
  call_has(host, "CreateQueue",
           mt_format("{\"QueueName\":\"%s\",\"Attributes\":{%s}}", name, attributes), "QueueUrl");
}

static const char *map_to(struct host *host, const char *queue, const char *more)
{
  const char *text = call_has(
      host, "CreateEventSourceMapping",
      mt_format("{\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN "%s\"%s}", queue, more),
      "\"State\":\"Creating\"");
  return member(text, "UUID");
}

static void send(struct host *host, const char *queue, const char *body)
{
  call_has(host, "SendMessage", mt_format("{" URL "%s\",\"MessageBody\":\"%s\"}", queue, body),
           "MessageId");
}

static const char *bodies(struct host *host)
{
  return call(host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"bodies\":true}}");
}

static void saw(struct host *host, const char *expected)
{
  const char *text = bodies(host);
  const char *quoted = mt_format("\"%s\"", expected);
  if (strstr(text, quoted) == NULL) {
    mt_fail("%s, not %s", text, quoted);
  }
}

static void begin(struct host *host, const char *attributes)
{
  host_open_at(host, store, NULL);
  make_function(host, "f");
  make_queue(host, "q", attributes);
}

static const char *in_queue(struct host *host, const char *queue)
{
  return call(host, "GetQueueAttributes",
              mt_format("{" URL "%s\",\"AttributeNames\":[\"All\"]}", queue));
}

static void is_empty(struct host *host, const char *queue)
{
  const char *text = in_queue(host, queue);
  if (strstr(text, "\"ApproximateNumberOfMessages\":\"0\"") == NULL ||
      strstr(text, "\"ApproximateNumberOfMessagesNotVisible\":\"0\"") == NULL) {
    mt_fail("%s: %s", queue, text);
  }
}

/* ---- queues ---- */

MT_TEST(source__gives_messages_to_a_function)
{
  struct host host;
  begin(&host, "\"VisibilityTimeout\":\"30\"");
  const char *uuid = map_to(&host, "q", "");
  call_has(&host, "GetEventSourceMapping", mt_format("{\"UUID\":\"%s\"}", uuid),
           "\"State\":\"Enabled\"");
  send(&host, "q", "hello");
  host_run(&host);
  saw(&host, "hello");
  is_empty(&host, "q");
  host_close(&host);
}

MT_TEST(source__event_has_the_form_of_lambda)
{
  struct host host;
  begin(&host, "");
  call_has(&host, "SendMessage",
           "{" URL
           "q\",\"MessageBody\":\"x\",\"MessageAttributes\":{\"N\":{\"DataType\":\"Number\","
           "\"StringValue\":\"6\"},\"B\":{\"DataType\":\"Binary\",\"BinaryValue\":\"AAE=\"}}}",
           "MessageId");
  map_to(&host, "q", "");
  host_run(&host);
  const char *text = call(&host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"get\":true}}");
  static const char *const parts[] = {"\"body\":\"x\"",
                                      "\"ApproximateReceiveCount\":\"1\"",
                                      "\"SentTimestamp\":\"17040672",
                                      "\"ApproximateFirstReceiveTimestamp\":\"17040672",
                                      "\"SenderId\":\"",
                                      "\"stringValue\":\"6\"",
                                      "\"binaryValue\":\"AAE=\"",
                                      "\"stringListValues\":[]",
                                      "\"binaryListValues\":[]",
                                      "\"dataType\":\"Number\"",
                                      "\"md5OfMessageAttributes\":\"",
                                      "\"md5OfBody\":\"9dd4e461268c8034f5c8564e155c67a6\"",
                                      "\"eventSource\":\"aws:sqs\"",
                                      "\"eventSourceARN\":\"" QUEUE_ARN "q\"",
                                      "\"awsRegion\":\"us-east-1\""};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (strstr(text, parts[i]) == NULL) {
      mt_report("no %s in %s", parts[i], text);
    }
  }
  host_close(&host);
}

MT_TEST(source__fills_a_batch_until_it_is_full_or_its_window_is_over)
{
  struct host host;
  begin(&host, "");
  map_to(&host, "q", ",\"BatchSize\":3,\"MaximumBatchingWindowInSeconds\":5");
  for (int i = 0; i < 4; i++) {
    send(&host, "q", mt_format("m%d", i));
  }
  host_rounds(&host, 50);
  saw(&host, "m0,m1,m2");
  sleep_s(&host, 4);
  host_run(&host);
  saw(&host, "m0,m1,m2|m3");
  is_empty(&host, "q");
  const char *text = call(&host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"get\":true}}");
  mt_ok(strstr(text, "\"md5OfMessageAttributes\":null") != NULL);
  host_close(&host);
}

MT_TEST(source__a_failed_batch_comes_back_and_ends_in_the_dead_letters)
{
  struct host host;
  begin(&host, "");
  make_queue(&host, "dlq", "");
  call_has(&host, "SetQueueAttributes",
           "{" URL "q\",\"Attributes\":{\"VisibilityTimeout\":\"5\",\"RedrivePolicy\":\"{"
           "\\\"deadLetterTargetArn\\\":\\\"" QUEUE_ARN "dlq\\\",\\\"maxReceiveCount\\\":2}\"}}",
           "{}");
  map_to(&host, "q", "");
  send(&host, "q", "fail");
  sleep_s(&host, 1);
  saw(&host, "fail");
  sleep_s(&host, 6);
  saw(&host, "fail|fail");
  const char *text = call(&host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"get\":true}}");
  mt_ok(strstr(text, "\"ApproximateReceiveCount\":\"2\"") != NULL);
  mt_ok(strstr(text, "md5OfMessageAttributes") == NULL);
  sleep_s(&host, 10);
  saw(&host, "fail|fail");
  is_empty(&host, "q");
  call_has(&host, "ReceiveMessage", "{" URL "dlq\"}", "\"Body\":\"fail\"");
  host_close(&host);
}

MT_TEST(source__reported_items_come_back_alone)
{
  struct host host;
  begin(&host, "\"VisibilityTimeout\":\"5\"");
  send(&host, "q", "a");
  send(&host, "q", "report");
  send(&host, "q", "b");
  map_to(&host, "q", ",\"FunctionResponseTypes\":[\"ReportBatchItemFailures\"]");
  sleep_s(&host, 1);
  saw(&host, "a,report,b");
  sleep_s(&host, 6);
  saw(&host, "a,report,b|report");
  host_close(&host);
}

MT_TEST(source__an_answer_that_makes_no_sense_fails_the_batch)
{
  struct host host;
  begin(&host, "\"VisibilityTimeout\":\"5\"");
  map_to(&host, "q", ",\"BatchSize\":1,\"FunctionResponseTypes\":[\"ReportBatchItemFailures\"]");
  send(&host, "q", "say {");
  sleep_s(&host, 1);
  send(&host, "q", "say ");
  sleep_s(&host, 6);
  saw(&host, "say {|say |say {");
  host_close(&host);
}

MT_TEST(source__what_does_not_match_is_deleted)
{
  struct host host;
  begin(&host, "");
  map_to(
      &host, "q",
      ",\"FilterCriteria\":{\"Filters\":[{\"Pattern\":\"{\\\"body\\\":{\\\"n\\\":[{\\\"numeric\\\":"
      "[\\\">\\\",5]}]}}\"}]}");
  send(&host, "q", "{\\\"n\\\":3}");
  send(&host, "q", "{\\\"n\\\":7}");
  send(&host, "q", "plain");
  host_run(&host);
  saw(&host, "{\\\"n\\\":7}");
  is_empty(&host, "q");
  host_close(&host);
}

MT_TEST(source__a_fifo_group_stays_in_order)
{
  struct host host;
  host_open_at(&host, store, NULL);
  make_function(&host, "f");
  make_queue(&host, "q.fifo",
             "\"FifoQueue\":\"true\",\"ContentBasedDeduplication\":\"true\",\"VisibilityTimeout\":"
             "\"5\"");
  map_to(&host, "q.fifo", ",\"BatchSize\":1");
  const char *const sent[] = {"fail", "b", "c"};
  for (int i = 0; i < 3; i++) {
    call_has(
        &host, "SendMessage",
        mt_format("{" URL "q.fifo\",\"MessageBody\":\"%s\",\"MessageGroupId\":\"g\"}", sent[i]),
        "SequenceNumber");
  }
  call_has(&host, "SendMessage",
           "{" URL "q.fifo\",\"MessageBody\":\"other\",\"MessageGroupId\":\"h\"}",
           "SequenceNumber");
  host_rounds(&host, 50);
  saw(&host, "fail|other");
  host_close(&host);
}

MT_TEST(source__concurrency_is_limited)
{
  struct host host;
  host_open_at(&host, store, NULL);
  call_has(
      &host, "CreateFunction",
      "{\"FunctionName\":\"f\",\"Code\":{\"Source\":\"local mstep = require 'mstep' local now, "
      "most = 0, 0 return function(event) "
      "if event.most then return most end now = now + 1 most = math.max(most, now) "
      "mstep.sleep(1) now = now - 1 end\"}}",
      "\"FunctionArn\"");
  make_queue(&host, "q", "");
  map_to(&host, "q", ",\"BatchSize\":1,\"ScalingConfig\":{\"MaximumConcurrency\":2}");
  for (int i = 0; i < 6; i++) {
    send(&host, "q", "m");
  }
  sleep_s(&host, 10);
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"most\":true}}",
           "\"Payload\":2");
  is_empty(&host, "q");
  host_close(&host);
}

MT_TEST(source__a_throttled_batch_waits)
{
  struct host host;
  begin(&host, "\"VisibilityTimeout\":\"60\"");
  call_has(&host, "PutFunctionConcurrency",
           "{\"FunctionName\":\"f\",\"ReservedConcurrentExecutions\":0}", "0");
  map_to(&host, "q", "");
  send(&host, "q", "m");
  host_rounds(&host, 20);
  call_has(&host, "DeleteFunctionConcurrency", "{\"FunctionName\":\"f\"}", "{}");
  sleep_s(&host, 5);
  saw(&host, "m");
  const char *text = call(&host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"get\":true}}");
  mt_ok(strstr(text, "\"ApproximateReceiveCount\":\"1\"") != NULL);
  host_close(&host);
}

/* ---- states ---- */

MT_TEST(source__is_disabled_enabled_and_deleted)
{
  struct host host;
  begin(&host, "");
  const char *uuid = map_to(&host, "q", "");
  const char *one = mt_format("{\"UUID\":\"%s\"}", uuid);
  call_has(&host, "UpdateEventSourceMapping",
           mt_format("{\"UUID\":\"%s\",\"Enabled\":false}", uuid), "\"State\":\"Disabling\"");
  call_has(&host, "GetEventSourceMapping", one, "\"State\":\"Disabled\"");
  send(&host, "q", "late");
  host_run(&host);
  saw(&host, "");
  call_has(&host, "UpdateEventSourceMapping", mt_format("{\"UUID\":\"%s\",\"Enabled\":true}", uuid),
           "\"State\":\"Enabling\"");
  host_run(&host);
  saw(&host, "late");
  call_has(&host, "UpdateEventSourceMapping", mt_format("{\"UUID\":\"%s\",\"BatchSize\":2}", uuid),
           "\"State\":\"Updating\"");
  call_has(&host, "GetEventSourceMapping", one, "\"BatchSize\":2");
  call_has(&host, "DeleteEventSourceMapping", one, "\"State\":\"Deleting\"");
  call_has(&host, "GetEventSourceMapping", one, "The resource you requested does not exist.");
  call_has(&host, "ListEventSourceMappings", "{}", "{\"EventSourceMappings\":[]}");
  send(&host, "q", "unseen");
  host_run(&host);
  saw(&host, "late");
  host_close(&host);
}

MT_TEST(source__lists_in_pages)
{
  struct host host;
  begin(&host, "");
  make_function(&host, "g");
  for (int i = 0; i < 3; i++) {
    make_queue(&host, mt_format("q%d", i), "");
    map_to(&host, mt_format("q%d", i), "");
  }
  call_has(&host, "CreateEventSourceMapping",
           "{\"FunctionName\":\"g\",\"EventSourceArn\":\"" QUEUE_ARN "q1\"}", "Creating");
  const char *text = call_has(&host, "ListEventSourceMappings",
                              "{\"FunctionName\":\"f\",\"MaxItems\":2}", "NextMarker");
  mt_eq_int(count_of(text, "\"UUID\""), 2);
  text = call_has(&host, "ListEventSourceMappings",
                  mt_format("{\"FunctionName\":\"f\",\"MaxItems\":2,\"Marker\":\"%s\"}",
                            member(text, "NextMarker")),
                  "!NextMarker");
  mt_eq_int(count_of(text, "\"UUID\""), 1);
  text = call(&host, "ListEventSourceMappings", "{\"EventSourceArn\":\"" QUEUE_ARN "q1\"}");
  mt_eq_int(count_of(text, "\"UUID\""), 2);
  host_close(&host);
}

MT_TEST(source__refuses_as_lambda_does)
{
  static const char *const cases[][2] = {
      {"\"FunctionName\":\"none\"", "Unrecognized event source."},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"arn:aws:kinesis:us-east-1:000000000000:stream/"
       "s\"",
       "Unrecognized event source."},
      {"\"FunctionName\":\"none\",\"EventSourceArn\":\"" QUEUE_ARN "q\"",
       "Function does not exist"},
      {"\"FunctionName\":\"f:none\",\"EventSourceArn\":\"" QUEUE_ARN "q\"",
       "Function does not exist"},
      {"\"FunctionName\":\"none\",\"EventSourceArn\":\"" QUEUE_ARN
       "q\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":\"" QUEUE_ARN "d\"}}",
       "Unsupported DestinationConfig parameter for given event source mapping type."},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN
       "q\",\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"" QUEUE_ARN "d\"}}",
       "Unsupported DestinationConfig parameter for given event source mapping type."},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN "none\"",
       "Error occurred while ReceiveMessage. SQS Error Code: "
       "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not "
       "exist."},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN "q\",\"BatchSize\":11",
       "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
       "than 10"},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN
       "q.fifo\",\"MaximumBatchingWindowInSeconds\":1",
       "Batching window is not supported for FIFO queues"},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN
       "q\",\"StartingPosition\":\"LATEST\"",
       "StartingPosition is not valid for SQS event sources."},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN "q\",\"StartingPosition\":\"X\"",
       "1 validation error detected: Value 'X' at 'startingPosition' failed to satisfy constraint: "
       "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN "q\",\"MaximumRetryAttempts\":3",
       "Unsupported 'maximumRetryAttempts' parameter for given event source mapping type."},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN
       "q\",\"FilterCriteria\":{\"Filters\":[{\"Pattern\":\"simple string\"}]}",
       "Invalid filter pattern definition."},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN "q\",\"BatchSize\":0",
       "Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than "
       "or equal to 1"},
      {"\"FunctionName\":\"slow\",\"EventSourceArn\":\"" QUEUE_ARN "q\"",
       "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"},
      {"\"FunctionName\":\"f\",\"EventSourceArn\":[]", "SerializationException"},
  };
  struct host host;
  begin(&host, "");
  call_has(&host, "CreateFunction",
           "{\"FunctionName\":\"slow\",\"Timeout\":60,\"Code\":{\"Source\":\"return print\"}}",
           "\"FunctionArn\"");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    call_has(&host, "CreateEventSourceMapping", mt_format("{%s}", cases[i][0]), cases[i][1]);
  }
  const char *uuid = map_to(&host, "q", "");
  call_has(
      &host, "CreateEventSourceMapping",
      "{\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN "q\"}",
      mt_format("An event source mapping with SQS arn (\\\" " QUEUE_ARN
                "q \\\") and function (\\\" f \\\") already exists. Please update or delete the "
                "existing mapping with UUID %s",
                uuid));
  call_has(&host, "UpdateEventSourceMapping", mt_format("{\"UUID\":\"%s\",\"BatchSize\":11}", uuid),
           "Maximum batch window in seconds");
  host_close(&host);
}

MT_TEST(source__has_tags)
{
  struct host host;
  begin(&host, "");
  const char *uuid = map_to(&host, "q", ",\"Tags\":{\"a\":\"1\"}");
  const char *arn = mt_format("\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:"
                              "event-source-mapping:%s\"",
                              uuid);
  call_has(&host, "lambda:ListTags", mt_format("{%s}", arn), "{\"Tags\":{\"a\":\"1\"}}");
  call_has(&host, "lambda:TagResource", mt_format("{%s,\"Tags\":{\"b\":\"2\"}}", arn), "{}");
  call_has(&host, "lambda:UntagResource", mt_format("{%s,\"TagKeys\":[\"a\"]}", arn), "{}");
  call_has(&host, "lambda:ListTags", mt_format("{%s}", arn), "{\"Tags\":{\"b\":\"2\"}}");
  call_has(&host, "GetEventSourceMapping", mt_format("{\"UUID\":\"%s\"}", uuid), "!Tags");
  send(&host, "q", "m");
  host_run(&host);
  saw(&host, "m");
  call_has(&host, "lambda:ListTags",
           "{\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:none\"}",
           "The resource you requested does not exist.");
  host_close(&host);
}

/* ---- what else calls functions: topics and buses, without a mapping ---- */

static void all_in(const char *text, const char *const *parts)
{
  for (; *parts != NULL; parts++) {
    if (strstr(text, *parts) == NULL) {
      mt_report("no %s in %s", *parts, text);
    }
  }
}

static void make_listener(struct host *host)
{
  call_has(
      host, "CreateFunction",
      "{\"FunctionName\":\"f\",\"Code\":{\"Source\":\"local seen = {} return function(event) if "
      "event.get then return seen end seen[#seen + 1] = event end\"}}",
      "\"FunctionArn\"");
}

MT_TEST(source__a_topic_gives_its_event)
{
  static const char *const parts[] = {
      "[{\"Records\":[{",
      "\"EventSource\":\"aws:sns\"",
      "\"EventVersion\":\"1.0\"",
      "\"EventSubscriptionArn\":\"arn:aws:sns:us-east-1:000000000000:t:",
      "\"Type\":\"Notification\"",
      "\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\"",
      "\"Subject\":null",
      "\"Message\":\"hello\"",
      "\"Timestamp\":\"2024-01-01T00:00:00.",
      "\"SignatureVersion\":\"1\"",
      "\"SigningCertUrl\":\"",
      "\"UnsubscribeUrl\":\"",
      "\"MessageAttributes\":{\"Test\":{\"Type\":\"String\",\"Value\":\"x\"}}",
      NULL};
  struct host host;
  host_open_at(&host, store, NULL);
  make_listener(&host);
  call_has(&host, "CreateTopic", "{\"Name\":\"t\"}", "TopicArn");
  call_has(
      &host, "Subscribe",
      "{\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\",\"Protocol\":\"lambda\",\"Endpoint\":"
      "\"arn:aws:lambda:us-east-1:000000000000:function:f\"}",
      "SubscriptionArn");
  call_has(&host, "Publish",
           "{\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\",\"Message\":\"hello\","
           "\"MessageAttributes\":{\"Test\":{\"DataType\":\"String\",\"StringValue\":\"x\"}}}",
           "MessageId");
  host_run(&host);
  all_in(call(&host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"get\":true}}"), parts);
  host_close(&host);
}

MT_TEST(source__a_rule_gives_its_event)
{
  static const char *const parts[] = {"\"version\":\"0\"",
                                      "\"id\":\"",
                                      "\"detail-type\":\"placed\"",
                                      "\"source\":\"shop\"",
                                      "\"account\":\"000000000000\"",
                                      "\"time\":\"2024-01-01T00:00:00Z\"",
                                      "\"region\":\"us-east-1\"",
                                      "\"resources\":[]",
                                      "\"detail\":{\"n\":1}",
                                      NULL};
  struct host host;
  host_open_at(&host, store, NULL);
  make_listener(&host);
  call_has(&host, "PutRule",
           "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"shop\\\"]}\"}", "RuleArn");
  call_has(&host, "PutTargets",
           "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":"
           "\"arn:aws:lambda:us-east-1:000000000000:function:f\"}]}",
           "\"FailedEntryCount\":0");
  call_has(
      &host, "PutEvents",
      "{\"Entries\":[{\"Source\":\"shop\",\"DetailType\":\"placed\",\"Detail\":\"{\\\"n\\\":1}\"}]"
      "}",
      "\"FailedEntryCount\":0");
  host_run(&host);
  all_in(call(&host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"get\":true}}"), parts);
  host_close(&host);
}

/* ---- from a store ---- */

MT_TEST(source__goes_on_from_a_store)
{
  struct host host;
  store = mt_format("sqlite:%s/s.db", mt_tmpdir());
  begin(&host, "");
  const char *uuid = map_to(&host, "q", ",\"BatchSize\":2,\"MaximumBatchingWindowInSeconds\":1");
  const char *shown = call(&host, "GetEventSourceMapping", mt_format("{\"UUID\":\"%s\"}", uuid));
  send(&host, "q", "before");
  host_reopen(&host); /* at whatever moment */
  mt_eq_str(call(&host, "GetEventSourceMapping", mt_format("{\"UUID\":\"%s\"}", uuid)), shown);
  send(&host, "q", "after");
  sleep_s(&host, 100);
  const char *text = bodies(&host);
  mt_ok(strstr(text, "before") != NULL && strstr(text, "after") != NULL);
  is_empty(&host, "q");
  host_close(&host);
}

MT_TEST(source__changes_of_a_table_come_from_a_store)
{
  struct host host;
  store = mt_format("sqlite:%s/s.db", mt_tmpdir());
  host_open_at(&host, store, NULL);
  make_function(&host, "f");
  const char *table = call_has(
      &host, "CreateTable",
      "{\"TableName\":\"tab\",\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
      "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}],"
      "\"BillingMode\":\"PAY_PER_REQUEST\",\"StreamSpecification\":{\"StreamEnabled\":true,"
      "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}}",
      "LatestStreamArn");
  const char *made =
      call_has(&host, "CreateEventSourceMapping",
               mt_format("{\"FunctionName\":\"f\",\"EventSourceArn\":\"%s\",\"StartingPosition\":"
                         "\"TRIM_HORIZON\",\"BatchSize\":1}",
                         member(table, "LatestStreamArn")),
               "\"LastProcessingResult\":\"No records processed\"");
  const char *one = mt_format("{\"UUID\":\"%s\"}", member(made, "UUID"));
  call_has(&host, "PutItem", "{\"TableName\":\"tab\",\"Item\":{\"id\":{\"S\":\"a\"}}}", "{}");
  host_run(&host);
  saw(&host, "INSERT");
  call_has(&host, "GetEventSourceMapping", one, "\"LastProcessingResult\":\"OK\"");
  call_has(&host, "UpdateEventSourceMapping",
           mt_format("{\"UUID\":\"%s\",\"Enabled\":false}", member(made, "UUID")), "Disabling");
  call_has(&host, "DeleteItem", "{\"TableName\":\"tab\",\"Key\":{\"id\":{\"S\":\"a\"}}}", "{}");
  host_reopen(&host); /* what Lua remembers is gone, what was done is not done again */
  call_has(&host, "GetEventSourceMapping", one, "\"State\":\"Disabled\"");
  call_has(&host, "UpdateEventSourceMapping",
           mt_format("{\"UUID\":\"%s\",\"Enabled\":true}", member(made, "UUID")), "Enabling");
  host_run(&host);
  saw(&host, "REMOVE");
  host_close(&host);
}
