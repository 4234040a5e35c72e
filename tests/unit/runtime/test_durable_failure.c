/*
 * A store that fails and comes back, memory that runs out and comes back: what is answered meanwhile, who is
 * told what afterwards. On simulated time; what happens in which order is the simulator's (tests/sim).
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "core/execution.h"
#include "mt.h"
#include "rough_life.h"

/* What the runtime keeps for an execution: timers, retries, tasks, branches, a Map. */
#define ALL_KINDS                                                                                  \
  "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Next\":\"M\",\"Branches\":["      \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" ROUGH_TASK                   \
  "\",\"Retry\":[{\"ErrorEquals\":[\"Busy\"],\"IntervalSeconds\":3}],\"End\":true}}},"             \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"End\":true}}}]},"       \
  "\"M\":{\"Type\":\"Map\",\"ItemProcessor\":{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":"      \
  "\"Pass\",\"End\":true}}},\"End\":true}}}"

static void expect_down(int err)
{
  mt_eq_int(err, MSTEP_EIO);
  mt_ok(strstr(ms_error_detail(), "the store ") != NULL &&
        strstr(ms_error_detail(), "has failed: ") != NULL);
}

/* Every commit fails and is not done: nothing is taken, who asked hears that it is unknown. */
MT_TEST(durable_failure__answers_while_the_store_is_away)
{
  struct rough_life life = {.definition = ROUGH_ONE_TASK};
  bool has_succeeded;
  mt_eq_int(rough_open(&life, "faulty:1,fail=1000,tear=0,read=0,down=1000000:memory:"), 0);
  mt_eq_int(ms_engine_store_status(life.engine), 0);
  mt_eq_int(rough_create(&life), 0);
  mt_eq_int(rough_start(&life, "e"), 0);
  rough_run(&life, 10);
  mt_eq_int(life.unknown, 1);
  mt_eq_int(life.done, 0); /* may still have been done */
  expect_down(ms_engine_store_status(life.engine));
  expect_down(rough_start(&life, "f"));
  expect_down(rough_create(&life));
  expect_down(rough_look(&life, ROUGH_ARN "e", &has_succeeded));
  expect_down(ms_engine_task_success(life.engine, MS_STR("some"), MS_STR("1")));
  expect_down(ms_engine_execution_stop(life.engine, MS_STR(ROUGH_ARN "e"), MS_STR("E"),
                                       MS_STR("C"), rough_callback()));
  expect_down(ms_engine_execution_purge(life.engine, MS_STR(ROUGH_ARN "e"), rough_callback()));
  expect_down(ms_engine_accept(life.engine, rough_callback()));
  struct ms_buf out;
  ms_buf_init(&out, 0);
  const struct ms_engine_list list = {.status = -1};
  expect_down(ms_engine_execution_list(&out, life.engine, &list));
  ms_buf_deinit(&out);
  rough_run(&life, 60000);
  expect_down(ms_engine_store_status(life.engine));
  mt_eq_int(life.tasks + life.done + life.accepted, 0);
  mt_eq_int(life.unknown, 1);
  mt_eq_int(ms_engine_close(life.engine), 0);
}

/* It is back, and what was not durable is not there: then that is what is told, once. */
MT_TEST(durable_failure__a_start_that_was_lost)
{
  struct rough_life life = {.definition = ROUGH_ONE_TASK};
  bool has_succeeded;
  mt_eq_int(rough_open(&life, "faulty:1,fail=1000,tear=0,read=0,down=0:memory:"), 0);
  mt_eq_int(rough_create(&life), 0);
  mt_eq_int(rough_start(&life, "e"), 0);
  rough_run(&life, 1000);
  mt_eq_int(life.unknown, 1);
  mt_eq_int(life.done, 1);
  mt_eq_int(life.status, MS_ENGINE_UNKNOWN);
  mt_eq_int(life.tasks, 0);
  if (ms_engine_store_status(life.engine) == 0) { /* the machine is written again, which fails again */
    mt_eq_int(rough_look(&life, ROUGH_ARN "e", &has_succeeded), MSTEP_ENOTFOUND);
  }
  mt_eq_int(ms_engine_close(life.engine), 0);
}

