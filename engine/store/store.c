/*
 * The front of every store: finds the backend by the URL's scheme, checks arguments, keeps the state
 * (store.h has the drawing) and the number of the latest frame. What is on disk is the backends'.
 *
 * Invariants: FAILED = is_failed; only ms_store_recover leaves it. last_lsn moves by one with each
 * acknowledged commit that has records, and otherwise only when recover finds out what became of a
 * commit that failed. The journal has every frame from trimmed_lsn + 1 to last_lsn, so that one that
 * is missing is noticed here, whatever the backend.
 *
 * Of a handle that reads only, both numbers are those of the moment that was looked at last: others
 * commit. What reads the journal therefore looks at one moment (a view), and at its numbers with it.
 */
#include "store/store.h"

#include <assert.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "base/error.h"
#include "store/internal.h"

#define NUMBER_MAX (UINT64_MAX >> 1)

const struct ms_store_type *const ms_store_types[] = {
#define MS_STORE(symbol) &symbol,
#include "store/stores.def"
#undef MS_STORE
    NULL};

static const struct {
  const char *name;
  bool is_number;
} tables[] = {
#define NUMBER true
#define BYTES false
#define MS_TABLE(symbol, name, key) {name, key},
#include "store/tables.def"
#undef MS_TABLE
#undef NUMBER
#undef BYTES
};

const char *ms_table_name(unsigned table)
{
  assert(table < MS_TABLE_COUNT);
  return tables[table].name;
}

bool ms_table_is_number(unsigned table)
{
  assert(table < MS_TABLE_COUNT);
  return tables[table].is_number;
}

struct ms_str ms_store_key(char out[MS_STORE_NUMBER_SIZE], uint64_t number)
{
  for (unsigned i = 0; i < MS_STORE_NUMBER_SIZE; i++) {
    out[i] = (char)(unsigned char)(number >> (8 * (MS_STORE_NUMBER_SIZE - 1 - i)));
  }
  return (struct ms_str){out, MS_STORE_NUMBER_SIZE};
}

uint64_t ms_store_number(struct ms_str key)
{
  assert(key.len == MS_STORE_NUMBER_SIZE);
  uint64_t number = 0;
  for (size_t i = 0; i < key.len; i++) {
    number = number << 8 | (unsigned char)key.data[i];
  }
  return number;
}

static void assert_state(const struct ms_store *store)
{
  assert(store->type != NULL && store->type->version >= 1);
  assert(store->name != NULL);
  assert(!store->is_calling); /* a callback may not call the store */
  assert(store->last_lsn <= NUMBER_MAX);
  assert(store->trimmed_lsn <= store->last_lsn);
  (void)store;
}

static const struct ms_store_type *find_type(struct ms_str scheme)
{
  for (size_t i = 0; ms_store_types[i] != NULL; i++) {
    if (ms_str_is(scheme, ms_store_types[i]->scheme)) {
      return ms_store_types[i];
    }
  }
  return NULL;
}

/* What of a handle that a backend has opened is store.c's. */
static struct ms_store *set_up(struct ms_store *store, const struct ms_store_type *type, char *name,
                               bool is_read_only)
{
  store->type = type;
  store->name = name;
  store->is_read_only = is_read_only;
  store->is_failed = false;
  store->is_calling = false;
  store->has_view = false;
  assert_state(store);
  return store;
}

int ms_store_open(struct ms_store **out, const char *url, const struct ms_store_options *options)
{
  static const struct ms_store_options standard = {0};
  struct ms_str text = ms_str_c(url);
  size_t colon = ms_str_find(text, 0, ':');
  const struct ms_store_type *type = find_type(ms_str_sub(text, 0, colon));
  if (colon == text.len || type == NULL) {
    return ms_error(MSTEP_EINVALID, "\"%s\" names no store: give sqlite:PATH or memory:", url);
  }
  char *name = ms_strdupn(text.data, text.len);
  if (name == NULL) {
    return ms_error_nomem();
  }
  struct ms_store *store = NULL;
  options = options == NULL ? &standard : options;
  int err = type->open(&store, url + colon + 1, options);
  if (err != 0) {
    ms_free(name);
    return err;
  }
  *out = set_up(store, type, name, options->is_read_only);
  return 0;
}

