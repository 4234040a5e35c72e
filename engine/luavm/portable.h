/*
 * A Lua expression written in JSONata, for those who want to take a machine to AWS: a suggestion that is
 * right where it is made, and is not made where the two languages differ.
 */
#ifndef MS_LUAVM_PORTABLE_H
#define MS_LUAVM_PORTABLE_H

#include "base/buf.h"

/* False: there is no form of it in JSONata that is the same, word for word. out->error sticks. */
bool ms_lua_to_jsonata(struct ms_buf *out, struct ms_str expression);

#endif
