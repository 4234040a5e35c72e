/*
 * The coroutine library, with the meaning of Lua's own. It is ours for three reasons: the host must
 * know which coroutine runs, to interrupt it; a sleep inside of a coroutine must suspend the whole
 * call, through all that resumed it; and what a coroutine runs is below a pcall, so that after a
 * kill its to-be-closed variables are closed with hooks on.
 *
 * The coroutine of a call itself belongs to the host: scripts cannot resume, close or yield it.
 */
#include "luavm/internal.h"

/* ---- inside a coroutine ---- */

static int body_end(lua_State *L, int status, lua_KContext context)
{
  (void)context;
  if (status != LUA_OK && status != LUA_YIELD) {
    return lua_error(L);
  }
  return lua_gettop(L);
}

/* (function, arguments...) */
static int body(lua_State *L)
{
  return body_end(L, lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, body_end), 0);
}

/* ---- resuming ---- */

enum status { STATUS_RUNNING, STATUS_DEAD, STATUS_SUSPENDED, STATUS_NORMAL };

static enum status status_of(lua_State *L, lua_State *co)
{
  if (L == co) {
    return STATUS_RUNNING;
  }
  if (lua_status(co) == LUA_YIELD) {
    return STATUS_SUSPENDED;
  }
  if (lua_status(co) != LUA_OK) {
    return STATUS_DEAD;
  }
  lua_Debug ar;
  if (lua_getstack(co, 0, &ar)) {
    return STATUS_NORMAL;
  }
  return lua_gettop(co) == 0 ? STATUS_DEAD : STATUS_SUSPENDED;
}

static lua_State *check_coroutine(lua_State *L)
{
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co != NULL, 1, "coroutine");
  return co;
}

/* Control is back in L. What struck below goes on here. */
static void come_back(lua_State *L, struct ms_lua_vm *vm)
{
  if (vm->host != NULL) {
    ms_lua_pass_on(vm->host, L);
  }
  if (ms_lua_is_killed(vm)) {
    ms_lua_check_limits(L);
  }
}

enum outcome { RESUME_FAILED = -1, RESUME_SLEEPS = -2 }; /* else the number of results on top */

/* The yield under way concerns the whole call, not whoever resumed the coroutine. */
static bool is_host_yield(const struct ms_lua_host *host)
{
  return host != NULL && (host->is_suspending || host->is_preempting);
}

/*
 * lua_resume, as often as the coroutine is preempted where the call as a whole cannot be: its
 * resumer runs below a function in C.
 */
static int go_into(lua_State *L, lua_State *co, int nargs, int *nresults)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  struct ms_lua_host *host = vm->host;
  for (;;) {
    if (host != NULL) {
      ms_lua_pass_on(host, co);
    }
    int status = lua_resume(co, L, nargs, nresults);
    come_back(L, vm);
    if (status != LUA_YIELD || host == NULL || !host->is_preempting || lua_isyieldable(L)) {
      return status;
    }
    host->is_preempting = false;
    ms_lua_next_slice(host);
    nargs = 0;
  }
}

static int resume(lua_State *L, lua_State *co, int nargs)
{
  static const char *const refusals[] = {"cannot resume non-suspended coroutine",
                                         "cannot resume dead coroutine", NULL,
                                         "cannot resume non-suspended coroutine"};
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  const char *refusal = refusals[status_of(L, co)];
  if (ms_lua_is_job_coroutine(co)) {
    refusal = refusals[STATUS_NORMAL];
  } else if (refusal == NULL && !lua_checkstack(co, nargs)) {
    refusal = "too many arguments to resume";
  }
  if (refusal != NULL) {
    lua_pushstring(L, refusal);
    return RESUME_FAILED;
  }
  int nresults;
  lua_xmove(L, co, nargs);
  int is_first = lua_status(co) == LUA_OK; /* then the function is body's first argument */
  int status = go_into(L, co, nargs + is_first, &nresults);
  if (status == LUA_YIELD && is_host_yield(vm->host)) {
    return RESUME_SLEEPS;
  }
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return RESUME_FAILED;
  }
  if (!lua_checkstack(L, nresults + 1)) {
    lua_pop(co, nresults);
    lua_pushliteral(L, "too many results to resume");
    return RESUME_FAILED;
  }
  lua_xmove(co, L, nresults);
  return nresults;
}

