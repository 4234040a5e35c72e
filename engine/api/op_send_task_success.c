/* SendTaskSuccess. */
#include "api/task_answer.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_TASK_TOKEN,
    {.name = "output", .kind = MS_API_STRING, .is_required = true},
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  int err = ms_engine_task_success(ms_api_engine(call), ms_api_text(call, "taskToken"),
                                   ms_api_text(call, "output"));
  if (err == MSTEP_ESYNTAX) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_OUTPUT, ms_str_c(ms_error_detail()));
  }
  return ms_api_task_answered(call, err);
}

const struct ms_op ms_op_send_task_success = {members, run};
