/*
 * Writing answers: status line, the headers that are the server's own, those of the caller after they
 * were checked, the body whole or in chunks. Also the short answers that the server gives by itself.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/time.h"
#include "http/internal.h"
#include "http/parse_internal.h"

/* ---- head -------------------------------------------------------------------------------------------- */

static const struct {
  int status;
  const char *text;
} statuses[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *ms_http_status_text(int status)
{
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    if (statuses[i].status == status) {
      return statuses[i].text;
    }
  }
  return "Status";
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", made once a second. */
static struct ms_str date_text(struct ms_http *http)
{
  static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int64_t now_s = ms_loop_now_ms(http->loop) / 1000;
  if (now_s != http->date_at_s) {
    int64_t year;
    int month, day;
    ms_time_civil(now_s / 86400, &year, &month, &day);
    int rest = (int)(now_s % 86400);
    snprintf(http->date_text, sizeof http->date_text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
             days[now_s / 86400 % 7], day, months[month - 1], (int)(year % 10000), rest / 3600,
             rest / 60 % 60, rest % 60);
    http->date_at_s = now_s;
  }
  return ms_str_c(http->date_text);
}

/* What decides over the framing of the answer is the server's. */
static bool is_own_header(struct ms_str name)
{
  static const char *const own[] = {
      "content-length", "transfer-encoding", "connection", "keep-alive",
      "date",           "upgrade",           "trailer"};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    if (ms_field_is(name, own[i])) {
      return true;
    }
  }
  return false;
}

static bool is_sendable(const struct ms_field *header)
{
  for (size_t i = 0; i < header->name.len; i++) {
    if (!ms_http_is_token_char(header->name.data[i])) {
      return false;
    }
  }
  for (size_t i = 0; i < header->value.len; i++) {
    if (!ms_http_is_value_char(header->value.data[i])) {
      return false;
    }
  }
  return header->name.len > 0;
}

static int check_answer(int status, const struct ms_field *headers, size_t count)
{
  if (status < 200 || status > 599) {
    return ms_error(MSTEP_EINVALID, "%d is no status of an answer", status);
  }
  for (size_t i = 0; i < count; i++) {
    if (!is_sendable(&headers[i])) {
      return ms_error(MSTEP_EINVALID, "header %zu has characters that a header cannot have", i);
    }
  }
  return MSTEP_OK;
}

static void put_header(struct ms_buf *out, const char *name, struct ms_str value)
{
  ms_buf_cstr(out, name);
  ms_buf_cstr(out, ": ");
  ms_buf_str(out, value);
  ms_buf_cstr(out, "\r\n");
}

static bool is_origin_allowed(const struct ms_http *http, struct ms_str origin)
{
  return http->allow_origin != NULL && origin.data != NULL &&
         (strcmp(http->allow_origin, "*") == 0 || ms_str_is(origin, http->allow_origin));
}

static void put_cors(struct ms_buf *out, const struct ms_http_request *request)
{
  const struct ms_http *http = request->http;
  struct ms_str origin = ms_http_header(&request->parser.message, "origin");
  if (is_origin_allowed(http, origin) && !ms_http_is_endpoint(&request->parser.message)) {
    put_header(out, "Access-Control-Allow-Origin", ms_str_c(http->allow_origin));
    put_header(out, "Access-Control-Expose-Headers", MS_STR("*"));
    put_header(out, "Vary", MS_STR("Origin"));
  }
}

static void start_head(struct ms_buf *out, struct ms_http *http, int status)
{
  ms_buf_reset(out);
  ms_buf_cstr(out, "HTTP/1.1 ");
  ms_buf_int(out, status);
  ms_buf_char(out, ' ');
  ms_buf_cstr(out, ms_http_status_text(status));
  ms_buf_cstr(out, "\r\n");
  put_header(out, "Date", date_text(http));
}

