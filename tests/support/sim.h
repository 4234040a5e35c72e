/*
 * A simulated life of executions in a store, from a seed: engines on virtual time, one after the other, on
 * a store that fails on a plan; they are left at random moments as if the process had been killed. Around
 * them a world that starts executions, answers tasks, stops, redrives, purges and asks, and that keeps a
 * model of its own of what it was told. What was told once must be true for ever:
 *
 *   accepted    is there until it is purged, and its name is not run a second time
 *   ended       with the result that an engine without a store comes to; once, and for good unless redriven
 *   history     only grows; no id is missing; folded it gives the state
 *   a task      has one token for ever, and is started once, and once more for each crash or failure
 *   purged      leaves nothing in any table
 *
 *   sim.c        the lives: open, crash, what happens when
 *   sim_host.c   what the engine calls: accepted, done, tasks
 *   sim_act.c    what is asked of it: start, stop, redrive, purge
 *   sim_look.c   what it says, held against the model: describe, list, history, tables
 *   sim_expect.c what has to come out, from an engine without a store
 */
#ifndef SIM_H
#define SIM_H

#include "base/arena.h"
#include "base/random.h"
#include "runtime/runtime.h"
#include "steady_machine.h"

#define SIM_MACHINES 3
#define SIM_VERSIONS 2 /* of each: executions keep theirs */
#define SIM_SLOTS 24
#define SIM_REDRIVES STEADY_REDRIVES
#define SIM_TRACE 60
#define SIM_TRACE_SIZE 200
#define SIM_URL_SIZE 512

/* How one ended. Texts of the sim's arena, or NULL. */
struct sim_end {
  int status; /* enum ms_execution_status; RUNNING: not known */
  char *output;
  char *error;
  char *cause;
};

/* What an execution must come to when it was redriven so often. */
struct sim_expected {
  bool is_known;
  struct sim_end end;
  char *arn; /* in the reference */
};

/* One execution as the world knows it; a name, and after a purge used again. */
struct sim_slot {
  unsigned number;
  unsigned incarnation;
  unsigned machine, version;
  enum {
    SIM_NEVER, /* nobody has asked for it, or it was lost before it was durable */
    SIM_ASKED, /* it may be there */
    SIM_THERE, /* it is */
    SIM_GONE   /* purged */
  } state;
  bool is_express;
  char name[24];
  char arn[MS_ENGINE_ARN_SIZE];
  char *input;
  bool is_purge_asked;
  bool is_purge_in_doubt; /* asked while a redrive was not answered: that one may come first */
  bool has_stopped;      /* a stop was asked for, ever */
  bool must_have_ended;  /* a stop is durable */
  bool may_be_aborted[SIM_REDRIVES + 2]; /* by redrives */
  unsigned redrives_told, redrives_asked;
  struct sim_end ends[SIM_REDRIVES + 2]; /* told, by redrives */
  struct sim_expected expected[SIM_REDRIVES + 2];
  char *started; /* its start date, once told */
  char **events; /* of its history, told */
  unsigned event_count, event_capacity;
};

enum sim_action_type {
  SIM_START,
  SIM_STOP,
  SIM_REDRIVE,
  SIM_PURGE,
  SIM_PURGE_OLD,
  SIM_LOOK,
  SIM_HISTORY,
  SIM_LIST,
  SIM_FOLD,
  SIM_ANSWER, /* the rest are about a task */
  SIM_FAILURE,
  SIM_BEAT,
  SIM_CRASH
};

struct sim_action {
  int64_t at_ms;
  uint64_t order;
  enum sim_action_type type;
  unsigned slot;
  struct sim_task *task;
  unsigned start; /* of the task: which one planned this */
};

/* One attempt at one task, by its parameters. */
struct sim_task {
  struct sim_task *next;
  char *parameters;
  uint64_t hash;
  char token[80];
  unsigned slot;
  unsigned epoch; /* of its last start */
  unsigned starts;
  int64_t started_at_ms; /* the last time */
  struct steady_task plan;
};

/* What the engine is given as `user`. */
struct sim_call {
  enum { SIM_CALL_START, SIM_CALL_STOP, SIM_CALL_REDRIVE, SIM_CALL_PURGE, SIM_CALL_DONE } type;
  struct sim_slot *slot; /* NULL: of many */
  unsigned incarnation;
  unsigned redrives;
  unsigned life;
  bool is_over;
};

