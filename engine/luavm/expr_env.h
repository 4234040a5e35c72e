/*
 * Inside Lua as a query language: its instance, and what an expression sees. For expr.c and expr_env.c.
 */
#ifndef MS_LUAVM_EXPR_ENV_H
#define MS_LUAVM_EXPR_ENV_H

#include "luavm/expr.h"
#include "luavm/internal.h"

/* Members of `states`. */
enum ms_lua_states {
  MS_LUA_STATES_INPUT = 1,
  MS_LUA_STATES_CONTEXT = 2,
  MS_LUA_STATES_RESULT = 4,
  MS_LUA_STATES_ERROR_OUTPUT = 8,
  MS_LUA_STATES_ALL = 15
};

struct ms_lua_lang {
  struct ms_query_lang lang; /* first */
  struct ms_lua shell;       /* only its options: a state looks its limits up there */
  struct ms_lua_vm *vm;      /* NULL until it is needed, and after an evaluation was killed in it */
  uint32_t generation;       /* of vm: functions of an earlier one are compiled again */
  size_t base_bytes;         /* of the state itself */
  size_t code_bytes;         /* of all that is compiled in it */
  /* the evaluation under way */
  struct ms_query_env *env;
  unsigned states;           /* members of `states` that it may look at */
  bool is_out_of_memory;     /* outside of Lua */
};

/* (light userdata ms_lua_lang): makes what all evaluations share. */
MS_LUA_RAISES int ms_lua_expr_open(lua_State *L);
/* Pushes the globals of one evaluation: `states`, variables and the library, each on its first use. */
MS_LUA_RAISES void ms_lua_expr_push_env(lua_State *L);
/* The bit of a member of `states`, or 0. */
unsigned ms_lua_states_bit(struct ms_str name);

#endif
