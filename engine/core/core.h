/*
 * The pure core: command in, events out, state from events, effects from events.
 *
 *   command --decide--> events --evolve--> state        effects = f(events)      pending = f(state)
 *
 * Nothing here performs I/O or reads a clock; everything that is not an argument comes in `env`. The same
 * (state, command, env) gives the same events, bit for bit. One thread at a time for one execution.
 */
#ifndef MS_CORE_CORE_H
#define MS_CORE_CORE_H

#include "core/command.h"
#include "core/effect.h"

struct ms_core_limits {
  size_t payload_bytes;        /* of an input or output; 0 = none; AWS: 262144 */
  uint32_t history_events;     /* 0 = none; AWS: 25000 */
  uint32_t inline_concurrency; /* of an inline Map without a smaller MaxConcurrency; AWS: 40 */
  struct ms_query_limits query;
};
#define MS_CORE_LIMITS_AWS ((struct ms_core_limits){262144, 25000, 40, {1000000, 100, 64u << 20}})

/* A Task's Resource, taken apart. Strings are borrowed from the machine. */
enum ms_resource_kind { MS_RESOURCE_LAMBDA, MS_RESOURCE_ACTIVITY, MS_RESOURCE_SERVICE };
struct ms_resource {
  enum ms_resource_kind kind;
  struct ms_str arn;     /* as written */
  struct ms_str type;    /* SERVICE: "lambda", "sqs", "aws-sdk:s3" */
  struct ms_str action;  /* SERVICE: "invoke", "sendMessage.waitForTaskToken" */
  struct ms_str name;    /* LAMBDA: function name; ACTIVITY: activity name */
  bool waits_for_token;  /* .waitForTaskToken */
  bool is_sync;          /* .sync, .sync:2 */
};
struct ms_core_env {
  int64_t now_ms;
  struct ms_arena *arena; /* scratch; rewound after each decision */
  const struct ms_core_limits *limits;
  /* Choice rules that name a function: fills *out or returns MS_FAILED with *failure. NULL = none. */
  int (*rule)(bool *out, void *user, struct ms_str name, struct ms_json input, struct ms_json context,
              struct ms_failure *failure);
  /* Refuses a task before it is scheduled: MS_FAILED with *failure. NULL = takes all. */
  int (*check_task)(void *user, const struct ms_resource *resource, struct ms_json parameters,
                    struct ms_failure *failure);
  void *user; /* of both */
};

/* Appends events to *out; changes nothing else. An answer that comes too late appends none. */
int ms_core_decide(struct ms_events *out, const struct ms_execution *execution,
                   const struct ms_command *command, const struct ms_core_env *env);
/* Applies one event; takes nothing of it. MSTEP_ENOMEM leaves the execution unusable: drop it. */
int ms_core_evolve(struct ms_execution *execution, const struct ms_event *event);
/* Appends what the event asks of the world. `execution` gives the machine and identity only. */
int ms_core_effects(struct ms_effects *out, const struct ms_event *event);
/* Appends what is outstanding, from state alone: after a crash these are issued again. */
int ms_core_pending(struct ms_effects *out, const struct ms_execution *execution);
/* The frame at the head of the run queue, or MS_FRAME_NONE. */
uint32_t ms_core_runnable(const struct ms_execution *execution);

/*
 * One command and then steps until nothing is ready: decide, evolve, effects for each. Appends to both
 * lists. What runtime and tests call. max_steps bounds a run of states without a wait (0 = none): when it is used up the
 * call returns with ms_core_runnable still giving a frame; call again with command NULL to go on.
 */
int ms_core_turn(struct ms_events *events, struct ms_effects *effects, struct ms_execution *execution,
                 const struct ms_command *command, const struct ms_core_env *env, uint32_t max_steps);

void ms_resource_parse(struct ms_resource *out, struct ms_str arn);
/* Of the Task state with that index. */
void ms_core_resource(struct ms_resource *out, const struct ms_machine *machine, uint32_t state);

#endif
