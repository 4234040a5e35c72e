/*
 * A task's call of one of our operations, from its start until nobody needs it any more. It outlives its task
 * when that is cancelled while an operation is under way.
 */
#ifndef MS_TASK_SERVICE_CALL_H
#define MS_TASK_SERVICE_CALL_H

#include "task/service.h"

struct ms_task_service_call {
  struct ms_task_service_call *next, **slot; /* in tasks->service_calls */
  struct ms_tasks *tasks;
  struct ms_task *task; /* NULL: nobody waits */
  struct ms_task_service_request request;
  enum ms_task_pattern pattern;
  /* What to do with the answer of the operation that is under way; task is there. */
  void (*on_reply)(struct ms_task_service_call *call, const struct ms_task_reply *reply);
  bool is_out;   /* an operation is under way */
  bool is_json;  /* .sync:2 */
  bool is_ours;  /* an execution of that name is what this task started, before a crash or now */
  bool is_ended; /* the execution that it waits for */
  bool must_stop; /* the execution, once its ARN is known */
  struct ms_json child; /* ARN of the execution that it waits for, or NONE */
  struct ms_task_service_call *next_waiting; /* for the same */
};

struct ms_task_service_call *ms_task_service_call_new(struct ms_tasks *tasks, struct ms_task *task,
                                                      const struct ms_task_service_request *request);
void ms_task_service_call_free(struct ms_task_service_call *call);
/* An operation for it; takes parameters (NONE: out of memory). */
int ms_task_service_call_send(struct ms_task_service_call *call, struct ms_json operation,
                              struct ms_json parameters,
                              void (*on_reply)(struct ms_task_service_call *call,
                                               const struct ms_task_reply *reply));
/* Says the last word and lets go of the task; the call is freed with its operation. */
void ms_task_service_call_fail(struct ms_task_service_call *call,
                               const struct ms_task_reply *reply);
void ms_task_service_call_broken(struct ms_task_service_call *call, int err);

/* The answer of an operation that is all there is to do. */
void ms_task_on_reply(struct ms_task_service_call *call, const struct ms_task_reply *reply);

/* ---- task_execution.c ---- */

/* states:startExecution: the parameters get a name where they have none. */
bool ms_task_is_start(const struct ms_task_service_request *request);
int ms_task_start_name(struct ms_json *parameters, struct ms_task_service_call *call,
                       const struct ms_task_request *request);
/* The answer of StartExecution for a task that waits for no end. */
void ms_task_on_started(struct ms_task_service_call *call, const struct ms_task_reply *reply);
/* The same for one that does. */
void ms_task_on_child_started(struct ms_task_service_call *call, const struct ms_task_reply *reply);
void ms_task_child_forget(struct ms_task_service_call *call); /* waits for no end any more */
void ms_task_child_stop(struct ms_task_service_call *call);   /* best effort */
/* The ARN that a reply of StartExecution names, started or taken already; owned. */
struct ms_json ms_task_child_of(const struct ms_task_reply *reply);

#endif
