/* Deliveries that are calls of our own operations: the scheduler's universal targets. */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/universal.h"
#include "runtime/internal.h"

/* A call that has not been answered. */
struct ms_called {
  struct ms_called *next, **slot;
  ms_delivered_cb cb;
  void *arg;
};

static void on_reply(const struct ms_task_reply *reply, void *user)
{
  struct ms_called *called = user;
  ms_delivered_cb cb = called->cb;
  void *arg = called->arg;
  char detail[256];
  size_t len = reply->text.len < sizeof detail ? reply->text.len : sizeof detail - 1;
  bool may_pass = reply->http_status >= 500 || reply->http_status == 429;
  *called->slot = called->next;
  if (called->next != NULL) {
    called->next->slot = called->slot;
  }
  ms_free(called);
  if (len > 0) {
    memcpy(detail, reply->text.data, len);
  }
  detail[len] = '\0';
  cb(reply->code, !may_pass, detail, arg);
}

static int make_call(struct ms_engine *engine, const struct ms_delivery *delivery,
                     struct ms_called *called)
{
  const struct ms_engine_host *host = &engine->options.host;
  struct ms_buf operation, request;
  ms_buf_init(&operation, 0);
  ms_buf_init(&request, 0);
  int err = host->call == NULL
                ? ms_error(MSTEP_EUNSUPPORTED, "there are no operations to call")
                : ms_universal_request(&operation, &request, delivery->target, delivery->body);
  err = err != 0 ? err
                 : host->call(ms_buf_view(&operation), ms_buf_view(&request), on_reply, called,
                              host->host);
  ms_buf_deinit(&operation);
  ms_buf_deinit(&request);
  return err;
}

int ms_deliver_call(struct ms_engine *engine, const struct ms_delivery *delivery,
                    ms_delivered_cb cb, void *arg)
{
  struct ms_called *called = ms_alloc(sizeof *called);
  if (called == NULL) {
    return ms_error_nomem();
  }
  int err = make_call(engine, delivery, called);
  if (err != 0) {
    ms_free(called);
    return err;
  }
  *called = (struct ms_called){engine->called, &engine->called, cb, arg};
  if (called->next != NULL) {
    called->next->slot = &called->next;
  }
  engine->called = called;
  return MSTEP_OK;
}

void ms_deliver_calls_free(struct ms_engine *engine)
{
  for (struct ms_called *called = engine->called, *next; called != NULL; called = next) {
    next = called->next;
    ms_free(called);
  }
  engine->called = NULL;
}
