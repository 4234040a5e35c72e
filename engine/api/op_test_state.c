/*
 * TestState: one state of a machine, run once, with what each of its fields made of the data. What the world would
 * answer comes from the mock; a Task without one is really called, by an Express execution of a machine
 * made for it, whose only state has the same resource and gets the arguments as they are.
 */
#include "api/machine.h"
#include "api/test_state.h"
#include "base/error.h"
#include "runtime/trial.h"

#define TIMEOUT_S 300

static const struct ms_api_member error_members[] = {
    {.name = "error", .kind = MS_API_STRING, .max = 256},
    {.name = "cause", .kind = MS_API_STRING, .max = 32768},
    MS_MEMBER_END};
static const struct ms_api_member mock_members[] = {
    {.name = "result", .kind = MS_API_STRING},
    {.name = "errorOutput", .kind = MS_API_STRUCTURE, .members = error_members},
    {.name = "fieldValidationMode", .kind = MS_API_STRING, .values = "STRICT, PRESENT, NONE"},
    MS_MEMBER_END};
static const struct ms_api_member configuration_members[] = {
    {.name = "retrierRetryCount", .kind = MS_API_INTEGER, .max = INT32_MAX},
    {.name = "errorCausedByState", .kind = MS_API_STRING, .min = 1, .max = 80},
    {.name = "mapIterationFailureCount", .kind = MS_API_INTEGER, .max = INT32_MAX},
    {.name = "mapItemReaderData", .kind = MS_API_STRING},
    MS_MEMBER_END};
static const struct ms_api_member members[] = {
    MS_MEMBER_DEFINITION(true),
    MS_MEMBER_ARN("roleArn", false),
    {.name = "input", .kind = MS_API_STRING},
    {.name = "inspectionLevel", .kind = MS_API_STRING, .values = "INFO, DEBUG, TRACE"},
    {.name = "revealSecrets", .kind = MS_API_BOOLEAN},
    {.name = "variables", .kind = MS_API_STRING},
    {.name = "stateName", .kind = MS_API_STRING, .min = 1, .max = 80},
    {.name = "mock", .kind = MS_API_STRUCTURE, .members = mock_members},
    {.name = "context", .kind = MS_API_STRING},
    {.name = "stateConfiguration", .kind = MS_API_STRUCTURE, .members = configuration_members},
    MS_MEMBER_END};

/* ---- the answer ---- */

/* A member of the answer that is JSON text, unless it is a number of the configuration. */
static int put_inspected(struct ms_json *out, struct ms_json key, struct ms_json value)
{
  struct ms_str name = ms_json_text(key);
  bool is_number = ms_str_is(name, "maxConcurrency") || ms_str_has_prefix(name, "toleratedFailure");
  return ms_json_set(out, name, is_number ? ms_json_ref(value) : ms_json_print_value(value));
}

static int put_inspection(struct ms_json *reply, const struct ms_engine_trial_outcome *outcome)
{
  struct ms_json data = ms_json_object(8);
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(outcome->inspected); i++) {
    err = put_inspected(&data, ms_json_key_value(outcome->inspected, i),
                        ms_json_member(outcome->inspected, i));
  }
  if (err == 0 && ms_json_count(outcome->details) > 0) {
    err = ms_json_setc(&data, "errorDetails", ms_json_ref(outcome->details));
  }
  if (err != 0) {
    ms_json_unref(data);
    return err;
  }
  return ms_json_setc(reply, "inspectionData", data);
}

static int put_text(struct ms_json *reply, const char *name, struct ms_json value)
{
  return ms_json_is_string(value) ? ms_json_setc(reply, name, ms_json_ref(value)) : MSTEP_OK;
}

