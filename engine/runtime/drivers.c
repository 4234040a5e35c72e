/* The drivers of an engine: opened, loaded, asked when they are due; and the ledger they write in. */
#include "base/error.h"
#include "runtime/deliver.h"
#include "runtime/durable.h"

#define MS_DRIVER(name, symbol) extern const struct ms_driver_type symbol;
#include "runtime/drivers.def"
#undef MS_DRIVER

static const struct ms_driver_type *const types[] = {
#define MS_DRIVER(name, symbol) &symbol,
#include "runtime/drivers.def"
#undef MS_DRIVER
    NULL};

/* ---- the ledger ---- */

static int ledger_begin(struct ms_batch **out, void *user)
{
  struct ms_engine *engine = user;
  *out = NULL;
  int err = ms_engine_may_write(engine);
  if (err == 0 && engine->durable != NULL) {
    err = ms_durable_begin(out, engine);
    if (err == 0) {
      ms_batch_need(*out, engine->options.durability);
    }
  }
  return err;
}

static int ledger_end(void *user)
{
  struct ms_engine *engine = user;
  return engine->durable == NULL ? MSTEP_OK : ms_durable_end(engine);
}

static int ledger_when_durable(ms_durable_cb cb, void *arg, void *user)
{
  struct ms_engine *engine = user;
  int err = ms_turn_ready(engine);
  if (err == 0) {
    struct ms_turn_entry *entry = ms_turn_add(engine, NULL);
    entry->on_durable = cb;
    entry->arg = arg;
    err = ms_loop_defer(engine->loop);
  }
  return err;
}

/* ---- what else they are given ---- */

static int up_deliver(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg, void *user)
{
  return ms_engine_deliver(user, delivery, cb, arg);
}

static void up_touch(void *user)
{
  ms_engine_touch(user);
}

static void up_log(int level, const char *module, const char *text, void *user)
{
  struct ms_engine *engine = user;
  engine->options.host.log(level, module, ms_str_c(text), engine->options.host.host);
}

/* ---- life ---- */

int ms_drivers_open(struct ms_engine *engine)
{
  engine->driver_env = (struct ms_driver_env){
      .loop = engine->loop,
      .random = &engine->random,
      .region = engine->options.region,
      .account = engine->options.account,
      .base_url = engine->base_url,
      .missed_runs = engine->options.missed_runs,
      .ledger = {ledger_begin, ledger_end, ledger_when_durable,
                 engine->durable == NULL ? NULL : engine->durable->reader, engine},
      .deliver = up_deliver,
      .touch = up_touch,
      .log = up_log,
      .user = engine,
  };
  int err = MSTEP_OK;
  for (size_t i = 0; types[i] != NULL && err == 0; i++) {
    err = types[i]->open(&engine->drivers[i], &engine->driver_env);
  }
  if (err == 0) {
    ms_functions_init(engine);
    err = ms_deliver_init(engine);
  }
  return err != 0 ? err : ms_drivers_load(engine);
}

void ms_drivers_close(struct ms_engine *engine)
{
  size_t count = 0;
  while (types[count] != NULL) {
    count++;
  }
  while (count-- > 0) {
    types[count]->close(engine->drivers[count]);
    engine->drivers[count] = NULL;
  }
}

/* Nothing is due: it is for whoever runs what the store has. */
static bool is_at_rest(const struct ms_engine *engine)
{
  return engine->options.is_paused || engine->options.is_read_only;
}

int ms_drivers_load(struct ms_engine *engine)
{
  int err = MSTEP_OK;
  for (size_t i = 0; types[i] != NULL && err == 0; i++) {
    if (types[i]->load != NULL) {
      err = types[i]->load(engine->drivers[i]);
    }
  }
  engine->must_resume_drivers = err == 0 && !is_at_rest(engine);
  return err;
}

void ms_drivers_resume(struct ms_engine *engine)
{
  if (!engine->must_resume_drivers) {
    return;
  }
  engine->must_resume_drivers = false;
  for (size_t i = 0; types[i] != NULL; i++) {
    if (types[i]->resume != NULL) {
      types[i]->resume(engine->drivers[i]);
    }
  }
}

void ms_drivers_collect(struct ms_metrics *metrics, struct ms_engine *engine)
{
  for (size_t i = 0; types[i] != NULL; i++) {
    if (types[i]->collect != NULL && engine->drivers[i] != NULL) {
      types[i]->collect(engine->drivers[i], metrics);
    }
  }
}

int64_t ms_drivers_next_due_ms(struct ms_engine *engine)
{
  int64_t due_ms = 0;
  for (size_t i = 0; types[i] != NULL && !is_at_rest(engine); i++) {
    int64_t next = types[i]->next_due_ms == NULL || engine->drivers[i] == NULL
                       ? 0
                       : types[i]->next_due_ms(engine->drivers[i]);
    due_ms = next != 0 && (due_ms == 0 || next < due_ms) ? next : due_ms;
  }
  return due_ms;
}

void ms_drivers_on_timer(struct ms_engine *engine)
{
  int64_t now_ms = ms_loop_now_ms(engine->loop);
  for (size_t i = 0; types[i] != NULL && !is_at_rest(engine); i++) {
    int64_t due_ms = types[i]->next_due_ms == NULL ? 0 : types[i]->next_due_ms(engine->drivers[i]);
    if (due_ms != 0 && due_ms <= now_ms) {
      types[i]->on_timer(engine->drivers[i], now_ms);
    }
  }
}

bool ms_drivers_are_busy(struct ms_engine *engine)
{
  bool is_busy = false;
  for (size_t i = 0; types[i] != NULL && !is_busy; i++) {
    is_busy = types[i]->is_busy != NULL && engine->drivers[i] != NULL &&
              types[i]->is_busy(engine->drivers[i]);
  }
  return is_busy;
}

void *ms_engine_driver(const struct ms_engine *engine, const struct ms_driver_type *type)
{
  for (size_t i = 0; types[i] != NULL; i++) {
    if (types[i] == type) {
      return engine->drivers[i];
    }
  }
  return NULL;
}
