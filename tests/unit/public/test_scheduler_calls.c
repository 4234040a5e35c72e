/*
 * The operations of EventBridge Scheduler through mstep_call, and state machines that rules and schedules start: on
 * virtual time, with the drivers that are really there.
 */
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

#define QUEUE_ARN "arn:aws:sqs:us-east-1:000000000000:q"
#define DEAD_ARN "arn:aws:sqs:us-east-1:000000000000:dead"
#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:"
#define URL "\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/000000000000/"
#define GROUP_ARN "arn:aws:scheduler:us-east-1:000000000000:schedule-group/g"
#define OFF "\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"}"
#define PASS "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}"

static void create(struct host *host, const char *name, const char *expression, const char *target,
                   const char *part)
{
  call_has(host, "CreateSchedule",
           mt_format("{\"Name\":\"%s\",\"ScheduleExpression\":\"%s\"," OFF ",\"Target\":{%s,"
                     "\"RoleArn\":\"arn:aws:iam::000000000000:role/r\"}}",
                     name, expression, target),
           part);
}

/* Twenty seconds at most. */
static void receive(struct host *host, const char *queue, const char *part)
{
  call_has(host, "ReceiveMessage",
           mt_format("{" URL "%s\",\"WaitTimeSeconds\":20,\"MaxNumberOfMessages\":10,"
                     "\"MessageAttributeNames\":[\"All\"]}",
                     queue),
           part);
}

static void begin(struct host *host)
{
  host_open(host, NULL);
  call_has(host, "CreateQueue", "{\"QueueName\":\"q\"}", "QueueUrl");
  call_has(host, "CreateQueue", "{\"QueueName\":\"dead\"}", "QueueUrl");
}

MT_TEST(scheduler_calls__schedules_and_groups)
{
  struct host host;
  begin(&host);
  call_has(&host, "CreateSchedule", "{\"Name\":\"s\"}", "ValidationException");
  create(&host, "s", "at(2024-01-01T00:00:15)",
         "\"Arn\":\"" QUEUE_ARN "\",\"Input\":\"at <aws.scheduler.scheduled-time>\"",
         ":schedule/default/s");
  create(&host, "s", "rate(1 hour)", "\"Arn\":\"" QUEUE_ARN "\"", "ConflictException");
  call_has(&host, "GetSchedule", "{\"Name\":\"s\"}", "at(2024-01-01T00:00:15)");
  receive(&host, "q", "at 2024-01-01T00:00:15Z");
  receive(&host, "q", "!Body");
  call_has(&host, "UpdateSchedule",
           "{\"Name\":\"s\",\"ScheduleExpression\":\"rate(1 hour)\",\"State\":\"DISABLED\"," OFF
           ",\"Target\":{\"Arn\":\"" QUEUE_ARN "\",\"RoleArn\":\"r\"}}",
           ":schedule/default/s");
  call_has(&host, "ListSchedules", "{\"State\":\"ENABLED\"}", "{\"Schedules\":[]}");
  call_has(&host, "ListSchedules", "{\"State\":\"DISABLED\"}", "\"Name\":\"s\"");
  call_has(&host, "DeleteSchedule", "{\"Name\":\"s\"}", "{}");
  call_has(&host, "GetSchedule", "{\"Name\":\"s\"}", "ResourceNotFoundException");
  call_has(&host, "CreateScheduleGroup", "{\"Name\":\"g\"}", GROUP_ARN);
  call_has(&host, "scheduler:TagResource",
           "{\"ResourceArn\":\"" GROUP_ARN "\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}", "{}");
  call_has(&host, "scheduler:ListTagsForResource", "{\"ResourceArn\":\"" GROUP_ARN "\"}", "\"k\"");
  call_has(&host, "scheduler:UntagResource",
           "{\"ResourceArn\":\"" GROUP_ARN "\",\"TagKeys\":[\"k\"]}", "{}");
  call_has(&host, "scheduler:ListTagsForResource", "{\"ResourceArn\":\"" GROUP_ARN "\"}", "!\"k\"");
  call_has(&host, "GetScheduleGroup", "{\"Name\":\"g\"}", "ACTIVE");
  call_has(&host, "DeleteScheduleGroup", "{\"Name\":\"g\"}", "{}");
  call_has(&host, "ListScheduleGroups", "{}", "\"Name\":\"default\"");
  host_close(&host);
}

