/*
 * An HTTP/1.1 server on the engine's event loop: listens, reads requests strictly, hands each to one
 * callback and sends the answer, now or later. Knows limits and time, no routes and no protocol.
 *
 * Every request that on_request gets is answered exactly once (ms_http_reply, or ms_http_reply_start and
 * ms_http_reply_end), also after its client left and after the server was freed: until then its memory
 * stays. Loop thread only.
 */
#ifndef MS_HTTP_HTTP_H
#define MS_HTTP_HTTP_H

#include "http/message.h"
#include "loop/loop.h"

struct ms_http;
struct ms_http_request;

struct ms_http_limits {
  size_t head_bytes; /* of request line and headers */
  unsigned header_count;
  size_t body_bytes;
  size_t memory_bytes;       /* of requests that are there and answers not yet sent; beyond: 503 */
  unsigned connection_count; /* in all; at the limit the one that is idle longest gives way */
  unsigned address_count;    /* connections of one address (of one /64 with IPv6) */
  unsigned pending_count;    /* requests handed over and not answered; beyond: 503 */
  unsigned requests_per_connection;
  unsigned idle_ms; /* between requests */
  unsigned head_ms; /* from the first byte to the end of the headers, TLS greeting included */
  unsigned body_ms; /* from there to the end of the body, plus what body_bytes_per_s allows */
  unsigned body_bytes_per_s; /* the slowest body that is waited for */
  unsigned write_ms;         /* without the client taking any of an answer */
  size_t reply_bytes;        /* of a streamed answer that the client has not taken */
};
void ms_http_limits_init(struct ms_http_limits *limits); /* the defaults */

/* One line of an access log. Texts are borrowed; a refused request may have none. No query: it may be
 * signed. */
struct ms_http_access {
  struct ms_str peer;
  struct ms_str method;
  struct ms_str path;
  int status;
  uint64_t request_bytes;  /* of the body */
  uint64_t response_bytes; /* of the body */
  int64_t duration_us;     /* from the end of the request to the end of the answer */
  bool is_client_gone;     /* before the answer */
};

typedef void (*ms_http_request_cb)(struct ms_http_request *request, void *user);

struct ms_http_options {
  struct ms_loop *loop;      /* one with an event base */
  const char *address;       /* NULL: 127.0.0.1 */
  uint16_t port;             /* 0: any; ms_http_port tells */
  const char *tls_cert_file; /* PEM, with chain; NULL: no TLS */
  const char *tls_key_file;
  bool has_credentials;     /* requests are checked for signatures: it may listen beyond loopback */
  const char *allow_origin; /* CORS: "*" or an origin; NULL: off */
  const char *hosts;        /* names by which it may be called, comma-separated; see README */
  struct ms_http_limits limits; /* filled by ms_http_limits_init */
  ms_http_request_cb on_request;
  void *user;
  void (*on_access)(const struct ms_http_access *access, void *access_user); /* may be NULL */
  void *access_user;
};

/*
 * Listens. MSTEP_EINVALID: an address beyond loopback without credentials, or no address; MSTEP_EIO: the
 * port is taken, a certificate cannot be read; MSTEP_EUNSUPPORTED: the loop has no event base. The detail
 * says which. Holds the loop (ms_loop_hold) until stopped.
 */
int ms_http_new(struct ms_http **out, const struct ms_http_options *options);
uint16_t ms_http_port(const struct ms_http *http);
/*
 * Takes no more connections, ends idle ones, lets requests finish; on_stopped is called once, never from
 * inside, when the last is gone or the deadline has cut them.
 */
void ms_http_stop(struct ms_http *http, unsigned deadline_ms, void (*on_stopped)(void *user),
                  void *user);
/* Cuts what is left. Requests that are not answered stay valid until they are. NULL is fine. */
void ms_http_free(struct ms_http *http);

struct ms_http_stats {
  uint64_t accepted_count;
  uint64_t refused_count; /* connections that a limit turned away */
  uint64_t request_count; /* handed to on_request */
  uint64_t bad_count;     /* requests refused before that */
  unsigned connection_count;
  unsigned pending_count;
  size_t memory_bytes;
};
void ms_http_stats(const struct ms_http *http, struct ms_http_stats *out);

/* ---- a request --------------------------------------------------------------------------------------- */

const struct ms_http_message *ms_http_message(const struct ms_http_request *request);
/* A pointer for whoever answers it. */
void ms_http_set_user(struct ms_http_request *request, void *user);
void *ms_http_user(const struct ms_http_request *request);
/*
 * Tells once, never from inside, when the client closed its side before the answer: nobody may be
 * listening any more. Still to be answered (a client that only closed its sending side gets it). NULL: no
 * longer.
 */
void ms_http_on_gone(struct ms_http_request *request, ms_http_request_cb on_gone, void *user);

/* ---- its answer -------------------------------------------------------------------------------------- */

/*
 * Sends it whole and ends the request: it must not be touched again. Content-Length, Date and Connection are
 * added; HEAD, 204 and 304 go without a body. MSTEP_EINVALID: a header's name or value has characters that
 * would break the answer, or a status outside 200 to 599; nothing is sent, the request still waits.
 */
int ms_http_reply(struct ms_http_request *request, int status, const struct ms_field *headers,
                  size_t header_count, struct ms_str body);
/* The same in parts, as chunks. Errors as above; the request waits for ms_http_reply_end. */
int ms_http_reply_start(struct ms_http_request *request, int status, const struct ms_field *headers,
                        size_t header_count);
/* MSTEP_ESTATE: the client is gone; MSTEP_ETOOBIG: it takes too slowly, this part was not sent. */
int ms_http_reply_send(struct ms_http_request *request, struct ms_str part);
void ms_http_reply_end(struct ms_http_request *request);

const char *ms_http_status_text(int status); /* "Not Found"; never NULL */

#endif
