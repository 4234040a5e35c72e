/*
 * The driver of the scheduler: schedules by group and name, what is read from the store, which is due next; and
 * the operations on one schedule.
 */
#include "messaging/scheduler.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "messaging/scheduler_internal.h"
#include "metrics/metrics.h"

#define AFTER_TROUBLE_MS 1000

struct ms_str ms_schedule_text(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

/* ---- the list ---- */

bool ms_scheduler_find(size_t *index, const struct ms_scheduler *scheduler, struct ms_str group,
                       struct ms_str name)
{
  size_t low = 0, high = scheduler->schedules.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const struct ms_scheduled *at = scheduler->schedules.data[middle];
    int order = ms_str_cmp(at->group, group);
    order = order != 0 ? order : ms_str_cmp(at->name, name);
    if (order == 0) {
      *index = middle;
      return true;
    }
    low = order < 0 ? middle + 1 : low;
    high = order < 0 ? high : middle;
  }
  *index = low;
  return false;
}

void ms_scheduled_free(struct ms_scheduled *schedule)
{
  ms_heap_remove(&schedule->scheduler->heap, &schedule->node);
  ms_json_unref(schedule->row);
  ms_free(schedule);
}

void ms_scheduler_drop(struct ms_scheduler *scheduler, size_t index)
{
  struct ms_scheduled **data = scheduler->schedules.data;
  ms_scheduled_free(data[index]);
  scheduler->schedules.count--;
  memmove(data + index, data + index + 1, (scheduler->schedules.count - index) * sizeof *data);
}

/* In the place of one of that name, or at its own, for which there is room. */
static void put_in_list(struct ms_scheduler *scheduler, struct ms_scheduled *schedule)
{
  struct ms_scheduled **data = scheduler->schedules.data;
  size_t index;
  if (ms_scheduler_find(&index, scheduler, schedule->group, schedule->name)) {
    ms_scheduled_free(data[index]);
  } else {
    memmove(data + index + 1, data + index, (scheduler->schedules.count - index) * sizeof *data);
    scheduler->schedules.count++;
  }
  data[index] = schedule;
}

static int make_room(struct ms_scheduler *scheduler)
{
  return MS_VEC_RESERVE(&scheduler->schedules, MS_SCHEDULES_MAX, 1);
}

/* ---- rows ---- */

void ms_scheduled_put(struct ms_batch *batch, const struct ms_scheduled *schedule,
                      struct ms_json row)
{
  struct ms_buf key;
  ms_buf_init(&key, 0);
  ms_buf_str(&key, schedule->group);
  ms_buf_char(&key, '\0');
  ms_buf_str(&key, schedule->name);
  if (key.error != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : key.error;
  } else {
    ms_resource_put(batch, "schedule", ms_buf_view(&key), row);
  }
  ms_buf_deinit(&key);
}

static int save(const struct ms_scheduled *schedule, struct ms_json row)
{
  const struct ms_ledger *ledger = &schedule->scheduler->env->ledger;
  struct ms_batch *batch = NULL;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  ms_scheduled_put(batch, schedule, row);
  return ledger->end(ledger->user);
}

/* ---- when ---- */

int ms_scheduled_arm(struct ms_scheduled *schedule)
{
  struct ms_scheduler *scheduler = schedule->scheduler;
  int64_t after_ms = schedule->span.created_at_ms - 1; /* a rate begins with its first run */
  after_ms = schedule->run_at_ms > after_ms ? schedule->run_at_ms : after_ms;
  schedule->due_at_ms = 0;
  if (!schedule->is_enabled ||
      !ms_schedule_next(&schedule->due_at_ms, &schedule->when, &schedule->span, after_ms)) {
    schedule->due_at_ms = 0;
    return MSTEP_OK;
  }
  /* The same time within the window after a restart. */
  uint64_t random = ms_hash_mix(ms_hash(schedule->arn, 0), (uint64_t)schedule->due_at_ms);
  int64_t at_ms = ms_schedule_spread_ms(schedule->due_at_ms, schedule->window_minutes, random);
  return ms_heap_add(&scheduler->heap, &schedule->node, at_ms, scheduler->order++);
}

