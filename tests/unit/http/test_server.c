/* The server over sockets: requests and answers as they should be, limits, time, clients that leave. */
#include "mt.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "web.h"

#define H "Host: localhost\r\n"
#define CLOSE "Connection: close\r\n"

static void check_answer(const char *answer, int status, const char *body)
{
  if (web_status(answer) != status) {
    mt_fail("status %d, wanted %d: %s", web_status(answer), status, answer);
  }
  if (body != NULL) {
    mt_eq_str(web_body(answer), body);
  }
}

/* ---- requests and answers ---------------------------------------------------------------------------- */

MT_TEST(http_server__answers)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  const char *answer = WEB_EXCHANGE(&web, "GET /a?b=c HTTP/1.1\r\n" H CLOSE "\r\n");
  check_answer(answer, 200, "GET /a?b=c ");
  mt_ok(strstr(answer, "\r\nX-Echo: yes\r\n") != NULL);
  mt_ok(strstr(answer, "\r\nDate: ") != NULL);
  mt_ok(strstr(answer, " GMT\r\n") != NULL);
  mt_ok(strstr(answer, "\r\nConnection: close\r\n") != NULL);
  answer = WEB_EXCHANGE(&web, "POST / HTTP/1.1\r\n" H CLOSE "Content-Length: 3\r\n\r\nabc");
  check_answer(answer, 200, "POST / abc");
  web_wait(&web.accesses, 2);
  mt_eq_int(web.latest_status, 200);
  web_stop(&web);
}

MT_TEST(http_server__keeps_connections)
{
  struct web web;
  web_init(&web);
  web.options.limits.requests_per_connection = 3;
  web_start(&web);
  int fd = web_connect(&web);
  for (int i = 0; i < 2; i++) {
    WEB_SEND(fd, "GET / HTTP/1.1\r\n" H "\r\n");
    const char *answer = web_read_answer(fd);
    check_answer(answer, 200, "GET / ");
    mt_ok(strstr(answer, "Connection") == NULL);
  }
  WEB_SEND(fd, "GET / HTTP/1.1\r\n" H "\r\n");
  const char *last = web_read_all(fd, NULL);
  mt_ok(strstr(last, "Connection: close") != NULL);
  close(fd);
  web_stop(&web);
}

MT_TEST(http_server__http_1_0)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  const char *answer = WEB_EXCHANGE(&web, "GET / HTTP/1.0\r\n\r\n");
  check_answer(answer, 200, "GET / ");
  int fd = web_connect(&web);
  WEB_SEND(fd, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  answer = web_read_answer(fd);
  check_answer(answer, 200, "GET /1 ");
  mt_ok(strstr(answer, "Connection: keep-alive") != NULL);
  WEB_SEND(fd, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  answer = web_read_all(fd, NULL);
  check_answer(answer, 200, "one,two,three");
  mt_ok(strstr(answer, "chunked") == NULL);
  close(fd);
  web_stop(&web);
}

MT_TEST(http_server__pipelined_requests_are_answered_in_order)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd,
           "GET /1 HTTP/1.1\r\n" H "\r\nGET /hold HTTP/1.1\r\n" H "\r\n"
           "POST /3 HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nxGET /4 HTTP/1.1\r\n" H CLOSE "\r\n");
  web_wait(&web.held_count, 1);
  web_sleep(20);
  mt_eq_int(web.requests, 2); /* one at a time */
  web_release(&web);
  const char *answers = web_read_all(fd, NULL);
  mt_eq_int(web_count(answers, "HTTP/1.1 200 OK"), 4);
  const char *second = strstr(answers, "released");
  mt_ok(second != NULL && strstr(answers, "GET /1 ") < second);
  mt_ok(strstr(second, "POST /3 x") != NULL);
  mt_ok(strstr(strstr(second, "POST /3 x"), "GET /4 ") != NULL);
  close(fd);
  web_stop(&web);
}

MT_TEST(http_server__byte_by_byte)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  static const char text[] = "POST /a HTTP/1.1\r\n" H CLOSE
                             "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
  int fd = web_connect(&web);
  for (size_t i = 0; i < sizeof text - 1; i++) {
    web_send(fd, text + i, 1);
    web_sleep(1);
  }
  check_answer(web_read_all(fd, NULL), 200, "POST /a abc");
  close(fd);
  web_stop(&web);
}

