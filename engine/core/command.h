/* What the world tells an execution. */
#ifndef MS_CORE_COMMAND_H
#define MS_CORE_COMMAND_H

#include "core/execution.h"

enum ms_command_type {
  MS_COMMAND_START,          /* data: input */
  MS_COMMAND_STEP,           /* frame: the head of the run queue */
  MS_COMMAND_TASK_STARTED,   /* activities: a worker took it; data: worker name or NONE */
  MS_COMMAND_TASK_SUBMITTED, /* .sync, .waitForTaskToken: the call itself was answered; data */
  MS_COMMAND_TASK_SUCCEEDED, /* data: output */
  MS_COMMAND_TASK_FAILED,    /* error, cause: strings, NULL or NONE */
  MS_COMMAND_TASK_HEARTBEAT,
  MS_COMMAND_TIMER,          /* the timer of frame is due (MS_FRAME_NONE: the execution's) */
  MS_COMMAND_STOP,           /* error, cause */
  MS_COMMAND_UPDATE_MAP_RUN, /* frame: of the Map; data: as more of MAP_STARTED */
  MS_COMMAND_STOP_CHILD,     /* data: ARN of its map run, task: its place; error, cause */
  MS_COMMAND_REDRIVE,        /* goes on where it ended badly; MSTEP_ESTATE: it cannot, detail says why */
  MS_COMMAND_HISTORY_FULL    /* no further event fits; ms_core_turn sends it itself */
};

struct ms_command {
  enum ms_command_type type;
  uint32_t frame;
  uint32_t task;        /* TASK_*: the serial; an answer to another one is dropped */
  struct ms_json data;  /* borrowed */
  struct ms_json error; /* borrowed */
  struct ms_json cause; /* borrowed */
};

#endif
