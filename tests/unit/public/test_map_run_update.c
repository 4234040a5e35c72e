/*
 * UpdateMapRun while children run: how many run at once afterwards, and what becomes of a run in which more has
 * failed than may from now on. In memory, and with the engine closed and opened again at every step.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "calls.h"
#include "mt.h"

#define ARN "arn:aws:states:us-east-1:000000000000:"
#define EXECUTION "{\"executionArn\":\"" ARN "execution:m:e\"}"
#define WORK "{\"activityArn\":\"" HOST_ACTIVITY "\"}"
#define WRITER                                                                                     \
  "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"out\"}},"
#define MACHINE                                                                                    \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Label\":\"L\",\"MaxConcurrency\":%d,%s"            \
  "\"ToleratedFailureCount\":5,\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","              \
  "\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\""     \
  HOST_ACTIVITY "\",\"End\":true}}},\"End\":true}}}"

struct subject {
  struct host host;
  char *run; /* ARN of the map run */
};

static char store_url[512], functions[512];

static void tune(mstep_options *options)
{
  options->store = store_url[0] == '\0' ? NULL : store_url;
  options->functions_dir = functions;
}

/* The execution has begun on six items. */
static void subject_open(struct subject *subject, bool has_store, int concurrency, const char *writer)
{
  snprintf(functions, sizeof functions, "%s/functions", mt_tmpdir());
  snprintf(store_url, sizeof store_url, has_store ? "sqlite:%s/s.db" : "", mt_tmpdir());
  mkdir(functions, 0777);
  mkdir(mt_format("%s/buckets", mt_tmpdir()), 0777);
  host_open(&subject->host, tune);
  host_machine(&subject->host, "m", mt_format(MACHINE, concurrency, writer));
  call(&subject->host, "CreateActivity", "{\"name\":\"work\"}");
  call(&subject->host, "StartExecution",
       "{\"stateMachineArn\":\"" ARN "stateMachine:m\",\"name\":\"e\",\"input\":\"[1,2,3,4,5,6]\"}");
  char *text = call(&subject->host, "ListMapRuns", EXECUTION);
  char *at = strstr(text, ARN "mapRun:m/L:");
  mt_ok(at != NULL);
  subject->run = mt_format("%.*s", (int)strcspn(at, "\""), at);
}

/* "RUNNING 2 of 6: 1 succeeded, 0 failed, 0 aborted" */
static void expect(struct subject *subject, const char *expected)
{
  char status[32];
  int pending, running, succeeded, failed, timed_out, aborted, total, waiting = -1;
  again(&subject->host);
  char *text = call(&subject->host, "DescribeMapRun",
                    mt_format("{\"mapRunArn\":\"%s\"}", subject->run));
  const char *at = strstr(text, "\"status\":\""), *counts = strstr(text, "\"executionCounts\":");
  mt_ok(at != NULL && counts != NULL && sscanf(at, "\"status\":\"%31[A-Z]", status) == 1);
  mt_eq_int(sscanf(counts,
                   "\"executionCounts\":{\"pending\":%d,\"running\":%d,\"succeeded\":%d,\"failed\":%d,"
                   "\"timedOut\":%d,\"aborted\":%d,\"total\":%d",
                   &pending, &running, &succeeded, &failed, &timed_out, &aborted, &total),
            7);
  counts = strstr(counts, "\"pendingRedrive\":");
  mt_ok(counts != NULL && sscanf(counts, "\"pendingRedrive\":%d", &waiting) == 1);
  mt_eq_int(pending + running + succeeded + failed + timed_out + aborted + waiting, total);
  mt_eq_str(mt_format("%s %d of %d: %d succeeded, %d failed, %d aborted", status, running, total,
                      succeeded, failed, aborted),
            expected);
}

static void update(struct subject *subject, const char *settings)
{
  call_is(&subject->host, "UpdateMapRun",
          mt_format("{\"mapRunArn\":\"%s\",%s}", subject->run, settings), "{}");
}

/* The next child's task is answered. */
static void answer(struct subject *subject, bool is_fine)
{
  char *task = call_has(&subject->host, "GetActivityTask", WORK, "\"taskToken\":\"");
  char *token = strstr(task, "\"taskToken\":\"") + sizeof "\"taskToken\":\"" - 1;
  token = mt_format("%.*s", (int)strcspn(token, "\""), token);
  call_is(&subject->host, is_fine ? "SendTaskSuccess" : "SendTaskFailure",
          mt_format(is_fine ? "{\"taskToken\":\"%s\",\"output\":\"1\"}"
                            : "{\"taskToken\":\"%s\",\"error\":\"E\"}",
                    token),
          "{}");
}

/* ---- how many at once ---- */

