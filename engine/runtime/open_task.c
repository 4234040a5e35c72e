/*
 * Tasks that are out: started by an effect, answered by a handler or by token, from any thread. The
 * first answer wins: it takes the token away and turns the record into the command that carries it.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/fault.h"
#include "runtime/activities.h"
#include "runtime/catalog.h"
#include "runtime/durable.h"
#include "runtime/internal.h"

static struct ms_open_task *open_task_of(struct ms_task *task)
{
  return (struct ms_open_task *)(void *)task;
}

bool ms_open_task_is(const void *item, struct ms_str token)
{
  const struct ms_open_task *task = item;
  return ms_str_eq(ms_json_text(task->token), token);
}

/* Its own record only: the handler has been told, the run forgets it. */
static void open_task_unlink(struct ms_engine *engine, struct ms_open_task *task)
{
  struct ms_run *run = task->answer.run;
  struct ms_open_task **slot = &run->tasks;
  while (*slot != NULL && *slot != task) {
    slot = &(*slot)->next;
  }
  if (*slot != NULL) {
    *slot = task->next;
  }
  if (!ms_json_is_none(task->token)) {
    ms_index_remove(&engine->tokens, ms_json_text(task->token), task);
    ms_json_unref(task->token);
    task->token = MS_JSON_VALUE_NONE;
  }
}

/* ---- tokens ---- */

static int open_task_set_token(struct ms_engine *engine, struct ms_open_task *task,
                               struct ms_json token)
{
  task->token = ms_json_ref(token);
  int err = ms_index_find(&engine->tokens, ms_json_text(token)) != NULL
                ? ms_error(MSTEP_EINTERNAL, "a task token was made twice")
                : ms_index_add(&engine->tokens, ms_json_text(token), task);
  if (err != 0) {
    ms_json_unref(task->token);
    task->token = MS_JSON_VALUE_NONE;
  }
  return err;
}

/*
 * Nobody can guess it who does not know the execution's seed; and it is the same when the task is
 * started again after a crash.
 */
static struct ms_json make_token(const struct ms_open_task *task)
{
  const struct ms_execution *core = task->answer.run->core;
  char text[MS_ENGINE_ARN_SIZE + 64], hex[MS_DIGEST_HEX_SIZE];
  int len = snprintf(text, sizeof text, "%016llx/%u/%s", (unsigned long long)core->identity.seed,
                     (unsigned)task->answer.command.task, ms_json_text(core->identity.arn).data);
  if (len < 0 || (size_t)len >= sizeof text ||
      ms_digest_hex(hex, MS_STR("SHA-256"), (struct ms_str){text, (size_t)len}) != 0) {
    return MS_JSON_VALUE_NONE;
  }
  return ms_json_cstring(hex);
}

static int up_token(const char **out, struct ms_task *up_task, void *user)
{
  struct ms_engine *engine = user;
  struct ms_open_task *task = open_task_of(up_task);
  if (ms_json_is_none(task->token)) {
    struct ms_json token = make_token(task);
    if (ms_json_is_none(token)) {
      return ms_error_nomem();
    }
    int err = open_task_set_token(engine, task, token);
    ms_json_unref(token);
    if (err != 0) {
      return err;
    }
  }
  *out = ms_json_text(task->token).data;
  return MSTEP_OK;
}

/* ---- answers ---- */

/* The last word: takes data, error and cause. The record becomes the command. */
static void open_task_end(struct ms_engine *engine, struct ms_open_task *task,
                          enum ms_command_type type, struct ms_json data, struct ms_json error,
                          struct ms_json cause)
{
  MS_FAULT(task_answered);
  open_task_unlink(engine, task);
  task->answer.command.type = type;
  task->answer.command.data = data;
  task->answer.command.error = error;
  task->answer.command.cause = cause;
  ms_pending_push(engine, &task->answer);
  ms_engine_touch(engine);
}

/* One word of several; takes data. */
static int open_task_say(struct ms_engine *engine, struct ms_open_task *task,
                         enum ms_command_type type, struct ms_json data)
{
  struct ms_pending *pending = ms_pending_new(engine, task->answer.run, type);
  if (pending == NULL) {
    ms_json_unref(data);
    return ms_error_nomem();
  }
  pending->command.frame = task->answer.command.frame;
  pending->command.task = task->answer.command.task;
  pending->command.data = data;
  ms_pending_push(engine, pending);
  ms_engine_touch(engine);
  return MSTEP_OK;
}

