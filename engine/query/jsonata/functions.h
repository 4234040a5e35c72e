/* The built-in functions of functions.def, one C function each; grouped into fn_*.c by family. */
#ifndef MS_QUERY_JSONATA_FUNCTIONS_H
#define MS_QUERY_JSONATA_FUNCTIONS_H

#include "query/jsonata/eval.h"

#define MS_JX_FUNCTION(name, ...) ms_jx_builtin_fn ms_jx_fn_##name;
#include "query/jsonata/functions.def"
#undef MS_JX_FUNCTION

#endif
