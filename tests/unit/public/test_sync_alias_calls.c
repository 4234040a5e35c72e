/* StartSyncExecution and aliases of machines, through mstep_call. */
#include <string.h>

#include "calls.h"
#include "mt.h"

#define STATES "arn:aws:states:us-east-1:000000000000:"
#define MACHINE(name) STATES "stateMachine:" name
#define PASS(n)                                                                                    \
  "{\\\"StartAt\\\":\\\"P\\\",\\\"States\\\":{\\\"P\\\":{\\\"Type\\\":\\\"Pass\\\",\\\"Result\\\":" n \
  ",\\\"End\\\":true}}}"
#define WAIT(n)                                                                                    \
  "{\\\"StartAt\\\":\\\"W\\\",\\\"States\\\":{\\\"W\\\":{\\\"Type\\\":\\\"Wait\\\",\\\"Seconds\\\":" n \
  ",\\\"End\\\":true}}}"

static size_t count_of(const char *text, const char *part)
{
  size_t count = 0;
  while ((text = strstr(text, part)) != NULL) {
    count++;
    text++;
  }
  return count;
}

static void machine(struct host *host, const char *name, const char *type, const char *definition)
{
  text_has(call(host, "CreateStateMachine",
                mt_format("{\"name\":\"%s\",\"type\":\"%s\",\"definition\":\"%s\"}", name, type,
                          definition)),
           "stateMachineArn");
}

/* ---- StartSyncExecution ---- */

static void sync_answers(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  machine(&host, "x", "EXPRESS", PASS("{\\\"a\\\":1}"));
  char *text = call(&host, "StartSyncExecution",
                    "{\"stateMachineArn\":\"" MACHINE("x") "\",\"name\":\"n\",\"input\":\"{ }\","
                    "\"traceHeader\":\"Root=1\"}");
  text_has(text, "{\"executionArn\":\"" STATES "express:x:n:");
  text_has(text,
           "\"stateMachineArn\":\"" MACHINE(
               "x") "\",\"name\":\"n\",\"startDate\":1704067200.0,\"stopDate\":"
                    "1704067200.0,\"status\":\"SUCCEEDED\",\"input\":\"{ "
                    "}\",\"output\":\"{\\\"a\\\":1}\","
                    "\"inputDetails\":{\"included\":true},\"outputDetails\":{\"included\":true},"
                    "\"traceHeader\":\"Root=1\",\"billingDetails\":{\"billedMemoryUsedInMB\":64,"
                    "\"billedDurationInMilliseconds\":100}}");
  machine(&host, "w", "EXPRESS", WAIT("2"));
  text = call(&host, "StartSyncExecution", "{\"stateMachineArn\":\"" MACHINE("w") "\"}");
  text_has(text, "\"billedDurationInMilliseconds\":2000}");
  text_has(text, "\"input\":\"{}\"");
  text = call(&host, "StartSyncExecution",
              "{\"stateMachineArn\":\"" MACHINE("w") "\",\"includedData\":\"METADATA_ONLY\"}");
  mt_ok(strstr(text, "\"input\":") == NULL && strstr(text, "\"output\":") == NULL);
  host_close(&host);
}

MT_TEST(sync__answers_with_the_end)
{
  sync_answers(false);
}

MT_TEST(sync__answers_with_the_end_in_a_store)
{
  sync_answers(true);
}

MT_TEST(sync__a_failure_is_an_answer)
{
  struct host host;
  open_in(&host, false);
  machine(&host, "f", "EXPRESS",
          "{\\\"StartAt\\\":\\\"F\\\",\\\"States\\\":{\\\"F\\\":{\\\"Type\\\":\\\"Fail\\\",\\\"Error\\\":"
          "\\\"E\\\",\\\"Cause\\\":\\\"c\\\"}}}");
  char *text = call(&host, "StartSyncExecution", "{\"stateMachineArn\":\"" MACHINE("f") "\"}");
  text_has(text, "\"status\":\"FAILED\",\"error\":\"E\",\"cause\":\"c\"");
  mt_ok(strstr(text, "\"output\":") == NULL);
  host_close(&host);
}

