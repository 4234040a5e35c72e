/*
 * Functions by name and what each version's name means: finding, replacing, publishing, pinning. A
 * change of a file is noticed by reload.c, which swaps versions here. What is replaced is marked
 * stale; states of it are closed by the threads that have them, after their last call.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"
#include "luavm/source.h"

#define FUNCTIONS_MAX (1u << 20)
#define VERSIONS_MAX (1u << 16)
#define PINS_MAX (1u << 16)

/* ---- places in the hosts' lists of states ---- */

static int take_index(struct ms_lua *lua, uint32_t *out)
{
  if (lua->free_indices.count > 0) {
    *out = lua->free_indices.data[--lua->free_indices.count];
    return MSTEP_OK;
  }
  /* giving one back must not need memory */
  int err =
      ms_vec_reserve(&lua->free_indices.data, &lua->free_indices.capacity,
                     lua->index_count + (size_t)1, sizeof *lua->free_indices.data, MS_LUA_VMS_MAX);
  if (err == 0) {
    *out = lua->index_count++;
  }
  return err;
}

/* The code is not meant by anything any more: calls that have it go on, no others begin. */
static void retire_code(struct ms_lua *lua, struct ms_lua_code *code)
{
  atomic_store(&code->is_stale, true);
  ms_lua_host_sweep(&lua->local);
  if (lua->work != NULL) {
    ms_work_wake(lua->work);
  }
  ms_lua_code_unref(code);
}

static void retire_with_index(struct ms_lua *lua, struct ms_lua_code *code)
{
  lua->free_indices.data[lua->free_indices.count++] = code->index;
  retire_code(lua, code);
}

/* ---- functions ---- */

static bool is_function_name(struct ms_str name)
{
  if (ms_str_has_prefix(name, MS_LUA_HOOK_PREFIX)) {
    name = ms_str_sub(name, strlen(MS_LUA_HOOK_PREFIX), name.len);
  }
  return ms_lua_is_name(name, false);
}

static int need_function(struct ms_lua_function **out, struct ms_lua *lua, struct ms_str name)
{
  *out = ms_map_get(&lua->functions, name);
  if (*out != NULL) {
    return MSTEP_OK;
  }
  if (!is_function_name(name)) {
    return ms_error(MSTEP_EINVALID, "'%.*s' cannot name a function", (int)(name.len & 0xff),
                    name.data);
  }
  if (lua->functions.count >= FUNCTIONS_MAX) {
    return ms_error(MSTEP_ETOOBIG, "more than %u functions", FUNCTIONS_MAX);
  }
  struct ms_lua_function *function = ms_calloc(1, sizeof *function + name.len + 1);
  if (function == NULL) {
    return ms_error_nomem();
  }
  memcpy(function->name, name.data, name.len);
  int err = ms_map_put(&lua->functions, name, function, NULL);
  if (err != 0) {
    ms_free(function);
    return err;
  }
  *out = function;
  return MSTEP_OK;
}

int ms_lua_need_function(struct ms_lua_function **out, struct ms_lua *lua, struct ms_str name)
{
  return need_function(out, lua, name);
}

static void free_function(struct ms_lua_function *function)
{
  for (size_t i = 0; i < function->versions.count; i++) {
    ms_lua_code_unref(function->versions.data[i].code);
    ms_json_unref(function->versions.data[i].environment);
  }
  for (size_t i = 0; i < function->pins.count; i++) {
    ms_lua_code_unref(function->pins.data[i].code);
  }
  ms_lua_code_unref(function->latest.code);
  ms_json_unref(function->latest.environment);
  ms_lua_bundle_unref(function->failed);
  ms_free(function->versions.data);
  ms_free(function->pins.data);
  ms_free(function);
}

/* Nothing is known of it but its name. */
static void forget_if_empty(struct ms_lua *lua, struct ms_lua_function *function)
{
  if (function->latest.code == NULL && function->versions.count == 0 && function->pins.count == 0) {
    ms_map_remove(&lua->functions, ms_str_c(function->name));
    free_function(function);
  }
}

