/* Wait: goes on after a number of seconds or at a timestamp. */
#include "base/error.h"
#include "base/time.h"
#include "core/decision.h"
#include "states/setting.h"
#include "states/types.h"

#include <stddef.h>

struct state_wait {
  struct ms_state base;
  struct ms_setting seconds;
  struct ms_setting timestamp;
};

static const struct ms_field wait_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"Seconds", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, offsetof(struct state_wait, seconds), 0, 0, 99999999},
    {"SecondsPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH, offsetof(struct state_wait, seconds), 0,
     0, 99999999},
    {"Timestamp", MS_FIELD_TIMESTAMP, MS_FIELD_IN_ALL, offsetof(struct state_wait, timestamp), 0, 0, 0},
    {"TimestampPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH,
     offsetof(struct state_wait, timestamp), 0, 0, 0},
    MS_FIELDS_OUTPUT(0),
    MS_FIELDS_ASSIGN(0),
    MS_FIELDS_END};

static const struct ms_field_group wait_groups[] = {
    {true, {"SecondsPath", "Seconds", "TimestampPath", "Timestamp"}}, {false, {NULL}}};

#define WAIT_MAX_SECONDS INT32_MAX /* AWS: "Wait state delay is too long." beyond */

static int fail_seconds(struct ms_failure *failure, const struct state_wait *state,
                        struct ms_json value)
{
  struct ms_str path = ms_jsonpath_text(state->seconds.query);
  if (ms_json_is_none(value))
    return ms_fail(failure, "States.Runtime",
                   "The SecondsPath parameter does not reference an input value: %.*s",
                   MS_STR_ARG(path));
  int64_t seconds;
  const char *what = ms_json_is_number(value) && ms_json_to_int(&seconds, value)
                         ? "references a negative value"
                         : "cannot be parsed as a long value";
  struct ms_json text = ms_json_is_string(value) ? ms_json_ref(value) : ms_json_print_value(value);
  int status = ms_fail(failure, "States.Runtime", "The SecondsPath parameter %s: %.*s == %.*s", what,
                       MS_STR_ARG(path), MS_STR_ARG(ms_json_text(text)));
  ms_json_unref(text);
  return status;
}

/* Whole seconds, of a number or of a string of digits, as AWS reads them. */
static bool read_seconds(int64_t *out, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  if (!ms_json_is_string(value))
    return ms_json_to_int(out, value) && *out >= 0;
  *out = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9' || *out > WAIT_MAX_SECONDS)
      return false;
    *out = *out * 10 + (text.data[i] - '0');
  }
  return text.len != 0;
}

static int seconds_by_path(int64_t *out, struct ms_decision *decision, const struct ms_frame *frame,
                           struct ms_json input, struct ms_failure *failure)
{
  const struct state_wait *state = (const struct state_wait *)frame->state;
  struct ms_json value = MS_JSON_VALUE_NONE;
  int status = ms_jsonpath_lookup(&value, state->seconds.query,
                                  ms_decision_query(decision, frame, input));
  if (status == MSTEP_ENOTFOUND)
    return fail_seconds(failure, state, MS_JSON_VALUE_NONE);
  if (status < 0)
    return status;
  if (!read_seconds(out, value))
    status = fail_seconds(failure, state, value);
  ms_json_unref(value);
  return status;
}

static int fail_timestamp(struct ms_failure *failure, const struct state_wait *state,
                          struct ms_json value)
{
  struct ms_json text = ms_json_is_string(value) ? ms_json_ref(value) : ms_json_print_value(value);
  int status;
  if (ms_str_is(ms_str_c(state->timestamp.field), "TimestampPath"))
    status = ms_fail(failure, "States.Runtime",
                     "The TimestampPath parameter does not reference a valid ISO-8601 extended "
                     "offset date-time format string: %.*s == %.*s",
                     MS_STR_ARG(ms_jsonpath_text(state->timestamp.query)),
                     MS_STR_ARG(ms_json_text(text)));
  else
    status = ms_fail(failure, "States.QueryEvaluationError",
                     "The Timestamp field cannot be parsed as an ISO-8601 extended offset "
                     "date-time format string: %.*s",
                     MS_STR_ARG(ms_json_text(text)));
  if (status == MS_FAILED && state->timestamp.kind == MS_SETTING_QUERY)
    ms_json_replace(&failure->location, ms_json_cstring("Timestamp"));
  ms_json_unref(text);
  return status;
}

