/* See machine.h. */
#include "api/machine.h"

#include "api/tags.h"
#include "base/error.h"

static const struct ms_api_member log_group_members[] = {
    {.name = "logGroupArn", .kind = MS_API_STRING, .min = 1, .max = MS_API_ARN_MAX}, MS_MEMBER_END};

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

static enum ms_log_level log_level(struct ms_json configuration)
{
  static const char *const names[] = {
      [MS_LOG_FATAL] = "FATAL", [MS_LOG_ERROR] = "ERROR", [MS_LOG_ALL] = "ALL"};
  struct ms_str level =
      ms_json_text(ms_json_getc(ms_json_getc(configuration, "loggingConfiguration"), "level"));
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
  if (log_level(ms_api_get(call, NULL)) != MS_LOG_OFF && ms_json_count(destinations) != 1) {
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

/* ---- configurations ---- */

/* `into` with the members of `from` that are given. */
static int merge(struct ms_json *into, struct ms_json from)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(from) && err == 0; i++) {
    if (!ms_json_is_null(ms_json_member(from, i))) {
      err = ms_json_set(into, ms_json_key(from, i), ms_json_ref(ms_json_member(from, i)));
    }
  }
  return err;
}

/*
 * What the machine is to have: the defaults, over them what `there` (a description; NONE: none)
 * has, and what the request gives. A part that is given replaces the whole part, members left out
 * have AWS's default.
 */
static int make_configuration(struct ms_json *out, const struct ms_api_call *call,
                              struct ms_json there)
{
  int err = ms_json_parse(out, MS_STR(MS_ENGINE_CONFIGURATION_DEFAULT), NULL, NULL);
  for (size_t i = 0; err == 0 && i < ms_json_count(*out); i++) {
    struct ms_str name = ms_json_key(*out, i);
    struct ms_json given = ms_json_get(ms_api_get(call, NULL), name);
    struct ms_json part = ms_json_ref(ms_json_member(*out, i));
    bool is_given = ms_json_is_object(given);
    err = merge(&part, is_given ? given : ms_json_get(there, name));
    if (err == 0) {
      err = ms_json_set(out, name, part);
    } else {
      ms_json_unref(part);
    }
  }
  return err;
}

/* ---- create, update ---- */

/* `CODE: text at /pointer, CODE: ...`; `user` is a ms_buf. */
void ms_api_add_problem(const struct ms_engine_diagnostic *problem, void *user)
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

/* The description of the machine with that ARN. */
static int read_machine(struct ms_json *out, struct ms_engine *engine, struct ms_str arn)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  *out = MS_JSON_VALUE_NONE;
  int err = ms_engine_machine_describe(&text, engine, arn);
  err = err != 0 ? err : text.error;
  err = err != 0 ? err : ms_json_parse(out, ms_buf_view(&text), &limits, NULL);
  ms_buf_deinit(&text);
  return err;
}

/* Fills in what a change does not say. */
static void complete(struct ms_engine_machine_request *request, struct ms_json machine)
{
  request->name = ms_json_text(ms_json_getc(machine, "name"));
  request->is_express = ms_str_is(ms_json_text(ms_json_getc(machine, "type")), "EXPRESS");
  request->is_update = true;
  if (request->definition.data == NULL) {
    request->definition = ms_json_text(ms_json_getc(machine, "definition"));
  }
  if (request->role_arn.data == NULL) {
    request->role_arn = ms_json_text(ms_json_getc(machine, "roleArn"));
  }
}

int ms_api_machine_update(struct ms_engine *engine, struct ms_str arn, struct ms_str definition,
                          ms_engine_diagnostic_cb report, void *user)
{
  struct ms_json machine;
  int err = read_machine(&machine, engine, arn);
  if (err == 0) {
    char same[MS_ENGINE_ARN_SIZE];
    struct ms_engine_machine_request request = {.definition = definition,
                                                .log_level = log_level(machine)};
    complete(&request, machine);
    err = ms_engine_machine_create(same, engine, &request, report, user);
  }
  ms_json_unref(machine);
  return err;
}

