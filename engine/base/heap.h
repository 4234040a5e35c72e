/*
 * The timers' heap: what is due next, ties by order of start. Nodes live inside the caller's own
 * objects; the heap holds 16 bytes for each (due time and address) and a node is 16 more.
 * Add, remove and take cost O(log n); nothing is searched.
 */
#ifndef MS_BASE_HEAP_H
#define MS_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* One timer. Zero it before first use; it must not move while it is in a heap. */
struct ms_heap_node {
  uint64_t order; /* among nodes due at the same time the lowest comes first */
  uint32_t place; /* position in the heap + 1; 0 when in none */
};

struct ms_heap_slot {
  int64_t due_at_ms;
  struct ms_heap_node *node;
};

struct ms_heap {
  struct ms_heap_slot *slots;
  uint32_t count;
  uint32_t capacity;
};

void ms_heap_init(struct ms_heap *heap);   /* allocates nothing */
void ms_heap_deinit(struct ms_heap *heap); /* nodes stay the caller's and are then in no heap */
/* MSTEP_ENOMEM leaves the heap as it was; MSTEP_ESTATE when the node is in a heap already. */
int ms_heap_add(struct ms_heap *heap, struct ms_heap_node *node, int64_t due_at_ms, uint64_t order);
void ms_heap_remove(struct ms_heap *heap, struct ms_heap_node *node); /* nothing when in none */
/* The next to be due; NULL when empty. due_at_ms may be NULL. */
struct ms_heap_node *ms_heap_peek(const struct ms_heap *heap, int64_t *due_at_ms);
/* Takes the next out if it is due at now_ms or before; NULL otherwise. */
struct ms_heap_node *ms_heap_take_due(struct ms_heap *heap, int64_t now_ms);

static inline bool ms_heap_is_in(const struct ms_heap_node *node)
{
  return node->place != 0;
}

static inline int64_t ms_heap_due_at_ms(const struct ms_heap *heap, const struct ms_heap_node *node)
{
  return heap->slots[node->place - 1].due_at_ms;
}

#endif
