/*
 * Leaving a state: ResultSelector, ResultPath, OutputPath (or Output), Assign, StateExited, and what a
 * reached end means for the frame. All references see the values of state entry.
 */
#include "asl/state_type.h"
#include "base/error.h"
#include "core/decision.h"
#include "core/fail.h"

/* ResultSelector and ResultPath: what OutputPath works on; *out owned. */
static int place_result(struct ms_json *out, struct ms_decision *decision,
                        const struct ms_frame *frame, const struct ms_exit *how,
                        struct ms_failure *failure)
{
  const struct ms_state *state = frame->state;
  if (state->is_discarding) {
    *out = ms_json_ref(frame->input);
    return 0;
  }
  struct ms_json result = ms_json_ref(how->output);
  if (state->result_selector != NULL) {
    ms_json_unref(result);
    int status = ms_query_eval(&result, state->result_selector,
                               ms_decision_query(decision, frame, how->output), failure);
    if (status != 0)
      return status;
  }
  ms_decision_inspect(decision, "afterResultSelector", result);
  if (state->result_path == NULL) {
    *out = result;
    return 0;
  }
  return ms_jsonpath_put(out, state->result_path, frame->input, result, failure);
}

static int shape_by_paths(struct ms_json *out, struct ms_decision *decision,
                          const struct ms_frame *frame, const struct ms_exit *how,
                          struct ms_failure *failure)
{
  struct ms_json value;
  int status = 0;
  if (how->has_result)
    status = place_result(&value, decision, frame, how, failure);
  else
    value = ms_json_ref(how->output);
  if (status != 0)
    return status;
  if (how->has_result)
    ms_decision_inspect(decision, "afterResultPath", value);
  if (frame->state->output_path == NULL) {
    *out = value;
    return 0;
  }
  status = ms_query_eval(out, frame->state->output_path, ms_decision_query(decision, frame, value),
                         failure);
  ms_json_unref(value);
  return status;
}

static struct ms_query_env *expression_env(struct ms_decision *decision, const struct ms_frame *frame,
                                           const struct ms_exit *how)
{
  struct ms_query_env *env = ms_decision_query(decision, frame, frame->input);
  env->result = how->result;
  return env;
}

/* Puts the place of the field in front of the location: "Choices[1]/" + "Output/v". */
static void prefix_location(struct ms_failure *failure, const char *prefix)
{
  if (prefix == NULL || *prefix == '\0' || !ms_json_is_string(failure->location))
    return;
  struct ms_json location = ms_json_stringf("%s%.*s", prefix, MS_STR_ARG(ms_json_text(failure->location)));
  ms_json_replace(&failure->location, location);
}

static int shape_output(struct ms_json *out, struct ms_decision *decision,
                        const struct ms_frame *frame, const struct ms_exit *how,
                        struct ms_failure *failure)
{
  if (ms_state_is_jsonpath(frame->state))
    return shape_by_paths(out, decision, frame, how, failure);
  if (how->output_query == NULL) {
    *out = ms_json_ref(how->output);
    return 0;
  }
  int status = ms_query_eval(out, how->output_query, expression_env(decision, frame, how), failure);
  prefix_location(failure, how->field);
  return status;
}

static int shape_assigned(struct ms_json *out, struct ms_decision *decision,
                          const struct ms_frame *frame, const struct ms_exit *how,
                          struct ms_failure *failure)
{
  *out = MS_JSON_VALUE_NONE;
  if (how->assign == NULL)
    return 0;
  struct ms_query_env *env = ms_state_is_jsonpath(frame->state)
                                 ? ms_decision_query(decision, frame, how->assign_root)
                                 : expression_env(decision, frame, how);
  int status = ms_query_eval(out, how->assign, env, failure);
  prefix_location(failure, how->field);
  if (status == 0 && ms_json_count(*out) == 0)
    ms_json_replace(out, MS_JSON_VALUE_NONE); /* nothing assigned: the event does not mention it */
  return status;
}

static int end_machine(struct ms_decision *decision, struct ms_json output)
{
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_EXECUTION_SUCCEEDED, NULL);
  if (event == NULL)
    return ms_error_nomem();
  event->data = ms_json_ref(output);
  if (decision->execution->timer_at_ms != 0)
    event->flags |= MS_EVENT_CLEARS_TIMER;
  return 0;
}

/* The frame's flow has reached its end: success of the execution, a branch or an iteration. */
static int end_flow(struct ms_decision *decision, const struct ms_frame *frame, struct ms_json output)
{
  const struct ms_frame *parent = ms_execution_frame(decision->execution, frame->parent);
  if (parent == NULL)
    return end_machine(decision, output);
  bool is_branch = frame->flow->kind == MS_FLOW_BRANCH;
  struct ms_event *event = ms_decision_event(
      decision, is_branch ? MS_EVENT_BRANCH_SUCCEEDED : MS_EVENT_MAP_ITERATION_SUCCEEDED, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->state = parent->state->index;
  event->number = frame->index;
  event->data = ms_json_ref(output);
  return 0;
}

int ms_decision_finish(struct ms_decision *decision, const struct ms_frame *frame)
{
  return end_flow(decision, frame, frame->input);
}

int ms_decision_leave(struct ms_decision *decision, const struct ms_frame *frame, struct ms_json output,
                      struct ms_json assigned, uint32_t next)
{
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_STATE_EXITED, frame);
  if (event == NULL) {
    ms_json_unref(assigned);
    return ms_error_nomem();
  }
  event->data = ms_json_ref(output);
  event->more = assigned;
  event->number = next;
  return next == MS_STATE_NONE ? end_flow(decision, frame, output) : 0;
}

int ms_decision_exit(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_exit *how)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json output = MS_JSON_VALUE_NONE, assigned = MS_JSON_VALUE_NONE;
  int status = shape_output(&output, decision, frame, how, &failure);
  if (status == 0)
    status = shape_assigned(&assigned, decision, frame, how, &failure);
  if (status != 0) {
    status = ms_decision_settle(decision, frame, status, &failure);
  } else {
    status = ms_decision_check_limits(decision, frame, output, assigned, &failure);
    if (status == 0) {
      status = ms_decision_leave(decision, frame, output, assigned, how->next);
      assigned = MS_JSON_VALUE_NONE;
    } else if (status == MS_FAILED) {
      status = ms_decision_fail(decision, frame, &failure);
    }
  }
  ms_json_unref(assigned);
  ms_json_unref(output);
  ms_failure_deinit(&failure);
  return status;
}

int ms_decision_exit_result(struct ms_decision *decision, const struct ms_frame *frame,
                            struct ms_json result)
{
  if (frame->state->type->flows == NULL)
    ms_decision_inspect(decision, "result", result);
  struct ms_exit how = {.result = result,
                        .output = result,
                        .has_result = true,
                        .assign_root = result,
                        .assign = frame->state->assign,
                        .output_query = frame->state->output,
                        .next = frame->state->next};
  return ms_decision_exit(decision, frame, &how);
}
