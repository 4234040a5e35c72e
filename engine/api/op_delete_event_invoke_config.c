/* DeleteFunctionEventInvokeConfig. */
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
  if (ms_json_is_none(ms_api_event_config_of(call, &name))) {
    return ms_api_no_event_config(call, &name);
  }
  struct ms_json row = ms_api_function_row(call, &name);
  if (ms_api_row_set(&row, "EventInvokeConfigs", ms_api_event_config_key(&name),
                     MS_JSON_VALUE_NONE) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, ms_json_object(0));
}

const struct ms_op ms_op_delete_event_invoke_config = {members, run};
