/*
 * states:startExecution: an execution as a task. Without .sync it is one operation; with it the task waits
 * for the execution's end, and takes the execution with it when it is cancelled.
 *
 *   StartExecution ──▶ SUBMITTED ──▶ waiting (tasks->waiting, by ARN) ──ended──▶ DescribeExecution ──▶ result
 *
 * After a crash all of it is done again. An execution whose state gives no name gets one that follows from the
 * task's token, so the second StartExecution finds the first's.
 */
#include "base/error.h"
#include "task/service_call.h"

bool ms_task_is_start(const struct ms_task_service_request *request)
{
  return !request->is_sdk && ms_str_is(ms_str_c(request->service->integration), "states") &&
         ms_str_is(request->action, "startExecution");
}

int ms_task_start_name(struct ms_json *parameters, struct ms_task_service_call *call,
                       const struct ms_task_request *request)
{
  char name[37];
  call->is_ours = request->is_again;
  if (!ms_json_is_none(ms_json_getc(*parameters, "name"))) {
    return MSTEP_OK;
  }
  int err = ms_task_child_name(name, call->tasks, call->task);
  call->is_ours = true;
  return err != 0 ? err : ms_json_setc(parameters, "name", ms_json_cstring(name));
}

struct ms_json ms_task_child_of(const struct ms_task_reply *reply)
{
  struct ms_json value, arn = MS_JSON_VALUE_NONE;
  if (ms_json_parse(&value, reply->text, NULL, NULL) != 0) {
    return arn;
  }
  struct ms_str message = ms_json_text(ms_json_getc(value, "message"));
  if (reply->code == MSTEP_OK) {
    arn = ms_json_ref(ms_json_getc(value, "executionArn"));
  } else if (ms_str_is(ms_json_text(ms_json_getc(value, "__type")), "ExecutionAlreadyExists")) {
    size_t from = ms_str_find(message, 0, '\'') + 1;
    struct ms_str name = ms_str_sub(message, from, ms_str_find(message, from, '\''));
    arn = name.len > 0 ? ms_json_string(name) : arn;
  }
  ms_json_unref(value);
  return arn;
}

void ms_task_child_stop(struct ms_task_service_call *call)
{
  const struct ms_task_up *up = &call->tasks->up;
  struct ms_json request = ms_json_object(1);
  if (ms_json_is_string(call->child) &&
      ms_json_setc(&request, "executionArn", ms_json_ref(call->child)) == 0) {
    up->call(MS_STR("states:StopExecution"), request, NULL, NULL, up->user);
  }
  ms_json_unref(request);
}

/* ---- waiting ---- */

static int wait_for(struct ms_task_service_call *call)
{
  struct ms_map *waiting = &call->tasks->waiting;
  call->next_waiting = ms_map_get(waiting, ms_json_text(call->child));
  return ms_map_put(waiting, ms_json_text(call->child), call, NULL);
}

void ms_task_child_forget(struct ms_task_service_call *call)
{
  struct ms_map *waiting = &call->tasks->waiting;
  struct ms_str arn = ms_json_text(call->child);
  struct ms_task_service_call *first = arn.len == 0 ? NULL : ms_map_get(waiting, arn);
  if (first == call && call->next_waiting == NULL) {
    ms_map_remove(waiting, arn);
  } else if (first == call) {
    ms_map_put(waiting, arn, call->next_waiting, NULL); /* its key is there: needs no memory */
  }
  while (first != NULL && first->next_waiting != call) {
    first = first->next_waiting;
  }
  if (first != NULL) {
    first->next_waiting = call->next_waiting;
  }
  call->next_waiting = NULL;
}

/* ---- the end ---- */

/* .sync gives input and output as text, .sync:2 as JSON. */
static struct ms_json member_of(const struct ms_task_service_call *call, const char *name,
                                struct ms_json value)
{
  bool is_payload = strcmp(name, "Input") == 0 || strcmp(name, "Output") == 0;
  struct ms_json parsed;
  if (call->is_json && is_payload && ms_json_is_string(value) &&
      ms_json_parse(&parsed, ms_json_text(value), NULL, NULL) == 0) {
    return parsed;
  }
  return ms_json_ref(value);
}

/* What Step Functions says of an execution: these members of its description, in this order. */
static struct ms_json end_of(const struct ms_task_service_call *call, struct ms_json described)
{
  static const char *const names[] = {"Cause",
                                      "Error",
                                      "ExecutionArn",
                                      "Input",
                                      "InputDetails",
                                      "Name",
                                      "Output",
                                      "OutputDetails",
                                      "RedriveCount",
                                      "RedriveStatus",
                                      "RedriveStatusReason",
                                      "StartDate",
                                      "StateMachineArn",
                                      "Status",
                                      "StopDate",
                                      NULL};
  struct ms_json all = ms_task_service_members(&call->request, ms_json_ref(described));
  struct ms_json out = ms_json_object(16);
  int err = ms_json_is_none(all) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; names[i] != NULL && err == 0; i++) {
    struct ms_json value = ms_json_getc(all, names[i]);
    if (!ms_json_is_none(value)) {
      err = ms_json_setc(&out, names[i], member_of(call, names[i], value));
    }
  }
  ms_json_unref(all);
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static void finish(struct ms_task_service_call *call, struct ms_json described,
                   struct ms_str status)
{
  struct ms_json end = end_of(call, described);
  struct ms_task *task = call->task;
  if (ms_json_is_none(end)) {
    ms_task_service_call_broken(call, MSTEP_ENOMEM);
    return;
  }
  call->task = NULL;
  task->data = NULL;
  if (ms_str_is(status, "SUCCEEDED")) {
    ms_task_answer(call->tasks, task, MS_TASK_SUCCEEDED, end);
  } else {
    struct ms_json error = ms_json_cstring("States.TaskFailed"), cause = ms_json_print_value(end);
    ms_task_fail(call->tasks, task, error, cause);
    ms_json_unref(error);
    ms_json_unref(cause);
  }
  ms_json_unref(end);
}

