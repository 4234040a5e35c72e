/*
 * DeleteStateMachine. One that is not there is no mistake. Executions that run go on; until the last one
 * has ended the machine is DELETING.
 */
#include "api/members.h"
#include "base/error.h"
#include "runtime/runtime.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("stateMachineArn", true),
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "stateMachineArn", "stateMachine");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  int err = ms_engine_machine_delete(ms_api_engine(call), arn);
  return err != 0 ? err : ms_api_finish(call, ms_json_object(0));
}

const struct ms_op ms_op_delete_state_machine = {members, run};
