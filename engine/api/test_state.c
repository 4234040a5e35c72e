/* See test_state.h. */
#include "api/test_state.h"

#include "api/machine.h"
#include "base/error.h"

#define NAME "StateName" /* what AWS calls a state that it tests, whatever its name */
#define DEPTH_MAX 100

/* ---- finding the state ---- */

/* The state of that name in a machine, a branch or an iterator; NONE: there is none. Borrowed. */
static struct ms_json find_state(struct ms_json flow, struct ms_str name, unsigned depth)
{
  struct ms_json states = ms_json_getc(flow, "States");
  struct ms_json found = ms_json_get(states, name);
  for (size_t i = 0; ms_json_is_none(found) && depth < DEPTH_MAX && i < ms_json_count(states); i++) {
    struct ms_json state = ms_json_member(states, i);
    struct ms_json branches = ms_json_getc(state, "Branches");
    found = find_state(ms_json_getc(state, "ItemProcessor"), name, depth + 1);
    if (ms_json_is_none(found)) {
      found = find_state(ms_json_getc(state, "Iterator"), name, depth + 1);
    }
    for (size_t j = 0; ms_json_is_none(found) && ms_json_is_array(branches) && j < ms_json_count(branches);
         j++) {
      found = find_state(ms_json_at(branches, j), name, depth + 1);
    }
  }
  return found;
}

/* ---- a machine around it ---- */

static int add_stub(struct ms_json *states, struct ms_json target)
{
  struct ms_str name = ms_json_text(target);
  if (!ms_json_is_string(target) || ms_str_is(name, NAME) ||
      !ms_json_is_none(ms_json_get(*states, name))) {
    return MSTEP_OK;
  }
  return ms_json_set(states, name, ms_api_object("Type", ms_json_cstring("Succeed")));
}

static int add_stubs_of(struct ms_json *states, struct ms_json rules)
{
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && ms_json_is_array(rules) && i < ms_json_count(rules); i++) {
    err = add_stub(states, ms_json_getc(ms_json_at(rules, i), "Next"));
  }
  return err;
}

static int wrap(struct ms_json *out, struct ms_json state, struct ms_json language)
{
  struct ms_json states = ms_api_object(NAME, ms_json_ref(state));
  struct ms_json machine = ms_api_object("StartAt", ms_json_cstring(NAME));
  int err = ms_json_is_none(states) || ms_json_is_none(machine) ? ms_error_nomem() : MSTEP_OK;
  err = err != 0 ? err : add_stub(&states, ms_json_getc(state, "Next"));
  err = err != 0 ? err : add_stub(&states, ms_json_getc(state, "Default"));
  err = err != 0 ? err : add_stubs_of(&states, ms_json_getc(state, "Catch"));
  err = err != 0 ? err : add_stubs_of(&states, ms_json_getc(state, "Choices"));
  if (err == 0 && !ms_json_is_none(language)) {
    err = ms_json_setc(&machine, "QueryLanguage", ms_json_ref(language));
  }
  if (err == 0) {
    err = ms_json_setc(&machine, "States", ms_json_ref(states));
  }
  *out = err == 0 ? ms_json_print_value(machine) : MS_JSON_VALUE_NONE;
  ms_json_unref(states);
  ms_json_unref(machine);
  return err == 0 && ms_json_is_none(*out) ? ms_error_nomem() : err;
}

/* ---- checks ---- */

static bool refuse(struct ms_api_call *call, const char *text)
{
  ms_api_fail(call, MS_API_ERROR_VALIDATION, ms_str_c(text));
  return false;
}

static bool is_broken(struct ms_api_call *call, int code)
{
  if (code != 0) {
    ms_api_fail_code(call, code);
  }
  return code != 0;
}

