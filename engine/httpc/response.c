/*
 * The answer: headers of the last response (an interim one or a redirect before it is forgotten), a body up
 * to its maximum, and how a failure of libcurl's is named.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "httpc/internal.h"

#define HEADERS_MAX 500

static const char *const names[] = {"OK",      "DNS",     "CONNECT", "TLS",      "TIMEOUT",
                                    "TOO_BIG", "BLOCKED", "BROKEN",  "NO_MEMORY"};

const char *ms_httpc_failure_name(enum ms_httpc_failure failure)
{
  return (size_t)failure < sizeof names / sizeof names[0] ? names[failure] : "?";
}

/* ---- collecting -------------------------------------------------------------------------------------- */

static struct ms_str trim(struct ms_str s)
{
  while (s.len > 0 && strchr(" \t\r\n", s.data[s.len - 1]) != NULL) {
    s.len--;
  }
  while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
    s = ms_str_sub(s, 1, s.len);
  }
  return s;
}

static void note_header(struct ms_httpc_call *call, size_t at)
{
  struct ms_str line = trim(ms_str_sub(ms_buf_view(&call->head), at, call->head.len));
  size_t colon = ms_str_find(line, 0, ':');
  if (colon == 0 || colon >= line.len) {
    return; /* the status line, the empty one, or none of a header's form */
  }
  struct ms_str value = trim(ms_str_sub(line, colon + 1, line.len));
  size_t value_at = value.len == 0 ? at : (size_t)(value.data - call->head.data);
  int err = MS_VEC_RESERVE(&call->spans, HEADERS_MAX, 1);
  if (err == 0) {
    call->spans.data[call->spans.count++] = (struct ms_httpc_span){at, colon, value_at, value.len};
  } else {
    call->is_out_of_memory = err == MSTEP_ENOMEM;
    call->is_too_big = err != MSTEP_ENOMEM;
  }
}

size_t ms_httpc_take_header(char *data, size_t size, size_t count, void *user)
{
  struct ms_httpc_call *call = user;
  struct ms_str line = {data, size * count};
  if (ms_str_has_prefix(line, "HTTP/")) {
    ms_buf_reset(&call->head);
    ms_buf_reset(&call->body);
    call->spans.count = 0;
  }
  size_t at = call->head.len;
  ms_buf_str(&call->head, line);
  if (call->head.error != 0) {
    call->is_too_big = call->head.error != MSTEP_ENOMEM;
    call->is_out_of_memory = !call->is_too_big;
    return 0;
  }
  if (at > 0) {
    note_header(call, at);
  }
  return call->is_too_big || call->is_out_of_memory ? 0 : line.len;
}

size_t ms_httpc_take_body(char *data, size_t size, size_t count, void *user)
{
  struct ms_httpc_call *call = user;
  ms_buf_put(&call->body, data, size * count);
  if (call->body.error != 0) {
    call->is_too_big = call->body.error != MSTEP_ENOMEM;
    call->is_out_of_memory = !call->is_too_big;
    return 0;
  }
  return size * count;
}

/* ---- telling ----------------------------------------------------------------------------------------- */

static enum ms_httpc_failure failure_of(const struct ms_httpc_call *call)
{
  if (call->code == CURLE_OK) {
    return MS_HTTPC_OK;
  }
  if (call->is_out_of_memory) {
    return MS_HTTPC_NO_MEMORY;
  }
  if (call->is_too_big) {
    return MS_HTTPC_TOO_BIG;
  }
  switch (call->code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return MS_HTTPC_DNS;
  case CURLE_COULDNT_CONNECT:
    return call->is_blocked ? MS_HTTPC_BLOCKED : MS_HTTPC_CONNECT;
  case CURLE_OPERATION_TIMEDOUT:
    return MS_HTTPC_TIMEOUT;
  case CURLE_FILESIZE_EXCEEDED:
    return MS_HTTPC_TOO_BIG;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    return MS_HTTPC_TLS;
  case CURLE_OUT_OF_MEMORY:
    return MS_HTTPC_NO_MEMORY;
  default:
    return call->is_blocked ? MS_HTTPC_BLOCKED : MS_HTTPC_BROKEN;
  }
}

static const char *text_of(const struct ms_httpc_call *call, enum ms_httpc_failure failure)
{
  switch (failure) {
  case MS_HTTPC_OK:
    return "";
  case MS_HTTPC_TOO_BIG:
    return "the answer is larger than allowed";
  case MS_HTTPC_BLOCKED:
    return "the address is not public, and only public ones may be called";
  case MS_HTTPC_NO_MEMORY:
    return "out of memory";
  default:
    return call->text[0] != '\0' ? call->text : curl_easy_strerror(call->code);
  }
}

/* Behind "HTTP/1.1 404 ". */
static struct ms_str reason_of(const struct ms_httpc_call *call)
{
  struct ms_str head = ms_buf_view(&call->head);
  struct ms_str line = trim(ms_str_sub(head, 0, ms_str_find(head, 0, '\n')));
  size_t first = ms_str_find(line, 0, ' ');
  size_t second = ms_str_find(line, first + 1, ' ');
  return trim(ms_str_sub(line, second, line.len));
}

void ms_httpc_tell(struct ms_httpc_call *call)
{
  struct ms_httpc_result result = {.failure = failure_of(call)};
  size_t count = call->spans.count;
  struct ms_field *headers = NULL;
  if (result.failure == MS_HTTPC_OK) {
    long status = 0;
    headers = ms_calloc(count + 1, sizeof *headers);
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    result.failure = headers == NULL ? MS_HTTPC_NO_MEMORY : MS_HTTPC_OK;
    result.status = (int)status;
  }
  result.text = text_of(call, result.failure);
  if (result.failure == MS_HTTPC_OK) {
    for (size_t i = 0; i < count; i++) {
      const struct ms_httpc_span *span = &call->spans.data[i];
      headers[i].name = (struct ms_str){call->head.data + span->name, span->name_len};
      headers[i].value = (struct ms_str){call->head.data + span->value, span->value_len};
    }
    result.reason = reason_of(call);
    result.headers = headers;
    result.header_count = count;
    result.body = ms_buf_view(&call->body);
  } else {
    result.status = 0;
  }
  call->done(&result, call->user);
  ms_free(headers);
}
