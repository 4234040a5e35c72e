/* PutFunctionRecursionConfig, GetFunctionRecursionConfig: whether loops through a function are stopped. */
#include "api/function.h"
#include "base/error.h"

static const char member[] = "RecursiveLoop";

static const struct ms_api_member put_members[] = {MS_MEMBER_FUNCTION_NAME,
                                                   {.name = "RecursiveLoop",
                                                    .kind = MS_API_STRING,
                                                    .is_required = true,
                                                    .values = "Allow, Terminate"},
                                                   MS_MEMBER_END};
static const struct ms_api_member get_members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_END};

static int put(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  struct ms_json value = ms_api_get(call, member);
  if (ms_json_setc(&row, member, ms_json_ref(value)) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, ms_api_object(member, ms_json_ref(value)));
}

static int get(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json value = ms_json_getc(ms_invoke_row(ms_api_invoke(call), name.name), member);
  return ms_api_reply_json(
      call, ms_api_object(member, ms_json_is_none(value) ? ms_json_cstring("Terminate")
                                                         : ms_json_ref(value)));
}

const struct ms_op ms_op_put_recursion_config = {put_members, put};
const struct ms_op ms_op_get_recursion_config = {get_members, get};
