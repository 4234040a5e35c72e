/*
 * Where in a Lua file the members of a table are written: for messages about a value that was read
 * from it. Finds the table that the file returns, as a constructor or by the name of a local.
 */
#ifndef MS_LUAVM_POSITION_H
#define MS_LUAVM_POSITION_H

#include "base/map.h"
#include "base/str.h"

/* Steps of a path, each followed by this, are the keys of `lines`. */
#define MS_LUA_STEP_END '\x1f'

struct ms_lua_positions {
  struct ms_map lines; /* path -> line, as a pointer */
};

/* MSTEP_ENOMEM */
int ms_lua_positions_read(struct ms_lua_positions *out, struct ms_str text);
void ms_lua_positions_deinit(struct ms_lua_positions *positions);
/* The line of the member, or of the nearest one around it; 0: not known. */
int ms_lua_positions_find(const struct ms_lua_positions *positions, struct ms_str path);

#endif
