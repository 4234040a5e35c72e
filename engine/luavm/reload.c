/*
 * Changed files become versions. What a change means: a file below functions or hooks belongs to the
 * function of its first name; a module of lib to all functions whose sources have it; a rule file, or
 * a module, to the rules.
 *
 *   change -> dirty names -> read aside -> as it was, or as what failed: nothing
 *                                       -> check (a call that only loads) -> passes: swap, tell
 *                                                                        -> fails: keep, tell
 *
 * A check that is overtaken by another change is forgotten when it comes back. A call may overtake it as
 * well: the first one of a function reads the files as they are then, which may be newer than what is
 * being checked.
 */
#include "luavm/reload.h"

#include "base/alloc.h"
#include "base/error.h"
#include "loop/dirwatch.h"
#include "luavm/internal.h"
#include "luavm/source.h"

#define CHECK_WORKER_MS 10000 /* as long as Lambda lets a function begin */
#define CHECK_LOCAL_MS 1000   /* the loop stands still meanwhile */
#define FOLDERS_MAX 32
#define RETRY_MS 1000

enum { ROOT_FUNCTIONS, ROOT_HOOKS, ROOT_LIB, ROOT_RULES, ROOT_OTHERS };

/* Sources on trial. */
struct ms_lua_check {
  struct ms_lua_check *next;
  struct ms_lua *lua;
  struct ms_lua_code *code;
  struct ms_lua_bundle *before; /* what ran when it began; NULL = nothing was loaded */
  unsigned round;
  bool is_new; /* there was no such function */
};

struct ms_lua_reload {
  struct ms_lua_watch_options options;
  struct ms_dirwatch *watch;
  struct ms_map dirty; /* names of functions to look at; the value is one of the marks below */
  bool is_all_dirty;   /* there was no memory to say which */
  bool are_rules_dirty;
  int64_t retry_at_ms; /* 0: nothing is left over */
  unsigned round;      /* of changes: what many functions suffer from is told once in each */
  unsigned told_round;
  char *told;       /* the message told last */
  char *rules_told; /* what was wrong with the rules */
};

/* ---- telling ---- */

static void tell(const struct ms_lua *lua, struct ms_lua_change change)
{
  const struct ms_lua_reload *reload = lua->reload;
  if (reload != NULL && reload->options.changed != NULL) {
    change.function = change.function == NULL ? "" : change.function;
    change.file = change.file == NULL ? "" : change.file;
    reload->options.changed(&change, reload->options.user);
  }
}

/* Keeps a copy of the text; true when it is what the slot had. */
static bool is_repeated(char **slot, struct ms_str text)
{
  if (*slot != NULL && ms_str_is(text, *slot)) {
    return true;
  }
  ms_free(*slot);
  *slot = ms_strdupn(text.data, text.len); /* no memory: told once more */
  return false;
}

static void tell_broken(struct ms_lua *lua, const char *function, const char *chunk,
                        struct ms_str text)
{
  struct ms_lua_change change = {.kind = MS_LUA_BROKEN, .function = function, .message = text};
  struct ms_str file;
  char *copy = NULL;
  if (ms_lua_split_place(&file, &change.line, &change.message, text)) {
    copy = ms_strdupn(file.data, file.len);
    change.file = copy;
  } else {
    change.file = chunk;
  }
  tell(lua, change);
  ms_free(copy);
}

/* Of a function's sources; a module that many functions have is told once in a round. */
static void tell_failed(struct ms_lua *lua, const struct ms_lua_check *check, struct ms_str message)
{
  struct ms_lua_reload *reload = lua->reload;
  if (reload == NULL) {
    return;
  }
  bool is_same_round = reload->told_round == check->round;
  bool is_same_text = is_repeated(&reload->told, message);
  reload->told_round = check->round;
  if (!is_same_round || !is_same_text) {
    tell_broken(lua, check->code->name, check->code->bundle->chunk + 1, message);
  }
}

/* ---- checks ---- */

static void free_check(struct ms_lua *lua, struct ms_lua_check *check)
{
  struct ms_lua_check **link = &lua->checks;
  while (*link != check) {
    link = &(*link)->next;
  }
  *link = check->next;
  ms_lua_code_unref(check->code);
  ms_lua_bundle_unref(check->before);
  ms_free(check);
}

