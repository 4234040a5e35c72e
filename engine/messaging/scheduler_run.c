/* A schedule that is due: what its target gets, and what is written. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/time.h"
#include "messaging/schedule_words.h"
#include "messaging/scheduler_internal.h"
#include "messaging/universal.h"

#define MIN_DELAY_MS 1000
#define MAX_DELAY_MS 480000
#define MINUTE_MS 60000

/* One run, while it is staged. */
struct run {
  struct ms_scheduled *schedule;
  char time[MS_TIME_TEXT_SIZE];
  char id[17];
  char name[37];
  struct ms_buf body, facts;
};

/* What a target gets that was given no input. */
static void put_standard_event(struct run *run)
{
  const struct ms_driver_env *env = run->schedule->scheduler->env;
  struct ms_buf *out = &run->body;
  char id[37];
  ms_random_uuid(env->random, id);
  ms_buf_printf(out,
                "{\"version\":\"0\",\"id\":\"%s\",\"detail-type\":\"Scheduled Event\",\"source\":"
                "\"aws.scheduler\",\"account\":\"%s\",\"time\":\"%s\",\"region\":\"%s\","
                "\"resources\":[",
                id, env->account, run->time, env->region);
  ms_json_print_string(out, run->schedule->arn);
  ms_buf_cstr(out, "],\"detail\":\"{}\"}");
}

static void put_body(struct run *run, struct ms_json target)
{
  struct ms_str input = ms_schedule_text(target, "Input");
  if (input.data == NULL && ms_universal_is_target(ms_schedule_text(target, "Arn"))) {
    ms_buf_cstr(&run->body, "{}");
    return;
  }
  if (input.data == NULL) {
    put_standard_event(run);
    return;
  }
  const struct ms_schedule_words words = {.schedule_arn = run->schedule->arn,
                                          .scheduled_time = ms_str_c(run->time),
                                          .execution_id = ms_str_c(run->id)};
  ms_schedule_words_fill(&run->body, input, &words);
}

static void put_facts(struct run *run, struct ms_str target_arn)
{
  struct ms_buf *out = &run->facts;
  ms_buf_cstr(out, "{\"SCHEDULE_ARN\":");
  ms_json_print_string(out, run->schedule->arn);
  ms_buf_cstr(out, ",\"TARGET_ARN\":");
  ms_json_print_string(out, target_arn);
  ms_buf_printf(out,
                ",\"SCHEDULED_TIME\":\"%s\",\"EXECUTION_ID\":\"%s\","
                "\"IS_PAYLOAD_TRUNCATED\":\"false\"}",
                run->time, run->id);
}

static struct ms_relay_policy policy_of(struct ms_json target)
{
  struct ms_json policy = ms_json_getc(target, "RetryPolicy");
  int64_t retries = 0, age_s = 0;
  ms_json_to_int(&retries, ms_json_getc(policy, "MaximumRetryAttempts"));
  ms_json_to_int(&age_s, ms_json_getc(policy, "MaximumEventAgeInSeconds"));
  return (struct ms_relay_policy){MS_RELAY_EXPONENTIAL, (uint32_t)retries, age_s * 1000,
                                  MIN_DELAY_MS, MAX_DELAY_MS};
}

static int stage(struct run *run, struct ms_batch *batch)
{
  struct ms_json target = ms_json_getc(run->schedule->schedule, "Target");
  struct ms_json event = ms_json_getc(target, "EventBridgeParameters");
  struct ms_str arn = ms_schedule_text(target, "Arn");
  bool is_machine = ms_str_has_prefix(arn, "arn:aws:states:");
  put_body(run, target);
  put_facts(run, arn);
  if (run->body.error != 0 || run->facts.error != 0) {
    return ms_error_nomem();
  }
  struct ms_relay_entry entry = {
      .delivery = {.target = arn,
                   .body = ms_buf_view(&run->body),
                   .group =
                       ms_schedule_text(ms_json_getc(target, "SqsParameters"), "MessageGroupId"),
                   .source = ms_schedule_text(event, "Source"),
                   .detail_type = ms_schedule_text(event, "DetailType"),
                   .reason = run->schedule->arn},
      .policy = policy_of(target),
      .dead_letter = ms_schedule_text(ms_json_getc(target, "DeadLetterConfig"), "Arn"),
      .facts = ms_buf_view(&run->facts)};
  if (is_machine) {
    entry.delivery.deduplication = ms_str_c(run->name); /* the execution's name, at every try */
  }
  return ms_relay_add(run->schedule->scheduler->relay, batch, &entry);
}

