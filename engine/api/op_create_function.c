/* CreateFunction: a function of a zip of Lua files, or of Lua source. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_FUNCTION_NAME,
    {.name = "Code", .kind = MS_API_STRUCTURE, .is_required = true, .members = ms_api_code_members},
    {.name = "Publish", .kind = MS_API_BOOLEAN},
    {.name = "Tags", .kind = MS_API_STRUCTURE},
    MS_MEMBERS_CONFIGURATION,
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_invoke_code codes[2] = {{MS_INVOKE_LATEST, MS_JSON_VALUE_NONE}};
  char version[24] = "";
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  name.qualifier = (struct ms_str){"", 0};
  if (ms_invoke_has(ms_api_invoke(call), &name)) {
    return ms_api_fail_f(call, MS_API_ERROR_LAMBDA_CONFLICT, "Function already exist: %.*s",
                         MS_STR_ARG(name.name));
  }
  struct ms_json tags = ms_api_get(call, "Tags");
  if (!ms_api_function_tags_check(call, tags)) {
    return MSTEP_OK;
  }
  int err = ms_api_code_load(&codes[0].code, call, name.name, ms_api_get(call, "Code"),
                             ms_api_text(call, "Handler"));
  if (err != 0) {
    return err == MSTEP_ESTATE ? MSTEP_OK : err;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  struct ms_json reply = MS_JSON_VALUE_NONE;
  struct ms_json configuration = ms_api_configuration_new(call, MS_JSON_VALUE_NONE);
  err = ms_api_configuration_code(&configuration, call, codes[0].code);
  err = err != 0 ? err : ms_json_setc(&row, "IsDeployed", ms_json_bool(true));
  if (err == 0 && ms_json_count(tags) > 0) {
    err = ms_json_setc(&row, "Tags", ms_json_ref(tags));
  }
  if (err == 0 && !ms_api_bool(call, "Publish", false)) {
    reply = ms_api_configuration_show(call, &name, configuration);
  }
  err = err != 0 ? err : ms_json_setc(&row, "Configuration", ms_json_ref(configuration));
  ms_json_unref(configuration);
  if (err == 0 && ms_json_is_none(reply)) {
    err = ms_api_publish(&reply, &row, &codes[1], version, call, &name, codes[0].code);
  }
  err = err != 0 ? err : ms_api_configuration_say_new(&reply);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put_code(call, &name, row, reply, codes, version[0] == '\0' ? 1 : 2);
}

const struct ms_op ms_op_create_function = {members, run};
