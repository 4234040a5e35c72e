/*
 * From the tree as written to the tree as run:
 *
 *   a.b[0].c   DOT(DOT(a, FILTER(b, 0)), c)  ->  PATH [a] [b, stages: 0] [c]
 *
 * Also finds out, for each `%`, which step's input it means (a slot, seen by walking back through
 * steps, blocks and predicates), and marks calls in tail position. Nodes are changed in place.
 */
#include "query/jsonata/compile.h"

#include <stdio.h>

static struct ms_jx_node *resolve(struct ms_jx_compiler *c, struct ms_jx_node *node);

/* ---- ancestors ---- */

static const char *type_name(const struct ms_jx_node *node)
{
  static const char *const names[] = {
      [MS_JX_N_NAME] = "name",
      [MS_JX_N_LITERAL_STRING] = "string",
      [MS_JX_N_LITERAL_NUMBER] = "number",
      [MS_JX_N_LITERAL_VALUE] = "value",
      [MS_JX_N_VARIABLE] = "variable",
      [MS_JX_N_WILDCARD] = "wildcard",
      [MS_JX_N_DESCENDANT] = "descendant",
      [MS_JX_N_PARENT] = "parent",
      [MS_JX_N_REGEX] = "regex",
      [MS_JX_N_BINARY] = "binary",
      [MS_JX_N_AND] = "binary",
      [MS_JX_N_OR] = "binary",
      [MS_JX_N_NEGATE] = "unary",
      [MS_JX_N_ARRAY] = "unary",
      [MS_JX_N_OBJECT] = "unary",
      [MS_JX_N_CONDITION] = "condition",
      [MS_JX_N_ELVIS] = "condition",
      [MS_JX_N_COALESCE] = "condition",
      [MS_JX_N_BLOCK] = "block",
      [MS_JX_N_BIND] = "bind",
      [MS_JX_N_CALL] = "function",
      [MS_JX_N_PARTIAL] = "partial",
      [MS_JX_N_LAMBDA] = "lambda",
      [MS_JX_N_APPLY] = "apply",
      [MS_JX_N_TRANSFORM] = "transform",
      [MS_JX_N_PATH] = "path",
      [MS_JX_N_SORT] = "sort",
      [MS_JX_N_PLACEHOLDER] = "operator",
  };
  const char *name = node->type < sizeof names / sizeof *names ? names[node->type] : NULL;
  return name == NULL ? "" : name;
}

/* There is nothing that `%` could mean. A path has no place of its own in the text. */
static struct ms_jx_node *fail_parent(struct ms_jx_compiler *c, const struct ms_jx_node *node)
{
  return ms_jx_compile_fail(c, "S0217", node->type == MS_JX_N_PATH ? SIZE_MAX : node->pos,
                            ms_str_c(type_name(node)));
}

static void add_slots(struct ms_jx_node *node, struct ms_jx_slot *slots)
{
  struct ms_jx_slot **end = &node->seeking;
  while (*end != NULL) {
    end = &(*end)->next;
  }
  *end = slots;
}

/* Hands what `child` still seeks to `node`, child and all. */
static void push_ancestry(struct ms_jx_node *node, struct ms_jx_node *child)
{
  if (child == NULL) {
    return;
  }
  struct ms_jx_slot *slots = child->seeking;
  child->seeking = NULL;
  add_slots(node, slots);
  if (child->type == MS_JX_N_PARENT) {
    add_slots(node, child->slot);
  }
}

