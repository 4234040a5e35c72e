/* Where a request of the web is for, the call of the function, and how long it is waited for. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/field.h"
#include "source/web_internal.h"

#define ROUTE_BODY_MAX ((size_t)10 << 20)
#define URL_BODY_MAX ((size_t)6 << 20)

/* A request whose function runs. It stays until that has ended, whatever was answered meanwhile. */
struct ms_web_wait {
  struct ms_web_wait *next, **slot;
  struct ms_web *web;
  ms_web_reply_cb cb; /* NULL: answered */
  void *arg;
  enum ms_web_kind kind;
  int64_t due_ms; /* 0: the function's own timeout is all there is */
  struct ms_json cors, origin;
};

static void wait_free(struct ms_web_wait *wait)
{
  *wait->slot = wait->next;
  if (wait->next != NULL) {
    wait->next->slot = wait->slot;
  }
  ms_json_unref(wait->cors);
  ms_json_unref(wait->origin);
  ms_free(wait);
}

static void wait_answer(struct ms_web_wait *wait, struct ms_json reply)
{
  ms_web_reply_cb cb = wait->cb;
  wait->cb = NULL;
  wait->due_ms = 0;
  if (!ms_json_is_none(reply) &&
      ms_web_url_cors(&reply, wait->cors, ms_json_text(wait->origin)) != 0) {
    ms_json_replace(&reply, MS_JSON_VALUE_NONE);
  }
  cb(reply, wait->arg);
  ms_json_unref(reply);
}

static void on_answer(const struct ms_invoke_answer *answer, void *user)
{
  struct ms_web_wait *wait = user;
  if (wait->cb != NULL && answer->code == MSTEP_OK) {
    wait_answer(wait, ms_web_answer(wait->kind, answer->payload));
  } else if (wait->cb != NULL) {
    wait_answer(wait, ms_web_failure(wait->kind, MS_WEB_FAILED));
  }
  wait_free(wait);
}

/* ---- calling ---- */

static struct ms_web_wait *wait_new(struct ms_web *web, const struct ms_web_arrival *arrival,
                                    struct ms_json cors, int64_t timeout_ms)
{
  struct ms_web_wait *wait = ms_calloc(1, sizeof *wait);
  if (wait == NULL) {
    return NULL;
  }
  struct ms_json headers = ms_json_getc(arrival->request, "headers");
  *wait = (struct ms_web_wait){.next = web->waits,
                               .slot = &web->waits,
                               .web = web,
                               .kind = arrival->kind,
                               .cors = ms_json_ref(cors),
                               .origin = ms_json_ref(ms_json_getc(headers, "origin"))};
  if (timeout_ms > 0) {
    wait->due_ms = ms_loop_now_ms(web->env->loop) + timeout_ms;
  }
  if (wait->next != NULL) {
    wait->next->slot = &wait->next;
  }
  web->waits = wait;
  return wait;
}

/* *reply when there is no call. */
static int call_function(struct ms_json *reply, struct ms_web_wait *wait,
                         const struct ms_web_arrival *arrival,
                         const struct ms_function_name *name)
{
  struct ms_web *web = wait->web;
  struct ms_invoke_request request = {.name = *name, .payload = ms_web_event(web, arrival)};
  int err = ms_json_is_none(request.payload)
                ? ms_error_nomem()
                : ms_invoke_call(web->invoke, &request, on_answer, wait);
  ms_json_unref(request.payload);
  if (err == MSTEP_OK) {
    web->env->touch(web->env->user);
    return MSTEP_OK;
  }
  *reply = ms_web_failure(arrival->kind, err == MSTEP_ESTATE ? MS_WEB_THROTTLED : MS_WEB_FAILED);
  if (!ms_json_is_none(*reply)) {
    err = ms_web_url_cors(reply, wait->cors, ms_json_text(wait->origin));
  }
  return ms_json_is_none(*reply) || err == MSTEP_ENOMEM ? ms_error_nomem() : MSTEP_OK;
}

static int begin(struct ms_json *reply, struct ms_web *web, const struct ms_web_arrival *arrival,
                 const struct ms_function_name *name, struct ms_json cors, int64_t timeout_ms,
                 ms_web_reply_cb cb, void *arg)
{
  struct ms_web_wait *wait = wait_new(web, arrival, cors, timeout_ms);
  if (wait == NULL) {
    return ms_error_nomem();
  }
  int err = call_function(reply, wait, arrival, name);
  if (err != 0 || !ms_json_is_none(*reply)) {
    wait_free(wait);
    return err;
  }
  wait->cb = cb;
  wait->arg = arg;
  return MSTEP_OK;
}

static int fail(struct ms_json *reply, enum ms_web_kind kind, enum ms_web_failure failure)
{
  *reply = ms_web_failure(kind, failure);
  return ms_json_is_none(*reply) ? ms_error_nomem() : MSTEP_OK;
}

/* ---- function URLs ---- */

