/* GetFunctionConcurrency: {} where nothing is reserved. */
#include "api/function.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  static const char member[] = "ReservedConcurrentExecutions";
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json count = ms_json_getc(ms_invoke_row(ms_api_invoke(call), name.name), member);
  return ms_api_reply_json(
      call, ms_json_is_none(count) ? ms_json_object(0) : ms_api_object(member, ms_json_ref(count)));
}

const struct ms_op ms_op_get_function_concurrency = {members, run};
