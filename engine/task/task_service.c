/*
 * Service integrations whose operations are ours: sqs:sendMessage, sns:publish, events:putEvents,
 * dynamodb:..., states:startExecution and whatever of aws-sdk: is among them. Each is one operation by its
 * name; what starts executions and waits for their end goes on in task_execution.c.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "task/service_call.h"

/* ---- calls ---- */

struct ms_task_service_call *ms_task_service_call_new(struct ms_tasks *tasks, struct ms_task *task,
                                                      const struct ms_task_service_request *request)
{
  struct ms_task_service_call *call = ms_calloc(1, sizeof *call);
  if (call == NULL) {
    return NULL;
  }
  call->tasks = tasks;
  call->task = task;
  call->request = *request;
  call->child = MS_JSON_VALUE_NONE;
  call->slot = &tasks->service_calls;
  call->next = tasks->service_calls;
  if (call->next != NULL) {
    call->next->slot = &call->next;
  }
  tasks->service_calls = call;
  return call;
}

void ms_task_service_call_free(struct ms_task_service_call *call)
{
  ms_task_child_forget(call);
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  ms_json_unref(call->child);
  ms_free(call);
}

void ms_task_service_calls_free(struct ms_tasks *tasks)
{
  while (tasks->service_calls != NULL) {
    ms_task_service_call_free(tasks->service_calls);
  }
  ms_map_deinit(&tasks->waiting);
}

static void on_replied(const struct ms_task_reply *reply, void *user)
{
  struct ms_task_service_call *call = user;
  call->is_out = false;
  if (call->task != NULL) {
    call->on_reply(call, reply);
  } else if (call->must_stop && ms_json_is_none(call->child) &&
             (reply->code == MSTEP_OK || call->is_ours)) {
    call->child = ms_task_child_of(reply);
    ms_task_child_stop(call);
  }
  if (call->task == NULL && !call->is_out) {
    ms_task_service_call_free(call);
  }
}

int ms_task_service_call_send(struct ms_task_service_call *call, struct ms_json operation,
                              struct ms_json parameters,
                              void (*on_reply)(struct ms_task_service_call *call,
                                               const struct ms_task_reply *reply))
{
  const struct ms_task_up *up = &call->tasks->up;
  int err = ms_json_is_none(operation) || ms_json_is_none(parameters) ? ms_error_nomem() : MSTEP_OK;
  call->on_reply = on_reply;
  if (err == 0) {
    err = up->call(ms_json_text(operation), parameters, on_replied, call, up->user);
  }
  call->is_out = err == 0;
  ms_json_unref(operation);
  ms_json_unref(parameters);
  return err;
}

static struct ms_task *let_go(struct ms_task_service_call *call)
{
  struct ms_task *task = call->task;
  call->task = NULL;
  task->data = NULL;
  return task;
}

void ms_task_service_call_fail(struct ms_task_service_call *call, const struct ms_task_reply *reply)
{
  ms_task_service_fail(call->tasks, let_go(call), &call->request, reply);
}

void ms_task_service_call_broken(struct ms_task_service_call *call, int err)
{
  ms_task_failf(call->tasks, let_go(call), "States.Runtime", "The task could not go on: %s",
                ms_error_text(err));
}

/* ---- PutEvents ---- */

/* What was put says which execution of which machine has put it. */
static int add_resources(struct ms_json *parameters, const struct ms_task_request *request)
{
  struct ms_json entries = ms_json_getc(*parameters, "Entries");
  struct ms_json out = ms_json_array(ms_json_count(entries));
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(entries) && err == 0; i++) {
    struct ms_json entry = ms_json_ref(ms_json_at(entries, i));
    struct ms_json given = ms_json_getc(entry, "Resources");
    struct ms_json resources = ms_json_is_array(given) ? ms_json_ref(given) : ms_json_array(2);
    err = ms_json_push(&resources, ms_json_ref(request->execution));
    err = err != 0 ? err : ms_json_push(&resources, ms_json_ref(request->machine_arn));
    if (err == 0 && ms_json_is_object(entry)) {
      err = ms_json_setc(&entry, "Resources", resources);
    } else {
      ms_json_unref(resources);
    }
    if (err == 0) {
      err = ms_json_push(&out, entry);
    } else {
      ms_json_unref(entry);
    }
  }
  if (err == 0 && ms_json_is_array(entries)) {
    return ms_json_setc(parameters, "Entries", out);
  }
  ms_json_unref(out);
  return err;
}

static bool is_put_events(const struct ms_task_service_request *request)
{
  return !request->is_sdk && ms_str_is(ms_str_c(request->service->integration), "events");
}

/* ---- one operation ---- */