/* Goes one step back: `node` may be the step whose input the slot means. False on failure. */
static bool seek_parent(struct ms_jx_compiler *c, struct ms_jx_node *node, struct ms_jx_slot *slot)
{
  switch (node->type) {
  case MS_JX_N_NAME:
  case MS_JX_N_WILDCARD:
    slot->level--;
    if (slot->level == 0) {
      if (node->ancestor != NULL) {
        slot->symbol = node->ancestor->symbol;
      }
      node->ancestor = slot;
      node->flags |= MS_JX_F_TUPLE;
    }
    return true;
  case MS_JX_N_PARENT:
    slot->level++;
    return true;
  case MS_JX_N_BLOCK:
    if (node->count > 0) {
      node->flags |= MS_JX_F_TUPLE;
      return seek_parent(c, node->items[node->count - 1], slot);
    }
    return true;
  case MS_JX_N_PATH: {
    node->flags |= MS_JX_F_TUPLE;
    uint32_t index = node->count;
    bool ok = seek_parent(c, node->items[--index], slot);
    while (ok && slot->level > 0 && index > 0) {
      ok = seek_parent(c, node->items[--index], slot);
    }
    return ok;
  }
  default:
    fail_parent(c, node);
    return false;
  }
}

/* Resolves what the last step of a path seeks against the steps before it. */
static bool resolve_ancestry(struct ms_jx_compiler *c, struct ms_jx_node *path)
{
  struct ms_jx_node *last = path->items[path->count - 1];
  struct ms_jx_slot *slots = last->seeking;
  last->seeking = NULL;
  if (last->type == MS_JX_N_PARENT) {
    last->slot->next = slots;
    slots = last->slot;
  }
  while (slots != NULL) {
    struct ms_jx_slot *slot = slots;
    slots = slot->next;
    slot->next = NULL;
    int64_t index = (int64_t)path->count - 2;
    while (slot->level > 0) {
      if (index < 0) {
        add_slots(path, slot);
        break;
      }
      struct ms_jx_node *step = path->items[index--];
      while (index >= 0 && step->focus != 0 && path->items[index]->focus != 0) {
        step = path->items[index--]; /* steps that bind the focus do not move the context */
      }
      if (!seek_parent(c, step, slot)) {
        return false;
      }
    }
  }
  return true;
}

/* ---- paths ---- */

static struct ms_jx_node *new_path(struct ms_jx_compiler *c, struct ms_jx_node *step)
{
  struct ms_jx_node *path = ms_jx_compile_node(c, MS_JX_N_PATH, step->pos, step->token);
  if (path == NULL || (path->items = ms_jx_compile_alloc(c, sizeof *path->items)) == NULL) {
    return NULL;
  }
  path->items[0] = step;
  path->count = 1;
  path->flags |= step->flags & MS_JX_F_BINDS;
  return path;
}

static bool add_steps(struct ms_jx_compiler *c, struct ms_jx_node *path,
                      struct ms_jx_node *const *steps, uint32_t count)
{
  uint32_t needed = path->count + count;
  /* Capacity is the next power of two, so growth need not be remembered. */
  uint32_t capacity = 1;
  while (capacity < path->count) {
    capacity *= 2;
  }
  if (needed > capacity) {
    while (capacity < needed) {
      capacity *= 2;
    }
    struct ms_jx_node **items = ms_jx_compile_alloc(c, capacity * sizeof *items);
    if (items == NULL) {
      return false;
    }
    memcpy(items, path->items, path->count * sizeof *items);
    path->items = items;
  }
  memcpy(path->items + path->count, steps, count * sizeof *steps);
  path->count = needed;
  for (uint32_t i = 0; i < count; i++) {
    path->flags |= steps[i]->flags & MS_JX_F_BINDS;
  }
  return true;
}

/* Literals are no steps, but a string is a name; `[]` on a step holds for the path. */
static bool check_steps(struct ms_jx_compiler *c, struct ms_jx_node *path)
{
  for (uint32_t i = 0; i < path->count; i++) {
    struct ms_jx_node *step = path->items[i];
    if (step->type == MS_JX_N_LITERAL_NUMBER || step->type == MS_JX_N_LITERAL_VALUE) {
      ms_jx_compile_fail(c, "S0213", step->pos, MS_STR(""));
      c->error_value = step->value;
      return false;
    }
    if (step->type == MS_JX_N_LITERAL_STRING) {
      step->type = MS_JX_N_NAME;
    }
    if ((step->flags & MS_JX_F_KEEP) != 0) {
      path->flags |= MS_JX_F_KEEP_PATH;
    }
  }
  if (path->items[0]->type == MS_JX_N_ARRAY) {
    path->items[0]->flags |= MS_JX_F_CONS;
  }
  if (path->items[path->count - 1]->type == MS_JX_N_ARRAY) {
    path->items[path->count - 1]->flags |= MS_JX_F_CONS;
  }
  return true;
}

