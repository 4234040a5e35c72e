/*
 * Lambda's operations on virtual time: packages, what tools ask of functions, limits, loops that are stopped, what
 * was not delivered; with and without a store that is closed and opened again.
 */
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "mt.h"
#include "zip_sample.h"

#define ARN "arn:aws:lambda:us-east-1:000000000000:function:"
#define QUEUE_ARN "arn:aws:sqs:us-east-1:000000000000:"
#define QUEUE_URL "https://sqs.us-east-1.amazonaws.com/000000000000/"

static const char *store; /* NULL: none */

static void make(struct host *host, const char *name, const char *source)
{
  call_has(host, "CreateFunction",
           mt_format("{\"FunctionName\":\"%s\",\"Code\":{\"Source\":\"%s\"}}", name, source),
           "\"State\":\"Pending\"");
}

/* ---- packages ---- */

static void packages(bool has_store)
{
  struct host host;
  host_open_at(&host, store, NULL);
  call_has(&host, "CreateFunction",
           "{\"FunctionName\":\"z\",\"Runtime\":\"provided.al2023\",\"Handler\":\"src/index.main\","
           "\"Role\":\"arn:aws:iam::000000000000:role/r\",\"Code\":{\"ZipFile\":\"" ZIP_SAMPLE
           "\"}}",
           "\"CodeSize\":601");
  call_has(&host, "GetFunctionConfiguration", "{\"FunctionName\":\"z\"}",
           "\"CodeSha256\":\"" ZIP_SAMPLE_SHA256 "\"");
  call_has(&host, "Invoke", "{\"FunctionName\":\"z\",\"Payload\":{\"a\":2,\"b\":3}}",
           "\"Payload\":{\"by\":\"main\",\"total\":5}");
  call_has(&host, "PublishVersion", "{\"FunctionName\":\"z\"}",
           "\"CodeSha256\":\"" ZIP_SAMPLE_SHA256 "\"");
  call_has(&host, "PublishVersion", "{\"FunctionName\":\"z\",\"CodeSha256\":\"other\"}",
           "is different from current CodeSHA256 in $LATEST (" ZIP_SAMPLE_SHA256 ")");
  call_has(&host, "UpdateFunctionConfiguration",
           "{\"FunctionName\":\"z\",\"Handler\":\"src/index.other\"}",
           "\"Handler\":\"src/index.other\"");
  call_has(&host, "Invoke", "{\"FunctionName\":\"z\"}", "\"Payload\":\"other\"");
  call_has(&host, "UpdateFunctionConfiguration", "{\"FunctionName\":\"z\",\"Handler\":\"none.f\"}",
           "InvalidParameterValueException");
  for (int i = 0; i < (has_store ? 2 : 1); i++) {
    call_has(&host, "Invoke", "{\"FunctionName\":\"z\"}", "\"Payload\":\"other\"");
    call_has(&host, "Invoke", "{\"FunctionName\":\"z:1\",\"Payload\":{\"a\":1,\"b\":1}}",
             "\"total\":2");
    call_has(&host, "GetFunction", "{\"FunctionName\":\"z:1\"}",
             "\"Location\":\"data:application/zip;base64," ZIP_SAMPLE "\"");
    call_has(&host, "GetFunction", "{\"FunctionName\":\"z:1\"}", "\"Handler\":\"src/index.main\"");
    if (has_store) {
      host_reopen(&host);
    }
  }
  call_has(&host, "UpdateFunctionCode",
           "{\"FunctionName\":\"z\",\"Source\":\"return function() return 'text' end\"}",
           "!" ZIP_SAMPLE_SHA256);
  call_has(&host, "Invoke", "{\"FunctionName\":\"z\"}", "\"Payload\":\"text\"");
  call_has(&host, "UpdateFunctionCode",
           "{\"FunctionName\":\"z\",\"DryRun\":true,\"ZipFile\":\"" ZIP_SAMPLE "\"}",
           ZIP_SAMPLE_SHA256);
  call_has(&host, "Invoke", "{\"FunctionName\":\"z\"}", "\"Payload\":\"text\"");
  host_close(&host);
}

