/* The treap. Steps go down from the root with a key: no node knows its parent. */
#include "messaging/table_tree.h"

#include "base/alloc.h"

struct ms_table_node *ms_table_node_new(struct ms_table_tree *tree, struct ms_str key,
                                        struct ms_str value, bool is_removed)
{
  struct ms_table_node *node = ms_alloc(sizeof *node + key.len + value.len);
  if (node == NULL) {
    return NULL;
  }
  *node = (struct ms_table_node){.priority = ms_random_next(&tree->random),
                                 .key_len = key.len,
                                 .value_len = value.len,
                                 .is_removed = is_removed};
  if (key.len > 0) {
    memcpy(node->bytes, key.data, key.len);
  }
  if (value.len > 0) {
    memcpy(node->bytes + key.len, value.data, value.len);
  }
  return node;
}

static size_t size_of(const struct ms_table_node *node)
{
  return sizeof *node + node->key_len + node->value_len;
}

/* ---- the list by age ---- */

static void link_newest(struct ms_table_tree *tree, struct ms_table_node *node)
{
  node->older = tree->newest;
  node->newer = NULL;
  *(tree->newest == NULL ? &tree->oldest : &tree->newest->newer) = node;
  tree->newest = node;
  tree->bytes += size_of(node);
  tree->count++;
}

static void drop(struct ms_table_tree *tree, struct ms_table_node *node)
{
  *(node->older == NULL ? &tree->oldest : &node->older->newer) = node->newer;
  *(node->newer == NULL ? &tree->newest : &node->newer->older) = node->older;
  tree->bytes -= size_of(node);
  tree->count--;
  ms_free(node);
}

/* ---- the tree ---- */

/* Below `node`: what is smaller than key goes left, the rest right. */
static void split(struct ms_table_node *node, struct ms_str key, struct ms_table_node **left,
                  struct ms_table_node **right)
{
  while (node != NULL) {
    if (ms_str_cmp(ms_table_node_key(node), key) < 0) {
      *left = node;
      left = &node->right;
      node = node->right;
    } else {
      *right = node;
      right = &node->left;
      node = node->left;
    }
  }
  *left = *right = NULL;
}

static struct ms_table_node **slot_of(struct ms_table_tree *tree, struct ms_str key)
{
  struct ms_table_node **slot = &tree->root;
  while (*slot != NULL) {
    int order = ms_str_cmp(key, ms_table_node_key(*slot));
    if (order == 0) {
      return slot;
    }
    slot = order < 0 ? &(*slot)->left : &(*slot)->right;
  }
  return slot;
}

void ms_table_tree_put(struct ms_table_tree *tree, struct ms_table_node *node, uint64_t number)
{
  struct ms_str key = ms_table_node_key(node);
  struct ms_table_node **slot = slot_of(tree, key);
  node->number = number;
  if (*slot != NULL) { /* takes the place of the old one */
    struct ms_table_node *old = *slot;
    node->left = old->left;
    node->right = old->right;
    node->priority = old->priority;
    *slot = node;
    drop(tree, old);
  } else {
    slot = &tree->root;
    while (*slot != NULL && (*slot)->priority >= node->priority) {
      slot = ms_str_cmp(key, ms_table_node_key(*slot)) < 0 ? &(*slot)->left : &(*slot)->right;
    }
    split(*slot, key, &node->left, &node->right);
    *slot = node;
  }
  link_newest(tree, node);
}

void ms_table_tree_remove(struct ms_table_tree *tree, struct ms_str key)
{
  struct ms_table_node **slot = slot_of(tree, key), *node = *slot;
  if (node == NULL) {
    return;
  }
  struct ms_table_node *left = node->left, *right = node->right;
  while (left != NULL && right != NULL) { /* the two below it become one */
    if (left->priority >= right->priority) {
      *slot = left;
      slot = &left->right;
      left = left->right;
    } else {
      *slot = right;
      slot = &right->left;
      right = right->left;
    }
  }
  *slot = left != NULL ? left : right;
  drop(tree, node);
}

struct ms_table_node *ms_table_tree_find(const struct ms_table_tree *tree, struct ms_str key)
{
  struct ms_table_node *node = tree->root;
  int order;
  while (node != NULL && (order = ms_str_cmp(key, ms_table_node_key(node))) != 0) {
    node = order < 0 ? node->left : node->right;
  }
  return node;
}

/* The first behind key, or at it when or_at. */
static struct ms_table_node *next_of(const struct ms_table_tree *tree, struct ms_str key,
                                     bool or_at)
{
  struct ms_table_node *found = NULL;
  for (struct ms_table_node *node = tree->root; node != NULL;) {
    int order = ms_str_cmp(ms_table_node_key(node), key);
    if (order > 0 || (order == 0 && or_at)) {
      found = node;
      node = node->left;
    } else {
      node = node->right;
    }
  }
  return found;
}

struct ms_table_node *ms_table_tree_from(const struct ms_table_tree *tree, struct ms_str key)
{
  return next_of(tree, key, true);
}

struct ms_table_node *ms_table_tree_behind(const struct ms_table_tree *tree, struct ms_str key)
{
  return next_of(tree, key, false);
}

struct ms_table_node *ms_table_tree_before(const struct ms_table_tree *tree, struct ms_str key)
{
  struct ms_table_node *found = NULL;
  for (struct ms_table_node *node = tree->root; node != NULL;) {
    if (ms_str_cmp(ms_table_node_key(node), key) < 0) {
      found = node;
      node = node->right;
    } else {
      node = node->left;
    }
  }
  return found;
}

void ms_table_tree_clear(struct ms_table_tree *tree)
{
  while (tree->oldest != NULL) {
    struct ms_table_node *node = tree->oldest;
    tree->oldest = node->newer;
    ms_free(node);
  }
  tree->root = tree->newest = NULL;
  tree->bytes = tree->count = 0;
}
