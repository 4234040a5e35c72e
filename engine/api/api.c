/*
 * The table of operations, and the way of a call: made on any thread, posted to the loop, checked,
 * carried out, answered. A call is in the list of its api until it is answered, so that closing
 * leaves nothing.
 */
#include "api/api.h"

#include "api/internal.h"
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/queue.h"
#include "messaging/topic.h"
#include "metrics/metrics.h"

struct api_op {
  const char *name;
  const char *service;
  const struct ms_op *op;
};

#define MS_API_OP(name, service, op) extern const struct ms_op op;
#include "api/ops.def"
#undef MS_API_OP

#define MS_API_OP(name, service, op) {#name, #service, &op},
static const struct api_op api_ops[] = {
#include "api/ops.def"
};
#undef MS_API_OP

/* ---- the list of calls ---- */

static void api_lock(struct ms_api *api)
{
  while (atomic_flag_test_and_set_explicit(&api->lock, memory_order_acquire)) {
  }
}

static void api_unlock(struct ms_api *api)
{
  atomic_flag_clear_explicit(&api->lock, memory_order_release);
}

static void call_link(struct ms_api_call *call)
{
  struct ms_api *api = call->api;
  api_lock(api);
  call->next = api->calls;
  call->slot = &api->calls;
  if (call->next != NULL) {
    call->next->slot = &call->next;
  }
  api->calls = call;
  call->serial = ++api->serial;
  api_unlock(api);
}

void ms_api_call_free(struct ms_api_call *call)
{
  struct ms_api *api = call->api;
  api_lock(api);
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  api_unlock(api);
  ms_json_unref(call->request);
  ms_json_unref(call->kept);
  ms_free(call->text);
  ms_free(call);
}

/* ---- life ---- */

int ms_api_new(struct ms_api **out, struct ms_engine *engine, const struct ms_api_up *up)
{
  *out = ms_calloc(1, sizeof **out);
  if (*out == NULL) {
    return ms_error_nomem();
  }
  (*out)->engine = engine;
  (*out)->up = *up;
  atomic_flag_clear(&(*out)->lock);
  ms_api_serve_handlers(*out);
  return MSTEP_OK;
}

void ms_api_collect(struct ms_metrics *metrics, const struct ms_api *api)
{
  ms_metrics_set(metrics, MS_METRIC_API_CALLS, api->answered_count);
  ms_metrics_set(metrics, MS_METRIC_API_ERRORS, api->refused_count);
  ms_metrics_set_histogram(metrics, MS_METRIC_API_SECONDS, &api->durations);
}

void ms_api_free(struct ms_api *api)
{
  while (api != NULL && api->calls != NULL) {
    ms_api_call_free(api->calls);
  }
  if (api != NULL) {
    ms_json_unref(api->applied);
  }
  ms_free(api);
}

/* ---- a call ---- */

static struct ms_api_call *call_new(struct ms_api *api, struct ms_str operation,
                                    struct ms_str request, struct ms_str lineage)
{
  const struct ms_str texts[] = {operation, request, lineage};
  struct ms_api_call *call = ms_calloc(1, sizeof *call);
  size_t size = 1;
  for (size_t i = 0; i < 3 && size != 0; i++) {
    size = texts[i].len > SIZE_MAX - size ? 0 : size + texts[i].len;
  }
  char *at = call == NULL || size == 0 ? NULL : ms_alloc(size);
  if (at == NULL) {
    ms_free(call);
    return NULL;
  }
  call->api = api;
  call->text = at;
  call->operation_len = operation.len;
  call->request_len = request.len;
  call->lineage_len = lineage.len;
  for (size_t i = 0; i < 3; i++) {
    if (texts[i].len > 0) {
      memcpy(at, texts[i].data, texts[i].len);
      at += texts[i].len;
    }
  }
  return call;
}

int ms_api_call(struct ms_api *api, struct ms_str operation, struct ms_str request,
                const struct ms_api_receiver *receiver)
{
  struct ms_api_call *call =
      call_new(api, operation, request.data == NULL ? MS_STR("{}") : request,
               receiver == NULL ? (struct ms_str){NULL, 0} : receiver->lineage);
  if (call == NULL) {
    return ms_error_nomem();
  }
  if (receiver != NULL) {
    call->receiver = *receiver;
  }
  call_link(call);
  int err = ms_engine_post(api->engine, (struct ms_callback){api->up.posted, call});
  if (err != 0) {
    ms_api_call_free(call);
  }
  return err;
}

