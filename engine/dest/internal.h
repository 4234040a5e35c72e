/* What the kinds of destinations share. */
#ifndef MS_DEST_INTERNAL_H
#define MS_DEST_INTERNAL_H

#include "base/buf.h"
#include "dest/dest.h"
#include "httpc/httpc.h"

struct ms_dest_type {
  const char *name;
  bool (*takes)(struct ms_str target);
  int (*deliver)(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                 void *arg);
};

/* A try that this module waits for itself; the first member of a kind's own struct. */
struct ms_dest_try {
  struct ms_dest_try *next, **slot;
  struct ms_dests *dests;
  ms_delivered_cb cb;
  void *arg;
  void (*free)(struct ms_dest_try *try); /* what it holds, and itself */
};

struct ms_dests {
  struct ms_dests_options options;
  struct ms_dest_try *tries;
  struct ms_httpc *client; /* made when first needed */
  int64_t client_due_ms;
  int64_t answer_due_ms; /* some try has its answer and is to give it */
};

/* ---- dest.c ---- */
void ms_dest_try_begin(struct ms_dest_try *try, struct ms_dests *dests, ms_delivered_cb cb,
                       void *arg, void (*free)(struct ms_dest_try *try));
void ms_dest_try_end(struct ms_dest_try *try, int code, bool is_final, const char *detail);
void ms_dest_try_forget(struct ms_dest_try *try); /* nobody is called */
/* What a try that is over at once gives later, since nobody is called from inside. 0 or MSTEP_ENOMEM. */
int ms_dest_answer_later(struct ms_dests *dests, int code, bool is_final, const char *detail,
                         ms_delivered_cb cb, void *arg);
/* arn:PARTITION:SERVICE:... */
bool ms_dest_is_arn(struct ms_str target, const char *service);
/* The part of an ARN from its sixth field on: "function:f". Empty when it has fewer. */
struct ms_str ms_dest_arn_resource(struct ms_str arn);
int ms_dest_up(ms_dest_way way, const char *what, struct ms_dests *dests,
               const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg);

#endif
