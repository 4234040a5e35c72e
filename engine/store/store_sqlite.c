/*
 * The store in one SQLite file, with a write-ahead log: opening, commits, what is kept in `meta`. How such
 * a file is opened is sqlite_file.c's, reading is sqlite_read.c's; its tables are schema/sqlite.def.
 *
 * A commit is one transaction. With durability `fsync` (synchronous=FULL) it returns after the log is
 * on the disk; with `os` (NORMAL) after it was written; with `none` (OFF) checkpoints do not wait for
 * the disk either. After each commit the files are looked for under their names, because writing into
 * a file that was removed works as long as nobody closes it.
 *
 * The connection is dropped and made anew by recover, never repaired; `db` is NULL when that failed.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/fault.h"
#include "store/frame.h"
#include "store/sqlite_store.h"

/* ---- commit ---------------------------------------------------------------------------------------- */

static int set_meta(struct ms_sqlite_store *s, const char *name, uint64_t value)
{
  char sql[96];
  assert(value <= INT64_MAX);
  snprintf(sql, sizeof sql, "UPDATE meta SET value = %llu WHERE name = '%s'",
           (unsigned long long)value, name);
  return ms_sqlite_exec(s->db, s->path, sql);
}

static int put_record(struct ms_sqlite_store *s, unsigned table, struct ms_str key,
                      struct ms_str value)
{
  sqlite3_stmt *statement;
  int err = ms_sqlite_statement(&statement, s, table, MS_SQLITE_PUT);
  if (err != 0) {
    return err;
  }
  int rc = ms_sqlite_bind_key(statement, 1, table, key);
  if (rc == SQLITE_OK && table != MS_TABLE_JOURNAL) {
    rc = sqlite3_bind_int64(statement, 2, ms_sqlite_sum(table, key, value));
  }
  if (rc == SQLITE_OK) {
    rc = ms_sqlite_bind_bytes(statement, 3, value);
  }
  return rc == SQLITE_OK ? ms_sqlite_run(s, statement) : ms_sqlite_failed(s, rc);
}

static int run_op(struct ms_sqlite_store *s, const struct ms_batch *batch,
                  const struct ms_batch_op *op)
{
  struct ms_str key = ms_batch_key(batch, op);
  struct ms_str value = ms_batch_value(batch, op);
  if (op->type == MS_BATCH_PUT) {
    return put_record(s, op->table, key, value);
  }
  bool is_range = op->type == MS_BATCH_REMOVE_RANGE;
  sqlite3_stmt *statement;
  int err = ms_sqlite_statement(&statement, s, op->table,
                                is_range ? MS_SQLITE_REMOVE_RANGE : MS_SQLITE_REMOVE);
  if (err != 0) {
    return err;
  }
  if (is_range) {
    err = ms_sqlite_bind_range(s, statement, op->table, key, value);
  } else {
    int rc = ms_sqlite_bind_key(statement, 1, op->table, key);
    err = rc == SQLITE_OK ? 0 : ms_sqlite_failed(s, rc);
  }
  if (err == 0) {
    err = ms_sqlite_run(s, statement);
  }
  /* Numbers are not given out again, even when no frame is left to count from. */
  if (err == 0 && op->table == MS_TABLE_JOURNAL) {
    err = set_meta(s, "trimmed", ms_store_trimmed_after(&s->base, batch));
    MS_FAULT(store_trim);
  }
  return err;
}

static int run_batch(struct ms_sqlite_store *s, const struct ms_batch *batch, uint64_t lsn)
{
  for (size_t i = 0; i < batch->ops.count; i++) {
    int err = run_op(s, batch, &batch->ops.data[i]);
    if (err != 0) {
      return err;
    }
  }
  if (batch->records.len == 0) {
    return 0;
  }
  char key[MS_STORE_NUMBER_SIZE];
  ms_buf_reset(&s->frame);
  ms_frame_write(&s->frame, lsn, ms_buf_view(&batch->records));
  if (s->frame.error != 0) {
    return s->frame.error;
  }
  return put_record(s, MS_TABLE_JOURNAL, ms_store_key(key, lsn), ms_buf_view(&s->frame));
}

/* ---- durability -------------------------------------------------------------------------------------- */

/*
 * Also between batches that ask for different things: with `none` the files are not put on the disk when
 * the log goes into them, and a commit that asks for more would rest on that. So only a store that was
 * opened with `none` does it, and the first commit after that which asks for more makes up for it.
 */
