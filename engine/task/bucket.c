/* See bucket.h: which objects are read, and which are written. */
#include "task/bucket.h"

#include <string.h>

#include "base/error.h"

static struct ms_str text_of(struct ms_json object, const char *name)
{
  return ms_json_text(ms_json_getc(object, name));
}

/* ---- reading ---- */

struct reading {
  const char *dir;
  struct ms_str bucket;
  struct ms_json config;
  struct ms_bucket_items items;
};

static int read_object(struct reading *reading, struct ms_str bucket, struct ms_str key,
                       struct ms_json headers)
{
  struct ms_buf text;
  ms_buf_init(&text, MS_BUCKET_FILE_MAX);
  int err = ms_bucket_load(&text, reading->dir, bucket, key);
  if (err == 0) {
    err = ms_bucket_parse(&reading->items, ms_buf_view(&text), reading->config, headers);
  }
  ms_buf_deinit(&text);
  return err;
}

/* "Bucket, Key, Size" as an array of strings; NONE when out of memory. */
static struct ms_json split_schema(struct ms_str schema)
{
  struct ms_json out = ms_json_array(8);
  int err = ms_json_is_none(out) ? ms_error_nomem() : MSTEP_OK;
  for (size_t from = 0; err == 0 && from < schema.len;) {
    size_t end = ms_str_find(schema, from, ',');
    while (from < end && schema.data[from] == ' ') {
      from++;
    }
    err = ms_json_push(&out, ms_json_string(ms_str_sub(schema, from, end)));
    from = end + 1;
  }
  if (err == 0) {
    return out;
  }
  ms_json_unref(out);
  return MS_JSON_VALUE_NONE;
}

/* The files that an S3 inventory names, rows of CSV without headers. */
static int read_inventory(struct reading *reading, struct ms_json manifest)
{
  struct ms_json files = ms_json_getc(manifest, "files");
  struct ms_str bucket = text_of(manifest, "destinationBucket");
  if (!ms_str_is(text_of(manifest, "fileFormat"), "CSV") || !ms_json_is_array(files)) {
    return ms_error(MSTEP_EUNSUPPORTED,
                    "This engine reads inventories with files in the format CSV only.");
  }
  if (ms_str_has_prefix(bucket, "arn:aws:s3:::")) {
    bucket = ms_str_sub(bucket, sizeof "arn:aws:s3:::" - 1, bucket.len);
  }
  struct ms_json headers = split_schema(text_of(manifest, "fileSchema"));
  int err = ms_json_is_none(headers) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(files) && !ms_bucket_is_full(&reading->items);
       i++) {
    err = read_object(reading, bucket.len > 0 ? bucket : reading->bucket,
                      text_of(ms_json_at(files, i), "key"), headers);
  }
  ms_json_unref(headers);
  return err;
}

static int read_manifest(struct reading *reading, struct ms_str key)
{
  if (ms_str_is(text_of(reading->config, "ManifestType"), "ATHENA_DATA")) {
    return ms_error(MSTEP_EUNSUPPORTED, "This engine does not read manifests of ATHENA_DATA.");
  }
  struct ms_buf text;
  struct ms_json manifest = MS_JSON_VALUE_NONE;
  ms_buf_init(&text, MS_BUCKET_FILE_MAX);
  int err = ms_bucket_load(&text, reading->dir, reading->bucket, key);
  if (err == 0) {
    err = ms_json_parse(&manifest, ms_buf_view(&text), NULL, NULL);
    if (err != 0 && err != MSTEP_ENOMEM) {
      err = ms_error(MSTEP_EINVALID, "The manifest is not JSON.");
    }
  }
  if (err == 0) {
    err = read_inventory(reading, manifest);
    ms_json_unref(manifest);
  }
  ms_buf_deinit(&text);
  return err;
}

