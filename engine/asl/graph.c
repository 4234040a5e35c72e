/*
 * The walk behind the graph printers, and the text on edges: conditions as one would say them, lists of
 * caught errors. Writes no notation of its own. Conditions are taken from the definition's text,
 * since queries of most languages keep none.
 */
#include "asl/graph.h"

#include <stdarg.h>

#include "base/utf8.h"
#include "mstep/error.h"

void ms_asl_graph_indent(struct ms_asl_graph *graph)
{
  for (unsigned i = 0; i < graph->indent; i++) {
    ms_buf_cstr(graph->out, "  ");
  }
}

void ms_asl_graph_line(struct ms_asl_graph *graph, const char *format, ...)
{
  ms_asl_graph_indent(graph);
  va_list args;
  va_start(args, format);
  ms_buf_vprintf(graph->out, format, args);
  va_end(args);
  ms_buf_char(graph->out, '\n');
}

/* ---- labels ---- */

static const char *relation_sign(enum ms_compare_relation relation)
{
  static const char *const signs[] = {[MS_COMPARE_EQ] = "==", [MS_COMPARE_LT] = "<",
                                      [MS_COMPARE_GT] = ">", [MS_COMPARE_LE] = "<=",
                                      [MS_COMPARE_GE] = ">="};
  return signs[relation];
}

static const char *test_name(enum ms_compare_family family)
{
  switch (family) {
  case MS_COMPARE_IS_NULL:
    return "null";
  case MS_COMPARE_IS_PRESENT:
    return "present";
  case MS_COMPARE_IS_NUMERIC:
    return "a number";
  case MS_COMPARE_IS_STRING:
    return "a string";
  case MS_COMPARE_IS_BOOLEAN:
    return "a boolean";
  case MS_COMPARE_IS_TIMESTAMP:
    return "a timestamp";
  default:
    return NULL;
  }
}

static void print_comparison(struct ms_buf *out, const struct ms_rule *rule, struct ms_json source)
{
  struct ms_json operand = ms_json_getc(source, rule->operand.field);
  const char *test = test_name(rule->family);
  ms_buf_str(out, ms_json_text(ms_json_getc(source, "Variable")));
  if (test != NULL) {
    ms_buf_printf(out, " is %s%s", ms_json_is_true(operand) ? "" : "not ", test);
    return;
  }
  const char *sign = rule->family == MS_COMPARE_MATCHES ? "matches" : relation_sign(rule->relation);
  ms_buf_printf(out, " %s ", sign);
  if (rule->operand.kind == MS_SETTING_QUERY) {
    ms_buf_str(out, ms_json_text(operand));
  } else {
    ms_json_print(out, operand);
  }
}

/* `{% $x > 1 %}` without its marks. */
static void print_condition(struct ms_buf *out, struct ms_json condition)
{
  if (!ms_json_is_string(condition)) {
    ms_json_print(out, condition);
    return;
  }
  struct ms_str text = ms_json_text(condition);
  if (ms_str_has_prefix(text, "{%") && ms_str_has_suffix(text, "%}") && text.len >= 4) {
    text = ms_str_sub(text, 2, text.len - 2);
  }
  while (text.len > 0 && text.data[0] == ' ') {
    text = ms_str_sub(text, 1, text.len);
  }
  while (text.len > 0 && text.data[text.len - 1] == ' ') {
    text.len--;
  }
  ms_buf_str(out, text);
}

static void print_rule(struct ms_buf *out, const struct ms_rule *rule, struct ms_json source);

/* A child in brackets when it has parts of its own. */
static void print_child(struct ms_buf *out, const struct ms_rule *rule, struct ms_json source)
{
  bool has_parts = rule->kind == MS_RULE_AND || rule->kind == MS_RULE_OR;
  ms_buf_cstr(out, has_parts ? "(" : "");
  print_rule(out, rule, source);
  ms_buf_cstr(out, has_parts ? ")" : "");
}

static void print_list(struct ms_buf *out, const struct ms_rule *rule, struct ms_json source)
{
  bool is_and = rule->kind == MS_RULE_AND;
  struct ms_json list = ms_json_getc(source, is_and ? "And" : "Or");
  for (uint32_t i = 0; i < rule->child_count; i++) {
    ms_buf_cstr(out, i == 0 ? "" : is_and ? " and " : " or ");
    print_child(out, &rule->children[i], ms_json_at(list, i));
  }
}

/* No deeper than the compiler lets rules be. */
static void print_rule(struct ms_buf *out, const struct ms_rule *rule, struct ms_json source)
{
  switch (rule->kind) {
  case MS_RULE_COMPARE:
    print_comparison(out, rule, source);
    break;
  case MS_RULE_AND:
  case MS_RULE_OR:
    print_list(out, rule, source);
    break;
  case MS_RULE_NOT:
    ms_buf_cstr(out, "not ");
    print_child(out, &rule->children[0], ms_json_getc(source, "Not"));
    break;
  case MS_RULE_CONDITION:
    print_condition(out, ms_json_getc(source, "Condition"));
    break;
  case MS_RULE_FUNCTION:
    ms_buf_str(out, rule->function);
    ms_buf_cstr(out, "()");
    break;
  }
}

