/*
 * The evaluator's centre: one function that looks at a node's type, applies what hangs on the node
 * (predicates, grouping), and unwraps sequences. Everything larger lives in a file of its own.
 *
 * Depth counts nested nodes exactly as the reference does, because AWS's limit of 100 is in that unit.
 */
#include "query/jsonata/eval.h"

struct ms_jx_frame *ms_jx_new_frame(struct ms_jx_eval *ev, struct ms_jx_frame *parent,
                                    uint32_t count)
{
  struct ms_jx_frame *frame = ms_jx_alloc(ev, sizeof *frame + count * sizeof frame->args[0]);
  if (frame != NULL) {
    frame->parent = parent;
    frame->head = NULL;
    frame->params = NULL;
    frame->count = count;
  }
  return frame;
}

bool ms_jx_bind(struct ms_jx_eval *ev, struct ms_jx_frame *frame, uint32_t symbol,
                struct ms_jx value)
{
  struct ms_jx_binding *binding = ms_jx_alloc(ev, sizeof *binding);
  if (binding == NULL) {
    return false;
  }
  *binding = (struct ms_jx_binding){value, frame->head, symbol};
  frame->head = binding;
  return true;
}

struct ms_jx_function *ms_jx_new_function(struct ms_jx_eval *ev, enum ms_jx_function_kind kind)
{
  struct ms_jx_function *function = ms_jx_alloc(ev, sizeof *function);
  if (function != NULL) {
    memset(function, 0, sizeof *function);
    function->kind = (uint8_t)kind;
    function->made_at = ++ev->made;
  }
  return function;
}

