/* DeleteAlias: no error when there is none. */
#include "api/alias.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_ALIAS_NAME,
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  if (ms_api_row_set(&row, "Aliases", ms_api_text(call, "Name"), MS_JSON_VALUE_NONE) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, ms_json_object(0));
}

const struct ms_op ms_op_delete_alias = {members, run};
