/*
 * PutRuntimeManagementConfig, GetRuntimeManagementConfig: when a function would get a newer runtime. There is one
 * runtime here; what is said is kept and shown.
 */
#include "api/function.h"
#include "base/error.h"

static const char group[] = "RuntimeManagement";

static const struct ms_api_member put_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MS_MEMBER_QUALIFIER,
    {.name = "UpdateRuntimeOn",
     .kind = MS_API_STRING,
     .is_required = true,
     .values = "Auto, Manual, FunctionUpdate"},
    {.name = "RuntimeVersionArn", .kind = MS_API_STRING, .min = 26, .max = 2048},
    MS_MEMBER_END};
static const struct ms_api_member get_members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_QUALIFIER,
                                                   MS_MEMBER_END};

/* What is answered: the setting with the ARN of the function. NONE: out of memory. */
static struct ms_json describe(struct ms_api_call *call, const struct ms_function_name *name,
                               struct ms_json setting)
{
  struct ms_json out = ms_json_is_none(setting)
                           ? ms_api_object("UpdateRuntimeOn", ms_json_cstring("Auto"))
                           : ms_json_ref(setting);
  if (ms_json_setc(&out, "FunctionArn", ms_api_function_arn(call, name, false)) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* False: the call has been answered. */
static bool find(struct ms_function_name *name, struct ms_api_call *call)
{
  if (!ms_api_function(name, call)) {
    return false;
  }
  if (ms_json_is_none(ms_invoke_row(ms_api_invoke(call), name->name))) {
    ms_api_no_function(call, name);
    return false;
  }
  return true;
}

static struct ms_str version_of(const struct ms_function_name *name)
{
  return name->qualifier.len == 0 ? MS_STR("$LATEST") : name->qualifier;
}

static int put(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!find(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_str arn = ms_api_text(call, "RuntimeVersionArn");
  if (ms_str_is(ms_api_text(call, "UpdateRuntimeOn"), "Manual") != (arn.len > 0)) {
    return ms_api_fail(
        call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
        MS_STR("RuntimeVersionArn is given with UpdateRuntimeOn Manual, and only then"));
  }
  struct ms_json setting =
      ms_api_object("UpdateRuntimeOn", ms_json_ref(ms_api_get(call, "UpdateRuntimeOn")));
  if (arn.len > 0 && ms_json_setc(&setting, "RuntimeVersionArn", ms_json_string(arn)) != 0) {
    ms_json_replace(&setting, MS_JSON_VALUE_NONE);
  }
  struct ms_json row = ms_api_function_row(call, &name), reply = MS_JSON_VALUE_NONE;
  if (ms_json_is_none(setting) ||
      ms_api_row_set(&row, group, version_of(&name), ms_json_ref(setting)) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  } else {
    reply = describe(call, &name, setting);
  }
  ms_json_unref(setting);
  return ms_api_function_put(call, &name, row, reply);
}

static int get(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!find(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json settings = ms_json_getc(ms_invoke_row(ms_api_invoke(call), name.name), group);
  return ms_api_reply_json(call, describe(call, &name, ms_json_get(settings, version_of(&name))));
}

const struct ms_op ms_op_put_runtime_management = {put_members, put};
const struct ms_op ms_op_get_runtime_management = {get_members, get};
