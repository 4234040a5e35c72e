/*
 * Executions in a store, on simulated time: an engine is closed at any moment, another one opens the same
 * file, and nothing is lost, done twice or told too early.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "life.h"
#include "mt.h"

static const char definition[] =
    "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Next\":\"M\",\"Branches\":["
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" TASK
    "\",\"TimeoutSeconds\":100,"
    "\"Retry\":[{\"ErrorEquals\":[\"Busy\"],\"IntervalSeconds\":3}],\"End\":true}}},"
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"End\":true}}}]},"
    "\"M\":{\"Type\":\"Map\",\"ItemProcessor\":{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":"
    "\"Pass\",\"End\":true}}},\"End\":true}}}";

static void url_of(char out[256], const char *name)
{
  snprintf(out, 256, "sqlite:%s/%s", mt_tmpdir(), name);
}

MT_TEST(durable__one_life)
{
  char url[256];
  struct life life;
  url_of(url, "one.db");
  life_begin(&life, url, 1000000);
  life.busy = 1;
  mt_eq_int(life_start(&life, definition, "e", "[1,2]"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.done, 1);
  mt_eq_int(life.accepted, 1);
  mt_eq_int(life.status, MS_EXECUTION_SUCCEEDED);
  mt_eq_str(life.output, "[[1,2],[1,2]]");
  char *forward = life_history(&life, EXECUTION_ARN "e", false, UINT_MAX);
  char *paged = life_history(&life, EXECUTION_ARN "e", false, 3);
  mt_eq_str(paged, forward);
  ms_free(paged);
  life_end(&life);

  life_begin(&life, url, 2000000);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.tasks, 0);
  paged = life_history(&life, EXECUTION_ARN "e", false, 4);
  mt_eq_str(paged, forward);
  ms_free(paged);
  char *text = life_describe(&life, EXECUTION_ARN "e");
  mt_ok(strstr(text, "\"output\":\"[[1,2],[1,2]]\"") != NULL);
  ms_free(text);
  mt_eq_int(life_start(&life, definition, "e", "[1,2]"), MSTEP_EEXISTS);
  life_end(&life);
  ms_free(forward);
}

/* The loop is stopped at every task, and the next engine goes on. */
MT_TEST(durable__stopped_and_opened_again)
{
  char url[256], file[64];
  for (unsigned after = 1; after <= 3; after++) {
    struct life life;
    snprintf(file, sizeof file, "again%u.db", after);
    url_of(url, file);
    life_begin(&life, url, 1000000);
    life.busy = 2;
    life.stop_after = after;
    mt_eq_int(life_start(&life, definition, "e", "[1,2]"), 0);
    mt_eq_int(ms_engine_run(life.engine), 0);
    char token[256];
    snprintf(token, sizeof token, "%s", life.token);
    unsigned tasks = life.tasks;
    mt_eq_int(life.done, 0);
    life_end(&life);

    life_begin(&life, url, 1010000);
    char *text = life_describe(&life, EXECUTION_ARN "e");
    mt_ok(strstr(text, "\"status\":\"RUNNING\"") != NULL);
    ms_free(text);
    mt_eq_int(ms_engine_execution_wait(life.engine, MS_STR(EXECUTION_ARN "e"), some_callback()), 0);
    mt_eq_int(ms_engine_run(life.engine), 0);
    mt_eq_int(life.done, 1);
    mt_eq_int(life.status, MS_EXECUTION_SUCCEEDED);
    mt_eq_str(life.output, "[[1,2],[1,2]]");
    mt_ok(life.tasks >= 1 && tasks >= 1);
    life_end(&life);
  }
}

