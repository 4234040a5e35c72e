/*
 * http:invoke: a request to an HTTPS API, with what a connection of EventBridge adds to it. A connection with
 * OAuth is asked for a token first, which is kept until it expires; an answer of 401 asks for another, once.
 *
 *   start ──no token──▶ token request ──▶ the request ──▶ result, or States.Http.StatusCode.NNN
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "httpc/httpc.h"
#include "task/http.h"

#define HTTP_TIMEOUT_MS 60000
#define TOKEN_SPARE_MS 30000 /* a token that expires that soon is not used any more */
#define TOKEN_LIFE_S 3600    /* of a token that does not say how long */

struct ms_task_http_call {
  struct ms_task_http_call *next, **slot; /* in tasks->http_calls */
  struct ms_tasks *tasks;
  struct ms_task *task;
  struct ms_httpc_call *out;
  struct ms_json parameters;
  struct ms_json connection; /* with its secrets; NONE: no connection */
  struct ms_json state;      /* name */
  bool is_routed;            /* to a URL: the answer's body is the result */
  bool is_again;             /* its token was refused: the next answer is the last */
};

/* ---- life ---- */

static void call_free(struct ms_task_http_call *call)
{
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  ms_json_unref(call->parameters);
  ms_json_unref(call->connection);
  ms_json_unref(call->state);
  ms_free(call);
}

void ms_task_http_calls_free(struct ms_tasks *tasks)
{
  while (tasks->http_calls != NULL) {
    call_free(tasks->http_calls);
  }
  ms_json_unref(tasks->http_tokens);
}

/* Frees the call and gives its task back, which is to be answered. */
static struct ms_task *let_go(struct ms_task_http_call *call)
{
  struct ms_task *task = call->task;
  task->data = NULL;
  call_free(call);
  return task;
}

/* ---- tokens ---- */

static bool is_oauth(struct ms_json connection)
{
  return ms_str_is(ms_json_text(ms_json_getc(connection, "AuthorizationType")),
                   "OAUTH_CLIENT_CREDENTIALS");
}

/* Empty: there is none that is good. One of a connection that was changed since is not. */
static struct ms_str token_of(const struct ms_task_http_call *call)
{
  struct ms_tasks *tasks = call->tasks;
  struct ms_json kept = ms_json_get(tasks->http_tokens,
                                    ms_json_text(ms_json_getc(call->connection, "ConnectionArn")));
  int64_t until_ms = 0;
  ms_json_to_int(&until_ms, ms_json_getc(kept, "until"));
  bool is_good =
      until_ms > tasks->up.now_ms(tasks->up.user) &&
      ms_json_equal(ms_json_getc(kept, "of"), ms_json_getc(call->connection, "LastModifiedTime"));
  return is_good ? ms_json_text(ms_json_getc(kept, "token")) : MS_STR("");
}

static int keep_token(const struct ms_task_http_call *call, struct ms_json answer)
{
  struct ms_tasks *tasks = call->tasks;
  int64_t life_s = TOKEN_LIFE_S;
  ms_json_to_int(&life_s, ms_json_getc(answer, "expires_in"));
  int64_t until_ms = tasks->up.now_ms(tasks->up.user) + life_s * 1000 - TOKEN_SPARE_MS;
  struct ms_json kept = ms_json_object(3);
  int err = ms_json_setc(&kept, "token", ms_json_ref(ms_json_getc(answer, "access_token")));
  err = err != 0 ? err : ms_json_setc(&kept, "until", ms_json_int(until_ms));
  err = err != 0 ? err
                 : ms_json_setc(&kept, "of",
                                ms_json_ref(ms_json_getc(call->connection, "LastModifiedTime")));
  if (err == 0 && ms_json_is_none(tasks->http_tokens)) {
    tasks->http_tokens = ms_json_object(1);
  }
  if (err != 0) {
    ms_json_unref(kept);
    return err;
  }
  return ms_json_set(&tasks->http_tokens,
                     ms_json_text(ms_json_getc(call->connection, "ConnectionArn")), kept);
}

static void forget_token(struct ms_task_http_call *call)
{
  ms_json_remove(&call->tasks->http_tokens,
                 ms_json_text(ms_json_getc(call->connection, "ConnectionArn")));
}

/* ---- what is said ---- */

static void fail_parameters(struct ms_tasks *tasks, struct ms_task *task,
                            const struct ms_task_request *request, const char *problem)
{
  struct ms_json text = ms_json_print_value(request->parameters);
  ms_task_failf(
      tasks, task, "States.Runtime",
      "An error occurred while executing the state '%.*s'. The Parameters '%.*s' could not be "
      "used to start the Task: [%s]",
      MS_STR_ARG(request->state), MS_STR_ARG(ms_json_text(text)), problem);
  ms_json_unref(text);
}

