/*
 * One try to get something to a target: by what its ARN or address says it is. What trying again means, and
 * where what cannot be delivered ends, is the caller's.
 */
#include "base/error.h"
#include "runtime/internal.h"

int ms_engine_deliver(struct ms_engine *engine, const struct ms_delivery *delivery,
                      ms_delivered_cb cb, void *arg)
{
  (void)engine;
  (void)cb;
  (void)arg;
  return ms_error(MSTEP_EUNSUPPORTED, "not a target: %.*s", MS_STR_ARG(delivery->target));
}
