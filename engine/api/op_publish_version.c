/* PublishVersion: what $LATEST is now gets a number; the last one again when nothing has changed. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_FUNCTION_NAME,
    {.name = "CodeSha256", .kind = MS_API_STRING},
    {.name = "Description", .kind = MS_API_STRING, .max = 256},
    MS_MEMBER_REVISION,
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_invoke_code code;
  char version[24];
  struct ms_json reply;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json row = ms_api_function_row(call, &name);
  struct ms_str wanted = ms_api_text(call, "CodeSha256");
  struct ms_json current = ms_json_getc(row, "Configuration");
  struct ms_str hash = ms_json_text(ms_json_getc(current, "CodeSha256"));
  if (!ms_api_revision_check(call, current)) {
    ms_json_unref(row);
    return MSTEP_OK;
  }
  if (wanted.len > 0 && !ms_str_eq(wanted, hash)) {
    ms_json_unref(row);
    return ms_api_fail_f(
        call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
        "CodeSHA256 (%.*s) is different from current CodeSHA256 in $LATEST (%.*s). "
        "Please try again with the CodeSHA256 in $LATEST.",
        MS_STR_ARG(wanted), MS_STR_ARG(hash));
  }
  int err = ms_api_publish(&reply, &row, &code, version, call, &name, MS_JSON_VALUE_NONE);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put_code(call, &name, row, reply, &code, version[0] == '\0' ? 0 : 1);
}

const struct ms_op ms_op_publish_version = {members, run};
