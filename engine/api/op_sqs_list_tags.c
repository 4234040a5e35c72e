/* ListQueueTags. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("QueueUrl"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_queue *queue = ms_sqs_queue(call);
  if (queue == NULL) {
    return MSTEP_OK;
  }
  struct ms_json tags = ms_queue_tags(queue);
  return ms_json_count(tags) == 0
             ? ms_api_reply_text(call, MS_STR("{}"))
             : ms_api_reply_json(call, ms_api_object("Tags", ms_json_ref(tags)));
}

const struct ms_op ms_op_sqs_list_tags = {members, run};
