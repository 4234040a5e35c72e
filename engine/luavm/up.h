/*
 * What handlers ask of the engine above: operations by name, with AWS-shaped requests, as mstep_call has
 * them. A call that has asked is suspended until it is answered; others go on. This is the one door: queues,
 * topics, executions and calls of other functions are Lua on top of it (lua/mstep).
 *
 *   handler -> mstep.call -> request (bytes) -> loop thread: serve -> ... -> ms_lua_answer -> handler goes on
 */
#ifndef MS_LUAVM_UP_H
#define MS_LUAVM_UP_H

#include "luavm/luavm.h"

struct ms_lua_request; /* whoever is asked has it until he answers */

/* Borrowed until the answer. */
struct ms_lua_asked {
  uint64_t call; /* of ms_lua_invoke: who asks */
  const char *function;
  const char *version;
  const char *request_id;
  const char *arn;         /* of the function; "" when none was said */
  const char *lineage;     /* as the call got it; "" likewise */
  struct ms_str operation; /* "SendMessage": letters and digits; at most 64 */
  struct ms_str body;      /* JSON text */
};

/*
 * On the loop thread, never from inside of another function of luavm but ms_lua_on_wake. Must lead to
 * exactly one ms_lua_answer, there and then or later.
 */
typedef void (*ms_lua_serve_cb)(struct ms_lua_request *request, const struct ms_lua_asked *asked,
                                void *user);

/* Until this is called, and with NULL, handlers hear that there is no engine. */
void ms_lua_serve(struct ms_lua *lua, ms_lua_serve_cb serve, void *user);

struct ms_lua_answer {
  struct ms_str body; /* JSON text; nothing is {} */
  struct ms_str
      error; /* "ResourceNotFoundException": the operation failed; data NULL: it did not */
  struct ms_str message; /* of the error */
};

/*
 * Answers and gives the request back; the answer is copied. Whether anybody still waits makes no
 * difference: a call that has timed out hears nothing. Not after ms_lua_free.
 */
void ms_lua_answer(struct ms_lua *lua, struct ms_lua_request *request,
                   const struct ms_lua_answer *answer);

#endif