static struct ms_jx_node *resolve_dot(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  struct ms_jx_node *left = resolve(c, node->lhs);
  if (left == NULL) {
    return NULL;
  }
  struct ms_jx_node *path = left->type == MS_JX_N_PATH ? left : new_path(c, left);
  if (path == NULL) {
    return NULL;
  }
  if (left->type == MS_JX_N_PARENT) {
    add_slots(path, left->slot);
  }
  struct ms_jx_node *rest = resolve(c, node->rhs);
  if (rest == NULL) {
    return NULL;
  }
  if (rest->type != MS_JX_N_PATH && rest->stages != NULL) {
    rest->flags |= MS_JX_F_STEP;
  }
  bool ok = rest->type == MS_JX_N_PATH ? add_steps(c, path, rest->items, rest->count)
                                       : add_steps(c, path, &rest, 1);
  return ok && check_steps(c, path) && resolve_ancestry(c, path) ? path : NULL;
}

static bool add_stage(struct ms_jx_compiler *c, struct ms_jx_node *step,
                      struct ms_jx_node *predicate, uint32_t symbol, uint32_t pos)
{
  struct ms_jx_stage *stage = ms_jx_compile_alloc(c, sizeof *stage);
  if (stage == NULL) {
    return false;
  }
  stage->predicate = predicate;
  stage->symbol = symbol;
  stage->pos = pos;
  struct ms_jx_stage **end = &step->stages;
  while (*end != NULL) {
    end = &(*end)->next;
  }
  *end = stage;
  return true;
}

static struct ms_jx_node *resolve_filter(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  struct ms_jx_node *result = resolve(c, node->lhs);
  if (result == NULL) {
    return NULL;
  }
  struct ms_jx_node *step =
      result->type == MS_JX_N_PATH ? result->items[result->count - 1] : result;
  if (step->group != NULL) {
    return ms_jx_compile_fail(c, "S0209", node->pos, MS_STR(""));
  }
  struct ms_jx_node *predicate = resolve(c, node->rhs);
  if (predicate == NULL) {
    return NULL;
  }
  for (struct ms_jx_slot *slot = predicate->seeking; slot != NULL; slot = slot->next) {
    if (slot->level == 1) {
      if (!seek_parent(c, step, slot)) {
        return NULL;
      }
    } else {
      slot->level--;
    }
  }
  push_ancestry(step, predicate);
  step->flags |= predicate->flags & MS_JX_F_BINDS;
  result->flags |= predicate->flags & MS_JX_F_BINDS;
  step->flags |= result->type == MS_JX_N_PATH ? MS_JX_F_STEP : 0;
  return add_stage(c, step, predicate, 0, node->pos) ? result : NULL;
}

static struct ms_jx_node *resolve_group(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  struct ms_jx_node *result = resolve(c, node->lhs);
  if (result == NULL) {
    return NULL;
  }
  if (result->group != NULL) {
    return ms_jx_compile_fail(c, "S0210", node->pos, MS_STR(""));
  }
  for (uint32_t i = 0; i < node->count; i++) {
    if ((node->items[i] = resolve(c, node->items[i])) == NULL) {
      return NULL;
    }
    result->flags |= node->items[i]->flags & MS_JX_F_BINDS;
  }
  node->lhs = NULL;
  result->group = node;
  return result;
}

