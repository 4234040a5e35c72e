/* Files below the folder of buckets: found, read, unpacked, written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "base/fault.h"
#include "task/bucket.h"

#define PATH_SIZE 4096
#define CHUNK ((size_t)1 << 16)

/* ---- places ---- */

/* No part of it leads upwards or is empty, and it is no absolute path. */
static bool is_inside(struct ms_str path)
{
  for (size_t from = 0; from <= path.len;) {
    size_t end = ms_str_find(path, from, '/');
    struct ms_str part = ms_str_sub(path, from, end);
    if (part.len == 0 || ms_str_is(part, ".") || ms_str_is(part, "..")) {
      return false;
    }
    from = end + 1;
  }
  return memchr(path.data, '\0', path.len) == NULL;
}

int ms_bucket_path(struct ms_buf *out, const char *dir, struct ms_str bucket, struct ms_str key)
{
  if (dir == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "There are no buckets here: they are folders in \"buckets\", beside "
                                     "the folder of the functions.");
  }
  if (!is_inside(bucket) || memchr(bucket.data, '/', bucket.len) != NULL) {
    return ms_error(MSTEP_ENOTFOUND, "The specified bucket does not exist: '%.*s'",
                    MS_STR_ARG(bucket));
  }
  if (key.len > 0 && !is_inside(key)) {
    return ms_error(MSTEP_ENOTFOUND, "The specified key does not exist: '%.*s'", MS_STR_ARG(key));
  }
  ms_buf_printf(out, "%s/%.*s%s%.*s", dir, MS_STR_ARG(bucket), key.len > 0 ? "/" : "",
                MS_STR_ARG(key));
  return out->error == MSTEP_ETOOBIG ? ms_error(MSTEP_ENOTFOUND, "The specified key is too long.")
                                     : out->error;
}

/* ---- reading ---- */

static int too_long(struct ms_str key)
{
  return ms_error(MSTEP_ETOOBIG, "The object '%.*s' is longer than %zu bytes.", MS_STR_ARG(key),
                  MS_BUCKET_FILE_MAX);
}

static int read_all(struct ms_buf *out, int fd)
{
  for (;;) {
    char *to = ms_buf_reserve(out, CHUNK);
    if (to == NULL) {
      return out->error;
    }
    ssize_t count = read(fd, to, CHUNK);
    if (count == 0) {
      return MSTEP_OK;
    }
    if (count > 0) {
      ms_buf_added(out, (size_t)count);
    } else if (errno != EINTR) {
      return ms_error(MSTEP_EIO, "%s", strerror(errno));
    }
  }
}

static int read_file(struct ms_buf *out, const char *path, struct ms_str key)
{
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
    return ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
  }
  if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    if (fd >= 0) {
      close(fd);
    }
    return ms_error(MSTEP_ENOTFOUND, "The specified key does not exist: '%.*s'", MS_STR_ARG(key));
  }
  int err = (uint64_t)info.st_size > MS_BUCKET_FILE_MAX ? too_long(key) : read_all(out, fd);
  close(fd);
  MS_FAULT(bucket_read);
  return err == MSTEP_ETOOBIG ? too_long(key) : err;
}

/* One member behind the other. False: the data are damaged, or *out has an error. */
static bool inflate_all(struct ms_buf *out, z_stream *stream)
{
  int status = Z_OK;
  while (status == Z_OK || (status == Z_STREAM_END && stream->avail_in > 0)) {
    if (status == Z_STREAM_END && inflateReset(stream) != Z_OK) {
      return false;
    }
    char *to = ms_buf_reserve(out, CHUNK);
    if (to == NULL) {
      return false;
    }
    stream->next_out = (Bytef *)to;
    stream->avail_out = CHUNK;
    status = inflate(stream, Z_NO_FLUSH);
    ms_buf_added(out, CHUNK - stream->avail_out);
  }
  return status == Z_STREAM_END;
}

static int unpack(struct ms_buf *out, struct ms_str packed, struct ms_str key)
{
  z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.data, .avail_in = (uInt)packed.len};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) {
    return ms_error_nomem();
  }
  bool is_fine = inflate_all(out, &stream);
  inflateEnd(&stream);
  if (out->error == MSTEP_ETOOBIG) {
    return too_long(key);
  }
  return is_fine || out->error != 0
             ? out->error
             : ms_error(MSTEP_EINVALID, "The object '%.*s' is not in gzip format.", MS_STR_ARG(key));
}