/* Every commit breaks off, and half of them are done all the same: with patience all is done, once. */
MT_TEST(durable_failure__commits_of_which_nobody_knows)
{
  unsigned known = 0, unknown = 0;
  for (unsigned seed = 1; seed <= 40; seed++) {
    struct rough_life life = {.definition = ROUGH_ONE_TASK, .is_silent = true, .tasks = 1};
    bool has_succeeded = false;
    unsigned starts = 0, refused = 0;
    mt_eq_int(rough_open(&life, mt_format("faulty:%u,fail=0,tear=1000,read=0,down=1:memory:", seed)),
              0);
    for (unsigned i = 0; i < 1000 && !has_succeeded; i++) {
      int err = rough_look(&life, ROUGH_ARN "e", &has_succeeded);
      if (err == MSTEP_ENOTFOUND && rough_create(&life) == 0) {
        int code = rough_start(&life, "e");
        mt_ok(code == 0 || code == MSTEP_EIO);
        starts += code == 0;
      } else if (err == 0 && life.token[0] != '\0') {
        err = ms_engine_task_success(life.engine, ms_str_c(life.token), MS_STR("[1,2]"));
        mt_ok(err == 0 || err == MSTEP_EIO || err == MSTEP_ENOTFOUND);
      } else if (err == MSTEP_EIO) {
        refused++;
      }
      rough_run(&life, 150);
    }
    mt_ok(has_succeeded);
    rough_run(&life, 60000);
    mt_eq_int(life.accepted + life.unknown, starts);
    mt_eq_int(life.done, starts);
    mt_ok(refused > 0);
    known += life.status == MS_EXECUTION_SUCCEEDED;
    unknown += life.status == MS_ENGINE_UNKNOWN;
    mt_eq_int(ms_engine_close(life.engine), 0);
  }
  mt_eq_int(unknown, 0); /* the last start was there, so its end was told */
  mt_eq_int(known, 40);
}

/* ---- a store that has failed before, opened again ---- */

/* In the commit that failed first numbers were reserved and a machine was made. */
MT_TEST(durable_failure__what_was_in_the_first_commit_that_failed)
{
  for (unsigned seed = 1; seed <= 60; seed++) {
    char *path = mt_format("sqlite:%s/first%u.db", mt_tmpdir(), seed);
    struct rough_life life = {.definition = ROUGH_ONE_TASK, .tasks = 1};
    bool has_succeeded = false;
    mt_eq_int(rough_open(&life, mt_format("faulty:%u,fail=400,tear=0,read=0,down=0:%s", seed, path)), 0);
    for (unsigned i = 0; i < 500 && !has_succeeded; i++) {
      if (rough_look(&life, ROUGH_ARN "e", &has_succeeded) == MSTEP_ENOTFOUND) {
        (void)(rough_create(&life) == 0 && rough_start(&life, "e") == 0);
      }
      rough_run(&life, 500);
    }
    mt_ok(has_succeeded);
    mt_eq_int(ms_engine_abandon(life.engine), 0);
    life = (struct rough_life){.definition = ROUGH_ONE_TASK, .tasks = 1};
    int err = rough_open(&life, path);
    mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
    mt_eq_int(rough_look(&life, ROUGH_ARN "e", &has_succeeded), 0);
    mt_ok(has_succeeded);
    mt_eq_int(rough_start(&life, "f"), 0);
    rough_run(&life, 60000);
    mt_eq_int(life.done, 1);
    mt_eq_int(life.status, MS_EXECUTION_SUCCEEDED);
    mt_eq_int(ms_engine_close(life.engine), 0);
  }
}

/* ---- memory ---- */

/* Everything is saved, cut and sent away as soon as it can be. */
static void be_hasty(struct rough_life *life)
{
  const struct ms_engine_journal_limits limits = {.unsaved_bytes = 1, .trim_bytes = 1, .log_bytes = 1};
  ms_engine_set_journal_limits(life->engine, &limits);
  ms_engine_set_resident_max(life->engine, 0);
}

static void expect_memory(int err)
{
  mt_ok(err == 0 || err == MSTEP_ENOMEM || err == MSTEP_EIO || err == MSTEP_ENOTFOUND ||
        err == MSTEP_ESTATE);
}

/* Asks for everything there is to ask for. */
static int ask(struct rough_life *life)
{
  struct ms_buf out;
  struct ms_str arn = MS_STR(ROUGH_ARN "e");
  bool ignored;
  const struct ms_engine_list list = {.status = -1, .max_results = 2};
  const struct ms_engine_history history = {.arn = arn, .max_results = 3, .is_reverse = true};
  ms_buf_init(&out, 0);
  int first = rough_look(life, ROUGH_ARN "e", &ignored);
  int second = ms_engine_execution_list(&out, life->engine, &list);
  int third = ms_engine_execution_history(&out, life->engine, &history);
  int fourth = ms_engine_execution_wait(life->engine, arn, rough_callback());
  life->waits += fourth == 0;
  ms_buf_deinit(&out);
  expect_memory(first);
  expect_memory(second);
  expect_memory(third);
  expect_memory(fourth);
  return first != 0 ? first : second != 0 ? second : third != 0 ? third : fourth;
}

