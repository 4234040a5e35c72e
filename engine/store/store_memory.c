/*
 * The store in memory: one skip list for each table, so that keys are in order. What it holds is gone
 * when it is closed. All-or-nothing because a commit first allocates everything and then only links.
 *
 * A reader is a second handle on the same lists. While one has a view, what a commit removes or replaces
 * stays where it is, marked with the commit it died with, and goes when the last view has ended: so a
 * key may have several nodes, newest first, of which one moment sees one at most.
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
#define ALIVE UINT64_MAX

struct memory_node {
  struct memory_node
      *pending;  /* of this commit, not linked yet; dead: the one that died before it */
  uint64_t born; /* the commits (of any kind) that put it here and took it away */
  uint64_t died;
  uint32_t table;
  size_t value_len;
  uint32_t key_len;
  uint32_t height;
  struct memory_node *next[]; /* height of them; then the key, then the value */
};

struct memory_table {
  struct memory_node *head[HEIGHT_MAX];
};

struct memory_data {
  struct ms_random random;
  uint64_t fence;
  uint64_t size;
  uint64_t commits;
  unsigned view_count;
  struct memory_node *dead; /* that views keep; the latest first */
  struct memory_table tables[MS_TABLE_COUNT];
};

struct memory_store {
  struct ms_store base;
  struct memory_data *data;
  const struct ms_store *source; /* of a reader: who commits */
  uint64_t at;                   /* of a view: the commits it sees; else ALIVE - 1, all */
};

static struct memory_store *memory_store(struct ms_store *store)
{
  assert(store->type == NULL || store->type == &ms_store_memory);
  return (struct memory_store *)store;
}

