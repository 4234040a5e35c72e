/* How the engine gets something to a target, whatever it is. Private to the runtime. */
#ifndef MS_RUNTIME_DELIVER_H
#define MS_RUNTIME_DELIVER_H

#include "journal/driver.h"

struct ms_engine;

/* ---- deliver.c ---- */
int ms_deliver_init(struct ms_engine *engine);
void ms_deliver_deinit(struct ms_engine *engine);
/* As ms_driver_env.deliver. */
int ms_engine_deliver(struct ms_engine *engine, const struct ms_delivery *delivery,
                      ms_delivered_cb cb, void *arg);

/* ---- deliver_call.c ---- */
/* A delivery whose answer comes from the engine itself. */
struct ms_awaited {
  struct ms_awaited *next, **slot;
  ms_delivered_cb cb;
  void *arg;
};
/* Into the engine's list, once what answers has been asked. */
void ms_awaited_add(struct ms_engine *engine, struct ms_awaited *awaited, ms_delivered_cb cb,
                    void *arg);
/* Out of it, freed, answered. */
void ms_awaited_end(struct ms_awaited *awaited, int code, bool is_final, const char *detail);
void ms_awaited_free_all(struct ms_engine *engine); /* nobody is called */
/* The same, to a universal target. */
int ms_deliver_call(struct ms_engine *engine, const struct ms_delivery *delivery,
                    ms_delivered_cb cb, void *arg);

#endif
