/*
 * What an expression sees. The same state, input and seed must give the same result, in every process, so
 * that what Lua's own functions leave to chance is decided here: `pairs` and `next` go by the order of
 * keys, `tostring` and `string.format` show no address, `math.random` is the execution's. Nothing can be
 * kept: globals cannot be set, libraries cannot be changed, there are no metatables.
 */
#include "luavm/expr_env.h"

/* In the registry: the metatable of all environments. In an environment: what was looked up in it. */
static const char env_key = 0;

#define TICKS_OF_KEY 16

/* ---- order of keys ---- */

static int key_rank(lua_State *L, int index)
{
  switch (lua_type(L, index)) {
  case LUA_TNUMBER:
    return 0;
  case LUA_TSTRING:
    return 1;
  case LUA_TBOOLEAN:
    return 2;
  default:
    return luaL_error(L, "a %s as a key has no order here", luaL_typename(L, index));
  }
}

static struct ms_str text_at(lua_State *L, int index)
{
  struct ms_str text;
  text.data = lua_tolstring(L, index, &text.len);
  return text;
}

static bool is_key_less(lua_State *L, int a, int b)
{
  int rank_a = key_rank(L, a);
  int rank_b = key_rank(L, b);
  if (rank_a != rank_b) {
    return rank_a < rank_b;
  }
  if (rank_a == 0) {
    return lua_compare(L, a, b, LUA_OPLT) != 0;
  }
  if (rank_a == 1) {
    return ms_str_cmp(text_at(L, a), text_at(L, b)) < 0;
  }
  return lua_toboolean(L, a) < lua_toboolean(L, b);
}

static int key_less(lua_State *L)
{
  lua_pushboolean(L, is_key_less(L, 1, 2));
  return 1;
}

/* Pushes the keys of the table at index 1, in order. */
static void push_keys(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  lua_Integer count = 0;
  bool is_ordered = true; /* 1 to n as they come: arrays do */
  lua_createtable(L, 0, 0);
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    ms_lua_tick(L, vm, TICKS_OF_KEY);
    lua_pop(L, 1);
    count++;
    is_ordered = is_ordered && lua_isinteger(L, -1) && lua_tointeger(L, -1) == count;
    if (!is_ordered) {
      key_rank(L, -1);
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, count);
  }
  if (!is_ordered) {
    lua_pushcfunction(L, ms_lua_table_sort);
    lua_pushvalue(L, -2);
    lua_pushcfunction(L, key_less);
    lua_call(L, 2, 0);
  }
}

/* Upvalues: table, its keys, how many were given. What was removed meanwhile is left out. */
static int pairs_next(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
  for (;;) {
    ms_lua_tick(L, vm, TICKS_OF_KEY);
    lua_settop(L, 0);
    if (lua_rawgeti(L, lua_upvalueindex(2), ++at) == LUA_TNIL) {
      return 1;
    }
    lua_pushvalue(L, 1);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
      lua_pushinteger(L, at);
      lua_replace(L, lua_upvalueindex(3));
      return 2;
    }
  }
}

static int expr_pairs(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  push_keys(L);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, pairs_next, 3);
  return 1;
}

/* (table [, key]): the smallest key, or the smallest after `key`, and its value. */
static int expr_next(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  bool has_from = !lua_isnil(L, 2);
  lua_pushnil(L); /* 3: the best so far */
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    ms_lua_tick(L, vm, TICKS_OF_KEY);
    lua_pop(L, 1);
    bool is_later = !has_from || is_key_less(L, 2, -1);
    if (is_later && (lua_isnil(L, 3) || is_key_less(L, -1, 3))) {
      lua_copy(L, -1, 3);
    }
  }
  if (lua_isnil(L, 3)) {
    return 1;
  }
  lua_pushvalue(L, 3);
  lua_rawget(L, 1);
  return 2;
}

/* ---- text ---- */

/* Pushes the value as text, without an address. */
static void push_text(lua_State *L, int index)
{
  int type = lua_type(L, index);
  if (type == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == NULL) {
    lua_pushliteral(L, "null");
  } else if (type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TLIGHTUSERDATA) {
    lua_pushstring(L, lua_typename(L, type));
  } else {
    luaL_tolstring(L, index, NULL); /* of userdata there are big numbers only */
  }
}

