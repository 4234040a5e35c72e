/*
 * Opening an SQLite file: refusing what is somebody else's, newer or damaged; settings; migration.
 *
 * A file is new when it has no table and neither an application id nor a version: so is one whose
 * making was cut short, because tables, id and version come in one transaction.
 */
#include "store/sqlite_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

const struct ms_sqlite_step *ms_sqlite_steps(size_t *count)
{
  static const struct ms_sqlite_step steps[] = {
#define MS_STEP(version, sql) {version, sql},
#include "store/schema/sqlite.def"
#undef MS_STEP
  };
  *count = sizeof steps / sizeof steps[0];
  return steps;
}

/* errno of the last call that failed on the file or its log: sqlite3_system_errno() often is 0. */
static int system_errno(sqlite3 *db)
{
  int number = 0;
  sqlite3_file *log = NULL;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log != NULL && log->pMethods != NULL) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
  }
  if (number == 0) {
    sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
  }
  return number != 0 ? number : sqlite3_system_errno(db);
}

static int io_error(sqlite3 *db, int rc, const char *path)
{
  int number = db == NULL ? 0 : system_errno(db);
  bool is_full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  return ms_error(MSTEP_EIO, "%s: %s%s%s%s", path, is_full ? "disk full: " : "", sqlite3_errstr(rc),
                  number == 0 ? "" : ": ", number == 0 ? "" : strerror(number));
}

int ms_sqlite_error(sqlite3 *db, int rc, const char *path)
{
  int extended = db == NULL ? rc : sqlite3_extended_errcode(db);
  if (rc == SQLITE_NOMEM || extended == SQLITE_IOERR_NOMEM) {
    return ms_error_nomem();
  }
  switch (rc & 0xff) {
  case SQLITE_FULL:
    return ms_error(MSTEP_EIO, "%s: disk full", path);
  case SQLITE_CORRUPT:
    return ms_error(MSTEP_EIO, "%s is damaged: %s", path, db == NULL ? "" : sqlite3_errmsg(db));
  case SQLITE_NOTADB:
    return ms_error(MSTEP_EINVALID, "%s is not a store of Moonstep, or its first page is damaged",
                    path);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return ms_error(MSTEP_EIO, "%s is locked by another program", path);
  case SQLITE_READONLY:
    return ms_error(MSTEP_EIO, "%s cannot be written%s", path,
                    extended == SQLITE_READONLY_DBMOVED ? ": it was moved or removed" : "");
  case SQLITE_TOOBIG:
    return ms_error(MSTEP_ETOOBIG, "%s: a record is too large", path);
  case SQLITE_IOERR:
  case SQLITE_CANTOPEN:
    return io_error(db, rc, path);
  default:
    return ms_error(MSTEP_EIO, "%s: %s", path,
                    db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(db));
  }
}

int ms_sqlite_exec(sqlite3 *db, const char *path, const char *sql)
{
  int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : ms_sqlite_error(db, rc, path);
}

int ms_sqlite_number(int64_t *out, sqlite3 *db, const char *path, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
  *out = 0;
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(statement);
  }
  if (rc == SQLITE_ROW) {
    *out = sqlite3_column_int64(statement, 0);
    rc = SQLITE_DONE;
  }
  int err = rc == SQLITE_DONE ? 0 : ms_sqlite_error(db, rc, path);
  sqlite3_finalize(statement);
  return err;
}

int ms_sqlite_full_path(char *out, const char *path)
{
  if (path[0] == '\0') {
    return ms_error(MSTEP_EINVALID, "sqlite: needs the path of a file");
  }
  if (realpath(path, out) != NULL) {
    return 0;
  }
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  char directory[PATH_MAX] = ".";
  if (slash != NULL) {
    int len = snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
    if (len < 0 || len >= (int)sizeof directory) {
      return ms_error(MSTEP_ETOOBIG, "the path \"%s\" is too long", path);
    }
  }
  if (errno != ENOENT || realpath(directory, out) == NULL) {
    return ms_error(errno == ENOENT ? MSTEP_ENOTFOUND : MSTEP_EIO, "%s: %s", path, strerror(errno));
  }
  size_t used = strlen(out);
  int len = snprintf(out + used, PATH_MAX - used, "%s%s", used == 1 ? "" : "/", name);
  if (len < 0 || (size_t)len >= PATH_MAX - used - sizeof "-journal") {
    return ms_error(MSTEP_ETOOBIG, "the path \"%s\" is too long", path);
  }
  return 0;
}

