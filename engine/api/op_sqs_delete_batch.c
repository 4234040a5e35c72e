/* DeleteMessageBatch. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member entry[] = {MS_SQS_MEMBER_TEXT("Id"),
                                             MS_SQS_MEMBER_TEXT("ReceiptHandle"), MS_MEMBER_END};

static const struct ms_api_member members[] = {
    MS_SQS_MEMBER_TEXT("QueueUrl"),
    {.name = "Entries", .kind = MS_API_LIST, .members = entry},
    MS_MEMBER_END};

static int delete_entry(struct ms_json *out, struct ms_queue *queue, struct ms_json request,
                        struct ms_queue_refusal *why)
{
  (void)out;
  return ms_queue_delete(queue, ms_json_text(ms_json_getc(request, "ReceiptHandle")), why, NULL,
                         NULL);
}

static int run(struct ms_api_call *call)
{
  return ms_sqs_batch(call, "DeleteMessageBatchRequestEntry", delete_entry);
}

const struct ms_op ms_op_sqs_delete_batch = {members, run};
