/* What targets are told of a file: S3's event notification, and for buses the event that S3 sends there. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/time.h"
#include "source/folder_internal.h"

#define RETRIES 185
#define AGE_MAX_MS 86400000

struct notice {
  struct ms_folders *folders;
  const struct ms_watch *watch;
  const struct ms_candidate *file;
  const char *etag; /* NULL: removed */
  char time[MS_TIME_TEXT_SIZE], sequencer[24], request_id[24];
};

/* As forms are encoded: a blank is '+'. Slashes stay. */
static void put_key(struct ms_buf *out, const char *path)
{
  for (const char *at = path; *at != '\0'; at++) {
    unsigned char c = (unsigned char)*at;
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    strchr("-_.*/", c) != NULL;
    if (is_plain) {
      ms_buf_char(out, (char)c);
    } else if (c == ' ') {
      ms_buf_char(out, '+');
    } else {
      ms_buf_printf(out, "%%%02X", c);
    }
  }
}

static void put_text(struct ms_buf *out, const char *before, struct ms_str text)
{
  struct ms_json value = ms_json_stringf("%.*s", MS_STR_ARG(text)); /* names need not be UTF-8 */
  ms_buf_cstr(out, before);
  if (ms_json_is_none(value)) {
    out->error = MSTEP_ENOMEM;
  }
  ms_json_print_string(out, ms_json_text(value));
  ms_json_unref(value);
}

static const char *event_name(const struct notice *notice)
{
  return notice->etag == NULL                    ? "ObjectRemoved:Delete"
         : strchr(notice->etag, '-') != NULL ? "ObjectCreated:CompleteMultipartUpload"
                                                 : "ObjectCreated:Put";
}

static void put_notification(struct ms_buf *out, const struct notice *notice)
{
  const struct ms_driver_env *env = notice->folders->env;
  struct ms_str bucket = notice->watch->bucket, account = ms_str_c(env->account);
  put_text(out, "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":",
           ms_str_c(env->region));
  ms_buf_printf(out, ",\"eventTime\":\"%s\",\"eventName\":\"%s\"", notice->time,
                event_name(notice));
  put_text(out, ",\"userIdentity\":{\"principalId\":", account);
  ms_buf_printf(out,
                "},\"requestParameters\":{\"sourceIPAddress\":\"127.0.0.1\"},\"responseElements\":"
                "{\"x-amz-request-id\":\"%s\",\"x-amz-id-2\":\"%s\"}",
                notice->request_id, notice->request_id);
  put_text(out, ",\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":", notice->watch->id);
  put_text(out, ",\"bucket\":{\"name\":", bucket);
  put_text(out, ",\"ownerIdentity\":{\"principalId\":", account);
  ms_buf_cstr(out, "},\"arn\":\"arn:aws:s3:::");
  ms_buf_str(out, bucket);
  ms_buf_cstr(out, "\"},\"object\":{\"key\":\"");
  put_key(out, notice->file->path);
  ms_buf_char(out, '"');
  if (notice->etag != NULL) {
    ms_buf_printf(out, ",\"size\":%" PRId64 ",\"eTag\":\"%s\"", notice->file->state.size,
                  notice->etag);
  }
  ms_buf_printf(out, ",\"sequencer\":\"%s\"}}}]}", notice->sequencer);
}

static void put_bus_detail(struct ms_buf *out, const struct notice *notice)
{
  put_text(out, "{\"version\":\"0\",\"bucket\":{\"name\":", notice->watch->bucket);
  put_text(out, "},\"object\":{\"key\":", ms_str_c(notice->file->path));
  if (notice->etag != NULL) {
    ms_buf_printf(out, ",\"size\":%" PRId64 ",\"etag\":\"%s\"", notice->file->state.size,
                  notice->etag);
  }
  ms_buf_printf(out, ",\"sequencer\":\"%s\"},\"request-id\":\"%s\"", notice->sequencer,
                notice->request_id);
  put_text(out, ",\"requester\":", ms_str_c(notice->folders->env->account));
  ms_buf_printf(out, ",\"source-ip-address\":\"127.0.0.1\",\"reason\":\"%s\"%s}",
                notice->etag != NULL ? "PutObject" : "DeleteObject",
                notice->etag != NULL ? "" : ",\"deletion-type\":\"Permanently Deleted\"");
}

static int stage(const struct notice *notice, struct ms_batch *batch)
{
  struct ms_str target = ms_json_text(notice->watch->target);
  bool is_bus = ms_str_has_prefix(target, "arn:aws:events:");
  struct ms_buf body, resources;
  ms_buf_init(&body, 0);
  ms_buf_init(&resources, 0);
  struct ms_relay_entry entry = {
      .delivery = {.target = target, .reason = notice->watch->id},
      .policy = {MS_RELAY_EXPONENTIAL, RETRIES, AGE_MAX_MS, 1000, 300000}};
  if (is_bus) {
    put_bus_detail(&body, notice);
    ms_buf_printf(&resources, "[\"arn:aws:s3:::%.*s\"]", MS_STR_ARG(notice->watch->bucket));
    entry.delivery.source = MS_STR("aws.s3");
    entry.delivery.detail_type =
        notice->etag != NULL ? MS_STR("Object Created") : MS_STR("Object Deleted");
    entry.delivery.resources = ms_buf_view(&resources);
  } else {
    put_notification(&body, notice);
  }
  entry.delivery.body = ms_buf_view(&body);
  int err = body.error != 0 ? body.error : resources.error;
  err = err != 0 ? err : ms_relay_add(notice->folders->relay, batch, &entry);
  ms_buf_deinit(&body);
  ms_buf_deinit(&resources);
  return err;
}

static bool is_wanted(const struct ms_watch *watch, const struct ms_candidate *file, bool is_new)
{
  struct ms_str path = ms_str_c(file->path);
  size_t len = watch->suffix.len;
  return watch->folder == file->folder && (is_new ? watch->wants_created : watch->wants_removed) &&
         path.len >= watch->prefix.len &&
         ms_str_eq(ms_str_sub(path, 0, watch->prefix.len), watch->prefix) && path.len >= len &&
         ms_str_eq(ms_str_sub(path, path.len - len, path.len), watch->suffix);
}

int ms_folder_stage(struct ms_folders *folders, struct ms_batch *batch,
                    const struct ms_candidate *file, const char *etag)
{
  struct notice notice = {.folders = folders, .file = file, .etag = etag};
  int64_t now_ms = ms_loop_now_ms(folders->env->loop);
  ms_time_format_ms(notice.time, now_ms);
  snprintf(notice.sequencer, sizeof notice.sequencer, "%018" PRIX64,
           ((uint64_t)now_ms << 16) | folders->serial++);
  snprintf(notice.request_id, sizeof notice.request_id, "%016" PRIX64,
           ms_random_next(folders->env->random));
  int err = MSTEP_OK;
  for (size_t i = 0; i < folders->watch_count && err == 0; i++) {
    notice.watch = &folders->watches[i];
    if (is_wanted(notice.watch, file, etag != NULL)) {
      err = stage(&notice, batch);
    }
  }
  return err;
}