MT_TEST(function_calls__packages)
{
  packages(false);
}

MT_TEST(function_calls__packages_from_a_store)
{
  store = mt_format("sqlite:%s/s.db", mt_tmpdir());
  packages(true);
}

MT_TEST(function_calls__packages_that_are_refused)
{
  struct host host;
  host_open(&host, NULL);
  static const char *const codes[][2] = {
      {"\"ZipFile\":\"UEsDBAAA\"", "Could not unzip uploaded file."},
      {"\"ZipFile\":\"AAAA\"", "Could not unzip uploaded file."},
      {"\"ZipFile\":\"\"", "Could not unzip uploaded file."},
      {"\"ZipFile\":\"!\"", "Could not unzip uploaded file."},
      {"\"S3Bucket\":\"bucket\",\"S3Key\":\"k\"", "S3 Error Code: NoSuchBucket."},
      {"\"ImageUri\":\"i\"", "Source image"},
      {"", "Please provide a source for function code."},
      {"\"ZipFile\":\"" ZIP_SAMPLE "\"", "the handler's file is not in the package"},
  };
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    const char *text = call_has(
        &host, "CreateFunction",
        mt_format("{\"FunctionName\":\"z\",\"Handler\":\"a.b\",\"Code\":{%s}}", codes[i][0]),
        codes[i][1]);
    mt_ok(strstr(text, "{\"__type\":\"InvalidParameterValueException\"") == text);
  }
  call_has(&host, "GetFunction", "{\"FunctionName\":\"z\"}", "ResourceNotFoundException");
  host_close(&host);
}

/* ---- what tools ask ---- */

static void permissions(bool has_store)
{
  struct host host;
  host_open_at(&host, store, NULL);
  make(&host, "f", "return function() end");
  call_has(&host, "GetPolicy", "{\"FunctionName\":\"f\"}", "ResourceNotFoundException");
  call_is(
      &host, "AddPermission",
      "{\"FunctionName\":\"f\",\"StatementId\":\"s\",\"Action\":\"lambda:InvokeFunction\","
      "\"Principal\":\"events.amazonaws.com\",\"SourceArn\":\"arn:aws:events:x\"}",
      "{\"Statement\":\"{\\\"Sid\\\":\\\"s\\\",\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{"
      "\\\"Service\\\":\\\"events.amazonaws.com\\\"},\\\"Action\\\":\\\"lambda:InvokeFunction\\\","
      "\\\"Resource\\\":\\\"" ARN "f\\\",\\\"Condition\\\":{\\\"ArnLike\\\":{\\\"AWS:SourceArn\\\":"
                                  "\\\"arn:aws:events:x\\\"}}}\"}");
  call_has(&host, "AddPermission",
           "{\"FunctionName\":\"f\",\"StatementId\":\"s\",\"Action\":\"a\",\"Principal\":\"*\"}",
           "ResourceConflictException");
  call_has(&host, "AddPermission",
           "{\"FunctionName\":\"f\",\"StatementId\":\"t\",\"Action\":\"a\",\"Principal\":"
           "\"123456789012\"}",
           "\\\"AWS\\\":\\\"arn:aws:iam::123456789012:root\\\"");
  if (has_store) {
    host_reopen(&host);
  }
  call_has(
      &host, "GetPolicy", "{\"FunctionName\":\"f\"}",
      "{\"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Id\\\":\\\"default\\\",\\\"Statement"
      "\\\":[{\\\"Sid\\\":\\\"s\\\"");
  call_has(&host, "RemovePermission",
           "{\"FunctionName\":\"f\",\"StatementId\":\"s\",\"RevisionId\":\"old\"}",
           "PreconditionFailedException");
  call_is(&host, "RemovePermission", "{\"FunctionName\":\"f\",\"StatementId\":\"s\"}", "{}");
  call_has(&host, "RemovePermission", "{\"FunctionName\":\"f\",\"StatementId\":\"s\"}",
           "ResourceNotFoundException");
  call_is(&host, "RemovePermission", "{\"FunctionName\":\"f\",\"StatementId\":\"t\"}", "{}");
  call_has(&host, "GetPolicy", "{\"FunctionName\":\"f\"}", "ResourceNotFoundException");
  host_close(&host);
}

