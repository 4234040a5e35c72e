/* mstep_call: operations by name, their answers and errors, other threads, closing, memory that runs out. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

#define PASS "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}"
#define WAIT                                                                                       \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,\"End\":true}}}"
#define MACHINE "arn:aws:states:us-east-1:000000000000:stateMachine:m"
#define EXECUTION "arn:aws:states:us-east-1:000000000000:execution:m:e"

static void check_ok(struct host *host, const char *operation, const char *request,
                     const char *part)
{
  struct answer answer = call_answer(host, operation, request);
  if (answer.status != 0 || strstr(answer.text, part) == NULL)
    mt_report("%s %s: %d %s", operation, request, answer.status, answer.text);
}

static void check_error(struct host *host, const char *operation, const char *request, int status,
                        const char *error, const char *message)
{
  struct answer answer = call_answer(host, operation, request);
  const char *expected = mt_format("{\"__type\":\"%s\",\"message\":\"%s\"}", error, message);
  if (answer.status != status || strcmp(answer.text, expected) != 0)
    mt_report("%s %s: %d %s, not %d %s", operation, request, answer.status, answer.text, status,
              expected);
}

static struct host *open_with(struct host *host, const char *definition)
{
  host_open(host, NULL);
  host_machine(host, "m", definition);
  return host;
}

/* ---- the way of a call ---- */

MT_TEST(call__from_start_to_history)
{
  struct host host;
  host_open(&host, NULL);
  check_ok(&host, "CreateStateMachine",
           "{\"name\":\"m\",\"definition\":\"{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{"
           "\\\"Type\\\":"
           "\\\"Pass\\\",\\\"End\\\":true}}}\"}",
           "{\"stateMachineArn\":\"" MACHINE "\",\"creationDate\":1704067200.0}");
  check_ok(&host, "StartExecution",
           "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\",\"input\":\"[1]\"}",
           "{\"executionArn\":\"" EXECUTION "\",\"startDate\":1704067200.0}");
  host_run(&host);
  check_ok(&host, "DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}",
           "\"status\":\"SUCCEEDED\"");
  check_ok(&host, "states:DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}",
           "\"output\":\"[1]\"");
  check_ok(&host, "GetExecutionHistory", "{\"executionArn\":\"" EXECUTION "\",\"maxResults\":1}",
           "\"nextToken\":");
  check_ok(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE "\"}", EXECUTION);
  check_ok(&host, "ListExecutions", "{}", EXECUTION);
  check_ok(&host, "ListStateMachines", "{}", MACHINE);
  host_close(&host);
}

MT_TEST(call__what_is_no_request)
{
  struct host host;
  open_with(&host, PASS);
  check_error(&host, "DoNothing", "{}", MSTEP_ENOTFOUND, "UnknownOperationException",
              "There is no operation DoNothing");
  check_error(&host, "lambda:StartExecution", "{}", MSTEP_ENOTFOUND, "UnknownOperationException",
              "There is no operation lambda:StartExecution");
  check_error(&host, "ListExecutions", "[]", MSTEP_EINVALID, "SerializationException",
              "The request is no JSON object");
  struct answer answer = call_answer(&host, "ListExecutions", "{");
  mt_ok(strstr(answer.text, "SerializationException") != NULL);
  answer = call_answer(&host, "\xff\xfe", "{}"); /* what is told about it is UTF-8 */
  mt_ok(strstr(answer.text, "There is no operation \xef\xbf\xbd\xef\xbf\xbd") != NULL);
  mt_eq_int(mstep_call(NULL, "ListExecutions", host_str("{}"), NULL, NULL), MSTEP_EINVALID);
  mt_eq_int(mstep_call(host.engine, NULL, host_str("{}"), NULL, NULL), MSTEP_EINVALID);
  mt_eq_int(mstep_call(host.engine, "ListExecutions", host_str(NULL), NULL, NULL),
            0); /* nobody hears */
  host_run(&host);
  host_close(&host);
}

