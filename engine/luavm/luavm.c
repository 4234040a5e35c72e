/*
 * The loop thread's side: options, the queue of calls, what is told to whom and when.
 *
 *   invoke -> queue -> on_wake: enter -> done          0 workers: everything on the loop thread
 *                        | sleeps      ^
 *                        heap -- on_timer
 *
 *   invoke -> workers -> on_wake: done                 workers; `waiting` when their queue is full
 *
 * invoke never runs Lua: it rings the loop's door, and the turn that follows begins the call. A
 * turn begins a limited number of calls and rings again, so that timers and sockets get their
 * share.
 */
#include "luavm/luavm.h"

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

#define TURN_MAX 64 /* calls begun in one turn of the loop */

/* ---- life ---- */

static int copy_options(struct ms_lua *lua, const struct ms_lua_options *options)
{
  enum { COUNT = 5 };
  const char *const from[COUNT] = {options->functions_dir, options->lib_dir, options->rules_dir,
                                   options->hooks_dir, options->region};
  const char **const to[COUNT] = {&lua->options.functions_dir, &lua->options.lib_dir,
                                  &lua->options.rules_dir, &lua->options.hooks_dir,
                                  &lua->options.region};
  size_t size = 1;
  lua->options = *options;
  for (int i = 0; i < COUNT; i++) {
    size += from[i] == NULL ? 0 : strlen(from[i]) + 1;
  }
  lua->strings = ms_alloc(size);
  if (lua->strings == NULL) {
    return ms_error_nomem();
  }
  char *at = lua->strings;
  for (int i = 0; i < COUNT; i++) {
    if (from[i] != NULL) {
      size_t len = strlen(from[i]) + 1;
      *to[i] = memcpy(at, from[i], len);
      at += len;
    }
  }
  if (lua->options.memory_max_bytes == 0) {
    lua->options.memory_max_bytes = MS_LUA_MEMORY_DEFAULT;
  }
  if (lua->options.slice_ms == 0) {
    lua->options.slice_ms = MS_LUA_SLICE_MS;
  }
  if (lua->options.timeout_max_ms <= 0) {
    lua->options.timeout_max_ms = MS_LUA_TIMEOUT_DEFAULT_MS;
  }
  return MSTEP_OK;
}

int ms_lua_new(struct ms_lua **out, const struct ms_lua_options *options)
{
  *out = NULL;
  struct ms_lua *lua = ms_calloc(1, sizeof *lua);
  if (lua == NULL) {
    return ms_error_nomem();
  }
  int err = copy_options(lua, options);
  if (err == 0) {
    err = ms_watchdog_new(&lua->watchdog);
  }
  if (err != 0) {
    ms_free(lua->strings);
    ms_free(lua);
    return err;
  }
  ms_map_init(&lua->functions, options->seed);
  ms_lua_host_init(&lua->local, lua, lua->watchdog, true);
  lua->asked_tail = &lua->asked_head;
  err = options->workers == 0 ? MSTEP_OK : ms_lua_workers_new(lua);
  if (err != 0) {
    ms_lua_free(lua);
    return err;
  }
  *out = lua;
  return MSTEP_OK;
}

void ms_lua_free(struct ms_lua *lua)
{
  if (lua == NULL) {
    return;
  }
  ms_lua_workers_free(lua);
  for (size_t i = 0; i < lua->jobs.count; i++) {
    if (lua->jobs.data[i]->co != NULL) {
      ms_lua_abandon(&lua->local, lua->jobs.data[i], MS_LUA_KILL_SHUTDOWN);
    }
  }
  ms_lua_host_deinit(&lua->local);
  ms_lua_up_free(lua);
  ms_lua_reload_free(lua);
  ms_lua_checks_free(lua);
  ms_lua_vm_free(lua->rules);
  ms_lua_jobs_deinit(lua);
  ms_lua_registry_deinit(lua);
  ms_watchdog_free(lua->watchdog);
  ms_free(lua->strings);
  ms_free(lua);
}

/* ---- the queues ---- */

static void put(struct ms_lua_job **head, struct ms_lua_job **tail, struct ms_lua_job *job)
{
  job->next = NULL;
  job->previous = *tail;
  if (*tail == NULL) {
    *head = job;
  } else {
    (*tail)->next = job;
  }
  *tail = job;
}

