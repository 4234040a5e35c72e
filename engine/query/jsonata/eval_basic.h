/* The simple kinds of nodes, for eval.c. */
#ifndef MS_QUERY_JSONATA_EVAL_BASIC_H
#define MS_QUERY_JSONATA_EVAL_BASIC_H

#include "query/jsonata/eval.h"

struct ms_jx ms_jx_eval_array(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_block(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_condition(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                  struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_default(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_logic(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_negate(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                               struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_bind(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                             struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_transform(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                  struct ms_jx input, struct ms_jx_frame *frame);
struct ms_jx ms_jx_eval_wildcard(struct ms_jx_eval *ev, struct ms_jx input);
struct ms_jx ms_jx_eval_descendants(struct ms_jx_eval *ev, struct ms_jx input);

#endif
