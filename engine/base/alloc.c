/*
 * The allocator hook: every byte the engine holds comes through the one pointer below. Not
 * responsible for limits or statistics, which a replacement allocator may add.
 *
 * The pointer is the only mutable global of the core. It is set before the first allocation and
 * read afterwards, so it needs no lock.
 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *libc_resize(void *user, void *ptr, size_t size)
{
  (void)user;
  if (size == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, size);
}

static struct ms_allocator current = {libc_resize, NULL};

void ms_alloc_set(const struct ms_allocator *allocator)
{
  if (allocator == NULL) {
    current = (struct ms_allocator){libc_resize, NULL};
  } else {
    current = *allocator;
  }
}

void *ms_alloc(size_t size)
{
  return current.resize(current.user, NULL, size == 0 ? 1 : size);
}

void *ms_calloc(size_t count, size_t size)
{
  if (size != 0 && count > SIZE_MAX / size) {
    return NULL;
  }
  void *ptr = ms_alloc(count * size);
  if (ptr != NULL) {
    memset(ptr, 0, count * size);
  }
  return ptr;
}

void *ms_realloc(void *ptr, size_t size)
{
  return current.resize(current.user, ptr, size == 0 ? 1 : size);
}

void *ms_reallocarray(void *ptr, size_t count, size_t size)
{
  if (size != 0 && count > SIZE_MAX / size) {
    return NULL;
  }
  return ms_realloc(ptr, count * size);
}

void ms_free(void *ptr)
{
  if (ptr != NULL) {
    current.resize(current.user, ptr, 0);
  }
}

char *ms_strdupn(const char *data, size_t len)
{
  if (len == SIZE_MAX) {
    return NULL;
  }
  char *copy = ms_alloc(len + 1);
  if (copy == NULL) {
    return NULL;
  }
  if (len > 0) {
    memcpy(copy, data, len);
  }
  copy[len] = '\0';
  return copy;
}
