/*
 * Activities: tasks that wait for a worker, and workers that wait for a task (GetActivityTask). Which
 * activities there are is in the catalog, under "activity".
 */
#ifndef MS_RUNTIME_ACTIVITIES_H
#define MS_RUNTIME_ACTIVITIES_H

#include "core/core.h"
#include "journal/driver.h"
#include "runtime/runtime.h"

extern const struct ms_driver_type ms_activities_driver;

#define MS_ACTIVITY_POLL_MS 60000
#define MS_ACTIVITY_POLLERS_MAX 1000

/* token data NULL: nothing came in time. Texts are valid during the call. */
typedef void (*ms_activity_cb)(struct ms_str token, struct ms_str input, void *arg);

/*
 * The next task of that activity, now (cb is called from inside) or within a minute. That somebody took it
 * is not durable yet. MSTEP_ENOTFOUND: no such activity; MSTEP_ETOOBIG: too many wait.
 */
int ms_activities_poll(struct ms_engine *engine, struct ms_str arn, struct ms_str worker,
                       ms_activity_cb cb, void *arg);

/*
 * Whoever waits with that `arg` has gone: tasks are for others. False when it does not wait any more; else
 * cb is called, with nothing.
 */
bool ms_activities_cancel(struct ms_engine *engine, const void *arg);

/* For ms_core_env.check_task: a task of an activity that is not there fails before it is scheduled. */
int ms_activities_check(void *user, const struct ms_resource *resource, struct ms_json parameters,
                        struct ms_failure *failure);
/* For ms_task_up; user: the engine. */
int ms_activities_offer(struct ms_task *task, const struct ms_task_request *request, void *user);
void ms_activities_withdraw(struct ms_task *task, void *user);

#endif
