/*
 * What Step Functions adds to the answer of a service: the HTTP exchange that it had with it. There
 * is no such exchange here; the members are there because machines select and print them.
 */
#include <stdio.h>

#include "base/crc32.h"
#include "base/error.h"
#include "base/time.h"
#include "task/internal.h"

/* Mon, 01 Jan 2024 00:00:00 GMT */
static void http_date(char out[40], int64_t now_ms)
{
  static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int64_t seconds = now_ms / 1000 - (now_ms % 1000 < 0 ? 1 : 0);
  int64_t day_count = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
  int second = (int)(seconds - day_count * 86400);
  int week_day = (int)(((day_count % 7) + 7) % 7);
  int64_t year;
  int month, day;
  ms_time_civil(day_count, &year, &month, &day);
  snprintf(out, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + week_day * 3, day,
           months + (month - 1) * 3, (int)(year % 10000), second / 3600, second / 60 % 60,
           second % 60);
}

static int add_header(struct ms_json *all, struct ms_json *plain, const char *name,
                      const char *value)
{
  struct ms_json text = ms_json_cstring(value);
  struct ms_json list = ms_json_array(1);
  int err = ms_json_push(&list, ms_json_ref(text));
  if (err != 0) {
    ms_json_unref(list);
    ms_json_unref(text);
    return err;
  }
  err = ms_json_setc(all, name, list);
  if (err != 0) {
    ms_json_unref(text);
    return err;
  }
  return ms_json_setc(plain, name, text);
}

static int add_headers(struct ms_json *all, struct ms_json *plain,
                       const struct ms_task_service_result *result)
{
  char length[24], date[40], crc[16];
  snprintf(length, sizeof length, "%zu", result->content_length);
  http_date(date, result->now_ms);
  int err = 0;
  if (result->log_result != NULL) {
    err = add_header(all, plain, "X-Amz-Log-Result", result->log_result);
  }
  if (err == 0 && result->executed_version != NULL) {
    err = add_header(all, plain, "X-Amz-Executed-Version", result->executed_version);
    if (err == 0) {
      err = add_header(all, plain, "x-amzn-Remapped-Content-Length", "0");
    }
  }
  const char *type = result->content_type == NULL ? "application/json" : result->content_type;
  bool is_table = result->table_reply.data != NULL;
  snprintf(crc, sizeof crc, "%lu", (unsigned long)ms_crc32(result->table_reply));
  /* Lambda and DynamoDB answer "Connection", the others "connection". */
  bool is_upper = result->content_type == NULL || is_table;
  const char *const rows[][2] = {{is_table ? "Server" : NULL, "Server"},
                                 {is_upper ? "Connection" : "connection", "keep-alive"},
                                 {"x-amzn-RequestId", result->request_id},
                                 {is_table ? "x-amz-crc32" : NULL, crc},
                                 {"Content-Length", length},
                                 {"Date", date},
                                 {"Content-Type", type}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && err == 0; i++) {
    err = rows[i][0] == NULL ? 0 : add_header(all, plain, rows[i][0], rows[i][1]);
  }
  return err;
}

int ms_task_add_sdk_members(struct ms_json *object, const struct ms_task_service_result *result)
{
  struct ms_json all = ms_json_object(8), plain = ms_json_object(8);
  struct ms_json http = ms_json_object(3), response = ms_json_object(1);
  int err = add_headers(&all, &plain, result);
  if (err == 0) {
    err = ms_json_setc(&http, "AllHttpHeaders", ms_json_ref(all));
  }
  if (err == 0) {
    err = ms_json_setc(&http, "HttpHeaders", ms_json_ref(plain));
  }
  if (err == 0) {
    err = ms_json_setc(&http, "HttpStatusCode", ms_json_int(result->http_status));
  }
  if (err == 0) {
    err = ms_json_setc(&response, "RequestId", ms_json_cstring(result->request_id));
  }
  if (err == 0) {
    err = ms_json_setc(object, "SdkHttpMetadata", ms_json_ref(http));
  }
  if (err == 0) {
    err = ms_json_setc(object, "SdkResponseMetadata", ms_json_ref(response));
  }
  ms_json_unref(all);
  ms_json_unref(plain);
  ms_json_unref(http);
  ms_json_unref(response);
  return err;
}
