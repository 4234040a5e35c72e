/*
 * Tasks that call our own operations: what they send and get, errors as Step Functions names them, executions
 * as tasks, and all of it after the engine was closed and opened again.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "mt.h"

#define STATES "arn:aws:states:us-east-1:000000000000:"
#define MACHINE(name) STATES "stateMachine:" name
#define TASK(resource, arguments, more)                                                            \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::" resource \
  "\",\"Parameters\":" arguments more ",\"End\":true}}}"
#define PASS "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"Result\":{\"a\":1},\"End\":true}}}"
#define WAIT                                                                                       \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":100,\"Next\":\"P\"},"         \
  "\"P\":{\"Type\":\"Pass\",\"Result\":{\"a\":1},\"End\":true}}}"
#define FAIL                                                                                       \
  "{\"StartAt\":\"F\",\"States\":{\"F\":{\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"c\"}}}"

static char store_url[512];

static void tune(mstep_options *options)
{
  options->store = store_url[0] == '\0' ? NULL : store_url;
}

static void open_in(struct host *host, bool has_store)
{
  store_url[0] = '\0';
  if (has_store)
    snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", mt_tmpdir());
  host_open(host, tune);
}

static void again(struct host *host)
{
  if (store_url[0] != '\0') {
    host_close(host);
    host_open(host, tune);
  }
}

struct answer {
  int count;
  char *text;
};

static void on_answer(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct answer *answer = user;
  (void)status;
  answer->count++;
  answer->text = mt_format("%.*s", (int)reply.len, reply.data);
  mstep_engine_stop(engine);
}

static char *call(struct host *host, const char *operation, const char *request)
{
  struct answer answer = {0};
  mt_eq_int(mstep_call(host->engine, operation, host_str(request), on_answer, &answer), 0);
  host_run(host);
  mt_eq_int(answer.count, 1);
  return answer.text;
}

static void has(const char *text, const char *part)
{
  if (text == NULL || strstr(text, part) == NULL)
    mt_fail("%s has no %s", text == NULL ? "(nothing)" : text, part);
}

static void has_not(const char *text, const char *part)
{
  if (strstr(text, part) != NULL)
    mt_fail("%s has %s", text, part);
}

/* Machine "m" with an input, run to its end. */
static mstep_status run(struct host *host, const char *name, const char *definition, const char *input)
{
  mstep_arn machine = host_machine(host, name, definition);
  int before = host->ended;
  host_start(host, &machine, NULL, input);
  for (int i = 0; i < 100 && host->ended == before; i++)
    host_run(host);
  mt_eq_int(host->ended, before + 1);
  return host->status;
}

/* ---- messages ---- */

MT_TEST(service_tasks__a_message_is_sent)
{
  struct host host;
  open_in(&host, false);
  call(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}");
  mt_eq_int(run(&host, "m",
                TASK("sqs:sendMessage",
                     "{\"QueueUrl\":\"http://sqs/000000000000/q\",\"MessageBody\":{\"x\":1}}", ""),
                "{}"),
            MSTEP_SUCCEEDED);
  has(host.output, "\"MD5OfMessageBody\":\"");
  has(host.output, "\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"connection\":[\"keep-alive\"]");
  has(host.output, "\"SdkResponseMetadata\":{\"RequestId\":\"");
  char *got = call(&host, "ReceiveMessage", "{\"QueueUrl\":\"http://sqs/000000000000/q\"}");
  has(got, "\"Body\":\"{\\\"x\\\":1}\"");
  host_close(&host);
}

