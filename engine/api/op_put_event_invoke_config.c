/* PutFunctionEventInvokeConfig: makes or replaces; what is not given is as if it had never been. */
#include "api/event_config.h"
#include "base/error.h"

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  int err;
  if (!ms_api_event_config_check(call) || !ms_api_event_config_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json config = ms_api_event_config_new(&err, call, &name, MS_JSON_VALUE_NONE);
  if (ms_json_is_none(config)) {
    return err;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  struct ms_json reply = ms_api_event_config_show(call, &name, config);
  if (ms_api_row_set(&row, "EventInvokeConfigs", ms_api_event_config_key(&name), config) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, reply);
}

const struct ms_op ms_op_put_event_invoke_config = {ms_api_event_config_members, run};
