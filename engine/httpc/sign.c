/*
 * Signing what goes out: the same canonical form that base/sigv4 gives to whoever checks. libcurl could sign
 * too, but its version here neither sorts queries nor encodes paths as AWS wants them.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/sigv4.h"
#include "base/sort.h"
#include "httpc/internal.h"

#define SIGNED_MAX 64

struct signer {
  const struct ms_httpc_request *request;
  struct ms_field headers[SIGNED_MAX]; /* that are signed; names lower case, in order */
  size_t count;
  struct ms_buf names[SIGNED_MAX]; /* lower case */
  char date[MS_SIGV4_DATE_SIZE];
  char hash[MS_SIGV4_SIGNATURE_SIZE];
  struct ms_buf host;
  struct ms_buf path;
  struct ms_buf list; /* "host;x-amz-date" */
};

static int add(struct signer *s, struct ms_str name, struct ms_str value)
{
  if (s->count == SIGNED_MAX) {
    return ms_error(MSTEP_EINVALID, "too many headers to sign");
  }
  struct ms_buf *lower = &s->names[s->count];
  for (size_t i = 0; i < name.len; i++) {
    ms_buf_char(lower, ms_ascii_lower(name.data[i]));
  }
  s->headers[s->count++] = (struct ms_field){ms_buf_view(lower), value};
  return lower->error;
}

static int compare(const void *a, const void *b)
{
  const struct ms_field *left = a;
  const struct ms_field *right = b;
  return ms_str_cmp(left->name, right->name);
}

/* As libcurl writes it: with the port only where it is not the scheme's own. */
static int read_host(struct signer *s, CURLU *url)
{
  char *host = NULL, *port = NULL;
  CURLUcode code = curl_url_get(url, CURLUPART_HOST, &host, 0);
  if (code == CURLUE_OK) {
    ms_buf_cstr(&s->host, host);
    if (curl_url_get(url, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) == CURLUE_OK) {
      ms_buf_char(&s->host, ':');
      ms_buf_cstr(&s->host, port);
    }
  }
  curl_free(host);
  curl_free(port);
  return code != CURLUE_OK ? ms_error_nomem() : s->host.error;
}

/* S3 encodes a path once, all others what stands on the wire once more. */
static int read_path(struct signer *s, CURLU *url)
{
  char *path = NULL;
  unsigned flags = ms_str_is(s->request->sigv4->service, "s3") ? CURLU_URLDECODE : 0;
  CURLUcode code = curl_url_get(url, CURLUPART_PATH, &path, flags);
  if (code == CURLUE_OK) {
    ms_buf_cstr(&s->path, path);
  }
  curl_free(path);
  return code != CURLUE_OK ? ms_error(MSTEP_EINVALID, "the URL's path cannot be signed")
                           : s->path.error;
}

static int add_extra(struct signer *s, struct ms_httpc_call *call, const char *name,
                     struct ms_str value)
{
  int err = ms_httpc_add_header(call, ms_str_c(name), value);
  return err == 0 ? add(s, ms_str_c(name), value) : err;
}

/* Host, type, and everything that is AWS's. */
static int choose_headers(struct signer *s, struct ms_httpc_call *call)
{
  const struct ms_httpc_request *request = s->request;
  const struct ms_httpc_sigv4 *sigv4 = request->sigv4;
  int err = add(s, MS_STR("host"), ms_buf_view(&s->host));
  for (size_t i = 0; err == 0 && i < request->header_count; i++) {
    const struct ms_field *h = &request->headers[i];
    if (ms_field_is(ms_str_sub(h->name, 0, 6), "x-amz-") || ms_field_is(h->name, "content-type")) {
      err = add(s, h->name, h->value);
    }
  }
  if (err == 0) {
    err = add_extra(s, call, "x-amz-date", ms_str_c(s->date));
  }
  if (err == 0 && sigv4->session_token.len > 0) {
    err = add_extra(s, call, "x-amz-security-token", sigv4->session_token);
  }
  if (err == 0 && ms_str_is(sigv4->service, "s3")) {
    err = add_extra(s, call, "x-amz-content-sha256", ms_str_c(s->hash));
  }
  ms_sort(s->headers, s->count, sizeof s->headers[0], compare);
  for (size_t i = 0; err == 0 && i < s->count; i++) {
    if (i > 0 && ms_str_eq(s->headers[i].name, s->headers[i - 1].name)) {
      return ms_error(MSTEP_EINVALID, "header '%.*s' stands twice in a request that is signed",
                      MS_STR_ARG(s->headers[i].name));
    }
    ms_buf_cstr(&s->list, i > 0 ? ";" : "");
    ms_buf_str(&s->list, s->headers[i].name);
  }
  return err == 0 ? s->list.error : err;
}

