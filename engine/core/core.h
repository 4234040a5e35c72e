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

/* What an execution may be. 0 = no limit. */
struct ms_core_limits {
  size_t payload_bytes;          /* an input, an output, a variable, all variables of one Assign */
  uint32_t history_events;       /* public events of one Standard execution */
  uint32_t inline_concurrency;   /* of an inline Map without a smaller MaxConcurrency */
  struct ms_query_limits query;
  size_t variables_bytes;        /* all variables of one execution */
  uint32_t execution_seconds_standard; /* an execution's life, redrives included */
  uint32_t execution_seconds_express;
  uint32_t redrive_seconds;      /* after its end an execution can be redriven so long */
  uint32_t map_run_redrives;     /* of one map run */
};
#define MS_CORE_LIMITS_QUERY {1000000, 100, 64u << 20}
/* Ours: no caps but those that keep a runaway expression from taking the machine. */
#define MS_CORE_LIMITS_DEFAULT ((struct ms_core_limits){0, 0, 40, MS_CORE_LIMITS_QUERY, 0, 0, 0, 0, 0})
/* AWS's quotas: 256 KiB, 25,000 events, 10 MiB of variables, a year, 5 minutes, 14 days, 1,000 redrives. */
#define MS_CORE_LIMITS_AWS                                                                    \
  ((struct ms_core_limits){262144, 25000, 40, MS_CORE_LIMITS_QUERY, 10u << 20, 365u * 86400, \
                           300, 14u * 86400, 1000})

/* A Task's Resource, taken apart. Strings are borrowed from the machine. */
enum ms_resource_kind {
  MS_RESOURCE_LAMBDA,
  MS_RESOURCE_ACTIVITY,
  MS_RESOURCE_SERVICE,
  MS_RESOURCE_MAP /* a Map that reads or writes: its parameters say what */
};
struct ms_resource {
  enum ms_resource_kind kind;
  struct ms_str arn;     /* as written */
  struct ms_str type;    /* SERVICE: "lambda", "sqs", "aws-sdk:s3" */
  struct ms_str action;  /* SERVICE: "invoke", "sendMessage.waitForTaskToken" */
  struct ms_str name;    /* LAMBDA: function name; ACTIVITY: activity name */
  bool waits_for_token;  /* .waitForTaskToken */
  bool is_sync;          /* .sync, .sync:2 */
};
/* A trial of one state (core/trial.h) looks over its shoulder. */
struct ms_core_probe {
  struct ms_json context; /* in place of the Context Object; NONE: the usual one */
  struct ms_json items;   /* in place of what an ItemReader reads; NONE: nothing */
  /* What a field made of the data: "afterInputPath" ...; "error", "cause", "retryIndex", "catchIndex". */
  void (*inspect)(void *user, const char *name, struct ms_json value);
  void *user;
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
  const struct ms_core_probe *probe; /* NULL but in a trial */
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
/*
 * Whether MS_COMMAND_REDRIVE would be taken at `now_ms`. If not, *reason is AWS's text of
 * redriveStatusReason, static. limits may be NULL: none.
 */
bool ms_core_redrivable(const char **reason, const struct ms_execution *execution,
                        const struct ms_core_limits *limits, int64_t now_ms);
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
