/* DeleteMessage. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("QueueUrl"),
                                               MS_SQS_MEMBER_TEXT("ReceiptHandle"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_queue *queue = ms_sqs_queue(call);
  if (queue == NULL || !ms_sqs_has(call, "ReceiptHandle")) {
    return MSTEP_OK;
  }
  int err = ms_queue_delete(queue, ms_api_text(call, "ReceiptHandle"), &why, NULL, NULL);
  return err != 0 ? ms_sqs_refuse(call, err, &why) : ms_sqs_done(call);
}

const struct ms_op ms_op_sqs_delete_message = {members, run};
