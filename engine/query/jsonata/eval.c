/*
 * The evaluator's centre: one function that looks at a node's type, applies what hangs on the node
 * (predicates, grouping), and unwraps sequences. Everything larger lives in a file of its own.
 *
 * Depth counts nested nodes exactly as the reference does, because AWS's limit of 100 is in that unit.
 */
#include "query/jsonata/eval_basic.h"

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
  case MS_JX_N_NAME:
    return ms_jx_lookup_name(ev, input, node->token);
  case MS_JX_N_LITERAL_STRING:
  case MS_JX_N_LITERAL_NUMBER:
  case MS_JX_N_LITERAL_VALUE:
  case MS_JX_N_REGEX:
    return node->value;
  case MS_JX_N_VARIABLE:
    return eval_variable(ev, node, input, frame);
  case MS_JX_N_WILDCARD:
    return ms_jx_eval_wildcard(ev, input);
  case MS_JX_N_DESCENDANT:
    return ms_jx_eval_descendants(ev, input);
  case MS_JX_N_PARENT:
    return ms_jx_lookup(ev, node->slot->symbol, frame);
  case MS_JX_N_BINARY:
    return ms_jx_eval_binary(ev, node, input, frame);
  case MS_JX_N_AND:
  case MS_JX_N_OR:
    return ms_jx_eval_logic(ev, node, input, frame);
  case MS_JX_N_NEGATE:
    return ms_jx_eval_negate(ev, node, input, frame);
  case MS_JX_N_ARRAY:
    return ms_jx_eval_array(ev, node, input, frame);
  case MS_JX_N_OBJECT:
    return ms_jx_eval_group(ev, node, input, frame);
  case MS_JX_N_CONDITION:
    return ms_jx_eval_condition(ev, node, input, frame);
  case MS_JX_N_ELVIS:
  case MS_JX_N_COALESCE:
    return ms_jx_eval_default(ev, node, input, frame);
  case MS_JX_N_BLOCK:
    return ms_jx_eval_block(ev, node, input, frame);
  case MS_JX_N_BIND:
    return ms_jx_eval_bind(ev, node, input, frame);
  case MS_JX_N_CALL:
    return eval_call(ev, node, input, frame);
  case MS_JX_N_PARTIAL:
    return ms_jx_eval_partial(ev, node, input, frame);
  case MS_JX_N_LAMBDA:
    return ms_jx_eval_lambda(ev, node, input, frame);
  case MS_JX_N_APPLY:
    return ms_jx_eval_apply(ev, node, input, frame);
  case MS_JX_N_TRANSFORM:
    return ms_jx_eval_transform(ev, node, input, frame);
  default:
    return MS_JX_VALUE_UNDEFINED;
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
