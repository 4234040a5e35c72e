/*
 * Moonstep: AWS Step Functions state machines and Lua task handlers, inside your program.
 *
 * Conventions, said once:
 *  - A function that returns `int` returns 0 or a negative MSTEP_E code (mstep/error.h);
 *    mstep_last_error() says more, for this thread, until its next call.
 *  - Results come first (`out`), the object second, `user` last.
 *  - JSON goes in and out as UTF-8 text with a length. What is passed in is borrowed for the call and
 *    copied if kept. What a callback receives dies when the callback returns.
 *  - Durable things (machines, executions) are named by ARN, never by pointer.
 *  - A thread that opens an engine is its *loop thread*: all calls belong there, and callbacks run there,
 *    unless a comment says "any thread". Callbacks never run inside the call that took them, but for
 *    those marked "synchronous".
 *  - Structs that grow begin with `version`: set it with the INIT macro or function.
 *
 * The smallest program: examples/embed/embed.c.
 */
#ifndef MSTEP_MSTEP_H
#define MSTEP_MSTEP_H

#include <stddef.h>
#include <stdint.h>

#include "mstep/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MSTEP_EXTERN __attribute__((visibility("default")))
#else
#define MSTEP_EXTERN
#endif

#define MSTEP_VERSION_MAJOR 0
#define MSTEP_VERSION_MINOR 1
#define MSTEP_VERSION_PATCH 0
#define MSTEP_VERSION_TEXT "0.1.0"

/* Everything at once: machines, executions, functions, timers. The only handle. */
typedef struct mstep_engine mstep_engine;

/* Text with its length; need not end with a NUL. */
typedef struct mstep_str {
  const char *data;
  size_t len;
} mstep_str;

/* An ARN, NUL-terminated. */
typedef struct mstep_arn {
  char text[513];
} mstep_arn;

/* How an execution ended. */
typedef enum mstep_status {
  MSTEP_UNKNOWN = -1, /* the store failed before the start was durable: start again with the same name */
  MSTEP_RUNNING = 0,
  MSTEP_SUCCEEDED = 1,
  MSTEP_FAILED = 2,
  MSTEP_TIMED_OUT = 3,
  MSTEP_ABORTED = 4
} mstep_status;

/* What has to happen before an accepted thing may be lost. */
typedef enum mstep_durability {
  MSTEP_DURABILITY_FSYNC = 0, /* the disk itself loses it */
  MSTEP_DURABILITY_OS = 1,    /* the machine stops: a crash of the process loses nothing */
  MSTEP_DURABILITY_NONE = 2   /* the same, and when the machine stops the file may be unusable */
} mstep_durability;

/* What becomes of runs of schedules, more than a minute late, because nobody ran or the store failed. */
typedef enum mstep_missed_runs {
  MSTEP_MISSED_ONCE = 0, /* one run for the last of them */
  MSTEP_MISSED_SKIP = 1, /* none; what is due once is then lost */
  MSTEP_MISSED_ALL = 2   /* each of them, one after the other */
} mstep_missed_runs;

/* Replaces malloc and free for the whole library: resize(user, NULL, n) allocates, (user, p, 0) frees. */
typedef struct mstep_allocator {
  unsigned version; /* MSTEP_ALLOCATOR_VERSION */
  void *(*resize)(void *user, void *ptr, size_t size);
  void *user;
} mstep_allocator;
#define MSTEP_ALLOCATOR_VERSION 1

/* One problem of a definition. Positions count from 1; 0 = not known. */
typedef struct mstep_diagnostic {
  unsigned version;
  int is_error;        /* else a warning */
  const char *code;    /* AWS's diagnostic code: "SCHEMA_VALIDATION_FAILED" */
  const char *message; /* AWS's wording where it is known */
  const char *pointer; /* JSON pointer: "/States/A/Next" */
  const char *hint;    /* a sentence that helps, or "" */
  unsigned line, column;
} mstep_diagnostic;

