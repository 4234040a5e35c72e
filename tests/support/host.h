/*
 * A host program in small, for tests of the public header: an engine on virtual time with a fixed
 * seed, and a record of how executions ended. Every function ends the case when something fails
 * that should not.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

#include "mstep/mstep.h"

struct host {
  mstep_engine *engine;
  mstep_options options;
  mstep_arn arn; /* of the latest start */
  int ended;     /* executions whose end was told */
  /* of the latest end; "" where there was none */
  char *ended_arn;
  mstep_status status;
  char *output;
  char *error;
  char *cause;
};

#define HOST_ACTIVITY "arn:aws:states:us-east-1:000000000000:activity:work"
#define HOST_TASK                                                                                  \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" HOST_ACTIVITY          \
  "\",\"End\":true}}}"

/* Virtual time from 2024-01-01, seed 7, no workers; `tune` (may be NULL) changes options first. */
void host_open(struct host *host, void (*tune)(mstep_options *options));
void host_open_at(struct host *host, const char *store, void (*tune)(mstep_options *options));
void host_close(struct host *host);
/* Closes, and opens with the options as they stand in the host; what it recorded is forgotten. */
void host_reopen(struct host *host);
mstep_str host_str(const char *text);
/* Creates a machine; its ARN. */
mstep_arn host_machine(struct host *host, const char *name, const char *definition);
/* Starts; name and input may be NULL. The end comes into *host. */
void host_start(struct host *host, const mstep_arn *machine, const char *name, const char *input);
void host_run(struct host *host);
/* Lets the loop go round that often, then stops it: for what has no end of its own. */
void host_rounds(struct host *host, int rounds);
/* Machine "m", one execution with that input, run to its end: the status. */
mstep_status host_once(struct host *host, const char *definition, const char *input);
const char *host_history(struct host *host, const char *arn);  /* kept until the case ends */
const char *host_describe(struct host *host, const char *arn); /* likewise */
/* For mstep_execution_start. user: the host. */
void host_done(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
               mstep_str error, mstep_str cause, void *user);
/* A text callback that keeps the text in *(const char **)user. */
void host_text(mstep_str text, void *user);

#endif
