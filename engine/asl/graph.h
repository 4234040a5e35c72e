/*
 * What the two graph printers share: the edges of a state with their labels, and the walk over flows
 * inside flows.
 */
#ifndef MS_ASL_GRAPH_H
#define MS_ASL_GRAPH_H

#include "asl/machine.h"
#include "asl/state_type.h"

#define MS_ASL_GRAPH_LABEL_MAX 80 /* characters of a label; longer ones end in an ellipsis */

enum ms_asl_edge_kind { MS_ASL_EDGE_NEXT, MS_ASL_EDGE_CHOICE, MS_ASL_EDGE_DEFAULT, MS_ASL_EDGE_CATCH };

struct ms_asl_edge {
  enum ms_asl_edge_kind kind;
  uint32_t from;
  uint32_t to;         /* MS_STATE_NONE: the end of the flow */
  struct ms_str label; /* not escaped; may be empty */
};

/* How one notation writes things; the walk calls these in order. */
struct ms_asl_graph {
  struct ms_buf *out;
  const struct ms_machine *machine;
  struct ms_json root;   /* the definition, for the text of conditions */
  struct ms_buf label;   /* scratch */
  unsigned indent;
  const struct ms_asl_graph_style *style;
};

struct ms_asl_graph_style {
  void (*begin)(struct ms_asl_graph *graph);
  void (*end)(struct ms_asl_graph *graph);
  /* A state, and whether flows follow that stand inside it. */
  void (*state)(struct ms_asl_graph *graph, const struct ms_state *state, bool has_flows);
  void (*state_end)(struct ms_asl_graph *graph, const struct ms_state *state);
  /* A flow of a state: the number of it among its owner's, from 0. */
  void (*flow)(struct ms_asl_graph *graph, const struct ms_flow *flow, uint32_t number);
  void (*flow_end)(struct ms_asl_graph *graph, const struct ms_flow *flow);
  void (*edge)(struct ms_asl_graph *graph, const struct ms_asl_edge *edge);
};

void ms_asl_graph_print(struct ms_buf *out, const struct ms_machine *machine,
                        const struct ms_asl_graph_style *style);
void ms_asl_graph_line(struct ms_asl_graph *graph, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void ms_asl_graph_indent(struct ms_asl_graph *graph);

#endif