MT_TEST(service_tasks__errors_of_sqs)
{
  struct host host;
  open_in(&host, false);
  run(&host, "m",
      TASK("sqs:sendMessage", "{\"QueueUrl\":\"http://sqs/000000000000/none\",\"MessageBody\":\"x\"}", ""),
      "{}");
  mt_eq_str(host.error, "SQS.QueueDoesNotExistException");
  has(host.cause, " (Service: AmazonSQS; Status Code: 400; Error Code: "
                  "AWS.SimpleQueueService.NonExistentQueue; Request ID: ");
  has(host.cause, "; Proxy: null)");
  call(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}");
  run(&host, "empty",
      TASK("sqs:sendMessage", "{\"QueueUrl\":\"http://sqs/000000000000/q\",\"MessageBody\":null}", ""), "{}");
  mt_eq_str(host.error, "SQS.AmazonSQSException");
  has(host.cause, "The request must contain the parameter MessageBody. (Service: AmazonSQS; Status "
                  "Code: 400; Error Code: MissingParameter; Request ID: ");
  run(&host, "sdk",
      TASK("aws-sdk:sqs:sendMessage",
           "{\"QueueUrl\":\"http://sqs/000000000000/none\",\"MessageBody\":\"x\"}", ""),
      "{}");
  mt_eq_str(host.error, "Sqs.QueueDoesNotExistException");
  has(host.cause, "(Service: Sqs, Status Code: 400, Request ID: ");
  has(host.cause, ") (SDK Attempt Count: 1)");
  host_close(&host);
}

MT_TEST(service_tasks__a_topic)
{
  struct host host;
  open_in(&host, false);
  const char *definition = TASK(
      "sns:publish", "{\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\",\"Message\":{\"x\":1}}", "");
  run(&host, "m", definition, "{}");
  mt_eq_str(host.error, "SNS.NotFoundException");
  has(host.cause, "(Service: AmazonSNS; Status Code: 404; Error Code: NotFound; Request ID: ");
  call(&host, "CreateTopic", "{\"Name\":\"t\"}");
  mt_eq_int(run(&host, "m", definition, "{}"), MSTEP_SUCCEEDED);
  has(host.output, "{\"MessageId\":\"");
  has(host.output, "\"Content-Type\":\"text/xml\"");
  host_close(&host);
}

MT_TEST(service_tasks__events)
{
  struct host host;
  open_in(&host, false);
  call(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}");
  call(&host, "PutRule", "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"s\\\"]}\"}");
  call(&host, "PutTargets",
       "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sqs:us-east-1:000000000000:q\"}]}");
  mt_eq_int(run(&host, "m",
                TASK("events:putEvents",
                     "{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":{\"x\":1}}]}", ""),
                "{}"),
            MSTEP_SUCCEEDED);
  has(host.output, "{\"Entries\":[{\"EventId\":\"");
  has(host.output, "\"FailedEntryCount\":0}");
  char *got = call(&host, "ReceiveMessage",
                   "{\"QueueUrl\":\"http://sqs/000000000000/q\",\"WaitTimeSeconds\":5}");
  has(got, "\\\"resources\\\":[\\\"" STATES "execution:m:");
  has(got, "\\\"" MACHINE("m") "\\\"]");
  has(got, "\\\"detail\\\":{\\\"x\\\":1}");
  run(&host, "bad",
      TASK("events:putEvents", "{\"Entries\":[{\"DetailType\":\"d\",\"Detail\":{\"x\":1}}]}", ""), "{}");
  mt_eq_str(host.error, "EventBridge.FailedEntry");
  has(host.cause, "{\"Entries\":[{\"ErrorCode\":\"InvalidArgument\"");
  has(host.cause, "\"FailedEntryCount\":1}");
  host_close(&host);
}

/* The token goes into a message; whoever answers by it ends the task. */
static void token_goes_out(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  call(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}");
  host_machine(&host, "m",
               TASK("sqs:sendMessage.waitForTaskToken",
                    "{\"QueueUrl\":\"http://sqs/000000000000/q\","
                    "\"MessageBody\":{\"t.$\":\"$$.Task.Token\"}}",
                    ""));
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE("m") "\",\"name\":\"e\"}");
  char *got = call(&host, "ReceiveMessage",
                   "{\"QueueUrl\":\"http://sqs/000000000000/q\",\"WaitTimeSeconds\":5}");
  has(got, "{\\\"t\\\":\\\"");
  host_rounds(&host, 30); /* until it is known that it was sent */
  again(&host);
  has_not(call(&host, "GetQueueAttributes",
               "{\"QueueUrl\":\"http://sqs/000000000000/q\",\"AttributeNames\":[\"All\"]}"),
          "\"ApproximateNumberOfMessages\":\"1\"");
  char *at = strstr(got, "{\\\"t\\\":\\\"") + strlen("{\\\"t\\\":\\\"");
  char *token = mt_format("%.*s", (int)strcspn(at, "\\"), at);
  mt_eq_str(call(&host, "SendTaskSuccess",
                 mt_format("{\"taskToken\":\"%s\",\"output\":\"{\\\"y\\\":2}\"}", token)),
            "{}");
  host_run(&host);
  has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}"),
      "\"output\":\"{\\\"y\\\":2}\"");
  has(call(&host, "GetExecutionHistory", "{\"executionArn\":\"" STATES "execution:m:e\"}"),
      "\"type\":\"TaskSubmitted\"");
  host_close(&host);
}

