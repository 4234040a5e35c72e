/*
 * The driver on simulated time, without a store: a ledger that is durable at the end of the turn, Lua on the
 * loop's thread, and a delivery that writes down what it is given and answers as it was told to.
 */
#ifndef BED_H
#define BED_H

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "invoke/invoke.h"
#include "mt.h"

#define BED_START_MS 1704067200000
#define BED_MAX 64

struct bed_delivery {
  char *target, *body, *attributes, *source, *detail_type, *resources, *lineage, *key;
  int64_t at_ms;
};

struct bed_waiter {
  ms_durable_cb cb;
  ms_delivered_cb delivered;
  void *arg;
  int code;
  bool is_final;
};

struct bed {
  struct ms_loop *loop;
  struct ms_lua *lua;
  struct ms_random random;
  struct ms_driver_env env;
  struct ms_invoke *invoke;
  struct bed_waiter waiters[BED_MAX];
  size_t waiter_count;
  struct bed_delivery deliveries[BED_MAX];
  size_t delivery_count;
  unsigned failures; /* so many deliveries are refused */
  bool is_final;
  bool has_oom; /* deliveries are not written down */
  bool has_limit;
};

static inline char *bed_text(struct ms_str text)
{
  return mt_format("%.*s", MS_STR_ARG(text));
}

static inline int bed_begin(struct ms_batch **out, void *user)
{
  (void)user;
  *out = NULL;
  return MSTEP_OK;
}

static inline int bed_end(void *user)
{
  (void)user;
  return MSTEP_OK;
}

static inline void bed_wait(struct bed *bed, struct bed_waiter waiter)
{
  mt_ok(bed->waiter_count < BED_MAX);
  bed->waiters[bed->waiter_count++] = waiter;
  ms_loop_defer(bed->loop);
}

static inline int bed_when_durable(ms_durable_cb cb, void *arg, void *user)
{
  bed_wait(user, (struct bed_waiter){.cb = cb, .arg = arg});
  return MSTEP_OK;
}

static inline int bed_deliver(const struct ms_delivery *d, ms_delivered_cb cb, void *arg,
                              void *user)
{
  struct bed *bed = user;
  bool is_refused = bed->failures > 0;
  bed->failures -= is_refused;
  if (!bed->has_oom) {
    mt_ok(bed->delivery_count < BED_MAX);
    bed->deliveries[bed->delivery_count++] = (struct bed_delivery){
        bed_text(d->target),  bed_text(d->body),        bed_text(d->attributes),
        bed_text(d->source),  bed_text(d->detail_type), bed_text(d->resources),
        bed_text(d->lineage), bed_text(d->key),         ms_loop_now_ms(bed->loop)};
  }
  bed_wait(bed, (struct bed_waiter){.delivered = cb,
                                    .arg = arg,
                                    .code = is_refused ? MSTEP_EIO : 0,
                                    .is_final = bed->is_final});
  return MSTEP_OK;
}

static inline void bed_settle(struct bed *bed)
{
  int64_t a = ms_invoke_driver.next_due_ms(bed->invoke), b = ms_lua_next_due_ms(bed->lua);
  ms_loop_set_timer(bed->loop, a == 0 || (b != 0 && b < a) ? b : a);
}

static inline void bed_touch(void *user)
{
  bed_settle(user);
}

static inline void bed_log(int level, const char *module, const char *text, void *user)
{
  (void)user;
  mt_note("%d %s: %s", level, module, text);
}

static inline void bed_on_defer(void *user)
{
  struct bed *bed = user;
  struct bed_waiter waiters[BED_MAX];
  size_t count = bed->waiter_count;
  memcpy(waiters, bed->waiters, sizeof waiters);
  bed->waiter_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (waiters[i].cb != NULL) {
      waiters[i].cb(0, waiters[i].arg);
    } else {
      waiters[i].delivered(waiters[i].code, waiters[i].is_final, waiters[i].code ? "no" : "",
                           waiters[i].arg);
    }
  }
  bed_settle(bed);
}

