/*
 * Drives one execution through the pure core on a virtual clock: keeps its history, the tasks and timers
 * that are outstanding, and checks after every turn that the two ways to know them agree:
 * effects emitted and not yet answered = ms_core_pending(fold(ms_core_evolve, history)).
 */
#ifndef DRIVE_H
#define DRIVE_H

#include "asl/asl.h"
#include "core/core.h"

struct drive_task {
  uint32_t frame;
  uint32_t task;
  uint32_t state;
  struct ms_json parameters;
  struct ms_json details;
};

struct drive_timer {
  uint32_t frame;
  int64_t due_at_ms;
  uint64_t order; /* of being set: equal deadlines fire in it */
};

struct drive {
  struct ms_machine *machine;
  struct ms_execution *execution;
  struct ms_arena *arena;
  struct ms_core_limits limits;
  struct ms_core_env env; /* env.now_ms is the clock */
  struct ms_events history;
  struct ms_effects effects; /* of the last turn */
  struct drive_task *tasks;
  size_t task_count, task_capacity;
  struct drive_timer *timers;
  size_t timer_count, timer_capacity;
  uint64_t next_order;
  struct ms_buf problem; /* what the invariant check found; empty = nothing */
};

struct drive_options {
  const char *machine_name;   /* default "machine" */
  const char *execution_name; /* default "execution" */
  const char *role_arn;
  const char *account;        /* default "000000000000" */
  bool is_express;
  bool is_sync;               /* as StartSyncExecution */
  uint64_t seed;
  int64_t start_at_ms;        /* default 2024-01-01T00:00:00Z */
};

/* AWS's, but an execution may last as long as it likes: its timer would stand in every scenario. */
struct ms_core_limits drive_limits(void);
/* Compiles and makes the execution. MSTEP_EDEFINITION: *problems (NULL-able) gets the diagnostics' text. */
int drive_open(struct drive *drive, struct ms_str definition, const struct drive_options *options,
               struct ms_buf *problems);
void drive_close(struct drive *drive);
/* One turn. command's values stay the caller's. */
int drive_command(struct drive *drive, const struct ms_command *command);
int drive_start(struct drive *drive, struct ms_json input);
/* Moves the clock to the earliest timer and fires it. MSTEP_ENOTFOUND when there is none. */
int drive_fire(struct drive *drive);
/* The earliest timer, or NULL. */
const struct drive_timer *drive_next_timer(const struct drive *drive);
/* Folds the history again from nothing and compares the result with the execution; see drive->problem. */
bool drive_check(struct drive *drive);
/* The public history as an array of GetExecutionHistory's events. */
struct ms_json drive_history(const struct drive *drive);

#endif
