/*
 * Hot reload: files of functions, hooks, modules and rules that change while the engine runs.
 *
 * A changed file is read aside with all that it requires; its chunk is run in a state of its own, on a
 * worker when there are any, and must give a handler; then the version is swapped on the loop thread.
 * Calls under way finish on the version they began with. A file that does not pass changes nothing and
 * is reported, once for each content. A changed module of lib reloads every function that requires it,
 * by way of other modules too, and the rules. A function that was loaded from memory is replaced when
 * the file of its name changes: who writes last wins.
 */
#ifndef MS_LUAVM_RELOAD_H
#define MS_LUAVM_RELOAD_H

#include "luavm/luavm.h"

enum ms_lua_change_kind {
  MS_LUA_RELOADED,     /* the function has a new version */
  MS_LUA_ADDED,        /* there is a new function */
  MS_LUA_REMOVED,      /* its file has gone: no new calls */
  MS_LUA_BROKEN,       /* what is new does not pass: function, file, line, message */
  MS_LUA_RULES_LOADED, /* the rule files are read anew */
  MS_LUA_FILE_CHANGED  /* a file in one of the other folders came, changed or went: file, folder */
};

/* Everything borrowed. */
struct ms_lua_change {
  enum ms_lua_change_kind kind;
  const char *function; /* "charge_card", "hooks/audit"; "" where none is meant */
  const char *file; /* "lib/money.lua", as messages name it; below its folder for FILE_CHANGED */
  int line;         /* 0: not known */
  struct ms_str message; /* of BROKEN, without file and line */
  unsigned folder;       /* of FILE_CHANGED: index in the options */
  bool is_gone;          /* of FILE_CHANGED */
};

/* On the loop thread. */
typedef void (*ms_lua_change_cb)(const struct ms_lua_change *change, void *user);

struct ms_lua_watch_options {
  ms_lua_change_cb changed;
  void *user;
  const char *const *folders; /* whose files are only told: machines; NULL-terminated, or NULL */
  bool keeps_deleted;         /* a function whose file goes stays as it was */
  bool is_polling;            /* by time, even where inotify is there */
};

/*
 * Begins to watch the folders of the options of ms_lua_new; with NULL ends it. Replaces what was asked
 * for before. While it is on, ms_loop_run does not end. MSTEP_ENOMEM.
 */
int ms_lua_watch(struct ms_lua *lua, const struct ms_lua_watch_options *options);
/* Looks at the folders now: for hosts that know that something changed. Watching must be on. */
int ms_lua_look(struct ms_lua *lua);

#endif
