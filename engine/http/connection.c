/*
 * One client: bytes in, requests out to their owner, one at a time; the next is read when the answer is
 * complete. Reading never stops while a request is with its owner: so a client that leaves is noticed at
 * once. What it sends meanwhile stays in libevent's buffer, up to INPUT_BYTES_MAX.
 *
 * Freed by ms_http_connection_free only; inside the reading loop that waits until the loop is done.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/internal.h"

#define INPUT_BYTES_MAX 16384  /* that wait while a request is with its owner */
#define BODY_PIECE_BYTES 65536 /* read at once of a large body */
#define OUTPUT_BYTES_MAX                                                                           \
  ((size_t)256 << 10) /* unwritten, beyond which no further request is read */
#define LINGER_US 2000000
#define LINGER_BYTES_MAX ((size_t)4 << 20)

/* ---- phases ------------------------------------------------------------------------------------------ */

static void enter(struct ms_http_connection *connection, enum ms_http_phase phase)
{
  connection->phase = phase;
  connection->phase_at_us = ms_http_now_us();
}

size_t ms_http_connection_unwritten(const struct ms_http_connection *connection)
{
  return evbuffer_get_length(bufferevent_get_output(connection->events));
}

/* Our side is closed once everything is out; then the client has a moment to close its own. */
static void linger(struct ms_http_connection *connection)
{
  if (connection->phase != MS_HTTP_LINGER) {
    enter(connection, MS_HTTP_LINGER);
  }
  struct evbuffer *input = bufferevent_get_input(connection->events);
  evbuffer_drain(input, evbuffer_get_length(input));
  if (ms_http_connection_unwritten(connection) > 0 || connection->is_shut) {
    return;
  }
  if (connection->is_input_over) {
    ms_http_connection_free(connection);
    return;
  }
  connection->is_shut = true;
  connection->phase_at_us = ms_http_now_us();
  if (connection->is_tls) {
    ms_http_tls_shut(connection->events);
  }
  shutdown(connection->fd, SHUT_WR);
}

/* The client closed its side, or the connection broke. */
static void tell_gone(struct ms_http_connection *connection)
{
  struct ms_http_request *request = connection->request;
  if (request == NULL || !request->is_pending || request->is_gone) {
    return;
  }
  request->is_gone = true;
  ms_http_request_cb on_gone = request->on_gone;
  request->on_gone = NULL;
  if (on_gone != NULL) {
    on_gone(request, request->gone_user); /* may answer it, which may free the connection */
  }
}

void ms_http_connection_free(struct ms_http_connection *connection)
{
  if (connection->is_reading) {
    connection->is_dead = true;
    return;
  }
  struct ms_http_request *request = connection->request;
  connection->request = NULL;
  connection->http->buffered_bytes -= connection->buffered_bytes;
  ms_http_forget_connection(connection->http, connection);
  bufferevent_free(connection->events);
  ms_free(connection);
  if (request == NULL) {
    return;
  }
  request->connection = NULL;
  if (!request->is_pending) {
    ms_http_request_free(request);
    return;
  }
  bool was_gone = request->is_gone;
  request->is_gone = true;
  ms_http_request_cb on_gone = request->on_gone;
  request->on_gone = NULL;
  if (!was_gone && on_gone != NULL) {
    on_gone(request, request->gone_user);
  }
}

/* ---- reading ----------------------------------------------------------------------------------------- */

/* What lies in the buffer of a client that does not read its answers counts, too. */
static bool is_over_memory(struct ms_http_connection *connection)
{
  struct ms_http *http = connection->http;
  ms_http_request_count_memory(connection->request,
                               ms_http_parser_memory(&connection->request->parser));
  return http->stats.memory_bytes + http->buffered_bytes > http->limits.memory_bytes;
}

static void hand_over(struct ms_http_connection *connection)
{
  struct ms_http *http = connection->http;
  struct ms_http_request *request = connection->request;
  if (request->parser.body.len > INPUT_BYTES_MAX) {
    bufferevent_setwatermark(connection->events, EV_READ, 0, INPUT_BYTES_MAX);
  }
  struct ms_http_message *message = &request->parser.message;
  message->peer = (struct ms_str){request->peer, connection->peer_len};
  message->is_tls = connection->is_tls;
  message->is_loopback = connection->is_loopback;
  connection->request_count++;
  if (!request->parser.is_keep_alive || http->is_stopping ||
      connection->request_count >= http->limits.requests_per_connection) {
    connection->is_last = true;
  }
  const char *reason = "";
  int status = ms_http_check_origin(http, message, &reason);
  if (status != 0) {
    ms_http_refuse(connection, status, reason);
    return;
  }
  if (http->stats.pending_count >= http->limits.pending_count) {
    ms_http_refuse(connection, 503, "too many requests are waiting");
    return;
  }
  enter(connection, MS_HTTP_BUSY);
  request->done_at_us = connection->phase_at_us;
  ms_http_request_pend(request);
  http->stats.request_count++;
  if (!ms_http_answer_preflight(request)) {
    http->on_request(request, http->user);
  }
}

