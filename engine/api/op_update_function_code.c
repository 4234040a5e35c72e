/* UpdateFunctionCode: new code; calls under way finish on the old one. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME,
                                               MS_MEMBERS_CODE,
                                               {.name = "Publish", .kind = MS_API_BOOLEAN},
                                               {.name = "DryRun", .kind = MS_API_BOOLEAN},
                                               MS_MEMBER_REVISION,
                                               MS_MEMBER_END};

/* Says what it would be; what it was is put back. */
static int dry_run(struct ms_api_call *call, const struct ms_function_name *name,
                   struct ms_json code)
{
  struct ms_json row = ms_api_function_row(call, name);
  struct ms_json configuration = ms_json_ref(ms_json_getc(row, "Configuration"));
  if (ms_json_is_none(configuration)) {
    configuration = ms_json_object(4);
  }
  int err = ms_api_configuration_code(&configuration, call, code);
  struct ms_json reply =
      err != 0 ? MS_JSON_VALUE_NONE : ms_api_configuration_show(call, name, configuration);
  ms_invoke_restore(ms_api_invoke(call), name->name);
  ms_json_unref(configuration);
  ms_json_unref(row);
  ms_json_unref(code);
  return ms_api_reply_json(call, reply);
}

static int change(struct ms_api_call *call, const struct ms_function_name *name,
                  struct ms_json code)
{
  struct ms_invoke_code codes[2] = {{MS_INVOKE_LATEST, code}};
  char version[24] = "";
  struct ms_json row = ms_api_function_row(call, name);
  struct ms_json reply = MS_JSON_VALUE_NONE;
  struct ms_json configuration = ms_api_configuration_new(call, ms_json_getc(row, "Configuration"));
  int err = ms_api_configuration_code(&configuration, call, code);
  err = err != 0 ? err : ms_json_setc(&row, "IsDeployed", ms_json_bool(true));
  if (err == 0 && !ms_api_bool(call, "Publish", false)) {
    reply = ms_api_configuration_show(call, name, configuration);
  }
  err = err != 0 ? err : ms_json_setc(&row, "Configuration", ms_json_ref(configuration));
  ms_json_unref(configuration);
  if (err == 0 && ms_json_is_none(reply)) {
    err = ms_api_publish(&reply, &row, &codes[1], version, call, name, code);
  }
  err = err != 0 ? err : ms_api_configuration_say_changed(&reply);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put_code(call, name, row, reply, codes, version[0] == '\0' ? 1 : 2);
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json code;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
  struct ms_json configuration = ms_json_getc(row, "Configuration");
  if (!ms_api_revision_check(call, configuration)) {
    return MSTEP_OK;
  }
  int err = ms_api_code_load(&code, call, name.name, ms_api_get(call, NULL),
                             ms_json_text(ms_json_getc(configuration, "Handler")));
  if (err != 0) {
    return err == MSTEP_ESTATE ? MSTEP_OK : err;
  }
  if (ms_api_bool(call, "DryRun", false)) {
    return dry_run(call, &name, code);
  }
  return change(call, &name, code);
}

const struct ms_op ms_op_update_function_code = {members, run};
