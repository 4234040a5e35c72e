/*
 * Service integrations that are sent on to AWS, or to what speaks like it: an endpoint that the user names,
 * signed with the credentials of the environment (AWS_ACCESS_KEY_ID and so on). For what this engine does not
 * do itself, and for resources that are routed there. JSON services only (aws.def); no .sync.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "httpc/httpc.h"
#include "task/service.h"

#define AWS_TIMEOUT_MS 60000
#define AWS_RESPONSE_MAX ((size_t)8 << 20)

struct aws_service {
  struct ms_task_service base;
  const char *signing;
  const char *target;
  const char *version;
};

static const struct aws_service services[] = {
#define MS_TASK_AWS(integration, sdk, signing, target, version, prefix, sdk1, sdk2, is_lower)      \
  {{integration, sdk, signing, prefix, sdk1, sdk1 "Exception", sdk2, is_lower,                     \
    "application/x-amz-json-" version, ""},                                                        \
   signing,                                                                                        \
   target,                                                                                         \
   version},
#include "task/aws.def"
#undef MS_TASK_AWS
};

struct ms_task_aws_call {
  struct ms_task_aws_call *next, **slot; /* in tasks->aws_calls */
  struct ms_tasks *tasks;
  struct ms_task *task;
  struct ms_httpc_call *out;
  struct ms_task_service_request request;
  bool is_token;
};

static const struct aws_service *find(struct ms_task_service_request *out,
                                      const struct ms_task_request *request)
{
  struct ms_str name = request->service;
  bool is_sdk = ms_str_has_prefix(name, "aws-sdk:");
  name = is_sdk ? ms_str_sub(name, strlen("aws-sdk:"), name.len) : name;
  for (size_t i = 0; name.len > 0 && i < sizeof services / sizeof services[0]; i++) {
    const struct ms_task_service *base = &services[i].base;
    if (ms_str_is(name, is_sdk ? base->sdk : base->integration)) {
      *out = (struct ms_task_service_request){base, is_sdk, request->action};
      return &services[i];
    }
  }
  return NULL;
}

/* ---- calls ---- */

static void call_free(struct ms_task_aws_call *call)
{
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  ms_free(call);
}

void ms_task_aws_calls_free(struct ms_tasks *tasks)
{
  while (tasks->aws_calls != NULL) {
    call_free(tasks->aws_calls);
  }
}

static void succeed(struct ms_task_aws_call *call, struct ms_str body)
{
  struct ms_tasks *tasks = call->tasks;
  struct ms_task *task = call->task;
  struct ms_json result = MS_JSON_VALUE_NONE;
  int err =
      ms_task_service_result(&result, tasks, &call->request, body.len == 0 ? MS_STR("{}") : body);
  bool is_token = call->is_token;
  task->data = NULL;
  call_free(call);
  err = err != 0
            ? err
            : ms_task_answer(tasks, task, is_token ? MS_TASK_SUBMITTED : MS_TASK_SUCCEEDED, result);
  if (err != 0) {
    ms_task_failf(tasks, task, "States.Runtime", "AWS's answer could not be used: %s",
                  ms_error_text(err));
  }
  ms_json_unref(result);
}

static void on_response(const struct ms_httpc_result *result, void *user)
{
  struct ms_task_aws_call *call = user;
  struct ms_tasks *tasks = call->tasks;
  struct ms_task *task = call->task;
  if (result->failure == MS_HTTPC_OK && result->status >= 200 && result->status < 300) {
    succeed(call, result->body);
    return;
  }
  struct ms_task_service_request request = call->request;
  task->data = NULL;
  call_free(call);
  if (result->failure != MS_HTTPC_OK) {
    const char *prefix = request.is_sdk ? request.service->sdk2 : request.service->prefix;
    char name[96];
    snprintf(name, sizeof name, "%s.SdkClientException", prefix);
    ms_task_failf(tasks, task, name, "Unable to execute HTTP request: %s", result->text);
    return;
  }
  const struct ms_task_reply reply = {MSTEP_EIO, result->status, result->body};
  ms_task_service_fail(tasks, task, &request, &reply);
}

/* ---- the request ---- */

/* The endpoint with {service} and {region} filled in, and a slash at its end. */
static void put_url(struct ms_buf *out, const struct ms_tasks *tasks,
                    const struct aws_service *service)
{
  struct ms_str text = ms_json_text(tasks->aws_endpoint);
  for (size_t at = 0; at < text.len;) {
    struct ms_str rest = ms_str_sub(text, at, text.len);
    if (ms_str_has_prefix(rest, "{service}")) {
      ms_buf_cstr(out, service->signing);
      at += strlen("{service}");
    } else if (ms_str_has_prefix(rest, "{region}")) {
      ms_buf_cstr(out, tasks->region);
      at += strlen("{region}");
    } else {
      ms_buf_char(out, text.data[at++]);
    }
  }
  if (!ms_str_has_suffix(text, "/")) {
    ms_buf_char(out, '/');
  }
}

