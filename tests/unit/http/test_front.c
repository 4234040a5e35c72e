/*
 * The whole surface over sockets: operations called and answered in each protocol, signatures asked for
 * when there are credentials, what is no operation, clients that leave, fronts that end first.
 */
#include "mt.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sigv4.h"
#include "http/front.h"
#include "web.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define CLOSE "Connection: close\r\n"

struct fixture {
  struct web web;
  struct ms_http_front *front;
  struct ms_http_front_options options;
  atomic_int gone;
  atomic_int held;
  ms_http_front_reply_cb reply; /* of what is held */
  void *reply_user;
  bool is_failing;
};

/* Answers {service, operation, input, key}; some operations do other things. */
static int call(const struct ms_http_front_call *call, ms_http_front_reply_cb reply,
                void *reply_user, void *user)
{
  struct fixture *f = user;
  if (strcmp(call->operation, "Nothing") == 0) {
    return MSTEP_ENOTFOUND;
  }
  if (strcmp(call->operation, "Broken") == 0) {
    return MSTEP_EINTERNAL;
  }
  if (strcmp(call->operation, "Hold") == 0) {
    f->reply = reply;
    f->reply_user = reply_user;
    atomic_fetch_add(&f->held, 1);
    return MSTEP_OK;
  }
  if (strcmp(call->operation, "Fail") == 0) {
    reply(400, MS_STR("{\"__type\":\"InvalidArn\",\"message\":\"no\"}"), reply_user);
    return MSTEP_OK;
  }
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_buf_printf(&out, "{\"is\":\"%s:%s %.*s %.*s\"}", call->service, call->operation,
                MS_STR_ARG(call->access_key_id), MS_STR_ARG(call->region));
  if (strcmp(call->service, "http") == 0) {
    ms_buf_reset(&out);
    ms_buf_cstr(&out, "{\"headers\":{\"X\":\"a\\nb\"},\"body\":\"plain\"}");
  }
  reply(0, ms_buf_view(&out), reply_user);
  ms_buf_deinit(&out);
  return MSTEP_OK;
}

static void on_gone(uint64_t id, void *user)
{
  struct fixture *f = user;
  atomic_fetch_add(&f->gone, id > 0 ? 1 : 100);
}

static int credential(struct ms_str *secret, struct ms_str access_key_id, void *user)
{
  (void)user;
  *secret = MS_STR(SECRET);
  return ms_str_is(access_key_id, "AKIDEXAMPLE") ? MSTEP_OK : MSTEP_ENOTFOUND;
}

static int metrics(struct ms_buf *out, void *user)
{
  (void)user;
  ms_buf_cstr(out, "mstep_up 1\n");
  return MSTEP_OK;
}

static int health(struct ms_buf *detail, void *user)
{
  struct fixture *f = user;
  if (f->is_failing) {
    ms_buf_cstr(detail, "{\"status\":\"store\"}");
  }
  return f->is_failing ? MSTEP_EIO : MSTEP_OK;
}

static int open_front(struct web *web)
{
  struct fixture *f = web->owner;
  f->options.http = web->options;
  int err = ms_http_front_new(&f->front, &f->options);
  web->http = err == 0 ? ms_http_front_server(f->front) : NULL;
  return err;
}

static void close_front(struct web *web)
{
  struct fixture *f = web->owner;
  ms_http_front_free(f->front);
}

static void init(struct fixture *f)
{
  memset(f, 0, sizeof *f);
  web_init(&f->web);
  f->web.open = open_front;
  f->web.close = close_front;
  f->web.owner = f;
  f->options.call = call;
  f->options.on_gone = on_gone;
  f->options.metrics = metrics;
  f->options.health = health;
  f->options.user = f;
}

static const char *send_text(struct fixture *f, const char *head, const char *body)
{
  const char *text = mt_format("%sHost: localhost\r\n" CLOSE "Content-Length: %zu\r\n\r\n%s", head,
                               strlen(body), body);
  return web_exchange(&f->web, text, strlen(text));
}

static void check(const char *answer, int status, const char *part)
{
  if (web_status(answer) != status || strstr(answer, part) == NULL) {
    mt_fail("wanted %d with %s, got: %s", status, part, answer);
  }
}

#define JSON10(operation)                                                                          \
  "POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: "                  \
  "AWSStepFunctions." operation "\r\n"
#define FORM "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"

