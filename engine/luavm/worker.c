/*
 * Handlers on worker threads: each worker is a host with Lua states of its own. A call goes out as
 * the text of its payload and comes back as the text of its result; the job itself is the message.
 *
 * A worker sleeps through its suspended calls with timers of its own, on the wall clock.
 */
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

/* ---- the worker's side ---- */

static int worker_open(void **state, struct ms_worker *worker, unsigned index, void *user)
{
  struct ms_lua *lua = user;
  struct ms_lua_host *host = ms_calloc(1, sizeof *host);
  if (host == NULL) {
    return ms_error_nomem();
  }
  ms_lua_host_init(host, lua, lua->watchdog, false);
  host->worker = worker;
  host->number = index + 1;
  *state = host;
  return MSTEP_OK;
}

static void worker_close(void *state)
{
  struct ms_lua_host *host = state;
  struct ms_heap_node *node;
  while ((node = ms_heap_peek(&host->sleeping, NULL)) != NULL) {
    ms_lua_abandon(host, MS_LUA_JOB_OF_SLEEP(node), MS_LUA_KILL_SHUTDOWN);
  }
  ms_lua_host_deinit(host);
  ms_free(host);
}

/* The values of the call become text, and none of this thread's stay behind. */
static void pack_result(struct ms_lua_job *job)
{
  bool is_ok = job->outcome == MS_LUA_OK;
  ms_buf_reset(&job->output_text);
  ms_buf_reset(&job->error_text);
  ms_json_print(&job->output_text, is_ok ? job->output : job->cause);
  if (!is_ok) {
    ms_json_print(&job->error_text, job->error);
  }
  ms_json_replace(&job->payload, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->client_context, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->identity, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->output, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->error, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->cause, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->trace, MS_JSON_VALUE_NONE);
}

static void enter(struct ms_lua_host *host, struct ms_lua_job *job)
{
  if (ms_lua_enter(host, job)) {
    pack_result(job);
    ms_worker_reply(host->worker, &job->message.message);
  }
}

static void worker_on_answer(struct ms_lua_host *host, struct ms_lua_message *message)
{
  struct ms_lua_job *job = ms_lua_up_arrive(host, message);
  if (job != NULL) {
    enter(host, job);
  }
}

static void worker_on_message(void *state, struct ms_work_message *message)
{
  struct ms_lua_host *host = state;
  struct ms_lua_message *part = (struct ms_lua_message *)(void *)message;
  if (part->kind == MS_LUA_MESSAGE_ANSWER) {
    worker_on_answer(host, part);
    return;
  }
  struct ms_lua_job *job = MS_LUA_JOB_OF_MESSAGE(message);
  int err = ms_json_parse(&job->payload, ms_buf_view(&job->input_text), &MS_JSON_LIMITS_OWN, NULL);
  if (err == 0 && job->client_text.len > 0) {
    err = ms_json_parse(&job->client_context, ms_buf_view(&job->client_text), &MS_JSON_LIMITS_OWN,
                        NULL);
  }
  if (err == 0 && job->identity_text.len > 0) {
    err =
        ms_json_parse(&job->identity, ms_buf_view(&job->identity_text), &MS_JSON_LIMITS_OWN, NULL);
  }
  if (err != 0) {
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory", "RequestId: %s Error: %s",
                    job->request_id, ms_error_detail());
    pack_result(job);
    ms_worker_reply(host->worker, message);
    return;
  }
  enter(host, job);
}

static int64_t worker_next_due_ms(void *state)
{
  struct ms_lua_host *host = state;
  int64_t due_at_ms = 0;
  return ms_heap_peek(&host->sleeping, &due_at_ms) == NULL ? 0 : due_at_ms;
}

static void worker_on_timer(void *state)
{
  struct ms_lua_host *host = state;
  int64_t now_ms = ms_lua_host_now_ms(host);
  struct ms_heap_node *node = ms_heap_take_due(&host->sleeping, now_ms);
  if (node != NULL) { /* one at a time: messages get their turn in between */
    enter(host, MS_LUA_JOB_OF_SLEEP(node));
  }
}

/* Somebody cancelled a call that sleeps here, or a version has been replaced. */
static void worker_on_wake(void *state)
{
  struct ms_lua_host *host = state;
  ms_lua_host_sweep(host);
  uint32_t i = 0;
  while (i < host->sleeping.count) {
    struct ms_lua_job *job = MS_LUA_JOB_OF_SLEEP(host->sleeping.slots[i].node);
    if (!atomic_load(&job->is_cancelled)) {
      i++;
      continue;
    }
    ms_lua_abandon(host, job, MS_LUA_KILL_CANCEL);
    pack_result(job);
    ms_worker_reply(host->worker, &job->message.message);
    i = 0; /* the heap is another one now */
  }
}

