/* Regular expression literals of an expression: checked and compiled with it. */
#ifndef MS_QUERY_JSONATA_REGEX_LITERAL_H
#define MS_QUERY_JSONATA_REGEX_LITERAL_H

#include "query/jsonata/compile.h"

/* Compiles the literal into node->regex; false: the compilation failed. */
bool ms_jx_regex_literal(struct ms_jx_compiler *c, const struct ms_jx_token *token,
                         struct ms_jx_node *node);

#endif
