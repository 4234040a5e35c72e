/*
 * PurgeExecutions, Moonstep's own: forgets executions that have ended, with histories and payloads.
 * {"executionArns": [...]}, or {"stoppedBefore": date, "stateMachineArn"?} -> {"purgedCount": N}.
 */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    {.name = "executionArns", .kind = MS_API_LIST, .max = 1000},
    MS_MEMBER_ARN("stateMachineArn", false),
    {.name = "stoppedBefore", .kind = MS_API_TIMESTAMP},
    MS_MEMBER_END};

static int answer(struct ms_api_call *call, uint64_t count)
{
  ms_api_keep(call, ms_api_object("purgedCount", ms_json_int((int64_t)count)));
  return ms_api_accept(call, ms_api_reply_kept);
}

/* One after the other; what stands before one that cannot be purged is gone. */
static int purge_named(struct ms_api_call *call, struct ms_json arns)
{
  static const struct ms_callback none;
  uint64_t count = 0;
  for (size_t i = 0; i < ms_json_count(arns); i++) {
    struct ms_str arn = ms_json_text(ms_json_at(arns, i));
    int err = ms_engine_execution_purge(ms_api_engine(call), arn, none);
    if (err == MSTEP_ENOTFOUND) {
      return ms_api_fail(call, MS_API_ERROR_EXECUTION_DOES_NOT_EXIST, arn);
    }
    if (err == MSTEP_ESTATE) {
      return ms_api_fail(call, MS_API_ERROR_EXECUTION_IS_OPEN, arn);
    }
    if (err != 0) {
      return err;
    }
    count++;
  }
  return answer(call, count);
}

static int run(struct ms_api_call *call)
{
  static const struct ms_callback none;
  if (ms_api_has(call, "executionArns")) {
    return purge_named(call, ms_api_get(call, "executionArns"));
  }
  if (!ms_api_has(call, "stoppedBefore")) {
    return ms_api_fail(call, MS_API_ERROR_MISSING_REQUIRED_PARAMETER,
                       MS_STR("Either executionArns or stoppedBefore must be specified"));
  }
  struct ms_str machine = {NULL, 0};
  if (ms_api_has(call, "stateMachineArn")) {
    machine = ms_api_arn(call, "stateMachineArn", "stateMachine");
    if (machine.data == NULL) {
      return MSTEP_OK;
    }
  }
  double seconds = ms_json_number(ms_api_get(call, "stoppedBefore"));
  if (!(seconds > -1e12 && seconds < 1e12)) {
    return ms_api_fail(call, MS_API_ERROR_VALIDATION, MS_STR("stoppedBefore is no date"));
  }
  uint64_t count = 0;
  int err =
      ms_engine_purge_before(&count, ms_api_engine(call), machine, (int64_t)(seconds * 1000), none);
  if (err == MSTEP_ENOTFOUND) {
    return ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DOES_NOT_EXIST, machine);
  }
  return err != 0 ? err : answer(call, count);
}

const struct ms_op ms_op_purge_executions = {members, run};
