/* The server's thread, and the plainest client there is. */
#include "web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "mt.h"

#define PATIENCE_MS 5000
#define BIG_BYTES ((size_t)8 << 20)

/* ---- the server's side ------------------------------------------------------------------------------- */

static void on_gone(struct ms_http_request *request, void *user)
{
  struct web *web = user;
  for (int i = 0; i < atomic_load(&web->held_count); i++) {
    if (web->held[i] == request) {
      web->held[i] = web->held[atomic_load(&web->held_count) - 1];
      atomic_fetch_sub(&web->held_count, 1);
    }
  }
  (void)ms_http_reply(request, 200, NULL, 0, MS_STR("too late"));
  atomic_fetch_add(&web->gone, 1);
}

static void answer_in_parts(struct ms_http_request *request)
{
  const struct ms_field header = {MS_STR("X-Parts"), MS_STR("3")};
  (void)ms_http_reply_start(request, 200, &header, 1);
  (void)ms_http_reply_send(request, MS_STR("one,"));
  (void)ms_http_reply_send(request, MS_STR(""));
  (void)ms_http_reply_send(request, MS_STR("two,"));
  (void)ms_http_reply_send(request, MS_STR("three"));
  ms_http_reply_end(request);
}

static void answer_big(struct ms_http_request *request)
{
  char *body = calloc(1, BIG_BYTES);
  (void)ms_http_reply(request, 200, NULL, 0, (struct ms_str){body, BIG_BYTES});
  free(body);
}

static void echo(struct ms_http_request *request)
{
  const struct ms_http_message *m = ms_http_message(request);
  struct ms_buf body;
  ms_buf_init(&body, 0);
  ms_buf_str(&body, m->method);
  ms_buf_char(&body, ' ');
  ms_buf_str(&body, m->path);
  if (m->query.data != NULL) {
    ms_buf_char(&body, '?');
    ms_buf_str(&body, m->query);
  }
  ms_buf_char(&body, ' ');
  ms_buf_str(&body, m->body);
  const struct ms_field header = {MS_STR("X-Echo"), MS_STR("yes")};
  (void)ms_http_reply(request, 200, &header, 1, ms_buf_view(&body));
  ms_buf_deinit(&body);
}

static void on_request(struct ms_http_request *request, void *user)
{
  struct web *web = user;
  struct ms_str path = ms_http_message(request)->path;
  if (ms_str_is(path, "/hold") && atomic_load(&web->held_count) < 16) {
    ms_http_on_gone(request, on_gone, web);
    web->held[atomic_fetch_add(&web->held_count, 1)] = request;
  } else if (ms_str_is(path, "/stream")) {
    answer_in_parts(request);
  } else if (ms_str_is(path, "/big")) {
    answer_big(request);
  } else {
    echo(request);
  }
  atomic_fetch_add(&web->requests, 1);
}

static void on_access(const struct ms_http_access *access, void *user)
{
  struct web *web = user;
  atomic_store(&web->latest_status, access->status);
  atomic_fetch_add(&web->accesses, 1);
}

static void release_held(struct web *web)
{
  while (atomic_load(&web->held_count) > 0) {
    struct ms_http_request *request = web->held[atomic_fetch_sub(&web->held_count, 1) - 1];
    (void)ms_http_reply(request, 200, NULL, 0, MS_STR("released"));
  }
}

static void on_stopped(void *user)
{
  struct web *web = user;
  atomic_store(&web->stopped, 1);
  ms_loop_stop(web->loop);
}

static void on_wake(void *user)
{
  struct web *web = user;
  if (web->on_loop != NULL) {
    web->on_loop(web);
    web->on_loop = NULL;
    atomic_store(&web->is_run_done, true);
  } else if (atomic_load(&web->is_ending)) {
    ms_http_stop(web->http, web->stop_ms, on_stopped, web);
  }
}

static void *serve(void *user)
{
  struct web *web = user;
  (void)ms_loop_run(web->loop);
  if (web->close != NULL) {
    web->close(web);
  } else {
    ms_http_free(web->http);
  }
  release_held(web);
  ms_loop_free(web->loop);
  return NULL;
}

void web_init(struct web *web)
{
  memset(web, 0, sizeof *web);
  web->stop_ms = 2000;
  ms_http_limits_init(&web->options.limits);
  web->options.on_request = on_request;
  web->options.on_access = on_access;
  web->options.user = web;
  web->options.access_user = web;
}

