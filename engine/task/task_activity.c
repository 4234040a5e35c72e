/*
 * Activities: tasks that wait for a worker to ask for them (GetActivityTask) and to answer by token. Who
 * waits for whom is known above (struct ms_task_up: offer, withdraw).
 */
#include "base/error.h"
#include "task/internal.h"

static bool activity_handles(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  return request->kind == MS_TASK_ACTIVITY && tasks->up.offer != NULL;
}

static int activity_start(struct ms_tasks *tasks, struct ms_task *task,
                          const struct ms_task_request *request)
{
  const char *token;
  int err = tasks->up.token(&token, task, tasks->up.user);
  if (err != 0 || request->is_started) {
    return err; /* a worker has it, from before the engine was started again, and knows the token */
  }
  err = tasks->up.offer(task, request, tasks->up.user);
  if (err == MSTEP_ENOTFOUND) {
    ms_task_failf(tasks, task, "States.Runtime", "The activity %.*s does not exist.",
                  MS_STR_ARG(request->resource));
    err = MSTEP_OK;
  }
  return err;
}

static void activity_end(struct ms_tasks *tasks, struct ms_task *task)
{
  tasks->up.withdraw(task, tasks->up.user);
}

const struct ms_task_handler ms_task_activity = {"activity", activity_handles, activity_start,
                                                 activity_end, activity_end};
