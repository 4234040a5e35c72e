/*
 * One try to get something to a target: by what its ARN or address says it is. The kinds are dest's; here
 * they get what is above them. What trying again means, and where what cannot be delivered ends, is
 * the caller's.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dest/dest.h"
#include "invoke/invoke.h"
#include "messaging/bus.h"
#include "messaging/queue.h"
#include "messaging/topic.h"
#include "messaging/universal.h"
#include "runtime/deliver.h"
#include "runtime/internal.h"
#include "source/folder.h"

/* ---- functions ---- */

struct sent {
  ms_delivered_cb cb;
  void *arg;
};

static void on_sent(int code, const char *request_id, void *user)
{
  struct sent sent = *(struct sent *)user;
  (void)request_id;
  ms_free(user);
  sent.cb(code, false, code == 0 ? "" : "the store failed", sent.arg);
}

static int deliver_event(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg,
                         void *user)
{
  struct ms_invoke *invoke = ms_engine_driver(user, &ms_invoke_driver);
  struct ms_invoke_event event = {.payload = delivery->body, .lineage = delivery->lineage};
  const struct ms_str none = {NULL, 0};
  int err = ms_function_name_parse(&event.name, invoke, delivery->target, none);
  struct sent *sent = err != 0 ? NULL : ms_alloc(sizeof *sent);
  if (sent == NULL) {
    return err != 0 ? err : ms_error_nomem();
  }
  *sent = (struct sent){cb, arg};
  if (delivery->body.len > MS_INVOKE_PAYLOAD_MAX) {
    err = ms_error(MSTEP_EINVALID, "%zu bytes are too large for an event", delivery->body.len);
  }
  err = err != 0 ? err : ms_invoke_send(invoke, &event, on_sent, sent);
  if (err != 0) {
    ms_free(sent);
  }
  return err;
}

/* ---- queues ---- */

static int deliver_message(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg,
                           void *user)
{
  return ms_queue_deliver(ms_engine_driver(user, &ms_queues_driver), delivery, cb, arg);
}

/* ---- buses ---- */

static int deliver_to_bus(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg,
                          void *user)
{
  return ms_bus_deliver(ms_engine_driver(user, &ms_buses_driver), delivery, cb, arg);
}

/* ---- topics ---- */

static int deliver_to_topic(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg,
                            void *user)
{
  return ms_topic_deliver(ms_engine_driver(user, &ms_topics_driver), delivery, cb, arg);
}

/* ---- state machines ---- */

static void on_begun(int code, void *arg)
{
  ms_awaited_end(arg, code, false, code == 0 ? "" : "the store failed");
}

/* It was there already, from an earlier try: told when that is durable. */
static int tell_later(struct ms_engine *engine, struct ms_awaited *begun)
{
  struct ms_pending *told = ms_pending_new(engine, NULL, MS_COMMAND_STEP);
  if (told == NULL) {
    return ms_error_nomem();
  }
  told->on_durable = on_begun;
  told->arg = begun;
  ms_pending_push(engine, told);
  return MSTEP_OK;
}

/*
 * The delivery's deduplication id is the execution's name: what is delivered once more, after a crash, starts
 * nothing new.
 */
static int start_machine(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg,
                         void *user)
{
  struct ms_engine *engine = user;
  char arn[MS_ENGINE_ARN_SIZE];
  struct ms_awaited *begun = ms_alloc(sizeof *begun);
  if (begun == NULL) {
    return ms_error_nomem();
  }
  const struct ms_engine_start request = {.machine_arn = delivery->target,
                                          .name = delivery->deduplication,
                                          .input = delivery->body,
                                          .on_durable = on_begun,
                                          .arg = begun};
  int err = ms_engine_execution_start(arn, engine, &request);
  if (err == MSTEP_EEXISTS && delivery->deduplication.data != NULL) {
    err = tell_later(engine, begun);
  }
  if (err != 0) {
    ms_free(begun);
    return err == MSTEP_ETOOBIG ? MSTEP_EINVALID : err; /* it will not get smaller */
  }
  ms_awaited_add(engine, begun, cb, arg);
  return MSTEP_OK;
}

/* ---- the rest ---- */

int ms_deliver_init(struct ms_engine *engine)
{
  const char *functions = engine->options.functions_dir;
  if (functions != NULL) { /* a project's buckets lie beside its functions */
    struct ms_buf path;
    ms_buf_init(&path, 0);
    ms_buf_printf(&path, "%s/../buckets", functions);
    size_t len;
    engine->buckets_dir = ms_buf_take(&path, &len);
    if (engine->buckets_dir == NULL) {
      return ms_error_nomem();
    }
    ms_buf_init(&path, 0);
    ms_buf_printf(&path, "%s/..", functions);
    int err = path.error != 0
                  ? path.error
                  : ms_folders_set_up(ms_engine_driver(engine, &ms_folders_driver), path.data);
    ms_buf_deinit(&path);
    if (err != 0) {
      return err;
    }
  }
  const struct ms_dests_options options = {.loop = engine->loop,
                                           .random = &engine->random,
                                           .buckets_dir = engine->buckets_dir,
                                           .up = {.invoke = deliver_event,
                                                  .start = start_machine,
                                                  .send = deliver_message,
                                                  .put_event = deliver_to_bus,
                                                  .publish = deliver_to_topic,
                                                  .hook = ms_engine_hook,
                                                  .user = engine}};
  return ms_dests_new(&engine->dests, &options);
}

void ms_deliver_deinit(struct ms_engine *engine)
{
  ms_dests_free(engine->dests);
  ms_awaited_free_all(engine);
  ms_free(engine->buckets_dir);
}

int ms_engine_deliver(struct ms_engine *engine, const struct ms_delivery *delivery,
                      ms_delivered_cb cb, void *arg)
{
  int err = ms_universal_is_target(delivery->target)
                ? ms_deliver_call(engine, delivery, cb, arg)
                : ms_dests_deliver(engine->dests, delivery, cb, arg);
  if (err == 0) {
    ms_engine_touch(engine);
  }
  return err;
}