MT_TEST(http_front__calls_operations)
{
  struct fixture f;
  init(&f);
  web_start(&f.web);
  check(send_text(&f, JSON10("StartExecution"), "{}"), 200, "{\"is\":\"states:StartExecution  \"}");
  check(send_text(&f, FORM, "Action=ListTopics&Version=2010-03-31"), 200,
        "<ListTopicsResult><is>sns:ListTopics  </is></ListTopicsResult>");
  check(send_text(&f, "GET /2015-03-31/functions HTTP/1.1\r\n", ""), 200, "lambda:ListFunctions");
  check(send_text(&f, JSON10("Fail"), "{}"), 400, "#InvalidArn\",\"message\":\"no\"}");
  const char *answer = send_text(&f, JSON10("StartExecution"), "{}");
  const char *id = strstr(answer, "\r\nx-amzn-RequestId: ");
  mt_ok(id != NULL && strspn(id + 20, "0123456789abcdef-") == 36);
  web_stop(&f.web);
}

MT_TEST(http_front__what_cannot_be_called)
{
  struct fixture f;
  init(&f);
  web_start(&f.web);
  check(send_text(&f, JSON10("Nothing"), "{}"), 400,
        "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}");
  check(send_text(&f, FORM, "Action=Nothing&Version=2010-03-31"), 400,
        "<Code>InvalidAction</Code>");
  check(send_text(&f, JSON10("Broken"), "{}"), 500, "InternalFailure");
  check(send_text(&f, "POST / HTTP/1.1\r\nX-Amz-Target: Other.A\r\n", "{}"), 400,
        "UnknownOperationException");
  check(send_text(&f, FORM, "Action=ListTopics&Version=1"), 400, "NoSuchVersion");
  /* a function's answer with a header that would split it */
  check(send_text(&f, "GET /route HTTP/1.1\r\n", ""), 502,
        "{\"message\":\"Internal server error\"}");
  web_stop(&f.web);
}

MT_TEST(http_front__health_and_metrics)
{
  struct fixture f;
  init(&f);
  f.options.credential = credential; /* they answer to anybody */
  web_start(&f.web);
  check(send_text(&f, "GET /healthz HTTP/1.1\r\n", ""), 200, "\r\n\r\n{\"status\":\"ok\"}");
  check(send_text(&f, "GET /metrics HTTP/1.1\r\n", ""), 200, "text/plain; version=0.0.4");
  check(send_text(&f, "GET /metrics HTTP/1.1\r\n", ""), 200, "\r\n\r\nmstep_up 1\n");
  f.is_failing = true;
  check(send_text(&f, "GET /healthz HTTP/1.1\r\n", ""), 503, "{\"status\":\"store\"}");
  web_stop(&f.web);
}

/* ---- signatures -------------------------------------------------------------------------------------- */

/* A signed head for a call of Step Functions with body {}; kept until the case ends. */
static const char *sign(const char *key, const char *secret, const char *service, int64_t shift_ms,
                        const char *extra)
{
  static const char names[] = "host;x-amz-date;x-amz-target";
  char date[MS_SIGV4_DATE_SIZE], hash[MS_SIGV4_SIGNATURE_SIZE], signature[MS_SIGV4_SIGNATURE_SIZE];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  ms_sigv4_date(date, (int64_t)now.tv_sec * 1000 + shift_ms);
  mt_eq_int(ms_sigv4_payload_hash(hash, MS_STR("{}")), 0);
  const struct ms_field headers[] = {
      {MS_STR("x-amz-target"), MS_STR("AWSStepFunctions.StartExecution")},
      {MS_STR("x-amz-date"), ms_str_c(date)},
      {MS_STR("host"), MS_STR("localhost")}};
  const struct ms_sigv4_request request = {MS_STR("POST"), MS_STR("/"), MS_STR(""),
                                           headers,        3,           ms_str_c(hash)};
  const struct ms_sigv4_scope scope = {ms_str_c(date), MS_STR("eu-west-1"), ms_str_c(service)};
  struct ms_buf canonical;
  ms_buf_init(&canonical, 0);
  ms_sigv4_canonical(&canonical, &request, MS_STR(names));
  mt_eq_int(ms_sigv4_signature(signature, ms_str_c(secret), &scope, ms_buf_view(&canonical)), 0);
  ms_buf_deinit(&canonical);
  return mt_format(JSON10("StartExecution") "X-Amz-Date: %s\r\n%sAuthorization: AWS4-HMAC-SHA256 "
                                            "Credential=%s/%.8s/eu-west-1/%s/aws4_request, "
                                            "SignedHeaders=%s, Signature=%s\r\n",
                   date, extra, key, date, service, names, signature);
}

