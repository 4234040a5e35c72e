/*
 * What a Lua state has, by level: an allow-list, put together from libs.def. Whatever Lua's own
 * libraries gain in a later version stays out until somebody names it here or there.
 */
#include "luavm/internal.h"

struct lib {
  const char *name;
  unsigned levels;
  lua_CFunction open;
};

static const struct lib libs[] = {
#define MS_LUA_LIB(name, levels, open) {name, levels, open},
#include "luavm/libs.def"
#undef MS_LUA_LIB
};

void ms_lua_copy_fields(lua_State *L, int from, const char *const *names)
{
  from = lua_absindex(L, from);
  for (; *names != NULL; names++) {
    lua_getfield(L, from, *names);
    lua_setfield(L, -2, *names);
  }
}

int ms_lua_load_text(lua_State *L, const char *text, size_t len, const char *chunk)
{
  return luaL_loadbufferx(L, text, len, chunk, "t");
}

static int refuse_change(lua_State *L)
{
  return luaL_error(L, "'%s' cannot be set: what is here changes nothing",
                    luaL_tolstring(L, 2, NULL));
}

void ms_lua_freeze(lua_State *L)
{
  lua_createtable(L, 0, 0);
  lua_createtable(L, 0, 3);
  lua_rotate(L, -3, -1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse_change);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
}

bool ms_lua_open_lib(lua_State *L, const char *name)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  for (size_t i = 0; i < sizeof libs / sizeof libs[0]; i++) {
    if ((libs[i].levels & MS_LUA_ON_REQUIRE) != 0 && (libs[i].levels & vm->level) != 0 &&
        strcmp(libs[i].name, name) == 0) {
      libs[i].open(L);
      return true;
    }
  }
  return false;
}

bool ms_lua_is_lib(struct ms_str name)
{
  for (size_t i = 0; i < sizeof libs / sizeof libs[0]; i++) {
    if (ms_str_is(name, libs[i].name)) {
      return true;
    }
  }
  return false;
}

/* Globals and the table of loaded modules, which are the libraries at first. */
void ms_lua_sandbox_open(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  bool is_pure = vm->level == MS_LUA_EXPRESSION;
  lua_createtable(L, 0, 16);
  int loaded = lua_gettop(L);
  ms_lua_open_base(L);
  int globals = lua_gettop(L);
  for (size_t i = 0; i < sizeof libs / sizeof libs[0]; i++) {
    if ((libs[i].levels & vm->level) == 0 || (libs[i].levels & MS_LUA_ON_REQUIRE) != 0) {
      continue;
    }
    libs[i].open(L);
    if (is_pure) {
      ms_lua_freeze(L);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, loaded, libs[i].name);
    lua_setfield(L, globals, libs[i].name);
  }
  if (is_pure) {
    ms_lua_freeze(L);
  } else {
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
  }
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  /* errors find the names of functions there */
  lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}
