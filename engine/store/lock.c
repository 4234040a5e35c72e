/* The lock of a store's file: flock on PATH-lock. */
#include "store/lock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"

static int name_lock(char out[PATH_MAX], const char *path)
{
  int len = snprintf(out, PATH_MAX, "%s-lock", path);
  return len > 0 && len < PATH_MAX ? 0
                                   : ms_error(MSTEP_ETOOBIG, "the path \"%s\" is too long", path);
}

static int open_failed(const char *path, const char *file)
{
  if (errno == ENOENT) {
    return ms_error(MSTEP_ENOTFOUND, "%s: its directory does not exist", path);
  }
  return ms_error(MSTEP_EIO, "cannot write %s: %s", file, strerror(errno));
}

/* The holder writes its number right after it has got the lock: it may not be there yet. */
static int held_by_other(int fd, const char *path)
{
  char text[32] = "";
  ssize_t len = pread(fd, text, sizeof text - 1, 0);
  long pid = len > 0 ? strtol(text, NULL, 10) : 0;
  if (pid <= 0) {
    return ms_error(MSTEP_ESTATE, "%s is in use by another process", path);
  }
  return ms_error(MSTEP_ESTATE, "%s is in use by process %ld%s", path, pid,
                  pid == (long)getpid() ? ", which is this one" : "");
}

/* Best effort: a lock without a number is a lock all the same. */
static void write_pid(int fd)
{
  char text[32];
  int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
  if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) != len) {
    (void)!ftruncate(fd, 0);
  }
}

int ms_store_lock(struct ms_store_lock *out, const char *path)
{
  char file[PATH_MAX];
  *out = (struct ms_store_lock){-1, false};
  int err = name_lock(file, path);
  if (err != 0) {
    return err;
  }
  int fd = open(file, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 0666);
  out->is_new = fd >= 0;
  if (fd < 0 && errno == EEXIST) {
    fd = open(file, O_RDWR | O_CLOEXEC | O_CREAT, 0666);
  }
  if (fd < 0) {
    return open_failed(path, file);
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    err = errno == EWOULDBLOCK ? held_by_other(fd, path)
                               : ms_error(MSTEP_EIO, "cannot lock %s: %s", file, strerror(errno));
    close(fd);
    return err;
  }
  write_pid(fd);
  out->fd = fd;
  return 0;
}

void ms_store_unlock(struct ms_store_lock *lock, const char *path)
{
  char file[PATH_MAX];
  if (lock->fd < 0) {
    return;
  }
  if (path != NULL && lock->is_new && name_lock(file, path) == 0) {
    unlink(file);
  }
  close(lock->fd);
  lock->fd = -1;
}
