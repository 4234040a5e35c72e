/* ListFunctionEventInvokeConfigs: of all versions and aliases of a function, in the order they were made. */
#include "api/event_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBERS_PAGE(50),
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_event_config_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
  struct ms_json configs = ms_json_getc(row, "EventInvokeConfigs");
  struct ms_json list = ms_json_array(4);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(configs) && err == 0; i++) {
    name.qualifier = ms_json_key(configs, i);
    err = ms_json_push(&list, ms_api_event_config_show(call, &name, ms_json_member(configs, i)));
  }
  if (err != 0) {
    ms_json_replace(&list, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_page(call, "FunctionEventInvokeConfigs", list);
}

const struct ms_op ms_op_list_event_invoke_configs = {members, run};
