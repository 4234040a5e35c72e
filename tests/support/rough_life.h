/*
 * An engine on a store where calls may fail, on virtual time: a machine `m`, a host that answers
 * its tasks, and what was told.
 */
#ifndef ROUGH_LIFE_H
#define ROUGH_LIFE_H

#include "runtime/runtime.h"

#define ROUGH_TASK "arn:aws:states:us-east-1:000000000000:activity:work"
#define ROUGH_MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:m"
#define ROUGH_ARN "arn:aws:states:us-east-1:000000000000:execution:m:"

#define ROUGH_ONE_TASK                                                                              \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" ROUGH_TASK              \
  "\",\"End\":true}}}"

struct rough_life {
  struct ms_engine *engine;
  const char *definition;
  const char *functions_dir; /* or NULL */
  bool is_express;
  bool is_silent; /* tasks are not answered */
  unsigned tasks; /* started; the first one is answered with the failure Busy */
  unsigned waits, done; /* told of an end: asked for, and come */
  int status;                 /* that was told with the latest end */
  unsigned accepted, unknown; /* by code */
  char token[128];            /* of the latest task */
  char refused[8][128];       /* tokens of tasks whose answer was refused */
  unsigned refused_count;
  char arn[MS_ENGINE_ARN_SIZE]; /* of the latest start */
};

int rough_open(struct rough_life *life, const char *url);
int rough_create(struct rough_life *life); /* the machine */
int rough_start(struct rough_life *life, const char *name);
/* Answers that were refused are given again; those that are refused again are kept. */
void rough_answer_again(struct rough_life *life);
void rough_run(struct rough_life *life, int64_t ms);
/* MSTEP_OK, and whether it has ended well; or why that is not known. */
int rough_look(struct rough_life *life, const char *arn, bool *has_succeeded);
/* What rough_look would see of it, as text; NULL when it is not there. */
const char *rough_status(struct rough_life *life, const char *arn);
struct ms_callback rough_callback(void);

#endif
