/*
 * The names that patterns use, as a tree of their steps, so that an event is walked once for all of them.
 * `a.b` in a name is two steps wherever the dot came from. Nodes are counted: a name that is added twice
 * must be removed twice.
 */
#ifndef MS_MESSAGING_PATH_TREE_H
#define MS_MESSAGING_PATH_TREE_H

#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

#define MS_PATH_NONE UINT32_MAX
#define MS_PATH_ROOT 0u

struct ms_path_node {
  char *step; /* owned copy; NULL of the root and of free nodes */
  uint32_t step_len;
  uint32_t hash;     /* of parent and step */
  uint32_t parent;   /* of a free node: the next free one */
  uint32_t depth;    /* steps from the root */
  uint32_t names;    /* names that end here */
  uint32_t children;
};

struct ms_path_tree {
  MS_VEC(struct ms_path_node) nodes; /* nodes[0] is the root, once there is any */
  uint32_t *table;                   /* node numbers by hash, open addressing; MS_PATH_NONE is free */
  size_t table_size;                 /* 0 or a power of two */
  size_t used;
  uint32_t free_node;
  uint64_t seed;
};

void ms_path_tree_init(struct ms_path_tree *tree);
void ms_path_tree_deinit(struct ms_path_tree *tree);
/* MSTEP_ENOMEM: nothing was added. */
int ms_path_tree_add(uint32_t *node, struct ms_path_tree *tree, struct ms_str name);
void ms_path_tree_remove(struct ms_path_tree *tree, uint32_t node);
/* MS_PATH_NONE: there is none. */
uint32_t ms_path_tree_child(const struct ms_path_tree *tree, uint32_t parent, struct ms_str step);
/* Steps that two names have in common. */
uint32_t ms_path_shared(struct ms_str a, struct ms_str b);

#endif
