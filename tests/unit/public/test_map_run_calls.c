/*
 * Map runs from outside: items from a file, batches, results in a folder; described, listed and updated while
 * they run, after they have ended, and after the engine was closed and opened again.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host.h"
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
  for (int i = 0; i < 100 && answer.count == 0; i++)
    host_run(host);
  mt_eq_int(answer.count, 1);
  return answer.text;
}

static void has(const char *text, const char *part)
{
  if (strstr(text, part) == NULL)
    mt_report("%s has no %s", text, part);
}

/* The ARN of the only map run. */
static char *list(struct host *host)
{
  char *text = call(host, "ListMapRuns", "{\"executionArn\":\"" EXECUTION "\"}");
  char *at = strstr(text, ARN "mapRun:m/L:");
  has(text, "\"stateMachineArn\":\"" ARN "stateMachine:m/L\"");
  mt_ok(at != NULL);
  return mt_format("%.*s", (int)strcspn(at, "\""), at);
}

static void run_through(bool has_store)
{
  struct host host;
  open_with(&host, has_store);
  host_machine(&host, "m", MACHINE);
  has(call(&host, "StartExecution", "{\"stateMachineArn\":\"" ARN "stateMachine:m\",\"name\":\"e\"}"),
      "\"executionArn\"");
  char *arn = list(&host), *asked = mt_format("{\"mapRunArn\":\"%s\"}", arn);
  has(call(&host, "UpdateMapRun", asked), "Nothing to update");
  has(call(&host, "UpdateMapRun",
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
  has(text, "\"status\":\"RUNNING\"");
  has(text, "\"maxConcurrency\":2,\"toleratedFailureCount\":1");
  has(text, "\"total\":3");
  for (int i = 0; i < 100 && strstr(text, "\"RUNNING\"") != NULL; i++) {
    host_run(&host);
    text = call(&host, "DescribeMapRun", asked);
  }
  has(text, "\"status\":\"SUCCEEDED\"");
  has(text, "\"stopDate\":");
  has(text, "\"itemCounts\":{\"pending\":0,\"running\":0,\"succeeded\":3,\"failed\":0");
  has(text, "\"executionCounts\":{\"pending\":0,\"running\":0,\"succeeded\":2,\"failed\":0");
  has(call(&host, "UpdateMapRun", mt_format("{\"mapRunArn\":\"%s\",\"maxConcurrency\":2}", arn)),
      "does not run");
  const char *uuid = strstr(arn, "m/L:") + 4;
  mt_eq_str(mt_read_file(mt_format("%s/buckets/out/%s/SUCCEEDED_0.json", root, uuid), NULL),
            "[{\"Items\":[1,2]},{\"Items\":[3]}]");
  has(call(&host, "DescribeExecution", "{\"executionArn\":\"" EXECUTION "\"}"),
      mt_format("\\\"ResultWriterDetails\\\":{\\\"Bucket\\\":\\\"out\\\",\\\"Key\\\":\\\"%s/manifest.json\\\"}", uuid));
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
  has(call(&host, "DescribeMapRun", "{\"mapRunArn\":\"x\"}"), "\"ResourceNotFound\"");
  has(call(&host, "UpdateMapRun", "{\"mapRunArn\":\"x\",\"maxConcurrency\":1}"), "\"ResourceNotFound\"");
  has(call(&host, "ListMapRuns", "{\"executionArn\":\"" EXECUTION "\"}"), "\"ExecutionDoesNotExist\"");
  has(call(&host, "ListExecutions", "{\"mapRunArn\":\"x\"}"), "\"ResourceNotFound\"");
  host_close(&host);
}
