/*
 * Map runs from outside: items from a file, batches, results in a folder; described, listed and updated while
 * they run, after they have ended, and after the engine was closed and opened again.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "calls.h"
#include "mt.h"

#define ARN "arn:aws:states:us-east-1:000000000000:"
#define EXECUTION ARN "execution:m:e"
#define MACHINE                                                                                    \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",\"MaxConcurrency\":1,"   \
  "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"InputType\":\"JSON\"}," \
  "\"Parameters\":{\"Bucket\":\"b\",\"Key\":\"items.json\"}},\"ItemBatcher\":{\"MaxItemsPerBatch\":2},"        \
  "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},"          \
  "\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":100,\"End\":true}}},"                     \
  "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"out\"},"       \
  "\"WriterConfig\":{\"Transformation\":\"COMPACT\"}},\"End\":true}}}"

static char store_url[512], functions[512], root[400];

static void tune(mstep_options *options)
{
  options->store = store_url[0] == '\0' ? NULL : store_url;
  options->functions_dir = functions;
}

static void open_with(struct host *host, bool has_store)
{
  snprintf(root, sizeof root, "%s", mt_tmpdir());
  snprintf(functions, sizeof functions, "%s/functions", root);
  snprintf(store_url, sizeof store_url, has_store ? "sqlite:%s/s.db" : "", root);
  mkdir(functions, 0777);
  mkdir(mt_format("%s/buckets", root), 0777);
  mkdir(mt_format("%s/buckets/b", root), 0777);
  FILE *file = fopen(mt_format("%s/buckets/b/items.json", root), "w");
  mt_ok(file != NULL && fputs("[1,2,3]", file) >= 0 && fclose(file) == 0);
  host_open(host, tune);
}

/* The ARN of the only map run. */
static char *list(struct host *host)
{
  char *text = call(host, "ListMapRuns", "{\"executionArn\":\"" EXECUTION "\"}");
  char *at = strstr(text, ARN "mapRun:m/L:");
  text_has(text, "\"stateMachineArn\":\"" ARN "stateMachine:m/L\"");
  mt_ok(at != NULL);
  return mt_format("%.*s", (int)strcspn(at, "\""), at);
}

static void run_through(bool has_store)
{
  struct host host;
  open_with(&host, has_store);
  host_machine(&host, "m", MACHINE);
  text_has(call(&host, "StartExecution",
                "{\"stateMachineArn\":\"" ARN "stateMachine:m\",\"name\":\"e\"}"),
           "\"executionArn\"");
  char *arn = list(&host), *asked = mt_format("{\"mapRunArn\":\"%s\"}", arn);
  text_has(call(&host, "UpdateMapRun", asked), "Nothing to update");
  text_has(call(&host, "UpdateMapRun",
                mt_format("{\"mapRunArn\":\"%s\",\"toleratedFailurePercentage\":101}", arn)),
           "must be between 0 and 100");
  mt_eq_str(call(&host, "UpdateMapRun",
                 mt_format("{\"mapRunArn\":\"%s\",\"maxConcurrency\":2,\"toleratedFailureCount\":1}", arn)),
            "{}");
  if (has_store) {
    host_close(&host);
    host_open(&host, tune);
  }
  char *text = call(&host, "DescribeMapRun", asked);
  text_has(text, "\"status\":\"RUNNING\"");
  text_has(text, "\"maxConcurrency\":2,\"toleratedFailureCount\":1");
  text_has(text, "\"total\":3");
  for (int i = 0; i < 100 && strstr(text, "\"RUNNING\"") != NULL; i++) {
    host_run(&host);
    text = call(&host, "DescribeMapRun", asked);
  }
  text_has(text, "\"status\":\"SUCCEEDED\"");
  text_has(text, "\"stopDate\":");
  text_has(text, "\"itemCounts\":{\"pending\":0,\"running\":0,\"succeeded\":3,\"failed\":0");
  text_has(text, "\"executionCounts\":{\"pending\":0,\"running\":0,\"succeeded\":2,\"failed\":0");
  text_has(text, "\"total\":3,\"resultsWritten\":3");
  text_has(
      call(&host, "UpdateMapRun", mt_format("{\"mapRunArn\":\"%s\",\"maxConcurrency\":2}", arn)),
      "does not run");
  const char *uuid = strstr(arn, "m/L:") + 4;
  mt_eq_str(mt_read_file(mt_format("%s/buckets/out/%s/SUCCEEDED_0.json", root, uuid), NULL),
            "[{\"Items\":[1,2]},{\"Items\":[3]}]");
  text_has(call(&host, "DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}"),
           mt_format("\\\"ResultWriterDetails\\\":{\\\"Bucket\\\":\\\"out\\\",\\\"Key\\\":\\\"%s/"
                     "manifest.json\\\"}",
                     uuid));
  host_close(&host);
}

