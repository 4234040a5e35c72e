/*
 * The bump allocator. Blocks form a list from the newest back to the first, which is part of the
 * arena itself; each block knows how much the older ones held when it was opened, so going back to
 * a mark restores the count without a walk.
 *
 *   arena: [struct | first block] <- block <- block (current)      spare: one block kept by rewind
 *
 * A rewind keeps the largest block it releases as a spare: evaluations that mark and rewind in a
 * loop would otherwise allocate and free the same block each time.
 */
#include "base/arena.h"

#include <stdint.h>

#include "base/alloc.h"

#define ALIGNMENT (_Alignof(max_align_t))
#define FIRST_SIZE ((size_t)2048)
#define LARGEST_SIZE ((size_t)1 << 18)

struct block {
  struct block *older;
  size_t size; /* of data */
  size_t used;
  size_t before; /* bytes used in all older blocks */
  _Alignas(max_align_t) char data[];
};

struct ms_arena {
  struct block *current;
  struct block *spare;
  size_t max;
  size_t next_size;
  struct block *first; /* lies right behind this struct, in the same allocation */
};

/* Where the first block begins: behind the struct, aligned. */
#define FIRST_OFFSET ((sizeof(struct ms_arena) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

struct ms_arena *ms_arena_new(size_t max_bytes)
{
  char *memory = ms_alloc(FIRST_OFFSET + sizeof(struct block) + FIRST_SIZE);
  if (memory == NULL) {
    return NULL;
  }
  struct ms_arena *arena = (struct ms_arena *)memory;
  arena->first = (struct block *)(memory + FIRST_OFFSET);
  arena->current = arena->first;
  arena->spare = NULL;
  arena->max = max_bytes == 0 ? SIZE_MAX : max_bytes;
  arena->next_size = FIRST_SIZE * 2;
  arena->first->older = NULL;
  arena->first->size = FIRST_SIZE;
  arena->first->used = 0;
  arena->first->before = 0;
  return arena;
}

/* Drops every block newer than `stop`. */
static void release_blocks(struct ms_arena *arena, struct block *stop)
{
  while (arena->current != stop) {
    struct block *block = arena->current;
    arena->current = block->older;
    if (arena->spare == NULL) {
      arena->spare = block;
    } else if (arena->spare->size < block->size) {
      ms_free(arena->spare);
      arena->spare = block;
    } else {
      ms_free(block);
    }
  }
}

void ms_arena_reset(struct ms_arena *arena)
{
  release_blocks(arena, arena->first);
  arena->first->used = 0;
  ms_free(arena->spare);
  arena->spare = NULL;
  arena->next_size = FIRST_SIZE * 2;
}

void ms_arena_free(struct ms_arena *arena)
{
  if (arena != NULL) {
    ms_arena_reset(arena);
    ms_free(arena);
  }
}

size_t ms_arena_used_bytes(const struct ms_arena *arena)
{
  return arena->current->before + arena->current->used;
}

static struct block *open_block(struct ms_arena *arena, size_t size)
{
  struct block *block = arena->spare;
  if (block != NULL && block->size >= size) {
    arena->spare = NULL;
  } else {
    size_t wanted = size > arena->next_size ? size : arena->next_size;
    if (wanted > SIZE_MAX - sizeof *block) {
      return NULL;
    }
    block = ms_alloc(sizeof *block + wanted);
    if (block == NULL) {
      return NULL;
    }
    block->size = wanted;
    if (arena->next_size < LARGEST_SIZE) {
      arena->next_size *= 2;
    }
  }
  block->before = ms_arena_used_bytes(arena);
  block->used = 0;
  block->older = arena->current;
  arena->current = block;
  return block;
}

static void *allocate(struct ms_arena *arena, size_t size, size_t alignment)
{
  struct block *block = arena->current;
  size_t from = (block->used + alignment - 1) & ~(alignment - 1);
  if (from > block->size || size > block->size - from) {
    size_t used = ms_arena_used_bytes(arena);
    if (used > arena->max || size > arena->max - used) {
      return NULL;
    }
    block = open_block(arena, size);
    if (block == NULL) {
      return NULL;
    }
    from = 0;
  } else if (block->before + from > arena->max || size > arena->max - block->before - from) {
    return NULL;
  }
  block->used = from + size;
  return block->data + from;
}

void *ms_arena_alloc(struct ms_arena *arena, size_t size)
{
  return allocate(arena, size, ALIGNMENT);
}

void *ms_arena_calloc(struct ms_arena *arena, size_t count, size_t size)
{
  if (size != 0 && count > SIZE_MAX / size) {
    return NULL;
  }
  void *ptr = ms_arena_alloc(arena, count * size);
  if (ptr != NULL) {
    memset(ptr, 0, count * size);
  }
  return ptr;
}

struct ms_str ms_arena_str(struct ms_arena *arena, struct ms_str s)
{
  char *copy = s.len == SIZE_MAX ? NULL : allocate(arena, s.len + 1, 1);
  if (copy == NULL) {
    return (struct ms_str){NULL, 0};
  }
  if (s.len > 0) {
    memcpy(copy, s.data, s.len);
  }
  copy[s.len] = '\0';
  return (struct ms_str){copy, s.len};
}

struct ms_arena_mark ms_arena_mark(struct ms_arena *arena)
{
  return (struct ms_arena_mark){arena->current, arena->current->used};
}

void ms_arena_rewind(struct ms_arena *arena, struct ms_arena_mark mark)
{
  release_blocks(arena, mark.block);
  arena->current->used = mark.used;
}