static struct ms_lua_pinned *pin_of(struct ms_lua_function *function,
                                    const struct ms_lua_code *code)
{
  for (size_t i = 0; i < function->pins.count; i++) {
    if (function->pins.data[i].code == code) {
      return &function->pins.data[i];
    }
  }
  return NULL;
}

/* Puts the code, which it takes, in the place of what the slot had. */
static int put_slot(struct ms_lua *lua, struct ms_lua_function *function, struct ms_lua_slot *slot,
                    struct ms_lua_code *code)
{
  struct ms_lua_code *old = slot->code;
  bool is_pinned = old != NULL && pin_of(function, old) != NULL;
  if (old != NULL && !is_pinned) {
    code->index = old->index;
  } else {
    int err = take_index(lua, &code->index);
    if (err != 0) {
      ms_lua_code_unref(code);
      return err;
    }
  }
  slot->code = code;
  if (is_pinned) {
    ms_lua_code_unref(old); /* the pin has one more */
  } else if (old != NULL) {
    retire_code(lua, old);
  }
  return MSTEP_OK;
}

int ms_lua_put_latest(struct ms_lua *lua, struct ms_str name, struct ms_lua_code *code,
                      bool is_from_file)
{
  struct ms_lua_function *function;
  int err = need_function(&function, lua, name);
  if (err != 0) {
    ms_lua_code_unref(code);
    return err;
  }
  err = put_slot(lua, function, &function->latest, code);
  if (err == 0) {
    function->is_from_file = is_from_file;
  } else {
    forget_if_empty(lua, function);
  }
  return err;
}

/* The slot's code is gone but for its pins. */
static void empty_slot(struct ms_lua *lua, struct ms_lua_function *function,
                       struct ms_lua_slot *slot)
{
  struct ms_lua_code *code = slot->code;
  slot->code = NULL;
  ms_json_replace(&slot->environment, MS_JSON_VALUE_NONE);
  if (code != NULL && pin_of(function, code) != NULL) {
    ms_lua_code_unref(code);
  } else if (code != NULL) {
    retire_with_index(lua, code);
  }
}

void ms_lua_drop_latest(struct ms_lua *lua, struct ms_lua_function *function)
{
  empty_slot(lua, function, &function->latest);
  ms_lua_bundle_unref(function->failed);
  function->failed = NULL;
  forget_if_empty(lua, function);
}

static struct ms_lua_slot *find_slot(struct ms_lua_function *function, const char *version)
{
  if (version == NULL || strcmp(version, MS_LUA_LATEST) == 0) {
    return function->latest.code == NULL ? NULL : &function->latest;
  }
  for (size_t i = 0; i < function->versions.count; i++) {
    if (strcmp(function->versions.data[i].code->version, version) == 0) {
      return &function->versions.data[i];
    }
  }
  return NULL;
}

/* ---- finding ---- */

static int read_latest(struct ms_lua_function **out, struct ms_lua *lua, struct ms_str name)
{
  struct ms_lua_bundle *bundle;
  struct ms_lua_code *code;
  int err = ms_lua_bundle_read(&bundle, lua, name, NULL);
  if (err != 0) {
    return err;
  }
  const struct ms_lua_code_form form = {name, MS_LUA_LATEST, "handler", bundle, 0, {NULL, 0}};
  err = ms_lua_code_new(&code, lua, &form);
  ms_lua_bundle_unref(bundle);
  if (err == 0) {
    err = ms_lua_put_latest(lua, name, code, true);
  }
  if (err == 0) {
    *out = ms_map_get(&lua->functions, name);
  }
  return err;
}

static bool is_latest(const char *version)
{
  return version == NULL || strcmp(version, MS_LUA_LATEST) == 0;
}