MT_TEST(map_run_calls__without_a_store)
{
  run_through(false);
}

MT_TEST(map_run_calls__opened_again)
{
  run_through(true);
}

MT_TEST(map_run_calls__that_are_not_there)
{
  struct host host;
  open_with(&host, false);
  text_has(call(&host, "DescribeMapRun", "{\"mapRunArn\":\"x\"}"), "\"ResourceNotFound\"");
  text_has(call(&host, "UpdateMapRun", "{\"mapRunArn\":\"x\",\"maxConcurrency\":1}"),
           "\"ResourceNotFound\"");
  text_has(call(&host, "ListMapRuns", "{\"executionArn\":\"" EXECUTION "\"}"),
           "\"ExecutionDoesNotExist\"");
  text_has(call(&host, "ListExecutions", "{\"mapRunArn\":\"x\"}"), "\"ResourceNotFound\"");
  host_close(&host);
}

/* ---- children as executions ---- */

#define CHILDREN                                                                                   \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",\"ToleratedFailureCount\":9,"        \
  "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},"          \
  "\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$\","                 \
  "\"NumericEquals\":2,\"Next\":\"F\"},{\"Variable\":\"$\",\"NumericEquals\":3,\"Next\":\"W\"}],"              \
  "\"Default\":\"P\"},\"P\":{\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":\"A\",\"States\":{\"A\":{"       \
  "\"Type\":\"Pass\",\"End\":true}}}],\"End\":true},\"W\":{\"Type\":\"Wait\",\"Seconds\":100,"                 \
  "\"End\":true},\"F\":{\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"c\"}}},\"End\":true}}}"

#define NEXT_PAGE "{\"mapRunArn\":\"%s\",\"maxResults\":2,\"nextToken\":\"%s\"}"

/* The ARN of the child that stands at that place of the list. */
static char *child_arn(const char *text, int place)
{
  for (int i = 0; text != NULL && i <= place; i++)
    text = strstr(text + 1, "\"executionArn\":\"");
  mt_ok(text != NULL);
  text += strlen("\"executionArn\":\"");
  return mt_format("%.*s", (int)strcspn(text, "\""), text);
}

static int count_of(const char *text, const char *part)
{
  int count = 0;
  for (; (text = strstr(text, part)) != NULL; text += strlen(part))
    count++;
  return count;
}

static void check_children(struct host *host, const char *run)
{
  char *all = call(host, "ListExecutions", mt_format("{\"mapRunArn\":\"%s\"}", run));
  mt_eq_int(count_of(all, "\"executionArn\""), 3);
  text_has(all, ARN "execution:m/L:");
  text_has(all, "\"stateMachineArn\":\"" ARN "stateMachine:m/L\"");
  text_has(all, mt_format("\"mapRunArn\":\"%s\"", run));
  char *one = call(host, "ListExecutions",
                   mt_format("{\"mapRunArn\":\"%s\",\"maxResults\":1,\"statusFilter\":\"FAILED\"}", run));
  mt_eq_int(count_of(one, "\"executionArn\""), 1);
  mt_ok(strstr(one, "nextToken") == NULL);
  mt_eq_str(child_arn(one, 0), child_arn(all, 1));
  char *described = call(host, "DescribeExecution",
                         mt_format("{\"executionArn\":\"%s\"}", child_arn(all, 1)));
  text_has(described, "\"status\":\"FAILED\"");
  text_has(described, "\"input\":\"2\"");
  text_has(described, "\"error\":\"E\",\"cause\":\"c\"");
  text_has(described, "\"redriveStatus\":\"REDRIVABLE_BY_MAP_RUN\"");
  text_has(described, mt_format("\"mapRunArn\":\"%s\"", run));
  described = call(host, "DescribeExecution",
                   mt_format("{\"executionArn\":\"%s\"}", child_arn(all, 2)));
  text_has(described, "\"status\":\"SUCCEEDED\"");
  text_has(described, "\"output\":\"[1]\"");
}

