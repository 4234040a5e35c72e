/*
 * What a function is made of, for the files of this module only.
 *
 *   function            a name: "$LATEST", what was published, what is pinned
 *     slot              one version's name, and the code that it means now
 *       code            a version: sources and configuration. Immutable; shared by all threads
 *         bundle        the sources: the main text and a module for each `require` met so far
 *
 * Functions and slots are the loop thread's. Codes and bundles are counted and never change, but for
 * the list of modules, which grows at its head (a name that a script puts together is met only when it
 * is required), and flags.
 */
#ifndef MS_LUAVM_SOURCE_H
#define MS_LUAVM_SOURCE_H

#include <stdatomic.h>

#include "base/vec.h"
#include "luavm/luavm.h"

#define MS_LUA_VERSION_MAX 64
#define MS_LUA_NAME_MAX 140 /* of a function, as in Lambda's qualified names */
#define MS_LUA_LATEST "$LATEST"

/* A text that `require` found. One block of memory with its strings. */
struct ms_lua_module {
  struct ms_lua_module *next;
  const char *name;  /* "deep.er" */
  const char *chunk; /* "@lib/deep/er.lua" */
  const char *text;
  size_t len;
  bool is_own;     /* from the function's folder or package, not from the project's lib */
  bool is_dynamic; /* no literal names it: met when it was required */
};

struct ms_lua_bundle {
  atomic_uint refs;
  char *chunk;  /* "@functions/charge_card.lua" */
  char *folder; /* of NAME/init.lua, for its own modules; else NULL */
  char *text;
  size_t len;
  _Atomic(struct ms_lua_module *) modules;
  atomic_uint module_count;
};

struct ms_lua_code {
  atomic_uint refs;
  atomic_bool is_stale; /* replaced or gone: hosts give up their states of it */
  atomic_bool is_good;  /* its chunk gave a handler once */
  uint32_t index;       /* of its slot: the place in each host's list of states */
  uint64_t revision;
  struct ms_lua_bundle *bundle;
  const char *name;    /* "charge_card" */
  const char *version; /* "$LATEST", "1" */
  const char *field;   /* of the table that the chunk returns */
  size_t memory_max_bytes;
  const char *environment; /* name, NUL, value, NUL, and again */
  size_t environment_len;
};

struct ms_lua_slot {
  struct ms_lua_code *code;
  struct ms_json environment; /* that the code was made with: the same value needs no second look */
};

struct ms_lua_pinned {
  struct ms_lua_code *code;
  unsigned count;
};

struct ms_lua_check;

struct ms_lua_function {
  struct ms_lua_slot latest; /* code NULL: only versions are left */
  MS_VEC(struct ms_lua_slot) versions;
  MS_VEC(struct ms_lua_pinned) pins;
  bool is_from_file;
  struct ms_lua_bundle
      *failed;                /* reload.c: the content that did not pass, so that it is told once */
  struct ms_lua_check *check; /* reload.c: the content that is being tried */
  char name[];
};

/* ---- bundle.c ---- */
/* Takes text. chunk and folder (NULL: none) are copied. */
int ms_lua_bundle_new(struct ms_lua_bundle **out, const char *chunk, const char *folder, char *text,
                      size_t len);
struct ms_lua_bundle *ms_lua_bundle_ref(struct ms_lua_bundle *bundle);
void ms_lua_bundle_unref(struct ms_lua_bundle *bundle); /* NULL is fine */
/*
 * Reads a function's file and the modules that it and they require by a literal name; those of `like`
 * (NULL: none) too, as far as they are still there. MSTEP_ENOTFOUND: there is no file.
 */
int ms_lua_bundle_read(struct ms_lua_bundle **out, struct ms_lua *lua, struct ms_str name,
                       const struct ms_lua_bundle *like);
/* Any thread. NULL: not met so far. */
const struct ms_lua_module *ms_lua_bundle_find(const struct ms_lua_bundle *bundle,
                                               struct ms_str name);
/*
 * Any thread. Finds the module, or reads it from the function's folder or the project's lib and keeps
 * it. MSTEP_ENOTFOUND.
 */
int ms_lua_bundle_need(const struct ms_lua_module **out, const struct ms_lua *lua,
                       struct ms_lua_bundle *bundle, struct ms_str name, bool is_dynamic);
