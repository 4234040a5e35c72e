/*
 * Tasks answered from a file in the mock format of AWS Step Functions Local:
 *
 *   {"StateMachines": {MACHINE: {"TestCases": {CASE: {STATE: RESPONSE}}}},
 *    "MockedResponses": {RESPONSE: {"0": {"Return": any}, "1-2": {"Throw": {"Error", "Cause"}}}}}
 *
 * The numbers count the calls of the state in one execution, retries included, from 0. A state that
 * the case does not name goes to the next handler.
 */
#include <stdio.h>

#include "base/error.h"
#include "task/internal.h"

/* ---- reading the file ---- */

/* "3" or "1-2". */
static bool mock_range(struct ms_str text, uint32_t *from, uint32_t *to)
{
  uint32_t numbers[2] = {0, 0};
  size_t at = 0, count = 0;
  while (count < 2 && at < text.len) {
    size_t start = at;
    uint64_t value = 0;
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9' && value < UINT32_MAX) {
      value = value * 10 + (uint64_t)(text.data[at++] - '0');
    }
    if (at == start || value >= UINT32_MAX) {
      return false;
    }
    numbers[count++] = (uint32_t)value;
    if (at < text.len && (count == 2 || text.data[at++] != '-' || at == text.len)) {
      return false;
    }
  }
  *from = numbers[0];
  *to = count == 2 ? numbers[1] : numbers[0];
  return count > 0 && *from <= *to;
}

static int mock_check_response(struct ms_str name, struct ms_json response)
{
  if (!ms_json_is_object(response) || ms_json_count(response) == 0) {
    return ms_error(MSTEP_EINVALID,
                    "/MockedResponses/%.*s: an object with \"0\", \"1-2\" ... is expected",
                    MS_STR_ARG(name));
  }
  for (size_t i = 0; i < ms_json_count(response); i++) {
    struct ms_str key = ms_json_key(response, i);
    struct ms_json entry = ms_json_member(response, i);
    struct ms_json throws = ms_json_getc(entry, "Throw");
    uint32_t from, to;
    if (!mock_range(key, &from, &to)) {
      return ms_error(MSTEP_EINVALID,
                      "/MockedResponses/%.*s: \"%.*s\" is neither a number nor a range",
                      MS_STR_ARG(name), MS_STR_ARG(key));
    }
    if (ms_json_is_none(ms_json_getc(entry, "Return")) == ms_json_is_none(throws)) {
      return ms_error(
          MSTEP_EINVALID,
          "/MockedResponses/%.*s/%.*s: exactly one of \"Return\" and \"Throw\" is expected",
          MS_STR_ARG(name), MS_STR_ARG(key));
    }
    if (!ms_json_is_none(throws) && !ms_json_is_string(ms_json_getc(throws, "Error"))) {
      return ms_error(MSTEP_EINVALID, "/MockedResponses/%.*s/%.*s/Throw: \"Error\" is missing",
                      MS_STR_ARG(name), MS_STR_ARG(key));
    }
  }
  return MSTEP_OK;
}

static int mock_check_states(struct ms_json responses, struct ms_str test_case,
                             struct ms_json states)
{
  if (!ms_json_is_object(states)) {
    return ms_error(MSTEP_EINVALID, "test case '%.*s': an object of states is expected",
                    MS_STR_ARG(test_case));
  }
  for (size_t i = 0; i < ms_json_count(states); i++) {
    struct ms_json name = ms_json_member(states, i);
    if (!ms_json_is_string(name)) {
      return ms_error(MSTEP_EINVALID, "test case '%.*s': the name of a mocked response is expected",
                      MS_STR_ARG(test_case));
    }
    struct ms_json response = ms_json_get(responses, ms_json_text(name));
    if (ms_json_is_none(response)) {
      return ms_error(MSTEP_EINVALID,
                      "test case '%.*s', state '%.*s': there is no mocked response '%.*s'",
                      MS_STR_ARG(test_case), MS_STR_ARG(ms_json_key(states, i)),
                      MS_STR_ARG(ms_json_text(name)));
    }
    int err = mock_check_response(ms_json_text(name), response);
    if (err != 0) {
      return err;
    }
  }
  return MSTEP_OK;
}