static void check_pages(struct host *host, const char *run)
{
  char *page = call(host, "ListExecutions", mt_format("{\"mapRunArn\":\"%s\",\"maxResults\":2}", run));
  mt_eq_int(count_of(page, "\"executionArn\""), 2);
  char *token = strstr(page, "\"nextToken\":\"");
  mt_ok(token != NULL);
  token += strlen("\"nextToken\":\"");
  page = call(host, "ListExecutions",
              mt_format(NEXT_PAGE, run, mt_format("%.*s", (int)strcspn(token, "\""), token)));
  mt_eq_int(count_of(page, "\"executionArn\""), 1);
  mt_ok(strstr(page, "nextToken") == NULL);
  text_has(call(host, "ListExecutions", mt_format(NEXT_PAGE, run, "x")), "\"InvalidToken\"");
  text_has(call(host, "ListExecutions", mt_format(NEXT_PAGE, run, "99999999999")),
           "\"InvalidToken\"");
}

/* What AWS records of an execution of its own that does the same. */
static void check_histories(struct host *host, const char *run)
{
  static const char *const parallel[] = {
      "ExecutionStarted\",\"id\":1,\"previousEventId\":0", "ChoiceStateEntered\",\"id\":2,\"previousEventId\":0",
      "ChoiceStateExited\",\"id\":3,\"previousEventId\":2", "ParallelStateEntered\",\"id\":4,\"previousEventId\":3",
      "ParallelStateStarted\",\"id\":5,\"previousEventId\":4", "PassStateEntered\",\"id\":6,\"previousEventId\":5",
      "PassStateExited\",\"id\":7,\"previousEventId\":6", "ParallelStateSucceeded\",\"id\":8,\"previousEventId\":7",
      "ParallelStateExited\",\"id\":9,\"previousEventId\":7", "ExecutionSucceeded\",\"id\":10,\"previousEventId\":9"};
  char *all = call(host, "ListExecutions", mt_format("{\"mapRunArn\":\"%s\"}", run));
  char *history = call(host, "GetExecutionHistory",
                       mt_format("{\"executionArn\":\"%s\"}", child_arn(all, 2)));
  mt_eq_int(count_of(history, "\"id\":"), 10);
  for (size_t i = 0; i < sizeof parallel / sizeof parallel[0]; i++)
    text_has(history, parallel[i]);
  history = call(host, "GetExecutionHistory",
                 mt_format("{\"executionArn\":\"%s\",\"reverseOrder\":true,\"maxResults\":1}", child_arn(all, 1)));
  text_has(history, "\"type\":\"ExecutionFailed\",\"id\":5,\"previousEventId\":4");
  text_has(history, "\"nextToken\":\"4.0\"");
}

