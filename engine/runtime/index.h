/*
 * A table of objects that know their own key, found by it: 12 bytes a slot, keys not copied. For
 * what there may be millions of: executions by ARN, open tasks by token.
 */
#ifndef MS_RUNTIME_INDEX_H
#define MS_RUNTIME_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct ms_index {
  void **items;      /* NULL: free */
  uint32_t *hashes;  /* beside items, in the same block */
  uint32_t capacity; /* 0 or a power of two */
  uint32_t count;
  uint64_t seed;
  bool (*is)(const void *item, struct ms_str key); /* is this its key? */
};

void ms_index_init(struct ms_index *index, uint64_t seed,
                   bool (*is)(const void *item, struct ms_str key));
void ms_index_deinit(struct ms_index *index);                         /* items are not touched */
void *ms_index_find(const struct ms_index *index, struct ms_str key); /* NULL when missing */
/* The key must not be in it yet. MSTEP_ENOMEM, MSTEP_ETOOBIG. */
int ms_index_add(struct ms_index *index, struct ms_str key, void *item);
/* Nothing when missing. */
void ms_index_remove(struct ms_index *index, struct ms_str key, const void *item);
/*
 * Steps through the items: start with *at = 0, NULL at the end. Between steps nothing may be
 * changed.
 */
void *ms_index_next(const struct ms_index *index, uint32_t *at);

#endif
