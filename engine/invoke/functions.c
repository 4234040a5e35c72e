/*
 * What is configured of functions: rows "function\0NAME" and their code "function-code\0NAME\0VERSION", both in
 * MS_TABLE_RESOURCE. Rows are in memory too; code is read when Lua is to have it.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/sort.h"
#include "invoke/internal.h"

#define KEY_MAX 512

static const char row_kind[] = "function"; /* keys hold its NUL */
static const char code_kind[] = "function-code";

/* ---- functions in memory ---- */

struct ms_invoke_function *ms_invoke_function_get(struct ms_invoke *invoke, struct ms_str name,
                                                  bool must_make)
{
  struct ms_invoke_function *function = ms_map_get(&invoke->functions, name);
  if (function == NULL && must_make) {
    function = ms_calloc(1, sizeof *function);
    if (function != NULL && ms_map_put(&invoke->functions, name, function, NULL) != 0) {
      ms_free(function);
      function = NULL;
    }
  }
  return function;
}

struct ms_json ms_invoke_row(const struct ms_invoke *invoke, struct ms_str name)
{
  const struct ms_invoke_function *function = ms_map_get(&invoke->functions, name);
  return function == NULL ? MS_JSON_VALUE_NONE : function->row;
}

static struct ms_str qualifier_of(const struct ms_function_name *name)
{
  return name->qualifier.len == 0 ? MS_STR(MS_INVOKE_LATEST) : name->qualifier;
}

struct ms_json ms_invoke_event_config(const struct ms_invoke *invoke,
                                      const struct ms_function_name *name)
{
  struct ms_json configs = ms_json_getc(ms_invoke_row(invoke, name->name), "EventInvokeConfigs");
  return ms_json_get(configs, qualifier_of(name));
}

static bool has_function(struct ms_invoke *invoke, struct ms_str name)
{
  struct ms_lua *lua;
  if (ms_json_is_true(ms_json_getc(ms_invoke_row(invoke, name), "IsDeployed"))) {
    return true;
  }
  return ms_invoke_lua(&lua, invoke) == 0 && ms_lua_has_function(lua, name);
}

bool ms_invoke_has(struct ms_invoke *invoke, const struct ms_function_name *name)
{
  struct ms_invoke_target target;
  return ms_invoke_resolve(&target, invoke, name) == 0;
}

static int compare_names(const void *a, const void *b)
{
  return ms_str_cmp(*(const struct ms_str *)a, *(const struct ms_str *)b);
}

bool ms_invoke_next_row(const struct ms_invoke *invoke, size_t *pos, struct ms_str *name,
                        struct ms_json *row)
{
  void *value;
  while (ms_map_next(&invoke->functions, pos, name, &value)) {
    const struct ms_invoke_function *function = value;
    if (!ms_json_is_none(function->row)) {
      *row = function->row;
      return true;
    }
  }
  return false;
}

/* Files of the project; none without Lua. */
static int file_names(struct ms_json *out, struct ms_invoke *invoke)
{
  struct ms_lua *lua;
  *out = MS_JSON_VALUE_NONE;
  int err = ms_invoke_lua(&lua, invoke);
  return err == MSTEP_EUNSUPPORTED ? MSTEP_OK : err != 0 ? err : ms_lua_function_files(out, lua);
}