static int begin_check(struct ms_lua *lua, struct ms_lua_function *function,
                       struct ms_lua_bundle *bundle, bool is_new);

/* Other sources have come since it began, by a function's first call or by deployment: they are newer. */
static bool is_overtaken(const struct ms_lua_function *function, const struct ms_lua_check *check)
{
  const struct ms_lua_code *now = function->latest.code;
  return now != NULL && now->bundle != check->before &&
         !ms_lua_bundle_same(now->bundle, check->code->bundle);
}

/* The sources under the configuration that the function has now. */
static int put_checked(struct ms_lua *lua, const struct ms_lua_function *function,
                       const struct ms_lua_check *check, bool is_good)
{
  struct ms_lua_code_form form = ms_lua_code_form(check->code);
  struct ms_lua_code *code;
  if (function->latest.code != NULL) {
    struct ms_lua_code_form before = ms_lua_code_form(function->latest.code);
    form.memory_max_bytes = before.memory_max_bytes;
    form.environment = before.environment;
  }
  int err = ms_lua_code_new(&code, lua, &form);
  if (err == 0) {
    atomic_store(&code->is_good, is_good);
    err = ms_lua_put_latest(lua, form.name, code, true);
  }
  return err;
}

static void pass(struct ms_lua *lua, struct ms_lua_function *function,
                 const struct ms_lua_check *check)
{
  ms_lua_bundle_unref(function->failed);
  function->failed = NULL;
  if (put_checked(lua, function, check, true) != 0) {
    tell_failed(lua, check, ms_str_c(ms_error_detail()));
    return;
  }
  tell(lua, (struct ms_lua_change){.kind = check->is_new ? MS_LUA_ADDED : MS_LUA_RELOADED,
                                   .function = check->code->name,
                                   .file = check->code->bundle->chunk + 1});
}

/* What there was stays, unless that never ran either: then calls fail with today's reason. */
static void fail(struct ms_lua *lua, struct ms_lua_function *function,
                 const struct ms_lua_check *check, const struct ms_lua_result *result)
{
  ms_lua_bundle_unref(function->failed);
  function->failed = ms_lua_bundle_ref(check->code->bundle);
  if (function->latest.code != NULL && !atomic_load(&function->latest.code->is_good)) {
    put_checked(lua, function, check, false);
  }
  if (result->outcome == MS_LUA_TIMEOUT) {
    tell_failed(lua, check, MS_STR("it takes too long to load"));
    return;
  }
  struct ms_json cause;
  struct ms_str message = ms_json_text(result->cause);
  if (ms_json_parse(&cause, message, NULL, NULL) == 0 &&
      ms_json_is_string(ms_json_getc(cause, "errorMessage"))) {
    message = ms_json_text(ms_json_getc(cause, "errorMessage"));
  }
  tell_failed(lua, check, message);
  ms_json_unref(cause);
}

static void on_checked(const struct ms_lua_result *result, void *user)
{
  struct ms_lua_check *check = user;
  struct ms_lua *lua = check->lua;
  struct ms_lua_function *function = ms_map_get(&lua->functions, ms_str_c(check->code->name));
  if (function != NULL && function->check == check) {
    function->check = NULL;
    if (is_overtaken(function, check)) {
      if (function->is_from_file && lua->reload != NULL) {
        begin_check(lua, function, function->latest.code->bundle, check->is_new);
      }
    } else if (result->outcome == MS_LUA_OK) {
      pass(lua, function, check);
    } else {
      fail(lua, function, check, result);
    }
  }
  free_check(lua, check);
}

static int begin_check(struct ms_lua *lua, struct ms_lua_function *function,
                       struct ms_lua_bundle *bundle, bool is_new)
{
  struct ms_lua_check *check = ms_calloc(1, sizeof *check);
  if (check == NULL) {
    return ms_error_nomem();
  }
  const struct ms_lua_code *before = function->latest.code;
  struct ms_lua_code_form form = {
      ms_str_c(function->name), MS_LUA_LATEST, "handler", bundle, 0, {NULL, 0}};
  if (before != NULL) {
    form = ms_lua_code_form(before);
    form.bundle = bundle;
    form.field = "handler";
  }
  int err = ms_lua_code_new(&check->code, lua, &form);
  if (err != 0) {
    ms_free(check);
    return err;
  }
  check->lua = lua;
  check->round = lua->reload == NULL ? 0 : lua->reload->round;
  check->before = before == NULL ? NULL : ms_lua_bundle_ref(before->bundle);
  check->is_new = is_new;
  check->next = lua->checks;
  lua->checks = check;
  int64_t limit_ms = lua->work == NULL ? CHECK_LOCAL_MS : CHECK_WORKER_MS;
  err = ms_lua_check_code(lua, check->code, limit_ms, on_checked, check);
  if (err != 0) {
    free_check(lua, check);
    return err;
  }
  function->check = check;
  return MSTEP_OK;
}