MT_TEST(call__constraints)
{
  struct host host;
  open_with(&host, PASS);
#define ONE "1 validation error detected: "
  check_error(&host, "DescribeExecution", "{}", MSTEP_EINVALID, "ValidationException",
              ONE
              "Value null at 'executionArn' failed to satisfy constraint: Member must not be null");
  check_error(
      &host, "DescribeExecution", "{\"executionArn\":null}", MSTEP_EINVALID, "ValidationException",
      ONE "Value null at 'executionArn' failed to satisfy constraint: Member must not be null");
  check_error(
      &host, "ListStateMachines", "{\"maxResults\":1001}", MSTEP_EINVALID, "ValidationException",
      ONE "Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less "
          "than or equal to 1000");
  check_error(
      &host, "ListStateMachines", "{\"maxResults\":-1}", MSTEP_EINVALID, "ValidationException",
      ONE "Value '-1' at 'maxResults' failed to satisfy constraint: Member must have value greater "
          "than or equal to 0");
  check_error(
      &host, "ListStateMachines", "{\"maxResults\":1001,\"nextToken\":\"\"}", MSTEP_EINVALID,
      "ValidationException",
      "2 validation errors detected: Value '1001' at 'maxResults' failed to satisfy constraint: "
      "Member "
      "must have value less than or equal to 1000; Value '' at 'nextToken' failed to satisfy "
      "constraint: Member must have length greater than or equal to 1");
  check_error(
      &host, "ListExecutions", "{\"statusFilter\":\"running\"}", MSTEP_EINVALID,
      "ValidationException",
      ONE
      "Value 'running' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum "
      "value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]");
  check_error(&host, "DescribeExecution", "{\"executionArn\":7}", MSTEP_EINVALID,
              "SerializationException", "NUMBER_VALUE can not be converted to a String");
  struct answer answer = call_answer(
      &host, "CreateStateMachine",
      "{\"name\":\"x\",\"definition\":\"{}\",\"tags\":[{\"key\":\"a\"},{\"key\":\"\"}]}");
  mt_ok(strstr(answer.text, "Value '' at 'tags.2.member.key' failed") != NULL);
  host_close(&host);
}

