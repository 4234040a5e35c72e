/*
 * One state, tried alone, as TestState does: it is entered, what it asks of the world is answered by the
 * caller, and what each of its fields made of the data is written down on the way. Pure, as all of core.
 *
 *   begin --> TASK      --> answer or fail --+
 *         --> CHILDREN  --> answer or fail --+--> ENDED: outcome
 *         ---------------------------------->+
 *
 * A Wait is over at once. Branches and iterations are not run: their state is answered as a task is.
 */
#ifndef MS_CORE_TRIAL_H
#define MS_CORE_TRIAL_H

#include "core/core.h"

struct ms_trial_setup {
  struct ms_machine *machine; /* its StartAt is the state; referenced */
  struct ms_execution_identity identity; /* taken */
  struct ms_json input;       /* borrowed, as all that follows: until the trial is over */
  struct ms_json variables;   /* object; NONE: there are none */
  struct ms_json context;     /* in place of the Context Object; NONE: the usual one */
  struct ms_json items;       /* in place of what an ItemReader reads; NONE: nothing */
  uint32_t retries;           /* that every retrier has used up before */
};

enum ms_trial_state { MS_TRIAL_TASK, MS_TRIAL_CHILDREN, MS_TRIAL_ENDED };
enum ms_trial_status {
  MS_TRIAL_SUCCEEDED,
  MS_TRIAL_FAILED,
  MS_TRIAL_RETRIABLE,
  MS_TRIAL_CAUGHT_ERROR
};

/* Borrowed from the trial. */
struct ms_trial_outcome {
  enum ms_trial_status status;
  struct ms_json output; /* SUCCEEDED, CAUGHT_ERROR */
  struct ms_json error;  /* the others, and CAUGHT_ERROR: string, NULL or NONE */
  struct ms_json cause;
  const struct ms_state *next; /* NULL: the end */
};

struct ms_trial {
  struct ms_core_env env;
  struct ms_core_probe probe;
  struct ms_execution *execution;
  struct ms_events events;
  enum ms_trial_state state;
  uint32_t child_count; /* CHILDREN: iterations or branches */
  double tolerated_count, tolerated_percentage; /* of children; < 0: not given */
  struct ms_json inspected; /* object: "input", "afterInputPath", ..., as values */
  struct ms_json details;   /* object: "retryIndex", "catchIndex", "retryBackoffIntervalSeconds" */
  struct ms_json error, cause; /* of the failure */
  int status;                  /* sticky, of what is written down */
};

/* env: for the trial's life. On an error (MSTEP_ENOMEM) deinit all the same. */
int ms_trial_begin(struct ms_trial *trial, const struct ms_trial_setup *setup,
                   const struct ms_core_env *env);
void ms_trial_deinit(struct ms_trial *trial);
/* TASK: what it is called with, and which it is. */
struct ms_json ms_trial_parameters(const struct ms_trial *trial);
/* CHILDREN: whether so many failed iterations are more than the state says that it tolerates. */
bool ms_trial_exceeds(const struct ms_trial *trial, uint32_t failed);
/* TASK, CHILDREN: values borrowed. */
int ms_trial_answer(struct ms_trial *trial, struct ms_json result);
int ms_trial_fail(struct ms_trial *trial, struct ms_json error, struct ms_json cause);
/* ENDED. */
void ms_trial_outcome(struct ms_trial_outcome *out, const struct ms_trial *trial);

#endif
