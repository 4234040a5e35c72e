/* TagQueue. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("QueueUrl"),
                                               MS_SQS_MEMBER_MAP("Tags"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue *queue = ms_sqs_queue(call);
  if (queue == NULL || !ms_sqs_has(call, "Tags")) {
    return MSTEP_OK;
  }
  int err = ms_queue_tag(queue, ms_api_get(call, "Tags"));
  return err != 0 ? err : ms_sqs_done(call);
}

const struct ms_op ms_op_sqs_tag_queue = {members, run};
