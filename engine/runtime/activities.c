/*
 * See activities.h. Nothing here is stored: a task that waits is there again after a start, because its
 * execution is; one that a worker has taken waits for that worker's answer, by the token it had.
 */
#include "runtime/activities.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "runtime/catalog.h"
#include "runtime/internal.h"

/* A task that nobody has taken: what its ms_task.data points to. */
struct waiting {
  struct waiting *next, *previous;
  struct queue *queue;
  struct ms_task *task;
  char *input;
  size_t input_len;
};

/* The tasks of one activity. */
struct queue {
  char *arn;
  struct waiting *first, *last;
};

struct poll {
  struct poll *next;
  char *arn;
  struct ms_json worker; /* NONE: it said no name */
  int64_t due_at_ms;
  ms_activity_cb cb;
  void *arg;
};

struct ms_activities {
  const struct ms_driver_env *env;
  struct ms_map queues; /* by ARN */
  struct poll *polls;   /* the oldest first */
};

static struct ms_activities *activities_of(const struct ms_engine *engine)
{
  return ms_engine_driver(engine, &ms_activities_driver);
}

/* ---- tasks that wait ---- */

static struct queue *queue_get(struct ms_activities *activities, struct ms_str arn)
{
  struct queue *queue = ms_map_get(&activities->queues, arn);
  if (queue != NULL) {
    return queue;
  }
  queue = ms_calloc(1, sizeof *queue);
  char *copy = queue == NULL ? NULL : ms_strdupn(arn.data, arn.len);
  if (copy == NULL || ms_map_put(&activities->queues, arn, queue, NULL) != 0) {
    ms_free(copy);
    ms_free(queue);
    return NULL;
  }
  queue->arn = copy;
  return queue;
}

/* Takes it out; the queue of an activity for which nothing waits goes, too. */
static void waiting_remove(struct ms_activities *activities, struct waiting *waiting)
{
  struct queue *queue = waiting->queue;
  *(waiting->previous == NULL ? &queue->first : &waiting->previous->next) = waiting->next;
  *(waiting->next == NULL ? &queue->last : &waiting->next->previous) = waiting->previous;
  if (queue->first == NULL) {
    ms_map_remove(&activities->queues, ms_str_c(queue->arn));
    ms_free(queue->arn);
    ms_free(queue);
  }
  waiting->task->data = NULL;
  ms_free(waiting->input);
  ms_free(waiting);
}

static void waiting_append(struct queue *queue, struct waiting *waiting)
{
  waiting->queue = queue;
  waiting->previous = queue->last;
  *(queue->last == NULL ? &queue->first : &queue->last->next) = waiting;
  queue->last = waiting;
}

static struct waiting *waiting_new(struct ms_task *task, struct ms_json input)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, input);
  struct ms_str view = ms_buf_view(&text);
  struct waiting *waiting = text.error != 0 ? NULL : ms_calloc(1, sizeof *waiting);
  char *copy = waiting == NULL ? NULL : ms_strdupn(view.data, view.len);
  if (copy == NULL) {
    ms_free(waiting);
    waiting = NULL;
  } else {
    *waiting = (struct waiting){.task = task, .input = copy, .input_len = view.len};
  }
  ms_buf_deinit(&text);
  return waiting;
}

/* ---- a task and a worker ---- */

/* Says that the worker has it, and hands it out. On failure it still waits. */
static int hand_out(struct ms_engine *engine, struct waiting *waiting, struct ms_json worker,
                    ms_activity_cb cb, void *arg)
{
  struct ms_task_up up;
  ms_open_task_up(&up, engine);
  struct ms_task *task = waiting->task;
  const char *token;
  const struct ms_task_answer started = {.type = MS_TASK_STARTED,
                                         .data = worker,
                                         .error = MS_JSON_VALUE_NONE,
                                         .cause = MS_JSON_VALUE_NONE};
  int err = up.token(&token, task, engine);
  err = err != 0 ? err : up.answer(task, &started, engine);
  if (err == 0) {
    cb(ms_str_c(token), (struct ms_str){waiting->input, waiting->input_len}, arg);
    waiting_remove(activities_of(engine), waiting);
  }
  return err;
}

static void poll_free(struct poll *poll)
{
  ms_json_unref(poll->worker);
  ms_free(poll->arn);
  ms_free(poll);
}

int ms_activities_check(void *user, const struct ms_resource *resource, struct ms_json parameters,
                        struct ms_failure *failure)
{
  struct ms_engine *engine = user;
  (void)parameters;
  if (resource->kind != MS_RESOURCE_ACTIVITY ||
      !ms_json_is_none(ms_catalog_get(engine, "activity", resource->arn)) ||
      !ms_tasks_asks_workers(engine->tasks, resource->arn)) {
    return MSTEP_OK;
  }
  return ms_fail(failure, "States.Runtime", "The activity %.*s does not exist.",
                 MS_STR_ARG(resource->arn));
}

int ms_activities_offer(struct ms_task *task, const struct ms_task_request *request, void *user)
{
  struct ms_engine *engine = user;
  struct ms_activities *activities = activities_of(engine);
  if (ms_json_is_none(ms_catalog_get(engine, "activity", request->resource))) {
    return MSTEP_ENOTFOUND;
  }
  struct waiting *waiting = waiting_new(task, request->parameters);
  struct queue *queue = waiting == NULL ? NULL : queue_get(activities, request->resource);
  if (queue == NULL) {
    ms_free(waiting == NULL ? NULL : waiting->input);
    ms_free(waiting);
    return ms_error_nomem();
  }
  task->data = waiting;
  waiting_append(queue, waiting);
  for (struct poll **slot = &activities->polls; *slot != NULL; slot = &(*slot)->next) {
    struct poll *poll = *slot;
    if (ms_str_is(request->resource, poll->arn)) {
      /* Failing that, the worker waits on, and so does the task. */
      if (hand_out(engine, waiting, poll->worker, poll->cb, poll->arg) == 0) {
        *slot = poll->next;
        poll_free(poll);
      }
      break;
    }
  }
  return MSTEP_OK;
}

