/*
 * Files on disk: walked, asked whether somebody still writes them, and hashed. Whether a file is being written is asked
 * of the kernel: it grants a lease for reading only when nobody has it open for writing. Where there are no leases
 * (files of others, some file systems) a file counts as whole when it has not changed for two seconds.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "source/folder_internal.h"

#define PART_BYTES ((size_t)8 << 20) /* as the AWS command line cuts what it uploads */
#define CALM_MS 2000
#define DEPTH_MAX 16
#define MD5_SIZE 16

static struct ms_file_state state_of(const struct stat *info)
{
  return (struct ms_file_state){.size = (int64_t)info->st_size,
                                .mtime_ns = (int64_t)info->st_mtim.tv_sec * 1000000000 +
                                            info->st_mtim.tv_nsec,
                                .inode = (uint64_t)info->st_ino};
}

bool ms_folder_is_same(const struct ms_file_state *a, const struct ms_file_state *b)
{
  return a->size == b->size && a->mtime_ns == b->mtime_ns && a->inode == b->inode;
}

bool ms_folder_exists(const char *folder)
{
  struct stat info;
  return stat(folder, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- walking ---- */

struct walk {
  struct ms_folders *folders;
  size_t folder, root_len, len;
  ms_folder_file_cb cb;
  char path[PATH_MAX];
};

static int walk_into(struct walk *walk, unsigned depth);

static int walk_at(struct walk *walk, unsigned depth)
{
  struct stat info;
  if (lstat(walk->path, &info) != 0) {
    return MSTEP_OK;
  }
  bool is_link = S_ISLNK(info.st_mode);
  if (is_link && stat(walk->path, &info) != 0) {
    return MSTEP_OK;
  }
  if (S_ISREG(info.st_mode)) {
    struct ms_file_state state = state_of(&info);
    return walk->cb(walk->folders, walk->folder, walk->path + walk->root_len, &state);
  }
  return S_ISDIR(info.st_mode) && !is_link && depth < DEPTH_MAX ? walk_into(walk, depth + 1)
                                                                : MSTEP_OK;
}

/* As dirwatch.c: names of editors' files are left out. */
static int walk_into(struct walk *walk, unsigned depth)
{
  DIR *dir = opendir(walk->path);
  if (dir == NULL) {
    return errno == ENOMEM ? ms_error_nomem() : depth == 0 ? MSTEP_ENOTFOUND : MSTEP_OK;
  }
  size_t len = walk->len;
  int err = MSTEP_OK;
  for (struct dirent *entry; err == 0 && (entry = readdir(dir)) != NULL;) {
    size_t name_len = strlen(entry->d_name);
    if (entry->d_name[0] == '.' || entry->d_name[name_len - 1] == '~' ||
        len + 1 + name_len >= sizeof walk->path) {
      continue;
    }
    walk->path[len] = '/';
    memcpy(walk->path + len + 1, entry->d_name, name_len + 1);
    walk->len = len + 1 + name_len;
    err = walk_at(walk, depth);
  }
  closedir(dir);
  walk->len = len;
  walk->path[len] = '\0';
  return err;
}

int ms_folder_walk(struct ms_folders *folders, size_t folder, ms_folder_file_cb cb)
{
  struct walk walk = {.folders = folders, .folder = folder, .cb = cb};
  const char *path = folders->paths[folder];
  walk.len = strlen(path);
  walk.root_len = walk.len + 1;
  if (walk.len >= sizeof walk.path) {
    return MSTEP_ENOTFOUND;
  }
  memcpy(walk.path, path, walk.len + 1);
  return walk_into(&walk, 0);
}

/* ---- is it whole? ---- */

enum lease { LEASE_GRANTED, LEASE_REFUSED, LEASE_UNKNOWN };

static enum lease ask_lease(int fd)
{
  /* Who opens it for writing in the moment of the lease has the kernel signal us: with what is ignored. */
  (void)fcntl(fd, F_SETSIG, SIGURG);
  if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return LEASE_GRANTED;
  }
  return errno == EAGAIN || errno == EBUSY ? LEASE_REFUSED : LEASE_UNKNOWN;
}

static bool is_whole(int fd, const struct ms_candidate *file, int64_t now_ms)
{
  enum lease lease = ask_lease(fd);
  return lease == LEASE_GRANTED ||
         (lease == LEASE_UNKNOWN && now_ms - file->calm_since_ms >= CALM_MS);
}

/* ---- its ETag ---- */

/* Bytes of the digest of data. */
static int add_md5(struct ms_buf *out, struct ms_str data)
{
  char hex[MS_DIGEST_HEX_SIZE];
  int err = ms_digest_hex(hex, MS_STR("MD5"), data);
  for (size_t i = 0; err == 0 && i < MD5_SIZE; i++) {
    unsigned value = 0;
    for (size_t k = 0; k < 2; k++) {
      char c = hex[2 * i + k];
      value = value * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    ms_buf_char(out, (char)value);
  }
  return err != 0 ? err : out->error;
}

/* The next part of a file; *is_end: there is none behind it. */
static int hash_part(struct ms_buf *digests, bool *is_end, int fd)
{
  size_t used = 0;
  off_t at = (off_t)(digests->len / MD5_SIZE * PART_BYTES);
  char *data = ms_alloc(PART_BYTES);
  if (data == NULL) {
    return ms_error_nomem();
  }
  for (ssize_t got = 1; got > 0 && used < PART_BYTES;) {
    got = pread(fd, data + used, PART_BYTES - used, at + (off_t)used);
    if (got < 0 && errno != EINTR) {
      ms_free(data);
      return ms_error(MSTEP_EIO, "a file cannot be read");
    }
    used += got > 0 ? (size_t)got : 0;
    got = got < 0 ? 1 : got;
  }
  *is_end = used < PART_BYTES;
  int err = used == 0 && digests->len > 0 ? MSTEP_OK
                                          : add_md5(digests, (struct ms_str){data, used});
  ms_free(data);
  return err;
}

/* MD5, or of what S3 would have got in parts, that of the parts' with their number. */
static int print_etag(char etag[MS_FOLDER_ETAG_SIZE], const struct ms_buf *digests)
{
  size_t count = digests->len / MD5_SIZE;
  char hex[MS_DIGEST_HEX_SIZE];
  if (count == 1) {
    ms_digest_print_hex(etag, (const unsigned char *)digests->data, MD5_SIZE);
    return MSTEP_OK;
  }
  int err = ms_digest_hex(hex, MS_STR("MD5"), ms_buf_view(digests));
  snprintf(etag, MS_FOLDER_ETAG_SIZE, "%.32s-%u", hex, (unsigned)count);
  return err;
}

static enum ms_file_news read_open(char etag[MS_FOLDER_ETAG_SIZE], struct ms_candidate *file,
                                   int fd, int64_t now_ms)
{
  struct stat info;
  bool is_end = false;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return MS_FILE_GONE;
  }
  struct ms_file_state state = state_of(&info);
  if (!ms_folder_is_same(&state, &file->state)) {
    file->state = state;
    file->calm_since_ms = now_ms;
    ms_buf_reset(&file->digests);
  }
  if (!is_whole(fd, file, now_ms)) {
    ms_buf_reset(&file->digests);
    return MS_FILE_BUSY;
  }
  int err = hash_part(&file->digests, &is_end, fd);
  if (err == 0 && !is_end) {
    return MS_FILE_MORE;
  }
  err = err != 0 ? err : print_etag(etag, &file->digests);
  return err == 0 ? MS_FILE_WHOLE : MS_FILE_BUSY;
}

enum ms_file_news ms_folder_read(char etag[MS_FOLDER_ETAG_SIZE], struct ms_candidate *file,
                                 const char *folder, int64_t now_ms)
{
  char path[PATH_MAX];
  int len = snprintf(path, sizeof path, "%s/%s", folder, file->path);
  int fd = len < 0 || (size_t)len >= sizeof path
               ? -1
               : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    bool may_pass = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EACCES;
    return may_pass ? MS_FILE_BUSY : MS_FILE_GONE;
  }
  enum ms_file_news news = read_open(etag, file, fd, now_ms);
  close(fd);
  return news;
}
