/*
 * What the simple kinds of nodes give: constructors, blocks, conditions, logic, assignments, wildcards.
 * Apart from eval.c, so that the function every node goes through stays small.
 */
#include "query/jsonata/eval_basic.h"

struct ms_jx ms_jx_eval_array(struct ms_jx_eval *ev, const struct ms_jx_node *node,
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

struct ms_jx ms_jx_eval_block(struct ms_jx_eval *ev, const struct ms_jx_node *node,
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

struct ms_jx ms_jx_eval_condition(struct ms_jx_eval *ev, const struct ms_jx_node *node,
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
struct ms_jx ms_jx_eval_default(struct ms_jx_eval *ev, const struct ms_jx_node *node,
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

struct ms_jx ms_jx_eval_logic(struct ms_jx_eval *ev, const struct ms_jx_node *node,
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

struct ms_jx ms_jx_eval_negate(struct ms_jx_eval *ev, const struct ms_jx_node *node,
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

struct ms_jx ms_jx_eval_bind(struct ms_jx_eval *ev, const struct ms_jx_node *node,
                             struct ms_jx input, struct ms_jx_frame *frame)
{
  struct ms_jx value = ms_jx_eval(ev, node->rhs, input, frame);
  if (!ms_jx_is_error(value) && !ms_jx_bind(ev, frame, node->symbol, value)) {
    return MS_JX_VALUE_ERROR;
  }
  return value;
}

struct ms_jx ms_jx_eval_transform(struct ms_jx_eval *ev, const struct ms_jx_node *node,
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
struct ms_jx ms_jx_eval_wildcard(struct ms_jx_eval *ev, struct ms_jx input)
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
struct ms_jx ms_jx_eval_descendants(struct ms_jx_eval *ev, struct ms_jx input)
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
