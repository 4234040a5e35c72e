/*
 * From a request to an operation and back. Each request that becomes a call is an exchange, which lives
 * until its reply, whatever becomes of client, server and front.
 */
#include "http/front.h"

#include <sys/random.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "http/protocol.h"
#include "metrics/metrics.h"

#define SKEW_MS 300000
#define REPLAY_COUNT 65536
#define REPLAY_GRACE_MS 2000

struct exchange {
  struct exchange *next, **slot; /* of the front */
  struct ms_http_front *front;   /* NULL: freed */
  struct ms_http_request *request;
  struct ms_http_call call;
  uint64_t id;
  char request_id[37];
};

struct ms_http_front {
  struct ms_http_front_options options;
  struct ms_http *http;
  struct ms_http_replays *replays;
  struct ms_random random;
  struct exchange *exchanges;
  uint64_t next_id;
};

/* ---- exchanges --------------------------------------------------------------------------------------- */

static void exchange_free(struct exchange *exchange)
{
  if (exchange->front != NULL) {
    *exchange->slot = exchange->next;
    if (exchange->next != NULL) {
      exchange->next->slot = exchange->slot;
    }
  }
  ms_http_call_deinit(&exchange->call);
  ms_free(exchange);
}

static struct exchange *exchange_new(struct ms_http_front *front, struct ms_http_request *request)
{
  struct exchange *exchange = ms_calloc(1, sizeof *exchange);
  if (exchange == NULL) {
    return NULL;
  }
  exchange->front = front;
  exchange->request = request;
  exchange->id = ++front->next_id;
  ms_http_call_init(&exchange->call);
  ms_random_uuid(&front->random, exchange->request_id);
  exchange->next = front->exchanges;
  exchange->slot = &front->exchanges;
  if (front->exchanges != NULL) {
    front->exchanges->slot = &exchange->next;
  }
  front->exchanges = exchange;
  return exchange;
}

/* ---- answers ----------------------------------------------------------------------------------------- */

/* No memory for more: the words are static. */
static void answer_plainly(struct ms_http_request *request, int status, const char *text)
{
  (void)ms_http_reply(request, status, NULL, 0, ms_str_c(text));
}

/* Sends what was encoded and ends the exchange. */
static void send_answer(struct exchange *exchange, struct ms_http_answer *answer, int err)
{
  struct ms_http_request *request = exchange->request;
  if (err == 0) {
    err = ms_http_reply(request, answer->status, answer->headers.data, answer->headers.count,
                        ms_buf_view(&answer->body));
    /* A function chose headers that cannot be sent. */
    if (err == MSTEP_EINVALID) {
      const struct ms_field type = {MS_STR("Content-Type"), MS_STR("application/json")};
      (void)ms_http_reply(request, 502, &type, 1,
                          MS_STR("{\"message\":\"Internal server error\"}"));
    }
  } else {
    answer_plainly(request, 500, "{\"__type\":\"InternalFailure\",\"message\":\"out of memory\"}");
  }
  ms_http_answer_deinit(answer);
  exchange_free(exchange);
}

static void answer_failure(struct exchange *exchange, const struct ms_http_failure *failure)
{
  struct ms_http_answer answer;
  ms_http_answer_init(&answer);
  int err =
      ms_http_protocol_fail(&answer, &exchange->call, failure, ms_str_c(exchange->request_id));
  send_answer(exchange, &answer, err);
}

static void on_reply(int status, struct ms_str reply, void *user)
{
  struct exchange *exchange = user;
  struct ms_http_answer answer;
  ms_http_answer_init(&answer);
  int err = ms_http_protocol_encode(&answer, &exchange->call, status, reply,
                                    ms_str_c(exchange->request_id));
  send_answer(exchange, &answer, err);
}

static void answer_unknown(struct exchange *exchange)
{
  struct ms_http_failure failure = {400, "UnknownOperationException", ""};
  switch (exchange->call.family) {
  case MS_HTTP_QUERY:
    failure = (struct ms_http_failure){400, "InvalidAction",
                                       "The action is not valid for this endpoint."};
    break;
  case MS_HTTP_REST:
    failure.status = 404;
    break;
  case MS_HTTP_PLAIN:
    failure = (struct ms_http_failure){404, "NotFoundException", "Not Found"};
    break;
  case MS_HTTP_JSON:
    break;
  }
  answer_failure(exchange, &failure);
}

/* ---- the way in -------------------------------------------------------------------------------------- */

static int64_t wall_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * What is let in although it is not signed: plain requests, whose operation is told who signed, if anybody, and whose
 * Authorization may be anything; and the links in a topic's messages, which carry a secret of their own.
 */
