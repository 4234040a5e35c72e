/*
 * Lua as a query language: `"QueryLanguage": "Lua"`, with `{% expression %}` or `{% chunk with return %}`
 * where JSONata would stand. An instance for each engine: it has a Lua state of its own, made when the
 * first expression is compiled, without I/O and clock, in which nothing outlives an evaluation. Loop thread only.
 */
#ifndef MS_LUAVM_EXPR_H
#define MS_LUAVM_EXPR_H

#include "query/query.h"

/* For ms_asl_options.langs. Must outlive the machines that were compiled with it. MSTEP_ENOMEM. */
int ms_lua_lang_new(const struct ms_query_lang **out);
void ms_lua_lang_free(const struct ms_query_lang *lang); /* NULL is fine */

#endif