/* ---- functions ---- */

static void remove_function(struct ms_lua *lua, struct ms_lua_function *function)
{
  char name[MS_LUA_NAME_MAX + sizeof MS_LUA_HOOK_PREFIX];
  function->check = NULL;
  ms_lua_bundle_unref(function->failed);
  function->failed = NULL;
  if (!function->is_from_file || function->latest.code == NULL ||
      lua->reload->options.keeps_deleted) {
    return;
  }
  memcpy(name, function->name, strlen(function->name) + 1);
  ms_lua_drop_latest(lua, function);
  tell(lua, (struct ms_lua_change){.kind = MS_LUA_REMOVED, .function = name});
}

/* Known already: what it is, what is being tried, or what has failed. */
static bool is_known(struct ms_lua_function *function, const struct ms_lua_bundle *bundle)
{
  if (function->check != NULL) {
    return ms_lua_bundle_same(function->check->code->bundle, bundle);
  }
  if (function->latest.code != NULL && ms_lua_bundle_same(function->latest.code->bundle, bundle)) {
    ms_lua_bundle_unref(function->failed); /* it is as it was before it broke */
    function->failed = NULL;
    return true;
  }
  return function->failed != NULL && ms_lua_bundle_same(function->failed, bundle);
}

static int look_at_sources(struct ms_lua *lua, struct ms_lua_function *function,
                           struct ms_lua_bundle *bundle, bool is_new)
{
  if (is_known(function, bundle)) {
    return MSTEP_OK;
  }
  if (function->check != NULL && function->latest.code != NULL &&
      !is_overtaken(function, function->check) &&
      ms_lua_bundle_same(function->latest.code->bundle, bundle)) {
    function->check = NULL; /* changed back while the change was tried */
    return MSTEP_OK;
  }
  return begin_check(lua, function, bundle, is_new && function->latest.code == NULL);
}

static int reload_function(struct ms_lua *lua, struct ms_str name, bool is_new)
{
  struct ms_lua_function *function = ms_map_get(&lua->functions, name);
  const struct ms_lua_code *before = function == NULL ? NULL : function->latest.code;
  struct ms_lua_bundle *bundle;
  int err = ms_lua_bundle_read(&bundle, lua, name, before == NULL ? NULL : before->bundle);
  if (err == MSTEP_ENOTFOUND) {
    if (function != NULL) {
      remove_function(lua, function);
    }
    return MSTEP_OK;
  }
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  if (err != 0) {
    tell_broken(lua, function == NULL ? "" : function->name, "", ms_str_c(ms_error_detail()));
    return MSTEP_OK;
  }
  err = ms_lua_need_function(&function, lua, name);
  if (err == 0) {
    err = look_at_sources(lua, function, bundle, is_new);
  }
  ms_lua_bundle_unref(bundle);
  return err == MSTEP_ENOMEM ? err : MSTEP_OK;
}

/* ---- what is dirty ---- */

static const char new_mark = 0;
static const char changed_mark = 0;

static void mark(struct ms_lua_reload *reload, struct ms_str name, bool is_new)
{
  void *value = (void *)(uintptr_t)(is_new ? &new_mark : &changed_mark);
  if (ms_map_put(&reload->dirty, name, value, NULL) != 0) {
    reload->is_all_dirty = true;
  }
}

