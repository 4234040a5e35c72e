/*
 * Buckets as folders: what a Map asks for its ItemReader and ResultWriter, answered from the files below one
 * directory. BUCKET/KEY of S3 is the file DIR/BUCKET/KEY; nothing outside is touched. Blocks for as long as the
 * disk takes; files are at most MS_BUCKET_FILE_MAX long, unpacked too, so that it is no long time.
 *
 *   {"action": "read", "resource", "parameters": {Bucket, Key | Prefix}, "config": ReaderConfig, "maxItems"?}
 *     -> {"items": [...], "pairs": true when they are members of an object, "source": "s3://..."}
 *   {"action": "write", "resource", "parameters": {Bucket, Prefix}, "config": WriterConfig, "mapRunArn",
 *    "succeeded": [...], "failed": [...], "pending": [...]?}
 *     -> {"Bucket", "Key"} of manifest.json
 *
 * Both return MSTEP_ENOMEM, or an error whose detail is the cause that AWS would give.
 */
#ifndef MS_TASK_BUCKET_H
#define MS_TASK_BUCKET_H

#include <stdbool.h>

#include "base/buf.h"
#include "json/json.h"

#define MS_BUCKET_FILE_MAX ((size_t)64 << 20)
#define MS_BUCKET_ITEMS_MAX ((size_t)4000000)

/* dir NULL: there are no buckets. *out owned. */
int ms_bucket_read(struct ms_json *out, const char *dir, struct ms_json request);
int ms_bucket_write(struct ms_json *out, const char *dir, struct ms_json request);

/* ---- bucket_file.c ---- */
/* DIR/BUCKET/KEY (key empty: the bucket's folder). MSTEP_ENOTFOUND: it cannot be. */
int ms_bucket_path(struct ms_buf *out, const char *dir, struct ms_str bucket, struct ms_str key);
/* The whole file; *out may grow to MS_BUCKET_FILE_MAX. The second unpacks it when its name ends in .gz. */
int ms_bucket_read_raw(struct ms_buf *out, const char *dir, struct ms_str bucket, struct ms_str key);
int ms_bucket_load(struct ms_buf *out, const char *dir, struct ms_str bucket, struct ms_str key);
/* Beside its place, synced and moved there; folders on the way are made. */
int ms_bucket_store(const char *dir, struct ms_str bucket, struct ms_str key, struct ms_str text);

/* ---- bucket_list.c ---- */
/* Objects as listObjectsV2 has them, by key; *out owned. */
int ms_bucket_list(struct ms_json *out, const char *dir, struct ms_str bucket, struct ms_str prefix,
                   struct ms_str start_after);

/* ---- bucket_items.c: texts of files as items; pure ---- */
struct ms_bucket_items {
  struct ms_json items; /* array */
  size_t max;           /* no more than these; never 0 */
  bool is_pairs;
};
/* As many as were asked for. */
static inline bool ms_bucket_is_full(const struct ms_bucket_items *items)
{
  return ms_json_count(items->items) >= items->max;
}
/* Appends what the text has, by config's InputType. headers (array of strings; NONE: by config): of CSV. */
int ms_bucket_parse(struct ms_bucket_items *items, struct ms_str text, struct ms_json config,
                    struct ms_json headers);

#endif
