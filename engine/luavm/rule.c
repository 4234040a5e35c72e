/*
 * Choice rules and definitions: small pieces of Lua that the engine runs on its own thread, in
 * states without I/O, clock and randomness, under a number of instructions. Rules share one state,
 * whose globals cannot be changed; a definition has a state of its own for the moment that it runs.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

#define STEPS_MAX 2000000u         /* instructions of one rule */
#define TABLE_STEPS_MAX 200000000u /* of one definition */

static const char rules_key = 0; /* registry: what the rule files returned, by module */

/* ---- rules ---- */

/* Pushes what rules_dir/MODULE.lua returns; kept. False and nothing: there is no such file. */
static bool push_module(lua_State *L, struct ms_str module)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  const char *dir = vm->lua->options.rules_dir;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rules_key);
  int modules = lua_gettop(L);
  lua_pushlstring(L, module.data, module.len);
  if (lua_rawget(L, modules) != LUA_TNIL) {
    return true;
  }
  lua_pop(L, 1);
  if (dir == NULL) {
    luaL_error(L, "there is no folder of rules");
  }
  struct ms_str root = ms_lua_base_name(dir);
  const char *name = lua_pushlstring(L, module.data, module.len);
  const char *relative = luaL_gsub(L, name, ".", "/");
  const char *path = lua_pushfstring(L, "%s/%s.lua", dir, relative);
  lua_pushlstring(L, root.data, root.len);
  const char *chunk = lua_pushfstring(L, "@%s/%s.lua", lua_tostring(L, -1), relative);
  if (!ms_lua_load_file(L, path, chunk)) {
    return false;
  }
  lua_call(L, 0, 1);
  lua_pushlstring(L, module.data, module.len);
  lua_pushvalue(L, -2);
  lua_rawset(L, modules);
  return true;
}

struct rule_call {
  struct ms_str name;
  struct ms_json input;
  struct ms_json context;
  bool result;
};

/* Pushes the function that the name means: MODULE, or FIELD of MODULE. */
static void push_rule(lua_State *L, struct ms_str name)
{
  size_t dot = name.len;
  for (size_t i = 0; i < name.len; i++) {
    if (name.data[i] == '.') {
      dot = i;
    }
  }
  struct ms_str module = ms_str_sub(name, 0, dot);
  if (!push_module(L, module)) {
    struct ms_str root = ms_lua_base_name(ms_lua_vm_of(L)->lua->options.rules_dir);
    const char *folder = lua_pushlstring(L, root.data, root.len);
    const char *path = luaL_gsub(L, lua_pushlstring(L, module.data, module.len), ".", "/");
    luaL_error(L, "there is no rule file %s/%s.lua", folder, path);
  }
  if (dot < name.len) {
    struct ms_str field = ms_str_sub(name, dot + 1, name.len);
    if (lua_type(L, -1) != LUA_TTABLE) {
      luaL_error(L, "the rule file does not return a table");
    }
    lua_pushlstring(L, field.data, field.len);
    lua_rawget(L, -2);
  }
  if (lua_type(L, -1) != LUA_TFUNCTION) {
    luaL_error(L, "there is no such function in the rule file");
  }
}

/* (light userdata rule_call) */
static int run_rule(lua_State *L)
{
  struct rule_call *call = lua_touserdata(L, 1);
  push_rule(L, call->name);
  ms_lua_push_json(L, call->input);
  ms_lua_push_json(L, call->context);
  lua_call(L, 2, 1);
  if (lua_type(L, -1) != LUA_TBOOLEAN) {
    return luaL_error(L, "the rule returned a %s, not a boolean", luaL_typename(L, -1));
  }
  call->result = lua_toboolean(L, -1) != 0;
  return 0;
}

static int open_rules(lua_State *L)
{
  lua_createtable(L, 0, 4);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &rules_key);
  return 0;
}