int ms_invoke_names(struct ms_json *out, struct ms_invoke *invoke)
{
  size_t pos = 0, count = 0;
  struct ms_str name;
  void *value;
  struct ms_json files;
  *out = MS_JSON_VALUE_NONE;
  int err = file_names(&files, invoke);
  if (err != 0) {
    return err;
  }
  struct ms_str *names =
      ms_alloc((invoke->functions.count + ms_json_count(files) + 1) * sizeof *names);
  *out = ms_json_array(invoke->functions.count);
  err = names == NULL || ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  while (err == 0 && ms_map_next(&invoke->functions, &pos, &name, &value)) {
    const struct ms_invoke_function *function = value;
    if (!ms_json_is_none(function->row)) {
      names[count++] = name;
    }
  }
  for (size_t i = 0; i < ms_json_count(files) && err == 0; i++) {
    names[count++] = ms_json_text(ms_json_at(files, i));
  }
  if (err == 0) {
    ms_sort(names, count, sizeof *names, compare_names);
  }
  for (size_t i = 0; i < count && err == 0; i++) {
    if (i == 0 || !ms_str_eq(names[i], names[i - 1])) {
      err = ms_json_push(out, ms_json_string(names[i]));
    }
  }
  ms_free(names);
  ms_json_unref(files);
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

/* ---- what a qualifier stands for ---- */

static bool is_number(struct ms_str text)
{
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') {
      return false;
    }
  }
  return text.len > 0;
}

/* The version of an alias: its own, or by chance one of those with weights. */
static struct ms_str version_of(const struct ms_invoke *invoke, struct ms_json alias)
{
  struct ms_json weights =
      ms_json_getc(ms_json_getc(alias, "RoutingConfig"), "AdditionalVersionWeights");
  if (ms_json_count(weights) > 0) {
    double at = ms_random_double(invoke->env->random);
    for (size_t i = 0; i < ms_json_count(weights); i++) {
      at -= ms_json_number(ms_json_member(weights, i));
      if (at < 0) {
        return ms_json_key(weights, i);
      }
    }
  }
  return ms_json_text(ms_json_getc(alias, "FunctionVersion"));
}

int ms_invoke_resolve(struct ms_invoke_target *out, struct ms_invoke *invoke,
                      const struct ms_function_name *name)
{
  struct ms_json row = ms_invoke_row(invoke, name->name);
  struct ms_str version = qualifier_of(name);
  *out = (struct ms_invoke_target){MS_INVOKE_LATEST, ms_json_getc(row, "Configuration")};
  if (ms_str_is(version, MS_INVOKE_LATEST)) {
    return has_function(invoke, name->name)
               ? MSTEP_OK
               : ms_error(MSTEP_ENOTFOUND, "no function %.*s", MS_STR_ARG(name->name));
  }
  struct ms_json alias = ms_json_get(ms_json_getc(row, "Aliases"), version);
  if (!ms_json_is_none(alias)) {
    version = version_of(invoke, alias);
    if (ms_str_is(version, MS_INVOKE_LATEST)) {
      return has_function(invoke, name->name) ? MSTEP_OK : ms_error(MSTEP_ENOTFOUND, "no function");
    }
  }
  out->configuration = ms_json_get(ms_json_getc(row, "Versions"), version);
  if (ms_json_is_none(out->configuration) || !is_number(version) ||
      version.len >= sizeof out->version) {
    return ms_error(MSTEP_ENOTFOUND, "no version or alias %.*s of function %.*s",
                    MS_STR_ARG(qualifier_of(name)), MS_STR_ARG(name->name));
  }
  memcpy(out->version, version.data, version.len);
  out->version[version.len] = '\0';
  return MSTEP_OK;
}

void ms_invoke_configure(struct ms_lua_call *call, struct ms_lua_config *config,
                         const struct ms_invoke_target *target)
{
  int64_t number;
  call->version = strcmp(target->version, MS_INVOKE_LATEST) == 0 ? NULL : target->version;
  if (ms_json_is_none(target->configuration)) {
    return;
  }
  struct ms_json environment = ms_json_getc(target->configuration, "Environment");
  *config = (struct ms_lua_config){0, ms_json_getc(environment, "Variables")};
  if (ms_json_to_int(&number, ms_json_getc(target->configuration, "MemorySize")) && number > 0) {
    config->memory_max_bytes = (size_t)number << 20;
  }
  if (ms_json_to_int(&number, ms_json_getc(target->configuration, "Timeout")) && number > 0) {
    call->timeout_ms = number * 1000;
  }
  call->config = config;
}

/* ---- rows ---- */

