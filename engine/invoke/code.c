/*
 * Code of functions: given to Lua when it is made, changed, published, taken back. What is kept of a version is
 * one JSON value, either an array of {"path", "text"}, or {"Zip", "Handler"}: the package as it came, in base64,
 * which is unpacked whenever Lua gets it.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "invoke/internal.h"
#include "invoke/zip.h"

/* ---- to Lua ---- */

static const char *version_of(const char *version)
{
  return version == NULL || strcmp(version, MS_INVOKE_LATEST) == 0 ? NULL : version;
}

static int deploy_zip(struct ms_lua *lua, struct ms_str name, const char *version, struct ms_str bytes,
                      struct ms_str handler)
{
  struct ms_zip zip;
  char *handler_text = handler.len == 0 ? NULL : ms_strdupn(handler.data, handler.len);
  if (handler.len > 0 && handler_text == NULL) {
    return ms_error_nomem();
  }
  int err = ms_zip_open(&zip, bytes);
  if (err == 0) {
    const struct ms_lua_package package = {name, version_of(version), zip.files, zip.count,
                                           handler_text};
    err = ms_lua_deploy(lua, &package);
    ms_zip_close(&zip);
  }
  ms_free(handler_text);
  return err;
}

static int deploy_files(struct ms_lua *lua, struct ms_str name, const char *version,
                        struct ms_json list)
{
  size_t count = ms_json_count(list);
  struct ms_lua_file *files = ms_calloc(count + 1, sizeof *files);
  if (files == NULL) {
    return ms_error_nomem();
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_json file = ms_json_at(list, i);
    files[i] = (struct ms_lua_file){ms_json_text(ms_json_getc(file, "path")),
                                    ms_json_text(ms_json_getc(file, "text"))};
  }
  const struct ms_lua_package package = {name, version_of(version), files, count, NULL};
  int err = ms_lua_deploy(lua, &package);
  ms_free(files);
  return err;
}

bool ms_invoke_is_zip(struct ms_json code)
{
  return ms_json_is_object(code);
}

int ms_invoke_zip_bytes(struct ms_buf *out, struct ms_json code)
{
  if (!ms_invoke_is_zip(code)) {
    return ms_zip_write(out, code);
  }
  int err = ms_base64_decode_lenient(out, ms_json_text(ms_json_getc(code, "Zip")));
  return out->error != 0 ? out->error : err;
}

static int deploy_code(struct ms_lua *lua, struct ms_str name, const char *version,
                       struct ms_json code)
{
  if (!ms_invoke_is_zip(code)) {
    return deploy_files(lua, name, version, code);
  }
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  int err = ms_invoke_zip_bytes(&bytes, code);
  err = err != 0 ? err
                 : deploy_zip(lua, name, version, ms_buf_view(&bytes),
                              ms_json_text(ms_json_getc(code, "Handler")));
  ms_buf_deinit(&bytes);
  return err;
}

static void deploy(struct ms_invoke *invoke, struct ms_lua *lua, struct ms_str name,
                   const char *version)
{
  struct ms_json code = ms_invoke_code(invoke, name, version);
  int err = ms_json_is_none(code) ? MSTEP_OK : deploy_code(lua, name, version, code);
  if (err != 0) {
    struct ms_buf line;
    ms_buf_init(&line, 0);
    ms_buf_printf(&line, "function %.*s:%s does not load: %s", MS_STR_ARG(name), version,
                  ms_error_detail());
    invoke->env->log(0, "invoke", line.data == NULL ? "" : line.data, invoke->env->user);
    ms_buf_deinit(&line);
  }
  ms_json_unref(code);
}

void ms_invoke_attach(struct ms_invoke *invoke, struct ms_lua *lua)
{
  size_t pos = 0;
  void *value;
  struct ms_str name;
  invoke->lua = lua;
  while (ms_map_next(&invoke->functions, &pos, &name, &value)) {
    const struct ms_invoke_function *function = value;
    struct ms_json versions = ms_json_getc(function->row, "Versions");
    if (ms_json_is_true(ms_json_getc(function->row, "IsDeployed"))) {
      deploy(invoke, lua, name, MS_INVOKE_LATEST);
    }
    for (size_t i = 0; i < ms_json_count(versions); i++) {
      char version[72];
      snprintf(version, sizeof version, "%.*s", MS_STR_ARG(ms_json_key(versions, i)));
      deploy(invoke, lua, name, version);
    }
  }
}

/* ---- changed ---- */

