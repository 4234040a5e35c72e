/*
 * A call, for the files of this module only: what it brings, where it is, how it ended. It crosses
 * between threads as a message.
 */
#ifndef MS_LUAVM_JOB_H
#define MS_LUAVM_JOB_H

#include <lua.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/heap.h"
#include "luavm/luavm.h"
#include "work/work.h"

struct ms_lua_vm;
struct ms_lua_code;
struct ms_lua_request;

/* A job from its place in a host's heap. */
#define MS_LUA_JOB_OF_SLEEP(node)                                                                  \
  ((struct ms_lua_job *)(void *)((char *)(node)-offsetof(struct ms_lua_job, sleep)))
#define MS_LUA_JOB_OF_MESSAGE(part)                                                                \
  ((struct ms_lua_job *)(void *)((char *)(part)-offsetof(struct ms_lua_job, message)))

enum ms_lua_job_state {
  MS_LUA_JOB_FREE,
  MS_LUA_JOB_QUEUED,   /* on the loop thread, not begun */
  MS_LUA_JOB_RUNNING,  /* 0 workers: inside Lua */
  MS_LUA_JOB_SLEEPING, /* 0 workers: suspended */
  MS_LUA_JOB_OUT,      /* a worker's */
  MS_LUA_JOB_FINISHED  /* waits for its `done` */
};

enum ms_lua_message_kind {
  MS_LUA_MESSAGE_JOB,
  MS_LUA_MESSAGE_LOG,     /* a record, from a worker */
  MS_LUA_MESSAGE_REQUEST, /* what a call asks of the engine, from a worker */
  MS_LUA_MESSAGE_ANSWER,  /* to that worker */
  MS_LUA_MESSAGE_DONE     /* the request again, to be freed */
};

/* What goes between the loop and the workers. */
struct ms_lua_message {
  struct ms_work_message message; /* first */
  enum ms_lua_message_kind kind;
};

/*
 * One call. Lives in its slot for ever and is used again with another id. While it is out, all but
 * the first part is the worker's.
 */
struct ms_lua_job {
  /* the loop thread's */
  struct ms_lua_job *next;
  struct ms_lua_job *previous;
  uint64_t id; /* 0 when free; the worker reads it */
  uint32_t slot;
  enum ms_lua_job_state state;
  /* a worker has it; with state FINISHED: cancelled, and told before it is back */
  bool is_out;
  ms_lua_done_cb done;
  void *user;
  atomic_bool is_cancelled; /* everybody's */
  atomic_uint_fast64_t ticket; /* of the request that it waits for; 0: none. Set by whoever has it */
  /* whoever has it */
  struct ms_lua_message message;
  struct ms_heap_node sleep;
  struct ms_buf input_text;  /* on its way to a worker: payload */
  struct ms_buf client_text; /* client context, or empty */
  struct ms_buf identity_text;
  struct ms_buf tail_text;   /* the last of its log, when it was asked for */
  struct ms_buf output_text; /* on its way back: output, or cause */
  struct ms_buf error_text;
  struct ms_lua_code *code; /* NULL: missing */
  struct ms_json payload;
  struct ms_json client_context;
  struct ms_json identity;
  char *request_id; /* in `inline_text` or a block of its own */
  char *arn;
  const char *lineage; /* "" when there is none */
  char inline_text[256];
  void *text_block;
  int64_t started_at_ms;
  int64_t deadline_ms;
  int64_t timeout_ms; /* from when it begins; 0: none */
  int64_t due_at_ms;  /* end of the sleep under way */
  int64_t ran_ms;     /* slices used up */
  unsigned attempt;
  bool is_check; /* only loads the version, to see whether it does */
  bool is_init;  /* what failed is the loading of the function */
  bool has_log_tail;
  size_t output_max_bytes;
  /* inside a host */
  struct ms_lua_request *request; /* made, and not sent so far */
  struct ms_lua_request *answer;  /* what it goes on with; in the loop's list */
  bool is_complete; /* the handler returned and its result is converted */
  struct ms_lua_vm *vm;
  lua_State *co;
  int co_ref;
  int64_t begun_at_us;    /* of a call whose log is watched */
  int64_t init_us;        /* its state was loaded for it; -1: it was there */
  const char *error_type; /* of errors that name none */
  /* the end */
  int64_t duration_us;
  size_t memory_max_bytes;
  enum ms_lua_outcome outcome;
  struct ms_json output;
  struct ms_json error;
  struct ms_json cause;
  struct ms_json trace; /* noted when an error was raised */
};

#endif
