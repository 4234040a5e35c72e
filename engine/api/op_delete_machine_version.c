/* DeleteStateMachineVersion. Executions that run it go on; one that is not there is no mistake. */
#include "api/members.h"
#include "base/error.h"
#include "runtime/catalog.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("stateMachineVersionArn", true),
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "stateMachineVersionArn", "stateMachine");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  int err = ms_catalog_remove(ms_api_engine(call), "version", arn);
  return err != 0 ? err : ms_api_finish(call, ms_json_object(0));
}

const struct ms_op ms_op_delete_machine_version = {members, run};
