/*
 * Payloads and variables against env->limits: how long they are, and the failure when they are too long.
 * Histories are turn.c's, times redrive.c's and decide.c's.
 */
#include "core/fail.h"

/* ---- how long ---- */

bool ms_decision_is_too_large(const struct ms_decision *decision, struct ms_json value)
{
  size_t limit = decision->env->limits->payload_bytes;
  return limit != 0 && !ms_json_fits(value, limit);
}

/* The values of an object, but for those of which `others` has a newer one. */
static size_t values_bytes(struct ms_json object, struct ms_json others)
{
  size_t bytes = 0;
  for (size_t i = 0; i < ms_json_count(object); i++)
    if (ms_json_is_none(ms_json_get(others, ms_json_key(object, i))))
      bytes += ms_json_size_bytes(ms_json_member(object, i));
  return bytes;
}

/* The frame that is an execution of its own: the machine's, or the child of a map run around `frame`. */
static const struct ms_frame *execution_of(const struct ms_decision *decision,
                                           const struct ms_frame *frame)
{
  while (frame->parent != MS_FRAME_NONE && !frame->flow->is_distributed)
    frame = ms_execution_frame(decision->execution, frame->parent);
  return frame;
}

static bool assigns_too_much(const struct ms_decision *decision, const struct ms_frame *frame,
                             struct ms_json assigned)
{
  const struct ms_core_limits *limits = decision->env->limits;
  if (limits->payload_bytes == 0 && limits->variables_bytes == 0)
    return false;
  size_t bytes = values_bytes(assigned, MS_JSON_VALUE_NONE);
  if (limits->payload_bytes != 0 && bytes > limits->payload_bytes)
    return true;
  if (limits->variables_bytes == 0)
    return false;
  const struct ms_frame *whole = execution_of(decision, frame);
  for (uint32_t i = 0; i < decision->execution->frame_count; i++) {
    const struct ms_frame *other = decision->execution->frames[i];
    if (other == NULL || ms_json_is_none(other->variables) ||
        execution_of(decision, other) != whole)
      continue;
    bytes += values_bytes(other->variables, other == frame ? assigned : MS_JSON_VALUE_NONE);
  }
  return bytes > limits->variables_bytes;
}

/* ---- too long ---- */

static int too_large(struct ms_failure *failure, const struct ms_frame *frame)
{
  return ms_fail(failure, "States.DataLimitExceeded",
                 "The state/task '%.*s' returned a result with a size exceeding the maximum "
                 "number of bytes service limit.",
                 MS_STR_ARG(frame->state->name));
}

int ms_decision_check_limits(const struct ms_decision *decision, const struct ms_frame *frame,
                             struct ms_json output, struct ms_json assigned,
                             struct ms_failure *failure)
{
  if (ms_decision_is_too_large(decision, output))
    return too_large(failure, frame);
  if (ms_json_is_none(assigned) || !assigns_too_much(decision, frame, assigned))
    return 0;
  return ms_fail(failure, "States.DataLimitExceeded",
                 "The variables assigned by the state '%.*s' have a size exceeding the maximum "
                 "number of bytes service limit.",
                 MS_STR_ARG(frame->state->name));
}

int ms_decision_fail_too_large(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  int status = too_large(&failure, frame);
  if (status == MS_FAILED)
    status = ms_decision_fail(decision, frame, &failure);
  ms_failure_deinit(&failure);
  return status;
}
