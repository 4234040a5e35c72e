/* What may be asked of a schedule, its row, and what a row is compiled to. */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/schedule_words.h"
#include "messaging/scheduler_internal.h"
#include "messaging/universal.h"

#define START_MAX_AGE_MS INT64_C(300000)
#define TIME_MAX_S 7258118400.0 /* the year 2200 */

/* ---- zones ---- */

static int find_zone(const struct ms_zone **out, struct ms_scheduler *scheduler, struct ms_str name)
{
  struct ms_scheduler_zone *zone = scheduler->zones;
  struct ms_zone *loaded;
  while (zone != NULL && !ms_str_eq((struct ms_str){zone->name, zone->len}, name)) {
    zone = zone->next;
  }
  if (zone == NULL) {
    int err = ms_zone_load(&loaded, name);
    if (err != 0) {
      return err;
    }
    zone = ms_alloc(sizeof *zone + name.len);
    if (zone == NULL) {
      ms_zone_free(loaded);
      return ms_error_nomem();
    }
    *zone = (struct ms_scheduler_zone){scheduler->zones, loaded, name.len};
    memcpy(zone->name, name.data, name.len);
    scheduler->zones = zone;
  }
  *out = zone->zone;
  return MSTEP_OK;
}

void ms_scheduler_zones_free(struct ms_scheduler *scheduler)
{
  for (struct ms_scheduler_zone *zone = scheduler->zones, *next; zone != NULL; zone = next) {
    next = zone->next;
    ms_zone_free(zone->zone);
    ms_free(zone);
  }
  scheduler->zones = NULL;
}

/* ---- the target ---- */

static bool is_json(int *err, struct ms_str input)
{
  struct ms_json parsed;
  struct ms_buf text;
  const struct ms_schedule_words words = {MS_STR("a"), MS_STR("a"), MS_STR("a"), MS_STR("1")};
  ms_buf_init(&text, 0);
  ms_schedule_words_fill(&text, input, &words);
  *err = text.error != 0 ? text.error : ms_json_parse(&parsed, ms_buf_view(&text), NULL, NULL);
  ms_buf_deinit(&text);
  if (*err == 0) {
    ms_json_unref(parsed);
    return true;
  }
  return false;
}

static bool is_supported(struct ms_str arn)
{
  static const char *const prefixes[] = {"arn:aws:lambda:", "arn:aws:sqs:",    "arn:aws:sns:",
                                         "arn:aws:events:", "arn:aws:states:", "arn:aws:s3:"};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    if (ms_str_has_prefix(arn, prefixes[i])) {
      return true;
    }
  }
  return ms_universal_is_known(arn) || !ms_str_has_prefix(arn, "arn:"); /* addresses, folders and hooks, as for rules */
}

static int check_bus(struct ms_json target, struct ms_queue_refusal *why)
{
  struct ms_json event = ms_json_getc(target, "EventBridgeParameters");
  struct ms_str source = ms_schedule_text(event, "Source");
  if (!ms_json_is_object(event)) {
    return ms_refuse(why, "ValidationException",
                     "EventBridgeParameters is required for target EventBridge.");
  }
  return ms_str_has_prefix(source, "aws.")
             ? ms_refuse(why, "ValidationException",
                         "The Source of an event must not begin with aws.")
             : MSTEP_OK;
}

static int check_target(struct ms_json target, struct ms_queue_refusal *why)
{
  struct ms_str arn = ms_schedule_text(target, "Arn");
  struct ms_str input = ms_schedule_text(target, "Input");
  struct ms_str dead = ms_schedule_text(ms_json_getc(target, "DeadLetterConfig"), "Arn");
  bool is_bus = ms_str_has_prefix(arn, "arn:aws:events:");
  int err = MSTEP_OK;
  if (!is_supported(arn)) {
    return ms_refuse(why, "ValidationException", "Provided Arn is not of a supported target: %.*s",
                     MS_STR_ARG(arn));
  }
  if (dead.data != NULL && !ms_str_has_prefix(dead, "arn:aws:sqs:")) {
    return ms_refuse(why, "ValidationException",
                     "The Arn of a DeadLetterConfig must be that of an SQS queue.");
  }
  if (is_bus) {
    err = check_bus(target, why);
  }
  if (err == 0 && input.data != NULL &&
      (is_bus || ms_str_has_prefix(arn, "arn:aws:lambda:") ||
       ms_str_has_prefix(arn, "arn:aws:states:") || ms_universal_is_target(arn)) &&
      !is_json(&err, input) && err != MSTEP_ENOMEM) {
    err = ms_refuse(why, "ValidationException", "Input is not a well-formed JSON.");
  }
  return err;
}

/* ---- compiling a row ---- */