static int set_durability(struct ms_sqlite_store *s, enum ms_durability durability)
{
  if (durability == MS_DURABILITY_NONE && s->durability != MS_DURABILITY_NONE) {
    durability = MS_DURABILITY_OS;
  }
  if (durability == s->current) {
    return 0;
  }
  int err = ms_sqlite_set_durability(s->db, s->path, durability);
  if (err == 0) {
    s->is_unsynced = s->is_unsynced || s->current == MS_DURABILITY_NONE;
    s->current = durability;
  }
  return err;
}

static int sync_file(struct ms_sqlite_store *s)
{
  sqlite3_file *file = NULL;
  if (!s->is_unsynced || s->current == MS_DURABILITY_NONE) {
    return 0;
  }
  sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  assert(file != NULL && file->pMethods != NULL);
  int rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  s->is_unsynced = rc != SQLITE_OK;
  return rc == SQLITE_OK ? 0 : ms_sqlite_failed(s, rc);
}

static int sqlite_commit(struct ms_store *store, const struct ms_batch *batch, uint64_t lsn)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  for (size_t i = 0; i < batch->fences.count; i++) {
    const struct ms_batch_fence *fence = &batch->fences.data[i];
    if (fence->shard != 0 || fence->fence != s->fence) {
      return ms_error(MSTEP_ESTATE, "shard %u was taken over", fence->shard);
    }
  }
  int err = ms_sqlite_check_open(s);
  MS_FAULT(store_commit_begin);
  if (err == 0) {
    err = set_durability(s, batch->has_durability ? batch->durability : s->durability);
  }
  if (err == 0) {
    err = ms_sqlite_run(s, s->begin);
  }
  if (err != 0) {
    return err;
  }
  err = run_batch(s, batch, lsn);
  if (err == 0) {
    MS_FAULT(store_commit_written);
    err = ms_sqlite_run(s, s->end);
    MS_FAULT(store_commit_done);
  }
  if (sqlite3_get_autocommit(s->db) == 0) {
    assert(err != 0);
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  }
  if (err == 0) {
    err = sync_file(s);
  }
  return err == 0 ? ms_sqlite_check_files(s) : err;
}

/* ---- leases and space --------------------------------------------------------------------------------- */

static int sqlite_lease(struct ms_store *store, unsigned shard, int64_t until_ms, uint64_t *fence)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  (void)until_ms; /* the lock on the file lasts as long as the process */
  if (shard != 0) {
    return ms_error(MSTEP_EINVALID, "%s has one shard, 0; not %u", s->path, shard);
  }
  int err = ms_sqlite_check_open(s);
  if (err == 0) {
    err = set_durability(s, s->durability);
  }
  if (err == 0 && *fence == 0) {
    err = set_meta(s, "fence", s->fence + 1);
    if (err == 0) {
      *fence = ++s->fence;
    }
  }
  if (err != 0) {
    return err;
  }
  return *fence == s->fence ? 0 : ms_error(MSTEP_ESTATE, "shard 0 was taken over");
}

/* Does not wait for readers: *is_empty is false while one looks at what the log holds. */
static int empty_log(bool *is_empty, struct ms_sqlite_store *s)
{
  sqlite3_busy_timeout(s->db, 0);
  int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  sqlite3_busy_timeout(s->db, MS_SQLITE_BUSY_MS);
  *is_empty = rc == SQLITE_OK;
  return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY ? 0 : ms_sqlite_failed(s, rc);
}

static int sqlite_shrink(struct ms_store *store, uint64_t bytes, bool *is_done)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  int64_t page_size = 0;
  int64_t free_count = 0;
  char sql[64];
  int err = ms_sqlite_check_open(s);
  if (err == 0) {
    err = ms_sqlite_number(&page_size, s->db, s->path, "PRAGMA page_size");
  }
  if (err == 0) {
    uint64_t pages = page_size > 0 ? bytes / (uint64_t)page_size : 0;
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%llu)",
             (unsigned long long)(pages == 0          ? 1
                                  : pages > INT32_MAX ? INT32_MAX
                                                      : pages));
    err = ms_sqlite_exec(s->db, s->path, sql);
  }
  if (err == 0) {
    err = ms_sqlite_number(&free_count, s->db, s->path, "PRAGMA freelist_count");
  }
  bool is_empty = false;
  MS_FAULT(store_shrink);
  if (err == 0) { /* the file itself is cut only when the log goes into it */
    err = empty_log(&is_empty, s);
  }
  *is_done = err == 0 && free_count == 0 && is_empty;
  return err;
}

static int sqlite_size(struct ms_store *store, uint64_t *bytes)
{
  static const char *const suffixes[] = {"", "-wal"};
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  char path[PATH_MAX + 8];
  struct stat info;
  *bytes = 0;
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    snprintf(path, sizeof path, "%s%s", s->path, suffixes[i]);
    if (stat(path, &info) == 0) {
      *bytes += (uint64_t)info.st_size;
    } else if (errno != ENOENT) {
      return ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
    }
  }
  return 0;
}