/* Whose file is it? *version gets that of its tables, 0 of a new file. */
static int identify(unsigned *version, sqlite3 *db, const char *path, bool *is_foreign)
{
  int64_t id = 0;
  int64_t number = 0;
  int64_t table_count = 0;
  int err = ms_sqlite_number(&id, db, path, "PRAGMA application_id");
  if (err == 0) {
    err = ms_sqlite_number(&number, db, path, "PRAGMA user_version");
  }
  if (err == 0) {
    err = ms_sqlite_number(&table_count, db, path, "SELECT count(*) FROM sqlite_master");
  }
  bool is_new = id == 0 && number == 0 && table_count == 0;
  if (err == 0 && !is_new && id != MS_SQLITE_APPLICATION_ID) {
    err = ms_error(MSTEP_EINVALID, "%s is a database of another program, not a store of Moonstep",
                   path);
  }
  *is_foreign = err == MSTEP_EINVALID;
  *version = (unsigned)number;
  return err;
}

int ms_sqlite_set_durability(sqlite3 *db, const char *path, enum ms_durability durability)
{
  static const char *const synchronous[] = {
      [MS_DURABILITY_FSYNC] = "PRAGMA synchronous=FULL",
      [MS_DURABILITY_OS] = "PRAGMA synchronous=NORMAL",
      [MS_DURABILITY_NONE] = "PRAGMA synchronous=OFF",
  };
  assert((size_t)durability < sizeof synchronous / sizeof synchronous[0]);
  return ms_sqlite_exec(db, path, synchronous[durability]);
}

static int configure(sqlite3 *db, const char *path, enum ms_durability durability)
{
  /*
   * Settings of a new file come first; changing them later does nothing. secure_delete: Debian's SQLite
   * fills what is removed with zeros, which is a quarter of all that is written when the journal is cut.
   * wal_autocheckpoint: four times as much writes a fifth less, and holds commits up twice as long when
   * the log goes into the file. Larger pages and caches gain nothing (tests/bench/bench_store_mix.c).
   */
  static const char settings[] = "PRAGMA auto_vacuum=INCREMENTAL;"
                                 "PRAGMA journal_mode=WAL;"
                                 "PRAGMA wal_autocheckpoint=4096;"
                                 "PRAGMA journal_size_limit=67108864;"
                                 "PRAGMA secure_delete=FAST;"
                                 "PRAGMA cache_size=-8192;"
                                 "PRAGMA temp_store=MEMORY;"
                                 "PRAGMA cell_size_check=ON;"
                                 "PRAGMA trusted_schema=OFF";
  int err = ms_sqlite_set_durability(db, path, durability);
  if (err == 0) {
    err = ms_sqlite_exec(db, path, settings);
  }
  int64_t is_wal = 0;
  if (err == 0) {
    err =
        ms_sqlite_number(&is_wal, db, path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode");
  }
  if (err == 0 && !is_wal) {
    err = ms_error(MSTEP_EIO, "%s: a write-ahead log is not possible on this file system", path);
  }
  return err;
}

int ms_sqlite_sync_directory(const char *path)
{
  char directory[PATH_MAX];
  const char *slash = strrchr(path, '/');
  assert(slash != NULL);
  int len = snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
  assert(len > 0 && len < (int)sizeof directory);
  (void)len;
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return ms_error(MSTEP_EIO, "%s: %s", directory, strerror(errno));
  }
  int err = 0;
  if (fsync(fd) != 0 && errno != EINVAL) { /* EINVAL: this file system has no such thing */
    err = ms_error(MSTEP_EIO, "%s: %s", directory, strerror(errno));
  }
  close(fd);
  return err;
}

static int run_steps(sqlite3 *db, const char *path, const struct ms_sqlite_step *steps,
                     size_t count, unsigned from)
{
  char sql[128];
  int err = 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    if (steps[i].version > from) {
      err = ms_sqlite_exec(db, path, steps[i].sql);
    }
  }
  if (err == 0) {
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%u",
             MS_SQLITE_APPLICATION_ID, steps[count - 1].version);
    err = ms_sqlite_exec(db, path, sql);
  }
  return err;
}