int ms_api_cancel(struct ms_api *api, void *user)
{
  struct ms_api_call *call = call_new(api, MS_STR(""), MS_STR(""), MS_STR(""));
  if (call == NULL) {
    return ms_error_nomem();
  }
  call->is_cancel = true;
  call->receiver.callback.user = user;
  call_link(call);
  int err = ms_engine_post(api->engine, (struct ms_callback){api->up.posted, call});
  if (err != 0) {
    ms_api_call_free(call);
  }
  return err;
}

/* Earlier ones only: the host may have used the address again since. */
static struct ms_api_call *find_cancelled(const struct ms_api_call *cancel)
{
  struct ms_api *api = cancel->api;
  api_lock(api);
  struct ms_api_call *call = api->calls;
  while (call != NULL &&
         (call->receiver.callback.user != cancel->receiver.callback.user ||
          call->serial >= cancel->serial || call->is_cancelled || call->is_cancel)) {
    call = call->next;
  }
  api_unlock(api);
  return call;
}

static void cancel_calls(const struct ms_api_call *cancel)
{
  struct ms_api_call *call;
  while ((call = find_cancelled(cancel)) != NULL) {
    call->is_cancelled = true;
    if (call->cancel != NULL) {
      call->cancel(call, call->what);
    }
  }
}

/* "StartExecution" or "states:StartExecution". */
static const struct ms_op *find_op(struct ms_str operation)
{
  size_t colon = ms_str_find(operation, 0, ':');
  bool has_service = colon < operation.len;
  struct ms_str service = ms_str_sub(operation, 0, colon);
  struct ms_str name = has_service ? ms_str_sub(operation, colon + 1, operation.len) : operation;
  for (size_t i = 0; i < sizeof api_ops / sizeof *api_ops; i++) {
    if (ms_str_is(name, api_ops[i].name) &&
        (!has_service || ms_str_is(service, api_ops[i].service))) {
      return api_ops[i].op;
    }
  }
  return NULL;
}

/* What the operation sends and publishes comes from a function. */
static void set_lineage(struct ms_engine *engine, struct ms_str lineage)
{
  ms_queues_set_lineage(ms_engine_driver(engine, &ms_queues_driver), lineage);
  ms_topics_set_lineage(ms_engine_driver(engine, &ms_topics_driver), lineage);
}

static int op_run(const struct ms_op *op, struct ms_api_call *call)
{
  struct ms_str lineage = ms_api_lineage(call);
  if (lineage.data == NULL) {
    return op->run(call);
  }
  struct ms_engine *engine = call->api->engine;
  set_lineage(engine, lineage);
  int err = op->run(call);
  set_lineage(engine, (struct ms_str){NULL, 0});
  return err;
}

static void call_run(struct ms_api_call *call)
{
  struct ms_str operation = {call->text, call->operation_len};
  struct ms_str request = {call->text + call->operation_len, call->request_len};
  const struct ms_op *op = find_op(operation);
  if (op == NULL) {
    ms_api_fail_f(call, MS_API_ERROR_UNKNOWN_OPERATION, "There is no operation %.*s",
                  MS_STR_ARG(operation));
    return;
  }
  int err = ms_json_parse(&call->request, request, NULL, NULL);
  if (err != 0 && err != MSTEP_ENOMEM) {
    ms_api_fail_f(call, MS_API_ERROR_SERIALIZATION, "%s", ms_error_detail());
  } else if (err == 0 && !ms_json_is_object(call->request)) {
    ms_api_fail(call, MS_API_ERROR_SERIALIZATION, MS_STR("The request is no JSON object"));
  } else if (err != 0 || ms_api_check(call, op->members)) {
    ms_error_clear();
    err = err != 0 ? err : op_run(op, call);
    if (err != 0) {
      ms_api_fail_code(call, err);
    }
  }
}

void ms_api_on_posted(void *user)
{
  struct ms_api_call *call = user;
  if (call->is_cancel) {
    cancel_calls(call);
    ms_api_call_free(call);
    return;
  }
  call->begun_at_us = ms_engine_clock_us(call->api->engine);
  call->is_running = true;
  call_run(call);
  call->is_running = false;
  if (call->is_answered) {
    ms_api_call_free(call);
  }
}
