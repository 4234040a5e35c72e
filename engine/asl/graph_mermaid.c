/*
 * The machine as a Mermaid stateDiagram-v2. Flows inside a state are composite states, branches of a
 * Parallel regions of one. The notation has no dashed arrows: catches say so in their label.
 */
#include "asl/asl.h"
#include "asl/graph.h"
#include "base/utf8.h"

/* Letters, digits and harmless signs stay; the rest becomes `#NN;`, Mermaid's way to quote. */
static void print_escaped(struct ms_buf *out, struct ms_str text)
{
  for (size_t pos = 0; pos < text.len;) {
    size_t from = pos;
    uint32_t c = ms_utf8_next(text, &pos);
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c > 0x9f || (c != 0 && c < 0x80 && strchr(" .,_-+*/=()[]$@!?'|~^", (int)c) != NULL);
    if (is_plain) {
      ms_buf_str(out, ms_str_sub(text, from, pos));
    } else if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
      ms_buf_char(out, ' ');
    } else {
      ms_buf_printf(out, "#%u;", (unsigned)c);
    }
  }
}

static void mermaid_begin(struct ms_asl_graph *graph)
{
  ms_asl_graph_line(graph, "stateDiagram-v2");
  graph->indent++;
}

static void mermaid_end(struct ms_asl_graph *graph)
{
  graph->indent--;
}

static void mermaid_state(struct ms_asl_graph *graph, const struct ms_state *state, bool has_flows)
{
  ms_asl_graph_indent(graph);
  ms_buf_cstr(graph->out, "state \"");
  print_escaped(graph->out, state->name);
  ms_buf_printf(graph->out, "\" as s%u%s\n", (unsigned)state->index, has_flows ? " {" : "");
  graph->indent += has_flows;
}

static void mermaid_state_end(struct ms_asl_graph *graph, const struct ms_state *state)
{
  (void)state;
  graph->indent--;
  ms_asl_graph_line(graph, "}");
}

static void mermaid_flow(struct ms_asl_graph *graph, const struct ms_flow *flow, uint32_t number)
{
  if (number > 0) {
    ms_asl_graph_line(graph, "--");
  }
  ms_asl_graph_line(graph, "[*] --> s%u", (unsigned)flow->start);
}

static void mermaid_flow_end(struct ms_asl_graph *graph, const struct ms_flow *flow)
{
  (void)graph;
  (void)flow;
}

static void mermaid_edge(struct ms_asl_graph *graph, const struct ms_asl_edge *edge)
{
  ms_asl_graph_indent(graph);
  ms_buf_printf(graph->out, "s%u --> ", (unsigned)edge->from);
  if (edge->to == MS_STATE_NONE) {
    ms_buf_cstr(graph->out, "[*]");
  } else {
    ms_buf_printf(graph->out, "s%u", (unsigned)edge->to);
  }
  if (edge->label.len > 0) {
    ms_buf_cstr(graph->out, edge->kind == MS_ASL_EDGE_CATCH ? " : catch " : " : ");
    print_escaped(graph->out, edge->label);
  }
  ms_buf_char(graph->out, '\n');
}

void ms_asl_graph_mermaid(struct ms_buf *out, const struct ms_machine *machine)
{
  static const struct ms_asl_graph_style style = {
      mermaid_begin, mermaid_end,      mermaid_state, mermaid_state_end,
      mermaid_flow,  mermaid_flow_end, mermaid_edge};
  ms_asl_graph_print(out, machine, &style);
}