/* Cuts the scratch label to its maximum; returns a view of it. */
static struct ms_str finish_label(struct ms_asl_graph *graph)
{
  struct ms_str label = ms_buf_view(&graph->label);
  if (graph->label.error != 0) {
    graph->out->error = MSTEP_ENOMEM;
    return (struct ms_str){"", 0};
  }
  size_t pos = 0;
  for (size_t i = 0; pos < label.len && i < MS_ASL_GRAPH_LABEL_MAX; i++) {
    (void)ms_utf8_next(label, &pos);
  }
  if (pos < label.len) {
    graph->label.len = pos;
    ms_buf_cstr(&graph->label, "…");
    label = ms_buf_view(&graph->label);
  }
  return label;
}

/* ---- edges ---- */

static const struct ms_choices *choices_of(const struct ms_state *state)
{
  for (const struct ms_field *field = state->type->fields; field->name != NULL; field++) {
    if (field->kind == MS_FIELD_CHOICES) {
      return (const void *)((const char *)state + field->offset);
    }
  }
  return NULL;
}

static void print_edge(struct ms_asl_graph *graph, enum ms_asl_edge_kind kind, uint32_t from,
                       uint32_t to, struct ms_str label)
{
  struct ms_asl_edge edge = {.kind = kind, .from = from, .to = to, .label = label};
  graph->style->edge(graph, &edge);
}

static void print_choice_edges(struct ms_asl_graph *graph, const struct ms_state *state,
                               const struct ms_choices *choices)
{
  struct ms_json source = ms_json_getc(ms_json_pointer(graph->root, state->pointer), "Choices");
  for (uint32_t i = 0; i < choices->count; i++) {
    ms_buf_reset(&graph->label);
    print_rule(&graph->label, &choices->rules[i], ms_json_at(source, i));
    print_edge(graph, MS_ASL_EDGE_CHOICE, state->index, choices->rules[i].next, finish_label(graph));
  }
  if (state->next != MS_STATE_NONE) {
    print_edge(graph, MS_ASL_EDGE_DEFAULT, state->index, state->next, MS_STR("default"));
  }
}

static void print_edges(struct ms_asl_graph *graph, const struct ms_state *state)
{
  const struct ms_choices *choices = choices_of(state);
  if (choices != NULL) {
    print_choice_edges(graph, state, choices);
  } else {
    print_edge(graph, MS_ASL_EDGE_NEXT, state->index, state->next, MS_STR(""));
  }
  for (uint32_t i = 0; i < state->catcher_count; i++) {
    const struct ms_catcher *catcher = &state->catchers[i];
    ms_buf_reset(&graph->label);
    for (uint32_t j = 0; j < catcher->error_count; j++) {
      ms_buf_cstr(&graph->label, j == 0 ? "" : ", ");
      ms_buf_str(&graph->label, catcher->errors[j]);
    }
    print_edge(graph, MS_ASL_EDGE_CATCH, state->index, catcher->next, finish_label(graph));
  }
}

/* ---- the walk ---- */

/*
 * States stand in the order of the text, so those of a flow and of all flows inside it are one run. Prints
 * the run that begins at `index` and returns where it ends.
 */
static uint32_t print_flow(struct ms_asl_graph *graph, uint32_t index, uint32_t number)
{
  const struct ms_machine *machine = graph->machine;
  const struct ms_flow *flow = machine->states[index]->flow;
  uint32_t first = index;
  graph->style->flow(graph, flow, number);
  while (index < machine->state_count && machine->states[index]->flow == flow) {
    const struct ms_state *state = machine->states[index++];
    bool has_flows = index < machine->state_count && machine->states[index]->flow->owner == state;
    graph->style->state(graph, state, has_flows);
    for (uint32_t i = 0;
         index < machine->state_count && machine->states[index]->flow->owner == state; i++) {
      index = print_flow(graph, index, i);
    }
    if (has_flows) {
      graph->style->state_end(graph, state);
    }
  }
  for (uint32_t i = first; i < index; i++) {
    if (machine->states[i]->flow == flow) {
      print_edges(graph, machine->states[i]);
    }
  }
  graph->style->flow_end(graph, flow);
  return index;
}

void ms_asl_graph_print(struct ms_buf *out, const struct ms_machine *machine,
                        const struct ms_asl_graph_style *style)
{
  struct ms_asl_graph graph = {.out = out, .machine = machine, .style = style};
  ms_buf_init(&graph.label, MS_BUF_MAX_DEFAULT);
  if (ms_json_parse(&graph.root, machine->text, NULL, NULL) != 0) {
    out->error = MSTEP_ENOMEM; /* the text has been parsed before: nothing else can be wrong */
  }
  style->begin(&graph);
  if (machine->state_count > 0) {
    (void)print_flow(&graph, 0, 0);
  }
  style->end(&graph);
  ms_buf_deinit(&graph.label);
  ms_json_unref(graph.root);
}