MT_TEST(sync__five_minutes)
{
  struct host host;
  open_in(&host, false);
  machine(&host, "w", "EXPRESS", WAIT("301"));
  char *text = call(&host, "StartSyncExecution", "{\"stateMachineArn\":\"" MACHINE("w") "\"}");
  text_has(text, "\"status\":\"TIMED_OUT\"");
  text_has(text, "\"stopDate\":1704067500.0");
  host_close(&host);
}

MT_TEST(sync__refused)
{
  struct host host;
  open_in(&host, false);
  machine(&host, "s", "STANDARD", PASS("1"));
  machine(&host, "x", "EXPRESS", PASS("1"));
  text_has(call(&host, "StartSyncExecution", "{\"stateMachineArn\":\"" MACHINE("s") "\"}"),
           "{\"__type\":\"StateMachineTypeNotSupported\"");
  text_has(call(&host, "StartSyncExecution", "{\"stateMachineArn\":\"" MACHINE("none") "\"}"),
           "{\"__type\":\"StateMachineDoesNotExist\"");
  text_has(call(&host, "StartSyncExecution",
                "{\"stateMachineArn\":\"" MACHINE("x") "\",\"input\":\"not\"}"),
           "{\"__type\":\"InvalidExecutionInput\"");
  text_has(call(&host, "StartSyncExecution",
                "{\"stateMachineArn\":\"" MACHINE("x") "\",\"name\":\"a b\"}"),
           "{\"__type\":\"InvalidName\"");
  host_close(&host);
}

/* What was under way when the process ended is gone: it happens at most once. */
MT_TEST(sync__is_not_begun_again)
{
  struct host host;
  open_in(&host, true);
  machine(&host, "w", "EXPRESS", WAIT("60"));
  struct answer answer = {0};
  mt_eq_int(mstep_call(host.engine, "StartSyncExecution",
                       host_str("{\"stateMachineArn\":\"" MACHINE("w") "\"}"), on_answer, &answer),
            0);
  host_rounds(&host, 10);
  mt_eq_int(answer.count, 0);
  again(&host);
  text_has(call(&host, "ListExecutions", "{}"), "{\"executions\":[]}");
  mt_eq_int(answer.count, 0);
  host_close(&host);
}

/* ---- aliases ---- */

static void two_versions(struct host *host)
{
  machine(host, "m", "STANDARD", PASS("1"));
  text_has(call(host, "PublishStateMachineVersion", "{\"stateMachineArn\":\"" MACHINE("m") "\"}"),
           "m:1\"");
  text_has(call(host, "UpdateStateMachine",
                "{\"stateMachineArn\":\"" MACHINE("m") "\",\"publish\":true,\"definition\":\"" PASS(
                    "2") "\"}"),
           "m:2\"");
}

MT_TEST(version__a_thousand_and_no_more)
{
  struct host host;
  open_in(&host, false);
  machine(&host, "m", "STANDARD", PASS("0"));
  for (int i = 1; i <= 1001; i++) {
    call(&host, "UpdateStateMachine",
         mt_format("{\"stateMachineArn\":\"" MACHINE("m") "\",\"definition\":\"" PASS("%d") "\"}", i));
    const char *text =
        call(&host, "PublishStateMachineVersion", "{\"stateMachineArn\":\"" MACHINE("m") "\"}");
    text_has(text, i <= 1000 ? mt_format("m:%d\"", i) : "ServiceQuotaExceededException");
  }
  /* An update that asks for one changes nothing; one that does not, does. */
  const char *before = call(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE("m") "\"}");
  text_has(call(&host, "UpdateStateMachine",
                "{\"stateMachineArn\":\"" MACHINE("m") "\",\"publish\":true,\"definition\":\"" PASS("-1") "\"}"),
           "ServiceQuotaExceededException");
  call_is(&host, "DescribeStateMachine", "{\"stateMachineArn\":\"" MACHINE("m") "\"}", before);
  text_has(call(&host, "UpdateStateMachine",
                "{\"stateMachineArn\":\"" MACHINE("m") "\",\"definition\":\"" PASS("-1") "\"}"),
           "updateDate");
  text_has(call(&host, "UpdateStateMachine",
                "{\"stateMachineArn\":\"" MACHINE("m") "\",\"publish\":true,\"definition\":\"" PASS("-1") "\"}"),
           "ServiceQuotaExceededException");
  /* Of a revision that has one there is nothing new to make; one that is deleted makes room. */
  call(&host, "DeleteStateMachineVersion", "{\"stateMachineVersionArn\":\"" MACHINE("m:7") "\"}");
  text_has(call(&host, "PublishStateMachineVersion", "{\"stateMachineArn\":\"" MACHINE("m") "\"}"),
           "m:1001\"");
  host_close(&host);
}

