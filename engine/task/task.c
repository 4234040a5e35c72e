/*
 * The registry of handlers: who is asked, in which order, and what is said when nobody answers.
 */
#include "task/task.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/internal.h"

static const struct ms_task_handler *const handlers[] = {
#define MS_TASK(symbol) &symbol,
#include "task/tasks.def"
#undef MS_TASK
};

#define HANDLER_COUNT (sizeof handlers / sizeof handlers[0])

int ms_tasks_new(struct ms_tasks **out, const struct ms_tasks_options *options)
{
  struct ms_tasks *tasks = ms_calloc(1, sizeof *tasks);
  *out = tasks;
  if (tasks == NULL) {
    return ms_error_nomem();
  }
  tasks->up = options->up;
  tasks->random = options->random;
  tasks->region = options->region;
  tasks->account = options->account;
  ms_map_init(&tasks->waiting, options->random->state[0]);
  tasks->http_tokens = MS_JSON_VALUE_NONE;
  tasks->routes = tasks->aws_endpoint = MS_JSON_VALUE_NONE;
  tasks->mocks.config = MS_JSON_VALUE_NONE;
  tasks->mocks.machines = MS_JSON_VALUE_NONE;
  return MSTEP_OK;
}

static const struct ms_task_handler *find_handler(const struct ms_tasks *tasks,
                                                  const struct ms_task_request *request)
{
  for (size_t i = 0; i < HANDLER_COUNT; i++) {
    if (handlers[i]->handles(tasks, request)) {
      return handlers[i];
    }
  }
  return NULL;
}

bool ms_tasks_asks_workers(const struct ms_tasks *tasks, struct ms_str activity)
{
  struct ms_task_request request = {.kind = MS_TASK_ACTIVITY, .resource = activity};
  const struct ms_task_handler *handler;
  if (!ms_json_is_none(tasks->mocks.config)) {
    return false; /* which mock answers depends on more than the resource: it is seen at the start */
  }
  if (ms_json_is_none(tasks->routes) || !ms_task_route(&handler, &request, tasks)) {
    handler = find_handler(tasks, &request);
  }
  return handler == &ms_task_activity;
}

int ms_tasks_start(struct ms_tasks *tasks, struct ms_task *task,
                   const struct ms_task_request *request)
{
  struct ms_task_request routed = *request;
  const struct ms_task_handler *handler;
  bool is_ours = request->kind == MS_TASK_MAP; /* resources of readers and writers are not routed */
  if (is_ours || ms_json_is_none(tasks->routes) || !ms_task_route(&handler, &routed, tasks)) {
    handler = find_handler(tasks, request);
  }
  task->handler = handler;
  task->data = NULL;
  if (handler != NULL) {
    return handler->start(tasks, task, &routed);
  }
  ms_task_failf(
      tasks, task, "States.Runtime",
      "No handler answers the resource '%.*s' of the state '%.*s'. Register a host task for it "
      "(mstep_task_register), route it somewhere (--routes), or answer it from a file (--mocks).",
      MS_STR_ARG(request->resource), MS_STR_ARG(request->state));
  return MSTEP_OK;
}

void ms_tasks_cancel(struct ms_tasks *tasks, struct ms_task *task)
{
  if (task->handler != NULL) {
    task->handler->cancel(tasks, task);
    task->handler = NULL;
  }
}

void ms_tasks_detach(struct ms_tasks *tasks, struct ms_task *task)
{
  if (task->handler != NULL) {
    task->handler->detach(tasks, task);
    task->handler = NULL;
  }
}

void ms_tasks_forget(struct ms_tasks *tasks, bool is_forgetting)
{
  tasks->is_forgetting = is_forgetting;
}

void ms_task_ignore(struct ms_tasks *tasks, struct ms_task *task)
{
  (void)tasks;
  (void)task;
}

void ms_task_fail(struct ms_tasks *tasks, struct ms_task *task, struct ms_json error,
                  struct ms_json cause)
{
  struct ms_task_answer answer = {MS_TASK_FAILED, MS_JSON_VALUE_NONE, error, cause};
  tasks->up.answer(task, &answer, tasks->up.user);
}

void ms_task_failf(struct ms_tasks *tasks, struct ms_task *task, const char *error,
                   const char *format, ...)
{
  struct ms_buf text;
  ms_buf_init(&text, 32768); /* the API's limit of a cause */
  va_list args;
  va_start(args, format);
  ms_buf_vprintf(&text, format, args);
  va_end(args);
  struct ms_json cause = MS_JSON_VALUE_NONE;
  if (text.error == 0) {
    cause = ms_json_string(ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
  struct ms_json name = ms_json_cstring(error);
  ms_task_fail(tasks, task, name, cause);
  ms_json_unref(name);
  ms_json_unref(cause);
}

int ms_task_submit(struct ms_tasks *tasks, struct ms_task *task)
{
  char request_id[37];
  ms_random_uuid(tasks->random, request_id);
  struct ms_task_service_result result = {.request_id = request_id,
                                          .now_ms = tasks->up.now_ms(tasks->up.user),
                                          .http_status = 200,
                                          .content_length = 2};
  struct ms_json data = ms_json_object(2);
  int err = ms_task_add_sdk_members(&data, &result);
  if (err == 0) {
    err = ms_task_answer(tasks, task, MS_TASK_SUBMITTED, data);
  }
  ms_json_unref(data);
  return err;
}
