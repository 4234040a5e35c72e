/*
 * Which variables of a program come from outside. An assignment counts from where it stands to the
 * end of its block; a lambda runs later, so inside one every assignment of the blocks around it counts.
 */
#include "base/error.h"
#include "query/jsonata/check.h"

/* Blocks that the walk is inside of. */
struct block {
  const struct block *outer;
  const struct ms_jx_node *node;
};

struct walker {
  struct ms_jsonata *program;
  struct ms_arena *arena;
  uint32_t *active; /* by symbol: bindings in force */
  uint32_t *undo;   /* symbols in the order in which they came into force */
  size_t undo_count;
  size_t undo_capacity;
  const struct block *blocks;
  bool is_nomem;
};

static void walk(struct walker *w, const struct ms_jx_node *node);

static void walk_maybe(struct walker *w, const struct ms_jx_node *node)
{
  if (node != NULL) {
    walk(w, node);
  }
}

static void walk_items(struct walker *w, const struct ms_jx_node *node)
{
  for (uint32_t i = 0; node->items != NULL && i < node->count; i++) {
    walk(w, node->items[i]);
  }
}

static void activate(struct walker *w, uint32_t symbol)
{
  if (symbol == 0 || w->is_nomem) {
    return;
  }
  if (w->undo_count == w->undo_capacity) {
    size_t capacity = w->undo_capacity == 0 ? 32 : w->undo_capacity * 2;
    uint32_t *undo = ms_arena_alloc(w->arena, capacity * sizeof *undo);
    if (undo == NULL) {
      w->is_nomem = true;
      return;
    }
    if (w->undo_count > 0) {
      memcpy(undo, w->undo, w->undo_count * sizeof *undo);
    }
    w->undo = undo;
    w->undo_capacity = capacity;
  }
  w->undo[w->undo_count++] = symbol;
  w->active[symbol]++;
}

static void leave(struct walker *w, size_t base)
{
  while (w->undo_count > base) {
    w->active[w->undo[--w->undo_count]]--;
  }
}

/* Brings every assignment into force that the node makes in the frame it runs in. */
static void activate_all(struct walker *w, const struct ms_jx_node *node)
{
  if (node == NULL || node->type == MS_JX_N_BLOCK || node->type == MS_JX_N_LAMBDA) {
    return;
  }
  if (node->type == MS_JX_N_BIND) {
    activate(w, node->symbol);
  }
  activate_all(w, node->lhs);
  activate_all(w, node->rhs);
  activate_all(w, node->third);
  for (uint32_t i = 0; node->items != NULL && i < node->count; i++) {
    activate_all(w, node->items[i]);
  }
}

static void walk_lambda(struct walker *w, const struct ms_jx_node *node)
{
  size_t base = w->undo_count;
  const struct block *blocks = w->blocks;
  for (const struct block *block = blocks; block != NULL; block = block->outer) {
    for (uint32_t i = 0; i < block->node->count; i++) {
      activate_all(w, block->node->items[i]);
    }
  }
  for (uint32_t i = 0; i < node->count; i++) {
    activate(w, node->params[i]);
  }
  w->blocks = NULL; /* all in force already, for lambdas inside too */
  walk(w, node->lhs);
  w->blocks = blocks;
  leave(w, base);
}

static void walk_block(struct walker *w, const struct ms_jx_node *node)
{
  size_t base = w->undo_count;
  struct block block = {w->blocks, node};
  w->blocks = &block;
  walk_items(w, node);
  w->blocks = block.outer;
  leave(w, base);
}

static void walk_by_type(struct walker *w, const struct ms_jx_node *node)
{
  switch (node->type) {
  case MS_JX_N_VARIABLE:
    if (node->symbol > 1 && w->active[node->symbol] == 0) {
      w->program->symbols[node->symbol].is_free = true;
    }
    break;
  case MS_JX_N_BIND:
    walk(w, node->rhs);
    activate(w, node->symbol);
    break;
  case MS_JX_N_LAMBDA:
    walk_lambda(w, node);
    break;
  case MS_JX_N_BLOCK:
    walk_block(w, node);
    break;
  default:
    walk_maybe(w, node->lhs);
    walk_maybe(w, node->rhs);
    walk_maybe(w, node->third);
    walk_items(w, node);
    break;
  }
}

/* A node with what hangs on it. The names that a step binds hold to the end of its path. */
static void walk(struct walker *w, const struct ms_jx_node *node)
{
  size_t base = w->undo_count;
  walk_by_type(w, node);
  activate(w, node->focus);
  activate(w, node->index);
  for (const struct ms_jx_stage *stage = node->stages; stage != NULL; stage = stage->next) {
    walk_maybe(w, stage->predicate);
    activate(w, stage->symbol);
  }
  if (node->group != NULL) {
    walk_items(w, node->group);
  }
  if (node->type == MS_JX_N_PATH) {
    leave(w, base);
  }
}

int ms_jx_find_free(struct ms_jsonata *program)
{
  struct walker w = {.program = program, .arena = ms_arena_new(0)};
  w.active =
      w.arena == NULL ? NULL : ms_arena_calloc(w.arena, program->symbol_count, sizeof *w.active);
  w.is_nomem = w.active == NULL;
  if (!w.is_nomem) {
    walk(&w, program->root);
  }
  ms_arena_free(w.arena);
  return w.is_nomem ? ms_error_nomem() : 0;
}
