/*
 * Memory that is freed all at once: one turn's scratch, a compiled definition, an AST. Allocation
 * is a pointer bump; nothing is freed singly and no destructor runs. A maximum is given at birth.
 */
#ifndef MS_BASE_ARENA_H
#define MS_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct ms_arena;

struct ms_arena *ms_arena_new(size_t max_bytes); /* NULL when out of memory; 0 = no maximum */
void ms_arena_free(struct ms_arena *arena);      /* NULL is fine */
void ms_arena_reset(struct ms_arena *arena);     /* frees all but the first block */
/* Aligned for any type, uninitialised; NULL when out of memory or past the maximum. */
void *ms_arena_alloc(struct ms_arena *arena, size_t size);
void *ms_arena_calloc(struct ms_arena *arena, size_t count, size_t size);
/* A NUL-terminated copy; data is NULL on failure. */
struct ms_str ms_arena_str(struct ms_arena *arena, struct ms_str s);
size_t ms_arena_used_bytes(const struct ms_arena *arena);

/* A place to go back to: everything allocated after the mark is forgotten by the rewind. */
struct ms_arena_mark {
  void *block;
  size_t used;
};
struct ms_arena_mark ms_arena_mark(struct ms_arena *arena);
void ms_arena_rewind(struct ms_arena *arena, struct ms_arena_mark mark);

#endif