/* One event of an execution's history, for those who watch (mstep_engine_watch). */
typedef struct mstep_event {
  unsigned version;
  const char *execution_arn;
  const char *type;       /* AWS's: "TaskStateEntered"; ours begin with "Moonstep" and have id 0 */
  uint64_t id;            /* as in GetExecutionHistory, from 1 */
  uint64_t previous_id;
  int64_t at_ms;          /* wall time, milliseconds since 1970 */
  const char *state;      /* name of the state concerned, or "" */
  unsigned depth;         /* 0 in the machine's own flow, 1 in its branches and iterations ... */
  unsigned thread;        /* which branch or iteration: 0 the machine's, else stable while it lives */
  unsigned parent_thread; /* the thread of the enclosing Parallel or Map */
  int64_t index;          /* branch or iteration number, or -1 */
  unsigned attempt;       /* of the task or state, from 1 */
  int64_t due_at_ms;      /* when a wait or retry ends; 0 = none */
  mstep_str payload;      /* input, parameters or output as JSON text; data NULL when none */
  const char *error;      /* of failures, or "" */
  const char *cause;      /* or "" */
} mstep_event;

/* reply: AWS-shaped JSON. On failure status is negative and reply is {"__type": ..., "message": ...}. */
typedef void (*mstep_reply_cb)(mstep_engine *engine, int status, mstep_str reply, void *user);
/* The same arguments for every end of an execution; output is JSON text; error and cause may be NULL data. */
typedef void (*mstep_done_cb)(mstep_engine *engine, const char *execution_arn, mstep_status status,
                              mstep_str output, mstep_str error, mstep_str cause, void *user);
/*
 * A task for the host. `token` answers it (mstep_task_send_*), now or later, from any thread.
 * `resource` is the ARN as in the definition; input is JSON text.
 */
typedef void (*mstep_task_cb)(mstep_engine *engine, const char *token, const char *resource,
                              mstep_str input, void *user);
/* status 0: durable. MSTEP_EIO: the store failed and nobody knows; asking again with the same name is safe. */
typedef void (*mstep_accepted_cb)(mstep_engine *engine, int status, const char *detail, void *user);
typedef void (*mstep_post_cb)(mstep_engine *engine, void *user);
typedef void (*mstep_diagnostic_cb)(const mstep_diagnostic *diagnostic, void *user);
typedef void (*mstep_event_cb)(mstep_engine *engine, const mstep_event *event, void *user);
/* Text produced for the caller, once, synchronous. */
typedef void (*mstep_text_cb)(mstep_str text, void *user);
/* level: 0 error, 1 warning, 2 information, 3 debug; also what handlers print (module "lua"). */
typedef void (*mstep_log_cb)(int level, const char *module, mstep_str line, void *user);

/* Options of mstep_engine_open. Fill with mstep_options_init, then change what you need. */
typedef struct mstep_options {
  unsigned version;
  const char *functions_dir; /* NAME.lua or NAME/init.lua each; NULL = none */
  const char *lib_dir;       /* where `require` of handlers looks; NULL = none */
  const char *rules_dir;     /* choice rules; NULL = none */
  const char *region;        /* of ARNs; default "us-east-1" */
  const char *account;       /* of ARNs; default "000000000000" */
  const char *role_arn;      /* default "arn:aws:iam::ACCOUNT:role/moonstep" */
  int workers;               /* threads for handlers; 0 = the loop thread; default: the cores, at most 4 */
  int is_virtual_time;       /* 1: time jumps to the next deadline when nothing is running; needs workers 0 */
  int64_t start_at_ms;       /* of virtual time; 0 = 2024-01-01T00:00:00Z */
  uint64_t seed;             /* of ids, jitter and random functions; 0 = from the system's entropy */
  size_t lua_memory_max_bytes;   /* of one function; 0 = 128 MiB */
  int is_aws_compat;             /* 1: AWS's limits: 256 KiB payloads, 25,000 events, Express 5 minutes, Standard 1 year */
  size_t payload_max_bytes;      /* of one state's input or output; 0 = no limit but that of is_aws_compat */
  uint32_t history_max_events;   /* of one execution; 0 likewise */
  int is_history_kept;           /* 0: mstep_execution_history has nothing to say; default 1 */
  void *event_base;              /* struct event_base *: join this libevent loop; NULL = own */
  const char *store;             /* `sqlite:PATH` or `memory:`; NULL: memory is all there is */
  int durability;                /* mstep_durability: what a commit must survive; default MSTEP_DURABILITY_FSYNC */
  int is_read_only;              /* 1: only asks the store; another process may be running it */
  int is_paused;                 /* 1: takes what it is told and makes it durable; begins no task and no timer */
  int64_t retention_age_ms;      /* executions that ended so long ago are purged; 0 = never */
  uint64_t retention_count;      /* of one machine: the oldest that ended are purged; 0 = any number */
  int missed_runs;               /* mstep_missed_runs: of schedules, while nobody ran; default MSTEP_MISSED_ONCE */
  unsigned concurrent_executions; /* of functions, of all at a time, as AWS's account limit; 0 = any number */
  mstep_log_cb log;              /* NULL = lines on standard error */
  void *log_user;
  int is_log_kept;               /* 1: FilterLogEvents has the latest 8 MB of what functions logged */
} mstep_options;
#define MSTEP_OPTIONS_VERSION 1