MT_TEST(call__arns)
{
  struct host host;
  open_with(&host, PASS);
  check_error(&host, "DescribeExecution", "{\"executionArn\":\"nothing\"}", MSTEP_EINVALID,
              "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: nothing'");
  check_error(&host, "StopExecution",
              "{\"executionArn\":\"arn:aws:states:us-east-1:000000000000:express:m:e:u\"}",
              MSTEP_EINVALID, "InvalidArn",
              "Invalid Arn: 'Resource type not valid in this context: express'");
  check_error(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" EXECUTION "\"}",
              MSTEP_EINVALID, "InvalidArn",
              "Invalid Arn: 'Resource type not valid in this context: execution'");
  check_error(&host, "GetExecutionHistory", "{\"executionArn\":\"" EXECUTION "\"}", MSTEP_ENOTFOUND,
              "ExecutionDoesNotExist", "Execution Does Not Exist: '" EXECUTION "'");
  check_error(&host, "RedriveExecution", "{\"executionArn\":\"" EXECUTION "\"}", MSTEP_ENOTFOUND,
              "ExecutionDoesNotExist", "Execution Does Not Exist: '" EXECUTION "'");
  check_error(&host, "DescribeStateMachineForExecution", "{\"executionArn\":\"" EXECUTION "\"}",
              MSTEP_ENOTFOUND, "ExecutionDoesNotExist",
              "Execution Does Not Exist: '" EXECUTION "'");
  check_error(&host, "UpdateStateMachine",
              "{\"stateMachineArn\":\"" MACHINE "2\",\"roleArn\":\"r\"}", MSTEP_ENOTFOUND,
              "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE "2'");
  host_close(&host);
}

/* ---- operations ---- */

MT_TEST(call__updates_leave_running_executions_alone)
{
  struct host host;
  open_with(&host, WAIT);
  check_ok(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\"}",
           EXECUTION);
  const char *pass = "{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{\\\"Type\\\":"
                     "\\\"Pass\\\",\\\"End\\\":true}}}";
  check_ok(&host, "UpdateStateMachine",
           mt_format("{\"stateMachineArn\":\"" MACHINE "\",\"definition\":\"%s\"}", pass),
           "\"revisionId\":\"");
  check_ok(&host, "DescribeStateMachineForExecution", "{\"executionArn\":\"" EXECUTION "\"}",
           "Wait");
  check_ok(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "Pass");
  check_ok(&host, "DescribeStateMachine",
           "{\"stateMachineArn\":\"" MACHINE "\",\"includedData\":\"METADATA_ONLY\"}",
           "\"definition\":\"{}\"");
  mt_eq_int(mstep_state_machine_update(host.engine, MACHINE, host_str(WAIT), NULL, NULL), 0);
  check_ok(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", "Wait");
  mt_eq_int(mstep_state_machine_update(host.engine, MACHINE "x", host_str(WAIT), NULL, NULL),
            MSTEP_ENOTFOUND);
  mt_eq_int(mstep_state_machine_update(host.engine, MACHINE, host_str("{}"), NULL, NULL),
            MSTEP_EDEFINITION);
  check_error(&host, "UpdateStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}", MSTEP_EINVALID,
              "MissingRequiredParameter",
              "Either the definition, the role ARN, the LoggingConfiguration, or the "
              "TracingConfiguration must "
              "be specified");
  host_close(&host);
}

MT_TEST(call__create_is_idempotent_by_definition_and_configuration)
{
  struct host host;
  host_open(&host, NULL);
#define FORM                                                                                       \
  "{\"name\":\"m\",\"definition\":\"{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{"        \
  "\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":true}}}\"%s}"
  check_ok(&host, "CreateStateMachine", mt_format(FORM, ",\"roleArn\":\"arn:aws:iam::1:role/a\""),
           MACHINE);
  check_ok(&host, "CreateStateMachine", mt_format(FORM, ",\"roleArn\":\"arn:aws:iam::1:role/b\""),
           MACHINE);
  check_ok(&host, "CreateStateMachine",
           mt_format(FORM, ",\"tracingConfiguration\":{\"enabled\":false}"), MACHINE);
  check_ok(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}",
           "arn:aws:iam::1:role/a");
  check_error(&host, "CreateStateMachine",
              mt_format(FORM, ",\"tracingConfiguration\":{\"enabled\":true}"), MSTEP_EEXISTS,
              "StateMachineAlreadyExists", "State Machine Already Exists: '" MACHINE "'");
  check_error(&host, "CreateStateMachine",
              mt_format(FORM, ",\"loggingConfiguration\":{\"level\":\"ALL\"}"), MSTEP_EINVALID,
              "InvalidLoggingConfiguration",
              "Invalid Logging Configuration: Must specify exactly one Log Destination.");
  check_error(&host, "CreateStateMachine", "{\"name\":\"a b\",\"definition\":\"{}\"}",
              MSTEP_EINVALID, "InvalidName", "Invalid Name: 'a b'");
  check_error(
      &host, "CreateStateMachine",
      "{\"name\":\"b\",\"definition\":\"{\\\"StartAt\\\":\\\"P\\\"}\"}", MSTEP_EDEFINITION,
      "InvalidDefinition",
      "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: "
      "[States] at /'");
  host_close(&host);
}

MT_TEST(call__stop_and_start_again)
{
  struct host host;
  open_with(&host, WAIT);
  const char *start = "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\",\"input\":\"{}\"}";
  struct answer first = call_answer(&host, "StartExecution", start),
                again = call_answer(&host, "StartExecution", start);
  mt_eq_str(again.text, first.text);
  check_ok(&host, "StopExecution", "{\"executionArn\":\"" EXECUTION "\",\"error\":\"E\"}",
           "{\"stopDate\":");
  check_error(&host, "StartExecution", start, MSTEP_EEXISTS, "ExecutionAlreadyExists",
              "Execution Already Exists: '" EXECUTION "'");
  check_ok(&host, "DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}", "\"error\":\"E\"");
  check_error(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\",\"input\":\"\"}",
              MSTEP_ESYNTAX, "InvalidExecutionInput",
              "Invalid State Machine Execution Input: 'Invalid execution input.'");
  check_ok(&host, "RedriveExecution", "{\"executionArn\":\"" EXECUTION "\"}", "{\"redriveDate\":");
  check_error(&host, "RedriveExecution", "{\"executionArn\":\"" EXECUTION "\"}", MSTEP_ESTATE,
              "ExecutionNotRedrivable", "Execution is RUNNING and cannot be redriven");
  host_close(&host);
}

