/* SendMessageBatch. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member entry[] = {MS_SQS_MEMBER_TEXT("Id"),
                                             MS_SQS_MEMBER_TEXT("MessageBody"),
                                             MS_SQS_MEMBER_INT("DelaySeconds"),
                                             MS_SQS_MEMBER_MAP("MessageAttributes"),
                                             MS_SQS_MEMBER_MAP("MessageSystemAttributes"),
                                             MS_SQS_MEMBER_TEXT("MessageDeduplicationId"),
                                             MS_SQS_MEMBER_TEXT("MessageGroupId"),
                                             MS_MEMBER_END};

static const struct ms_api_member members[] = {
    MS_SQS_MEMBER_TEXT("QueueUrl"),
    {.name = "Entries", .kind = MS_API_LIST, .members = entry},
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  return ms_sqs_batch(call, "SendMessageBatchRequestEntry", ms_sqs_send);
}

const struct ms_op ms_op_sqs_send_batch = {members, run};