MT_TEST(function_calls__permissions)
{
  permissions(false);
  store = mt_format("sqlite:%s/s.db", mt_tmpdir());
  permissions(true);
}

MT_TEST(function_calls__tags)
{
  struct host host;
  host_open(&host, NULL);
  call_has(&host, "CreateFunction",
           "{\"FunctionName\":\"f\",\"Tags\":{\"a\":\"1\"},\"Code\":{\"Source\":\"return "
           "function() end\"}}",
           "\"State\":\"Pending\"");
  call_is(&host, "lambda:TagResource", "{\"Resource\":\"" ARN "f\",\"Tags\":{\"b\":\"2\"}}", "{}");
  call_is(&host, "lambda:ListTags", "{\"Resource\":\"" ARN "f\"}",
          "{\"Tags\":{\"a\":\"1\",\"b\":\"2\"}}");
  call_has(&host, "GetFunction", "{\"FunctionName\":\"f\"}", "\"Tags\":{\"a\":\"1\",\"b\":\"2\"}");
  call_is(&host, "lambda:UntagResource", "{\"Resource\":\"" ARN "f\",\"TagKeys\":[\"a\",\"z\"]}",
          "{}");
  call_is(&host, "lambda:ListTags", "{\"Resource\":\"" ARN "f\"}", "{\"Tags\":{\"b\":\"2\"}}");
  call_has(&host, "lambda:ListTags", "{\"Resource\":\"" ARN "g\"}", "ResourceNotFoundException");
  call_has(&host, "lambda:ListTags", "{\"Resource\":\"f\"}", "ValidationException");
  call_has(&host, "lambda:TagResource", "{\"Resource\":\"" ARN "f:1\",\"Tags\":{}}",
           "InvalidParameterValueException");
  call_has(&host, "lambda:TagResource", "{\"Resource\":\"" ARN "f\",\"Tags\":{\"aws:x\":\"2\"}}",
           "InvalidParameterValueException");
  host_close(&host);
}

MT_TEST(function_calls__settings_that_tools_read)
{
  struct host host;
  host_open(&host, NULL);
  make(&host, "f", "return function() end");
  call_is(&host, "GetFunctionCodeSigningConfig", "{\"FunctionName\":\"f\"}",
          "{\"FunctionName\":\"f\"}");
  call_has(&host, "GetAccountSettings", "{}", "\"ConcurrentExecutions\":1000");
  call_has(&host, "GetAccountSettings", "{}", "\"FunctionCount\":1");
  call_has(&host, "PutFunctionConcurrency",
           "{\"FunctionName\":\"f\",\"ReservedConcurrentExecutions\":900}", "900");
  call_has(&host, "GetAccountSettings", "{}", "\"UnreservedConcurrentExecutions\":100");
  make(&host, "g", "return function() end");
  call_has(&host, "PutFunctionConcurrency",
           "{\"FunctionName\":\"g\",\"ReservedConcurrentExecutions\":1}",
           "below its minimum value of [100].");
  call_is(&host, "GetFunctionRecursionConfig", "{\"FunctionName\":\"f\"}",
          "{\"RecursiveLoop\":\"Terminate\"}");
  call_is(&host, "PutFunctionRecursionConfig",
          "{\"FunctionName\":\"f\",\"RecursiveLoop\":\"Allow\"}", "{\"RecursiveLoop\":\"Allow\"}");
  call_is(&host, "GetFunctionRecursionConfig", "{\"FunctionName\":\"f\"}",
          "{\"RecursiveLoop\":\"Allow\"}");
  call_has(
      &host, "PutProvisionedConcurrencyConfig",
      "{\"FunctionName\":\"f\",\"Qualifier\":\"$LATEST\",\"ProvisionedConcurrentExecutions\":1}",
      "InvalidParameterValueException");
  call_has(&host, "PublishVersion", "{\"FunctionName\":\"f\"}", "\"Version\":\"1\"");
  call_has(&host, "GetProvisionedConcurrencyConfig", "{\"FunctionName\":\"f\",\"Qualifier\":\"1\"}",
           "ProvisionedConcurrencyConfigNotFoundException");
  call_has(&host, "PutProvisionedConcurrencyConfig",
           "{\"FunctionName\":\"f\",\"Qualifier\":\"1\",\"ProvisionedConcurrentExecutions\":3}",
           "\"Status\":\"IN_PROGRESS\"");
  call_has(&host, "GetProvisionedConcurrencyConfig", "{\"FunctionName\":\"f\",\"Qualifier\":\"1\"}",
           "\"AllocatedProvisionedConcurrentExecutions\":3,\"Status\":\"READY\"");
  call_has(&host, "GetProvisionedConcurrencyConfig", "{\"FunctionName\":\"f\",\"List\":\"ALL\"}",
           "{\"ProvisionedConcurrencyConfigs\":[{\"FunctionArn\":\"" ARN "f:1\"");
  call_has(&host, "ListProvisionedConcurrencyConfigs", "{\"FunctionName\":\"f\"}", ARN "f:1\"");
  call_is(&host, "DeleteProvisionedConcurrencyConfig",
          "{\"FunctionName\":\"f\",\"Qualifier\":\"1\"}", "{}");
  host_close(&host);
}