static int64_t time_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  double seconds = ms_json_is_number(value) ? ms_json_number(value) : 0;
  return seconds > -TIME_MAX_S && seconds < TIME_MAX_S ? (int64_t)(seconds * 1000) : 0;
}

static int64_t integer_of(struct ms_json object, const char *name)
{
  int64_t value = 0;
  ms_json_to_int(&value, ms_json_getc(object, name));
  return value;
}

static int compile(struct ms_scheduled *out, struct ms_queue_refusal *why)
{
  struct ms_buf message;
  struct ms_str zone = ms_schedule_text(out->schedule, "ScheduleExpressionTimezone");
  ms_buf_init(&message, 0);
  int err = ms_schedule_parse(&out->when, ms_schedule_text(out->schedule, "ScheduleExpression"),
                              MS_SCHEDULE_SCHEDULER, &message);
  if (err == MSTEP_EINVALID && message.error == 0) {
    err = ms_refuse(why, "ValidationException", "%.*s", MS_STR_ARG(ms_buf_view(&message)));
  }
  ms_buf_deinit(&message);
  if (err != 0) {
    return err;
  }
  err = find_zone(&out->span.zone, out->scheduler, zone);
  if (err != 0 && err != MSTEP_ENOMEM) {
    return ms_refuse(why, "ValidationException", "Invalid ScheduleExpressionTimezone %.*s.",
                     MS_STR_ARG(zone));
  }
  return err != 0 ? err : check_target(ms_json_getc(out->schedule, "Target"), why);
}

/* What becomes of missed runs: what the schedule says itself, else the engine. */
static int missed_runs(const struct ms_scheduler *scheduler, struct ms_str said)
{
  return ms_str_is(said, "once")   ? MS_MISSED_ONCE
         : ms_str_is(said, "skip") ? MS_MISSED_SKIP
         : ms_str_is(said, "all")  ? MS_MISSED_ALL
                                   : scheduler->env->missed_runs;
}

int ms_scheduled_new(struct ms_scheduled **out, struct ms_scheduler *scheduler, struct ms_json row,
                     struct ms_queue_refusal *why)
{
  struct ms_scheduled *made = ms_calloc(1, sizeof *made);
  if (made == NULL || ms_json_is_none(row)) {
    ms_json_unref(row);
    ms_free(made);
    return ms_error_nomem();
  }
  struct ms_json schedule = ms_json_getc(row, "Schedule");
  struct ms_json window = ms_json_getc(schedule, "FlexibleTimeWindow");
  made->scheduler = scheduler;
  made->row = row;
  made->schedule = schedule;
  made->group = ms_schedule_text(schedule, "GroupName");
  made->name = ms_schedule_text(schedule, "Name");
  made->arn = ms_schedule_text(schedule, "Arn");
  made->is_enabled = ms_str_is(ms_schedule_text(schedule, "State"), "ENABLED");
  made->is_deleted_after = ms_str_is(ms_schedule_text(schedule, "ActionAfterCompletion"), "DELETE");
  made->missed_runs = missed_runs(scheduler, ms_schedule_text(schedule, "MissedRuns"));
  made->window_minutes = (unsigned)integer_of(window, "MaximumWindowInMinutes");
  made->run_at_ms = integer_of(row, "RunAt");
  made->span = (struct ms_schedule_span){.created_at_ms = integer_of(row, "ChangedAt"),
                                         .start_at_ms = time_of(schedule, "StartDate"),
                                         .end_at_ms = time_of(schedule, "EndDate")};
  int err = compile(made, why);
  if (err != 0) {
    ms_scheduled_free(made);
    return err;
  }
  *out = made;
  return MSTEP_OK;
}

/* ---- the row of a request ---- */

int ms_schedule_check_name(struct ms_str name, struct ms_queue_refusal *why)
{
  bool is_name = name.len > 0 && name.len <= 64;
  for (size_t i = 0; i < name.len && is_name; i++) {
    char c = ms_ascii_lower(name.data[i]);
    is_name = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  }
  return is_name ? MSTEP_OK
                 : ms_refuse(why, "ValidationException",
                             "1 validation error detected: Value '%.*s' at 'name' failed to "
                             "satisfy constraint: Member must satisfy regular expression pattern: "
                             "^[0-9a-zA-Z-_.]+$",
                             MS_STR_ARG(name));
}

static int check_dates(struct ms_json request, struct ms_json old, int64_t now_ms,
                       struct ms_queue_refusal *why)
{
  struct ms_json before = ms_json_getc(old, "Schedule");
  int64_t start_ms = time_of(request, "StartDate"), end_ms = time_of(request, "EndDate");
  if (start_ms != 0 && start_ms < now_ms - START_MAX_AGE_MS &&
      start_ms != time_of(before, "StartDate")) {
    return ms_refuse(why, "ValidationException",
                     "The StartDate you specify cannot be earlier than 5 minutes ago.");
  }
  if (end_ms != 0 && end_ms <= now_ms && end_ms != time_of(before, "EndDate")) {
    return ms_refuse(why, "ValidationException",
                     "The EndDate you specify must be later than the current time.");
  }
  return end_ms != 0 && end_ms < start_ms
             ? ms_refuse(why, "ValidationException", "The StartDate must come before the EndDate.")
             : MSTEP_OK;
}