/* `machine`: the description of what is there; NONE: nothing is. */
static int make(struct ms_api_call *call, struct ms_json machine,
                const struct ms_engine_machine_request *wanted, struct ms_buf *problems,
                char arn[MS_ENGINE_ARN_SIZE])
{
  struct ms_engine_machine_request request = *wanted;
  struct ms_json configuration = MS_JSON_VALUE_NONE;
  int err = make_configuration(&configuration, call, machine);
  struct ms_json text = err == 0 ? ms_json_print_value(configuration) : MS_JSON_VALUE_NONE;
  err = err == 0 && ms_json_is_none(text) ? ms_error_nomem() : err;
  if (err == 0) {
    request.configuration = ms_json_text(text);
    request.log_level = log_level(configuration);
    request.is_published = ms_api_bool(call, "publish", false);
    if (!ms_json_is_none(machine)) {
      complete(&request, machine);
    }
    err = ms_engine_machine_create(arn, ms_api_engine(call), &request, ms_api_add_problem, problems);
  }
  ms_json_unref(configuration);
  ms_json_unref(text);
  return err;
}

/* Publishes it, if that was asked for, and keeps the ARNs. */
static int keep_made(struct ms_api_call *call, const char *made)
{
  static const struct ms_str current;
  char version[MS_ENGINE_ARN_SIZE];
  struct ms_json kept = ms_api_object("stateMachineArn", ms_json_cstring(made));
  int err = ms_json_is_none(kept) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && ms_api_bool(call, "publish", false)) {
    err = ms_engine_machine_publish(version, ms_api_engine(call), ms_str_c(made), current,
                                    ms_api_text(call, "versionDescription"));
    err = err != 0 ? err
                   : ms_json_setc(&kept, "stateMachineVersionArn", ms_json_cstring(version));
  }
  ms_api_keep(call, kept);
  return err;
}

static bool is_deleting(struct ms_api_call *call, const char *arn)
{
  struct ms_json status =
      ms_api_described(call, ms_engine_machine_describe, ms_str_c(arn), "status");
  bool is_so = ms_str_is(ms_json_text(status), "DELETING");
  ms_json_unref(status);
  return is_so;
}

int ms_api_machine_make(struct ms_api_call *call, struct ms_str arn,
                        const struct ms_engine_machine_request *request,
                        int (*then)(struct ms_api_call *call))
{
  char made[MS_ENGINE_ARN_SIZE] = "";
  struct ms_json machine = MS_JSON_VALUE_NONE;
  struct ms_buf problems;
  ms_buf_init(&problems, 0);
  char named[MS_ENGINE_ARN_SIZE];
  bool is_new = arn.data == NULL &&
                ms_engine_arn(named, ms_api_engine(call), "stateMachine", request->name) == 0 &&
                !ms_engine_machine_is_there(ms_api_engine(call), ms_str_c(named));
  int err = arn.data == NULL ? MSTEP_OK : read_machine(&machine, ms_api_engine(call), arn);
  if (arn.data != NULL && !ms_engine_machine_is_there(ms_api_engine(call), arn)) {
    err = MSTEP_ENOTFOUND; /* a version stays as it is */
  }
  err = err != 0 ? err : make(call, machine, request, &problems, made);
  if (err == MSTEP_EDEFINITION && problems.error == 0) {
    err = ms_api_fail(call, MS_API_ERROR_INVALID_DEFINITION, ms_buf_view(&problems));
  } else if (err == MSTEP_EEXISTS) {
    err = ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_ALREADY_EXISTS, ms_str_c(made));
  } else if (err == MSTEP_ENOTFOUND) {
    err = ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DOES_NOT_EXIST, arn);
  } else if (err == MSTEP_ESTATE && is_deleting(call, made)) {
    err = ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DELETING, ms_str_c(made));
  } else if (err == 0 && is_new && ms_api_has(call, "tags")) {
    err = ms_api_tags_set(call, ms_str_c(made), ms_json_ref(ms_api_get(call, "tags")));
  }
  if (err == 0 && !ms_api_is_answered(call)) {
    err = keep_made(call, made);
    err = err != 0 ? err : ms_api_accept(call, then);
  }
  if (err == MSTEP_ETOOBIG && ms_str_has_prefix(ms_str_c(ms_error_detail()), "A state machine can")) {
    err = ms_api_fail(call, MS_API_ERROR_SERVICE_QUOTA_EXCEEDED, ms_str_c(ms_error_detail()));
  }
  ms_json_unref(machine);
  ms_buf_deinit(&problems);
  return err;
}