/* The coroutine below sleeps, or is preempted: so does this one. */
static int pass_sleep(lua_State *L, lua_KFunction go_on)
{
  if (!lua_isyieldable(L)) {
    struct ms_lua_host *host = ms_lua_vm_of(L)->host;
    host->is_suspending = false;
    ms_lua_up_drop(host->job);
    return luaL_error(L, "cannot sleep here: a C function below cannot be suspended");
  }
  return lua_yieldk(L, 0, 0, go_on);
}

/* ---- create, resume, wrap ---- */

static int co_create(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushcfunction(co, body);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

static int resume_goes_on(lua_State *L, int status, lua_KContext context);

static int resume_results(lua_State *L, int count)
{
  if (count == RESUME_SLEEPS) {
    return pass_sleep(L, resume_goes_on);
  }
  lua_pushboolean(L, count >= 0);
  count = count < 0 ? 1 : count;
  lua_insert(L, -(count + 1));
  return count + 1;
}

static int resume_goes_on(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  return resume_results(L, resume(L, lua_tothread(L, 1), 0));
}

static int co_resume(lua_State *L)
{
  lua_State *co = check_coroutine(L);
  return resume_results(L, resume(L, co, lua_gettop(L) - 1));
}

static int wrap_goes_on(lua_State *L, int status, lua_KContext context);

/* A failure is the caller's, with his place before the text. */
static int wrap_results(lua_State *L, int count)
{
  if (count == RESUME_SLEEPS) {
    return pass_sleep(L, wrap_goes_on);
  }
  if (count >= 0) {
    return count;
  }
  if (lua_type(L, -1) == LUA_TSTRING && !ms_lua_is_memory_error(L, LUA_ERRRUN)) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int wrap_goes_on(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  return wrap_results(L, resume(L, lua_tothread(L, lua_upvalueindex(1)), 0));
}

static int call_wrapped(lua_State *L)
{
  return wrap_results(L, resume(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L)));
}

static int co_wrap(lua_State *L)
{
  co_create(L);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

/* ---- the rest ---- */

static int co_yield (lua_State *L)
{
  if (ms_lua_is_job_coroutine(L) || !lua_isyieldable(L)) {
    return luaL_error(L, lua_isyieldable(L) ? "attempt to yield from outside a coroutine"
                                            : "attempt to yield across a C-call boundary");
  }
  return lua_yield(L, lua_gettop(L));
}

static int co_status(lua_State *L)
{
  static const char *const names[] = {"running", "dead", "suspended", "normal"};
  lua_State *co = check_coroutine(L);
  enum status status = status_of(L, co);
  /*
   * A call's own coroutine between two calls looks dead, and in its sleep suspended: it is
   * neither.
   */
  lua_pushstring(L, names[ms_lua_is_job_coroutine(co) && L != co ? STATUS_NORMAL : status]);
  return 1;
}

static int co_isyieldable(lua_State *L)
{
  lua_State *co = lua_isthread(L, 1) ? lua_tothread(L, 1) : L;
  lua_pushboolean(L, !ms_lua_is_job_coroutine(co) && lua_isyieldable(co));
  return 1;
}

static int co_running(lua_State *L)
{
  bool is_main = lua_pushthread(L) != 0;
  lua_pushboolean(L, is_main || ms_lua_is_job_coroutine(L));
  return 2;
}

static int co_close(lua_State *L)
{
  lua_State *co = check_coroutine(L);
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  enum status status = status_of(L, co);
  if (ms_lua_is_job_coroutine(co) || (status != STATUS_DEAD && status != STATUS_SUSPENDED)) {
    return luaL_error(L, "cannot close a running coroutine");
  }
  if (vm->host != NULL) {
    ms_lua_pass_on(vm->host, co);
  }
  int result = lua_resetthread(co);
  come_back(L, vm);
  lua_pushboolean(L, result == LUA_OK);
  if (result == LUA_OK) {
    return 1;
  }
  lua_xmove(co, L, 1);
  return 2;
}

int ms_lua_open_coroutine(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"create", co_create},
      {"resume", co_resume},
      {"wrap", co_wrap},
      {"yield", co_yield },
      {"status", co_status},
      {"running", co_running},
      {"isyieldable", co_isyieldable},
      {"close", co_close},
      {NULL, NULL},
  };
  luaL_newlib(L, functions);
  return 1;
}