static void on_task(mstep_engine *engine, const char *token, const char *resource, mstep_str input,
                    void *user)
{
  (void)resource;
  (void)input;
  *(char **)user = mt_format("%s", token);
  mstep_engine_stop(engine);
}

MT_TEST(call__tasks)
{
  struct host host;
  char *token = NULL;
  open_with(&host, HOST_TASK);
  mt_eq_int(mstep_task_register(host.engine, HOST_ACTIVITY, on_task, &token), 0);
  check_ok(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\"}",
           EXECUTION);
  while (token == NULL)
    host_run(&host);
  check_ok(&host, "SendTaskHeartbeat", mt_format("{\"taskToken\":\"%s\"}", token), "{}");
  check_error(&host, "SendTaskSuccess", mt_format("{\"taskToken\":\"%s\",\"output\":\"{\"}", token),
              MSTEP_ESYNTAX, "InvalidOutput",
              "Invalid Output: 'line 1, column 2: the object does not end'");
  check_ok(&host, "SendTaskSuccess", mt_format("{\"taskToken\":\"%s\",\"output\":\"7\"}", token),
           "{}");
  check_error(&host, "SendTaskFailure", mt_format("{\"taskToken\":\"%s\"}", token), MSTEP_ENOTFOUND,
              "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
  check_error(&host, "SendTaskSuccess", "{\"taskToken\":\"made up\",\"output\":\"7\"}",
              MSTEP_EINVALID, "InvalidToken", "Invalid Token: 'Invalid token'");
  check_ok(&host, "DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}", "\"output\":\"7\"");
  host_close(&host);
}

MT_TEST(call__invoke)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(mstep_function_load(host.engine, "double",
                                host_str("return function(e) if not e.n then error('no n') end "
                                         "return {n = e.n * 2} end")),
            0);
  check_ok(&host, "Invoke", "{\"FunctionName\":\"double\",\"Payload\":{\"n\":21}}",
           "{\"StatusCode\":200,\"ExecutedVersion\":\"$LATEST\",\"Payload\":{\"n\":42},\"RequestId\":\"");
  check_ok(&host, "lambda:Invoke",
           "{\"FunctionName\":\"arn:aws:lambda:us-east-1:000000000000:function:double:$LATEST\"}",
           "\"FunctionError\":\"Unhandled\",\"Payload\":{\"errorMessage\":");
  check_error(&host, "Invoke", "{\"FunctionName\":\"nobody\"}", MSTEP_ENOTFOUND,
              "ResourceNotFoundException",
              "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody:$LATEST");
  host_close(&host);
}

MT_TEST(call__without_a_store)
{
  struct host host;
  open_with(&host, PASS);
  check_ok(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\"}",
           EXECUTION);
  host_run(&host);
  check_error(&host, "PurgeExecutions", "{}", MSTEP_EINVALID, "MissingRequiredParameter",
              "Either executionArns or stoppedBefore must be specified");
  check_ok(&host, "PurgeExecutions", "{\"executionArns\":[\"" EXECUTION "\"]}",
           "{\"purgedCount\":1}");
  check_error(&host, "PurgeExecutions", "{\"executionArns\":[\"" EXECUTION "\"]}", MSTEP_ENOTFOUND,
              "ExecutionDoesNotExist", "Execution Does Not Exist: '" EXECUTION "'");
  check_ok(&host, "PurgeExecutions", "{\"stoppedBefore\":1e9}", "{\"purgedCount\":0}");
  check_ok(&host, "Shrink", "{}", "{\"sizeBytes\":0}");
  check_error(&host, "Backup", "{\"path\":\"x\"}", MSTEP_EIO, "BackupFailed",
              "without a store there is nothing to copy");
  host_close(&host);
}

