/* TestState: what is refused, what a mock answers, and a task that is really called. */

#include "calls.h"
#include "mt.h"

#define FUNCTION "arn:aws:lambda:us-east-1:000000000000:function:f"
#define ROLE "\"roleArn\":\"arn:aws:iam::000000000000:role/r\""
#define TASK                                                                                       \
  "\"definition\":\"{\\\"Type\\\":\\\"Task\\\",\\\"Resource\\\":\\\"" FUNCTION                      \
  "\\\",\\\"ResultPath\\\":\\\"$.r\\\",\\\"Retry\\\":[{\\\"ErrorEquals\\\":[\\\"Busy\\\"]}],\\\"Next\\\":\\\"N\\\"}\""
#define PASS "\"definition\":\"{\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":true}\""
#define MACHINE                                                                                    \
  "\"definition\":\"{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{\\\"Type\\\":\\\"Parallel\\\",\\\"Branches\\\":" \
  "[{\\\"StartAt\\\":\\\"B\\\",\\\"States\\\":{\\\"B\\\":{\\\"Type\\\":\\\"Wait\\\",\\\"Seconds\\\":9,\\\"End\\\":true}}}],"  \
  "\\\"End\\\":true}}}\""

static void try_one(struct host *host, const char *request, const char *expected)
{
  call_is(host, "TestState", request, expected);
}

MT_TEST(test_state__calls_the_task)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(mstep_function_load(host.engine, "f",
                                host_str("return function(event) if event.bad then error('no') end "
                                         "return {got = event.a} end")),
            0);
  try_one(&host, "{" TASK "," ROLE ",\"input\":\"{\\\"a\\\":1}\",\"inspectionLevel\":\"DEBUG\"}",
          "{\"status\":\"SUCCEEDED\",\"output\":\"{\\\"a\\\":1,\\\"r\\\":{\\\"got\\\":1}}\",\"nextState\":\"N\","
          "\"inspectionData\":{\"input\":\"{\\\"a\\\":1}\",\"afterInputPath\":\"{\\\"a\\\":1}\","
          "\"afterParameters\":\"{\\\"a\\\":1}\",\"result\":\"{\\\"got\\\":1}\","
          "\"afterResultSelector\":\"{\\\"got\\\":1}\",\"afterResultPath\":\"{\\\"a\\\":1,\\\"r\\\":{\\\"got\\\":1}}\"}}");
  /* Nothing of it stays. */
  call_is(&host, "ListStateMachines", "{}", "{\"stateMachines\":[]}");
  host_close(&host);
}

MT_TEST(test_state__says_that_a_failure_would_be_retried)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(mstep_function_load(host.engine, "f",
                                host_str("return function() error({Error = 'Busy', Cause = 'later'}) end")),
            0);
  try_one(&host, "{" TASK "," ROLE ",\"inspectionLevel\":\"INFO\"}",
          "{\"status\":\"RETRIABLE\",\"error\":\"Busy\",\"cause\":\"later\"}");
  host_close(&host);
}

MT_TEST(test_state__answers_from_a_mock)
{
  struct host host;
  host_open(&host, NULL);
  try_one(&host, "{" TASK ",\"mock\":{\"result\":\"[1.0]\"},\"input\":\"{}\"}",
          "{\"status\":\"SUCCEEDED\",\"output\":\"{\\\"r\\\":[1.0]}\",\"nextState\":\"N\"}");
  try_one(&host,
          "{" TASK ",\"mock\":{\"errorOutput\":{\"error\":\"Busy\"}},\"stateConfiguration\":"
          "{\"retrierRetryCount\":2},\"inspectionLevel\":\"DEBUG\"}",
          "{\"status\":\"RETRIABLE\",\"error\":\"Busy\",\"inspectionData\":{\"input\":\"{}\",\"afterInputPath\":\"{}\","
          "\"afterParameters\":\"{}\",\"errorDetails\":{\"retryIndex\":0,\"retryBackoffIntervalSeconds\":4}}}");
  try_one(&host, "{" MACHINE ",\"stateName\":\"B\"}", "{\"status\":\"SUCCEEDED\",\"output\":\"{}\"}");
  try_one(&host, "{" MACHINE ",\"stateName\":\"P\",\"mock\":{\"result\":\"[7]\"}}",
          "{\"status\":\"SUCCEEDED\",\"output\":\"[7]\"}");
  host_close(&host);
}

MT_TEST(test_state__refuses)
{
  struct host host;
  host_open(&host, NULL);
  try_one(&host, "{" TASK "}",
          "{\"__type\":\"ValidationException\",\"message\":\"RoleArn must be specified when testing a Task state\"}");
  try_one(&host, "{" PASS ",\"input\":\"{\"}",
          "{\"__type\":\"InvalidExecutionInput\",\"message\":\"Invalid State Machine Execution Input: 'line 1, column "
          "2: the object does not end'\"}");
  try_one(&host, "{" PASS ",\"variables\":\"[]\"}",
          "{\"__type\":\"ValidationException\",\"message\":\"Variables must be a valid JSON object\"}");
  try_one(&host, "{" PASS ",\"context\":\"{}\"}",
          "{\"__type\":\"ValidationException\",\"message\":\"TestState does not support a Context object when a "
          "mock is not specified.\"}");
  try_one(&host, "{" MACHINE ",\"stateName\":\"X\"}",
          "{\"__type\":\"ValidationException\",\"message\":\"State not found in definition\"}");
  try_one(&host, "{" TASK ",\"mock\":{}}",
          "{\"__type\":\"ValidationException\",\"message\":\"A test mock should have one of the following fields: "
          "[result, errorOutput].\"}");
  host_close(&host);
}
