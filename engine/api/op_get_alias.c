/* GetAlias. */
#include "api/alias.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_ALIAS_NAME,
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json alias = ms_api_alias(&name, call);
  return ms_json_is_none(alias)
             ? MSTEP_OK
             : ms_api_reply_json(call,
                                 ms_api_alias_show(call, &name, ms_api_text(call, "Name"), alias));
}

const struct ms_op ms_op_get_alias = {members, run};