int ms_bucket_read_raw(struct ms_buf *out, const char *dir, struct ms_str bucket, struct ms_str key)
{
  struct ms_buf path;
  ms_buf_init(&path, PATH_SIZE);
  int err = ms_bucket_path(&path, dir, bucket, key);
  if (err == 0) {
    err = read_file(out, path.data, key);
  }
  ms_buf_deinit(&path);
  return err;
}

int ms_bucket_load(struct ms_buf *out, const char *dir, struct ms_str bucket, struct ms_str key)
{
  if (key.len == 0) {
    return ms_error(MSTEP_EINVALID, "The Key of the object is missing.");
  }
  if (ms_str_has_suffix(key, ".zst")) {
    return ms_error(MSTEP_EUNSUPPORTED, "This engine does not unpack .zst files.");
  }
  if (!ms_str_has_suffix(key, ".gz")) {
    return ms_bucket_read_raw(out, dir, bucket, key);
  }
  struct ms_buf raw;
  ms_buf_init(&raw, MS_BUCKET_FILE_MAX + CHUNK);
  int err = ms_bucket_read_raw(&raw, dir, bucket, key);
  if (err == 0) {
    err = unpack(out, ms_buf_view(&raw), key);
  }
  ms_buf_deinit(&raw);
  return err;
}

/* ---- writing ---- */

/* Makes what is missing of the folders that a file lies in. */
static int make_folders(char *path)
{
  for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
    *at = '\0';
    int status = mkdir(path, 0777);
    int reason = errno;
    *at = '/';
    if (status != 0 && reason != EEXIST) {
      return ms_error(MSTEP_EIO, "%s: %s", path, strerror(reason));
    }
  }
  return MSTEP_OK;
}

static int write_text(const char *path, struct ms_str text)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool is_fine = fd >= 0;
  for (size_t at = 0; is_fine && at < text.len;) {
    size_t rest = text.len - at;
    ssize_t count = write(fd, text.data + at, rest < CHUNK ? rest : CHUNK);
    is_fine = count >= 0 || errno == EINTR;
    at += count > 0 ? (size_t)count : 0;
    MS_FAULT(bucket_chunk);
  }
  is_fine = is_fine && fsync(fd) == 0;
  int reason = errno;
  if (fd >= 0 && close(fd) != 0 && is_fine) {
    is_fine = false;
    reason = errno;
  }
  return is_fine ? MSTEP_OK : ms_error(MSTEP_EIO, "%s: %s", path, strerror(reason));
}

/* The name is as safe as the file: a manifest is never found without the files that it names. */
static int sync_folder(char *path)
{
  char *slash = strrchr(path, '/');
  *slash = '\0';
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool is_fine = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* not every file system can */
  int err = is_fine ? MSTEP_OK : ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
  if (fd >= 0) {
    close(fd);
  }
  *slash = '/';
  return err;
}

/* Aside first: what has the name is whole. */
static int put_file(char *path, const char *aside, struct ms_str text)
{
  int err = write_text(aside, text);
  if (err == 0 && rename(aside, path) != 0) {
    err = ms_error(MSTEP_EIO, "%s: %s", path, strerror(errno));
  }
  if (err != 0) {
    unlink(aside);
    return err;
  }
  MS_FAULT(bucket_named);
  return sync_folder(path);
}

int ms_bucket_store(const char *dir, struct ms_str bucket, struct ms_str key, struct ms_str text)
{
  struct ms_buf path, aside;
  ms_buf_init(&path, PATH_SIZE);
  ms_buf_init(&aside, PATH_SIZE);
  int err = ms_bucket_path(&path, dir, bucket, key);
  if (err == 0) {
    ms_buf_printf(&aside, "%s.part", path.data);
    err = aside.error;
  }
  if (err == 0) {
    err = make_folders(path.data);
  }
  if (err == 0) {
    err = put_file(path.data, aside.data, text);
  }
  ms_buf_deinit(&path);
  ms_buf_deinit(&aside);
  return err;
}
