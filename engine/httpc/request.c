/*
 * A request as a transfer of libcurl's: checked, so that no header can bring in another, and told to do
 * nothing by itself: no redirects, no other schemes, no headers but those asked for.
 */
#include <netinet/in.h>

#include "base/alloc.h"
#include "base/error.h"
#include "httpc/internal.h"

#define TIMEOUT_MS 60000
#define CONNECT_TIMEOUT_MS 10000
#define RESPONSE_BYTES ((size_t)8 << 20)
#define HEAD_BYTES_MAX ((size_t)1 << 20)

/* ---- checks ------------------------------------------------------------------------------------------ */

static bool is_token(struct ms_str s)
{
  for (size_t i = 0; i < s.len; i++) {
    char c = s.data[i];
    bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!is_plain && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
      return false;
    }
  }
  return s.len > 0;
}

static bool is_value(struct ms_str s)
{
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.data[i];
    if (c != '\t' && (c < 0x20 || c == 0x7f)) {
      return false;
    }
  }
  return true;
}

static int check(const struct ms_httpc_request *request)
{
  if (!is_token(request->method) || request->method.len > 32) {
    return ms_error(MSTEP_EINVALID, "no HTTP method");
  }
  for (size_t i = 0; i < request->header_count; i++) {
    if (!is_token(request->headers[i].name) || !is_value(request->headers[i].value)) {
      return ms_error(MSTEP_EINVALID, "header %zu has characters that a header cannot have", i);
    }
  }
  if (request->sigv4 != NULL && request->redirects > 0) {
    return ms_error(MSTEP_EINVALID, "a signed request cannot be redirected");
  }
  return MSTEP_OK;
}

/* ---- headers ----------------------------------------------------------------------------------------- */

static int append(struct ms_httpc_call *call, const char *line)
{
  struct curl_slist *list = curl_slist_append(call->headers, line);
  if (list == NULL) {
    return ms_error_nomem();
  }
  call->headers = list;
  return MSTEP_OK;
}

int ms_httpc_add_header(struct ms_httpc_call *call, struct ms_str name, struct ms_str value)
{
  struct ms_buf line;
  ms_buf_init(&line, 0);
  ms_buf_str(&line, name);
  ms_buf_cstr(&line, value.len == 0 ? ";" : ": "); /* libcurl's way to say "without a value" */
  ms_buf_str(&line, value);
  int err = line.error != 0 ? ms_error_nomem() : append(call, line.data);
  ms_buf_deinit(&line);
  return err;
}

static int add_headers(struct ms_httpc_call *call, const struct ms_httpc_request *request)
{
  /* What libcurl would add: taken away unless it was asked for. */
  static const char *const own[] = {"Accept", "Expect", "Content-Type"};
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < sizeof own / sizeof own[0]; i++) {
    if (ms_field_count(request->headers, request->header_count, own[i]) == 0) {
      char line[32];
      size_t len = strlen(own[i]);
      memcpy(line, own[i], len);
      line[len] = ':';
      line[len + 1] = '\0';
      err = append(call, line);
    }
  }
  for (size_t i = 0; err == 0 && i < request->header_count; i++) {
    err = ms_httpc_add_header(call, request->headers[i].name, request->headers[i].value);
  }
  return err;
}

/* ---- the transfer ------------------------------------------------------------------------------------ */

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
  struct ms_httpc_call *call = user;
  (void)purpose;
  if (call->client->is_guarded && !ms_httpc_is_public(&address->addr)) {
    call->is_blocked = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int copy_request(struct ms_httpc_call *call, const struct ms_httpc_request *request)
{
  ms_buf_str(&call->request, request->method);
  ms_buf_put(&call->request, "", 1);
  call->body_at = call->request.len;
  call->body_len = request->body.len;
  ms_buf_str(&call->request, request->body);
  return call->request.error != 0 ? ms_error_nomem() : MSTEP_OK;
}

static int parse_url(struct ms_httpc_call *call, struct ms_str url)
{
  bool is_web = ms_field_is(ms_str_sub(url, 0, 7), "http://") ||
                ms_field_is(ms_str_sub(url, 0, 8), "https://");
  if (!is_web || memchr(url.data, '\0', url.len) != NULL) {
    return ms_error(MSTEP_EINVALID, "no http: or https: URL");
  }
  char *text = ms_strdupn(url.data, url.len);
  call->url = text == NULL ? NULL : curl_url();
  if (call->url == NULL) {
    ms_free(text);
    return ms_error_nomem();
  }
  CURLUcode code = curl_url_set(call->url, CURLUPART_URL, text, 0);
  ms_free(text);
  if (code == CURLUE_OUT_OF_MEMORY) {
    return ms_error_nomem();
  }
  return code == CURLUE_OK ? MSTEP_OK
                           : ms_error(MSTEP_EINVALID, "not a URL: %s", curl_url_strerror(code));
}

static CURLcode set_method(struct ms_httpc_call *call)
{
  CURL *easy = call->easy;
  const char *method = call->request.data;
  if (strcmp(method, "HEAD") == 0) {
    return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  }
  if (strcmp(method, "GET") == 0 && call->body_len == 0) {
    return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  CURLcode code = CURLE_OK;
  if (call->body_len > 0 || strcmp(method, "POST") == 0) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
    code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->request.data + call->body_at);
  }
  if (code == CURLE_OK && strcmp(method, "POST") != 0) {
    code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  }
  return code;
}

static CURLcode set_limits(struct ms_httpc_call *call, const struct ms_httpc_request *request)
{
  CURL *easy = call->easy;
  size_t bytes = call->body.max;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   (long)(request->timeout_ms == 0 ? TIMEOUT_MS : request->timeout_ms));
  curl_easy_setopt(
      easy, CURLOPT_CONNECTTIMEOUT_MS,
      (long)(request->connect_timeout_ms == 0 ? CONNECT_TIMEOUT_MS : request->connect_timeout_ms));
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)bytes);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->redirects > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)request->redirects);
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
}

static CURLcode set_callbacks(struct ms_httpc_call *call)
{
  CURL *easy = call->easy;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, ms_httpc_take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ms_httpc_take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->text);
  if (call->client->is_guarded) {
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* it would connect to where we may not */
  }
  if (call->client->ca_file != NULL) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, call->client->ca_file);
  }
  curl_easy_setopt(easy, CURLOPT_CURLU, call->url);
  return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
}

int ms_httpc_prepare(struct ms_httpc_call *call, const struct ms_httpc_request *request)
{
  size_t bytes = request->max_response_bytes == 0 ? RESPONSE_BYTES : request->max_response_bytes;
  ms_buf_init(&call->request, 0);
  ms_buf_init(&call->head, HEAD_BYTES_MAX);
  ms_buf_init(&call->body, bytes);
  int err = check(request);
  if (err == 0) {
    err = parse_url(call, request->url);
  }
  if (err == 0) {
    err = copy_request(call, request);
  }
  if (err == 0) {
    err = add_headers(call, request);
  }
  if (err == 0 && request->sigv4 != NULL) {
    err = ms_httpc_sign(call, request, ms_loop_now_ms(call->client->loop));
  }
  if (err != 0) {
    return err;
  }
  call->easy = curl_easy_init();
  if (call->easy == NULL || set_method(call) != CURLE_OK || set_limits(call, request) != CURLE_OK ||
      set_callbacks(call) != CURLE_OK) {
    return ms_error_nomem();
  }
  return MSTEP_OK;
}
