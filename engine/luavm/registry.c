/*
 * Functions by name: finds their source and keeps it, one version each. A change of the file is not
 * noticed here; ms_lua_load swaps the version. A call in flight keeps the one it began with.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

#define FUNCTIONS_MAX (1u << 20)

/* ---- names and files ---- */

bool ms_lua_is_name(struct ms_str name, bool dots)
{
  if (name.len == 0 || name.len > MS_LUA_NAME_MAX) {
    return false;
  }
  bool after_dot = true;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    bool is_dot = dots && c == '.';
    if ((is_dot && after_dot) || !(is_dot || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                   (c >= '0' && c <= '9') || c == '_' || c == '-')) {
      return false;
    }
    after_dot = is_dot;
  }
  return !after_dot;
}

static int read_stream(char **text, size_t *len, FILE *file, const char *path)
{
  struct ms_buf buf;
  ms_buf_init(&buf, MS_LUA_SOURCE_MAX);
  int err = MSTEP_OK;
  for (;;) {
    char *room = ms_buf_reserve(&buf, 4096);
    if (room == NULL) {
      err = buf.error == MSTEP_ETOOBIG
                ? ms_error(MSTEP_ETOOBIG, "%s is larger than %zu bytes", path, MS_LUA_SOURCE_MAX)
                : ms_error_nomem();
      break;
    }
    size_t got = fread(room, 1, 4096, file);
    ms_buf_added(&buf, got);
    if (got == 0) {
      if (ferror(file)) {
        err = ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
      }
      break;
    }
  }
  if (err == 0) {
    *text = ms_buf_take(&buf, len);
    err = *text == NULL ? ms_error_nomem() : MSTEP_OK;
  }
  ms_buf_deinit(&buf);
  return err;
}

int ms_lua_read_file(char **text, size_t *len, const char *path)
{
  *text = NULL;
  *len = 0;
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    if (errno == ENOMEM) {
      return ms_error_nomem();
    }
    int code = errno == ENOENT || errno == ENOTDIR ? MSTEP_ENOTFOUND : MSTEP_EIO;
    return ms_error(code, "%s: %s", path, strerror(errno));
  }
  int err = read_stream(text, len, file, path);
  fclose(file);
  return err;
}

/* ---- versions ---- */

struct ms_lua_code *ms_lua_code_ref(struct ms_lua_code *code)
{
  atomic_fetch_add_explicit(&code->refs, 1, memory_order_relaxed);
  return code;
}

void ms_lua_code_unref(struct ms_lua_code *code)
{
  if (code != NULL && atomic_fetch_sub_explicit(&code->refs, 1, memory_order_acq_rel) == 1) {
    ms_free(code->name);
    ms_free(code->chunk);
    ms_free(code->folder);
    ms_free(code->text);
    ms_free(code);
  }
}

/* The last part of a path: messages name functions/x.lua, wherever the folder is. */
struct ms_str ms_lua_base_name(const char *path)
{
  struct ms_str base = ms_str_c(path);
  while (base.len > 1 && base.data[base.len - 1] == '/') {
    base.len--;
  }
  for (size_t i = base.len; i > 1; i--) {
    if (base.data[i - 2] == '/') {
      return ms_str_sub(base, i - 1, base.len);
    }
  }
  return base;
}

static char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *format_text(const char *format, ...)
{
  struct ms_buf buf;
  va_list args;
  ms_buf_init(&buf, 0);
  va_start(args, format);
  ms_buf_vprintf(&buf, format, args);
  va_end(args);
  size_t len;
  char *text = ms_buf_take(&buf, &len);
  ms_buf_deinit(&buf);
  return text;
}

