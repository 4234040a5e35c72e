/* What a Map reads or writes: done at once, in the folder of buckets. */
#include "base/error.h"
#include "task/bucket.h"
#include "task/internal.h"

static bool bucket_handles(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  (void)tasks;
  return request->kind == MS_TASK_MAP;
}

static int bucket_start(struct ms_tasks *tasks, struct ms_task *task,
                        const struct ms_task_request *request)
{
  struct ms_json action = ms_json_getc(request->parameters, "action");
  bool is_read = ms_str_is(ms_json_text(action), "read");
  struct ms_json answer = MS_JSON_VALUE_NONE;
  const struct ms_task_up *up = &tasks->up;
  const char *dir = up->buckets_dir == NULL ? NULL : up->buckets_dir(up->user);
  int err = is_read ? ms_bucket_read(&answer, dir, request->parameters)
                    : ms_bucket_write(&answer, dir, request->parameters);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  if (err != 0) {
    ms_task_failf(tasks, task, is_read ? "States.ItemReaderFailed" : "States.ResultWriterFailed",
                  "%s", ms_error_detail());
    return MSTEP_OK;
  }
  err = ms_task_answer(tasks, task, MS_TASK_SUCCEEDED, answer);
  ms_json_unref(answer);
  return err;
}

const struct ms_task_handler ms_task_bucket = {"bucket", bucket_handles, bucket_start,
                                               ms_task_ignore, ms_task_ignore};