static void fail_status(struct ms_task_http_call *call, const struct ms_httpc_result *result)
{
  struct ms_tasks *tasks = call->tasks;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_utf8_repair(&text, ms_str_sub(result->body, 0, 32768));
  struct ms_json error = ms_json_stringf("States.Http.StatusCode.%d", result->status);
  struct ms_json cause = text.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&text));
  ms_buf_deinit(&text);
  ms_task_fail(tasks, let_go(call), error, cause);
  ms_json_unref(error);
  ms_json_unref(cause);
}

static bool is_function_error(const struct ms_httpc_result *result)
{
  return ms_field_get(result->headers, result->header_count, "x-amz-function-error").len > 0;
}

/* What a Lambda endpoint says of a function that failed: 200, a header, {"errorType", "errorMessage"}. */
static void fail_function(struct ms_task_http_call *call, const struct ms_httpc_result *result)
{
  struct ms_tasks *tasks = call->tasks;
  struct ms_json body = MS_JSON_VALUE_NONE;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_utf8_repair(&text, ms_str_sub(result->body, 0, 32768));
  struct ms_json cause = text.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&text));
  ms_buf_deinit(&text);
  ms_json_parse(&body, result->body, NULL, NULL);
  struct ms_json type = ms_json_getc(body, "errorType");
  struct ms_json error =
      ms_json_is_string(type) ? ms_json_ref(type) : ms_json_cstring("Lambda.Unknown");
  ms_task_fail(tasks, let_go(call), error, cause);
  ms_json_unref(error);
  ms_json_unref(cause);
  ms_json_unref(body);
}

static void fail_socket(struct ms_task_http_call *call, const struct ms_httpc_result *result)
{
  struct ms_tasks *tasks = call->tasks;
  if (result->failure == MS_HTTPC_TOO_BIG) {
    struct ms_json state = ms_json_ref(call->state);
    ms_task_failf(
        tasks, let_go(call), "States.DataLimitExceeded",
        "The state/task '%.*s' returned a result with a size exceeding the maximum number of "
        "bytes service limit.",
        MS_STR_ARG(ms_json_text(state)));
    ms_json_unref(state);
    return;
  }
  char text[256];
  snprintf(text, sizeof text, "%s", result->text);
  ms_task_failf(tasks, let_go(call), "States.Http.Socket", "%s", text);
}

/* Names in small letters, values in lists. */
static int put_headers(struct ms_json *out, const struct ms_httpc_result *result)
{
  int err = MSTEP_OK;
  *out = ms_json_object(result->header_count);
  for (size_t i = 0; i < result->header_count && err == 0; i++) {
    struct ms_buf name, text;
    ms_buf_init(&name, 0);
    ms_buf_init(&text, 0);
    for (size_t j = 0; j < result->headers[i].name.len; j++) {
      ms_buf_char(&name, ms_ascii_lower(result->headers[i].name.data[j]));
    }
    ms_utf8_repair(&text, result->headers[i].value);
    struct ms_json there = ms_json_get(*out, ms_buf_view(&name));
    struct ms_json list = ms_json_is_none(there) ? ms_json_array(1) : ms_json_ref(there);
    err = name.error != 0 || text.error != 0 ? ms_error_nomem() : MSTEP_OK;
    err = err != 0 ? err : ms_json_push(&list, ms_json_string(ms_buf_view(&text)));
    if (err == 0) {
      err = ms_json_set(out, ms_buf_view(&name), list);
    } else {
      ms_json_unref(list);
    }
    ms_buf_deinit(&name);
    ms_buf_deinit(&text);
  }
  return err;
}

/* Is it JSON by its type? "application/json; charset=...", "application/problem+json". */
static bool is_json(const struct ms_httpc_result *result)
{
  struct ms_str type = ms_field_get(result->headers, result->header_count, "content-type");
  type = ms_str_sub(type, 0, ms_str_find(type, 0, ';'));
  while (type.len > 0 && type.data[type.len - 1] == ' ') {
    type.len--;
  }
  return ms_str_is(type, "application/json") || ms_str_has_suffix(type, "+json");
}

/* MSTEP_EINVALID: it is no text. */
static int put_response(struct ms_json *out, const struct ms_httpc_result *result)
{
  struct ms_json body = MS_JSON_VALUE_NONE, headers;
  if (ms_utf8_check(result->body) != result->body.len) {
    return MSTEP_EINVALID;
  }
  if (!is_json(result) || result->body.len == 0 ||
      ms_json_parse(&body, result->body, NULL, NULL) != 0) {
    body = ms_json_string(result->body);
  }
  *out = ms_json_object(4);
  int err = put_headers(&headers, result);
  if (err == 0) {
    err = ms_json_setc(out, "Headers", ms_json_ref(headers));
  }
  err = err != 0 ? err : ms_json_setc(out, "ResponseBody", ms_json_ref(body));
  err = err != 0 ? err : ms_json_setc(out, "StatusCode", ms_json_int(result->status));
  err = err != 0 ? err : ms_json_setc(out, "StatusText", ms_json_string(result->reason));
  ms_json_unref(headers);
  ms_json_unref(body);
  return err;
}