static void cut(struct ms_lua_job **head, struct ms_lua_job **tail, struct ms_lua_job *job)
{
  if (job->previous == NULL) {
    *head = job->next;
  } else {
    job->previous->next = job->next;
  }
  if (job->next == NULL) {
    *tail = job->previous;
  } else {
    job->next->previous = job->previous;
  }
}

static void enqueue(struct ms_lua *lua, struct ms_lua_job *job, enum ms_lua_job_state state)
{
  job->state = state;
  put(&lua->queue_head, &lua->queue_tail, job);
}

/* The loop must not end while something that wakes it is out. */
static void hold(struct ms_lua *lua)
{
  if (lua->held_count++ == 0) {
    ms_loop_hold(lua->options.loop);
  }
}

static void release(struct ms_lua *lua)
{
  if (--lua->held_count == 0) {
    ms_loop_release(lua->options.loop);
  }
}

/* Rings unless on_wake is at work already and will look. */
static int ring(struct ms_lua *lua)
{
  return lua->is_delivering ? MSTEP_OK : ms_loop_wake(lua->options.loop);
}

static void set_missing(struct ms_lua_job *job, struct ms_str name)
{
  struct ms_buf cause;
  ms_buf_init(&cause, 0);
  ms_buf_cstr(&cause, "Function not found: ");
  if (job->arn != NULL) {
    ms_buf_cstr(&cause, job->arn);
  } else {
    ms_buf_str(&cause, name);
  }
  job->outcome = MS_LUA_MISSING;
  ms_json_replace(&job->error, ms_json_cstring("Lambda.ResourceNotFoundException"));
  ms_json_replace(&job->cause, ms_json_string(ms_buf_view(&cause)));
  ms_buf_deinit(&cause);
}

/* Finds the function; that there is none, or that it cannot be read, is the job's result. */
static int find_code(struct ms_lua *lua, struct ms_lua_job *job, const struct ms_lua_call *call)
{
  struct ms_lua_code *code;
  int err = ms_lua_find(&code, lua, call);
  if (err == 0) {
    job->code = ms_lua_code_ref(code);
  } else if (err == MSTEP_ENOTFOUND) {
    set_missing(job, call->function);
  } else if (err != MSTEP_ENOMEM) {
    ms_lua_job_fail(job, MS_LUA_MISSING, "Runtime.ImportModuleError", "%s", ms_error_detail());
  } else {
    return err;
  }
  return MSTEP_OK;
}

/* Hands the job to the workers, or has it wait until they have room. */
static int send(struct ms_lua *lua, struct ms_lua_job *job)
{
  int err = lua->waiting_head != NULL ? MSTEP_ETOOBIG : ms_lua_workers_post(lua, job);
  if (err == MSTEP_ETOOBIG) {
    job->state = MS_LUA_JOB_QUEUED;
    put(&lua->waiting_head, &lua->waiting_tail, job);
    return MSTEP_OK;
  }
  if (err == 0) {
    job->state = MS_LUA_JOB_OUT;
    hold(lua);
  }
  return err;
}

/* Puts a job whose version is known, or that has its result already, where it belongs. */
static int submit(struct ms_lua *lua, struct ms_lua_job *job)
{
  int err;
  if (lua->work != NULL && job->code != NULL) {
    err = send(lua, job);
  } else {
    err = lua->queue_head == NULL ? ring(lua) : MSTEP_OK;
    if (err == 0) {
      enqueue(lua, job, job->code == NULL ? MS_LUA_JOB_FINISHED : MS_LUA_JOB_QUEUED);
    }
  }
  if (err == 0) {
    lua->open_count++;
    lua->call_count++;
  }
  return err;
}

int ms_lua_check_code(struct ms_lua *lua, struct ms_lua_code *code, int64_t limit_ms,
                      ms_lua_done_cb done, void *user)
{
  struct ms_lua_job *job;
  const struct ms_lua_call call = {.attempt = 1, .timeout_ms = limit_ms};
  int err = ms_lua_job_new(&job, lua, &call);
  if (err != 0) {
    return err;
  }
  job->is_check = true;
  job->done = done;
  job->user = user;
  job->code = ms_lua_code_ref(code);
  err = submit(lua, job);
  if (err != 0) {
    ms_lua_job_free(lua, job);
  }
  return err;
}