MT_TEST(http_front__signatures_are_asked_for)
{
  struct fixture f;
  init(&f);
  f.options.credential = credential;
  f.options.replay_grace_ms = -1;
  web_start(&f.web);
  const char *good = sign("AKIDEXAMPLE", SECRET, "states", 0, "");
  check(send_text(&f, good, "{}"), 200, "states:StartExecution AKIDEXAMPLE eu-west-1");
  check(send_text(&f, good, "{}"), 400, "The signature has been used before");
  check(send_text(&f, sign("AKIDEXAMPLE", SECRET, "states", 1000, ""), "{ }"), 400,
        "com.amazon.coral.service#InvalidSignatureException");
  check(send_text(&f, sign("AKIDEXAMPLE", "x", "states", 2000, ""), "{}"), 400,
        "InvalidSignatureException");
  check(send_text(&f, sign("OTHER", SECRET, "states", 0, ""), "{}"), 400,
        "com.amazon.coral.service#UnrecognizedClientException");
  check(send_text(&f, sign("AKIDEXAMPLE", SECRET, "sqs", 0, ""), "{}"), 400,
        "scoped to correct service: 'states'");
  check(send_text(&f, sign("AKIDEXAMPLE", SECRET, "states", -400000, ""), "{}"), 400,
        "Signature expired");
  check(send_text(&f, sign("AKIDEXAMPLE", SECRET, "states", 400000, ""), "{}"), 400,
        "Signature not yet current");
  check(send_text(&f, sign("AKIDEXAMPLE", SECRET, "states", 3000, "X-Amz-Extra: 1\r\n"), "{}"), 400,
        "'X-Amz-Extra' must be a 'SignedHeader'");
  web_stop(&f.web);
}

MT_TEST(http_front__unsigned_requests_by_family)
{
  struct fixture f;
  init(&f);
  f.options.credential = credential;
  web_start(&f.web);
  check(send_text(&f, JSON10("StartExecution"), "{}"), 400,
        "com.amazon.coral.service#MissingAuthenticationTokenException");
  check(send_text(&f, FORM, "Action=ListTopics&Version=2010-03-31"), 403,
        "<Code>MissingAuthenticationToken</Code>");
  check(send_text(&f, "GET /2015-03-31/functions HTTP/1.1\r\n", ""), 403,
        "x-amzn-ErrorType: MissingAuthenticationTokenException");
  check(send_text(&f, "GET /2015-03-31/functions HTTP/1.1\r\nAuthorization: Basic YTpi\r\n", ""),
        403, "IncompleteSignatureException");
  /* a route is its function's to guard, whatever its Authorization looks like */
  check(send_text(&f, "GET /route HTTP/1.1\r\n", ""), 502, "");
  check(send_text(&f, "GET /route HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 x\r\n", ""), 502, "");
  web_stop(&f.web);
}

/* ---- who leaves -------------------------------------------------------------------------------------- */

static void reply_held(struct web *web)
{
  struct fixture *f = web->owner;
  f->reply(200, MS_STR("{\"late\":1}"), f->reply_user);
}

MT_TEST(http_front__late_replies)
{
  struct fixture f;
  init(&f);
  web_start(&f.web);
  int fd = web_connect(&f.web);
  static const char text[] = JSON10("Hold") "Host: localhost\r\nContent-Length: 2\r\n\r\n{}";
  WEB_SEND(fd, text);
  web_wait(&f.held, 1);
  web_run(&f.web, reply_held);
  check(web_read_answer(fd), 200, "{\"late\":1}");
  WEB_SEND(fd, text);
  web_wait(&f.held, 2);
  close(fd);
  web_wait(&f.gone, 1);
  mt_eq_int(f.gone, 1);
  web_run(&f.web, reply_held); /* into nothing */
  web_stop(&f.web);
}

MT_TEST(http_front__replies_after_its_end)
{
  struct fixture f;
  init(&f);
  f.web.stop_ms = 50;
  web_start(&f.web);
  int fd = web_connect(&f.web);
  static const char text[] = JSON10("Hold") "Host: localhost\r\nContent-Length: 2\r\n\r\n{}";
  WEB_SEND(fd, text);
  web_wait(&f.held, 1);
  web_stop(&f.web);
  f.reply(200, MS_STR("{}"), f.reply_user);
  close(fd);
}
