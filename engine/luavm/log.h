/*
 * What functions say while they run, and what the platform says about them, as Lambda's log has it.
 * Where lines go and how long they are kept is the business of whoever takes the records.
 */
#ifndef MS_LUAVM_LOG_H
#define MS_LUAVM_LOG_H

#include <stdint.h>

#include "base/buf.h"

enum ms_lua_log_kind {
  MS_LUA_LOG_LINE,    /* print, mstep.log */
  MS_LUA_LOG_FAILURE, /* how a call failed: error type, message and trace, or that its time was up */
  MS_LUA_LOG_START,   /* a call begins; no message */
  MS_LUA_LOG_END,     /* no message */
  MS_LUA_LOG_REPORT   /* duration and memory */
};

enum ms_lua_log_level {
  MS_LUA_LOG_PLAIN, /* print: none was said */
  MS_LUA_LOG_TRACE,
  MS_LUA_LOG_DEBUG,
  MS_LUA_LOG_INFO,
  MS_LUA_LOG_WARN,
  MS_LUA_LOG_ERROR,
  MS_LUA_LOG_FATAL
};

/* Everything borrowed. */
struct ms_lua_log_record {
  enum ms_lua_log_kind kind;
  enum ms_lua_log_level level;
  const char *function; /* "" when the engine itself has something to say */
  const char *version;
  const char *request_id;
  int64_t at_ms; /* wall time; the simulated one when the engine's is */
  struct ms_str message;
};

#define MS_LUA_LOG_TAIL_BYTES 4096 /* of LogType: Tail */

/* The record as lines of a CloudWatch log stream, the last one ended. */
void ms_lua_log_print(struct ms_buf *out, const struct ms_lua_log_record *record);
const char *ms_lua_log_level_name(enum ms_lua_log_level level); /* "INFO"; "" for PLAIN */

#endif
