/* The allocator hook: sizes, overflow, replacement. */
#include "mt.h"

#include <string.h>

#include "base/alloc.h"

MT_TEST(base_alloc__zero_bytes_give_a_pointer)
{
  void *p = ms_alloc(0);
  mt_ok(p != NULL);
  p = ms_realloc(p, 0);
  mt_ok(p != NULL);
  ms_free(p);
  p = ms_calloc(0, 8);
  mt_ok(p != NULL);
  ms_free(p);
  ms_free(NULL);
}

MT_TEST(base_alloc__calloc_zeroes)
{
  unsigned char *p = ms_calloc(100, 3);
  mt_ok(p != NULL);
  for (int i = 0; i < 300; i++) {
    mt_eq_int(p[i], 0);
  }
  ms_free(p);
}

MT_TEST(base_alloc__products_that_overflow_are_refused)
{
  mt_ok(ms_calloc(SIZE_MAX / 2, 3) == NULL);
  mt_ok(ms_calloc(3, SIZE_MAX / 2) == NULL);
  char *p = ms_alloc(4);
  memcpy(p, "abc", 4);
  mt_ok(ms_reallocarray(p, SIZE_MAX / 4, 8) == NULL);
  mt_eq_str(p, "abc"); /* untouched */
  p = ms_reallocarray(p, 100, 2);
  mt_eq_str(p, "abc");
  ms_free(p);
  mt_ok(ms_strdupn("x", SIZE_MAX) == NULL);
}

MT_TEST(base_alloc__strdupn_ends_with_nul)
{
  char *p = ms_strdupn("abcdef", 3);
  mt_eq_str(p, "abc");
  ms_free(p);
  p = ms_strdupn(NULL, 0);
  mt_eq_str(p, "");
  ms_free(p);
  p = ms_strdupn("a\0b", 3);
  mt_ok(memcmp(p, "a\0b", 4) == 0);
  ms_free(p);
}

struct counter {
  int calls;
  size_t last_size;
  char memory[64];
};

static void *count_resize(void *user, void *ptr, size_t size)
{
  struct counter *counter = user;
  (void)ptr;
  counter->calls++;
  counter->last_size = size;
  return size == 0 ? NULL : counter->memory;
}

MT_TEST(base_alloc__a_replacement_gets_every_call)
{
  struct counter counter = {0, 0, {0}};
  struct ms_allocator allocator = {count_resize, &counter};
  ms_alloc_set(&allocator);
  void *p = ms_alloc(10);
  size_t asked = counter.last_size;
  void *q = ms_realloc(p, 20);
  size_t asked_again = counter.last_size;
  ms_free(q);
  size_t freed_with = counter.last_size;
  int calls = counter.calls;
  ms_alloc_set(NULL);
  mt_ok(p == counter.memory && q == counter.memory);
  mt_eq_int(asked, 10);
  mt_eq_int(asked_again, 20);
  mt_eq_int(freed_with, 0);
  mt_eq_int(calls, 3);
  p = ms_alloc(1);
  mt_ok(p != counter.memory);
  ms_free(p);
}
