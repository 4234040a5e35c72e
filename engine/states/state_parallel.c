/* Parallel: runs all branches on copies of its input; the result is the array of their outputs. */
#include "base/error.h"
#include "core/decision.h"
#include "states/types.h"

#include <stddef.h>

struct state_parallel {
  struct ms_state base;
  struct ms_branches branches;
};

static const struct ms_field parallel_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"Branches", MS_FIELD_BRANCHES, MS_FIELD_IN_ALL | MS_FIELD_REQUIRED,
     offsetof(struct state_parallel, branches), 0, 0, 0},
    {"Parameters", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH, offsetof(struct ms_state, parameters), 0, 0, 0},
    {"Arguments", MS_FIELD_TEMPLATE, MS_FIELD_IN_OTHERS, offsetof(struct ms_state, parameters), 0, 0, 0},
    MS_FIELDS_RESULT_SELECTOR,
    MS_FIELDS_RESULT_PATH,
    MS_FIELDS_OUTPUT(MS_FIELD_RESULT),
    MS_FIELDS_ASSIGN(MS_FIELD_RESULT),
    MS_FIELDS_RETRY_CATCH,
    MS_FIELDS_END};

static struct ms_flow *const *parallel_flows(const struct ms_state *state)
{
  return ((const struct state_parallel *)state)->branches.flows;
}

static int parallel_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  const struct state_parallel *state = (const struct state_parallel *)frame->state;
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json input = MS_JSON_VALUE_NONE;
  int status = ms_decision_arguments(&input, decision, frame, &failure);
  if (status == 0) {
    struct ms_event *event = ms_decision_event(decision, MS_EVENT_PARALLEL_STARTED, frame);
    if (event == NULL) {
      status = ms_error_nomem();
    } else {
      event->number = state->branches.count;
      event->data = ms_json_ref(input);
    }
  } else {
    status = ms_decision_settle(decision, frame, status, &failure);
  }
  ms_json_unref(input);
  ms_failure_deinit(&failure);
  return status;
}

/* All branches have ended well: their outputs, in branch order, are the result. */
static int parallel_on_command(struct ms_decision *decision, const struct ms_frame *frame,
                               const struct ms_command *command)
{
  (void)command;
  const struct ms_children *children = frame->children;
  struct ms_json result = ms_json_array(children->count);
  for (uint32_t i = 0; i < children->count; i++)
    if (ms_json_push(&result, ms_json_ref(children->outputs[i])) < 0) {
      ms_json_unref(result);
      return ms_error_nomem();
    }
  if (ms_decision_is_too_large(decision, result)) {
    ms_json_unref(result);
    return ms_decision_fail_too_large(decision, frame);
  }
  uint32_t last = decision->previous; /* AWS leaves ...Succeeded out of the chain */
  int status = ms_decision_write(decision, MS_EVENT_PARALLEL_SUCCEEDED, frame, MS_JSON_VALUE_NONE,
                                 MS_JSON_VALUE_NONE);
  decision->previous = last;
  if (status == 0)
    status = ms_decision_exit_result(decision, frame, result);
  ms_json_unref(result);
  return status;
}

const struct ms_state_type ms_state_parallel = {
    .name = "Parallel",
    .size = sizeof(struct state_parallel),
    .has_next = true,
    .fields = parallel_fields,
    .flows = parallel_flows,
    .enter = parallel_enter,
    .on_command = parallel_on_command,
};
