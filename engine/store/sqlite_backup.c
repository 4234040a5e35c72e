/*
 * A copy of an SQLite store while it is written: SQLite's online backup from one read transaction, so that
 * it is one moment's whatever is committed meanwhile, and need not begin again.
 *
 * The copy grows as PATH-partial and gets its name when it is on the disk: what is called PATH is whole.
 * A partial file that a killed process left is taken over; the lock on it tells.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fault.h"
#include "store/sqlite_store.h"

struct copy {
  char path[PATH_MAX];
  char partial[PATH_MAX];
  int fd; /* of partial, locked */
};

static int failed(const char *path)
{
  return ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
}

static int exists(const char *path)
{
  return ms_error(MSTEP_EEXISTS, "%s exists already: a copy is always a new file", path);
}

static int begin_copy(struct copy *copy, const char *path)
{
  copy->fd = -1;
  int err = ms_sqlite_full_path(copy->path, path);
  if (err != 0) {
    return err;
  }
  int len = snprintf(copy->partial, sizeof copy->partial, "%s-partial", copy->path);
  if (len < 0 || len >= (int)sizeof copy->partial) {
    return ms_error(MSTEP_ETOOBIG, "the path \"%s\" is too long", path);
  }
  if (access(copy->path, F_OK) == 0) {
    return exists(copy->path);
  }
  copy->fd = open(copy->partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (copy->fd < 0) {
    return failed(copy->partial);
  }
  if (flock(copy->fd, LOCK_EX | LOCK_NB) != 0) {
    close(copy->fd); /* and not removed: it is somebody's */
    copy->fd = -1;
    return ms_error(MSTEP_ESTATE, "%s is being written already", copy->partial);
  }
  return ftruncate(copy->fd, 0) == 0 ? 0 : failed(copy->partial);
}

/* The name is given only when nobody has it: a file that came meanwhile is not overwritten. */
static int name_copy(struct copy *copy)
{
  if (renameat2(AT_FDCWD, copy->partial, AT_FDCWD, copy->path, RENAME_NOREPLACE) == 0) {
    return ms_sqlite_sync_directory(copy->path);
  }
  if (errno == EINVAL || errno == ENOSYS) { /* a file system that cannot */
    if (link(copy->partial, copy->path) == 0) {
      unlink(copy->partial);
      return ms_sqlite_sync_directory(copy->path);
    }
  }
  return errno == EEXIST ? exists(copy->path) : failed(copy->path);
}

static int copy_pages(struct ms_sqlite_store *s, sqlite3 *to, const char *path)
{
  sqlite3_backup *backup = sqlite3_backup_init(to, "main", s->db, "main");
  if (backup == NULL) {
    return ms_sqlite_error(to, sqlite3_errcode(to), path);
  }
  int rc = sqlite3_backup_step(backup, -1);
  int end = sqlite3_backup_finish(backup);
  if (rc == SQLITE_DONE && end == SQLITE_OK) {
    return 0;
  }
  /* What was wrong with reading stands at the one connection, with writing at the other. */
  bool is_source = sqlite3_errcode(s->db) != SQLITE_OK && sqlite3_errcode(to) == SQLITE_OK;
  return is_source ? ms_sqlite_failed(s, rc) : ms_sqlite_error(to, rc, path);
}

/* Nobody sees the file before it is synced as a whole: on the way it needs neither journal nor order. */
static int write_copy(struct ms_sqlite_store *s, const char *path)
{
  static const char settings[] = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF";
  sqlite3 *to = NULL;
  int rc = sqlite3_open_v2(
      path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
  int err = rc == SQLITE_OK ? 0 : ms_sqlite_error(to, rc, path);
  if (err == 0) {
    sqlite3_extended_result_codes(to, 1);
    err = ms_sqlite_exec(to, path, settings);
  }
  if (err == 0) {
    err = copy_pages(s, to, path);
  }
  sqlite3_close(to);
  return err;
}

int ms_sqlite_backup(struct ms_store *store, const char *path)
{
  struct ms_sqlite_store *s = ms_sqlite_store(store);
  struct copy copy;
  int err = ms_sqlite_check_open(s);
  if (err == 0 && s->is_reader && !store->has_view) {
    err = ms_sqlite_check_files(s);
  }
  if (err != 0) {
    return err;
  }
  err = begin_copy(&copy, path);
  if (err == 0) {
    err = write_copy(s, copy.partial);
  }
  if (err == 0 && fsync(copy.fd) != 0) {
    err = failed(copy.partial);
  }
  if (err == 0) {
    MS_FAULT(store_copied);
    err = name_copy(&copy);
  }
  if (copy.fd >= 0) {
    if (err != 0) {
      unlink(copy.partial);
    }
    close(copy.fd);
  }
  return err;
}