static struct ms_str key_of(struct ms_buf *out, const char *kind, struct ms_str name,
                            const char *version)
{
  ms_buf_put(out, kind, strlen(kind) + 1);
  ms_buf_str(out, name);
  if (version != NULL) {
    ms_buf_put(out, "", 1);
    ms_buf_cstr(out, version);
  }
  return ms_buf_view(out);
}

static void put_json(struct ms_batch *batch, struct ms_str key, struct ms_json value, int *err)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, value);
  if (text.error != 0) {
    *err = text.error;
  } else if (ms_json_is_none(value)) {
    ms_batch_remove(batch, MS_TABLE_RESOURCE, key);
  } else {
    ms_batch_put(batch, MS_TABLE_RESOURCE, key, ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
}

static int put_one(struct ms_batch *batch, const char *kind, struct ms_str name,
                   const char *version, struct ms_json value)
{
  struct ms_buf key;
  ms_buf_init(&key, KEY_MAX);
  struct ms_str view = key_of(&key, kind, name, version);
  int err = key.error;
  if (err == 0) {
    put_json(batch, view, value, &err);
  }
  ms_buf_deinit(&key);
  return err;
}

/* Without a store memory is where code is kept. */
static int keep_code(struct ms_invoke *invoke, struct ms_str name,
                     const struct ms_invoke_code *code)
{
  struct ms_buf key;
  ms_buf_init(&key, KEY_MAX);
  key_of(&key, code_kind, name, code->version);
  int err = key.error;
  struct ms_json *kept = NULL;
  void *old = NULL;
  if (err == 0 && ms_json_is_none(code->code)) {
    old = ms_map_remove(&invoke->codes, ms_buf_view(&key));
  } else if (err == 0) {
    kept = ms_alloc(sizeof *kept);
    err =
        kept == NULL ? ms_error_nomem() : ms_map_put(&invoke->codes, ms_buf_view(&key), kept, &old);
    if (err != 0) {
      ms_free(kept);
    } else {
      *kept = ms_json_ref(code->code);
    }
  }
  if (old != NULL) {
    ms_json_unref(*(struct ms_json *)old);
    ms_free(old);
  }
  ms_buf_deinit(&key);
  return err;
}

static int put_all(struct ms_invoke *invoke, struct ms_batch *batch, struct ms_str name,
                   struct ms_json row, const struct ms_invoke_code *codes, size_t code_count)
{
  int err = batch == NULL ? MSTEP_OK : put_one(batch, row_kind, name, NULL, row);
  for (size_t i = 0; i < code_count && err == 0; i++) {
    err = batch == NULL ? keep_code(invoke, name, &codes[i])
                        : put_one(batch, code_kind, name, codes[i].version, codes[i].code);
  }
  return err;
}

int ms_invoke_put_row(struct ms_invoke *invoke, struct ms_str name, struct ms_json row,
                      const struct ms_invoke_code *codes, size_t code_count)
{
  const struct ms_ledger *ledger = &invoke->env->ledger;
  struct ms_invoke_function *function = ms_invoke_function_get(invoke, name, true);
  struct ms_batch *batch;
  if (function == NULL) {
    return ms_error_nomem();
  }
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  int put_err = put_all(invoke, batch, name, row, codes, code_count);
  if (put_err != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : put_err; /* so that `end` takes it away */
  }
  err = ledger->end(ledger->user);
  err = put_err != 0 ? put_err : err;
  if (err == 0) {
    ms_json_replace(&function->row, ms_json_ref(row));
  }
  return err;
}

static int read_json(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  return ms_json_parse(user, value, &limits, NULL);
}

struct ms_json ms_invoke_code(const struct ms_invoke *invoke, struct ms_str name,
                              const char *version)
{
  struct ms_store *reader = invoke->env->ledger.reader;
  struct ms_json out = MS_JSON_VALUE_NONE;
  struct ms_buf key;
  ms_buf_init(&key, KEY_MAX);
  key_of(&key, code_kind, name, version);
  const struct ms_json *kept = ms_map_get(&invoke->codes, ms_buf_view(&key));
  if (kept != NULL) {
    out = ms_json_ref(*kept);
  } else if (reader != NULL && key.error == 0) {
    (void)ms_store_get(reader, MS_TABLE_RESOURCE, ms_buf_view(&key), read_json, &out);
  }
  ms_buf_deinit(&key);
  return out;
}

static int read_row(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_invoke *invoke = user;
  struct ms_str name = ms_str_sub(key, sizeof row_kind, key.len);
  struct ms_invoke_function *function = ms_invoke_function_get(invoke, name, true);
  if (function == NULL) {
    return ms_error_nomem();
  }
  struct ms_json row;
  int err = read_json(key, value, &row);
  if (err == 0) {
    ms_json_replace(&function->row, row);
  }
  return err;
}

/* Functions stay in the map: calls may point to them. */
void ms_invoke_functions_drop(struct ms_invoke *invoke)
{
  size_t pos = 0;
  void *value;
  struct ms_str name;
  while (ms_map_next(&invoke->functions, &pos, &name, &value)) {
    struct ms_invoke_function *function = value;
    bool has_code = ms_json_is_true(ms_json_getc(function->row, "IsDeployed")) ||
                    ms_json_count(ms_json_getc(function->row, "Versions")) > 0;
    if (has_code && invoke->lua != NULL) {
      (void)ms_lua_unload(invoke->lua, name, NULL);
    }
    ms_json_replace(&function->row, MS_JSON_VALUE_NONE);
  }
}

int ms_invoke_functions_load(struct ms_invoke *invoke)
{
  struct ms_store *reader = invoke->env->ledger.reader;
  const struct ms_scan scan = {.table = MS_TABLE_RESOURCE,
                               .from = {row_kind, sizeof row_kind},
                               .to = {"function\1", sizeof row_kind}};
  int err = ms_store_scan(reader, &scan, read_row, invoke);
  if (err == 0 && invoke->lua != NULL) {
    ms_invoke_attach(invoke, invoke->lua);
  }
  return err;
}

void ms_invoke_functions_deinit(struct ms_invoke *invoke)
{
  size_t pos = 0;
  void *value;
  struct ms_str name;
  while (ms_map_next(&invoke->functions, &pos, &name, &value)) {
    struct ms_invoke_function *function = value;
    ms_json_unref(function->row);
    ms_free(function);
  }
  ms_map_deinit(&invoke->functions);
  pos = 0;
  while (ms_map_next(&invoke->codes, &pos, &name, &value)) {
    ms_json_unref(*(struct ms_json *)value);
    ms_free(value);
  }
  ms_map_deinit(&invoke->codes);
}

void ms_invoke_uuid(struct ms_invoke *invoke, char out[37])
{
  ms_random_uuid(invoke->env->random, out);
}

const char *ms_invoke_base_url(const struct ms_invoke *invoke)
{
  return invoke->env->base_url == NULL ? "" : invoke->env->base_url;
}

int ms_invoke_remove(struct ms_invoke *invoke, struct ms_str name)
{
  struct ms_json versions = ms_json_getc(ms_invoke_row(invoke, name), "Versions");
  size_t count = ms_json_count(versions);
  struct ms_invoke_code *codes = ms_calloc(count + 1, sizeof *codes);
  char(*names)[72] = ms_calloc(count + 1, sizeof *names);
  int err = codes == NULL || names == NULL ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    snprintf(names[i], sizeof names[i], "%.*s", MS_STR_ARG(ms_json_key(versions, i)));
    codes[i].version = names[i];
  }
  if (err == 0) {
    codes[count].version = MS_INVOKE_LATEST;
    err = ms_invoke_put_row(invoke, name, MS_JSON_VALUE_NONE, codes, count + 1);
  }
  ms_free(codes);
  ms_free(names);
  if (err == 0) {
    ms_invoke_unload(invoke, name, NULL);
  }
  return err;
}