static void head_is_complete(struct ms_http_connection *connection, size_t rest)
{
  struct ms_http_parser *parser = &connection->request->parser;
  enter(connection, MS_HTTP_READING_BODY);
  if (parser->is_chunked || parser->left > INPUT_BYTES_MAX) {
    bufferevent_setwatermark(connection->events, EV_READ, 0, BODY_PIECE_BYTES);
  }
  if (parser->is_continue_expected && rest == 0) {
    ms_http_connection_write(connection, MS_STR("HTTP/1.1 100 Continue\r\n\r\n"), MS_STR(""));
  }
}

/* So many answers wait to be taken that no further request is begun. */
static bool is_clogged(const struct ms_http_connection *connection)
{
  return connection->phase == MS_HTTP_IDLE &&
         evbuffer_get_length(bufferevent_get_input(connection->events)) > 0 &&
         ms_http_connection_unwritten(connection) > OUTPUT_BYTES_MAX;
}

/* Feeds what lies in the buffer in one piece. False: no more can be read now. */
static bool read_piece(struct ms_http_connection *connection)
{
  struct evbuffer *input = bufferevent_get_input(connection->events);
  struct evbuffer_iovec piece = {NULL, 0};
  /* An empty buffer may have an empty piece. */
  bool any = evbuffer_get_length(input) > 0 && evbuffer_peek(input, 1, NULL, &piece, 1) > 0;
  bool is_at_end =
      connection->phase == MS_HTTP_READING_BODY && connection->request->parser.has_body == false;
  if ((!any && !is_at_end) || connection->phase > MS_HTTP_READING_BODY || is_clogged(connection)) {
    return false;
  }
  struct ms_str data = {any ? piece.iov_base : "", any ? piece.iov_len : 0};
  if (connection->request == NULL) {
    connection->request = ms_http_request_new(connection);
    if (connection->request == NULL) {
      ms_http_connection_free(connection);
      return false;
    }
  }
  if (connection->phase < MS_HTTP_READING_HEAD) {
    enter(connection, MS_HTTP_READING_HEAD);
  }
  size_t used;
  enum ms_http_parse result = ms_http_parser_feed(&connection->request->parser, data, &used);
  evbuffer_drain(input, used);
  if (result == MS_HTTP_REFUSED) {
    struct ms_http_parser *parser = &connection->request->parser;
    ms_http_refuse(connection, parser->status, parser->reason);
  } else if (is_over_memory(connection)) {
    ms_http_refuse(connection, 503, "too much is being read");
  } else if (result == MS_HTTP_HEAD) {
    head_is_complete(connection, data.len - used);
  } else if (result == MS_HTTP_DONE) {
    hand_over(connection);
  } else if (ms_http_parser_is_empty(&connection->request->parser)) {
    enter(connection, MS_HTTP_IDLE); /* an empty line */
  }
  return true;
}

static void discard(struct ms_http_connection *connection)
{
  struct evbuffer *input = bufferevent_get_input(connection->events);
  connection->lingered_bytes += evbuffer_get_length(input);
  evbuffer_drain(input, evbuffer_get_length(input));
  if (connection->lingered_bytes > LINGER_BYTES_MAX) {
    ms_http_connection_free(connection);
  }
}

static void read_all(struct ms_http_connection *connection)
{
  if (connection->is_reading) {
    return; /* an answer was given from inside on_request: the loop below goes on */
  }
  if (connection->phase == MS_HTTP_LINGER) {
    discard(connection);
    return;
  }
  connection->is_reading = true;
  while (!connection->is_dead && read_piece(connection)) {
  }
  connection->is_reading = false;
  if (connection->is_dead) {
    ms_http_connection_free(connection);
  } else if (connection->phase < MS_HTTP_BUSY && connection->is_input_over &&
             !is_clogged(connection)) {
    linger(connection); /* the client still gets what is on its way */
  }
}

static void on_read(struct bufferevent *events, void *user)
{
  (void)events;
  read_all(user);
}

