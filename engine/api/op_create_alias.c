/* CreateAlias. */
#include "api/alias.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MS_MEMBER_ALIAS_NAME,
    {.name = "FunctionVersion", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 1024},
    {.name = "Description", .kind = MS_API_STRING, .max = 256},
    MS_MEMBER_ROUTING,
    MS_MEMBER_END};

static bool is_name(struct ms_str text)
{
  bool has_letter = false;
  for (size_t i = 0; i < text.len; i++) {
    char c = ms_ascii_lower(text.data[i]);
    bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && !(c >= 'a' && c <= 'z') && c != '-' && c != '_') {
      return false;
    }
    has_letter = has_letter || !is_digit;
  }
  return has_letter;
}

static int run(struct ms_api_call *call)
{
  struct ms_function_name name;
  struct ms_str alias_name = ms_api_text(call, "Name");
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  if (!is_name(alias_name)) {
    return ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                         "1 validation error detected: Value '%.*s' at 'name' failed to satisfy "
                         "constraint: Member must satisfy regular expression pattern: "
                         "(?!^[0-9]+$)([a-zA-Z0-9-_]+)",
                         MS_STR_ARG(alias_name));
  }
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name.name);
  if (!ms_json_is_none(ms_json_get(ms_json_getc(row, "Aliases"), alias_name))) {
    name.qualifier = alias_name;
    struct ms_json arn = ms_api_function_arn(call, &name, false);
    int err = ms_api_fail_f(call, MS_API_ERROR_LAMBDA_CONFLICT, "Alias already exists: %.*s",
                            MS_STR_ARG(ms_json_text(arn)));
    ms_json_unref(arn);
    return err;
  }
  return ms_api_alias_put(call, &name, MS_JSON_VALUE_NONE);
}

const struct ms_op ms_op_create_alias = {members, run};
