/*
 * A deployment as a bundle, and a bundle as files: which file is the main one, how a path becomes the
 * name that `require` knows.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/utf8.h"
#include "luavm/internal.h"
#include "luavm/source.h"

/* ---- paths ---- */

bool ms_lua_module_name(char name[MS_LUA_NAME_MAX + 1], struct ms_str path)
{
  if (!ms_str_has_suffix(path, ".lua")) {
    return false;
  }
  path.len -= strlen(".lua");
  if (ms_str_has_suffix(path, "/init")) {
    path.len -= strlen("/init");
  }
  if (path.len == 0 || path.len > MS_LUA_NAME_MAX || memchr(path.data, '.', path.len) != NULL) {
    return false;
  }
  for (size_t i = 0; i < path.len; i++) {
    name[i] = path.data[i] == '/' ? '.' : path.data[i];
  }
  name[path.len] = '\0';
  return ms_lua_is_name((struct ms_str){name, path.len}, true);
}

/* The function's own part of a name, and what its chunks are called by. */
static char *chunk_name(const struct ms_lua *lua, struct ms_str function, struct ms_str path)
{
  const char *dir = lua->options.functions_dir;
  struct ms_str root = dir == NULL ? MS_STR("functions") : ms_lua_base_name(dir);
  const char *slash = ms_str_has_prefix(function, MS_LUA_HOOK_PREFIX) ? "" : "/";
  root.len = *slash == '\0' ? 0 : root.len;
  return path.len == 0
             ? ms_lua_format("@%.*s%s%.*s.lua", MS_STR_ARG(root), slash, MS_STR_ARG(function))
             : ms_lua_format("@%.*s%s%.*s/%.*s", MS_STR_ARG(root), slash, MS_STR_ARG(function),
                             MS_STR_ARG(path));
}

/* ---- the handler ---- */

static const struct ms_lua_file *find_file(const struct ms_lua_package *package, struct ms_str path,
                                           const char *tail)
{
  for (size_t i = 0; i < package->count; i++) {
    struct ms_str candidate = package->files[i].path;
    if (candidate.len == path.len + strlen(tail) && ms_str_has_suffix(candidate, tail) &&
        ms_str_eq(ms_str_sub(candidate, 0, path.len), path)) {
      return &package->files[i];
    }
  }
  return NULL;
}

/* "src/index.handler": FILE and FIELD; a handler without a dot is a file. */
static const struct ms_lua_file *find_handler(struct ms_str *field,
                                              const struct ms_lua_package *package)
{
  struct ms_str handler = ms_str_c(package->handler);
  size_t dot = handler.len;
  for (size_t i = 0; i < handler.len; i++) {
    dot = handler.data[i] == '.' ? i : dot;
  }
  if (dot + 1 < handler.len) {
    *field = ms_str_sub(handler, dot + 1, handler.len);
  }
  struct ms_str path = ms_str_sub(handler, 0, dot);
  const struct ms_lua_file *file = find_file(package, path, ".lua");
  return file != NULL ? file : find_file(package, path, "/init.lua");
}

static const struct ms_lua_file *find_main(struct ms_str *field,
                                           const struct ms_lua_package *package)
{
  *field = MS_STR("handler");
  if (package->handler != NULL) {
    return find_handler(field, package);
  }
  const struct ms_lua_file *file = find_file(package, package->function, ".lua");
  if (file == NULL) {
    file = find_file(package, MS_STR("init"), ".lua");
  }
  if (file == NULL) {
    file = find_file(package, MS_STR("index"), ".lua");
  }
  return file == NULL && package->count == 1 ? &package->files[0] : file;
}

/* ---- to a bundle ---- */

static int check_sizes(const struct ms_lua_package *package)
{
  for (size_t i = 0; i < package->count; i++) {
    if (package->files[i].text.len > MS_LUA_SOURCE_MAX) {
      return ms_error(MSTEP_ETOOBIG, "the source is larger than %zu bytes", MS_LUA_SOURCE_MAX);
    }
  }
  return MSTEP_OK;
}

static int new_bundle(struct ms_lua_bundle **out, const struct ms_lua *lua, struct ms_str function,
                      const struct ms_lua_file *main)
{
  char *chunk = chunk_name(lua, function, main->path);
  char *text = ms_strdupn(main->text.data, main->text.len);
  int err = ms_error_nomem();
  if (chunk != NULL && text != NULL) {
    err = ms_lua_bundle_new(out, chunk, NULL, text, main->text.len);
    text = NULL;
  }
  ms_free(text);
  ms_free(chunk);
  return err;
}

