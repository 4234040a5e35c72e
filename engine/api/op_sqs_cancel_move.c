/* CancelMessageMoveTask. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("TaskHandle"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue_refusal why = {.name = NULL};
  uint64_t moved = 0;
  if (!ms_sqs_has(call, "TaskHandle")) {
    return MSTEP_OK;
  }
  int err = ms_queue_move_cancel(&moved, ms_sqs(call), ms_api_text(call, "TaskHandle"), &why);
  if (err != 0) {
    return ms_sqs_refuse(call, err, &why);
  }
  ms_api_keep(call, ms_api_object("ApproximateNumberOfMessagesMoved", ms_json_int((int64_t)moved)));
  return ms_api_accept(call, ms_api_reply_kept);
}

const struct ms_op ms_op_sqs_cancel_move = {members, run};
