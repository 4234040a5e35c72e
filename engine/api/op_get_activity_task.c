/*
 * GetActivityTask: the next task of an activity with its token, when it is durable that a worker has it;
 * {} when none comes within a minute.
 */
#include "api/members.h"
#include "base/error.h"
#include "runtime/activities.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("activityArn", true),
    {.name = "workerName", .kind = MS_API_STRING, .min = 1, .max = MS_API_NAME_MAX},
    MS_MEMBER_END};

static void on_task(struct ms_str token, struct ms_str input, void *arg)
{
  struct ms_api_call *call = arg;
  struct ms_json reply = token.data == NULL ? ms_json_object(0)
                                            : ms_api_object("taskToken", ms_json_string(token));
  int err = ms_json_is_none(reply) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && token.data != NULL) {
    err = ms_json_setc(&reply, "input", ms_json_string(input));
  }
  if (err == 0) {
    err = ms_api_finish(call, reply);
  } else {
    ms_json_unref(reply);
  }
  if (err != 0) {
    ms_api_fail_code(call, err);
  }
}

/* The worker has gone: the next task is not for it. */
static void cancel(struct ms_api_call *call, void *what)
{
  (void)what;
  ms_activities_cancel(ms_api_engine(call), call);
}

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "activityArn", "activity");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  int err = ms_activities_poll(ms_api_engine(call), arn, ms_api_text(call, "workerName"), on_task,
                               call);
  if (err == 0 && !ms_api_is_answered(call)) {
    ms_api_on_cancel(call, cancel, NULL);
  }
  if (err == MSTEP_ENOTFOUND) {
    return ms_api_fail(call, MS_API_ERROR_ACTIVITY_DOES_NOT_EXIST, arn);
  }
  return err == MSTEP_ETOOBIG
             ? ms_api_fail(call, MS_API_ERROR_ACTIVITY_WORKER_LIMIT_EXCEEDED,
                           ms_str_c(ms_error_detail()))
             : err;
}

const struct ms_op ms_op_get_activity_task = {members, run};
