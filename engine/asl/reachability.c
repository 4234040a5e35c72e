/*
 * What can be said when all names are known: whether each transition has a target, whether the machine
 * can end, and whether each state can be reached. As on AWS a machine without a terminal state is
 * not walked, and only the machine's own flow must have one.
 */
#include "asl/parse.h"

static uint32_t find_state(struct ms_asl_parse *parse, uint32_t scope, struct ms_str name)
{
  struct ms_str key;
  if (!ms_asl_scoped_key(parse, scope, name, &key)) {
    return MS_STATE_NONE;
  }
  uintptr_t value = (uintptr_t)ms_map_get(&parse->names, key);
  return value == 0 ? MS_STATE_NONE : (uint32_t)(value - 1);
}

/* The state of the same flow whose name is nearest. */
static uint32_t guess_state(struct ms_asl_parse *parse, const struct ms_asl_transition *transition,
                            struct ms_asl_guess *guess)
{
  const struct ms_machine *machine = parse->machine;
  const struct ms_flow *flow = parse->scopes.data[transition->scope].flow;
  uint32_t best = MS_STATE_NONE;
  ms_asl_guess_begin(guess, parse, transition->name);
  for (uint32_t i = 0; i < machine->state_count && parse->guesses_left > 0; i++) {
    if (machine->states[i]->flow == flow) {
      const char *before = guess->best.data;
      ms_asl_guess_offer(guess, machine->states[i]->name);
      best = guess->best.data != before ? i : best;
    }
  }
  return best;
}

static void missing_target(struct ms_asl_parse *parse, struct ms_asl_transition *transition)
{
  struct ms_asl_guess guess;
  /* The probable target counts as reached: one typing error, one complaint. */
  transition->target = guess_state(parse, transition, &guess);
  struct ms_str hint = ms_asl_guess_hint(&guess);
  if (hint.data == NULL && find_state(parse, 0, transition->name) != MS_STATE_NONE) {
    hint = MS_STR("The state of this name stands in another flow; transitions stay inside their own "
                  "\"States\".");
  }
  struct ms_asl_problem problem = {
      .code = MS_ASL_MISSING_TARGET, .pointer = transition->pointer, .hint = hint};
  ms_asl_problem(parse, &problem, "Missing 'Next' target: %.*s", MS_STR_ARG(transition->name));
}

static void resolve_targets(struct ms_asl_parse *parse)
{
  for (size_t i = 0; i < parse->transitions.count && parse->error == 0; i++) {
    struct ms_asl_transition *transition = &parse->transitions.data[i];
    uint32_t target = find_state(parse, transition->scope, transition->name);
    transition->target = target;
    *transition->slot = target;
    if (target == MS_STATE_NONE && parse->error == 0) {
      missing_target(parse, transition);
    }
  }
}

/* Ways out of each state: those of state i stand in targets from first[i] to first[i + 1]. */
struct graph {
  uint32_t *first;
  uint32_t *targets;
  uint32_t *stack;
  bool *is_reached;
};

static bool make_graph(struct ms_asl_parse *parse, struct graph *graph)
{
  uint32_t count = parse->machine->state_count;
  graph->first = ms_arena_calloc(parse->scratch, (size_t)count + 2, sizeof *graph->first);
  graph->targets = ms_arena_calloc(parse->scratch, parse->transitions.count + 1, sizeof *graph->targets);
  graph->stack = ms_arena_calloc(parse->scratch, (size_t)count + 1, sizeof *graph->stack);
  graph->is_reached = ms_arena_calloc(parse->scratch, (size_t)count + 1, sizeof *graph->is_reached);
  if (graph->first == NULL || graph->targets == NULL || graph->stack == NULL ||
      graph->is_reached == NULL) {
    ms_asl_nomem(parse);
    return false;
  }
  /* Counting sort: state i is counted at i + 2, so that writing through i + 1 leaves it right. */
  for (size_t i = 0; i < parse->transitions.count; i++) {
    const struct ms_asl_transition *transition = &parse->transitions.data[i];
    if (transition->from != MS_STATE_NONE && transition->target != MS_STATE_NONE) {
      graph->first[transition->from + 2]++;
    }
  }
  for (uint32_t i = 2; i <= count + 1; i++) {
    graph->first[i] += graph->first[i - 1];
  }
  for (size_t i = 0; i < parse->transitions.count; i++) {
    const struct ms_asl_transition *transition = &parse->transitions.data[i];
    if (transition->from != MS_STATE_NONE && transition->target != MS_STATE_NONE) {
      graph->targets[graph->first[transition->from + 1]++] = transition->target;
    }
  }
  return true;
}

