/*
 * ReplayUndelivered, Moonstep's own: tries again what ListUndelivered lists. {"ids": [...]}, or {} for all ->
 * {"replayedCount": N, "unknownIds"?: [...]}: ids that are not in the list are passed over.
 */
#include "api/undelivered.h"

static const struct ms_api_member members[] = {{.name = "ids", .kind = MS_API_LIST, .max = 1000},
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  return ms_undelivered_run(call, MS_UNDELIVERED_REPLAY, "replayedCount");
}

const struct ms_op ms_op_replay_undelivered = {members, run};
