/* UpdateFunctionConfiguration: sets what is given. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBERS_CONFIGURATION,
                                               MS_MEMBER_REVISION, MS_MEMBER_END};

/* A zip is loaded anew when its handler changes. MSTEP_ESTATE: the call has been answered. */
static int change_handler(struct ms_invoke_code *code, struct ms_api_call *call,
                          const struct ms_function_name *name, struct ms_json old)
{
  struct ms_str handler = ms_api_text(call, "Handler");
  *code = (struct ms_invoke_code){MS_INVOKE_LATEST, MS_JSON_VALUE_NONE};
  if (handler.data == NULL || ms_str_eq(handler, ms_json_text(ms_json_getc(old, "Handler")))) {
    return MSTEP_OK;
  }
  int err = ms_invoke_load_handler(&code->code, ms_api_invoke(call), name->name, handler);
  if (err == MSTEP_ENOTFOUND || err == MSTEP_ELUA || err == MSTEP_EINVALID) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE, ms_str_c(ms_error_detail()));
    return MSTEP_ESTATE;
  }
  return err;
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_invoke_code code;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  if (!ms_api_revision_check(call, ms_json_getc(row, "Configuration"))) {
    ms_json_unref(row);
    return MSTEP_OK;
  }
  int err = change_handler(&code, call, &name, ms_json_getc(row, "Configuration"));
  if (err != 0) {
    ms_json_unref(row);
    return err == MSTEP_ESTATE ? MSTEP_OK : err;
  }
  struct ms_json configuration = ms_api_configuration_new(call, ms_json_getc(row, "Configuration"));
  struct ms_json reply = ms_api_configuration_show(call, &name, configuration);
  err = ms_json_setc(&row, "Configuration", configuration);
  err = err != 0 ? err : ms_api_configuration_say_changed(&reply);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put_code(call, &name, row, reply, &code,
                                  ms_json_is_none(code.code) ? 0 : 1);
}

const struct ms_op ms_op_update_function_configuration = {members, run};