/* Flows do not mix, so one walk from the starts of all of them does. */
static void walk_graph(const struct ms_asl_parse *parse, struct graph *graph)
{
  uint32_t depth = 0;
  for (size_t i = 0; i < parse->transitions.count; i++) {
    const struct ms_asl_transition *transition = &parse->transitions.data[i];
    uint32_t target = transition->target;
    if (transition->from == MS_STATE_NONE && target != MS_STATE_NONE && !graph->is_reached[target]) {
      graph->is_reached[target] = true;
      graph->stack[depth++] = target;
    }
  }
  while (depth > 0) {
    uint32_t state = graph->stack[--depth];
    for (uint32_t i = graph->first[state]; i < graph->first[state + 1]; i++) {
      uint32_t target = graph->targets[i];
      if (!graph->is_reached[target]) {
        graph->is_reached[target] = true;
        graph->stack[depth++] = target;
      }
    }
  }
}

static void report_unreached(struct ms_asl_parse *parse, const struct graph *graph)
{
  const struct ms_machine *machine = parse->machine;
  for (uint32_t i = 0; i < machine->state_count && parse->error == 0; i++) {
    const struct ms_state *state = machine->states[i];
    if (!graph->is_reached[i]) {
      struct ms_asl_problem problem = {.code = MS_ASL_MISSING_TARGET, .pointer = state->pointer,
                                       .is_at_name = true,
                                       .hint = MS_STR("Name it in the \"Next\" of another state, or "
                                                      "remove it.")};
      ms_asl_problem(parse, &problem, "State \"%.*s\" is not reachable.", MS_STR_ARG(state->name));
    }
  }
}

/* AWS minds only the machine itself; a branch that cannot end is taken, and hangs. */
static void warn_endless(struct ms_asl_parse *parse)
{
  for (size_t i = 2; i < parse->scopes.count && parse->error == 0; i++) {
    const struct ms_asl_scope *scope = &parse->scopes.data[i];
    if (!scope->has_end) {
      struct ms_asl_problem problem = {
          .code = "MISSING_END_STATE", .severity = MS_SEVERITY_WARNING,
          .pointer = scope->flow->pointer,
          .hint = MS_STR("Give one state \"End\": true, or add a Succeed or Fail state.")};
      ms_asl_problem(parse, &problem, "No state of this flow is terminal: it can only fail or hang");
    }
  }
}

void ms_asl_resolve(struct ms_asl_parse *parse)
{
  struct graph graph;
  resolve_targets(parse);
  if (parse->machine->state_count == 0 || parse->has_lost_way || parse->error != 0) {
    return;
  }
  warn_endless(parse);
  if (!parse->scopes.data[1].has_end) { /* the machine's own is the first */
    struct ms_asl_problem problem = {
        .code = "MISSING_END_STATE", .pointer = MS_STR("/States"), .is_placeless = true,
        .hint = MS_STR("Give one state \"End\": true, or add a Succeed or Fail state.")};
    ms_asl_problem(parse, &problem, "Workflow has no terminal state");
    return;
  }
  if (make_graph(parse, &graph)) {
    walk_graph(parse, &graph);
    report_unreached(parse, &graph);
  }
}
