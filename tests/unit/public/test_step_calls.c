/* Activities, tags and deleted machines through mstep_call: in memory, in a store, and after it was opened again. */
#include <string.h>

#include "calls.h"
#include "mt.h"

#define STATES "arn:aws:states:us-east-1:000000000000:"
#define MACHINE STATES "stateMachine:m"
#define ACTIVITY_MEMBER "{\"activityArn\":\"" HOST_ACTIVITY "\"}"

/* The value of a string member; the text has it. */
static char *member(const char *text, const char *name)
{
  const char *at = strstr(text, mt_format("\"%s\":\"", name));
  mt_ok(at != NULL);
  at += strlen(name) + 4;
  return mt_format("%.*s", (int)strcspn(at, "\""), at);
}

static void activity_lives(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  host_machine(&host, "m", HOST_TASK);
  call_is(&host, "CreateActivity", "{\"name\":\"work\"}",
          "{\"activityArn\":\"" HOST_ACTIVITY "\",\"creationDate\":1704067200.0}");
  again(&host);
  call_is(&host, "ListActivities", "{}",
          "{\"activities\":[{\"activityArn\":\"" HOST_ACTIVITY
          "\",\"name\":\"work\",\"creationDate\":1704067200.0}]}");
  /* Nothing comes within a minute. */
  call_is(&host, "GetActivityTask", ACTIVITY_MEMBER, "{}");
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\",\"input\":\"[1]\"}");
  again(&host);
  char *task = call(&host, "GetActivityTask",
                    "{\"activityArn\":\"" HOST_ACTIVITY "\",\"workerName\":\"w1\"}");
  mt_ok(strstr(task, "\"input\":\"[1]\"") != NULL);
  call_has(&host, "GetExecutionHistory", "{\"executionArn\":\"" STATES "execution:m:e\"}",
           "\"activityStartedEventDetails\":{\"workerName\":\"w1\"}");
  /* A worker has it: nobody else gets it, also after a start. */
  again(&host);
  call_is(&host, "GetActivityTask", ACTIVITY_MEMBER, "{}");
  char *token = member(task, "taskToken");
  call_is(&host, "SendTaskHeartbeat", mt_format("{\"taskToken\":\"%s\"}", token), "{}");
  call_is(&host, "SendTaskSuccess", mt_format("{\"taskToken\":\"%s\",\"output\":\"2\"}", token),
          "{}");
  host_run(&host);
  call_has(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}",
           "\"output\":\"2\"");
  call_is(&host, "DeleteActivity", ACTIVITY_MEMBER, "{}");
  again(&host);
  call_is(
      &host, "DescribeActivity", ACTIVITY_MEMBER,
      "{\"__type\":\"ActivityDoesNotExist\",\"message\":\"Activity Does Not Exist: '" HOST_ACTIVITY
      "'\"}");
  host_close(&host);
}

MT_TEST(step_calls__activity_in_memory)
{
  activity_lives(false);
}

MT_TEST(step_calls__activity_in_a_store)
{
  activity_lives(true);
}

MT_TEST(step_calls__a_worker_waits_first)
{
  struct host host;
  open_in(&host, false);
  host_machine(&host, "m", HOST_TASK);
  call(&host, "CreateActivity", "{\"name\":\"work\"}");
  struct answer first = {0}, second = {0};
  mt_eq_int(mstep_call(host.engine, "GetActivityTask", host_str(ACTIVITY_MEMBER), on_answer, &first), 0);
  mt_eq_int(mstep_call(host.engine, "GetActivityTask", host_str(ACTIVITY_MEMBER), on_answer, &second), 0);
  mstep_arn machine = host_machine(&host, "m", HOST_TASK);
  host_start(&host, &machine, "e", "7");
  host_run(&host);
  mt_eq_int(first.count, 1);
  mt_ok(strstr(first.text, "\"input\":\"7\"") != NULL);
  host_run(&host);
  mt_eq_int(second.count, 1);
  mt_eq_str(second.text, "{}");
  host_close(&host);
}

