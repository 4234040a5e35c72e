/*
 * The table library. Lua's own loops over indexes in C, where nothing can interrupt it, and
 * believes what `__len` says; so what loops is ours and ticks. Metamethods are honoured as by Lua's
 * own. The sort is in sort.c.
 */
#include "luavm/internal.h"

#define TICKS_OF_ITEM 16

static lua_Integer check_table(lua_State *L, int index)
{
  if (lua_type(L, index) != LUA_TTABLE && !luaL_getmetafield(L, index, "__index")) {
    luaL_checktype(L, index, LUA_TTABLE);
  }
  return luaL_len(L, index);
}

/* t[to] = t[from] */
static void move_item(lua_State *L, struct ms_lua_vm *vm, lua_Integer from, lua_Integer to)
{
  ms_lua_tick(L, vm, TICKS_OF_ITEM);
  lua_geti(L, 1, from);
  lua_seti(L, 1, to);
}

static int table_insert(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  lua_Integer end = (lua_Integer)((lua_Unsigned)check_table(L, 1) + 1);
  lua_Integer position = end;
  switch (lua_gettop(L)) {
  case 2:
    break;
  case 3:
    position = luaL_checkinteger(L, 2);
    luaL_argcheck(L, (lua_Unsigned)position - 1u < (lua_Unsigned)end, 2, "position out of bounds");
    for (lua_Integer i = end; i > position; i--) {
      move_item(L, vm, i - 1, i);
    }
    break;
  default:
    return luaL_error(L, "wrong number of arguments to 'insert'");
  }
  lua_seti(L, 1, position);
  return 0;
}

static int table_remove(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  lua_Integer size = check_table(L, 1);
  lua_Integer position = luaL_optinteger(L, 2, size);
  luaL_argcheck(L, position == size || (lua_Unsigned)position - 1u <= (lua_Unsigned)size, 2,
                "position out of bounds");
  lua_settop(L, 1);
  lua_geti(L, 1, position);
  for (; position < size; position++) {
    move_item(L, vm, position + 1, position);
  }
  lua_pushnil(L);
  lua_seti(L, 1, position);
  return 1;
}

/* (from, first, last, to [, target]) */
static int table_move(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  lua_Integer first = luaL_checkinteger(L, 2);
  lua_Integer last = luaL_checkinteger(L, 3);
  lua_Integer to = luaL_checkinteger(L, 4);
  int target = lua_isnoneornil(L, 5) ? 1 : 5;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, target, LUA_TTABLE);
  if (last >= first) {
    luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
    lua_Integer count = last - first + 1;
    luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
    bool is_forward = to > last || to <= first || target != 1;
    for (lua_Integer i = 0; i < count; i++) {
      lua_Integer offset = is_forward ? i : count - 1 - i;
      ms_lua_tick(L, vm, TICKS_OF_ITEM);
      lua_geti(L, 1, first + offset);
      lua_seti(L, target, to + offset);
    }
  }
  lua_pushvalue(L, target);
  return 1;
}

/* (table [, separator [, first [, last]]]) */
static int table_concat(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  lua_Integer size = check_table(L, 1);
  size_t len;
  const char *separator = luaL_optlstring(L, 2, "", &len);
  lua_Integer first = luaL_optinteger(L, 3, 1);
  lua_Integer last = luaL_optinteger(L, 4, size);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (lua_Integer i = first; i <= last; i++) {
    ms_lua_tick(L, vm, TICKS_OF_ITEM);
    lua_geti(L, 1, i);
    if (!lua_isstring(L, -1)) {
      return luaL_error(L, "invalid value (at index %I) in table for 'concat'", (LUAI_UACINT)i);
    }
    luaL_addvalue(&out);
    if (i == last) {
      break; /* the largest integer has no successor */
    }
    luaL_addlstring(&out, separator, len);
  }
  luaL_pushresult(&out);
  return 1;
}

int ms_lua_open_table(lua_State *L)
{
  static const char *const safe[] = {"pack", "unpack", NULL};
  static const luaL_Reg ours[] = {
      {"concat", table_concat}, {"insert", table_insert},    {"move", table_move},
      {"remove", table_remove}, {"sort", ms_lua_table_sort}, {NULL, NULL},
  };
  luaopen_table(L);
  lua_createtable(L, 0, 8);
  ms_lua_copy_fields(L, -2, safe);
  luaL_setfuncs(L, ours, 0);
  lua_remove(L, -2);
  return 1;
}
