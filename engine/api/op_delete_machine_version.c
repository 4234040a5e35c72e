/* DeleteStateMachineVersion. Executions that run it go on; one that is not there is no mistake. */
#include "api/members.h"
#include "base/error.h"
#include "runtime/catalog.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("stateMachineVersionArn", true),
                                               MS_MEMBER_END};

/* Names of those that lead to this version, with commas. */
static void list_aliases(struct ms_buf *out, struct ms_api_call *call, struct ms_str version)
{
  struct ms_str name;
  struct ms_json alias;
  for (uint64_t at = 0; ms_catalog_next(&name, &alias, &at, ms_api_engine(call), "alias");) {
    struct ms_json routes = ms_json_getc(alias, "routingConfiguration");
    for (size_t i = 0; i < ms_json_count(routes); i++) {
      if (ms_str_eq(ms_json_text(ms_json_getc(ms_json_at(routes, i), "stateMachineVersionArn")),
                    version)) {
        ms_buf_cstr(out, out->len == 0 ? "" : ", ");
        ms_buf_str(out, ms_json_text(ms_json_getc(alias, "name")));
      }
    }
  }
}

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "stateMachineVersionArn", "stateMachine");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  struct ms_buf names;
  ms_buf_init(&names, 0);
  list_aliases(&names, call, arn);
  int refused = names.error;
  if (refused == 0 && names.len > 0) {
    refused = ms_api_fail_f(call, MS_API_ERROR_STEP_CONFLICT,
                            "Version to be deleted must not be referenced by an alias. Current list of "
                            "aliases referencing this version: [%.*s]",
                            MS_STR_ARG(ms_buf_view(&names)));
  }
  ms_buf_deinit(&names);
  if (refused != 0 || ms_api_is_answered(call)) {
    return refused;
  }
  int err = ms_catalog_remove(ms_api_engine(call), "version", arn);
  return err != 0 ? err : ms_api_finish(call, ms_json_object(0));
}

const struct ms_op ms_op_delete_machine_version = {members, run};