/* ---- operations ---- */

static struct ms_str group_of(struct ms_json request)
{
  struct ms_str name = ms_schedule_text(request, "GroupName");
  return name.data == NULL ? MS_STR(MS_SCHEDULE_DEFAULT_GROUP) : name;
}

/* The one that a request names; NULL: *why says so. */
static struct ms_scheduled *asked(size_t *index, struct ms_scheduler *scheduler,
                                  struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_str name = ms_schedule_text(request, "Name"), group = group_of(request);
  const struct ms_schedule_group *in = ms_scheduler_group(scheduler, group);
  if (in == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "Schedule group %.*s does not exist.",
              MS_STR_ARG(group));
    return NULL;
  }
  if (in->is_deleting || !ms_scheduler_find(index, scheduler, group, name)) {
    ms_refuse(why, "ResourceNotFoundException", "Schedule %.*s does not exist.", MS_STR_ARG(name));
    return NULL;
  }
  return scheduler->schedules.data[*index];
}

static int answer_arn(struct ms_json *reply, struct ms_json schedule)
{
  *reply = ms_json_object(1);
  return ms_json_setc(reply, "ScheduleArn", ms_json_ref(ms_json_getc(schedule, "Arn")));
}

/* Takes row, and puts what it says in the place of what was. */
static int install(struct ms_scheduler *scheduler, struct ms_json row, struct ms_json *reply,
                   struct ms_queue_refusal *why)
{
  struct ms_scheduled *schedule;
  int err = ms_scheduled_new(&schedule, scheduler, row, why);
  if (err != 0) {
    return err;
  }
  err = answer_arn(reply, schedule->schedule);
  err = err != 0 ? err : make_room(scheduler);
  err = err != 0 ? err : ms_scheduled_arm(schedule);
  err = err != 0 ? err : save(schedule, schedule->row);
  if (err != 0) {
    ms_scheduled_free(schedule);
    return err;
  }
  put_in_list(scheduler, schedule);
  scheduler->env->touch(scheduler->env->user);
  return MSTEP_OK;
}

/* Is it the request that made this schedule, once more? */
static bool is_same_request(const struct ms_scheduled *schedule, struct ms_json request)
{
  struct ms_str token = ms_schedule_text(request, "ClientToken");
  return token.data != NULL && ms_str_eq(ms_schedule_text(schedule->row, "ClientToken"), token);
}

int ms_scheduler_create(struct ms_scheduler *scheduler, struct ms_json request,
                        struct ms_json *reply, struct ms_queue_refusal *why)
{
  struct ms_str name = ms_schedule_text(request, "Name"), group = group_of(request);
  const struct ms_schedule_group *in = ms_scheduler_group(scheduler, group);
  struct ms_json row;
  size_t index;
  if (in == NULL) {
    return ms_refuse(why, "ResourceNotFoundException", "Schedule group %.*s does not exist.",
                     MS_STR_ARG(group));
  }
  if (in->is_deleting) {
    return ms_refuse(why, "ConflictException", "Schedule group %.*s is being deleted.",
                     MS_STR_ARG(group));
  }
  if (ms_scheduler_find(&index, scheduler, group, name)) {
    const struct ms_scheduled *is = scheduler->schedules.data[index];
    return is_same_request(is, request)
               ? answer_arn(reply, is->schedule)
               : ms_refuse(why, "ConflictException", "Schedule %.*s already exists.",
                           MS_STR_ARG(name));
  }
  if (scheduler->schedules.count >= MS_SCHEDULES_MAX) {
    return ms_refuse(why, "ServiceQuotaExceededException",
                     "The maximum number of schedules has been reached.");
  }
  int err = ms_scheduler_row(&row, scheduler, request, MS_JSON_VALUE_NONE, why);
  return err != 0 ? err : install(scheduler, row, reply, why);
}

