/*
 * The one way in: a job's coroutine is begun, resumed and ended here and nowhere else.
 *
 *   begin -> [body: load, convert the payload, handler] -> ended well   -> convert the result
 *              |            ^                           -> raised       -> error.c
 *              v sleep      | due
 *            suspended ------
 *
 * Everything that can raise happens inside the coroutine; what the host does around it allocates nothing
 * in Lua outside a protected call.
 */
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

#define VMS_MAX (1u << 20)

int64_t ms_lua_host_now_ms(const struct ms_lua_host *host)
{
  if (host->is_local) {
    return ms_loop_now_ms(host->lua->options.loop);
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void ms_lua_host_init(struct ms_lua_host *host, struct ms_lua *lua, bool is_local)
{
  memset(host, 0, sizeof *host);
  host->lua = lua;
  host->is_local = is_local;
  atomic_init(&host->kill, MS_LUA_KILL_NONE);
  ms_heap_init(&host->sleeping);
}

void ms_lua_host_deinit(struct ms_lua_host *host)
{
  for (size_t i = 0; i < host->vm_count; i++) {
    ms_lua_vm_free(host->vms[i]);
  }
  ms_free(host->vms);
  ms_heap_deinit(&host->sleeping);
}

/* ---- states of functions ---- */

static void leave_vm(struct ms_lua_vm *vm)
{
  vm->live_count--;
  if (vm->is_retired && vm->live_count == 0) {
    ms_lua_vm_free(vm);
  }
}

static void retire(struct ms_lua_host *host, struct ms_lua_vm *vm)
{
  if (vm->is_retired) {
    return;
  }
  vm->is_retired = true;
  host->vms[vm->code->index] = NULL;
  if (vm->live_count == 0) {
    ms_lua_vm_free(vm);
  }
}

/* The state for this version of the function; a state of another version is on its way out. */
static int vm_for(struct ms_lua_vm **out, struct ms_lua_host *host, struct ms_lua_code *code)
{
  *out = NULL;
  if (code->index >= host->vm_count) {
    size_t more = code->index + 1 - host->vm_count;
    int err = ms_vec_reserve(&host->vms, &host->vm_capacity, host->vm_count + more,
                             sizeof *host->vms, VMS_MAX);
    if (err != 0) {
      return err;
    }
    while (host->vm_count <= code->index) {
      host->vms[host->vm_count++] = NULL;
    }
  }
  struct ms_lua_vm *vm = host->vms[code->index];
  if (vm != NULL && vm->code != code) {
    retire(host, vm);
    vm = NULL;
  }
  if (vm == NULL) {
    int err = ms_lua_vm_new(&vm, host->lua, host, code);
    if (err != 0) {
      return err;
    }
    host->vms[code->index] = vm;
  }
  *out = vm;
  return MSTEP_OK;
}

/* ---- inside the coroutine ---- */

/* Runs the chunk; what it returns is the handler, or has it in its field `handler`. */
static void load_handler(lua_State *L, struct ms_lua_vm *vm, struct ms_lua_job *job)
{
  struct ms_lua_code *code = vm->code;
  job->outcome = MS_LUA_MISSING; /* what an error from here on means */
  if (ms_lua_load_text(L, code->text, code->len, code->chunk) != LUA_OK) {
    ms_lua_raise(L, "Runtime.UserCodeSyntaxError", "%s", lua_tostring(L, -1));
  }
  lua_call(L, 0, 1);
  if (lua_type(L, -1) == LUA_TTABLE) {
    lua_getfield(L, -1, "handler");
    lua_replace(L, -2);
  }
  if (lua_type(L, -1) != LUA_TFUNCTION) {
    ms_lua_raise(L, "Runtime.HandlerNotFound",
                 "%s returns neither a function nor a table with a function in field 'handler'",
                 code->chunk + 1);
  }
  vm->handler_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  vm->is_loaded = true;
  job->outcome = MS_LUA_ERROR;
}

static int body_end(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  struct ms_lua_job *job = ms_lua_vm_of(L)->host->job;
  int err = ms_lua_to_json(&job->output, L, -1);
  if (err == MSTEP_ENOMEM) {
    return luaL_error(L, "not enough memory");
  }
  if (err != 0) {
    return ms_lua_raise(L, "Runtime.MarshalError", "the result cannot be JSON: %s",
                        ms_error_detail());
  }
  return 0;
}

/* The coroutine of a job: (light userdata job) */
static int body(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  struct ms_lua_job *job = lua_touserdata(L, 1);
  lua_settop(L, 0);
  if (!vm->is_loaded) {
    load_handler(L, vm, job);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->handler_ref);
  ms_lua_push_json(L, job->payload);
  ms_lua_context_push(L, job);
  lua_callk(L, 2, 1, 0, body_end);
  return body_end(L, LUA_OK, 0);
}

int ms_lua_suspend(lua_State *L, int64_t due_at_ms)
{
  struct ms_lua_host *host = ms_lua_vm_of(L)->host;
  if (host == NULL || host->job == NULL || !lua_isyieldable(L)) {
    return luaL_error(L, "cannot sleep here: a C function below cannot be suspended");
  }
  host->job->due_at_ms = due_at_ms;
  host->is_suspending = true;
  return lua_yield(L, 0);
}

/* ---- around it ---- */

static void finish(struct ms_lua_host *host, struct ms_lua_job *job, bool is_usable)
{
  struct ms_lua_vm *vm = job->vm;
  ms_lua_vm_give_coroutine(vm, job->co, job->co_ref, is_usable);
  job->vm = NULL;
  job->co = NULL;
  if (vm->is_full) {
    vm->is_full = false;
    if (job->outcome == MS_LUA_MEMORY) {
      retire(host, vm);
    }
  }
  leave_vm(vm);
}

static bool begin(struct ms_lua_host *host, struct ms_lua_job *job)
{
  int err = vm_for(&job->vm, host, job->code);
  if (err == 0) {
    err = ms_lua_vm_take_coroutine(job->vm, &job->co, &job->co_ref);
  }
  if (err != 0) {
    job->vm = NULL;
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory", "RequestId: %s Error: %s",
                    job->request_id, ms_error_detail());
    return false;
  }
  job->vm->live_count++;
  job->outcome = MS_LUA_ERROR;
  lua_pushcfunction(job->co, body);
  lua_pushlightuserdata(job->co, job);
  return true;
}

/* The coroutine ended with an error: it is on top of its stack. */
static void fail(struct ms_lua_host *host, struct ms_lua_job *job)
{
  bool is_missing = job->outcome == MS_LUA_MISSING;
  ms_lua_error_of_job(job, job->co);
  if (is_missing && job->outcome == MS_LUA_ERROR) {
    job->outcome = MS_LUA_MISSING;
  }
  lua_resetthread(job->co);
  struct ms_lua_vm *vm = job->vm;
  vm->live_count++; /* keep it over finish */
  finish(host, job, false);
  if (is_missing) {
    retire(host, vm);
  }
  leave_vm(vm);
}

bool ms_lua_enter(struct ms_lua_host *host, struct ms_lua_job *job)
{
  int nargs = 0;
  if (job->co == NULL) {
    if (!begin(host, job)) {
      return true;
    }
    nargs = 1;
  }
  int nresults;
  host->job = job;
  host->current = job->co;
  host->is_suspending = false;
  int status = lua_resume(job->co, NULL, nargs, &nresults);
  host->job = NULL;
  host->current = NULL;
  if (status == LUA_YIELD) {
    int64_t due_at_ms = job->due_at_ms < job->deadline_ms ? job->due_at_ms : job->deadline_ms;
    lua_pop(job->co, nresults);
    if (ms_heap_add(&host->sleeping, &job->sleep, due_at_ms, host->next_order++) == 0) {
      return false;
    }
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory", "RequestId: %s Error: out of memory",
                    job->request_id);
    lua_resetthread(job->co);
    finish(host, job, false);
  } else if (status == LUA_OK) {
    job->outcome = MS_LUA_OK;
    finish(host, job, true);
  } else {
    fail(host, job);
  }
  return true;
}

void ms_lua_abandon(struct ms_lua_host *host, struct ms_lua_job *job)
{
  ms_heap_remove(&host->sleeping, &job->sleep);
  if (job->co != NULL) {
    lua_resetthread(job->co);
    finish(host, job, false);
  }
}
