/*
 * A version of a function as it runs: sources and configuration under one name. A change of either is
 * another code.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"
#include "luavm/source.h"

#define ENVIRONMENT_MAX                                                                            \
  ((size_t)64 << 10) /* AWS has 4 KB; what the API refuses is the API's business */

static const char *put_text(char **at, struct ms_str text)
{
  char *begin = *at;
  if (text.len > 0) {
    memcpy(begin, text.data, text.len);
  }
  begin[text.len] = '\0';
  *at += text.len + 1;
  return begin;
}

int ms_lua_code_new(struct ms_lua_code **out, struct ms_lua *lua,
                    const struct ms_lua_code_form *form)
{
  struct ms_str version = ms_str_c(form->version);
  struct ms_str field = ms_str_c(form->field);
  size_t size = form->name.len + version.len + field.len + form->environment.len + 4;
  struct ms_lua_code *code = ms_calloc(1, sizeof *code + size);
  *out = code;
  if (code == NULL) {
    return ms_error_nomem();
  }
  char *at = (char *)(code + 1);
  atomic_init(&code->refs, 1);
  atomic_init(&code->is_stale, false);
  atomic_init(&code->is_good, false);
  code->revision = ++lua->last_revision;
  code->bundle = ms_lua_bundle_ref(form->bundle);
  code->name = put_text(&at, form->name);
  code->version = put_text(&at, version);
  code->field = put_text(&at, field);
  code->environment = put_text(&at, form->environment);
  code->environment_len = form->environment.len;
  code->memory_max_bytes = form->memory_max_bytes;
  return MSTEP_OK;
}

struct ms_lua_code_form ms_lua_code_form(const struct ms_lua_code *code)
{
  return (struct ms_lua_code_form){
      ms_str_c(code->name), code->version,          code->field,
      code->bundle,         code->memory_max_bytes, {code->environment, code->environment_len}};
}

struct ms_lua_code *ms_lua_code_ref(struct ms_lua_code *code)
{
  atomic_fetch_add_explicit(&code->refs, 1, memory_order_relaxed);
  return code;
}

void ms_lua_code_unref(struct ms_lua_code *code)
{
  if (code != NULL && atomic_fetch_sub_explicit(&code->refs, 1, memory_order_acq_rel) == 1) {
    ms_lua_bundle_unref(code->bundle);
    ms_free(code);
  }
}

/* ---- environment ---- */

struct ms_str ms_lua_code_variable(const struct ms_lua_code *code, struct ms_str name)
{
  struct ms_str all = {code->environment, code->environment_len};
  for (size_t at = 0; at < all.len;) {
    size_t key_end = ms_str_find(all, at, '\0');
    size_t value_end = ms_str_find(all, key_end + 1, '\0');
    if (ms_str_eq(ms_str_sub(all, at, key_end), name)) {
      return ms_str_sub(all, key_end + 1, value_end);
    }
    at = value_end + 1;
  }
  return (struct ms_str){NULL, 0};
}

/* As in every environment: no '=' in a name, no NUL anywhere. */
static bool is_variable(struct ms_str name, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  return ms_json_is_string(value) && name.len > 0 && memchr(name.data, '\0', name.len) == NULL &&
         memchr(name.data, '=', name.len) == NULL &&
         (text.len == 0 || memchr(text.data, '\0', text.len) == NULL);
}

int ms_lua_environment_text(struct ms_buf *out, struct ms_json environment)
{
  if (!ms_json_is_none(environment) && !ms_json_is_null(environment) &&
      !ms_json_is_object(environment)) {
    return ms_error(MSTEP_EINVALID, "an environment is an object of strings");
  }
  for (size_t i = 0; i < ms_json_count(environment); i++) {
    struct ms_str name = ms_json_key(environment, i);
    struct ms_json value = ms_json_member(environment, i);
    if (!is_variable(name, value)) {
      return ms_error(MSTEP_EINVALID, "'%.*s' is no variable of an environment",
                      (int)(name.len > 100 ? 100 : name.len), name.data);
    }
    ms_buf_str(out, name);
    ms_buf_char(out, '\0');
    ms_buf_str(out, ms_json_text(value));
    ms_buf_char(out, '\0');
  }
  if (out->error == 0 && out->len > ENVIRONMENT_MAX) {
    return ms_error(MSTEP_ETOOBIG, "an environment of more than %zu bytes", ENVIRONMENT_MAX);
  }
  return out->error != 0 ? ms_error_nomem() : MSTEP_OK;
}
