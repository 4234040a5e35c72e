/*
 * What lua/mstep stands on: null, arrays, big numbers, JSON text, and for handlers time and the
 * log. Users `require "mstep"`; its pages say what these do.
 */
#include <math.h>

#include "base/error.h"
#include "luavm/internal.h"

#define SLEEP_MAX_SECONDS 31622400.0 /* a leap year */

static int core_array(lua_State *L)
{
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_createtable(L, 0, 0);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  if (lua_getmetatable(L, 1)) {
    luaL_argcheck(L, lua_topointer(L, -1) == ms_lua_vm_of(L)->array_mark, 1,
                  "the table has a metatable already");
    lua_pop(L, 1);
  }
  ms_lua_push_array_mark(L);
  lua_setmetatable(L, 1);
  return 1;
}

static int core_is_array(lua_State *L)
{
  bool is_array = lua_istable(L, 1) && lua_getmetatable(L, 1) &&
                  lua_topointer(L, -1) == ms_lua_vm_of(L)->array_mark;
  lua_pushboolean(L, is_array);
  return 1;
}

static void drop_scratch(struct ms_lua_vm *vm)
{
  ms_json_replace(&vm->scratch, MS_JSON_VALUE_NONE);
  if (vm->text.capacity > 65536) {
    ms_buf_deinit(&vm->text);
    ms_buf_init(&vm->text, 0);
  }
}

/* (value [, indent]) -> text */
static int core_encode(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  luaL_checkany(L, 1);
  lua_Integer indent = luaL_optinteger(L, 2, 0);
  luaL_argcheck(L, indent >= 0 && indent <= 16, 2, "0 to 16");
  int err = ms_lua_to_json(&vm->scratch, L, 1);
  if (err == MSTEP_ENOMEM) {
    return ms_lua_raise_memory(L);
  }
  if (err != 0) {
    return luaL_error(L, "cannot be JSON: %s", ms_error_detail());
  }
  ms_buf_reset(&vm->text);
  if (indent > 0) {
    ms_json_print_pretty(&vm->text, vm->scratch, (unsigned)indent);
  } else {
    ms_json_print(&vm->text, vm->scratch);
  }
  if (vm->text.error != 0) {
    return ms_lua_raise_memory(L);
  }
  lua_pushlstring(L, vm->text.data, vm->text.len);
  drop_scratch(vm);
  return 1;
}

/* (text) -> value, or nil and what is wrong */
static int core_decode(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  struct ms_str text;
  text.data = luaL_checklstring(L, 1, &text.len);
  drop_scratch(vm);
  int err = ms_json_parse(&vm->scratch, text, NULL, NULL);
  if (err == MSTEP_ENOMEM) {
    return ms_lua_raise_memory(L);
  }
  if (err != 0) {
    lua_pushnil(L);
    lua_pushstring(L, ms_error_detail());
    return 2;
  }
  ms_lua_push_json(L, vm->scratch);
  drop_scratch(vm);
  return 1;
}

/* A number of any size from its text; what fits becomes an ordinary number. */
static int core_number(lua_State *L)
{
  int count = (lua_settop(L, 1), core_decode(L));
  luaL_argcheck(L,
                count == 1 && (lua_isnumber(L, -1) || lua_isuserdata(L, -1)) &&
                    lua_type(L, -1) != LUA_TSTRING && !lua_islightuserdata(L, -1),
                1, "not a number of JSON");
  return 1;
}

static int core_sleep(lua_State *L)
{
  double seconds = luaL_checknumber(L, 1);
  luaL_argcheck(L, seconds >= 0 && seconds <= SLEEP_MAX_SECONDS, 1, "0 to a year of seconds");
  struct ms_lua_host *host = ms_lua_vm_of(L)->host;
  return ms_lua_suspend(L, ms_lua_host_now_ms(host) + (int64_t)ceil(seconds * 1000), NULL);
}

static int core_now(lua_State *L)
{
  lua_pushnumber(L, (double)ms_lua_host_now_ms(ms_lua_vm_of(L)->host) / 1000);
  return 1;
}

static enum ms_lua_log_level check_level(lua_State *L, int arg)
{
  const char *name = luaL_checkstring(L, arg);
  for (enum ms_lua_log_level level = MS_LUA_LOG_TRACE; level <= MS_LUA_LOG_FATAL; level++) {
    const char *upper = ms_lua_log_level_name(level);
    size_t i = 0;
    while (upper[i] != '\0' && ms_ascii_upper(name[i]) == upper[i]) {
      i++;
    }
    if (upper[i] == '\0' && name[i] == '\0') {
      return level;
    }
  }
  luaL_argerror(L, arg, "trace, debug, info, warn, error or fatal");
  return MS_LUA_LOG_PLAIN;
}

/* (line [, level]): the name of a level, in whatever case */
static int core_log(lua_State *L)
{
  struct ms_str line;
  line.data = luaL_checklstring(L, 1, &line.len);
  enum ms_lua_log_level level = MS_LUA_LOG_PLAIN;
  if (!lua_isnoneornil(L, 2)) {
    level = check_level(L, 2);
  }
  ms_lua_log_line(L, level, line);
  return 0;
}

/* Of the state's own random numbers, so that runs on simulated time repeat. */
static int core_uuid(lua_State *L)
{
  char text[37];
  ms_random_uuid(&ms_lua_vm_of(L)->random, text);
  lua_pushstring(L, text);
  return 1;
}

/* The running function's, which says partition, region and account; nil when it has none. */
static int core_arn(lua_State *L)
{
  const struct ms_lua_host *host = ms_lua_vm_of(L)->host;
  if (host->job == NULL || host->job->arn == NULL) {
    lua_pushnil(L);
  } else {
    lua_pushstring(L, host->job->arn);
  }
  return 1;
}

int ms_lua_open_core(lua_State *L)
{
  static const luaL_Reg pure[] = {{"array", core_array},   {"is_array", core_is_array},
                                  {"encode", core_encode}, {"decode", core_decode},
                                  {"number", core_number}, {NULL, NULL}};
  static const luaL_Reg handlers[] = {
      {"sleep", core_sleep}, {"now", core_now}, {"log", core_log}, {"uuid", core_uuid},
      {"call", ms_lua_core_call}, {"arn", core_arn},
      {NULL, NULL}};
  luaL_newlib(L, pure);
  if (ms_lua_vm_of(L)->level == MS_LUA_FUNCTION) {
    luaL_setfuncs(L, handlers, 0);
  }
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  return 1;
}