MT_TEST(service_tasks__a_token_in_a_message)
{
  token_goes_out(false);
}

/* What was sent before the end of the process is not sent again. */
MT_TEST(service_tasks__a_token_in_a_message_in_a_store)
{
  token_goes_out(true);
}

/* ---- executions ---- */

MT_TEST(service_tasks__an_execution_is_started)
{
  struct host host;
  open_in(&host, false);
  host_machine(&host, "child", PASS);
  const char *started = TASK("states:startExecution",
                             "{\"StateMachineArn\":\"" MACHINE("child") "\",\"Name\":\"c\",\"Input\":{\"i\":1}}", "");
  mt_eq_int(run(&host, "m", started, "{}"), MSTEP_SUCCEEDED);
  has(host.output, "{\"ExecutionArn\":\"" STATES "execution:child:c\",\"StartDate\":1704067200000,");
  has(host.output, "\"SdkResponseMetadata\":{\"RequestId\":\"");
  host_run(&host);
  has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:child:c\"}"),
      "\"input\":\"{\\\"i\\\":1}\"");
  run(&host, "m", started, "{}"); /* closed: its name is taken */
  mt_eq_str(host.error, "StepFunctions.ExecutionAlreadyExistsException");
  run(&host, "none",
      TASK("states:startExecution", "{\"StateMachineArn\":\"" MACHINE("none-such") "\"}", ""), "{}");
  mt_eq_str(host.error, "StepFunctions.StateMachineDoesNotExistException");
  has(host.cause, "State Machine Does Not Exist: '" MACHINE("none-such") "' (Service: AWSStepFunctions; "
                  "Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: ");
  host_close(&host);
}

MT_TEST(service_tasks__the_sdk_starts_one_too)
{
  struct host host;
  open_in(&host, false);
  host_machine(&host, "child", PASS);
  mt_eq_int(run(&host, "m",
                TASK("aws-sdk:sfn:startExecution",
                     "{\"StateMachineArn\":\"" MACHINE("child") "\",\"Name\":\"c\",\"Input\":{\"k\":1}}", ""),
                "{}"),
            MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "{\"ExecutionArn\":\"" STATES
                         "execution:child:c\",\"StartDate\":\"2024-01-01T00:00:00.000Z\"}");
  run(&host, "token",
      TASK("aws-sdk:sfn:sendTaskSuccess", "{\"TaskToken\":\"nobody\",\"Output\":{}}", ""), "{}");
  mt_ok(strncmp(host.error, "Sfn.", 4) == 0);
  run(&host, "unknown", TASK("aws-sdk:sfn:noSuchThing", "{}", ""), "{}");
  mt_eq_str(host.error, "Sfn.SfnException");
  host_close(&host);
}