static int due_by_timestamp(int64_t *due_at_ms, struct ms_decision *decision,
                            const struct ms_frame *frame, struct ms_json input,
                            struct ms_failure *failure)
{
  const struct state_wait *state = (const struct state_wait *)frame->state;
  struct ms_json value = MS_JSON_VALUE_NONE;
  int status = ms_decision_setting(&value, decision, frame, &state->timestamp, input, failure);
  if (status != 0)
    return status;
  int32_t nanos;
  if (!ms_json_is_string(value) || !ms_time_parse(due_at_ms, &nanos, ms_json_text(value)))
    status = fail_timestamp(failure, state, value);
  else
    *due_at_ms -= ((*due_at_ms % 1000) + 1000) % 1000; /* whole seconds, as AWS */
  ms_json_unref(value);
  return status;
}

static int due_of(int64_t *due_at_ms, struct ms_decision *decision, const struct ms_frame *frame,
                  struct ms_json input, struct ms_failure *failure)
{
  const struct state_wait *state = (const struct state_wait *)frame->state;
  int64_t seconds = 0;
  int status;
  if (state->timestamp.kind != MS_SETTING_ABSENT)
    status = due_by_timestamp(due_at_ms, decision, frame, input, failure);
  else if (state->seconds.kind == MS_SETTING_QUERY && ms_state_is_jsonpath(frame->state))
    status = seconds_by_path(&seconds, decision, frame, input, failure);
  else
    status = ms_setting_integer(&seconds, decision, frame, &state->seconds, input, failure);
  if (status != 0)
    return status;
  if (state->timestamp.kind == MS_SETTING_ABSENT) {
    if (seconds > WAIT_MAX_SECONDS)
      return ms_fail(failure, "States.Runtime", "Wait state delay is too long.");
    *due_at_ms = frame->entered_at_ms + seconds * 1000;
  } else if (*due_at_ms - decision->env->now_ms > (int64_t)WAIT_MAX_SECONDS * 1000) {
    return ms_fail(failure, "States.Runtime", "Wait state delay is too long.");
  }
  return 0;
}

static int wait_exit(struct ms_decision *decision, const struct ms_frame *frame, struct ms_json input)
{
  struct ms_exit how = {.output = input,
                        .assign_root = input,
                        .assign = frame->state->assign,
                        .output_query = frame->state->output,
                        .next = frame->state->next};
  return ms_decision_exit(decision, frame, &how);
}

static int wait_schedule(struct ms_decision *decision, const struct ms_frame *frame, int64_t due_at_ms)
{
  struct ms_event *event = ms_decision_event(decision, MS_EVENT_WAIT_SCHEDULED, frame);
  if (event == NULL)
    return ms_error_nomem();
  event->due_at_ms = due_at_ms;
  event->flags |= MS_EVENT_SETS_TIMER;
  return 0;
}

static int wait_enter(struct ms_decision *decision, const struct ms_frame *frame)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json input = MS_JSON_VALUE_NONE;
  int64_t due_at_ms = 0;
  int status = ms_decision_input(&input, decision, frame, &failure);
  if (status == 0)
    status = due_of(&due_at_ms, decision, frame, input, &failure);
  if (status != 0)
    status = ms_decision_settle(decision, frame, status, &failure);
  else if (due_at_ms <= decision->env->now_ms)
    status = wait_exit(decision, frame, input);
  else
    status = wait_schedule(decision, frame, due_at_ms);
  ms_json_unref(input);
  ms_failure_deinit(&failure);
  return status;
}

static int wait_on_command(struct ms_decision *decision, const struct ms_frame *frame,
                           const struct ms_command *command)
{
  if (command->type != MS_COMMAND_TIMER)
    return 0;
  struct ms_failure failure = MS_FAILURE_INIT;
  struct ms_json input = MS_JSON_VALUE_NONE;
  int status = ms_decision_input(&input, decision, frame, &failure);
  status = status == 0 ? wait_exit(decision, frame, input)
                       : ms_decision_settle(decision, frame, status, &failure);
  ms_json_unref(input);
  ms_failure_deinit(&failure);
  return status;
}

const struct ms_state_type ms_state_wait = {
    .name = "Wait",
    .size = sizeof(struct state_wait),
    .has_next = true,
    .fields = wait_fields,
    .groups = wait_groups,
    .enter = wait_enter,
    .on_command = wait_on_command,
};
