/*
 * The sources of one version: its own text and the texts that it requires.
 *
 * What is required by a literal name is read together with the function, so that a version is whole
 * before it runs and a change of any of its files is noticed. A name that a script puts together at
 * run time is read where it is required, on whatever thread, and kept: the list of modules only
 * grows, so a reader needs no lock. Whoever comes second with the same name uses the first's.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"
#include "luavm/scan.h"
#include "luavm/source.h"

#define MODULES_MAX 1024

/* ---- life ---- */

int ms_lua_bundle_new(struct ms_lua_bundle **out, const char *chunk, const char *folder, char *text,
                      size_t len)
{
  struct ms_lua_bundle *bundle = ms_calloc(1, sizeof *bundle);
  *out = bundle;
  if (bundle == NULL) {
    ms_free(text);
    return ms_error_nomem();
  }
  atomic_init(&bundle->refs, 1);
  atomic_init(&bundle->modules, NULL);
  atomic_init(&bundle->module_count, 0);
  bundle->text = text;
  bundle->len = len;
  bundle->chunk = ms_strdupn(chunk, strlen(chunk));
  bundle->folder = folder == NULL ? NULL : ms_strdupn(folder, strlen(folder));
  if (bundle->chunk == NULL || (folder != NULL && bundle->folder == NULL)) {
    ms_lua_bundle_unref(bundle);
    *out = NULL;
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

struct ms_lua_bundle *ms_lua_bundle_ref(struct ms_lua_bundle *bundle)
{
  atomic_fetch_add_explicit(&bundle->refs, 1, memory_order_relaxed);
  return bundle;
}

void ms_lua_bundle_unref(struct ms_lua_bundle *bundle)
{
  if (bundle == NULL || atomic_fetch_sub_explicit(&bundle->refs, 1, memory_order_acq_rel) != 1) {
    return;
  }
  struct ms_lua_module *module = atomic_load(&bundle->modules);
  while (module != NULL) {
    struct ms_lua_module *next = module->next;
    ms_free(module);
    module = next;
  }
  ms_free(bundle->chunk);
  ms_free(bundle->folder);
  ms_free(bundle->text);
  ms_free(bundle);
}

/* ---- modules ---- */

static const struct ms_lua_module *find_until(const struct ms_lua_module *from,
                                              const struct ms_lua_module *end, struct ms_str name)
{
  for (; from != end; from = from->next) {
    if (ms_str_is(name, from->name)) {
      return from;
    }
  }
  return NULL;
}

const struct ms_lua_module *ms_lua_bundle_find(const struct ms_lua_bundle *bundle,
                                               struct ms_str name)
{
  return find_until(atomic_load_explicit(&bundle->modules, memory_order_acquire), NULL, name);
}

static struct ms_lua_module *new_module(struct ms_str name, const char *chunk, struct ms_str text)
{
  size_t chunk_size = strlen(chunk) + 1;
  struct ms_lua_module *module =
      ms_alloc(sizeof *module + name.len + 1 + chunk_size + text.len + 1);
  if (module == NULL) {
    return NULL;
  }
  char *at = (char *)(module + 1);
  module->name = memcpy(at, name.data, name.len);
  at[name.len] = '\0';
  at += name.len + 1;
  module->chunk = memcpy(at, chunk, chunk_size);
  at += chunk_size;
  module->text = at;
  module->len = text.len;
  if (text.len > 0) {
    memcpy(at, text.data, text.len);
  }
  at[text.len] = '\0';
  return module;
}

/* Puts the module at the head, or frees it and gives the one that another thread put there. */
static const struct ms_lua_module *publish(struct ms_lua_bundle *bundle,
                                           struct ms_lua_module *module)
{
  struct ms_lua_module *head = atomic_load_explicit(&bundle->modules, memory_order_acquire);
  for (;;) {
    const struct ms_lua_module *first = find_until(head, NULL, ms_str_c(module->name));
    if (first != NULL) {
      ms_free(module);
      return first;
    }
    module->next = head;
    if (atomic_compare_exchange_weak_explicit(&bundle->modules, &head, module, memory_order_acq_rel,
                                              memory_order_acquire)) {
      atomic_fetch_add(&bundle->module_count, 1);
      return module;
    }
  }
}

/* How a module came to be here. */
struct kind {
  bool is_own;
  bool is_dynamic;
};

static int add(const struct ms_lua_module **out, struct ms_lua_bundle *bundle, struct ms_str name,
               const char *chunk, struct ms_str text, struct kind kind)
{
  if (atomic_load(&bundle->module_count) >= MODULES_MAX) {
    return ms_error(MSTEP_ETOOBIG, "more than %d modules", MODULES_MAX);
  }
  struct ms_lua_module *module = new_module(name, chunk, text);
  if (module == NULL) {
    return ms_error_nomem();
  }
  module->is_own = kind.is_own;
  module->is_dynamic = kind.is_dynamic;
  *out = publish(bundle, module);
  return MSTEP_OK;
}

int ms_lua_bundle_add(struct ms_lua_bundle *bundle, struct ms_str name, const char *chunk,
                      struct ms_str text, bool is_own)
{
  const struct ms_lua_module *ignored;
  return add(&ignored, bundle, name, chunk, text, (struct kind){is_own, false});
}

/* "deep.er" below dir, as deep/er.lua or deep/er/init.lua */
static int read_below(const struct ms_lua_module **out, struct ms_lua_bundle *bundle,
                      const char *dir, struct ms_str name, struct kind kind)
{
  char relative[MS_LUA_NAME_MAX + 1];
  char path[MS_LUA_PATH_MAX];
  char chunk[MS_LUA_PATH_MAX];
  struct ms_str root = ms_lua_base_name(dir);
  for (size_t i = 0; i < name.len; i++) {
    relative[i] = name.data[i] == '.' ? '/' : name.data[i];
  }
  relative[name.len] = '\0';
  int err = MSTEP_ENOTFOUND;
  for (int i = 0; i < 2 && err == MSTEP_ENOTFOUND; i++) {
    const char *tail = i == 0 ? ".lua" : "/init.lua";
    int wanted = snprintf(path, sizeof path, "%s/%s%s", dir, relative, tail);
    if (wanted < 0 || (size_t)wanted >= sizeof path) {
      return ms_error(MSTEP_ETOOBIG, "the path of module %.*s is too long", MS_STR_ARG(name));
    }
    char *text;
    size_t len;
    err = ms_lua_read_file(&text, &len, path);
    if (err == 0) {
      snprintf(chunk, sizeof chunk, "@%.*s/%s%s", MS_STR_ARG(root), relative, tail);
      err = add(out, bundle, name, chunk, (struct ms_str){text, len}, kind);
      ms_free(text);
    }
  }
  return err;
}

int ms_lua_bundle_need(const struct ms_lua_module **out, const struct ms_lua *lua,
                       struct ms_lua_bundle *bundle, struct ms_str name, bool is_dynamic)
{
  *out = ms_lua_bundle_find(bundle, name);
  if (*out != NULL) {
    return MSTEP_OK;
  }
  if (!ms_lua_is_name(name, true)) {
    return ms_error(MSTEP_ENOTFOUND, "'%.*s' cannot name a module", (int)(name.len & 0xff),
                    name.data);
  }
  int err = MSTEP_ENOTFOUND;
  if (bundle->folder != NULL) {
    err = read_below(out, bundle, bundle->folder, name, (struct kind){true, is_dynamic});
  }
  if (err == MSTEP_ENOTFOUND && lua->options.lib_dir != NULL) {
    err = read_below(out, bundle, lua->options.lib_dir, name, (struct kind){false, is_dynamic});
  }
  return err;
}

/* ---- what a text requires ---- */

/* The name in a literal string without escapes; data NULL for anything else. */
static struct ms_str literal(const struct ms_lua_token *token)
{
  struct ms_str text = token->text;
  char quote = text.len >= 2 ? text.data[0] : '\0';
  if (token->kind != MS_LUA_TOKEN_VALUE || (quote != '"' && quote != '\'')) {
    return (struct ms_str){NULL, 0};
  }
  text = ms_str_sub(text, 1, text.len - 1);
  return ms_lua_is_name(text, true) ? text : (struct ms_str){NULL, 0};
}

/* A module that is not there, or not to be read, is the business of whoever runs the text. */
static int gather_text(const struct ms_lua *lua, struct ms_lua_bundle *bundle, struct ms_str text)
{
  struct ms_lua_scanner scanner = {text, 0};
  struct ms_lua_token token;
  do {
    ms_lua_scan(&token, &scanner);
    if (token.kind != MS_LUA_TOKEN_NAME || !ms_str_is(token.text, "require")) {
      continue;
    }
    struct ms_lua_scanner ahead = scanner;
    struct ms_lua_token next;
    ms_lua_scan(&next, &ahead);
    if (ms_lua_is_symbol(&next, "(")) {
      ms_lua_scan(&next, &ahead);
    }
    struct ms_str name = literal(&next);
    const struct ms_lua_module *ignored;
    if (name.data != NULL && !ms_lua_is_builtin(name) &&
        ms_lua_bundle_need(&ignored, lua, bundle, name, false) == MSTEP_ENOMEM) {
      return MSTEP_ENOMEM;
    }
  } while (token.kind != MS_LUA_TOKEN_END);
  return MSTEP_OK;
}

/* New modules come to the head of the list: each round looks at what the one before brought. */
int ms_lua_bundle_gather(const struct ms_lua *lua, struct ms_lua_bundle *bundle)
{
  const struct ms_lua_module *done = NULL; /* of a package's modules none has been looked at yet */
  int err = gather_text(lua, bundle, (struct ms_str){bundle->text, bundle->len});
  for (;;) {
    const struct ms_lua_module *head = atomic_load(&bundle->modules);
    if (err != 0 || head == done) {
      return err;
    }
    for (const struct ms_lua_module *m = head; err == 0 && m != done; m = m->next) {
      err = gather_text(lua, bundle, (struct ms_str){m->text, m->len});
    }
    done = head;
  }
}

/* ---- reading ---- */

#define HOOK_PREFIX "hooks/"

/* Where a function's file is looked for: the folder, and the rest of its name. NULL: nowhere. */
static const char *folder_of(const struct ms_lua *lua, struct ms_str *name)
{
  if (ms_str_has_prefix(*name, HOOK_PREFIX)) {
    *name = ms_str_sub(*name, strlen(HOOK_PREFIX), name->len);
    return lua->options.hooks_dir;
  }
  return lua->options.functions_dir;
}

/* Reads NAME.lua, or NAME/init.lua of a function that has a folder. */
static int read_main(struct ms_lua_bundle **out, const struct ms_lua *lua, struct ms_str name)
{
  char path[MS_LUA_PATH_MAX];
  char folder[MS_LUA_PATH_MAX];
  char chunk[MS_LUA_PATH_MAX];
  const char *dir = folder_of(lua, &name);
  if (dir == NULL || !ms_lua_is_name(name, false)) {
    return ms_error(MSTEP_ENOTFOUND, "no function of this name");
  }
  int wanted = snprintf(path, sizeof path, "%s/%.*s/init.lua", dir, MS_STR_ARG(name));
  if (wanted < 0 || (size_t)wanted >= sizeof path) {
    return ms_error(MSTEP_ETOOBIG, "the path of function %.*s is too long", MS_STR_ARG(name));
  }
  snprintf(folder, sizeof folder, "%s/%.*s", dir, MS_STR_ARG(name));
  snprintf(path, sizeof path, "%s/%.*s.lua", dir, MS_STR_ARG(name));
  char *text;
  size_t len;
  bool is_folder = false;
  int err = ms_lua_read_file(&text, &len, path);
  if (err == MSTEP_ENOTFOUND) {
    snprintf(path, sizeof path, "%s/%.*s/init.lua", dir, MS_STR_ARG(name));
    is_folder = true;
    err = ms_lua_read_file(&text, &len, path);
  }
  if (err != 0) {
    return err;
  }
  snprintf(chunk, sizeof chunk, "@%.*s/%.*s%s.lua", MS_STR_ARG(ms_lua_base_name(dir)),
           MS_STR_ARG(name), is_folder ? "/init" : "");
  return ms_lua_bundle_new(out, chunk, is_folder ? folder : NULL, text, len);
}

/* Modules whose names were put together at run time are met again, so that the versions compare. */
static int read_like(const struct ms_lua *lua, struct ms_lua_bundle *bundle,
                     const struct ms_lua_bundle *like)
{
  int err = MSTEP_OK;
  const struct ms_lua_module *m = like == NULL ? NULL : atomic_load(&like->modules);
  for (; m != NULL && err != MSTEP_ENOMEM; m = m->next) {
    const struct ms_lua_module *ignored;
    if (m->is_dynamic) {
      err = ms_lua_bundle_need(&ignored, lua, bundle, ms_str_c(m->name), true);
    }
  }
  return err == MSTEP_ENOMEM ? err : MSTEP_OK;
}

int ms_lua_bundle_read(struct ms_lua_bundle **out, struct ms_lua *lua, struct ms_str name,
                       const struct ms_lua_bundle *like)
{
  *out = NULL;
  struct ms_lua_bundle *bundle;
  int err = read_main(&bundle, lua, name);
  if (err != 0) {
    return err;
  }
  err = ms_lua_bundle_gather(lua, bundle);
  if (err == 0) {
    err = read_like(lua, bundle, like);
  }
  if (err != 0) {
    ms_lua_bundle_unref(bundle);
    return err;
  }
  *out = bundle;
  return MSTEP_OK;
}

static bool same_module(const struct ms_lua_module *a, const struct ms_lua_module *b)
{
  return b != NULL && a->len == b->len && memcmp(a->text, b->text, a->len) == 0 &&
         strcmp(a->chunk, b->chunk) == 0;
}

bool ms_lua_bundle_same(const struct ms_lua_bundle *a, const struct ms_lua_bundle *b)
{
  if (a->len != b->len || memcmp(a->text, b->text, a->len) != 0 ||
      strcmp(a->chunk, b->chunk) != 0) {
    return false;
  }
  size_t count = 0;
  for (const struct ms_lua_module *m = atomic_load(&a->modules); m != NULL; m = m->next, count++) {
    if (!same_module(m, ms_lua_bundle_find(b, ms_str_c(m->name)))) {
      return false;
    }
  }
  for (const struct ms_lua_module *m = atomic_load(&b->modules); m != NULL; m = m->next) {
    count--;
  }
  return count == 0;
}
