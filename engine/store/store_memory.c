/*
 * The store in memory: one skip list for each table, so that keys are in order. What it holds is gone
 * when it is closed. All-or-nothing because a commit first allocates everything and then only links.
 *
 * A step backwards is a search from the top, O(log n), because nodes point forward only: a second
 * pointer a node is worth it when somebody reads long ranges backwards from memory.
 */
#include "store/internal.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"

#define HEIGHT_MAX 16u /* a node has height h with 4^-(h-1): enough for 4^16 of them */

struct memory_node {
  struct memory_node *pending; /* of this commit, not linked yet */
  size_t value_len;
  uint32_t key_len;
  uint32_t height;
  struct memory_node *next[]; /* height of them; then the key, then the value */
};

struct memory_table {
  struct memory_node *head[HEIGHT_MAX];
};

struct memory_store {
  struct ms_store base;
  struct ms_random random;
  uint64_t fence;
  uint64_t size;
  struct memory_table tables[MS_TABLE_COUNT];
};

static struct memory_store *memory_store(struct ms_store *store)
{
  assert(store->type == NULL || store->type == &ms_store_memory);
  return (struct memory_store *)store;
}

static char *node_key_data(const struct memory_node *node)
{
  return (char *)(node->next + node->height);
}

static struct ms_str node_key(const struct memory_node *node)
{
  return (struct ms_str){node_key_data(node), node->key_len};
}

static struct ms_str node_value(const struct memory_node *node)
{
  return (struct ms_str){node_key_data(node) + node->key_len, node->value_len};
}

static struct memory_node *node_new(struct memory_store *memory, struct ms_str key,
                                    struct ms_str value)
{
  uint32_t height = 1;
  for (uint64_t bits = ms_random_next(&memory->random); (bits & 3) == 0 && height < HEIGHT_MAX;
       bits >>= 2) {
    height++;
  }
  size_t links = height * sizeof(struct memory_node *);
  struct memory_node *node = ms_alloc(sizeof *node + links + key.len + value.len);
  if (node == NULL) {
    return NULL;
  }
  *node = (struct memory_node){NULL, value.len, (uint32_t)key.len, height};
  if (key.len > 0) {
    memcpy(node_key_data(node), key.data, key.len);
  }
  if (value.len > 0) {
    memcpy(node_key_data(node) + key.len, value.data, value.len);
  }
  return node;
}

/*
 * For each level the link that leads to the first node whose key is not below `key`; returns that
 * node.
 */
static struct memory_node *search(struct memory_table *table, struct ms_str key,
                                  struct memory_node **links[HEIGHT_MAX])
{
  struct memory_node **row = table->head;
  for (unsigned level = HEIGHT_MAX; level-- > 0;) {
    while (row[level] != NULL && ms_str_cmp(node_key(row[level]), key) < 0) {
      row = row[level]->next;
    }
    links[level] = &row[level];
  }
  return row[0];
}

static struct memory_node *find_first(struct memory_table *table, struct ms_str key)
{
  struct memory_node **links[HEIGHT_MAX];
  return search(table, key, links);
}

/* The last node whose key is below `key`; of all when key is empty, which is below everything. */
static struct memory_node *find_last(struct memory_table *table, struct ms_str key, bool is_end)
{
  struct memory_node *found = NULL;
  struct memory_node **row = table->head;
  for (unsigned level = HEIGHT_MAX; level-- > 0;) {
    while (row[level] != NULL && (is_end || ms_str_cmp(node_key(row[level]), key) < 0)) {
      found = row[level];
      row = found->next;
    }
  }
  return found;
}

/* Takes out the node that the links lead to. */
static void unlink_node(struct memory_store *memory, struct memory_node **links[HEIGHT_MAX])
{
  struct memory_node *node = *links[0];
  for (unsigned level = 0; level < node->height; level++) {
    assert(*links[level] == node);
    *links[level] = node->next[level];
  }
  assert(memory->size >= node->key_len + node->value_len);
  memory->size -= node->key_len + node->value_len;
  ms_free(node);
}

