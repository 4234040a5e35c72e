/* PutFunctionConcurrency: how many calls of a function may run at a time; 0 switches it off. */
#include "api/function.h"
#include "base/error.h"

#define UNRESERVED_MIN 100 /* of the account's limit: for all others */

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME,
                                               {.name = "ReservedConcurrentExecutions",
                                                .kind = MS_API_INTEGER,
                                                .is_required = true,
                                                .max = INT32_MAX},
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  static const char member[] = "ReservedConcurrentExecutions";
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  int64_t count = ms_api_int(call, member, 0);
  if (ms_invoke_unreserved(ms_api_invoke(call), name.name) - count < UNRESERVED_MIN) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                       MS_STR("Specified ReservedConcurrentExecutions for function decreases "
                              "account's UnreservedConcurrentExecution below its minimum value of "
                              "[100]."));
  }
  struct ms_json row = ms_api_function_row(call, &name);
  if (ms_json_setc(&row, member, ms_json_int(count)) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, ms_api_object(member, ms_json_int(count)));
}

const struct ms_op ms_op_put_function_concurrency = {members, run};
