/*
 * ReplayUndelivered, Moonstep's own: tries again what ListUndelivered lists. {"ids": [...]}, or {} for all ->
 * {"replayedCount": N}. Ids that are not in the list are passed over.
 */
#include "api/function.h"
#include "base/error.h"

static const struct ms_api_member members[] = {{.name = "ids", .kind = MS_API_LIST, .max = 1000},
                                               MS_MEMBER_END};

static bool read_id(uint64_t *out, struct ms_str text)
{
  *out = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') {
      return false;
    }
    *out = *out * 10 + (uint64_t)(text.data[i] - '0');
  }
  return text.len > 0 && text.len <= 18;
}

static int run(struct ms_api_call *call)
{
  struct ms_outbox *outbox = ms_invoke_outbox(ms_api_invoke(call));
  struct ms_json ids = ms_api_get(call, "ids");
  size_t count = 0;
  int err = MSTEP_OK;
  if (ms_json_is_none(ids)) {
    err = ms_outbox_replay_all(outbox, &count);
  }
  for (size_t i = 0; i < ms_json_count(ids) && err == 0; i++) {
    uint64_t number;
    if (read_id(&number, ms_json_text(ms_json_at(ids, i)))) {
      err = ms_outbox_replay(outbox, number);
      count += err == 0;
      err = err == MSTEP_ENOTFOUND ? MSTEP_OK : err;
    }
  }
  if (err != 0) {
    return err;
  }
  ms_api_keep(call, ms_api_object("replayedCount", ms_json_int((int64_t)count)));
  return ms_api_accept(call, ms_api_reply_kept);
}

const struct ms_op ms_op_replay_undelivered = {members, run};
