/*
 * Destinations: one try to get something to a target, by what its ARN or address says it is. A kind is a
 * file dest_x.c and a row of dests.def. What trying again means is the outbox's (outbox.h) or the caller's;
 * what is above this module (functions, queues ...) is reached through what the runtime hands down.
 * Loop thread only.
 */
#ifndef MS_DEST_DEST_H
#define MS_DEST_DEST_H

#include "journal/driver.h"

struct ms_dests;
struct ms_httpc;

/* As ms_driver_env.deliver. */
typedef int (*ms_dest_way)(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg,
                           void *user);

/* code 0: text is what the hook returned, as JSON. MSTEP_ENOTFOUND: no such hook. Else text says why. */
typedef void (*ms_dest_hook_cb)(int code, struct ms_str text, void *arg);

struct ms_dest_up {
  ms_dest_way invoke;    /* functions, asynchronously. NULL here and below: not there */
  ms_dest_way start;     /* state machines */
  ms_dest_way send;      /* queues */
  ms_dest_way publish;   /* topics */
  ms_dest_way put_event; /* buses */
  /* Runs hooks/NAME.lua. done is never called from inside; on an error not at all. */
  int (*hook)(struct ms_str name, struct ms_str record, ms_dest_hook_cb done, void *arg,
              void *user);
  void *user;
};

struct ms_dests_options {
  struct ms_loop *loop; /* borrowed, as all here */
  struct ms_random *random;
  const char *buckets_dir; /* arn:aws:s3:::NAME is the folder NAME in it; NULL: there are none */
  struct ms_dest_up up;
};

int ms_dests_new(struct ms_dests **out, const struct ms_dests_options *options);
void ms_dests_free(struct ms_dests *dests); /* nobody is called. NULL is fine */

/* As ms_driver_env.deliver. */
int ms_dests_deliver(struct ms_dests *dests, const struct ms_delivery *delivery, ms_delivered_cb cb,
                     void *arg);
/* Is there a kind of destination for this? Says nothing of whether the target exists. */
bool ms_dest_is_target(struct ms_str target);

/* The client that requests go out by; made when it is first asked for. */
int ms_dests_http(struct ms_httpc **out, struct ms_dests *dests);

/* ---- called by the runtime's loop callbacks ---- */
int64_t ms_dests_next_due_ms(const struct ms_dests *dests); /* 0 = none */
void ms_dests_on_timer(struct ms_dests *dests, int64_t now_ms);

#endif
