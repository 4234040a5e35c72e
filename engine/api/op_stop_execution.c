/* StopExecution. Of one that has ended: the date when it did. */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("executionArn", true), MS_MEMBER_ERROR,
                                               MS_MEMBER_CAUSE, MS_MEMBER_END};

static int stopped(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "executionArn");
  struct ms_json date = ms_api_described(call, ms_engine_execution_describe, arn, "stopDate");
  if (ms_json_is_none(date)) {
    date = ms_api_date(ms_engine_now_ms(ms_api_engine(call)));
  }
  return ms_api_reply_json(call, ms_api_object("stopDate", date));
}

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "executionArn", "execution");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  int err =
      ms_engine_execution_stop(ms_api_engine(call), arn, ms_api_text(call, "error"),
                               ms_api_text(call, "cause"), ms_api_when_accepted(call, stopped));
  return err == MSTEP_ENOTFOUND ? ms_api_fail(call, MS_API_ERROR_EXECUTION_DOES_NOT_EXIST, arn)
                                : err;
}

const struct ms_op ms_op_stop_execution = {members, run};