/* ---- library ---- */

MSTEP_EXTERN const char *mstep_version(void);          /* "0.1.0"; any thread */
MSTEP_EXTERN const char *mstep_strerror(int code);     /* text of a code, never NULL; any thread */
MSTEP_EXTERN const char *mstep_last_error(void);       /* detail of this thread's last error, never NULL */
/* Before the first engine; copied. MSTEP_ESTATE once an engine exists. */
MSTEP_EXTERN int mstep_set_allocator(const mstep_allocator *allocator);

/* ---- engine ---- */

/* Fills *options with the defaults. version: MSTEP_OPTIONS_VERSION. */
MSTEP_EXTERN int mstep_options_init(mstep_options *options, unsigned version);
/* Opens; the caller owns *out (mstep_engine_close). options may be NULL. */
MSTEP_EXTERN int mstep_engine_open(mstep_engine **out, const mstep_options *options);
/* Ends what runs, without callbacks, and frees. NULL is fine; not from a callback. */
MSTEP_EXTERN int mstep_engine_close(mstep_engine *engine);
/* Runs until mstep_engine_stop or until no execution is open and nothing is due. Not from a callback. */
MSTEP_EXTERN int mstep_engine_run(mstep_engine *engine);
MSTEP_EXTERN void mstep_engine_stop(mstep_engine *engine); /* any thread; signal handlers */
/* Calls cb on the loop thread soon; any thread. */
MSTEP_EXTERN int mstep_engine_post(mstep_engine *engine, mstep_post_cb cb, void *user);
MSTEP_EXTERN int64_t mstep_engine_now_ms(mstep_engine *engine); /* the engine's clock, virtual or real */
/*
 * MSTEP_OK, or why nothing is taken now: MSTEP_EIO, with the detail in mstep_last_error, while the store has failed. It is
 * looked at again by itself. On the loop thread.
 */
MSTEP_EXTERN int mstep_engine_health(mstep_engine *engine);
/* Tells cb every event of every execution from now on; cb NULL ends it. One watcher. */
MSTEP_EXTERN int mstep_engine_watch(mstep_engine *engine, mstep_event_cb cb, void *user);

/* ---- state machines (CreateStateMachine, ValidateStateMachineDefinition) ---- */

/*
 * Creates a machine under a name (1 to 80 characters, AWS's rules). type: "STANDARD", "EXPRESS" or
 * NULL for STANDARD. diagnostics (may be NULL) hears of every problem, synchronous. *out gets the ARN. The same name with
 * the same definition and type is fine; a different one is MSTEP_EEXISTS. MSTEP_EDEFINITION: see diagnostics.
 */
MSTEP_EXTERN int mstep_state_machine_create(mstep_arn *out, mstep_engine *engine, const char *name,
                                            mstep_str definition, const char *type,
                                            mstep_diagnostic_cb diagnostics, void *user);
/*
 * UpdateStateMachine: executions that are started from now on get the new definition, those that run keep
 * theirs. The type stays. MSTEP_ENOTFOUND, MSTEP_EDEFINITION.
 */
MSTEP_EXTERN int mstep_state_machine_update(mstep_engine *engine, const char *state_machine_arn,
                                            mstep_str definition, mstep_diagnostic_cb diagnostics,
                                            void *user);
/* Only checks. 0: no error (there may have been warnings); MSTEP_EDEFINITION. */
MSTEP_EXTERN int mstep_state_machine_validate(mstep_engine *engine, mstep_str definition,
                                              const char *type, mstep_diagnostic_cb diagnostics,
                                              void *user);
/* The same, and what only Moonstep takes (Lua, `Rule`) is an error NOT_PORTABLE that says how to write it on AWS. */
MSTEP_EXTERN int mstep_state_machine_validate_portable(mstep_engine *engine, mstep_str definition,
                                                       const char *type,
                                                       mstep_diagnostic_cb diagnostics, void *user);
/* The machine as a drawing: format "mermaid" or "dot". Synchronous. */
MSTEP_EXTERN int mstep_state_machine_graph(mstep_engine *engine, mstep_str definition,
                                           const char *format, mstep_text_cb text, void *user);
