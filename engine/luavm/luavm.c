/*
 * The loop thread's side: options, the queue of calls, what is told to whom and when.
 *
 *   invoke -> queue -> on_wake: enter -> done          0 workers: everything on the loop thread
 *                        | sleeps      ^
 *                        heap -- on_timer
 *
 * invoke never runs Lua: it rings the loop's door, and the turn that follows begins the call. A turn
 * begins a limited number of calls and rings again, so that timers and sockets get their share.
 */
#include "luavm/luavm.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

#define TURN_MAX 64 /* calls begun in one turn of the loop */

/* ---- life ---- */

static int copy_options(struct ms_lua *lua, const struct ms_lua_options *options)
{
  const char *const from[3] = {options->functions_dir, options->lib_dir, options->rules_dir};
  const char **const to[3] = {&lua->options.functions_dir, &lua->options.lib_dir,
                              &lua->options.rules_dir};
  size_t size = 1;
  lua->options = *options;
  for (int i = 0; i < 3; i++) {
    size += from[i] == NULL ? 0 : strlen(from[i]) + 1;
  }
  lua->strings = ms_alloc(size);
  if (lua->strings == NULL) {
    return ms_error_nomem();
  }
  char *at = lua->strings;
  for (int i = 0; i < 3; i++) {
    if (from[i] != NULL) {
      size_t len = strlen(from[i]) + 1;
      *to[i] = memcpy(at, from[i], len);
      at += len;
    }
  }
  if (lua->options.memory_max_bytes == 0) {
    lua->options.memory_max_bytes = MS_LUA_MEMORY_DEFAULT;
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
  *out = lua;
  return MSTEP_OK;
}

void ms_lua_free(struct ms_lua *lua)
{
  if (lua == NULL) {
    return;
  }
  for (size_t i = 0; i < lua->jobs.count; i++) {
    if (lua->jobs.data[i]->state == MS_LUA_JOB_SLEEPING) {
      ms_lua_abandon(&lua->local, lua->jobs.data[i], MS_LUA_KILL_CANCEL);
    }
  }
  ms_lua_host_deinit(&lua->local);
  ms_lua_vm_free(lua->rules);
  ms_lua_jobs_deinit(lua);
  ms_lua_registry_deinit(lua);
  ms_watchdog_free(lua->watchdog);
  ms_free(lua->strings);
  ms_free(lua);
}

/* ---- the queue ---- */

static void enqueue(struct ms_lua *lua, struct ms_lua_job *job, enum ms_lua_job_state state)
{
  job->state = state;
  job->next = NULL;
  job->previous = lua->queue_tail;
  if (lua->queue_tail == NULL) {
    lua->queue_head = job;
  } else {
    lua->queue_tail->next = job;
  }
  lua->queue_tail = job;
}

static void dequeue(struct ms_lua *lua, struct ms_lua_job *job)
{
  if (job->previous == NULL) {
    lua->queue_head = job->next;
  } else {
    job->previous->next = job->next;
  }
  if (job->next == NULL) {
    lua->queue_tail = job->previous;
  } else {
    job->next->previous = job->previous;
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

int ms_lua_invoke(uint64_t *id, struct ms_lua *lua, const struct ms_lua_call *call,
                  ms_lua_done_cb done, void *user)
{
  struct ms_lua_job *job;
  struct ms_lua_code *code;
  int err = ms_lua_job_new(&job, lua, call);
  if (err != 0) {
    return err;
  }
  job->done = done;
  job->user = user;
  err = ms_lua_find(&code, lua, call->function);
  if (err == 0) {
    job->code = ms_lua_code_ref(code);
  } else if (err == MSTEP_ENOTFOUND) {
    set_missing(job, call->function);
    err = MSTEP_OK;
  } else if (err != MSTEP_ENOMEM) {
    ms_lua_job_fail(job, MS_LUA_MISSING, "Runtime.ImportModuleError", "%s", ms_error_detail());
    err = MSTEP_OK;
  }
  if (err == 0 && lua->queue_head == NULL) {
    err = ring(lua);
  }
  if (err != 0) {
    ms_lua_job_free(lua, job);
    return err;
  }
  enqueue(lua, job, job->code == NULL ? MS_LUA_JOB_FINISHED : MS_LUA_JOB_QUEUED);
  lua->open_count++;
  *id = job->id;
  return MSTEP_OK;
}

void ms_lua_cancel(struct ms_lua *lua, uint64_t id)
{
  struct ms_lua_job *job = ms_lua_job_by_id(lua, id);
  if (job == NULL || job->state == MS_LUA_JOB_FINISHED) {
    return;
  }
  if (job->state == MS_LUA_JOB_QUEUED) {
    dequeue(lua, job);
  } else if (job->state == MS_LUA_JOB_SLEEPING) {
  } else {
    return; /* inside Lua on this very thread: it is over before anybody hears of this */
  }
  ms_lua_abandon(&lua->local, job, MS_LUA_KILL_CANCEL);
  enqueue(lua, job, MS_LUA_JOB_FINISHED);
  ring(lua);
}

/* ---- telling ---- */

/* Strings that memory did not suffice for are empty. */
static struct ms_json text_or_empty(struct ms_json value)
{
  return ms_json_is_none(value) ? ms_json_cstring("") : ms_json_ref(value);
}

static void tell(struct ms_lua *lua, struct ms_lua_job *job)
{
  struct ms_lua_result result = {job->outcome, job->output, MS_JSON_VALUE_NONE, MS_JSON_VALUE_NONE};
  if (job->outcome != MS_LUA_OK) {
    result.error = text_or_empty(job->error);
    result.cause = text_or_empty(job->cause);
  }
  ms_lua_done_cb done = job->done;
  void *user = job->user;
  job->state = MS_LUA_JOB_FINISHED;
  lua->open_count--;
  done(&result, user);
  ms_json_unref(result.error);
  ms_json_unref(result.cause);
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

void ms_lua_on_wake(struct ms_lua *lua)
{
  lua->is_delivering = true;
  for (int i = 0; i < TURN_MAX && lua->queue_head != NULL; i++) {
    struct ms_lua_job *job = lua->queue_head;
    dequeue(lua, job);
    if (job->state == MS_LUA_JOB_FINISHED) {
      tell(lua, job);
    } else {
      run(lua, job);
    }
  }
  lua->is_delivering = false;
  if (lua->queue_head != NULL) {
    ms_loop_wake(lua->options.loop);
  }
}

int64_t ms_lua_next_due_ms(struct ms_lua *lua)
{
  int64_t due_at_ms = 0;
  if (ms_heap_peek(&lua->local.sleeping, &due_at_ms) == NULL) {
    return 0;
  }
  return due_at_ms;
}

void ms_lua_on_timer(struct ms_lua *lua, int64_t now_ms)
{
  for (;;) {
    struct ms_heap_node *node = ms_heap_take_due(&lua->local.sleeping, now_ms);
    if (node == NULL) {
      return;
    }
    run(lua, (struct ms_lua_job *)(void *)node);
  }
}

bool ms_lua_is_idle(const struct ms_lua *lua)
{
  return lua->open_count == 0;
}

/* ---- log ---- */

static void default_log(const char *function, const char *request_id, struct ms_str line)
{
  fprintf(stderr, "%s %s %.*s\n", function, request_id, (int)line.len, line.data);
}

void ms_lua_log_line(lua_State *L, struct ms_str line)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  const struct ms_lua_options *options = &vm->lua->options;
  const char *function = vm->code == NULL ? "" : vm->code->name;
  const char *request_id =
      vm->host == NULL || vm->host->job == NULL ? "" : vm->host->job->request_id;
  if (line.len > MS_LUA_LINE_MAX) {
    line.len = MS_LUA_LINE_MAX;
  }
  if (options->log == NULL) {
    default_log(function, request_id, line);
  } else {
    options->log(function, request_id, line, options->log_user);
  }
}
