/* A state machine: started, with the body as its input. */
#include "dest/internal.h"

static bool takes(struct ms_str target)
{
  return ms_dest_is_arn(target, "states");
}

static int deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg)
{
  return ms_dest_up(dests->options.up.start, "state machines", dests, delivery, cb, arg);
}

const struct ms_dest_type ms_dest_machine = {"machine", takes, deliver};
