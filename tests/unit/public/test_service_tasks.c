/*
 * Tasks that call our own operations: what they send and get, errors as Step Functions names them, executions
 * as tasks, and all of it after the engine was closed and opened again.
 */
#include <string.h>

#include "calls.h"
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
  text_has(host.output, "\"MD5OfMessageBody\":\"");
  text_has(host.output, "\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"connection\":[\"keep-alive\"]");
  text_has(host.output, "\"SdkResponseMetadata\":{\"RequestId\":\"");
  char *got = call(&host, "ReceiveMessage", "{\"QueueUrl\":\"http://sqs/000000000000/q\"}");
  text_has(got, "\"Body\":\"{\\\"x\\\":1}\"");
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
  text_has(host.cause, " (Service: AmazonSQS; Status Code: 400; Error Code: "
                       "AWS.SimpleQueueService.NonExistentQueue; Request ID: ");
  text_has(host.cause, "; Proxy: null)");
  call(&host, "sqs:CreateQueue", "{\"QueueName\":\"q\"}");
  run(&host, "empty",
      TASK("sqs:sendMessage", "{\"QueueUrl\":\"http://sqs/000000000000/q\",\"MessageBody\":null}", ""), "{}");
  mt_eq_str(host.error, "SQS.AmazonSQSException");
  text_has(host.cause,
           "The request must contain the parameter MessageBody. (Service: AmazonSQS; Status "
           "Code: 400; Error Code: MissingParameter; Request ID: ");
  run(&host, "sdk",
      TASK("aws-sdk:sqs:sendMessage",
           "{\"QueueUrl\":\"http://sqs/000000000000/none\",\"MessageBody\":\"x\"}", ""),
      "{}");
  mt_eq_str(host.error, "Sqs.QueueDoesNotExistException");
  text_has(host.cause, "(Service: Sqs, Status Code: 400, Request ID: ");
  text_has(host.cause, ") (SDK Attempt Count: 1)");
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
  text_has(host.cause, "(Service: AmazonSNS; Status Code: 404; Error Code: NotFound; Request ID: ");
  call(&host, "CreateTopic", "{\"Name\":\"t\"}");
  mt_eq_int(run(&host, "m", definition, "{}"), MSTEP_SUCCEEDED);
  text_has(host.output, "{\"MessageId\":\"");
  text_has(host.output, "\"Content-Type\":\"text/xml\"");
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
  text_has(host.output, "{\"Entries\":[{\"EventId\":\"");
  text_has(host.output, "\"FailedEntryCount\":0}");
  char *got = call(&host, "ReceiveMessage",
                   "{\"QueueUrl\":\"http://sqs/000000000000/q\",\"WaitTimeSeconds\":5}");
  text_has(got, "\\\"resources\\\":[\\\"" STATES "execution:m:");
  text_has(got, "\\\"" MACHINE("m") "\\\"]");
  text_has(got, "\\\"detail\\\":{\\\"x\\\":1}");
  run(&host, "bad",
      TASK("events:putEvents", "{\"Entries\":[{\"DetailType\":\"d\",\"Detail\":{\"x\":1}}]}", ""), "{}");
  mt_eq_str(host.error, "EventBridge.FailedEntry");
  text_has(host.cause, "{\"Entries\":[{\"ErrorCode\":\"InvalidArgument\"");
  text_has(host.cause, "\"FailedEntryCount\":1}");
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
  text_has(got, "{\\\"t\\\":\\\"");
  host_rounds(&host, 30); /* until it is known that it was sent */
  again(&host);
  text_has_not(call(&host, "GetQueueAttributes",
                    "{\"QueueUrl\":\"http://sqs/000000000000/q\",\"AttributeNames\":[\"All\"]}"),
               "\"ApproximateNumberOfMessages\":\"1\"");
  char *at = strstr(got, "{\\\"t\\\":\\\"") + strlen("{\\\"t\\\":\\\"");
  char *token = mt_format("%.*s", (int)strcspn(at, "\\"), at);
  mt_eq_str(call(&host, "SendTaskSuccess",
                 mt_format("{\"taskToken\":\"%s\",\"output\":\"{\\\"y\\\":2}\"}", token)),
            "{}");
  host_run(&host);
  text_has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}"),
           "\"output\":\"{\\\"y\\\":2}\"");
  text_has(call(&host, "GetExecutionHistory", "{\"executionArn\":\"" STATES "execution:m:e\"}"),
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
  text_has(host.output,
           "{\"ExecutionArn\":\"" STATES "execution:child:c\",\"StartDate\":1704067200000,");
  text_has(host.output, "\"SdkResponseMetadata\":{\"RequestId\":\"");
  host_run(&host);
  text_has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:child:c\"}"),
           "\"input\":\"{\\\"i\\\":1}\"");
  run(&host, "m", started, "{}"); /* closed: its name is taken */
  mt_eq_str(host.error, "StepFunctions.ExecutionAlreadyExistsException");
  run(&host, "none",
      TASK("states:startExecution", "{\"StateMachineArn\":\"" MACHINE("none-such") "\"}", ""), "{}");
  mt_eq_str(host.error, "StepFunctions.StateMachineDoesNotExistException");
  text_has(host.cause,
           "State Machine Does Not Exist: '" MACHINE(
               "none-such") "' (Service: AWSStepFunctions; "
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
  text_has(host.output,
           "{\"ExecutionArn\":\"" STATES "execution:child:c\",\"Input\":\"{}\",\"InputDetails\":"
           "{\"Included\":true},\"Name\":\"c\",\"Output\":\"{\\\"a\\\":1}\"");
  text_has(host.output, "\"StartDate\":1704067200000,\"StateMachineArn\":\"" MACHINE(
                            "child") "\",\"Status\":\"SUCCEEDED\",\"StopDate\":1704067300000}");
  char *history = call(&host, "GetExecutionHistory", mt_format("{\"executionArn\":\"%s\"}", host.ended_arn));
  text_has(history, "\"type\":\"TaskSubmitted\"");
  mt_eq_int(run(&host, "m2",
                TASK("states:startExecution.sync:2", "{\"StateMachineArn\":\"" MACHINE("child") "\"}", ""),
                "{}"),
            MSTEP_SUCCEEDED);
  text_has(host.output, "\"Output\":{\"a\":1}");
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
  text_has(host.cause, "{\"Cause\":\"c\",\"Error\":\"E\",\"ExecutionArn\":\"");
  text_has(host.cause, "\"Status\":\"FAILED\"");
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
  text_has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}"),
           is_stopped ? "\"status\":\"ABORTED\"" : "\"error\":\"States.Timeout\"");
  text_has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:child:c\"}"),
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
  text_has(call(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE("child") "\"}"),
           "\"RUNNING\"");
  again(&host);
  host_run(&host);
  host_run(&host);
  text_has(call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}"),
           "\"status\":\"SUCCEEDED\"");
  char *all = call(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE("child") "\"}");
  text_has(all, "\"SUCCEEDED\"");
  mt_ok(strstr(strstr(all, "executionArn") + 1, "\"executionArn\"") == NULL); /* one child */
  host_close(&host);
}
