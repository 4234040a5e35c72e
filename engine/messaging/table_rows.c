/* Rows in memory over rows on disk. What a key or a value means is not known here. */
#include "messaging/table_rows.h"

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/resource.h"

#define KEY_MAX (MS_STORE_KEY_MAX + 1)

/* A key of the tree: which table, the row's key. */
struct tree_key {
  size_t len;
  char bytes[KEY_MAX];
};

static struct ms_str make_key(struct tree_key *out, unsigned table, struct ms_str key)
{
  out->bytes[0] = (char)table;
  out->len = key.len + 1 > KEY_MAX ? KEY_MAX : key.len + 1;
  if (key.len > 0) {
    memcpy(out->bytes + 1, key.data, out->len - 1);
  }
  return (struct ms_str){out->bytes, out->len};
}

static struct ms_str row_key(const struct ms_table_node *node)
{
  return ms_str_sub(ms_table_node_key(node), 1, node->key_len);
}

static unsigned table_of(const struct ms_table_node *node)
{
  return (unsigned char)node->bytes[0];
}

void ms_table_rows_init(struct ms_table_rows *rows, const struct ms_driver_env *env)
{
  *rows = (struct ms_table_rows){.env = env};
  ms_random_seed(&rows->tree.random, ms_random_next(env->random));
}

void ms_table_rows_clear(struct ms_table_rows *rows)
{
  ms_table_tree_clear(&rows->tree);
}

/* ---- what is durable leaves memory ---- */

static void ask(struct ms_table_rows *rows);

static void on_durable(int code, void *arg)
{
  struct ms_table_rows *rows = arg;
  uint64_t number = rows->asked;
  rows->asked = 0;
  if (code != MSTEP_OK) {
    return; /* load comes, and drops all of it */
  }
  struct ms_table_tree *tree = &rows->tree;
  while (rows->env->ledger.reader != NULL && tree->oldest != NULL &&
         tree->oldest->number <= number) {
    struct tree_key key;
    struct ms_str old = make_key(&key, table_of(tree->oldest), row_key(tree->oldest));
    ms_table_tree_remove(tree, old);
  }
  if (rows->on_durable != NULL) {
    rows->on_durable(rows->user);
  }
  if (rows->number > number) {
    ask(rows);
  }
}

static void ask(struct ms_table_rows *rows)
{
  const struct ms_ledger *ledger = &rows->env->ledger;
  if (rows->asked == 0 && ledger->when_durable(on_durable, rows, ledger->user) == 0) {
    rows->asked = rows->number;
    if (rows->on_asked != NULL) {
      rows->on_asked(rows->user);
    }
  }
}

/* ---- reading ---- */

static int copy_value(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_buf *out = user;
  (void)key;
  ms_buf_str(out, value);
  return out->error;
}

int ms_table_rows_get(struct ms_table_rows *rows, unsigned table, struct ms_str key,
                      struct ms_buf *out)
{
  struct tree_key full;
  const struct ms_table_node *node = ms_table_tree_find(&rows->tree, make_key(&full, table, key));
  if (node != NULL) {
    return node->is_removed ? MSTEP_ENOTFOUND : copy_value(key, ms_table_node_value(node), out);
  }
  struct ms_store *reader = rows->env->ledger.reader;
  return reader == NULL ? MSTEP_ENOTFOUND : ms_store_get(reader, table, key, copy_value, out);
}

struct merge {
  struct ms_table_rows *rows;
  const struct ms_scan *scan;
  ms_record_cb cb;
  void *user;
  const struct ms_table_node *node; /* the next one in memory; NULL: there is none */
};

/* NULL when it lies outside of what is asked for. */
static const struct ms_table_node *in_range(const struct merge *merge,
                                            const struct ms_table_node *node)
{
  const struct ms_scan *scan = merge->scan;
  if (node == NULL || table_of(node) != scan->table) {
    return NULL;
  }
  if (scan->is_reverse) {
    return ms_str_cmp(row_key(node), scan->from) < 0 ? NULL : node;
  }
  return scan->to.len > 0 && ms_str_cmp(row_key(node), scan->to) >= 0 ? NULL : node;
}

static void start_nodes(struct merge *merge)
{
  const struct ms_scan *scan = merge->scan;
  const struct ms_table_tree *tree = &merge->rows->tree;
  struct tree_key key;
  const struct ms_table_node *node;
  if (!scan->is_reverse) {
    node = ms_table_tree_from(tree, make_key(&key, scan->table, scan->from));
  } else if (scan->to.len > 0) {
    node = ms_table_tree_before(tree, make_key(&key, scan->table, scan->to));
  } else {
    node = ms_table_tree_before(tree, make_key(&key, scan->table + 1, MS_STR("")));
  }
  merge->node = in_range(merge, node);
}

static int emit_node(struct merge *merge)
{
  const struct ms_table_node *node = merge->node;
  int err = node->is_removed ? MSTEP_OK
                             : merge->cb(row_key(node), ms_table_node_value(node), merge->user);
  struct ms_str key = ms_table_node_key(node);
  const struct ms_table_tree *tree = &merge->rows->tree;
  merge->node = in_range(merge, merge->scan->is_reverse ? ms_table_tree_before(tree, key)
                                                        : ms_table_tree_behind(tree, key));
  return err;
}

static int merge_row(struct ms_str key, struct ms_str value, void *user)
{
  struct merge *merge = user;
  int direction = merge->scan->is_reverse ? -1 : 1;
  while (merge->node != NULL) {
    int order = ms_str_cmp(row_key(merge->node), key) * direction;
    if (order > 0) {
      break;
    }
    int err = emit_node(merge);
    if (err != 0 || order == 0) {
      return err;
    }
  }
  return merge->cb(key, value, merge->user);
}

