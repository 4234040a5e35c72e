/*
 * The math library: Lua's own. Random numbers are for handlers only, and begin from the engine's
 * seed and the function's name, so that a run on simulated time repeats.
 */
#include "base/hash.h"
#include "luavm/internal.h"

static void seed_random(lua_State *L, const struct ms_lua_vm *vm)
{
  const char *name = vm->code == NULL ? "" : vm->code->name;
  uint64_t seed = ms_hash(ms_str_c(name), vm->lua->options.seed);
  lua_getfield(L, -1, "randomseed");
  lua_pushinteger(L, (lua_Integer)seed);
  lua_call(L, 1, 0);
}

int ms_lua_open_math(lua_State *L)
{
  static const char *const pure[] = {
      "abs", "ceil",      "cos",        "deg",        "exp",  "floor", "fmod", "huge", "log",
      "max", "min",       "maxinteger", "mininteger", "modf", "pi",    "rad",  "sin",  "sqrt",
      "tan", "tointeger", "type",       "ult",        "acos", "asin",  "atan", NULL,
  };
  static const char *const random[] = {"random", "randomseed", NULL};
  const struct ms_lua_vm *vm = ms_lua_vm_of(L);
  luaopen_math(L);
  lua_createtable(L, 0, 27);
  ms_lua_copy_fields(L, -2, pure);
  if (vm->level == MS_LUA_FUNCTION) {
    ms_lua_copy_fields(L, -2, random);
    seed_random(L, vm);
  }
  lua_remove(L, -2);
  return 1;
}