#define ROUTES(a, b)                                                                               \
  "\"routingConfiguration\":[{\"stateMachineVersionArn\":\"" MACHINE("m:1") "\",\"weight\":" a       \
  "},{\"stateMachineVersionArn\":\"" MACHINE("m:2") "\",\"weight\":" b "}]"

static void alias_lives(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  two_versions(&host);
  mt_eq_str(call(&host, "CreateStateMachineAlias", "{\"name\":\"live\",\"description\":\"d\"," ROUTES("100", "0") "}"),
            "{\"stateMachineAliasArn\":\"" MACHINE("m:live") "\",\"creationDate\":1704067200.0}");
  again(&host);
  char *text = call(&host, "DescribeStateMachineAlias", "{\"stateMachineAliasArn\":\"" MACHINE("m:live") "\"}");
  text_has(text, "\"name\":\"live\",\"description\":\"d\"," ROUTES("100", "0"));
  text_has(text, "\"stateMachineAliasArn\":\"" MACHINE("m:live") "\"");
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE("m:live") "\",\"name\":\"e\"}");
  host_run(&host);
  again(&host);
  text = call(&host, "DescribeExecution", "{\"executionArn\":\"" STATES "execution:m:e\"}");
  text_has(text, "\"stateMachineArn\":\"" MACHINE("m") "\",\"stateMachineVersionArn\":\"" MACHINE(
                     "m:1") "\",\"stateMachineAliasArn\":\"" MACHINE("m:live") "\"");
  text_has(text, "\"output\":\"1\"");
  text = call(&host, "GetExecutionHistory", "{\"executionArn\":\"" STATES "execution:m:e\"}");
  text_has(text, "\"stateMachineAliasArn\":\"" MACHINE(
                     "m:live") "\",\"stateMachineVersionArn\":\"" MACHINE("m:1") "\"");
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE("m") "\",\"name\":\"plain\"}");
  call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE("m:1") "\",\"name\":\"one\"}");
  host_run(&host);
  const char *const arns[] = {MACHINE("m"), MACHINE("m:1"), MACHINE("m:2"), MACHINE("m:live")};
  const size_t counts[] = {3, 2, 0, 1};
  for (int i = 0; i < 4; i++)
    mt_eq_int(count_of(call(&host, "ListExecutions", mt_format("{\"stateMachineArn\":\"%s\"}", arns[i])),
                       "\"executionArn\""),
              counts[i]);
  text_has(call(&host, "ListStateMachineAliases", "{\"stateMachineArn\":\"" MACHINE("m:2") "\"}"),
           "m:live");
  mt_eq_str(call(&host, "DeleteStateMachineAlias", "{\"stateMachineAliasArn\":\"" MACHINE("m:live") "\"}"), "{}");
  text_has(call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE("m:live") "\"}"),
           "{\"__type\":\"StateMachineDoesNotExist\"");
  host_close(&host);
}

MT_TEST(alias__lives)
{
  alias_lives(false);
}

MT_TEST(alias__lives_in_a_store)
{
  alias_lives(true);
}

