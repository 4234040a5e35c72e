/*
 * What handlers see of `os`: the time, which with 0 workers is the loop's, so that it is simulated
 * when the loop's is; and an environment: the function's own variables and those that Lambda adds,
 * never the process's. No processes, no files.
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

/* What Lambda sets besides the function's own; false: none of this name. */
static bool push_reserved(lua_State *L, struct ms_lua_vm *vm, const char *name)
{
  if (strcmp(name, "AWS_LAMBDA_FUNCTION_NAME") == 0) {
    lua_pushstring(L, vm->code->name);
  } else if (strcmp(name, "AWS_LAMBDA_FUNCTION_VERSION") == 0) {
    lua_pushstring(L, vm->code->version);
  } else if (strcmp(name, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE") == 0) {
    lua_pushfstring(L, "%I", (LUAI_UACINT)(vm->max_bytes >> 20));
  } else if (strcmp(name, "AWS_LAMBDA_LOG_GROUP_NAME") == 0) {
    lua_pushfstring(L, "/aws/lambda/%s", vm->code->name);
  } else if (strcmp(name, "AWS_LAMBDA_LOG_STREAM_NAME") == 0) {
    lua_pushstring(L, ms_lua_vm_log_stream(vm));
  } else if (strcmp(name, "_HANDLER") == 0) {
    lua_pushfstring(L, "%s.%s", vm->code->name, vm->code->field);
  } else if (vm->lua->options.region != NULL &&
             (strcmp(name, "AWS_REGION") == 0 || strcmp(name, "AWS_DEFAULT_REGION") == 0)) {
    lua_pushstring(L, vm->lua->options.region);
  } else {
    return false;
  }
  return true;
}

static int os_getenv(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  struct ms_str name;
  name.data = luaL_checklstring(L, 1, &name.len);
  struct ms_str value = ms_lua_code_variable(vm->code, name);
  if (value.data != NULL) {
    lua_pushlstring(L, value.data, value.len);
  } else if (!push_reserved(L, vm, name.data)) {
    lua_pushnil(L);
  }
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
  lua_pushcfunction(L, os_getenv);
  lua_setfield(L, -2, "getenv");
  lua_remove(L, -2);
  return 1;
}
