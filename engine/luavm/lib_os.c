/*
 * What handlers see of `os`: the time. With 0 workers it is the loop's, so it is simulated when the
 * loop's is. No processes, no files, no environment.
 */
#include "luavm/internal.h"

static void push_now(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)(ms_lua_host_now_ms(ms_lua_vm_of(L)->host) / 1000));
}

/* Upvalue 1 is Lua's own. */
static int os_time(lua_State *L)
{
  if (lua_isnoneornil(L, 1)) {
    push_now(L);
    return 1;
  }
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

static int os_date(lua_State *L)
{
  lua_settop(L, 2);
  if (lua_isnil(L, 1)) {
    lua_pushliteral(L, "%c");
    lua_replace(L, 1);
  }
  if (lua_isnil(L, 2)) {
    push_now(L);
    lua_replace(L, 2);
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 2, 1);
  return 1;
}

int ms_lua_open_os(lua_State *L)
{
  static const char *const safe[] = {"clock", "difftime", NULL};
  luaopen_os(L);
  lua_createtable(L, 0, 4);
  ms_lua_copy_fields(L, -2, safe);
  lua_getfield(L, -2, "time");
  lua_pushcclosure(L, os_time, 1);
  lua_setfield(L, -2, "time");
  lua_getfield(L, -2, "date");
  lua_pushcclosure(L, os_date, 1);
  lua_setfield(L, -2, "date");
  lua_remove(L, -2);
  return 1;
}
