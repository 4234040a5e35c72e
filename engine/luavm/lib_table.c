/* The table library. */
#include "luavm/internal.h"

int ms_lua_open_table(lua_State *L)
{
  static const char *const safe[] = {
      "concat", "insert", "move", "pack", "remove", "sort", "unpack", NULL,
  };
  luaopen_table(L);
  lua_createtable(L, 0, 8);
  ms_lua_copy_fields(L, -2, safe);
  lua_remove(L, -2);
  return 1;
}
