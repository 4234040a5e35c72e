/*
 * The engine's own structs and the functions that its files call of each other. The order of things
 * in a turn, which the files follow:
 *
 *   api, timers, tasks, other threads --> pending commands (queue.c)
 *   on_defer: take commands, ms_core_turn on each (turn.c) --> a turn: events and effects
 *             durable, if there is a store (durable.h) --> watchers told (watch.c), effects
 *             performed, ends told (effects.c)
 */
#ifndef MS_RUNTIME_INTERNAL_H
#define MS_RUNTIME_INTERNAL_H

#include "asl/asl.h"
#include "base/vec.h"
#include "base/map.h"
#include "core/core.h"
#include "dest/dest.h"
#include "journal/driver.h"
#include "loop/loop.h"
#include "luavm/luavm.h"
#include "metrics/metrics.h"
#include "runtime/history.h"
#include "runtime/inbox.h"
#include "runtime/index.h"
#include "runtime/runtime.h"
#include "runtime/scripts.h"
#include "timer/timer.h"

struct ms_run;
struct ms_logs; /* logs.h */

/*
 * One version of a machine: what an update makes. The current one is found by its ARN, the others
 * live as long as executions may need them. The strings are shared with its executions.
 */
struct ms_engine_machine {
  struct ms_machine *machine; /* NULL: its definition does not compile any more */
  struct ms_json arn;
  struct ms_json name;
  struct ms_json prefix; /* of the ARNs of its executions: what stands before their tail */
  struct ms_json role_arn;
  struct ms_json configuration; /* text of an object; NONE: AWS's defaults */
  struct ms_json revision;      /* a UUID; NONE: of the first version */
  /*
   * Published: its number, and the alias that leads to it (NONE: none). Those are found by a key of their
   * own, ARN:NUMBER or ARN:ALIAS:NUMBER; executions that run one say so.
   */
  struct ms_json key;
  struct ms_json alias;
  uint32_t version; /* 0: not published, found by its ARN */
  bool is_deleted;
  uint32_t id;           /* of this version, from 1 */
  uint32_t family;       /* id of the first version of this name */
  bool is_express;
  bool is_stored; /* a row has it, or will have: see ms_durable_recover */
  bool has_durability;
  enum ms_durability durability;
  enum ms_log_level log_level;
  int64_t created_at_ms; /* of the first version */
  int64_t updated_at_ms; /* of this one */
  int64_t retention_age_ms;
  uint64_t retention_count;
};

/* A command that waits for its turn. Owns its values and one reference of the run. */
struct ms_pending {
  struct ms_pending *next;
  struct ms_run *run;
  struct ms_command command;
  struct ms_callback accepted; /* told when what it did is durable */
  ms_durable_cb on_durable;    /* likewise, of the engine's own */
  void *arg;
  bool is_more;     /* no command: the run's own steps go on */
  bool is_embedded; /* the answer of an ms_open_task, freed with it */
};

/* A deadline of one frame (MS_FRAME_NONE: of the execution). */
struct ms_run_timer {
  struct ms_timer timer; /* first */
  struct ms_run *run;
  struct ms_run_timer *next;
  uint32_t frame;
};

/*
 * A task that is out. `answer` is there from the start, so that an answer never fails for lack of
 * memory; its frame and task say which task this is.
 */
struct ms_open_task {
  struct ms_task task; /* first */
  struct ms_pending answer;
  struct ms_open_task *next;
  struct ms_json token; /* string, or NONE until somebody asks for it */
};

/* One more who wants to hear of the end. */
struct ms_run_done {
  struct ms_callback callback;
  struct ms_run_done *next;
};

/* What a watcher is told beyond the event itself; by frame. */
struct ms_watch_thread {
  uint32_t depth;
  uint32_t parent;
  int64_t index;
  uint32_t attempt;
};

struct ms_watch_threads {
  struct ms_watch_thread *data;
  size_t count;
  size_t capacity;
};

/*
 * An execution with what the runtime keeps of it. One that only waits may be *away*: its state is in
 * the store alone, and this is all that memory holds of it.
 */
struct ms_run {
  struct ms_execution *core; /* NULL: away; ms_run_wake brings it back */
  struct ms_kept *kept;      /* with a store, while it is not away */
  struct ms_engine_machine *machine;
  struct ms_json tail; /* its ARN is the machine's prefix and this */
  uint64_t number;     /* in the store */
  struct ms_history history; /* without a store */
  uint32_t references; /* the index, pending commands, entries of turns */
  bool is_closed;      /* its end has been told */
  bool is_broken;      /* see ms_run_break */
  bool must_load;      /* recovered, and more than its timers is to be begun again */
  struct ms_run_timer *timers;
  struct ms_open_task *tasks;
  struct ms_callback done;
  struct ms_run_done *more_done;
  struct ms_watch_threads *threads; /* while somebody watches */
  uint32_t *invocations;            /* by state index, while there are mocks */
  struct ms_json test_case;         /* of mocks, for which it was started; NONE: as they were loaded */
};

