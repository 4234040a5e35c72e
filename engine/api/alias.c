/* Aliases: names for a version, or for two by weight. */
#include "api/alias.h"

#include "base/error.h"

const struct ms_api_member ms_api_routing_members[] = {
    {.name = "AdditionalVersionWeights", .kind = MS_API_STRUCTURE}, MS_MEMBER_END};

struct ms_json ms_api_alias(struct ms_function_name *out, struct ms_api_call *call)
{
  if (!ms_api_plain_function(out, call)) {
    return MS_JSON_VALUE_NONE;
  }
  struct ms_str alias_name = ms_api_text(call, "Name");
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), out->name);
  struct ms_json alias = ms_json_get(ms_json_getc(row, "Aliases"), alias_name);
  if (ms_json_is_none(alias)) {
    struct ms_json arn = ms_api_function_arn(call, out, true);
    ms_api_fail_f(call, MS_API_ERROR_LAMBDA_NOT_FOUND, "Cannot find alias arn: %.*s:%.*s",
                  MS_STR_ARG(ms_json_text(arn)), MS_STR_ARG(alias_name));
    ms_json_unref(arn);
  }
  return alias;
}

struct ms_json ms_api_alias_show(const struct ms_api_call *call,
                                 const struct ms_function_name *name, struct ms_str alias_name,
                                 struct ms_json alias)
{
  const struct ms_function_name full = {name->name, alias_name};
  struct ms_json out = ms_json_object(6);
  int err = ms_json_setc(&out, "AliasArn", ms_api_function_arn(call, &full, false));
  err = err != 0 ? err : ms_json_setc(&out, "Name", ms_json_string(alias_name));
  for (size_t i = 0; i < ms_json_count(alias) && err == 0; i++) {
    err = ms_json_set(&out, ms_json_key(alias, i), ms_json_ref(ms_json_member(alias, i)));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* The versions it is to stand for are there. False: the call has been answered. */
static bool check_versions(struct ms_api_call *call, const struct ms_function_name *name)
{
  struct ms_json weights =
      ms_json_getc(ms_api_get(call, "RoutingConfig"), "AdditionalVersionWeights");
  struct ms_function_name version = {name->name, ms_api_text(call, "FunctionVersion")};
  if (version.qualifier.data != NULL && !ms_invoke_has(ms_api_invoke(call), &version)) {
    ms_api_no_function(call, &version);
    return false;
  }
  if (ms_json_count(weights) > 1) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                MS_STR("Number of items in AdditionalVersionWeights cannot be greater than 1"));
    return false;
  }
  for (size_t i = 0; i < ms_json_count(weights); i++) {
    struct ms_json weight = ms_json_member(weights, i);
    version.qualifier = ms_json_key(weights, i);
    if (!ms_invoke_has(ms_api_invoke(call), &version)) {
      ms_api_no_function(call, &version);
      return false;
    }
    if (!ms_json_is_number(weight) ||
        !(ms_json_number(weight) >= 0 && ms_json_number(weight) <= 1)) {
      ms_api_fail(call, MS_API_ERROR_VALIDATION, MS_STR("A weight must be a number from 0 to 1"));
      return false;
    }
  }
  return true;
}

int ms_api_alias_put(struct ms_api_call *call, const struct ms_function_name *name,
                     struct ms_json old)
{
  static const char *const copied[] = {"FunctionVersion", "Description", "RoutingConfig"};
  char uuid[37];
  struct ms_str alias_name = ms_api_text(call, "Name");
  if (!check_versions(call, name)) {
    return MSTEP_OK;
  }
  struct ms_json alias = ms_json_is_none(old) ? ms_json_object(4) : ms_json_ref(old);
  int err = ms_json_is_none(old) ? ms_json_setc(&alias, "Description", ms_json_cstring("")) : 0;
  for (size_t i = 0; i < 3 && err == 0; i++) {
    if (ms_api_has(call, copied[i])) {
      err = ms_json_setc(&alias, copied[i], ms_json_ref(ms_api_get(call, copied[i])));
    }
  }
  ms_invoke_uuid(ms_api_invoke(call), uuid);
  err = err != 0 ? err : ms_json_setc(&alias, "RevisionId", ms_json_cstring(uuid));
  if (err != 0) {
    ms_json_unref(alias);
    return err;
  }
  struct ms_json reply = ms_api_alias_show(call, name, alias_name, alias);
  struct ms_json row = ms_api_function_row(call, name);
  if (ms_api_row_set(&row, "Aliases", alias_name, alias) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, name, row, reply);
}
