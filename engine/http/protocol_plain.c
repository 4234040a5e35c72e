/*
 * A request that is no API call (a function's URL, an HTTP route) as the operation Request of the
 * service "http". Its input has the parts of an HTTP request as a function's URL event has them:
 *
 *   {"method", "rawPath", "rawQueryString", "headers": {lower case: value, ...}, "cookies": [...],
 *    "body", "isBase64Encoded", "sourceIp", "protocol", "host",
 *    "fields": [[name, value], ...] as sent, "isTls", "accessKeyId", "signedService", "requestId"}
 *
 * and it answers {"statusCode", "headers": {name: value or [values]}, "cookies": [...], "body",
 * "isBase64Encoded"}.
 */
#include <stdio.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/utf8.h"
#include "http/protocol_internal.h"

/* ---- inwards ----------------------------------------------------------------------------------------- */

static struct ms_json text_of(struct ms_str text)
{
  return ms_json_stringf("%.*s", MS_STR_ARG(text)); /* bytes that are not UTF-8 are replaced */
}

/* Repeated headers are joined by commas; cookies are on their own. */
static int add_header(struct ms_json *headers, struct ms_json *cookies, const struct ms_field *h)
{
  char name[256];
  if (h->name.len >= sizeof name) {
    return MSTEP_OK;
  }
  for (size_t i = 0; i < h->name.len; i++) {
    name[i] = ms_ascii_lower(h->name.data[i]);
  }
  struct ms_str key = {name, h->name.len};
  if (ms_str_is(key, "cookie")) {
    int err = MSTEP_OK;
    for (size_t at = 0; err == 0 && at < h->value.len;) {
      size_t end = ms_str_find(h->value, at, ';');
      err = ms_json_push(cookies, text_of(ms_str_sub(h->value, at, end)));
      for (at = end + 1; at < h->value.len && h->value.data[at] == ' ';) {
        at++;
      }
    }
    return err;
  }
  struct ms_str before = ms_json_text(ms_json_get(*headers, key));
  if (before.data == NULL || before.len == 0) {
    return ms_json_set(headers, key, text_of(h->value));
  }
  return ms_json_set(headers, key,
                     ms_json_stringf("%.*s,%.*s", MS_STR_ARG(before), MS_STR_ARG(h->value)));
}

static int add_headers(struct ms_json *input, const struct ms_http_message *message)
{
  struct ms_json headers = ms_json_object(message->header_count);
  struct ms_json cookies = ms_json_array(0);
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < message->header_count; i++) {
    err = add_header(&headers, &cookies, &message->headers[i]);
  }
  if (err == 0 && ms_json_count(cookies) > 0) {
    err = ms_json_setc(input, "cookies", ms_json_ref(cookies));
  }
  ms_json_unref(cookies);
  int failed = ms_json_setc(input, "headers", headers);
  return err != 0 ? err : failed;
}

static int add_fields(struct ms_json *input, const struct ms_http_message *message)
{
  struct ms_json fields = ms_json_array(message->header_count);
  int err = ms_json_is_none(fields) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < message->header_count; i++) {
    struct ms_json field = ms_json_array(2);
    err = ms_json_push(&field, text_of(message->headers[i].name));
    err = err != 0 ? err : ms_json_push(&field, text_of(message->headers[i].value));
    int pushed = ms_json_push(&fields, field);
    err = err != 0 ? err : pushed;
  }
  int set = ms_json_setc(input, "fields", fields);
  return err != 0 ? err : set;
}

static bool is_text(const struct ms_http_message *message)
{
  struct ms_str type = ms_http_media_type(message);
  return ms_utf8_check(message->body) == message->body.len &&
         !ms_str_has_prefix(type, "multipart/") && !ms_str_has_prefix(type, "image/") &&
         !ms_field_is(type, "application/octet-stream");
}

static int add_body(struct ms_json *input, const struct ms_http_message *message)
{
  bool is_plain = is_text(message);
  int err = MSTEP_OK;
  if (message->body.len > 0 && is_plain) {
    err = ms_json_setc(input, "body", ms_json_string(message->body));
  } else if (message->body.len > 0) {
    struct ms_buf text;
    ms_buf_init(&text, 0);
    ms_base64_encode(&text, message->body);
    err = text.error != 0 ? text.error
                          : ms_json_setc(input, "body", ms_json_string(ms_buf_view(&text)));
    ms_buf_deinit(&text);
  }
  if (err == 0) {
    err = ms_json_setc(input, "isBase64Encoded", ms_json_bool(!is_plain && message->body.len > 0));
  }
  return err;
}