static inline void bed_on_timer(void *user)
{
  struct bed *bed = user;
  if (bed->has_limit && ms_loop_now_ms(bed->loop) > BED_START_MS + 30000) {
    ms_loop_stop(bed->loop); /* without memory it would try for ever */
    return;
  }
  ms_lua_on_timer(bed->lua, ms_loop_now_ms(bed->loop));
  ms_invoke_driver.on_timer(bed->invoke, ms_loop_now_ms(bed->loop));
  bed_settle(bed);
}

static inline void bed_on_wake(void *user)
{
  struct bed *bed = user;
  ms_lua_on_wake(bed->lua);
  bed_settle(bed);
}

static inline int bed_lua(struct ms_lua **out, void *user)
{
  struct bed *bed = user;
  *out = bed->lua;
  return MSTEP_OK;
}

static inline void bed_quiet(const char *function, const char *request_id, struct ms_str line,
                             void *user)
{
  (void)function;
  (void)request_id;
  (void)line;
  (void)user;
}

/* 0, or MSTEP_ENOMEM with nothing left behind. */
static inline int bed_open(struct bed *bed)
{
  *bed = (struct bed){0};
  ms_random_seed(&bed->random, 7);
  int err = ms_loop_sim_new(&bed->loop, BED_START_MS);
  if (err != 0) {
    return err;
  }
  const struct ms_loop_callbacks callbacks = {bed_on_timer, bed_on_defer, bed_on_wake, bed};
  ms_loop_set_callbacks(bed->loop, &callbacks);
  const struct ms_lua_options options = {
      .loop = bed->loop, .slice_ms = -1, .seed = 1, .log = bed_quiet};
  err = ms_lua_new(&bed->lua, &options);
  if (err != 0) {
    ms_loop_free(bed->loop);
    return err;
  }
  bed->env = (struct ms_driver_env){.loop = bed->loop,
                                    .random = &bed->random,
                                    .region = "us-east-1",
                                    .account = "000000000000",
                                    .ledger = {bed_begin, bed_end, bed_when_durable, NULL, bed},
                                    .deliver = bed_deliver,
                                    .touch = bed_touch,
                                    .log = bed_log,
                                    .user = bed};
  void *driver = NULL;
  err = ms_invoke_driver.open(&driver, &bed->env);
  if (err != 0) {
    ms_lua_free(bed->lua);
    ms_loop_free(bed->loop);
    return err;
  }
  bed->invoke = driver;
  const struct ms_invoke_up up = {bed_lua, bed};
  ms_invoke_set_up(bed->invoke, &up);
  ms_invoke_attach(bed->invoke, bed->lua);
  ms_invoke_driver.load(bed->invoke);
  ms_invoke_driver.resume(bed->invoke);
  return MSTEP_OK;
}

static inline void bed_close(struct bed *bed)
{
  ms_invoke_driver.close(bed->invoke);
  ms_lua_free(bed->lua);
  ms_loop_free(bed->loop);
}

static inline void bed_function(struct bed *bed, const char *name, const char *source)
{
  int err = ms_lua_load(bed->lua, ms_str_c(name), ms_str_c(source));
  mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
}

/* The row, from JSON text with ' for ". */
static inline void bed_row(struct bed *bed, const char *name, const char *text)
{
  struct ms_json row;
  char *json = mt_format("%s", text);
  for (char *at = json; *at != '\0'; at++) {
    *at = *at == '\'' ? '"' : *at;
  }
  mt_eq_int(ms_json_parse(&row, ms_str_c(json), NULL, NULL), 0);
  mt_eq_int(ms_invoke_put_row(bed->invoke, ms_str_c(name), row, NULL, 0), 0);
  ms_json_unref(row);
}

static inline int bed_send(struct bed *bed, const char *name, const char *qualifier,
                           const char *payload)
{
  const struct ms_invoke_event event = {.name = {ms_str_c(name), ms_str_c(qualifier)},
                                        .payload = ms_str_c(payload),
                                        .request_id = "11111111-2222-4333-8444-555555555555"};
  return ms_invoke_send(bed->invoke, &event, NULL, NULL);
}

static inline void bed_run(struct bed *bed)
{
  bed_settle(bed);
  mt_eq_int(ms_loop_run(bed->loop), 0);
}

static inline int64_t bed_passed_ms(const struct bed *bed)
{
  return ms_loop_now_ms(bed->loop) - BED_START_MS;
}

#endif