/* What one command did, or one thing that waits for the commit without having done anything. */
struct ms_turn_entry {
  struct ms_run *run;                /* NULL: only `accepted` */
  size_t first_event, event_count;   /* in turn.events */
  size_t first_effect, effect_count; /* in turn.effects */
  size_t first_note;                 /* in turn.notes; none when not watched */
  size_t log_bytes;                  /* of its record, in the run's log */
  bool has_snapshot;                 /* a row holds the run as it was then */
  struct ms_callback accepted;
  ms_durable_cb on_durable; /* of a driver */
  void *arg;
  int code; /* what both are told */
};

#define MS_TURN_MAX 256

/* What one turn did: not seen by anybody before it is durable. */
struct ms_turn {
  struct ms_turn *next;
  uint64_t seq; /* of the journal's batch that it waits for, once it is held */
  struct ms_turn_entry entries[MS_TURN_MAX];
  size_t count;
  struct ms_events events;
  struct ms_effects effects;
  struct ms_watch_threads notes; /* one for each event, in order */
};

struct ms_function_call; /* functions.c */
struct ms_hook_call;     /* likewise */

/* mstep_function_invoke, until its answer. */
struct ms_invocation {
  struct ms_invocation *next, **slot;
  struct ms_engine *engine;
  struct ms_callback reply;
};

#define MS_DRIVERS_MAX 16

struct ms_engine {
  struct ms_engine_options options; /* strings owned */
  uint64_t next_number;             /* of executions, without a store */
  const void *thread;               /* of the loop */
  struct ms_loop *loop;
  struct ms_timers timers;
  struct ms_tasks *tasks;
  struct ms_lua *lua; /* NULL until something needs it */
  struct ms_logs *logs;
  ms_engine_ask_cb ask; /* what handlers ask for goes there */
  void *ask_user;
  ms_engine_change_cb changed; /* of files; NULL: nobody watches */
  void *changed_user;
  const struct ms_query_lang *langs[2]; /* Lua, NULL: for the compiler */
  struct ms_random random;
  struct ms_arena *arena; /* of a turn */
  struct ms_core_limits limits;
  struct ms_core_env env;
  struct ms_map machines; /* by ARN: struct ms_engine_machine, the current one */
  MS_VEC(struct ms_engine_machine *) versions; /* by id - 1; NULL where there is none */
  struct ms_json region, role_arn;
  char base_url[MS_ENGINE_BASE_URL_SIZE];
  struct ms_index runs;   /* by ARN */
  struct ms_index tokens; /* of open tasks */
  struct ms_pending *first_pending, *last_pending;
  struct ms_pending *free_pending; /* to use again */
  uint32_t free_pending_count;
  struct ms_turn *turn; /* the one that is being made */
  struct ms_turn *full, *full_last; /* without a store: made, and to be performed in the next turn */
  struct ms_turn *free_turns;
  struct ms_durable *durable; /* NULL without a store */
  void *drivers[MS_DRIVERS_MAX];
  struct ms_driver_env driver_env;
  bool must_resume_drivers;
  int64_t look_at_ms; /* when to look for executions past their time; 0 = no need */
  struct ms_inbox inbox;
  struct ms_callback watcher;
  struct ms_invocation *invocations;
  struct ms_function_call *calls; /* of tasks */
  struct ms_hook_call *hook_calls;
  struct ms_dests *dests;
  char *buckets_dir;              /* NULL: none */
  struct ms_awaited *awaited;     /* deliveries to machines and operations, not answered yet */
  size_t open_count;              /* executions that are RUNNING */
  uint64_t event_counts[MS_EVENT_COUNT]; /* by type: became durable since the engine was opened */
  struct ms_histogram durations;         /* of executions that ended since then */
  uint32_t busy;                  /* callbacks of the loop on the stack */
  bool is_held;
  bool is_resuming; /* what is begun now may have been begun by a process that is gone */
  atomic_bool is_stopping;
};

/* ---- machines.c ---- */
/* As ms_engine_machine_validate; *out has one reference, NULL on an error. */
int ms_engine_machine_compile(struct ms_machine **out, struct ms_engine *engine,
                              struct ms_str definition, unsigned checks,
                              ms_engine_diagnostic_cb report, void *user);

/* ---- collect.c ---- */
void ms_collect_events(struct ms_engine *engine, const struct ms_events *events);
void ms_collect_end(struct ms_engine *engine, const struct ms_execution *execution);

