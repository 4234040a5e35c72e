/*
 * The one way in: a job's coroutine is begun, resumed and ended here and nowhere else.
 *
 *   begin -> [body: load, convert the payload, handler] -> ended well   -> convert the result
 *              |                       ^                -> raised       -> error.c
 *              v sleep, slice used up  | due, its turn
 *            put aside -----------------
 *
 * Everything that can raise happens inside the coroutine; what the host does around it allocates
 * nothing in Lua outside a protected call.
 */
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

int64_t ms_lua_host_now_ms(const struct ms_lua_host *host)
{
  if (host->is_local) {
    return ms_loop_now_ms(host->lua->options.loop);
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void ms_lua_host_init(struct ms_lua_host *host, struct ms_lua *lua, struct ms_watchdog *watchdog,
                      bool is_local)
{
  memset(host, 0, sizeof *host);
  host->lua = lua;
  host->is_local = is_local;
  host->watchdog = watchdog;
  atomic_init(&host->kill, MS_LUA_KILL_NONE);
  ms_guard_init(&host->guard, watchdog, ms_lua_interrupt, host);
  ms_heap_init(&host->sleeping);
}

void ms_lua_host_deinit(struct ms_lua_host *host)
{
  for (size_t i = 0; i < host->vm_count; i++) {
    for (struct ms_lua_vm *vm = host->vms[i], *next; vm != NULL; vm = next) {
      next = vm->next;
      ms_lua_vm_free(vm);
    }
  }
  ms_free(host->vms);
  ms_guard_deinit(&host->guard);
  ms_heap_deinit(&host->sleeping);
}

/* ---- states of functions ---- */

static void close_if_done(struct ms_lua_vm *vm)
{
  if (vm->is_retired && vm->live_count == 0) {
    ms_lua_vm_free(vm);
  }
}

/* Out of the host's list: no new calls; those under way go on. */
static void retire(struct ms_lua_host *host, struct ms_lua_vm *vm)
{
  if (!vm->is_retired) {
    struct ms_lua_vm **link = &host->vms[vm->code->index];
    while (*link != vm) {
      link = &(*link)->next;
    }
    *link = vm->next;
    vm->is_retired = true;
  }
  close_if_done(vm);
}

void ms_lua_host_sweep(struct ms_lua_host *host)
{
  for (size_t i = 0; i < host->vm_count; i++) {
    for (struct ms_lua_vm *vm = host->vms[i], *next; vm != NULL; vm = next) {
      next = vm->next;
      if (atomic_load(&vm->code->is_stale)) {
        retire(host, vm);
      }
    }
  }
}

/* The host's list for this index; states of a version that had it before are on their way out. */
static int list_for(struct ms_lua_vm ***out, struct ms_lua_host *host,
                    const struct ms_lua_code *code)
{
  if (code->index >= host->vm_count) {
    int err = ms_vec_reserve(&host->vms, &host->vm_capacity, code->index + (size_t)1,
                             sizeof *host->vms, MS_LUA_VMS_MAX);
    if (err != 0) {
      return err;
    }
    while (host->vm_count <= code->index) {
      host->vms[host->vm_count++] = NULL;
    }
  }
  *out = &host->vms[code->index];
  while (**out != NULL && (**out)->code != code) {
    retire(host, **out);
  }
  return MSTEP_OK;
}

/*
 * A state of this version that takes a call: not one in which another call was preempted, because
 * scripts are not written for being interrupted by themselves at any point. A version that has been
 * replaced gets a state for those calls alone that began before, one that is only tried, for that.
 */
static int vm_for(struct ms_lua_vm **out, struct ms_lua_host *host, const struct ms_lua_job *job)
{
  struct ms_lua_vm **list = NULL;
  struct ms_lua_code *code = job->code;
  bool is_stale = job->is_check || atomic_load(&code->is_stale);
  int err = is_stale ? MSTEP_OK : list_for(&list, host, code);
  if (err != 0) {
    return err;
  }
  struct ms_lua_vm *vm = is_stale ? NULL : *list;
  while (vm != NULL && vm->busy != NULL) {
    vm = vm->next;
  }
  if (vm == NULL) {
    err = ms_lua_vm_new(&vm, host->lua, host, code);
    if (err != 0) {
      return err;
    }
    vm->is_retired = is_stale;
    if (!is_stale) {
      vm->next = *list;
      *list = vm;
    }
  }
  *out = vm;
  return MSTEP_OK;
}

/* One idle state of a version is enough: more were made while calls in them were preempted. */
static void trim(struct ms_lua_host *host, struct ms_lua_vm *vm)
{
  if (vm->is_retired || vm->live_count > 0) {
    close_if_done(vm);
    return;
  }
  const struct ms_lua_vm *other = host->vms[vm->code->index];
  while (other != NULL && (other == vm || other->live_count > 0)) {
    other = other->next;
  }
  if (other != NULL) {
    retire(host, vm);
  }
}

/* ---- inside the coroutine ---- */

/* () -> handler: what the chunk returns, or the field of it that the version names */
static int load_handler(lua_State *L)
{
  const struct ms_lua_code *code = ms_lua_vm_of(L)->code;
  const struct ms_lua_bundle *bundle = code->bundle;
  int status = ms_lua_load_text(L, bundle->text, bundle->len, bundle->chunk);
  if (status == LUA_ERRMEM) {
    return ms_lua_raise_memory(L);
  }
  if (status != LUA_OK) {
    return ms_lua_raise(L, "Runtime.UserCodeSyntaxError", "%s", lua_tostring(L, -1));
  }
  lua_call(L, 0, 1);
  if (lua_type(L, -1) == LUA_TTABLE) {
    lua_getfield(L, -1, code->field);
  }
  if (lua_type(L, -1) != LUA_TFUNCTION) {
    return ms_lua_raise(L, "Runtime.HandlerNotFound",
                        "%s returns neither a function nor a table with a function in field "
                        "'%s'",
                        bundle->chunk + 1, code->field);
  }
  return 1;
}

/* (error object, light userdata job) */
static int describe(lua_State *L)
{
  struct ms_lua_job *job = lua_touserdata(L, 2);
  lua_settop(L, 1);
  ms_lua_describe(L, job);
  return 0;
}

/* The error object is on top: it becomes the job's error and cause, and the coroutine ends well. */
static int body_failed(lua_State *L, int status, struct ms_lua_job *job)
{
  bool is_memory = ms_lua_is_memory_error(L, status);
  if (!is_memory && !ms_lua_is_killed(job->vm)) {
    lua_pushcfunction(L, describe);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, job);
    status = lua_pcall(L, 2, 0, 0);
    is_memory = status != LUA_OK && ms_lua_is_memory_error(L, status);
    if (status != LUA_OK && !is_memory) {
      ms_lua_job_fail(job, MS_LUA_ERROR, "Lua.Error", "the error object's __tostring failed");
    }
  }
  if (ms_lua_is_killed(job->vm)) {
    return 0; /* the host knows more */
  }
  if (is_memory) {
    ms_lua_set_memory(job, job->vm);
  }
  job->is_complete = true;
  return 0;
}

/* Printing makes at least half a byte of one: past twice the limit there is no need to go on. */
static int result_to_json(lua_State *L, struct ms_lua_job *job)
{
  struct ms_lua_vm *vm = job->vm;
  if (job->output_max_bytes < MS_LUA_JSON_MAX / 2) {
    vm->json_max = job->output_max_bytes * 2 + 64;
  }
  int err = ms_lua_to_json(&job->output, L, -1);
  vm->json_max = MS_LUA_JSON_MAX;
  return err;
}

/* Printing makes at most seven bytes of one; only what comes near the limit is counted. */
static bool is_too_large(const struct ms_lua_job *job)
{
  return job->vm->json_work >= job->output_max_bytes / 7 &&
         !ms_json_fits(job->output, job->output_max_bytes);
}

/*
 * Also the continuation of a call that was suspended. Stack: message handler, result or error
 * object
 */
static int body_end(lua_State *L, int status, lua_KContext context)
{
  (void)context;
  struct ms_lua_job *job = ms_lua_vm_of(L)->host->job;
  if (status != LUA_OK && status != LUA_YIELD) {
    return body_failed(L, status, job);
  }
  int err = result_to_json(L, job);
  bool is_large = err == MSTEP_ETOOBIG || (err == 0 && is_too_large(job));
  if (is_large) {
    ms_lua_job_fail(job, MS_LUA_ERROR, "Function.ResponseSizeTooLarge",
                    "Response payload size exceeded maximum allowed payload size (%zu bytes).",
                    job->output_max_bytes);
    job->is_complete = true;
  } else if (err == 0) {
    job->outcome = MS_LUA_OK;
    job->is_complete = true;
  } else if (err == MSTEP_ENOMEM) {
    ms_lua_set_memory(job, job->vm);
    job->is_complete = true;
  } else if (err != MSTEP_ETIMEOUT) {
    ms_lua_job_fail(job, MS_LUA_ERROR, "Runtime.MarshalError", "the result cannot be JSON: %s",
                    ms_error_detail());
    job->is_complete = true;
  }
  return 0;
}

/*
 * The coroutine of a job: (light userdata job). The handler runs below a pcall, so that after a
 * kill its to-be-closed variables are closed with hooks on again: closing them from outside would
 * not be.
 */
static int body(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  struct ms_lua_job *job = lua_touserdata(L, 1);
  lua_settop(L, 0);
  lua_pushcfunction(L, ms_lua_note_trace);
  if (!vm->is_loaded) {
    int64_t begin_us = job->begun_at_us == 0 ? 0 : ms_lua_monotonic_us();
    lua_pushcfunction(L, load_handler);
    int status = lua_pcall(L, 0, 1, 1);
    job->init_us = job->begun_at_us == 0 ? 0 : ms_lua_monotonic_us() - begin_us;
    if (status != LUA_OK) {
      const char *type = ms_lua_load_error(L);
      job->error_type = type == NULL ? job->error_type : type;
      job->is_init = true;
      body_failed(L, status, job);
      if (job->outcome == MS_LUA_ERROR) {
        job->outcome = MS_LUA_MISSING;
      }
      return 0;
    }
    vm->handler_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    vm->is_loaded = true;
    atomic_store_explicit(&vm->code->is_good, true, memory_order_relaxed);
  }
  if (job->is_check) {
    job->output = MS_JSON_VALUE_NULL;
    job->outcome = MS_LUA_OK;
    job->is_complete = true;
    return 0;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->handler_ref);
  ms_lua_push_json(L, job->payload);
  ms_lua_context_push(L, job);
  return body_end(L, lua_pcallk(L, 2, 1, 1, 0, body_end), 0);
}

int ms_lua_suspend(lua_State *L, int64_t due_at_ms, lua_KFunction then)
{
  struct ms_lua_host *host = ms_lua_vm_of(L)->host;
  if (host == NULL || host->job == NULL || !lua_isyieldable(L)) {
    return luaL_error(L, "cannot sleep here: a C function below cannot be suspended");
  }
  host->job->due_at_ms = due_at_ms;
  host->is_suspending = true;
  return lua_yieldk(L, 0, 0, then);
}

/* ---- around it ---- */

/* A call that was preempted has its turn again, or is over. */
static void leave_busy(struct ms_lua_host *host, struct ms_lua_job *job)
{
  if (job->vm != NULL && job->vm->busy == job) {
    job->vm->busy = NULL;
    host->busy_count--;
  }
}

/*
 * Lets go of the job's coroutine and state. A state that was killed in or ran full is not used
 * again.
 */
static void finish(struct ms_lua_host *host, struct ms_lua_job *job, bool is_usable)
{
  struct ms_lua_vm *vm = job->vm;
  leave_busy(host, job);
  ms_lua_up_forget(host, job);
  ms_lua_log_end(host, job);
  ms_lua_disarm(job->co);
  ms_lua_vm_give_coroutine(vm, job->co, job->co_ref, is_usable);
  job->vm = NULL;
  job->co = NULL;
  vm->live_count--;
  if (job->outcome == MS_LUA_MEMORY || job->outcome == MS_LUA_MISSING || !is_usable) {
    retire(host, vm);
  } else {
    ms_lua_vm_tune(vm);
    trim(host, vm);
  }
}

static void set_killed(struct ms_lua_job *job, enum ms_lua_kill kill)
{
  if (kill != MS_LUA_KILL_TIMEOUT) {
    ms_lua_job_fail(job, MS_LUA_CANCELLED, "Lua.Cancelled", "RequestId: %s Error: cancelled",
                    job->request_id);
  } else {
    ms_lua_job_fail(job, MS_LUA_TIMEOUT, "Sandbox.Timedout",
                    "RequestId: %s Error: Task timed out after %.2f seconds", job->request_id,
                    (double)(job->deadline_ms - job->started_at_ms) / 1000);
  }
}

/* Lambda's timeout counts from here; what stands before is a deadline's business. */
static void begin_timeout(const struct ms_lua_host *host, struct ms_lua_job *job)
{
  int64_t now_ms = ms_lua_host_now_ms(host);
  if (job->timeout_ms > 0 && job->timeout_ms < job->deadline_ms - now_ms) {
    job->started_at_ms = now_ms;
    job->deadline_ms = now_ms + job->timeout_ms;
  }
}

static bool begin(struct ms_lua_host *host, struct ms_lua_job *job)
{
  int err = vm_for(&job->vm, host, job);
  if (err == 0) {
    err = ms_lua_vm_take_coroutine(job->vm, &job->co, &job->co_ref);
    if (err != 0) {
      close_if_done(job->vm); /* one that is in no list has nobody else */
    }
  }
  if (err != 0) {
    job->vm = NULL;
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory", "RequestId: %s Error: %s",
                    job->request_id, ms_error_detail());
    return false;
  }
  job->vm->live_count++;
  job->vm->is_full = false;
  job->outcome = MS_LUA_ERROR;
  job->is_complete = false;
  begin_timeout(host, job);
  ms_lua_log_begin(host, job);
  lua_pushcfunction(job->co, body);
  lua_pushlightuserdata(job->co, job);
  return true;
}

