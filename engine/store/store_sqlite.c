/*
 * The store in one SQLite file, with a write-ahead log: commits, reads, what is kept in `meta`. How
 * such a file is opened is sqlite_file.c's; its tables are schema/sqlite.def.
 *
 * A commit is one transaction. With durability `fsync` (synchronous=FULL) it returns after the log is
 * on the disk; with `os` (NORMAL) after it was written; with `none` (OFF) checkpoints do not wait for
 * the disk either. After each commit the files are looked for under their names, because writing into
 * a file that was removed works as long as nobody closes it.
 *
 * The connection is dropped and made anew by recover, never repaired; `db` is NULL when that failed.
 */
#include "store/internal.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "store/crc32c.h"
#include "store/frame.h"
#include "store/lock.h"
#include "store/sqlite_file.h"

enum statement_kind {
  STATEMENT_PUT,
  STATEMENT_REMOVE,
  STATEMENT_REMOVE_RANGE,
  STATEMENT_GET,
  STATEMENT_SCAN,
  STATEMENT_SCAN_REVERSE,
  STATEMENT_COUNT
};

#define ID_SIZE 16

struct sqlite_store {
  struct ms_store base;
  sqlite3 *db;
  struct ms_store_lock lock;
  enum ms_durability durability;
  uint64_t fence;
  char id[ID_SIZE]; /* of the file, so that another in its place is noticed */
  ino_t inode;      /* so is one that would be mixed with what the log still holds */
  ino_t log_inode;
  struct ms_buf frame; /* scratch of commit */
  sqlite3_stmt *begin;
  sqlite3_stmt *end;
  sqlite3_stmt *statements[MS_TABLE_COUNT][STATEMENT_COUNT];
  char beyond[MS_STORE_KEY_MAX + 1]; /* 0xff: sorts behind every key */
  char path[PATH_MAX];
};

static struct sqlite_store *sqlite_store(struct ms_store *store)
{
  return (struct sqlite_store *)store;
}

static int failed(struct sqlite_store *s, int rc)
{
  return ms_sqlite_error(s->db, rc, s->path);
}

static int check_open(struct sqlite_store *s)
{
  return s->db != NULL ? 0 : ms_error(MSTEP_EIO, "%s could not be opened again", s->path);
}

/* ---- statements ---------------------------------------------------------------------------------- */

/* ?1 and ?2 are keys; of a put ?2 is the sum and ?3 the value, of a scan ?3 the limit. */
static void write_sql(char *out, size_t size, unsigned table, enum statement_kind kind)
{
  bool is_journal = table == MS_TABLE_JOURNAL;
  const char *name = ms_table_name(table);
  const char *key = is_journal ? "lsn" : "key";
  const char *columns = is_journal ? "lsn, 0, frame" : "key, sum, value";
  char range[64];
  snprintf(range, sizeof range,
           ms_table_is_number(table) ? "%s BETWEEN ?1 AND ?2" : "%s >= ?1 AND key < ?2", key);
  switch (kind) {
  case STATEMENT_PUT:
    snprintf(out, size,
             is_journal ? "INSERT INTO %s VALUES (?1, ?3)" : "REPLACE INTO %s VALUES (?1, ?2, ?3)",
             name);
    break;
  case STATEMENT_REMOVE:
    snprintf(out, size, "DELETE FROM %s WHERE %s = ?1", name, key);
    break;
  case STATEMENT_REMOVE_RANGE:
    snprintf(out, size, "DELETE FROM %s WHERE %s", name, range);
    break;
  case STATEMENT_GET:
    snprintf(out, size, "SELECT %s FROM %s WHERE %s = ?1", columns, name, key);
    break;
  default:
    snprintf(out, size, "SELECT %s FROM %s WHERE %s ORDER BY 1%s LIMIT ?3", columns, name, range,
             kind == STATEMENT_SCAN_REVERSE ? " DESC" : "");
    break;
  }
}

static int prepare(struct sqlite_store *s, sqlite3_stmt **statement, const char *sql)
{
  int rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
  return rc == SQLITE_OK ? 0 : failed(s, rc);
}

static int get_statement(sqlite3_stmt **out, struct sqlite_store *s, unsigned table,
                         enum statement_kind kind)
{
  char sql[160];
  int err = 0;
  if (s->statements[table][kind] == NULL) {
    write_sql(sql, sizeof sql, table, kind);
    err = prepare(s, &s->statements[table][kind], sql);
  }
  *out = s->statements[table][kind];
  return err;
}

