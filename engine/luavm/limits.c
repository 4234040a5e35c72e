/*
 * How a run is ended that does not end by itself.
 *
 * Handlers: a guard (work/guard.h) interrupts the thread past the deadline. Its signal handler arms
 * a hook on the coroutine that runs, as Lua allows from outside. The hook yields: no pcall can
 * catch that, and the host never resumes what it killed. Where Lua cannot yield (in a comparator of
 * table.sort) the hook raises, at every instruction, so that a pcall that catches the first error
 * dies of the second. Raising alone will not do: a hundred thousand nested pcalls take Lua minutes
 * to unwind, one by one. Nothing is armed before: a standing hook halves Lua's speed. Hooks belong
 * to coroutines, so lib_coroutine.c tells the host who runs.
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

/* ---- handlers ---- */

static void kill_hook(lua_State *L, lua_Debug *ar)
{
  (void)ar;
  if (ms_lua_is_killed(ms_lua_vm_of(L))) {
    die(L);
  } else {
    lua_sethook(L, NULL, 0, 0); /* a coroutine that outlived the call that was killed */
  }
}

void ms_lua_arm(lua_State *L)
{
  lua_sethook(L, kill_hook, LUA_MASKCOUNT, 1);
}

/* Signal context: stores and lua_sethook only. */
void ms_lua_interrupt(void *user)
{
  struct ms_lua_host *host = user;
  lua_State *L = host->current;
  bool is_cancelled = host->job != NULL && atomic_load(&host->job->is_cancelled);
  atomic_store(&host->kill, is_cancelled ? MS_LUA_KILL_CANCEL : MS_LUA_KILL_TIMEOUT);
  if (L != NULL) {
    ms_lua_arm(L);
  }
}

static void poll_guard(struct ms_lua_host *host)
{
  if (MS_GUARD_POLLS && atomic_load(&host->kill) == MS_LUA_KILL_NONE &&
      ms_guard_is_fired(&host->guard)) {
    ms_lua_interrupt(host);
  }
}

static void poll_hook(lua_State *L, lua_Debug *ar)
{
  (void)ar;
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  poll_guard(vm->host);
  if (ms_lua_is_killed(vm)) {
    ms_lua_arm(L);
    die(L);
  }
}

void ms_lua_arm_poll(lua_State *L)
{
  if (MS_GUARD_POLLS) {
    lua_sethook(L, poll_hook, LUA_MASKCOUNT, HOOK_STEPS);
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
  }
}