static void see_children(bool has_store)
{
  struct host host;
  open_with(&host, has_store);
  host_machine(&host, "m", CHILDREN);
  call(&host, "StartExecution",
       "{\"stateMachineArn\":\"" ARN "stateMachine:m\",\"name\":\"e\",\"input\":\"[1,2,3]\"}");
  char *run = list(&host);
  char *all = call(&host, "ListExecutions", mt_format("{\"mapRunArn\":\"%s\"}", run));
  check_children(&host, run);
  check_pages(&host, run);
  check_histories(&host, run);
  char *waiting = child_arn(all, 0), *asked = mt_format("{\"executionArn\":\"%s\"}", waiting);
  text_has(call(&host, "DescribeExecution", asked), "\"status\":\"RUNNING\"");
  if (has_store) {
    host_close(&host);
    host_open(&host, tune);
    check_children(&host, run);
  }
  call(&host, "StopExecution", "{\"executionArn\":\"" EXECUTION "\"}");
  text_has(call(&host, "DescribeExecution", asked), "\"status\":\"ABORTED\"");
  text_has(call(&host, "DescribeMapRun", mt_format("{\"mapRunArn\":\"%s\"}", run)),
           "\"aborted\":1");
  text_has(call(&host, "GetExecutionHistory", asked),
           "\"type\":\"ExecutionAborted\",\"id\":5,\"previousEventId\":0");
  call(&host, "RedriveExecution", "{\"executionArn\":\"" EXECUTION "\"}");
  text_has(call(&host, "DescribeExecution", asked), "\"redriveCount\":1");
  text_has(call(&host, "GetExecutionHistory", asked),
           "\"type\":\"ExecutionRedriven\",\"id\":6,\"previousEventId\":0");
  char *redriven = call(&host, "ListExecutions",
                        mt_format("{\"mapRunArn\":\"%s\",\"redriveFilter\":\"NOT_REDRIVEN\"}", run));
  mt_eq_int(count_of(redriven, "\"executionArn\""), 1);
  asked[strlen(asked) - 3] ^= 1; /* the name of a child that has not begun, or of none */
  text_has(call(&host, "DescribeExecution", asked), "\"ExecutionDoesNotExist\"");
  text_has(call(&host, "GetExecutionHistory", asked), "\"ExecutionDoesNotExist\"");
  host_close(&host);
}

MT_TEST(map_run_calls__children_without_a_store)
{
  see_children(false);
}

MT_TEST(map_run_calls__children_opened_again)
{
  see_children(true);
}

/* ---- one child alone ---- */

#define STOPPED                                                                                    \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",\"ItemProcessor\":{"               \
  "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"W\","         \
  "\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":100,\"End\":true}}},\"ResultWriter\":{"                  \
  "\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"out\"}},\"End\":true}}}"

static char *described(struct host *host, const char *arn)
{
  return call(host, "DescribeExecution", mt_format("{\"executionArn\":\"%s\"}", arn));
}

static char *counts_of(struct host *host, const char *run)
{
  return call(host, "DescribeMapRun", mt_format("{\"mapRunArn\":\"%s\"}", run));
}

static void stop_child(bool has_store)
{
  struct host host;
  open_with(&host, has_store);
  host_machine(&host, "m", STOPPED);
  call(&host, "StartExecution",
       "{\"stateMachineArn\":\"" ARN "stateMachine:m\",\"name\":\"e\",\"input\":\"[1,2]\"}");
  char *run = list(&host);
  char *all = call(&host, "ListExecutions", mt_format("{\"mapRunArn\":\"%s\"}", run));
  char *child = child_arn(all, 1);
  char *stop = mt_format("{\"executionArn\":\"%s\",\"error\":\"E\",\"cause\":\"c\"}", child);
  text_has(call(&host, "StopExecution", stop), "\"stopDate\":");
  text_has(call(&host, "StopExecution", stop), "\"stopDate\":");
  if (has_store) {
    host_close(&host);
    host_open(&host, tune);
  }
  char *text = described(&host, child);
  text_has(text, "\"status\":\"ABORTED\"");
  text_has(text, "\"error\":\"E\",\"cause\":\"c\"");
  text_has(described(&host, child_arn(all, 0)), "\"status\":\"RUNNING\"");
  text_has(call(&host, "GetExecutionHistory", mt_format("{\"executionArn\":\"%s\"}", child)),
           "\"type\":\"ExecutionAborted\"");
  text_has(counts_of(&host, run), "\"executionCounts\":{\"pending\":0,\"running\":1,\"succeeded\":0,\"failed\":0,"
                                  "\"timedOut\":0,\"aborted\":1");
  text = described(&host, EXECUTION);
  for (int i = 0; i < 100 && strstr(text, "\"RUNNING\"") != NULL; i++) {
    host_run(&host);
    text = described(&host, EXECUTION);
  }
  text_has(text, "\"status\":\"SUCCEEDED\"");
  text_has(counts_of(&host, run), "\"succeeded\":1,\"failed\":0,\"timedOut\":0,\"aborted\":1");
  const char *folder = mt_format("%s/buckets/out/%s", root, strstr(run, "m/L:") + 4);
  char *failed = mt_read_file(mt_format("%s/FAILED_0.json", folder), NULL);
  text_has(failed, "\"Status\":\"ABORTED\"");
  mt_eq_int(count_of(failed, "\"Status\""), 1);
  host_close(&host);
}

