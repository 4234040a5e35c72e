/*
 * Lua's patterns, matched under a budget: Lua's own matcher cannot be interrupted, and a bad
 * pattern keeps it busy for hours. Same language, same limits (32 captures, 200 levels); every step
 * is a tick.
 */
#ifndef MS_LUAVM_MATCH_H
#define MS_LUAVM_MATCH_H

#include "luavm/internal.h"

#define MS_LUA_CAPTURES_MAX 32
#define MS_LUA_CAPTURE_OPEN ((ptrdiff_t)-1)     /* its end has not been met */
#define MS_LUA_CAPTURE_POSITION ((ptrdiff_t)-2) /* `()` */

struct ms_lua_match {
  lua_State *L;
  struct ms_lua_vm *vm;
  const char *text;
  const char *text_end;
  const char *pattern_end;
  int depth;
  int count; /* of captures */
  struct {
    const char *start;
    ptrdiff_t len;
  } captures[MS_LUA_CAPTURES_MAX];
};

/* Neither text nor pattern are copied. */
void ms_lua_match_init(struct ms_lua_match *m, lua_State *L, struct ms_str text,
                       struct ms_str pattern);
/*
 * Matches the pattern from `at` on: where the match ends, or NULL. Captures are set. Raises what is
 * wrong with the pattern.
 */
MS_LUA_RAISES const char *ms_lua_match_at(struct ms_lua_match *m, const char *at,
                                          const char *pattern);
/* Pushes one capture; 0 of a pattern without captures is the whole match. */
MS_LUA_RAISES void ms_lua_push_capture(struct ms_lua_match *m, int index, const char *start,
                                       const char *end);
/*
 * Pushes all captures, or the whole match if start is not NULL and there are none; returns how
 * many.
 */
MS_LUA_RAISES int ms_lua_push_captures(struct ms_lua_match *m, const char *start, const char *end);

#endif