/* "x.lua", "x/init.lua", "x/own/module.lua" -> "x", with the prefix of hooks. */
static void mark_function(struct ms_lua_reload *reload, const struct ms_dirwatch_change *change)
{
  char name[MS_LUA_NAME_MAX + sizeof MS_LUA_HOOK_PREFIX];
  const char *prefix = change->root == ROOT_HOOKS ? MS_LUA_HOOK_PREFIX : "";
  struct ms_str path = ms_str_c(change->path);
  size_t slash = ms_str_find(path, 0, '/');
  struct ms_str own = slash < path.len ? ms_str_sub(path, 0, slash)
                                       : ms_str_sub(path, 0, path.len - strlen(".lua"));
  if (!ms_lua_is_name(own, false)) {
    return;
  }
  size_t prefix_len = strlen(prefix);
  memcpy(name, prefix, prefix_len);
  memcpy(name + prefix_len, own.data, own.len);
  struct ms_str whole = {name, prefix_len + own.len};
  bool is_main = slash >= path.len || ms_str_is(ms_str_sub(path, slash, path.len), "/init.lua");
  mark(reload, whole, is_main && change->kind == MS_DIRWATCH_NEW);
}

/* Functions that have the module, and those that failed: it may be what they lacked. */
static void mark_users(struct ms_lua *lua, struct ms_str path)
{
  char module[MS_LUA_NAME_MAX + 1];
  size_t pos = 0;
  struct ms_str name;
  void *value;
  if (!ms_lua_module_name(module, path)) {
    return;
  }
  while (ms_map_next(&lua->functions, &pos, &name, &value)) {
    const struct ms_lua_function *function = value;
    const struct ms_lua_code *code = function->latest.code;
    const struct ms_lua_check *check = function->check;
    bool has_it = code != NULL && ms_lua_bundle_find(code->bundle, ms_str_c(module)) != NULL;
    bool tries_it =
        check != NULL && ms_lua_bundle_find(check->code->bundle, ms_str_c(module)) != NULL;
    if (has_it || tries_it || function->failed != NULL) {
      mark(lua->reload, name, false);
    }
  }
}

static void mark_all(struct ms_lua *lua)
{
  size_t pos = 0;
  struct ms_str name;
  void *function;
  lua->reload->is_all_dirty = false;
  while (ms_map_next(&lua->functions, &pos, &name, &function)) {
    mark(lua->reload, name, false);
  }
}

/* ---- doing it ---- */

static int reload_rules(struct ms_lua *lua)
{
  struct ms_lua_reload *reload = lua->reload;
  int err = ms_lua_rules_reload(lua);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  reload->are_rules_dirty = false;
  if (err == 0) {
    ms_free(reload->rules_told);
    reload->rules_told = NULL;
    tell(lua, (struct ms_lua_change){.kind = MS_LUA_RULES_LOADED});
  } else {
    struct ms_str message = ms_str_c(ms_error_detail());
    if (!is_repeated(&reload->rules_told, message)) {
      tell_broken(lua, "", "",
                  ms_str_c(reload->rules_told == NULL ? "out of memory" : reload->rules_told));
    }
  }
  return MSTEP_OK;
}

/* What memory does not suffice for stays dirty. */
static int reload_functions(struct ms_lua *lua)
{
  struct ms_lua_reload *reload = lua->reload;
  char name[MS_LUA_NAME_MAX + sizeof MS_LUA_HOOK_PREFIX];
  if (reload->is_all_dirty) {
    mark_all(lua);
  }
  for (;;) {
    size_t pos = 0;
    struct ms_str key;
    void *value;
    if (!ms_map_next(&reload->dirty, &pos, &key, &value)) {
      return reload->is_all_dirty ? MSTEP_ENOMEM : MSTEP_OK;
    }
    struct ms_str copy = {memcpy(name, key.data, key.len), key.len};
    int err = reload_function(lua, copy, value == &new_mark);
    if (err != 0) {
      return err;
    }
    if (lua->reload != reload) {
      return MSTEP_OK; /* the callback has ended the watch */
    }
    ms_map_remove(&reload->dirty, copy);
  }
}

static void work_off(struct ms_lua *lua)
{
  struct ms_lua_reload *reload = lua->reload;
  reload->retry_at_ms = 0;
  int err = reload_functions(lua);
  if (err == 0 && lua->reload == reload && reload->are_rules_dirty) {
    err = reload_rules(lua);
  }
  if (err != 0 && lua->reload == reload) {
    reload->retry_at_ms = ms_loop_now_ms(lua->options.loop) + RETRY_MS;
  }
}

