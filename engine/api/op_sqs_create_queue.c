/* CreateQueue. Of one that is there: its URL, if what is asked for is what it has. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("QueueName"),
                                               MS_SQS_MEMBER_MAP("Attributes"),
                                               MS_SQS_MEMBER_MAP("tags"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_queue *queue = NULL;
  if (!ms_sqs_has(call, "QueueName")) {
    return MSTEP_OK;
  }
  int err = ms_queue_create(&queue, ms_sqs(call), ms_api_text(call, "QueueName"),
                            ms_api_get(call, "Attributes"), ms_api_get(call, "tags"), &why);
  if (err != 0) {
    return ms_sqs_refuse(call, err, &why);
  }
  ms_api_keep(call, ms_api_object("QueueUrl", ms_sqs_url(call, ms_str_c(ms_queue_name(queue)))));
  return ms_api_accept(call, ms_api_reply_kept);
}

const struct ms_op ms_op_sqs_create_queue = {members, run};