int web_try_start(struct web *web)
{
  mt_eq_int(ms_loop_libevent_new(&web->loop, NULL), 0);
  const struct ms_loop_callbacks callbacks = {NULL, NULL, on_wake, web};
  ms_loop_set_callbacks(web->loop, &callbacks);
  web->options.loop = web->loop;
  int err = web->open != NULL ? web->open(web) : ms_http_new(&web->http, &web->options);
  if (err != 0) {
    ms_loop_free(web->loop);
    return err;
  }
  web->port = ms_http_port(web->http);
  mt_eq_int(pthread_create(&web->thread, NULL, serve, web), 0);
  return 0;
}

void web_start(struct web *web)
{
  if (web_try_start(web) != 0) {
    mt_fail("no server: %s", ms_error_detail());
  }
}

void web_sleep(unsigned ms)
{
  struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&time, NULL);
}

void web_wait(atomic_int *counter, int wanted)
{
  for (int i = 0; i < PATIENCE_MS; i++) {
    if (atomic_load(counter) >= wanted) {
      return;
    }
    web_sleep(1);
  }
  mt_fail("waited for %d, there are %d", wanted, atomic_load(counter));
}

void web_run(struct web *web, void (*on_loop)(struct web *web))
{
  atomic_store(&web->is_run_done, false);
  web->on_loop = on_loop;
  ms_loop_wake(web->loop);
  for (int i = 0; i < PATIENCE_MS && !atomic_load(&web->is_run_done); i++) {
    web_sleep(1);
  }
  mt_ok(atomic_load(&web->is_run_done));
}

void web_release(struct web *web)
{
  web_run(web, release_held);
}

void web_stop(struct web *web)
{
  atomic_store(&web->is_ending, true);
  ms_loop_wake(web->loop);
  pthread_join(web->thread, NULL);
  mt_eq_int(atomic_load(&web->stopped), 1);
}

/* ---- the client's side ------------------------------------------------------------------------------- */

int web_connect(const struct web *web)
{
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(web->port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  mt_ok(fd >= 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    mt_fail("connect: %s", strerror(errno));
  }
  return fd;
}

/* A server that refuses may close before all is sent: no failure here, its answer tells. */
void web_send(int fd, const char *data, size_t len)
{
  while (len > 0) {
    ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    data += sent;
    len -= (size_t)sent;
  }
}

/* More bytes behind those there are; false at the end, or when nothing comes in time. */
static bool read_more(int fd, struct ms_buf *buf)
{
  struct pollfd ready = {fd, POLLIN, 0};
  char piece[65536];
  if (poll(&ready, 1, PATIENCE_MS) != 1) {
    mt_fail("nothing came after: %s", buf->data == NULL ? "" : buf->data);
  }
  ssize_t got = recv(fd, piece, sizeof piece, 0);
  if (got > 0) {
    ms_buf_put(buf, piece, (size_t)got);
  }
  return got > 0;
}

static char *keep(struct ms_buf *buf, size_t *len)
{
  char *copy = mt_keep(malloc(buf->len + 1));
  if (buf->len > 0) {
    memcpy(copy, buf->data, buf->len);
  }
  copy[buf->len] = '\0';
  if (len != NULL) {
    *len = buf->len;
  }
  ms_buf_deinit(buf);
  return copy;
}

char *web_read_all(int fd, size_t *len)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  while (read_more(fd, &buf)) {
  }
  return keep(&buf, len);
}

static bool is_complete(const char *text, size_t len)
{
  const char *end = strstr(text, "\r\n\r\n");
  if (end == NULL) {
    return false;
  }
  const char *length = strstr(text, "Content-Length: ");
  if (length != NULL && length < end) {
    return len >= (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10);
  }
  const char *chunked = strstr(text, "Transfer-Encoding: chunked");
  return chunked == NULL || chunked > end || strstr(end, "\r\n0\r\n\r\n") != NULL;
}

char *web_read_answer(int fd)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  while (read_more(fd, &buf) && !is_complete(buf.data, buf.len)) {
  }
  return keep(&buf, NULL);
}

char *web_exchange(const struct web *web, const char *data, size_t len)
{
  int fd = web_connect(web);
  web_send(fd, data, len);
  char *answer = web_read_all(fd, NULL);
  close(fd);
  return answer;
}

int web_status(const char *answer)
{
  return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

const char *web_body(const char *answer)
{
  const char *end = strstr(answer, "\r\n\r\n");
  return end == NULL ? "" : end + 4;
}

size_t web_count(const char *text, const char *part)
{
  size_t count = 0;
  for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}
