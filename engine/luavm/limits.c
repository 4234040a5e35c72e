/*
 * How a run is ended that does not end by itself, and how one that takes long lets others in between.
 *
 * Handlers: a guard (work/guard.h) interrupts the thread past a slice of time, or past the deadline.
 * Its signal handler arms a hook on the coroutine that runs, as Lua allows from outside. The hook
 * yields: no pcall can catch that. After a slice the host goes on with the next call and resumes this
 * one in its turn; past the deadline it never does. Where Lua cannot yield (in a comparator of
 * table.sort), a slice more is begun, and past the deadline the hook raises, at every instruction, so
 * that a pcall that catches the first error dies of the second. Raising alone will not do: a hundred
 * thousand nested pcalls take Lua minutes to unwind, one by one. Nothing is armed before: a standing
 * hook halves Lua's speed. Hooks belong to coroutines, so lib_coroutine.c tells the host who runs.
 *
 * Rules and definitions: a count hook, because there the same input must give the same answer and
 * time must not matter.
 *
 * Three things hooks do not reach, and where they are dealt with: functions in C (ours count
 * ticks), finalizers (setmetatable refuses __gc), message handlers (lib_base.c's xpcall skips
 * them).
 */
#include "luavm/internal.h"

#define HOOK_STEPS 1000

static const char killed = 0; /* its address is the error object: pushing it needs no memory */

static int die(lua_State *L)
{
  if (lua_isyieldable(L)) {
    return lua_yield(L, 0);
  }
  lua_pushlightuserdata(L, (void *)(uintptr_t)&killed);
  return lua_error(L);
}

/* ---- the guard ---- */

/*
 * On simulated time, and within one turn of a loop, the host's clock stands still: what was run
 * counts all the same.
 */
int64_t ms_lua_left_ms(const struct ms_lua_host *host, const struct ms_lua_job *job)
{
  int64_t by_clock = job->deadline_ms - ms_lua_host_now_ms(host);
  int64_t by_use = job->deadline_ms - job->started_at_ms - job->ran_ms;
  return by_clock < by_use ? by_clock : by_use;
}

static void begin_slice(struct ms_lua_host *host, uint64_t tag, int64_t left_ms, bool is_last)
{
  int64_t slice_ms = host->lua->options.slice_ms;
  host->is_last_slice = is_last || slice_ms < 0 || left_ms <= slice_ms;
  host->slice_ms = host->is_last_slice ? left_ms : slice_ms;
  atomic_store_explicit(&host->is_fired, false, memory_order_relaxed);
  ms_guard_enter(&host->guard, host->slice_ms, tag);
}

static void arm_poll(lua_State *L);

void ms_lua_guard_enter(struct ms_lua_host *host, struct ms_lua_job *job, int64_t left_ms,
                        bool is_last)
{
  host->job = job;
  host->current = job->co;
  host->is_suspending = false;
  host->is_preempting = false;
  atomic_store_explicit(&host->kill, MS_LUA_KILL_NONE, memory_order_relaxed);
  atomic_store_explicit(&host->is_slice_over, false, memory_order_relaxed);
  arm_poll(job->co);
  begin_slice(host, job->id, left_ms, is_last);
}

bool ms_lua_guard_leave(struct ms_lua_host *host)
{
  bool is_fired = ms_guard_leave(&host->guard);
  host->current = NULL;
  host->job = NULL;
  return is_fired;
}

void ms_lua_next_slice(struct ms_lua_host *host)
{
  struct ms_lua_job *job = host->job;
  job->ran_ms += host->slice_ms;
  ms_guard_leave(&host->guard);
  begin_slice(host, job->id, ms_lua_left_ms(host, job), false);
  if (atomic_load(&job->is_cancelled)) {
    ms_guard_fire(&host->guard, job->id); /* whoever cancelled in between did not find us inside */
  }
}

/* ---- handlers ---- */

