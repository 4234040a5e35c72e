/*
 * A project's folder as one document: what its mstep.lua declares, checked and in the engine's
 * spelling, and what lies in functions, machines, hooks and rules. lua/README.md has the form.
 */
#ifndef MS_LUAVM_PROJECT_H
#define MS_LUAVM_PROJECT_H

#include "luavm/luavm.h"

/*
 * {"project": {...}, "diagnostics": [{"file", "line", "path", "message"}, ...]}: line 0 is not known,
 * path is a JSON pointer. With diagnostics the project is what could be understood; null when mstep.lua
 * does not run. Without mstep.lua the folders alone speak. The script is sandboxed as a definition:
 * no I/O, clock or randomness, a limited number of instructions, `require` of the lib folder.
 * MSTEP_ENOMEM, MSTEP_EIO.
 */
int ms_lua_project(struct ms_json *out, struct ms_lua *lua, const char *dir);

#endif
