/*
 * Lambda functions, that is, Lua functions of this engine: by ARN, where the function's answer is
 * the result as it stands, and by `lambda:invoke`, where it comes wrapped as AWS wraps it.
 *
 * A call outlives its task when the task is cancelled: `struct ms_task_function_call` lives until
 * the call is done, and points to its task only as long as somebody waits.
 */
#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/utf8.h"
#include "task/internal.h"

#define FUNCTION_TIMEOUT_MAX_MS 900000 /* Lambda's 15 minutes */
#define FUNCTION_ARN_MAX 400

enum function_type { FUNCTION_REQUEST, FUNCTION_EVENT, FUNCTION_DRY_RUN };

struct ms_task_function_call {
  struct ms_task_function_call *next, **slot; /* in tasks->calls */
  struct ms_tasks *tasks;
  struct ms_task *task; /* NULL: cancelled, or nobody waits */
  uint64_t id;
  bool is_wrapped;     /* lambda:invoke */
  bool has_log_tail;   /* with LogType: Tail */
  bool is_qualified;   /* the ARN it was called by says a version */
  bool is_token;       /* its result is only a SUBMITTED */
  bool ends_with_task; /* the deadline is the task's own timeout: the core says what it means */
  char request_id[37];
  char version[65]; /* executed version */
};

/* What a request says, in either form. */
struct function_request {
  struct ms_task_function_name name;
  enum function_type type;
  struct ms_json payload;        /* borrowed */
  struct ms_json client_context; /* owned */
  bool is_wrapped;
  bool has_log_tail;
};

/* ---- reading the request ---- */

static bool function_handles(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  (void)tasks;
  if (request->kind == MS_TASK_LAMBDA) {
    return true;
  }
  return request->kind == MS_TASK_SERVICE && request->pattern != MS_TASK_SYNC &&
         ms_str_is(request->service, "lambda") && ms_str_is(request->action, "invoke");
}