static bool may_enter(const struct exchange *exchange, enum ms_http_auth auth)
{
  const struct ms_http_call *call = &exchange->call;
  return call->family == MS_HTTP_PLAIN ||
         (auth == MS_HTTP_AUTH_MISSING && call->family == MS_HTTP_QUERY &&
          strcmp(call->service->name, "sns") == 0 &&
          ms_str_is(ms_http_message(exchange->request)->method, "GET") &&
          (strcmp(call->operation, "ConfirmSubscription") == 0 ||
           strcmp(call->operation, "Unsubscribe") == 0));
}

/* False: it has been answered. */
static bool authenticate(struct exchange *exchange, struct ms_http_identity *identity)
{
  struct ms_http_front *front = exchange->front;
  const struct ms_http_message *message = ms_http_message(exchange->request);
  if (front->options.credential == NULL) {
    (void)ms_http_sigv4_claim(identity, message);
    return true;
  }
  const struct ms_http_service *service = exchange->call.service;
  bool is_plain = exchange->call.family == MS_HTTP_PLAIN;
  const struct ms_http_sigv4 check = {
      .lookup = front->options.credential,
      .user = front->options.user,
      .now_ms = wall_ms(),
      .skew_ms = front->options.skew_ms,
      .service = is_plain || service == NULL ? NULL : service->signed_as,
      .is_unsigned_payload_allowed = message->is_tls || message->is_loopback,
      .replays = front->replays,
  };
  int err = ms_http_sigv4_check(identity, message, &check);
  struct ms_http_failure failure = {500, "InternalFailure", "out of memory"};
  if (err == 0) {
    if (identity->auth == MS_HTTP_AUTH_OK || may_enter(exchange, identity->auth)) {
      return true;
    }
    ms_http_protocol_auth(&failure, &exchange->call, identity);
  }
  answer_failure(exchange, &failure);
  return false;
}

static void on_gone(struct ms_http_request *request, void *user)
{
  (void)request;
  struct exchange *exchange = user;
  if (exchange->front != NULL && exchange->front->options.on_gone != NULL) {
    exchange->front->options.on_gone(exchange->id, exchange->front->options.user);
  }
}

static struct ms_str or_empty(struct ms_str s)
{
  return s.data == NULL ? MS_STR("") : s;
}

static void call_operation(struct exchange *exchange, const struct ms_http_identity *identity)
{
  struct ms_http_front *front = exchange->front;
  const struct ms_http_message *message = ms_http_message(exchange->request);
  bool is_known = identity->auth == MS_HTTP_AUTH_OK;
  const struct ms_http_front_call call = {
      .id = exchange->id,
      .service = exchange->call.service->name,
      .operation = exchange->call.operation,
      .input = ms_buf_view(&exchange->call.input),
      .access_key_id = is_known ? or_empty(identity->access_key_id) : MS_STR(""),
      .region = is_known ? or_empty(identity->region) : MS_STR(""),
      .request_id = ms_str_c(exchange->request_id),
      .trace = or_empty(ms_http_header(message, "x-amzn-trace-id")),
      .peer = message->peer,
  };
  ms_http_on_gone(exchange->request, on_gone, exchange);
  int err = front->options.call(&call, on_reply, exchange, front->options.user);
  if (err == MSTEP_ENOTFOUND) {
    answer_unknown(exchange);
  } else if (err != 0) {
    const struct ms_http_failure failure = {500, "InternalFailure", ms_error_text(err)};
    answer_failure(exchange, &failure);
  }
}

static void begin(struct exchange *exchange)
{
  const struct ms_http_message *message = ms_http_message(exchange->request);
  struct ms_http_failure failure = {500, "InternalFailure", "out of memory"};
  struct ms_http_identity identity;
  int err = ms_http_protocol_find(&exchange->call, &failure, message);
  if (err != 0) {
    answer_failure(exchange, &failure);
    return;
  }
  if (!authenticate(exchange, &identity)) {
    return;
  }
  if (identity.auth == MS_HTTP_AUTH_OK) {
    exchange->call.signer = identity.access_key_id;
    exchange->call.signed_service = identity.service;
  }
  exchange->call.request_id = ms_str_c(exchange->request_id);
  err = ms_http_protocol_decode(&exchange->call, &failure, message);
  if (err != 0) {
    answer_failure(exchange, &failure);
    return;
  }
  call_operation(exchange, &identity);
}

/* ---- what is no operation ---------------------------------------------------------------------------- */

