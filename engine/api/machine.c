/* See machine.h. */
#include "api/machine.h"

#include "base/error.h"

static const struct ms_api_member log_group_members[] = {
    {.name = "logGroupArn", .kind = MS_API_STRING, .min = 1, .max = MS_API_ARN_MAX},
    MS_MEMBER_END};

static const struct ms_api_member destination_members[] = {
    {.name = "cloudWatchLogsLogGroup", .kind = MS_API_STRUCTURE, .members = log_group_members},
    MS_MEMBER_END};

const struct ms_api_member ms_api_logging_members[] = {
    {.name = "level", .kind = MS_API_STRING, .values = "ALL, ERROR, FATAL, OFF"},
    {.name = "includeExecutionData", .kind = MS_API_BOOLEAN},
    {.name = "destinations", .kind = MS_API_LIST, .members = destination_members},
    MS_MEMBER_END};

const struct ms_api_member ms_api_tracing_members[] = {{.name = "enabled", .kind = MS_API_BOOLEAN},
                                                       MS_MEMBER_END};

const struct ms_api_member ms_api_encryption_members[] = {
    {.name = "type",
     .kind = MS_API_STRING,
     .is_required = true,
     .values = "AWS_OWNED_KEY, CUSTOMER_MANAGED_KMS_KEY"},
    {.name = "kmsKeyId", .kind = MS_API_STRING, .min = 1, .max = 2048},
    {.name = "kmsDataKeyReusePeriodSeconds", .kind = MS_API_INTEGER, .min = 60, .max = 900},
    MS_MEMBER_END};

enum ms_log_level ms_api_log_level(const struct ms_api_call *call)
{
  static const char *const names[] = {[MS_LOG_FATAL] = "FATAL", [MS_LOG_ERROR] = "ERROR",
                                      [MS_LOG_ALL] = "ALL"};
  struct ms_str level =
      ms_json_text(ms_json_getc(ms_api_get(call, "loggingConfiguration"), "level"));
  for (int i = MS_LOG_FATAL; i <= MS_LOG_ALL; i++) {
    if (ms_str_is(level, names[i])) {
      return (enum ms_log_level)i;
    }
  }
  return MS_LOG_OFF;
}

bool ms_api_machine_check(struct ms_api_call *call)
{
  struct ms_json destinations =
      ms_json_getc(ms_api_get(call, "loggingConfiguration"), "destinations");
  if (ms_api_log_level(call) != MS_LOG_OFF && ms_json_count(destinations) != 1) {
    ms_api_fail(call, MS_API_ERROR_INVALID_LOGGING_CONFIGURATION,
                MS_STR("Must specify exactly one Log Destination."));
    return false;
  }
  if (ms_api_has(call, "versionDescription") && !ms_api_bool(call, "publish", false)) {
    ms_api_fail(call, MS_API_ERROR_VALIDATION,
                MS_STR("Version description can only be set when publish is true"));
    return false;
  }
  return true;
}

/* `CODE: text at /pointer, CODE: ...`; `user` is a ms_buf. */
static void add_problem(const struct ms_engine_diagnostic *problem, void *user)
{
  struct ms_buf *out = user;
  if (!problem->is_error) {
    return;
  }
  /* Places in text that is not JSON begin with a bracket and stand on a line of their own. */
  const char *at = problem->pointer[0] == '[' ? "\n at " : " at ";
  ms_buf_printf(out, "%s%s: %s%s%s", out->len == 0 ? "" : ", ", problem->code, problem->message, at,
                problem->pointer[0] == '\0' ? "null" : problem->pointer);
}

int ms_api_machine_update(struct ms_engine *engine, struct ms_str arn,
                          const struct ms_engine_machine_request *changes,
                          ms_engine_diagnostic_cb report, void *user)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_engine_machine_request request = *changes;
  struct ms_json machine = MS_JSON_VALUE_NONE;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_engine_machine_describe(&text, engine, arn);
  err = err != 0 ? err : text.error;
  if (err == 0) {
    err = ms_json_parse(&machine, ms_buf_view(&text), &limits, NULL);
  }
  if (err == 0) {
    char same[MS_ENGINE_ARN_SIZE];
    request.name = ms_json_text(ms_json_getc(machine, "name"));
    request.is_express = ms_str_is(ms_json_text(ms_json_getc(machine, "type")), "EXPRESS");
    request.is_update = true;
    if (request.definition.data == NULL) {
      request.definition = ms_json_text(ms_json_getc(machine, "definition"));
    }
    err = ms_engine_machine_create(same, engine, &request, report, user);
  }
  ms_json_unref(machine);
  ms_buf_deinit(&text);
  return err;
}

int ms_api_machine_make(struct ms_api_call *call, struct ms_str arn,
                        const struct ms_engine_machine_request *request,
                        int (*then)(struct ms_api_call *call))
{
  char created[MS_ENGINE_ARN_SIZE] = "";
  struct ms_buf problems;
  ms_buf_init(&problems, 0);
  struct ms_engine *engine = ms_api_engine(call);
  int err = arn.data != NULL
                ? ms_api_machine_update(engine, arn, request, add_problem, &problems)
                : ms_engine_machine_create(created, engine, request, add_problem, &problems);
  if (err == MSTEP_EDEFINITION && problems.error == 0) {
    err = ms_api_fail(call, MS_API_ERROR_INVALID_DEFINITION, ms_buf_view(&problems));
  } else if (err == MSTEP_EEXISTS) {
    err = ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_ALREADY_EXISTS, ms_str_c(created));
  } else if (err == MSTEP_ENOTFOUND) {
    err = ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DOES_NOT_EXIST, arn);
  } else if (err == 0) {
    ms_api_keep(call, ms_json_string(arn.data != NULL ? arn : ms_str_c(created)));
    err = ms_api_accept(call, then);
  }
  ms_buf_deinit(&problems);
  return err;
}