MT_TEST(http_server__head_and_empty_answers)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  const char *answer = WEB_EXCHANGE(&web, "HEAD /a HTTP/1.1\r\n" H CLOSE "\r\n");
  check_answer(answer, 200, "");
  mt_ok(strstr(answer, "\r\nContent-Length: 8\r\n") != NULL);
  answer = WEB_EXCHANGE(&web, "HEAD /stream HTTP/1.1\r\n" H CLOSE "\r\n");
  check_answer(answer, 200, "");
  web_stop(&web);
}

MT_TEST(http_server__continue)
{
  struct web web;
  web_init(&web);
  web.options.limits.body_bytes = 100;
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd, "POST / HTTP/1.1\r\n" H CLOSE "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  mt_eq_str(web_read_answer(fd), "HTTP/1.1 100 Continue\r\n\r\n");
  WEB_SEND(fd, "ab");
  check_answer(web_read_all(fd, NULL), 200, "POST / ab");
  close(fd);
  /* too large: the client hears so before it sends the body */
  check_answer(WEB_EXCHANGE(&web, "POST / HTTP/1.1\r\n" H
                                  "Expect: 100-continue\r\nContent-Length: 101\r\n\r\n"),
               413, NULL);
  web_stop(&web);
}

MT_TEST(http_server__streams)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd, "GET /stream HTTP/1.1\r\n" H "\r\n");
  const char *answer = web_read_answer(fd);
  check_answer(answer, 200, "4\r\none,\r\n4\r\ntwo,\r\n5\r\nthree\r\n0\r\n\r\n");
  mt_ok(strstr(answer, "Content-Length") == NULL);
  WEB_SEND(fd, "GET /next HTTP/1.1\r\n" H "\r\n");
  check_answer(web_read_answer(fd), 200, "GET /next ");
  close(fd);
  web_stop(&web);
}

MT_TEST(http_server__large_bodies_both_ways)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  size_t size = (size_t)4 << 20;
  char *body = mt_keep(malloc(size));
  memset(body, 'x', size);
  int fd = web_connect(&web);
  const char *head = mt_format("POST / HTTP/1.1\r\n" H CLOSE "Content-Length: %zu\r\n\r\n", size);
  web_send(fd, head, strlen(head));
  web_send(fd, body, size);
  const char *answer = web_read_all(fd, NULL);
  mt_eq_int(web_status(answer), 200);
  mt_eq_int(strlen(web_body(answer)), size + strlen("POST / "));
  close(fd);
  web_stop(&web);
}

/* ---- what is refused --------------------------------------------------------------------------------- */

static void check_smuggled(struct web *web, const char *text, size_t len)
{
  int before = atomic_load(&web->requests);
  const char *answer = web_exchange(web, text, len);
  if (web_status(answer) != 400 || web_count(answer, "HTTP/1.1") != 1 ||
      atomic_load(&web->requests) != before) {
    mt_report("%d requests were handed over, the answer is %s",
              atomic_load(&web->requests) - before, answer);
  }
}

#define SMUGGLED "GET /smuggled HTTP/1.1\r\n" H "\r\n"

/* Each carries a second request where one of two readings of its length ends the first. */
MT_TEST(http_server__nothing_is_smuggled)
{
  static const char *const texts[] = {
      "POST / HTTP/1.1\r\n" H
      "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\r\n" H
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\r\n" H "Content-Length: 50\r\nContent-Length: 0\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\nContent-Length: 50\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\r\n" H "Content-Length : 50\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\r\n" H "X: y\r\n Content-Length: 50\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\r\n" H "X: y\nContent-Length: 50\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\r\n" H "X: y\rContent-Length: 50\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\n" H "\n" SMUGGLED,
      "POST / HTTP/1.0\r\n" H
      "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n" SMUGGLED,
      "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\n\r\n" SMUGGLED,
  };
  struct web web;
  web_init(&web);
  web_start(&web);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    check_smuggled(&web, texts[i], strlen(texts[i]));
  }
  static const char nul[] = "POST / HTTP/1.1\r\n" H "X: y\0\r\n\r\n" SMUGGLED;
  check_smuggled(&web, nul, sizeof nul - 1);
  web_stop(&web);
}

