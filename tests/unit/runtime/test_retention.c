/*
 * Executions that ended do not stay: however many there are, those past the number that is kept go soon, and
 * what memory holds after many rounds is what it held after few. Counted at the allocator, not by the system.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "life.h"
#include "mt.h"

/* Ends at once, or pauses for two seconds: one machine, for each version of it stays. */
#define MACHINE                                                                                    \
  "{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.pause\","       \
  "\"IsPresent\":true,\"Next\":\"W\"}],\"Default\":\"P\"},\"P\":{\"Type\":\"Pass\",\"End\":true},"        \
  "\"W\":{\"Type\":\"Wait\",\"Seconds\":2,\"End\":true}}}"
#define HEADER 16

/* ---- live bytes ---- */

static void *count_resize(void *user, void *ptr, size_t size)
{
  _Atomic size_t *live = user;
  char *block = ptr == NULL ? NULL : (char *)ptr - HEADER;
  size_t before = 0;
  if (block != NULL) {
    memcpy(&before, block, sizeof before);
  }
  if (size == 0) {
    free(block);
    atomic_fetch_sub(live, before);
    return NULL;
  }
  char *moved = realloc(block, size + HEADER);
  if (moved == NULL) {
    return NULL;
  }
  memcpy(moved, &size, sizeof size);
  atomic_fetch_add(live, size - before);
  return moved + HEADER;
}

/* ---- */

static void begin(struct life *life, const char *url, uint64_t keep)
{
  *life = (struct life){0};
  struct ms_engine_options options = life_options(life, url, 1000000);
  options.retention_count = keep;
  life_begin_with(life, &options);
}

/* So many that end at once, and one that gives two seconds to look for what is too much. */
static void run_round(struct life *life, unsigned round, unsigned count)
{
  char name[32];
  for (unsigned i = 0; i < count; i++) {
    snprintf(name, sizeof name, "r%06u-%06u", round, i);
    mt_eq_int(life_start(life, MACHINE, name, "{}"), 0);
    if (i % 200 == 199) {
      mt_eq_int(ms_engine_run(life->engine), 0);
    }
  }
  snprintf(name, sizeof name, "r%06u-pauses", round);
  mt_eq_int(life_start(life, MACHINE, name, "{\"pause\":1}"), 0);
  mt_eq_int(ms_engine_run(life->engine), 0);
}

static size_t count_kept(struct life *life)
{
  size_t count = 0;
  char *list = life_list(life, -1, 1000);
  for (const char *at = list; (at = strchr(at, ';')) != NULL; at++) {
    count++;
  }
  ms_free(list);
  return count;
}

static void url_of(char out[256], const char *name)
{
  snprintf(out, 256, "sqlite:%s/%s", mt_tmpdir(), name);
}

static void expect_surplus_gone(const char *url)
{
  struct life life;
  begin(&life, url, 100);
  run_round(&life, 0, 4500);
  mt_ok(count_kept(&life) <= 101);
  life_end(&life);
}

/* More at once than one look takes away: the looks must not fall behind. */
MT_TEST(retention__surplus_of_many_looks_goes_in_two_seconds)
{
  char url[256];
  url_of(url, "surplus.db");
  expect_surplus_gone(url);
  expect_surplus_gone(NULL);
}

/* may_grow: buffers to use again, which are larger after a busier moment; far less than 8 bytes an execution. */
static void expect_flat(const char *url, size_t may_grow)
{
  static _Atomic size_t live;
  const struct ms_allocator allocator = {count_resize, &live};
  struct life life;
  live = 0;
  ms_alloc_set(&allocator);
  begin(&life, url, 50);
  unsigned round = 0;
  for (; round < 5; round++) {
    run_round(&life, round, 200);
  }
  size_t after_few = live;
  for (; round < 50; round++) {
    run_round(&life, round, 200);
  }
  size_t after_many = live;
  life_end(&life);
  mt_eq_int((int64_t)live, 0);
  ms_alloc_set(NULL);
  printf("# live bytes after 1,000 executions: %zu, after 10,000: %zu\n", after_few, after_many);
  mt_ok(after_many <= after_few + may_grow);
}

MT_TEST(retention__memory_is_the_same_after_ten_times_as_many)
{
  char url[256];
  url_of(url, "flat.db");
  expect_flat(NULL, 0);
  expect_flat(url, 65536);
}