static int up_answer(struct ms_task *up_task, const struct ms_task_answer *answer, void *user)
{
  struct ms_engine *engine = user;
  struct ms_open_task *task = open_task_of(up_task);
  struct ms_json none = MS_JSON_VALUE_NONE;
  switch (answer->type) {
  case MS_TASK_STARTED:
    return open_task_say(engine, task, MS_COMMAND_TASK_STARTED, ms_json_ref(answer->data));
  case MS_TASK_SUBMITTED:
    return open_task_say(engine, task, MS_COMMAND_TASK_SUBMITTED, ms_json_ref(answer->data));
  case MS_TASK_SUCCEEDED:
    open_task_end(engine, task, MS_COMMAND_TASK_SUCCEEDED, ms_json_ref(answer->data), none, none);
    return MSTEP_OK;
  case MS_TASK_FAILED:
    open_task_end(engine, task, MS_COMMAND_TASK_FAILED, none, ms_json_ref(answer->error),
                  ms_json_ref(answer->cause));
    return MSTEP_OK;
  }
  return MSTEP_EINTERNAL;
}

/* ---- the rest of what the task module is given ---- */

static void up_call_host(struct ms_callback callback, const char *token, const char *resource,
                         struct ms_str input, void *user)
{
  struct ms_engine *engine = user;
  engine->options.host.task(callback, token, resource, input, engine->options.host.host);
}

static int64_t up_now_ms(void *user)
{
  struct ms_engine *engine = user;
  return ms_loop_now_ms(engine->loop);
}

static int up_call(struct ms_str operation, struct ms_json request, ms_task_reply_cb done,
                   void *done_user, void *user)
{
  struct ms_engine *engine = user;
  const struct ms_engine_host *host = &engine->options.host;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, request);
  int err = text.error;
  if (err == 0) {
    err = host->call(operation, ms_buf_view(&text), done, done_user, host->host);
  }
  ms_buf_deinit(&text);
  return err;
}

static int up_http(struct ms_httpc **out, void *user)
{
  struct ms_engine *engine = user;
  return ms_dests_http(out, engine->dests);
}

/* ARNs end in connection/NAME/UUID. */
static int up_connection(struct ms_json *out, struct ms_str arn, void *user)
{
  static const char kind[] = ":connection/";
  size_t at = 0, len = sizeof kind - 1;
  while (at + len <= arn.len && memcmp(arn.data + at, kind, len) != 0) {
    at++;
  }
  struct ms_str name = ms_str_sub(arn, at + len, arn.len);
  name = ms_str_sub(name, 0, ms_str_find(name, 0, '/'));
  struct ms_json connection = ms_catalog_get(user, "connection", name);
  if (!ms_str_eq(ms_json_text(ms_json_getc(connection, "ConnectionArn")), arn)) {
    return MSTEP_ENOTFOUND;
  }
  *out = ms_json_ref(connection);
  return MSTEP_OK;
}

static const char *up_buckets_dir(void *user)
{
  const struct ms_engine *engine = user;
  return engine->buckets_dir;
}

void ms_open_task_up(struct ms_task_up *up, struct ms_engine *engine)
{
  up->http = up_http;
  up->connection = up_connection;
  up->buckets_dir = up_buckets_dir;
  up->call = engine->options.host.call == NULL ? NULL : up_call;
  up->answer = up_answer;
  up->token = up_token;
  up->invoke = ms_engine_invoke;
  up->cancel_call = ms_engine_cancel_call;
  up->invoke_later = ms_engine_invoke_later;
  up->call_host = up_call_host;
  up->now_ms = up_now_ms;
  up->offer = ms_activities_offer;
  up->withdraw = ms_activities_withdraw;
  up->user = engine;
}

/* ---- start, cancel ---- */

