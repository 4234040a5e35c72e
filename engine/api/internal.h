/* The parts of a call that operations do not see, and what api.c and call.c share. */
#ifndef MS_API_INTERNAL_H
#define MS_API_INTERNAL_H

#include <stdatomic.h>

#include "api/call.h"
#include "metrics/metrics.h"

struct ms_api {
  struct ms_engine *engine;
  struct ms_api_up up;
  atomic_flag lock; /* of `calls`, held for a few instructions */
  struct ms_api_call *calls;
  uint64_t serial; /* of the latest; under the lock too */
  struct ms_json applied; /* by the latest ApplyProject */
  uint64_t answered_count, refused_count; /* the loop thread's */
  struct ms_histogram durations;          /* likewise */
  char code_secret[32];                   /* of code_link.c */
  bool has_code_secret;
};

/* Any thread makes one; from then on it is the loop thread's. */
struct ms_api_call {
  struct ms_api_call *next, **slot;
  struct ms_api *api;
  struct ms_api_receiver receiver;
  char *text; /* operation, request and lineage, one after the other */
  size_t operation_len, request_len, lineage_len;
  struct ms_json request;
  struct ms_json kept;
  int (*then)(struct ms_api_call *call);
  int (*on_reply)(struct ms_api_call *call, int status, struct ms_str reply);
  int (*on_end)(struct ms_api_call *call, const struct ms_engine_end *end);
  void (*cancel)(struct ms_api_call *call, void *what);
  void *what;
  uint64_t serial;
  int64_t begun_at_us;
  bool is_cancelled; /* nobody waits for the answer any more */
  bool is_cancel;    /* no call: what says so of an earlier one of the same callback.user */
  bool is_running;   /* its operation is on the stack */
  bool is_answered;
};

/* ---- api.c ---- */
void ms_api_call_free(struct ms_api_call *call);

/* ---- handlers.c ---- */
void ms_api_serve_handlers(struct ms_api *api);

/* ---- call.c ---- */
/* Answers, once. code 0: text is the reply; else the error object. */
void ms_api_answer(struct ms_api_call *call, int code, int http_status, struct ms_str text);

#endif
