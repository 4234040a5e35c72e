/*
 * The machine as a Graphviz digraph. Flows inside a state are clusters, with a dotted line from the state
 * to where each begins; catches are dashed, defaults bold.
 */
#include "asl/asl.h"
#include "asl/graph.h"
#include "base/utf8.h"

/* For a quoted string: backslashes too, or `\N` in a name would be replaced. */
static void print_escaped(struct ms_buf *out, struct ms_str text)
{
  for (size_t pos = 0; pos < text.len;) {
    size_t from = pos;
    uint32_t c = ms_utf8_next(text, &pos);
    if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
      ms_buf_char(out, ' ');
      continue;
    }
    if (c == '"' || c == '\\') {
      ms_buf_char(out, '\\');
    }
    ms_buf_str(out, ms_str_sub(text, from, pos));
  }
}

static void print_quoted(struct ms_buf *out, struct ms_str text)
{
  ms_buf_char(out, '"');
  print_escaped(out, text);
  ms_buf_char(out, '"');
}

static const char *dot_shape(const struct ms_state *state)
{
  if (ms_str_is(ms_str_c(state->type->name), "Choice")) {
    return "diamond";
  }
  return state->type->is_terminal ? "octagon" : "box";
}

static void dot_begin(struct ms_asl_graph *graph)
{
  ms_asl_graph_line(graph, "digraph machine {");
  graph->indent++;
  ms_asl_graph_line(graph, "node [shape=box, style=rounded];");
}

static void dot_end(struct ms_asl_graph *graph)
{
  graph->indent--;
  ms_asl_graph_line(graph, "}");
}

static void dot_state(struct ms_asl_graph *graph, const struct ms_state *state, bool has_flows)
{
  (void)has_flows;
  ms_asl_graph_indent(graph);
  ms_buf_printf(graph->out, "s%u [label=", (unsigned)state->index);
  print_quoted(graph->out, state->name);
  ms_buf_printf(graph->out, ", shape=%s];\n", dot_shape(state));
}

static void dot_state_end(struct ms_asl_graph *graph, const struct ms_state *state)
{
  (void)graph;
  (void)state;
}

/* Flows are told apart by the state they begin with. */
static void dot_flow(struct ms_asl_graph *graph, const struct ms_flow *flow, uint32_t number)
{
  unsigned id = (unsigned)flow->start;
  if (flow->owner != NULL) {
    ms_asl_graph_line(graph, "s%u -> s%u [style=dotted];", (unsigned)flow->owner->index, id);
    ms_asl_graph_line(graph, "subgraph cluster_%u {", id);
    graph->indent++;
    ms_asl_graph_indent(graph);
    ms_buf_cstr(graph->out, "label=\"");
    print_escaped(graph->out, flow->owner->name);
    if (flow->kind == MS_FLOW_BRANCH) {
      ms_buf_printf(graph->out, " [%u]", (unsigned)number);
    }
    ms_buf_cstr(graph->out, "\";\n");
  } else {
    ms_asl_graph_line(graph, "start [shape=point];");
    ms_asl_graph_line(graph, "start -> s%u;", id);
  }
  ms_asl_graph_line(graph, "end_%u [shape=doublecircle, label=\"\", width=0.2];", id);
}

static void dot_flow_end(struct ms_asl_graph *graph, const struct ms_flow *flow)
{
  if (flow->owner != NULL) {
    graph->indent--;
    ms_asl_graph_line(graph, "}");
  }
}

static void dot_edge(struct ms_asl_graph *graph, const struct ms_asl_edge *edge)
{
  const struct ms_flow *flow = graph->machine->states[edge->from]->flow;
  ms_asl_graph_indent(graph);
  ms_buf_printf(graph->out, "s%u -> ", (unsigned)edge->from);
  if (edge->to == MS_STATE_NONE) {
    ms_buf_printf(graph->out, "end_%u", (unsigned)flow->start);
  } else {
    ms_buf_printf(graph->out, "s%u", (unsigned)edge->to);
  }
  const char *style = edge->kind == MS_ASL_EDGE_CATCH     ? "dashed"
                      : edge->kind == MS_ASL_EDGE_DEFAULT ? "bold"
                                                          : "solid";
  ms_buf_printf(graph->out, " [style=%s", style);
  if (edge->label.len > 0) {
    ms_buf_cstr(graph->out, ", label=");
    print_quoted(graph->out, edge->label);
  }
  ms_buf_cstr(graph->out, "];\n");
}

void ms_asl_graph_dot(struct ms_buf *out, const struct ms_machine *machine)
{
  static const struct ms_asl_graph_style style = {dot_begin,     dot_end,  dot_state, dot_state_end,
                                                  dot_flow,      dot_flow_end, dot_edge};
  ms_asl_graph_print(out, machine, &style);
}
