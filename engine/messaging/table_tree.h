/*
 * Rows in memory, in the order of their keys: a treap. Each row is also in a list by when it was
 * written last,
 * so that what has got to the disk can be dropped without a search. Making a node may fail,
 * putting it
 * in may not: so a change is prepared whole, written, and then put in.
 */
#ifndef MS_MESSAGING_TABLE_TREE_H
#define MS_MESSAGING_TABLE_TREE_H

#include <stdint.h>

#include "base/random.h"
#include "base/str.h"

struct ms_table_node {
  struct ms_table_node *left, *right;
  struct ms_table_node *older, *newer;
  uint64_t priority;
  uint64_t number; /* of the change that wrote it */
  size_t key_len, value_len;
  bool is_removed; /* there is no such row, whatever the disk says */
  char bytes[];    /* key, value */
};

struct ms_table_tree {
  struct ms_table_node *root, *oldest, *newest;
  struct ms_random random; /* of priorities */
  size_t bytes;
  size_t count;
};

static inline struct ms_str ms_table_node_key(const struct ms_table_node *node)
{
  return (struct ms_str){node->bytes, node->key_len};
}

static inline struct ms_str ms_table_node_value(const struct ms_table_node *node)
{
  return (struct ms_str){node->bytes + node->key_len, node->value_len};
}

/* All is copied; NULL: out of memory. Not in the tree yet. */
struct ms_table_node *ms_table_node_new(struct ms_table_tree *tree, struct ms_str key,
                                        struct ms_str value, bool is_removed);
/* Takes node; the one of that key makes way. */
void ms_table_tree_put(struct ms_table_tree *tree, struct ms_table_node *node, uint64_t number);
void ms_table_tree_remove(struct ms_table_tree *tree, struct ms_str key);
struct ms_table_node *ms_table_tree_find(const struct ms_table_tree *tree, struct ms_str key);
/*
 * The first with a key at or behind `key`; reverse: the last with one in front of it. NULL: none.
 */
struct ms_table_node *ms_table_tree_from(const struct ms_table_tree *tree, struct ms_str key);
struct ms_table_node *ms_table_tree_before(const struct ms_table_tree *tree, struct ms_str key);
struct ms_table_node *ms_table_tree_behind(const struct ms_table_tree *tree, struct ms_str key);
void ms_table_tree_clear(struct ms_table_tree *tree);

#endif