/* ---- destinations of every kind, and what they did not take ---- */

static void destination(struct host *host, const char *name, const char *route)
{
  call_has(host, "PutFunctionEventInvokeConfig",
           mt_format("{\"FunctionName\":\"%s\",\"DestinationConfig\":{\"OnSuccess\":{%s}}}", name,
                     route),
           "\"FunctionArn\"");
}

MT_TEST(function_calls__undelivered_of_functions_and_topics)
{
  struct host host;
  host_open(&host, NULL);
  make(&host, "f", "return function() return 1 end");
  destination(&host, "f", "\"Destination\":\"" QUEUE_ARN "none\"");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\"}", "202");
  host_run(&host); /* all that follows */
  call_has(&host, "CreateTopic", "{\"Name\":\"t\"}", "TopicArn");
  call_has(
      &host, "Subscribe",
      "{\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\",\"Protocol\":\"sqs\",\"Endpoint\":"
      "\"" QUEUE_ARN "none\"}",
      "SubscriptionArn");
  call_has(&host, "Publish",
           "{\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\",\"Message\":\"hello\"}",
           "MessageId");
  host_run(&host); /* all that follows */
  call_has(&host, "ListUndelivered", "{}", "\"Id\":\"1\"");
  call_has(&host, "ListUndelivered", "{}", "\"Id\":\"topics:1\"");
  const char *page =
      call_has(&host, "ListUndelivered", "{\"maxResults\":1}", "\"nextToken\":\"buses:0\"");
  mt_ok(strstr(page, "topics") == NULL);
  call_has(&host, "ListUndelivered", "{\"maxResults\":1,\"nextToken\":\"buses:0\"}",
           "\"topics:1\"");
  call_is(&host, "ReplayUndelivered", "{\"ids\":[\"7\",\"x:1\",\"topics:7\"]}",
          "{\"replayedCount\":0,\"unknownIds\":[\"7\",\"x:1\",\"topics:7\"]}");
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"none\"}", "/none");
  call_is(&host, "ReplayUndelivered", "{\"ids\":[\"topics:1\"]}", "{\"replayedCount\":1}");
  call_has(&host, "sqs:ReceiveMessage", "{\"QueueUrl\":\"" QUEUE_URL "none\"}", "hello");
  call_is(&host, "PurgeUndelivered", "{}", "{\"purgedCount\":1}");
  call_is(&host, "ListUndelivered", "{}", "{\"undelivered\":[]}");
  host_close(&host);
}

