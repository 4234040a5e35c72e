/*
 * Reading from an SQLite store: one record, a range, everything for damage, and views, which are read
 * transactions. A single get or scan needs none: a statement sees one moment by itself.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "store/frame.h"
#include "store/sqlite_store.h"

/* The row the statement stands on, checked. */
static int deliver(struct ms_sqlite_store *s, unsigned table, sqlite3_stmt *statement,
                   ms_record_cb cb, void *user)
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
  } else if (ms_sqlite_sum(table, key, value) != (uint64_t)sqlite3_column_int64(statement, 1)) {
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

int ms_sqlite_check_files(struct ms_sqlite_store *s)
{
  char path[PATH_MAX + 8];
  struct stat info;
  int has_moved = 0;
  sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  if (has_moved) {
    return ms_error(MSTEP_EIO, "%s was moved or removed while it was open", s->path);
  }
  if (s->stamp.is_used) {
    return ms_sqlite_check_stamp(&s->stamp, s->path);
  }
  snprintf(path, sizeof path, "%s-wal", s->path);
  if (stat(path, &info) != 0 || info.st_ino != s->log_inode) {
    return ms_error(MSTEP_EIO, "%s was moved or removed while it was open", path);
  }
  return 0;
}

/* Commits look for their files themselves; what only reads would not see that others are written now. */
static int enter(struct ms_sqlite_store *s)
{
  int err = ms_sqlite_check_open(s);
  return err == 0 && s->is_reader && !s->base.has_view ? ms_sqlite_check_files(s) : err;
}

static int leave(struct ms_sqlite_store *s, int err)
{
  return err == 0 && s->stamp.is_used ? ms_sqlite_check_files(s) : err;
}

int ms_sqlite_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                  void *user)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  sqlite3_stmt *statement;
  int err = enter(s);
  if (err == 0) {
    err = ms_sqlite_statement(&statement, s, table, MS_SQLITE_GET);
  }
  if (err != 0) {
    return err;
  }
  int rc = ms_sqlite_bind_key(statement, 1, table, key);
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(statement);
  }
  if (rc == SQLITE_ROW) {
    err = deliver(s, table, statement, cb, user);
  } else if (rc == SQLITE_DONE) {
    err = ms_error(MSTEP_ENOTFOUND, "no such key in table %s", ms_table_name(table));
  } else {
    err = ms_sqlite_failed(s, rc);
  }
  sqlite3_reset(statement);
  return leave(s, err);
}

int ms_sqlite_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb, void *user)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  sqlite3_stmt *statement;
  int err = enter(s);
  if (err == 0) {
    err = ms_sqlite_statement(&statement, s, scan->table,
                              scan->is_reverse ? MS_SQLITE_SCAN_REVERSE : MS_SQLITE_SCAN);
  }
  if (err == 0) {
    err = ms_sqlite_bind_range(s, statement, scan->table, scan->from, scan->to);
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
    err = ms_sqlite_failed(s, rc);
  }
  sqlite3_reset(statement);
  return leave(s, err);
}

int ms_sqlite_read_ends(struct ms_sqlite_store *s)
{
  int rc = sqlite3_step(s->ends_of_journal);
  int err = 0;
  if (rc == SQLITE_ROW) {
    int64_t newest = sqlite3_column_int64(s->ends_of_journal, 0);
    int64_t trimmed = sqlite3_column_int64(s->ends_of_journal, 1);
    if (newest < 0 || trimmed < 0) {
      err = ms_error(MSTEP_EIO, "%s is damaged: a commit has a negative number", s->path);
    } else {
      s->base.trimmed_lsn = (uint64_t)trimmed;
      s->base.last_lsn = (uint64_t)(newest > trimmed ? newest : trimmed);
    }
  } else {
    err = ms_sqlite_failed(s, rc);
  }
  sqlite3_reset(s->ends_of_journal);
  return err;
}

/* A transaction of SQLite's begins with its first reading, so the numbers are that moment's. */
int ms_sqlite_view_begin(struct ms_store *store)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  int err = enter(s);
  if (err == 0) {
    err = ms_sqlite_run(s, s->begin);
  }
  if (err != 0) {
    return err;
  }
  err = ms_sqlite_read_ends(s);
  if (err != 0) {
    (void)ms_sqlite_run(s, s->end);
  }
  return err;
}

void ms_sqlite_view_end(struct ms_store *store)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  if (s->db != NULL) {
    (void)ms_sqlite_run(s, s->end); /* nothing was written, so nothing can be lost */
  }
}

int ms_sqlite_check(struct ms_store *store)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  sqlite3_stmt *statement = NULL;
  int err = ms_sqlite_check_open(s);
  if (err != 0) {
    return err;
  }
  int rc = sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(statement);
  }
  if (rc != SQLITE_ROW) {
    err = ms_sqlite_failed(s, rc);
  } else {
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    if (text == NULL || strcmp(text, "ok") != 0) {
      err = ms_error(MSTEP_EIO, "%s is damaged: %s", s->path, text == NULL ? "" : text);
    }
  }
  sqlite3_finalize(statement);
  return err;
}