static void change_concurrency(bool has_store)
{
  struct subject subject;
  subject_open(&subject, has_store, 1, "");
  expect(&subject, "RUNNING 1 of 6: 0 succeeded, 0 failed, 0 aborted");
  update(&subject, "\"maxConcurrency\":4");
  expect(&subject, "RUNNING 4 of 6: 0 succeeded, 0 failed, 0 aborted");
  update(&subject, "\"maxConcurrency\":2"); /* what runs goes on */
  expect(&subject, "RUNNING 4 of 6: 0 succeeded, 0 failed, 0 aborted");
  answer(&subject, true);
  expect(&subject, "RUNNING 3 of 6: 1 succeeded, 0 failed, 0 aborted");
  answer(&subject, true);
  expect(&subject, "RUNNING 2 of 6: 2 succeeded, 0 failed, 0 aborted");
  answer(&subject, true); /* from here on one comes for one that goes */
  expect(&subject, "RUNNING 2 of 6: 3 succeeded, 0 failed, 0 aborted");
  update(&subject, "\"maxConcurrency\":0"); /* as many as there are */
  expect(&subject, "RUNNING 3 of 6: 3 succeeded, 0 failed, 0 aborted");
  for (int i = 0; i < 3; i++) {
    answer(&subject, true);
  }
  expect(&subject, "SUCCEEDED 0 of 6: 6 succeeded, 0 failed, 0 aborted");
  call_has(&subject.host, "DescribeExecution", EXECUTION, "\"output\":\"[1,1,1,1,1,1]\"");
  host_close(&subject.host);
}

MT_TEST(map_run_update__concurrency_in_memory)
{
  change_concurrency(false);
}

MT_TEST(map_run_update__concurrency_in_a_store)
{
  change_concurrency(true);
}

/* ---- how many failures ---- */

/* Two of six have failed, two run, two have not begun. */
static void fail_two(struct subject *subject, bool has_store, const char *writer)
{
  subject_open(subject, has_store, 2, writer);
  answer(subject, false);
  answer(subject, false);
  expect(subject, "RUNNING 2 of 6: 0 succeeded, 2 failed, 0 aborted");
}

static void expect_failed(struct subject *subject, const char *settings)
{
  char *text = call(&subject->host, "DescribeExecution", EXECUTION);
  for (int i = 0; i < 100 && strstr(text, "\"status\":\"RUNNING\"") != NULL; i++) {
    host_run(&subject->host); /* results are written */
    text = call(&subject->host, "DescribeExecution", EXECUTION);
  }
  expect(subject, "FAILED 0 of 6: 0 succeeded, 2 failed, 2 aborted");
  call_has(&subject->host, "DescribeMapRun", mt_format("{\"mapRunArn\":\"%s\"}", subject->run),
           settings);
  text_has(text, "\"status\":\"FAILED\"");
  text_has(text, "\"error\":\"States.ExceedToleratedFailureThreshold\"");
  text_has(call(&subject->host, "GetExecutionHistory", EXECUTION), "\"type\":\"MapRunFailed\"");
  /* Nobody waits for their work any more. */
  call_is(&subject->host, "GetActivityTask", WORK, "{}");
}

static void lower_tolerance(bool has_store)
{
  struct subject subject;
  fail_two(&subject, has_store, "");
  update(&subject, "\"toleratedFailureCount\":2,\"toleratedFailurePercentage\":33.4");
  expect(&subject, "RUNNING 2 of 6: 0 succeeded, 2 failed, 0 aborted");
  update(&subject, "\"toleratedFailureCount\":1");
  expect_failed(&subject, "\"toleratedFailureCount\":1,\"toleratedFailurePercentage\":33.4");
  /* Those that failed and those that were cut off run again, and one more failure is tolerated. */
  call_has(&subject.host, "RedriveExecution", EXECUTION, "\"redriveDate\"");
  expect(&subject, "RUNNING 2 of 6: 0 succeeded, 0 failed, 0 aborted");
  answer(&subject, false);
  for (int i = 0; i < 5; i++) {
    answer(&subject, true);
  }
  expect(&subject, "SUCCEEDED 0 of 6: 5 succeeded, 1 failed, 0 aborted");
  host_close(&subject.host);
}

MT_TEST(map_run_update__tolerance_in_memory)
{
  lower_tolerance(false);
}

MT_TEST(map_run_update__tolerance_in_a_store)
{
  lower_tolerance(true);
}

MT_TEST(map_run_update__percentage)
{
  struct subject subject;
  fail_two(&subject, true, "");
  update(&subject, "\"toleratedFailurePercentage\":33");
  expect_failed(&subject, "\"toleratedFailureCount\":5,\"toleratedFailurePercentage\":33");
  host_close(&subject.host);
}

/* The results are written first. */
MT_TEST(map_run_update__tolerance_with_a_writer)
{
  struct subject subject;
  fail_two(&subject, true, WRITER);
  update(&subject, "\"toleratedFailureCount\":0");
  expect_failed(&subject, "\"toleratedFailureCount\":0");
  const char *uuid = strstr(subject.run, "m/L:") + 4;
  char *manifest =
      mt_read_file(mt_format("%s/buckets/out/%s/manifest.json", mt_tmpdir(), uuid), NULL);
  text_has(manifest, "FAILED_0.json");
  text_has(manifest, "PENDING_0.json");
  host_close(&subject.host);
}

/* Nothing has failed: any tolerance will do. */
MT_TEST(map_run_update__tolerance_of_nothing)
{
  struct subject subject;
  subject_open(&subject, false, 2, "");
  update(&subject, "\"toleratedFailureCount\":0,\"toleratedFailurePercentage\":0");
  expect(&subject, "RUNNING 2 of 6: 0 succeeded, 0 failed, 0 aborted");
  answer(&subject, false);
  expect(&subject, "FAILED 0 of 6: 0 succeeded, 1 failed, 1 aborted");
  host_close(&subject.host);
}
