/*
 * The arena is cut from front to back, once; after that blocks go round within their class. It is small,
 * so that it stays in the processor's cache, and never grows: a state that holds much lives on malloc, and
 * gives memory back when it lets go of it. Under the address sanitizer there is no arena, so that it sees
 * each block.
 */
#include "luavm/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

#define ARENA_BYTES ((size_t)120 << 10) /* malloc takes larger ones from the system, page by page */
#define BLOCK_MAX ((size_t)MS_LUA_POOL_CLASSES * MS_LUA_POOL_STEP)

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ARENA 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ARENA 0
#endif
#endif
#ifndef HAS_ARENA
#define HAS_ARENA 1
#endif

void ms_lua_pool_init(struct ms_lua_pool *pool)
{
  memset(pool, 0, sizeof *pool);
  pool->arena = HAS_ARENA ? ms_alloc(ARENA_BYTES) : NULL;
  if (pool->arena != NULL) {
    pool->next = pool->arena;
    pool->end = pool->arena + ARENA_BYTES;
  }
}

void ms_lua_pool_deinit(struct ms_lua_pool *pool)
{
  ms_free(pool->arena);
}

static bool is_ours(const struct ms_lua_pool *pool, const void *block)
{
  uintptr_t at = (uintptr_t)block;
  return at >= (uintptr_t)pool->arena && at < (uintptr_t)pool->end;
}

static size_t class_of(size_t size)
{
  return (size - 1) / MS_LUA_POOL_STEP;
}

/* A new block, from the arena if it has one. */
static void *take(struct ms_lua_pool *pool, size_t size)
{
  if (size > BLOCK_MAX) {
    return ms_alloc(size);
  }
  size_t class = class_of(size);
  void *block = pool->idle[class];
  if (block != NULL) {
    memcpy(&pool->idle[class], block, sizeof(void *));
    return block;
  }
  size_t bytes = (class + 1) * MS_LUA_POOL_STEP;
  if ((size_t)(pool->end - pool->next) < bytes) {
    return ms_alloc(size);
  }
  block = pool->next;
  pool->next += bytes;
  return block;
}

void ms_lua_pool_free(struct ms_lua_pool *pool, void *block, size_t size)
{
  if (!is_ours(pool, block)) {
    ms_free(block);
    return;
  }
  size_t class = class_of(size);
  memcpy(block, &pool->idle[class], sizeof(void *));
  pool->idle[class] = block;
}

void *ms_lua_pool_resize(struct ms_lua_pool *pool, void *block, size_t old_size, size_t new_size)
{
  if (block == NULL) {
    return take(pool, new_size);
  }
  if (!is_ours(pool, block)) {
    void *moved = ms_realloc(block, new_size);
    return moved == NULL && new_size <= old_size ? block : moved;
  }
  if (new_size <= BLOCK_MAX && class_of(old_size) == class_of(new_size)) {
    return block;
  }
  void *moved = take(pool, new_size);
  if (moved == NULL) {
    /* Too large for its class from now on, which does no harm. */
    return new_size <= old_size ? block : NULL;
  }
  memcpy(moved, block, old_size < new_size ? old_size : new_size);
  ms_lua_pool_free(pool, block, old_size);
  return moved;
}
