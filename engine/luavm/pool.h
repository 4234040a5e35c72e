/*
 * Memory for the small objects of one Lua state: most of what a call makes and the collector frees
 * again is smaller than 256 bytes. One arena for each state, cut into blocks of 16, 32 ... 256 bytes
 * that are used again; what does not fit comes from base/alloc.h. Belongs to the state's thread.
 */
#ifndef MS_LUAVM_POOL_H
#define MS_LUAVM_POOL_H

#include <stddef.h>

#define MS_LUA_POOL_CLASSES 16
#define MS_LUA_POOL_STEP 16 /* bytes between two classes */

struct ms_lua_pool {
  char *arena; /* NULL until the first block, and where there is no memory for it */
  char *next;  /* behind the last block ever cut */
  char *end;
  void *idle[MS_LUA_POOL_CLASSES]; /* freed blocks by class, linked through their first word */
};

void ms_lua_pool_init(struct ms_lua_pool *pool);
/* Frees the arena; blocks from elsewhere must have been freed. */
void ms_lua_pool_deinit(struct ms_lua_pool *pool);
/* As realloc, told the old size (0 for a new block); never fails to shrink. new_size is not 0. */
void *ms_lua_pool_resize(struct ms_lua_pool *pool, void *block, size_t old_size, size_t new_size);
void ms_lua_pool_free(struct ms_lua_pool *pool, void *block, size_t size); /* NULL is fine */

#endif