static int answer(struct ms_api_call *call, const struct ms_engine_trial *trial)
{
  struct ms_engine_trial_outcome outcome;
  ms_engine_trial_outcome(&outcome, trial);
  struct ms_json reply = ms_api_object("status", ms_json_cstring(outcome.status));
  int err = ms_json_is_none(outcome.output)
                ? MSTEP_OK
                : ms_json_setc(&reply, "output", ms_json_print_value(outcome.output));
  err = err != 0 ? err : put_text(&reply, "error", outcome.error);
  err = err != 0 ? err : put_text(&reply, "cause", outcome.cause);
  if (err == 0 && outcome.next.data != NULL) {
    err = ms_json_setc(&reply, "nextState", ms_json_string(outcome.next));
  }
  struct ms_str level = ms_api_text(call, "inspectionLevel");
  if (err == 0 && level.data != NULL && !ms_str_is(level, "INFO")) {
    err = put_inspection(&reply, &outcome);
  }
  if (err != 0) {
    ms_json_unref(reply);
    return err;
  }
  return ms_api_reply_json(call, reply);
}

/* ---- the world, mocked ---- */

static int fail_with(struct ms_engine_trial *trial, const char *error, const char *cause)
{
  struct ms_json name = ms_json_cstring(error), words = ms_json_cstring(cause);
  int err = ms_json_is_none(name) || ms_json_is_none(words)
                ? ms_error_nomem()
                : ms_engine_trial_fail(trial, name, words);
  ms_json_unref(name);
  ms_json_unref(words);
  return err;
}

static int tell_mock(struct ms_engine_trial *trial, struct ms_api_call *call,
                     const struct ms_test_state *test)
{
  struct ms_json configuration = ms_api_get(call, "stateConfiguration");
  struct ms_json error = ms_json_getc(ms_api_get(call, "mock"), "errorOutput");
  int64_t failed = 0;
  ms_json_to_int(&failed, ms_json_getc(configuration, "mapIterationFailureCount"));
  if (ms_engine_trial_state(trial) == MS_ENGINE_TRIAL_CHILDREN && ms_test_state_is(test, "Map")) {
    if (failed > ms_engine_trial_children(trial)) {
      return ms_api_fail(call, MS_API_ERROR_VALIDATION,
                         MS_STR("Map iteration failure count must be less than or equal to the number of "
                                "Map iterations"));
    }
    if (ms_json_is_none(error) && ms_engine_trial_exceeds(trial, (uint32_t)failed)) {
      return fail_with(trial, "States.ExceedToleratedFailureThreshold",
                       "The specified tolerated failure threshold was exceeded");
    }
  }
  if (ms_json_is_none(error)) {
    return ms_engine_trial_answer(trial, test->result);
  }
  return ms_engine_trial_fail(trial, ms_json_getc(error, "error"), ms_json_getc(error, "cause"));
}

/* ---- the world, as it is ---- */

static int run_again(struct ms_api_call *call, const struct ms_engine_end *end);

static struct ms_json task_definition(struct ms_json resource)
{
  struct ms_json state = ms_api_object("Type", ms_json_cstring("Task"));
  struct ms_json states = MS_JSON_VALUE_NONE, machine = ms_api_object("StartAt", ms_json_cstring("Task"));
  int err = ms_json_setc(&state, "Resource", ms_json_ref(resource));
  err = err != 0 ? err : ms_json_setc(&state, "TimeoutSeconds", ms_json_int(TIMEOUT_S));
  err = err != 0 ? err : ms_json_setc(&state, "End", ms_json_bool(true));
  states = ms_api_object("Task", state);
  err = err != 0 ? err : ms_json_setc(&machine, "States", states);
  struct ms_json text = err != 0 ? MS_JSON_VALUE_NONE : ms_json_print_value(machine);
  ms_json_unref(machine);
  return text;
}