/* The function with what its "$LATEST" means; its file is looked for once. */
static int find_function(struct ms_lua_function **out, struct ms_lua *lua, struct ms_str name,
                         bool needs_latest)
{
  *out = ms_map_get(&lua->functions, name);
  if (*out != NULL && (!needs_latest || (*out)->latest.code != NULL)) {
    return MSTEP_OK;
  }
  if (!needs_latest || !is_function_name(name)) {
    return ms_error(MSTEP_ENOTFOUND, "no function of this name");
  }
  return read_latest(out, lua, name);
}

static bool is_same_value(struct ms_json a, struct ms_json b)
{
  return a.type == b.type && (ms_json_count(a) == 0 || a.u.object == b.u.object);
}

/* The slot's code, or another one when the configuration has changed since. */
static int configure(struct ms_lua *lua, struct ms_lua_function *function, struct ms_lua_slot *slot,
                     const struct ms_lua_config *config)
{
  struct ms_lua_code_form form = ms_lua_code_form(slot->code);
  bool is_same_size = config->memory_max_bytes == form.memory_max_bytes;
  if (is_same_size && is_same_value(config->environment, slot->environment)) {
    return MSTEP_OK;
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_lua_environment_text(&text, config->environment);
  if (err == 0 && !(is_same_size && ms_str_eq(ms_buf_view(&text), form.environment))) {
    struct ms_lua_code *code;
    form.memory_max_bytes = config->memory_max_bytes;
    form.environment = ms_buf_view(&text);
    err = ms_lua_code_new(&code, lua, &form);
    if (err == 0) {
      atomic_store(&code->is_good, atomic_load(&slot->code->is_good));
      err = put_slot(lua, function, slot, code);
    }
  }
  if (err == 0) {
    ms_json_replace(&slot->environment, ms_json_ref(config->environment));
  }
  ms_buf_deinit(&text);
  return err;
}

static struct ms_lua_code *find_pinned(struct ms_lua_function *function, uint64_t revision)
{
  for (size_t i = 0; i < function->pins.count; i++) {
    if (function->pins.data[i].code->revision == revision) {
      return function->pins.data[i].code;
    }
  }
  return NULL;
}

int ms_lua_find(struct ms_lua_code **out, struct ms_lua *lua, const struct ms_lua_call *call)
{
  struct ms_lua_function *function;
  bool needs_latest = is_latest(call->version) && call->revision == 0;
  *out = NULL;
  int err = find_function(&function, lua, call->function, needs_latest);
  if (err != 0) {
    return err;
  }
  if (call->revision != 0) {
    *out = find_pinned(function, call->revision);
    return *out == NULL ? ms_error(MSTEP_ENOTFOUND, "no such revision") : MSTEP_OK;
  }
  struct ms_lua_slot *slot = find_slot(function, call->version);
  if (slot == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "no such version");
  }
  err = call->config == NULL ? MSTEP_OK : configure(lua, function, slot, call->config);
  *out = slot->code;
  return err;
}

bool ms_lua_has_function(struct ms_lua *lua, struct ms_str name)
{
  struct ms_lua_function *function;
  return find_function(&function, lua, name, true) == MSTEP_OK;
}

/* ---- from memory ---- */

int ms_lua_check_syntax(struct ms_lua *lua, const struct ms_lua_bundle *bundle)
{
  struct ms_lua_vm *vm;
  int err = ms_lua_vm_new(&vm, lua, NULL, NULL);
  if (err != 0) {
    return err;
  }
  int status = ms_lua_load_text(vm->L, bundle->text, bundle->len, bundle->chunk);
  const struct ms_lua_module *m = atomic_load(&bundle->modules);
  for (; status == LUA_OK && m != NULL; m = m->next) {
    lua_settop(vm->L, 0);
    status = m->is_own ? ms_lua_load_text(vm->L, m->text, m->len, m->chunk) : LUA_OK;
  }
  if (status == LUA_ERRMEM) {
    err = ms_error_nomem();
  } else if (status != LUA_OK) {
    err = ms_error(MSTEP_ELUA, "%s", lua_tostring(vm->L, -1));
  }
  ms_lua_vm_free(vm);
  return err;
}