static void describe(struct ms_task_service_call *call,
                     void (*on_reply)(struct ms_task_service_call *call,
                                      const struct ms_task_reply *reply))
{
  struct ms_json request = ms_json_object(1);
  int err = ms_json_setc(&request, "executionArn", ms_json_ref(call->child));
  call->is_ended = false;
  if (err == 0) {
    err = ms_task_service_call_send(call, ms_json_cstring("states:DescribeExecution"), request,
                                    on_reply);
  } else {
    ms_json_unref(request);
  }
  if (err != 0) {
    ms_task_service_call_broken(call, err);
  }
}

static void on_described(struct ms_task_service_call *call, const struct ms_task_reply *reply)
{
  struct ms_json described = MS_JSON_VALUE_NONE;
  if (reply->code != MSTEP_OK) {
    ms_task_service_call_fail(call, reply);
    return;
  }
  int err = ms_json_parse(&described, reply->text, NULL, NULL);
  struct ms_str status = ms_json_text(ms_json_getc(described, "status"));
  if (err != 0) {
    ms_task_service_call_broken(call, err);
  } else if (!ms_str_is(status, "RUNNING")) {
    finish(call, described, status);
  } else if (call->is_ended) {
    describe(call, on_described);
  }
  ms_json_unref(described);
}

bool ms_tasks_await_executions(const struct ms_tasks *tasks)
{
  return tasks->waiting.count > 0;
}

void ms_tasks_execution_ended(struct ms_tasks *tasks, struct ms_str arn)
{
  struct ms_task_service_call *call = ms_map_get(&tasks->waiting, arn), *next;
  for (; call != NULL; call = next) {
    next = call->next_waiting;
    call->is_ended = true;
    if (call->task != NULL && !call->is_out) {
      describe(call, on_described);
      if (call->task == NULL) { /* there was no memory for that */
        ms_task_service_call_free(call);
      }
    }
  }
}

/* ---- the beginning ---- */

/* One that was started before a crash and has ended since: the answer of then. */
static void on_adopted(struct ms_task_service_call *call, const struct ms_task_reply *reply)
{
  struct ms_json described = MS_JSON_VALUE_NONE, started = MS_JSON_VALUE_NONE;
  struct ms_task_reply told = *reply;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (reply->code == MSTEP_OK && ms_json_parse(&described, reply->text, NULL, NULL) == 0) {
    started = ms_json_object(2);
    ms_json_setc(&started, "executionArn", ms_json_ref(ms_json_getc(described, "executionArn")));
    ms_json_setc(&started, "startDate", ms_json_ref(ms_json_getc(described, "startDate")));
    ms_json_print(&text, started);
    told.text = ms_buf_view(&text);
  }
  ms_task_on_reply(call, &told);
  ms_buf_deinit(&text);
  ms_json_unref(described);
  ms_json_unref(started);
}

void ms_task_on_started(struct ms_task_service_call *call, const struct ms_task_reply *reply)
{
  struct ms_json child =
      reply->code == MSTEP_OK || !call->is_ours ? MS_JSON_VALUE_NONE : ms_task_child_of(reply);
  if (!ms_json_is_string(child)) {
    ms_task_on_reply(call, reply);
    return;
  }
  call->child = child;
  describe(call, on_adopted);
}

static int say_submitted(struct ms_task_service_call *call, const struct ms_task_reply *reply)
{
  struct ms_json result = MS_JSON_VALUE_NONE;
  if (reply->code != MSTEP_OK) {
    return MSTEP_OK; /* it was said before */
  }
  int err = ms_task_service_result(&result, call->tasks, &call->request, reply->text);
  err = err != 0 ? err : ms_task_answer(call->tasks, call->task, MS_TASK_SUBMITTED, result);
  ms_json_unref(result);
  return err;
}

void ms_task_on_child_started(struct ms_task_service_call *call, const struct ms_task_reply *reply)
{
  struct ms_json child = ms_task_child_of(reply);
  if (!ms_json_is_string(child) || (reply->code != MSTEP_OK && !call->is_ours)) {
    ms_json_unref(child);
    ms_task_service_call_fail(call, reply);
    return;
  }
  call->child = child;
  int err = say_submitted(call, reply);
  err = err != 0 ? err : wait_for(call);
  if (err != 0) {
    ms_task_service_call_broken(call, err);
    return;
  }
  describe(call, on_described); /* it may have ended already */
}
