/*
 * Outgoing HTTP on the engine's loop, through libcurl: requests run side by side, nothing blocks, each ends
 * in one callback. Follows no redirect, sends no cookie and adds no header that was not asked for. Keeps no
 * secret beyond the call that took it and logs nothing. Loop thread only.
 */
#ifndef MS_HTTPC_HTTPC_H
#define MS_HTTPC_HTTPC_H

#include "base/field.h"
#include "loop/loop.h"

struct ms_httpc;
struct ms_httpc_call;

enum ms_httpc_failure {
  MS_HTTPC_OK,      /* there is an answer, whatever its status */
  MS_HTTPC_DNS,     /* the name has no address */
  MS_HTTPC_CONNECT, /* nobody there: refused, unreachable */
  MS_HTTPC_TLS,     /* no common protocol, or a certificate that is not to be trusted */
  MS_HTTPC_TIMEOUT,
  MS_HTTPC_TOO_BIG, /* the answer is larger than allowed */
  MS_HTTPC_BLOCKED, /* the guard refuses the address */
  MS_HTTPC_BROKEN,  /* the connection ended early, or what came is no HTTP */
  MS_HTTPC_NO_MEMORY
};
const char *ms_httpc_failure_name(enum ms_httpc_failure failure); /* "DNS"; never NULL */

struct ms_httpc_options {
  struct ms_loop *loop;
  /*
   * The loop has one timer, and that is its owner's: it is told here when ms_httpc_on_timer is to be
   * called (0 = not at all). NULL: the loop's own timer is set.
   */
  int (*set_timer)(int64_t due_at_ms, void *user);
  void *user;
  bool is_guarded;      /* refuses addresses that are not public, and proxies */
  const char *ca_file;  /* PEM; NULL: the system's */
  unsigned connections; /* at most, and kept for reuse; 0 = 64 */
};

int ms_httpc_new(struct ms_httpc **out, const struct ms_httpc_options *options);
/* Calls that are under way are forgotten. Not from a callback. NULL is fine. */
void ms_httpc_free(struct ms_httpc *client);
void ms_httpc_on_timer(struct ms_httpc *client);

/* With these the request is signed (Signature Version 4); x-amz-date and Authorization are added. */
struct ms_httpc_sigv4 {
  struct ms_str access_key_id;
  struct ms_str secret;
  struct ms_str session_token; /* may be empty */
  struct ms_str region;
  struct ms_str service;
};

struct ms_httpc_request {
  struct ms_str method;
  struct ms_str url; /* http: or https: */
  const struct ms_field *headers;
  size_t header_count;
  struct ms_str body;
  unsigned timeout_ms;                /* of the whole; 0 = 60,000 */
  unsigned connect_timeout_ms;        /* 0 = 10,000 */
  size_t max_response_bytes;          /* of the body; 0 = 8 MiB */
  unsigned redirects;                 /* followed at most; 0 = a redirect is an answer */
  const struct ms_httpc_sigv4 *sigv4; /* NULL: not signed. Never together with redirects */
};

/* Valid during the callback. */
struct ms_httpc_result {
  enum ms_httpc_failure failure;
  const char *text;     /* of a failure, for people; else "" */
  int status;           /* 0 when there is no answer */
  struct ms_str reason; /* "Not Found"; empty with HTTP/2 */
  const struct ms_field *headers;
  size_t header_count;
  struct ms_str body;
};
typedef void (*ms_httpc_done_cb)(const struct ms_httpc_result *result, void *user);

/*
 * Copies the request. done is called once, never from inside, unless it is cancelled. out may be NULL.
 * MSTEP_EINVALID: a method, URL or header that cannot be sent; MSTEP_ENOMEM.
 */
int ms_httpc_send(struct ms_httpc_call **out, struct ms_httpc *client,
                  const struct ms_httpc_request *request, ms_httpc_done_cb done, void *user);
/* done is not called. Not after done was. */
void ms_httpc_cancel(struct ms_httpc_call *call);

unsigned ms_httpc_pending(const struct ms_httpc *client);

#endif
