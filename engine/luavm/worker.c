/*
 * Handlers on worker threads: each worker is a host with Lua states of its own. A call goes out as
 * the text of its payload and comes back as the text of its result; the job itself is the message.
 *
 * A worker sleeps through its suspended calls with timers of its own, on the wall clock. Lines for
 * the log are messages too, limited in their sum: a handler that only prints must not fill the
 * memory.
 */
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

#define LOG_BYTES_MAX ((size_t)8 << 20) /* of lines that the loop has not taken */

/* ---- the worker's side ---- */

static int worker_open(void **state, struct ms_worker *worker, unsigned index, void *user)
{
  struct ms_lua *lua = user;
  (void)index;
  struct ms_lua_host *host = ms_calloc(1, sizeof *host);
  if (host == NULL) {
    return ms_error_nomem();
  }
  ms_lua_host_init(host, lua, lua->watchdog, false);
  host->worker = worker;
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

static void worker_on_message(void *state, struct ms_work_message *message)
{
  struct ms_lua_host *host = state;
  struct ms_lua_job *job = MS_LUA_JOB_OF_MESSAGE(message);
  int err = ms_json_parse(&job->payload, ms_buf_view(&job->input_text), &MS_JSON_LIMITS_OWN, NULL);
  if (err == 0 && job->client_text.len > 0) {
    err = ms_json_parse(&job->client_context, ms_buf_view(&job->client_text), &MS_JSON_LIMITS_OWN,
                        NULL);
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
    worker_open,    worker_close,       worker_on_message, worker_on_wake, worker_next_due_ms,
    worker_on_timer, worker_is_full,
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
    if (reply->is_log) {
      ms_free(reply);
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
  ms_json_print(&job->input_text,
                ms_json_is_none(job->payload) ? MS_JSON_VALUE_NULL : job->payload);
  ms_json_print(&job->client_text, job->client_context);
  if (job->input_text.error != 0 || job->client_text.error != 0) {
    return ms_error_nomem();
  }
  struct ms_json payload = job->payload;
  struct ms_json client_context = job->client_context;
  int64_t deadline_ms = job->deadline_ms;
  int64_t started_at_ms = job->started_at_ms;
  job->payload = MS_JSON_VALUE_NONE;
  job->client_context = MS_JSON_VALUE_NONE;
  job->message.is_log = false;
  job->is_out = true;
  to_wall_time(lua, job);
  int err = ms_work_post(lua->work, &job->message.message);
  if (err != 0) {
    job->is_out = false;
    job->payload = payload;
    job->client_context = client_context;
    job->deadline_ms = deadline_ms;
    job->started_at_ms = started_at_ms;
    return err;
  }
  ms_json_unref(payload);
  ms_json_unref(client_context);
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

/* ---- log ---- */

struct log_line {
  struct ms_lua_message message; /* first */
  size_t len;
  const char *request_id; /* behind the function's name */
  const char *line;
  char function[];
};

void ms_lua_workers_log(struct ms_lua_host *host, const char *function, const char *request_id,
                        struct ms_str line)
{
  struct ms_lua *lua = host->lua;
  size_t function_size = strlen(function) + 1;
  size_t id_size = strlen(request_id) + 1;
  struct log_line *log = NULL;
  if (atomic_load(&lua->log_bytes) <= LOG_BYTES_MAX) {
    log = ms_alloc(sizeof *log + function_size + id_size + line.len);
  }
  if (log == NULL) {
    atomic_fetch_add(&lua->log_dropped, 1);
    return;
  }
  memcpy(log->function, function, function_size);
  log->request_id = memcpy(log->function + function_size, request_id, id_size);
  log->line = log->function + function_size + id_size;
  memcpy(log->function + function_size + id_size, line.data, line.len);
  log->len = line.len;
  log->message.is_log = true;
  atomic_fetch_add(&lua->log_bytes, sizeof *log + line.len);
  ms_worker_reply(host->worker, &log->message.message);
}

void ms_lua_workers_tell_log(struct ms_lua *lua, struct ms_lua_message *message)
{
  struct log_line *log = (struct log_line *)(void *)message;
  atomic_fetch_sub(&lua->log_bytes, sizeof *log + log->len);
  ms_lua_tell_log(lua, log->function, log->request_id, (struct ms_str){log->line, log->len});
  ms_free(log);
  size_t dropped = atomic_exchange(&lua->log_dropped, 0);
  if (dropped > 0) {
    char text[64];
    int len = snprintf(text, sizeof text, "%zu lines were too many and are lost", dropped);
    ms_lua_tell_log(lua, "", "", (struct ms_str){text, (size_t)len});
  }
}
