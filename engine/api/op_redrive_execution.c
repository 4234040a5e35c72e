/* RedriveExecution. Why one cannot be redriven is the runtime's to say, in AWS's words. */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("executionArn", true),
    {.name = "clientToken", .kind = MS_API_STRING, .min = 1, .max = 64},
    MS_MEMBER_END};

static int redriven(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "executionArn");
  struct ms_json date = ms_api_described(call, ms_engine_execution_describe, arn, "redriveDate");
  if (ms_json_is_none(date)) {
    date = ms_api_date(ms_engine_now_ms(ms_api_engine(call)));
  }
  return ms_api_reply_json(call, ms_api_object("redriveDate", date));
}

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "executionArn", "execution");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  int err =
      ms_engine_execution_redrive(ms_api_engine(call), arn, ms_api_when_accepted(call, redriven));
  if (err == MSTEP_ENOTFOUND) {
    return ms_api_fail(call, MS_API_ERROR_EXECUTION_DOES_NOT_EXIST, arn);
  }
  return err == MSTEP_ESTATE
             ? ms_api_fail(call, MS_API_ERROR_EXECUTION_NOT_REDRIVABLE, ms_str_c(ms_error_detail()))
             : err;
}

const struct ms_op ms_op_redrive_execution = {members, run};