/* Everything but what says how long the body is. */
static void put_common(struct ms_buf *out, const struct ms_http_request *request,
                       const struct ms_field *headers, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (!is_own_header(headers[i].name)) {
      ms_buf_str(out, headers[i].name);
      ms_buf_cstr(out, ": ");
      ms_buf_str(out, headers[i].value);
      ms_buf_cstr(out, "\r\n");
    }
  }
  put_cors(out, request);
  if (request->connection->is_last || request->http->is_stopping) {
    put_header(out, "Connection", MS_STR("close"));
  } else if (request->parser.message.minor == 0) {
    put_header(out, "Connection", MS_STR("keep-alive"));
  }
}

static void note_answer(struct ms_http_request *request, int status)
{
  request->status = status;
  request->is_started = true;
  request->is_bodiless =
      status == 204 || status == 304 || ms_str_is(request->parser.message.method, "HEAD");
}

/* ---- the end of a request ---------------------------------------------------------------------------- */

void ms_http_log_access(const struct ms_http_request *request, int status)
{
  const struct ms_http *http = request->http;
  if (http == NULL || http->on_access == NULL) {
    return;
  }
  const struct ms_http_message *message = &request->parser.message;
  struct ms_http_access access = {
      .peer = ms_str_c(request->peer),
      .method = message->method,
      .path = message->path,
      .status = status,
      .request_bytes = request->parser.body.len,
      .response_bytes = request->sent_bytes,
      .duration_us = request->done_at_us > 0 ? ms_http_now_us() - request->done_at_us : 0,
      .is_client_gone = request->is_gone,
  };
  http->on_access(&access, http->access_user);
}

static void finish(struct ms_http_request *request)
{
  ms_http_log_access(request, request->status);
  request->on_gone = NULL;
  if (request->connection != NULL) {
    ms_http_connection_answered(request->connection);
  } else {
    ms_http_request_free(request);
  }
}

/* Memory is out in the middle of an answer: the client must not take it for whole. */
static int give_up(struct ms_http_request *request)
{
  struct ms_http_connection *connection = request->connection;
  request->on_gone = NULL;
  request->is_gone = true;
  ms_http_connection_free(connection);
  return ms_error_nomem();
}

/* ---- answers ----------------------------------------------------------------------------------------- */

int ms_http_reply(struct ms_http_request *request, int status, const struct ms_field *headers,
                  size_t header_count, struct ms_str body)
{
  int err = check_answer(status, headers, header_count);
  if (err == 0 && request->is_started) {
    err = ms_error(MSTEP_ESTATE, "the answer has been started");
  }
  if (err != 0) {
    return err;
  }
  note_answer(request, status);
  if (request->connection != NULL) {
    struct ms_buf *head = &request->http->scratch;
    start_head(head, request->http, status);
    if (status != 204 && status != 304) {
      ms_buf_cstr(head, "Content-Length: ");
      ms_buf_int(head, (int64_t)body.len);
      ms_buf_cstr(head, "\r\n");
    }
    put_common(head, request, headers, header_count);
    ms_buf_cstr(head, "\r\n");
    struct ms_str sent = request->is_bodiless ? MS_STR("") : body;
    request->sent_bytes = sent.len;
    err = head->error != 0 ? MSTEP_ENOMEM
                           : ms_http_connection_write(request->connection, ms_buf_view(head), sent);
    if (err != 0) {
      err = give_up(request);
    }
  }
  finish(request);
  return err;
}

int ms_http_reply_start(struct ms_http_request *request, int status, const struct ms_field *headers,
                        size_t header_count)
{
  int err = check_answer(status, headers, header_count);
  if (err == 0 && request->is_started) {
    err = ms_error(MSTEP_ESTATE, "the answer has been started");
  }
  if (err != 0) {
    return err;
  }
  note_answer(request, status);
  if (request->connection == NULL) {
    return MSTEP_OK;
  }
  request->is_chunked = request->parser.message.minor > 0 && !request->is_bodiless;
  if (!request->is_chunked && !request->is_bodiless) {
    request->connection->is_last = true; /* HTTP/1.0: the end of the connection ends the body */
  }
  struct ms_buf *head = &request->http->scratch;
  start_head(head, request->http, status);
  if (request->is_chunked) {
    put_header(head, "Transfer-Encoding", MS_STR("chunked"));
  }
  put_common(head, request, headers, header_count);
  ms_buf_cstr(head, "\r\n");
  err = head->error != 0
            ? MSTEP_ENOMEM
            : ms_http_connection_write(request->connection, ms_buf_view(head), MS_STR(""));
  return err == 0 ? MSTEP_OK : give_up(request);
}