/* Runs a statement that gives no rows, and makes it ready for the next time. */
static int run(struct sqlite_store *s, sqlite3_stmt *statement)
{
  int rc = sqlite3_step(statement);
  int err = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : failed(s, rc);
  sqlite3_reset(statement);
  return err;
}

/* Borrowed until the statement is reset or bound again. NULL would be SQL's NULL. */
static int bind_bytes(sqlite3_stmt *statement, int number, struct ms_str bytes)
{
  return sqlite3_bind_blob64(statement, number, bytes.data == NULL ? "" : bytes.data, bytes.len,
                             SQLITE_STATIC);
}

static int bind_key(sqlite3_stmt *statement, int number, unsigned table, struct ms_str key)
{
  return ms_table_is_number(table)
             ? sqlite3_bind_int64(statement, number, (sqlite3_int64)ms_store_number(key))
             : bind_bytes(statement, number, key);
}

/* [from, to) as bounds of the SQL: both inclusive for numbers. */
static int bind_range(struct sqlite_store *s, sqlite3_stmt *statement, unsigned table,
                      struct ms_str from, struct ms_str to)
{
  int rc;
  if (ms_table_is_number(table)) {
    uint64_t first = from.len == 0 ? 0 : ms_store_number(from);
    uint64_t end = to.len == 0 ? UINT64_MAX : ms_store_number(to);
    uint64_t last = end > INT64_MAX ? INT64_MAX : end - (end > 0);
    bool is_empty = first >= end || first > INT64_MAX;
    rc = sqlite3_bind_int64(statement, 1, is_empty ? 1 : (sqlite3_int64)first);
    if (rc == SQLITE_OK) {
      rc = sqlite3_bind_int64(statement, 2, is_empty ? 0 : (sqlite3_int64)last);
    }
  } else {
    rc = bind_bytes(statement, 1, from);
    if (rc == SQLITE_OK) {
      struct ms_str beyond = {s->beyond, sizeof s->beyond};
      rc = bind_bytes(statement, 2, to.len == 0 ? beyond : to);
    }
  }
  return rc == SQLITE_OK ? 0 : failed(s, rc);
}

/* ---- commit ----------------------------------------------------------------------------------------- */

/* Of table, key and value, so that neither the place nor a bit of them can change unseen. */
static uint32_t record_sum(unsigned table, struct ms_str key, struct ms_str value)
{
  unsigned char head[4] = {(unsigned char)table, (unsigned char)key.len,
                           (unsigned char)(key.len >> 8), 0};
  uint32_t sum = ms_crc32c(0, head, sizeof head);
  sum = ms_crc32c(sum, key.data, key.len);
  return ms_crc32c(sum, value.data, value.len);
}

static int set_meta(struct sqlite_store *s, const char *name, uint64_t value)
{
  char sql[96];
  assert(value <= INT64_MAX);
  snprintf(sql, sizeof sql, "UPDATE meta SET value = %llu WHERE name = '%s'",
           (unsigned long long)value, name);
  return ms_sqlite_exec(s->db, s->path, sql);
}

static int put_record(struct sqlite_store *s, unsigned table, struct ms_str key,
                      struct ms_str value)
{
  sqlite3_stmt *statement;
  int err = get_statement(&statement, s, table, STATEMENT_PUT);
  if (err != 0) {
    return err;
  }
  int rc = bind_key(statement, 1, table, key);
  if (rc == SQLITE_OK && table != MS_TABLE_JOURNAL) {
    rc = sqlite3_bind_int64(statement, 2, record_sum(table, key, value));
  }
  if (rc == SQLITE_OK) {
    rc = bind_bytes(statement, 3, value);
  }
  return rc == SQLITE_OK ? run(s, statement) : failed(s, rc);
}