void ms_activities_withdraw(struct ms_task *task, void *user)
{
  if (task->data != NULL) {
    waiting_remove(activities_of(user), task->data);
  }
}

/* ---- polls ---- */

static int poll_add(struct ms_activities *activities, struct ms_str arn, struct ms_json worker,
                    ms_activity_cb cb, void *arg)
{
  struct poll **last = &activities->polls;
  unsigned count = 0;
  for (; *last != NULL; last = &(*last)->next) {
    count += ms_str_is(arn, (*last)->arn);
  }
  if (count >= MS_ACTIVITY_POLLERS_MAX) {
    return ms_error(MSTEP_ETOOBIG, "%u workers wait for this activity", count);
  }
  struct poll *poll = ms_calloc(1, sizeof *poll);
  char *copy = poll == NULL ? NULL : ms_strdupn(arn.data, arn.len);
  if (copy == NULL) {
    ms_free(poll);
    return ms_error_nomem();
  }
  *poll = (struct poll){.arn = copy,
                        .worker = ms_json_ref(worker),
                        .due_at_ms = ms_loop_now_ms(activities->env->loop) + MS_ACTIVITY_POLL_MS,
                        .cb = cb,
                        .arg = arg};
  *last = poll;
  activities->env->touch(activities->env->user);
  return MSTEP_OK;
}

bool ms_activities_cancel(struct ms_engine *engine, const void *arg)
{
  struct ms_activities *activities = ms_engine_driver(engine, &ms_activities_driver);
  static const struct ms_str none;
  for (struct poll **slot = &activities->polls; *slot != NULL; slot = &(*slot)->next) {
    struct poll *poll = *slot;
    if (poll->arg == arg) {
      *slot = poll->next;
      poll->cb(none, none, poll->arg);
      poll_free(poll);
      return true;
    }
  }
  return false;
}

int ms_activities_poll(struct ms_engine *engine, struct ms_str arn, struct ms_str worker,
                       ms_activity_cb cb, void *arg)
{
  struct ms_activities *activities = activities_of(engine);
  int err = ms_engine_may_write(engine);
  if (err != 0) {
    return err;
  }
  if (ms_json_is_none(ms_catalog_get(engine, "activity", arn))) {
    return ms_error(MSTEP_ENOTFOUND, "Activity Does Not Exist: '%.*s'", MS_STR_ARG(arn));
  }
  struct ms_json name = worker.data == NULL ? MS_JSON_VALUE_NONE : ms_json_string(worker);
  if (worker.data != NULL && ms_json_is_none(name)) {
    return ms_error_nomem();
  }
  struct queue *queue = ms_map_get(&activities->queues, arn);
  err = queue == NULL ? poll_add(activities, arn, name, cb, arg)
                      : hand_out(engine, queue->first, name, cb, arg);
  ms_json_unref(name);
  return err;
}

/* ---- the driver ---- */

static int activities_open(void **driver, const struct ms_driver_env *env)
{
  struct ms_activities *activities = ms_calloc(1, sizeof *activities);
  *driver = activities;
  if (activities == NULL) {
    return ms_error_nomem();
  }
  activities->env = env;
  ms_map_init(&activities->queues, ms_random_next(env->random));
  return MSTEP_OK;
}

static void activities_close(void *driver)
{
  struct ms_activities *activities = driver;
  if (activities == NULL) {
    return;
  }
  size_t at = 0;
  struct ms_str arn;
  for (void *value; ms_map_next(&activities->queues, &at, &arn, &value);) {
    struct queue *queue = value;
    for (struct waiting *next, *waiting = queue->first; waiting != NULL; waiting = next) {
      next = waiting->next;
      waiting->task->data = NULL;
      ms_free(waiting->input);
      ms_free(waiting);
    }
    ms_free(queue->arn);
    ms_free(queue);
  }
  ms_map_deinit(&activities->queues);
  while (activities->polls != NULL) {
    struct poll *poll = activities->polls;
    activities->polls = poll->next;
    poll_free(poll);
  }
  ms_free(activities);
}

static int64_t activities_next_due_ms(void *driver)
{
  const struct ms_activities *activities = driver;
  return activities->polls == NULL ? 0 : activities->polls->due_at_ms;
}

static void activities_on_timer(void *driver, int64_t now_ms)
{
  struct ms_activities *activities = driver;
  static const struct ms_str none;
  while (activities->polls != NULL && activities->polls->due_at_ms <= now_ms) {
    struct poll *poll = activities->polls;
    activities->polls = poll->next;
    poll->cb(none, none, poll->arg);
    poll_free(poll);
  }
}

static bool activities_is_busy(void *driver)
{
  const struct ms_activities *activities = driver;
  return activities->polls != NULL;
}

const struct ms_driver_type ms_activities_driver = {.name = "activities",
                                                    .open = activities_open,
                                                    .close = activities_close,
                                                    .next_due_ms = activities_next_due_ms,
                                                    .on_timer = activities_on_timer,
                                                    .is_busy = activities_is_busy};
