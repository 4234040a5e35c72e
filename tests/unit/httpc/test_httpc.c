/*
 * Outgoing requests against a server that writes what it is told to: what arrives there, what comes back,
 * and every way in which it can fail.
 */
#include "mt.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/sigv4.h"
#include "httpc/httpc.h"
#include "peer.h"

/* ---- a client and what it heard ---------------------------------------------------------------------- */

struct client {
  struct ms_loop *loop;
  struct ms_httpc *httpc;
  struct ms_httpc_options options;
  int done;
  enum ms_httpc_failure failure;
  char text[512];
  int status;
  char reason[64];
  char headers[1024];
  char body[4096];
  size_t body_len;
};

static void on_timer(void *user)
{
  struct client *c = user;
  ms_httpc_on_timer(c->httpc);
}

static void client_open(struct client *c)
{
  mt_eq_int(ms_loop_libevent_new(&c->loop, NULL), 0);
  const struct ms_loop_callbacks callbacks = {on_timer, NULL, NULL, c};
  ms_loop_set_callbacks(c->loop, &callbacks);
  c->options.loop = c->loop;
  mt_eq_int(ms_httpc_new(&c->httpc, &c->options), 0);
}

static void client_close(struct client *c)
{
  ms_httpc_free(c->httpc);
  ms_loop_free(c->loop);
}

static void on_done(const struct ms_httpc_result *result, void *user)
{
  struct client *c = user;
  c->done++;
  c->failure = result->failure;
  c->status = result->status;
  snprintf(c->text, sizeof c->text, "%s", result->text);
  snprintf(c->reason, sizeof c->reason, "%.*s", MS_STR_ARG(result->reason));
  size_t at = 0;
  c->headers[0] = '\0';
  for (size_t i = 0; i < result->header_count; i++) {
    at +=
        (size_t)snprintf(c->headers + at, sizeof c->headers - at, "%.*s=%.*s;",
                         MS_STR_ARG(result->headers[i].name), MS_STR_ARG(result->headers[i].value));
  }
  c->body_len = result->body.len;
  snprintf(c->body, sizeof c->body, "%.*s", MS_STR_ARG(result->body));
}

static void send_it(struct client *c, const struct ms_httpc_request *request)
{
  int before = c->done;
  mt_eq_int(ms_httpc_send(NULL, c->httpc, request, on_done, c), 0);
  mt_eq_int(c->done, before); /* never from inside */
  mt_eq_int(ms_loop_run(c->loop), 0);
  mt_eq_int(c->done, before + 1);
  mt_eq_int(ms_httpc_pending(c->httpc), 0);
}

static struct ms_httpc_request get(const struct peer *peer, const char *path)
{
  return (struct ms_httpc_request){
      .method = MS_STR("GET"),
      .url = ms_str_c(mt_format("http://127.0.0.1:%u%s", peer->port, path))};
}

#define OK200 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-One: a\r\nX-Empty:\r\nX-One: b\r\n\r\nhi"

/* ---- answers ----------------------------------------------------------------------------------------- */

MT_TEST(httpc__sends_what_was_asked_for_and_nothing_else)
{
  struct peer peer;
  struct client c = {0};
  peer_start(&peer, OK200);
  client_open(&c);
  struct ms_httpc_request request = get(&peer, "/a%20b?c=d");
  send_it(&c, &request);
  peer_join(&peer);
  mt_eq_str(peer.got[0],
            mt_format("GET /a%%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", peer.port));
  mt_eq_int(c.failure, MS_HTTPC_OK);
  mt_eq_int(c.status, 200);
  mt_eq_str(c.reason, "OK");
  mt_eq_str(c.headers, "Content-Length=2;X-One=a;X-Empty=;X-One=b;");
  mt_eq_str(c.body, "hi");
  mt_eq_str(c.text, "");
  client_close(&c);
}