MT_TEST(function_calls__retry_policy_of_a_destination)
{
  struct host host;
  host_open(&host, NULL);
  make(&host, "f", "return function() return 1 end");
  call_has(
      &host, "PutFunctionEventInvokeConfig",
      "{\"FunctionName\":\"f\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":\"hook:h\","
      "\"RetryPolicy\":{\"BackoffRate\":0.5}}}}",
      "BackoffRate must be a number from 1 to 1000");
  destination(&host, "f",
              "\"Destination\":\"file:/proc/nothing/here\",\"RetryPolicy\":{\"IntervalSeconds\":2,"
              "\"BackoffRate\":3,\"MaxDelaySeconds\":10,\"MaximumRetryAttempts\":3}");
  call_has(&host, "GetFunctionEventInvokeConfig", "{\"FunctionName\":\"f\"}",
           "\"RetryPolicy\":{\"IntervalSeconds\":2,");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\"}", "202");
  host_run(&host); /* all that follows */
  call_has(&host, "ListUndelivered", "{}", "\"Attempts\":4");
  host_close(&host);
}

/* ---- loops ---- */

MT_TEST(function_calls__a_loop_of_destinations_is_stopped)
{
  struct host host;
  host_open(&host, NULL);
  make(&host, "a", "return function(e) return 1 end");
  make(&host, "b", "return function(e) return 2 end");
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}", "/q");
  call_has(&host, "PutFunctionEventInvokeConfig",
           "{\"FunctionName\":\"a\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":\"" ARN
           "b\"},\"OnFailure\":{\"Destination\":\"" QUEUE_ARN "q\"}}}",
           "\"FunctionArn\"");
  destination(&host, "b", "\"Destination\":\"" ARN "a\"");
  call_has(&host, "Invoke", "{\"FunctionName\":\"a\",\"InvocationType\":\"Event\",\"Payload\":{}}",
           "202");
  host_run(&host); /* all that follows */
  const char *text = call_has(&host, "sqs:ReceiveMessage",
                              "{\"QueueUrl\":\"" QUEUE_URL
                              "q\",\"AttributeNames\":[\"All\"],\"MaxNumberOfMessages\":10}",
                              "\\\"condition\\\":\\\"RecursiveInvocation\\\"");
  mt_ok(strstr(text, "AWSTraceHeader") != NULL);
  mt_ok(strstr(text, ";Lineage=1:") != NULL);
  host_close(&host);
}

static unsigned count_of(const char *text, const char *part)
{
  unsigned count = 0;
  for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
    count++;
  }
  return count;
}

/* Messages in the queue "runs": one for each run of the function. */
static unsigned runs(struct host *host)
{
  unsigned count = 0, more;
  do {
    const char *text = call(host, "sqs:ReceiveMessage",
                            "{\"QueueUrl\":\"" QUEUE_URL "runs\",\"MaxNumberOfMessages\":10,"
                            "\"VisibilityTimeout\":43200}");
    more = count_of(text, "\"MessageId\"");
    count += more;
  } while (more > 0);
  return count;
}

/* The function says that it runs, and then calls an operation. */
static void make_loop(struct host *host, const char *operation)
{
  host_open(host, NULL);
  call_has(host, "sqs:CreateQueue", "{\"QueueName\":\"runs\"}", "/runs");
  call_has(host, "sqs:CreateQueue", "{\"QueueName\":\"end\"}", "/end");
  make(host, "f",
       mt_format("local mstep = require 'mstep' return function(e) mstep.call('SendMessage', {QueueUrl "
                 "= '" QUEUE_URL "runs', MessageBody = 'x'}) local r, err = mstep.call(%s) if err then "
                 "error(err) end end",
                 operation));
  call_has(
      host, "PutFunctionEventInvokeConfig",
      "{\"FunctionName\":\"f\",\"MaximumRetryAttempts\":0,\"DestinationConfig\":{\"OnFailure\":{"
      "\"Destination\":\"" QUEUE_ARN "end\"}}}",
      "\"FunctionArn\"");
}

MT_TEST(function_calls__a_function_that_invokes_itself_runs_16_times)
{
  struct host host;
  make_loop(&host, "'Invoke', {FunctionName = 'f', InvocationType = 'Event', Payload = {}}");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\"}", "202");
  host_run(&host); /* all that follows */
  mt_eq_int(runs(&host), 16);
  call_has(&host, "sqs:ReceiveMessage", "{\"QueueUrl\":\"" QUEUE_URL "end\"}",
           "\\\"condition\\\":\\\"RecursiveInvocation\\\"");
  call_is(&host, "PutFunctionRecursionConfig",
          "{\"FunctionName\":\"f\",\"RecursiveLoop\":\"Allow\"}", "{\"RecursiveLoop\":\"Allow\"}");
  host_close(&host);
}

