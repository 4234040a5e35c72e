/*
 * What a state type sees while it decides: the execution (read only), the events written so far, and
 * helpers that write events in AWS's order with AWS's ids. Used by states/ and by core itself.
 */
#ifndef MS_CORE_DECISION_H
#define MS_CORE_DECISION_H

#include "core/core.h"

struct ms_decision {
  struct ms_events *out;
  const struct ms_execution *execution;
  const struct ms_core_env *env;
  uint32_t next_event;    /* id of the next public event */
  uint32_t previous;      /* id of the last event of the thread that is decided on */
  struct ms_random random;
  /* The evaluation under way: */
  struct ms_query_env query;
  const struct ms_frame *frame; /* whose context and variables it sees */
  struct ms_json context;       /* cached; owned */
  struct ms_json token;         /* $$.Task.Token, or NONE; borrowed */
  struct ms_json item;          /* $$.Map.Item, or NONE; borrowed */
};

/* ---- writing events ---- */

/* Appends an event of this frame with the next id; NULL when out of memory. The caller fills the rest. */
struct ms_event *ms_decision_event(struct ms_decision *decision, enum ms_event_type type,
                                   const struct ms_frame *frame);
/* The same, never in the public history (id 0). */
struct ms_event *ms_decision_hidden(struct ms_decision *decision, enum ms_event_type type,
                                    const struct ms_frame *frame);
/* As ms_decision_event with data and more, both taken; a NONE that should be a value counts as out of memory. */
int ms_decision_write(struct ms_decision *decision, enum ms_event_type type,
                      const struct ms_frame *frame, struct ms_json data, struct ms_json more);

/* ---- evaluating ---- */

/* Prepares and returns the environment of a query of this frame whose `$` is `input` (borrowed). */
struct ms_query_env *ms_decision_query(struct ms_decision *decision, const struct ms_frame *frame,
                                       struct ms_json input);
/* Drops what is cached of the context, after token or item changed. */
void ms_decision_forget_context(struct ms_decision *decision);
/* InputPath applied to the raw input; *out owned. */
int ms_decision_input(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                      struct ms_failure *failure);
/* InputPath, then Parameters or Arguments; *out owned. */
int ms_decision_arguments(struct ms_json *out, struct ms_decision *decision,
                          const struct ms_frame *frame, struct ms_failure *failure);
/*
 * The value of a setting: its literal, or the query evaluated on `input`. *out owned; NONE when absent.
 * A path that finds nothing fails with `Invalid path ...`.
 */
int ms_decision_setting(struct ms_json *out, struct ms_decision *decision, const struct ms_frame *frame,
                        const struct ms_setting *setting, struct ms_json input,
                        struct ms_failure *failure);

/* JSONPath states are shaped by paths, all others by Output. */
bool ms_state_is_jsonpath(const struct ms_state *state);

/* Tells a trial what a field made of the data; nothing otherwise. The second: of JSONPath states only. */
void ms_decision_inspect(const struct ms_decision *decision, const char *name, struct ms_json value);
void ms_decision_inspect_path(const struct ms_decision *decision, const struct ms_frame *frame,
                              const char *name, struct ms_json value);

/* ---- leaving a state ---- */

/* How a state is left. Queries may be NULL. All borrowed. */
struct ms_exit {
  struct ms_json result;      /* Task, Parallel, Map: raw result; others: NONE */
  struct ms_json output;      /* JSONPath: what ResultPath (has_result) or OutputPath works on */
  bool has_result;            /* ResultSelector and ResultPath apply to `output` */
  struct ms_json assign_root; /* JSONPath: `$` of Assign */
  const struct ms_query *assign;
  const struct ms_query *output_query; /* other languages */
  const char *field;          /* in front of "Output" and "Assign" in error locations: "", "Choices[1]/" */
  uint32_t next;              /* state index, or MS_STATE_NONE */
};

/* Shapes the output, writes StateExited and, at the end of a flow, what follows from it. */
int ms_decision_exit(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_exit *how);
/* The same for a state that has done its work: `result` (borrowed) is the task's, or the array of outputs. */
int ms_decision_exit_result(struct ms_decision *decision, const struct ms_frame *frame,
                            struct ms_json result);

/* ---- failing ---- */

/* Error and Cause as the world gave them: Retry, Catch, or up to the frame above. Borrows failure. */
int ms_decision_fail(struct ms_decision *decision, const struct ms_frame *frame,
                     const struct ms_failure *failure);
/*
 * For a field that could not be evaluated: puts AWS's "An error occurred while executing the state ..."
 * in front of the cause, writes EvaluationFailed where AWS does, and fails. Borrows failure.
 */
int ms_decision_fail_evaluation(struct ms_decision *decision, const struct ms_frame *frame,
                                struct ms_failure *failure);
/* status: what an evaluation returned. 0 stays 0; MS_FAILED becomes fail_evaluation's result; < 0 stays. */
int ms_decision_settle(struct ms_decision *decision, const struct ms_frame *frame, int status,
                       struct ms_failure *failure);

/* True when the payload is longer than the limit. */
bool ms_decision_is_too_large(const struct ms_decision *decision, struct ms_json value);
/* Fails with States.DataLimitExceeded. */
int ms_decision_fail_too_large(struct ms_decision *decision, const struct ms_frame *frame);
/*
 * What a state leaves behind, against the limits: MS_FAILED with States.DataLimitExceeded when the output
 * or the variables (NONE: none are assigned) are too long. The frame's own ones count as after it.
 */
int ms_decision_check_limits(const struct ms_decision *decision, const struct ms_frame *frame,
                             struct ms_json output, struct ms_json assigned,
                             struct ms_failure *failure);

/* The Task type's struct: core reads the resource for history and effects. */
struct ms_state_task_fields {
  struct ms_state base;
  struct ms_str resource;
  struct ms_query *credentials;
  struct ms_setting timeout;
  struct ms_setting heartbeat;
};

#endif