int ms_table_rows_scan(struct ms_table_rows *rows, const struct ms_scan *scan, ms_record_cb cb,
                       void *user)
{
  struct merge merge = {.rows = rows, .scan = scan, .cb = cb, .user = user};
  struct ms_store *reader = rows->env->ledger.reader;
  start_nodes(&merge);
  int err = reader == NULL ? MSTEP_OK : ms_store_scan(reader, scan, merge_row, &merge);
  while (err == 0 && merge.node != NULL) {
    err = emit_node(&merge);
  }
  return err;
}

/* ---- changes ---- */

void ms_table_change_init(struct ms_table_change *change, struct ms_table_rows *rows)
{
  *change = (struct ms_table_change){.rows = rows};
  change->last = &change->first;
}

static void add_node(struct ms_table_change *change, unsigned table, struct ms_str key,
                     struct ms_str value, bool is_removed)
{
  struct tree_key full;
  if (change->error != 0) {
    return;
  }
  if (key.len > MS_STORE_KEY_MAX) {
    change->error = ms_error(MSTEP_ETOOBIG, "a key has %zu bytes", key.len);
    return;
  }
  struct ms_table_node *node =
      ms_table_node_new(&change->rows->tree, make_key(&full, table, key), value, is_removed);
  if (node == NULL) {
    change->error = ms_error_nomem();
    return;
  }
  *change->last = node;
  change->last = &node->newer;
}

void ms_table_change_put(struct ms_table_change *change, unsigned table, struct ms_str key,
                         struct ms_str value)
{
  add_node(change, table, key, value, false);
}

void ms_table_change_remove(struct ms_table_change *change, unsigned table, struct ms_str key)
{
  add_node(change, table, key, MS_STR(""), true);
}

void ms_table_change_resource(struct ms_table_change *change, const char *kind, struct ms_str name,
                              struct ms_json value)
{
  struct ms_json copy = ms_json_string(name);
  if (ms_json_is_none(copy) || change->resource_count == MS_TABLE_CHANGE_RESOURCES) {
    ms_json_unref(copy);
    change->error = ms_error_nomem();
    return;
  }
  change->resources[change->resource_count].kind = kind;
  change->resources[change->resource_count].name = copy;
  change->resources[change->resource_count++].value = ms_json_ref(value);
}

void ms_table_change_range(struct ms_table_change *change, unsigned table, struct ms_str from,
                           struct ms_str to)
{
  change->range.is_set = true;
  change->range.table = table;
  change->range.from_len = from.len;
  change->range.to_len = to.len;
  memcpy(change->range.from, from.data, from.len);
  memcpy(change->range.to, to.data, to.len);
}

void ms_table_change_drop(struct ms_table_change *change)
{
  for (struct ms_table_node *node = change->first, *next; node != NULL; node = next) {
    next = node->newer;
    ms_free(node);
  }
  for (unsigned i = 0; i < change->resource_count; i++) {
    ms_json_unref(change->resources[i].name);
    ms_json_unref(change->resources[i].value);
  }
  ms_table_change_init(change, change->rows);
}

static struct ms_str range_from(const struct ms_table_change *change)
{
  return (struct ms_str){change->range.from, change->range.from_len};
}

static struct ms_str range_to(const struct ms_table_change *change)
{
  return (struct ms_str){change->range.to, change->range.to_len};
}

static void put_all(struct ms_batch *batch, const struct ms_table_change *change)
{
  for (const struct ms_table_node *node = change->first; node != NULL; node = node->newer) {
    if (node->is_removed) {
      ms_batch_remove(batch, table_of(node), row_key(node));
    } else {
      ms_batch_put(batch, table_of(node), row_key(node), ms_table_node_value(node));
    }
  }
  for (unsigned i = 0; i < change->resource_count; i++) {
    ms_resource_put(batch, change->resources[i].kind, ms_json_text(change->resources[i].name),
                    change->resources[i].value);
  }
  if (change->range.is_set) {
    ms_batch_remove_range(batch, change->range.table, range_from(change), range_to(change));
  }
}

static void forget_range(struct ms_table_change *change)
{
  struct ms_table_tree *tree = &change->rows->tree;
  struct tree_key from, to;
  struct ms_str end = make_key(&to, change->range.table, range_to(change));
  make_key(&from, change->range.table, range_from(change));
  struct ms_table_node *node;
  while ((node = ms_table_tree_from(tree, (struct ms_str){from.bytes, from.len})) != NULL &&
         ms_str_cmp(ms_table_node_key(node), end) < 0) {
    struct tree_key key;
    ms_table_tree_remove(tree, make_key(&key, table_of(node), row_key(node)));
  }
}

/* Cannot fail. */
static void apply(struct ms_table_change *change)
{
  struct ms_table_rows *rows = change->rows;
  rows->number++;
  if (change->range.is_set) {
    forget_range(change);
  }
  for (struct ms_table_node *node = change->first, *next; node != NULL; node = next) {
    next = node->newer;
    if (node->is_removed && rows->env->ledger.reader == NULL) {
      ms_table_tree_remove(&rows->tree, ms_table_node_key(node));
      ms_free(node);
    } else {
      ms_table_tree_put(&rows->tree, node, rows->number);
    }
  }
  change->first = NULL;
}

int ms_table_change_commit(struct ms_table_change *change)
{
  const struct ms_ledger *ledger = &change->rows->env->ledger;
  struct ms_batch *batch = NULL;
  int err = change->error != 0 ? change->error : ledger->begin(&batch, ledger->user);
  if (err == 0) {
    if (batch != NULL) {
      put_all(batch, change);
    }
    err = ledger->end(ledger->user);
  }
  if (err == 0) {
    apply(change);
    ask(change->rows);
  }
  ms_table_change_drop(change);
  return err;
}
