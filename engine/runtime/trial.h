/*
 * One state, tried alone on this engine's terms: its query languages, rules and limits. What TestState is made of; see
 * core/trial.h. Nothing is kept and nothing is called: what a task answers is the caller's to say.
 */
#ifndef MS_RUNTIME_TRIAL_H
#define MS_RUNTIME_TRIAL_H

#include "json/json.h"
#include "runtime/runtime.h"

struct ms_engine_trial;

struct ms_engine_trial_request {
  struct ms_str definition; /* of a machine that starts with the state */
  struct ms_str role_arn;   /* data NULL: none */
  /* Borrowed until the trial is freed; NONE: not given. */
  struct ms_json input;
  struct ms_json variables;
  struct ms_json context; /* in place of the Context Object */
  struct ms_json items;   /* in place of what an ItemReader reads */
  uint32_t retries;       /* that every retrier has used up before */
};

enum ms_engine_trial_state {
  MS_ENGINE_TRIAL_TASK,     /* waits for what its task answers */
  MS_ENGINE_TRIAL_CHILDREN, /* for what its branches or iterations do */
  MS_ENGINE_TRIAL_ENDED
};

/* Borrowed from the trial. */
struct ms_engine_trial_outcome {
  const char *status;   /* "SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR" */
  struct ms_json output, error, cause; /* NONE or NULL where there is none */
  struct ms_str next;                  /* name of the next state; data NULL: the end */
  struct ms_json inspected; /* {"input", "afterInputPath", ...}: values */
  struct ms_json details;   /* {"retryIndex", "catchIndex", "retryBackoffIntervalSeconds"} */
};

#define MS_ENGINE_TRIAL_NAME_SIZE 48
/* A name for the machine that calls a trial's task. */
void ms_engine_trial_name(char out[MS_ENGINE_TRIAL_NAME_SIZE], struct ms_engine *engine);

/* MSTEP_EDEFINITION, MSTEP_ENOMEM. Loop thread, as all of these. */
int ms_engine_trial_new(struct ms_engine_trial **out, struct ms_engine *engine,
                        const struct ms_engine_trial_request *request);
void ms_engine_trial_free(struct ms_engine_trial *trial); /* NULL is fine */
enum ms_engine_trial_state ms_engine_trial_state(const struct ms_engine_trial *trial);
/* TASK: what it is called with; borrowed. */
struct ms_json ms_engine_trial_parameters(const struct ms_engine_trial *trial);
/* CHILDREN: how many there are, and whether so many failures are more than the state tolerates. */
uint32_t ms_engine_trial_children(const struct ms_engine_trial *trial);
bool ms_engine_trial_exceeds(const struct ms_engine_trial *trial, uint32_t failed);
/* TASK, CHILDREN: values borrowed. */
int ms_engine_trial_answer(struct ms_engine_trial *trial, struct ms_json result);
int ms_engine_trial_fail(struct ms_engine_trial *trial, struct ms_json error, struct ms_json cause);
/* ENDED. */
void ms_engine_trial_outcome(struct ms_engine_trial_outcome *out,
                             const struct ms_engine_trial *trial);

#endif
