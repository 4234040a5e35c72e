/* ListQueues, in the order of their names. */
#include "api/sqs.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("QueueNamePrefix"),
                                               MS_SQS_MEMBER_INT("MaxResults"),
                                               MS_SQS_MEMBER_TEXT("NextToken"), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_json names;
  struct ms_buf after;
  bool has_more;
  if (!ms_sqs_in_range(call, "MaxResults", 1, 1000)) {
    return MSTEP_OK;
  }
  ms_buf_init(&after, 0);
  if (!ms_sqs_after(call, &after)) {
    ms_buf_deinit(&after);
    return MSTEP_OK;
  }
  int err = ms_queue_list(&names, &has_more, ms_sqs(call), ms_api_text(call, "QueueNamePrefix"),
                          ms_buf_view(&after), (size_t)ms_api_int(call, "MaxResults", 1000));
  ms_buf_deinit(&after);
  return err != 0 ? err : ms_sqs_page(call, "QueueUrls", names, has_more);
}

const struct ms_op ms_op_sqs_list_queues = {members, run};
