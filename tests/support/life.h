/*
 * The life of an engine with a store on simulated time, told through engine/runtime/runtime.h: opened, given
 * work, stopped anywhere, closed, opened again. Every failure that is not asked for ends the case.
 */
#ifndef MT_LIFE_H
#define MT_LIFE_H

#include "core/execution.h"
#include "runtime/runtime.h"

#define TASK "arn:aws:states:us-east-1:000000000000:activity:work"
#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:m"
#define EXECUTION_ARN "arn:aws:states:us-east-1:000000000000:execution:m:"

#define WAITS                                                                                      \
  "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}"
#define FAILS                                                                                      \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" TASK                   \
  "\",\"End\":true}}}"

/* What one engine's life leaves behind. */
struct life {
  struct ms_engine *engine;
  unsigned tasks;    /* started */
  unsigned busy;     /* of them so many are answered Busy first */
  unsigned silent;   /* so many are not answered at all */
  unsigned stop_after; /* tasks: then the engine's loop is stopped */
  unsigned done;
  int status;
  unsigned accepted;
  char output[4096];
  char token[256];
};

struct ms_callback some_callback(void);
/* What life_begin opens with; more may be set. */
struct ms_engine_options life_options(struct life *life, const char *url, int64_t start_at_ms);
void life_begin(struct life *life, const char *url, int64_t start_at_ms);
void life_begin_with(struct life *life, const struct ms_engine_options *options);
void life_end(struct life *life);
/* Creates or updates the machine m and starts an execution; the start's code. */
int life_start(struct life *life, const char *definition, const char *name, const char *input);
/* `ID TYPE` lines of all pages of so many events; the caller's (ms_free), as all texts. */
char *life_history(struct life *life, const char *arn, bool is_reverse, unsigned page);
char *life_describe(struct life *life, const char *arn);
/* `NAME STATUS;` of all pages and a full stop. status -1: any. */
char *life_list(struct life *life, int status, unsigned page);
void life_expect_list(struct life *life, int status, unsigned page, const char *expected);

#endif