/* `$states`: its members, the context only when the expression asks for it. */
static struct ms_jx make_states(struct ms_jx_eval *ev, struct ms_query_env *query)
{
  unsigned used = ev->program->states;
  struct ms_jx states = ms_jx_dict(ev, 4);
  const struct {
    struct ms_jx key;
    struct ms_json value;
  } members[] = {
      {MS_JX_LITERAL("input"), query->input},
      {MS_JX_LITERAL("result"), query->result},
      {MS_JX_LITERAL("errorOutput"), query->error_output},
  };
  for (size_t i = 0; i < 3 && !ms_jx_is_error(states); i++) {
    if (!ms_json_is_none(members[i].value) &&
        !ms_jx_dict_set(ev, states, members[i].key, ms_jx_from_json(members[i].value))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  if ((used & (MS_JSONATA_STATES_CONTEXT | MS_JSONATA_STATES_WHOLE)) != 0 &&
      !ms_jx_is_error(states) && query->context != NULL) {
    struct ms_json context = query->context(query);
    if (ms_json_is_none(context)) {
      return ms_jx_fail_nomem(ev);
    }
    if (!ms_jx_dict_set(ev, states, MS_JX_LITERAL("context"), ms_jx_from_json(context))) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return states;
}

/* A variable that nothing in the expression binds: the host's, else a built-in function. */
static struct ms_jx find_global(struct ms_jx_eval *ev, uint32_t symbol)
{
  const struct ms_jsonata_env *env = ev->env;
  const struct ms_jx_symbol *known = &ev->program->symbols[symbol];
  struct ms_jx value = MS_JX_VALUE_UNDEFINED;
  if (env->query != NULL) {
    if (ms_str_is(known->name, "states")) {
      return make_states(ev, env->query);
    }
    if (env->query->variable != NULL) {
      value = ms_jx_from_json(env->query->variable(env->query, known->name));
    }
  } else if (env->variable != NULL) {
    value = ms_jx_from_json(env->variable(env->user, known->name));
  }
  if (value.type == MS_JX_UNDEFINED && known->builtin != NULL) {
    value = ms_jx_function_value((struct ms_jx_function *)(uintptr_t)known->builtin);
  }
  ev->globals[symbol] = value;
  return value;
}

static const struct ms_jx *find_in_frame(const struct ms_jx_frame *frame, uint32_t symbol)
{
  for (const struct ms_jx_binding *b = frame->head; b != NULL; b = b->next) {
    if (b->symbol == symbol) {
      return &b->value;
    }
  }
  for (uint32_t i = frame->count; i > 0; i--) {
    if (frame->params[i - 1] == symbol) {
      return &frame->args[i - 1];
    }
  }
  return NULL;
}

struct ms_jx ms_jx_lookup(struct ms_jx_eval *ev, uint32_t symbol, struct ms_jx_frame *frame)
{
  if (ev->program->symbols[symbol].is_bound) {
    for (; frame != NULL; frame = frame->parent) {
      const struct ms_jx *found = find_in_frame(frame, symbol);
      if (found != NULL) {
        return *found;
      }
    }
  }
  if (symbol == 1) {
    return ev->root;
  }
  struct ms_jx global = ev->globals[symbol];
  return global.type != MS_JX_UNSET ? global : find_global(ev, symbol);
}

static struct ms_jx eval_array(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                               struct ms_jx input, struct ms_jx_frame *frame)
{
  size_t base = ev->stack_count;
  for (uint32_t i = 0; i < node->count; i++) {
    const struct ms_jx_node *item = node->items[i];
    struct ms_jx value = ms_jx_eval(ev, item, input, frame);
    if (ms_jx_is_error(value)) {
      return value;
    }
    if (value.type == MS_JX_UNDEFINED) {
      continue;
    }
    if (item->type == MS_JX_N_ARRAY || !ms_jx_is_array(value)) {
      if (!ms_jx_push(ev, value)) {
        return MS_JX_VALUE_ERROR;
      }
      continue;
    }
    size_t count = ms_jx_count(value);
    if (node->count == 1) {
      value.flags = (node->flags & MS_JX_F_CONS) != 0 ? MS_JX_CONS : 0;
      return value; /* [a.b]: the same items, no longer a sequence */
    }
    for (size_t j = 0; j < count; j++) {
      if (!ms_jx_push(ev, ms_jx_at(value, j))) {
        return MS_JX_VALUE_ERROR;
      }
    }
  }
  return ms_jx_pop_list(ev, base, (node->flags & MS_JX_F_CONS) != 0 ? MS_JX_CONS : 0);
}

static struct ms_jx eval_block(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                               struct ms_jx input, struct ms_jx_frame *parent)
{
  struct ms_jx value = MS_JX_VALUE_UNDEFINED;
  struct ms_jx_frame *frame = parent;
  bool binds = false;
  for (uint32_t i = 0; i < node->count && !binds; i++) {
    binds = (node->items[i]->flags & MS_JX_F_BINDS) != 0;
  }
  if (binds && (frame = ms_jx_new_frame(ev, parent, 0)) == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  for (uint32_t i = 0; i < node->count && !ms_jx_is_error(value); i++) {
    value = ms_jx_eval(ev, node->items[i], input, frame);
  }
  return value;
}

static struct ms_jx eval_condition(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                   struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx condition = ms_jx_eval(ev, node->lhs, input, frame);
  int truth = ms_jx_is_error(condition) ? -2 : ms_jx_truth(ev, condition);
  if (truth == -2) {
    return MS_JX_VALUE_ERROR;
  }
  const struct ms_jx_node *branch = truth == 1 ? node->rhs : node->third;
  return branch == NULL ? MS_JX_VALUE_UNDEFINED : ms_jx_eval(ev, branch, input, frame);
}

/* `a ?: b` and `a ?? b` */
static struct ms_jx eval_default(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                 struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx value = ms_jx_eval(ev, node->lhs, input, frame);
  if (ms_jx_is_error(value)) {
    return value;
  }
  bool is_given = value.type != MS_JX_UNDEFINED;
  if (node->type == MS_JX_N_ELVIS) {
    int truth = ms_jx_truth(ev, value);
    if (truth == -2) {
      return MS_JX_VALUE_ERROR;
    }
    is_given = truth == 1;
  }
  return is_given ? value : ms_jx_eval(ev, node->rhs, input, frame);
}

static struct ms_jx eval_logic(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                               struct ms_jx input, struct ms_jx_frame *frame)
{
  bool is_or = node->type == MS_JX_N_OR;
  const struct ms_jx_node *sides[2] = {node->lhs, node->rhs};
  for (int i = 0; i < 2; i++) {
    struct ms_jx value = ms_jx_eval(ev, sides[i], input, frame);
    if (ms_jx_is_error(value) && i == 0) {
      return value;
    }
    int truth = ms_jx_is_error(value) ? -2 : ms_jx_truth(ev, value);
    if (truth == -2) { /* errors of the right side are the operator's too */
      ev->error.has_pos = true;
      ev->error.pos = node->pos;
      ev->error.token = ms_jx_text_value(node->token);
      return MS_JX_VALUE_ERROR;
    }
    if ((truth == 1) == is_or) {
      return ms_jx_bool(is_or);
    }
  }
  return ms_jx_bool(!is_or);
}

static struct ms_jx eval_negate(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx value = ms_jx_eval(ev, node->lhs, input, frame);
  if (ms_jx_is_error(value) || value.type == MS_JX_UNDEFINED) {
    return value;
  }
  if (value.type == MS_JX_INT && value.u.integer != 0 && value.u.integer != INT64_MIN) {
    return ms_jx_int(-value.u.integer);
  }
  int is_number = ms_jx_check_number(ev, value);
  if (is_number <= 0) {
    if (is_number == 0) {
      ms_jx_fail_value(ev, "D1002", value);
      ev->error.has_pos = true;
      ev->error.pos = node->pos;
      ev->error.token = ms_jx_text_value(node->token);
    }
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_double(-ms_jx_number(value));
}

static struct ms_jx eval_bind(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx value = ms_jx_eval(ev, node->rhs, input, frame);
  if (!ms_jx_is_error(value) && !ms_jx_bind(ev, frame, node->symbol, value)) {
    return MS_JX_VALUE_ERROR;
  }
  return value;
}

static struct ms_jx eval_transform(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                   struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx_function *function = ms_jx_new_function(ev, MS_JX_FN_TRANSFORM);
  if (function == NULL) {
    return MS_JX_VALUE_ERROR;
  }
  function->node = node;
  function->input = input;
  function->frame = frame;
  return ms_jx_function_value(function);
}

/* Pushes the items of nested arrays, outermost first. */
static bool push_flat(struct ms_jx_eval *ev, struct ms_jx value, unsigned depth)
{
  if (!ms_jx_is_array(value)) {
    return ms_jx_spend(ev, 1) && ms_jx_push(ev, value);
  }
  if (depth > MS_JSON_DEPTH_MAX) {
    ms_jx_fail_depth(ev);
    return false;
  }
  size_t count = ms_jx_count(value);
  for (size_t i = 0; i < count; i++) {
    if (!push_flat(ev, ms_jx_at(value, i), depth + 1)) {
      return false;
    }
  }
  return ms_jx_spend(ev, 1);
}

/* `*`: the values of an object's members, arrays among them flattened. */
static struct ms_jx eval_wildcard(struct ms_jx_eval *ev, struct ms_jx input)
{
  size_t base = ev->stack_count;
  uint8_t flags = MS_JX_SEQUENCE;
  if ((input.flags & MS_JX_OUTER) != 0 && ms_jx_count(input) > 0) {
    input = ms_jx_at(input, 0);
  }
  bool is_array = ms_jx_is_array(input);
  size_t count = is_array ? ms_jx_count(input) : ms_jx_member_count(input);
  for (size_t i = 0; i < count; i++) {
    struct ms_jx value = is_array ? ms_jx_at(input, i) : ms_jx_member_value(input, i);
    if (ms_jx_is_array(value)) {
      flags = 0; /* appending an array makes a plain one */
    }
    if (!push_flat(ev, value, 0)) {
      return MS_JX_VALUE_ERROR;
    }
  }
  return ms_jx_pop_list(ev, base, flags);
}

static bool push_descendants(struct ms_jx_eval *ev, struct ms_jx value, unsigned depth)
{
  if (depth > MS_JSON_DEPTH_MAX) {
    ms_jx_fail_depth(ev);
    return false;
  }
  bool is_array = ms_jx_is_array(value);
  if (!ms_jx_spend(ev, 1) || (!is_array && !ms_jx_push(ev, value))) {
    return false;
  }
  size_t count = is_array ? ms_jx_count(value) : ms_jx_member_count(value);
  for (size_t i = 0; i < count; i++) {
    struct ms_jx child = is_array ? ms_jx_at(value, i) : ms_jx_member_value(value, i);
    if (!push_descendants(ev, child, depth + 1)) {
      return false;
    }
  }
  return true;
}

/* `**`: the value and everything below it, but arrays. */
static struct ms_jx eval_descendants(struct ms_jx_eval *ev, struct ms_jx input)
{
  size_t base = ev->stack_count;
  if (input.type == MS_JX_UNDEFINED) {
    return input;
  }
  if (!push_descendants(ev, input, 0)) {
    return MS_JX_VALUE_ERROR;
  }
  return ms_jx_pop_sequence(ev, base);
}

static struct ms_jx eval_variable(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                  struct ms_jx input, struct ms_jx_frame *frame)
{
  if (node->symbol != 0) {
    return ms_jx_lookup(ev, node->symbol, frame);
  }
  return (input.flags & MS_JX_OUTER) != 0 ? ms_jx_at(input, 0) : input;
}

static struct ms_jx eval_call(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                              struct ms_jx input, struct ms_jx_frame *frame)
{
  if ((node->flags & MS_JX_F_TAIL) != 0) {
    ev->thunk = node;
    ev->thunk_input = input;
    ev->thunk_frame = frame;
    return ms_jx_make(MS_JX_THUNK);
  }
  return ms_jx_eval_call(ev, node, input, frame, NULL);
}

static struct ms_jx eval_by_type(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                 struct ms_jx input, struct ms_jx_frame *frame)
{
  switch (node->type) {
  case MS_JX_N_PATH:
    return (node->flags & MS_JX_F_SIMPLE) != 0 ? ms_jx_eval_simple_path(ev, node, input, frame)
                                               : ms_jx_eval_path(ev, node, input, frame);
  case MS_JX_N_NAME: return ms_jx_lookup_name(ev, input, node->token);
  case MS_JX_N_LITERAL_STRING:
  case MS_JX_N_LITERAL_NUMBER:
  case MS_JX_N_LITERAL_VALUE:
  case MS_JX_N_REGEX: return node->value;
  case MS_JX_N_VARIABLE: return eval_variable(ev, node, input, frame);
  case MS_JX_N_WILDCARD: return eval_wildcard(ev, input);
  case MS_JX_N_DESCENDANT: return eval_descendants(ev, input);
  case MS_JX_N_PARENT: return ms_jx_lookup(ev, node->slot->symbol, frame);
  case MS_JX_N_BINARY: return ms_jx_eval_binary(ev, node, input, frame);
  case MS_JX_N_AND:
  case MS_JX_N_OR: return eval_logic(ev, node, input, frame);
  case MS_JX_N_NEGATE: return eval_negate(ev, node, input, frame);
  case MS_JX_N_ARRAY: return eval_array(ev, node, input, frame);
  case MS_JX_N_OBJECT: return ms_jx_eval_group(ev, node, input, frame);
  case MS_JX_N_CONDITION: return eval_condition(ev, node, input, frame);
  case MS_JX_N_ELVIS:
  case MS_JX_N_COALESCE: return eval_default(ev, node, input, frame);
  case MS_JX_N_BLOCK: return eval_block(ev, node, input, frame);
  case MS_JX_N_BIND: return eval_bind(ev, node, input, frame);
  case MS_JX_N_CALL: return eval_call(ev, node, input, frame);
  case MS_JX_N_PARTIAL: return ms_jx_eval_partial(ev, node, input, frame);
  case MS_JX_N_LAMBDA: return ms_jx_eval_lambda(ev, node, input, frame);
  case MS_JX_N_APPLY: return ms_jx_eval_apply(ev, node, input, frame);
  case MS_JX_N_TRANSFORM: return eval_transform(ev, node, input, frame);
  default: return MS_JX_VALUE_UNDEFINED;
  }
}

/* Predicates and grouping that hang on the node itself. */
static struct ms_jx eval_attached(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                                  struct ms_jx value, struct ms_jx_frame *frame)
{
  if (node->stages != NULL && (node->flags & MS_JX_F_STEP) == 0) {
    value = ms_jx_eval_stages(ev, node->stages, value, frame);
  }
  if (node->group != NULL && node->type != MS_JX_N_PATH && !ms_jx_is_error(value)) {
    value = ms_jx_eval_group(ev, node->group, value, frame);
  }
  return value;
}

struct ms_jx ms_jx_eval_node(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                             struct ms_jx input, struct ms_jx_frame *frame)
{
  if (ev->depth >= ev->max_depth) {
    return ms_jx_fail_depth(ev);
  }
  if (++ev->steps > ev->max_steps) {
    return ms_jx_fail_steps(ev);
  }
  ev->depth++;
  struct ms_jx value = eval_by_type(ev, node, input, frame);
  if ((node->stages != NULL || node->group != NULL) && !ms_jx_is_error(value)) {
    value = eval_attached(ev, node, value, frame);
  }
  ev->depth--;
  if ((value.flags & (MS_JX_SEQUENCE | MS_JX_TUPLES)) == MS_JX_SEQUENCE) {
    if ((node->flags & MS_JX_F_KEEP) != 0) {
      value.flags |= MS_JX_KEEP;
    }
    size_t count = ms_jx_count(value);
    if (count == 0) {
      return MS_JX_VALUE_UNDEFINED;
    }
    if (count == 1 && (value.flags & MS_JX_KEEP) == 0) {
      return ms_jx_at(value, 0);
    }
  }
  return value;
}
