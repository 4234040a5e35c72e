/*
 * Lua for the engine: functions (task handlers), choice rules and definitions written in Lua.
 * Handlers run on worker threads, or on the loop thread with 0 workers, each call a coroutine in the
 * state of its function. Rules run on the loop thread, in a state without I/O, clock or randomness.
 * Responsible for sandbox, limits, conversion and reload; not for retries, timeouts of tasks or history.
 */
#ifndef MS_LUAVM_LUAVM_H
#define MS_LUAVM_LUAVM_H

#include "json/json.h"
#include "loop/loop.h"
#include "query/failure.h"

struct ms_lua;

struct ms_lua_log_record;

typedef void (*ms_lua_log_cb)(const char *function, const char *request_id, struct ms_str line, void *user);
typedef void (*ms_lua_record_cb)(const struct ms_lua_log_record *record, void *user); /* log.h */

struct ms_lua_options {
  struct ms_loop *loop;          /* borrowed; must outlive the ms_lua */
  const char *functions_dir;     /* NAME.lua or NAME/init.lua; NULL: none */
  const char *lib_dir;           /* where `require` finds the project's modules; NULL: none */
  const char *rules_dir;         /* NULL: none */
  const char *hooks_dir;         /* its files are functions named "hooks/NAME"; NULL: none */
  unsigned workers;              /* threads; 0 = on the loop thread */
  size_t memory_max_bytes;       /* of one function's state; 0 = 128 MiB */
  int64_t timeout_max_ms;        /* hard limit of one call; 0 = 15 minutes */
  /*
   * Real time that a call runs before others get their turn; 0 = 10 ms. Negative: calls are never
   * preempted, so that with 0 workers on simulated time a run repeats in every detail.
   */
  int64_t slice_ms;
  uint64_t seed;                 /* of math.random in handlers, so that runs repeat with 0 workers */
  const char *region;            /* AWS_REGION for handlers; NULL: they have none */
  ms_lua_log_cb log;             /* print and mstep.log, on the loop thread; NULL = stderr */
  /* Instead of `log`: every line with all that is known about it. Same user. */
  ms_lua_record_cb record;
  bool has_platform_records;     /* START, END and REPORT of each call too */
  void *log_user;
};

int ms_lua_new(struct ms_lua **out, const struct ms_lua_options *options);
void ms_lua_free(struct ms_lua *lua); /* kills what runs; callbacks are not called after */

struct ms_lua_stats {
  uint64_t calls;    /* since it was made */
  size_t workers;    /* threads */
  size_t running;    /* calls that have begun, or were given to the workers */
  size_t waiting;    /* calls that were not */
};
void ms_lua_stats(struct ms_lua_stats *out, const struct ms_lua *lua);

/* ---- calls ---- */

/* What Lambda's function configuration means to a function that runs. */
struct ms_lua_config {
  size_t memory_max_bytes;    /* MemorySize; 0 = the engine's limit */
  struct ms_json environment; /* Environment.Variables: an object of strings; or NONE */
};

struct ms_lua_call {
  struct ms_str function;     /* name: "charge_card" */
  struct ms_json payload;     /* borrowed */
  const char *request_id;     /* context.aws_request_id; copied */
  const char *arn;            /* context.invoked_function_arn; copied; may be NULL */
  const char *lineage;        /* what it hands on with what it asks (up.h); copied; may be NULL */
  int64_t deadline_ms;        /* wall time after which the call is killed; 0 = timeout_max_ms */
  unsigned attempt;           /* context.attempt, from 1 */
  struct ms_json client_context; /* or NONE */
  struct ms_json identity;       /* context.identity; or NONE */
  int64_t timeout_ms;         /* from its beginning, as Lambda counts; 0 = only deadline_ms */
  const char *version;        /* as published; NULL = "$LATEST" */
  uint64_t revision;          /* of ms_lua_pin, goes before version; 0 = none */
  const struct ms_lua_config *config; /* NULL: as the version was last configured */
  bool has_log_tail;          /* LogType: Tail */
  size_t output_max_bytes;    /* 0 = Lambda's 6,291,556 */
};

enum ms_lua_outcome {
  MS_LUA_OK,
  MS_LUA_ERROR,     /* the handler raised, or what it returned cannot go out; see below */
  MS_LUA_TIMEOUT,   /* killed at its deadline */
  MS_LUA_MEMORY,    /* killed at its memory limit */
  MS_LUA_CANCELLED,
  MS_LUA_MISSING    /* no such function, or it does not load: error and cause say so */
};

struct ms_lua_result {
  enum ms_lua_outcome outcome;
  struct ms_json output; /* OK; borrowed */
  /* Else: strings, borrowed. cause of ERROR is JSON text as Lambda gives it:
   * {"errorMessage":..., "errorType":..., "stackTrace":[...]} */
  struct ms_json error;
  struct ms_json cause;
  struct ms_str log_tail;  /* last 4 KB of the call's log, when it was asked for; borrowed */
  const char *version;     /* that ran: "$LATEST", "3"; borrowed */
  int64_t duration_us;     /* inside the function, its sleeps and waits too */
  size_t memory_max_bytes; /* that its state came to */
};