static char store_url[4200];

static void with_store(mstep_options *options)
{
  options->is_virtual_time = 0;
  options->store = store_url;
}

MT_TEST(call__with_a_store)
{
  struct host host;
  snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", mt_tmpdir());
  host_open(&host, with_store);
  host_machine(&host, "m", PASS);
  check_ok(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\"}",
           EXECUTION);
  host_run(&host);
  check_ok(&host, "Backup", mt_format("{\"path\":\"%s/copy.db\"}", mt_tmpdir()), "copy.db");
  host_close(&host);
  host_open(&host, with_store); /* everything is there again */
  check_ok(&host, "DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}", "SUCCEEDED");
  check_ok(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE "\"}",
           "\"status\":\"ACTIVE\"");
  check_ok(&host, "PurgeExecutions", "{\"stoppedBefore\":9e9}", "{\"purgedCount\":1}");
  struct answer answer = call_answer(&host, "Shrink", "{}");
  mt_ok(answer.status == 0 && strstr(answer.text, "{\"sizeBytes\":0}") == NULL);
  host_close(&host);
}

/* ---- other threads, closing, memory ---- */

#define CALLS 200

struct crowd {
  mstep_engine *engine;
  _Atomic int answered;
};

static void count_answer(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct crowd *crowd = user;
  (void)reply;
  mt_eq_int(status, 0);
  if (++crowd->answered == 2 * CALLS)
    mstep_engine_stop(engine);
}

static void *call_often(void *user)
{
  struct crowd *crowd = user;
  for (int i = 0; i < CALLS; i++)
    mt_eq_int(mstep_call(crowd->engine, "ListStateMachines", host_str("{}"), count_answer, crowd),
              0);
  return NULL;
}

static void real_time(mstep_options *options)
{
  options->is_virtual_time = 0;
}

MT_TEST(call__from_other_threads)
{
  struct host host;
  host_open(&host, real_time);
  struct crowd crowd = {host.engine, 0};
  pthread_t threads[2];
  for (int i = 0; i < 2; i++)
    mt_eq_int(pthread_create(&threads[i], NULL, call_often, &crowd), 0);
  while (crowd.answered < 2 * CALLS)
    host_run(&host);
  for (int i = 0; i < 2; i++)
    pthread_join(threads[i], NULL);
  host_close(&host);
}

MT_TEST(call__closing_before_the_answer)
{
  struct host host;
  struct answer answer = {0};
  mt_leak_begin();
  open_with(&host, PASS);
  for (int i = 0; i < 10; i++)
    mt_eq_int(mstep_call(host.engine, "StartExecution",
                         host_str("{\"stateMachineArn\":\"" MACHINE "\"}"), on_answer, &answer),
              0);
  host_close(&host);
  mt_leak_end();
  mt_eq_int(answer.count, 0);
}

static void say_nothing(int level, const char *module, mstep_str line, void *user)
{
  (void)level;
  (void)module;
  (void)line;
  (void)user;
}

static int calls_without_memory(void *user)
{
  static const char *const calls[][2] = {
      {"CreateStateMachine",
       "{\"name\":\"m\",\"definition\":\"{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{"
       "\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":true}}}\"}"},
      {"StartExecution", "{\"stateMachineArn\":\"" MACHINE "\",\"name\":\"e\"}"},
      {"UpdateStateMachine", "{\"stateMachineArn\":\"" MACHINE "\",\"roleArn\":\"r\"}"},
      {"DescribeExecution",
       "{\"executionArn\":\"" EXECUTION "\",\"includedData\":\"METADATA_ONLY\"}"},
      {"ListExecutions", "{\"stateMachineArn\":\"" MACHINE "\",\"maxResults\":2000}"},
      {"ValidateStateMachineDefinition", "{\"definition\":\"{}\"}"}};
  mstep_options options;
  mstep_engine *engine;
  struct answer answer = {0};
  (void)user;
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.is_virtual_time = 1;
  options.seed = 1;
  options.log = say_nothing;
  int err = mstep_engine_open(&engine, &options);
  if (err != 0)
    return err;
  for (size_t i = 0; i < sizeof calls / sizeof *calls && err == 0; i++) {
    err = mstep_call(engine, calls[i][0], host_str(calls[i][1]), on_answer, &answer);
    answer.count = 0;
    for (int rounds = 0; err == 0 && answer.count == 0 && rounds < 10; rounds++)
      err = mstep_engine_run(engine);
    if (err == 0)
      err = answer.status == MSTEP_ENOMEM ? MSTEP_ENOMEM : 0;
    if (err == 0 && answer.count == 0)
      err = MSTEP_EINTERNAL; /* a call that is never answered */
  }
  mstep_engine_close(engine);
  return err;
}

