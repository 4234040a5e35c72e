/*
 * One event of an execution's history: what `decide` writes and `evolve` applies. A flat struct of 72
 * bytes, the same for all types, because executions hold them by the million. What the members mean:
 *
 *   type                  state  number            data               more               due_at_ms
 *   EXECUTION_STARTED     -      -                 input              -                  its timeout
 *   EXECUTION_SUCCEEDED   -      -                 output             -                  -
 *   EXECUTION_FAILED ..   -      -                 error              cause              -
 *   STATE_ENTERED         it     -                 input              -                  -
 *   STATE_EXITED          it     next state        output             assigned {name:v}  -
 *   TASK_SCHEDULED ..     it     task serial       parameters/input   see below          -
 *   TASK_STARTED ..       it     -                 worker name        -                  timeout/heartbeat
 *   TASK_SUBMITTED        it     -                 output             -                  -
 *   TASK_SUCCEEDED ..     it     -                 output             -                  -
 *   TASK_FAILED ..        it     -                 error              cause              -
 *   PARALLEL_STARTED      it     branch count      branches' input    -                  -
 *   MAP_STARTED           it     length            items              see below          -
 *   MAP_ITERATION_STARTED it     index             iteration's input  -                  -
 *   MAP_ITERATION_* , BRANCH_SUCCEEDED: frame = the child; number = index; data = output or error
 *   MAP_RUN_STARTED       it     -                 map run ARN        -                  -
 *   EVALUATION_FAILED     it     -                 error              {cause, location}  -
 *   WAIT_SCHEDULED        it     -                 -                  -                  end of the wait
 *   RETRY_SCHEDULED       it     retrier           error              -                  next attempt
 *   HEARTBEAT             it     -                 -                  -                  new deadline
 *   EXECUTION_REDRIVEN    -      how often now     -                  -                  its timeout
 *   MAP_RUN_REDRIVEN      it     how often now     map run ARN        -                  -
 *   RESUMED               it     1: entered again  input, see below   -                  -
 *   STATE_RESET           it     -                 -                  -                  -
 *   MAP_TASK_SCHEDULED    it     task serial       what is asked      -                  -
 *   MAP_TASK_ENDED        it     task serial       -                  -                  -
 *   MAP_ITEMS             it     length            inputs             {"batched"?}       -
 *   MAP_RUN_ENDED         it     -                 see map_run.h      -                  -
 *   MAP_RUN_UPDATED       it     -                 as more of MAP_STARTED  -             -
 *   MAP_RUN_FAILING       it     -                 -                  -                  -
 *   MAP_ITERATION_STOPPED it     index             -                  -                  -
 *
 * more of *_SCHEDULED: {"timeoutInSeconds"?, "heartbeatInSeconds"?, "roleArn"?, "token"?}.
 * MAP_ITERATION_FAILED of a map run, THREAD_ABORTED of a child that was stopped: data = error, more = cause.
 * more of MAP_STARTED: {"input", "concurrency", "toleratedCount"?, "toleratedPercentage"?, "pairs"?}.
 * data of RESUMED: NONE, the frame goes on in its state; else it begins its flow anew with this input.
 */
#ifndef MS_CORE_EVENT_H
#define MS_CORE_EVENT_H

#include "asl/machine.h"
#include "json/json.h"

#define MS_EVENT(name, text, details) MS_EVENT_##name,
enum ms_event_type {
#include "core/events.def"
  MS_EVENT_COUNT
};
#undef MS_EVENT

enum ms_event_flags {
  MS_EVENT_SETS_TIMER = 1,   /* the frame's timer is now due_at_ms */
  MS_EVENT_CLEARS_TIMER = 2, /* the frame had a timer that has not fired */
  MS_EVENT_CANCELS_TASK = 4  /* the frame had a task that nobody answered; number: its serial */
};

#define MS_FRAME_NONE UINT32_MAX

struct ms_event {
  uint32_t id;       /* in the public history, from 1; 0 = not in it */
  uint32_t previous; /* AWS's previousEventId */
  uint16_t type;
  uint16_t flags;
  uint32_t frame; /* MS_FRAME_NONE: the execution's own */
  uint32_t state; /* index in the machine, or MS_STATE_NONE */
  uint32_t number;
  int64_t at_ms;
  int64_t due_at_ms;
  struct ms_json data;
  struct ms_json more;
};

struct ms_events {
  struct ms_event *items;
  size_t count;
  size_t capacity;
};

void ms_events_deinit(struct ms_events *events);
/* Drops the events and keeps the memory. */
void ms_events_clear(struct ms_events *events);
/* Room for one more, zeroed; NULL when out of memory. */
struct ms_event *ms_events_add(struct ms_events *events);
void ms_event_deinit(struct ms_event *event);

/* True for AWS's types; ours have id 0 always. */
bool ms_event_is_public(enum ms_event_type type);
/* "ExecutionStarted", or "TaskStateEntered" with the state's type in front. size 64 is enough. */
size_t ms_event_type_text(char *out, size_t size, const struct ms_event *event,
                          const struct ms_machine *machine);

struct ms_execution;
/* The event in GetExecutionHistory's form; NONE when out of memory. timestamp: seconds with fraction. */
struct ms_json ms_event_describe(const struct ms_event *event, const struct ms_execution *execution);

#endif