int ms_store_reader(struct ms_store **out, struct ms_store *store)
{
  assert_state(store);
  struct ms_store *reader = NULL;
  struct ms_str text = ms_str_c(store->name);
  char *name = ms_strdupn(text.data, text.len);
  if (name == NULL) {
    return ms_error_nomem();
  }
  int err = store->type->reader(&reader, store);
  if (err != 0) {
    ms_free(name);
    return err;
  }
  *out = set_up(reader, store->type, name, true);
  return 0;
}

void ms_store_close(struct ms_store *store)
{
  if (store == NULL) {
    return;
  }
  ms_store_view_end(store);
  char *name = store->name;
  store->type->close(store);
  ms_free(name);
}

const char *ms_store_name(const struct ms_store *store)
{
  return store->name;
}

bool ms_store_is_failed(const struct ms_store *store)
{
  return store->is_failed;
}

uint64_t ms_store_last_lsn(const struct ms_store *store)
{
  return store->last_lsn;
}

uint64_t ms_store_trimmed_lsn(const struct ms_store *store)
{
  return store->trimmed_lsn;
}

uint64_t ms_store_trimmed_after(const struct ms_store *store, const struct ms_batch *batch)
{
  uint64_t trimmed = store->trimmed_lsn;
  for (size_t i = 0; i < batch->ops.count; i++) {
    const struct ms_batch_op *op = &batch->ops.data[i];
    if (op->table == MS_TABLE_JOURNAL) {
      assert(op->type == MS_BATCH_REMOVE_RANGE && op->key_len == 0);
      uint64_t to = op->value_len == 0 ? UINT64_MAX : ms_store_number(ms_batch_value(batch, op));
      to = to > store->last_lsn ? store->last_lsn + 1 : to;
      trimmed = to > trimmed + 1 ? to - 1 : trimmed;
    }
  }
  return trimmed;
}

static int check_writable(const struct ms_store *store)
{
  if (store->is_read_only) {
    return ms_error(MSTEP_ESTATE, "%s is open for reading only", store->name);
  }
  if (store->is_failed) {
    return ms_error(MSTEP_ESTATE, "%s has failed and was not recovered", store->name);
  }
  return 0;
}

int ms_store_commit(struct ms_store *store, const struct ms_batch *batch, uint64_t *lsn)
{
  assert_state(store);
  int err = ms_batch_error(batch);
  if (err != 0) {
    return err;
  }
  err = check_writable(store);
  if (err != 0) {
    return err;
  }
  bool has_frame = batch->records.len > 0;
  if (has_frame && store->last_lsn == NUMBER_MAX) {
    return ms_error(MSTEP_ETOOBIG, "%s has no number left for a commit", store->name);
  }
  if (has_frame || batch->ops.count > 0 || batch->fences.count > 0) {
    err = store->type->commit(store, batch, store->last_lsn + 1);
  }
  if (err != 0) {
    store->is_failed = err == MSTEP_EIO;
    return err;
  }
  store->trimmed_lsn = ms_store_trimmed_after(store, batch);
  store->last_lsn += has_frame ? 1 : 0;
  if (lsn != NULL) {
    *lsn = store->last_lsn;
  }
  return 0;
}