static struct ms_open_task *open_task_new(struct ms_run *run, const struct ms_effect *effect)
{
  struct ms_open_task *task = ms_calloc(1, sizeof *task);
  if (task == NULL) {
    return NULL;
  }
  task->answer.run = ms_run_ref(run);
  task->answer.is_embedded = true;
  task->answer.command.frame = effect->frame;
  task->answer.command.task = effect->task;
  task->next = run->tasks;
  run->tasks = task;
  return task;
}

/* How often this state has asked; NULL when nobody counts. */
static uint32_t *open_task_invocation(struct ms_engine *engine, struct ms_run *run, uint32_t state)
{
  if (!ms_tasks_wants_invocations(engine->tasks)) {
    return NULL;
  }
  if (run->invocations == NULL) {
    run->invocations = ms_calloc(run->core->machine->state_count, sizeof *run->invocations);
  }
  return run->invocations == NULL ? NULL : &run->invocations[state];
}

static void open_task_describe(struct ms_task_request *out, const struct ms_run *run,
                               const struct ms_effect *effect)
{
  static const enum ms_task_kind kinds[] = {[MS_RESOURCE_LAMBDA] = MS_TASK_LAMBDA,
                                            [MS_RESOURCE_ACTIVITY] = MS_TASK_ACTIVITY,
                                            [MS_RESOURCE_SERVICE] = MS_TASK_SERVICE,
                                            [MS_RESOURCE_MAP] = MS_TASK_MAP};
  const struct ms_machine *machine = run->core->machine;
  struct ms_resource resource;
  ms_core_resource(&resource, machine, effect->state);
  const struct ms_frame *frame = ms_execution_frame(run->core, effect->frame);
  bool is_there = frame != NULL && frame->task == effect->task;
  *out = (struct ms_task_request){.resource = resource.arn,
                                  .kind = kinds[resource.kind],
                                  .service = resource.type,
                                  .action = resource.action,
                                  .name = resource.name,
                                  .machine = ms_json_text(run->core->identity.machine_name),
                                  .state = machine->states[effect->state]->name,
                                  .parameters = effect->parameters,
                                  .deadline_ms = is_there ? frame->timeout_at_ms : 0,
                                  .attempt = is_there ? frame->retry_count + 1 : 1,
                                  .is_started = is_there && frame->is_started,
                                  .test_case = ms_json_text(run->test_case),
                                  .is_submitted = is_there && frame->is_submitted,
                                  .execution = run->core->identity.arn,
                                  .machine_arn = run->core->identity.machine_arn};
  if (resource.waits_for_token) {
    out->pattern = MS_TASK_TOKEN;
  } else if (resource.is_sync) {
    out->pattern = MS_TASK_SYNC;
  }
  if (out->pattern != MS_TASK_REQUEST) {
    out->action = ms_str_sub(resource.action, 0, ms_str_find(resource.action, 0, '.'));
  }
}

int ms_open_task_start(struct ms_engine *engine, struct ms_run *run, const struct ms_effect *effect)
{
  struct ms_open_task *task = open_task_new(run, effect);
  if (task == NULL) {
    return ms_error_nomem();
  }
  struct ms_json token = ms_json_getc(effect->details, "token");
  int err = ms_json_is_string(token) ? open_task_set_token(engine, task, token) : MSTEP_OK;
  if (err == 0) {
    struct ms_task_request request;
    open_task_describe(&request, run, effect);
    request.invocation = open_task_invocation(engine, run, effect->state);
    request.is_again = engine->is_resuming;
    err = ms_tasks_start(engine->tasks, &task->task, &request);
  }
  if (err == MSTEP_ENOMEM) { /* says nothing about the task */
    open_task_unlink(engine, task);
    ms_pending_free(engine, &task->answer);
    return err;
  }
  if (err != 0) {
    struct ms_json cause = ms_json_stringf("The task could not be started: %s", ms_error_detail());
    open_task_end(engine, task, MS_COMMAND_TASK_FAILED, MS_JSON_VALUE_NONE,
                  ms_json_cstring("States.Runtime"), cause);
  }
  return MSTEP_OK;
}

