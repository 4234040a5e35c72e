/* GetFunctionEventInvokeConfig: of exactly this version or alias; nothing is inherited. */
#include "api/event_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_QUALIFIER,
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json config = ms_api_event_config_of(call, &name);
  return ms_json_is_none(config)
             ? ms_api_no_event_config(call, &name)
             : ms_api_reply_json(call, ms_api_event_config_show(call, &name, config));
}

const struct ms_op ms_op_get_event_invoke_config = {members, run};
