/*
 * An SQLite file as a store has it: whose it is, of which version, and brought to the present one.
 * What the tables hold is store_sqlite.c's.
 */
#ifndef MS_STORE_SQLITE_FILE_H
#define MS_STORE_SQLITE_FILE_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "store/store.h"

#define MS_SQLITE_APPLICATION_ID 0x4d535450 /* "MSTP" */
#define MS_SQLITE_BUSY_MS 5000              /* somebody reads the file with a tool of SQLite's */

/* A step from one version of the tables to the next. */
struct ms_sqlite_step {
  unsigned version;
  const char *sql;
};

/* Of schema/sqlite.def; *count gets how many. */
const struct ms_sqlite_step *ms_sqlite_steps(size_t *count);

/* The absolute path, links followed, NUL-terminated in `out` of PATH_MAX bytes. */
int ms_sqlite_full_path(char *out, const char *path);

/*
 * Opens and migrates. *is_foreign (may be NULL) is set when the file is not a store at all. On failure
 * nothing is open.
 */
int ms_sqlite_open(sqlite3 **out, const char *path, const struct ms_store_options *options,
                   bool *is_foreign);
/*
 * What a file looked like that is read without its log, because neither could be made where it lies:
 * as long as it looks the same nobody has written it.
 */
struct ms_sqlite_stamp {
  bool is_used;
  struct stat info;
};

/* For reading only: takes what is there, nothing is migrated. As ms_store_open with is_read_only. */
int ms_sqlite_open_reader(sqlite3 **out, struct ms_sqlite_stamp *stamp, const char *path);
/* MSTEP_EIO when it looks different by now. */
int ms_sqlite_check_stamp(const struct ms_sqlite_stamp *stamp, const char *path);
/* Makes the name of a file as lasting as its contents. The path has a directory. */
int ms_sqlite_sync_directory(const char *path);
/* Carries out the steps above the file's version, in one transaction. `path` for messages. */
int ms_sqlite_migrate(sqlite3 *db, const char *path, const struct ms_sqlite_step *steps,
                      size_t count);

/* Of the commits that follow; not in a transaction. */
int ms_sqlite_set_durability(sqlite3 *db, const char *path, enum ms_durability durability);
/* The error of a call that returned rc, as one of ours with a detail. `db` may be NULL. */
int ms_sqlite_error(sqlite3 *db, int rc, const char *path);
int ms_sqlite_exec(sqlite3 *db, const char *path, const char *sql);
/* The number in the first column of the first row; 0 when there is none. */
int ms_sqlite_number(int64_t *out, sqlite3 *db, const char *path, const char *sql);

#endif
