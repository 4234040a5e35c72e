/*
 * A folder of files: `file:DIR`, or arn:aws:s3:::NAME for the folder NAME among the engine's buckets. The
 * body becomes a file, by the key that came with it or a new one; folders on the way are made. It is
 * written beside its place, synced and moved there, so that a name stands for a whole file, and a second try
 * replaces what the first left. Blocks for as long as the disk takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "dest/internal.h"

#define PATH_SIZE 4096

static bool takes(struct ms_str target)
{
  return ms_str_has_prefix(target, "file:") || ms_dest_is_arn(target, "s3");
}

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

static int folder_of(struct ms_buf *out, struct ms_dests *dests, struct ms_str target)
{
  if (ms_str_has_prefix(target, "file:")) {
    struct ms_str path = ms_str_sub(target, 5, target.len);
    path = ms_str_has_prefix(path, "//") ? ms_str_sub(path, 2, path.len) : path;
    ms_buf_str(out, path);
    bool is_path = path.len > 0 && memchr(path.data, '\0', path.len) == NULL;
    return is_path ? out->error : ms_error(MSTEP_EINVALID, "no folder is named");
  }
  struct ms_str name = ms_dest_arn_resource(target);
  if (dests->options.buckets_dir == NULL || !is_inside(name)) {
    return ms_error(MSTEP_ENOTFOUND, "no such bucket: %.*s", MS_STR_ARG(name));
  }
  ms_buf_printf(out, "%s/%.*s", dests->options.buckets_dir, MS_STR_ARG(name));
  return out->error;
}

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

static int write_all(int fd, struct ms_str body)
{
  for (size_t at = 0; at < body.len;) {
    ssize_t count = write(fd, body.data + at, body.len - at);
    if (count < 0 && errno != EINTR) {
      return -1;
    }
    at += count < 0 ? 0 : (size_t)count;
  }
  return fsync(fd);
}

static int write_file(const char *path, const char *aside, struct ms_str body)
{
  int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  int status = fd < 0 ? -1 : write_all(fd, body);
  int reason = errno;
  if (fd >= 0 && close(fd) != 0 && status == 0) {
    status = -1;
    reason = errno;
  }
  if (status == 0 && rename(aside, path) != 0) {
    status = -1;
    reason = errno;
  }
  if (status != 0) {
    unlink(aside);
    return ms_error(MSTEP_EIO, "%s: %s", path, strerror(reason));
  }
  return MSTEP_OK;
}

static int put_file(struct ms_dests *dests, const struct ms_delivery *delivery)
{
  char uuid[37];
  ms_random_uuid(dests->options.random, uuid);
  struct ms_str key = delivery->key.len > 0 ? delivery->key : ms_str_c(uuid);
  if (!is_inside(key)) {
    return ms_error(MSTEP_EINVALID, "not a key: %.*s", MS_STR_ARG(key));
  }
  struct ms_buf path, aside;
  ms_buf_init(&path, PATH_SIZE);
  ms_buf_init(&aside, PATH_SIZE);
  int err = folder_of(&path, dests, delivery->target);
  ms_buf_char(&path, '/');
  ms_buf_str(&path, key);
  ms_buf_str(&aside, ms_buf_view(&path));
  ms_buf_printf(&aside, ".%s.part", uuid);
  err = err != 0 ? err : path.error != 0 ? path.error : aside.error;
  if (err == 0) {
    err = make_folders(path.data);
  }
  if (err == 0) {
    err = write_file(path.data, aside.data, delivery->body);
  }
  ms_buf_deinit(&path);
  ms_buf_deinit(&aside);
  return err;
}

static int deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg)
{
  int err = put_file(dests, delivery);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  bool is_final = err != 0 && err != MSTEP_EIO;
  return ms_dest_answer_later(dests, err, is_final, err == 0 ? "" : ms_error_detail(), cb, arg);
}

const struct ms_dest_type ms_dest_folder = {"folder", takes, deliver};
