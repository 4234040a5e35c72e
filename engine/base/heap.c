/*
 * A 4-ary heap: half as deep as a binary one, and the four children of a node lie in one cache
 * line. The due time is kept beside the pointer so that most comparisons touch no node; only a tie
 * reads the two orders.
 */
#include "base/heap.h"

#include "base/alloc.h"
#include "base/error.h"

#define ARITY 4
#define FIRST_CAPACITY 64

void ms_heap_init(struct ms_heap *heap)
{
  *heap = (struct ms_heap){NULL, 0, 0};
}

void ms_heap_deinit(struct ms_heap *heap)
{
  for (uint32_t i = 0; i < heap->count; i++) {
    heap->slots[i].node->place = 0;
  }
  ms_free(heap->slots);
  ms_heap_init(heap);
}

static bool is_before(const struct ms_heap_slot *a, const struct ms_heap_slot *b)
{
  if (a->due_at_ms != b->due_at_ms) {
    return a->due_at_ms < b->due_at_ms;
  }
  return a->node->order < b->node->order;
}

static void place_at(struct ms_heap *heap, uint32_t at, struct ms_heap_slot slot)
{
  heap->slots[at] = slot;
  slot.node->place = at + 1;
}

/* Puts `slot` at the hole `at` or above it. */
static void sift_up(struct ms_heap *heap, uint32_t at, struct ms_heap_slot slot)
{
  while (at > 0) {
    uint32_t parent = (at - 1) / ARITY;
    if (!is_before(&slot, &heap->slots[parent])) {
      break;
    }
    place_at(heap, at, heap->slots[parent]);
    at = parent;
  }
  place_at(heap, at, slot);
}

/* Puts `slot` at the hole `at` or below it. */
static void sift_down(struct ms_heap *heap, uint32_t at, struct ms_heap_slot slot)
{
  for (;;) {
    uint64_t first = (uint64_t)at * ARITY + 1;
    if (first >= heap->count) {
      break;
    }
    uint32_t least = (uint32_t)first;
    uint64_t end = first + ARITY < heap->count ? first + ARITY : heap->count;
    for (uint32_t child = least + 1; child < end; child++) {
      if (is_before(&heap->slots[child], &heap->slots[least])) {
        least = child;
      }
    }
    if (!is_before(&heap->slots[least], &slot)) {
      break;
    }
    place_at(heap, at, heap->slots[least]);
    at = least;
  }
  place_at(heap, at, slot);
}

static int grow(struct ms_heap *heap)
{
  if (heap->capacity > UINT32_MAX / 2 - 1) {
    return ms_error(MSTEP_ETOOBIG, "too many timers");
  }
  uint32_t capacity = heap->capacity == 0 ? FIRST_CAPACITY : heap->capacity * 2;
  struct ms_heap_slot *slots = ms_reallocarray(heap->slots, capacity, sizeof *slots);
  if (slots == NULL) {
    return ms_error_nomem();
  }
  heap->slots = slots;
  heap->capacity = capacity;
  return MSTEP_OK;
}

int ms_heap_add(struct ms_heap *heap, struct ms_heap_node *node, int64_t due_at_ms, uint64_t order)
{
  if (node->place != 0) {
    return ms_error(MSTEP_ESTATE, "the timer is running already");
  }
  if (heap->count == heap->capacity) {
    int err = grow(heap);
    if (err != 0) {
      return err;
    }
  }
  node->order = order;
  sift_up(heap, heap->count++, (struct ms_heap_slot){due_at_ms, node});
  return MSTEP_OK;
}

void ms_heap_remove(struct ms_heap *heap, struct ms_heap_node *node)
{
  if (node->place == 0) {
    return;
  }
  uint32_t at = node->place - 1;
  node->place = 0;
  struct ms_heap_slot last = heap->slots[--heap->count];
  if (at == heap->count) {
    return;
  }
  if (at > 0 && is_before(&last, &heap->slots[(at - 1) / ARITY])) {
    sift_up(heap, at, last);
  } else {
    sift_down(heap, at, last);
  }
}

struct ms_heap_node *ms_heap_peek(const struct ms_heap *heap, int64_t *due_at_ms)
{
  if (heap->count == 0) {
    return NULL;
  }
  if (due_at_ms != NULL) {
    *due_at_ms = heap->slots[0].due_at_ms;
  }
  return heap->slots[0].node;
}

struct ms_heap_node *ms_heap_take_due(struct ms_heap *heap, int64_t now_ms)
{
  if (heap->count == 0 || heap->slots[0].due_at_ms > now_ms) {
    return NULL;
  }
  struct ms_heap_node *node = heap->slots[0].node;
  ms_heap_remove(heap, node);
  return node;
}
