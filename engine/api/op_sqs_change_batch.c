/* ChangeMessageVisibilityBatch. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member entry[] = {MS_SQS_MEMBER_TEXT("Id"),
                                             MS_SQS_MEMBER_TEXT("ReceiptHandle"),
                                             MS_SQS_MEMBER_INT("VisibilityTimeout"), MS_MEMBER_END};

static const struct ms_api_member members[] = {
    MS_SQS_MEMBER_TEXT("QueueUrl"),
    {.name = "Entries", .kind = MS_API_LIST, .members = entry},
    MS_MEMBER_END};

static int change_entry(struct ms_json *out, struct ms_queue *queue, struct ms_json request,
                        struct ms_queue_refusal *why)
{
  int64_t visibility_s = 0;
  (void)out;
  ms_json_to_int(&visibility_s, ms_json_getc(request, "VisibilityTimeout"));
  return ms_queue_visibility(queue, ms_json_text(ms_json_getc(request, "ReceiptHandle")),
                             visibility_s, why, NULL, NULL);
}

static int run(struct ms_api_call *call)
{
  return ms_sqs_batch(call, "ChangeMessageVisibilityBatchRequestEntry", change_entry);
}

const struct ms_op ms_op_sqs_change_batch = {members, run};