static int expr_tostring(lua_State *L)
{
  luaL_checkany(L, 1);
  push_text(L, 1);
  return 1;
}

/* Upvalue: Lua's own. Values that it would show by their address are made text before. */
static int expr_format(lua_State *L)
{
  struct ms_str format;
  format.data = luaL_checklstring(L, 1, &format.len);
  int arg = 1;
  int top = lua_gettop(L);
  for (size_t at = ms_str_find(format, 0, '%'); at < format.len;
       at = ms_str_find(format, at + 1, '%')) {
    at++;
    if (at < format.len && format.data[at] == '%') {
      continue;
    }
    while (at < format.len && strchr("-+ #0123456789.", format.data[at]) != NULL &&
           format.data[at] != '\0') {
      at++;
    }
    char directive = at < format.len ? format.data[at] : '\0';
    arg++;
    if (directive == 'p') {
      return luaL_error(L, "there are no addresses here: '%%p'");
    }
    if (directive == 's' && arg <= top && !lua_isstring(L, arg)) {
      push_text(L, arg);
      lua_replace(L, arg);
    }
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, top, 1);
  return 1;
}

/* ---- the execution's chance ---- */

static struct ms_random *random_of(lua_State *L)
{
  const struct ms_lua_lang *lang = lua_touserdata(L, lua_upvalueindex(1));
  if (lang->env->random == NULL) {
    luaL_error(L, "there are no random numbers here");
  }
  return lang->env->random;
}

/* ([low,] high), as Lua's. */
static int expr_random(lua_State *L)
{
  struct ms_random *random = random_of(L);
  lua_Integer low = 1;
  lua_Integer high;
  switch (lua_gettop(L)) {
  case 0:
    lua_pushnumber(L, ms_random_double(random));
    return 1;
  case 1:
    high = luaL_checkinteger(L, 1);
    if (high == 0) {
      lua_pushinteger(L, (lua_Integer)ms_random_next(random));
      return 1;
    }
    break;
  case 2:
    low = luaL_checkinteger(L, 1);
    high = luaL_checkinteger(L, 2);
    break;
  default:
    return luaL_error(L, "wrong number of arguments");
  }
  luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
  uint64_t span = (uint64_t)high - (uint64_t)low;
  uint64_t offset = span == UINT64_MAX ? ms_random_next(random) : ms_random_below(random, span + 1);
  lua_pushinteger(L, (lua_Integer)((uint64_t)low + offset));
  return 1;
}

static int expr_uuid(lua_State *L)
{
  char text[37];
  ms_random_uuid(random_of(L), text);
  lua_pushstring(L, text);
  return 1;
}

/* ---- libraries; (lang, library, ...) are at indexes 1 and 2 ---- */

static void add_function(lua_State *L, lua_CFunction function, const char *name)
{
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

/* The table on top becomes a field of the library, for reading only. */
static void add_library(lua_State *L, const char *name)
{
  ms_lua_freeze(L);
  lua_setfield(L, 2, name);
}

static void open_base(lua_State *L)
{
  static const char *const names[] = {"assert", "error",    "ipairs", "pcall",
                                      "select", "tonumber", "type",   NULL};
  static const luaL_Reg ours[] = {
      {"next", expr_next}, {"pairs", expr_pairs}, {"tostring", expr_tostring}, {NULL, NULL}};
  lua_pushglobaltable(L);
  lua_pushvalue(L, 2);
  ms_lua_copy_fields(L, -2, names);
  luaL_setfuncs(L, ours, 0);
  lua_pop(L, 2);
}

static void open_strings(lua_State *L)
{
  ms_lua_open_string(L); /* what methods of strings find, too */
  lua_getfield(L, -1, "format");
  lua_pushcclosure(L, expr_format, 1);
  lua_setfield(L, -2, "format");
  add_library(L, "string");
}

/* The module as handlers have it, without what suspends or tells time. */
static void open_mstep(lua_State *L)
{
  static const char *const names[] = {"array", "is_array", "null", "number", NULL};
  static const char *const json[] = {"encode", "decode", NULL};
  ms_lua_open_core(L);
  lua_createtable(L, 0, 6);
  ms_lua_copy_fields(L, -2, names);
  add_function(L, expr_uuid, "uuid");
  lua_createtable(L, 0, 2);
  ms_lua_copy_fields(L, -3, json);
  ms_lua_freeze(L);
  lua_setfield(L, -2, "json");
  add_library(L, "mstep");
  lua_pop(L, 1);
}

/* ---- the environment ---- */

unsigned ms_lua_states_bit(struct ms_str name)
{
  static const char *const names[] = {"input", "context", "result", "errorOutput"};
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (ms_str_is(name, names[i])) {
      return 1u << i;
    }
  }
  return 0;
}