/* Takes text. `folder` (may be NULL) is copied. */
static int new_code(struct ms_lua_code **out, struct ms_lua *lua, struct ms_str name, char *text,
                    size_t len, const char *folder)
{
  struct ms_lua_code *code = ms_calloc(1, sizeof *code);
  *out = code;
  if (code == NULL) {
    ms_free(text);
    return ms_error_nomem();
  }
  atomic_init(&code->refs, 1);
  const char *dir = lua->options.functions_dir;
  struct ms_str root = dir == NULL ? MS_STR("functions") : ms_lua_base_name(dir);
  code->text = text;
  code->len = len;
  code->name = ms_strdupn(name.data, name.len);
  code->chunk = format_text("@%.*s/%.*s%s.lua", MS_STR_ARG(root), MS_STR_ARG(name),
                            folder == NULL ? "" : "/init");
  code->folder = folder == NULL ? NULL : ms_strdupn(folder, strlen(folder));
  if (code->name == NULL || code->chunk == NULL || (folder != NULL && code->folder == NULL)) {
    ms_lua_code_unref(code);
    *out = NULL;
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

/* Makes it the function's version; takes code. */
static int put_code(struct ms_lua *lua, struct ms_str name, struct ms_lua_code *code)
{
  struct ms_lua_code *old = ms_map_get(&lua->functions, name);
  if (old == NULL && lua->function_count >= FUNCTIONS_MAX) {
    ms_lua_code_unref(code);
    return ms_error(MSTEP_ETOOBIG, "more than %u functions", FUNCTIONS_MAX);
  }
  code->index = old == NULL ? lua->function_count : old->index;
  int err = ms_map_put(&lua->functions, name, code, NULL);
  if (err != 0) {
    ms_lua_code_unref(code);
    return err;
  }
  if (old == NULL) {
    lua->function_count++;
  }
  ms_lua_code_unref(old);
  return MSTEP_OK;
}

/* Is the source wrong before it ever runs? In a state of its own, on the loop thread. */
static int check_source(struct ms_lua *lua, const struct ms_lua_code *code)
{
  struct ms_lua_vm *vm;
  int err = ms_lua_vm_new(&vm, lua, NULL, NULL);
  if (err != 0) {
    return err;
  }
  int status = ms_lua_load_text(vm->L, code->text, code->len, code->chunk);
  if (status == LUA_ERRMEM) {
    err = ms_error_nomem();
  } else if (status != LUA_OK) {
    err = ms_error(MSTEP_ELUA, "%s", lua_tostring(vm->L, -1));
  }
  ms_lua_vm_free(vm);
  return err;
}

/* ---- finding ---- */

static int read_function(struct ms_lua_code **out, struct ms_lua *lua, struct ms_str name)
{
  const char *dir = lua->options.functions_dir;
  char path[MS_LUA_PATH_MAX];
  char folder[MS_LUA_PATH_MAX];
  char *text;
  size_t len;
  int wanted = snprintf(path, sizeof path, "%s/%.*s/init.lua", dir, MS_STR_ARG(name));
  if (wanted < 0 || (size_t)wanted >= sizeof path) {
    return ms_error(MSTEP_ETOOBIG, "the path of function %.*s is too long", MS_STR_ARG(name));
  }
  snprintf(folder, sizeof folder, "%s/%.*s", dir, MS_STR_ARG(name));
  snprintf(path, sizeof path, "%s/%.*s.lua", dir, MS_STR_ARG(name));
  bool is_folder = false;
  int err = ms_lua_read_file(&text, &len, path);
  if (err == MSTEP_ENOTFOUND) {
    snprintf(path, sizeof path, "%s/%.*s/init.lua", dir, MS_STR_ARG(name));
    is_folder = true;
    err = ms_lua_read_file(&text, &len, path);
  }
  return err != 0 ? err : new_code(out, lua, name, text, len, is_folder ? folder : NULL);
}

int ms_lua_find(struct ms_lua_code **out, struct ms_lua *lua, struct ms_str name)
{
  *out = ms_map_get(&lua->functions, name);
  if (*out != NULL) {
    return MSTEP_OK;
  }
  if (lua->options.functions_dir == NULL || !ms_lua_is_name(name, false)) {
    return ms_error(MSTEP_ENOTFOUND, "no function of this name");
  }
  struct ms_lua_code *code;
  int err = read_function(&code, lua, name);
  if (err == 0) {
    err = put_code(lua, name, code);
  }
  if (err == 0) {
    *out = code;
  }
  return err;
}

int ms_lua_load(struct ms_lua *lua, struct ms_str name, struct ms_str source)
{
  if (!ms_lua_is_name(name, false)) {
    return ms_error(MSTEP_EINVALID, "'%.*s' cannot name a function", (int)(name.len & 0xff),
                    name.data);
  }
  if (source.len > MS_LUA_SOURCE_MAX) {
    return ms_error(MSTEP_ETOOBIG, "the source is larger than %zu bytes", MS_LUA_SOURCE_MAX);
  }
  char *text = ms_strdupn(source.data, source.len);
  if (text == NULL) {
    return ms_error_nomem();
  }
  struct ms_lua_code *code;
  int err = new_code(&code, lua, name, text, source.len, NULL);
  if (err == 0) {
    err = check_source(lua, code);
    if (err != 0) {
      ms_lua_code_unref(code);
    }
  }
  return err != 0 ? err : put_code(lua, name, code);
}

bool ms_lua_has_function(struct ms_lua *lua, struct ms_str name)
{
  struct ms_lua_code *code;
  return ms_lua_find(&code, lua, name) == MSTEP_OK;
}

void ms_lua_registry_deinit(struct ms_lua *lua)
{
  size_t pos = 0;
  struct ms_str name;
  void *code;
  while (ms_map_next(&lua->functions, &pos, &name, &code)) {
    ms_lua_code_unref(code);
  }
  ms_map_deinit(&lua->functions);
}
