/*
 * What the default bus is told of executions, through mstep_call: rules that want it get it, in order, with AWS's
 * detail; a start that is durable has told it, whatever happens then.
 */
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

#define QUEUE_ARN "arn:aws:sqs:us-east-1:000000000000:q"
#define QUEUE_URL "\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/q\""
#define PASS "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}"
#define FAILS                                                                                      \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,\"Next\":\"F\"},"        \
  "\"F\":{\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"why\"}}}"
#define SLOW                                                                                       \
  "{\"StartAt\":\"W\",\"TimeoutSeconds\":5,\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,"   \
  "\"End\":true}}}"

static char store_url[512];

static void tune_store(mstep_options *options)
{
  options->store = store_url;
}

/* A queue that gets all status changes; store: 0 none, 1 memory, 2 sqlite. */
static void open_watched(struct host *host, int store)
{
  snprintf(store_url, sizeof store_url, store == 1 ? "memory:" : "sqlite:%s/s.db", mt_tmpdir());
  host_open(host, store == 0 ? NULL : tune_store);
  call(host, "CreateQueue", "{\"QueueName\":\"q\"}");
  call(host, "PutRule",
       "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"aws.states\\\"],"
       "\\\"detail-type\\\":[\\\"Step Functions Execution Status Change\\\"]}\"}");
  call(host, "PutTargets", "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"" QUEUE_ARN "\"}]}");
}

/* The next event's text, as it stands in the queue (quotes escaped); "" when there is none. */
static const char *next(struct host *host)
{
  const char *text =
      call(host, "ReceiveMessage",
           "{" QUEUE_URL ",\"WaitTimeSeconds\":20,\"MaxNumberOfMessages\":1,"
           "\"VisibilityTimeout\":43000}");
  return strstr(text, "\"Body\"") == NULL ? "" : text;
}

static void check(struct host *host, const char *const *parts)
{
  const char *text = next(host);
  for (; *parts != NULL; parts++) {
    if (strstr(text, *parts) == NULL) {
      mt_fail("no %s in %s", *parts, text);
    }
  }
}

#define CHECK(host, ...) check(host, (const char *const[]){__VA_ARGS__, NULL})
#define ARN "arn:aws:states:us-east-1:000000000000:execution:m:x"

static void tells(int store)
{
  struct host host;
  open_watched(&host, store);
  mstep_arn machine = host_machine(&host, "m", PASS);
  host_start(&host, &machine, "x", "{\"a\": 1}");
  host_run(&host);
  CHECK(&host, "\\\"detail-type\\\":\\\"Step Functions Execution Status Change\\\"",
        "\\\"source\\\":\\\"aws.states\\\"", "\\\"resources\\\":[\\\"" ARN "\\\"]",
        "\\\"detail\\\":{\\\"executionArn\\\":\\\"" ARN "\\\",\\\"stateMachineArn\\\":"
        "\\\"arn:aws:states:us-east-1:000000000000:stateMachine:m\\\",\\\"name\\\":\\\"x\\\","
        "\\\"status\\\":\\\"RUNNING\\\",\\\"startDate\\\":17040672",
        "\\\"stopDate\\\":null,\\\"stateMachineVersionArn\\\":null,\\\"stateMachineAliasArn\\\":null,"
        "\\\"input\\\":\\\"{\\\\\\\"a\\\\\\\": 1}\\\",\\\"inputDetails\\\":{\\\"included\\\":true},"
        "\\\"output\\\":null,\\\"outputDetails\\\":null,\\\"redriveCount\\\":0,"
        "\\\"redriveDate\\\":null,\\\"redriveStatus\\\":\\\"NOT_REDRIVABLE\\\","
        "\\\"redriveStatusReason\\\":\\\"Execution is RUNNING and cannot be redriven\\\","
        "\\\"error\\\":null,\\\"cause\\\":null}");
  CHECK(&host, "\\\"status\\\":\\\"SUCCEEDED\\\"", "\\\"stopDate\\\":17040672",
        "\\\"output\\\":\\\"{\\\\\\\"a\\\\\\\":1}\\\",\\\"outputDetails\\\":{\\\"included\\\":true}",
        "Execution is SUCCEEDED and cannot be redriven");
  mt_eq_str(next(&host), "");
  host_close(&host);
}

MT_TEST(status_calls__a_start_and_an_end)
{
  tells(0);
}

MT_TEST(status_calls__a_start_and_an_end_in_a_store)
{
  tells(1);
  tells(2);
}

