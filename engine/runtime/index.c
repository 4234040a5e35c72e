/*
 * The table: linear probing, at most three quarters full. Removal moves later items of the run up,
 * so that no marks are left behind. The hash beside each item saves most looks at the items
 * themselves.
 */
#include "runtime/index.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

#define FIRST_CAPACITY 16
#define CAPACITY_MAX ((uint32_t)1 << 30)

void ms_index_init(struct ms_index *index, uint64_t seed,
                   bool (*is)(const void *item, struct ms_str key))
{
  *index = (struct ms_index){NULL, NULL, 0, 0, seed, is};
}

void ms_index_deinit(struct ms_index *index)
{
  ms_free(index->items);
  ms_index_init(index, index->seed, index->is);
}

static uint32_t index_hash(const struct ms_index *index, struct ms_str key)
{
  return (uint32_t)(ms_hash(key, index->seed) >> 32);
}

/* Where the key is, or the free slot where it would be. */
static uint32_t index_slot(const struct ms_index *index, struct ms_str key, uint32_t hash)
{
  uint32_t mask = index->capacity - 1;
  uint32_t at = hash & mask;
  while (index->items[at] != NULL &&
         (index->hashes[at] != hash || !index->is(index->items[at], key))) {
    at = (at + 1) & mask;
  }
  return at;
}

void *ms_index_find(const struct ms_index *index, struct ms_str key)
{
  if (index->count == 0) {
    return NULL;
  }
  return index->items[index_slot(index, key, index_hash(index, key))];
}

static int index_grow(struct ms_index *index)
{
  if (index->capacity >= CAPACITY_MAX) {
    return ms_error(MSTEP_ETOOBIG, "too many of one kind");
  }
  uint32_t capacity = index->capacity == 0 ? FIRST_CAPACITY : index->capacity * 2;
  void **items = ms_calloc(capacity, sizeof *items + sizeof *index->hashes);
  if (items == NULL) {
    return ms_error_nomem();
  }
  uint32_t *hashes = (uint32_t *)(void *)(items + capacity);
  for (uint32_t i = 0; i < index->capacity; i++) {
    if (index->items[i] == NULL) {
      continue;
    }
    uint32_t at = index->hashes[i] & (capacity - 1);
    while (items[at] != NULL) {
      at = (at + 1) & (capacity - 1);
    }
    items[at] = index->items[i];
    hashes[at] = index->hashes[i];
  }
  ms_free(index->items);
  index->items = items;
  index->hashes = hashes;
  index->capacity = capacity;
  return MSTEP_OK;
}

int ms_index_add(struct ms_index *index, struct ms_str key, void *item)
{
  if (index->capacity == 0 || index->count >= index->capacity / 4 * 3) {
    int err = index_grow(index);
    if (err != 0) {
      return err;
    }
  }
  uint32_t hash = index_hash(index, key);
  uint32_t at = index_slot(index, key, hash);
  index->items[at] = item;
  index->hashes[at] = hash;
  index->count++;
  return MSTEP_OK;
}

void ms_index_remove(struct ms_index *index, struct ms_str key, const void *item)
{
  if (index->count == 0) {
    return;
  }
  uint32_t hole = index_slot(index, key, index_hash(index, key));
  if (index->items[hole] != item) {
    return;
  }
  uint32_t mask = index->capacity - 1;
  for (uint32_t at = (hole + 1) & mask; index->items[at] != NULL; at = (at + 1) & mask) {
    uint32_t home = index->hashes[at] & mask;
    /* It may move up into the hole if its home is not behind the hole, going round. */
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      index->items[hole] = index->items[at];
      index->hashes[hole] = index->hashes[at];
      hole = at;
    }
  }
  index->items[hole] = NULL;
  index->count--;
}

void *ms_index_next(const struct ms_index *index, uint32_t *at)
{
  while (*at < index->capacity) {
    void *item = index->items[(*at)++];
    if (item != NULL) {
      return item;
    }
  }
  return NULL;
}