static int request_url(struct ms_json *reply, struct ms_web *web, struct ms_web_arrival *arrival,
                       ms_web_reply_cb cb, void *arg)
{
  struct ms_web_url url;
  struct ms_json request = arrival->request;
  arrival->kind = MS_WEB_URL;
  if (!ms_web_url_find(&url, web, arrival->api_id)) {
    return fail(reply, MS_WEB_URL, MS_WEB_NOT_FOUND);
  }
  struct ms_json cors = ms_json_getc(url.config, "Cors");
  int err = ms_web_url_preflight(reply, cors, request);
  if (err != 0 || !ms_json_is_none(*reply)) {
    return err;
  }
  arrival->is_iam = ms_str_is(ms_json_text(ms_json_getc(url.config, "AuthType")), "AWS_IAM");
  bool is_signed = ms_json_text(ms_json_getc(request, "accessKeyId")).len > 0 &&
                   ms_str_is(ms_json_text(ms_json_getc(request, "signedService")), "lambda");
  if (arrival->is_iam && !is_signed) {
    return fail(reply, MS_WEB_URL, MS_WEB_FORBIDDEN);
  }
  if (ms_json_text(ms_json_getc(request, "body")).len > URL_BODY_MAX) {
    return fail(reply, MS_WEB_URL, MS_WEB_TOO_LARGE);
  }
  arrival->route_key = MS_STR("$default");
  arrival->stage = MS_STR("$default");
  return begin(reply, web, arrival, &url.name, cors, 0, cb, arg);
}

/* ---- routes ---- */

/*
 * The operation that starts the machine. Its input is the body, as API Gateway's integration has it; without one, the
 * event that a function would get.
 */
static int start_machine(struct ms_json *reply, const struct ms_web *web,
                         const struct ms_web_arrival *arrival, const struct ms_web_route *route)
{
  struct ms_str body = ms_json_text(ms_json_getc(arrival->request, "body"));
  struct ms_json event = body.len > 0 ? MS_JSON_VALUE_NONE : ms_web_event(web, arrival);
  struct ms_json parsed = MS_JSON_VALUE_NONE, request = ms_json_object(2), out = ms_json_object(2);
  int err = body.len > 0 ? ms_json_parse(&parsed, body, NULL, NULL) : MSTEP_OK;
  ms_json_unref(parsed);
  if (err != 0 && err != MSTEP_ENOMEM) {
    ms_json_unref(request);
    ms_json_unref(out);
    *reply = ms_web_json(400, ms_json_cstring("{\"message\":\"The body is not valid JSON\"}"));
    return ms_json_is_none(*reply) ? ms_error_nomem() : MSTEP_OK;
  }
  err = err != 0 ? err
                 : ms_json_setc(&request, "stateMachineArn", ms_json_string(route->machine));
  err = err != 0 ? err
                 : ms_json_setc(&request, "input",
                                body.len > 0 ? ms_json_string(body) : ms_json_print_value(event));
  ms_json_unref(event);
  err = err != 0 ? err
                 : ms_json_setc(&out, "operation",
                                ms_json_cstring(route->is_sync ? "StartSyncExecution"
                                                               : "StartExecution"));
  if (err != 0) {
    ms_json_unref(request);
    ms_json_unref(out);
    return err;
  }
  err = ms_json_setc(&out, "request", request);
  *reply = out;
  return err;
}

static int request_route(struct ms_json *reply, struct ms_web *web, struct ms_web_arrival *arrival,
                         ms_web_reply_cb cb, void *arg)
{
  int err;
  struct ms_str method = ms_json_text(ms_json_getc(arrival->request, "method"));
  arrival->kind = MS_WEB_HTTP_2;
  const struct ms_web_route *route = ms_web_route_find(web, method, arrival, &err);
  if (route == NULL || err != 0) {
    return err != 0 ? err : fail(reply, MS_WEB_HTTP_2, MS_WEB_NOT_FOUND);
  }
  arrival->kind = route->kind;
  arrival->route_key = route->key;
  arrival->resource = route->path.len == 0 ? route->key : route->path;
  arrival->stage = route->stage;
  if (ms_json_text(ms_json_getc(arrival->request, "body")).len > ROUTE_BODY_MAX) {
    return fail(reply, route->kind, MS_WEB_TOO_LARGE);
  }
  if (route->machine.len > 0) {
    return start_machine(reply, web, arrival, route);
  }
  struct ms_function_name name;
  const struct ms_str none = {NULL, 0};
  err = ms_function_name_parse(&name, web->invoke, route->function, none);
  if (err != 0) {
    return err == MSTEP_ENOMEM ? err : fail(reply, route->kind, MS_WEB_FAILED);
  }
  return begin(reply, web, arrival, &name, MS_JSON_VALUE_NONE, route->timeout_ms, cb, arg);
}

/* ---- whose it is ---- */

/* "/PREFIX/ID/REST": true, and the id; the path is /REST from then on. */
static bool take_prefix(struct ms_web_arrival *arrival, const char *prefix)
{
  struct ms_str path = arrival->path;
  if (!ms_str_has_prefix(path, prefix)) {
    return false;
  }
  size_t from = strlen(prefix), end = ms_str_find(path, from, '/');
  arrival->api_id = ms_str_sub(path, from, end);
  arrival->path = end < path.len ? ms_str_sub(path, end, path.len) : MS_STR("/");
  return true;
}

