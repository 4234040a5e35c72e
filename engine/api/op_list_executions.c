/*
 * ListExecutions, newest first. Without stateMachineArn, where AWS answers with an error: the
 * executions of all machines.
 */
#include "api/members.h"
#include "base/error.h"
#include "runtime/catalog.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("stateMachineArn", false),
    {.name = "mapRunArn", .kind = MS_API_STRING, .min = 1, .max = MS_API_LONG_ARN_MAX},
    {.name = "statusFilter",
     .kind = MS_API_STRING,
     .values = "SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING"},
    {.name = "redriveFilter", .kind = MS_API_STRING, .values = "REDRIVEN, NOT_REDRIVEN"},
    MS_MEMBER_MAX_RESULTS,
    {.name = "nextToken", .kind = MS_API_STRING, .min = 1, .max = 3096},
    MS_MEMBER_END};

static int status_of(struct ms_str text)
{
  static const char *const names[] = {"RUNNING", "SUCCEEDED", "FAILED",
                                      "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"};
  for (int i = 0; i < 6; i++) {
    if (ms_str_is(text, names[i])) {
      return i;
    }
  }
  return -1;
}

/* Answers for what a list does not work with. */
static bool is_refused(struct ms_api_call *call, struct ms_str machine)
{
  if (ms_str_is(ms_api_text(call, "statusFilter"), "PENDING_REDRIVE")) {
    ms_api_fail(call, MS_API_ERROR_VALIDATION,
                MS_STR("Invalid Status filter: PENDING_REDRIVE needs a mapRunArn"));
    return true;
  }
  if (machine.data == NULL) {
    return false;
  }
  struct ms_json alias = ms_catalog_get(ms_api_engine(call), "alias", machine);
  struct ms_str described =
      ms_json_is_none(alias) ? machine : ms_json_text(ms_json_getc(alias, "machine"));
  struct ms_json type = ms_api_described(call, ms_engine_machine_describe, described, "type");
  bool is_express = ms_str_is(ms_json_text(type), "EXPRESS");
  bool is_missing = ms_json_is_none(type);
  ms_json_unref(type);
  if (is_missing) {
    ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DOES_NOT_EXIST, machine);
  } else if (is_express) {
    ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_TYPE_NOT_SUPPORTED, MS_STR(""));
  }
  return is_missing || is_express;
}

/* Of a map run: its children. */
static int list_children(struct ms_api_call *call)
{
  struct ms_str filter = ms_api_text(call, "redriveFilter");
  const struct ms_engine_children_list list = {
      .map_run_arn = ms_api_text(call, "mapRunArn"),
      .status = status_of(ms_api_text(call, "statusFilter")),
      .redrive_filter = filter.len == 0 ? -1 : ms_str_is(filter, "REDRIVEN"),
      .max_results = (unsigned)ms_api_int(call, "maxResults", 0),
      .next_token = ms_api_text(call, "nextToken"),
  };
  if (ms_api_has(call, "stateMachineArn")) {
    return ms_api_fail(call, MS_API_ERROR_VALIDATION,
                       MS_STR("Must specify either a stateMachineArn or a mapRunArn, but not both"));
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_engine_children_list(&text, ms_api_engine(call), &list);
  if (err == 0) {
    return ms_api_reply_buf(call, &text);
  }
  ms_buf_deinit(&text);
  if (err == MSTEP_ENOTFOUND) {
    return ms_api_fail_f(call, MS_API_ERROR_STEP_RESOURCE_NOT_FOUND, "Resource not found: '%.*s'",
                         MS_STR_ARG(list.map_run_arn));
  }
  return err == MSTEP_EINVALID ? ms_api_fail(call, MS_API_ERROR_INVALID_TOKEN, MS_STR("")) : err;
}

static int run(struct ms_api_call *call)
{
  if (ms_api_has(call, "mapRunArn")) {
    return list_children(call);
  }
  struct ms_engine_list list = {
      .status = status_of(ms_api_text(call, "statusFilter")),
      .max_results = (unsigned)ms_api_int(call, "maxResults", 0),
      .next_token = ms_api_text(call, "nextToken"),
  };
  if (ms_api_has(call, "stateMachineArn")) {
    list.machine_arn = ms_api_arn(call, "stateMachineArn", "stateMachine");
    if (list.machine_arn.data == NULL) {
      return MSTEP_OK;
    }
  }
  if (is_refused(call, list.machine_arn)) {
    return MSTEP_OK;
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_engine_execution_list(&text, ms_api_engine(call), &list);
  if (err == 0) {
    return ms_api_reply_buf(call, &text);
  }
  ms_buf_deinit(&text);
  if (err == MSTEP_ENOTFOUND) {
    return ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DOES_NOT_EXIST, list.machine_arn);
  }
  return err == MSTEP_EINVALID ? ms_api_fail(call, MS_API_ERROR_INVALID_TOKEN, MS_STR("")) : err;
}

const struct ms_op ms_op_list_executions = {members, run};
