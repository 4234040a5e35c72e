/* The utf8 library: Lua's own, all of it takes time in proportion to its text. */
#include "luavm/internal.h"

int ms_lua_open_utf8(lua_State *L)
{
  luaopen_utf8(L);
  return 1;
}