static int run_op(struct sqlite_store *s, const struct ms_batch *batch,
                  const struct ms_batch_op *op)
{
  struct ms_str key = ms_batch_key(batch, op);
  struct ms_str value = ms_batch_value(batch, op);
  if (op->type == MS_BATCH_PUT) {
    return put_record(s, op->table, key, value);
  }
  bool is_range = op->type == MS_BATCH_REMOVE_RANGE;
  sqlite3_stmt *statement;
  int err =
      get_statement(&statement, s, op->table, is_range ? STATEMENT_REMOVE_RANGE : STATEMENT_REMOVE);
  if (err != 0) {
    return err;
  }
  if (is_range) {
    err = bind_range(s, statement, op->table, key, value);
  } else {
    int rc = bind_key(statement, 1, op->table, key);
    err = rc == SQLITE_OK ? 0 : failed(s, rc);
  }
  if (err == 0) {
    err = run(s, statement);
  }
  /* Numbers are not given out again, even when no frame is left to count from. */
  if (err == 0 && op->table == MS_TABLE_JOURNAL) {
    err = set_meta(s, "trimmed", ms_store_trimmed_after(&s->base, batch));
  }
  return err;
}

static int run_batch(struct sqlite_store *s, const struct ms_batch *batch, uint64_t lsn)
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

/* Whether the names still lead to the files that are open. */
static int check_files(struct sqlite_store *s)
{
  char path[PATH_MAX + 8];
  struct stat info;
  int has_moved = 0;
  sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  if (has_moved) {
    return ms_error(MSTEP_EIO, "%s was moved or removed while it was open", s->path);
  }
  snprintf(path, sizeof path, "%s-wal", s->path);
  if (stat(path, &info) != 0 || info.st_ino != s->log_inode) {
    return ms_error(MSTEP_EIO, "%s was moved or removed while it was open", path);
  }
  return 0;
}

static int sqlite_commit(struct ms_store *store, const struct ms_batch *batch, uint64_t lsn)
{
  struct sqlite_store *s = sqlite_store(store);
  for (size_t i = 0; i < batch->fences.count; i++) {
    const struct ms_batch_fence *fence = &batch->fences.data[i];
    if (fence->shard != 0 || fence->fence != s->fence) {
      return ms_error(MSTEP_ESTATE, "shard %u was taken over", fence->shard);
    }
  }
  int err = check_open(s);
  if (err == 0) {
    err = run(s, s->begin);
  }
  if (err != 0) {
    return err;
  }
  err = run_batch(s, batch, lsn);
  if (err == 0) {
    err = run(s, s->end);
  }
  if (sqlite3_get_autocommit(s->db) == 0) {
    assert(err != 0);
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  }
  return err == 0 ? check_files(s) : err;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

/* The row the statement stands on, checked. */
static int deliver(struct sqlite_store *s, unsigned table, sqlite3_stmt *statement, ms_record_cb cb,
                   void *user)
{
  char number[MS_STORE_NUMBER_SIZE];
  struct ms_str value = {sqlite3_column_blob(statement, 2),
                         (size_t)sqlite3_column_bytes(statement, 2)};
  struct ms_str key = {sqlite3_column_blob(statement, 0), 0};
  if (ms_table_is_number(table)) {
    key = ms_store_key(number, (uint64_t)sqlite3_column_int64(statement, 0));
  } else {
    key.len = (size_t)sqlite3_column_bytes(statement, 0);
  }
  if (value.len > 0 && value.data == NULL) {
    return ms_error_nomem();
  }
  int err = 0;
  if (table == MS_TABLE_JOURNAL) {
    err = ms_frame_read(&value, value, ms_store_number(key));
  } else if (record_sum(table, key, value) != (uint64_t)sqlite3_column_int64(statement, 1)) {
    err = ms_error(MSTEP_EIO, "a record of table %s is damaged: its checksum differs",
                   ms_table_name(table));
  }
  if (err != 0) {
    char detail[256];
    snprintf(detail, sizeof detail, "%s", ms_error_detail());
    return ms_error(err, "%s: %s", s->path, detail);
  }
  return cb(key, value, user);
}

static int sqlite_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                      void *user)
{
  struct sqlite_store *s = sqlite_store(store);
  sqlite3_stmt *statement;
  int err = check_open(s);
  if (err == 0) {
    err = get_statement(&statement, s, table, STATEMENT_GET);
  }
  if (err != 0) {
    return err;
  }
  int rc = bind_key(statement, 1, table, key);
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(statement);
  }
  if (rc == SQLITE_ROW) {
    err = deliver(s, table, statement, cb, user);
  } else if (rc == SQLITE_DONE) {
    err = ms_error(MSTEP_ENOTFOUND, "no such key in table %s", ms_table_name(table));
  } else {
    err = failed(s, rc);
  }
  sqlite3_reset(statement);
  return err;
}