typedef void (*ms_lua_done_cb)(const struct ms_lua_result *result, void *user);

/*
 * Starts a call. `done` is called exactly once, on the loop thread, never from inside this function.
 * *id names the call for ms_lua_cancel. MSTEP_ENOMEM; a missing function is an outcome, not an error.
 */
int ms_lua_invoke(uint64_t *id, struct ms_lua *lua, const struct ms_lua_call *call,
                  ms_lua_done_cb done, void *user);
/* Stops a call; its `done` is called with CANCELLED unless it is under way already. */
void ms_lua_cancel(struct ms_lua *lua, uint64_t id);

/* ---- functions and their versions ---- */

/*
 * A function is its newest source, "$LATEST", and what was published of it. A source is its own text
 * and that of the modules it requires, each read once: whatever happens to the files, all calls of
 * one version run the same text. Calls under way finish on the version they began with; a version
 * that nothing needs any more is freed.
 */

bool ms_lua_has_function(struct ms_lua *lua, struct ms_str name);
/* Names of those that are files, NAME.lua or NAME/init.lua, as they are now; owned. */
int ms_lua_function_files(struct ms_json *out, const struct ms_lua *lua);
/*
 * Replaces a function's source from memory (UpdateFunctionCode); on error, which is one of syntax,
 * the old version stays. MSTEP_ELUA: file:line and message are in the detail.
 */
int ms_lua_load(struct ms_lua *lua, struct ms_str name, struct ms_str source);

struct ms_lua_file {
  struct ms_str path; /* "index.lua", "lib/money.lua" */
  struct ms_str text;
};
/* What a deployment consists of, an unpacked zip for example; all borrowed. */
struct ms_lua_package {
  struct ms_str function;
  const char *version; /* NULL = "$LATEST"; else a version that is kept elsewhere comes back */
  const struct ms_lua_file *files;
  size_t count;
  /* "index.handler": file and field; NULL: NAME.lua, init.lua, index.lua or the only file, and "handler" */
  const char *handler;
};
/* As ms_lua_load. MSTEP_ENOTFOUND: the handler's file is not among the files. */
int ms_lua_deploy(struct ms_lua *lua, const struct ms_lua_package *package);
/*
 * Keeps what "$LATEST" is now, configuration included, under a version's name (1 to 64 letters,
 * digits, '-', '_'). MSTEP_EEXISTS, MSTEP_ENOTFOUND.
 */
int ms_lua_publish(struct ms_lua *lua, struct ms_str name, const char *version);
/* version NULL: the whole function. A file of its name makes it a function again. MSTEP_ENOTFOUND. */
int ms_lua_unload(struct ms_lua *lua, struct ms_str name, const char *version);
/*
 * The files of a version as an array of {"path", "text"}, main file first, for whoever keeps versions:
 * what ms_lua_deploy takes. MSTEP_ENOTFOUND.
 */
int ms_lua_files(struct ms_json *out, struct ms_lua *lua, struct ms_str name, const char *version);
/*
 * Holds what "$LATEST" is now for calls with its revision, until it is unpinned as often; for
 * executions that keep what they began with. 0: no such function, or no memory.
 */
uint64_t ms_lua_pin(struct ms_lua *lua, struct ms_str name);
void ms_lua_unpin(struct ms_lua *lua, struct ms_str name, uint64_t revision);

/* ---- called by the runtime's loop callbacks ---- */
void ms_lua_on_wake(struct ms_lua *lua);          /* hands finished calls to their `done` */
int64_t ms_lua_next_due_ms(struct ms_lua *lua);   /* earliest sleep or deadline on the loop; 0 = none */
void ms_lua_on_timer(struct ms_lua *lua, int64_t now_ms);
bool ms_lua_is_idle(const struct ms_lua *lua);

/* ---- choice rules ---- */

/*
 * Calls `rules.is_vip` = field is_vip of the table that rules/rules.lua returns (or the function it
 * returns when there is no dot) with the input. A result that is not a boolean, an error or a passed
 * limit gives MS_FAILED with States.Runtime and file:line. Pure: same input, same answer.
 */
int ms_lua_rule(bool *out, struct ms_lua *lua, struct ms_str name, struct ms_json input,
                struct ms_json context, struct ms_failure *failure);

/* ---- definitions ---- */

/*
 * Runs a chunk that returns a table (sandboxed as a rule, with `require` of lib_dir) and gives its JSON.
 * MSTEP_ELUA with file:line in the detail. `chunk` is the name for messages.
 */
int ms_lua_table(struct ms_json *out, struct ms_lua *lua, struct ms_str source, const char *chunk);

#endif
