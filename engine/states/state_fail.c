/* Fail: ends its flow with an Error and a Cause, literal, by path, by intrinsic or by expression. */
#include "base/error.h"
#include "core/decision.h"
#include "states/types.h"

#include <stddef.h>

struct state_fail {
  struct ms_state base;
  struct ms_setting error;
  struct ms_setting cause;
};

static const struct ms_field fail_fields[] = {
    MS_FIELDS_COMMON,
    {"Error", MS_FIELD_TEXT, MS_FIELD_IN_ALL, offsetof(struct state_fail, error), 0, 0, 0},
    {"ErrorPath", MS_FIELD_TEXT_PATH, MS_FIELD_IN_JSONPATH, offsetof(struct state_fail, error), 0, 0, 0},
    {"Cause", MS_FIELD_TEXT, MS_FIELD_IN_ALL, offsetof(struct state_fail, cause), 0, 0, 0},
    {"CausePath", MS_FIELD_TEXT_PATH, MS_FIELD_IN_JSONPATH, offsetof(struct state_fail, cause), 0, 0, 0},
    MS_FIELDS_END};

static const struct ms_field_group fail_groups[] = {
    {false, {"Error", "ErrorPath"}}, {false, {"Cause", "CausePath"}}, {false, {NULL}}};

/* A text that must turn out to be a string; *out owned, NONE when absent. */
static int text_of(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                   const struct ms_setting *setting, struct ms_failure *failure)
{
  int status = ms_decision_setting(out, decision, frame, setting, frame->input, failure);
  if (status != 0 || ms_json_is_none(*out) || ms_json_is_string(*out))
    return status;
  const char *error = setting->kind == MS_SETTING_QUERY &&
                              ms_str_has_suffix(ms_str_c(setting->field), "Path")
                          ? "States.Runtime"
                          : "States.QueryEvaluationError";
  status = ms_fail(failure, error,
                   "The value of the field '%s' must be a string, but was of type '%s'",
                   setting->field, ms_json_type_name(*out));
  ms_json_replace(out, MS_JSON_VALUE_NONE);
  return status;
}

static int fail_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  const struct state_fail *state = (const struct state_fail *)frame->state;
  struct ms_failure own = MS_FAILURE_INIT, broken = MS_FAILURE_INIT;
  ms_decision_inspect_path(decision, frame, "afterInputPath", frame->input);
  int status = text_of(&own.error, decision, frame, &state->error, &broken);
  if (status == 0)
    status = text_of(&own.cause, decision, frame, &state->cause, &broken);
  if (status == 0)
    status = ms_decision_fail(decision, frame, &own);
  else
    status = ms_decision_settle(decision, frame, status, &broken);
  ms_failure_deinit(&own);
  ms_failure_deinit(&broken);
  return status;
}

const struct ms_state_type ms_state_fail = {
    .name = "Fail",
    .size = sizeof(struct state_fail),
    .is_terminal = true,
    .fields = fail_fields,
    .groups = fail_groups,
    .enter = fail_enter,
};