void ms_lua_abandon(struct ms_lua_host *host, struct ms_lua_job *job, enum ms_lua_kill kill)
{
  ms_heap_remove(&host->sleeping, &job->sleep);
  if (job->co != NULL) {
    if (kill != MS_LUA_KILL_SHUTDOWN) {
      ms_lua_guard_enter(host, job, MS_LUA_CLOSE_MS, true);
      lua_resetthread(job->co);
      ms_lua_guard_leave(host);
    }
    set_killed(job, kill);
    finish(host, job, false);
  } else {
    set_killed(job, kill);
  }
}

/* Has the call entered again at that time; false when there is no memory for it. */
static bool put_aside(struct ms_lua_host *host, struct ms_lua_job *job, int64_t due_at_ms)
{
  if (ms_heap_add(&host->sleeping, &job->sleep, due_at_ms, host->next_order++) == 0) {
    return true;
  }
  ms_lua_abandon(host, job, MS_LUA_KILL_CANCEL);
  ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory", "RequestId: %s Error: out of memory",
                  job->request_id);
  return false;
}

/* Its slice is used up: it goes on behind all others whose time has come. */
static bool preempt(struct ms_lua_host *host, struct ms_lua_job *job)
{
  job->ran_ms += host->slice_ms;
  job->vm->busy = job;
  host->busy_count++;
  host->was_preempted = true;
  return put_aside(host, job, ms_lua_host_now_ms(host));
}