MT_TEST(httpc__headers_and_bodies)
{
  struct peer peer;
  struct client c = {0};
  peer_start(&peer, "HTTP/1.1 404 Not Here\r\nContent-Length: 0\r\n\r\n");
  client_open(&c);
  const struct ms_field headers[] = {{MS_STR("X-A"), MS_STR("1")},
                                     {MS_STR("X-Empty"), MS_STR("")},
                                     {MS_STR("Content-Type"), MS_STR("text/plain")},
                                     {MS_STR("Accept"), MS_STR("a/b")}};
  struct ms_httpc_request request = get(&peer, "/");
  request.method = MS_STR("PATCH");
  request.headers = headers;
  request.header_count = 4;
  request.body = MS_STR("some text");
  send_it(&c, &request);
  peer_join(&peer);
  mt_eq_str(peer.got[0],
            mt_format("PATCH / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nX-A: 1\r\nX-Empty:\r\n"
                      "Content-Type: text/plain\r\nAccept: a/b\r\n"
                      "Content-Length: 9\r\n\r\nsome text",
                      peer.port));
  mt_eq_int(c.status, 404); /* an answer like any other */
  mt_eq_str(c.reason, "Not Here");
  mt_eq_str(c.body, "");
  client_close(&c);
}

MT_TEST(httpc__methods)
{
  static const char *const rows[][3] = {
      {"POST", "", "POST / HTTP/1.1\r\n"},       {"PUT", "x", "PUT / HTTP/1.1\r\n"},
      {"DELETE", "", "DELETE / HTTP/1.1\r\n"},   {"GET", "x", "GET / HTTP/1.1\r\n"},
      {"OPTIONS", "", "OPTIONS / HTTP/1.1\r\n"}, {"HEAD", "", "HEAD / HTTP/1.1\r\n"},
  };
  struct client c = {0};
  client_open(&c);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct peer peer;
    bool is_head = strcmp(rows[i][0], "HEAD") == 0;
    peer_start(&peer, is_head ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" : OK200);
    struct ms_httpc_request request = get(&peer, "/");
    request.method = ms_str_c(rows[i][0]);
    request.body = ms_str_c(rows[i][1]);
    send_it(&c, &request);
    peer_join(&peer);
    mt_eq_int(c.failure, MS_HTTPC_OK);
    mt_eq_str(c.body, is_head ? "" : "hi");
    if (strncmp(peer.got[0], rows[i][2], strlen(rows[i][2])) != 0 ||
        strstr(peer.got[0], "Expect") != NULL || strstr(peer.got[0], "Content-Type") != NULL) {
      mt_report("%s: %s", rows[i][0], peer.got[0]);
    }
  }
  client_close(&c);
}

MT_TEST(httpc__connections_are_kept)
{
  struct peer peer;
  struct client c = {0};
  /* both answers go out on the first connection: the second request can only come over it */
  peer_start(&peer, OK200);
  client_open(&c);
  struct ms_httpc_request request = get(&peer, "/");
  send_it(&c, &request);
  mt_eq_int(c.status, 200);
  peer_join(&peer);
  send_it(&c, &request); /* it was closed meanwhile: tried anew, and nobody is there */
  mt_eq_int(c.failure, MS_HTTPC_CONNECT);
  client_close(&c);
}