/* InvalidDefinition, with all that is wrong. */
static bool is_valid(struct ms_api_call *call, struct ms_str definition)
{
  struct ms_buf problems;
  ms_buf_init(&problems, 0);
  int err = ms_engine_machine_validate(ms_api_engine(call), definition, 0, ms_api_add_problem, &problems);
  if (err == MSTEP_EDEFINITION) {
    ms_api_fail(call, MS_API_ERROR_INVALID_DEFINITION, ms_buf_view(&problems));
  } else if (err != 0) {
    ms_api_fail_code(call, err);
  }
  ms_buf_deinit(&problems);
  return err == 0;
}

static bool read_state(struct ms_test_state *test, struct ms_api_call *call)
{
  struct ms_str text = ms_api_text(call, "definition");
  struct ms_str name = ms_api_text(call, "stateName");
  struct ms_json whole;
  int err = ms_json_parse(&whole, text, NULL, NULL);
  if (err == MSTEP_ENOMEM) {
    return !is_broken(call, err);
  }
  if (err != 0 || (name.data != NULL && !is_valid(call, text))) { /* says where the text is no JSON */
    bool is_said = err == 0 || !is_valid(call, text);
    ms_json_unref(whole);
    return is_said && false;
  }
  struct ms_json state = name.data == NULL ? whole : find_state(whole, name, 0);
  struct ms_json language = name.data == NULL ? MS_JSON_VALUE_NONE : ms_json_getc(whole, "QueryLanguage");
  bool is_found = !ms_json_is_none(state);
  if (!is_found) {
    refuse(call, "State not found in definition");
  } else {
    test->state = ms_json_ref(state);
    is_found = !is_broken(call, wrap(&test->definition, state, language)) &&
               is_valid(call, ms_json_text(test->definition));
  }
  ms_json_unref(whole);
  return is_found;
}

/* A text of the request as a value; absent: NONE. False: it is not JSON. */
static bool read_text(struct ms_json *out, struct ms_str text)
{
  *out = MS_JSON_VALUE_NONE;
  return text.data == NULL || ms_json_parse(out, text, NULL, NULL) == 0;
}

static bool read_texts(struct ms_test_state *test, struct ms_api_call *call)
{
  struct ms_json configuration = ms_api_get(call, "stateConfiguration");
  struct ms_str input = ms_api_text(call, "input");
  struct ms_json items = ms_json_getc(configuration, "mapItemReaderData");
  struct ms_json result = ms_json_getc(ms_api_get(call, "mock"), "result");
  if (!read_text(&test->input, input.data == NULL ? MS_STR("{}") : input)) {
    ms_api_fail(call, MS_API_ERROR_INVALID_EXECUTION_INPUT, ms_str_c(ms_error_detail()));
    return false;
  }
  if (!read_text(&test->variables, ms_api_text(call, "variables")) ||
      !(ms_json_is_none(test->variables) || ms_json_is_object(test->variables))) {
    return refuse(call, "Variables must be a valid JSON object");
  }
  if (!read_text(&test->context, ms_api_text(call, "context"))) {
    return refuse(call, "Invalid Context object provided: it must be valid JSON");
  }
  if (!ms_json_is_none(items) && !read_text(&test->items, ms_json_text(items))) {
    return refuse(call, "Map item reader data must be valid JSON");
  }
  if (!ms_json_is_none(result) && !read_text(&test->result, ms_json_text(result))) {
    return refuse(call, "Mocked result must be valid JSON");
  }
  return true;
}