MT_TEST(http_server__sizes_are_limited)
{
  struct web web;
  web_init(&web);
  web.options.limits.head_bytes = 1000;
  web.options.limits.body_bytes = 1000;
  web.options.limits.memory_bytes = 20000;
  web_start(&web);
  char long_text[3000];
  memset(long_text, 'a', sizeof long_text);
  long_text[sizeof long_text - 1] = '\0';
  const char *text = mt_format("GET / HTTP/1.1\r\nA: %s\r\n\r\n", long_text);
  check_answer(web_exchange(&web, text, strlen(text)), 431, NULL);
  text = mt_format("GET /%s HTTP/1.1\r\n\r\n", long_text);
  check_answer(web_exchange(&web, text, strlen(text)), 414, NULL);
  text = mt_format("POST / HTTP/1.1\r\n" H "Content-Length: 2999\r\n\r\n%s", long_text);
  check_answer(web_exchange(&web, text, strlen(text)), 413, NULL);
  web_wait(&web.accesses, 3);
  mt_eq_int(web.latest_status, 413);
  mt_eq_int(web.requests, 0);
  web_stop(&web);
}

MT_TEST(http_server__memory_of_all_is_limited)
{
  struct web web;
  web_init(&web);
  web.options.limits.memory_bytes = 150000; /* one body, with room to grow, or the other */
  web_start(&web);
  static char text[120000];
  memset(text, 'a', sizeof text);
  int first = web_connect(&web);
  WEB_SEND(first, "POST / HTTP/1.1\r\n" H "Content-Length: 60001\r\n\r\n");
  web_send(first, text, 60000);
  web_sleep(100);
  int second = web_connect(&web);
  WEB_SEND(second, "POST / HTTP/1.1\r\n" H "Content-Length: 120001\r\n\r\n");
  web_send(second, text, sizeof text);
  check_answer(web_read_all(second, NULL), 503, NULL);
  close(second);
  WEB_SEND(first, "x");
  check_answer(web_read_answer(first), 200, NULL);
  close(first);
  web_stop(&web);
}

static void check_stats(struct web *web)
{
  struct ms_http_stats stats;
  ms_http_stats(web->http, &stats);
  if (stats.memory_bytes > (size_t)1 << 20 || stats.pending_count != 0) {
    web->error = mt_format("%zu bytes, %u pending", stats.memory_bytes, stats.pending_count);
  }
}

MT_TEST(http_server__memory_of_unread_answers_is_limited)
{
  struct web web;
  int fds[6];
  web_init(&web);
  web.options.limits.memory_bytes = (size_t)20 << 20; /* of answers of eight megabytes */
  web_start(&web);
  for (int i = 0; i < 6; i++) {
    fds[i] = web_connect(&web);
    WEB_SEND(fds[i], "GET /big HTTP/1.1\r\n" H CLOSE "\r\n");
  }
  web_wait(&web.accesses, 6);
  int whole = 0, refused = 0;
  for (int i = 0; i < 6; i++) {
    size_t len;
    const char *answer = web_read_all(fds[i], &len);
    whole += web_status(answer) == 200 && len > (size_t)8 << 20 ? 1 : 0;
    refused += web_status(answer) == 503 ? 1 : 0;
    close(fds[i]);
  }
  mt_eq_int(whole + refused, 6);
  mt_ok(whole >= 2 && refused >= 1);
  web_run(&web, check_stats);
  mt_ok(web.error == NULL);
  web_stop(&web);
}

/* Neither a hundred answers in the buffer, nor one that is cut because its client said all it had to say. */
MT_TEST(http_server__answers_that_pile_up)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  int fd = web_connect(&web);
  for (int i = 0; i < 3; i++) {
    WEB_SEND(fd, "GET /big HTTP/1.1\r\n" H "\r\n");
  }
  shutdown(fd, SHUT_WR);
  web_wait(&web.requests, 1);
  web_sleep(100);
  mt_eq_int(web.requests, 1); /* the next one waits until the first answer is taken */
  size_t len;
  web_read_all(fd, &len);
  mt_ok(len > (size_t)24 << 20);
  mt_eq_int(web.requests, 3);
  close(fd);
  web_stop(&web);
}