static void answer_health(struct ms_http_front *front, struct ms_http_request *request)
{
  struct ms_buf detail;
  ms_buf_init(&detail, 65536);
  int err = front->options.health == NULL ? MSTEP_OK
                                          : front->options.health(&detail, front->options.user);
  if (detail.len == 0) {
    ms_buf_cstr(&detail, err == 0 ? "{\"status\":\"ok\"}" : "{\"status\":\"failing\"}");
  }
  const struct ms_field type = {MS_STR("Content-Type"), MS_STR("application/json")};
  (void)ms_http_reply(request, err == 0 ? 200 : 503, &type, 1, ms_buf_view(&detail));
  ms_buf_deinit(&detail);
}

static void collect(struct ms_buf *out, const struct ms_http *http)
{
  struct ms_http_stats stats;
  struct ms_metrics metrics = {0};
  ms_http_stats(http, &stats);
  ms_metrics_set(&metrics, MS_METRIC_HTTP_ACCEPTED, stats.accepted_count);
  ms_metrics_set(&metrics, MS_METRIC_HTTP_REFUSED, stats.refused_count);
  ms_metrics_set(&metrics, MS_METRIC_HTTP_CONNECTIONS, stats.connection_count);
  ms_metrics_set(&metrics, MS_METRIC_HTTP_REQUESTS, stats.request_count);
  ms_metrics_set(&metrics, MS_METRIC_HTTP_BAD, stats.bad_count);
  ms_metrics_set(&metrics, MS_METRIC_HTTP_PENDING, stats.pending_count);
  ms_metrics_set(&metrics, MS_METRIC_HTTP_MEMORY, stats.memory_bytes);
  ms_metrics_write(out, &metrics);
}

static void answer_metrics(struct ms_http_front *front, struct ms_http_request *request)
{
  struct ms_buf text;
  ms_buf_init(&text, (size_t)16 << 20);
  int err = front->options.metrics(&text, front->options.user);
  collect(&text, front->http);
  if (err != 0 || text.error != 0) {
    answer_plainly(request, 500, "");
  } else {
    const struct ms_field type = {MS_STR("Content-Type"),
                                  MS_STR("text/plain; version=0.0.4; charset=utf-8")};
    (void)ms_http_reply(request, 200, &type, 1, ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
}

static void on_request(struct ms_http_request *request, void *user)
{
  struct ms_http_front *front = user;
  const struct ms_http_message *message = ms_http_message(request);
  bool is_get = ms_str_is(message->method, "GET") || ms_str_is(message->method, "HEAD");
  is_get = is_get && !ms_http_is_endpoint(message);
  if (is_get && ms_str_is(message->path, "/healthz")) {
    answer_health(front, request);
    return;
  }
  if (is_get && ms_str_is(message->path, "/metrics") && front->options.metrics != NULL) {
    answer_metrics(front, request);
    return;
  }
  struct exchange *exchange = exchange_new(front, request);
  if (exchange == NULL) {
    answer_plainly(request, 500, "");
  } else {
    begin(exchange);
  }
}

/* ---- life -------------------------------------------------------------------------------------------- */

static int seed(struct ms_random *random)
{
  uint64_t value;
  if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {
    return ms_error(MSTEP_EIO, "no random numbers");
  }
  ms_random_seed(random, value);
  return MSTEP_OK;
}

int ms_http_front_new(struct ms_http_front **out, const struct ms_http_front_options *options)
{
  *out = NULL;
  struct ms_http_front *front = ms_calloc(1, sizeof *front);
  if (front == NULL) {
    return ms_error_nomem();
  }
  front->options = *options;
  if (options->skew_ms == 0) {
    front->options.skew_ms = SKEW_MS;
  }
  int64_t grace_ms = options->replay_grace_ms == 0 ? REPLAY_GRACE_MS : options->replay_grace_ms;
  unsigned count = options->replay_count == 0 ? REPLAY_COUNT : options->replay_count;
  int err = seed(&front->random);
  if (err == 0 && options->credential != NULL) {
    err = ms_http_replays_new(&front->replays, count, grace_ms);
  }
  if (err == 0) {
    struct ms_http_options http = options->http;
    http.on_request = on_request;
    http.has_credentials = options->credential != NULL;
    http.user = front;
    err = ms_http_new(&front->http, &http);
  }
  if (err != 0) {
    ms_http_front_free(front);
    return err;
  }
  *out = front;
  return MSTEP_OK;
}

struct ms_http *ms_http_front_server(struct ms_http_front *front)
{
  return front->http;
}

void ms_http_front_free(struct ms_http_front *front)
{
  if (front == NULL) {
    return;
  }
  ms_http_free(front->http);
  for (struct exchange *e = front->exchanges; e != NULL; e = e->next) {
    e->front = NULL;
  }
  ms_http_replays_free(front->replays);
  ms_free(front);
}