static bool is_visible(const struct memory_node *node, uint64_t at)
{
  return node->born <= at && at < node->died;
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

static struct memory_node *node_new(struct memory_data *data, unsigned table, struct ms_str key,
                                    struct ms_str value)
{
  uint32_t height = 1;
  for (uint64_t bits = ms_random_next(&data->random); (bits & 3) == 0 && height < HEIGHT_MAX;
       bits >>= 2) {
    height++;
  }
  size_t links = height * sizeof(struct memory_node *);
  struct memory_node *node = ms_alloc(sizeof *node + links + key.len + value.len);
  if (node == NULL) {
    return NULL;
  }
  *node = (struct memory_node){.born = data->commits + 1,
                               .died = ALIVE,
                               .table = table,
                               .value_len = value.len,
                               .key_len = (uint32_t)key.len,
                               .height = height};
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

/* Of `node` and those behind it that have its key, the one that is seen; NULL when none is. */
static struct memory_node *find_visible(struct memory_node *node, uint64_t at)
{
  struct memory_node *first = node;
  while (node != NULL && !is_visible(node, at)) {
    node = node->next[0];
    if (node != NULL && !ms_str_eq(node_key(node), node_key(first))) {
      return NULL;
    }
  }
  return node;
}

/* Takes out the node that the links lead to. */
static void unlink_node(struct memory_data *data, struct memory_node **links[HEIGHT_MAX])
{
  struct memory_node *node = *links[0];
  for (unsigned level = 0; level < node->height; level++) {
    assert(*links[level] == node);
    *links[level] = node->next[level];
  }
  assert(data->size >= node->key_len + node->value_len);
  data->size -= node->key_len + node->value_len;
  ms_free(node);
}

/* Removes the node that the links lead to; returns the one behind it, where the links lead then. */
static struct memory_node *kill_node(struct memory_data *data,
                                     struct memory_node **links[HEIGHT_MAX])
{
  struct memory_node *node = *links[0];
  if (data->view_count == 0) {
    unlink_node(data, links);
    return *links[0];
  }
  if (node->died == ALIVE) {
    node->died = data->commits + 1;
    node->pending = data->dead;
    data->dead = node;
  }
  struct memory_node *next = node->next[0];
  for (unsigned level = 0; level < node->height; level++) {
    links[level] = &node->next[level];
  }
  return next;
}

/* Before those of the same key, which are older. */
static void link_node(struct memory_data *data, struct memory_node *node)
{
  struct memory_table *table = &data->tables[node->table];
  struct memory_node **links[HEIGHT_MAX];
  struct memory_node *old = search(table, node_key(node), links);
  if (old != NULL && ms_str_eq(node_key(old), node_key(node))) {
    kill_node(data, links);
    search(table, node_key(node), links);
  }
  for (unsigned level = 0; level < node->height; level++) {
    node->next[level] = *links[level];
    *links[level] = node;
  }
  data->size += node->key_len + node->value_len;
}

static void remove_range(struct memory_data *data, unsigned number, struct ms_str from,
                         struct ms_str to)
{
  struct memory_node **links[HEIGHT_MAX];
  struct memory_node *node = search(&data->tables[number], from, links);
  while (node != NULL && (to.len == 0 || ms_str_cmp(node_key(node), to) < 0)) {
    node = kill_node(data, links);
  }
}

static void remove_key(struct memory_data *data, unsigned number, struct ms_str key)
{
  struct memory_node **links[HEIGHT_MAX];
  struct memory_node *node = search(&data->tables[number], key, links);
  if (node != NULL && ms_str_eq(node_key(node), key)) {
    kill_node(data, links);
  }
}

/* The last view has ended: nobody sees what has died. */
static void bury(struct memory_data *data)
{
  while (data->dead != NULL) {
    struct memory_node **links[HEIGHT_MAX];
    struct memory_node *node = data->dead;
    data->dead = node->pending;
    search(&data->tables[node->table], node_key(node), links);
    for (unsigned level = 0; level < node->height; level++) {
      while (*links[level] != node) {
        links[level] = &(*links[level])->next[level];
      }
    }
    unlink_node(data, links);
  }
}

/* Nodes of all puts and of the frame, in their order. */
static int prepare(struct memory_data *data, const struct ms_batch *batch, uint64_t lsn,
                   struct memory_node **first)
{
  struct memory_node **end = first;
  for (size_t i = 0; i < batch->ops.count; i++) {
    const struct ms_batch_op *op = &batch->ops.data[i];
    if (op->type == MS_BATCH_PUT) {
      *end = node_new(data, op->table, ms_batch_key(batch, op), ms_batch_value(batch, op));
      if (*end == NULL) {
        return ms_error_nomem();
      }
      end = &(*end)->pending;
    }
  }
  if (batch->records.len > 0) {
    char key[MS_STORE_NUMBER_SIZE];
    *end = node_new(data, MS_TABLE_JOURNAL, ms_store_key(key, lsn), ms_buf_view(&batch->records));
    if (*end == NULL) {
      return ms_error_nomem();
    }
  }
  return 0;
}

/* Links the first of the pending nodes; returns the rest. */
static struct memory_node *link_pending(struct memory_data *data, struct memory_node *pending)
{
  struct memory_node *next = pending->pending;
  pending->pending = NULL;
  link_node(data, pending);
  return next;
}

static int memory_commit(struct ms_store *store, const struct ms_batch *batch, uint64_t lsn)
{
  struct memory_data *data = memory_store(store)->data;
  for (size_t i = 0; i < batch->fences.count; i++) {
    const struct ms_batch_fence *fence = &batch->fences.data[i];
    if (fence->shard != 0 || fence->fence != data->fence) {
      return ms_error(MSTEP_ESTATE, "shard %u was taken over", fence->shard);
    }
  }
  struct memory_node *pending = NULL;
  int err = prepare(data, batch, lsn, &pending);
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
      pending = link_pending(data, pending);
    } else if (op->type == MS_BATCH_REMOVE) {
      remove_key(data, op->table, ms_batch_key(batch, op));
    } else {
      remove_range(data, op->table, ms_batch_key(batch, op), ms_batch_value(batch, op));
    }
  }
  if (pending != NULL) {
    pending = link_pending(data, pending);
    assert(pending == NULL);
  }
  data->commits++;
  return 0;
}

static int memory_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                      void *user)
{
  struct memory_store *memory = memory_store(store);
  struct memory_node *node = find_first(&memory->data->tables[table], key);
  if (node != NULL) {
    node = ms_str_eq(node_key(node), key) ? find_visible(node, memory->at) : NULL;
  }
  if (node == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "no such key in table %s", ms_table_name(table));
  }
  return cb(node_key(node), node_value(node), user);
}

static int memory_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb,
                       void *user)
{
  struct memory_store *memory = memory_store(store);
  struct memory_table *table = &memory->data->tables[scan->table];
  struct memory_node *node = scan->is_reverse ? find_last(table, scan->to, scan->to.len == 0)
                                              : find_first(table, scan->from);
  uint64_t count = 0;
  while (node != NULL && (scan->limit == 0 || count < scan->limit)) {
    struct ms_str key = node_key(node);
    bool is_over = scan->is_reverse ? ms_str_cmp(key, scan->from) < 0
                                    : scan->to.len > 0 && ms_str_cmp(key, scan->to) >= 0;
    if (is_over) {
      return 0;
    }
    struct memory_node *seen = scan->is_reverse ? find_visible(find_first(table, key), memory->at)
                                                : (is_visible(node, memory->at) ? node : NULL);
    if (seen != NULL) {
      int err = cb(key, node_value(seen), user);
      if (err != 0) {
        return err;
      }
      count++;
    }
    node = scan->is_reverse ? find_last(table, key, false) : node->next[0];
  }
  return 0;
}

