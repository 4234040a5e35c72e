/* GetFunctionConfiguration: of $LATEST, a version or an alias's version. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_QUALIFIER,
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_invoke_target target;
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  if (ms_invoke_resolve(&target, ms_api_invoke(call), &name) != 0) {
    return ms_api_no_function(call, &name);
  }
  struct ms_json shown = ms_api_configuration_show(call, &name, target.configuration);
  return ms_api_reply_json(call, shown);
}

const struct ms_op ms_op_get_function_configuration = {members, run};