/* "/restapis/ID/STAGE/_user_request_/REST" is /STAGE/REST; owned in *path. */
static int take_user_request(struct ms_web_arrival *arrival, struct ms_buf *path)
{
  static const char marker[] = "/_user_request_";
  if (!take_prefix(arrival, "/restapis/")) {
    return MSTEP_OK;
  }
  struct ms_str rest = arrival->path;
  size_t stage = ms_str_find(rest, 1, '/');
  struct ms_str tail = ms_str_sub(rest, stage, rest.len);
  if (ms_str_has_prefix(tail, marker)) {
    ms_buf_str(path, ms_str_sub(rest, 0, stage));
    ms_buf_str(path, ms_str_sub(tail, sizeof marker - 1, tail.len));
    arrival->path = ms_buf_view(path);
  }
  return path->error;
}

/* ID.KIND.anything; false: the host is another. */
static bool take_host(struct ms_web_arrival *arrival, struct ms_str host, const char *kind)
{
  size_t dot = ms_str_find(host, 0, '.');
  size_t end = ms_str_find(host, dot + 1, '.');
  if (dot == 0 || end >= host.len || !ms_field_is(ms_str_sub(host, dot + 1, end), kind)) {
    return false;
  }
  arrival->api_id = ms_str_sub(host, 0, dot);
  return true;
}

bool ms_web_is_host(struct ms_str host)
{
  struct ms_web_arrival arrival;
  return take_host(&arrival, host, "lambda-url") || take_host(&arrival, host, "execute-api");
}

int ms_web_request(struct ms_json *reply, struct ms_web *web, struct ms_json request,
                   ms_web_reply_cb cb, void *arg)
{
  struct ms_web_arrival arrival = {.request = request,
                                   .path = ms_json_text(ms_json_getc(request, "rawPath"))};
  struct ms_str host = ms_json_text(ms_json_getc(request, "host"));
  struct ms_buf path;
  *reply = MS_JSON_VALUE_NONE;
  ms_buf_init(&path, 0);
  int err = MSTEP_OK;
  if (web->invoke == NULL) {
    err = fail(reply, MS_WEB_HTTP_2, MS_WEB_NOT_FOUND);
  } else if (take_host(&arrival, host, "lambda-url") ||
             take_prefix(&arrival, "/_aws/lambda-url/")) {
    err = request_url(reply, web, &arrival, cb, arg);
  } else {
    bool is_named = take_host(&arrival, host, "execute-api") ||
                    take_prefix(&arrival, "/_aws/execute-api/");
    err = is_named ? MSTEP_OK : take_user_request(&arrival, &path);
    struct ms_str id = ms_json_text(web->api_id);
    if (err == 0 && arrival.api_id.len > 0 && !ms_field_same(arrival.api_id, id)) {
      err = fail(reply, MS_WEB_HTTP_2, MS_WEB_NOT_FOUND);
    } else if (err == 0) {
      arrival.api_id = id;
      err = request_route(reply, web, &arrival, cb, arg);
    }
  }
  ms_json_unref(arrival.parameters);
  ms_buf_deinit(&path);
  return err;
}

/* ---- the driver ---- */

static int web_open(void **driver, const struct ms_driver_env *env)
{
  struct ms_web *web = ms_calloc(1, sizeof *web);
  if (web == NULL) {
    return ms_error_nomem();
  }
  web->env = env;
  web->routes_json = MS_JSON_VALUE_NONE;
  web->api_id = MS_JSON_VALUE_NONE;
  *driver = web;
  return MSTEP_OK;
}

static void web_close(void *driver)
{
  struct ms_web *web = driver;
  if (web == NULL) {
    return;
  }
  while (web->waits != NULL) {
    wait_free(web->waits);
  }
  ms_web_routes_drop(web);
  ms_json_unref(web->api_id);
  ms_free(web);
}

static int64_t web_next_due_ms(void *driver)
{
  const struct ms_web *web = driver;
  int64_t due_ms = 0;
  for (const struct ms_web_wait *wait = web->waits; wait != NULL; wait = wait->next) {
    due_ms = wait->due_ms != 0 && (due_ms == 0 || wait->due_ms < due_ms) ? wait->due_ms : due_ms;
  }
  return due_ms;
}

static void web_on_timer(void *driver, int64_t now_ms)
{
  struct ms_web *web = driver;
  struct ms_web_wait *wait = web->waits;
  while (wait != NULL) {
    if (wait->due_ms != 0 && wait->due_ms <= now_ms) {
      wait_answer(wait, ms_web_failure(wait->kind, MS_WEB_TIMEOUT));
      wait = web->waits; /* the list may be another */
    } else {
      wait = wait->next;
    }
  }
}

const struct ms_driver_type ms_web_driver = {.name = "web",
                                             .open = web_open,
                                             .close = web_close,
                                             .next_due_ms = web_next_due_ms,
                                             .on_timer = web_on_timer};

void ms_web_set_up(struct ms_web *web, struct ms_invoke *invoke)
{
  web->invoke = invoke;
}
