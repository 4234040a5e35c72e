/*
 * The table of built-in functions: finding one by name, and its value. Arity and types are checked
 * by the caller (signature.c) from the row, so the functions see arguments of the types they ask for, or
 * undefined.
 */
#include "query/jsonata/functions.h"

#define P(types)                                                                                   \
  {                                                                                                \
    MS_JX_T_##types | MS_JX_T_MISSING, 0, 0, 0                                                     \
  }
#define C(types)                                                                                   \
  {                                                                                                \
    MS_JX_T_##types | MS_JX_T_MISSING, MS_JX_P_CONTEXT, 0, 0                                       \
  }
#define O(types)                                                                                   \
  {                                                                                                \
    MS_JX_T_##types | MS_JX_T_MISSING, MS_JX_P_OPTIONAL, 0, 0                                      \
  }
#define F()                                                                                        \
  {                                                                                                \
    MS_JX_T_FUNCTION, 0, 0, 0                                                                      \
  }
#define OF()                                                                                       \
  {                                                                                                \
    MS_JX_T_FUNCTION, MS_JX_P_OPTIONAL, 0, 0                                                       \
  }
#define A(subtype)                                                                                 \
  {                                                                                                \
    MS_JX_T_ANY | MS_JX_T_MISSING, MS_JX_P_ARRAY, subtype, 0                                       \
  }
#define AS(subtype)                                                                                \
  {                                                                                                \
    MS_JX_T_ANY | MS_JX_T_MISSING, MS_JX_P_ARRAY | MS_JX_P_REPEATED, subtype, 0                    \
  }
#define END                                                                                        \
  {                                                                                                \
    0, 0, 0, 0                                                                                     \
  }

/* A row's parameters are counted by the compiler: END is one more than there are. */
#define COUNT(...) (sizeof((struct ms_jx_param[]){__VA_ARGS__}) / sizeof(struct ms_jx_param) - 1)

/* Each row is an object of its own, so that the function's value can point to it. */
#define MS_JX_FUNCTION(name, ...) ROW(name, __VA_ARGS__, END)
#define ROW(name, arity, ...)                                                                      \
  static const struct ms_jx_builtin builtin_##name = {                                             \
      #name, ms_jx_fn_##name, arity, {COUNT(__VA_ARGS__), {__VA_ARGS__}}};
#include "query/jsonata/functions.def"
#undef ROW

/* Their values. Nothing in them is ever written: made_at 0 says so. */
#define ROW(name, count, ...)                                                                      \
  {.kind = MS_JX_FN_BUILTIN, .arity = count, .builtin = &builtin_##name},
static const struct ms_jx_function values[] = {
#include "query/jsonata/functions.def"
};
#undef ROW
#undef MS_JX_FUNCTION

const struct ms_jx_function *ms_jx_builtin_find(struct ms_str name)
{
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    if (ms_str_is(name, values[i].builtin->name)) {
      return &values[i];
    }
  }
  return NULL;
}
