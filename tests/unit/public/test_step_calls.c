/* Activities, tags and deleted machines through mstep_call: in memory, in a store, and after it was opened again. */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "mt.h"

#define STATES "arn:aws:states:us-east-1:000000000000:"
#define MACHINE STATES "stateMachine:m"
#define ACTIVITY_MEMBER "{\"activityArn\":\"" HOST_ACTIVITY "\"}"

static char store_url[512];

static void tune(mstep_options *options)
{
  options->store = store_url[0] == '\0' ? NULL : store_url;
}

static void open_in(struct host *host, bool has_store)
{
  if (has_store)
    snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", mt_tmpdir());
  else
    store_url[0] = '\0';
  host_open(host, tune);
}

/* Closed and opened again, where there is a store. */
static void again(struct host *host)
{
  if (store_url[0] == '\0')
    return;
  host_close(host);
  host_open(host, tune);
}

struct answer {
  int count;
  int status;
  char *text;
};

static void on_answer(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct answer *answer = user;
  answer->count++;
  answer->status = status;
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

static void says(struct host *host, const char *operation, const char *request, const char *expected)
{
  mt_eq_str(call(host, operation, request), expected);
}

static void has(struct host *host, const char *operation, const char *request, const char *part)
{
  char *text = call(host, operation, request);
  if (strstr(text, part) == NULL)
    mt_report("%s %s: %s has no %s", operation, request, text, part);
}

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
  says(&host, "CreateActivity", "{\"name\":\"work\"}",
       "{\"activityArn\":\"" HOST_ACTIVITY "\",\"creationDate\":1704067200.0}");
  again(&host);
  says(&host, "ListActivities", "{}",
       "{\"activities\":[{\"activityArn\":\"" HOST_ACTIVITY
       "\",\"name\":\"work\",\"creationDate\":1704067200.0}]}");
  /* Nothing comes within a minute. */
  says(&host, "GetActivityTask", ACTIVITY_MEMBER, "{}");
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\",\"input\":\"[1]\"}");
  again(&host);
  char *task = call(&host, "GetActivityTask",
                    "{\"activityArn\":\"" HOST_ACTIVITY "\",\"workerName\":\"w1\"}");
  mt_ok(strstr(task, "\"input\":\"[1]\"") != NULL);
  has(&host, "GetExecutionHistory", "{\"executionArn\":\"" STATES "execution:m:e\"}",
      "\"activityStartedEventDetails\":{\"workerName\":\"w1\"}");
  /* A worker has it: nobody else gets it, also after a start. */
  again(&host);
  says(&host, "GetActivityTask", ACTIVITY_MEMBER, "{}");
  char *token = member(task, "taskToken");
  says(&host, "SendTaskHeartbeat", mt_format("{\"taskToken\":\"%s\"}", token), "{}");
  says(&host, "SendTaskSuccess", mt_format("{\"taskToken\":\"%s\",\"output\":\"2\"}", token), "{}");
  host_run(&host);
  has(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}",
      "\"output\":\"2\"");
  says(&host, "DeleteActivity", ACTIVITY_MEMBER, "{}");
  again(&host);
  says(&host, "DescribeActivity", ACTIVITY_MEMBER,
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
  says(&host, "TagResource",
       "{\"resourceArn\":\"" MACHINE "\",\"tags\":[{\"key\":\"a\",\"value\":\"1\"},"
       "{\"key\":\"moonstep:retention-count\",\"value\":\"3\"}]}",
       "{}");
  says(&host, "TagResource",
       "{\"resourceArn\":\"" MACHINE "\",\"tags\":[{\"key\":\"a\",\"value\":\"2\"}]}", "{}");
  again(&host);
  says(&host, "ListTagsForResource", "{\"resourceArn\":\"" MACHINE "\"}",
       "{\"tags\":[{\"key\":\"a\",\"value\":\"2\"},{\"key\":\"moonstep:retention-count\",\"value\":\"3\"}]}");
  has(&host, "TagResource",
      "{\"resourceArn\":\"" MACHINE "\",\"tags\":[{\"key\":\"moonstep:durability\",\"value\":\"x\"}]}",
      "ValidationException");
  says(&host, "UntagResource", "{\"resourceArn\":\"" MACHINE "\",\"tagKeys\":[\"a\",\"none\"]}", "{}");
  says(&host, "ListTagsForResource", "{\"resourceArn\":\"" MACHINE "\"}",
       "{\"tags\":[{\"key\":\"moonstep:retention-count\",\"value\":\"3\"}]}");
  says(&host, "TagResource", "{\"resourceArn\":\"" MACHINE "x\",\"tags\":[]}",
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
  says(&host, "DeleteStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "{}");
  again(&host);
  has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "\"status\":\"DELETING\"");
  says(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\"}",
       "{\"__type\":\"StateMachineDeleting\",\"message\":\"State Machine is being deleted: '" MACHINE
       "'\"}");
  has(&host, "CreateStateMachine",
      "{\"name\":\"m\",\"definition\":\"{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{"
      "\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":true}}}\"}",
      "StateMachineDeleting");
  /* What runs goes on to its end. */
  char *task = call(&host, "GetActivityTask", ACTIVITY_MEMBER);
  call(&host, "SendTaskSuccess",
       mt_format("{\"taskToken\":\"%s\",\"output\":\"2\"}", member(task, "taskToken")));
  host_run(&host);
  has(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}", "SUCCEEDED");
  has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "StateMachineDoesNotExist");
  says(&host, "ListStateMachines", "{}", "{\"stateMachines\":[]}");
  says(&host, "DeleteStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "{}");
  /* The name is free again; what ran under it before is still there. */
  host_machine(&host, "m", HOST_TASK);
  again(&host);
  has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "\"status\":\"ACTIVE\"");
  says(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE "\"}", "{\"executions\":[]}");
  has(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}", "SUCCEEDED");
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
  says(&host, "PublishStateMachineVersion",
       "{\"stateMachineArn\":\"" MACHINE "\",\"description\":\"first\",\"revisionId\":\"INITIAL\"}", made);
  says(&host, "PublishStateMachineVersion", "{\"stateMachineArn\":\"" MACHINE "\"}", made);
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE ":1\",\"name\":\"e\"}");
  has(&host, "UpdateStateMachine",
      "{\"stateMachineArn\":\"" MACHINE "\",\"publish\":true,\"definition\":\"{\\\"StartAt\\\":\\\"P\\\","
      "\\\"States\\\":{\\\"P\\\":{\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":true}}}\"}",
      "\"stateMachineVersionArn\":\"" MACHINE ":2\"");
  again(&host);
  has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE ":1\"}", "\"description\":\"first\"");
  has(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE ":1\"}", HOST_ACTIVITY);
  has(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}",
      "\"stateMachineVersionArn\":\"" MACHINE ":1\"");
  has(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE ":1\"}", STATES "execution:m:e");
  says(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE ":2\"}", "{\"executions\":[]}");
  says(&host, "DeleteStateMachineVersion", "{\"stateMachineVersionArn\":\"" MACHINE ":2\"}", "{}");
  again(&host);
  says(&host, "ListStateMachineVersions", "{\"stateMachineArn\":\"" MACHINE "\"}",
       "{\"stateMachineVersions\":[{\"stateMachineVersionArn\":\"" MACHINE
       ":1\",\"creationDate\":1704067200.0}]}");
  has(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE ":2\"}", "StateMachineDoesNotExist");
  /* A number is not given again. */
  has(&host, "PublishStateMachineVersion", "{\"stateMachineArn\":\"" MACHINE "\"}", MACHINE ":3");
  has(&host, "PublishStateMachineVersion",
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