MT_TEST(service_tasks__sync_waits_for_the_end)
{
  struct host host;
  open_in(&host, false);
  host_machine(&host, "child", WAIT);
  mt_eq_int(run(&host, "m",
                TASK("states:startExecution.sync",
                     "{\"StateMachineArn\":\"" MACHINE("child") "\",\"Name\":\"c\",\"Input\":null}", ""),
                "{}"),
            MSTEP_SUCCEEDED);
  has(host.output, "{\"ExecutionArn\":\"" STATES "execution:child:c\",\"Input\":\"{}\",\"InputDetails\":"
                   "{\"Included\":true},\"Name\":\"c\",\"Output\":\"{\\\"a\\\":1}\"");
  has(host.output, "\"StartDate\":1704067200000,\"StateMachineArn\":\"" MACHINE("child")
                   "\",\"Status\":\"SUCCEEDED\",\"StopDate\":1704067300000}");
  char *history = call(&host, "GetExecutionHistory", mt_format("{\"executionArn\":\"%s\"}", host.ended_arn));
  has(history, "\"type\":\"TaskSubmitted\"");
  mt_eq_int(run(&host, "m2",
                TASK("states:startExecution.sync:2", "{\"StateMachineArn\":\"" MACHINE("child") "\"}", ""),
                "{}"),
            MSTEP_SUCCEEDED);
  has(host.output, "\"Output\":{\"a\":1}");
  host_close(&host);
}

MT_TEST(service_tasks__sync_of_one_that_fails)
{
  struct host host;
  open_in(&host, false);
  host_machine(&host, "child", FAIL);
  run(&host, "m", TASK("states:startExecution.sync", "{\"StateMachineArn\":\"" MACHINE("child") "\"}", ""),
      "{}");
  mt_eq_str(host.error, "States.TaskFailed");
  has(host.cause, "{\"Cause\":\"c\",\"Error\":\"E\",\"ExecutionArn\":\"");
  has(host.cause, "\"Status\":\"FAILED\"");
  host_close(&host);
}

/* Two wait for one. */
MT_TEST(service_tasks__sync_of_one_that_runs_already)
{
  struct host host;
  open_in(&host, false);
  host_machine(&host, "child", WAIT);
  const char *definition =
      TASK("states:startExecution.sync", "{\"StateMachineArn\":\"" MACHINE("child") "\",\"Name\":\"c\"}", "");
  mstep_arn machine = host_machine(&host, "m", definition);
  host_start(&host, &machine, "a", "{}");
  host_start(&host, &machine, "b", "{}");
  for (int i = 0; i < 20 && host.ended < 2; i++)
    host_run(&host);
  mt_eq_int(host.ended, 2);
  mt_eq_int(host.status, MSTEP_SUCCEEDED);
  host_close(&host);
}

static void child_is_stopped(const char *more, bool is_stopped)
{
  struct host host;
  open_in(&host, false);
  host_machine(&host, "child", WAIT);
  host_machine(&host, "m",
               mt_format(TASK("states:startExecution.sync",
                              "{\"StateMachineArn\":\"" MACHINE("child") "\",\"Name\":\"c\"}", "%s"),
                         more));
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE("m") "\",\"name\":\"e\"}");
  host_rounds(&host, 30);
  if (is_stopped)
    call(&host, "StopExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}");
  host_run(&host);
  host_run(&host);
  has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}"),
      is_stopped ? "\"status\":\"ABORTED\"" : "\"error\":\"States.Timeout\"");
  has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:child:c\"}"),
      "\"status\":\"ABORTED\"");
  host_close(&host);
}

MT_TEST(service_tasks__stopped_with_the_parent)
{
  child_is_stopped("", true);
}

MT_TEST(service_tasks__stopped_when_the_task_times_out)
{
  child_is_stopped(",\"TimeoutSeconds\":5", false);
}

/* In a store: the process ends while the child waits, and again after the child has ended. */
MT_TEST(service_tasks__sync_over_a_restart)
{
  struct host host;
  open_in(&host, true);
  host_machine(&host, "child", WAIT);
  host_machine(&host, "m",
               TASK("states:startExecution.sync:2", "{\"StateMachineArn\":\"" MACHINE("child") "\"}", ""));
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE("m") "\",\"name\":\"e\"}");
  host_rounds(&host, 30);
  has(call(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE("child") "\"}"), "\"RUNNING\"");
  again(&host);
  host_run(&host);
  host_run(&host);
  has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}"),
      "\"status\":\"SUCCEEDED\"");
  char *all = call(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE("child") "\"}");
  has(all, "\"SUCCEEDED\"");
  mt_ok(strstr(strstr(all, "executionArn") + 1, "\"executionArn\"") == NULL); /* one child */
  host_close(&host);
}