static void on_written(struct bufferevent *events, void *user)
{
  (void)events;
  struct ms_http_connection *connection = user;
  connection->unwritten = 0;
  connection->http->buffered_bytes -= connection->buffered_bytes;
  connection->buffered_bytes = 0;
  if (connection->phase == MS_HTTP_LINGER) {
    linger(connection);
  } else if (connection->phase < MS_HTTP_BUSY) {
    read_all(connection); /* requests may have waited for this */
  }
}

static void on_event(struct bufferevent *events, short what, void *user)
{
  (void)events;
  struct ms_http_connection *connection = user;
  if ((what & BEV_EVENT_CONNECTED) != 0) {
    if (connection->phase == MS_HTTP_GREETING) {
      enter(connection, MS_HTTP_IDLE);
    }
    return;
  }
  /* libevent writes nothing more under TLS once the input is over. */
  if ((what & BEV_EVENT_EOF) == 0 || connection->is_tls) {
    ms_http_connection_free(connection);
    return;
  }
  connection->is_input_over = true;
  if (connection->phase == MS_HTTP_BUSY) {
    tell_gone(connection);
  } else if (connection->phase < MS_HTTP_BUSY) {
    read_all(connection); /* what is still unread; then it is freed */
  } else if (ms_http_connection_unwritten(connection) == 0) {
    ms_http_connection_free(connection);
  } /* else it only closed its side: it still gets the rest */
}

/* ---- writing ----------------------------------------------------------------------------------------- */

/* What the socket takes at once needs no buffer and no event. Returns how much that was. */
static size_t write_now(struct ms_http_connection *connection, struct ms_str head,
                        struct ms_str body)
{
  if (connection->is_tls || ms_http_connection_unwritten(connection) > 0) {
    return 0;
  }
  struct iovec parts[2] = {{(void *)(uintptr_t)head.data, head.len},
                           {(void *)(uintptr_t)body.data, body.len}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = body.len > 0 ? 2 : 1};
  ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? (size_t)sent : 0; /* a broken connection is found out by the event */
}

int ms_http_connection_write(struct ms_http_connection *connection, struct ms_str head,
                             struct ms_str body)
{
  size_t sent = write_now(connection, head, body);
  size_t head_sent = sent < head.len ? sent : head.len;
  struct ms_str head_left = ms_str_sub(head, head_sent, head.len);
  struct ms_str body_left = ms_str_sub(body, sent - head_sent, body.len);
  if (head_left.len == 0 && body_left.len == 0) {
    return MSTEP_OK;
  }
  struct evbuffer *output = bufferevent_get_output(connection->events);
  int failed = evbuffer_add(output, head_left.data, head_left.len);
  failed |= evbuffer_add(output, body_left.data, body_left.len);
  connection->buffered_bytes += head_left.len + body_left.len;
  connection->http->buffered_bytes += head_left.len + body_left.len;
  if (connection->unwritten == 0) {
    connection->unwritten = evbuffer_get_length(output);
    connection->written_at_us = ms_http_now_us();
  }
  return failed != 0 ? ms_error_nomem() : MSTEP_OK;
}

