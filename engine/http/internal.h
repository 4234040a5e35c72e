/*
 * What the parts of the server share. server.c listens and keeps time and limits, connection.c reads
 * bytes of one client, request.c is the life of a request, reply.c writes answers, tls.c knows OpenSSL.
 */
#ifndef MS_HTTP_INTERNAL_H
#define MS_HTTP_INTERNAL_H

#include <sys/socket.h>

#include "base/map.h"
#include "http/http.h"
#include "http/parse.h"

struct bufferevent;
struct event;
struct evconnlistener;
struct ssl_ctx_st;

/*
 *   GREETING ──▶ IDLE ──▶ HEAD ──▶ BODY ──▶ BUSY ──▶ (IDLE | LINGER)
 *   (TLS only)              │        │
 *                           └────────┴── refused ──▶ LINGER ──▶ freed
 */
enum ms_http_phase {
  MS_HTTP_GREETING,
  MS_HTTP_IDLE,
  MS_HTTP_READING_HEAD,
  MS_HTTP_READING_BODY,
  MS_HTTP_BUSY, /* a request is with its owner, or its answer is being streamed */
  MS_HTTP_LINGER /* the last answer is written; what still comes is thrown away, so that no reset eats it */
};

struct ms_http_connection {
  struct ms_http_connection *next, **slot; /* of the server */
  struct ms_http *http;
  struct bufferevent *events;
  struct ms_http_request *request; /* NULL before the first byte of one */
  int fd;
  enum ms_http_phase phase;
  int64_t phase_at_us;   /* when it began */
  int64_t written_at_us; /* when output was last seen to shrink, or was empty */
  size_t unwritten;      /* output seen at that time */
  size_t buffered_bytes; /* of output that was put into the buffer since it was empty */
  unsigned request_count;
  bool is_tls;
  bool is_loopback;
  bool is_reading;    /* the reading loop is on the stack */
  bool is_dead;       /* to be freed when that loop is done */
  bool is_input_over; /* the client closed its side */
  bool is_last;       /* no request after this one */
  bool is_shut;       /* our side is closed */
  size_t lingered_bytes;
  char address[16]; /* what counts as one client */
  size_t address_len;
  char peer[64];
  size_t peer_len;
};

struct ms_http_request {
  struct ms_http_request *next, **slot;  /* of the server while BUSY */
  struct ms_http *http;                  /* NULL: freed */
  struct ms_http_connection *connection; /* NULL: gone */
  struct ms_http_parser parser;
  size_t counted_bytes; /* of the server's memory */
  int64_t done_at_us;   /* all of it was read */
  uint64_t sent_bytes;
  int status;
  bool is_pending;  /* with its owner */
  bool is_started;  /* its answer is */
  bool is_chunked;  /* its answer is */
  bool is_bodiless; /* its answer has no body, whatever is sent */
  bool is_gone;
  ms_http_request_cb on_gone;
  void *gone_user;
  void *user;
  char peer[64]; /* outlives the connection */
};

struct ms_http {
  struct ms_loop *loop;
  void *base;
  struct ms_http_limits limits;
  struct ms_http_parse_limits parse_limits;
  struct evconnlistener *listener;
  struct event *tick;
  struct ssl_ctx_st *tls;
  char *allow_origin; /* NULL: off */
  char *hosts;
  ms_http_request_cb on_request;
  void *user;
  void (*on_access)(const struct ms_http_access *access, void *access_user);
  void *access_user;
  struct ms_http_connection *connections;
  struct ms_http_connection *cursor; /* the next of a walk over them, which may free any */
  struct ms_http_request *pending;
  size_t buffered_bytes;   /* of all connections */
  struct ms_map addresses; /* address -> count */
  struct ms_http_stats stats;
  struct ms_buf scratch; /* of the head of an answer */
  int64_t date_at_s;     /* of date_text */
  char date_text[40];
  uint16_t port;
  bool is_loopback; /* it listens there only */
  bool is_paused;   /* accept failed: tried again by the tick */
  bool is_ticking;
  bool is_stopping;
  bool is_held; /* the loop is */
  int64_t stop_at_us;
  void (*on_stopped)(void *user);
  void *stopped_user;
};

/* ---- server.c ---- */
int64_t ms_http_now_us(void); /* monotonic */
void ms_http_start_ticking(struct ms_http *http);
/* One connection less; may end the stopping, later. */
void ms_http_forget_connection(struct ms_http *http, struct ms_http_connection *connection);
/* Whether a request that names this host and came from that page may be handed over. 0, or a status. */
int ms_http_check_origin(const struct ms_http *http, const struct ms_http_message *message,
                         const char **reason);

/* ---- connection.c ---- */
/* Takes fd, also on failure. */
void ms_http_connection_open(struct ms_http *http, int fd, const struct sockaddr *address);
void ms_http_connection_free(struct ms_http_connection *connection);
/* Looks at its deadlines. May free it. */
void ms_http_connection_tick(struct ms_http_connection *connection, int64_t now_us);
/* Writes; what the socket does not take now is kept. */
int ms_http_connection_write(struct ms_http_connection *connection, struct ms_str head,
                             struct ms_str body);
/* The answer is complete: the next request, or the end. The request is freed or used again. */
void ms_http_connection_answered(struct ms_http_connection *connection);
/* No request after the present one; idle ones end. May free it. */
void ms_http_connection_retire(struct ms_http_connection *connection);
size_t ms_http_connection_unwritten(const struct ms_http_connection *connection);

/* ---- request.c ---- */
struct ms_http_request *ms_http_request_new(struct ms_http_connection *connection);
void ms_http_request_free(struct ms_http_request *request);
/* Answered: for the next one of its connection. */
void ms_http_request_reuse(struct ms_http_request *request);
/* It is with its owner from now on. */
void ms_http_request_pend(struct ms_http_request *request);
/* It holds that many bytes now. */
void ms_http_request_count_memory(struct ms_http_request *request, size_t bytes);

/* ---- reply.c ---- */
/* Answers a request that was never handed over; its connection ends. */
void ms_http_refuse(struct ms_http_connection *connection, int status, const char *reason);
/* Answers a preflight; false: it is none, or CORS is off. */
bool ms_http_answer_preflight(struct ms_http_request *request);
void ms_http_log_access(const struct ms_http_request *request, int status);

/* ---- tls.c ---- */
int ms_http_tls_new(struct ssl_ctx_st **out, const char *cert_file, const char *key_file);
void ms_http_tls_free(struct ssl_ctx_st *tls);
struct bufferevent *ms_http_tls_events(struct ssl_ctx_st *tls, void *base, int fd);
/* Says goodbye, once. */
void ms_http_tls_shut(struct bufferevent *events);

#endif