static void succeed(struct ms_task_http_call *call, const struct ms_httpc_result *result)
{
  struct ms_tasks *tasks = call->tasks;
  struct ms_json out = MS_JSON_VALUE_NONE;
  int err = put_response(&out, result);
  bool is_routed = call->is_routed;
  struct ms_task *task = let_go(call);
  if (err == 0) {
    ms_task_answer(tasks, task, MS_TASK_SUCCEEDED,
                   is_routed ? ms_json_getc(out, "ResponseBody") : out);
  } else {
    ms_task_failf(tasks, task, "States.Runtime", "%s",
                  err == MSTEP_EINVALID ? "The response body cannot be read as text."
                                        : ms_error_text(err));
  }
  ms_json_unref(out);
}

/* ---- sending ---- */

static int send_request(struct ms_task_http_call *call, const struct ms_task_http_request *request,
                        ms_httpc_done_cb done)
{
  struct ms_tasks *tasks = call->tasks;
  struct ms_field fields[MS_TASK_HTTP_HEADERS_MAX];
  struct ms_httpc *client;
  int err = tasks->up.http(&client, tasks->up.user);
  if (err != 0) {
    return err;
  }
  const struct ms_httpc_request out = {.method = request->method,
                                       .url = ms_buf_view(&request->url),
                                       .headers = fields,
                                       .header_count = ms_task_http_fields(fields, request),
                                       .body = ms_buf_view(&request->body),
                                       .timeout_ms = HTTP_TIMEOUT_MS};
  return ms_httpc_send(&call->out, client, &out, done, call);
}

static int send_call(struct ms_task_http_call *call, const char **problem);

static void on_response(const struct ms_httpc_result *result, void *user)
{
  struct ms_task_http_call *call = user;
  const char *problem;
  call->out = NULL;
  if (result->failure != MS_HTTPC_OK) {
    fail_socket(call, result);
  } else if (call->is_routed && is_function_error(result)) {
    fail_function(call, result);
  } else if (result->status >= 200 && result->status < 300) {
    succeed(call, result);
  } else if (result->status == 401 && is_oauth(call->connection) && !call->is_again) {
    call->is_again = true;
    forget_token(call);
    if (send_call(call, &problem) != 0) {
      fail_status(call, result);
    }
  } else {
    fail_status(call, result);
  }
}

static void on_token(const struct ms_httpc_result *result, void *user)
{
  struct ms_task_http_call *call = user;
  struct ms_tasks *tasks = call->tasks;
  struct ms_json answer = MS_JSON_VALUE_NONE;
  const char *problem = NULL;
  call->out = NULL;
  bool is_good = result->failure == MS_HTTPC_OK && result->status >= 200 && result->status < 300 &&
                 ms_json_parse(&answer, result->body, NULL, NULL) == 0 &&
                 ms_json_is_string(ms_json_getc(answer, "access_token"));
  int err = is_good ? keep_token(call, answer) : MSTEP_OK;
  ms_json_unref(answer);
  if (result->failure != MS_HTTPC_OK) {
    fail_socket(call, result);
  } else if (!is_good) {
    ms_task_failf(
        tasks, let_go(call), "Events.ConnectionResource.InvalidConnectionState",
        "The connection could not be authorized: the authorization endpoint answered with "
        "status %d.",
        result->status);
  } else {
    err = err != 0 ? err : send_call(call, &problem);
    if (err != 0) {
      ms_task_failf(tasks, let_go(call), "States.Runtime", "%s",
                    problem != NULL ? problem : ms_error_text(err));
    }
  }
}

static int send_call(struct ms_task_http_call *call, const char **problem)
{
  struct ms_task_http_request request;
  struct ms_str token = is_oauth(call->connection) ? token_of(call) : MS_STR("");
  bool needs_token = is_oauth(call->connection) && token.len == 0;
  *problem = NULL;
  ms_task_http_request_init(&request);
  int err = needs_token ? ms_task_http_build_token(&request, call->connection)
                        : ms_task_http_build(&request, problem, call->parameters, call->connection,
                                             token, call->tasks->region);
  err = err != 0 ? err : send_request(call, &request, needs_token ? on_token : on_response);
  ms_task_http_request_deinit(&request);
  if (err == MSTEP_EINVALID && *problem == NULL) {
    *problem = "The value of the field 'ApiEndpoint' or 'Headers' has an invalid format";
  }
  return err;
}

