/*
 * An HTTP endpoint: the body is POSTed as JSON. With a secret the request is signed:
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

static int deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                   void *arg)
{
  char timestamp[24], signature[80];
  struct ms_field headers[4] = {{MS_STR("Content-Type"), MS_STR("application/json")},
                                {MS_STR("User-Agent"), MS_STR("moonstep")}};
  size_t count = 2;
  struct ms_httpc *client;
  int err = ms_dest_client(&client, dests);
  if (err == 0 && delivery->secret.len > 0) {
    snprintf(timestamp, sizeof timestamp, "%" PRId64, ms_loop_now_ms(dests->options.loop) / 1000);
    err = sign(signature, delivery->secret, timestamp, delivery->body);
    headers[count++] = (struct ms_field){MS_STR("X-Moonstep-Timestamp"), ms_str_c(timestamp)};
    headers[count++] = (struct ms_field){MS_STR("X-Moonstep-Signature"), ms_str_c(signature)};
  }
  struct ms_dest_try *try = err != 0 ? NULL : ms_alloc(sizeof *try);
  if (try == NULL) {
    return err != 0 ? err : ms_error_nomem();
  }
  ms_dest_try_begin(try, dests, cb, arg, try_free);
  const struct ms_httpc_request request = {.method = MS_STR("POST"),
                                           .url = delivery->target,
                                           .headers = headers,
                                           .header_count = count,
                                           .body = delivery->body,
                                           .timeout_ms = 30000,
                                           .max_response_bytes = 65536};
  err = ms_httpc_send(NULL, client, &request, on_done, try);
  if (err != 0) {
    ms_dest_try_forget(try);
  }
  return err;
}

const struct ms_dest_type ms_dest_http = {"http", takes, deliver};