static int newer(const char *path, int64_t version, unsigned newest)
{
  return ms_error(MSTEP_EUNSUPPORTED,
                  "%s was written by a newer version of Moonstep (format %" PRId64
                  "; this one knows formats up to %u)",
                  path, version, newest);
}

int ms_sqlite_migrate(sqlite3 *db, const char *path, const struct ms_sqlite_step *steps,
                      size_t count)
{
  assert(count > 0);
  unsigned newest = steps[count - 1].version;
  int64_t version = 0;
  int err = ms_sqlite_number(&version, db, path, "PRAGMA user_version");
  if (err != 0 || version == newest) {
    return err;
  }
  if (version < 0 || version > newest) {
    return newer(path, version, newest);
  }
  err = ms_sqlite_exec(db, path, "BEGIN IMMEDIATE");
  if (err == 0) {
    err = run_steps(db, path, steps, count, (unsigned)version);
  }
  if (err == 0) {
    err = ms_sqlite_exec(db, path, "COMMIT");
  }
  if (err != 0 && sqlite3_get_autocommit(db) == 0) {
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  }
  return err;
}

static int prepare_file(sqlite3 *db, const char *path, const struct ms_store_options *options,
                        bool *is_foreign)
{
  unsigned version = 0;
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, MS_SQLITE_BUSY_MS);
  int err = identify(&version, db, path, is_foreign);
  if (err == 0 && sqlite3_db_readonly(db, "main") == 1) {
    err = ms_error(MSTEP_EIO, "%s cannot be written", path);
  }
  size_t count = 0;
  const struct ms_sqlite_step *steps = ms_sqlite_steps(&count);
  if (err == 0 && version <= steps[count - 1].version) { /* do not touch a newer file */
    err = configure(db, path, options->durability);
  }
  if (err == 0) {
    err = ms_sqlite_migrate(db, path, steps, count);
  }
  if (err == 0 && version == 0) {
    err = ms_sqlite_sync_directory(path);
  }
  return err;
}

/* A store has payloads and secrets: a new one is its owner's alone. What SQLite adds to it is so, too. */
static void make_private(const char *path)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) {
    close(fd);
  }
}

int ms_sqlite_open(sqlite3 **out, const char *path, const struct ms_store_options *options,
                   bool *is_foreign)
{
  sqlite3 *db = NULL;
  bool ignored = false;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
              (options->must_exist ? 0 : SQLITE_OPEN_CREATE);
  if (!options->must_exist) {
    make_private(path);
  }
  int rc = sqlite3_open_v2(path, &db, flags, NULL);
  int err = 0;
  if (rc != SQLITE_OK && options->must_exist && access(path, F_OK) != 0) {
    err = ms_error(MSTEP_ENOTFOUND, "%s does not exist", path);
  } else if (rc != SQLITE_OK) {
    err = ms_sqlite_error(db, rc, path);
  } else {
    err = prepare_file(db, path, options, is_foreign == NULL ? &ignored : is_foreign);
  }
  if (err != 0) {
    sqlite3_close(db);
    return err;
  }
  *out = db;
  return 0;
}

/* ---- for reading only -------------------------------------------------------------------------------- */

static int prepare_reader(sqlite3 *db, const char *path)
{
  static const char settings[] = "PRAGMA query_only=ON;"
                                 "PRAGMA cache_size=-2048;"
                                 "PRAGMA temp_store=MEMORY;"
                                 "PRAGMA cell_size_check=ON;"
                                 "PRAGMA trusted_schema=OFF";
  unsigned version = 0;
  bool is_foreign;
  size_t count = 0;
  const struct ms_sqlite_step *steps = ms_sqlite_steps(&count);
  unsigned newest = steps[count - 1].version;
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, MS_SQLITE_BUSY_MS);
  int err = identify(&version, db, path, &is_foreign);
  if (err != 0) {
    return err;
  }
  if (version == 0) {
    return ms_error(MSTEP_ENOTFOUND, "%s holds no store yet", path);
  }
  if (version > newest) {
    return newer(path, version, newest);
  }
  if (version < newest) {
    return ms_error(MSTEP_EUNSUPPORTED,
                    "%s was written by an older version of Moonstep (format %u): opening it for "
                    "writing makes it one of format %u",
                    path, version, newest);
  }
  return ms_sqlite_exec(db, path, settings);
}