/* Puts in a module that comes with the source. */
int ms_lua_bundle_add(struct ms_lua_bundle *bundle, struct ms_str name, const char *chunk,
                      struct ms_str text, bool is_own);
/* Reads the modules that the sources require by literal names, as far as they are there. */
int ms_lua_bundle_gather(const struct ms_lua *lua, struct ms_lua_bundle *bundle);
bool ms_lua_bundle_same(const struct ms_lua_bundle *a, const struct ms_lua_bundle *b);

/* ---- package.c ---- */
/* "deep/er.lua", "deep/er/init.lua" -> "deep.er"; false: nothing that `require` could ask for. */
bool ms_lua_module_name(char name[MS_LUA_NAME_MAX + 1], struct ms_str path);
/* The files as a bundle; field gets what the handler names in the main file. MSTEP_ENOTFOUND. */
int ms_lua_bundle_unpack(struct ms_lua_bundle **out, char field[MS_LUA_NAME_MAX + 1],
                         struct ms_lua *lua, const struct ms_lua_package *package);
/* The bundle's files as ms_lua_files tells them. */
int ms_lua_bundle_list(struct ms_json *out, const struct ms_lua_bundle *bundle, struct ms_str name);

/* ---- code.c ---- */
/* As much of a code as must be said; the bundle is borrowed. */
struct ms_lua_code_form {
  struct ms_str name;
  const char *version;
  const char *field;
  struct ms_lua_bundle *bundle;
  size_t memory_max_bytes;
  struct ms_str environment; /* in the form that a code has it in */
};
int ms_lua_code_new(struct ms_lua_code **out, struct ms_lua *lua,
                    const struct ms_lua_code_form *form);
struct ms_lua_code_form
ms_lua_code_form(const struct ms_lua_code *code); /* to make another like it */
struct ms_lua_code *ms_lua_code_ref(struct ms_lua_code *code);
void ms_lua_code_unref(struct ms_lua_code *code); /* NULL is fine */
/* The value of a variable of its environment; data NULL: none. */
struct ms_str ms_lua_code_variable(const struct ms_lua_code *code, struct ms_str name);
/* An object of strings in that form. MSTEP_EINVALID: it is none. */
int ms_lua_environment_text(struct ms_buf *out, struct ms_json environment);

/* ---- reload.c ---- */
void ms_lua_reload_free(struct ms_lua *lua);
void ms_lua_checks_free(struct ms_lua *lua); /* their calls are over */
int64_t ms_lua_reload_due_ms(const struct ms_lua *lua); /* 0: nothing is due */
void ms_lua_reload_on_timer(struct ms_lua *lua, int64_t now_ms);

/* ---- rule.c ---- */
/* Reads all rule files anew; on error (MSTEP_ELUA, file:line in the detail) the old ones stay. */
int ms_lua_rules_reload(struct ms_lua *lua);

/* ---- luavm.c ---- */
/* A call that only loads the version, on a worker if there are any. */
int ms_lua_check_code(struct ms_lua *lua, struct ms_lua_code *code, int64_t limit_ms,
                      ms_lua_done_cb done, void *user);

/* ---- registry.c ---- */
/* The code that a call means, borrowed. MSTEP_ENOTFOUND: there is none, the detail says why. */
int ms_lua_find(struct ms_lua_code **out, struct ms_lua *lua, const struct ms_lua_call *call);
/* The function of this name, made when there is none. MSTEP_EINVALID: it cannot be a name. */
int ms_lua_need_function(struct ms_lua_function **out, struct ms_lua *lua, struct ms_str name);
/* Makes the code what "$LATEST" means; takes it, whatever happens. */
int ms_lua_put_latest(struct ms_lua *lua, struct ms_str name, struct ms_lua_code *code,
                      bool is_from_file);
/* "$LATEST" is gone; with nothing else left, so is the function. */
void ms_lua_drop_latest(struct ms_lua *lua, struct ms_lua_function *function);
/* Is the source wrong before it ever runs? In a state of its own, on the loop thread. */
int ms_lua_check_syntax(struct ms_lua *lua, const struct ms_lua_bundle *bundle);
void ms_lua_registry_deinit(struct ms_lua *lua);

#endif
