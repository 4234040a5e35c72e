/*
 * The engine's Lua, seen from above: what handlers ask for, what they say, and the files that they come from.
 */
#ifndef MS_RUNTIME_SCRIPTS_H
#define MS_RUNTIME_SCRIPTS_H

#include "json/json.h"
#include "runtime/runtime.h"

/* ---- what handlers ask for, up.h of luavm; answered by whoever has the operations ---- */

struct ms_lua_request;
struct ms_engine_ask {
  struct ms_str operation, body;
  struct ms_str lineage; /* of the call that asks; data NULL = none */
};
/* Exactly one ms_engine_answer follows, now or later. All is valid during the call. */
typedef void (*ms_engine_ask_cb)(struct ms_lua_request *request, const struct ms_engine_ask *ask,
                                 void *user);
void ms_engine_serve(struct ms_engine *engine, ms_engine_ask_cb ask, void *user);
/* error: its name; data NULL: there is none. */
void ms_engine_answer(struct ms_engine *engine, struct ms_lua_request *request, struct ms_str body,
                      struct ms_str error, struct ms_str message);

/* ---- logs of functions: the latest 8 MB of lines, in memory ---- */

struct ms_engine_log_query {
  struct ms_str function;    /* data NULL: all */
  struct ms_str request_id;  /* likewise */
  struct ms_str words;       /* a part of the line; likewise */
  int64_t from_ms, until_ms; /* until 0: no end */
  uint64_t after;            /* number of the last one that is known */
  size_t max;
};
/*
 * *out: an array of {"eventId", "function", "version", "requestId", "timestamp", "message"}; *next: number of the
 * last one when there may be more, else 0. MSTEP_ENOMEM.
 */
int ms_engine_logs(struct ms_json *out, uint64_t *next, struct ms_engine *engine,
                   const struct ms_engine_log_query *query);

/* ---- a project's folder ---- */

/* As ms_lua_project: {"project", "diagnostics"}; owned. */
int ms_engine_project(struct ms_json *out, struct ms_engine *engine, const char *folder);

/* A file that changed while it is watched, and what came of it. Borrowed. */
struct ms_engine_change {
  const char *kind; /* "RELOADED", "ADDED", "REMOVED", "BROKEN", "RULES_LOADED", "FILE" */
  const char *function, *file;
  int line;
  struct ms_str message;
  unsigned folder; /* of FILE: index in folders */
};
typedef void (*ms_engine_change_cb)(const struct ms_engine_change *change, void *user);
/* Watches the folders of functions, hooks, lib and rules, and these; NULL-terminated. */
int ms_engine_watch_files(struct ms_engine *engine, const char *const *folders,
                          ms_engine_change_cb changed, void *user);

#endif