MT_TEST(scheduler_calls__a_schedule_puts_events)
{
  struct host host;
  begin(&host);
  call_has(&host, "PutRule",
           "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"clock\\\"]}\"}", ":rule/r");
  call_has(&host, "PutTargets",
           "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"" QUEUE_ARN "\"}]}",
           "\"FailedEntryCount\":0");
  create(&host, "s", "at(2024-01-01T00:00:15)",
         "\"Arn\":\"arn:aws:events:us-east-1:000000000000:event-bus/default\",\"Input\":"
         "\"{\\\"n\\\":1}\",\"EventBridgeParameters\":{\"Source\":\"clock\","
         "\"DetailType\":\"tick\"}",
         ":schedule/default/s");
  receive(&host, "q", "\\\"detail-type\\\":\\\"tick\\\"");
  host_close(&host);
}

MT_TEST(scheduler_calls__state_machines_are_started)
{
  struct host host;
  begin(&host);
  host_machine(&host, "m", PASS);
  call_has(&host, "PutRule",
           "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"shop\\\"]}\"}", ":rule/r");
  call_has(&host, "PutTargets",
           "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"" MACHINE_ARN "m\",\"RoleArn\":"
           "\"arn:aws:iam::000000000000:role/r\",\"InputPath\":\"$.detail\"},{\"Id\":\"2\",\"Arn\":"
           "\"" MACHINE_ARN "none\",\"DeadLetterConfig\":{\"Arn\":\"" DEAD_ARN "\"}}]}",
           "\"FailedEntryCount\":0");
  call_has(
      &host, "PutEvents",
      "{\"Entries\":[{\"Source\":\"shop\",\"DetailType\":\"sold\",\"Detail\":\"{\\\"n\\\":7}\"}]}",
      "\"FailedEntryCount\":0");
  receive(&host, "dead", "NO_RESOURCE");
  call_has(&host, "PurgeQueue", "{" URL "dead\"}", "{}");
  call_has(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE_ARN "m\"}", "SUCCEEDED");
  const char *list = call(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE_ARN "m\"}");
  const char *arn = strstr(list, "\"executionArn\":\"") + strlen("\"executionArn\":\"");
  char text[256];
  snprintf(text, sizeof text, "{\"executionArn\":\"%.*s\"}", (int)(strchr(arn, '"') - arn), arn);
  call_has(&host, "DescribeExecution", text, "\"input\":\"{\\\"n\\\":7}\"");
  create(&host, "s", "at(2024-01-01T00:05:00)",
         "\"Arn\":\"" MACHINE_ARN "m\",\"Input\":\"{\\\"n\\\":<aws.scheduler.attempt-number>}\"",
         ":schedule/default/s");
  create(&host, "t", "at(2024-01-01T00:05:00)",
         "\"Arn\":\"" MACHINE_ARN "none\",\"DeadLetterConfig\":{\"Arn\":\"" DEAD_ARN "\"}",
         ":schedule/default/t");
  for (int i = 0; i < 15; i++) {
    receive(&host, "q", "!Body");
  }
  receive(&host, "dead", "SCHEDULE_ARN");
  list = call(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE_ARN "m\"}");
  mt_ok(strstr(strstr(list, "SUCCEEDED") + 1, "SUCCEEDED") != NULL);
  host_close(&host);
}

#define UNIVERSAL "arn:aws:scheduler:::aws-sdk:"

MT_TEST(scheduler_calls__any_operation_may_be_a_target)
{
  struct host host;
  begin(&host);
  host_machine(&host, "m", PASS);
  create(&host, "a", "at(2024-01-01T00:00:10)",
         "\"Arn\":\"" UNIVERSAL "sqs:sendMessage\",\"Input\":\"{\\\"QueueUrl\\\":"
         "\\\"https://sqs.us-east-1.amazonaws.com/000000000000/q\\\",\\\"MessageBody\\\":"
         "\\\"try <aws.scheduler.attempt-number>\\\"}\"",
         ":schedule/default/a");
  create(&host, "b", "at(2024-01-01T00:00:05)",
         "\"Arn\":\"" UNIVERSAL "sfn:startExecution\",\"Input\":\"{\\\"StateMachineArn\\\":"
         "\\\"" MACHINE_ARN "m\\\",\\\"Name\\\":\\\"e\\\"}\"",
         ":schedule/default/b");
  create(&host, "c", "at(2024-01-01T00:00:12)",
         "\"Arn\":\"" UNIVERSAL "sqs:noSuchThing\",\"DeadLetterConfig\":{\"Arn\":\"" DEAD_ARN
         "\"}",
         ":schedule/default/c");
  create(&host, "d", "at(2024-01-01T00:00:12)", "\"Arn\":\"" UNIVERSAL "ec2:stopInstances\"",
         "ValidationException");
  receive(&host, "q", "\"Body\":\"try 1\"");
  call_has(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE_ARN "m\"}", "\"name\":\"e\"");
  receive(&host, "dead", "UnknownOperationException");
  host_close(&host);
}