static bool is_version_name(const char *version)
{
  struct ms_str name = ms_str_c(version);
  return name.len <= MS_LUA_VERSION_MAX && ms_lua_is_name(name, false);
}

static int add_version(struct ms_lua *lua, struct ms_lua_function *function,
                       struct ms_lua_code *code, struct ms_json environment)
{
  int err = MS_VEC_RESERVE(&function->versions, VERSIONS_MAX, 1);
  struct ms_lua_slot slot = {NULL, MS_JSON_VALUE_NONE};
  if (err == 0) {
    err = put_slot(lua, function, &slot, code);
  } else {
    ms_lua_code_unref(code);
  }
  if (err == 0) {
    slot.environment = ms_json_ref(environment);
    function->versions.data[function->versions.count++] = slot;
  }
  return err;
}

/* The bundle becomes the version; what "$LATEST" had of configuration stays. */
static int put_bundle(struct ms_lua *lua, const struct ms_lua_package *package,
                      struct ms_lua_bundle *bundle, const char *field)
{
  struct ms_lua_function *function;
  struct ms_lua_code *code;
  int err = need_function(&function, lua, package->function);
  if (err != 0) {
    return err;
  }
  struct ms_lua_code_form form = {package->function, MS_LUA_LATEST, field, bundle, 0, {NULL, 0}};
  if (is_latest(package->version) && function->latest.code != NULL) {
    struct ms_lua_code_form before = ms_lua_code_form(function->latest.code);
    form.memory_max_bytes = before.memory_max_bytes;
    form.environment = before.environment;
  }
  form.version = is_latest(package->version) ? MS_LUA_LATEST : package->version;
  if (!is_latest(package->version) && find_slot(function, package->version) != NULL) {
    return ms_error(MSTEP_EEXISTS, "version %s is there already", package->version);
  }
  err = ms_lua_code_new(&code, lua, &form);
  if (err == 0 && is_latest(package->version)) {
    err = put_slot(lua, function, &function->latest, code);
    function->is_from_file = function->is_from_file && err != 0;
  } else if (err == 0) {
    err = add_version(lua, function, code, MS_JSON_VALUE_NONE);
  }
  if (err != 0) {
    forget_if_empty(lua, function);
  }
  return err;
}

int ms_lua_deploy(struct ms_lua *lua, const struct ms_lua_package *package)
{
  char field[MS_LUA_NAME_MAX + 1];
  if (!is_function_name(package->function)) {
    return ms_error(MSTEP_EINVALID, "'%.*s' cannot name a function",
                    (int)(package->function.len & 0xff), package->function.data);
  }
  if (!is_latest(package->version) && !is_version_name(package->version)) {
    return ms_error(MSTEP_EINVALID, "this cannot name a version");
  }
  struct ms_lua_bundle *bundle;
  int err = ms_lua_bundle_unpack(&bundle, field, lua, package);
  if (err == 0) {
    err = ms_lua_check_syntax(lua, bundle);
    if (err == 0) {
      err = put_bundle(lua, package, bundle, field);
    }
    ms_lua_bundle_unref(bundle);
  }
  return err;
}

int ms_lua_load(struct ms_lua *lua, struct ms_str name, struct ms_str source)
{
  const struct ms_lua_file file = {{NULL, 0}, source};
  const struct ms_lua_package package = {name, NULL, &file, 1, NULL};
  return ms_lua_deploy(lua, &package);
}

/* ---- versions ---- */