static int memory_lease(struct ms_store *store, unsigned shard, int64_t until_ms, uint64_t *fence)
{
  struct memory_data *data = memory_store(store)->data;
  (void)until_ms;
  if (shard != 0) {
    return ms_error(MSTEP_EINVALID, "%s has one shard, 0; not %u", store->name, shard);
  }
  if (*fence == 0) {
    *fence = ++data->fence;
  }
  return *fence == data->fence ? 0 : ms_error(MSTEP_ESTATE, "shard 0 was taken over");
}

/* ---- handles ------------------------------------------------------------------------------------------- */

static struct memory_store *handle_new(struct memory_data *data, const struct ms_store *source)
{
  struct memory_store *memory = ms_calloc(1, sizeof *memory);
  if (memory != NULL) {
    memory->data = data;
    memory->source = source;
    memory->at = ALIVE - 1;
  }
  return memory;
}

static int memory_open(struct ms_store **out, const char *address,
                       const struct ms_store_options *options)
{
  if (address[0] != '\0') {
    return ms_error(MSTEP_EINVALID, "memory: has no address, not \"%s\"", address);
  }
  if (options->must_exist || options->is_read_only) {
    return ms_error(MSTEP_ENOTFOUND, "a store in memory is always new");
  }
  struct memory_data *data = ms_calloc(1, sizeof *data);
  struct memory_store *memory = data == NULL ? NULL : handle_new(data, NULL);
  if (memory == NULL) {
    ms_free(data);
    return ms_error_nomem();
  }
  ms_random_seed(&data->random, 1);
  *out = &memory->base;
  return 0;
}

static void memory_close(struct ms_store *store)
{
  struct memory_store *memory = memory_store(store);
  struct memory_data *data = memory->data;
  if (memory->source == NULL) {
    assert(data->view_count == 0); /* readers are closed before */
    for (unsigned i = 0; i < MS_TABLE_COUNT; i++) {
      remove_range(data, i, (struct ms_str){NULL, 0}, (struct ms_str){NULL, 0});
    }
    assert(data->size == 0);
    ms_free(data);
  }
  ms_free(memory);
}

static int memory_reader(struct ms_store **out, struct ms_store *store)
{
  struct memory_store *memory = memory_store(store);
  struct memory_store *reader =
      handle_new(memory->data, memory->source == NULL ? store : memory->source);
  if (reader == NULL) {
    return ms_error_nomem();
  }
  reader->base.last_lsn = reader->source->last_lsn;
  reader->base.trimmed_lsn = reader->source->trimmed_lsn;
  *out = &reader->base;
  return 0;
}

static int memory_view_begin(struct ms_store *store)
{
  struct memory_store *memory = memory_store(store);
  memory->at = memory->data->commits;
  memory->data->view_count++;
  store->last_lsn = memory->source->last_lsn;
  store->trimmed_lsn = memory->source->trimmed_lsn;
  return 0;
}

static void memory_view_end(struct ms_store *store)
{
  struct memory_store *memory = memory_store(store);
  assert(memory->data->view_count > 0);
  memory->at = ALIVE - 1;
  if (--memory->data->view_count == 0) {
    bury(memory->data);
  }
}

static int memory_recover(struct ms_store *store)
{
  (void)store; /* never fails, so never has anything to look for */
  return 0;
}

static int memory_backup(struct ms_store *store, const char *path)
{
  return ms_error(MSTEP_EUNSUPPORTED, "%s cannot be copied to %s: a store in memory has no file",
                  store->name, path);
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
  struct memory_data *data = memory_store(store)->data;
  for (unsigned i = 0; i < MS_TABLE_COUNT; i++) {
    struct memory_node *node = data->tables[i].head[0];
    for (; node != NULL && node->next[0] != NULL; node = node->next[0]) {
      int order = ms_str_cmp(node_key(node), node_key(node->next[0]));
      if (order > 0 || (order == 0 && node->next[0]->died == ALIVE)) {
        return ms_error(MSTEP_EINTERNAL, "table %s is out of order", ms_table_name(i));
      }
    }
  }
  return 0;
}

static int memory_size(struct ms_store *store, uint64_t *bytes)
{
  *bytes = memory_store(store)->data->size;
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
    .reader = memory_reader,
    .view_begin = memory_view_begin,
    .view_end = memory_view_end,
    .backup = memory_backup,
};