static int stage_run(struct ms_scheduled *schedule, struct ms_batch *batch, int64_t run_at_ms)
{
  struct ms_random *random = schedule->scheduler->env->random;
  struct run run = {.schedule = schedule};
  ms_time_format(run.time, run_at_ms / 1000 * 1000);
  snprintf(run.id, sizeof run.id, "%016" PRIx64, ms_random_next(random));
  ms_random_uuid(random, run.name);
  ms_buf_init(&run.body, 0);
  ms_buf_init(&run.facts, 0);
  int err = stage(&run, batch);
  ms_buf_deinit(&run.body);
  ms_buf_deinit(&run.facts);
  return err;
}

/* ---- one change ---- */

/* What is to be written: up to which run it has come, or NONE when that was its last and it goes. */
static int row_after(struct ms_json *out, bool *is_over, const struct ms_scheduled *schedule,
                     int64_t run_at_ms)
{
  int64_t next_ms;
  *out = MS_JSON_VALUE_NONE;
  *is_over = schedule->is_deleted_after &&
             !ms_schedule_next(&next_ms, &schedule->when, &schedule->span, run_at_ms);
  if (*is_over) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_json_ref(schedule->row);
  int err = ms_json_setc(&row, "RunAt", ms_json_int(run_at_ms));
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  *out = row;
  return MSTEP_OK;
}

static int write_run(struct ms_scheduled *schedule, struct ms_json row, int64_t run_at_ms,
                     bool is_due)
{
  struct ms_scheduler *scheduler = schedule->scheduler;
  const struct ms_ledger *ledger = &scheduler->env->ledger;
  struct ms_batch *batch = NULL;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  err = is_due ? stage_run(schedule, batch, run_at_ms) : MSTEP_OK;
  ms_scheduled_put(batch, schedule, row);
  if (err != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : err;
  }
  int end = ledger->end(ledger->user);
  err = err != 0 ? err : end;
  if (err != 0) {
    ms_relay_rollback(scheduler->relay);
  } else {
    ms_relay_commit(scheduler->relay);
  }
  return err;
}

int ms_scheduled_run(struct ms_scheduled *schedule, int64_t now_ms)
{
  struct ms_scheduler *scheduler = schedule->scheduler;
  int64_t run_at_ms, window_ms = (int64_t)schedule->window_minutes * MINUTE_MS;
  struct ms_json row;
  bool is_over;
  /* A run whose window is open is in time. */
  bool is_due =
      ms_schedule_pick(&run_at_ms, &schedule->when, &schedule->span, schedule->due_at_ms,
                       now_ms - window_ms, (enum ms_missed_runs)schedule->missed_runs);
  int err = row_after(&row, &is_over, schedule, run_at_ms);
  if (err != 0) {
    return err;
  }
  err = write_run(schedule, row, run_at_ms, is_due);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  scheduler->fired += is_due;
  scheduler->missed += !is_due;
  if (is_over) {
    size_t index;
    ms_scheduler_find(&index, scheduler, schedule->group, schedule->name);
    ms_scheduler_drop(scheduler, index);
    return MSTEP_OK;
  }
  ms_json_replace(&schedule->row, row); /* what is borrowed from it is shared by both */
  schedule->run_at_ms = run_at_ms;
  return ms_scheduled_arm(schedule);
}