static void on_changes(const struct ms_dirwatch_change *changes, size_t count, void *user)
{
  struct ms_lua *lua = user;
  struct ms_lua_reload *reload = lua->reload;
  reload->round++;
  for (size_t i = 0; i < count && lua->reload == reload; i++) {
    const struct ms_dirwatch_change *change = &changes[i];
    struct ms_str path = ms_str_c(change->path);
    bool is_lua = ms_str_has_suffix(path, ".lua");
    if (change->root >= ROOT_OTHERS) {
      tell(lua, (struct ms_lua_change){.kind = MS_LUA_FILE_CHANGED,
                                       .file = change->path,
                                       .folder = change->root - ROOT_OTHERS,
                                       .is_gone = change->kind == MS_DIRWATCH_GONE});
    } else if (is_lua && change->root <= ROOT_HOOKS) {
      mark_function(reload, change);
    } else if (is_lua && change->root == ROOT_LIB) {
      mark_users(lua, path);
    }
    reload->are_rules_dirty =
        reload->are_rules_dirty ||
        (is_lua && (change->root == ROOT_LIB || change->root == ROOT_RULES) && lua->rules != NULL);
  }
  if (lua->reload == reload) {
    work_off(lua);
  }
}

/* ---- on and off ---- */

void ms_lua_reload_free(struct ms_lua *lua)
{
  struct ms_lua_reload *reload = lua->reload;
  lua->reload = NULL;
  if (reload != NULL) {
    ms_dirwatch_free(reload->watch);
    ms_map_deinit(&reload->dirty);
    ms_free(reload->told);
    ms_free(reload->rules_told);
    ms_free(reload);
  }
}

void ms_lua_checks_free(struct ms_lua *lua)
{
  while (lua->checks != NULL) {
    free_check(lua, lua->checks);
  }
}

int ms_lua_watch(struct ms_lua *lua, const struct ms_lua_watch_options *options)
{
  ms_lua_reload_free(lua);
  if (options == NULL) {
    return MSTEP_OK;
  }
  const char *roots[ROOT_OTHERS + FOLDERS_MAX] = {lua->options.functions_dir,
                                                  lua->options.hooks_dir, lua->options.lib_dir,
                                                  lua->options.rules_dir};
  size_t count = ROOT_OTHERS;
  for (size_t i = 0; options->folders != NULL && options->folders[i] != NULL; i++) {
    if (i >= FOLDERS_MAX) {
      return ms_error(MSTEP_ETOOBIG, "more than %d folders to watch", FOLDERS_MAX);
    }
    roots[count++] = options->folders[i];
  }
  struct ms_lua_reload *reload = ms_calloc(1, sizeof *reload);
  if (reload == NULL) {
    return ms_error_nomem();
  }
  reload->options = *options;
  reload->options.folders = NULL;
  ms_map_init(&reload->dirty, lua->options.seed);
  lua->reload = reload;
  const struct ms_dirwatch_options watch = {.loop = lua->options.loop,
                                            .roots = roots,
                                            .root_count = count,
                                            .is_polling = options->is_polling,
                                            .cb = on_changes,
                                            .user = lua};
  int err = ms_dirwatch_new(&reload->watch, &watch);
  if (err != 0) {
    ms_lua_reload_free(lua);
    return err;
  }
  return ms_loop_wake(lua->options.loop); /* whoever has the timer learns of it */
}

int ms_lua_look(struct ms_lua *lua)
{
  if (lua->reload == NULL) {
    return ms_error(MSTEP_ESTATE, "no folder is watched");
  }
  return ms_dirwatch_look(lua->reload->watch);
}

int64_t ms_lua_reload_due_ms(const struct ms_lua *lua)
{
  const struct ms_lua_reload *reload = lua->reload;
  if (reload == NULL) {
    return 0;
  }
  int64_t due_at_ms = ms_dirwatch_next_due_ms(reload->watch);
  bool is_retry_first =
      reload->retry_at_ms != 0 && (due_at_ms == 0 || reload->retry_at_ms < due_at_ms);
  return is_retry_first ? reload->retry_at_ms : due_at_ms;
}

void ms_lua_reload_on_timer(struct ms_lua *lua, int64_t now_ms)
{
  struct ms_lua_reload *reload = lua->reload;
  if (reload != NULL && reload->retry_at_ms != 0 && reload->retry_at_ms <= now_ms) {
    work_off(lua);
  }
  if (lua->reload != NULL) {
    ms_dirwatch_on_timer(lua->reload->watch, now_ms);
  }
}
