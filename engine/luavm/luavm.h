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

typedef void (*ms_lua_log_cb)(const char *function, const char *request_id, struct ms_str line, void *user);

struct ms_lua_options {
  struct ms_loop *loop;          /* borrowed; must outlive the ms_lua */
  const char *functions_dir;     /* NAME.lua or NAME/init.lua; NULL: none */
  const char *lib_dir;           /* where `require` finds the project's modules; NULL: none */
  const char *rules_dir;         /* NULL: none */
  unsigned workers;              /* threads; 0 = on the loop thread */
  size_t memory_max_bytes;       /* of one function's state; 0 = 128 MiB */
  int64_t timeout_max_ms;        /* hard limit of one call; 0 = 15 minutes */
  uint64_t seed;                 /* of math.random in handlers, so that runs repeat with 0 workers */
  ms_lua_log_cb log;             /* print and mstep.log, on the loop thread; NULL = stderr */
  void *log_user;
};

int ms_lua_new(struct ms_lua **out, const struct ms_lua_options *options);
void ms_lua_free(struct ms_lua *lua); /* kills what runs; callbacks are not called after */

/* ---- functions ---- */

struct ms_lua_call {
  struct ms_str function;     /* name: "charge_card" */
  struct ms_json payload;     /* borrowed */
  const char *request_id;     /* context.aws_request_id; copied */
  const char *arn;            /* context.invoked_function_arn; copied; may be NULL */
  int64_t deadline_ms;        /* wall time after which the call is killed; 0 = timeout_max_ms */
  unsigned attempt;           /* context.attempt, from 1 */
  struct ms_json client_context; /* or NONE */
};

enum ms_lua_outcome {
  MS_LUA_OK,
  MS_LUA_ERROR,     /* the handler raised: error, cause (Lambda's error JSON), see below */
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
bool ms_lua_has_function(struct ms_lua *lua, struct ms_str name);
/* Replaces a function's source from memory (UpdateFunctionCode); on error the old version stays. */
int ms_lua_load(struct ms_lua *lua, struct ms_str name, struct ms_str source);

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
