/* Walks over a compiled program: what it refers to. */
#ifndef MS_QUERY_JSONATA_CHECK_H
#define MS_QUERY_JSONATA_CHECK_H

#include "query/jsonata/ast.h"

/* Of enum ms_jsonata_states. */
unsigned ms_jx_states_used(const struct ms_jsonata *program);
/* Marks the variables that come from outside. 0 or MSTEP_ENOMEM. */
int ms_jx_find_free(struct ms_jsonata *program);

#endif