int ms_scheduler_update(struct ms_scheduler *scheduler, struct ms_json request,
                        struct ms_json *reply, struct ms_queue_refusal *why)
{
  struct ms_json row;
  size_t index;
  const struct ms_scheduled *old = asked(&index, scheduler, request, why);
  if (old == NULL) {
    return MSTEP_EINVALID;
  }
  int err = ms_scheduler_row(&row, scheduler, request, old->row, why);
  return err != 0 ? err : install(scheduler, row, reply, why);
}

int ms_scheduler_get(struct ms_scheduler *scheduler, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why)
{
  size_t index;
  const struct ms_scheduled *schedule = asked(&index, scheduler, request, why);
  if (schedule == NULL) {
    return MSTEP_EINVALID;
  }
  *reply = ms_json_ref(schedule->schedule);
  return MSTEP_OK;
}

int ms_scheduler_delete(struct ms_scheduler *scheduler, struct ms_json request,
                        struct ms_json *reply, struct ms_queue_refusal *why)
{
  size_t index;
  const struct ms_scheduled *schedule = asked(&index, scheduler, request, why);
  (void)reply;
  if (schedule == NULL) {
    return MSTEP_EINVALID;
  }
  int err = save(schedule, MS_JSON_VALUE_NONE);
  if (err == 0) {
    ms_scheduler_drop(scheduler, index);
  }
  return err;
}

/* ---- the clock ---- */

static void run_due(struct ms_scheduler *scheduler, int64_t now_ms)
{
  struct ms_heap_node *node;
  for (unsigned i = 0;
       i < MS_RUNS_AT_ONCE && (node = ms_heap_take_due(&scheduler->heap, now_ms)) != NULL; i++) {
    struct ms_scheduled *schedule =
        (struct ms_scheduled *)(void *)((char *)node - offsetof(struct ms_scheduled, node));
    if (ms_scheduled_run(schedule, now_ms) != 0) {
      ms_heap_add(&scheduler->heap, node, now_ms + AFTER_TROUBLE_MS, scheduler->order++);
    } /* there is room: one was just taken out */
  }
}

/* ---- the driver ---- */

static void drop_all(struct ms_scheduler *scheduler)
{
  for (size_t i = 0; i < scheduler->schedules.count; i++) {
    ms_scheduled_free(scheduler->schedules.data[i]);
  }
  scheduler->schedules.count = 0;
  ms_scheduler_groups_free(scheduler);
  scheduler->sweep_at_ms = 0;
}

static void close_scheduler(void *driver)
{
  struct ms_scheduler *scheduler = driver;
  if (scheduler != NULL) {
    drop_all(scheduler);
    ms_free(scheduler->schedules.data);
    ms_relay_free(scheduler->relay);
    ms_heap_deinit(&scheduler->heap);
    ms_scheduler_zones_free(scheduler);
    ms_free(scheduler);
  }
}

static int open_scheduler(void **driver, const struct ms_driver_env *env)
{
  struct ms_scheduler *scheduler = ms_calloc(1, sizeof *scheduler);
  if (scheduler == NULL) {
    return ms_error_nomem();
  }
  scheduler->env = env;
  ms_heap_init(&scheduler->heap);
  int err = ms_relay_new(&scheduler->relay, env, MS_RELAY_SCHEDULES);
  err = err != 0 ? err : ms_scheduler_add_default(scheduler);
  if (err != 0) {
    close_scheduler(scheduler);
    return err;
  }
  *driver = scheduler;
  return MSTEP_OK;
}

static int load_group(struct ms_str name, struct ms_json row, void *user)
{
  (void)name;
  return ms_schedule_group_install(user, ms_json_ref(row));
}

