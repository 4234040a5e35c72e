/*
 * Deliveries that are calls of our own operations, the scheduler's universal targets; and the list of all deliveries
 * that the engine itself answers later.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/universal.h"
#include "runtime/deliver.h"
#include "runtime/internal.h"

/* ---- what is awaited ---- */

void ms_awaited_add(struct ms_engine *engine, struct ms_awaited *awaited, ms_delivered_cb cb,
                    void *arg)
{
  *awaited = (struct ms_awaited){engine->awaited, &engine->awaited, cb, arg};
  if (awaited->next != NULL) {
    awaited->next->slot = &awaited->next;
  }
  engine->awaited = awaited;
}

void ms_awaited_end(struct ms_awaited *awaited, int code, bool is_final, const char *detail)
{
  ms_delivered_cb cb = awaited->cb;
  void *arg = awaited->arg;
  *awaited->slot = awaited->next;
  if (awaited->next != NULL) {
    awaited->next->slot = awaited->slot;
  }
  ms_free(awaited);
  cb(code, is_final, detail, arg);
}

void ms_awaited_free_all(struct ms_engine *engine)
{
  for (struct ms_awaited *awaited = engine->awaited, *next; awaited != NULL; awaited = next) {
    next = awaited->next;
    ms_free(awaited);
  }
  engine->awaited = NULL;
}

/* ---- calls ---- */

static void on_reply(const struct ms_task_reply *reply, void *user)
{
  char detail[256];
  size_t len = reply->text.len < sizeof detail ? reply->text.len : sizeof detail - 1;
  bool may_pass = reply->http_status >= 500 || reply->http_status == 429;
  if (len > 0) {
    memcpy(detail, reply->text.data, len);
  }
  detail[len] = '\0';
  ms_awaited_end(user, reply->code, !may_pass, detail);
}

static int make_call(struct ms_engine *engine, const struct ms_delivery *delivery,
                     struct ms_awaited *called)
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
  struct ms_awaited *called = ms_alloc(sizeof *called);
  if (called == NULL) {
    return ms_error_nomem();
  }
  int err = make_call(engine, delivery, called);
  if (err != 0) {
    ms_free(called);
    return err;
  }
  ms_awaited_add(engine, called, cb, arg);
  return MSTEP_OK;
}
