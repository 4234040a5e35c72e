/*
 * Executions in a store: names that are used again, and what is asked for before the turn that writes what
 * was asked before.
 */
#include <string.h>

#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "rough_life.h"

/* Everything is saved at once, and the journal is not cut. */
static void save_always(struct rough_life *life)
{
  const struct ms_engine_journal_limits limits = {.unsaved_bytes = 1, .trim_bytes = 1 << 30};
  ms_engine_set_journal_limits(life->engine, &limits);
}

static char *url_of(const char *name)
{
  return mt_format("sqlite:%s/%s.db", mt_tmpdir(), name);
}

static void begin(struct rough_life *life, const char *url)
{
  int err = rough_open(life, url);
  mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
}

static unsigned listed(struct rough_life *life, int status)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  const struct ms_engine_list request = {.status = status};
  mt_eq_int(ms_engine_execution_list(&out, life->engine, &request), 0);
  unsigned count = 0;
  for (const char *at = out.data; (at = strstr(at, "\"executionArn\"")) != NULL; at++) {
    count++;
  }
  ms_buf_deinit(&out);
  return count;
}

/* The journal has the records of both; the second one has a snapshot, which is read first. */
MT_TEST(durable_order__the_name_of_one_that_was_purged)
{
  char *url = url_of("name");
  struct rough_life life = {.definition = ROUGH_ONE_TASK, .tasks = 1};
  begin(&life, url);
  save_always(&life);
  mt_eq_int(rough_create(&life), 0);
  mt_eq_int(rough_start(&life, "e"), 0);
  rough_run(&life, 1000);
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "SUCCEEDED");
  mt_eq_int(ms_engine_execution_purge(life.engine, MS_STR(ROUGH_ARN "e"), rough_callback()), 0);
  life.is_silent = true;
  mt_eq_int(rough_start(&life, "e"), 0); /* in the same commit */
  rough_run(&life, 1000);
  mt_eq_int(life.accepted, 3);
  mt_eq_int(ms_engine_abandon(life.engine), 0);

  life = (struct rough_life){.definition = ROUGH_ONE_TASK, .tasks = 1};
  begin(&life, url);
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "RUNNING");
  mt_eq_int(listed(&life, -1), 1);
  rough_run(&life, 1000);
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "SUCCEEDED");
  mt_eq_int(ms_engine_close(life.engine), 0);
}

/* Its snapshot goes with its end; until then it begins anew, and an old answer is nobody's. */
MT_TEST(durable_order__express_begins_anew_until_it_has_ended)
{
  char *url = url_of("express");
  struct rough_life life = {.definition = ROUGH_ONE_TASK, .is_express = true, .is_silent = true};
  life.definition = "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
                    "\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true}}}";
  begin(&life, url);
  save_always(&life);
  mt_eq_int(rough_create(&life), 0);
  mt_eq_int(rough_start(&life, "e"), 0);
  rough_run(&life, 1000);
  mt_eq_int(life.tasks, 1);
  char *token = mt_format("%s", life.token), *arn = mt_format("%s", life.arn);
  mt_eq_int(ms_engine_abandon(life.engine), 0);

  life = (struct rough_life){.is_silent = true};
  begin(&life, url);
  save_always(&life);
  rough_run(&life, 1000);
  mt_eq_int(life.tasks, 1);
  mt_eq_int(ms_engine_task_success(life.engine, ms_str_c(token), MS_STR("1")), MSTEP_ENOTFOUND);
  mt_eq_int(ms_engine_task_success(life.engine, ms_str_c(life.token), MS_STR("1")), 0);
  rough_run(&life, 1000);
  mt_eq_str(rough_status(&life, arn), "SUCCEEDED");
  mt_eq_int(ms_engine_abandon(life.engine), 0);

  life = (struct rough_life){.is_silent = true};
  begin(&life, url);
  mt_eq_str(rough_status(&life, arn), "SUCCEEDED");
  rough_run(&life, 1000);
  mt_eq_int(life.tasks, 0);
  mt_eq_int(ms_engine_close(life.engine), 0);
}

/* One that has failed, and everything that was asked of it in one turn. */
static void fail_one(struct rough_life *life, const char *file)
{
  begin(life, url_of(file));
  mt_eq_int(rough_create(life), 0);
  mt_eq_int(rough_start(life, "e"), 0);
  rough_run(life, 1000);
  mt_eq_str(rough_status(life, ROUGH_ARN "e"), "FAILED");
}

MT_TEST(durable_order__redriven_before_it_is_durable)
{
  struct rough_life life = {.definition = ROUGH_ONE_TASK};
  struct ms_str arn = MS_STR(ROUGH_ARN "e");
  uint64_t count;
  fail_one(&life, "redriven");
  mt_eq_int(ms_engine_execution_redrive(life.engine, arn, rough_callback()), 0);
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "FAILED");
  mt_eq_int(listed(&life, -1), 1);
  mt_eq_int(listed(&life, MS_EXECUTION_FAILED), 1);
  mt_eq_int(listed(&life, MS_EXECUTION_RUNNING), 0);
  mt_eq_int(ms_engine_execution_redrive(life.engine, arn, rough_callback()), MSTEP_ESTATE);
  mt_eq_int(ms_engine_execution_purge(life.engine, arn, rough_callback()), MSTEP_ESTATE);
  mt_eq_int(ms_engine_purge_before(&count, life.engine, (struct ms_str){NULL, 0}, INT64_MAX,
                                   rough_callback()),
            0);
  mt_eq_int(count, 0);
  rough_run(&life, 1000);
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "SUCCEEDED");
  mt_eq_int(ms_engine_close(life.engine), 0);
}

