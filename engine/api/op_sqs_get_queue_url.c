/* GetQueueUrl. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_SQS_MEMBER_TEXT("QueueName"), MS_SQS_MEMBER_TEXT("QueueOwnerAWSAccountId"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "QueueName");
  struct ms_str account = ms_api_text(call, "QueueOwnerAWSAccountId");
  if (!ms_sqs_has(call, "QueueName")) {
    return MSTEP_OK;
  }
  bool is_ours = account.data == NULL || ms_str_is(account, ms_queues_env(ms_sqs(call))->account);
  if (!is_ours || ms_queue_named(ms_sqs(call), name) == NULL) {
    return ms_sqs_fail_f(call, "QueueDoesNotExist", "The specified queue does not exist.");
  }
  return ms_api_reply_json(call, ms_api_object("QueueUrl", ms_sqs_url(call, name)));
}

const struct ms_op ms_op_sqs_get_queue_url = {members, run};
