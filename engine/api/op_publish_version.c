/* PublishVersion: what $LATEST is now gets a number; the last one again when nothing has changed. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_FUNCTION_NAME,
    {.name = "CodeSha256", .kind = MS_API_STRING},
    {.name = "Description", .kind = MS_API_STRING, .max = 256},
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
  int err = ms_api_publish(&reply, &row, &code, version, call, &name);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put_code(call, &name, row, reply, &code, version[0] == '\0' ? 0 : 1);
}

const struct ms_op ms_op_publish_version = {members, run};