int ms_lua_invoke(uint64_t *id, struct ms_lua *lua, const struct ms_lua_call *call,
                  ms_lua_done_cb done, void *user)
{
  struct ms_lua_job *job;
  int err = ms_lua_job_new(&job, lua, call);
  if (err != 0) {
    return err;
  }
  job->done = done;
  job->user = user;
  uint64_t new_id = job->id;
  err = find_code(lua, job, call);
  if (err == 0) {
    err = submit(lua, job);
  }
  if (err != 0) {
    ms_lua_job_free(lua, job);
    return err;
  }
  *id = new_id;
  return MSTEP_OK;
}

void ms_lua_cancel(struct ms_lua *lua, uint64_t id)
{
  struct ms_lua_job *job = ms_lua_job_by_id(lua, id);
  if (job == NULL || job->state == MS_LUA_JOB_FINISHED || job->state == MS_LUA_JOB_RUNNING) {
    return; /* told already, or inside Lua on this very thread: over before anybody hears of this */
  }
  if (job->state == MS_LUA_JOB_OUT) {
    release(lua);
    if (!ms_lua_workers_cancel(lua, job)) {
      enqueue(lua, job, MS_LUA_JOB_FINISHED); /* told at once, whenever the worker lets go of it */
      ring(lua);
      return;
    }
  } else if (job->state == MS_LUA_JOB_QUEUED && lua->work != NULL) {
    cut(&lua->waiting_head, &lua->waiting_tail, job);
  } else if (job->state == MS_LUA_JOB_QUEUED) {
    cut(&lua->queue_head, &lua->queue_tail, job);
  }
  ms_lua_abandon(&lua->local, job, MS_LUA_KILL_CANCEL);
  enqueue(lua, job, MS_LUA_JOB_FINISHED);
  ring(lua);
}

/* ---- telling ---- */

/* Strings that memory did not suffice for are empty; takes value. */
static struct ms_json text_or_empty(struct ms_json value)
{
  return ms_json_is_none(value) ? ms_json_cstring("") : value;
}

/* Of a job that a worker still has, whose results are not ours to read. */
static void tell_cancelled(struct ms_lua *lua, struct ms_lua_job *job)
{
  struct ms_lua_result result = {
      .outcome = MS_LUA_CANCELLED,
      .error = text_or_empty(ms_json_cstring("Lua.Cancelled")),
      .cause = text_or_empty(ms_lua_error_json(MS_STR("Lua.Cancelled"), MS_STR("Error: cancelled"))),
  };
  ms_lua_done_cb done = job->done;
  job->done = NULL; /* freed when it comes back */
  lua->open_count--;
  done(&result, job->user);
  ms_json_unref(result.error);
  ms_json_unref(result.cause);
}

static void tell(struct ms_lua *lua, struct ms_lua_job *job)
{
  if (job->is_out) {
    tell_cancelled(lua, job);
    return;
  }
  struct ms_lua_result result = {.outcome = job->outcome, .output = job->output,
                                 .log_tail = ms_lua_log_tail(job),
                                 .version = job->code == NULL ? NULL : job->code->version,
                                 .duration_us = job->duration_us,
                                 .memory_max_bytes = job->memory_max_bytes};
  if (job->outcome != MS_LUA_OK) {
    job->error = text_or_empty(job->error);
    job->cause = text_or_empty(job->cause);
    result.error = job->error;
    result.cause = job->cause;
  }
  job->state = MS_LUA_JOB_FINISHED;
  lua->open_count--;
  job->done(&result, job->user);
  ms_lua_job_free(lua, job);
}

static void run(struct ms_lua *lua, struct ms_lua_job *job)
{
  job->state = MS_LUA_JOB_RUNNING;
  if (ms_lua_enter(&lua->local, job)) {
    tell(lua, job);
  } else {
    job->state = MS_LUA_JOB_SLEEPING;
  }
}

void ms_lua_go_on(struct ms_lua *lua, struct ms_lua_job *job)
{
  struct ms_lua_host *host = &lua->local;
  /* it has just left the heap: there is room */
  ms_heap_add(&host->sleeping, &job->sleep, ms_lua_host_now_ms(host), host->next_order++);
  ring(lua); /* whoever has the timer sets it anew */
}

/* ---- what comes back from workers ---- */

static void take_back(struct ms_lua *lua, struct ms_lua_job *job)
{
  job->is_out = false;
  if (job->state == MS_LUA_JOB_OUT) {
    release(lua);
    ms_lua_workers_unpack(job);
    tell(lua, job);
  } else if (job->done == NULL) {
    ms_lua_job_free(lua, job);
  } else {
    /* cancelled, and in the queue to be told */
    ms_lua_abandon(&lua->local, job, MS_LUA_KILL_CANCEL);
  }
}