MT_TEST(http_server__waiting_requests_are_limited)
{
  struct web web;
  web_init(&web);
  web.options.limits.pending_count = 1;
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd, "GET /hold HTTP/1.1\r\n" H "\r\n");
  web_wait(&web.held_count, 1);
  check_answer(WEB_EXCHANGE(&web, "GET / HTTP/1.1\r\n" H "\r\n"), 503, NULL);
  web_release(&web);
  check_answer(web_read_answer(fd), 200, "released");
  close(fd);
  web_stop(&web);
}

MT_TEST(http_server__connections_are_limited)
{
  struct web web;
  web_init(&web);
  web.options.limits.connection_count = 2;
  web_start(&web);
  int idle = web_connect(&web);
  WEB_SEND(idle, "GET / HTTP/1.1\r\n" H "\r\n");
  check_answer(web_read_answer(idle), 200, NULL);
  int busy = web_connect(&web);
  WEB_SEND(busy, "GET /hold HTTP/1.1\r\n" H "\r\n");
  web_wait(&web.held_count, 1);
  /* the idle one gives way */
  int third = web_connect(&web);
  WEB_SEND(third, "GET /hold HTTP/1.1\r\n" H "\r\n");
  web_wait(&web.held_count, 2);
  mt_eq_str(web_read_all(idle, NULL), "");
  /* nobody is idle: the fourth is turned away */
  mt_eq_str(WEB_EXCHANGE(&web, "GET / HTTP/1.1\r\n" H "\r\n"), "");
  web_release(&web);
  check_answer(web_read_answer(busy), 200, "released");
  check_answer(web_read_answer(third), 200, "released");
  close(idle);
  close(busy);
  close(third);
  web_stop(&web);
}

MT_TEST(http_server__connections_of_one_address_are_limited)
{
  struct web web;
  web_init(&web);
  web.options.limits.address_count = 2;
  web_start(&web);
  int fds[2] = {web_connect(&web), web_connect(&web)};
  mt_eq_str(WEB_EXCHANGE(&web, "GET / HTTP/1.1\r\n" H "\r\n"), "");
  close(fds[0]);
  web_sleep(100);
  check_answer(WEB_EXCHANGE(&web, "GET / HTTP/1.1\r\n" H CLOSE "\r\n"), 200, NULL);
  close(fds[1]);
  web_stop(&web);
}

/* ---- time -------------------------------------------------------------------------------------------- */

MT_TEST(http_server__slow_clients_are_cut)
{
  struct web web;
  web_init(&web);
  web.options.limits.head_ms = 300;
  web.options.limits.body_ms = 300;
  web.options.limits.body_bytes_per_s = 1000000;
  web.options.limits.idle_ms = 300;
  web_start(&web);
  int idle = web_connect(&web);
  int head = web_connect(&web);
  int body = web_connect(&web);
  WEB_SEND(body, "POST / HTTP/1.1\r\n" H "Content-Length: 1000\r\n\r\n");
  /* a byte now and then does not help */
  for (int i = 0; i < 8; i++) {
    WEB_SEND(head, "A");
    WEB_SEND(body, "a");
    web_sleep(100);
  }
  check_answer(web_read_all(head, NULL), 408, NULL);
  check_answer(web_read_all(body, NULL), 408, NULL);
  mt_eq_str(web_read_all(idle, NULL), "");
  mt_eq_int(web.requests, 0);
  close(idle);
  close(head);
  close(body);
  web_stop(&web);
}

MT_TEST(http_server__a_slow_but_steady_body_is_read)
{
  struct web web;
  web_init(&web);
  web.options.limits.body_ms = 100;
  web.options.limits.body_bytes_per_s = 1000;
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd, "POST / HTTP/1.1\r\n" H CLOSE "Content-Length: 1000\r\n\r\n");
  char piece[200];
  memset(piece, 'a', sizeof piece);
  for (int i = 0; i < 5; i++) {
    web_send(fd, piece, sizeof piece);
    web_sleep(120);
  }
  check_answer(web_read_all(fd, NULL), 200, NULL);
  close(fd);
  web_stop(&web);
}

MT_TEST(http_server__who_does_not_read_is_cut)
{
  struct web web;
  web_init(&web);
  web.options.limits.write_ms = 300;
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd, "GET /big HTTP/1.1\r\n" H "\r\n");
  web_wait(&web.requests, 1);
  web_sleep(1200);
  struct ms_buf all;
  ms_buf_init(&all, 0);
  size_t len;
  web_read_all(fd, &len);
  mt_ok(len < (size_t)8 << 20);
  close(fd);
  web_stop(&web);
}