MT_TEST(function_calls__one_that_waits_for_itself_runs_16_times)
{
  struct host host;
  make_loop(&host, "'Invoke', {FunctionName = 'f', Payload = {}}");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\"}",
           "\"StatusCode\":200"); /* the last one failed */
  mt_eq_int(runs(&host), 16);
  host_close(&host);
}

MT_TEST(function_calls__a_loop_over_a_topic_runs_16_times)
{
  struct host host;
  make_loop(&host, "'Publish', {TopicArn = 'arn:aws:sns:us-east-1:000000000000:t', Message = 'm'}");
  call_has(&host, "CreateTopic", "{\"Name\":\"t\"}", "TopicArn");
  call_has(&host, "Subscribe",
           "{\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\",\"Protocol\":\"lambda\","
           "\"Endpoint\":\"" ARN "f\"}",
           "SubscriptionArn");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\"}", "202");
  host_run(&host); /* all that follows */
  mt_eq_int(runs(&host), 16);
  host_close(&host);
}

MT_TEST(function_calls__a_loop_over_a_queue_runs_16_times)
{
  struct host host;
  make_loop(&host, "'SendMessage', {QueueUrl = '" QUEUE_URL "loop', MessageBody = 'm'}");
  call_has(&host, "sqs:CreateQueue",
           "{\"QueueName\":\"loop\",\"Attributes\":{\"VisibilityTimeout\":\"1000\","
           "\"MessageRetentionPeriod\":\"60\"}}",
           "/loop");
  call_has(&host, "CreateEventSourceMapping",
           "{\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE_ARN "loop\",\"BatchSize\":1}",
           "\"State\"");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\"}", "202");
  host_run(&host); /* all that follows */
  mt_eq_int(runs(&host), 16);
  host_close(&host);
}

/* ---- concurrency ---- */

static void with_limit(mstep_options *options)
{
  options->concurrent_executions = 2;
}

MT_TEST(function_calls__tasks_of_executions_count)
{
  struct host host;
  host_open(&host, with_limit);
  make(&host, "f", "local mstep = require 'mstep' return function() mstep.sleep(1) return 1 end");
  mstep_status status =
      host_once(&host,
                "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemProcessor\":{"
                "\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" ARN
                "f\",\"Catch\":[{\"ErrorEquals\":[\"Lambda.TooManyRequestsException\"],\"Next\":"
                "\"N\"}],\"End\":true},\"N\":{\"Type\":\"Pass\",\"Result\":0,\"End\":true}}},"
                "\"End\":true}}}",
                "[1,2,3,4]");
  mt_eq_int(status, MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "[1,1,0,0]");
  call_has(&host, "GetAccountSettings", "{}", "\"ConcurrentExecutions\":2");
  host_close(&host);
}

static char folder[512];

static void with_folder(mstep_options *options)
{
  options->functions_dir = folder;
}

MT_TEST(function_calls__those_of_the_folder_are_listed)
{
  struct host host;
  static const char source[] = "return function() return 1 end";
  snprintf(folder, sizeof folder, "%s", mt_tmpdir());
  mt_write_file(mt_format("%s/a.lua", folder), source, sizeof source - 1);
  mt_write_file(mt_format("%s/c.lua", folder), source, sizeof source - 1);
  host_open(&host, with_folder);
  make(&host, "b", source);
  call_has(&host, "PutFunctionConcurrency",
           "{\"FunctionName\":\"c\",\"ReservedConcurrentExecutions\":5}", "5");
  const char *text = call(&host, "ListFunctions", "{}");
  mt_eq_int(count_of(text, "\"FunctionName\""), 3);
  text = call_has(&host, "ListFunctions", "{\"MaxItems\":2}", "\"NextMarker\":\"b\"");
  mt_eq_int(count_of(text, "\"FunctionName\""), 2);
  call_has(&host, "ListFunctions", "{\"MaxItems\":2,\"Marker\":\"b\"}", "\"FunctionName\":\"c\"");
  host_close(&host);
}

