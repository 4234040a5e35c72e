/*
 * A function: invoked asynchronously, with the body as its event; its own retries and destinations
 * follow.
 */
#include "dest/internal.h"

static bool takes(struct ms_str target)
{
  return ms_dest_is_arn(target, "lambda");
}

static int deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg)
{
  return ms_dest_up(dests->options.up.invoke, "functions", dests, delivery, cb, arg);
}

const struct ms_dest_type ms_dest_function = {"function", takes, deliver};