static void succeed(struct ms_task_service_call *call, struct ms_json *given)
{
  struct ms_tasks *tasks = call->tasks;
  int64_t failed = 0;
  if (is_put_events(&call->request)) {
    struct ms_json count = ms_json_ref(ms_json_getc(*given, "FailedEntryCount"));
    ms_json_remove(given, MS_STR("FailedEntryCount")); /* AWS has it behind the entries */
    if (!ms_json_is_none(count) && ms_json_setc(given, "FailedEntryCount", count) != 0) {
      ms_task_service_call_broken(call, MSTEP_ENOMEM);
      return;
    }
  }
  struct ms_json result = *given;
  if (is_put_events(&call->request) &&
      ms_json_to_int(&failed, ms_json_getc(result, "FailedEntryCount")) && failed > 0) {
    struct ms_json cause = ms_json_print_value(result),
                   error = ms_json_cstring("EventBridge.FailedEntry");
    ms_task_fail(tasks, let_go(call), error, cause);
    ms_json_unref(error);
    ms_json_unref(cause);
    return;
  }
  bool is_token = call->pattern == MS_TASK_TOKEN;
  int err =
      ms_task_answer(tasks, call->task, is_token ? MS_TASK_SUBMITTED : MS_TASK_SUCCEEDED, result);
  if (err != 0) {
    ms_task_service_call_broken(call, err);
  } else if (is_token) {
    let_go(call); /* the task goes on without this call */
  } else {
    call->task = NULL; /* it is gone */
  }
}

void ms_task_on_reply(struct ms_task_service_call *call, const struct ms_task_reply *reply)
{
  if (reply->code != MSTEP_OK) {
    ms_task_service_call_fail(call, reply);
    return;
  }
  struct ms_json result = MS_JSON_VALUE_NONE;
  int err = ms_task_service_result(&result, call->tasks, &call->request, reply->text);
  if (err != 0) {
    ms_task_service_call_broken(call, err);
  } else {
    succeed(call, &result);
  }
  ms_json_unref(result);
}

/* ---- the handler ---- */

static bool service_handles(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  struct ms_task_service_request found;
  return tasks->up.call != NULL && ms_task_service_find(&found, request) &&
         (request->pattern != MS_TASK_SYNC || ms_task_is_start(&found));
}

static int begin(struct ms_task_service_call *call, const struct ms_task_request *request)
{
  struct ms_json parameters = ms_task_service_parameters(&call->request, request->parameters);
  int err = ms_json_is_none(parameters) ? ms_error_nomem() : MSTEP_OK;
  bool is_start = ms_task_is_start(&call->request);
  if (err == 0 && is_start) {
    err = ms_task_start_name(&parameters, call, request);
  } else if (err == 0 && is_put_events(&call->request)) {
    err = add_resources(&parameters, request);
  }
  if (err != 0) {
    ms_json_unref(parameters);
    return err;
  }
  call->pattern = request->pattern;
  call->is_json = ms_str_has_suffix(request->resource, ".sync:2");
  return ms_task_service_call_send(call, ms_task_service_operation(&call->request), parameters,
                                   request->pattern == MS_TASK_SYNC ? ms_task_on_child_started
                                   : is_start                       ? ms_task_on_started
                                                                    : ms_task_on_reply);
}

/* A queue's URL that is nothing but a host names no queue: on AWS such a host is not found. */
static bool is_lost(struct ms_task_service_request *found, struct ms_tasks *tasks,
                    struct ms_task *task, struct ms_json parameters)
{
  struct ms_str url = ms_json_text(ms_json_getc(parameters, "QueueUrl"));
  size_t from = ms_str_has_prefix(url, "http://") ? 7 : ms_str_has_prefix(url, "https://") ? 8 : 0;
  if (!ms_str_is(ms_str_c(found->service->operations), "sqs") || from == 0 ||
      ms_str_find(url, from, '/') + 1 < url.len) {
    return false;
  }
  char name[64];
  snprintf(name, sizeof name, "%s.SdkClientException",
           found->is_sdk ? found->service->sdk2 : found->service->prefix);
  struct ms_str host = ms_str_sub(url, from, ms_str_find(url, from, '/'));
  ms_task_failf(tasks, task, name,
                "Unable to execute HTTP request: %.*s: Name or service not known",
                MS_STR_ARG(host));
  return true;
}

static int service_start(struct ms_tasks *tasks, struct ms_task *task,
                         const struct ms_task_request *request)
{
  struct ms_task_service_request found;
  if (request->pattern == MS_TASK_TOKEN && request->is_submitted) {
    const char *token;
    return tasks->up.token(&token, task, tasks->up.user); /* it was sent before the crash */
  }
  if (!ms_task_service_find(&found, request)) {
    return MSTEP_EINTERNAL;
  }
  if (is_lost(&found, tasks, task, request->parameters)) {
    return MSTEP_OK;
  }
  struct ms_task_service_call *call = ms_task_service_call_new(tasks, task, &found);
  if (call == NULL) {
    return ms_error_nomem();
  }
  task->data = call;
  int err = begin(call, request);
  if (err != 0) {
    task->data = NULL;
    ms_task_service_call_free(call);
    return err;
  }
  call->request.action = (struct ms_str){"", 0}; /* it was borrowed */
  return MSTEP_OK;
}

static void service_detach(struct ms_tasks *tasks, struct ms_task *task)
{
  (void)tasks;
  struct ms_task_service_call *call = task->data;
  if (call != NULL) {
    let_go(call);
    if (!call->is_out) {
      ms_task_service_call_free(call);
    }
  }
}

static void service_cancel(struct ms_tasks *tasks, struct ms_task *task)
{
  struct ms_task_service_call *call = task->data;
  if (call != NULL && call->pattern == MS_TASK_SYNC && !tasks->is_forgetting) {
    call->must_stop = true;
    ms_task_child_stop(call);
  }
  service_detach(tasks, task);
}

const struct ms_task_handler ms_task_service = {"service", service_handles, service_start,
                                                service_cancel, service_detach};