static int check_request(struct ms_json request, struct ms_json old, int64_t now_ms,
                         struct ms_queue_refusal *why)
{
  struct ms_json window = ms_json_getc(request, "FlexibleTimeWindow");
  bool is_flexible = ms_str_is(ms_schedule_text(window, "Mode"), "FLEXIBLE");
  bool has_length = !ms_json_is_none(ms_json_getc(window, "MaximumWindowInMinutes"));
  int err = ms_schedule_check_name(ms_schedule_text(request, "Name"), why);
  if (err != 0) {
    return err;
  }
  if (is_flexible != has_length) {
    return ms_refuse(why, "ValidationException",
                     is_flexible ? "MaximumWindowInMinutes is required when Mode is FLEXIBLE."
                                 : "MaximumWindowInMinutes must not be set when Mode is OFF.");
  }
  return check_dates(request, old, now_ms, why);
}

/* The target with the retry policy that it has when it says nothing of it. */
static struct ms_json full_target(struct ms_json target)
{
  static const char *const members[] = {"MaximumEventAgeInSeconds", "MaximumRetryAttempts", NULL};
  struct ms_json out = ms_json_ref(target), policy = ms_json_object(2);
  int err = ms_json_setc(&policy, members[0], ms_json_int(86400));
  err |= ms_json_setc(&policy, members[1], ms_json_int(185));
  err |= ms_resource_copy(&policy, ms_json_getc(target, "RetryPolicy"), members);
  err |= ms_json_setc(&out, "RetryPolicy", policy);
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

static struct ms_json make_schedule(const struct ms_scheduler *scheduler, struct ms_json request,
                                    struct ms_json old, int64_t now_ms)
{
  static const char *const members[] = {"ActionAfterCompletion",
                                        "Description",
                                        "EndDate",
                                        "FlexibleTimeWindow",
                                        "GroupName",
                                        "KmsKeyArn",
                                        "MissedRuns",
                                        "Name",
                                        "ScheduleExpression",
                                        "ScheduleExpressionTimezone",
                                        "StartDate",
                                        "State",
                                        NULL};
  struct ms_json out = ms_json_object(16), now = ms_json_double((double)now_ms / 1000);
  struct ms_json created = ms_json_getc(ms_json_getc(old, "Schedule"), "CreationDate");
  int err = ms_json_setc(&out, "ActionAfterCompletion", ms_json_cstring("NONE"));
  err |= ms_json_setc(&out, "GroupName", ms_json_cstring(MS_SCHEDULE_DEFAULT_GROUP));
  err |= ms_json_setc(&out, "ScheduleExpressionTimezone", ms_json_cstring("UTC"));
  err |= ms_json_setc(&out, "State", ms_json_cstring("ENABLED"));
  err |= ms_resource_copy(&out, request, members);
  struct ms_str group = ms_schedule_text(out, "GroupName");
  err |= ms_json_setc(&out, "Arn",
                      ms_json_stringf("arn:aws:scheduler:%s:%s:schedule/%.*s/%.*s",
                                      scheduler->env->region, scheduler->env->account,
                                      MS_STR_ARG(group),
                                      MS_STR_ARG(ms_schedule_text(request, "Name"))));
  err |= ms_json_setc(&out, "CreationDate", ms_json_is_none(created) ? now : ms_json_ref(created));
  err |= ms_json_setc(&out, "LastModificationDate", now);
  err |= ms_json_setc(&out, "Target", full_target(ms_json_getc(request, "Target")));
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

int ms_scheduler_row(struct ms_json *out, struct ms_scheduler *scheduler, struct ms_json request,
                     struct ms_json old, struct ms_queue_refusal *why)
{
  static const char *const members[] = {"ClientToken", NULL};
  int64_t now_ms = ms_loop_now_ms(scheduler->env->loop);
  int err = check_request(request, old, now_ms, why);
  if (err != 0) {
    return err;
  }
  struct ms_json row = ms_json_object(4);
  err = ms_json_setc(&row, "Schedule", make_schedule(scheduler, request, old, now_ms));
  err |= ms_json_setc(&row, "ChangedAt", ms_json_int(now_ms));
  err |= ms_json_setc(&row, "RunAt", ms_json_int(0));
  err |= ms_resource_copy(&row, request, members);
  if (err != 0) {
    ms_json_unref(row);
    return ms_error_nomem();
  }
  *out = row;
  return MSTEP_OK;
}
