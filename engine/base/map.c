/*
 * The table. Linear probing, at most three quarters full; removal moves later entries of the run
 * back, so there are no tombstones and lookups stay short however long the table lives.
 */
#include "base/map.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

#define FIRST_CAPACITY 16

void ms_map_init(struct ms_map *map, uint64_t seed)
{
  *map = (struct ms_map){NULL, 0, 0, seed};
}

void ms_map_deinit(struct ms_map *map)
{
  for (size_t i = 0; i < map->capacity; i++) {
    ms_free(map->entries[i].key);
  }
  ms_free(map->entries);
  *map = (struct ms_map){NULL, 0, 0, map->seed};
}

/* The entry of the key, or the free one where it belongs. The table has at least one free entry. */
static struct ms_map_entry *find_entry(const struct ms_map *map, struct ms_str key, uint64_t hash)
{
  size_t mask = map->capacity - 1;
  size_t at = (size_t)hash & mask;
  for (;;) {
    struct ms_map_entry *entry = &map->entries[at];
    if (entry->key == NULL) {
      return entry;
    }
    if (entry->hash == hash && ms_str_eq((struct ms_str){entry->key, entry->key_len}, key)) {
      return entry;
    }
    at = (at + 1) & mask;
  }
}

static const struct ms_map_entry *lookup(const struct ms_map *map, struct ms_str key)
{
  if (map->count == 0) {
    return NULL;
  }
  const struct ms_map_entry *entry = find_entry(map, key, ms_hash(key, map->seed));
  return entry->key == NULL ? NULL : entry;
}

void *ms_map_get(const struct ms_map *map, struct ms_str key)
{
  const struct ms_map_entry *entry = lookup(map, key);
  return entry == NULL ? NULL : entry->value;
}

bool ms_map_has(const struct ms_map *map, struct ms_str key)
{
  return lookup(map, key) != NULL;
}

static int grow(struct ms_map *map)
{
  size_t capacity = map->capacity == 0 ? FIRST_CAPACITY : map->capacity * 2;
  struct ms_map_entry *entries = ms_calloc(capacity, sizeof *entries);
  if (entries == NULL) {
    return ms_error_nomem();
  }
  for (size_t i = 0; i < map->capacity; i++) {
    const struct ms_map_entry *entry = &map->entries[i];
    if (entry->key == NULL) {
      continue;
    }
    size_t at = (size_t)entry->hash & (capacity - 1);
    while (entries[at].key != NULL) {
      at = (at + 1) & (capacity - 1);
    }
    entries[at] = *entry;
  }
  ms_free(map->entries);
  map->entries = entries;
  map->capacity = capacity;
  return MSTEP_OK;
}

int ms_map_put(struct ms_map *map, struct ms_str key, void *value, void **old)
{
  uint64_t hash = ms_hash(key, map->seed);
  struct ms_map_entry *entry = map->count == 0 ? NULL : find_entry(map, key, hash);
  if (old != NULL) {
    *old = NULL;
  }
  if (entry != NULL && entry->key != NULL) {
    if (old != NULL) {
      *old = entry->value;
    }
    entry->value = value;
    return MSTEP_OK;
  }
  if (map->count + 1 > map->capacity / 4 * 3) {
    int err = grow(map);
    if (err != 0) {
      return err;
    }
  }
  char *copy = ms_strdupn(key.data, key.len);
  if (copy == NULL) {
    return ms_error_nomem();
  }
  entry = find_entry(map, key, hash);
  *entry = (struct ms_map_entry){copy, key.len, hash, value};
  map->count++;
  return MSTEP_OK;
}

void *ms_map_remove(struct ms_map *map, struct ms_str key)
{
  const struct ms_map_entry *found = lookup(map, key);
  if (found == NULL) {
    return NULL;
  }
  size_t mask = map->capacity - 1;
  size_t hole = (size_t)(found - map->entries);
  void *value = found->value;
  ms_free(map->entries[hole].key);
  /* An entry moves into the hole unless its home lies between the hole and itself. */
  for (size_t at = (hole + 1) & mask; map->entries[at].key != NULL; at = (at + 1) & mask) {
    size_t home = (size_t)map->entries[at].hash & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      map->entries[hole] = map->entries[at];
      hole = at;
    }
  }
  map->entries[hole] = (struct ms_map_entry){NULL, 0, 0, NULL};
  map->count--;
  return value;
}

bool ms_map_next(const struct ms_map *map, size_t *pos, struct ms_str *key, void **value)
{
  while (*pos < map->capacity) {
    const struct ms_map_entry *entry = &map->entries[(*pos)++];
    if (entry->key != NULL) {
      *key = (struct ms_str){entry->key, entry->key_len};
      *value = entry->value;
      return true;
    }
  }
  return false;
}