/*
 * Reads a definition from a file: JSON as it stands; `.lua`: the chunk is run (sandboxed) and the
 * table that it returns becomes JSON. Synchronous. MSTEP_EIO, MSTEP_ELUA.
 */
MSTEP_EXTERN int mstep_definition_read(mstep_engine *engine, const char *path, mstep_text_cb text,
                                       void *user);

/* ---- expressions ---- */

/* One expression and what it sees. Set version; zero what is not needed. */
typedef struct mstep_expression {
  unsigned version;     /* MSTEP_EXPRESSION_VERSION */
  const char *language; /* "JSONPath" (a path or an intrinsic function), "JSONata", "Lua" */
  const char *dialect;  /* of JSONata: "2.0.6", what AWS takes, or "latest"; NULL = the former */
  mstep_str text;       /* the expression; `{% %}` around it may stay */
  mstep_str input;      /* JSON: `$` and `$states.input`, in Lua `states.input`; data NULL = {} */
  mstep_str variables;  /* a JSON object, name -> value; data NULL = none */
} mstep_expression;
#define MSTEP_EXPRESSION_VERSION 1

/*
 * Evaluates outside of any machine. text gets the value as JSON, or is not called when there is none.
 * Synchronous. MSTEP_EDEFINITION: this is no expression. MSTEP_EEXPRESSION: its evaluation failed.
 * MSTEP_ESYNTAX: input or variables are not JSON. MSTEP_EUNSUPPORTED: no such language.
 */
MSTEP_EXTERN int mstep_expression_evaluate(mstep_engine *engine, const mstep_expression *expression,
                                           mstep_text_cb text, void *user);

/* ---- executions ---- */

/*
 * Starts. name NULL: a UUID. input: any JSON text; data NULL = {}. *out is filled at once; `done` (may be
 * NULL) is called when it has ended. Same name and input while running: the same ARN, and `done` is called for both.
 * With a store the ARN is a promise only when `done` has been called, with any status but MSTEP_UNKNOWN; who
 * must know earlier asks with mstep_call "StartExecution", whose reply comes when the start is durable.
 * MSTEP_ENOTFOUND no such machine, MSTEP_EEXISTS, MSTEP_ESYNTAX the input is not JSON, MSTEP_ETOOBIG.
 */
MSTEP_EXTERN int mstep_execution_start(mstep_arn *out, mstep_engine *engine,
                                       const char *state_machine_arn, const char *name,
                                       mstep_str input, mstep_done_cb done, void *user);
/* Ends it as ABORTED; error and cause may be NULL. Ended already: nothing happens, 0. */
MSTEP_EXTERN int mstep_execution_stop(mstep_engine *engine, const char *execution_arn,
                                      const char *error, const char *cause);
/* DescribeExecution's answer. Synchronous. */
MSTEP_EXTERN int mstep_execution_describe(mstep_engine *engine, const char *execution_arn,
                                          mstep_text_cb text, void *user);
/* GetExecutionHistory's answer, all events: {"events": [...]}. Synchronous. */
MSTEP_EXTERN int mstep_execution_history(mstep_engine *engine, const char *execution_arn,
                                         mstep_text_cb text, void *user);
/* A recorded history and the definition that it is held against. Set version; zero what is not needed. */
typedef struct mstep_replay {
  unsigned version;          /* MSTEP_REPLAY_VERSION */
  mstep_str definition;
  const char *type;          /* "STANDARD", "EXPRESS" or NULL for STANDARD */
  mstep_str history;         /* GetExecutionHistory's answer, Moonstep's or AWS's */
  const char *execution_arn; /* where the definition asks for the execution's name; NULL = it does not */
} mstep_replay;
#define MSTEP_REPLAY_VERSION 1

/*
 * Would an execution with this history go the same way today? Gives what the world did then, task answers and
 * timers, to the definition, on a clock of its own; calls nothing. text gets {"result": "SAME"}, or "DIFFERENT"
 * with "eventId", "location", "expected", "actual" and "context", or "INCOMPLETE" with "reason". Synchronous.
 * MSTEP_EDEFINITION: see diagnostics. MSTEP_ESYNTAX, MSTEP_EINVALID: this is no history.
 */
MSTEP_EXTERN int mstep_history_replay(mstep_engine *engine, const mstep_replay *replay,
                                      mstep_diagnostic_cb diagnostics, mstep_text_cb text,
                                      void *user);
/* Forgets an execution that has ended, to give its memory back. MSTEP_ESTATE while it runs. */
MSTEP_EXTERN int mstep_execution_purge(mstep_engine *engine, const char *execution_arn);

