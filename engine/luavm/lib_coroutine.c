/* The coroutine library. */
#include "luavm/internal.h"

int ms_lua_open_coroutine(lua_State *L)
{
  luaopen_coroutine(L);
  return 1;
}
