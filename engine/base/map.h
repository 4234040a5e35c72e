/*
 * A table from strings to pointers: open addressing, keys copied, values owned by the caller.
 * Iteration goes in an order that depends on the seed: sort where the order can be seen.
 */
#ifndef MS_BASE_MAP_H
#define MS_BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct ms_map_entry {
  char *key; /* NULL: free; NUL-terminated copy */
  size_t key_len;
  uint64_t hash;
  void *value;
};

struct ms_map {
  struct ms_map_entry *entries;
  size_t capacity; /* 0 or a power of two */
  size_t count;
  uint64_t seed;
};

void ms_map_init(struct ms_map *map, uint64_t seed);           /* allocates nothing */
void ms_map_deinit(struct ms_map *map);                        /* frees keys, not values */
void *ms_map_get(const struct ms_map *map, struct ms_str key); /* NULL when missing */
bool ms_map_has(const struct ms_map *map, struct ms_str key);
/* Sets or replaces. *old (may be NULL) gets the value replaced, or NULL. MSTEP_ENOMEM. */
int ms_map_put(struct ms_map *map, struct ms_str key, void *value, void **old);
/* The value removed; NULL when missing. */
void *ms_map_remove(struct ms_map *map, struct ms_str key);
/*
 * Steps through the entries: start with *pos = 0, false at the end. Between steps nothing may be
 * put or removed.
 */
bool ms_map_next(const struct ms_map *map, size_t *pos, struct ms_str *key, void **value);

#endif