/* ---- tasks ---- */

/*
 * The host answers tasks whose Resource matches: an exact ARN, or a pattern with `*`. The latest
 * registration that matches wins, and wins over Lua functions. cb NULL takes it away.
 */
MSTEP_EXTERN int mstep_task_register(mstep_engine *engine, const char *resource, mstep_task_cb cb,
                                     void *user);
/*
 * Answers tasks from a file in the mock format of AWS Step Functions Local; `test_case` is
 * "STATE_MACHINE/CASE" or just "CASE", NULL when the file has only one. text is its JSON.
 */
MSTEP_EXTERN int mstep_mocks_load(mstep_engine *engine, mstep_str text, const char *test_case);
/* 0 = taken; the first answer for a token wins, later ones are MSTEP_ENOTFOUND. Any thread, then 0 means queued. */
MSTEP_EXTERN int mstep_task_send_success(mstep_engine *engine, const char *token, mstep_str output);
MSTEP_EXTERN int mstep_task_send_failure(mstep_engine *engine, const char *token, const char *error,
                                         const char *cause);
MSTEP_EXTERN int mstep_task_send_heartbeat(mstep_engine *engine, const char *token);

/* ---- any operation ---- */

/*
 * Any operation of AWS's APIs that Moonstep has, by name: "StartExecution", "ListExecutions",
 * "RedriveExecution" ..., Lambda's "Invoke", and three of its own, "PurgeExecutions", "Shrink" and
 * "Backup" (engine/api/README.md lists them). "SERVICE:NAME" ("states:ListTagsForResource") tells services apart.
 * request: JSON as AWS's clients send it; data NULL = {}. cb (may be NULL) gets the reply, or the error as
 * {"__type": "ExecutionDoesNotExist", "message": ...}, when what was asked is durable. Any thread; cb is called
 * on the loop thread, and not at all when the engine is closed before. MSTEP_ENOMEM.
 */
MSTEP_EXTERN int mstep_call(mstep_engine *engine, const char *operation, mstep_str request,
                            mstep_reply_cb cb, void *user);

/*
 * Nobody waits any more for calls that were made with this `user`: what only waits, as a long poll
 * does, is withdrawn and answered soon, with nothing. All else is carried out and answered as ever.
 * Any thread.
 */
MSTEP_EXTERN int mstep_call_cancel(mstep_engine *engine, void *user);

/*
 * What the engine has counted since it was opened, in Prometheus' text format 0.0.4: executions, tasks,
 * journal, queues ... (engine/metrics/metrics.def has them all). Synchronous, on the loop thread.
 * MSTEP_ENOMEM.
 */
MSTEP_EXTERN int mstep_metrics(mstep_engine *engine, mstep_text_cb text, void *user);

/* ---- files that change ---- */

/* A file that changed while it is watched, and what came of it. */
typedef struct mstep_change {
  unsigned version;
  const char *kind;     /* "RELOADED", "ADDED", "REMOVED", "BROKEN", "RULES_LOADED", or "FILE": in one of the folders */
  const char *function; /* "charge_card", "hooks/audit", or "" */
  const char *file;     /* as messages name it; below its folder for FILE */
  int line;             /* of BROKEN; 0 = not known */
  mstep_str message;    /* of BROKEN */
  unsigned folder;      /* of FILE: index in folders */
} mstep_change;
typedef void (*mstep_change_cb)(mstep_engine *engine, const mstep_change *change, void *user);

/*
 * From now on functions, hooks, modules and rules that change are loaded again; calls that run finish on what they
 * began with, and what is broken changes nothing. cb (NULL ends it) hears of it, and of files in the folders, a
 * NULL-terminated list or NULL, of which it is all that happens. mstep_engine_run does not end meanwhile.
 */
MSTEP_EXTERN int mstep_files_watch(mstep_engine *engine, const char *const *folders,
                                   mstep_change_cb cb, void *user);

/* ---- functions ---- */

/* Defines or replaces a function from source text; on error the old one stays. */
MSTEP_EXTERN int mstep_function_load(mstep_engine *engine, const char *name, mstep_str source);
/* Invoke, RequestResponse: status 0 and the payload, or MSTEP_ELUA and {"errorMessage", "errorType", ...}. */
MSTEP_EXTERN int mstep_function_invoke(mstep_engine *engine, const char *name, mstep_str payload,
                                       mstep_reply_cb cb, void *user);

#ifdef __cplusplus
}
#endif

#endif
