/*
 * DescribeStateMachineForExecution: the definition that this execution runs, whatever came after
 * it.
 */
#include "api/describe.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("executionArn", true),
                                               MS_MEMBER_INCLUDED_DATA, MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "executionArn", "execution");
  return arn.data == NULL ? MSTEP_OK
                          : ms_api_describe(call, arn, ms_engine_machine_describe_for,
                                            MS_API_ERROR_EXECUTION_DOES_NOT_EXIST);
}

const struct ms_op ms_op_describe_machine_for_execution = {members, run};