/* ---- open and close ------------------------------------------------------------------------------------ */

static int read_id(struct ms_sqlite_store *s, char id[MS_SQLITE_ID_SIZE])
{
  sqlite3_stmt *statement = NULL;
  int rc =
      sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE name = 'id'", -1, &statement, NULL);
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(statement);
  }
  int err = 0;
  if (rc == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == MS_SQLITE_ID_SIZE) {
    memcpy(id, sqlite3_column_blob(statement, 0), MS_SQLITE_ID_SIZE);
  } else if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
    err = ms_error(MSTEP_EIO, "%s is damaged: it has lost its id", s->path);
  } else {
    err = ms_sqlite_failed(s, rc);
  }
  sqlite3_finalize(statement);
  return err;
}

static int get_inode(ino_t *out, const char *path)
{
  struct stat info;
  if (stat(path, &info) != 0) {
    return ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
  }
  *out = info.st_ino;
  return 0;
}

static int read_meta(uint64_t *out, struct ms_sqlite_store *s, const char *name)
{
  char sql[96];
  int64_t value = 0;
  snprintf(sql, sizeof sql, "SELECT value FROM meta WHERE name = '%s'", name);
  int err = ms_sqlite_number(&value, s->db, s->path, sql);
  if (err == 0 && value < 0) {
    err = ms_error(MSTEP_EIO, "%s is damaged: %s is negative", s->path, name);
  }
  *out = (uint64_t)value;
  return err;
}

/* `last` is written when the store is closed: by then the journal has to reach at least so far. */
static int read_state(struct ms_sqlite_store *s)
{
  char path[PATH_MAX + 8];
  uint64_t last = 0;
  int err = ms_sqlite_read_ends(s);
  if (err == 0) {
    err = read_meta(&last, s, "last");
  }
  if (err == 0) {
    err = read_meta(&s->fence, s, "fence");
  }
  if (err == 0 && s->base.last_lsn < last) {
    err = ms_error(MSTEP_EIO, "%s is damaged: commits %llu to %llu are missing", s->path,
                   (unsigned long long)s->base.last_lsn + 1, (unsigned long long)last);
  }
  snprintf(path, sizeof path, "%s-wal", s->path);
  if (err == 0) {
    err = get_inode(&s->inode, s->path);
  }
  return err == 0 && !s->stamp.is_used ? get_inode(&s->log_inode, path) : err;
}

static void disconnect(struct ms_sqlite_store *s)
{
  ms_sqlite_finalize(s);
  int rc = sqlite3_close(s->db);
  assert(rc == SQLITE_OK); /* every statement is gone */
  (void)rc;
  s->db = NULL;
}

static int prepare_all(struct ms_sqlite_store *s)
{
  int err = ms_sqlite_prepare(s, &s->begin, s->is_reader ? "BEGIN" : "BEGIN IMMEDIATE");
  if (err == 0) {
    err = ms_sqlite_prepare(s, &s->end, "COMMIT");
  }
  if (err == 0) {
    err = ms_sqlite_prepare(s, &s->ends_of_journal,
                            "SELECT (SELECT max(lsn) FROM journal),"
                            " (SELECT value FROM meta WHERE name = 'trimmed')");
  }
  return err;
}

/* `id` gets the file's own. The write shows that the disk takes one. */
static int connect(struct ms_sqlite_store *s, bool must_exist, char id[MS_SQLITE_ID_SIZE],
                   bool *is_foreign)
{
  struct ms_store_options options = {.durability = s->durability, .must_exist = must_exist};
  int err = s->is_reader ? ms_sqlite_open_reader(&s->db, &s->stamp, s->path)
                         : ms_sqlite_open(&s->db, s->path, &options, is_foreign);
  if (err != 0) {
    return err;
  }
  s->current = s->durability;
  s->is_unsynced = true; /* nobody knows how it was written before */
  if (!s->is_reader) {
    err = ms_sqlite_exec(s->db, s->path, "UPDATE meta SET value = 1 - value WHERE name = 'probe'");
  }
  if (err == 0) {
    err = read_id(s, id);
  }
  if (err == 0) {
    err = prepare_all(s);
  }
  if (err == 0) {
    err = read_state(s);
  }
  if (err != 0) {
    disconnect(s);
  }
  return err;
}

/*
 * Closing carries the log into the file only when no reader is left. One that was removed under us lives
 * as long as it is open here: before it is let go, its contents have to be in the file.
 */