MT_TEST(durable_order__purged_before_it_is_durable)
{
  struct rough_life life = {.definition = ROUGH_ONE_TASK};
  struct ms_str arn = MS_STR(ROUGH_ARN "e");
  uint64_t count;
  fail_one(&life, "purged");
  mt_eq_int(ms_engine_execution_purge(life.engine, arn, rough_callback()), 0);
  mt_eq_int(ms_engine_execution_redrive(life.engine, arn, rough_callback()), MSTEP_ENOTFOUND);
  mt_eq_int(ms_engine_execution_purge(life.engine, arn, rough_callback()), MSTEP_ENOTFOUND);
  mt_eq_int(ms_engine_purge_before(&count, life.engine, (struct ms_str){NULL, 0}, INT64_MAX,
                                   rough_callback()),
            0);
  mt_eq_int(count, 0);
  mt_ok(rough_status(&life, ROUGH_ARN "e") == NULL);
  rough_run(&life, 1000);
  mt_eq_int(listed(&life, -1), 0);
  mt_eq_int(ms_engine_close(life.engine), 0);
}

/* More than a turn takes: what is told last was taken last. */
MT_TEST(durable_order__accepted_behind_all_that_was_taken)
{
  struct rough_life life = {.definition = ROUGH_ONE_TASK, .is_silent = true};
  begin(&life, url_of("accepted"));
  mt_eq_int(rough_create(&life), 0);
  for (unsigned i = 0; i < 600; i++) {
    mt_eq_int(rough_start(&life, mt_format("e%u", i)), 0);
    mt_eq_int(ms_engine_accept(life.engine, rough_callback()), 0);
  }
  rough_run(&life, 1000);
  mt_eq_int(life.accepted, 1200);
  mt_eq_int(life.tasks, 600);
  mt_eq_int(ms_engine_close(life.engine), 0);
}

/* A commit takes 200 ms: done after 100, known after 200. */
static void begin_slowly(struct rough_life *life, const char *file)
{
  const struct ms_engine_journal_limits limits = {.commit_ms = 100};
  begin(life, url_of(file));
  ms_engine_set_journal_limits(life->engine, &limits);
  mt_eq_int(rough_create(life), 0);
  mt_eq_int(rough_start(life, "e"), 0);
  rough_run(life, 1000);
  mt_eq_int(life->accepted, 1);
}

/* It has ended in memory only: that is not told, nor is a stop of it. */
MT_TEST(durable_order__ended_before_it_is_durable)
{
  struct rough_life life = {.definition = ROUGH_ONE_TASK, .is_silent = true};
  struct ms_str arn = MS_STR(ROUGH_ARN "e");
  begin_slowly(&life, "ended");
  mt_eq_int(ms_engine_task_success(life.engine, ms_str_c(life.token), MS_STR("1")), 0);
  rough_run(&life, 50);
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "RUNNING");
  mt_eq_int(ms_engine_execution_stop(life.engine, arn, MS_STR("E"), MS_STR("C"), rough_callback()),
            0);
  rough_run(&life, 20);
  mt_eq_int(life.accepted, 1);
  mt_eq_int(life.done, 0);
  mt_eq_int(listed(&life, -1), 1);
  mt_eq_int(listed(&life, MS_EXECUTION_RUNNING), 1);
  rough_run(&life, 80); /* in its row, and in memory still */
  mt_eq_int(life.done, 0);
  mt_eq_int(listed(&life, -1), 1);
  mt_eq_int(ms_engine_execution_purge(life.engine, arn, rough_callback()), MSTEP_ESTATE);
  rough_run(&life, 100);
  mt_eq_int(life.done, 1);
  mt_eq_int(life.status, MS_EXECUTION_SUCCEEDED);
  mt_eq_int(life.accepted, 2);
  mt_eq_int(ms_engine_abandon(life.engine), 0);
}

/* The same, killed before the commit is done: it goes on. */
MT_TEST(durable_order__killed_before_it_is_durable)
{
  struct rough_life life = {.definition = ROUGH_ONE_TASK, .is_silent = true};
  begin_slowly(&life, "killed");
  char *token = mt_format("%s", life.token);
  mt_eq_int(ms_engine_task_success(life.engine, ms_str_c(token), MS_STR("1")), 0);
  rough_run(&life, 50);
  mt_eq_int(ms_engine_abandon(life.engine), 0);
  mt_eq_int(life.done, 0);
  life = (struct rough_life){.tasks = 1};
  begin(&life, url_of("killed"));
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "RUNNING");
  rough_run(&life, 50);
  mt_eq_int(life.tasks, 2);
  mt_eq_str(life.token, token);
  mt_eq_str(rough_status(&life, ROUGH_ARN "e"), "SUCCEEDED");
  mt_eq_int(ms_engine_close(life.engine), 0);
}
