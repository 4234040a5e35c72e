/* PublishStateMachineVersion. Of one revision there is one version: again is the same answer. */
#include "api/members.h"
#include "base/error.h"
#include "runtime/catalog.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("stateMachineArn", true),
    {.name = "revisionId", .kind = MS_API_STRING},
    {.name = "description", .kind = MS_API_STRING, .max = 256},
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str machine = ms_api_arn(call, "stateMachineArn", "stateMachine");
  if (machine.data == NULL) {
    return MSTEP_OK;
  }
  char arn[MS_ENGINE_ARN_SIZE];
  int err = ms_engine_machine_publish(arn, ms_api_engine(call), machine,
                                      ms_api_text(call, "revisionId"),
                                      ms_api_text(call, "description"));
  if (err == MSTEP_ENOTFOUND) {
    return ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DOES_NOT_EXIST, machine);
  }
  if (err == MSTEP_ESTATE && ms_str_has_prefix(ms_str_c(ms_error_detail()), "Failed to publish")) {
    return ms_api_fail(call, MS_API_ERROR_STEP_CONFLICT, ms_str_c(ms_error_detail()));
  }
  if (err == MSTEP_ETOOBIG) {
    return ms_api_fail(call, MS_API_ERROR_SERVICE_QUOTA_EXCEEDED, ms_str_c(ms_error_detail()));
  }
  if (err != 0) {
    return err;
  }
  struct ms_json version = ms_catalog_get(ms_api_engine(call), "version", ms_str_c(arn));
  struct ms_json reply = ms_api_object("stateMachineVersionArn", ms_json_cstring(arn));
  if (ms_json_setc(&reply, "creationDate", ms_json_ref(ms_json_getc(version, "creationDate"))) !=
      0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_finish(call, reply);
}

const struct ms_op ms_op_publish_machine_version = {members, run};
