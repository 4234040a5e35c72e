/*
 * The operations of AWS's APIs, as JSON in and JSON out: what HTTP, mstep_call and the command line
 * share. One row of ops.def and one file op_NAME.c each.
 */
#ifndef MS_API_API_H
#define MS_API_API_H

#include "runtime/runtime.h"

struct ms_api;

/* text: the answer; on failure {"__type", "message"}. Valid during the call. */
struct ms_api_reply {
  int code; /* MSTEP_OK, or what comes nearest to AWS's error */
  int http_status;
  struct ms_str text;
};
/*
 * Who hears of it: reply(reply, receiver) on the loop thread, once, never from inside ms_api_call;
 * after durability.
 */
struct ms_api_receiver {
  void (*reply)(const struct ms_api_reply *reply, const struct ms_api_receiver *receiver);
  struct ms_callback callback; /* reply's own */
  void *host;                  /* likewise */
  struct ms_str lineage;       /* of the call of a function that asks; copied; data NULL: none asks */
};

/*
 * How the runtime's callbacks come back here: functions of the types that its host calls them with,
 * which hand on to ms_api_on_*.
 */
struct ms_api_up {
  void (*posted)(void);
  void (*accepted)(void);
  void (*replied)(void);
  void (*ended)(void);
};

int ms_api_new(struct ms_api **out, struct ms_engine *engine, const struct ms_api_up *up);
/* After the engine is closed. Calls that are under way are forgotten. NULL is fine. */
void ms_api_free(struct ms_api *api);
/* Its figures of this moment. Loop thread. */
struct ms_metrics;
void ms_api_collect(struct ms_metrics *metrics, const struct ms_api *api);

/*
 * Any thread. operation: "StartExecution", or "states:StartExecution" where two services have one
 * of that name. request: a JSON object; data NULL = {}. All is copied; receiver NULL: nobody. An
 * error here (MSTEP_ENOMEM) means that `reply` is not called; whatever else is wrong comes through
 * it.
 */
int ms_api_call(struct ms_api *api, struct ms_str operation, struct ms_str request,
                const struct ms_api_receiver *receiver);

/*
 * Any thread. Nobody waits any more for calls that were made with this callback.user: what only
 * waits, as a long poll does, is answered at once. All else is carried out. MSTEP_ENOMEM.
 */
int ms_api_cancel(struct ms_api *api, void *user);

/* user: as in the ms_callback that the runtime was given. */
void ms_api_on_posted(void *user);
void ms_api_on_accepted(int code, const char *detail, void *user);
void ms_api_on_replied(int status, struct ms_str reply, void *user);
void ms_api_on_ended(const struct ms_engine_end *end, void *user);

/*
 * UpdateStateMachine of the definition; all else stays. Loop thread. MSTEP_ENOTFOUND,
 * MSTEP_EDEFINITION.
 */
int ms_api_machine_update(struct ms_engine *engine, struct ms_str arn, struct ms_str definition,
                          ms_engine_diagnostic_cb report, void *user);

#endif
