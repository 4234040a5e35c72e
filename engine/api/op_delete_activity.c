/* DeleteActivity. One that is not there is no mistake; tasks that wait for workers go on waiting. */
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
  int err = ms_catalog_remove(ms_api_engine(call), "activity", arn);
  err = err != 0 ? err : ms_catalog_remove(ms_api_engine(call), "tags", arn);
  return err != 0 ? err : ms_api_finish(call, ms_json_object(0));
}

const struct ms_op ms_op_delete_activity = {members, run};