MT_TEST(alias__weights)
{
  struct host host;
  open_in(&host, false);
  two_versions(&host);
  call(&host, "CreateStateMachineAlias", "{\"name\":\"half\"," ROUTES("30", "70") "}");
  for (int i = 0; i < 200; i++)
    call(&host, "StartExecution", "{\"stateMachineArn\":\"" MACHINE("m:half") "\"}");
  host_run(&host);
  char *text = call(&host, "ListExecutions", "{\"stateMachineArn\":\"" MACHINE("m:1") "\",\"maxResults\":1000}");
  size_t ones = count_of(text, "\"executionArn\"");
  mt_ok(ones > 40 && ones < 80); /* of 200, with 30 of 100 and this seed */
  mt_eq_int(count_of(call(&host, "ListExecutions",
                          "{\"stateMachineArn\":\"" MACHINE("m:half") "\",\"maxResults\":1000}"),
                     "\"executionArn\""),
            200);
  host_close(&host);
}

MT_TEST(alias__keeps_its_version)
{
  struct host host;
  open_in(&host, false);
  two_versions(&host);
  call(&host, "CreateStateMachineAlias", "{\"name\":\"live\"," ROUTES("50", "50") "}");
  text_has(call(&host, "DeleteStateMachineVersion",
                "{\"stateMachineVersionArn\":\"" MACHINE("m:1") "\"}"),
           "{\"__type\":\"ConflictException\",\"message\":\"Version to be deleted must not be "
           "referenced by an alias. "
           "Current list of aliases referencing this version: [live]\"}");
  call(&host, "UpdateStateMachineAlias",
       "{\"stateMachineAliasArn\":\"" MACHINE("m:live") "\",\"routingConfiguration\":[{\"stateMachineVersionArn\":\""
       MACHINE("m:2") "\",\"weight\":100}]}");
  mt_eq_str(call(&host, "DeleteStateMachineVersion", "{\"stateMachineVersionArn\":\"" MACHINE("m:1") "\"}"), "{}");
  call(&host, "DeleteStateMachine", "{\"stateMachineArn\":\"" MACHINE("m") "\"}");
  text_has(call(&host, "DescribeStateMachineAlias",
                "{\"stateMachineAliasArn\":\"" MACHINE("m:live") "\"}"),
           "{\"__type\":\"ResourceNotFound\"");
  host_close(&host);
}

MT_TEST(alias__refused)
{
  struct host host;
  open_in(&host, false);
  two_versions(&host);
  machine(&host, "other", "STANDARD", PASS("1"));
  call(&host, "PublishStateMachineVersion", "{\"stateMachineArn\":\"" MACHINE("other") "\"}");
  text_has(call(&host, "CreateStateMachineAlias", "{\"name\":\"7\"," ROUTES("50", "50") "}"),
           "regular expression");
  text_has(call(&host, "CreateStateMachineAlias", "{\"name\":\"a\"," ROUTES("50", "49") "}"),
           "Sum of routing configuration weights must equal 100. Received: [50, 49]");
  text_has(call(&host, "CreateStateMachineAlias",
                "{\"name\":\"a\",\"routingConfiguration\":[{\"stateMachineVersionArn\":\"" MACHINE(
                    "m:9") "\",\"weight\":100}]}"),
           "{\"__type\":\"ResourceNotFound\"");
  text_has(
      call(
          &host, "CreateStateMachineAlias",
          "{\"name\":\"a\",\"routingConfiguration\":[{\"stateMachineVersionArn\":\"" MACHINE(
              "m:1") "\",\"weight\":50},{\"stateMachineVersionArn\":\"" MACHINE("other:1") "\","
                                                                                           "\"weigh"
                                                                                           "t\":50}"
                                                                                           "]}"),
      "versions of one state machine");
  text_has(call(&host, "ListStateMachineAliases", "{\"stateMachineArn\":\"" MACHINE("none") "\"}"),
           "{\"__type\":\"StateMachineDoesNotExist\"");
  host_close(&host);
}