/* ---- the handler ---- */

static bool http_handles(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  return tasks->up.http != NULL && request->kind == MS_TASK_SERVICE &&
         request->pattern == MS_TASK_REQUEST && ms_str_is(request->service, "http") &&
         ms_str_is(request->action, "invoke");
}

/* Answers the task when there is no such connection; *is_answered. */
static int find_connection(struct ms_json *out, bool *is_answered, struct ms_tasks *tasks,
                           struct ms_task *task, struct ms_json parameters)
{
  struct ms_json from = ms_json_getc(parameters, "Authentication");
  from = ms_json_is_none(from) ? ms_json_getc(parameters, "InvocationConfig") : from;
  struct ms_str arn = ms_json_text(ms_json_getc(from, "ConnectionArn"));
  *out = MS_JSON_VALUE_NONE;
  if (arn.len == 0) {
    return MSTEP_OK;
  }
  int err = tasks->up.connection(out, arn, tasks->up.user);
  bool is_usable = ms_str_is(ms_json_text(ms_json_getc(*out, "ConnectionState")), "AUTHORIZED");
  *is_answered = err == MSTEP_ENOTFOUND || (err == 0 && !is_usable);
  if (*is_answered) {
    ms_task_failf(tasks, task,
                  err == 0 ? "Events.ConnectionResource.InvalidConnectionState"
                           : "Events.ConnectionResource.ResourceNotFound",
                  err == 0 ? "The connection '%.*s' is not authorized."
                           : "The connection '%.*s' does not exist.",
                  MS_STR_ARG(arn));
    ms_json_replace(out, MS_JSON_VALUE_NONE);
    return MSTEP_OK;
  }
  return err;
}

static struct ms_task_http_call *call_new(struct ms_tasks *tasks, struct ms_task *task,
                                          const struct ms_task_request *request,
                                          struct ms_json connection)
{
  struct ms_task_http_call *call = ms_calloc(1, sizeof *call);
  if (call == NULL) {
    return NULL;
  }
  *call = (struct ms_task_http_call){.next = tasks->http_calls,
                                     .slot = &tasks->http_calls,
                                     .tasks = tasks,
                                     .task = task,
                                     .parameters = ms_json_ref(request->parameters),
                                     .connection = ms_json_ref(connection),
                                     .state = ms_json_string(request->state)};
  if (call->next != NULL) {
    call->next->slot = &call->next;
  }
  tasks->http_calls = call;
  return call;
}

static int start(struct ms_tasks *tasks, struct ms_task *task,
                 const struct ms_task_request *request)
{
  struct ms_json connection;
  bool is_answered = false;
  const char *problem;
  int err = find_connection(&connection, &is_answered, tasks, task, request->parameters);
  if (err != 0 || is_answered) {
    return err;
  }
  struct ms_task_http_call *call = call_new(tasks, task, request, connection);
  ms_json_unref(connection);
  if (call == NULL) {
    return ms_error_nomem();
  }
  task->data = call;
  call->is_routed = request->url.len > 0;
  err = send_call(call, &problem);
  if (err != 0) {
    task->data = NULL;
    call_free(call);
  }
  if (err != 0 && problem != NULL) {
    fail_parameters(tasks, task, request, problem);
    err = MSTEP_OK;
  }
  return err;
}

/* What was routed to a URL is a POST of its parameters. */
static int http_start(struct ms_tasks *tasks, struct ms_task *task,
                      const struct ms_task_request *request)
{
  struct ms_task_request posted = *request;
  if (request->url.len == 0) {
    return start(tasks, task, request);
  }
  posted.parameters = ms_json_object(3);
  int err = ms_json_setc(&posted.parameters, "ApiEndpoint", ms_json_string(request->url));
  err = err != 0 ? err : ms_json_setc(&posted.parameters, "Method", ms_json_cstring("POST"));
  err = err != 0
            ? err
            : ms_json_setc(&posted.parameters, "RequestBody",
                           ms_json_is_none(request->parameters) ? MS_JSON_VALUE_NULL
                                                                : ms_json_ref(request->parameters));
  err = err != 0 ? err : start(tasks, task, &posted);
  ms_json_unref(posted.parameters);
  return err;
}

static void http_cancel(struct ms_tasks *tasks, struct ms_task *task)
{
  struct ms_task_http_call *call = task->data;
  (void)tasks;
  if (call != NULL) {
    task->data = NULL;
    if (call->out != NULL) {
      ms_httpc_cancel(call->out);
    }
    call_free(call);
  }
}

const struct ms_task_handler ms_task_http = {"http", http_handles, http_start, http_cancel,
                                             http_cancel};
