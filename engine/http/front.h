/*
 * The whole surface: a server whose requests are checked for signatures, turned into operations and
 * answered with what these gave. Who carries operations out is one callback; so this knows nothing above it.
 * GET /healthz and /metrics answer to anybody.
 */
#ifndef MS_HTTP_FRONT_H
#define MS_HTTP_FRONT_H

#include "http/http.h"
#include "http/sigv4.h"

struct ms_http_front;

/* An operation. Texts are valid during the call. */
struct ms_http_front_call {
  uint64_t id;           /* for on_gone */
  const char *service;   /* "states", "sqs", "lambda", ...; "http": a plain request (README) */
  const char *operation; /* "StartExecution" */
  struct ms_str input;   /* a JSON object, or what the client sent in place of one */
  struct ms_str
      access_key_id;        /* who signed it; "" nobody. Proven when credentials are configured */
  struct ms_str region;     /* that it was signed for; "" when unsigned */
  struct ms_str request_id; /* that the client is told */
  struct ms_str trace;      /* of X-Amzn-Trace-Id; "" none */
  struct ms_str peer;
};

/*
 * reply: the operation's JSON object, or {"__type", "message", ...} of an error. status: HTTP's; 0: 200, or that of
 * an error by its name. Exactly once for each call that was taken.
 */
typedef void (*ms_http_front_reply_cb)(int status, struct ms_str reply, void *reply_user);

/* 0: taken, `reply` will be called, now or later. MSTEP_ENOTFOUND: there is no such operation. */
typedef int (*ms_http_front_call_cb)(const struct ms_http_front_call *call,
                                     ms_http_front_reply_cb reply, void *reply_user, void *user);

struct ms_http_front_options {
  struct ms_http_options http; /* on_request, user and has_credentials are the front's */
  ms_http_front_call_cb call;
  void (*on_gone)(uint64_t id, void *user); /* nobody listens to this call's reply; may be NULL */
  ms_http_credential_cb credential; /* NULL: signatures are not checked (see has_credentials) */
  int64_t skew_ms;                  /* 0: five minutes */
  unsigned replay_count;            /* signatures remembered; 0: 65,536 */
  int64_t replay_grace_ms;          /* 0: two seconds; negative: none */
  int (*health)(struct ms_buf *detail, void *user); /* 0: well; NULL: always */
  int (*metrics)(struct ms_buf *out, void *user);   /* Prometheus text, to which HTTP's is added; NULL: 404 */
  void *user;                                       /* of all of these */
};

int ms_http_front_new(struct ms_http_front **out, const struct ms_http_front_options *options);
struct ms_http *ms_http_front_server(struct ms_http_front *front); /* port, stop, stats */
/* Calls that are under way must still be replied to; that then does nothing. NULL is fine. */
void ms_http_front_free(struct ms_http_front *front);

#endif
