/* Trials of one state (trial.h): a machine, an identity and the engine's environment for core's. */
#include "runtime/trial.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/trial.h"
#include "runtime/internal.h"

struct ms_engine_trial {
  struct ms_machine *machine;
  struct ms_trial core;
};

void ms_engine_trial_name(char out[MS_ENGINE_TRIAL_NAME_SIZE], struct ms_engine *engine)
{
  static const char prefix[] = "TestState-";
  memcpy(out, prefix, sizeof prefix - 1);
  ms_random_uuid(&engine->random, out + sizeof prefix - 1);
}

static int identify(struct ms_execution_identity *out, struct ms_engine *engine,
                    const struct ms_engine_trial_request *request)
{
  char machine[37], name[37];
  ms_random_uuid(&engine->random, machine);
  ms_random_uuid(&engine->random, name);
  const char *region = engine->options.region, *account = engine->options.account;
  *out = (struct ms_execution_identity){
      .arn = ms_json_stringf("arn:aws:states:%s:%s:express:%s:%s", region, account, machine, name),
      .name = ms_json_cstring(name),
      .role_arn = request->role_arn.data == NULL ? MS_JSON_VALUE_NULL
                                                 : ms_json_string(request->role_arn),
      .machine_arn = ms_json_stringf("arn:aws:states:%s:%s:stateMachine:%s", region, account, machine),
      .machine_name = ms_json_cstring(machine),
      .region = ms_json_ref(engine->region),
      .input_text = MS_JSON_VALUE_NONE,
      .is_express = true,
      .is_sync = true,
      .seed = ms_random_next(&engine->random)};
  if (!ms_json_is_none(out->arn) && !ms_json_is_none(out->name) && !ms_json_is_none(out->role_arn) &&
      !ms_json_is_none(out->machine_arn) && !ms_json_is_none(out->machine_name)) {
    return 0;
  }
  ms_execution_identity_deinit(out);
  return ms_error_nomem();
}

int ms_engine_trial_new(struct ms_engine_trial **out, struct ms_engine *engine,
                        const struct ms_engine_trial_request *request)
{
  struct ms_trial_setup setup = {.input = request->input,
                                 .variables = request->variables,
                                 .context = request->context,
                                 .items = request->items,
                                 .retries = request->retries};
  struct ms_engine_trial *trial = ms_calloc(1, sizeof *trial);
  if (trial == NULL) {
    return ms_error_nomem();
  }
  int err = ms_engine_machine_compile(&trial->machine, engine, request->definition, 0, NULL, NULL);
  if (err == 0) {
    err = identify(&setup.identity, engine, request);
  }
  if (err != 0) {
    ms_machine_unref(trial->machine);
    ms_free(trial);
    return err;
  }
  setup.machine = trial->machine;
  engine->env.now_ms = ms_loop_now_ms(engine->loop);
  err = ms_trial_begin(&trial->core, &setup, &engine->env);
  if (err != 0) {
    ms_engine_trial_free(trial);
    return err;
  }
  *out = trial;
  return MSTEP_OK;
}

void ms_engine_trial_free(struct ms_engine_trial *trial)
{
  if (trial != NULL) {
    ms_trial_deinit(&trial->core);
    ms_machine_unref(trial->machine);
    ms_free(trial);
  }
}

enum ms_engine_trial_state ms_engine_trial_state(const struct ms_engine_trial *trial)
{
  return trial->core.state == MS_TRIAL_TASK       ? MS_ENGINE_TRIAL_TASK
         : trial->core.state == MS_TRIAL_CHILDREN ? MS_ENGINE_TRIAL_CHILDREN
                                                  : MS_ENGINE_TRIAL_ENDED;
}

struct ms_json ms_engine_trial_parameters(const struct ms_engine_trial *trial)
{
  return ms_trial_parameters(&trial->core);
}

uint32_t ms_engine_trial_children(const struct ms_engine_trial *trial)
{
  return trial->core.child_count;
}

bool ms_engine_trial_exceeds(const struct ms_engine_trial *trial, uint32_t failed)
{
  return ms_trial_exceeds(&trial->core, failed);
}

int ms_engine_trial_answer(struct ms_engine_trial *trial, struct ms_json result)
{
  return ms_trial_answer(&trial->core, result);
}

int ms_engine_trial_fail(struct ms_engine_trial *trial, struct ms_json error, struct ms_json cause)
{
  return ms_trial_fail(&trial->core, error, cause);
}

void ms_engine_trial_outcome(struct ms_engine_trial_outcome *out,
                             const struct ms_engine_trial *trial)
{
  static const char *const names[] = {"SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"};
  struct ms_trial_outcome outcome;
  ms_trial_outcome(&outcome, &trial->core);
  *out = (struct ms_engine_trial_outcome){.status = names[outcome.status],
                                          .output = outcome.output,
                                          .error = outcome.error,
                                          .cause = outcome.cause,
                                          .inspected = trial->core.inspected,
                                          .details = trial->core.details};
  if (outcome.next != NULL) {
    out->next = outcome.next->name;
  }
}