MT_TEST(httpc__chunks_and_interim_answers)
{
  struct peer peer;
  struct client c = {0};
  peer_start(&peer, "HTTP/1.1 100 Continue\r\nX-Not: this\r\n\r\nHTTP/1.1 200 OK\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  client_open(&c);
  struct ms_httpc_request request = get(&peer, "/");
  send_it(&c, &request);
  peer_join(&peer);
  mt_eq_str(c.body, "abc");
  mt_eq_str(c.headers, "Transfer-Encoding=chunked;");
  client_close(&c);
}

MT_TEST(httpc__redirects_only_when_asked_for)
{
  struct peer target, peer;
  struct client c = {0};
  client_open(&c);
  peer_start(&target, OK200);
  const char *moved = mt_format("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/there\r\n"
                                "Content-Length: 0\r\nConnection: close\r\n\r\n",
                                target.port);
  peer_start(&peer, moved);
  struct ms_httpc_request request = get(&peer, "/");
  send_it(&c, &request);
  peer_join(&peer);
  mt_eq_int(c.status, 302);
  peer_start(&peer, moved);
  request = get(&peer, "/");
  request.redirects = 1;
  send_it(&c, &request);
  peer_join(&peer);
  peer_join(&target);
  mt_eq_int(c.status, 200);
  mt_eq_str(c.headers, "Content-Length=2;X-One=a;X-Empty=;X-One=b;");
  mt_eq_int(strncmp(target.got[0], "GET /there ", 11), 0);
  peer_start(&peer,
             "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
  request = get(&peer, "/");
  request.redirects = 1;
  send_it(&c, &request);
  peer_join(&peer);
  mt_eq_int(c.failure, MS_HTTPC_BROKEN);
  client_close(&c);
}

/* ---- failures ---------------------------------------------------------------------------------------- */

static void check_failure(struct client *c, const struct ms_httpc_request *request,
                          enum ms_httpc_failure failure)
{
  send_it(c, request);
  if (c->failure != failure || c->text[0] == '\0' || c->status != 0) {
    mt_fail("wanted %s, got %s: %s", ms_httpc_failure_name(failure),
            ms_httpc_failure_name(c->failure), c->text);
  }
}

MT_TEST(httpc__nobody_there)
{
  struct peer peer = {.count = 0};
  struct client c = {0};
  client_open(&c);
  peer_open(&peer);
  close(peer.listener);
  struct ms_httpc_request request = get(&peer, "/");
  check_failure(&c, &request, MS_HTTPC_CONNECT);
  request.url = MS_STR("http://no-such-host.invalid/");
  check_failure(&c, &request, MS_HTTPC_DNS);
  client_close(&c);
}

MT_TEST(httpc__silence)
{
  struct peer peer;
  struct client c = {0};
  peer_start(&peer, NULL);
  client_open(&c);
  struct ms_httpc_request request = get(&peer, "/");
  request.timeout_ms = 100;
  check_failure(&c, &request, MS_HTTPC_TIMEOUT);
  peer_join(&peer);
  client_close(&c);
}

MT_TEST(httpc__answers_that_are_none)
{
  static const char *const answers[] = {
      "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi", "nonsense\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
  struct client c = {0};
  client_open(&c);
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    struct peer peer;
    peer_start(&peer, answers[i]);
    struct ms_httpc_request request = get(&peer, "/");
    check_failure(&c, &request, MS_HTTPC_BROKEN);
    peer_join(&peer);
  }
  client_close(&c);
}

MT_TEST(httpc__answers_are_limited)
{
  struct peer peer;
  struct client c = {0};
  client_open(&c);
  peer_start(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd");
  struct ms_httpc_request request = get(&peer, "/");
  request.max_response_bytes = 4;
  send_it(&c, &request);
  peer_join(&peer);
  mt_eq_str(c.body, "abcd");
  peer_start(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde");
  request.url = get(&peer, "/").url;
  check_failure(&c, &request, MS_HTTPC_TOO_BIG);
  peer_join(&peer);
  peer_start(&peer, "HTTP/1.1 200 OK\r\n\r\nabcde"); /* its length is not known before */
  request.url = get(&peer, "/").url;
  check_failure(&c, &request, MS_HTTPC_TOO_BIG);
  peer_join(&peer);
  struct ms_buf many;
  ms_buf_init(&many, 0);
  ms_buf_cstr(&many, "HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 600; i++) {
    ms_buf_printf(&many, "X-%d: a\r\n", i);
  }
  ms_buf_cstr(&many, "\r\n");
  peer_start(&peer, many.data);
  request.url = get(&peer, "/").url;
  check_failure(&c, &request, MS_HTTPC_TOO_BIG);
  peer_join(&peer);
  ms_buf_deinit(&many);
  client_close(&c);
}

MT_TEST(httpc__tls_that_is_none)
{
  struct peer peer;
  struct client c = {0};
  client_open(&c);
  peer_start(&peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
  struct ms_httpc_request request = get(&peer, "/");
  request.url = ms_str_c(mt_format("https://127.0.0.1:%u/", peer.port));
  check_failure(&c, &request, MS_HTTPC_TLS);
  peer_join(&peer);
  client_close(&c);
}

/* A TLS server for "localhost" with a certificate that it signed itself. Returns its process. */
static int start_tls(unsigned *port, const char *cert)
{
  const char *key = mt_format("%s/key.pem", mt_tmpdir());
  mt_eq_int(system(mt_format("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
                             "-nodes -days 2 -subj /CN=localhost -addext "
                             "subjectAltName=DNS:localhost -keyout %s -out %s >/dev/null 2>&1",
                             key, cert)),
            0);
  FILE *server = popen(mt_format("echo $$; exec openssl s_server -www -4 -accept 0 -key %s "
                                 "-cert %s 2>&1",
                                 key, cert),
                       "r");
  int process = 0;
  char line[256];
  mt_ok(server != NULL && fgets(line, sizeof line, server) != NULL);
  process = (int)strtol(line, NULL, 10);
  *port = 0;
  while (*port == 0 && fgets(line, sizeof line, server) != NULL) {
    const char *colon = strrchr(line, ':');
    *port = strncmp(line, "ACCEPT", 6) == 0 && colon != NULL
                ? (unsigned)strtoul(colon + 1, NULL, 10)
                : 0;
  }
  mt_ok(*port != 0);
  return process;
}

MT_TEST(httpc__tls_only_with_a_certificate_that_is_trusted)
{
  unsigned port;
  const char *cert = mt_format("%s/cert.pem", mt_tmpdir());
  int process = start_tls(&port, cert);
  struct ms_httpc_request request = {.method = MS_STR("GET"),
                                     .url = ms_str_c(mt_format("https://localhost:%u/", port))};
  struct client strict = {0}, c = {0};
  client_open(&strict);
  check_failure(&strict, &request, MS_HTTPC_TLS);
  client_close(&strict);
  c.options.ca_file = cert;
  client_open(&c);
  send_it(&c, &request);
  mt_eq_int(c.failure, MS_HTTPC_OK);
  mt_eq_int(c.status, 200);
  request.url = ms_str_c(mt_format("https://127.0.0.1:%u/", port)); /* another name */
  check_failure(&c, &request, MS_HTTPC_TLS);
  client_close(&c);
  kill(process, SIGTERM);
}

MT_TEST(httpc__what_cannot_be_sent)
{
  static const char *const urls[] = {"",           "x",        "ftp://h/",    "file:///etc/passwd",
                                     "http://",    "http:///", "http://a b/", "http://h:99999/",
                                     "gopher://h/"};
  struct client c = {0};
  client_open(&c);
  struct ms_httpc_request request = {.method = MS_STR("GET")};
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    request.url = ms_str_c(urls[i]);
    if (ms_httpc_send(NULL, c.httpc, &request, on_done, &c) != MSTEP_EINVALID) {
      mt_report("%s was taken", urls[i]);
    }
  }
  static const struct ms_field bad[] = {{{"X", 1}, {"a\r\nY: b", 7}}, {{"X", 1}, {"a\nb", 3}},
                                        {{"X", 1}, {"a\0b", 3}},      {{"X\r\nY", 4}, {"a", 1}},
                                        {{"", 0}, {"a", 1}},          {{"X:Y", 3}, {"a", 1}}};
  request.url = MS_STR("http://127.0.0.1/");
  request.header_count = 1;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    request.headers = &bad[i];
    if (ms_httpc_send(NULL, c.httpc, &request, on_done, &c) != MSTEP_EINVALID) {
      mt_report("header %zu was taken", i);
    }
  }
  request.header_count = 0;
  request.method = MS_STR("G T");
  mt_eq_int(ms_httpc_send(NULL, c.httpc, &request, on_done, &c), MSTEP_EINVALID);
  request.method = MS_STR("");
  mt_eq_int(ms_httpc_send(NULL, c.httpc, &request, on_done, &c), MSTEP_EINVALID);
  mt_eq_int(c.done, 0);
  client_close(&c);
}

/* ---- the guard --------------------------------------------------------------------------------------- */

MT_TEST(httpc__the_guard)
{
  struct peer peer = {.count = 0};
  struct client c = {0};
  c.options.is_guarded = true;
  client_open(&c);
  peer_open(&peer);
  struct ms_httpc_request request = get(&peer, "/");
  check_failure(&c, &request, MS_HTTPC_BLOCKED);
  static const char *const urls[] = {"http://localhost/", "http://[::1]/",
                                     "http://0.0.0.0/",   "http://169.254.169.254/latest/meta-data",
                                     "http://10.1.2.3/",  "http://[::ffff:127.0.0.1]/",
                                     "http://0x7f.1/",    "http://2130706433/"};
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    request.url = ms_str_c(urls[i]);
    check_failure(&c, &request, MS_HTTPC_BLOCKED);
  }
  close(peer.listener);
  client_close(&c);
}

/* ---- cancelling, side by side ------------------------------------------------------------------------ */

MT_TEST(httpc__cancelling)
{
  struct peer peer;
  struct client c = {0};
  struct ms_httpc_call *call;
  peer_start(&peer, NULL);
  client_open(&c);
  struct ms_httpc_request request = get(&peer, "/");
  mt_eq_int(ms_httpc_send(&call, c.httpc, &request, on_done, &c), 0);
  mt_eq_int(ms_httpc_pending(c.httpc), 1);
  ms_httpc_cancel(call); /* before anything happened */
  mt_eq_int(ms_httpc_pending(c.httpc), 0);
  mt_eq_int(ms_loop_run(c.loop), 0); /* nothing holds it */
  mt_eq_int(ms_httpc_send(&call, c.httpc, &request, on_done, &c), 0);
  struct ms_httpc_request second = request;
  second.timeout_ms = 50;
  mt_eq_int(ms_httpc_send(NULL, c.httpc, &second, on_done, &c), 0);
  ms_httpc_cancel(call);
  mt_eq_int(ms_loop_run(c.loop), 0);
  mt_eq_int(c.done, 1);
  mt_eq_int(c.failure, MS_HTTPC_TIMEOUT);
  peer_join(&peer);
  mt_eq_int(ms_httpc_send(NULL, c.httpc, &request, on_done, &c), 0);
  client_close(&c); /* with one under way */
  mt_eq_int(c.done, 1);
}

struct chain {
  struct client *c;
  struct ms_httpc_request request;
  int left;
};

static void send_next(const struct ms_httpc_result *result, void *user)
{
  struct chain *chain = user;
  on_done(result, chain->c);
  if (chain->left-- > 0) {
    mt_eq_int(ms_httpc_send(NULL, chain->c->httpc, &chain->request, send_next, chain), 0);
  }
}

MT_TEST(httpc__sending_from_the_callback)
{
  struct peer peer = {.count = 0};
  struct client c = {0};
  client_open(&c);
  peer_open(&peer);
  close(peer.listener);
  struct chain chain = {&c, get(&peer, "/"), 5};
  mt_eq_int(ms_httpc_send(NULL, c.httpc, &chain.request, send_next, &chain), 0);
  mt_eq_int(ms_loop_run(c.loop), 0);
  mt_eq_int(c.done, 6);
  client_close(&c);
}

static int64_t told_due_ms;

static int set_timer(int64_t due_at_ms, void *user)
{
  struct client *c = user;
  told_due_ms = due_at_ms;
  return ms_loop_set_timer(c->loop, due_at_ms);
}

MT_TEST(httpc__the_timer_can_be_somebody_elses)
{
  struct peer peer;
  struct client c = {0};
  c.options.set_timer = set_timer;
  c.options.user = &c;
  peer_start(&peer, OK200);
  client_open(&c);
  struct ms_httpc_request request = get(&peer, "/");
  told_due_ms = -1;
  send_it(&c, &request);
  mt_eq_int(c.status, 200);
  mt_ok(told_due_ms >= 0);
  peer_join(&peer);
  client_close(&c);
}

/* ---- signing ----------------------------------------------------------------------------------------- */

/* What arrives is put together again by the rules, and the signature compared (its own tests are base's). */
MT_TEST(httpc__signs)
{
  struct peer peer;
  struct client c = {0};
  peer_start(&peer, OK200);
  client_open(&c);
  const struct ms_field headers[] = {
      {MS_STR("X-Amz-Target"), MS_STR("AWSStepFunctions.StartExecution")},
      {MS_STR("User-Agent"), MS_STR("unsigned")},
      {MS_STR("Content-Type"), MS_STR("application/x-amz-json-1.0")}};
  const struct ms_httpc_sigv4 sigv4 = {MS_STR("AKIDEXAMPLE"), MS_STR("verysecret"), MS_STR("TOKEN"),
                                       MS_STR("us-east-1"), MS_STR("states")};
  struct ms_httpc_request request = get(&peer, "/a%20b?z=1&a=%7e");
  request.method = MS_STR("POST");
  request.headers = headers;
  request.header_count = 3;
  request.body = MS_STR("{}");
  request.sigv4 = &sigv4;
  send_it(&c, &request);
  peer_join(&peer);
  const char *got = peer.got[0];
  const char *date = strstr(got, "\r\nx-amz-date: ");
  mt_ok(date != NULL && strstr(got, "\r\nx-amz-security-token: TOKEN\r\n") != NULL);
  mt_ok(strstr(got, "verysecret") == NULL);
  const char *signed_part =
      mt_format("Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/%.8s/us-east-1/states/"
                "aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;"
                "x-amz-target, Signature=",
                date + 14);
  const char *authorization = strstr(got, signed_part);
  mt_ok(authorization != NULL);
  const char *text = mt_format(
      "POST\n/a%%2520b\na=~&z=1\ncontent-type:application/x-amz-json-1.0\nhost:127.0.0.1:%u\n"
      "x-amz-date:%.16s\nx-amz-security-token:TOKEN\nx-amz-target:AWSStepFunctions."
      "StartExecution\n\n"
      "content-type;host;x-amz-date;x-amz-security-token;x-amz-target\n"
      "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      peer.port, date + 14);
  char signature[MS_SIGV4_SIGNATURE_SIZE];
  const struct ms_sigv4_scope scope = {{date + 14, 16}, sigv4.region, sigv4.service};
  mt_eq_int(ms_sigv4_signature(signature, sigv4.secret, &scope, ms_str_c(text)), 0);
  mt_eq_int(strncmp(authorization + strlen(signed_part), signature, 64), 0);
  client_close(&c);
}

MT_TEST(httpc__signed_requests_that_cannot_be)
{
  struct client c = {0};
  client_open(&c);
  const struct ms_httpc_sigv4 sigv4 = {MS_STR("A"), MS_STR("s"), MS_STR(""), MS_STR("r"),
                                       MS_STR("s3")};
  const struct ms_field twice[] = {{MS_STR("x-amz-date"), MS_STR("1")}};
  struct ms_httpc_request request = {.method = MS_STR("GET"),
                                     .url = MS_STR("http://127.0.0.1/"),
                                     .headers = twice,
                                     .header_count = 1,
                                     .sigv4 = &sigv4};
  mt_eq_int(ms_httpc_send(NULL, c.httpc, &request, on_done, &c), MSTEP_EINVALID);
  request.header_count = 0;
  request.redirects = 1;
  mt_eq_int(ms_httpc_send(NULL, c.httpc, &request, on_done, &c), MSTEP_EINVALID);
  client_close(&c);
}

static int send_and_cancel(void *user)
{
  struct client *c = user;
  const struct ms_field header = {MS_STR("X-Amz-A"), MS_STR("b")};
  const struct ms_httpc_sigv4 sigv4 = {MS_STR("A"), MS_STR("s"), MS_STR("t"), MS_STR("r"),
                                       MS_STR("s3")};
  const struct ms_httpc_request request = {.method = MS_STR("POST"),
                                           .url = MS_STR("http://127.0.0.1:1/a?b=c"),
                                           .headers = &header,
                                           .header_count = 1,
                                           .body = MS_STR("body"),
                                           .sigv4 = &sigv4};
  struct ms_httpc_call *call;
  int err = ms_httpc_send(&call, c->httpc, &request, on_done, c);
  if (err == 0) {
    ms_httpc_cancel(call);
  }
  return err;
}

MT_TEST(httpc__out_of_memory)
{
  struct client c = {0};
  client_open(&c);
  mt_ok(mt_oom(send_and_cancel, &c) > 8);
  client_close(&c);
}