static int open_to_read(sqlite3 **out, const char *name, const char *path, int flags)
{
  sqlite3 *db = NULL;
  flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  int rc = sqlite3_open_v2(name, &db, flags, NULL);
  int err = 0;
  if (rc != SQLITE_OK && access(path, F_OK) != 0) {
    err = ms_error(MSTEP_ENOTFOUND, "%s does not exist", path);
  } else if (rc != SQLITE_OK) {
    err = ms_sqlite_error(db, rc, path);
  }
  if (err != 0) {
    sqlite3_close(db);
    return err;
  }
  *out = db;
  return 0;
}

/* Whether the first reading failed because the log, or the index beside it, could not be made. */
static bool has_no_index(sqlite3 *db)
{
  int rc = sqlite3_errcode(db) & 0xff;
  return rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY;
}

static int take_stamp(struct ms_sqlite_stamp *stamp, const char *path)
{
  char log[PATH_MAX + 8];
  struct stat info;
  snprintf(log, sizeof log, "%s-wal", path);
  if (stat(log, &info) == 0 && info.st_size > 0) {
    return ms_error(MSTEP_EIO,
                    "%s was not closed in order, and its log cannot be read where %s-shm cannot be "
                    "made: open it for writing once, or copy it together with %s",
                    path, path, log);
  }
  if (stat(path, &stamp->info) != 0) {
    return ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
  }
  return 0;
}

int ms_sqlite_check_stamp(const struct ms_sqlite_stamp *stamp, const char *path)
{
  struct ms_sqlite_stamp now = {0};
  int err = take_stamp(&now, path);
  if (err != 0) {
    return err;
  }
  bool is_same = now.info.st_ino == stamp->info.st_ino && now.info.st_size == stamp->info.st_size &&
                 now.info.st_mtim.tv_sec == stamp->info.st_mtim.tv_sec &&
                 now.info.st_mtim.tv_nsec == stamp->info.st_mtim.tv_nsec;
  return is_same ? 0 : ms_error(MSTEP_EIO, "%s has changed while it was read without a log", path);
}

/* Characters that mean something in a file: URI are escaped. */
static void write_uri(char *out, const char *path)
{
  static const char digits[] = "0123456789abcdef";
  size_t at = (size_t)snprintf(out, 8, "file:");
  for (; *path != '\0'; path++) {
    unsigned char c = (unsigned char)*path;
    if (c == '%' || c == '?' || c == '#') {
      out[at++] = '%';
      out[at++] = digits[c >> 4];
      out[at++] = digits[c & 15];
    } else {
      out[at++] = (char)c;
    }
  }
  memcpy(out + at, "?immutable=1", sizeof "?immutable=1");
}

/*
 * SQLite reads a file with a log through an index in shared memory, PATH-shm. Where that cannot be made
 * nobody can write either, so a file without a log may be taken as it is.
 */
static int open_as_it_is(sqlite3 **out, struct ms_sqlite_stamp *stamp, const char *path)
{
  char uri[3 * PATH_MAX + 32];
  int err = take_stamp(stamp, path);
  if (err != 0) {
    return err;
  }
  write_uri(uri, path);
  stamp->is_used = true;
  err = open_to_read(out, uri, path, SQLITE_OPEN_URI);
  return err == 0 ? prepare_reader(*out, path) : err;
}

int ms_sqlite_open_reader(sqlite3 **out, struct ms_sqlite_stamp *stamp, const char *path)
{
  sqlite3 *db = NULL;
  *stamp = (struct ms_sqlite_stamp){0};
  int err = open_to_read(&db, path, path, 0);
  if (err != 0) {
    return err;
  }
  err = prepare_reader(db, path);
  if (err == MSTEP_EIO && has_no_index(db)) {
    sqlite3_close(db);
    db = NULL;
    err = open_as_it_is(&db, stamp, path);
  }
  if (err != 0) {
    sqlite3_close(db);
    return err;
  }
  *out = db;
  return 0;
}