/* A task that nobody answered is started again with its token. */
MT_TEST(durable__same_token_again)
{
  char url[256], token[256];
  struct life life;
  url_of(url, "token.db");
  life_begin(&life, url, 1000000);
  life.silent = 1;
  life.stop_after = 1;
  mt_eq_int(life_start(&life, FAILS, "e", "{}"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  snprintf(token, sizeof token, "%s", life.token);
  life_end(&life);
  life_begin(&life, url, 1010000);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.tasks, 1);
  mt_eq_str(life.token, token);
  char *events = life_history(&life, EXECUTION_ARN "e", false, UINT_MAX);
  mt_eq_str(events, "1 ExecutionStarted\n2 TaskStateEntered\n3 ActivityScheduled\n"
                    "4 ActivityStarted\n5 ActivitySucceeded\n6 TaskStateExited\n7 ExecutionSucceeded\n");
  ms_free(events);
  events = life_history(&life, EXECUTION_ARN "e", true, 2);
  mt_eq_str(events, "7 ExecutionSucceeded\n6 TaskStateExited\n5 ActivitySucceeded\n4 ActivityStarted\n"
                    "3 ActivityScheduled\n2 TaskStateEntered\n1 ExecutionStarted\n");
  ms_free(events);
  life_end(&life);
}

/* Stopped, failed, redriven, listed, purged: over three engines. */
MT_TEST(durable__redrive_list_purge)
{
  char url[256];
  struct life life;
  url_of(url, "redrive.db");
  life_begin(&life, url, 1000000);
  life.busy = 1;
  mt_eq_int(life_start(&life, FAILS, "a", "{\"n\":1}"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.status, MS_EXECUTION_FAILED);
  mt_eq_int(life_start(&life, FAILS, "b", "{\"n\":2}"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.status, MS_EXECUTION_SUCCEEDED);
  life.silent = 1;
  mt_eq_int(life_start(&life, FAILS, "c", "{\"n\":3}"), 0);
  life.stop_after = life.tasks + 1;
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_expect_list(&life, -1, 2, "c RUNNING;b SUCCEEDED;a FAILED;.");
  life_end(&life);

  life_begin(&life, url, 2000000);
  life_expect_list(&life, -1, 1, "c RUNNING;b SUCCEEDED;a FAILED;.");
  life_expect_list(&life, MS_EXECUTION_FAILED, 1, "a FAILED;.");
  life_expect_list(&life, MS_EXECUTION_RUNNING, 1, "c RUNNING;.");
  mt_eq_int(ms_engine_execution_redrive(life.engine, MS_STR(EXECUTION_ARN "b"), some_callback()),
            MSTEP_ESTATE);
  mt_eq_int(ms_engine_execution_redrive(life.engine, MS_STR(EXECUTION_ARN "a"), some_callback()),
            0);
  mt_eq_int(ms_engine_execution_stop(life.engine, MS_STR(EXECUTION_ARN "c"), MS_STR("E"),
                                     MS_STR("C"), some_callback()),
            0);
  mt_eq_int(ms_engine_execution_purge(life.engine, MS_STR(EXECUTION_ARN "c"), some_callback()),
            MSTEP_ESTATE);
  life.silent = 9;
  life.stop_after = 2;
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.accepted, 2);
  life_expect_list(&life, -1, 1, "c ABORTED;b SUCCEEDED;a RUNNING;.");
  life_end(&life);

  life_begin(&life, url, 3000000);
  life_expect_list(&life, -1, 5, "c ABORTED;b SUCCEEDED;a RUNNING;.");
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_expect_list(&life, -1, 5, "c ABORTED;b SUCCEEDED;a SUCCEEDED;.");
  char *events = life_history(&life, EXECUTION_ARN "a", false, 3);
  mt_ok(strstr(events, "ExecutionFailed\n7 ExecutionRedriven\n") != NULL);
  ms_free(events);
  mt_eq_int(ms_engine_execution_purge(life.engine, MS_STR(EXECUTION_ARN "b"), some_callback()), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_expect_list(&life, -1, 5, "c ABORTED;a SUCCEEDED;.");
  mt_eq_int(life_start(&life, FAILS, "b", "{\"n\":4}"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_expect_list(&life, -1, 5, "b SUCCEEDED;c ABORTED;a SUCCEEDED;.");
  life_end(&life);

  life_begin(&life, url, 4000000);
  life_expect_list(&life, -1, 5, "b SUCCEEDED;c ABORTED;a SUCCEEDED;.");
  uint64_t count;
  mt_eq_int(ms_engine_purge_before(&count, life.engine, MS_STR(MACHINE_ARN), INT64_MAX,
                                   some_callback()),
            0);
  mt_eq_int(count, 3);
  mt_eq_int(ms_engine_shrink(life.engine, some_callback()), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_expect_list(&life, -1, 5, ".");
  life_end(&life);
  life_begin(&life, url, 5000000);
  life_expect_list(&life, -1, 5, ".");
  life_end(&life);
}

/* More wait than memory is meant to hold; a history longer than a row; an update of the machine. */
MT_TEST(durable__waiting_goes_away)
{
  char url[256], name[32];
  struct life life;
  url_of(url, "away.db");
  life_begin(&life, url, 1000000);
  ms_engine_set_resident_max(life.engine, 3);
  for (int i = 0; i < 20; i++) {
    snprintf(name, sizeof name, "e%d", i);
    mt_eq_int(life_start(&life, WAITS, name, "{\"a\": 1.50}"), 0);
  }
  mt_eq_int(life_start(&life, FAILS, "f", "{}"), 0);
  life.stop_after = 1;
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_expect_list(&life, MS_EXECUTION_RUNNING, 7,
              "f RUNNING;e19 RUNNING;e18 RUNNING;e17 RUNNING;e16 RUNNING;e15 RUNNING;e14 RUNNING;e13 "
              "RUNNING;e12 RUNNING;e11 RUNNING;e10 RUNNING;e9 RUNNING;e8 RUNNING;e7 RUNNING;e6 "
              "RUNNING;e5 RUNNING;e4 RUNNING;e3 RUNNING;e2 RUNNING;e1 RUNNING;e0 RUNNING;.");
  char *text = life_describe(&life, EXECUTION_ARN "e3");
  mt_ok(strstr(text, "\"input\":\"{\\\"a\\\": 1.50}\"") != NULL);
  ms_free(text);
  mt_eq_int(life_start(&life, WAITS, "e4", "{\"a\":1.50}"), 0); /* the same again */
  mt_eq_int(life_start(&life, WAITS, "e4", "{\"a\":2}"), MSTEP_EEXISTS);
  text = life_history(&life, EXECUTION_ARN "e5", false, 1);
  mt_eq_str(text, "1 ExecutionStarted\n2 WaitStateEntered\n");
  ms_free(text);
  life_end(&life);

  life_begin(&life, url, 3000000);
  ms_engine_set_resident_max(life.engine, 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  text = life_history(&life, EXECUTION_ARN "e5", true, 1);
  mt_eq_str(text, "4 ExecutionSucceeded\n3 WaitStateExited\n2 WaitStateEntered\n1 "
                  "ExecutionStarted\n");
  ms_free(text);
  mt_ok(ms_engine_now_ms(life.engine) >= 4600000);
  life_end(&life);
}

static void life_begin_kept(struct life *life, const char *url, uint64_t count, int64_t age_ms)
{
  *life = (struct life){0};
  struct ms_engine_options options = life_options(life, url, 1000000);
  options.retention_count = count;
  options.retention_age_ms = age_ms;
  life_begin_with(life, &options);
}

static void expect_kept(const char *url, uint64_t count, int64_t age_ms, const char *expected)
{
  struct life life;
  char name[32];
  life_begin_kept(&life, url, count, age_ms);
  for (int i = 0; i < 8; i++) {
    snprintf(name, sizeof name, "e%d", i);
    life.busy = i == 3;
    mt_eq_int(life_start(&life, FAILS, name, "{}"), 0);
    mt_eq_int(ms_engine_run(life.engine), 0);
  }
  /* While one waits for an hour, the others are looked at. */
  mt_eq_int(life_start(&life, WAITS, "w", "{}"), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  life_expect_list(&life, -1, 2, expected);
  life_end(&life);
}

MT_TEST(durable__keeps_so_many_or_so_long)
{
  char url[256];
  url_of(url, "many.db");
  expect_kept(url, 5, 0, "w SUCCEEDED;e7 SUCCEEDED;e6 SUCCEEDED;e5 SUCCEEDED;e4 SUCCEEDED;e3 FAILED;.");
  expect_kept(NULL, 5, 0, "w SUCCEEDED;e7 SUCCEEDED;e6 SUCCEEDED;e5 SUCCEEDED;e4 SUCCEEDED;e3 FAILED;.");
  url_of(url, "long.db");
  expect_kept(url, 0, 600000, "w SUCCEEDED;.");
  expect_kept(NULL, 0, 600000, "w SUCCEEDED;.");
}

/* ---- Express ---- */

#define CALLS                                                                                      \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"                             \
  "\"arn:aws:lambda:us-east-1:000000000000:function:work\",\"Catch\":[{\"ErrorEquals\":["           \
  "\"States.ALL\"],\"Next\":\"F\"}],\"End\":true},\"F\":{\"Type\":\"Fail\"}}}"
#define EXPRESS_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:x"

static void start_express(struct life *life, enum ms_log_level level, char arn[MS_ENGINE_ARN_SIZE])
{
  char machine[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request request = {.name = MS_STR("x"),
                                                    .definition = MS_STR(CALLS),
                                                    .is_express = true,
                                                    .log_level = level};
  mt_eq_int(ms_engine_machine_create(machine, life->engine, &request, NULL, NULL), 0);
  const struct ms_engine_start begin = {.machine_arn = MS_STR(EXPRESS_ARN),
                                        .name = MS_STR("e"),
                                        .input = MS_STR("{\"n\": 1}"),
                                        .accepted = some_callback(),
                                        .done = some_callback()};
  mt_eq_int(ms_engine_execution_start(arn, life->engine, &begin), 0);
}

/* Cut off in its task, it begins anew and leaves what its level says. */
static void expect_express(const char *file, enum ms_log_level level, bool fails,
                           const char *expected)
{
  char url[256], arn[MS_ENGINE_ARN_SIZE];
  struct life life;
  url_of(url, file);
  life_begin(&life, url, 1000000);
  life.silent = 1;
  life.stop_after = 1;
  start_express(&life, level, arn);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.accepted, 1);
  life_end(&life);
  life_begin(&life, url, 2000000);
  life.busy = fails;
  mt_eq_int(ms_engine_execution_wait(life.engine, ms_str_c(arn), some_callback()), 0);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.tasks, 1);
  mt_eq_int(life.status, fails ? MS_EXECUTION_FAILED : MS_EXECUTION_SUCCEEDED);
  life_end(&life);
  life_begin(&life, url, 3000000);
  mt_eq_int(ms_engine_run(life.engine), 0);
  mt_eq_int(life.tasks, 0);
  if (expected == NULL) {
    struct ms_buf out;
    ms_buf_init(&out, 0);
    mt_eq_int(ms_engine_execution_describe(&out, life.engine, ms_str_c(arn)), MSTEP_ENOTFOUND);
    ms_buf_deinit(&out);
  } else {
    char *events = life_history(&life, arn, false, 2);
    mt_eq_str(events, expected);
    ms_free(events);
    char *text = life_describe(&life, arn);
    mt_ok(strstr(text, "\"input\":\"{\\\"n\\\": 1}\"") != NULL);
    ms_free(text);
  }
  life_end(&life);
}

MT_TEST(durable__express)
{
  expect_express("off.db", MS_LOG_OFF, false, NULL);
  expect_express("off_failed.db", MS_LOG_OFF, true, NULL);
  expect_express("fatal.db", MS_LOG_FATAL, false, "");
  expect_express("fatal_failed.db", MS_LOG_FATAL, true, "8 ExecutionFailed\n");
  expect_express("error_failed.db", MS_LOG_ERROR, true,
                 "5 LambdaFunctionFailed\n7 FailStateEntered\n8 ExecutionFailed\n");
  expect_express("all.db", MS_LOG_ALL, false,
                 "1 ExecutionStarted\n2 TaskStateEntered\n3 LambdaFunctionScheduled\n4 "
                 "LambdaFunctionStarted\n5 LambdaFunctionSucceeded\n6 TaskStateExited\n7 "
                 "ExecutionSucceeded\n");
}

/* Which test case of the mocks answers is part of the execution: in the journal, in its row, when it has ended. */
MT_TEST(durable__test_case_of_mocks)
{
  static const char two[] =
      "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"" TASK
      "\",\"Next\":\"W\"},\"W\":{\"Type\":\"Wait\",\"Seconds\":100,\"Next\":\"T\"},"
      "\"T\":{\"Type\":\"Task\",\"Resource\":\"" TASK "\",\"End\":true}}}";
  static const char mocks[] =
      "{\"StateMachines\":{\"m\":{\"TestCases\":{\"good\":{\"T\":\"ok\"},\"bad\":{\"T\":\"no\"}}}},"
      "\"MockedResponses\":{\"ok\":{\"0\":{\"Return\":\"mocked\"}},"
      "\"no\":{\"0\":{\"Throw\":{\"Error\":\"E\",\"Cause\":\"c\"}}}}}";
  static const char *const cases[] = {"good", "bad"};
  for (int is_row = 0; is_row < 2; is_row++) {
    char url[256], arn[MS_ENGINE_ARN_SIZE];
    struct life life;
    url_of(url, is_row ? "case-row.db" : "case.db");
    life_begin(&life, url, 1000000);
    ms_engine_set_resident_max(life.engine, is_row ? 0 : 100);
    mt_eq_int(ms_engine_mocks_load(life.engine, ms_str_c(mocks), ""), 0);
    mt_eq_int(life_start(&life, two, "none", "{}"), 0);
    for (int i = 0; i < 2; i++) {
      const char *machine = i == 0 ? MACHINE_ARN "#good" : MACHINE_ARN "#bad";
      const struct ms_engine_start start = {.machine_arn = ms_str_c(machine),
                                            .name = ms_str_c(cases[i]),
                                            .accepted = some_callback(),
                                            .done = some_callback()};
      mt_eq_int(ms_engine_execution_start(arn, life.engine, &start), 0);
    }
    life.stop_after = 3; /* of the rows: all wait, and are away */
    mt_eq_int(ms_engine_run(life.engine), 0);
    life_end(&life);

    for (int again = 0; again < 2; again++) {
      life_begin(&life, url, 1010000);
      mt_eq_int(ms_engine_mocks_load(life.engine, ms_str_c(mocks), ""), 0);
      mt_eq_int(ms_engine_run(life.engine), 0);
      char *text = life_describe(&life, EXECUTION_ARN "good");
      mt_ok(strstr(text, "\"output\":\"\\\"mocked\\\"\"") != NULL);
      ms_free(text);
      text = life_describe(&life, EXECUTION_ARN "bad");
      mt_ok(strstr(text, "\"error\":\"E\"") != NULL);
      ms_free(text);
      life_end(&life);
    }
  }
}