static int add_file(struct ms_lua_bundle *bundle, const struct ms_lua *lua, struct ms_str function,
                    const struct ms_lua_file *file)
{
  char name[MS_LUA_NAME_MAX + 1];
  if (!ms_lua_module_name(name, file->path)) {
    return MSTEP_OK; /* a README, a picture: nothing that Lua could load */
  }
  char *chunk = chunk_name(lua, function, file->path);
  if (chunk == NULL) {
    return ms_error_nomem();
  }
  int err = ms_lua_bundle_add(bundle, ms_str_c(name), chunk, file->text, true);
  ms_free(chunk);
  return err;
}

int ms_lua_bundle_unpack(struct ms_lua_bundle **out, char field[MS_LUA_NAME_MAX + 1],
                         struct ms_lua *lua, const struct ms_lua_package *package)
{
  struct ms_str name;
  struct ms_lua_bundle *bundle;
  *out = NULL;
  int err = check_sizes(package);
  const struct ms_lua_file *main = find_main(&name, package);
  if (err == 0 && main == NULL) {
    err = ms_error(MSTEP_ENOTFOUND, "the handler's file is not in the package");
  } else if (err == 0 && name.len > MS_LUA_NAME_MAX) {
    err = ms_error(MSTEP_EINVALID, "the handler's name is too long");
  }
  if (err == 0) {
    memcpy(field, name.data, name.len);
    field[name.len] = '\0';
    err = new_bundle(&bundle, lua, package->function, main);
  }
  if (err != 0) {
    return err;
  }
  for (size_t i = 0; err == 0 && i < package->count; i++) {
    if (&package->files[i] != main) {
      err = add_file(bundle, lua, package->function, &package->files[i]);
    }
  }
  if (err == 0) {
    err = ms_lua_bundle_gather(lua, bundle);
  }
  if (err != 0) {
    ms_lua_bundle_unref(bundle);
    return err;
  }
  *out = bundle;
  return MSTEP_OK;
}

/* ---- to files ---- */

/* Text as it is, or in base64 when JSON cannot hold it. */
static int push_file(struct ms_json *array, struct ms_json path, struct ms_str text)
{
  struct ms_json file = ms_json_object(2);
  bool is_text = ms_utf8_check(text) == text.len;
  struct ms_buf coded;
  ms_buf_init(&coded, 0);
  if (!is_text) {
    ms_base64_encode(&coded, text);
  }
  int err = ms_json_setc(&file, "path", path);
  if (err == 0) {
    err = ms_json_setc(&file, is_text ? "text" : "base64",
                       ms_json_string(is_text ? text : ms_buf_view(&coded)));
  }
  ms_buf_deinit(&coded);
  if (err != 0) {
    ms_json_unref(file);
    return err;
  }
  return ms_json_push(array, file);
}

/* "@functions/NAME/init.lua" -> "init.lua"; "@functions/NAME.lua" -> "NAME.lua" */
static struct ms_str main_path(const struct ms_lua_bundle *bundle, struct ms_str function)
{
  struct ms_str path = ms_str_c(bundle->chunk);
  path = ms_str_sub(path, ms_str_find(path, 0, '/') + 1, path.len);
  if (ms_str_has_prefix(function, MS_LUA_HOOK_PREFIX)) {
    function = ms_str_sub(function, strlen(MS_LUA_HOOK_PREFIX), function.len);
  }
  bool is_below = path.len > function.len && path.data[function.len] == '/' &&
                  ms_str_eq(ms_str_sub(path, 0, function.len), function);
  return is_below ? ms_str_sub(path, function.len + 1, path.len) : path;
}

int ms_lua_bundle_list(struct ms_json *out, const struct ms_lua_bundle *bundle, struct ms_str name)
{
  struct ms_json list = ms_json_array(4);
  int err = push_file(&list, ms_json_string(main_path(bundle, name)),
                      (struct ms_str){bundle->text, bundle->len});
  for (const struct ms_lua_module *m = atomic_load(&bundle->modules); err == 0 && m != NULL;
       m = m->next) {
    char path[MS_LUA_NAME_MAX + 5];
    size_t len = strlen(m->name);
    for (size_t i = 0; i < len; i++) {
      path[i] = m->name[i] == '.' ? '/' : m->name[i];
    }
    memcpy(path + len, ".lua", 5);
    err = push_file(&list, ms_json_cstring(path), (struct ms_str){m->text, m->len});
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  *out = list;
  return MSTEP_OK;
}
