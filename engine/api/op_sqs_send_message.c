/* SendMessage. Answered when the message is durable. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("QueueUrl"),
                                               MS_SQS_MEMBER_TEXT("MessageBody"),
                                               MS_SQS_MEMBER_INT("DelaySeconds"),
                                               MS_SQS_MEMBER_MAP("MessageAttributes"),
                                               MS_SQS_MEMBER_MAP("MessageSystemAttributes"),
                                               MS_SQS_MEMBER_TEXT("MessageDeduplicationId"),
                                               MS_SQS_MEMBER_TEXT("MessageGroupId"),
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_queue *queue = ms_sqs_queue(call);
  struct ms_json answer = ms_json_object(5);
  int err = queue == NULL ? MSTEP_OK : ms_sqs_send(&answer, queue, ms_api_get(call, NULL), &why);
  if (queue == NULL || err != 0) {
    ms_json_unref(answer);
    return queue == NULL ? MSTEP_OK : ms_sqs_refuse(call, err, &why);
  }
  ms_api_keep(call, answer);
  return ms_api_accept(call, ms_api_reply_kept);
}

const struct ms_op ms_op_sqs_send_message = {members, run};