/* ---- clients that leave ------------------------------------------------------------------------------ */

MT_TEST(http_server__a_client_that_leaves_is_noticed)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  int closed = web_connect(&web);
  int reset = web_connect(&web);
  WEB_SEND(closed, "GET /hold HTTP/1.1\r\n" H "\r\n");
  WEB_SEND(reset, "GET /hold HTTP/1.1\r\n" H "\r\n");
  web_wait(&web.held_count, 2);
  close(closed);
  web_wait(&web.gone, 1);
  struct linger hard = {1, 0};
  setsockopt(reset, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close(reset);
  web_wait(&web.gone, 2);
  mt_eq_int(web.held_count, 0);
  check_answer(WEB_EXCHANGE(&web, "GET / HTTP/1.1\r\n" H CLOSE "\r\n"), 200, NULL);
  web_stop(&web);
}

MT_TEST(http_server__a_half_closed_client_gets_its_answer)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd, "GET /1 HTTP/1.1\r\n" H "\r\nGET /hold HTTP/1.1\r\n" H "\r\nGET /3 HTTP/1.1\r\n" H
               "\r\n");
  shutdown(fd, SHUT_WR);
  const char *answers = web_read_all(fd, NULL);
  mt_eq_int(web_count(answers, "HTTP/1.1 200"), 3);
  mt_ok(strstr(answers, "too late") != NULL); /* it was told, and answered */
  mt_eq_int(web.gone, 1);
  close(fd);
  /* in the middle of a request there is nothing to answer */
  fd = web_connect(&web);
  WEB_SEND(fd, "GET / HTTP/1.1\r\nHos");
  shutdown(fd, SHUT_WR);
  mt_eq_str(web_read_all(fd, NULL), "");
  close(fd);
  web_stop(&web);
}

/* ---- browsers ---------------------------------------------------------------------------------------- */

MT_TEST(http_server__strange_hosts_and_origins)
{
  static const struct {
    const char *headers;
    int status;
  } rows[] = {
      {"Host: 127.0.0.1:8083\r\n", 200},
      {"Host: [::1]:8083\r\n", 200},
      {"Host: LOCALHOST:1\r\n", 200},
      {"Host: abc.lambda-url.us-east-1.localhost:1\r\n", 200},
      {"Host: sync-localhost\r\n", 200},
      {"Host: mine.test\r\n", 200},
      {"Host: evil.test\r\n", 421},
      {"Host: localhost.evil.test\r\n", 421},
      {"Host: notlocalhost\r\n", 421},
      {"Host: 1.2.3.4.evil.test\r\n", 421},
      {H "Origin: http://localhost\r\n", 200},
      {H "Origin: https://localhost\r\n", 200},
      {H "Origin: http://localhost:81\r\n", 403},
      {H "Origin: http://evil.test\r\n", 403},
      {H "Origin: null\r\n", 403},
  };
  struct web web;
  web_init(&web);
  web.options.hosts = "other.test,mine.test";
  web_start(&web);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *text = mt_format("POST / HTTP/1.1\r\n%s" CLOSE "\r\n", rows[i].headers);
    const char *answer = web_exchange(&web, text, strlen(text));
    if (web_status(answer) != rows[i].status) {
      mt_report("%s: %d", rows[i].headers, web_status(answer));
    }
    mt_ok(strstr(answer, "Access-Control") == NULL);
  }
  /* a page may look at what it could not change, but gets no permission to read it */
  const char *answer =
      WEB_EXCHANGE(&web, "GET / HTTP/1.1\r\n" H "Origin: http://evil.test\r\n" CLOSE "\r\n");
  check_answer(answer, 200, NULL);
  mt_ok(strstr(answer, "Access-Control") == NULL);
  web_stop(&web);
}

