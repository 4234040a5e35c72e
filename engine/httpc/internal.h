/*
 * What the parts share: httpc.c drives libcurl, request.c makes a transfer of a request, response.c
 * collects the answer, guard.c judges addresses, sign.c signs.
 */
#ifndef MS_HTTPC_INTERNAL_H
#define MS_HTTPC_INTERNAL_H

#include <curl/curl.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/vec.h"
#include "httpc/httpc.h"

struct ms_httpc {
  struct ms_loop *loop;
  int (*set_timer)(int64_t due_at_ms, void *user);
  void *user;
  CURLM *multi;
  char *ca_file;
  struct ms_httpc_call *calls;
  struct ms_httpc_call *ended; /* whose done is still to be called */
  unsigned pending;
  bool is_guarded;
  bool is_global;      /* curl_global_init was called */
};

/* Offsets into `head`. */
struct ms_httpc_span {
  size_t name, name_len, value, value_len;
};

struct ms_httpc_call {
  struct ms_httpc_call *next, **slot; /* of calls, or of ended */
  struct ms_httpc *client;
  CURL *easy;
  struct curl_slist *headers;
  CURLU *url;
  struct ms_buf request; /* method and body, one behind the other */
  size_t method_len;
  size_t body_at, body_len;
  ms_httpc_done_cb done;
  void *user;
  bool is_running; /* libcurl has it */
  /* the answer */
  struct ms_buf head;
  struct ms_buf body;
  MS_VEC(struct ms_httpc_span) spans;
  bool is_too_big;
  bool is_blocked;
  bool is_out_of_memory;
  CURLcode code;
  char text[CURL_ERROR_SIZE];
};

/* ---- request.c ---- */
/* Fills in the transfer. MSTEP_EINVALID, MSTEP_ENOMEM. */
int ms_httpc_prepare(struct ms_httpc_call *call, const struct ms_httpc_request *request);
int ms_httpc_add_header(struct ms_httpc_call *call, struct ms_str name, struct ms_str value);

/* ---- sign.c ---- */
int ms_httpc_sign(struct ms_httpc_call *call, const struct ms_httpc_request *request,
                  int64_t now_ms);

/* ---- response.c ---- */
size_t ms_httpc_take_header(char *data, size_t size, size_t count, void *user);
size_t ms_httpc_take_body(char *data, size_t size, size_t count, void *user);
/* Calls done. */
void ms_httpc_tell(struct ms_httpc_call *call);

/* ---- guard.c ---- */
/* Whether it is an address of the public internet. */
bool ms_httpc_is_public(const struct sockaddr *address);

#endif
