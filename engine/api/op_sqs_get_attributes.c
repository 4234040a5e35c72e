/* GetQueueAttributes. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("QueueUrl"),
                                               MS_SQS_MEMBER_LIST("AttributeNames"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_queue *queue = ms_sqs_queue(call);
  struct ms_json attributes;
  if (queue == NULL) {
    return MSTEP_OK;
  }
  int err = ms_queue_describe(&attributes, queue, ms_api_get(call, "AttributeNames"), &why);
  if (err != 0) {
    return ms_sqs_refuse(call, err, &why);
  }
  if (ms_json_count(attributes) == 0) {
    ms_json_unref(attributes);
    return ms_api_reply_text(call, MS_STR("{}"));
  }
  return ms_api_reply_json(call, ms_api_object("Attributes", attributes));
}

const struct ms_op ms_op_sqs_get_attributes = {members, run};