static void link_node(struct memory_store *memory, unsigned number, struct memory_node *node)
{
  struct memory_node **links[HEIGHT_MAX];
  struct memory_node *old = search(&memory->tables[number], node_key(node), links);
  if (old != NULL && ms_str_eq(node_key(old), node_key(node))) {
    unlink_node(memory, links);
  }
  for (unsigned level = 0; level < node->height; level++) {
    node->next[level] = *links[level];
    *links[level] = node;
  }
  memory->size += node->key_len + node->value_len;
}

static void remove_range(struct memory_store *memory, unsigned number, struct ms_str from,
                         struct ms_str to)
{
  struct memory_node **links[HEIGHT_MAX];
  struct memory_node *node = search(&memory->tables[number], from, links);
  while (node != NULL && (to.len == 0 || ms_str_cmp(node_key(node), to) < 0)) {
    unlink_node(memory, links);
    node = *links[0];
  }
}

static void remove_key(struct memory_store *memory, unsigned number, struct ms_str key)
{
  struct memory_node **links[HEIGHT_MAX];
  struct memory_node *node = search(&memory->tables[number], key, links);
  if (node != NULL && ms_str_eq(node_key(node), key)) {
    unlink_node(memory, links);
  }
}

/* Nodes of all puts and of the frame, in their order. */
static int prepare(struct memory_store *memory, const struct ms_batch *batch, uint64_t lsn,
                   struct memory_node **first)
{
  struct memory_node **end = first;
  for (size_t i = 0; i < batch->ops.count; i++) {
    const struct ms_batch_op *op = &batch->ops.data[i];
    if (op->type == MS_BATCH_PUT) {
      *end = node_new(memory, ms_batch_key(batch, op), ms_batch_value(batch, op));
      if (*end == NULL) {
        return ms_error_nomem();
      }
      end = &(*end)->pending;
    }
  }
  if (batch->records.len > 0) {
    char key[MS_STORE_NUMBER_SIZE];
    *end = node_new(memory, ms_store_key(key, lsn), ms_buf_view(&batch->records));
    if (*end == NULL) {
      return ms_error_nomem();
    }
  }
  return 0;
}

static int memory_commit(struct ms_store *store, const struct ms_batch *batch, uint64_t lsn)
{
  struct memory_store *memory = memory_store(store);
  for (size_t i = 0; i < batch->fences.count; i++) {
    const struct ms_batch_fence *fence = &batch->fences.data[i];
    if (fence->shard != 0 || fence->fence != memory->fence) {
      return ms_error(MSTEP_ESTATE, "shard %u was taken over", fence->shard);
    }
  }
  struct memory_node *pending = NULL;
  int err = prepare(memory, batch, lsn, &pending);
  if (err != 0) {
    while (pending != NULL) {
      struct memory_node *next = pending->pending;
      ms_free(pending);
      pending = next;
    }
    return err;
  }
  for (size_t i = 0; i < batch->ops.count; i++) {
    const struct ms_batch_op *op = &batch->ops.data[i];
    if (op->type == MS_BATCH_PUT) {
      struct memory_node *next = pending->pending;
      link_node(memory, op->table, pending);
      pending = next;
    } else if (op->type == MS_BATCH_REMOVE) {
      remove_key(memory, op->table, ms_batch_key(batch, op));
    } else {
      remove_range(memory, op->table, ms_batch_key(batch, op), ms_batch_value(batch, op));
    }
  }
  if (pending != NULL) {
    assert(pending->pending == NULL);
    link_node(memory, MS_TABLE_JOURNAL, pending);
  }
  return 0;
}

static int memory_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                      void *user)
{
  struct memory_store *memory = memory_store(store);
  struct memory_node *node = find_first(&memory->tables[table], key);
  if (node == NULL || !ms_str_eq(node_key(node), key)) {
    return ms_error(MSTEP_ENOTFOUND, "no such key in table %s", ms_table_name(table));
  }
  return cb(node_key(node), node_value(node), user);
}

