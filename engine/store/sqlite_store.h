/*
 * The parts of the SQLite store, seen from each other: store_sqlite.c opens and commits,
 * sqlite_statement.c makes statements, sqlite_read.c reads, sqlite_backup.c copies.
 */
#ifndef MS_STORE_SQLITE_STORE_H
#define MS_STORE_SQLITE_STORE_H

#include <limits.h>
#include <sys/stat.h>

#include "store/internal.h"
#include "store/lock.h"
#include "store/sqlite_file.h"

enum ms_sqlite_kind {
  MS_SQLITE_PUT,
  MS_SQLITE_REMOVE,
  MS_SQLITE_REMOVE_RANGE,
  MS_SQLITE_GET,
  MS_SQLITE_SCAN,
  MS_SQLITE_SCAN_REVERSE,
  MS_SQLITE_KIND_COUNT
};

#define MS_SQLITE_ID_SIZE 16

struct ms_sqlite_store {
  struct ms_store base;
  sqlite3 *db; /* NULL: could not be opened again */
  struct ms_store_lock lock;
  bool is_reader;
  enum ms_durability durability; /* of batches that do not ask for any */
  enum ms_durability current;    /* as `db` is set */
  bool is_unsynced;              /* checkpoints may have written what is not on the disk yet */
  uint64_t fence;
  char id[MS_SQLITE_ID_SIZE]; /* of the file, so that another in its place is noticed */
  ino_t inode;                /* so is one that would be mixed with what the log still holds */
  ino_t log_inode;
  struct ms_sqlite_stamp stamp; /* of a file that is read without its log */
  struct ms_buf frame;          /* scratch of commit */
  sqlite3_stmt *begin;
  sqlite3_stmt *end;
  sqlite3_stmt *ends_of_journal;
  sqlite3_stmt *statements[MS_TABLE_COUNT][MS_SQLITE_KIND_COUNT];
  char beyond[MS_STORE_KEY_MAX + 1]; /* 0xff: sorts behind every key */
  char path[PATH_MAX];
};

static inline struct ms_sqlite_store *ms_sqlite_store(struct ms_store *store)
{
  return (struct ms_sqlite_store *)store;
}

/* ---- sqlite_statement.c ---- */

int ms_sqlite_failed(struct ms_sqlite_store *s, int rc); /* ms_sqlite_error of this store */
/* 0, or MSTEP_EIO when recover has not been able to open the file. */
int ms_sqlite_check_open(struct ms_sqlite_store *s);
int ms_sqlite_prepare(struct ms_sqlite_store *s, sqlite3_stmt **statement, const char *sql);
void ms_sqlite_finalize(struct ms_sqlite_store *s); /* every statement of the store */
int ms_sqlite_statement(sqlite3_stmt **out, struct ms_sqlite_store *s, unsigned table,
                        enum ms_sqlite_kind kind);
/* Runs a statement that gives no rows, and makes it ready for the next time. */
int ms_sqlite_run(struct ms_sqlite_store *s, sqlite3_stmt *statement);
/* Borrowed until the statement is reset or bound again. */
int ms_sqlite_bind_bytes(sqlite3_stmt *statement, int number, struct ms_str bytes);
int ms_sqlite_bind_key(sqlite3_stmt *statement, int number, unsigned table, struct ms_str key);
/* [from, to) as parameters 1 and 2; 0 or an error of ours. */
int ms_sqlite_bind_range(struct ms_sqlite_store *s, sqlite3_stmt *statement, unsigned table,
                         struct ms_str from, struct ms_str to);
/* Of table, key and value, so that neither the place nor a bit of them can change unseen. */
uint32_t ms_sqlite_sum(unsigned table, struct ms_str key, struct ms_str value);

/* ---- sqlite_read.c ---- */

int ms_sqlite_get(struct ms_store *store, unsigned table, struct ms_str key, ms_record_cb cb,
                  void *user);
int ms_sqlite_scan(struct ms_store *store, const struct ms_scan *scan, ms_record_cb cb, void *user);
int ms_sqlite_view_begin(struct ms_store *store);
void ms_sqlite_view_end(struct ms_store *store);
int ms_sqlite_check(struct ms_store *store);
/* Sets last_lsn and trimmed_lsn. */
int ms_sqlite_read_ends(struct ms_sqlite_store *s);
/* Whether the names still lead to the files that are open; MSTEP_EIO when not. */
int ms_sqlite_check_files(struct ms_sqlite_store *s);

/* ---- sqlite_backup.c ---- */

int ms_sqlite_backup(struct ms_store *store, const char *path);

#endif
