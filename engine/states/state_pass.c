/* Pass: hands its input on, changed by a literal Result, Parameters, Output or Assign. */
#include "core/decision.h"
#include "states/types.h"

#include <stddef.h>

struct state_pass {
  struct ms_state base;
  struct ms_json result; /* NONE when absent */
};

static const struct ms_field pass_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"Parameters", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH, offsetof(struct ms_state, parameters), 0, 0, 0},
    {"Result", MS_FIELD_JSON, MS_FIELD_IN_JSONPATH, offsetof(struct state_pass, result), 0, 0, 0},
    MS_FIELDS_RESULT_PATH,
    MS_FIELDS_OUTPUT(0),
    MS_FIELDS_ASSIGN(0),
    MS_FIELDS_END};

static int pass_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  const struct state_pass *state = (const struct state_pass *)frame->state;
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json value = MS_JSON_VALUE_NONE;
  int status = 0;
  if (!ms_json_is_none(state->result)) {
    value = ms_json_ref(state->result); /* literal: never evaluated, and input shaping is moot */
    ms_decision_inspect(decision, "result", value);
  } else {
    status = ms_decision_arguments(&value, decision, frame, &failure);
  }
  if (status != 0) {
    status = ms_decision_settle(decision, frame, status, &failure);
  } else {
    struct ms_exit how = {.output = value,
                          .has_result = true,
                          .assign_root = value,
                          .assign = state->base.assign,
                          .output_query = state->base.output,
                          .next = state->base.next};
    status = ms_decision_exit(decision, frame, &how);
  }
  ms_json_unref(value);
  ms_failure_deinit(&failure);
  return status;
}

const struct ms_state_type ms_state_pass = {
    .name = "Pass",
    .size = sizeof(struct state_pass),
    .has_next = true,
    .fields = pass_fields,
    .enter = pass_enter,
};
