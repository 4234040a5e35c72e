/*
 * Allocators that count and fail, installed through base/alloc.h. Blocks come from the C library
 * unchanged, so what was allocated before may be freed while a counting allocator is in place.
 */
#include "mt.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "mstep/error.h"

/* More than this many allocations in one run: the test is too large to fail each of them. */
#define MAX_ALLOCATIONS 200000

/* Atomic, because the code under test may have threads. */
struct counter {
  atomic_size_t seen;    /* allocations asked for */
  atomic_long live;      /* blocks allocated and not freed */
  atomic_size_t refused; /* allocations failed on purpose */
  size_t fail_from;      /* first allocation to fail, from 1; 0 = none */
  bool fail_rest;        /* not only that one, also all after it */
};

static struct counter *running; /* of mt_oom */

static void *count_resize(void *user, void *ptr, size_t size)
{
  struct counter *c = user;
  if (size == 0) {
    if (ptr != NULL) {
      atomic_fetch_sub(&c->live, 1);
    }
    free(ptr);
    return NULL;
  }
  size_t number = atomic_fetch_add(&c->seen, 1) + 1;
  if (c->fail_from != 0 && (number == c->fail_from || (c->fail_rest && number > c->fail_from))) {
    atomic_fetch_add(&c->refused, 1);
    return NULL;
  }
  void *block = realloc(ptr, size);
  if (block != NULL && ptr == NULL) {
    atomic_fetch_add(&c->live, 1);
  }
  return block;
}

static struct counter run_counted(int (*fn)(void *user), void *user, size_t fail_from, bool fail_rest,
                                  int *result)
{
  struct counter counter = {.fail_from = fail_from, .fail_rest = fail_rest};
  struct ms_allocator allocator = {count_resize, &counter};
  ms_alloc_set(&allocator);
  running = &counter;
  *result = fn(user);
  running = NULL;
  ms_alloc_set(NULL);
  return counter;
}

void mt_oom_over(void)
{
  if (running != NULL) {
    running->fail_from = 0;
  }
}

/* One run; ends the case when it broke the contract. True when nothing was refused. */
static bool run_once(const char *file, int line, int (*fn)(void *user), void *user, size_t n,
                     bool fail_rest)
{
  int result = 0;
  struct counter c = run_counted(fn, user, n, fail_rest, &result);
  const char *how = fail_rest ? "and all after it " : "";
  bool refused = atomic_load(&c.refused) != 0;
  if (result != 0 && !(result == MSTEP_ENOMEM && refused)) {
    mt_fail_at(file, line, "allocation %zu %sfails: the result is %d, not MSTEP_ENOMEM", n, how, result);
  }
  long live = atomic_load(&c.live);
  if (live != 0) {
    mt_fail_at(file, line, "allocation %zu %sfails: %ld blocks leak (result %d)", n, how, live, result);
  }
  return !refused;
}

size_t mt_oom_at(const char *file, int line, int (*fn)(void *user), void *user)
{
  int result = 0;
  struct counter c = run_counted(fn, user, 0, false, &result);
  size_t total = atomic_load(&c.seen);
  if (result != 0) {
    mt_fail_at(file, line, "the undisturbed run fails with %d", result);
  }
  if (atomic_load(&c.live) != 0) {
    mt_fail_at(file, line, "the undisturbed run leaks %ld blocks", atomic_load(&c.live));
  }
  if (total > MAX_ALLOCATIONS) {
    mt_fail_at(file, line, "%zu allocations are too many to fail each: use a smaller input", total);
  }
  for (int rest = 0; rest < 2; rest++) {
    size_t n = 1;
    while (!run_once(file, line, fn, user, n, rest != 0)) {
      if (++n > MAX_ALLOCATIONS) {
        mt_fail_at(file, line, "no end after failing %zu allocations", n);
      }
    }
  }
  return total;
}

static struct counter leak_counter;

void mt_leak_begin(void)
{
  struct ms_allocator allocator = {count_resize, &leak_counter};
  atomic_store(&leak_counter.live, 0);
  ms_alloc_set(&allocator);
}

void mt_leak_end_at(const char *file, int line)
{
  ms_alloc_set(NULL);
  long live = atomic_load(&leak_counter.live);
  if (live != 0) {
    mt_fail_at(file, line, "%ld blocks leak", live);
  }
}