static int memory_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb,
                       void *user)
{
  struct memory_table *table = &memory_store(store)->tables[scan->table];
  struct memory_node *node = scan->is_reverse ? find_last(table, scan->to, scan->to.len == 0)
                                              : find_first(table, scan->from);
  for (uint64_t count = 0; node != NULL && (scan->limit == 0 || count < scan->limit); count++) {
    struct ms_str key = node_key(node);
    bool is_over = scan->is_reverse ? ms_str_cmp(key, scan->from) < 0
                                    : scan->to.len > 0 && ms_str_cmp(key, scan->to) >= 0;
    if (is_over) {
      return 0;
    }
    int err = cb(key, node_value(node), user);
    if (err != 0) {
      return err;
    }
    node = scan->is_reverse ? find_last(table, key, false) : node->next[0];
  }
  return 0;
}

static int memory_lease(struct ms_store *store, unsigned shard, int64_t until_ms, uint64_t *fence)
{
  struct memory_store *memory = memory_store(store);
  (void)until_ms;
  if (shard != 0) {
    return ms_error(MSTEP_EINVALID, "%s has one shard, 0; not %u", store->name, shard);
  }
  if (*fence == 0) {
    *fence = ++memory->fence;
  }
  return *fence == memory->fence ? 0 : ms_error(MSTEP_ESTATE, "shard 0 was taken over");
}

static int memory_open(struct ms_store **out, const char *address,
                       const struct ms_store_options *options)
{
  if (address[0] != '\0') {
    return ms_error(MSTEP_EINVALID, "memory: has no address, not \"%s\"", address);
  }
  if (options->must_exist) {
    return ms_error(MSTEP_ENOTFOUND, "a store in memory is always new");
  }
  struct memory_store *memory = ms_calloc(1, sizeof *memory);
  if (memory == NULL) {
    return ms_error_nomem();
  }
  ms_random_seed(&memory->random, 1);
  *out = &memory->base;
  return 0;
}

static void memory_close(struct ms_store *store)
{
  struct memory_store *memory = memory_store(store);
  for (unsigned i = 0; i < MS_TABLE_COUNT; i++) {
    remove_range(memory, i, (struct ms_str){NULL, 0}, (struct ms_str){NULL, 0});
  }
  assert(memory->size == 0);
  ms_free(memory);
}

static int memory_recover(struct ms_store *store)
{
  (void)store; /* never fails, so never has anything to look for */
  return 0;
}

static int memory_shrink(struct ms_store *store, uint64_t bytes, bool *is_done)
{
  (void)store;
  (void)bytes;
  *is_done = true;
  return 0;
}

static int memory_check(struct ms_store *store)
{
  struct memory_store *memory = memory_store(store);
  for (unsigned i = 0; i < MS_TABLE_COUNT; i++) {
    struct memory_node *node = memory->tables[i].head[0];
    for (; node != NULL && node->next[0] != NULL; node = node->next[0]) {
      if (ms_str_cmp(node_key(node), node_key(node->next[0])) >= 0) {
        return ms_error(MSTEP_EINTERNAL, "table %s is out of order", ms_table_name(i));
      }
    }
  }
  return 0;
}

static int memory_size(struct ms_store *store, uint64_t *bytes)
{
  *bytes = memory_store(store)->size;
  return 0;
}

const struct ms_store_type ms_store_memory = {
    .version = MS_STORE_TYPE_VERSION,
    .scheme = "memory",
    .is_persistent = false,
    .open = memory_open,
    .close = memory_close,
    .recover = memory_recover,
    .commit = memory_commit,
    .get = memory_get,
    .scan = memory_scan,
    .lease = memory_lease,
    .shrink = memory_shrink,
    .size = memory_size,
    .check = memory_check,
};
