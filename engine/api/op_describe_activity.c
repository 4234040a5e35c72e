/* DescribeActivity. */
#include "api/members.h"
#include "base/error.h"
#include "runtime/catalog.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("activityArn", true), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "activityArn", "activity");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  struct ms_json activity = ms_catalog_get(ms_api_engine(call), "activity", arn);
  return ms_json_is_none(activity) ? ms_api_fail(call, MS_API_ERROR_ACTIVITY_DOES_NOT_EXIST, arn)
                                   : ms_api_reply_json(call, ms_json_ref(activity));
}

const struct ms_op ms_op_describe_activity = {members, run};