static int sqlite_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb,
                       void *user)
{
  struct sqlite_store *s = sqlite_store(store);
  sqlite3_stmt *statement;
  int err = check_open(s);
  if (err == 0) {
    err = get_statement(&statement, s, scan->table,
                        scan->is_reverse ? STATEMENT_SCAN_REVERSE : STATEMENT_SCAN);
  }
  if (err == 0) {
    err = bind_range(s, statement, scan->table, scan->from, scan->to);
  }
  if (err != 0) {
    return err;
  }
  bool is_limited = scan->limit > 0 && scan->limit <= INT64_MAX;
  int rc = sqlite3_bind_int64(statement, 3, is_limited ? (sqlite3_int64)scan->limit : -1);
  while (rc == SQLITE_OK && err == 0 && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
    err = deliver(s, scan->table, statement, cb, user);
    rc = SQLITE_OK;
  }
  if (err == 0 && rc != SQLITE_DONE) {
    err = failed(s, rc);
  }
  sqlite3_reset(statement);
  return err;
}

/* ---- leases and space --------------------------------------------------------------------------------- */

static int sqlite_lease(struct ms_store *store, unsigned shard, int64_t until_ms, uint64_t *fence)
{
  struct sqlite_store *s = sqlite_store(store);
  (void)until_ms; /* the lock on the file lasts as long as the process */
  if (shard != 0) {
    return ms_error(MSTEP_EINVALID, "%s has one shard, 0; not %u", s->path, shard);
  }
  int err = check_open(s);
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

static int sqlite_shrink(struct ms_store *store, uint64_t bytes, bool *is_done)
{
  struct sqlite_store *s = sqlite_store(store);
  int64_t page_size = 0;
  int64_t free_count = 0;
  char sql[64];
  int err = check_open(s);
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
  if (err == 0) { /* the file itself is cut only when the log goes into it */
    err = ms_sqlite_exec(s->db, s->path, "PRAGMA wal_checkpoint(TRUNCATE)");
  }
  *is_done = err == 0 && free_count == 0;
  return err;
}

static int sqlite_size(struct ms_store *store, uint64_t *bytes)
{
  static const char *const suffixes[] = {"", "-wal"};
  struct sqlite_store *s = sqlite_store(store);
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

static int sqlite_check(struct ms_store *store)
{
  struct sqlite_store *s = sqlite_store(store);
  sqlite3_stmt *statement = NULL;
  int err = check_open(s);
  if (err != 0) {
    return err;
  }
  int rc = sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(statement);
  }
  if (rc != SQLITE_ROW) {
    err = failed(s, rc);
  } else {
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    if (text == NULL || strcmp(text, "ok") != 0) {
      err = ms_error(MSTEP_EIO, "%s is damaged: %s", s->path, text == NULL ? "" : text);
    }
  }
  sqlite3_finalize(statement);
  return err;
}

/* ---- open and close ------------------------------------------------------------------------------------ */

static int read_id(struct sqlite_store *s, char id[ID_SIZE])
{
  sqlite3_stmt *statement = NULL;
  int rc =
      sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE name = 'id'", -1, &statement, NULL);
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(statement);
  }
  int err = 0;
  if (rc == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == ID_SIZE) {
    memcpy(id, sqlite3_column_blob(statement, 0), ID_SIZE);
  } else if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
    err = ms_error(MSTEP_EIO, "%s is damaged: it has lost its id", s->path);
  } else {
    err = failed(s, rc);
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

static int read_meta(uint64_t *out, struct sqlite_store *s, const char *name)
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
static int read_state(struct sqlite_store *s)
{
  int64_t newest = 0;
  uint64_t last = 0;
  int err = ms_sqlite_number(&newest, s->db, s->path, "SELECT max(lsn) FROM journal");
  if (err == 0) {
    err = read_meta(&s->base.trimmed_lsn, s, "trimmed");
  }
  if (err == 0) {
    err = read_meta(&last, s, "last");
  }
  if (err == 0) {
    err = read_meta(&s->fence, s, "fence");
  }
  if (err != 0) {
    return err;
  }
  uint64_t lsn = newest > 0 ? (uint64_t)newest : 0;
  s->base.last_lsn = lsn > s->base.trimmed_lsn ? lsn : s->base.trimmed_lsn;
  if (s->base.last_lsn < last) {
    return ms_error(MSTEP_EIO, "%s is damaged: commits %llu to %llu are missing", s->path,
                    (unsigned long long)s->base.last_lsn + 1, (unsigned long long)last);
  }
  char path[PATH_MAX + 8];
  snprintf(path, sizeof path, "%s-wal", s->path);
  err = get_inode(&s->inode, s->path);
  return err == 0 ? get_inode(&s->log_inode, path) : err;
}

static void disconnect(struct sqlite_store *s)
{
  sqlite3_finalize(s->begin);
  sqlite3_finalize(s->end);
  for (unsigned table = 0; table < MS_TABLE_COUNT; table++) {
    for (unsigned kind = 0; kind < STATEMENT_COUNT; kind++) {
      sqlite3_finalize(s->statements[table][kind]);
      s->statements[table][kind] = NULL;
    }
  }
  s->begin = NULL;
  s->end = NULL;
  int rc = sqlite3_close(s->db);
  assert(rc == SQLITE_OK); /* every statement is gone */
  (void)rc;
  s->db = NULL;
}

/* `id` gets the file's own. The write shows that the disk takes one. */
static int connect(struct sqlite_store *s, bool must_exist, char id[ID_SIZE], bool *is_foreign)
{
  struct ms_store_options options = {s->durability, must_exist};
  int err = ms_sqlite_open(&s->db, s->path, &options, is_foreign);
  if (err != 0) {
    return err;
  }
  err = ms_sqlite_exec(s->db, s->path, "UPDATE meta SET value = 1 - value WHERE name = 'probe'");
  if (err == 0) {
    err = read_id(s, id);
  }
  if (err == 0) {
    err = prepare(s, &s->begin, "BEGIN IMMEDIATE");
  }
  if (err == 0) {
    err = prepare(s, &s->end, "COMMIT");
  }
  if (err == 0) {
    err = read_state(s);
  }
  if (err != 0) {
    disconnect(s);
  }
  return err;
}

static int sqlite_recover(struct ms_store *store)
{
  struct sqlite_store *s = sqlite_store(store);
  char id[ID_SIZE];
  ino_t inode = 0;
  disconnect(s);
  int err = get_inode(&inode, s->path);
  if (err == 0 && inode != s->inode) {
    err = ms_error(MSTEP_EIO, "%s is another file than the one that was open", s->path);
  }
  if (err == 0) {
    err = connect(s, true, id, NULL);
  }
  if (err == 0 && memcmp(id, s->id, ID_SIZE) != 0) {
    disconnect(s);
    err = ms_error(MSTEP_EIO, "%s is another store than the one that was open", s->path);
  }
  return err == MSTEP_ENOMEM || err == 0 ? err : MSTEP_EIO;
}

static void sqlite_close(struct ms_store *store)
{
  struct sqlite_store *s = sqlite_store(store);
  if (s->db != NULL && !store->is_failed) {
    (void)set_meta(s, "last", store->last_lsn); /* one check less the next time */
  }
  disconnect(s);
  ms_store_unlock(&s->lock, NULL);
  ms_buf_deinit(&s->frame);
  ms_free(s);
}

static int sqlite_open(struct ms_store **out, const char *address,
                       const struct ms_store_options *options)
{
  struct stat info;
  bool is_foreign = false;
  struct sqlite_store *s = ms_calloc(1, sizeof *s);
  if (s == NULL) {
    return ms_error_nomem();
  }
  s->lock.fd = -1;
  s->durability = options->durability;
  memset(s->beyond, 0xff, sizeof s->beyond);
  ms_buf_init(&s->frame, MS_BATCH_BYTES_MAX + MS_FRAME_HEADER_SIZE);
  int err = ms_sqlite_full_path(s->path, address);
  if (err == 0 && options->must_exist && stat(s->path, &info) != 0) {
    err =
        ms_error(errno == ENOENT ? MSTEP_ENOTFOUND : MSTEP_EIO, "%s: %s", s->path, strerror(errno));
  }
  if (err == 0) {
    err = ms_store_lock(&s->lock, s->path);
  }
  if (err == 0) {
    err = connect(s, options->must_exist, s->id, &is_foreign);
  }
  if (err != 0) {
    ms_store_unlock(&s->lock, is_foreign ? s->path : NULL);
    ms_buf_deinit(&s->frame);
    ms_free(s);
    return err;
  }
  *out = &s->base;
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
    .get = sqlite_get,
    .scan = sqlite_scan,
    .lease = sqlite_lease,
    .shrink = sqlite_shrink,
    .size = sqlite_size,
    .check = sqlite_check,
};
