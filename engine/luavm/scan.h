/*
 * Reads Lua text as tokens, to know which names a piece of it uses before it runs: what Lua's own compiler
 * knows and does not tell. For text that Lua has accepted; of other text it makes something, and ends.
 */
#ifndef MS_LUAVM_SCAN_H
#define MS_LUAVM_SCAN_H

#include "base/str.h"

enum ms_lua_token_kind {
  MS_LUA_TOKEN_END,
  MS_LUA_TOKEN_NAME,
  MS_LUA_TOKEN_KEYWORD,
  MS_LUA_TOKEN_VALUE, /* number or string */
  MS_LUA_TOKEN_SYMBOL
};

struct ms_lua_token {
  enum ms_lua_token_kind kind;
  struct ms_str text;
};

struct ms_lua_scanner {
  struct ms_str text;
  size_t at;
};

void ms_lua_scan(struct ms_lua_token *out, struct ms_lua_scanner *scanner);
bool ms_lua_is_symbol(const struct ms_lua_token *token, const char *symbol);

enum ms_lua_name_kind {
  MS_LUA_NAME_FREE,  /* a name that is no local anywhere in the text: told once */
  MS_LUA_NAME_STATE, /* X of `states.X`: told each time */
  MS_LUA_NAME_WHOLE  /* `states` otherwise than by a member, or `_ENV`: anything may be meant */
};
typedef int (*ms_lua_name_cb)(enum ms_lua_name_kind kind, struct ms_str name, void *user);

/*
 * Tells the names that the text uses; stops when cb returns anything but 0, and returns that. Scopes are
 * not told apart: a name that is a local in one place is taken for one in all. MSTEP_ENOMEM.
 */
int ms_lua_names(struct ms_str text, ms_lua_name_cb cb, void *user);
/* Whether there is this keyword somewhere. */
bool ms_lua_has_keyword(struct ms_str text, const char *keyword);

#endif
