/* UpdateFunctionCode: new Lua source; calls under way finish on the old one. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME,
                                               {.name = "Source", .kind = MS_API_STRING},
                                               {.name = "ZipFile", .kind = MS_API_STRING},
                                               {.name = "Publish", .kind = MS_API_BOOLEAN},
                                               {.name = "DryRun", .kind = MS_API_BOOLEAN},
                                               MS_MEMBER_END};

static int change(struct ms_api_call *call, const struct ms_function_name *name,
                  struct ms_json files)
{
  struct ms_invoke_code codes[2] = {{MS_INVOKE_LATEST, files}};
  char version[24] = "";
  struct ms_json row = ms_api_function_row(call, name);
  struct ms_json reply = MS_JSON_VALUE_NONE;
  struct ms_json configuration = ms_api_configuration_new(call, ms_json_getc(row, "Configuration"));
  int err = ms_api_configuration_code(&configuration, call, files);
  err = err != 0 ? err : ms_json_setc(&row, "IsDeployed", ms_json_bool(true));
  if (err == 0 && !ms_api_bool(call, "Publish", false)) {
    reply = ms_api_configuration_show(call, name, configuration);
  }
  err = err != 0 ? err : ms_json_setc(&row, "Configuration", ms_json_ref(configuration));
  ms_json_unref(configuration);
  if (err == 0 && ms_json_is_none(reply)) {
    err = ms_api_publish(&reply, &row, &codes[1], version, call, name);
  }
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put_code(call, name, row, reply, codes, version[0] == '\0' ? 1 : 2);
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_json files = MS_JSON_VALUE_NONE;
  struct ms_buf source;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  ms_buf_init(&source, 0);
  if (!ms_api_code_source(&source, call, ms_api_get(call, NULL))) {
    ms_buf_deinit(&source);
    return MSTEP_OK;
  }
  int err = source.error != 0 ? source.error
                              : ms_invoke_load_source(&files, ms_api_invoke(call), name.name,
                                                      ms_buf_view(&source));
  ms_buf_deinit(&source);
  if (err == MSTEP_ELUA) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE, ms_str_c(ms_error_detail()));
  }
  return err != 0 ? err : change(call, &name, files);
}

const struct ms_op ms_op_update_function_code = {members, run};
