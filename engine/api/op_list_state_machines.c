/* ListStateMachines. */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_MAX_RESULTS, MS_MEMBER_NEXT_TOKEN,
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_engine_machine_list(&text, ms_api_engine(call),
                                   (unsigned)ms_api_int(call, "maxResults", 0),
                                   ms_api_text(call, "nextToken"));
  if (err == 0) {
    return ms_api_reply_buf(call, &text);
  }
  ms_buf_deinit(&text);
  return err == MSTEP_EINVALID ? ms_api_fail(call, MS_API_ERROR_INVALID_TOKEN, MS_STR("")) : err;
}

const struct ms_op ms_op_list_state_machines = {members, run};