static struct ms_jx_node *resolve_order(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  struct ms_jx_node *path = resolve(c, node->lhs);
  if (path != NULL && path->type != MS_JX_N_PATH) {
    path = new_path(c, path);
  }
  if (path == NULL) {
    return NULL;
  }
  node->type = MS_JX_N_SORT;
  node->lhs = NULL;
  for (uint32_t i = 0; i < node->count; i++) {
    bool descending = (node->items[i]->flags & MS_JX_F_DESCENDING) != 0;
    struct ms_jx_node *term = resolve(c, node->items[i]);
    if (term == NULL) {
      return NULL;
    }
    push_ancestry(node, term);
    term->flags |= descending ? MS_JX_F_DESCENDING : 0;
    node->flags |= term->flags & MS_JX_F_BINDS;
    node->items[i] = term;
  }
  return add_steps(c, path, &node, 1) && resolve_ancestry(c, path) ? path : NULL;
}

static struct ms_jx_node *resolve_focus(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  struct ms_jx_node *result = resolve(c, node->lhs);
  if (result == NULL) {
    return NULL;
  }
  struct ms_jx_node *step =
      result->type == MS_JX_N_PATH ? result->items[result->count - 1] : result;
  if (step->stages != NULL) {
    return ms_jx_compile_fail(c, "S0215", node->pos, MS_STR(""));
  }
  if (step->type == MS_JX_N_SORT) {
    return ms_jx_compile_fail(c, "S0216", node->pos, MS_STR(""));
  }
  step->flags |= (node->flags & MS_JX_F_KEEP) | MS_JX_F_TUPLE;
  step->focus = node->symbol;
  return result;
}

static struct ms_jx_node *resolve_index(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  struct ms_jx_node *result = resolve(c, node->lhs);
  if (result != NULL && result->type != MS_JX_N_PATH) {
    result = new_path(c, result);
  }
  if (result == NULL) {
    return NULL;
  }
  struct ms_jx_node *step = result->items[result->count - 1];
  step->flags |= MS_JX_F_STEP;
  if (step->stages == NULL) {
    step->index = node->symbol;
  } else if (!add_stage(c, step, NULL, node->symbol, node->pos)) {
    return NULL;
  }
  step->flags |= MS_JX_F_TUPLE;
  return result;
}

/* ---- everything else ---- */

/* A call whose result is the function's result need not keep the function's frame. */
static void mark_tail(struct ms_jx_node *node)
{
  for (;;) {
    switch (node->type) {
    case MS_JX_N_CALL:
      if (node->stages == NULL && node->group == NULL && (node->flags & MS_JX_F_KEEP) == 0) {
        node->flags |= MS_JX_F_TAIL;
      }
      return;
    case MS_JX_N_CONDITION:
    case MS_JX_N_ELVIS:
    case MS_JX_N_COALESCE:
      if (node->stages != NULL || node->group != NULL || (node->flags & MS_JX_F_KEEP) != 0) {
        return;
      }
      if (node->type == MS_JX_N_CONDITION) {
        mark_tail(node->rhs);
        if (node->third == NULL) {
          return;
        }
        node = node->third;
      } else {
        node = node->rhs;
      }
      break;
    case MS_JX_N_BLOCK:
      if (node->count == 0 || node->stages != NULL || node->group != NULL ||
          (node->flags & MS_JX_F_KEEP) != 0) {
        return;
      }
      node = node->items[node->count - 1];
      break;
    default:
      return;
    }
  }
}

/* Resolves the children of a node where nothing special happens. */
static struct ms_jx_node *resolve_children(struct ms_jx_compiler *c, struct ms_jx_node *node,
                                           bool pass_ancestry)
{
  struct ms_jx_node **children[3] = {&node->lhs, &node->rhs, &node->third};
  for (size_t i = 0; i < 3; i++) {
    if (*children[i] != NULL) {
      if ((*children[i] = resolve(c, *children[i])) == NULL) {
        return NULL;
      }
      node->flags |= (*children[i])->flags & MS_JX_F_BINDS;
      if (pass_ancestry) {
        push_ancestry(node, *children[i]);
      }
    }
  }
  for (uint32_t i = 0; i < node->count && node->items != NULL; i++) {
    if ((node->items[i] = resolve(c, node->items[i])) == NULL) {
      return NULL;
    }
    node->flags |= node->items[i]->flags & MS_JX_F_BINDS;
    push_ancestry(node, node->items[i]);
  }
  return node;
}

