/*
 * Tasks that the host program answers: mstep_task_register. The host gets a token and answers with
 * it when it likes, from any thread.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "task/internal.h"

#define REGISTRATIONS_MAX 65536

/*
 * `*` stands for any run of characters. Iterative: on a mismatch go back to the last `*` and let it
 * eat one more.
 */
bool ms_task_matches(struct ms_str pattern, struct ms_str text)
{
  size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
  while (t < text.len) {
    if (p < pattern.len && pattern.data[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
      p++;
      t++;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.len && pattern.data[p] == '*') {
    p++;
  }
  return p == pattern.len;
}

static const struct ms_task_registration *host_find(const struct ms_tasks *tasks,
                                                    struct ms_str resource)
{
  for (size_t i = tasks->registrations.count; i > 0; i--) {
    const struct ms_task_registration *r = &tasks->registrations.data[i - 1];
    if (ms_task_matches((struct ms_str){r->pattern, r->pattern_len}, resource)) {
      return r;
    }
  }
  return NULL;
}

static void host_forget(struct ms_tasks *tasks, struct ms_str pattern)
{
  for (size_t i = 0; i < tasks->registrations.count; i++) {
    struct ms_task_registration *r = &tasks->registrations.data[i];
    if (ms_str_eq((struct ms_str){r->pattern, r->pattern_len}, pattern)) {
      ms_free(r->pattern);
      size_t after = tasks->registrations.count - i - 1;
      memmove(r, r + 1, after * sizeof *r);
      tasks->registrations.count--;
      return;
    }
  }
}

int ms_tasks_register(struct ms_tasks *tasks, struct ms_str pattern, struct ms_callback callback)
{
  if (callback.fn == NULL) {
    host_forget(tasks, pattern);
    return MSTEP_OK;
  }
  int err = MS_VEC_RESERVE(&tasks->registrations, REGISTRATIONS_MAX, 1);
  if (err != 0) {
    return err;
  }
  char *copy = ms_strdupn(pattern.data, pattern.len);
  if (copy == NULL) {
    return ms_error_nomem();
  }
  host_forget(tasks, pattern); /* the same pattern again: the later one, and the latest of all */
  tasks->registrations.data[tasks->registrations.count++] =
      (struct ms_task_registration){copy, pattern.len, callback};
  return MSTEP_OK;
}

static bool host_handles(const struct ms_tasks *tasks, const struct ms_task_request *request)
{
  return tasks->registrations.count > 0 && host_find(tasks, request->resource) != NULL;
}

/* Says what AWS would have recorded before a worker has the task. */
static int host_announce(struct ms_tasks *tasks, struct ms_task *task,
                         const struct ms_task_request *request)
{
  if (request->kind == MS_TASK_ACTIVITY) {
    return ms_task_answer(tasks, task, MS_TASK_STARTED, MS_JSON_VALUE_NONE);
  }
  return request->pattern == MS_TASK_REQUEST ? MSTEP_OK : ms_task_submit(tasks, task);
}

static int host_start(struct ms_tasks *tasks, struct ms_task *task,
                      const struct ms_task_request *request)
{
  /* Copied: the callback may register others. */
  struct ms_callback callback = host_find(tasks, request->resource)->callback;
  const char *token = NULL;
  int err = tasks->up.token(&token, task, tasks->up.user);
  if (err != 0) {
    return err;
  }
  struct ms_buf input;
  ms_buf_init(&input, 0);
  ms_json_print(&input, request->parameters);
  char *resource = ms_strdupn(request->resource.data, request->resource.len);
  err = input.error != 0 ? input.error : resource == NULL ? ms_error_nomem() : MSTEP_OK;
  if (err == 0) {
    err = host_announce(tasks, task, request);
  }
  if (err == 0) {
    /* The token dies with the task, which the callback may answer: it gets a copy. */
    char *own_token = ms_strdupn(token, strlen(token));
    if (own_token == NULL) {
      err = ms_error_nomem();
    } else {
      tasks->up.call_host(callback, own_token, resource, ms_buf_view(&input), tasks->up.user);
      ms_free(own_token);
    }
  }
  ms_free(resource);
  ms_buf_deinit(&input);
  return err;
}

/* The host is not told of a cancelled task: its answer finds no token. */
const struct ms_task_handler ms_task_host = {"host", host_handles, host_start, ms_task_ignore,
                                             ms_task_ignore};