/* What a mock may be, and of what. */
static bool check_mock(struct ms_api_call *call, const struct ms_test_state *test)
{
  struct ms_json mock = ms_api_get(call, "mock");
  bool has_result = !ms_json_is_none(ms_json_getc(mock, "result"));
  bool has_error = !ms_json_is_none(ms_json_getc(mock, "errorOutput"));
  bool is_map = ms_test_state_is(test, "Map"), is_parallel = ms_test_state_is(test, "Parallel");
  if (!is_map && !is_parallel && !ms_test_state_is(test, "Task")) {
    ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                  "State type '%.*s' is not supported when a mock is specified",
                  MS_STR_ARG(ms_json_text(ms_json_getc(test->state, "Type"))));
    return false;
  }
  if (has_result == has_error) {
    return refuse(call, has_result ? "A test mock should have only one of the following fields: [result, errorOutput]."
                                   : "A test mock should have one of the following fields: [result, errorOutput].");
  }
  if (ms_api_bool(call, "revealSecrets", false)) {
    return refuse(call, "TestState does not support RevealSecrets when a mock is specified.");
  }
  bool is_written = is_map && !ms_json_is_none(ms_json_getc(test->state, "ResultWriter"));
  if (has_result && is_written && !ms_json_is_object(test->result)) {
    return refuse(call, "Mocked result must be a JSON object.");
  }
  if (has_result && (is_map || is_parallel) && !is_written && !ms_json_is_array(test->result)) {
    return refuse(call, "Mocked result must be an array.");
  }
  if (has_result && is_parallel &&
      ms_json_count(test->result) != ms_json_count(ms_json_getc(test->state, "Branches"))) {
    return refuse(call, "Mocked result must contain the same number of items as number of Parallel branches.");
  }
  return !has_result || ms_test_mock_check(call, test);
}

/* What can be run without one. */
static bool check_unmocked(struct ms_api_call *call, const struct ms_test_state *test)
{
  struct ms_json configuration = ms_api_get(call, "stateConfiguration");
  struct ms_str resource = ms_json_text(ms_json_getc(test->state, "Resource"));
  if (!ms_json_is_none(ms_json_getc(configuration, "mapIterationFailureCount"))) {
    return refuse(call, "TestState does not support MapIterationFailureCount when a mock is not specified.");
  }
  if (ms_test_state_is(test, "Map") || ms_test_state_is(test, "Parallel")) {
    ms_api_fail(call, MS_API_ERROR_INVALID_TRIAL,
                MS_STR("TestState API does not support Map or Parallel states. Supported state types include: "
                       "[Task, Wait, Pass, Succeed, Fail, Choice]"));
    return false;
  }
  if (ms_api_has(call, "context")) {
    return refuse(call, "TestState does not support a Context object when a mock is not specified.");
  }
  if (!ms_test_state_is(test, "Task")) {
    return true;
  }
  if (!ms_api_has(call, "roleArn")) {
    return refuse(call, "RoleArn must be specified when testing a Task state");
  }
  if (ms_str_has_suffix(resource, ".waitForTaskToken") || ms_str_has_suffix(resource, ".sync") ||
      ms_str_has_suffix(resource, ".sync:2") || ms_str_has_prefix(ms_test_resource(test), "activity:")) {
    ms_api_fail(call, MS_API_ERROR_INVALID_TRIAL,
                MS_STR("TestState API does not support activities, .sync and .waitForTaskToken without a mock"));
    return false;
  }
  return true;
}

bool ms_test_state_read(struct ms_test_state *out, struct ms_api_call *call)
{
  *out = (struct ms_test_state){MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE,
                                MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE,
                                MS_JSON_VALUE_NONE};
  if (!read_state(out, call) || !read_texts(out, call)) {
    return false;
  }
  if (ms_api_has(call, "mock") ? !check_mock(call, out) : !check_unmocked(call, out)) {
    return false;
  }
  return ms_json_is_none(out->context) || ms_test_context_check(call, out);
}

void ms_test_state_deinit(struct ms_test_state *test)
{
  ms_json_unref(test->state);
  ms_json_unref(test->definition);
  ms_json_unref(test->input);
  ms_json_unref(test->variables);
  ms_json_unref(test->context);
  ms_json_unref(test->items);
  ms_json_unref(test->result);
}

bool ms_test_state_is(const struct ms_test_state *test, const char *type)
{
  return ms_str_is(ms_json_text(ms_json_getc(test->state, "Type")), type);
}

struct ms_str ms_test_resource(const struct ms_test_state *test)
{
  struct ms_str rest = ms_json_text(ms_json_getc(test->state, "Resource"));
  for (int i = 0; i < 5; i++) {
    size_t at = ms_str_find(rest, 0, ':');
    rest = ms_str_sub(rest, at + 1, rest.len);
  }
  return rest;
}