/* Calls that want nothing but time are many enough: new ones are left to other workers. */
static bool worker_is_full(void *state)
{
  return ((const struct ms_lua_host *)state)->busy_count >= MS_LUA_BUSY_MAX;
}

static const struct ms_work_type worker_type = {
    worker_open,        worker_close,    worker_on_message, worker_on_wake,
    worker_next_due_ms, worker_on_timer, worker_is_full,
};

/* ---- the loop's side ---- */

int ms_lua_workers_new(struct ms_lua *lua)
{
  struct ms_work_options options = {&worker_type, lua, lua->options.loop, lua->options.workers, 0};
  return ms_work_new(&lua->work, &options);
}

void ms_lua_workers_free(struct ms_lua *lua)
{
  if (lua->work == NULL) {
    return;
  }
  ms_work_stop(lua->work);
  for (size_t i = 0; i < lua->jobs.count; i++) {
    struct ms_lua_job *job = lua->jobs.data[i];
    if (job->is_out) {
      ms_lua_workers_cancel(lua, job);
    }
  }
  ms_work_join(lua->work);
  struct ms_work_message *message = ms_work_take(lua->work);
  while (message != NULL) {
    struct ms_lua_message *reply = (struct ms_lua_message *)(void *)message;
    message = message->next;
    if (reply->kind == MS_LUA_MESSAGE_LOG) {
      ms_free(reply);
    } else if (reply->kind != MS_LUA_MESSAGE_JOB) {
      ms_lua_up_take(lua, reply);
    }
  }
  ms_work_free(lua->work);
  lua->work = NULL;
}

/* Deadlines are the loop's time, which may be simulated; a worker's clock is the wall's. */
static void to_wall_time(struct ms_lua *lua, struct ms_lua_job *job)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  int64_t shift_ms = wall_ms - ms_loop_now_ms(lua->options.loop);
  job->deadline_ms += shift_ms;
  job->started_at_ms += shift_ms;
}

int ms_lua_workers_post(struct ms_lua *lua, struct ms_lua_job *job)
{
  ms_buf_reset(&job->input_text);
  ms_buf_reset(&job->client_text);
  ms_buf_reset(&job->identity_text);
  ms_json_print(&job->input_text,
                ms_json_is_none(job->payload) ? MS_JSON_VALUE_NULL : job->payload);
  ms_json_print(&job->client_text, job->client_context);
  ms_json_print(&job->identity_text, job->identity);
  if (job->input_text.error != 0 || job->client_text.error != 0 || job->identity_text.error != 0) {
    return ms_error_nomem();
  }
  int64_t deadline_ms = job->deadline_ms;
  int64_t started_at_ms = job->started_at_ms;
  struct ms_json values[3] = {job->payload, job->client_context, job->identity};
  job->payload = MS_JSON_VALUE_NONE;
  job->client_context = MS_JSON_VALUE_NONE;
  job->identity = MS_JSON_VALUE_NONE;
  job->message.kind = MS_LUA_MESSAGE_JOB;
  job->is_out = true;
  to_wall_time(lua, job);
  int err = ms_work_post(lua->work, &job->message.message);
  if (err != 0) {
    job->is_out = false;
    job->payload = values[0];
    job->client_context = values[1];
    job->identity = values[2];
    job->deadline_ms = deadline_ms;
    job->started_at_ms = started_at_ms;
    return err;
  }
  for (int i = 0; i < 3; i++) {
    ms_json_unref(values[i]);
  }
  return MSTEP_OK;
}

bool ms_lua_workers_cancel(struct ms_lua *lua, struct ms_lua_job *job)
{
  atomic_store(&job->is_cancelled, true);
  if (ms_work_take_back(lua->work, &job->message.message)) {
    job->is_out = false;
    return true;
  }
  for (unsigned i = 0; i < ms_work_count(lua->work); i++) {
    struct ms_lua_host *host = ms_work_state(lua->work, i);
    ms_guard_fire(&host->guard, job->id);
  }
  ms_work_wake(lua->work);
  return false;
}

void ms_lua_workers_unpack(struct ms_lua_job *job)
{
  int err = job->output_text.error != 0 ? job->output_text.error : job->error_text.error;
  struct ms_json value = MS_JSON_VALUE_NONE;
  if (err == 0) {
    err = ms_json_parse(&value, ms_buf_view(&job->output_text), &MS_JSON_LIMITS_OWN, NULL);
  }
  if (err == 0 && job->outcome == MS_LUA_OK) {
    job->output = value;
    return;
  }
  if (err == 0) {
    job->cause = value;
    err = ms_json_parse(&job->error, ms_buf_view(&job->error_text), &MS_JSON_LIMITS_OWN, NULL);
  }
  if (err != 0) {
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory", "RequestId: %s Error: out of memory",
                    job->request_id);
  }
}