MT_TEST(http_server__cors)
{
  struct web web;
  web_init(&web);
  web.options.allow_origin = "http://page.test";
  web_start(&web);
#define PREFLIGHT "OPTIONS /a HTTP/1.1\r\n" H CLOSE "Access-Control-Request-Method: POST\r\n"
  const char *answer =
      WEB_EXCHANGE(&web, PREFLIGHT "Origin: http://page.test\r\n"
                                   "Access-Control-Request-Headers: x-amz-target\r\n\r\n");
  check_answer(answer, 204, "");
  mt_ok(strstr(answer, "Access-Control-Allow-Origin: http://page.test\r\n") != NULL);
  mt_ok(strstr(answer, "Access-Control-Allow-Headers: x-amz-target\r\n") != NULL);
  mt_ok(strstr(answer, "Content-Length") == NULL);
  answer = WEB_EXCHANGE(&web, PREFLIGHT "Origin: http://other.test\r\n\r\n");
  check_answer(answer, 200, "OPTIONS /a ");
  mt_ok(strstr(answer, "Access-Control") == NULL);
  answer = WEB_EXCHANGE(&web, "POST / HTTP/1.1\r\n" H CLOSE "Origin: http://page.test\r\n\r\n");
  check_answer(answer, 200, NULL);
  mt_ok(strstr(answer, "Access-Control-Allow-Origin: http://page.test\r\n") != NULL);
  web_stop(&web);
}

/* ---- beginning and end ------------------------------------------------------------------------------- */

MT_TEST(http_server__beyond_loopback_only_with_credentials)
{
  struct web web;
  web_init(&web);
  web.options.address = "0.0.0.0";
  mt_eq_int(web_try_start(&web), MSTEP_EINVALID);
  mt_ok(strstr(ms_error_detail(), "0.0.0.0") != NULL);
  mt_ok(strstr(ms_error_detail(), "credentials") != NULL);
  web.options.address = "::";
  mt_eq_int(web_try_start(&web), MSTEP_EINVALID);
  web.options.address = "no such host .";
  mt_eq_int(web_try_start(&web), MSTEP_EINVALID);
  web.options.address = "0.0.0.0";
  web.options.has_credentials = true;
  web_start(&web);
  /* under any name */
  check_answer(WEB_EXCHANGE(&web, "GET / HTTP/1.1\r\nHost: any.test\r\n" CLOSE "\r\n"), 200, NULL);
  web_stop(&web);
}

MT_TEST(http_server__a_port_that_is_taken)
{
  struct web web, second;
  web_init(&web);
  web_start(&web);
  web_init(&second);
  second.options.port = web.port;
  mt_eq_int(web_try_start(&second), MSTEP_EIO);
  mt_ok(strstr(ms_error_detail(), mt_format("port %u", web.port)) != NULL);
  web_stop(&web);
}

MT_TEST(http_server__simulated_time_has_no_sockets)
{
  struct ms_http_options options = {.on_request = NULL};
  struct ms_http *http;
  mt_eq_int(ms_loop_sim_new(&options.loop, 1), 0);
  mt_eq_int(ms_http_new(&http, &options), MSTEP_EUNSUPPORTED);
  mt_ok(http == NULL);
  ms_loop_free(options.loop);
}

static void begin_stop(struct web *web)
{
  ms_http_stop(web->http, 60000, NULL, NULL);
}

MT_TEST(http_server__stops_when_all_is_answered)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  int idle = web_connect(&web);
  WEB_SEND(idle, "GET / HTTP/1.1\r\n" H "\r\n");
  check_answer(web_read_answer(idle), 200, NULL);
  int busy = web_connect(&web);
  WEB_SEND(busy, "GET /hold HTTP/1.1\r\n" H "\r\n");
  web_wait(&web.held_count, 1);
  web_run(&web, begin_stop);
  mt_eq_str(web_read_all(idle, NULL), "");
  close(idle);
  web_release(&web);
  const char *answer = web_read_all(busy, NULL);
  check_answer(answer, 200, "released");
  mt_ok(strstr(answer, "Connection: close") != NULL);
  close(busy);
  pthread_join(web.thread, NULL); /* nothing held the loop any more */
}

MT_TEST(http_server__stop_has_a_deadline)
{
  struct web web;
  web_init(&web);
  web.stop_ms = 100;
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd, "GET /hold HTTP/1.1\r\n" H "\r\n");
  web_wait(&web.held_count, 1);
  web_stop(&web); /* the handler is told that the client is gone, and answers into nothing */
  mt_eq_int(web.gone, 1);
  mt_eq_str(web_read_all(fd, NULL), "");
  close(fd);
}