static int read_list(struct reading *reading, struct ms_json parameters)
{
  struct ms_json objects;
  bool is_flat = ms_str_is(text_of(reading->config, "Transformation"), "LOAD_AND_FLATTEN");
  int err = ms_bucket_list(&objects, reading->dir, reading->bucket, text_of(parameters, "Prefix"),
                           text_of(parameters, "StartAfter"));
  if (err != 0) {
    return err;
  }
  for (size_t i = 0; err == 0 && i < ms_json_count(objects) && !ms_bucket_is_full(&reading->items);
       i++) {
    struct ms_json object = ms_json_at(objects, i);
    err = is_flat ? read_object(reading, reading->bucket, text_of(object, "Key"),
                                MS_JSON_VALUE_NONE)
                  : ms_json_push(&reading->items.items, ms_json_ref(object));
  }
  reading->items.is_pairs = false;
  ms_json_unref(objects);
  return err;
}

static int read_all(struct reading *reading, struct ms_json request)
{
  struct ms_json parameters = ms_json_getc(request, "parameters");
  struct ms_str key = text_of(parameters, "Key");
  if (ms_str_has_suffix(text_of(request, "resource"), ":listObjectsV2")) {
    return read_list(reading, parameters);
  }
  return ms_str_is(text_of(reading->config, "InputType"), "MANIFEST")
             ? read_manifest(reading, key)
             : read_object(reading, reading->bucket, key, MS_JSON_VALUE_NONE);
}

static struct ms_json source_of(struct ms_json parameters)
{
  struct ms_str key = text_of(parameters, "Key");
  return ms_json_stringf("s3://%.*s%s%.*s", MS_STR_ARG(text_of(parameters, "Bucket")),
                         key.len > 0 ? "/" : "", MS_STR_ARG(key));
}

static int make_answer(struct ms_json *out, const struct reading *reading, struct ms_json request)
{
  *out = ms_json_object(3);
  int err = ms_json_setc(out, "items", ms_json_ref(reading->items.items));
  if (err == 0 && reading->items.is_pairs) {
    err = ms_json_setc(out, "pairs", ms_json_bool(true));
  }
  if (err == 0) {
    err = ms_json_setc(out, "source", source_of(ms_json_getc(request, "parameters")));
  }
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return err;
}

int ms_bucket_read(struct ms_json *out, const char *dir, struct ms_json request)
{
  struct ms_json parameters = ms_json_getc(request, "parameters");
  struct reading reading = {.dir = dir,
                            .bucket = text_of(parameters, "Bucket"),
                            .config = ms_json_getc(request, "config"),
                            .items = {.items = ms_json_array(8), .max = SIZE_MAX}};
  int64_t max = 0;
  *out = MS_JSON_VALUE_NONE;
  int err = ms_json_is_none(reading.items.items) ? ms_error_nomem() : MSTEP_OK;
  ms_json_to_int(&max, ms_json_getc(request, "maxItems"));
  if (max > 0) {
    reading.items.max = (size_t)max;
  }
  if (err == 0 && max < 0) {
    err = ms_error(MSTEP_EINVALID, "field MaxItems must be positive");
  }
  if (err == 0) {
    err = read_all(&reading, request);
  }
  if (err == 0) {
    err = make_answer(out, &reading, request);
  }
  ms_json_unref(reading.items.items);
  return err;
}

/* ---- writing ---- */

struct writing {
  const char *dir;
  struct ms_str bucket;
  struct ms_str folder; /* PREFIX/UUID, without a slash at its end */
  bool is_lines;
};

static void print_results(struct ms_buf *out, struct ms_json results, bool is_lines)
{
  if (!is_lines) {
    ms_json_print(out, results);
    return;
  }
  for (size_t i = 0; i < ms_json_count(results); i++) {
    ms_json_print(out, ms_json_at(results, i));
    ms_buf_char(out, '\n');
  }
}

/* {"Key", "Size"} of a file that was written; takes key. */
static int note_file(struct ms_json *files, struct ms_json key, size_t size)
{
  struct ms_json file = ms_json_object(2);
  int err = ms_json_setc(&file, "Key", key);
  if (err == 0) {
    err = ms_json_setc(&file, "Size", ms_json_int((int64_t)size));
  }
  if (err == 0) {
    return ms_json_push(files, file);
  }
  ms_json_unref(file);
  return err;
}