static struct ms_str from_environment(const char *name, const char *standard)
{
  const char *value = getenv(name);
  return ms_str_c(value == NULL || *value == '\0' ? standard : value);
}

/* parameters: as the service takes them. */
static int send_call(struct ms_task_aws_call *call, const struct aws_service *service,
                     struct ms_json parameters)
{
  struct ms_tasks *tasks = call->tasks;
  struct ms_str action = call->request.action;
  struct ms_httpc *client;
  struct ms_buf url, body, target;
  ms_buf_init(&url, 4096);
  ms_buf_init(&body, 0);
  ms_buf_init(&target, 0);
  put_url(&url, tasks, service);
  ms_json_print(&body, parameters);
  ms_buf_printf(&target, "%s.%c%.*s", service->target, ms_ascii_upper(action.data[0]),
                (int)action.len - 1, action.data + 1);
  const struct ms_httpc_sigv4 sigv4 = {.access_key_id =
                                           from_environment("AWS_ACCESS_KEY_ID", "test"),
                                       .secret = from_environment("AWS_SECRET_ACCESS_KEY", "test"),
                                       .session_token = from_environment("AWS_SESSION_TOKEN", ""),
                                       .region = ms_str_c(tasks->region),
                                       .service = ms_str_c(service->signing)};
  const struct ms_field headers[] = {{MS_STR("Content-Type"), ms_str_c(service->base.content_type)},
                                     {MS_STR("X-Amz-Target"), ms_buf_view(&target)}};
  const struct ms_httpc_request request = {.method = MS_STR("POST"),
                                           .url = ms_buf_view(&url),
                                           .headers = headers,
                                           .header_count = 2,
                                           .body = ms_buf_view(&body),
                                           .timeout_ms = AWS_TIMEOUT_MS,
                                           .max_response_bytes = AWS_RESPONSE_MAX,
                                           .sigv4 = &sigv4};
  int err = url.error != 0 || body.error != 0 || target.error != 0 ? ms_error_nomem() : MSTEP_OK;
  err = err != 0 ? err : tasks->up.http(&client, tasks->up.user);
  err = err != 0 ? err : ms_httpc_send(&call->out, client, &request, on_response, call);
  ms_buf_deinit(&url);
  ms_buf_deinit(&body);
  ms_buf_deinit(&target);
  return err;
}

/* ---- the handler ---- */

static bool aws_handles(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  struct ms_task_service_request found;
  return tasks->up.http != NULL && !ms_json_is_none(tasks->aws_endpoint) &&
         request->kind == MS_TASK_SERVICE && request->pattern != MS_TASK_SYNC &&
         request->action.len > 0 && find(&found, request) != NULL;
}

static int aws_start(struct ms_tasks *tasks, struct ms_task *task,
                     const struct ms_task_request *request)
{
  struct ms_task_service_request found;
  const struct aws_service *service = find(&found, request);
  if (request->pattern == MS_TASK_TOKEN && request->is_submitted) {
    const char *token;
    return tasks->up.token(&token, task, tasks->up.user);
  }
  struct ms_task_aws_call *call = ms_calloc(1, sizeof *call);
  struct ms_json parameters = ms_task_service_parameters(&found, request->parameters);
  if (call == NULL || ms_json_is_none(parameters)) {
    ms_free(call);
    ms_json_unref(parameters);
    return ms_error_nomem();
  }
  *call = (struct ms_task_aws_call){.next = tasks->aws_calls,
                                    .slot = &tasks->aws_calls,
                                    .tasks = tasks,
                                    .task = task,
                                    .request = found,
                                    .is_token = request->pattern == MS_TASK_TOKEN};
  if (call->next != NULL) {
    call->next->slot = &call->next;
  }
  tasks->aws_calls = call;
  task->data = call;
  int err = send_call(call, service, parameters);
  ms_json_unref(parameters);
  call->request.action = (struct ms_str){"", 0}; /* it was borrowed */
  if (err != 0) {
    task->data = NULL;
    call_free(call);
  }
  return err;
}

static void aws_cancel(struct ms_tasks *tasks, struct ms_task *task)
{
  struct ms_task_aws_call *call = task->data;
  (void)tasks;
  if (call != NULL) {
    task->data = NULL;
    ms_httpc_cancel(call->out);
    call_free(call);
  }
}

const struct ms_task_handler ms_task_aws = {"aws", aws_handles, aws_start, aws_cancel, aws_cancel};