MT_TEST(call__out_of_memory)
{
  mt_note("%zu allocations", mt_oom(calls_without_memory, NULL));
}

/* ---- functions ---- */

#define FUNCTION "arn:aws:lambda:us-east-1:000000000000:function:"

static void functions_are_made(struct host *host)
{
  check_ok(host, "CreateFunction",
           "{\"FunctionName\":\"f\",\"Timeout\":5,\"Environment\":{\"Variables\":{\"A\":\"b\"}},"
           "\"Code\":{\"Source\":\"return function(e) return {v = 1} end\"}}",
           "\"FunctionArn\":\"" FUNCTION "f\"");
  check_error(host, "CreateFunction", "{\"FunctionName\":\"f\",\"Code\":{\"Source\":\"return 1\"}}",
              MSTEP_EEXISTS, "ResourceConflictException", "Function already exist: f");
  check_ok(host, "PublishVersion", "{\"FunctionName\":\"f\"}", "\"Version\":\"1\"");
  check_ok(host, "PublishVersion", "{\"FunctionName\":\"f\"}", "\"Version\":\"1\"");
  check_ok(host, "CreateAlias",
           "{\"FunctionName\":\"f\",\"Name\":\"live\",\"FunctionVersion\":\"1\"}",
           "\"AliasArn\":\"" FUNCTION "f:live\"");
  check_ok(host, "UpdateFunctionCode",
           "{\"FunctionName\":\"f\",\"Source\":\"return function(e) return {v = 2} end\"}",
           "\"Version\":\"$LATEST\"");
}

MT_TEST(call__functions)
{
  struct host host;
  host_open(&host, NULL);
  functions_are_made(&host);
  check_ok(&host, "Invoke", "{\"FunctionName\":\"f\"}",
           "\"ExecutedVersion\":\"$LATEST\",\"Payload\":{\"v\":2}");
  check_ok(&host, "Invoke", "{\"FunctionName\":\"f:live\",\"LogType\":\"Tail\"}",
           "\"ExecutedVersion\":\"1\",\"LogResult\":\"");
  check_ok(&host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"DryRun\"}",
           "{\"StatusCode\":204}");
  check_ok(&host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\",\"Payload\":1}",
           "{\"StatusCode\":202,\"RequestId\":\"");
  check_ok(&host, "UpdateFunctionConfiguration", "{\"FunctionName\":\"f\",\"Timeout\":9}",
           "\"Timeout\":9");
  check_ok(&host, "GetFunctionConfiguration", "{\"FunctionName\":\"f\",\"Qualifier\":\"1\"}",
           "\"Timeout\":5");
  check_ok(&host, "GetFunction", "{\"FunctionName\":\"f\"}", "{\"Configuration\":{");
  check_ok(&host, "ListFunctions", "{}", "\"FunctionName\":\"f\"");
  check_ok(&host, "ListVersionsByFunction", "{\"FunctionName\":\"f\"}", FUNCTION "f:1\"");
  check_ok(&host, "UpdateAlias", "{\"FunctionName\":\"f\",\"Name\":\"live\",\"Description\":\"d\"}",
           "\"Description\":\"d\"");
  check_ok(&host, "GetAlias", "{\"FunctionName\":\"f\",\"Name\":\"live\"}",
           "\"FunctionVersion\":\"1\"");
  check_ok(&host, "ListAliases", "{\"FunctionName\":\"f\"}", "\"Name\":\"live\"");
  check_ok(&host, "DeleteAlias", "{\"FunctionName\":\"f\",\"Name\":\"live\"}", "{}");
  check_error(&host, "GetAlias", "{\"FunctionName\":\"f\",\"Name\":\"live\"}", MSTEP_ENOTFOUND,
              "ResourceNotFoundException", "Cannot find alias arn: " FUNCTION "f:live");
  check_ok(&host, "DeleteFunction", "{\"FunctionName\":\"f\"}", "{}");
  check_error(&host, "GetFunction", "{\"FunctionName\":\"f\"}", MSTEP_ENOTFOUND,
              "ResourceNotFoundException", "Function not found: " FUNCTION "f:$LATEST");
  host_close(&host);
}