static struct ms_jx_node *resolve_block(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  if (resolve_children(c, node, true) == NULL) {
    return NULL;
  }
  node->flags &= (uint16_t)~MS_JX_F_BINDS; /* it has a frame of its own */
  for (uint32_t i = 0; i < node->count; i++) {
    const struct ms_jx_node *part = node->items[i];
    const struct ms_jx_node *first = part->type == MS_JX_N_PATH ? part->items[0] : part;
    node->flags |= first->flags & MS_JX_F_CONS;
  }
  return node;
}

static struct ms_jx_node *resolve_lambda(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  if ((node->lhs = resolve(c, node->lhs)) == NULL) {
    return NULL;
  }
  mark_tail(node->lhs);
  return node;
}

static struct ms_jx_node *resolve_negate(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  struct ms_jx_node *operand = resolve(c, node->lhs);
  if (operand == NULL) {
    return NULL;
  }
  if (operand->type == MS_JX_N_LITERAL_NUMBER) {
    if (operand->value.type == MS_JX_INT && operand->value.u.integer != 0) {
      operand->value.u.integer = -operand->value.u.integer;
    } else {
      operand->value = ms_jx_double(-ms_jx_number(operand->value));
    }
    return operand;
  }
  node->lhs = operand;
  node->flags |= operand->flags & MS_JX_F_BINDS;
  push_ancestry(node, operand);
  return node;
}

static struct ms_jx_node *resolve_name(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  node->type = MS_JX_N_NAME;
  struct ms_jx_node *path = new_path(c, node);
  if (path != NULL && (node->flags & MS_JX_F_KEEP) != 0) {
    path->flags |= MS_JX_F_KEEP_PATH;
  }
  return path;
}

static struct ms_jx_node *resolve_parent(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  char name[16];
  int len = snprintf(name, sizeof name, "%%%u", (unsigned)c->slot_count++);
  struct ms_jx_slot *slot = ms_jx_compile_alloc(c, sizeof *slot);
  if (slot == NULL) {
    return NULL;
  }
  slot->level = 1;
  struct ms_str copy = ms_arena_str(c->arena, (struct ms_str){name, (size_t)len});
  if (copy.data == NULL) {
    return ms_jx_compile_nomem(c);
  }
  slot->symbol = ms_jx_compile_symbol(c, copy);
  if (slot->symbol == UINT32_MAX) {
    return NULL;
  }
  c->program->symbols[slot->symbol].is_bound = true;
  node->slot = slot;
  return node;
}

static struct ms_jx_node *resolve_apply(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  if (resolve_children(c, node, false) == NULL) {
    return NULL;
  }
  node->flags |= (node->lhs->flags | node->rhs->flags) & MS_JX_F_KEEP;
  return node;
}

/* Only arguments hand their ancestors up; the procedure is resolved for itself. */
static struct ms_jx_node *resolve_call(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  if (resolve_children(c, node, false) == NULL) {
    return NULL;
  }
  const struct ms_jx_node *first = node->lhs->type == MS_JX_N_PATH ? node->lhs->items[0] : NULL;
  if (first != NULL && first->type == MS_JX_N_NAME) {
    /* The variable that was meant, perhaps: for the message. */
    node->symbol = ms_jx_compile_symbol(c, first->token);
    if (node->symbol == UINT32_MAX) {
      return NULL;
    }
  }
  return node;
}