void ms_http_connection_answered(struct ms_http_connection *connection)
{
  ms_http_request_reuse(connection->request);
  if (connection->is_last || connection->http->is_stopping) {
    linger(connection);
    return;
  }
  enter(connection, MS_HTTP_IDLE);
  struct evbuffer *input = bufferevent_get_input(connection->events);
  bool has_more = evbuffer_get_length(input) > 0;
  if (!connection->is_reading && (has_more || connection->is_input_over)) {
    /* From the loop, not from inside the answer. */
    bufferevent_trigger(connection->events, EV_READ,
                        BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
  }
}

void ms_http_connection_retire(struct ms_http_connection *connection)
{
  connection->is_last = true;
  if (connection->phase == MS_HTTP_IDLE || connection->phase == MS_HTTP_GREETING) {
    linger(connection);
  }
}

/* ---- time -------------------------------------------------------------------------------------------- */

/* Whether the client takes too long over an answer. */
static bool is_write_stuck(struct ms_http_connection *connection, int64_t now_us)
{
  size_t unwritten = ms_http_connection_unwritten(connection);
  if (unwritten == 0 || unwritten != connection->unwritten) {
    connection->unwritten = unwritten;
    connection->written_at_us = now_us;
    return false;
  }
  return now_us - connection->written_at_us > (int64_t)connection->http->limits.write_ms * 1000;
}

static bool is_body_slow(const struct ms_http_connection *connection, int64_t elapsed_us)
{
  const struct ms_http_limits *limits = &connection->http->limits;
  int64_t allowed_us = (int64_t)limits->body_ms * 1000;
  if (limits->body_bytes_per_s > 0) {
    size_t received = connection->request->parser.body.len;
    allowed_us += (int64_t)(received * 1000000 / limits->body_bytes_per_s);
  }
  return elapsed_us > allowed_us;
}

void ms_http_connection_tick(struct ms_http_connection *connection, int64_t now_us)
{
  const struct ms_http_limits *limits = &connection->http->limits;
  int64_t elapsed_us = now_us - connection->phase_at_us;
  bool is_late = is_write_stuck(connection, now_us);
  switch (connection->phase) {
  case MS_HTTP_GREETING:
    is_late = is_late || elapsed_us > (int64_t)limits->head_ms * 1000;
    break;
  case MS_HTTP_IDLE:
    is_late = is_late || elapsed_us > (int64_t)limits->idle_ms * 1000;
    break;
  case MS_HTTP_READING_HEAD:
    if (!is_late && elapsed_us > (int64_t)limits->head_ms * 1000) {
      ms_http_refuse(connection, 408, "the headers take too long");
    }
    break;
  case MS_HTTP_READING_BODY:
    if (!is_late && is_body_slow(connection, elapsed_us)) {
      ms_http_refuse(connection, 408, "the body takes too long");
    }
    break;
  case MS_HTTP_LINGER:
    is_late = is_late || (connection->is_shut && elapsed_us > LINGER_US);
    break;
  case MS_HTTP_BUSY:
    break;
  }
  if (is_late) {
    ms_http_connection_free(connection);
  }
}

/* ---- opening ----------------------------------------------------------------------------------------- */

/* Fills in peer and address. */
static void note_address(struct ms_http_connection *connection, const struct sockaddr *address)
{
  char text[INET6_ADDRSTRLEN] = "?";
  int len = 0;
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    len = snprintf(connection->peer, sizeof connection->peer, "%s:%u", text,
                   (unsigned)ntohs(in->sin_port));
    connection->address_len = 4;
    memcpy(connection->address, &in->sin_addr, 4);
    connection->is_loopback = connection->address[0] == 127;
  } else if (address->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
    len = snprintf(connection->peer, sizeof connection->peer, "[%s]:%u", text,
                   (unsigned)ntohs(in6->sin6_port));
    connection->address_len = 8; /* one household has a /64 */
    memcpy(connection->address, &in6->sin6_addr, 8);
    connection->is_loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) != 0;
  }
  connection->peer_len = len > 0 ? (size_t)len : 0;
}

static bool count_address(struct ms_http *http, struct ms_http_connection *connection)
{
  struct ms_str key = {connection->address, connection->address_len};
  uintptr_t count = (uintptr_t)ms_map_get(&http->addresses, key);
  if (count >= http->limits.address_count) {
    http->stats.refused_count++;
    return false;
  }
  return ms_map_put(&http->addresses, key, (void *)(count + 1), NULL) == 0;
}

static struct bufferevent *events_new(struct ms_http_connection *connection)
{
  struct ms_http *http = connection->http;
  struct bufferevent *events =
      connection->is_tls
          ? ms_http_tls_events(http->tls, http->base, connection->fd)
          : bufferevent_socket_new(http->base, connection->fd, BEV_OPT_CLOSE_ON_FREE);
  if (events != NULL) {
    bufferevent_setcb(events, on_read, on_written, on_event, connection);
    bufferevent_setwatermark(events, EV_READ, 0, INPUT_BYTES_MAX);
    bufferevent_set_max_single_read(events, BODY_PIECE_BYTES);
    bufferevent_enable(events, EV_READ | EV_WRITE);
  }
  return events;
}

void ms_http_connection_open(struct ms_http *http, int fd, const struct sockaddr *address)
{
  struct ms_http_connection *connection = ms_calloc(1, sizeof *connection);
  if (connection == NULL) {
    close(fd);
    return;
  }
  connection->http = http;
  connection->fd = fd;
  connection->is_tls = http->tls != NULL;
  note_address(connection, address);
  bool is_counted = count_address(http, connection);
  if (!is_counted) {
    connection->address_len = 0;
  }
  connection->next = http->connections;
  connection->slot = &http->connections;
  if (http->connections != NULL) {
    http->connections->slot = &connection->next;
  }
  http->connections = connection;
  http->stats.connection_count++;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection->events = is_counted ? events_new(connection) : NULL;
  if (connection->events == NULL) {
    ms_http_forget_connection(http, connection);
    close(fd);
    ms_free(connection);
    return;
  }
  enter(connection, connection->is_tls ? MS_HTTP_GREETING : MS_HTTP_IDLE);
  connection->written_at_us = connection->phase_at_us;
  ms_http_start_ticking(http);
}