/* All of them can be used. */
static int mock_check_all(struct ms_json config)
{
  struct ms_json machines = ms_json_getc(config, "StateMachines");
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(machines) && err == 0; i++) {
    struct ms_json cases = ms_json_getc(ms_json_member(machines, i), "TestCases");
    for (size_t j = 0; j < ms_json_count(cases) && err == 0; j++) {
      err = mock_check_states(ms_json_getc(config, "MockedResponses"), ms_json_key(cases, j),
                              ms_json_member(cases, j));
    }
  }
  return err;
}

/* Puts the machines' chosen cases into *chosen. machine, test_case: empty = any. */
static int mock_choose(struct ms_json *chosen, struct ms_json config, struct ms_str machine,
                       struct ms_str test_case)
{
  struct ms_json machines = ms_json_getc(config, "StateMachines");
  struct ms_json responses = ms_json_getc(config, "MockedResponses");
  for (size_t i = 0; i < ms_json_count(machines); i++) {
    struct ms_str name = ms_json_key(machines, i);
    struct ms_json cases = ms_json_getc(ms_json_member(machines, i), "TestCases");
    if (machine.len > 0 && !ms_str_eq(machine, name)) {
      continue;
    }
    if (test_case.len == 0 && ms_json_count(cases) > 1) {
      return ms_error(MSTEP_EINVALID, "state machine '%.*s' has %zu test cases: say which",
                      MS_STR_ARG(name), ms_json_count(cases));
    }
    for (size_t j = 0; j < ms_json_count(cases); j++) {
      struct ms_str key = ms_json_key(cases, j);
      if (test_case.len > 0 && !ms_str_eq(test_case, key)) {
        continue;
      }
      struct ms_json states = ms_json_member(cases, j);
      int err = mock_check_states(responses, key, states);
      if (err == 0) {
        err = ms_json_set(chosen, name, ms_json_ref(states));
      }
      if (err != 0) {
        return err;
      }
    }
  }
  return MSTEP_OK;
}

int ms_tasks_mocks(struct ms_tasks *tasks, struct ms_str text, const char *test_case)
{
  struct ms_json config;
  int err = ms_json_parse(&config, text, NULL, NULL);
  if (err != 0) {
    return err;
  }
  struct ms_json chosen = MS_JSON_VALUE_NONE;
  struct ms_str wanted = ms_str_c(test_case);
  struct ms_str machine = {"", 0};
  if (!ms_json_is_object(ms_json_getc(config, "StateMachines")) ||
      !ms_json_is_object(ms_json_getc(config, "MockedResponses"))) {
    err = ms_error(MSTEP_EINVALID, "\"StateMachines\" and \"MockedResponses\" are expected");
    goto out;
  }
  size_t slash = ms_str_find(wanted, 0, '/');
  if (slash < wanted.len) {
    machine = ms_str_sub(wanted, 0, slash);
    wanted = ms_str_sub(wanted, slash + 1, wanted.len);
  }
  chosen = ms_json_object(1);
  bool is_left_open = test_case != NULL && *test_case == '\0';
  err = ms_json_is_none(chosen) ? ms_error_nomem()
        : is_left_open          ? mock_check_all(config)
                                : mock_choose(&chosen, config, machine, wanted);
  if (err == 0 && ms_json_count(chosen) == 0 && !is_left_open) {
    err =
        ms_error(MSTEP_ENOTFOUND, "there is no test case '%s'", test_case == NULL ? "" : test_case);
  }
  if (err == 0) {
    ms_json_replace(&tasks->mocks.config, ms_json_ref(config));
    ms_json_replace(&tasks->mocks.machines, ms_json_ref(chosen));
  }
out:
  ms_json_unref(chosen);
  ms_json_unref(config);
  return err;
}

bool ms_tasks_wants_invocations(const struct ms_tasks *tasks)
{
  return !ms_json_is_none(tasks->mocks.machines);
}

/* ---- answering ---- */