/* A worker that has gone gets no task: the next one does. */
MT_TEST(step_calls__a_worker_that_has_gone)
{
  struct host host;
  open_in(&host, false);
  call(&host, "CreateActivity", "{\"name\":\"work\"}");
  mstep_arn machine = host_machine(&host, "m", HOST_TASK);
  struct answer gone = {0}, here = {0};
  mt_eq_int(mstep_call(host.engine, "GetActivityTask", host_str(ACTIVITY_MEMBER), on_answer, &gone), 0);
  host_rounds(&host, 3);
  mt_eq_int(mstep_call_cancel(host.engine, &gone), 0);
  host_run(&host);
  mt_eq_int(gone.count, 1);
  mt_eq_str(gone.text, "{}");
  mt_eq_int(mstep_call(host.engine, "GetActivityTask", host_str(ACTIVITY_MEMBER), on_answer, &here), 0);
  host_start(&host, &machine, "e", "7");
  host_run(&host);
  mt_eq_int(here.count, 1);
  mt_ok(strstr(here.text, "\"input\":\"7\"") != NULL);
  host_close(&host);
}

MT_TEST(step_calls__no_such_activity)
{
  struct host host;
  open_in(&host, false);
  mt_eq_int(host_once(&host, HOST_TASK, "1"), MSTEP_FAILED);
  mt_eq_str(host.error, "States.Runtime");
  mt_eq_str(host.cause, "An error occurred while executing the state 'T' (entered at the event id #2). "
                        "The activity " HOST_ACTIVITY " does not exist.");
  host_close(&host);
}

MT_TEST(step_calls__tags)
{
  struct host host;
  open_in(&host, true);
  host_machine(&host, "m", HOST_TASK);
  call_is(&host, "TagResource",
          "{\"resourceArn\":\"" MACHINE "\",\"tags\":[{\"key\":\"a\",\"value\":\"1\"},"
          "{\"key\":\"moonstep:retention-count\",\"value\":\"3\"}]}",
          "{}");
  call_is(&host, "TagResource",
          "{\"resourceArn\":\"" MACHINE "\",\"tags\":[{\"key\":\"a\",\"value\":\"2\"}]}", "{}");
  again(&host);
  call_is(&host, "ListTagsForResource", "{\"resourceArn\":\"" MACHINE "\"}",
          "{\"tags\":[{\"key\":\"a\",\"value\":\"2\"},{\"key\":\"moonstep:retention-count\","
          "\"value\":\"3\"}]}");
  call_has(&host, "TagResource",
           "{\"resourceArn\":\"" MACHINE
           "\",\"tags\":[{\"key\":\"moonstep:durability\",\"value\":\"x\"}]}",
           "ValidationException");
  call_is(&host, "UntagResource", "{\"resourceArn\":\"" MACHINE "\",\"tagKeys\":[\"a\",\"none\"]}",
          "{}");
  call_is(&host, "ListTagsForResource", "{\"resourceArn\":\"" MACHINE "\"}",
          "{\"tags\":[{\"key\":\"moonstep:retention-count\",\"value\":\"3\"}]}");
  call_is(&host, "TagResource", "{\"resourceArn\":\"" MACHINE "x\",\"tags\":[]}",
          "{\"__type\":\"ResourceNotFound\",\"message\":\"Resource not found: '" MACHINE "x'\"}");
  host_close(&host);
}