static int authorize(struct signer *s, struct ms_httpc_call *call, const char *query)
{
  const struct ms_httpc_sigv4 *sigv4 = s->request->sigv4;
  const struct ms_sigv4_request canonical_request = {s->request->method, ms_buf_view(&s->path),
                                                     ms_str_c(query),    s->headers,
                                                     s->count,           ms_str_c(s->hash)};
  const struct ms_sigv4_scope scope = {ms_str_c(s->date), sigv4->region, sigv4->service};
  char signature[MS_SIGV4_SIGNATURE_SIZE];
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_sigv4_canonical(&text, &canonical_request, ms_buf_view(&s->list));
  int err = text.error;
  if (err == 0) {
    err = ms_sigv4_signature(signature, sigv4->secret, &scope, ms_buf_view(&text));
  }
  if (err == 0) {
    ms_buf_reset(&text);
    ms_buf_printf(&text,
                  MS_SIGV4_ALGORITHM " Credential=%.*s/%.8s/%.*s/%.*s/aws4_request, "
                                     "SignedHeaders=%.*s, Signature=%s",
                  MS_STR_ARG(sigv4->access_key_id), s->date, MS_STR_ARG(sigv4->region),
                  MS_STR_ARG(sigv4->service), MS_STR_ARG(ms_buf_view(&s->list)), signature);
    err = text.error != 0 ? text.error
                          : ms_httpc_add_header(call, MS_STR("Authorization"), ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
  return err;
}

static int sign_with(struct signer *s, struct ms_httpc_call *call, int64_t now_ms)
{
  char *query = NULL;
  if (!ms_sigv4_date(s->date, now_ms)) {
    return ms_error(MSTEP_EINVALID, "the clock shows no year that can be signed");
  }
  int err = ms_sigv4_payload_hash(s->hash, s->request->body);
  if (err == 0) {
    err = read_host(s, call->url);
  }
  if (err == 0) {
    err = read_path(s, call->url);
  }
  if (err == 0) {
    err = choose_headers(s, call);
  }
  if (err == 0) {
    CURLUcode code = curl_url_get(call->url, CURLUPART_QUERY, &query, 0);
    err =
        code == CURLUE_OK || code == CURLUE_NO_QUERY ? authorize(s, call, query) : ms_error_nomem();
  }
  curl_free(query);
  return err;
}

int ms_httpc_sign(struct ms_httpc_call *call, const struct ms_httpc_request *request,
                  int64_t now_ms)
{
  struct signer *s = ms_calloc(1, sizeof *s);
  if (s == NULL) {
    return ms_error_nomem();
  }
  s->request = request;
  ms_buf_init(&s->host, 0);
  ms_buf_init(&s->path, 0);
  ms_buf_init(&s->list, 0);
  for (size_t i = 0; i < SIGNED_MAX; i++) {
    ms_buf_init(&s->names[i], 0);
  }
  int err = sign_with(s, call, now_ms);
  ms_buf_deinit(&s->host);
  ms_buf_deinit(&s->path);
  ms_buf_deinit(&s->list);
  for (size_t i = 0; i < s->count; i++) {
    ms_buf_deinit(&s->names[i]);
  }
  ms_free(s);
  return err;
}
