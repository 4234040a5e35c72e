/* SendTaskHeartbeat. */
#include "api/task_answer.h"

static const struct ms_api_member members[] = {MS_MEMBER_TASK_TOKEN, MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  return ms_api_task_answered(
      call, ms_engine_task_heartbeat(ms_api_engine(call), ms_api_text(call, "taskToken")));
}

const struct ms_op ms_op_send_task_heartbeat = {members, run};