/* ClientContext is Base64 of JSON; anything else goes through as it is. */
static struct ms_json function_client_context(struct ms_json given)
{
  if (!ms_json_is_string(given)) {
    return ms_json_ref(given);
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  struct ms_json context = MS_JSON_VALUE_NONE;
  int err = ms_base64_decode(&text, ms_json_text(given));
  if (err == 0) {
    err = ms_json_parse(&context, ms_buf_view(&text), NULL, NULL);
  }
  ms_buf_deinit(&text);
  return err == 0 ? context : ms_json_ref(given);
}

static enum function_type function_type(struct ms_json type)
{
  if (ms_str_is(ms_json_text(type), "Event")) {
    return FUNCTION_EVENT;
  }
  return ms_str_is(ms_json_text(type), "DryRun") ? FUNCTION_DRY_RUN : FUNCTION_REQUEST;
}

/* False: the name is not one; `name` then is the text as given. */
static bool function_read(struct function_request *out, const struct ms_task_request *request,
                          struct ms_json empty)
{
  *out = (struct function_request){.client_context = MS_JSON_VALUE_NONE};
  out->payload = request->parameters;
  struct ms_str text = request->resource;
  if (request->kind == MS_TASK_SERVICE) {
    out->is_wrapped = true;
    out->payload = ms_json_getc(request->parameters, "Payload");
    if (ms_json_is_none(out->payload)) {
      out->payload = empty;
    }
    out->type = function_type(ms_json_getc(request->parameters, "InvocationType"));
    out->has_log_tail =
        ms_str_is(ms_json_text(ms_json_getc(request->parameters, "LogType")), "Tail");
    out->client_context =
        function_client_context(ms_json_getc(request->parameters, "ClientContext"));
    text = ms_json_text(ms_json_getc(request->parameters, "FunctionName"));
  }
  out->name.name = text;
  struct ms_task_function_name name;
  if (!ms_task_function_name(&name, text)) {
    return false;
  }
  out->name = name;
  struct ms_json qualifier = ms_json_getc(request->parameters, "Qualifier");
  if (request->kind == MS_TASK_SERVICE && ms_json_is_string(qualifier)) {
    out->name.qualifier = ms_json_text(qualifier);
  }
  return true;
}

/* ---- the result ---- */

static size_t put_part(char *out, size_t len, struct ms_str part)
{
  size_t room = FUNCTION_ARN_MAX - 1 - len;
  size_t count = part.len < room ? part.len : room;
  memcpy(out + len, part.data, count);
  return len + count;
}

/* By hand and not by snprintf: once for each call. Cut where it would not fit; its length. */
static size_t function_arn(char out[FUNCTION_ARN_MAX], const struct ms_tasks *tasks,
                           const struct ms_task_function_name *name)
{
  size_t len = put_part(out, 0, MS_STR("arn:aws:lambda:"));
  len = put_part(out, len, ms_str_c(tasks->region));
  len = put_part(out, len, MS_STR(":"));
  len = put_part(out, len, ms_str_c(tasks->account));
  len = put_part(out, len, MS_STR(":function:"));
  len = put_part(out, len, name->name);
  if (name->qualifier.len > 0) {
    len = put_part(out, len, MS_STR(":"));
    len = put_part(out, len, name->qualifier);
  }
  out[len] = '\0';
  return len;
}

/* AWS's words around "Function not found: ARN". */
static void function_not_found(const struct ms_task_function_call *call, struct ms_str text)
{
  ms_task_failf(call->tasks, call->task, "Lambda.ResourceNotFoundException",
                "%.*s%s (Service: AWSLambda; Status Code: 404; Error Code: "
                "ResourceNotFoundException; Request ID: %s; Proxy: null)",
                MS_STR_ARG(text), call->is_qualified ? "" : ":$LATEST", call->request_id);
}

/* As many run as may. */
static void function_throttled(const struct ms_task_function_call *call)
{
  ms_task_failf(call->tasks, call->task, "Lambda.TooManyRequestsException",
                "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: "
                "TooManyRequestsException; Request ID: %s; Proxy: null)",
                call->request_id);
}

static void function_missing(const struct ms_task_function_call *call,
                             const struct ms_task_function_name *name)
{
  char text[FUNCTION_ARN_MAX + 32] = "Function not found: ";
  size_t len = strlen(text);
  len += function_arn(text + len, call->tasks, name);
  len = ms_utf8_check((struct ms_str){text, len}); /* it may have been cut inside a character */
  function_not_found(call, (struct ms_str){text, len});
}

static void function_version(struct ms_task_function_call *call, struct ms_str version)
{
  size_t len = version.len < sizeof call->version ? version.len : sizeof call->version - 1;
  memcpy(call->version, version.data, len);
  call->version[len] = '\0';
}

/*
 * {ExecutedVersion, LogResult, Payload, SdkHttpMetadata, SdkResponseMetadata, StatusCode}; log_result in base64,
 * NULL: it was not asked for.
 */
static int function_wrap(struct ms_json *out, const struct ms_task_function_call *call,
                         struct ms_json payload, int status, const char *log_result)
{
  struct ms_tasks *tasks = call->tasks;
  struct ms_task_service_result result = {.request_id = call->request_id,
                                          .now_ms = tasks->up.now_ms(tasks->up.user),
                                          .http_status = status,
                                          .content_length = ms_json_size_bytes(payload),
                                          .executed_version = call->version,
                                          .log_result = log_result};
  struct ms_json wrapped = ms_json_object(6);
  int err = ms_json_setc(&wrapped, "ExecutedVersion", ms_json_cstring(call->version));
  if (err == 0 && log_result != NULL) {
    err = ms_json_setc(&wrapped, "LogResult", ms_json_cstring(log_result));
  }
  if (err == 0) {
    err = ms_json_setc(&wrapped, "Payload", ms_json_ref(payload));
  }
  if (err == 0) {
    err = ms_task_add_sdk_members(&wrapped, &result);
  }
  if (err == 0) {
    err = ms_json_setc(&wrapped, "StatusCode", ms_json_int(status));
  }
  if (err != 0) {
    ms_json_unref(wrapped);
    return err;
  }
  *out = wrapped;
  return MSTEP_OK;
}

static void function_succeed(struct ms_task_function_call *call, struct ms_json output, int status,
                             struct ms_str log)
{
  struct ms_tasks *tasks = call->tasks;
  enum ms_task_answer_type type = call->is_token ? MS_TASK_SUBMITTED : MS_TASK_SUCCEEDED;
  struct ms_json result = MS_JSON_VALUE_NONE;
  struct ms_buf log_result;
  ms_buf_init(&log_result, 0);
  int err = MSTEP_OK;
  if (call->has_log_tail) {
    ms_base64_encode(&log_result, log);
    ms_buf_char(&log_result, '\0');
    err = log_result.error;
  }
  if (err == 0 && call->is_wrapped) {
    err = function_wrap(&result, call, output, status, log_result.data);
  } else if (err == 0) {
    result = ms_json_ref(output);
  }
  if (err == 0) {
    err = ms_task_answer(tasks, call->task, type, result);
  }
  if (err != 0) {
    ms_task_failf(tasks, call->task, "Lambda.Unknown", "The engine ran out of memory.");
  }
  ms_json_unref(result);
  ms_buf_deinit(&log_result);
}

static void function_settle(struct ms_task_function_call *call,
                            const struct ms_task_call_result *result)
{
  struct ms_tasks *tasks = call->tasks;
  switch (result->outcome) {
  case MS_TASK_CALL_OK:
    if (result->version != NULL) {
      function_version(call, ms_str_c(result->version)); /* an alias's, for one */
    }
    function_succeed(call, result->output, 200, result->log_tail);
    return;
  case MS_TASK_CALL_TIMEOUT:
    if (call->ends_with_task) {
      return; /* the core's own timer is due now and says States.Timeout */
    }
    break;
  case MS_TASK_CALL_MISSING:
    if (ms_str_has_prefix(ms_json_text(result->cause), "Function not found: arn:")) {
      function_not_found(call, ms_json_text(result->cause));
      return;
    }
    break; /* it is there and does not load */
  case MS_TASK_CALL_CANCELLED:
    ms_task_failf(tasks, call->task, "Lambda.Unknown", "The invocation was cancelled.");
    return;
  default:
    break;
  }
  if (!ms_json_is_none(result->error)) {
    ms_task_fail(tasks, call->task, result->error, result->cause);
  } else if (result->outcome == MS_TASK_CALL_TIMEOUT) {
    ms_task_failf(
        tasks, call->task, "Sandbox.Timedout",
        "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: %s Error: Task "
        "timed out after %d.00 seconds\"}",
        call->request_id, FUNCTION_TIMEOUT_MAX_MS / 1000);
  } else {
    ms_task_failf(tasks, call->task, "Lambda.Unknown",
                  "The function failed without saying why (outcome %d).", (int)result->outcome);
  }
}

/* ---- calls ---- */

static void function_unlink(struct ms_task_function_call *call)
{
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  ms_free(call);
}

static void function_done(const struct ms_task_call_result *result, void *user)
{
  struct ms_task_function_call *call = user;
  if (call->task != NULL) {
    call->task->data = NULL; /* of a .waitForTaskToken the task goes on without this call */
    function_settle(call, result);
  }
  function_unlink(call);
}

static struct ms_task_function_call *function_call_new(struct ms_tasks *tasks, struct ms_task *task,
                                                       const struct function_request *read)
{
  struct ms_task_function_call *call = ms_calloc(1, sizeof *call);
  if (call == NULL) {
    return NULL;
  }
  call->tasks = tasks;
  call->task = task;
  call->is_wrapped = read->is_wrapped;
  call->has_log_tail = read->has_log_tail && read->type == FUNCTION_REQUEST;
  call->is_qualified = read->name.qualifier.len > 0;
  ms_random_uuid(tasks->random, call->request_id);
  struct ms_str qualifier = read->name.qualifier;
  bool is_version = qualifier.len > 0 && qualifier.data[0] >= '0' && qualifier.data[0] <= '9';
  function_version(call, is_version ? qualifier : MS_STR("$LATEST"));
  call->slot = &tasks->calls;
  call->next = tasks->calls;
  if (call->next != NULL) {
    call->next->slot = &call->next;
  }
  tasks->calls = call;
  return call;
}

/* As an event of the function's queue. */
static int function_queue(struct ms_task_function_call *call, const struct function_request *read)
{
  struct ms_tasks *tasks = call->tasks;
  char arn[FUNCTION_ARN_MAX];
  function_arn(arn, tasks, &read->name);
  const struct ms_task_call invoke = {.function = read->name.name,
                                      .payload = read->payload,
                                      .client_context = MS_JSON_VALUE_NONE,
                                      .request_id = call->request_id,
                                      .arn = arn};
  return tasks->up.invoke_later(&invoke, tasks->up.user);
}

static int function_invoke(struct ms_task_function_call *call, const struct function_request *read,
                           const struct ms_task_request *request)
{
  struct ms_tasks *tasks = call->tasks;
  char arn[FUNCTION_ARN_MAX];
  function_arn(arn, tasks, &read->name);
  int64_t deadline_ms = tasks->up.now_ms(tasks->up.user) + FUNCTION_TIMEOUT_MAX_MS;
  if (request->deadline_ms != 0 && request->deadline_ms <= deadline_ms && call->task != NULL) {
    deadline_ms = request->deadline_ms;
    call->ends_with_task = true;
  }
  struct ms_task_call invoke = {read->name.name,  read->payload, read->client_context,
                                call->request_id, arn,           deadline_ms,
                                request->attempt, call->has_log_tail};
  return tasks->up.invoke(&call->id, &invoke, function_done, call, tasks->up.user);
}

/* Event and DryRun are answered before, or without, the function's run. */
static int function_start_detached(struct ms_tasks *tasks, struct ms_task_function_call *call,
                                   const struct function_request *read,
                                   const struct ms_task_request *request)
{
  struct ms_task *task = call->task;
  struct ms_json none = ms_json_string(MS_STR(""));
  bool is_queued = read->type == FUNCTION_EVENT && tasks->up.invoke_later != NULL;
  int err = MSTEP_OK;
  if (is_queued) {
    err = function_queue(call, read);
  } else if (read->type == FUNCTION_EVENT) {
    call->task = NULL;
    err = function_invoke(call, read, request);
    call->task = task;
  }
  if (err == 0) {
    function_succeed(call, none, read->type == FUNCTION_EVENT ? 202 : 204, MS_STR(""));
    call->task = NULL;
  }
  ms_json_unref(none);
  if (is_queued && err == MSTEP_ENOTFOUND) {
    function_missing(call, &read->name);
    err = MSTEP_OK;
  } else if (is_queued && err == MSTEP_ETOOBIG) {
    ms_task_failf(tasks, call->task, "Lambda.RequestTooLargeException", "%s", ms_error_detail());
    err = MSTEP_OK;
  }
  if (err != 0 || is_queued || read->type == FUNCTION_DRY_RUN) {
    function_unlink(call);
  }
  return err;
}

static int function_start(struct ms_tasks *tasks, struct ms_task *task,
                          const struct ms_task_request *request)
{
  if (request->pattern == MS_TASK_TOKEN && request->is_submitted) {
    const char *token;
    return tasks->up.token(&token, task, tasks->up.user); /* it was called before the crash */
  }
  struct function_request read;
  struct ms_json empty = ms_json_object(0);
  int err = MSTEP_OK;
  struct ms_task_function_call *call = NULL;
  bool is_name = function_read(&read, request, empty);
  if (ms_json_is_none(empty)) {
    err = ms_error_nomem();
    goto out;
  }
  call = function_call_new(tasks, task, &read);
  if (call == NULL) {
    err = ms_error_nomem();
    goto out;
  }
  if (!is_name) {
    function_missing(call, &read.name);
    function_unlink(call);
    goto out;
  }
  call->is_token = request->pattern == MS_TASK_TOKEN;
  if (read.type != FUNCTION_REQUEST) {
    err = function_start_detached(tasks, call, &read, request);
    goto out;
  }
  task->data = call;
  err = function_invoke(call, &read, request);
  if (err != 0) {
    task->data = NULL;
  }
  if (err == MSTEP_ESTATE) {
    function_throttled(call);
    function_unlink(call);
    err = MSTEP_OK;
  } else if (err != 0) {
    function_unlink(call);
  }
out:
  ms_json_unref(read.client_context);
  ms_json_unref(empty);
  return err;
}

static void function_cancel(struct ms_tasks *tasks, struct ms_task *task)
{
  struct ms_task_function_call *call = task->data;
  if (call != NULL) {
    task->data = NULL;
    call->task = NULL;
    tasks->up.cancel_call(call->id, tasks->up.user);
  }
}

static void function_detach(struct ms_tasks *tasks, struct ms_task *task)
{
  (void)tasks;
  struct ms_task_function_call *call = task->data;
  if (call != NULL) {
    task->data = NULL;
    call->task = NULL;
  }
}

/* Here and not in task.c: it knows what a call is. */
void ms_tasks_free(struct ms_tasks *tasks)
{
  if (tasks == NULL) {
    return;
  }
  while (tasks->calls != NULL) {
    function_unlink(tasks->calls);
  }
  ms_task_service_calls_free(tasks);
  ms_task_http_calls_free(tasks);
  ms_task_aws_calls_free(tasks);
  ms_json_unref(tasks->routes);
  ms_json_unref(tasks->aws_endpoint);
  for (size_t i = 0; i < tasks->registrations.count; i++) {
    ms_free(tasks->registrations.data[i].pattern);
  }
  ms_free(tasks->registrations.data);
  ms_json_unref(tasks->mocks.config);
  ms_json_unref(tasks->mocks.machines);
  ms_free(tasks);
}

const struct ms_task_handler ms_task_function = {"function", function_handles, function_start,
                                                 function_cancel, function_detach};