/* One file of results, and where it is into *manifest; none when there are no results. */
static int write_results(struct ms_json *manifest, const struct writing *writing, const char *name,
                         struct ms_json results)
{
  struct ms_json files = ms_json_array(1);
  int err = ms_json_is_none(files) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && ms_json_count(results) > 0) {
    struct ms_buf text;
    ms_buf_init(&text, 0);
    print_results(&text, results, writing->is_lines);
    struct ms_json key = ms_json_stringf("%.*s/%s_0.%s", MS_STR_ARG(writing->folder), name,
                                         writing->is_lines ? "jsonl" : "json");
    err = ms_json_is_none(key) ? ms_error_nomem() : text.error;
    if (err == 0) {
      err = ms_bucket_store(writing->dir, writing->bucket, ms_json_text(key), ms_buf_view(&text));
    }
    if (err == 0) {
      err = note_file(&files, ms_json_ref(key), text.len);
    }
    ms_json_unref(key);
    ms_buf_deinit(&text);
  }
  if (err == 0) {
    return ms_json_setc(manifest, name, files);
  }
  ms_json_unref(files);
  return err;
}

static int write_files(struct ms_json *manifest, const struct writing *writing,
                       struct ms_json request)
{
  struct ms_json files = ms_json_object(3);
  *manifest = ms_json_object(3);
  int err = ms_json_setc(manifest, "DestinationBucket", ms_json_string(writing->bucket));
  if (err == 0) {
    err = ms_json_setc(manifest, "MapRunArn", ms_json_ref(ms_json_getc(request, "mapRunArn")));
  }
  if (err == 0) {
    err = write_results(&files, writing, "FAILED", ms_json_getc(request, "failed"));
  }
  if (err == 0) {
    err = write_results(&files, writing, "PENDING", ms_json_getc(request, "pending"));
  }
  if (err == 0) {
    err = write_results(&files, writing, "SUCCEEDED", ms_json_getc(request, "succeeded"));
  }
  if (err == 0) {
    return ms_json_setc(manifest, "ResultFiles", files);
  }
  ms_json_unref(files);
  return err;
}

/* The manifest comes last: who finds it finds the files that it names. */
static int write_all(struct ms_json *out, const struct writing *writing, struct ms_json request)
{
  struct ms_json manifest = MS_JSON_VALUE_NONE;
  struct ms_json key = ms_json_stringf("%.*s/manifest.json", MS_STR_ARG(writing->folder));
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_json_is_none(key) ? ms_error_nomem() : write_files(&manifest, writing, request);
  if (err == 0) {
    ms_json_print(&text, manifest);
    err = text.error;
  }
  if (err == 0) {
    err = ms_bucket_store(writing->dir, writing->bucket, ms_json_text(key), ms_buf_view(&text));
  }
  if (err == 0) {
    *out = ms_json_object(2);
    err = ms_json_setc(out, "Bucket", ms_json_string(writing->bucket));
  }
  if (err == 0) {
    err = ms_json_setc(out, "Key", ms_json_ref(key));
  }
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  ms_json_unref(manifest);
  ms_json_unref(key);
  ms_buf_deinit(&text);
  return err;
}

int ms_bucket_write(struct ms_json *out, const char *dir, struct ms_json request)
{
  struct ms_json parameters = ms_json_getc(request, "parameters");
  struct ms_str run = text_of(request, "mapRunArn"), prefix = text_of(parameters, "Prefix");
  size_t uuid = run.len;
  while (uuid > 0 && run.data[uuid - 1] != ':') {
    uuid--;
  }
  while (prefix.len > 0 && prefix.data[prefix.len - 1] == '/') {
    prefix.len--;
  }
  *out = MS_JSON_VALUE_NONE;
  struct ms_json folder =
      ms_json_stringf("%.*s%s%.*s", MS_STR_ARG(prefix), prefix.len > 0 ? "/" : "",
                      MS_STR_ARG(ms_str_sub(run, uuid, run.len)));
  if (ms_json_is_none(folder)) {
    return ms_error_nomem();
  }
  struct ms_str type = text_of(ms_json_getc(request, "config"), "OutputType");
  struct writing writing = {dir, text_of(parameters, "Bucket"), ms_json_text(folder),
                            ms_str_is(type, "JSONL")};
  int err = write_all(out, &writing, request);
  ms_json_unref(folder);
  return err;
}
