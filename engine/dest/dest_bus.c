/* An event bus: one event, the body as its detail. */
#include "dest/internal.h"

static bool takes(struct ms_str target)
{
  return ms_dest_is_arn(target, "events");
}

static int deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg)
{
  return ms_dest_up(dests->options.up.put_event, "buses", dests, delivery, cb, arg);
}

const struct ms_dest_type ms_dest_bus = {"bus", takes, deliver};
