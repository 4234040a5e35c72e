/*
 * `require "cjson"`: the module of Debian's lua-cjson 2.1 for Lua 5.4, for handlers that are
 * written for it. It is found where Lua finds C modules by default, and nothing else is. Payloads
 * never pass through it.
 *
 * Left to itself it can break the process: it ends it when memory is short, follows a nesting limit
 * that scripts may raise past the C stack, and writes out a table as often as it is referred to. So
 * what goes in is measured first, and the limits stay where they are.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include "luavm/internal.h"

#define DEPTH_MAX 1000              /* cjson's own default */
#define WORK_MAX ((size_t)16 << 20) /* bytes of one text, roughly */
#define ESCAPED_MAX 6               /* a control character as \u0000 */

/* ---- finding the module ---- */

/*
 * The next pattern of Lua's default path with `?` replaced; false at the end. Relative ones are
 * skipped.
 */
static bool next_path(char *path, size_t size, const char **rest)
{
  while (**rest != '\0') {
    const char *end = strchr(*rest, ';');
    size_t len = end == NULL ? strlen(*rest) : (size_t)(end - *rest);
    const char *pattern = *rest;
    const char *mark = memchr(pattern, '?', len);
    *rest += len + (end != NULL);
    if (*pattern == '/' && mark != NULL) {
      int wanted = snprintf(path, size, "%.*scjson%.*s", (int)(mark - pattern), pattern,
                            (int)(pattern + len - mark - 1), mark + 1);
      if (wanted > 0 && (size_t)wanted < size) {
        return true;
      }
    }
  }
  return false;
}

static lua_CFunction find_module(lua_State *L, struct ms_lua_vm *vm)
{
  const char *rest = LUA_CPATH_DEFAULT;
  char path[MS_LUA_PATH_MAX];
  while (next_path(path, sizeof path, &rest)) {
    if (access(path, R_OK) != 0) {
      continue;
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
      luaL_error(L, "cannot load module 'cjson': %s", dlerror());
    }
    vm->cjson = handle; /* closed after the state that calls into it */
    lua_CFunction open = NULL;
    *(void **)&open = dlsym(handle, "luaopen_cjson");
    if (open == NULL) {
      luaL_error(L, "cannot load module 'cjson': %s has no luaopen_cjson", path);
    }
    return open;
  }
  luaL_error(L, "module 'cjson' is not installed: on Debian it is in the package lua-cjson");
  return NULL;
}

/* ---- guards ---- */

/*
 * What cjson would write for the value on top; raises past the limits. Recursion is bounded by
 * them.
 */
static size_t measure(lua_State *L, struct ms_lua_vm *vm, size_t work, int depth)
{
  ms_lua_tick(L, vm, 16);
  work += 8;
  if (lua_type(L, -1) == LUA_TSTRING) {
    work += ESCAPED_MAX * lua_rawlen(L, -1);
  } else if (lua_istable(L, -1)) {
    if (depth >= DEPTH_MAX) {
      luaL_error(L, "Cannot serialise, excessive depth (%d)", depth + 1);
    }
    luaL_checkstack(L, 4, NULL);
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
      if (lua_type(L, -2) == LUA_TSTRING) {
        work += ESCAPED_MAX * lua_rawlen(L, -2);
      }
      work = measure(L, vm, work, depth + 1);
      lua_pop(L, 1);
    }
  }
  if (work > ESCAPED_MAX * WORK_MAX) {
    luaL_error(L, "Cannot serialise, too large");
  }
  return work;
}

/* Upvalue 1 of what follows: cjson's own function. */
static int call_own(lua_State *L)
{
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static int cjson_encode(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  measure(L, ms_lua_vm_of(L), 0, 0);
  return call_own(L);
}

static int cjson_decode(lua_State *L)
{
  size_t len;
  luaL_checklstring(L, 1, &len);
  luaL_argcheck(L, len <= WORK_MAX, 1, "text too large");
  lua_settop(L, 1);
  return call_own(L);
}

static int cjson_max_depth(lua_State *L)
{
  luaL_argcheck(L, luaL_optinteger(L, 1, 1) <= DEPTH_MAX, 1, "at most 1000");
  lua_settop(L, 1);
  return call_own(L);
}

/* Its other arguments would allow a text of nulls without end. */
static int cjson_sparse_array(lua_State *L)
{
  lua_settop(L, lua_isnone(L, 1) ? 0 : 1);
  return call_own(L);
}

int ms_lua_open_cjson(lua_State *L)
{
  static const char *const safe[] = {
      "null",
      "_NAME",
      "_VERSION",
      "encode_number_precision",
      "encode_keep_buffer",
      "encode_invalid_numbers",
      "decode_invalid_numbers",
      NULL,
  };
  static const luaL_Reg guarded[] = {
      {"encode", cjson_encode},
      {"decode", cjson_decode},
      {"encode_max_depth", cjson_max_depth},
      {"decode_max_depth", cjson_max_depth},
      {"encode_sparse_array", cjson_sparse_array},
  };
  lua_pushcfunction(L, find_module(L, ms_lua_vm_of(L)));
  lua_call(L, 0, 1);
  lua_createtable(L, 0, 16);
  ms_lua_copy_fields(L, -2, safe);
  for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++) {
    lua_getfield(L, -2, guarded[i].name);
    lua_pushcclosure(L, guarded[i].func, 1);
    lua_setfield(L, -2, guarded[i].name);
  }
  lua_pushlightuserdata(L, (void *)(uintptr_t)&ms_lua_empty_array);
  lua_setfield(L, -2, "empty_array");
  return 1;
}
