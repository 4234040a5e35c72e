/* A trie of the steps of names, its edges in one hash table. */
#include "messaging/path_tree.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

#define NODES_MAX ((size_t)1 << 28)

void ms_path_tree_init(struct ms_path_tree *tree)
{
  *tree = (struct ms_path_tree){.free_node = MS_PATH_NONE, .seed = ms_hash_process_seed()};
}

void ms_path_tree_deinit(struct ms_path_tree *tree)
{
  for (size_t i = 0; i < tree->nodes.count; i++) {
    ms_free(tree->nodes.data[i].step);
  }
  ms_free(tree->nodes.data);
  ms_free(tree->table);
  ms_path_tree_init(tree);
}

static uint32_t hash_of(const struct ms_path_tree *tree, uint32_t parent, struct ms_str step)
{
  uint64_t hash = ms_hash(step, tree->seed + parent * UINT64_C(0x9E3779B97F4A7C15));
  return (uint32_t)(hash ^ hash >> 32);
}

static bool is_edge(const struct ms_path_node *node, uint32_t hash, uint32_t parent,
                    struct ms_str step)
{
  return node->hash == hash && node->parent == parent && node->step_len == step.len &&
         memcmp(node->step, step.data, step.len) == 0;
}

uint32_t ms_path_tree_child(const struct ms_path_tree *tree, uint32_t parent, struct ms_str step)
{
  if (tree->table_size == 0) {
    return MS_PATH_NONE;
  }
  uint32_t hash = hash_of(tree, parent, step);
  size_t mask = tree->table_size - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    uint32_t number = tree->table[at];
    if (number == MS_PATH_NONE) {
      return MS_PATH_NONE;
    }
    if (is_edge(&tree->nodes.data[number], hash, parent, step)) {
      return number;
    }
  }
}

static void put_edge(struct ms_path_tree *tree, uint32_t number)
{
  size_t mask = tree->table_size - 1;
  size_t at = tree->nodes.data[number].hash & mask;
  while (tree->table[at] != MS_PATH_NONE) {
    at = (at + 1) & mask;
  }
  tree->table[at] = number;
}

/* Keeps a quarter of the table free or more. */
static int make_room(struct ms_path_tree *tree)
{
  if ((tree->used + 1) * 4 <= tree->table_size * 3) {
    return 0;
  }
  size_t size = tree->table_size == 0 ? 16 : tree->table_size * 2;
  uint32_t *table = ms_reallocarray(NULL, size, sizeof *table);
  if (table == NULL) {
    return ms_error_nomem();
  }
  memset(table, 0xFF, size * sizeof *table);
  uint32_t *old = tree->table;
  size_t old_size = tree->table_size;
  tree->table = table;
  tree->table_size = size;
  for (size_t i = 0; i < old_size; i++) {
    if (old[i] != MS_PATH_NONE) {
      put_edge(tree, old[i]);
    }
  }
  ms_free(old);
  return 0;
}

/* Takes an edge away and moves those behind it up, so that searches may stop at a gap. */
static void remove_edge(struct ms_path_tree *tree, uint32_t number)
{
  size_t mask = tree->table_size - 1;
  size_t gap = tree->nodes.data[number].hash & mask;
  while (tree->table[gap] != number) {
    gap = (gap + 1) & mask;
  }
  for (size_t at = (gap + 1) & mask; tree->table[at] != MS_PATH_NONE; at = (at + 1) & mask) {
    size_t home = tree->nodes.data[tree->table[at]].hash & mask;
    if (((at - home) & mask) >= ((at - gap) & mask)) {
      tree->table[gap] = tree->table[at];
      gap = at;
    }
  }
  tree->table[gap] = MS_PATH_NONE;
}

static int take_node(uint32_t *number, struct ms_path_tree *tree)
{
  if (tree->free_node != MS_PATH_NONE) {
    *number = tree->free_node;
    tree->free_node = tree->nodes.data[*number].parent;
    return 0;
  }
  int err = MS_VEC_RESERVE(&tree->nodes, NODES_MAX, 1);
  if (err == 0) {
    *number = (uint32_t)tree->nodes.count++;
  }
  return err;
}

static void give_node(struct ms_path_tree *tree, uint32_t number)
{
  tree->nodes.data[number] = (struct ms_path_node){.parent = tree->free_node};
  tree->free_node = number;
}

static int add_child(uint32_t *child, struct ms_path_tree *tree, uint32_t parent,
                     struct ms_str step)
{
  char *copy = ms_strdupn(step.data, step.len);
  int err = copy == NULL ? ms_error_nomem() : make_room(tree);
  if (err == 0) {
    err = take_node(child, tree);
  }
  if (err != 0) {
    ms_free(copy);
    return err;
  }
  struct ms_path_node *node = &tree->nodes.data[*child];
  *node = (struct ms_path_node){.step = copy,
                                .step_len = (uint32_t)step.len,
                                .hash = hash_of(tree, parent, step),
                                .parent = parent,
                                .depth = tree->nodes.data[parent].depth + 1};
  put_edge(tree, *child);
  tree->used++;
  tree->nodes.data[parent].children++;
  return 0;
}

/* From the node up, what nothing needs any more. */
static void prune(struct ms_path_tree *tree, uint32_t number)
{
  while (number != MS_PATH_ROOT) {
    struct ms_path_node *node = &tree->nodes.data[number];
    if (node->names > 0 || node->children > 0) {
      return;
    }
    uint32_t parent = node->parent;
    remove_edge(tree, number);
    tree->used--;
    ms_free(node->step);
    give_node(tree, number);
    tree->nodes.data[parent].children--;
    number = parent;
  }
}

int ms_path_tree_add(uint32_t *out, struct ms_path_tree *tree, struct ms_str name)
{
  if (tree->nodes.count == 0) {
    int err = MS_VEC_RESERVE(&tree->nodes, NODES_MAX, 1);
    if (err != 0) {
      return err;
    }
    tree->nodes.data[tree->nodes.count++] = (struct ms_path_node){.parent = MS_PATH_NONE};
  }
  uint32_t at = MS_PATH_ROOT;
  for (size_t from = 0; from <= name.len;) {
    size_t to = ms_str_find(name, from, '.');
    struct ms_str step = ms_str_sub(name, from, to);
    uint32_t child = ms_path_tree_child(tree, at, step);
    if (child == MS_PATH_NONE) {
      int err = add_child(&child, tree, at, step);
      if (err != 0) {
        prune(tree, at);
        return err;
      }
    }
    at = child;
    from = to + 1;
  }
  tree->nodes.data[at].names++;
  *out = at;
  return 0;
}

void ms_path_tree_remove(struct ms_path_tree *tree, uint32_t node)
{
  tree->nodes.data[node].names--;
  prune(tree, node);
}

uint32_t ms_path_shared(struct ms_str a, struct ms_str b)
{
  uint32_t steps = 0;
  for (size_t i = 0;; i++) {
    bool ends_a = i == a.len || a.data[i] == '.';
    bool ends_b = i == b.len || b.data[i] == '.';
    if (ends_a && ends_b) {
      steps++;
      if (i == a.len || i == b.len) {
        return steps;
      }
    } else if (ends_a || ends_b || a.data[i] != b.data[i]) {
      return steps;
    }
  }
}
