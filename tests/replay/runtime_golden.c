/*
 * Stores with executions as released versions wrote them, as SQL in tests/resources/store: ended, redriven,
 * waiting, between two attempts, in a task, in branches, with large values, Express. Each is opened by
 * today's engine, shows what was there, and goes on to its end. The files are never changed; a release
 * whose rows or records are different adds one.
 *
 *   MT_GOLDEN_WRITE=FILE    writes such a store as of today instead
 */
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "life.h"
#include "mt.h"

#define EXPRESS_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:x"

static const char branches[] =
    "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" TASK
    "\",\"Retry\":[{\"ErrorEquals\":[\"Busy\"],\"IntervalSeconds\":7200}],\"End\":true}}},"
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\","
    "\"ItemProcessor\":{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,"
    "\"End\":true}}},\"End\":true}}}]}}}";
static const char express[] =
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
    "\"arn:aws:lambda:us-east-1:000000000000:function:work\",\"End\":true}}}";

/* More than fits beside others: it is stored once and referred to. */
static char *large_input(void)
{
  char *text = malloc(3000);
  memcpy(text, "{\"items\":[1,2.50,\"", 18);
  memset(text + 18, 'x', 2000);
  strcpy(text + 2018, "\"]}");
  return text;
}

static void write_express(struct life *life)
{
  char machine[MS_ENGINE_ARN_SIZE], arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request request = {.name = MS_STR("x"),
                                                    .definition = MS_STR(express),
                                                    .is_express = true,
                                                    .log_level = MS_LOG_ALL};
  mt_eq_int(ms_engine_machine_create(machine, life->engine, &request, NULL, NULL), 0);
  const struct ms_engine_start begin = {
      .machine_arn = MS_STR(EXPRESS_ARN), .name = MS_STR("quick"), .input = MS_STR("{ \"n\": 1 }")};
  mt_eq_int(ms_engine_execution_start(arn, life->engine, &begin), 0);
}

static void write_golden(const char *path)
{
  char url[512];
  struct life life;
  char *large = large_input();
  snprintf(url, sizeof url, "sqlite:%s", path);
  life_begin(&life, url, 1700000000000);
  mt_eq_int(life_start(&life, FAILS, "succeeded", "{ \"a\": 1.50 }"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  life.busy = 2;
  mt_eq_int(life_start(&life, FAILS, "failed", "{}"), 0);
  mt_eq_int(life_start(&life, FAILS, "redriven", "{}"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(ms_engine_execution_redrive(life.engine, MS_STR(EXECUTION_ARN "redriven"),
                                        some_callback()),
            0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  ms_engine_set_resident_max(life.engine, 0);
  mt_eq_int(life_start(&life, WAITS, "waiting", large), 0);
  life.busy = 1;
  mt_eq_int(life_start(&life, branches, "retrying", large), 0);
  mt_eq_int(life_start(&life, WAITS, "stopped", "{}"), 0);
  mt_eq_int(ms_engine_execution_stop(life.engine, MS_STR(EXECUTION_ARN "stopped"), MS_STR("E"),
                                     MS_STR("C"), some_callback()),
            0);
  life.stop_after = life.tasks + 2;
  write_express(&life);
  mt_eq_int(ms_engine_run(life.engine), 0);
  life.silent = 9;
  life.stop_after = life.tasks + 2;
  write_express(&life);
  mt_eq_int(life_start(&life, FAILS, "working", large), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_end(&life);
  free(large);
}

static void load(const char *path, const char *file)
{
  sqlite3 *db;
  char *problem = NULL;
  size_t len = 0;
  const char *sql = mt_read_file(file, &len);
  mt_eq_int(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, sql, NULL, NULL, &problem) != SQLITE_OK) {
    mt_fail("%s: %s", file, problem);
  }
  sqlite3_close(db);
}

static void expect_golden(const char *file)
{
  char path[256], url[300];
  struct life life;
  snprintf(path, sizeof path, "%s/golden.db", mt_tmpdir());
  snprintf(url, sizeof url, "sqlite:%s", path);
  load(path, file);
  life_begin(&life, url, 1700100000000);
  life_expect_list(&life, -1, 3,
                   "working RUNNING;stopped ABORTED;retrying RUNNING;waiting RUNNING;redriven "
                   "SUCCEEDED;failed FAILED;succeeded SUCCEEDED;.");
  char *text = life_describe(&life, EXECUTION_ARN "succeeded");
  mt_ok(strstr(text, "\"input\":\"{ \\\"a\\\": 1.50 }\"") != NULL);
  mt_ok(strstr(text, "\"output\":\"{\\\"a\\\":1.5}\"") != NULL);
  ms_free(text);
  text = life_history(&life, EXECUTION_ARN "redriven", false, 3);
  mt_eq_str(text, "1 ExecutionStarted\n2 TaskStateEntered\n3 ActivityScheduled\n4 "
                  "ActivityStarted\n5 ActivityFailed\n6 ExecutionFailed\n7 ExecutionRedriven\n8 "
                  "ActivityScheduled\n9 ActivityStarted\n10 ActivitySucceeded\n11 "
                  "TaskStateExited\n12 ExecutionSucceeded\n");
  ms_free(text);
  text = life_history(&life, EXECUTION_ARN "waiting", false, UINT_MAX);
  mt_eq_str(text, "1 ExecutionStarted\n2 WaitStateEntered\n");
  ms_free(text);
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_expect_list(&life, -1, 100,
                   "working SUCCEEDED;stopped ABORTED;retrying SUCCEEDED;waiting "
                   "SUCCEEDED;redriven SUCCEEDED;failed FAILED;succeeded SUCCEEDED;.");
  char *large = large_input();
  text = life_describe(&life, EXECUTION_ARN "waiting");
  mt_ok(strstr(text, "xxxx\\\"]}\",\"inputDetails\"") != NULL);
  ms_free(text);
  free(large);
  /* The task of `working`, the second attempt of `retrying`, Express from its start. */
  mt_eq_int(life.tasks, 3);
  life_end(&life);
}

MT_TEST(runtime_golden__format_2)
{
  const char *path = getenv("MT_GOLDEN_WRITE");
  if (path != NULL) {
    write_golden(path);
    mt_skip("written: %s", path);
  }
  expect_golden("tests/resources/store/executions-2.sql");
}
