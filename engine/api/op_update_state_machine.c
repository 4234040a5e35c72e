/*
 * UpdateStateMachine: new executions get the new definition, those that run keep theirs. Name and
 * type stay.
 */
#include "api/machine.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("stateMachineArn", true),
                                               MS_MEMBER_DEFINITION(false), MS_MEMBERS_OF_MACHINE,
                                               MS_MEMBER_END};

/* AWS answers with the date and the revision of what is now current. */
static int updated(struct ms_api_call *call)
{
  int64_t at_ms;
  char revision[37];
  struct ms_json kept = ms_api_kept(call);
  struct ms_json version = ms_json_getc(kept, "stateMachineVersionArn");
  int err = ms_engine_machine_revision(&at_ms, revision, ms_api_engine(call),
                                       ms_json_text(ms_json_getc(kept, "stateMachineArn")));
  if (err != 0) {
    return err;
  }
  struct ms_json reply = ms_api_object("updateDate", ms_api_date(at_ms));
  if (revision[0] != '\0' && ms_json_setc(&reply, "revisionId", ms_json_cstring(revision)) != 0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  if (!ms_json_is_none(version) &&
      ms_json_setc(&reply, "stateMachineVersionArn", ms_json_ref(version)) != 0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_reply_json(call, reply);
}

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "stateMachineArn", "stateMachine");
  if (arn.data == NULL || !ms_api_machine_check(call)) {
    return MSTEP_OK;
  }
  if (!ms_api_has(call, "definition") && !ms_api_has(call, "roleArn") &&
      !ms_api_has(call, "loggingConfiguration") && !ms_api_has(call, "tracingConfiguration")) {
    return ms_api_fail(
        call, MS_API_ERROR_MISSING_REQUIRED_PARAMETER,
        MS_STR("Either the definition, the role ARN, the LoggingConfiguration, or the "
               "TracingConfiguration must be specified"));
  }
  const struct ms_engine_machine_request request = {.definition = ms_api_text(call, "definition"),
                                                    .role_arn = ms_api_text(call, "roleArn")};
  return ms_api_machine_make(call, arn, &request, updated);
}

const struct ms_op ms_op_update_state_machine = {members, run};
