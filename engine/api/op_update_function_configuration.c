/* UpdateFunctionConfiguration: sets what is given. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBERS_CONFIGURATION,
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  struct ms_json configuration = ms_api_configuration_new(call, ms_json_getc(row, "Configuration"));
  struct ms_json reply = ms_api_configuration_show(call, &name, configuration);
  if (ms_json_setc(&row, "Configuration", configuration) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, reply);
}

const struct ms_op ms_op_update_function_configuration = {members, run};