MT_TEST(call__concurrency)
{
  struct host host;
  host_open(&host, NULL);
  functions_are_made(&host);
  check_error(&host, "PutFunctionConcurrency",
              "{\"FunctionName\":\"nobody\",\"ReservedConcurrentExecutions\":1}", MSTEP_ENOTFOUND,
              "ResourceNotFoundException", "Function not found: " FUNCTION "nobody:$LATEST");
  check_ok(&host, "PutFunctionConcurrency",
           "{\"FunctionName\":\"f\",\"ReservedConcurrentExecutions\":0}",
           "{\"ReservedConcurrentExecutions\":0}");
  check_error(&host, "Invoke", "{\"FunctionName\":\"f\"}", MSTEP_ESTATE, "TooManyRequestsException",
              "Rate Exceeded.\",\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded");
  check_ok(&host, "GetFunctionConcurrency", "{\"FunctionName\":\"f\"}",
           "{\"ReservedConcurrentExecutions\":0}");
  check_ok(&host, "DeleteFunctionConcurrency", "{\"FunctionName\":\"f\"}", "{}");
  check_ok(&host, "GetFunctionConcurrency", "{\"FunctionName\":\"f\"}", "{}");
  check_ok(&host, "Invoke", "{\"FunctionName\":\"f\"}", "\"StatusCode\":200");
  host_close(&host);
}

#define NO_CONFIG(qualified)                                                                       \
  MSTEP_ENOTFOUND, "ResourceNotFoundException",                                                    \
      "The function " FUNCTION qualified " doesn't have an EventInvokeConfig"
#define EMPTY "\"DestinationConfig\":{\"OnSuccess\":{},\"OnFailure\":{}}"