MT_TEST(map_run_calls__one_child_is_stopped_without_a_store)
{
  stop_child(false);
}

MT_TEST(map_run_calls__one_child_is_stopped_and_opened_again)
{
  stop_child(true);
}

/* ---- a run that fails ---- */

#define EXCEEDED                                                                                   \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",\"MaxConcurrency\":3,"             \
  "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},"          \
  "\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$\","                 \
  "\"NumericEquals\":1,\"Next\":\"P\"},{\"Variable\":\"$\",\"NumericEquals\":2,\"Next\":\"V\"}],"              \
  "\"Default\":\"W\"},\"P\":{\"Type\":\"Pass\",\"End\":true},\"V\":{\"Type\":\"Wait\",\"Seconds\":5,"        \
  "\"Next\":\"F\"},\"F\":{\"Type\":\"Fail\"},\"W\":{\"Type\":\"Wait\",\"Seconds\":100,\"End\":true}}},"      \
  "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"out\"}},"     \
  "\"End\":true}}}"

static void exceed(bool has_store)
{
  struct host host;
  open_with(&host, has_store);
  host_machine(&host, "m", EXCEEDED);
  call(&host, "StartExecution",
       "{\"stateMachineArn\":\"" ARN "stateMachine:m\",\"name\":\"e\",\"input\":\"[1,2,3,4,5]\"}");
  char *run = list(&host), *text = described(&host, EXECUTION);
  if (has_store) {
    host_close(&host);
    host_open(&host, tune);
  }
  for (int i = 0; i < 100 && strstr(text, "\"RUNNING\"") != NULL; i++) {
    host_run(&host);
    text = described(&host, EXECUTION);
  }
  text_has(text, "\"status\":\"FAILED\"");
  text_has(text, "\"error\":\"States.ExceedToleratedFailureThreshold\"");
  text = counts_of(&host, run);
  text_has(text, "\"status\":\"FAILED\"");
  text_has(text, "\"itemCounts\":{\"pending\":1,\"running\":0,\"succeeded\":1,\"failed\":1,\"timedOut\":0,"
                 "\"aborted\":2,\"total\":5");
  const char *folder = mt_format("%s/buckets/out/%s", root, strstr(run, "m/L:") + 4);
  text = mt_read_file(mt_format("%s/FAILED_0.json", folder), NULL);
  mt_eq_int(count_of(text, "\"Status\":\"FAILED\""), 1);
  mt_eq_int(count_of(text, "\"Status\":\"ABORTED\""), 2);
  text = mt_read_file(mt_format("%s/PENDING_0.json", folder), NULL);
  mt_eq_int(count_of(text, "\"Status\":\"PENDING\""), 1);
  text_has(text, "\"Input\":\"5\"");
  text = mt_read_file(mt_format("%s/SUCCEEDED_0.json", folder), NULL);
  text_has(text, "\"Output\":\"1\"");
  text = mt_read_file(mt_format("%s/manifest.json", folder), NULL);
  text_has(text, "PENDING_0.json");
  host_close(&host);
}

MT_TEST(map_run_calls__results_of_a_run_that_fails)
{
  exceed(false);
}

MT_TEST(map_run_calls__results_of_a_run_that_fails_opened_again)
{
  exceed(true);
}
