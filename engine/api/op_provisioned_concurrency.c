/*
 * Provisioned concurrency: kept and shown as ready, because tools ask for it; functions here are always warm. Of a
 * version or an alias, in the row under "ProvisionedConcurrency".
 */
#include "api/function.h"
#include "base/error.h"
#include "base/time.h"

static const char group[] = "ProvisionedConcurrency";

static const struct ms_api_member put_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    {.name = "Qualifier", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 128},
    {.name = "ProvisionedConcurrentExecutions",
     .kind = MS_API_INTEGER,
     .is_required = true,
     .min = 1,
     .max = INT32_MAX},
    MS_MEMBER_END};
static const struct ms_api_member one_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    {.name = "Qualifier", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 128},
    MS_MEMBER_END};
/* The wire has two operations here: List=ALL asks for all of them. */
static const struct ms_api_member get_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MS_MEMBER_QUALIFIER,
    {.name = "List", .kind = MS_API_STRING, .values = "ALL"},
    MS_MEMBERS_PAGE(50),
    MS_MEMBER_END};
static const struct ms_api_member list_members[] = {MS_MEMBER_FUNCTION_NAME, MS_MEMBERS_PAGE(50),
                                                    MS_MEMBER_END};

/* A version or an alias that is there. False: the call has been answered. */
static bool find(struct ms_function_name *name, struct ms_api_call *call)
{
  if (!ms_api_function(name, call)) {
    return false;
  }
  if (name->qualifier.len == 0 || ms_str_is(name->qualifier, MS_INVOKE_LATEST)) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                MS_STR("Provisioned Concurrency Configs cannot be applied to unpublished function "
                       "versions."));
    return false;
  }
  if (!ms_invoke_has(ms_api_invoke(call), name)) {
    ms_api_no_function(call, name);
    return false;
  }
  return true;
}

static struct ms_json kept(struct ms_api_call *call, const struct ms_function_name *name)
{
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name->name);
  return ms_json_get(ms_json_getc(row, group), name->qualifier);
}

/* {"Count", "LastModified"} as Lambda shows it; arn NONE: without. Owned. */
static struct ms_json show(struct ms_json config, struct ms_json arn, const char *status)
{
  char time_text[MS_TIME_TEXT_SIZE];
  int64_t at_ms = 0;
  struct ms_json count = ms_json_getc(config, "Count");
  ms_json_to_int(&at_ms, ms_json_getc(config, "LastModified"));
  ms_time_format_ms(time_text, at_ms);
  bool is_ready = status[0] == 'R';
  struct ms_json out = ms_json_object(6);
  int err = ms_json_is_none(arn) ? MSTEP_OK : ms_json_setc(&out, "FunctionArn", arn);
  err = err != 0
            ? err
            : ms_json_setc(&out, "RequestedProvisionedConcurrentExecutions", ms_json_ref(count));
  static const char *const members[] = {"AvailableProvisionedConcurrentExecutions",
                                        "AllocatedProvisionedConcurrentExecutions"};
  for (size_t i = 0; i < 2 && err == 0; i++) {
    err = ms_json_setc(&out, members[i], is_ready ? ms_json_ref(count) : ms_json_int(0));
  }
  err = err != 0 ? err : ms_json_setc(&out, "Status", ms_json_cstring(status));
  err =
      err != 0 ? err : ms_json_setc(&out, "LastModified", ms_json_stringf("%.19s+0000", time_text));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static int put(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!find(&name, call)) {
    return MSTEP_OK;
  }
  int64_t count = ms_api_int(call, "ProvisionedConcurrentExecutions", 1);
  struct ms_json row = ms_api_function_row(call, &name);
  struct ms_json config = ms_api_object("Count", ms_json_int(count));
  int err =
      ms_json_setc(&config, "LastModified", ms_json_int(ms_engine_now_ms(ms_api_engine(call))));
  struct ms_json reply = show(config, MS_JSON_VALUE_NONE, "IN_PROGRESS");
  err = err != 0 ? err : ms_api_row_set(&row, group, name.qualifier, ms_json_ref(config));
  ms_json_unref(config);
  if (err != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, reply);
}

static int no_config(struct ms_api_call *call)
{
  return ms_api_fail(call, MS_API_ERROR_NO_PROVISIONED_CONCURRENCY, MS_STR(""));
}

static int delete(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!find(&name, call)) {
    return MSTEP_OK;
  }
  if (ms_json_is_none(kept(call, &name))) {
    return no_config(call);
  }
  struct ms_json row = ms_api_function_row(call, &name);
  if (ms_api_row_set(&row, group, name.qualifier, MS_JSON_VALUE_NONE) != 0) {
    ms_json_replace(&row, MS_JSON_VALUE_NONE);
  }
  return ms_api_function_put(call, &name, row, ms_json_object(0));
}

/* All of them: there are few. */
static int list(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (!ms_api_plain_function(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json configs = ms_json_getc(ms_invoke_row(ms_api_invoke(call), name.name), group);
  struct ms_json out = ms_json_array(ms_json_count(configs));
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(configs) && err == 0; i++) {
    name.qualifier = ms_json_key(configs, i);
    err = ms_json_push(
        &out, show(ms_json_member(configs, i), ms_api_function_arn(call, &name, false), "READY"));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_page(call, "ProvisionedConcurrencyConfigs", out);
}

static int get(struct ms_api_call *call)
{
  struct ms_function_name name;
  if (ms_api_has(call, "List")) {
    return list(call);
  }
  if (!find(&name, call)) {
    return MSTEP_OK;
  }
  struct ms_json config = kept(call, &name);
  return ms_json_is_none(config)
             ? no_config(call)
             : ms_api_reply_json(call, show(config, MS_JSON_VALUE_NONE, "READY"));
}

const struct ms_op ms_op_put_provisioned_concurrency = {put_members, put};
const struct ms_op ms_op_get_provisioned_concurrency = {get_members, get};
const struct ms_op ms_op_delete_provisioned_concurrency = {one_members, delete};
const struct ms_op ms_op_list_provisioned_concurrency = {list_members, list};
