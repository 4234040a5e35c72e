/*
 * The Lua files of lua/mstep, compiled into the library by lua/embed.cmake: the library needs no
 * files at run time. `name` is what `require` asks for: "mstep" is lua/mstep/init.lua,
 * "mstep.context" is lua/mstep/context.lua. The table is sorted by path and ends with a NULL name.
 */
#ifndef MS_LUAVM_LUA_SOURCES_H
#define MS_LUAVM_LUA_SOURCES_H

#include <stddef.h>

struct ms_lua_source {
  const char *name; /* module name */
  const char *data; /* text; one NUL follows, which len does not count */
  size_t len;       /* bytes */
};

extern const struct ms_lua_source ms_lua_sources[];
extern const size_t ms_lua_source_count;

#endif