static void deleted(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  mstep_arn machine = host_machine(&host, "m", HOST_TASK);
  call(&host, "CreateActivity", "{\"name\":\"work\"}");
  host_start(&host, &machine, "e", "1");
  call(&host, "ListExecutions", "{}");
  call_is(&host, "DeleteStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "{}");
  again(&host);
  call_has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}",
           "\"status\":\"DELETING\"");
  call_is(
      &host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\"}",
      "{\"__type\":\"StateMachineDeleting\",\"message\":\"State Machine is being deleted: '" MACHINE
      "'\"}");
  call_has(&host, "CreateStateMachine",
           "{\"name\":\"m\",\"definition\":\"{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{"
           "\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":true}}}\"}",
           "StateMachineDeleting");
  /* What runs goes on to its end. */
  char *task = call(&host, "GetActivityTask", ACTIVITY_MEMBER);
  call(&host, "SendTaskSuccess",
       mt_format("{\"taskToken\":\"%s\",\"output\":\"2\"}", member(task, "taskToken")));
  host_run(&host);
  call_has(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}",
           "SUCCEEDED");
  call_has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}",
           "StateMachineDoesNotExist");
  call_is(&host, "ListStateMachines", "{}", "{\"stateMachines\":[]}");
  call_is(&host, "DeleteStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "{}");
  /* The name is free again; what ran under it before is still there. */
  host_machine(&host, "m", HOST_TASK);
  again(&host);
  call_has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}",
           "\"status\":\"ACTIVE\"");
  call_is(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE "\"}", "{\"executions\":[]}");
  call_has(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}",
           "SUCCEEDED");
  host_close(&host);
}

MT_TEST(step_calls__deleted_in_memory)
{
  deleted(false);
}

MT_TEST(step_calls__deleted_in_a_store)
{
  deleted(true);
}

static void published(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  host_machine(&host, "m", HOST_TASK);
  call(&host, "CreateActivity", "{\"name\":\"work\"}");
  const char *made = "{\"stateMachineVersionArn\":\"" MACHINE ":1\",\"creationDate\":1704067200.0}";
  call_is(&host, "PublishStateMachineVersion",
          "{\"stateMachineArn\":\"" MACHINE
          "\",\"description\":\"first\",\"revisionId\":\"INITIAL\"}",
          made);
  call_is(&host, "PublishStateMachineVersion", "{\"stateMachineArn\":\"" MACHINE "\"}", made);
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE ":1\",\"name\":\"e\"}");
  call_has(&host, "UpdateStateMachine",
           "{\"stateMachineArn\":\"" MACHINE
           "\",\"publish\":true,\"definition\":\"{\\\"StartAt\\\":\\\"P\\\","
           "\\\"States\\\":{\\\"P\\\":{\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":true}}}\"}",
           "\"stateMachineVersionArn\":\"" MACHINE ":2\"");
  again(&host);
  call_has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE ":1\"}",
           "\"description\":\"first\"");
  call_has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE ":1\"}", HOST_ACTIVITY);
  call_has(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}",
           "\"stateMachineVersionArn\":\"" MACHINE ":1\"");
  call_has(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE ":1\"}",
           STATES "execution:m:e");
  call_is(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE ":2\"}",
          "{\"executions\":[]}");
  call_is(&host, "DeleteStateMachineVersion", "{\"stateMachineVersionArn\":\"" MACHINE ":2\"}",
          "{}");
  again(&host);
  call_is(&host, "ListStateMachineVersions", "{\"stateMachineArn\":\"" MACHINE "\"}",
          "{\"stateMachineVersions\":[{\"stateMachineVersionArn\":\"" MACHINE
          ":1\",\"creationDate\":1704067200.0}]}");
  call_has(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE ":2\"}",
           "StateMachineDoesNotExist");
  /* A number is not given again. */
  call_has(&host, "PublishStateMachineVersion", "{\"stateMachineArn\":\"" MACHINE "\"}",
           MACHINE ":3");
  call_has(&host, "PublishStateMachineVersion",
           "{\"stateMachineArn\":\"" MACHINE "\",\"revisionId\":\"INITIAL\"}", "ConflictException");
  host_close(&host);
}

MT_TEST(step_calls__published_in_memory)
{
  published(false);
}

MT_TEST(step_calls__published_in_a_store)
{
  published(true);
}