MT_TEST(call__event_invoke_configs)
{
  struct host host;
  host_open(&host, NULL);
  functions_are_made(&host);
  check_error(&host, "PutFunctionEventInvokeConfig", "{\"FunctionName\":\"nobody\"}",
              MSTEP_EUNSUPPORTED, "InvalidParameterValueException",
              "You must specify at least one of error handling or destination setting.");
  check_error(&host, "PutFunctionEventInvokeConfig",
              "{\"FunctionName\":\"nobody\",\"MaximumRetryAttempts\":1}", MSTEP_ENOTFOUND,
              "ResourceNotFoundException", "The function doesn't exist.");
  check_error(
      &host, "PutFunctionEventInvokeConfig",
      "{\"FunctionName\":\"f\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":\"" FUNCTION
      "f\"}}}",
      MSTEP_EUNSUPPORTED, "InvalidParameterValueException",
      "You can't specify the function as a destination for itself.");
  check_error(
      &host, "PutFunctionEventInvokeConfig",
      "{\"FunctionName\":\"f\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":\"" FUNCTION
      "nobody\"}}}",
      MSTEP_EUNSUPPORTED, "InvalidParameterValueException",
      "The destination ARN " FUNCTION "nobody is invalid.");
  check_error(&host, "PutFunctionEventInvokeConfig",
              "{\"FunctionName\":\"f\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":"
              "\"arn:aws:iam:us-east-1:000000000000:function:f\"}}}",
              MSTEP_EUNSUPPORTED, "InvalidParameterValueException",
              "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination="
              "arn:aws:iam:us-east-1:000000000000:function:f), onFailure=null) is invalid.");
  check_error(
      &host, "PutFunctionEventInvokeConfig",
      "{\"FunctionName\":\"f:1\",\"Qualifier\":\"live\",\"MaximumRetryAttempts\":1}",
      MSTEP_EUNSUPPORTED, "InvalidParameterValueException",
      "The derived qualifier from the function name does not match the specified qualifier.");
  check_error(&host, "GetFunctionEventInvokeConfig", "{\"FunctionName\":\"f\"}",
              NO_CONFIG("f:$LATEST"));
  check_ok(&host, "PutFunctionEventInvokeConfig",
           "{\"FunctionName\":\"f\",\"MaximumRetryAttempts\":0}",
           "\"FunctionArn\":\"" FUNCTION "f:$LATEST\",\"MaximumRetryAttempts\":0," EMPTY);
  check_ok(&host, "PutFunctionEventInvokeConfig",
           "{\"FunctionName\":\"f\",\"MaximumEventAgeInSeconds\":60}",
           "f:$LATEST\",\"MaximumEventAgeInSeconds\":60," EMPTY);
  check_ok(&host, "UpdateFunctionEventInvokeConfig",
           "{\"FunctionName\":\"f\",\"MaximumRetryAttempts\":1}",
           "\"MaximumRetryAttempts\":1,\"MaximumEventAgeInSeconds\":60," EMPTY);
  check_ok(&host, "PutFunctionEventInvokeConfig",
           "{\"FunctionName\":\"f:live\",\"DestinationConfig\":{\"OnFailure\":{\"Destination\":"
           "\"https://example.com/x\",\"SigningSecret\":\"s3cret\"}}}",
           "f:live\",\"DestinationConfig\":{\"OnSuccess\":{},\"OnFailure\":{\"Destination\":"
           "\"https://example.com/x\"}}}");
  check_error(&host, "UpdateFunctionEventInvokeConfig",
              "{\"FunctionName\":\"f:1\",\"MaximumRetryAttempts\":1}", NO_CONFIG("f:1"));
  check_ok(&host, "ListFunctionEventInvokeConfigs", "{\"FunctionName\":\"f\",\"MaxItems\":1}",
           "}],\"NextMarker\":\"1\"}");
  check_ok(&host, "ListFunctionEventInvokeConfigs", "{\"FunctionName\":\"f\",\"Marker\":\"1\"}",
           "{\"FunctionEventInvokeConfigs\":[{");
  check_ok(&host, "DeleteFunctionEventInvokeConfig", "{\"FunctionName\":\"f\"}", "{}");
  check_error(&host, "DeleteFunctionEventInvokeConfig", "{\"FunctionName\":\"f\"}",
              NO_CONFIG("f:$LATEST"));
  host_close(&host);
}

MT_TEST(call__undelivered)
{
  struct host host;
  host_open(&host, NULL);
  functions_are_made(&host);
  check_ok(&host, "PutFunctionEventInvokeConfig",
           "{\"FunctionName\":\"f\",\"DestinationConfig\":{\"OnSuccess\":{\"Destination\":"
           "\"hook:nobody\"}}}",
           "hook:nobody");
  check_ok(&host, "Invoke", "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\"}", "202");
  host_run(&host);
  check_ok(&host, "ListUndelivered", "{}",
           "{\"undelivered\":[{\"Id\":\"1\",\"Target\":\"hook:nobody\"");
  check_ok(&host, "ReplayUndelivered", "{\"ids\":[\"7\",\"x\"]}",
           "{\"replayedCount\":0,\"unknownIds\":[\"7\",\"x\"]}");
  check_ok(&host, "ReplayUndelivered", "{}", "{\"replayedCount\":1}");
  host_run(&host);
  check_ok(&host, "ListUndelivered", "{}", "\"Id\":\"1\"");
  host_close(&host);
}