/* Calls the task; run_again is told what it gave. */
static int call_task(struct ms_api_call *call, const struct ms_engine_trial *trial,
                     const struct ms_test_state *test)
{
  struct ms_engine *engine = ms_api_engine(call);
  struct ms_json definition = task_definition(ms_json_getc(test->state, "Resource"));
  struct ms_json input = ms_json_print_value(ms_engine_trial_parameters(trial));
  char name[MS_ENGINE_TRIAL_NAME_SIZE], arn[MS_ENGINE_ARN_SIZE], execution[MS_ENGINE_ARN_SIZE];
  ms_engine_trial_name(name, engine);
  const struct ms_engine_machine_request request = {.name = ms_str_c(name),
                                                    .definition = ms_json_text(definition),
                                                    .role_arn = ms_api_text(call, "roleArn"),
                                                    .is_express = true};
  int err = ms_json_is_none(definition) || ms_json_is_none(input)
                ? ms_error_nomem()
                : ms_engine_machine_create(arn, engine, &request, NULL, NULL);
  if (err == 0) {
    ms_api_keep(call, ms_json_cstring(arn));
    const struct ms_engine_start start = {.machine_arn = ms_str_c(arn),
                                          .input = ms_json_text(input),
                                          .done = ms_api_when_ended(call, run_again),
                                          .is_sync = true};
    err = ms_engine_execution_start(execution, engine, &start);
    if (err != 0) {
      (void)ms_engine_machine_delete(engine, ms_str_c(arn));
    }
  }
  ms_json_unref(definition);
  ms_json_unref(input);
  return err;
}

/* ---- running it ---- */

static int begin(struct ms_engine_trial **out, struct ms_api_call *call,
                 const struct ms_test_state *test)
{
  struct ms_json configuration = ms_api_get(call, "stateConfiguration");
  int64_t retries = 0;
  ms_json_to_int(&retries, ms_json_getc(configuration, "retrierRetryCount"));
  const struct ms_engine_trial_request request = {.definition = ms_json_text(test->definition),
                                                  .role_arn = ms_api_text(call, "roleArn"),
                                                  .input = test->input,
                                                  .variables = test->variables,
                                                  .context = test->context,
                                                  .items = test->items,
                                                  .retries = (uint32_t)retries};
  return ms_engine_trial_new(out, ms_api_engine(call), &request);
}

static int tell_end(struct ms_engine_trial *trial, const struct ms_engine_end *end)
{
  struct ms_json values[2] = {MS_JSON_VALUE_NULL, MS_JSON_VALUE_NULL};
  int err = MSTEP_OK;
  if (end->output.data != NULL) {
    err = ms_json_parse(&values[0], end->output, NULL, NULL);
    err = err != 0 ? err : ms_engine_trial_answer(trial, values[0]);
  } else {
    values[0] = end->error.data == NULL ? MS_JSON_VALUE_NULL : ms_json_string(end->error);
    values[1] = end->cause.data == NULL ? MS_JSON_VALUE_NULL : ms_json_string(end->cause);
    err = ms_engine_trial_fail(trial, values[0], values[1]);
  }
  ms_json_unref(values[0]);
  ms_json_unref(values[1]);
  return err;
}

/* end: what the task has given, NULL as long as it was not called. */
static int run_with(struct ms_api_call *call, const struct ms_engine_end *end)
{
  struct ms_test_state test;
  struct ms_engine_trial *trial = NULL;
  int err = MSTEP_OK;
  if (ms_test_state_read(&test, call)) {
    err = begin(&trial, call, &test);
  }
  bool is_waiting = false;
  if (err == 0 && trial != NULL && ms_engine_trial_state(trial) != MS_ENGINE_TRIAL_ENDED) {
    is_waiting = !ms_api_has(call, "mock") && end == NULL;
    err = is_waiting    ? call_task(call, trial, &test)
          : end != NULL ? tell_end(trial, end)
                        : tell_mock(trial, call, &test);
  }
  if (err == 0 && trial != NULL && !is_waiting && !ms_api_is_answered(call)) {
    err = answer(call, trial);
  }
  ms_engine_trial_free(trial);
  ms_test_state_deinit(&test);
  return err;
}

/* The task has ended; the trial up to it is made once more. */
static int run_again(struct ms_api_call *call, const struct ms_engine_end *end)
{
  (void)ms_engine_machine_delete(ms_api_engine(call), ms_json_text(ms_api_kept(call)));
  return run_with(call, end);
}

static int run(struct ms_api_call *call)
{
  return run_with(call, NULL);
}

const struct ms_op ms_op_test_state = {members, run};