/* ---- engine.c ---- */
/* After commands were queued or calls begun outside a turn: the loop is to look. */
void ms_engine_touch(struct ms_engine *engine);
bool ms_engine_is_loop_thread(const struct ms_engine *engine);
void ms_engine_log(struct ms_engine *engine, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 0, or why nothing can be changed now: read only, or the store has failed. */
int ms_engine_may_write(const struct ms_engine *engine);

/* ---- retention.c ---- */
void ms_retention_ended(struct ms_engine *engine); /* one more has: soon it is time to look */
void ms_retention_on_timer(struct ms_engine *engine, int64_t now_ms);

/* ---- purge.c ---- */
/* At most 1,000 each time; *count grows by how many, *is_more becomes true when there may be others. */
int ms_purge_old(uint64_t *count, bool *is_more, struct ms_engine *engine,
                 struct ms_str machine_arn, int64_t stopped_before_ms);
/* The oldest of those that have ended, but for `most`. */
int ms_purge_surplus(uint64_t *count, bool *is_more, struct ms_engine *engine,
                     const struct ms_engine_machine *machine, uint64_t most);

/* ---- drivers.c ---- */
int ms_drivers_open(struct ms_engine *engine);
void ms_drivers_close(struct ms_engine *engine);
int ms_drivers_load(struct ms_engine *engine);
void ms_drivers_resume(struct ms_engine *engine);
void ms_drivers_collect(struct ms_metrics *metrics, struct ms_engine *engine);
int64_t ms_drivers_next_due_ms(struct ms_engine *engine);
void ms_drivers_on_timer(struct ms_engine *engine);
bool ms_drivers_are_busy(struct ms_engine *engine);

/* ---- machines.c ---- */
/* A version with that id and everything else but the family's dates; known from now on. */
int ms_machine_add(struct ms_engine_machine **out, struct ms_engine *engine, uint32_t id,
                   const struct ms_engine_machine_request *request, struct ms_str arn);
/* The current one; NULL when there is none, or it was deleted and nothing of it runs. route: versions, too. */
struct ms_engine_machine *ms_machine_current(struct ms_engine *engine, struct ms_str arn);
struct ms_engine_machine *ms_machine_route(struct ms_engine *engine, struct ms_str arn);
int ms_machine_has_room(struct ms_engine *engine, struct ms_str arn); /* for a version; or ETOOBIG */
/* A copy that is found as ARN:NUMBER, or with an alias (empty: none) as ARN:ALIAS:NUMBER. */
int ms_machine_publish(struct ms_engine_machine **out, struct ms_engine *engine,
                       const struct ms_engine_machine *of, uint32_t number, struct ms_str alias);
/* What a start by that ARN is to run: as ms_machine_route, and one that an alias leads to. MSTEP_ENOTFOUND. */
int ms_machine_start_route(struct ms_engine_machine **out, struct ms_engine *engine,
                           struct ms_str arn);
/* ARNs as executions show them; owned. NONE: it has none. */
struct ms_json ms_machine_version_arn(const struct ms_engine_machine *machine);
struct ms_json ms_machine_alias_arn(const struct ms_engine_machine *machine);
struct ms_engine_machine *ms_machine_version(const struct ms_engine *engine, uint32_t id);
void ms_machines_deinit(struct ms_engine *engine);

/* ---- queue.c ---- */
/*
 * A command with one more reference of the run; NULL when out of memory. Not queued yet. Without a run it is
 * none, and only its `accepted` waits for what was taken before it.
 */
struct ms_pending *ms_pending_new(struct ms_engine *engine, struct ms_run *run,
                                  enum ms_command_type type);
void ms_pending_push(struct ms_engine *engine, struct ms_pending *pending);
struct ms_pending *ms_pending_pop(struct ms_engine *engine); /* NULL when empty */
void ms_pending_free(struct ms_engine *engine, struct ms_pending *pending);
void ms_queue_deinit(struct ms_engine *engine);

/* ---- turn.c ---- */
void ms_engine_turn(struct ms_engine *engine);
/* One more entry of the turn that is being made, in which there must be room. */
int ms_turn_ready(struct ms_engine *engine); /* there is one, with room. MSTEP_ENOMEM */
struct ms_turn_entry *ms_turn_add(struct ms_engine *engine, struct ms_run *run);
/* What a durable turn has held back; gives the turn back. */
void ms_turn_perform(struct ms_engine *engine, struct ms_turn *turn);
/* The same without anybody hearing of it but `accepted`, with that code. */
void ms_turn_drop(struct ms_engine *engine, struct ms_turn *turn, int code, const char *detail);
void ms_turns_deinit(struct ms_engine *engine);

/* ---- status.c ---- */
/* The default bus hears what status it has now, when the turn is durable. */
void ms_run_tell_status(struct ms_engine *engine, const struct ms_run *run);

/* ---- effects.c ---- */
void ms_run_perform(struct ms_engine *engine, struct ms_run *run, const struct ms_effect *effect);
/* Tells its end, once; cancels what is left of it. */
void ms_run_close(struct ms_engine *engine, struct ms_run *run);
/* Tells everybody who waits for it; nothing when nobody does. */
void ms_run_tell_end(struct ms_engine *engine, struct ms_run *run);
/*
 * The engine cannot go on with it (out of memory): it is FAILED, outside its history. The batch
 * entry that is being made or performed closes it.
 */
void ms_run_break(struct ms_engine *engine, struct ms_run *run, int err);
int ms_run_set_timer(struct ms_engine *engine, struct ms_run *run, uint32_t frame,
                     int64_t due_at_ms);
void ms_run_on_timer(struct ms_timer *timer, void *user); /* ms_timer_cb */

/* ---- runs.c ---- */
/* Away, with a reference for the caller; tail is taken. NULL: out of memory, nothing is taken. */
struct ms_run *ms_run_new(struct ms_engine_machine *machine, struct ms_json tail);
struct ms_run *ms_run_ref(struct ms_run *run);
void ms_run_unref(struct ms_run *run);
int ms_run_add_done(struct ms_run *run, struct ms_callback done); /* fn NULL: nothing */
/* Forgets its timers and tasks: they may be begun again. */
void ms_run_quiet(struct ms_engine *engine, struct ms_run *run);
/* In memory or in the store, awake; the caller's reference. MSTEP_ENOTFOUND, MSTEP_EIO. */
int ms_run_get(struct ms_run **out, struct ms_engine *engine, struct ms_str arn);
bool ms_run_is(const void *run, struct ms_str arn); /* for ms_index */
#define MS_ARN_PARTS(run) ms_json_text((run)->machine->prefix), ms_json_text((run)->tail)
void ms_run_arn(char out[MS_ENGINE_ARN_SIZE], const struct ms_run *run);
int ms_runs_add(struct ms_engine *engine, struct ms_run *run); /* takes the caller's reference */
void ms_runs_remove(struct ms_engine *engine, struct ms_run *run);

/* ---- open_task.c ---- */
int ms_open_task_start(struct ms_engine *engine, struct ms_run *run,
                       const struct ms_effect *effect);
void ms_open_task_cancel(struct ms_engine *engine, struct ms_run *run, uint32_t frame,
                         uint32_t task);
bool ms_open_task_is(const void *task, struct ms_str token);
/* What the task module is given. */
void ms_open_task_up(struct ms_task_up *up, struct ms_engine *engine);
/* The part of the inbox that answers tasks. */
int ms_open_task_message(struct ms_engine *engine, const struct ms_message *message);

/* ---- functions.c ---- */
void ms_functions_init(struct ms_engine *engine); /* once the drivers are open */
/* As ms_dest_up.hook; user: the engine. */
int ms_engine_hook(struct ms_str name, struct ms_str record, ms_dest_hook_cb done, void *arg,
                   void *user);
int ms_engine_lua(struct ms_lua **out, struct ms_engine *engine); /* made on first use */
/* ms_core_env.rule; user: the engine. */
int ms_engine_rule(bool *out, void *user, struct ms_str name, struct ms_json input,
                   struct ms_json context, struct ms_failure *failure);
/* For ms_task_up; user: the engine. */
int ms_engine_invoke(uint64_t *id, const struct ms_task_call *call, ms_task_call_cb done,
                     void *done_user, void *user);
void ms_engine_cancel_call(uint64_t id, void *user);
int ms_engine_invoke_later(const struct ms_task_call *call, void *user);
void ms_functions_deinit(struct ms_engine *engine); /* whoever waits for a function is forgotten */

/* ---- watch.c ---- */
/*
 * Notes what is known of the threads of the batch's latest events; the execution has just evolved
 * by them.
 */
int ms_watch_note(struct ms_engine *engine, struct ms_run *run, size_t first_event);
void ms_watch_tell(struct ms_engine *engine, const struct ms_turn *turn,
                   const struct ms_turn_entry *entry);
void ms_watch_threads_free(struct ms_watch_threads *threads);

bool ms_event_is_failure(const struct ms_event *event);

/* ---- describe.c ---- */
/* Takes payloads out of an event as ms_event_describe made it. */
void ms_event_hide_data(struct ms_json *described);
/*
 * What is not durable yet has not happened: until then an end is not told, and one that is to be redriven
 * still stands as it was.
 */
bool ms_run_has_ended(const struct ms_run *run);
void ms_run_end_texts(struct ms_engine_end *end, struct ms_buf *output, const struct ms_run *run);

#endif
