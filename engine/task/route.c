/*
 * Routes: which resources somebody else answers than who would. A pattern of ARNs leads to
 *
 *   "mock"           the loaded mocks, and nobody else
 *   "host"           a callback of the host, and nobody else
 *   "function:NAME"  a Lua function: its payload is the parameters, its answer the result
 *   "http://..."     a POST of the parameters as JSON, the answer's body the result; X-Amz-Function-Error, as
 *                    Lambda's endpoints say it, makes it a failure
 *   "aws"            AWS's endpoint
 *   "engine"         whoever would without a route
 *
 * The first that matches counts. Mocks that name a state come before all of this.
 */
#include "base/error.h"
#include "task/internal.h"

static bool is_target(struct ms_str target)
{
  return ms_str_is(target, "mock") || ms_str_is(target, "host") || ms_str_is(target, "aws") ||
         ms_str_is(target, "engine") || ms_str_has_prefix(target, "http://") ||
         ms_str_has_prefix(target, "https://") ||
         (ms_str_has_prefix(target, "function:") && target.len > strlen("function:"));
}

int ms_tasks_set_routes(struct ms_tasks *tasks, struct ms_json routes, struct ms_str aws_endpoint)
{
  struct ms_json endpoint = MS_JSON_VALUE_NONE;
  if (aws_endpoint.len > 0 && !ms_str_has_prefix(aws_endpoint, "http://") &&
      !ms_str_has_prefix(aws_endpoint, "https://")) {
    return ms_error(MSTEP_EINVALID, "'%.*s' is not the URL of an endpoint",
                    MS_STR_ARG(aws_endpoint));
  }
  for (size_t i = 0; i < ms_json_count(routes); i++) {
    struct ms_str target = ms_json_text(ms_json_member(routes, i));
    if (!is_target(target)) {
      return ms_error(
          MSTEP_EINVALID,
          "the route of '%.*s' leads to '%.*s': mock, host, aws, engine, function:NAME or a "
          "URL is expected",
          MS_STR_ARG(ms_json_key(routes, i)), MS_STR_ARG(target));
    }
  }
  if (aws_endpoint.len > 0) {
    endpoint = ms_json_string(aws_endpoint);
    if (ms_json_is_none(endpoint)) {
      return ms_error_nomem();
    }
  }
  ms_json_replace(&tasks->routes, ms_json_ref(routes));
  ms_json_replace(&tasks->aws_endpoint, endpoint);
  return MSTEP_OK;
}

static struct ms_str target_of(const struct ms_tasks *tasks, struct ms_str resource)
{
  for (size_t i = 0; i < ms_json_count(tasks->routes); i++) {
    if (ms_task_matches(ms_json_key(tasks->routes, i), resource)) {
      return ms_json_text(ms_json_member(tasks->routes, i));
    }
  }
  return MS_STR("engine");
}

static const struct ms_task_handler *only(const struct ms_task_handler *handler,
                                          const struct ms_tasks *tasks,
                                          const struct ms_task_request *request)
{
  return handler->handles(tasks, request) ? handler : NULL;
}

bool ms_task_route(const struct ms_task_handler **out, struct ms_task_request *request,
                   const struct ms_tasks *tasks)
{
  *out = only(&ms_task_mock, tasks, request);
  struct ms_str target = target_of(tasks, request->resource);
  if (*out != NULL || ms_str_is(target, "engine")) {
    return *out != NULL;
  }
  if (ms_str_is(target, "host")) {
    *out = only(&ms_task_host, tasks, request);
  } else if (ms_str_is(target, "aws")) {
    *out = only(&ms_task_aws, tasks, request);
  } else if (ms_str_has_prefix(target, "function:")) {
    request->kind = MS_TASK_LAMBDA;
    request->resource = ms_str_sub(target, strlen("function:"), target.len);
    *out = only(&ms_task_function, tasks, request);
  } else if (ms_str_has_prefix(target, "http")) {
    request->url = target;
    *out = request->pattern == MS_TASK_REQUEST && tasks->up.http != NULL ? &ms_task_http : NULL;
  }
  return true;
}