/* Until it is due, or what it asked for is answered. */
static bool fall_asleep(struct ms_lua_host *host, struct ms_lua_job *job)
{
  int64_t due_at_ms = job->due_at_ms < job->deadline_ms ? job->due_at_ms : job->deadline_ms;
  if (!put_aside(host, job, due_at_ms)) {
    return false;
  }
  if (job->request != NULL) {
    ms_lua_up_send(host, job);
  }
  return true;
}

/* After Lua has been left; true when the job has ended. */
static bool leave(struct ms_lua_host *host, struct ms_lua_job *job, int status)
{
  enum ms_lua_kill kill = (enum ms_lua_kill)atomic_load(&host->kill);
  if (job->is_complete) {
    finish(host, job, kill == MS_LUA_KILL_NONE && status == LUA_OK);
  } else if (kill != MS_LUA_KILL_NONE) {
    set_killed(job, kill);
    finish(host, job, false);
  } else if (status == LUA_YIELD && host->is_preempting) {
    return !preempt(host, job);
  } else if (status == LUA_YIELD) {
    return !fall_asleep(host, job);
  } else {
    ms_lua_set_memory(job, job->vm); /* the only thing that is raised outside of the pcall */
    finish(host, job, false);
  }
  return true;
}

bool ms_lua_enter(struct ms_lua_host *host, struct ms_lua_job *job)
{
  host->was_preempted = false;
  int64_t left_ms = ms_lua_left_ms(host, job);
  if (left_ms <= 0 || atomic_load_explicit(&job->is_cancelled, memory_order_relaxed)) {
    ms_lua_abandon(host, job, left_ms <= 0 ? MS_LUA_KILL_TIMEOUT : MS_LUA_KILL_CANCEL);
    return true;
  }
  if (job->vm != NULL && job->vm->busy != NULL && job->vm->busy != job) {
    return !put_aside(host, job, ms_lua_host_now_ms(host)); /* until that one has left its slice */
  }
  int nargs = 0;
  leave_busy(host, job);
  if (job->co == NULL) {
    if (!begin(host, job)) {
      return true;
    }
    nargs = 1;
    left_ms = ms_lua_left_ms(host, job);
  }
  int nresults;
  ms_lua_guard_enter(host, job, left_ms, false);
  if (atomic_load(&job->is_cancelled)) {
    ms_guard_fire(&host->guard, job->id); /* whoever cancelled came too early to find us inside */
  }
  int status = lua_resume(job->co, NULL, nargs, &nresults);
  ms_lua_guard_leave(host);
  return leave(host, job, status);
}
