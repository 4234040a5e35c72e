/*
 * Shrink, Moonstep's own: gives the disk space of what was purged back; {} -> {"sizeBytes"} of the
 * store.
 */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_END};

static int shrunk(struct ms_api_call *call)
{
  uint64_t bytes = 0;
  int err = ms_engine_store_size(ms_api_engine(call), &bytes);
  return err != 0 && err != MSTEP_ESTATE
             ? err
             : ms_api_reply_json(call, ms_api_object("sizeBytes", ms_json_int((int64_t)bytes)));
}

static int run(struct ms_api_call *call)
{
  return ms_engine_shrink(ms_api_engine(call), ms_api_when_accepted(call, shrunk));
}

const struct ms_op ms_op_shrink = {members, run};