struct sim_plan {
  bool is_memory; /* the store; nothing dies then */
  unsigned fail, tear, read, down;
  unsigned machines, slots;
  unsigned crashes; /* at most */
  size_t resident_max;
  struct ms_engine_journal_limits limits;
};

struct sim_counts {
  uint64_t executions, crashes, failures, tasks, events, redrives, purges, lives;
};

struct sim {
  uint64_t seed;
  bool is_loud;
  struct ms_random random;
  struct ms_arena *arena; /* everything that lives as long as this */
  struct sim_plan plan;
  char *path;
  char *functions; /* the folder beside which buckets lie */
  struct ms_buf definitions[SIM_MACHINES][SIM_VERSIONS];
  bool is_express[SIM_MACHINES];
  enum ms_log_level log_levels[SIM_MACHINES];
  struct sim_slot slots[SIM_SLOTS];
  struct sim_task *tasks;
  struct sim_action *actions;
  size_t action_count, action_capacity;
  uint64_t next_order;
  struct ms_engine *engine;
  struct ms_engine *reference; /* without a store */
  struct sim_end reference_end;
  int reference_redrives;
  int64_t now_ms;
  unsigned life;
  unsigned epoch;      /* one more after each crash and each failure of the store */
  unsigned crashes;
  bool is_calm;        /* the store is well, unless it is memory; nobody dies */
  bool is_ending;      /* nothing is started any more */
  bool is_settled;     /* nothing was asked since the engine had done all it could */
  bool is_dead;        /* killed: what it still says is heard by nobody */
  unsigned death_in;   /* callbacks; 0 = not planned */
  unsigned depth;      /* callbacks of the engine on the stack */
  char trace[SIM_TRACE][SIM_TRACE_SIZE];
  unsigned trace_count;
  struct sim_counts *counts;
};

/* ---- sim.c ---- */
void sim_run(uint64_t seed, bool is_loud, struct sim_counts *counts);
void sim_note(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints the seed and what went before, and ends the case. */
void sim_fail(struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
unsigned sim_below(struct sim *sim, unsigned bound);
void *sim_alloc(struct sim *sim, size_t size); /* zeroed; lives as long as the sim */
char *sim_text(struct sim *sim, struct ms_str text);
char *sim_format(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_plan_action(struct sim *sim, enum sim_action_type type, unsigned slot, unsigned in_ms);
void sim_plan_task(struct sim *sim, enum sim_action_type type, struct sim_task *task,
                   int64_t in_ms);

/* ---- sim_host.c ---- */
struct ms_engine_options sim_options(struct sim *sim, const char *url);
struct ms_callback sim_callback(struct sim *sim, int type, struct sim_slot *slot);
void sim_answer(struct sim *sim, const struct sim_action *action);
void sim_tasks_free(struct sim *sim);

/* ---- sim_act.c ---- */
void sim_start(struct sim *sim, struct sim_slot *slot);
void sim_stop(struct sim *sim, struct sim_slot *slot);
void sim_redrive(struct sim *sim, struct sim_slot *slot);
void sim_purge(struct sim *sim, struct sim_slot *slot);
void sim_purge_old(struct sim *sim);
void sim_wait(struct sim *sim, struct sim_slot *slot); /* for its end, in a new life */
void sim_gone(struct sim *sim, struct sim_slot *slot);

/* ---- sim_look.c ---- */
enum sim_look {
  SIM_LOOK_ERROR, /* MSTEP_EIO: the store has failed, or a read */
  SIM_LOOK_NONE,
  SIM_LOOK_RUNNING,
  SIM_LOOK_ENDED
};
enum sim_look sim_look(struct sim *sim, struct sim_slot *slot);
/* That one has ended so after so many redrives, or after as many as may be (redrives < 0). */
void sim_check_end(struct sim *sim, struct sim_slot *slot, int redrives,
                   const struct sim_end *end);
bool sim_check_history(struct sim *sim, struct sim_slot *slot); /* false: the store does not answer */
void sim_check_list(struct sim *sim);
void sim_check_fold(struct sim *sim, struct sim_slot *slot);
/* All are purged: nothing but machines and settings is left, and a short journal. */
void sim_check_empty(struct sim *sim);

/* ---- sim_expect.c ---- */
const struct sim_expected *sim_expect(struct sim *sim, struct sim_slot *slot, unsigned redrives);
/* Those of its history when nothing was asked of it but its start. */
const char *sim_expected_events(struct sim *sim, struct sim_slot *slot);
/* The events of a history in an order that does not depend on time, without dates and numbers. */
char *sim_sorted_events(struct sim *sim, char **events, unsigned count);

#endif