int ms_store_recover(struct ms_store *store)
{
  if (store->is_read_only) { /* others may have committed, and lost what they had */
    ms_store_view_end(store);
    return store->type->recover(store);
  }
  assert_state(store);
  uint64_t acknowledged = store->last_lsn;
  uint64_t trimmed = store->trimmed_lsn;
  int err = store->type->recover(store);
  if (err == 0 && store->last_lsn < acknowledged) {
    err = ms_error(MSTEP_EIO, "%s ends with commit %" PRIu64 ", but %" PRIu64 " was acknowledged",
                   store->name, store->last_lsn, acknowledged);
  }
  if (err == 0 && store->last_lsn > acknowledged + 1) {
    err = ms_error(MSTEP_EIO,
                   "%s ends with commit %" PRIu64 ", which somebody else wrote after %" PRIu64,
                   store->name, store->last_lsn, acknowledged);
  }
  if (err != 0) {
    store->last_lsn = acknowledged;
    store->trimmed_lsn = trimmed;
  }
  store->is_failed = err != 0;
  return err;
}

static int check_bound(unsigned table, struct ms_str key)
{
  if (key.len == 0) {
    return 0;
  }
  if (ms_table_is_number(table) && key.len != MS_STORE_NUMBER_SIZE) {
    return ms_error(MSTEP_EINVALID, "a key of table %s has eight bytes, not %zu",
                    ms_table_name(table), key.len);
  }
  return key.len <= MS_STORE_KEY_MAX ? 0 : ms_error(MSTEP_ETOOBIG, "a key has %zu bytes", key.len);
}

static int check_table(unsigned table)
{
  return table < MS_TABLE_COUNT ? 0 : ms_error(MSTEP_EINVALID, "there is no table %u", table);
}

/* What reads the journal of a handle that others write besides has to know its numbers. */
static int look(bool *is_own_view, struct ms_store *store, unsigned table)
{
  *is_own_view = store->is_read_only && !store->has_view && table == MS_TABLE_JOURNAL;
  return *is_own_view ? ms_store_view_begin(store) : 0;
}

static int get_frame(struct ms_store *store, struct ms_str key, ms_record_cb cb, void *user)
{
  uint64_t lsn = ms_store_number(key);
  if (lsn > store->last_lsn) {
    return ms_error(MSTEP_ENOTFOUND, "%s has no commit %" PRIu64, store->name, lsn);
  }
  int err = store->type->get(store, MS_TABLE_JOURNAL, key, cb, user);
  if (err == MSTEP_ENOTFOUND && lsn > store->trimmed_lsn) {
    err = ms_error(MSTEP_EIO, "%s is damaged: commit %" PRIu64 " is missing", store->name, lsn);
  }
  return err;
}

int ms_store_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                 void *user)
{
  assert_state(store);
  int err = check_table(table);
  if (err == 0) {
    err = check_bound(table, key);
  }
  if (err != 0) {
    return err;
  }
  if (ms_table_is_number(table) && (key.len == 0 || ms_store_number(key) > NUMBER_MAX)) {
    return ms_error(MSTEP_EINVALID, "not a key of table %s", ms_table_name(table));
  }
  bool is_own_view = false;
  err = look(&is_own_view, store, table);
  if (err != 0) {
    return err;
  }
  store->is_calling = true;
  err = table == MS_TABLE_JOURNAL ? get_frame(store, key, cb, user)
                                  : store->type->get(store, table, key, cb, user);
  store->is_calling = false;
  if (is_own_view) {
    ms_store_view_end(store);
  }
  return err;
}

/* A scan of the journal: `next` is the frame that has to come. */
struct journal_scan {
  const char *name;
  uint64_t next;
  bool is_reverse;
  ms_record_cb cb;
  void *user;
};

static int missing(const struct journal_scan *scan)
{
  return ms_error(MSTEP_EIO, "%s is damaged: commit %" PRIu64 " is missing", scan->name,
                  scan->next);
}

static int deliver_frame(struct ms_str key, struct ms_str value, void *user)
{
  struct journal_scan *scan = user;
  if (ms_store_number(key) != scan->next) {
    return missing(scan);
  }
  scan->next += scan->is_reverse ? UINT64_MAX : 1;
  return scan->cb(key, value, scan->user);
}

/*
 * Adds to the backend's scan that no frame may be missing, and that one whose commit failed is not seen
 * before recover has decided on it.
 */