MT_TEST(function_calls__an_event_of_a_task_is_queued_like_any_other)
{
  struct host host;
  host_open(&host, NULL);
  make(&host, "f", "return function(e) return {got = e.n} end");
  call_has(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}", "/q");
  destination(&host, "f", "\"Destination\":\"" QUEUE_ARN "q\"");
  mstep_status status = host_once(
      &host,
      "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
      "\"arn:aws:states:::lambda:invoke\",\"Parameters\":{\"FunctionName\":\"f\",\"InvocationType\":"
      "\"Event\",\"Payload.$\":\"$\"},\"ResultSelector\":{\"s.$\":\"$.StatusCode\"},\"End\":true}}}",
      "{\"n\":7}");
  mt_eq_int(status, MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "{\"s\":202}");
  host_run(&host);
  call_has(&host, "sqs:ReceiveMessage", "{\"QueueUrl\":\"" QUEUE_URL "q\"}",
           "\\\"responsePayload\\\":{\\\"got\\\":7}");
  mstep_arn machine = host_machine(
      &host, "n",
      "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
      "\"arn:aws:states:::lambda:invoke\",\"Parameters\":{\"FunctionName\":\"nobody\","
      "\"InvocationType\":\"Event\"},\"End\":true}}}");
  host_start(&host, &machine, NULL, "{}");
  host_run(&host);
  mt_eq_int(host.status, MSTEP_FAILED);
  mt_eq_str(host.error, "Lambda.ResourceNotFoundException");
  host_close(&host);
}

/* ---- versions, aliases, pages ---- */

#define CHANGE_CODE                                                                                \
  "{\"FunctionName\":\"f\",\"Source\":\"return function() return %d end\",\"RevisionId\":\"%s\"}"
#define CHANGE_PLAIN "{\"FunctionName\":\"f\",\"Timeout\":9,\"RevisionId\":\"%s\"}"
#define CHANGE_ALIAS                                                                               \
  "{\"FunctionName\":\"f\",\"Name\":\"a\",\"Description\":\"d\",\"RevisionId\":\"%s\"}"

static char *revision_of(struct host *host, const char *operation, const char *request)
{
  const char *text = strstr(call(host, operation, request), "\"RevisionId\":\"");
  if (text == NULL) {
    mt_fail("%s has no revision", operation);
  }
  return mt_format("%.36s", text + sizeof "\"RevisionId\":\"" - 1);
}

/* Whoever names a revision that is no longer the last one changes nothing. */
MT_TEST(function_calls__a_revision_that_has_passed)
{
  struct host host;
  host_open_at(&host, NULL, NULL);
  make(&host, "f", "return function() return 1 end");
  char *first = revision_of(&host, "GetFunctionConfiguration", "{\"FunctionName\":\"f\"}");
  call_has(&host, "UpdateFunctionCode", mt_format(CHANGE_CODE, 2, first), "\"Active\"");
  call_has(&host, "UpdateFunctionCode", mt_format(CHANGE_CODE, 3, first), "PreconditionFailedException");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\"}", "\"Payload\":2");
  call_has(&host, "UpdateFunctionConfiguration", mt_format(CHANGE_PLAIN, first),
           "does not match the latest Revision Id");
  call_has(&host, "PublishVersion", mt_format(CHANGE_PLAIN, first), "PreconditionFailedException");
  char *second = revision_of(&host, "GetFunctionConfiguration", "{\"FunctionName\":\"f\"}");
  call_has(&host, "PublishVersion", mt_format(CHANGE_PLAIN, second), "\"Version\":\"1\"");
  char *alias = revision_of(&host, "CreateAlias",
                            "{\"FunctionName\":\"f\",\"Name\":\"a\",\"FunctionVersion\":\"1\"}");
  call_has(&host, "UpdateAlias", mt_format(CHANGE_ALIAS, alias), "\"Description\":\"d\"");
  call_has(&host, "UpdateAlias", mt_format(CHANGE_ALIAS, alias), "PreconditionFailedException");
  host_close(&host);
}

