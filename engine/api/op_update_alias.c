/* UpdateAlias: sets what is given. */
#include "api/alias.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MS_MEMBER_ALIAS_NAME,
    {.name = "FunctionVersion", .kind = MS_API_STRING, .min = 1, .max = 1024},
    {.name = "Description", .kind = MS_API_STRING, .max = 256},
    MS_MEMBER_ROUTING,
    MS_MEMBER_REVISION,
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json alias = ms_api_alias(&name, call);
  if (ms_json_is_none(alias) || !ms_api_revision_check(call, alias)) {
    return MSTEP_OK;
  }
  return ms_api_alias_put(call, &name, alias);
}

const struct ms_op ms_op_update_alias = {members, run};
