/*
 * Static checks of a program that will run in a state machine, where there is no context item: only
 * `$states` and variables lead to data. What AWS refuses when the definition is created is found here.
 */
#include "query/jsonata/check.h"

#include "base/error.h"

struct checker {
  const struct ms_jsonata *program;
  unsigned used; /* enum ms_jsonata_states */
  unsigned allow;
  ms_jsonata_check_cb cb; /* NULL: only `used` is wanted */
  void *user;
};

static void walk(struct checker *c, const struct ms_jx_node *node, bool has_context);

static void walk_all(struct checker *c, struct ms_jx_node *const *nodes, uint32_t count,
                     bool has_context)
{
  for (uint32_t i = 0; nodes != NULL && i < count; i++) {
    walk(c, nodes[i], has_context);
  }
}

static void refuse(struct checker *c, struct ms_str name, bool is_member)
{
  if (c->cb != NULL) {
    c->cb(name, is_member, c->user);
  }
}

/* `$states.NAME` */
static void check_member(struct checker *c, struct ms_str name)
{
  static const struct {
    const char *name;
    unsigned bit;
    unsigned needs;
  } members[] = {
      {"input", MS_JSONATA_STATES_INPUT, 0},
      {"context", MS_JSONATA_STATES_CONTEXT, 0},
      {"result", MS_JSONATA_STATES_RESULT, MS_QUERY_ALLOW_RESULT},
      {"errorOutput", MS_JSONATA_STATES_ERROR_OUTPUT, MS_QUERY_ALLOW_ERROR_OUTPUT},
  };
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    if (ms_str_is(name, members[i].name)) {
      c->used |= members[i].bit;
      if ((c->allow & members[i].needs) != members[i].needs) {
        refuse(c, name, true);
      }
      return;
    }
  }
  refuse(c, name, true);
}

static bool is_states(const struct checker *c, const struct ms_jx_node *node)
{
  return node->type == MS_JX_N_VARIABLE &&
         ms_str_is(c->program->symbols[node->symbol].name, "states") &&
         !c->program->symbols[node->symbol].is_bound;
}

static void walk_path(struct checker *c, const struct ms_jx_node *path, bool has_context)
{
  uint32_t from = 0;
  const struct ms_jx_node *first = path->items[0];
  if (is_states(c, first) && path->count > 1 && first->stages == NULL && first->group == NULL &&
      path->items[1]->type == MS_JX_N_NAME) {
    check_member(c, path->items[1]->token);
    from = 1;
  }
  for (uint32_t i = from; i < path->count; i++) {
    walk(c, path->items[i], has_context || i > 0);
  }
}

/* What hangs on a node sees the node's value. */
static void walk_attached(struct checker *c, const struct ms_jx_node *node)
{
  for (const struct ms_jx_stage *stage = node->stages; stage != NULL; stage = stage->next) {
    if (stage->predicate != NULL) {
      walk(c, stage->predicate, true);
    }
  }
  if (node->group != NULL) {
    walk_all(c, node->group->items, node->group->count, true);
  }
}

static void walk(struct checker *c, const struct ms_jx_node *node, bool has_context)
{
  switch (node->type) {
  case MS_JX_N_PATH:
    walk_path(c, node, has_context);
    break;
  case MS_JX_N_NAME:
  case MS_JX_N_WILDCARD:
  case MS_JX_N_DESCENDANT:
    if (!has_context) {
      refuse(c, node->token, false);
    }
    break;
  case MS_JX_N_VARIABLE:
    if (is_states(c, node)) {
      c->used |= MS_JSONATA_STATES_WHOLE;
    } else if (node->symbol == 1 || (node->symbol == 0 && !has_context)) {
      refuse(c, node->symbol == 1 ? MS_STR("$$") : MS_STR("$"), false);
    }
    break;
  case MS_JX_N_SORT:
    walk_all(c, node->items, node->count, true);
    break;
  case MS_JX_N_TRANSFORM:
    walk(c, node->lhs, true);
    walk(c, node->rhs, true);
    if (node->third != NULL) {
      walk(c, node->third, true);
    }
    break;
  default:
    if (node->lhs != NULL) {
      walk(c, node->lhs, has_context);
    }
    if (node->rhs != NULL) {
      walk(c, node->rhs, has_context);
    }
    if (node->third != NULL) {
      walk(c, node->third, has_context);
    }
    walk_all(c, node->items, node->count, has_context);
    break;
  }
  walk_attached(c, node);
}

unsigned ms_jx_states_used(const struct ms_jsonata *program)
{
  struct checker c = {program, 0, ~0u, NULL, NULL};
  walk(&c, program->root, true);
  return c.used;
}

/* ---- each name once ---- */

struct once {
  const struct once *next;
  struct ms_str name;
  bool is_member;
};

struct seen {
  struct ms_arena *arena;
  const struct once *list;
  bool is_nomem;
  ms_jsonata_check_cb cb;
  void *user;
};

static void report_once(struct ms_str name, bool is_member, void *user)
{
  struct seen *seen = user;
  for (const struct once *o = seen->list; o != NULL; o = o->next) {
    if (o->is_member == is_member && ms_str_eq(o->name, name)) {
      return;
    }
  }
  struct once *o = ms_arena_alloc(seen->arena, sizeof *o);
  if (o == NULL) {
    seen->is_nomem = true;
    return;
  }
  *o = (struct once){seen->list, name, is_member};
  seen->list = o;
  seen->cb(name, is_member, seen->user);
}

int ms_jsonata_check(const struct ms_jsonata *program, unsigned allow, ms_jsonata_check_cb cb,
                     void *user)
{
  struct seen seen = {ms_arena_new(0), NULL, false, cb, user};
  if (seen.arena == NULL) {
    return ms_error_nomem();
  }
  struct checker c = {program, 0, allow, report_once, &seen};
  walk(&c, program->root, false);
  ms_arena_free(seen.arena);
  return seen.is_nomem ? ms_error_nomem() : 0;
}
