/* GetFunction: configuration, code and reserved concurrency. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBER_QUALIFIER,
                                               MS_MEMBER_END};

/*
 * Of a zip, where it can be had: AWS has an address of S3's there, here it is the package itself as a data URL.
 */
static struct ms_json code_of(struct ms_api_call *call, const struct ms_function_name *name,
                              const char *version)
{
  struct ms_json code = ms_invoke_code(ms_api_invoke(call), name->name, version);
  struct ms_json out = ms_api_object("RepositoryType", ms_json_cstring("S3"));
  int err = MSTEP_OK;
  if (ms_invoke_is_zip(code)) {
    struct ms_buf text;
    ms_buf_init(&text, 0);
    ms_buf_cstr(&text, "data:application/zip;base64,");
    ms_buf_str(&text, ms_json_text(ms_json_getc(code, "Zip")));
    err = text.error != 0 ? text.error
                          : ms_json_setc(&out, "Location", ms_json_string(ms_buf_view(&text)));
    ms_buf_deinit(&text);
  }
  ms_json_unref(code);
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_invoke_target target;
  if (!ms_api_function(&name, call)) {
    return MSTEP_OK;
  }
  if (ms_invoke_resolve(&target, ms_api_invoke(call), &name) != 0) {
    return ms_api_no_function(call, &name);
  }
  struct ms_json shown = ms_api_configuration_show(call, &name, target.configuration);
  struct ms_json out = ms_json_is_none(shown) ? shown : ms_api_object("Configuration", shown);
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
  struct ms_json reserved = ms_json_getc(row, "ReservedConcurrentExecutions");
  struct ms_json tags = ms_json_getc(row, "Tags");
  int err = ms_json_setc(&out, "Code", code_of(call, &name, target.version));
  if (err == 0 && ms_json_count(tags) > 0) {
    err = ms_json_setc(&out, "Tags", ms_json_ref(tags));
  }
  if (err == 0 && !ms_json_is_none(reserved)) {
    err = ms_json_setc(&out, "Concurrency",
                       ms_api_object("ReservedConcurrentExecutions", ms_json_ref(reserved)));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, out);
}

const struct ms_op ms_op_get_function = {members, run};