/* Jobs that waited for room, in their order. */
static void send_waiting(struct ms_lua *lua)
{
  while (lua->waiting_head != NULL) {
    struct ms_lua_job *job = lua->waiting_head;
    int err = ms_lua_workers_post(lua, job);
    if (err == MSTEP_ETOOBIG) {
      return;
    }
    cut(&lua->waiting_head, &lua->waiting_tail, job);
    if (err == 0) {
      job->state = MS_LUA_JOB_OUT;
      hold(lua);
    } else {
      ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory",
                      "RequestId: %s Error: out of memory", job->request_id);
      enqueue(lua, job, MS_LUA_JOB_FINISHED);
    }
  }
}

static void take_replies(struct ms_lua *lua)
{
  struct ms_work_message *message = ms_work_take(lua->work);
  while (message != NULL) {
    struct ms_lua_message *reply = (struct ms_lua_message *)(void *)message;
    message = message->next;
    if (reply->kind == MS_LUA_MESSAGE_LOG) {
      ms_lua_log_take(lua, reply);
    } else if (reply->kind != MS_LUA_MESSAGE_JOB) {
      ms_lua_up_take(lua, reply);
    } else {
      take_back(lua, MS_LUA_JOB_OF_MESSAGE(reply));
    }
  }
  send_waiting(lua);
}

/* What is next to be begun or told; while too many are under way, only to be told. */
static struct ms_lua_job *next_job(const struct ms_lua *lua)
{
  struct ms_lua_job *job = lua->queue_head;
  while (lua->local.busy_count >= MS_LUA_BUSY_MAX && job != NULL &&
         job->state != MS_LUA_JOB_FINISHED) {
    job = job->next;
  }
  return job;
}

void ms_lua_on_wake(struct ms_lua *lua)
{
  struct ms_lua_job *job;
  lua->is_delivering = true;
  lua->local.was_preempted = false;
  if (lua->work != NULL) {
    take_replies(lua);
  }
  ms_lua_up_serve(lua);
  for (int i = 0; i < TURN_MAX && !lua->local.was_preempted && (job = next_job(lua)) != NULL; i++) {
    cut(&lua->queue_head, &lua->queue_tail, job);
    if (job->state == MS_LUA_JOB_FINISHED) {
      tell(lua, job);
    } else {
      run(lua, job);
    }
  }
  lua->is_delivering = false;
  if (next_job(lua) != NULL || lua->asked_head != NULL) {
    ms_loop_wake(lua->options.loop);
  }
}

void ms_lua_stats(struct ms_lua_stats *out, const struct ms_lua *lua)
{
  *out = (struct ms_lua_stats){.calls = lua->call_count, .workers = lua->options.workers};
  for (size_t i = 0; i < lua->jobs.count; i++) {
    enum ms_lua_job_state state = lua->jobs.data[i]->state;
    out->waiting += state == MS_LUA_JOB_QUEUED;
    out->running += state != MS_LUA_JOB_QUEUED && state != MS_LUA_JOB_FREE &&
                    state != MS_LUA_JOB_FINISHED;
  }
}

int64_t ms_lua_next_due_ms(struct ms_lua *lua)
{
  int64_t due_at_ms = 0;
  int64_t reload_due_ms = ms_lua_reload_due_ms(lua);
  bool has_call = ms_heap_peek(&lua->local.sleeping, &due_at_ms) != NULL;
  return !has_call || (reload_due_ms != 0 && reload_due_ms < due_at_ms) ? reload_due_ms : due_at_ms;
}

/* A call that used up its slice ends the turn: sockets and timers come next. */
void ms_lua_on_timer(struct ms_lua *lua, int64_t now_ms)
{
  bool is_preempted = false;
  ms_lua_reload_on_timer(lua, now_ms);
  while (!is_preempted) {
    struct ms_heap_node *node = ms_heap_take_due(&lua->local.sleeping, now_ms);
    if (node == NULL) {
      break;
    }
    run(lua, MS_LUA_JOB_OF_SLEEP(node));
    is_preempted = lua->local.was_preempted;
  }
  if (next_job(lua) != NULL) {
    ring(lua); /* it may have waited for one of these to end */
  }
}

bool ms_lua_is_idle(const struct ms_lua *lua)
{
  return lua->open_count == 0;
}
