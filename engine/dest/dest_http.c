/*
 * An HTTP endpoint: the body is POSTed, as JSON unless the delivery's headers say otherwise. With a secret the
 * request is signed:
 *
 *   X-Moonstep-Timestamp: seconds since 1970
 *   X-Moonstep-Signature: sha256=HEX of HMAC-SHA-256(secret, timestamp "." body)
 *
 * 2xx is delivered; other answers are final, but for 408, 429 and those from 500 on.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "dest/internal.h"
#include "json/json.h"

#define HEADERS_MAX 32

static bool takes(struct ms_str target)
{
  return ms_str_has_prefix(target, "https://") || ms_str_has_prefix(target, "http://");
}

static void try_free(struct ms_dest_try *try)
{
  ms_free(try);
}

static void on_done(const struct ms_httpc_result *result, void *user)
{
  struct ms_dest_try *try = user;
  char detail[256];
  if (result->failure != MS_HTTPC_OK) {
    snprintf(detail, sizeof detail, "%s: %.200s", ms_httpc_failure_name(result->failure),
             result->text);
    ms_dest_try_end(try, MSTEP_EIO, result->failure == MS_HTTPC_BLOCKED, detail);
    return;
  }
  snprintf(detail, sizeof detail, "HTTP status %d", result->status);
  bool is_good = result->status >= 200 && result->status < 300;
  bool may_pass = result->status >= 500 || result->status == 408 || result->status == 429;
  ms_dest_try_end(try, is_good ? MSTEP_OK : MSTEP_EIO, !is_good && !may_pass, detail);
}

/* "sha256=" and the hex of it. */
static int sign(char out[80], struct ms_str secret, const char *timestamp, struct ms_str body)
{
  unsigned char mac[MS_SHA256_SIZE];
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_cstr(&text, timestamp);
  ms_buf_char(&text, '.');
  ms_buf_str(&text, body);
  int err = text.error != 0 ? text.error : ms_digest_hmac_sha256(mac, secret, ms_buf_view(&text));
  ms_buf_deinit(&text);
  if (err == 0) {
    memcpy(out, "sha256=", 7);
    ms_digest_print_hex(out + 7, mac, sizeof mac);
  }
  return err;
}

/* What is sent beside the body; texts are borrowed from the delivery, from `given` and from here. */
struct headers {
  struct ms_json given; /* the delivery's, an object */
  struct ms_field fields[HEADERS_MAX];
  size_t count;
  char timestamp[24], signature[80];
};

/* One that the delivery named takes the place of the one that is there. */
static int put_header(struct headers *headers, struct ms_str name, struct ms_str value)
{
  size_t i = 0;
  while (i < headers->count && !ms_field_same(headers->fields[i].name, name)) {
    i++;
  }
  if (i == HEADERS_MAX) {
    return ms_error(MSTEP_EINVALID, "a delivery has more than %d headers", HEADERS_MAX);
  }
  headers->fields[i] = (struct ms_field){name, value};
  headers->count += i == headers->count;
  return MSTEP_OK;
}

static int put_given(struct headers *headers, struct ms_str text)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  int err = text.len == 0 ? MSTEP_OK : ms_json_parse(&headers->given, text, &limits, NULL);
  size_t count = ms_json_is_object(headers->given) ? ms_json_count(headers->given) : 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = put_header(headers, ms_json_key(headers->given, i),
                     ms_json_text(ms_json_member(headers->given, i)));
  }
  return err;
}

static int put_headers(struct headers *headers, const struct ms_delivery *delivery, int64_t now_ms)
{
  *headers = (struct headers){.given = MS_JSON_VALUE_NONE};
  int err = put_header(headers, MS_STR("Content-Type"), MS_STR("application/json"));
  err = err != 0 ? err : put_header(headers, MS_STR("User-Agent"), MS_STR("moonstep"));
  err = err != 0 ? err : put_given(headers, delivery->headers);
  if (err != 0 || delivery->secret.len == 0) {
    return err;
  }
  snprintf(headers->timestamp, sizeof headers->timestamp, "%" PRId64, now_ms / 1000);
  err = sign(headers->signature, delivery->secret, headers->timestamp, delivery->body);
  if (err == 0) {
    err = put_header(headers, MS_STR("X-Moonstep-Timestamp"), ms_str_c(headers->timestamp));
  }
  return err != 0 ? err
                  : put_header(headers, MS_STR("X-Moonstep-Signature"),
                               ms_str_c(headers->signature));
}

static int post(struct ms_dests *dests, const struct ms_delivery *delivery,
                const struct headers *headers, struct ms_dest_try *try)
{
  const struct ms_httpc_request request = {.method = MS_STR("POST"),
                                           .url = delivery->target,
                                           .headers = headers->fields,
                                           .header_count = headers->count,
                                           .body = delivery->body,
                                           .timeout_ms = 30000,
                                           .max_response_bytes = 65536};
  struct ms_httpc *client;
  int err = ms_dests_http(&client, dests);
  return err != 0 ? err : ms_httpc_send(NULL, client, &request, on_done, try);
}

static int deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg)
{
  struct headers headers;
  int err = put_headers(&headers, delivery, ms_loop_now_ms(dests->options.loop));
  struct ms_dest_try *try = err != 0 ? NULL : ms_alloc(sizeof *try);
  if (try == NULL) {
    ms_json_unref(headers.given);
    return err != 0 ? err : ms_error_nomem();
  }
  ms_dest_try_begin(try, dests, cb, arg, try_free);
  err = post(dests, delivery, &headers, try);
  if (err != 0) {
    ms_dest_try_forget(try);
  }
  ms_json_unref(headers.given);
  return err;
}

const struct ms_dest_type ms_dest_http = {"http", takes, deliver};