static void stop_hook(lua_State *L, lua_Debug *ar)
{
  (void)ar;
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  struct ms_lua_host *host = vm->host;
  if (ms_lua_is_killed(vm)) {
    die(L);
    return;
  }
  ms_lua_disarm(L);
  if (!atomic_load_explicit(&host->is_slice_over, memory_order_relaxed)) {
    return; /* a coroutine that outlived the entry that armed it */
  }
  atomic_store_explicit(&host->is_slice_over, false, memory_order_relaxed);
  if (lua_isyieldable(L)) {
    host->is_preempting = true;
    lua_yield(L, 0);
  } else if (atomic_load_explicit(&host->is_fired, memory_order_relaxed)) {
    ms_lua_next_slice(host);
  }
}

void ms_lua_arm(lua_State *L)
{
  lua_sethook(L, stop_hook, LUA_MASKCOUNT, 1);
}

/* Signal context: stores and lua_sethook only. */
void ms_lua_interrupt(void *user)
{
  struct ms_lua_host *host = user;
  lua_State *L = host->current;
  atomic_store(&host->is_fired, true);
  if (host->job != NULL && atomic_load(&host->job->is_cancelled)) {
    atomic_store(&host->kill, MS_LUA_KILL_CANCEL);
  } else if (host->is_last_slice) {
    atomic_store(&host->kill, MS_LUA_KILL_TIMEOUT);
  } else {
    atomic_store(&host->is_slice_over, true);
  }
  if (L != NULL) {
    ms_lua_arm(L);
  }
}

static void poll_guard(struct ms_lua_host *host)
{
  if (MS_GUARD_POLLS && !atomic_load(&host->is_fired) && ms_guard_is_fired(&host->guard)) {
    ms_lua_interrupt(host);
  }
}

static void poll_hook(lua_State *L, lua_Debug *ar)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  poll_guard(vm->host);
  if (ms_lua_is_killed(vm)) {
    ms_lua_arm(L);
    die(L);
  } else if (atomic_load(&vm->host->is_slice_over)) {
    stop_hook(L, ar);
  }
}

/* Where signals are kept back, the hook that looks for them is always there. */
static void arm_poll(lua_State *L)
{
  if (MS_GUARD_POLLS) {
    lua_sethook(L, poll_hook, LUA_MASKCOUNT, HOOK_STEPS);
  }
}

void ms_lua_disarm(lua_State *L)
{
  if (MS_GUARD_POLLS) {
    arm_poll(L);
  } else {
    lua_sethook(L, NULL, 0, 0);
  }
}

bool ms_lua_is_killed(struct ms_lua_vm *vm)
{
  if (vm->host == NULL) {
    return vm->is_over;
  }
  poll_guard(vm->host);
  return atomic_load_explicit(&vm->host->kill, memory_order_relaxed) != MS_LUA_KILL_NONE;
}

/* ---- rules and definitions ---- */

static void count_hook(lua_State *L, lua_Debug *ar);

static int pass_limit(lua_State *L, struct ms_lua_vm *vm)
{
  vm->is_over = true;
  lua_sethook(L, count_hook, LUA_MASKCOUNT, 1);
  return die(L);
}

static void count_hook(lua_State *L, lua_Debug *ar)
{
  (void)ar;
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  vm->step_count += HOOK_STEPS;
  if (vm->is_over || vm->step_count > vm->step_max) {
    pass_limit(L, vm);
  }
}

void ms_lua_begin_steps(struct ms_lua_vm *vm, uint64_t max)
{
  vm->step_count = 0;
  vm->step_max = max;
  vm->is_over = false;
  lua_sethook(vm->L, count_hook, LUA_MASKCOUNT, HOOK_STEPS);
}

void ms_lua_check_limits(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  vm->step_count += vm->tick_count;
  vm->tick_count = 0;
  if (vm->host == NULL) {
    if (vm->is_over || vm->step_count > vm->step_max) {
      pass_limit(L, vm);
    }
  } else if (ms_lua_is_killed(vm)) {
    die(L);
  } else if (atomic_load_explicit(&vm->host->is_fired, memory_order_relaxed)) {
    ms_lua_next_slice(vm->host); /* the hook preempts as soon as Lua runs again */
  }
}
