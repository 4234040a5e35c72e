/*
 * CreateStateMachine. Idempotent: the same name, definition, type and logging again is the same
 * answer. roleArn may be left out here; AWS asks for it.
 */
#include "api/machine.h"
#include "api/tags.h"
#include "base/error.h"
#include "runtime/names.h"

static const struct ms_api_member members[] = {
    {.name = "name", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = MS_API_NAME_MAX},
    MS_MEMBER_DEFINITION(true),
    {.name = "type", .kind = MS_API_STRING, .values = "STANDARD, EXPRESS"},
    MS_MEMBER_TAGS(false),
    MS_MEMBERS_OF_MACHINE,
    MS_MEMBER_END};

static int created(struct ms_api_call *call)
{
  struct ms_json reply = ms_json_ref(ms_api_kept(call));
  struct ms_str arn = ms_json_text(ms_json_getc(reply, "stateMachineArn"));
  struct ms_json date = ms_api_described(call, ms_engine_machine_describe, arn, "creationDate");
  if (ms_json_setc(&reply, "creationDate", date) != 0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_reply_json(call, reply);
}

static int run(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "name");
  if (ms_name_check(name) != 0) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_NAME, name);
  }
  if (!ms_api_machine_check(call)) {
    return MSTEP_OK;
  }
  struct ms_engine_machine_request request = {
      .name = name,
      .definition = ms_api_text(call, "definition"),
      .is_express = ms_str_is(ms_api_text(call, "type"), "EXPRESS"),
      .role_arn = ms_api_text(call, "roleArn"),
  };
  if (!ms_api_tags_check(call, &request, ms_api_get(call, "tags"))) {
    return MSTEP_OK;
  }
  static const struct ms_str none;
  return ms_api_machine_make(call, none, &request, created);
}

const struct ms_op ms_op_create_state_machine = {members, run};