static void set_member(lua_State *L, const char *name, struct ms_json value)
{
  if (!ms_json_is_none(value)) {
    ms_lua_push_json(L, value);
    lua_setfield(L, -2, name);
  }
}

static void push_states(lua_State *L, struct ms_lua_lang *lang)
{
  struct ms_query_env *env = lang->env;
  lua_createtable(L, 0, 4);
  if ((lang->states & MS_LUA_STATES_INPUT) != 0) {
    set_member(L, "input", env->input);
  }
  if ((lang->states & MS_LUA_STATES_RESULT) != 0) {
    set_member(L, "result", env->result);
  }
  if ((lang->states & MS_LUA_STATES_ERROR_OUTPUT) != 0) {
    set_member(L, "errorOutput", env->error_output);
  }
  if ((lang->states & MS_LUA_STATES_CONTEXT) != 0 && env->context != NULL) {
    struct ms_json context = env->context(env);
    if (ms_json_is_none(context)) {
      lang->is_out_of_memory = true;
      luaL_error(L, "not enough memory");
    }
    set_member(L, "context", context);
  }
}

/* Pushes `states` or the variable of that name; false and nothing when there is none. */
static bool push_value(lua_State *L, struct ms_lua_lang *lang, struct ms_str name)
{
  if (ms_str_is(name, "states")) {
    push_states(L, lang);
    return true;
  }
  struct ms_json value = MS_JSON_VALUE_NONE;
  if (lang->env->variable != NULL) {
    value = lang->env->variable(lang->env, name);
  }
  if (ms_json_is_none(value)) {
    return false;
  }
  ms_lua_push_json(L, value);
  return true;
}

/*
 * (environment, name): upvalues are the language and the library. What was converted is kept, but not in
 * the environment itself: there a name could be assigned to once it had been read.
 */
static int lookup(lua_State *L)
{
  struct ms_lua_lang *lang = lua_touserdata(L, lua_upvalueindex(1));
  if (lua_type(L, 2) != LUA_TSTRING) {
    return 0;
  }
  lua_settop(L, 2);
  lua_rawgetp(L, 1, &env_key);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, 3) != LUA_TNIL) {
    return 1;
  }
  if (!push_value(L, lang, text_at(L, 2))) {
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(2));
    return 1;
  }
  lua_pushvalue(L, 2);
  lua_pushvalue(L, -2);
  lua_rawset(L, 3);
  return 1;
}

static int refuse_global(lua_State *L)
{
  push_text(L, 2);
  return luaL_error(L, "'%s' cannot be set: an expression changes nothing; write 'local %s'",
                    lua_tostring(L, -1), lua_tostring(L, -1));
}

int ms_lua_expr_open(lua_State *L)
{
  lua_settop(L, 1);
  lua_createtable(L, 0, 20);
  open_base(L);
  open_strings(L);
  ms_lua_open_table(L);
  add_library(L, "table");
  ms_lua_open_math(L);
  add_function(L, expr_random, "random");
  add_library(L, "math");
  ms_lua_open_utf8(L);
  add_library(L, "utf8");
  open_mstep(L);
  lua_createtable(L, 0, 2);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, lookup, 2);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse_global);
  lua_setfield(L, -2, "__newindex");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &env_key);
  return 0;
}

void ms_lua_expr_push_env(lua_State *L)
{
  lua_createtable(L, 0, 1);
  lua_createtable(L, 0, 4);
  lua_rawsetp(L, -2, &env_key);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &env_key);
  lua_setmetatable(L, -2);
}