/* Stopped, redriven, and at last purged. */
static int go_round(struct rough_life *life)
{
  struct ms_str arn = MS_STR(ROUGH_ARN "f");
  int err = rough_start(life, "f");
  if (err == 0) {
    rough_run(life, 1000);
    err = ms_engine_execution_stop(life->engine, arn, MS_STR("E"), MS_STR("C"), rough_callback());
  }
  if (err == 0) {
    rough_run(life, 1000);
    err = ms_engine_execution_redrive(life->engine, arn, rough_callback());
  }
  if (err == 0) {
    rough_run(life, 60000);
    err = ms_engine_execution_purge(life->engine, arn, rough_callback());
    rough_run(life, 1000);
  }
  expect_memory(err);
  return err;
}

/* A whole life in which memory runs out, and then is there again. */
static int live(bool is_full)
{
  struct rough_life life = {.definition = ALL_KINDS};
  bool has_succeeded = false;
  int err = rough_open(&life, "memory:");
  if (err == 0 && is_full) {
    be_hasty(&life);
  }
  err = err != 0 ? err : rough_create(&life);
  err = err != 0 ? err : rough_start(&life, "e");
  if (err == 0) {
    rough_run(&life, is_full ? 2000 : 60000);
  }
  if (err == 0 && is_full) {
    err = go_round(&life);
    int asked = ask(&life);
    err = err != 0 ? err : asked;
  }
  mt_oom_over();
  if (life.engine == NULL) {
    return err;
  }
  for (unsigned i = 0; i < 100 && !has_succeeded; i++) {
    int code = rough_look(&life, ROUGH_ARN "e", &has_succeeded);
    if (code == MSTEP_ENOTFOUND) {
      mt_eq_int(rough_create(&life), 0);
      mt_eq_int(ms_engine_task_register(life.engine, MS_STR("*"), rough_callback()), 0);
      mt_eq_int(rough_start(&life, "e"), 0);
    } else {
      mt_ok(code == 0 || code == MSTEP_EIO);
    }
    rough_answer_again(&life);
    rough_run(&life, 10000);
  }
  mt_ok(has_succeeded);
  rough_run(&life, 10000);
  mt_eq_int(life.done, life.waits);
  mt_eq_int(ms_engine_close(life.engine), 0);
  /* Whatever was refused, for want of memory it was. */
  return err == 0 || err == MSTEP_ENOMEM ? err : MSTEP_ENOMEM;
}

static int live_briefly(void *user)
{
  (void)user;
  return live(false);
}

MT_TEST(durable_failure__every_allocation_may_fail)
{
  mt_eq_int(live_briefly(NULL), 0);
  mt_ok(mt_oom(live_briefly, NULL) > 200);
}

static int live_fully(void *user)
{
  (void)user;
  return live(true);
}

MT_TEST(durable_failure__every_allocation_may_fail_of_a_hasty_store)
{
  mt_eq_int(live_fully(NULL), 0);
  mt_ok(mt_oom(live_fully, NULL) > 400);
}

struct file {
  unsigned lives;
};

/* The same over a crash: what was accepted before goes on in the next engine. */
static int live_in_file(void *user)
{
  struct file *file = user;
  char *url = mt_format("sqlite:%s/oom%u.db", mt_tmpdir(), file->lives++);
  struct rough_life life = {.definition = ROUGH_ONE_TASK, .tasks = 1};
  int err = rough_open(&life, url);
  err = err != 0 ? err : rough_create(&life);
  err = err != 0 ? err : rough_start(&life, "e");
  if (err == 0) {
    rough_run(&life, 60000);
  }
  unsigned accepted = life.accepted;
  mt_eq_int(ms_engine_abandon(life.engine), 0);
  mt_oom_over();
  bool has_succeeded;
  life = (struct rough_life){.definition = ROUGH_ONE_TASK, .tasks = 1};
  mt_eq_int(rough_open(&life, url), 0);
  if (rough_look(&life, ROUGH_ARN "e", &has_succeeded) == MSTEP_ENOTFOUND) {
    mt_eq_int(accepted, 0);
    mt_eq_int(rough_create(&life), 0);
    mt_eq_int(rough_start(&life, "e"), 0);
  }
  rough_run(&life, 60000);
  bool has_ended;
  mt_eq_int(rough_look(&life, ROUGH_ARN "e", &has_ended), 0);
  mt_ok(has_ended);
  mt_eq_int(ms_engine_close(life.engine), 0);
  for (unsigned i = 0; i < 4; i++) {
    static const char *const parts[] = {"", "-wal", "-shm", "-lock"};
    remove(mt_format("%s%s", url + strlen("sqlite:"), parts[i]));
  }
  return err;
}

MT_TEST(durable_failure__every_allocation_may_fail_before_a_crash)
{
  struct file file = {0};
  mt_eq_int(live_in_file(&file), 0);
  mt_ok(mt_oom(live_in_file, &file) > 200);
}
