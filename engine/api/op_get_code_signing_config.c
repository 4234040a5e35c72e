/* GetFunctionCodeSigningConfig: there is none, as tools expect of most functions. */
#include "api/function.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  return ms_api_reply_json(call, ms_api_object("FunctionName", ms_json_string(name.name)));
}

const struct ms_op ms_op_get_code_signing_config = {members, run};