static struct ms_jx_node *resolve_by_type(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  switch (node->type) {
  case MS_JX_N_DOT:
    return resolve_dot(c, node);
  case MS_JX_N_FILTER:
    return resolve_filter(c, node);
  case MS_JX_N_GROUP:
    return resolve_group(c, node);
  case MS_JX_N_ORDER:
    return resolve_order(c, node);
  case MS_JX_N_FOCUS:
    return resolve_focus(c, node);
  case MS_JX_N_INDEX:
    return resolve_index(c, node);
  case MS_JX_N_APPLY:
    return resolve_apply(c, node);
  case MS_JX_N_NEGATE:
    return resolve_negate(c, node);
  case MS_JX_N_LAMBDA:
    return resolve_lambda(c, node);
  case MS_JX_N_BLOCK:
    return resolve_block(c, node);
  case MS_JX_N_TRANSFORM:
    return resolve_children(c, node, false);
  case MS_JX_N_NAME:
  case MS_JX_N_OPERATOR:
    return resolve_name(c, node);
  case MS_JX_N_PARENT:
    return resolve_parent(c, node);
  case MS_JX_N_BIND:
    node->flags |= MS_JX_F_BINDS;
    return resolve_children(c, node, true);
  case MS_JX_N_CALL:
  case MS_JX_N_PARTIAL:
    return resolve_call(c, node);
  case MS_JX_N_VARIABLE:
    return node;
  case MS_JX_N_END:
    return ms_jx_compile_fail(c, "S0207", node->pos, node->token);
  default:
    return resolve_children(c, node, true);
  }
}

static struct ms_jx_node *resolve(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  uint16_t keep = node->flags & MS_JX_F_KEEP;
  struct ms_jx_node *result = resolve_by_type(c, node);
  if (result != NULL) {
    result->flags |= keep;
  }
  return result;
}

/* ---- what the evaluator can do without looking twice ---- */

static bool is_plain_step(const struct ms_jx_node *step, bool is_first)
{
  bool is_type = step->type == MS_JX_N_NAME || (is_first && step->type == MS_JX_N_VARIABLE);
  return is_type && step->stages == NULL && step->group == NULL && step->focus == 0 &&
         step->index == 0 && step->ancestor == NULL &&
         (step->flags & (MS_JX_F_TUPLE | MS_JX_F_KEEP)) == 0;
}

static void mark_simple(struct ms_jx_node *node)
{
  if (node == NULL) {
    return;
  }
  mark_simple(node->lhs);
  mark_simple(node->rhs);
  mark_simple(node->third);
  mark_simple(node->group);
  for (const struct ms_jx_stage *stage = node->stages; stage != NULL; stage = stage->next) {
    mark_simple(stage->predicate);
  }
  bool is_simple = node->type == MS_JX_N_PATH && node->group == NULL && node->stages == NULL &&
                   (node->flags & (MS_JX_F_KEEP_PATH | MS_JX_F_KEEP | MS_JX_F_TUPLE)) == 0;
  for (uint32_t i = 0; i < node->count && node->items != NULL; i++) {
    is_simple = is_simple && is_plain_step(node->items[i], i == 0);
    mark_simple(node->items[i]);
  }
  node->flags |= is_simple ? MS_JX_F_SIMPLE : 0;
  if (is_simple && node->count == 1 && node->items[0]->type == MS_JX_N_NAME) {
    node->quick = MS_JX_QUICK_NAME;
    node->token = node->items[0]->token;
  }
  bool is_literal = node->type == MS_JX_N_LITERAL_STRING || node->type == MS_JX_N_LITERAL_NUMBER ||
                    node->type == MS_JX_N_LITERAL_VALUE || node->type == MS_JX_N_REGEX;
  if (is_literal && node->stages == NULL && node->group == NULL) {
    node->quick = MS_JX_QUICK_LITERAL;
  }
  if (node->type == MS_JX_N_VARIABLE && node->symbol != 0 && node->stages == NULL &&
      node->group == NULL && (node->flags & MS_JX_F_KEEP) == 0) {
    node->quick = MS_JX_QUICK_VARIABLE;
  }
}

struct ms_jx_node *ms_jx_resolve(struct ms_jx_compiler *c, struct ms_jx_node *node)
{
  struct ms_jx_node *root = resolve(c, node);
  if (root == NULL) {
    return NULL;
  }
  if (root->type == MS_JX_N_PARENT || root->seeking != NULL) {
    return fail_parent(c, root);
  }
  mark_simple(root);
  return root;
}
