/*
 * The second argument of a handler: a small userdata that reads from the job when it is asked, so
 * that a call pays for the fields it looks at. It knows the job by id too: kept after the call, it
 * says so.
 */
#include <stdio.h>

#include "luavm/internal.h"

#define CONTEXT_NAME "mstep.context"

static const char context_key = 0;

struct context {
  struct ms_lua_job *job;
  uint64_t id;
};

enum field {
  FIELD_FUNCTION_NAME = 1,
  FIELD_FUNCTION_VERSION,
  FIELD_ARN,
  FIELD_MEMORY,
  FIELD_REQUEST_ID,
  FIELD_ATTEMPT,
  FIELD_DEADLINE,
  FIELD_CLIENT_CONTEXT,
  FIELD_IDENTITY,
  FIELD_LOG_GROUP,
  FIELD_LOG_STREAM,
  FIELD_REMAINING,
  FIELD_LOG
};

static const struct {
  const char *name;
  enum field field;
} fields[] = {
    {"function_name", FIELD_FUNCTION_NAME},
    {"function_version", FIELD_FUNCTION_VERSION},
    {"invoked_function_arn", FIELD_ARN},
    {"memory_limit_in_mb", FIELD_MEMORY},
    {"aws_request_id", FIELD_REQUEST_ID},
    {"attempt", FIELD_ATTEMPT},
    {"deadline_ms", FIELD_DEADLINE},
    {"client_context", FIELD_CLIENT_CONTEXT},
    {"identity", FIELD_IDENTITY},
    {"log_group_name", FIELD_LOG_GROUP},
    {"log_stream_name", FIELD_LOG_STREAM},
    {"get_remaining_time_in_millis", FIELD_REMAINING},
    {"remaining_ms", FIELD_REMAINING},
    {"log", FIELD_LOG},
};

/* Of the running call: `context.f()` and `context:f()` both work. */
static int remaining_ms(lua_State *L)
{
  struct ms_lua_host *host = ms_lua_vm_of(L)->host;
  int64_t left = host->job->deadline_ms - ms_lua_host_now_ms(host);
  lua_pushinteger(L, left < 0 ? 0 : left);
  return 1;
}

static int context_log(lua_State *L)
{
  int from = luaL_testudata(L, 1, CONTEXT_NAME) != NULL ? 2 : 1;
  struct ms_str text;
  text.data = luaL_tolstring(L, from, &text.len);
  ms_lua_log_line(L, MS_LUA_LOG_PLAIN, text);
  return 0;
}

static void push_text(lua_State *L, const char *text)
{
  if (text == NULL) {
    lua_pushnil(L);
  } else {
    lua_pushstring(L, text);
  }
}

static void push_value(lua_State *L, struct ms_json value)
{
  if (ms_json_is_none(value)) {
    lua_pushnil(L);
  } else {
    ms_lua_push_json(L, value);
  }
}

static void push_field(lua_State *L, const struct ms_lua_job *job, enum field field)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  switch (field) {
  case FIELD_FUNCTION_NAME:
    lua_pushstring(L, vm->code->name);
    break;
  case FIELD_FUNCTION_VERSION:
    lua_pushstring(L, vm->code->version);
    break;
  case FIELD_ARN:
    push_text(L, job->arn);
    break;
  case FIELD_MEMORY:
    lua_pushinteger(L, (lua_Integer)(vm->max_bytes >> 20));
    break;
  case FIELD_REQUEST_ID:
    push_text(L, job->request_id);
    break;
  case FIELD_ATTEMPT:
    lua_pushinteger(L, job->attempt);
    break;
  case FIELD_DEADLINE:
    lua_pushinteger(L, job->deadline_ms);
    break;
  case FIELD_CLIENT_CONTEXT:
    push_value(L, job->client_context);
    break;
  case FIELD_IDENTITY:
    push_value(L, job->identity);
    break;
  case FIELD_LOG_GROUP:
    lua_pushfstring(L, "/aws/lambda/%s", vm->code->name);
    break;
  case FIELD_LOG_STREAM:
    lua_pushstring(L, ms_lua_vm_log_stream(vm));
    break;
  case FIELD_REMAINING:
    lua_pushcfunction(L, remaining_ms);
    break;
  case FIELD_LOG:
    lua_pushcfunction(L, context_log);
    break;
  }
}

static const struct ms_lua_job *check_context(lua_State *L)
{
  const struct context *context = luaL_checkudata(L, 1, CONTEXT_NAME);
  if (context->job->id != context->id) {
    luaL_error(L, "the call of this context has ended");
  }
  return context->job;
}

/* Upvalue 1: names to numbers. */
static int context_index(lua_State *L)
{
  const struct ms_lua_job *job = check_context(L);
  lua_settop(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  lua_Integer field = lua_tointeger(L, -1);
  if (field == 0) {
    lua_pushnil(L);
  } else {
    push_field(L, job, (enum field)field);
  }
  return 1;
}

static int context_newindex(lua_State *L)
{
  return luaL_error(L, "the context cannot be changed");
}

static int context_pairs(lua_State *L)
{
  const struct ms_lua_job *job = check_context(L);
  lua_getglobal(L, "next");
  lua_createtable(L, 0, 16);
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    push_field(L, job, fields[i].field);
    lua_setfield(L, -2, fields[i].name);
  }
  return 2;
}

void ms_lua_context_open(lua_State *L)
{
  static const luaL_Reg meta[] = {
      {"__newindex", context_newindex}, {"__pairs", context_pairs}, {NULL, NULL}};
  luaL_newmetatable(L, CONTEXT_NAME);
  luaL_setfuncs(L, meta, 0);
  lua_createtable(L, 0, 16);
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    lua_pushinteger(L, fields[i].field);
    lua_setfield(L, -2, fields[i].name);
  }
  lua_pushcclosure(L, context_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, CONTEXT_NAME);
  lua_setfield(L, -2, "__metatable");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &context_key);
}

void ms_lua_context_push(lua_State *L, struct ms_lua_job *job)
{
  struct context *context = lua_newuserdatauv(L, sizeof *context, 0);
  context->job = job;
  context->id = job->id;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &context_key);
  lua_setmetatable(L, -2);
}
