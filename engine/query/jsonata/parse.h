/* What the two halves of the parser share: operands, and what follows them. */
#ifndef MS_QUERY_JSONATA_PARSE_H
#define MS_QUERY_JSONATA_PARSE_H

#include "query/jsonata/compile.h"

/* Items of a list whose length is not known yet. */
struct ms_jx_items {
  struct ms_jx_node **data;
  uint32_t count;
  uint32_t capacity;
};

/* The token ahead is this operator. */
bool ms_jx_parse_at(const struct ms_jx_compiler *c, int id);
/* Steps to the next token; infix: an operand came before. False: the compilation failed. */
bool ms_jx_parse_next(struct ms_jx_compiler *c, bool infix);
/* Steps over the operator that must come now. */
bool ms_jx_parse_expect(struct ms_jx_compiler *c, int id, bool infix);
struct ms_jx_node *ms_jx_parse_node(struct ms_jx_compiler *c, enum ms_jx_node_type type,
                                    const struct ms_jx_token *token);
/* Sets the depth of a node whose children are complete; a tree too deep ends the compilation. */
struct ms_jx_node *ms_jx_parse_complete(struct ms_jx_compiler *c, struct ms_jx_node *node);
/* Appends an item; NULL passes a failure on. */
bool ms_jx_parse_add(struct ms_jx_compiler *c, struct ms_jx_items *items, struct ms_jx_node *item);
/* The node with these items, complete. */
struct ms_jx_node *ms_jx_parse_with(struct ms_jx_compiler *c, struct ms_jx_node *node,
                                    struct ms_jx_items items);
/* An expression whose operators bind tighter than right_power; NULL on failure. */
struct ms_jx_node *ms_jx_parse_expression(struct ms_jx_compiler *c, int right_power);
/* What a token begins that stands where an operand is due. */
struct ms_jx_node *ms_jx_parse_operand(struct ms_jx_compiler *c, const struct ms_jx_token *token);
/* The pairs of an object constructor or a group-by, behind the `{`. */
bool ms_jx_parse_pairs(struct ms_jx_compiler *c, struct ms_jx_items *items);

#endif
