/* StartMessageMoveTask. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_SQS_MEMBER_TEXT("SourceArn"), MS_SQS_MEMBER_TEXT("DestinationArn"),
    MS_SQS_MEMBER_INT("MaxNumberOfMessagesPerSecond"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue_refusal why = {.name = NULL};
  char handle[64];
  if (!ms_sqs_has(call, "SourceArn") ||
      !ms_sqs_in_range(call, "MaxNumberOfMessagesPerSecond", 1, 500)) {
    return MSTEP_OK;
  }
  int err = ms_queue_move_start(
      handle, ms_sqs(call), ms_api_text(call, "SourceArn"), ms_api_text(call, "DestinationArn"),
      (unsigned)ms_api_int(call, "MaxNumberOfMessagesPerSecond", 0), &why);
  if (err != 0) {
    return ms_sqs_refuse(call, err, &why);
  }
  ms_api_keep(call, ms_api_object("TaskHandle", ms_json_cstring(handle)));
  return ms_api_accept(call, ms_api_reply_kept);
}

const struct ms_op ms_op_sqs_start_move = {members, run};