static int leave_log(struct ms_sqlite_store *s)
{
  char path[PATH_MAX + 8];
  ino_t inode = 0;
  bool is_empty = false;
  if (s->is_reader || s->db == NULL || empty_log(&is_empty, s) == MSTEP_ENOMEM || is_empty) {
    return 0;
  }
  snprintf(path, sizeof path, "%s-wal", s->path);
  if (get_inode(&inode, path) == 0 && inode == s->log_inode) {
    return 0;
  }
  return ms_error(MSTEP_EIO, "%s was moved or removed, and cannot be let go before it is in %s",
                  path, s->path);
}

static int sqlite_recover(struct ms_store *store)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  char id[MS_SQLITE_ID_SIZE];
  ino_t inode = 0;
  int err = leave_log(s);
  if (err != 0) {
    return err;
  }
  disconnect(s);
  err = get_inode(&inode, s->path);
  if (err == 0 && inode != s->inode) {
    err = ms_error(MSTEP_EIO, "%s is another file than the one that was open", s->path);
  }
  if (err == 0) {
    err = connect(s, true, id, NULL);
  }
  if (err == 0 && memcmp(id, s->id, MS_SQLITE_ID_SIZE) != 0) {
    disconnect(s);
    err = ms_error(MSTEP_EIO, "%s is another store than the one that was open", s->path);
  }
  return err == MSTEP_ENOMEM || err == 0 ? err : MSTEP_EIO;
}

static void sqlite_close(struct ms_store *store)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  if (s->db != NULL && !s->is_reader && !store->is_failed) {
    (void)set_meta(s, "last", store->last_lsn); /* one check less the next time */
  }
  disconnect(s);
  ms_store_unlock(&s->lock, NULL);
  ms_buf_deinit(&s->frame);
  ms_free(s);
}

static struct ms_sqlite_store *handle_new(bool is_reader, enum ms_durability durability)
{
  struct ms_sqlite_store *s = ms_calloc(1, sizeof *s);
  if (s != NULL) {
    s->lock.fd = -1;
    s->is_reader = is_reader;
    s->durability = durability;
    memset(s->beyond, 0xff, sizeof s->beyond);
    ms_buf_init(&s->frame, MS_BATCH_BYTES_MAX + MS_FRAME_HEADER_SIZE);
  }
  return s;
}

static int sqlite_open(struct ms_store **out, const char *address,
                       const struct ms_store_options *options)
{
  struct stat info;
  bool is_foreign = false;
  bool must_exist = options->must_exist || options->is_read_only;
  struct ms_sqlite_store *s = handle_new(options->is_read_only, options->durability);
  if (s == NULL) {
    return ms_error_nomem();
  }
  int err = ms_sqlite_full_path(s->path, address);
  if (err == 0 && must_exist && stat(s->path, &info) != 0) {
    err =
        ms_error(errno == ENOENT ? MSTEP_ENOTFOUND : MSTEP_EIO, "%s: %s", s->path, strerror(errno));
  }
  if (err == 0 && !s->is_reader) {
    err = ms_store_lock(&s->lock, s->path);
  }
  if (err == 0) {
    err = connect(s, must_exist, s->id, &is_foreign);
  }
  if (err != 0) {
    ms_store_unlock(&s->lock, is_foreign ? s->path : NULL);
    ms_free(s);
    return err;
  }
  *out = &s->base;
  return 0;
}

static int sqlite_reader(struct ms_store **out, struct ms_store *store)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  struct ms_sqlite_store *reader = handle_new(true, s->durability);
  if (reader == NULL) {
    return ms_error_nomem();
  }
  memcpy(reader->path, s->path, sizeof reader->path);
  int err = connect(reader, true, reader->id, NULL);
  if (err == 0 && memcmp(reader->id, s->id, MS_SQLITE_ID_SIZE) != 0) {
    disconnect(reader);
    err = ms_error(MSTEP_EIO, "%s is another store than the one that is open", s->path);
  }
  if (err != 0) {
    ms_free(reader);
    return err;
  }
  *out = &reader->base;
  return 0;
}

const struct ms_store_type ms_store_sqlite = {
    .version = MS_STORE_TYPE_VERSION,
    .scheme = "sqlite",
    .is_persistent = true,
    .open = sqlite_open,
    .close = sqlite_close,
    .recover = sqlite_recover,
    .commit = sqlite_commit,
    .get = ms_sqlite_get,
    .scan = ms_sqlite_scan,
    .lease = sqlite_lease,
    .shrink = sqlite_shrink,
    .size = sqlite_size,
    .check = ms_sqlite_check,
    .reader = sqlite_reader,
    .view_begin = ms_sqlite_view_begin,
    .view_end = ms_sqlite_view_end,
    .backup = ms_sqlite_backup,
};
