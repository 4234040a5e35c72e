/* Blocks keep their bytes through any order of resizing and freeing, in the arena and past it. */
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "luavm/pool.h"
#include "mt.h"

#define COUNT 3000 /* more than the arena has room for */

struct slot {
  unsigned char *block;
  size_t size;
  unsigned char mark;
};

static uint64_t seed = 88172645463325252;

static uint64_t next_random(void)
{
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static void check(const struct slot *slot)
{
  for (size_t i = 0; i < slot->size; i++) {
    if (slot->block[i] != slot->mark) {
      mt_fail("byte %zu of %zu is %u and not %u", i, slot->size, slot->block[i], slot->mark);
    }
  }
}

static void resize(struct ms_lua_pool *pool, struct slot *slot, size_t size)
{
  unsigned char *moved = ms_lua_pool_resize(pool, slot->block, slot->size, size);
  mt_ok(moved != NULL);
  slot->block = moved;
  slot->size = slot->size < size ? slot->size : size;
  check(slot);
  slot->size = size;
  slot->mark = (unsigned char)next_random();
  memset(moved, slot->mark, size);
}

static void release(struct ms_lua_pool *pool, struct slot *slot)
{
  check(slot);
  ms_lua_pool_free(pool, slot->block, slot->size);
  *slot = (struct slot){NULL, 0, 0};
}

MT_TEST(lua_pool__random_sizes)
{
  static struct slot slots[COUNT];
  struct ms_lua_pool pool;
  mt_leak_begin();
  ms_lua_pool_init(&pool);
  for (int i = 0; i < 200000; i++) {
    struct slot *slot = &slots[next_random() % COUNT];
    size_t size = 1 + next_random() % (next_random() % 4 == 0 ? 2000 : 300);
    if (slot->block != NULL && next_random() % 3 == 0) {
      release(&pool, slot);
    } else {
      resize(&pool, slot, size);
    }
  }
  for (int i = 0; i < COUNT; i++) {
    if (slots[i].block != NULL) {
      release(&pool, &slots[i]);
    }
  }
  ms_lua_pool_free(&pool, NULL, 0);
  ms_lua_pool_deinit(&pool);
  mt_leak_end();
}

/* What shrinks stays where it is when there is no memory for a smaller block. */
static int shrink(void *user)
{
  struct ms_lua_pool pool;
  (void)user;
  ms_lua_pool_init(&pool);
  int err = 0;
  void *block = ms_lua_pool_resize(&pool, NULL, 0, 5000);
  if (block == NULL) {
    err = -1;
  } else {
    void *smaller = ms_lua_pool_resize(&pool, block, 5000, 100);
    mt_ok(smaller != NULL);
    ms_lua_pool_free(&pool, smaller, 100);
  }
  ms_lua_pool_deinit(&pool);
  return err;
}

MT_TEST(lua_pool__out_of_memory)
{
  mt_oom(shrink, NULL);
}
