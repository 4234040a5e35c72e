/*
 * `require` for the sandbox: the libraries of libs.def, the files of lua/mstep that are compiled
 * in, the modules of the function's own folder and those of the project's lib folder. No paths, no
 * C libraries: a module's name cannot lead out of its folder.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"
#include "luavm/lua_sources.h"

static const char loading = 0; /* marks a module that is being loaded: a cycle */

/* Pushes the chunk of a file, whose text the vm holds meanwhile; false when there is none. */
bool ms_lua_load_file(lua_State *L, const char *path, const char *chunk)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  char *text;
  size_t len;
  int err = ms_lua_read_file(&text, &len, path);
  if (err == MSTEP_ENOTFOUND) {
    return false;
  }
  if (err != 0) {
    luaL_error(L, "%s", ms_error_detail());
  }
  ms_buf_reset(&vm->text);
  ms_buf_put(&vm->text, text, len);
  ms_free(text);
  if (vm->text.error != 0) {
    ms_lua_raise_memory(L);
  }
  int status = ms_lua_load_text(L, vm->text.data, vm->text.len, chunk);
  ms_buf_deinit(&vm->text);
  ms_buf_init(&vm->text, 0);
  if (status != LUA_OK) {
    lua_error(L);
  }
  return true;
}

/* NAME.lua, then NAME/init.lua, below dir. */
static bool load_below(lua_State *L, const char *dir, const char *name)
{
  if (dir == NULL) {
    return false;
  }
  const char *relative = luaL_gsub(L, name, ".", "/");
  struct ms_str root = ms_lua_base_name(dir);
  for (int i = 0; i < 2; i++) {
    lua_pushlstring(L, root.data, root.len);
    const char *file = i == 0 ? lua_pushfstring(L, "%s.lua", relative)
                              : lua_pushfstring(L, "%s/init.lua", relative);
    const char *chunk = lua_pushfstring(L, "@%s/%s", lua_tostring(L, -2), file);
    const char *path = lua_pushfstring(L, "%s/%s", dir, file);
    if (ms_lua_load_file(L, path, chunk)) {
      return true;
    }
  }
  return false;
}

bool ms_lua_is_builtin(struct ms_str name)
{
  if (ms_lua_is_lib(name)) {
    return true;
  }
  for (size_t i = 0; i < ms_lua_source_count; i++) {
    if (ms_str_is(name, ms_lua_sources[i].name)) {
      return true;
    }
  }
  return false;
}

static bool load_builtin(lua_State *L, const char *name)
{
  for (size_t i = 0; i < ms_lua_source_count; i++) {
    const struct ms_lua_source *source = &ms_lua_sources[i];
    if (strcmp(source->name, name) == 0) {
      const char *chunk = lua_pushfstring(L, "@%s.lua", name);
      if (ms_lua_load_text(L, source->data, source->len, chunk) != LUA_OK) {
        lua_error(L);
      }
      return true;
    }
  }
  return false;
}

static int not_found(lua_State *L, const char *name)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  vm->load_note = MS_LUA_LOAD_MISSING;
  vm->load_message[0] = '\0';
  const char *lib = vm->lua->options.lib_dir;
  if (lib == NULL) {
    return luaL_error(L, "module '%s' not found: there is no lib folder", name);
  }
  return luaL_error(L, "module '%s' not found in %s (%s.lua, %s/init.lua)", name, lib,
                    luaL_gsub(L, name, ".", "/"), luaL_gsub(L, name, ".", "/"));
}

/* The text that the version has for the name, or that is read and kept for it now. */
static bool load_from_bundle(lua_State *L, struct ms_lua_code *code, const char *name)
{
  const struct ms_lua_module *module;
  int err = ms_lua_bundle_need(&module, ms_lua_vm_of(L)->lua, code->bundle, ms_str_c(name), true);
  if (err == MSTEP_ENOTFOUND) {
    return false;
  }
  if (err == MSTEP_ENOMEM) {
    ms_lua_raise_memory(L);
  }
  if (err != 0) {
    luaL_error(L, "%s", ms_error_detail());
  }
  int status = ms_lua_load_text(L, module->text, module->len, module->chunk);
  if (status == LUA_ERRSYNTAX) {
    ms_lua_vm_of(L)->load_note = MS_LUA_LOAD_SYNTAX;
    ms_lua_vm_of(L)->load_message[0] = '\0';
  }
  if (status != LUA_OK) {
    lua_error(L);
  }
  return true;
}

/* The message on top, of the first `require` that fails, is kept: the error may come out at the end. */
static void note_failure(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  if (vm->load_note != MS_LUA_LOAD_FINE && vm->load_message[0] == '\0' &&
      lua_type(L, -1) == LUA_TSTRING) {
    snprintf(vm->load_message, sizeof vm->load_message, "%s", lua_tostring(L, -1));
  }
}

const char *ms_lua_load_error(lua_State *L)
{
  const struct ms_lua_vm *vm = ms_lua_vm_of(L);
  if (vm->load_note == MS_LUA_LOAD_FINE || lua_type(L, -1) != LUA_TSTRING ||
      strncmp(lua_tostring(L, -1), vm->load_message, sizeof vm->load_message - 1) != 0) {
    return NULL;
  }
  return vm->load_note == MS_LUA_LOAD_MISSING ? "Runtime.ImportModuleError"
                                              : "Runtime.UserCodeSyntaxError";
}

/* (name) -> module */
static int load_module(lua_State *L)
{
  const char *name = lua_tostring(L, 1);
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  if (ms_lua_open_lib(L, name)) {
    return 1;
  }
  bool is_found = load_builtin(L, name);
  if (!is_found && vm->code != NULL) {
    is_found = load_from_bundle(L, vm->code, name);
  } else if (!is_found) {
    is_found = load_below(L, vm->lua->options.lib_dir, name);
  }
  if (!is_found) {
    not_found(L, name);
  }
  lua_pushstring(L, name);
  lua_call(L, 1, 1);
  if (lua_isnil(L, -1)) {
    lua_pushboolean(L, 1);
  }
  return 1;
}

int ms_lua_require(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  int type = lua_getfield(L, 2, name);
  if (type != LUA_TNIL) {
    if (lua_touserdata(L, -1) == &loading && type == LUA_TLIGHTUSERDATA) {
      return luaL_error(L, "module '%s' requires itself while it is loaded", name);
    }
    return 1;
  }
  if (!ms_lua_is_name(ms_str_c(name), true)) {
    return luaL_error(L, "'%s' cannot name a module", name);
  }
  lua_settop(L, 2);
  lua_pushlightuserdata(L, (void *)(uintptr_t)&loading);
  lua_setfield(L, 2, name);
  lua_pushcfunction(L, load_module);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
    note_failure(L);
    lua_pushnil(L);
    lua_setfield(L, 2, name);
    return lua_error(L);
  }
  lua_pushvalue(L, -1);
  lua_setfield(L, 2, name);
  return 1;
}
