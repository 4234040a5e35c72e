/*
 * Where a function's code can be fetched: AWS gives an address of S3's, signed and good for ten minutes. Here it is
 * one of this server's, PREFIX NAME/VERSION?until=MILLISECONDS&key=HEX; the key is the only thing that it asks for.
 */
#include "api/code_link.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "api/function.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"

#define LIFETIME_MS 600000

/* Of this run of the engine: links end with it. Nobody who sees other numbers of ours can work it out. */
static int get_secret(struct ms_str *out, struct ms_api *api)
{
  *out = (struct ms_str){api->code_secret, sizeof api->code_secret};
  if (!api->has_code_secret &&
      getrandom(api->code_secret, sizeof api->code_secret, 0) != (ssize_t)sizeof api->code_secret) {
    return ms_error(MSTEP_EIO, "no entropy: %s", strerror(errno));
  }
  api->has_code_secret = true;
  return MSTEP_OK;
}

/* out: the key of "NAME/VERSION?until=MILLISECONDS". */
static int make_key(char out[2 * MS_SHA256_SIZE + 1], struct ms_api_call *call, struct ms_str what)
{
  unsigned char hash[MS_SHA256_SIZE];
  struct ms_str secret;
  int err = get_secret(&secret, call->api);
  err = err != 0 ? err : ms_digest_hmac_sha256(hash, secret, what);
  if (err == 0) {
    ms_digest_print_hex(out, hash, sizeof hash);
  }
  return err;
}

/* The archive of that version. NONE kept: the files of the project as they are loaded. */
static int get_archive(struct ms_buf *out, struct ms_api_call *call, struct ms_str name,
                       const char *version)
{
  struct ms_invoke *invoke = ms_api_invoke(call);
  struct ms_json code = ms_invoke_code(invoke, name, version);
  int err = MSTEP_OK;
  if (ms_json_is_none(code)) {
    err = ms_invoke_files(&code, invoke, name);
  }
  err = err != 0 ? err : ms_invoke_zip_bytes(out, code);
  ms_json_unref(code);
  return err;
}

struct ms_json ms_api_code_link(struct ms_api_call *call, struct ms_str name, const char *version)
{
  const char *base = ms_invoke_base_url(ms_api_invoke(call));
  char key[2 * MS_SHA256_SIZE + 1];
  struct ms_buf text;
  struct ms_json link = MS_JSON_VALUE_NONE;
  ms_buf_init(&text, 0);
  if (base[0] == '\0') {
    struct ms_buf bytes;
    ms_buf_init(&bytes, 0);
    ms_buf_cstr(&text, "data:application/zip;base64,");
    if (get_archive(&bytes, call, name, version) == 0) {
      ms_base64_encode(&text, ms_buf_view(&bytes));
      link = text.error != 0 ? link : ms_json_string(ms_buf_view(&text));
    }
    ms_buf_deinit(&bytes);
  } else {
    int64_t until_ms = ms_engine_now_ms(ms_api_engine(call)) + LIFETIME_MS;
    ms_buf_printf(&text, "%.*s/%s?until=%lld", MS_STR_ARG(name), version, (long long)until_ms);
    if (text.error == 0 && make_key(key, call, ms_buf_view(&text)) == 0) {
      link = ms_json_stringf("%s" MS_API_CODE_PATH "%s&key=%s", base, text.data, key);
    }
  }
  ms_buf_deinit(&text);
  return link;
}

/* ---- fetched ---- */

static int reply(struct ms_api_call *call, int status, const char *type, struct ms_str base64)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_printf(&text, "{\"statusCode\":%d,\"headers\":{\"content-type\":\"%s\"},\"body\":\"", status,
                type);
  ms_buf_str(&text, base64); /* nothing in it needs an escape */
  ms_buf_cstr(&text, "\",\"isBase64Encoded\":true}");
  return ms_api_reply_buf(call, &text);
}

/* S3's words, as base64: what tools print that expected an archive. */
static int refuse(struct ms_api_call *call, int status, const char *words)
{
  struct ms_buf text, coded;
  ms_buf_init(&text, 0);
  ms_buf_init(&coded, 0);
  ms_buf_printf(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>%s</Error>", words);
  ms_base64_encode(&coded, ms_buf_view(&text));
  int err = text.error != 0 ? text.error : coded.error;
  err = err != 0 ? err : reply(call, status, "application/xml", ms_buf_view(&coded));
  ms_buf_deinit(&text);
  ms_buf_deinit(&coded);
  return err;
}

static int send_archive(struct ms_api_call *call, struct ms_str name, const char *version)
{
  struct ms_buf bytes, coded;
  ms_buf_init(&bytes, 0);
  ms_buf_init(&coded, 0);
  int err = get_archive(&bytes, call, name, version);
  if (err == 0) {
    ms_base64_encode(&coded, ms_buf_view(&bytes));
    err = coded.error;
  }
  err = err == MSTEP_ENOTFOUND
            ? refuse(call, 404,
                     "<Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>")
        : err != 0 ? err
                   : reply(call, 200, "application/zip", ms_buf_view(&coded));
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&coded);
  return err;
}

/* The milliseconds behind "until=": digits only, or 0. */
static int64_t read_until(struct ms_str text)
{
  int64_t value = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (i == 15 || text.data[i] < '0' || text.data[i] > '9') {
      return 0;
    }
    value = value * 10 + (text.data[i] - '0');
  }
  return value;
}

/* Whether the key is that of the rest. */
static int check_key(bool *is_right, struct ms_api_call *call, struct ms_str what, struct ms_str key)
{
  char right[2 * MS_SHA256_SIZE + 1];
  int err = make_key(right, call, what);
  *is_right = err == 0 && ms_digest_is_same(key, ms_str_c(right));
  return err;
}

int ms_api_code_fetch(struct ms_api_call *call)
{
  static const char until[] = "until=", key[] = "&key=";
  struct ms_str path = ms_api_text(call, "rawPath"), query = ms_api_text(call, "rawQueryString");
  char version[72] = "", what[256];
  path = ms_str_sub(path, strlen(MS_API_CODE_PATH), path.len);
  size_t slash = ms_str_find(path, 0, '/'), amp = ms_str_find(query, 0, '&');
  struct ms_str rest = ms_str_sub(query, amp, query.len);
  bool is_right = false;
  int err = MSTEP_OK;
  if (path.len + amp + 2 < sizeof what && slash < path.len && path.len - slash <= sizeof version &&
      ms_str_has_prefix(query, until) && ms_str_has_prefix(rest, key)) {
    int len = snprintf(what, sizeof what, "%.*s?%.*s", MS_STR_ARG(path), (int)amp, query.data);
    err = check_key(&is_right, call, (struct ms_str){what, (size_t)len},
                    ms_str_sub(rest, strlen(key), rest.len));
  }
  if (err != 0) {
    return err;
  }
  if (!is_right) {
    return refuse(call, 403,
                  "<Code>SignatureDoesNotMatch</Code><Message>The key is not that of this "
                  "address.</Message>");
  }
  if (read_until(ms_str_sub(query, strlen(until), amp)) < ms_engine_now_ms(ms_api_engine(call))) {
    return refuse(call, 403,
                  "<Code>AccessDenied</Code><Message>Request has expired</Message>");
  }
  snprintf(version, sizeof version, "%.*s", (int)(path.len - slash - 1), path.data + slash + 1);
  return send_archive(call, ms_str_sub(path, 0, slash), version);
}