int ms_invoke_files(struct ms_json *files, struct ms_invoke *invoke, struct ms_str name)
{
  struct ms_lua *lua;
  *files = MS_JSON_VALUE_NONE;
  int err = ms_invoke_lua(&lua, invoke);
  return err != 0 ? err : ms_lua_files(files, lua, name, NULL);
}

int ms_invoke_load_source(struct ms_json *code, struct ms_invoke *invoke, struct ms_str name,
                          struct ms_str source)
{
  struct ms_lua *lua;
  *code = MS_JSON_VALUE_NONE;
  int err = ms_invoke_lua(&lua, invoke);
  err = err != 0 ? err : ms_lua_load(lua, name, source);
  if (err == 0) {
    err = ms_lua_files(code, lua, name, NULL);
    if (err != 0) {
      ms_invoke_restore(invoke, name);
    }
  }
  return err;
}

static struct ms_json zip_code(struct ms_json zip, struct ms_str handler)
{
  struct ms_json code = ms_json_object(2);
  int err = ms_json_setc(&code, "Zip", zip);
  if (err == 0 && handler.len > 0) {
    err = ms_json_setc(&code, "Handler", ms_json_string(handler));
  }
  if (err != 0) {
    ms_json_replace(&code, MS_JSON_VALUE_NONE);
  }
  return code;
}

int ms_invoke_load_zip(struct ms_json *code, struct ms_invoke *invoke, struct ms_str name,
                       struct ms_str zip, struct ms_str handler)
{
  struct ms_lua *lua;
  struct ms_buf text;
  *code = MS_JSON_VALUE_NONE;
  int err = ms_invoke_lua(&lua, invoke);
  if (err != 0) {
    return err;
  }
  ms_buf_init(&text, 0);
  ms_base64_encode(&text, zip);
  err = text.error;
  if (err == 0) {
    *code = zip_code(ms_json_string(ms_buf_view(&text)), handler);
    err = ms_json_is_none(*code) ? ms_error_nomem() : MSTEP_OK;
  }
  ms_buf_deinit(&text);
  err = err != 0 ? err : deploy_zip(lua, name, NULL, zip, handler);
  if (err != 0) {
    ms_json_replace(code, MS_JSON_VALUE_NONE);
  }
  return err;
}

int ms_invoke_load_handler(struct ms_json *code, struct ms_invoke *invoke, struct ms_str name,
                           struct ms_str handler)
{
  struct ms_lua *lua;
  struct ms_json kept = ms_invoke_code(invoke, name, MS_INVOKE_LATEST);
  *code = MS_JSON_VALUE_NONE;
  int err = MSTEP_OK;
  if (ms_invoke_is_zip(kept)) {
    err = ms_invoke_lua(&lua, invoke);
    *code = zip_code(ms_json_ref(ms_json_getc(kept, "Zip")), handler);
    err = err != 0 ? err : ms_json_is_none(*code) ? ms_error_nomem() : MSTEP_OK;
    err = err != 0 ? err : deploy_code(lua, name, NULL, *code);
  }
  ms_json_unref(kept);
  if (err != 0) {
    ms_json_replace(code, MS_JSON_VALUE_NONE);
  }
  return err;
}

int ms_invoke_publish(struct ms_json *code, struct ms_invoke *invoke, struct ms_str name,
                      const char *version, struct ms_json latest)
{
  struct ms_lua *lua;
  *code = MS_JSON_VALUE_NONE;
  int err = ms_invoke_lua(&lua, invoke);
  err = err != 0 ? err : ms_lua_publish(lua, name, version);
  if (err == 0 && ms_invoke_is_zip(latest)) {
    *code = ms_json_ref(latest);
  } else if (err == 0) {
    err = ms_lua_files(code, lua, name, version);
    if (err != 0) {
      ms_invoke_unload(invoke, name, version);
    }
  }
  return err;
}

/* ---- taken back ---- */

void ms_invoke_unload(struct ms_invoke *invoke, struct ms_str name, const char *version)
{
  struct ms_lua *lua;
  if (ms_invoke_lua(&lua, invoke) == 0) {
    (void)ms_lua_unload(lua, name, version);
  }
}

void ms_invoke_restore(struct ms_invoke *invoke, struct ms_str name)
{
  struct ms_lua *lua;
  if (ms_invoke_lua(&lua, invoke) != 0) {
    return;
  }
  if (ms_json_is_true(ms_json_getc(ms_invoke_row(invoke, name), "IsDeployed"))) {
    deploy(invoke, lua, name, MS_INVOKE_LATEST);
  } else {
    (void)ms_lua_unload(lua, name, NULL);
  }
}
