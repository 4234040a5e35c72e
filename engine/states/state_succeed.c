/* Succeed: ends its flow with its input, shaped by InputPath and OutputPath or Output. */
#include "core/decision.h"
#include "states/types.h"

#include <stddef.h>

static const struct ms_field succeed_fields[] = {MS_FIELDS_COMMON, MS_FIELDS_PATHS,
                                                 MS_FIELDS_OUTPUT(0), MS_FIELDS_END};

static int succeed_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json input = MS_JSON_VALUE_NONE;
  int status = ms_decision_input(&input, decision, frame, &failure);
  if (status != 0) {
    status = ms_decision_settle(decision, frame, status, &failure);
  } else {
    struct ms_exit how = {
        .output = input, .output_query = frame->state->output, .next = MS_STATE_NONE};
    status = ms_decision_exit(decision, frame, &how);
  }
  ms_json_unref(input);
  ms_failure_deinit(&failure);
  return status;
}

const struct ms_state_type ms_state_succeed = {
    .name = "Succeed",
    .size = sizeof(struct ms_state),
    .is_terminal = true,
    .fields = succeed_fields,
    .enter = succeed_enter,
};
