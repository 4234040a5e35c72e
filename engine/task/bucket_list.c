/* The objects of a bucket: a walk through its folder, in the order of their keys. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/sort.h"
#include "base/vec.h"
#include "task/bucket.h"

#define DEPTH_MAX 64
#define PATH_SIZE 4096
#define KEYS_MAX ((size_t)1000000)

struct walk {
  const char *dir;
  struct ms_str bucket, prefix, start_after;
  char path[PATH_SIZE]; /* of the folder or file that is looked at */
  size_t len, root_len;
  MS_VEC(char *) keys;
};

static int walk_into(struct walk *walk, unsigned depth);

/* Does the prefix lie below this folder, or the folder below the prefix? */
static bool may_lead_to(const struct walk *walk, struct ms_str folder)
{
  size_t len = folder.len < walk->prefix.len ? folder.len : walk->prefix.len;
  return memcmp(folder.data, walk->prefix.data, len) == 0;
}

static int note_key(struct walk *walk, struct ms_str key)
{
  size_t len = walk->prefix.len;
  if (key.len < len || memcmp(key.data, walk->prefix.data, len) != 0 ||
      ms_str_cmp(key, walk->start_after) <= 0) {
    return MSTEP_OK;
  }
  if (MS_VEC_RESERVE(&walk->keys, KEYS_MAX, 1) != 0) {
    return walk->keys.count >= KEYS_MAX
               ? ms_error(MSTEP_ETOOBIG, "The bucket has more than %zu objects.", KEYS_MAX)
               : ms_error_nomem();
  }
  char *copy = ms_strdupn(key.data, key.len);
  if (copy == NULL) {
    return ms_error_nomem();
  }
  walk->keys.data[walk->keys.count++] = copy;
  return MSTEP_OK;
}

static int walk_at(struct walk *walk, unsigned depth)
{
  struct stat info;
  if (lstat(walk->path, &info) != 0) {
    return MSTEP_OK; /* it is gone meanwhile */
  }
  bool is_link = S_ISLNK(info.st_mode);
  struct ms_str key = {walk->path + walk->root_len, walk->len - walk->root_len};
  if (is_link && stat(walk->path, &info) != 0) {
    return MSTEP_OK;
  }
  if (S_ISREG(info.st_mode)) {
    return note_key(walk, key);
  }
  bool is_folder = S_ISDIR(info.st_mode) && !is_link && depth < DEPTH_MAX;
  return is_folder && may_lead_to(walk, key) ? walk_into(walk, depth + 1) : MSTEP_OK;
}

static int walk_into(struct walk *walk, unsigned depth)
{
  DIR *dir = opendir(walk->path);
  if (dir == NULL) {
    return errno == ENOMEM ? ms_error_nomem()
           : depth == 0    ? ms_error(MSTEP_ENOTFOUND, "The specified bucket does not exist: '%.*s'",
                                      MS_STR_ARG(walk->bucket))
                           : MSTEP_OK;
  }
  size_t len = walk->len;
  int err = MSTEP_OK;
  for (struct dirent *entry; err == 0 && (entry = readdir(dir)) != NULL;) {
    size_t name_len = strlen(entry->d_name);
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
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

static int compare_keys(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- what is said of them ---- */

/* The MD5 of the content, as of objects that were not uploaded in parts. */
static int make_etag(struct ms_json *out, const struct walk *walk, struct ms_str key)
{
  char hex[MS_DIGEST_HEX_SIZE] = "";
  struct ms_buf text;
  ms_buf_init(&text, MS_BUCKET_FILE_MAX);
  int err = ms_bucket_read_raw(&text, walk->dir, walk->bucket, key);
  if (err == 0) {
    err = ms_digest_hex(hex, MS_STR("MD5"), ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
  *out = err == MSTEP_ENOMEM ? MS_JSON_VALUE_NONE : ms_json_stringf("\"%s\"", hex);
  return ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
}

static int push_object(struct ms_json *out, struct walk *walk, struct ms_str key)
{
  struct stat info;
  struct ms_json object = ms_json_object(5), etag = MS_JSON_VALUE_NONE;
  memcpy(walk->path + walk->root_len, key.data, key.len);
  walk->path[walk->root_len + key.len] = '\0';
  int err = stat(walk->path, &info) != 0 ? MSTEP_ENOTFOUND : make_etag(&etag, walk, key);
  if (err == 0) {
    err = ms_json_setc(&object, "Etag", etag);
  }
  if (err == 0) {
    err = ms_json_setc(&object, "LastModified", ms_json_int(info.st_mtime));
  }
  if (err == 0) {
    err = ms_json_setc(&object, "Key", ms_json_string(key));
  }
  if (err == 0) {
    err = ms_json_setc(&object, "Size", ms_json_int(info.st_size));
  }
  if (err == 0) {
    err = ms_json_setc(&object, "StorageClass", ms_json_cstring("STANDARD"));
  }
  if (err == 0) {
    return ms_json_push(out, object);
  }
  ms_json_unref(object);
  return err == MSTEP_ENOTFOUND ? MSTEP_OK : err; /* it is gone meanwhile */
}

static int make_list(struct ms_json *out, struct walk *walk)
{
  struct ms_buf path;
  ms_buf_init(&path, PATH_SIZE - 2);
  int err = ms_bucket_path(&path, walk->dir, walk->bucket, MS_STR(""));
  if (err == 0) {
    memcpy(walk->path, path.data, path.len + 1);
    walk->len = path.len;
    walk->root_len = path.len + 1;
    err = walk_into(walk, 0);
  }
  ms_buf_deinit(&path);
  if (err == 0 && walk->keys.count > 1) {
    ms_sort(walk->keys.data, walk->keys.count, sizeof walk->keys.data[0], compare_keys);
  }
  if (err == 0) {
    walk->path[walk->root_len - 1] = '/';
  }
  for (size_t i = 0; err == 0 && i < walk->keys.count; i++) {
    err = push_object(out, walk, ms_str_c(walk->keys.data[i]));
  }
  return err;
}

int ms_bucket_list(struct ms_json *out, const char *dir, struct ms_str bucket, struct ms_str prefix,
                   struct ms_str start_after)
{
  struct walk *walk = ms_calloc(1, sizeof *walk);
  *out = ms_json_array(8);
  if (walk == NULL || ms_json_is_none(*out)) {
    ms_free(walk);
    ms_json_unref(*out);
    return ms_error_nomem();
  }
  walk->dir = dir;
  walk->bucket = bucket;
  walk->prefix = prefix;
  walk->start_after = start_after;
  int err = make_list(out, walk);
  for (size_t i = 0; i < walk->keys.count; i++) {
    ms_free(walk->keys.data[i]);
  }
  ms_free(walk->keys.data);
  ms_free(walk);
  if (err != 0) {
    ms_json_unref(*out);
  }
  return err;
}
