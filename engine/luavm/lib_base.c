/*
 * The globals that belong to no library. Lua's own where they are harmless, ours where theirs could
 * load binary code, leave the folder, run code that cannot be interrupted (finalizers), or write to
 * a terminal.
 */
#include "luavm/internal.h"

static int base_print(lua_State *L)
{
  int count = lua_gettop(L);
  luaL_Buffer line;
  luaL_buffinit(L, &line);
  for (int i = 1; i <= count; i++) {
    if (i > 1) {
      luaL_addchar(&line, '\t');
    }
    luaL_tolstring(L, i, NULL);
    luaL_addvalue(&line);
  }
  luaL_pushresult(&line);
  struct ms_str text;
  text.data = lua_tolstring(L, -1, &text.len);
  ms_lua_log_line(L, MS_LUA_LOG_PLAIN, text);
  return 0;
}

/*
 * As Lua's, but for finalizers: Lua runs them with hooks off, so one that never ends could not be
 * killed.
 */
static int base_setmetatable(lua_State *L)
{
  int type = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
  lua_settop(L, 2);
  if (type == LUA_TTABLE) {
    lua_pushliteral(L, "__gc");
    if (lua_rawget(L, 2) != LUA_TNIL) {
      return luaL_error(L, "a metatable cannot have __gc here");
    }
    lua_pop(L, 1);
  }
  if (lua_getmetatable(L, 1)) {
    bool is_array = lua_topointer(L, -1) == ms_lua_vm_of(L)->array_mark;
    lua_pop(L, 1);
    if (!is_array && luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
      return luaL_error(L, "cannot change a protected metatable");
    }
  }
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

/*
 * Upvalue 1: the user's message handler. Not for a kill: Lua runs message handlers with hooks
 * off.
 */
static int guarded_handler(lua_State *L)
{
  if (ms_lua_is_killed(ms_lua_vm_of(L))) {
    return 1;
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

/* Stack: handler, results or error object */
static int end_xpcall(lua_State *L, int status, lua_KContext context)
{
  (void)context;
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
  }
  lua_pushboolean(L, 1);
  lua_replace(L, 1);
  return lua_gettop(L);
}

/* (function, handler, arguments...) */
static int base_xpcall(lua_State *L)
{
  int count = lua_gettop(L) - 2;
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, guarded_handler, 1);
  lua_replace(L, 1);
  lua_replace(L, 2); /* now: handler, function, arguments */
  return end_xpcall(L, lua_pcallk(L, count, LUA_MULTRET, 1, 0, end_xpcall), 0);
}

static int base_collectgarbage(lua_State *L)
{
  static const char *const options[] = {"collect", "count", "step", NULL};
  switch (luaL_checkoption(L, 1, "collect", options)) {
  case 0:
    lua_pushinteger(L, lua_gc(L, LUA_GCCOLLECT));
    break;
  case 1:
    lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT) + lua_gc(L, LUA_GCCOUNTB) / 1024.0);
    break;
  default:
    lua_pushboolean(L, lua_gc(L, LUA_GCSTEP, 0));
    break;
  }
  return 1;
}

/* The pieces that a reader function gives, as one string. */
static void collect_pieces(lua_State *L, int reader)
{
  size_t total = 0;
  luaL_Buffer all;
  luaL_buffinit(L, &all);
  for (;;) {
    lua_pushvalue(L, reader);
    lua_call(L, 0, 1);
    size_t len = 0;
    if (!lua_isnil(L, -1) && !lua_isstring(L, -1)) {
      luaL_error(L, "reader function must return a string");
    }
    if (lua_isstring(L, -1)) {
      lua_tolstring(L, -1, &len);
    }
    if (len == 0) {
      lua_pop(L, 1);
      break;
    }
    total += len;
    if (total > MS_LUA_SOURCE_MAX) {
      luaL_error(L, "chunk too large");
    }
    luaL_addvalue(&all);
  }
  luaL_pushresult(&all);
}

/* Text chunks only: a binary one can break the process. */
static int base_load(lua_State *L)
{
  bool has_env = !lua_isnone(L, 4);
  lua_settop(L, 4);
  const char *mode = luaL_optstring(L, 3, "t");
  bool is_string = lua_isstring(L, 1);
  if (!is_string) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    collect_pieces(L, 1);
  } else {
    lua_pushvalue(L, 1);
  }
  size_t len;
  const char *text = lua_tolstring(L, 5, &len);
  const char *chunk = luaL_optstring(L, 2, is_string && len < 256 ? text : "=(load)");
  lua_pushnil(L);
  if (len > MS_LUA_SOURCE_MAX) {
    lua_pushliteral(L, "chunk too large");
    return 2;
  }
  if (strchr(mode, 't') == NULL) {
    lua_pushliteral(L, "only text chunks can be loaded here");
    return 2;
  }
  if (ms_lua_load_text(L, text, len, chunk) != LUA_OK) {
    return 2;
  }
  if (has_env) {
    lua_pushvalue(L, 4);
    if (lua_setupvalue(L, -2, 1) == NULL) {
      lua_pop(L, 1);
    }
  }
  return 1;
}

/* As Lua's, but what ms_lua_freeze made read-only stays so: calls that share it must not meet there. */
static int base_rawset(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  luaL_checkany(L, 3);
  if (luaL_getmetafield(L, 1, "__metatable") == LUA_TBOOLEAN && !lua_toboolean(L, -1)) {
    return luaL_error(L, "attempt to change a read-only table");
  }
  lua_settop(L, 3);
  lua_rawset(L, 1);
  return 1;
}

int ms_lua_open_base(lua_State *L)
{
  static const char *const both[] = {
      "assert",   "error",    "getmetatable", "ipairs",   "next",   "pairs",
      "pcall",    "rawequal", "rawget",       "rawlen",   "select",
      "tonumber", "tostring", "type",         "_VERSION", NULL,
  };
  static const luaL_Reg ours[] = {{"rawset", base_rawset},
                                  {"require", ms_lua_require},
                                  {"setmetatable", base_setmetatable},
                                  {"xpcall", base_xpcall},
                                  {NULL, NULL}};
  static const luaL_Reg functions[] = {{"collectgarbage", base_collectgarbage},
                                       {"load", base_load},
                                       {"print", base_print},
                                       {NULL, NULL}};
  luaopen_base(L);
  lua_createtable(L, 0, 32);
  ms_lua_copy_fields(L, -2, both);
  luaL_setfuncs(L, ours, 0);
  if (ms_lua_vm_of(L)->level == MS_LUA_FUNCTION) {
    luaL_setfuncs(L, functions, 0);
  }
  lua_remove(L, -2);
  return 1;
}