int ms_http_reply_send(struct ms_http_request *request, struct ms_str part)
{
  struct ms_http_connection *connection = request->connection;
  if (connection == NULL || !request->is_started) {
    return ms_error(MSTEP_ESTATE, "the client is gone");
  }
  if (part.len == 0 || request->is_bodiless) {
    return MSTEP_OK;
  }
  if (ms_http_connection_unwritten(connection) + part.len > request->http->limits.reply_bytes) {
    return ms_error(MSTEP_ETOOBIG, "the client takes the answer too slowly");
  }
  request->sent_bytes += part.len;
  int err = MSTEP_OK;
  if (request->is_chunked) {
    char size[24];
    int len = snprintf(size, sizeof size, "%zx\r\n", part.len);
    err = ms_http_connection_write(connection, (struct ms_str){size, (size_t)len}, part);
    if (err == 0) {
      err = ms_http_connection_write(connection, MS_STR("\r\n"), MS_STR(""));
    }
  } else {
    err = ms_http_connection_write(connection, part, MS_STR(""));
  }
  return err == 0 ? MSTEP_OK : give_up(request);
}

void ms_http_reply_end(struct ms_http_request *request)
{
  if (!request->is_started) {
    (void)ms_http_reply(request, 500, NULL, 0, MS_STR(""));
    return;
  }
  if (request->connection != NULL && request->is_chunked &&
      ms_http_connection_write(request->connection, MS_STR("0\r\n\r\n"), MS_STR("")) != 0) {
    (void)give_up(request);
  }
  finish(request);
}

/* ---- the server's own answers ------------------------------------------------------------------------ */

void ms_http_refuse(struct ms_http_connection *connection, int status, const char *reason)
{
  struct ms_http *http = connection->http;
  struct ms_buf *head = &http->scratch;
  char body[200];
  int len = snprintf(body, sizeof body, "%d %s: %s\n", status, ms_http_status_text(status), reason);
  http->stats.bad_count++;
  connection->is_last = true;
  start_head(head, http, status);
  ms_buf_printf(head, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n", len);
  ms_buf_cstr(head, "Connection: close\r\n\r\n");
  struct ms_http_request *request = connection->request;
  bool is_head = request != NULL && ms_str_is(request->parser.message.method, "HEAD");
  int err = head->error != 0
                ? MSTEP_ENOMEM
                : ms_http_connection_write(connection, ms_buf_view(head),
                                           (struct ms_str){body, is_head ? 0 : (size_t)len});
  if (request != NULL) {
    ms_http_log_access(request, status);
  }
  if (err != 0) {
    ms_http_connection_free(connection);
  } else if (request != NULL) {
    ms_http_connection_answered(connection);
  }
}

bool ms_http_answer_preflight(struct ms_http_request *request)
{
  const struct ms_http_message *message = &request->parser.message;
  struct ms_str wanted = ms_http_header(message, "access-control-request-method");
  if (wanted.data == NULL || !ms_str_is(message->method, "OPTIONS") ||
      ms_http_is_endpoint(message) ||
      !is_origin_allowed(request->http, ms_http_header(message, "origin"))) {
    return false;
  }
  struct ms_str asked = ms_http_header(message, "access-control-request-headers");
  const struct ms_field headers[] = {
      {MS_STR("Access-Control-Allow-Methods"), MS_STR("GET, POST, PUT, DELETE, HEAD, PATCH")},
      {MS_STR("Access-Control-Allow-Headers"), asked.data == NULL ? MS_STR("*") : asked},
      {MS_STR("Access-Control-Max-Age"), MS_STR("600")},
  };
  (void)ms_http_reply(request, 204, headers, sizeof headers / sizeof headers[0], MS_STR(""));
  return true;
}