MT_TEST(status_calls__all_ends_and_a_redrive)
{
  struct host host;
  open_watched(&host, 0);
  mstep_arn fails = host_machine(&host, "m", FAILS), slow = host_machine(&host, "s", SLOW);
  host_start(&host, &fails, "x", NULL);
  host_run(&host);
  CHECK(&host, "RUNNING");
  CHECK(&host, "\\\"status\\\":\\\"FAILED\\\"", "\\\"output\\\":null",
        "\\\"redriveStatus\\\":\\\"REDRIVABLE\\\",\\\"redriveStatusReason\\\":null",
        "\\\"error\\\":\\\"E\\\",\\\"cause\\\":\\\"why\\\"");
  call(&host, "RedriveExecution", "{\"executionArn\":\"" ARN "\"}");
  CHECK(&host, "\\\"status\\\":\\\"RUNNING\\\"", "\\\"stopDate\\\":null", "\\\"redriveCount\\\":1",
        "\\\"redriveDate\\\":17040", "\\\"error\\\":null");
  CHECK(&host, "\\\"status\\\":\\\"FAILED\\\"", "\\\"redriveCount\\\":1");
  host_start(&host, &slow, "t", NULL);
  host_run(&host);
  CHECK(&host, "RUNNING");
  CHECK(&host, "\\\"status\\\":\\\"TIMED_OUT\\\"");
  host_start(&host, &slow, "u", NULL);
  call(&host, "StopExecution",
       "{\"executionArn\":\"arn:aws:states:us-east-1:000000000000:execution:s:u\",\"cause\":\"c\"}");
  CHECK(&host, "RUNNING");
  CHECK(&host, "\\\"status\\\":\\\"ABORTED\\\"", "\\\"error\\\":null,\\\"cause\\\":\\\"c\\\"");
  mt_eq_str(next(&host), "");
  host_close(&host);
}

/* What is too large for an event is left out, the input before the output. */
MT_TEST(status_calls__large_payloads_are_left_out)
{
  struct host host;
  static char input[200 << 10];
  open_watched(&host, 0);
  memset(input, 'a', sizeof input - 1);
  input[0] = input[sizeof input - 2] = '"';
  mstep_arn machine = host_machine(&host, "m", PASS);
  host_start(&host, &machine, "x", input);
  host_run(&host);
  CHECK(&host, "RUNNING", "aaaa", "\\\"inputDetails\\\":{\\\"included\\\":true}");
  CHECK(&host, "SUCCEEDED", "\\\"input\\\":null,\\\"inputDetails\\\":{\\\"included\\\":false}",
        "aaaa", "\\\"outputDetails\\\":{\\\"included\\\":true}");
  host_close(&host);
}

/* Express executions are not told of; nor is anything without a rule. */
MT_TEST(status_calls__express_is_not_told)
{
  struct host host;
  open_watched(&host, 0);
  call(&host, "CreateStateMachine",
       "{\"name\":\"e\",\"type\":\"EXPRESS\",\"roleArn\":\"arn:aws:iam::000000000000:role/r\","
       "\"definition\":\"{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{\\\"Type\\\":\\\"Pass\\\","
       "\\\"End\\\":true}}}\"}");
  call(&host, "StartExecution",
       "{\"stateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:e\"}");
  mt_eq_str(next(&host), "");
  call(&host, "DisableRule", "{\"Name\":\"r\"}");
  mstep_arn machine = host_machine(&host, "m", PASS);
  host_start(&host, &machine, "x", NULL);
  host_run(&host);
  mt_eq_str(next(&host), "");
  host_close(&host);
}

/* The engine is closed while executions wait; the next one delivers what was not, and tells their ends. */
MT_TEST(status_calls__goes_on_after_a_restart)
{
  struct host host;
  open_watched(&host, 2);
  mstep_arn machine = host_machine(&host, "m", FAILS);
  call(&host, "StartExecution",
       mt_format("{\"stateMachineArn\":\"%s\",\"name\":\"x\"}", machine.text));
  mt_eq_int(mstep_engine_close(host.engine), 0);
  host_open(&host, tune_store);
  host_run(&host); /* a minute */
  const char *text = next(&host);
  for (int i = 0; i < 2; i++) { /* at least once */
    mt_ok(i > 0 || strstr(text, "\\\"status\\\":\\\"RUNNING\\\"") != NULL);
    if (strstr(text, "\\\"status\\\":\\\"RUNNING\\\"") != NULL) {
      text = next(&host);
    }
  }
  mt_ok(strstr(text, "\\\"status\\\":\\\"FAILED\\\"") != NULL);
  mt_eq_str(next(&host), "");
  host_close(&host);
}
