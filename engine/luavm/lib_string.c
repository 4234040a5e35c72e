/* The string library. */
#include "luavm/internal.h"

int ms_lua_open_string(lua_State *L)
{
  static const char *const safe[] = {
      "byte", "char",    "format",   "len",     "lower",  "reverse", "sub",    "upper",
      "pack", "unpack",  "packsize", "rep",     "find",   "match",   "gmatch", "gsub",
      NULL,
  };
  luaopen_string(L);
  lua_createtable(L, 0, 20);
  ms_lua_copy_fields(L, -2, safe);
  lua_remove(L, -2);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  return 1;
}
