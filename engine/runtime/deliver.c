/*
 * One try to get something to a target: by what its ARN or address says it is. What trying again
 * means, and where what cannot be delivered ends, is the caller's.
 */
#include "base/error.h"
#include "messaging/queue.h"
#include "runtime/internal.h"

static int to_queue(struct ms_engine *engine, const struct ms_delivery *delivery,
                    ms_delivered_cb cb, void *arg)
{
  return ms_queue_deliver(ms_engine_driver(engine, &ms_queues_driver), delivery, cb, arg);
}

/* A row: what the target begins with, and who takes it there. */
static const struct {
  const char *prefix;
  int (*deliver)(struct ms_engine *engine, const struct ms_delivery *delivery, ms_delivered_cb cb,
                 void *arg);
} targets[] = {
    {"arn:aws:sqs:", to_queue},
};

int ms_engine_deliver(struct ms_engine *engine, const struct ms_delivery *delivery,
                      ms_delivered_cb cb, void *arg)
{
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    if (ms_str_has_prefix(delivery->target, targets[i].prefix)) {
      return targets[i].deliver(engine, delivery, cb, arg);
    }
  }
  return ms_error(MSTEP_EUNSUPPORTED, "not a target: %.*s", MS_STR_ARG(delivery->target));
}