static int scan_journal(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb,
                        void *user)
{
  uint64_t from = scan->from.len == 0 ? 0 : ms_store_number(scan->from);
  uint64_t to = scan->to.len == 0 ? UINT64_MAX : ms_store_number(scan->to);
  uint64_t first = from > store->trimmed_lsn ? from : store->trimmed_lsn + 1;
  uint64_t end = to > store->last_lsn ? store->last_lsn + 1 : to;
  if (first >= end) {
    return 0;
  }
  uint64_t count = scan->limit == 0 || scan->limit > end - first ? end - first : scan->limit;
  struct journal_scan state = {store->name, scan->is_reverse ? end - 1 : first, scan->is_reverse,
                               cb, user};
  uint64_t stop = scan->is_reverse ? state.next - count : state.next + count;
  char keys[2][MS_STORE_NUMBER_SIZE];
  struct ms_scan clamped = {scan->table, ms_store_key(keys[0], first), ms_store_key(keys[1], end),
                            scan->limit, scan->is_reverse};
  int err = store->type->scan(store, &clamped, deliver_frame, &state);
  return err == 0 && state.next != stop ? missing(&state) : err;
}

int ms_store_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb, void *user)
{
  assert_state(store);
  int err = check_table(scan->table);
  if (err == 0) {
    err = check_bound(scan->table, scan->from);
  }
  if (err == 0) {
    err = check_bound(scan->table, scan->to);
  }
  bool is_own_view = false;
  if (err == 0) {
    err = look(&is_own_view, store, scan->table);
  }
  if (err != 0) {
    return err;
  }
  store->is_calling = true;
  err = scan->table == MS_TABLE_JOURNAL ? scan_journal(store, scan, cb, user)
                                        : store->type->scan(store, scan, cb, user);
  store->is_calling = false;
  if (is_own_view) {
    ms_store_view_end(store);
  }
  return err;
}

int ms_store_view_begin(struct ms_store *reader)
{
  assert_state(reader);
  if (!reader->is_read_only || reader->has_view) {
    return ms_error(MSTEP_ESTATE, "%s %s", reader->name,
                    reader->has_view ? "has a view already"
                                     : "is open for writing: views are readers'");
  }
  int err = reader->type->view_begin(reader);
  reader->has_view = err == 0;
  return err;
}

void ms_store_view_end(struct ms_store *reader)
{
  assert_state(reader);
  if (reader->has_view) {
    reader->has_view = false;
    reader->type->view_end(reader);
  }
}

int ms_store_backup(struct ms_store *store, const char *path)
{
  assert_state(store);
  return store->type->backup(store, path);
}

int ms_store_lease(struct ms_store *store, unsigned shard, int64_t until_ms, uint64_t *fence)
{
  assert_state(store);
  int err = check_writable(store);
  if (err != 0) {
    return err;
  }
  err = store->type->lease(store, shard, until_ms, fence);
  store->is_failed = err == MSTEP_EIO;
  return err;
}

int ms_store_shrink(struct ms_store *store, uint64_t bytes, bool *is_done)
{
  assert_state(store);
  int err = check_writable(store);
  return err == 0 ? store->type->shrink(store, bytes, is_done) : err;
}

static int pass_over(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  (void)value;
  (void)user;
  return 0;
}

int ms_store_check(struct ms_store *store)
{
  assert_state(store);
  bool is_own_view = false;
  int err = look(&is_own_view, store, MS_TABLE_JOURNAL);
  if (err == 0) {
    err = store->type->check(store);
  }
  for (unsigned table = 0; table < MS_TABLE_COUNT && err == 0; table++) {
    struct ms_scan all = {.table = table};
    err = ms_store_scan(store, &all, pass_over, NULL);
  }
  if (is_own_view) {
    ms_store_view_end(store);
  }
  return err;
}

int ms_store_size(struct ms_store *store, uint64_t *bytes)
{
  assert_state(store);
  return store->type->size(store, bytes);
}