int ms_lua_publish(struct ms_lua *lua, struct ms_str name, const char *version)
{
  struct ms_lua_function *function;
  int err = find_function(&function, lua, name, true);
  if (err != 0) {
    return err;
  }
  if (!is_version_name(version)) {
    return ms_error(MSTEP_EINVALID, "this cannot name a version");
  }
  if (find_slot(function, version) != NULL) {
    return ms_error(MSTEP_EEXISTS, "version %s is there already", version);
  }
  struct ms_lua_code *code;
  struct ms_lua_code_form form = ms_lua_code_form(function->latest.code);
  form.version = version;
  err = ms_lua_code_new(&code, lua, &form);
  return err != 0 ? err : add_version(lua, function, code, function->latest.environment);
}

static int unload_version(struct ms_lua *lua, struct ms_lua_function *function, const char *version)
{
  for (size_t i = 0; i < function->versions.count; i++) {
    struct ms_lua_slot *slot = &function->versions.data[i];
    if (strcmp(slot->code->version, version) == 0) {
      empty_slot(lua, function, slot);
      *slot = function->versions.data[--function->versions.count];
      forget_if_empty(lua, function);
      return MSTEP_OK;
    }
  }
  return ms_error(MSTEP_ENOTFOUND, "no such version");
}

int ms_lua_unload(struct ms_lua *lua, struct ms_str name, const char *version)
{
  struct ms_lua_function *function = ms_map_get(&lua->functions, name);
  if (function == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "no function of this name");
  }
  if (version != NULL && !is_latest(version)) {
    return unload_version(lua, function, version);
  }
  while (version == NULL && function->versions.count > 0) {
    empty_slot(lua, function, &function->versions.data[--function->versions.count]);
  }
  ms_lua_drop_latest(lua, function);
  return MSTEP_OK;
}

int ms_lua_files(struct ms_json *out, struct ms_lua *lua, struct ms_str name, const char *version)
{
  struct ms_lua_function *function;
  *out = MS_JSON_VALUE_NONE;
  int err = find_function(&function, lua, name, is_latest(version));
  if (err != 0) {
    return err;
  }
  const struct ms_lua_slot *slot = find_slot(function, version);
  if (slot == NULL) {
    return ms_error(MSTEP_ENOTFOUND, "no such version");
  }
  return ms_lua_bundle_list(out, slot->code->bundle, name);
}

/* ---- pins ---- */

uint64_t ms_lua_pin(struct ms_lua *lua, struct ms_str name)
{
  struct ms_lua_function *function;
  if (find_function(&function, lua, name, true) != 0) {
    return 0;
  }
  struct ms_lua_code *code = function->latest.code;
  struct ms_lua_pinned *pin = pin_of(function, code);
  if (pin == NULL) {
    if (MS_VEC_RESERVE(&function->pins, PINS_MAX, 1) != 0) {
      return 0;
    }
    pin = &function->pins.data[function->pins.count++];
    *pin = (struct ms_lua_pinned){ms_lua_code_ref(code), 0};
  }
  pin->count++;
  return code->revision;
}

void ms_lua_unpin(struct ms_lua *lua, struct ms_str name, uint64_t revision)
{
  struct ms_lua_function *function = ms_map_get(&lua->functions, name);
  struct ms_lua_code *code = function == NULL ? NULL : find_pinned(function, revision);
  struct ms_lua_pinned *pin = code == NULL ? NULL : pin_of(function, code);
  if (pin == NULL || --pin->count > 0) {
    return;
  }
  *pin = function->pins.data[--function->pins.count];
  if (code == function->latest.code) {
    ms_lua_code_unref(code);
  } else {
    retire_with_index(lua, code);
  }
  forget_if_empty(lua, function);
}

void ms_lua_registry_deinit(struct ms_lua *lua)
{
  size_t pos = 0;
  struct ms_str name;
  void *function;
  while (ms_map_next(&lua->functions, &pos, &name, &function)) {
    free_function(function);
  }
  ms_map_deinit(&lua->functions);
  ms_free(lua->free_indices.data);
}
