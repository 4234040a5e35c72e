/* ListMessageMoveTasks, the latest first. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("SourceArn"),
                                               MS_SQS_MEMBER_INT("MaxResults"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json results;
  if (!ms_sqs_has(call, "SourceArn") || !ms_sqs_in_range(call, "MaxResults", 1, 10)) {
    return MSTEP_OK;
  }
  int err = ms_queue_move_list(&results, ms_sqs(call), ms_api_text(call, "SourceArn"),
                               (size_t)ms_api_int(call, "MaxResults", 1), &why);
  return err != 0 ? ms_sqs_refuse(call, err, &why)
                  : ms_api_reply_json(call, ms_api_object("Results", results));
}

const struct ms_op ms_op_sqs_list_moves = {members, run};
