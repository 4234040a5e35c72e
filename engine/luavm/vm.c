/*
 * One Lua state: its memory limit, what it is made of, its stock of coroutines. What a state may do
 * is sandbox.c's; how a call goes in is enter.c's.
 *
 * The limit is the allocator's: past it Lua collects everything it can and then raises its
 * out-of-memory error. A state belongs to one thread.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/time.h"
#include "luavm/internal.h"

#define SMALL_HEAP_BYTES ((size_t)4 << 20)

static void *allocate(void *user, void *block, size_t old_size, size_t new_size)
{
  struct ms_lua_vm *vm = user;
  if (block == NULL) {
    old_size = 0; /* Lua says here what the block is for */
  }
  if (new_size == 0) {
    ms_lua_pool_free(&vm->pool, block, old_size);
    vm->used_bytes -= old_size;
    return NULL;
  }
  if (new_size > old_size && new_size - old_size > vm->max_bytes - vm->used_bytes) {
    vm->is_full = true;
    return NULL;
  }
  void *moved = ms_lua_pool_resize(&vm->pool, block, old_size, new_size);
  if (moved != NULL) {
    vm->used_bytes += new_size - old_size;
    vm->peak_bytes = vm->used_bytes > vm->peak_bytes ? vm->used_bytes : vm->peak_bytes;
  }
  return moved;
}

/*
 * A small heap is let grow to many times its size before it is collected: most of it is libraries,
 * which each collection would look through for the few kilobytes that a call leaves behind.
 */
void ms_lua_vm_tune(struct ms_lua_vm *vm)
{
  bool is_large = vm->used_bytes > SMALL_HEAP_BYTES;
  if (is_large != vm->is_large) {
    vm->is_large = is_large;
    lua_gc(vm->L, LUA_GCINC, is_large ? 200 : 600, 0, 0);
  }
}

static int open_state(lua_State *L)
{
  ms_lua_value_open(L);
  ms_lua_sandbox_open(L);
  if (ms_lua_vm_of(L)->level == MS_LUA_FUNCTION) {
    ms_lua_context_open(L);
  }
  return 0;
}

int ms_lua_vm_new(struct ms_lua_vm **out, struct ms_lua *lua, struct ms_lua_host *host,
                  struct ms_lua_code *code)
{
  *out = NULL;
  struct ms_lua_vm *vm = ms_calloc(1, sizeof *vm);
  if (vm == NULL) {
    return ms_error_nomem();
  }
  vm->lua = lua;
  vm->host = host;
  vm->level = host == NULL ? MS_LUA_EXPRESSION : MS_LUA_FUNCTION;
  vm->max_bytes = code == NULL || code->memory_max_bytes == 0 ? lua->options.memory_max_bytes
                                                              : code->memory_max_bytes;
  vm->json_max = MS_LUA_JSON_MAX;
  ms_buf_init(&vm->text, 0);
  ms_lua_pool_init(&vm->pool);
  vm->L = lua_newstate(allocate, vm);
  if (vm->L == NULL) {
    ms_lua_pool_deinit(&vm->pool);
    ms_free(vm);
    return ms_error_nomem();
  }
  vm->code = code == NULL ? NULL : ms_lua_code_ref(code);
  if (host != NULL) {
    uint64_t seed = ms_random_mix(lua->options.seed, ((uint64_t)host->number << 40) + ++host->vms_made);
    ms_random_seed(&vm->random, ms_hash(ms_str_c(code->name), seed));
  }
  *(uintptr_t *)lua_getextraspace(vm->L) = (uintptr_t)vm;
  lua_pushcfunction(vm->L, open_state);
  int status = lua_pcall(vm->L, 0, 0, 0);
  if (status != LUA_OK) {
    int err = status == LUA_ERRMEM ? ms_error_nomem()
                                   : ms_error(MSTEP_ELUA, "%s", lua_tostring(vm->L, -1));
    ms_lua_vm_free(vm);
    return err;
  }
  vm->is_large = true;
  ms_lua_vm_tune(vm);
  *out = vm;
  return MSTEP_OK;
}

void ms_lua_vm_free(struct ms_lua_vm *vm)
{
  if (vm == NULL) {
    return;
  }
  lua_close(vm->L);
  ms_lua_pool_deinit(&vm->pool);
  if (vm->cjson != NULL) {
    dlclose(vm->cjson);
  }
  ms_json_unref(vm->scratch);
  ms_buf_deinit(&vm->text);
  for (size_t i = 0; i < MS_LUA_KEY_CACHE; i++) {
    ms_json_unref(vm->keys[i]);
  }
  ms_lua_code_unref(vm->code);
  ms_free(vm);
}

/* ---- coroutines ---- */

/* Leaves the thread and its reference on the stack. */
static int new_coroutine(lua_State *L)
{
  lua_newthread(L);
  lua_pushvalue(L, -1);
  int ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushinteger(L, ref);
  return 2;
}

int ms_lua_vm_take_coroutine(struct ms_lua_vm *vm, lua_State **co, int *ref)
{
  if (vm->idle_count > 0) {
    vm->idle_count--;
    *co = vm->idle[vm->idle_count];
    *ref = vm->idle_refs[vm->idle_count];
    return MSTEP_OK;
  }
  lua_State *L = vm->L;
  lua_pushcfunction(L, new_coroutine);
  if (lua_pcall(L, 0, 2, 0) != LUA_OK) {
    lua_settop(L, 0);
    return ms_error_nomem();
  }
  *co = lua_tothread(L, -2);
  *(uintptr_t *)lua_getextraspace(*co) |= 1;
  *ref = (int)lua_tointeger(L, -1);
  lua_settop(L, 0);
  return MSTEP_OK;
}

void ms_lua_vm_give_coroutine(struct ms_lua_vm *vm, lua_State *co, int ref, bool is_usable)
{
  if (is_usable && vm->idle_count < sizeof vm->idle / sizeof vm->idle[0]) {
    lua_settop(co, 0);
    vm->idle[vm->idle_count] = co;
    vm->idle_refs[vm->idle_count] = ref;
    vm->idle_count++;
    return;
  }
  luaL_unref(vm->L, LUA_REGISTRYINDEX, ref); /* sets fields that are there: no allocation */
}

/* ---- names of the log ---- */

const char *ms_lua_vm_log_stream(struct ms_lua_vm *vm)
{
  if (vm->log_stream[0] == '\0') {
    int64_t year;
    int month;
    int day;
    int64_t now_ms = ms_lua_host_now_ms(vm->host);
    ms_time_civil(now_ms / 86400000, &year, &month, &day);
    snprintf(vm->log_stream, sizeof vm->log_stream, "%04d/%02d/%02d/[%s]%016llx%016llx", (int)year,
             month, day, vm->code->version, (unsigned long long)ms_random_next(&vm->random),
             (unsigned long long)ms_random_next(&vm->random));
  }
  return vm->log_stream;
}