static void log_skipped(struct ms_scheduler *scheduler, struct ms_json schedule, const char *text)
{
  char line[640];
  snprintf(line, sizeof line, "schedule %.*s is left out: %s",
           MS_STR_ARG(ms_schedule_text(schedule, "Name")), text);
  if (scheduler->env->log != NULL) {
    scheduler->env->log(0, "messaging", line, scheduler->env->user);
  }
}

static int load_schedule(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_scheduler *scheduler = user;
  struct ms_scheduled *schedule;
  struct ms_queue_refusal why;
  (void)name;
  int err = make_room(scheduler);
  err = err != 0 ? err : ms_scheduled_new(&schedule, scheduler, ms_json_ref(row), &why);
  if (err == MSTEP_EINVALID) { /* a zone that this machine does not have: its row stays */
    log_skipped(scheduler, ms_json_getc(row, "Schedule"), why.text);
    return MSTEP_OK;
  }
  if (err != 0) {
    return err;
  }
  const struct ms_schedule_group *group = ms_scheduler_group(scheduler, schedule->group);
  err = group == NULL || group->is_deleting ? MSTEP_OK : ms_scheduled_arm(schedule);
  if (err != 0) {
    ms_scheduled_free(schedule);
    return err;
  }
  put_in_list(scheduler, schedule);
  return MSTEP_OK;
}

static int load_scheduler(void *driver)
{
  struct ms_scheduler *scheduler = driver;
  struct ms_store *reader = scheduler->env->ledger.reader;
  if (reader == NULL) {
    return MSTEP_OK;
  }
  drop_all(scheduler);
  int err = ms_scheduler_add_default(scheduler);
  err = err != 0 ? err : ms_resource_scan(reader, "schedule-group", load_group, scheduler);
  err = err != 0 ? err : ms_resource_scan(reader, "schedule", load_schedule, scheduler);
  return err != 0 ? err : ms_relay_load(scheduler->relay);
}

static void resume_scheduler(void *driver)
{
  ms_relay_resume(((struct ms_scheduler *)driver)->relay);
}

static int64_t earlier(int64_t a, int64_t b)
{
  return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t next_due_ms(void *driver)
{
  struct ms_scheduler *scheduler = driver;
  int64_t due_at_ms = 0;
  if (ms_heap_peek(&scheduler->heap, &due_at_ms) == NULL) {
    due_at_ms = 0;
  }
  return earlier(earlier(due_at_ms, scheduler->sweep_at_ms),
                 ms_relay_next_due_ms(scheduler->relay));
}

static void on_timer(void *driver, int64_t now_ms)
{
  struct ms_scheduler *scheduler = driver;
  run_due(scheduler, now_ms);
  if (scheduler->sweep_at_ms != 0 && scheduler->sweep_at_ms <= now_ms) {
    ms_scheduler_sweep(scheduler, now_ms);
  }
  ms_relay_on_timer(scheduler->relay, now_ms);
}

static bool is_busy(void *driver)
{
  return ms_relay_is_busy(((struct ms_scheduler *)driver)->relay);
}

static void collect(void *driver, struct ms_metrics *metrics)
{
  const struct ms_scheduler *scheduler = driver;
  ms_metrics_set(metrics, MS_METRIC_SCHEDULE_FIRED, scheduler->fired);
  ms_metrics_set(metrics, MS_METRIC_SCHEDULE_MISSED, scheduler->missed);
  ms_relay_collect(scheduler->relay, metrics);
}

const struct ms_driver_type ms_scheduler_driver = {
    .name = "scheduler",
    .open = open_scheduler,
    .close = close_scheduler,
    .load = load_scheduler,
    .resume = resume_scheduler,
    .next_due_ms = next_due_ms,
    .on_timer = on_timer,
    .is_busy = is_busy,
    .collect = collect,
};

struct ms_relay *ms_scheduler_relay(const struct ms_scheduler *scheduler)
{
  return scheduler->relay;
}
