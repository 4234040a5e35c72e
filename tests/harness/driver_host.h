/*
 * A world for one driver: simulated time, a store (or none), and targets that take or refuse as they are told.
 * What is durable is told when the host is run, and so is what became of a delivery.
 */
#ifndef DRIVER_HOST_H
#define DRIVER_HOST_H

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "journal/driver.h"
#include "mt.h"

#define HOST_START_MS 1704067200000 /* 2024-01-01T00:00:00Z */
#define HOST_WAITING_MAX 256
#define HOST_TRIES_MAX 1024
#define HOST_TEXT_MAX 2048

struct host_delivery {
  char target[128], body[HOST_TEXT_MAX], attributes[HOST_TEXT_MAX], headers[512];
  ms_delivered_cb cb;
  void *arg;
};

struct driver_host {
  struct ms_driver_env env;
  const struct ms_driver_type *type;
  void *driver;
  struct ms_loop *loop;
  struct ms_random random;
  struct ms_store *store;
  struct ms_batch batch;
  struct {
    ms_durable_cb cb;
    void *arg;
  } durable[HOST_WAITING_MAX];
  struct host_delivery *tries; /* under way: HOST_TRIES_MAX at most */
  struct host_delivery last;                    /* latest try */
  size_t durable_count, try_count;
  unsigned tried, took;
  const char *refuses; /* targets with this in their name are refused with ... */
  int code;
  bool is_final;
  bool is_broken; /* the ledger refuses */
};

static int host_begin(struct ms_batch **out, void *user)
{
  struct driver_host *host = user;
  if (host->is_broken) {
    return MSTEP_EIO;
  }
  ms_batch_reset(&host->batch);
  *out = host->store == NULL ? NULL : &host->batch;
  return MSTEP_OK;
}

static int host_end(void *user)
{
  struct driver_host *host = user;
  int err = ms_batch_error(&host->batch);
  return host->store == NULL ? MSTEP_OK
                             : (err != 0 ? err : ms_store_commit(host->store, &host->batch, NULL));
}

static int host_when_durable(ms_durable_cb cb, void *arg, void *user)
{
  struct driver_host *host = user;
  mt_ok(host->durable_count < HOST_WAITING_MAX);
  host->durable[host->durable_count].cb = cb;
  host->durable[host->durable_count++].arg = arg;
  return MSTEP_OK;
}

static void host_copy(char *out, size_t size, struct ms_str text)
{
  snprintf(out, size, "%.*s", MS_STR_ARG(text));
}

static int host_deliver(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg,
                        void *user)
{
  struct driver_host *host = user;
  mt_ok(host->try_count < HOST_TRIES_MAX);
  struct host_delivery *try = &host->tries[host->try_count++];
  host_copy(try->target, sizeof try->target, delivery->target);
  host_copy(try->body, sizeof try->body, delivery->body);
  host_copy(try->attributes, sizeof try->attributes, delivery->attributes);
  host_copy(try->headers, sizeof try->headers, delivery->headers);
  try->cb = cb;
  try->arg = arg;
  host->last = *try;
  host->tried++;
  return MSTEP_OK;
}

static void host_touch(void *user)
{
  (void)user;
}

static void host_log(int level, const char *module, const char *text, void *user)
{
  (void)level;
  (void)user;
  mt_note("%s: %s", module, text);
}

/* Everything that is due now, until nothing is. */
static inline void host_run(struct driver_host *host)
{
  for (bool is_busy = true; is_busy;) {
    int64_t now_ms = ms_loop_now_ms(host->loop), due_ms = host->type->next_due_ms(host->driver);
    is_busy = host->durable_count > 0 || host->try_count > 0;
    for (size_t count = host->durable_count; count > 0; count--) {
      ms_durable_cb cb = host->durable[0].cb;
      void *arg = host->durable[0].arg;
      memmove(host->durable, host->durable + 1, --host->durable_count * sizeof *host->durable);
      cb(0, arg);
    }
    for (size_t count = host->try_count; count > 0; count--) {
      struct host_delivery try = host->tries[0];
      memmove(host->tries, host->tries + 1, --host->try_count * sizeof *host->tries);
      bool refused = host->refuses != NULL && strstr(try.target, host->refuses) != NULL;
      host->took += !refused;
      try.cb(refused ? host->code : 0, refused && host->is_final, "it said no", try.arg);
    }
    if (due_ms != 0 && due_ms <= now_ms) {
      host->type->on_timer(host->driver, now_ms);
      is_busy = true;
    }
  }
}

/* The same until that much later. */
static inline void host_pass(struct driver_host *host, int64_t ms)
{
  int64_t end_ms = ms_loop_now_ms(host->loop) + ms;
  host_run(host);
  for (int64_t due_ms; (due_ms = host->type->next_due_ms(host->driver)) != 0 && due_ms <= end_ms;) {
    ms_loop_sim_run_until(host->loop, due_ms);
    host_run(host);
  }
  ms_loop_sim_run_until(host->loop, end_ms);
  host_run(host);
}

/* Opens the driver on the store as it is. */
static inline int host_reopen(struct driver_host *host)
{
  host->durable_count = host->try_count = 0;
  host->driver = NULL;
  int err = host->type->open(&host->driver, &host->env);
  err = err != 0 ? err : host->type->load(host->driver);
  if (err == 0 && host->type->resume != NULL) {
    host->type->resume(host->driver);
  }
  return err;
}

static inline int host_open(struct driver_host *host, const struct ms_driver_type *type,
                            const char *url)
{
  *host = (struct driver_host){.type = type};
  ms_random_seed(&host->random, 5);
  ms_batch_init(&host->batch);
  int err = ms_loop_sim_new(&host->loop, HOST_START_MS);
  host->tries = err != 0 ? NULL : calloc(HOST_TRIES_MAX, sizeof *host->tries);
  err = err != 0 || url == NULL ? err : ms_store_open(&host->store, url, NULL);
  host->env =
      (struct ms_driver_env){.loop = host->loop,
                             .random = &host->random,
                             .region = "us-east-1",
                             .account = "000000000000",
                             .ledger = {host_begin, host_end, host_when_durable, host->store, host},
                             .deliver = host_deliver,
                             .touch = host_touch,
                             .log = host_log,
                             .user = host};
  return err != 0 ? err : host_reopen(host);
}

/* The same after the one that was open has gone. */
static inline int host_reopen_after(struct driver_host *host)
{
  host->type->close(host->driver);
  return host_reopen(host);
}

/* Also after an opening that failed. */
static inline void host_close(struct driver_host *host)
{
  if (host->driver != NULL) {
    host->type->close(host->driver);
  }
  host->driver = NULL;
  ms_batch_deinit(&host->batch);
  ms_store_close(host->store);
  ms_loop_free(host->loop);
  free(host->tries);
}

#endif