MT_TEST(function_calls__a_version_with_aliases_stays)
{
  struct host host;
  host_open_at(&host, NULL, NULL);
  make(&host, "f", "return function() return 1 end");
  call(&host, "PublishVersion", "{\"FunctionName\":\"f\"}");
  call(&host, "UpdateFunctionCode",
       "{\"FunctionName\":\"f\",\"Source\":\"return function() return 2 end\",\"Publish\":true}");
  call(&host, "CreateAlias", "{\"FunctionName\":\"f\",\"Name\":\"a\",\"FunctionVersion\":\"1\"}");
  call(&host, "CreateAlias",
       "{\"FunctionName\":\"f\",\"Name\":\"b\",\"FunctionVersion\":\"2\","
       "\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"1\":0.5}}}");
  call_has(&host, "DeleteFunction", "{\"FunctionName\":\"f\",\"Qualifier\":\"1\"}",
           "Unable to delete version because the following aliases reference it: [a, b]");
  call_has(&host, "DeleteFunction", "{\"FunctionName\":\"f\",\"Qualifier\":\"2\"}", "it: [b]");
  call(&host, "DeleteAlias", "{\"FunctionName\":\"f\",\"Name\":\"b\"}");
  call_is(&host, "DeleteFunction", "{\"FunctionName\":\"f\",\"Qualifier\":\"2\"}", "{}");
  call_has(&host, "Invoke", "{\"FunctionName\":\"f:a\"}", "\"Payload\":1");
  host_close(&host);
}

MT_TEST(function_calls__pages_of_versions_and_aliases)
{
  struct host host;
  host_open_at(&host, NULL, NULL);
  make(&host, "f", "return function() return 0 end");
  for (int i = 1; i <= 60; i++) {
    call(&host, "UpdateFunctionCode",
         mt_format("{\"FunctionName\":\"f\",\"Source\":\"return function() return %d end\","
                   "\"Publish\":true}",
                   i));
  }
  char *all = call_has(&host, "ListVersionsByFunction",
                       "{\"FunctionName\":\"f\",\"MaxItems\":9999}", "\"NextMarker\":\"50\"");
  text_has(all, "\"Version\":\"49\"");
  text_has_not(all, "\"Version\":\"50\"");
  char *rest = call_has(&host, "ListVersionsByFunction",
                        "{\"FunctionName\":\"f\",\"Marker\":\"50\"}", "\"Version\":\"50\"");
  text_has(rest, "\"Version\":\"60\"");
  text_has_not(rest, "NextMarker");
  call(&host, "CreateAlias", "{\"FunctionName\":\"f\",\"Name\":\"a\",\"FunctionVersion\":\"1\"}");
  call(&host, "CreateAlias", "{\"FunctionName\":\"f\",\"Name\":\"b\",\"FunctionVersion\":\"1\"}");
  call_has(&host, "ListAliases", "{\"FunctionName\":\"f\",\"MaxItems\":1}", "\"NextMarker\":\"1\"");
  call_is(&host, "ListAliases", "{\"FunctionName\":\"f\",\"Marker\":\"999999999999\"}",
          "{\"Aliases\":[]}");
  host_close(&host);
}

/* ---- InvokeAsync ---- */

MT_TEST(function_calls__invoke_async)
{
  struct host host;
  open_in(&host, true);
  make(&host, "f",
       "local n = 0 return function(e) if e.add then n = n + e.add end return n end");
  call_is(&host, "InvokeAsync", "{\"FunctionName\":\"f\",\"InvokeArgs\":{\"add\":3}}",
          "{\"Status\":202}");
  call_is(&host, "InvokeAsync", "{\"FunctionName\":\"f\"}", "{\"Status\":202}");
  host_run(&host);
  call_has(&host, "Invoke", "{\"FunctionName\":\"f\",\"Payload\":{}}", "\"Payload\":3,");
  call_has(&host, "InvokeAsync", "{\"FunctionName\":\"none\",\"InvokeArgs\":{}}",
           "ResourceNotFoundException");
  char *large = mt_format("{\"FunctionName\":\"f\",\"InvokeArgs\":\"%0262144d\"}", 0);
  call_has(&host, "InvokeAsync", large, "(limit 262144 bytes)");
  host_close(&host);
}