void ms_open_task_cancel(struct ms_engine *engine, struct ms_run *run, uint32_t frame,
                         uint32_t serial)
{
  struct ms_open_task *task = run->tasks;
  while (task != NULL &&
         (task->answer.command.frame != frame || task->answer.command.task != serial)) {
    task = task->next;
  }
  if (task == NULL) {
    return; /* its answer is on the way: the core will drop it */
  }
  ms_tasks_cancel(engine->tasks, &task->task);
  open_task_unlink(engine, task);
  ms_pending_free(engine, &task->answer);
}

/* ---- answers by token ---- */

/* NONE for text that was not given. False: out of memory. */
static bool text_value(struct ms_json *out, struct ms_str text)
{
  *out = text.data == NULL ? MS_JSON_VALUE_NONE : ms_json_string(text);
  return text.data == NULL || !ms_json_is_none(*out);
}

int ms_open_task_message(struct ms_engine *engine, const struct ms_message *message)
{
  struct ms_open_task *task = ms_index_find(&engine->tokens, message->token);
  struct ms_json data = MS_JSON_VALUE_NONE, error = data, cause = data;
  int status = ms_durable_status(engine);
  if (status != 0) {
    return status; /* to be asked again when the store is back: the task will be there again */
  }
  if (task == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "Task Timed Out: 'Provided task does not exist anymore'");
  }
  if (message->type == MS_MESSAGE_HEARTBEAT) {
    return open_task_say(engine, task, MS_COMMAND_TASK_HEARTBEAT, data);
  }
  bool is_success = message->type == MS_MESSAGE_SUCCESS;
  if (is_success) {
    int err = ms_json_parse(&data, message->first, NULL, NULL);
    if (err != 0) {
      return err;
    }
  } else if (!text_value(&error, message->first) || !text_value(&cause, message->second)) {
    ms_json_unref(error);
    return ms_error_nomem();
  }
  struct ms_kept *kept = task->answer.run->kept;
  if (kept != NULL && message->first.len > kept->weight) {
    kept->weight = message->first.len;
  }
  ms_tasks_detach(engine->tasks, &task->task);
  open_task_end(engine, task, is_success ? MS_COMMAND_TASK_SUCCEEDED : MS_COMMAND_TASK_FAILED, data,
                error, cause);
  return MSTEP_OK;
}

/*
 * On the loop thread the answer is told at once. On others the message goes into the inbox; its
 * JSON is checked first, by parsing it into a tree of that thread's own.
 */
static int answer_by_token(struct ms_engine *engine, const struct ms_message *message)
{
  if (ms_engine_is_loop_thread(engine)) {
    return ms_open_task_message(engine, message);
  }
  if (message->type == MS_MESSAGE_SUCCESS) {
    struct ms_json output;
    int err = ms_json_parse(&output, message->first, NULL, NULL);
    if (err != 0) {
      return err;
    }
    ms_json_unref(output);
  }
  int err = ms_inbox_put(&engine->inbox, message);
  return err != 0 ? err : ms_loop_wake(engine->loop);
}

int ms_engine_task_success(struct ms_engine *engine, struct ms_str token, struct ms_str output)
{
  return answer_by_token(
      engine, &(struct ms_message){.type = MS_MESSAGE_SUCCESS, .token = token, .first = output});
}

int ms_engine_task_failure(struct ms_engine *engine, struct ms_str token, struct ms_str error,
                           struct ms_str cause)
{
  return answer_by_token(
      engine, &(struct ms_message){
                  .type = MS_MESSAGE_FAILURE, .token = token, .first = error, .second = cause});
}

int ms_engine_task_heartbeat(struct ms_engine *engine, struct ms_str token)
{
  return answer_by_token(engine,
                         &(struct ms_message){.type = MS_MESSAGE_HEARTBEAT, .token = token});
}

int ms_engine_task_register(struct ms_engine *engine, struct ms_str pattern,
                            struct ms_callback callback)
{
  return ms_tasks_register(engine->tasks, pattern, callback);
}

int ms_engine_mocks_load(struct ms_engine *engine, struct ms_str text, const char *test_case)
{
  return ms_tasks_mocks(engine->tasks, text, test_case);
}

int ms_engine_routes_set(struct ms_engine *engine, struct ms_json routes, struct ms_str aws_endpoint)
{
  return ms_tasks_set_routes(engine->tasks, routes, aws_endpoint);
}
