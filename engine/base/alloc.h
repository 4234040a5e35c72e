/*
 * The one door to memory. Nothing else in the engine calls malloc: tests count, limit and fail
 * allocations here. Not responsible for lifetimes: see arena.h for scratch memory.
 */
#ifndef MS_BASE_ALLOC_H
#define MS_BASE_ALLOC_H

#include <stddef.h>

/* A replacement allocator. `resize` with size 0 frees and returns NULL; with ptr NULL allocates. */
struct ms_allocator {
  void *(*resize)(void *user, void *ptr, size_t size);
  void *user;
};

/* Process-wide; call before the first allocation. NULL restores the C library's. */
void ms_alloc_set(const struct ms_allocator *allocator);

void *ms_alloc(size_t size);                 /* NULL when out of memory; size 0 gives a valid pointer */
void *ms_calloc(size_t count, size_t size);  /* zeroed; NULL also when count * size overflows */
void *ms_realloc(void *ptr, size_t size);    /* on failure `ptr` is untouched */
void *ms_reallocarray(void *ptr, size_t count, size_t size); /* overflow checked */
void ms_free(void *ptr);                     /* NULL is fine */
char *ms_strdupn(const char *data, size_t len); /* copy with a terminating NUL */

#endif