/* "127.0.0.1:80", "[::1]:80" without the port and brackets. */
static struct ms_str address_of(struct ms_str peer)
{
  return ms_http_host_name(peer);
}

int ms_http_plain_decode(struct ms_http_call *call, const struct ms_http_message *message)
{
  struct ms_json input = ms_json_object(18);
  const struct {
    const char *name;
    struct ms_str text;
  } texts[] = {
      {"method", message->method},
      {"rawPath", message->path},
      {"rawQueryString", message->query},
      {"sourceIp", address_of(message->peer)},
      {"protocol", message->minor == 0 ? MS_STR("HTTP/1.0") : MS_STR("HTTP/1.1")},
      {"host", message->host},
      {"accessKeyId", call->signer},
      {"signedService", call->signed_service},
      {"requestId", call->request_id},
  };
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < sizeof texts / sizeof texts[0]; i++) {
    err = ms_json_setc(&input, texts[i].name, text_of(texts[i].text));
  }
  if (err == 0) {
    err = ms_json_setc(&input, "isTls", ms_json_bool(message->is_tls));
  }
  if (err == 0) {
    err = add_headers(&input, message);
  }
  if (err == 0) {
    err = add_fields(&input, message);
  }
  if (err == 0) {
    err = add_body(&input, message);
  }
  if (err == 0) {
    ms_json_print(&call->input, input);
    err = call->input.error;
  }
  ms_json_unref(input);
  return err;
}

/* ---- outwards ---------------------------------------------------------------------------------------- */

static void put_header(struct ms_http_answer *answer, struct ms_str name, struct ms_json value)
{
  char number[40];
  if (ms_json_is_string(value)) {
    ms_http_answer_copy(answer, name, ms_json_text(value));
  } else if (ms_json_is_bool(value)) {
    ms_http_answer_copy(answer, name, ms_json_is_true(value) ? MS_STR("true") : MS_STR("false"));
  } else if (value.type == MS_JSON_INT) {
    int len = snprintf(number, sizeof number, "%lld", (long long)value.u.integer);
    ms_http_answer_copy(answer, name, (struct ms_str){number, (size_t)len});
  }
}

/* A value, or an array of them: one header each. */
static bool put_headers(struct ms_http_answer *answer, struct ms_json headers)
{
  bool has_type = false;
  for (size_t i = 0; i < ms_json_count(headers) && ms_json_is_object(headers); i++) {
    struct ms_str name = ms_json_key(headers, i);
    struct ms_json value = ms_json_member(headers, i);
    has_type = has_type || ms_field_is(name, "content-type");
    for (size_t k = 0; k < ms_json_count(value) && ms_json_is_array(value); k++) {
      put_header(answer, name, ms_json_at(value, k));
    }
    put_header(answer, name, value);
  }
  return has_type;
}

static int put_body(struct ms_http_answer *answer, struct ms_json reply)
{
  struct ms_json body = ms_json_getc(reply, "body");
  if (!ms_json_is_string(body)) {
    ms_json_print(&answer->body, body);
  } else if (ms_json_is_true(ms_json_getc(reply, "isBase64Encoded"))) {
    return ms_base64_decode_lenient(&answer->body, ms_json_text(body));
  } else {
    ms_buf_str(&answer->body, ms_json_text(body));
  }
  return answer->body.error;
}

int ms_http_plain_encode(struct ms_http_answer *answer, struct ms_str reply)
{
  struct ms_json object;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  int err = ms_json_parse(&object, reply.len == 0 ? MS_STR("{}") : reply, &limits, NULL);
  if (err != 0) {
    return err;
  }
  int64_t status;
  if (ms_json_to_int(&status, ms_json_getc(object, "statusCode")) && status >= 200 &&
      status < 600) {
    answer->status = (int)status;
  }
  bool has_type = put_headers(answer, ms_json_getc(object, "headers"));
  struct ms_json cookies = ms_json_getc(object, "cookies");
  for (size_t i = 0; i < ms_json_count(cookies); i++) {
    put_header(answer, MS_STR("Set-Cookie"), ms_json_at(cookies, i));
  }
  err = put_body(answer, object);
  if (!has_type) {
    ms_http_answer_header(answer, MS_STR("Content-Type"), MS_STR("application/json"));
  }
  ms_json_unref(object);
  return err;
}