bool ms_tasks_has_test_case(const struct ms_tasks *tasks, struct ms_str test_case)
{
  struct ms_json machines = ms_json_getc(tasks->mocks.config, "StateMachines");
  for (size_t i = 0; i < ms_json_count(machines); i++) {
    struct ms_json cases = ms_json_getc(ms_json_member(machines, i), "TestCases");
    if (ms_json_is_object(ms_json_get(cases, test_case))) {
      return true;
    }
  }
  return false;
}

/* The states of the case that the execution was started for; NONE: of none. */
static struct ms_json mock_case(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  struct ms_json machines = ms_json_getc(tasks->mocks.config, "StateMachines");
  struct ms_json machine = ms_json_get(machines, request->machine);
  if (ms_json_is_none(machine) && ms_json_count(machines) == 1) {
    machine = ms_json_member(machines, 0);
  }
  return ms_json_get(ms_json_getc(machine, "TestCases"), request->test_case);
}

/* The response of a state; NONE when it has none. A sole machine of the file stands for any. */
static struct ms_json mock_find(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  struct ms_json states = ms_json_get(tasks->mocks.machines, request->machine);
  if (ms_json_is_none(states) && ms_json_count(tasks->mocks.machines) == 1) {
    states = ms_json_member(tasks->mocks.machines, 0);
  }
  if (request->test_case.len > 0) {
    states = mock_case(tasks, request);
  }
  struct ms_json name = ms_json_get(states, request->state);
  if (!ms_json_is_string(name)) {
    return MS_JSON_VALUE_NONE;
  }
  return ms_json_get(ms_json_getc(tasks->mocks.config, "MockedResponses"), ms_json_text(name));
}

static bool mock_handles(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  return ms_tasks_wants_invocations(tasks) && !ms_json_is_none(mock_find(tasks, request));
}

static struct ms_json mock_entry(struct ms_json response, uint32_t invocation)
{
  for (size_t i = 0; i < ms_json_count(response); i++) {
    uint32_t from, to;
    if (mock_range(ms_json_key(response, i), &from, &to) && invocation >= from &&
        invocation <= to) {
      return ms_json_member(response, i);
    }
  }
  return MS_JSON_VALUE_NONE;
}

/* A Cause is text; one that is written as JSON becomes its text. */
static struct ms_json mock_cause(struct ms_json cause)
{
  if (ms_json_is_none(cause) || ms_json_is_string(cause)) {
    return ms_json_ref(cause);
  }
  return ms_json_print_value(cause);
}

static int mock_start(struct ms_tasks *tasks, struct ms_task *task,
                      const struct ms_task_request *request)
{
  uint32_t invocation = request->invocation == NULL ? 0 : (*request->invocation)++;
  struct ms_json entry = mock_entry(mock_find(tasks, request), invocation);
  if (ms_json_is_none(entry)) {
    ms_task_failf(tasks, task, "States.Runtime",
                  "The mocked response of the state '%.*s' has no entry for its invocation %u.",
                  MS_STR_ARG(request->state), (unsigned)invocation);
    return MSTEP_OK;
  }
  int err = MSTEP_OK;
  if (request->kind == MS_TASK_ACTIVITY) {
    err = ms_task_answer(tasks, task, MS_TASK_STARTED, MS_JSON_VALUE_NONE);
  } else if (request->pattern != MS_TASK_REQUEST) {
    err = ms_task_submit(tasks, task);
  }
  if (err != 0) {
    return err;
  }
  struct ms_json throws = ms_json_getc(entry, "Throw");
  if (ms_json_is_none(throws)) {
    ms_task_answer(tasks, task, MS_TASK_SUCCEEDED, ms_json_getc(entry, "Return"));
    return MSTEP_OK;
  }
  struct ms_json cause = mock_cause(ms_json_getc(throws, "Cause"));
  ms_task_fail(tasks, task, ms_json_getc(throws, "Error"), cause);
  ms_json_unref(cause);
  return MSTEP_OK;
}

/* Answered before anybody can cancel it. */
const struct ms_task_handler ms_task_mock = {"mock", mock_handles, mock_start, ms_task_ignore,
                                             ms_task_ignore};