static void check_bad_answers(struct web *web)
{
  static const struct ms_field bad[] = {
      {{"X", 1}, {"a\r\nSet-Cookie: b", 16}}, {{"X", 1}, {"a\nb", 3}}, {{"X", 1}, {"a\0b", 3}},
      {{"X: y\r\nZ", 7}, {"a", 1}},           {{"", 0}, {"a", 1}},     {{"X Y", 3}, {"a", 1}},
  };
  struct ms_http_request *request = web->held[0];
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    if (ms_http_reply(request, 200, &bad[i], 1, MS_STR("")) != MSTEP_EINVALID ||
        ms_http_reply_start(request, 200, &bad[i], 1) != MSTEP_EINVALID) {
      web->error = mt_format("header %zu was taken", i);
    }
  }
  if (ms_http_reply(request, 100, NULL, 0, MS_STR("")) != MSTEP_EINVALID) {
    web->error = mt_format("status 100 was taken");
  }
  atomic_store(&web->held_count, 0);
  /* framing is the server's, whatever the owner says */
  const struct ms_field own[] = {{MS_STR("content-length"), MS_STR("1")},
                                 {MS_STR("Transfer-Encoding"), MS_STR("chunked")},
                                 {MS_STR("connection"), MS_STR("upgrade")}};
  (void)ms_http_reply(request, 200, own, 3, MS_STR("whole"));
}

MT_TEST(http_server__answers_cannot_be_split)
{
  struct web web;
  web_init(&web);
  web_start(&web);
  int fd = web_connect(&web);
  WEB_SEND(fd, "GET /hold HTTP/1.1\r\n" H "\r\n");
  web_wait(&web.held_count, 1);
  web_run(&web, check_bad_answers);
  const char *answer = web_read_answer(fd);
  check_answer(answer, 200, "whole");
  mt_eq_int(web_count(answer, "ontent-"), 1);
  mt_ok(strstr(answer, "chunked") == NULL && strstr(answer, "upgrade") == NULL);
  mt_ok(web.error == NULL);
  close(fd);
  web_stop(&web);
}

/* ---- memory that runs out ---------------------------------------------------------------------------- */

struct one_request {
  struct ms_loop *loop;
  char answer[1024];
  ssize_t len;
};

static void on_answer(int fd, unsigned events, void *user)
{
  struct one_request *one = user;
  (void)events;
  one->len = recv(fd, one->answer, sizeof one->answer - 1, 0);
  ms_loop_watch(one->loop, fd, 0, NULL, NULL);
  ms_loop_stop(one->loop);
}

static void answer_one(struct ms_http_request *request, void *user)
{
  (void)user;
  (void)ms_http_reply(request, 200, NULL, 0, ms_http_message(request)->body);
}

/* A server, a request, an answer or a closed connection: on one thread, so that every allocation counts. */
static int serve_one(void *user)
{
  struct one_request *one = user;
  struct ms_http_options options = {.on_request = answer_one};
  struct ms_http *http = NULL;
  int fd = -1;
  ms_http_limits_init(&options.limits);
  int err = ms_loop_libevent_new(&one->loop, NULL);
  if (err == 0) {
    options.loop = one->loop;
    err = ms_http_new(&http, &options);
  }
  if (err == 0) {
    struct web web = {.port = ms_http_port(http)};
    fd = web_connect(&web);
    err = ms_loop_watch(one->loop, fd, MS_LOOP_READ, on_answer, one);
  }
  if (err == 0) {
    WEB_SEND(fd, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello");
    one->len = 0;
    err = ms_loop_run(one->loop);
  }
  if (err == 0) {
    one->answer[one->len > 0 ? one->len : 0] = '\0';
    err = strstr(one->answer, "200 OK") != NULL && strstr(one->answer, "hello") != NULL
              ? MSTEP_OK
              : MSTEP_ENOMEM;
  }
  ms_http_free(http);
  if (one->loop != NULL) {
    ms_loop_free(one->loop);
    one->loop = NULL;
  }
  if (fd >= 0) {
    close(fd);
  }
  return err;
}

MT_TEST(http_server__out_of_memory)
{
  struct one_request one = {NULL, "", 0};
  mt_ok(mt_oom(serve_one, &one) > 8);
}