static int new_rules(struct ms_lua_vm **out, struct ms_lua *lua)
{
  int err = ms_lua_vm_new(out, lua, NULL, NULL);
  if (err != 0) {
    return err;
  }
  lua_pushcfunction((*out)->L, open_rules);
  if (lua_pcall((*out)->L, 0, 0, 0) != LUA_OK) {
    ms_lua_vm_free(*out);
    *out = NULL;
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

static int need_rules(struct ms_lua *lua)
{
  return lua->rules != NULL ? MSTEP_OK : new_rules(&lua->rules, lua);
}

/* What the error object on top says, without running any of its code. */
static const char *error_text(lua_State *L)
{
  return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "the error is no text";
}

/* ---- reading them anew ---- */

/* (light userdata: the old state). Loads the modules that the old state has, as far as they are there. */
static int load_again(lua_State *L)
{
  lua_State *old = lua_touserdata(L, 1);
  lua_rawgetp(old, LUA_REGISTRYINDEX, &rules_key);
  lua_pushnil(old);
  while (lua_next(old, -2) != 0) {
    struct ms_str name;
    lua_pop(old, 1);
    name.data = lua_tolstring(old, -1, &name.len);
    push_module(L, name);
    lua_settop(L, 1);
  }
  return 0;
}

int ms_lua_rules_reload(struct ms_lua *lua)
{
  struct ms_lua_vm *vm;
  if (lua->rules == NULL) {
    return MSTEP_OK;
  }
  int err = new_rules(&vm, lua);
  if (err != 0) {
    return err;
  }
  ms_lua_begin_steps(vm, TABLE_STEPS_MAX);
  lua_pushcfunction(vm->L, load_again);
  lua_pushlightuserdata(vm->L, lua->rules->L);
  int status = lua_pcall(vm->L, 1, 0, 0);
  lua_settop(lua->rules->L, 0);
  if (status == LUA_OK && !vm->is_over) {
    ms_lua_vm_free(lua->rules);
    lua->rules = vm;
    return MSTEP_OK;
  }
  err = status == LUA_ERRMEM && !vm->is_full
            ? ms_error_nomem()
            : ms_error(MSTEP_ELUA, "%s",
                       vm->is_over ? "the limit of instructions is passed" : error_text(vm->L));
  ms_lua_vm_free(vm);
  return err;
}

/* ---- a rule ---- */

int ms_lua_rule(bool *out, struct ms_lua *lua, struct ms_str name, struct ms_json input,
                struct ms_json context, struct ms_failure *failure)
{
  *out = false;
  if (!ms_lua_is_name(name, true)) {
    return ms_fail(failure, "States.Runtime", "'%.*s' cannot name a rule",
                   (int)(name.len > 200 ? 200 : name.len), name.data);
  }
  int err = need_rules(lua);
  if (err != 0) {
    return err;
  }
  struct ms_lua_vm *vm = lua->rules;
  struct rule_call call = {name, input, context, false};
  ms_lua_begin_steps(vm, STEPS_MAX);
  lua_pushcfunction(vm->L, run_rule);
  lua_pushlightuserdata(vm->L, &call);
  int status = lua_pcall(vm->L, 1, 0, 0);
  if (status == LUA_OK && !vm->is_over) {
    *out = call.result;
    return MSTEP_OK;
  }
  if (status == LUA_ERRMEM && !vm->is_full) {
    err = ms_error_nomem();
  } else {
    err = ms_fail(failure, "States.Runtime", "The rule '%.*s' failed: %s", MS_STR_ARG(name),
                  vm->is_over ? "its limit of instructions is passed" : error_text(vm->L));
  }
  lua_settop(vm->L, 0);
  if (vm->is_over || vm->is_full) {
    ms_lua_vm_free(vm);
    lua->rules = NULL;
  }
  return err;
}

/* ---- definitions ---- */

struct table_call {
  struct ms_str source;
  const char *chunk;
};

/* (light userdata table_call) -> what the chunk returns */
static int run_table(lua_State *L)
{
  const struct table_call *call = lua_touserdata(L, 1);
  const char *chunk = lua_pushfstring(L, "@%s", call->chunk);
  if (ms_lua_load_text(L, call->source.data, call->source.len, chunk) != LUA_OK) {
    return lua_error(L);
  }
  lua_call(L, 0, 1);
  if (lua_type(L, -1) != LUA_TTABLE) {
    return luaL_error(L, "%s: the chunk returned a %s, not a table", call->chunk,
                      luaL_typename(L, -1));
  }
  return 1;
}

int ms_lua_table(struct ms_json *out, struct ms_lua *lua, struct ms_str source, const char *chunk)
{
  *out = MS_JSON_VALUE_NONE;
  if (source.len > MS_LUA_SOURCE_MAX) {
    return ms_error(MSTEP_ETOOBIG, "%s is larger than %zu bytes", chunk, MS_LUA_SOURCE_MAX);
  }
  struct ms_lua_vm *vm;
  int err = ms_lua_vm_new(&vm, lua, NULL, NULL);
  if (err != 0) {
    return err;
  }
  struct table_call call = {source, chunk};
  ms_lua_begin_steps(vm, TABLE_STEPS_MAX);
  lua_pushcfunction(vm->L, run_table);
  lua_pushlightuserdata(vm->L, &call);
  int status = lua_pcall(vm->L, 1, 1, 0);
  if (status == LUA_OK && !vm->is_over) {
    err = ms_lua_to_json(out, vm->L, -1);
    if (err == MSTEP_EINVALID || err == MSTEP_ETOOBIG) {
      err = ms_error(MSTEP_ELUA, "%s: the table cannot be JSON: %s", chunk, ms_error_detail());
    }
  } else if (status == LUA_ERRMEM && !vm->is_full) {
    err = ms_error_nomem();
  } else {
    err = ms_error(MSTEP_ELUA, "%s",
                   vm->is_over ? "the limit of instructions is passed" : error_text(vm->L));
  }
  ms_lua_vm_free(vm);
  return err;
}
