/*
 * Errors across the border, both ways and only here.
 *
 * Out of Lua, what a handler raised becomes an error name and a cause:
 *   {Error = , Cause = }                passes as it is
 *   {errorType = , errorMessage = }     the name, and Lambda's error JSON as cause
 *   anything else                       "Lua.Error", and Lambda's error JSON as cause
 * Lambda's error JSON is {"errorMessage", "errorType", "stackTrace"}, cut to what the API allows.
 * Into Lua, ms_lua_raise makes the second form.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"
#include "luavm/internal.h"

#define TRACE_MAX 24
#define OUT_OF_MEMORY "not enough memory" /* Lua's own wording */

/* ---- text ---- */

/* Appends at most max_chars code points; bytes that are no UTF-8 become U+FFFD. */
static void put_clean(struct ms_buf *out, struct ms_str text, size_t max_chars)
{
  size_t at = 0;
  size_t chars = 0;
  while (at < text.len && chars < max_chars) {
    struct ms_str rest = ms_str_sub(text, at, text.len);
    size_t good = ms_utf8_check(rest);
    size_t end = 0;
    while (end < good && chars < max_chars) {
      ms_utf8_next(rest, &end);
      chars++;
    }
    ms_buf_put(out, rest.data, end);
    at += end;
    if (end == good && at < text.len && chars < max_chars) {
      ms_buf_cstr(out, "\xEF\xBF\xBD");
      chars++;
      at++;
    }
  }
}

static struct ms_json clean_string(struct ms_str text, size_t max_chars)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  put_clean(&buf, text, max_chars);
  struct ms_json value = buf.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&buf));
  ms_buf_deinit(&buf);
  return value;
}

static void print_error(struct ms_buf *out, struct ms_str type, struct ms_str message,
                        struct ms_json trace)
{
  ms_buf_reset(out);
  ms_buf_cstr(out, "{\"errorMessage\":");
  ms_json_print_string(out, message);
  ms_buf_cstr(out, ",\"errorType\":");
  ms_json_print_string(out, type);
  if (!ms_json_is_none(trace)) {
    ms_buf_cstr(out, ",\"stackTrace\":");
    ms_json_print(out, trace);
  }
  ms_buf_char(out, '}');
}

struct ms_json ms_lua_error_json(struct ms_str type, struct ms_str message, struct ms_json trace)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct ms_json name = clean_string(type, MS_LUA_ERROR_MAX);
  struct ms_json text = clean_string(message, MS_LUA_CAUSE_MAX);
  if (!ms_json_is_none(name) && !ms_json_is_none(text)) {
    struct ms_buf buf;
    ms_buf_init(&buf, 0);
    print_error(&buf, ms_json_text(name), ms_json_text(text), trace);
    size_t chars = buf.error == 0 ? ms_utf8_count(ms_buf_view(&buf)) : 0;
    if (chars > MS_LUA_CAUSE_MAX) {
      /* Each character of the message takes one or more of the text: this many fewer is enough. */
      size_t count = ms_utf8_count(ms_json_text(text));
      size_t over = chars - MS_LUA_CAUSE_MAX;
      ms_json_replace(&text, clean_string(ms_json_text(text), over < count ? count - over : 0));
      print_error(&buf, ms_json_text(name), ms_json_text(text), trace);
    }
    if (buf.error == 0) {
      value = ms_json_string(ms_buf_view(&buf));
    }
    ms_buf_deinit(&buf);
  }
  ms_json_unref(name);
  ms_json_unref(text);
  return value;
}

void ms_lua_job_fail(struct ms_lua_job *job, enum ms_lua_outcome outcome, const char *error,
                     const char *format, ...)
{
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  job->outcome = outcome;
  ms_json_replace(&job->output, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->error, ms_json_cstring(error));
  ms_json_replace(&job->cause,
                  ms_lua_error_json(ms_str_c(error), ms_str_c(message), MS_JSON_VALUE_NONE));
}

/* ---- traceback ---- */

static struct ms_json trace_line(const lua_Debug *ar)
{
  char where[LUA_IDSIZE + 32];
  char name[160];
  if (*ar->what == 'C') {
    snprintf(where, sizeof where, "[C]");
  } else {
    snprintf(where, sizeof where, "%s:%d", ar->short_src, ar->currentline);
  }
  if (*ar->namewhat != '\0') {
    const char *kind = strcmp(ar->namewhat, "global") == 0 ? "function" : ar->namewhat;
    snprintf(name, sizeof name, "%s '%.100s'", kind, ar->name);
  } else if (*ar->what == 'm') {
    snprintf(name, sizeof name, "main chunk");
  } else {
    snprintf(name, sizeof name, "function <%s:%d>", ar->short_src, ar->linedefined);
  }
  return ms_json_stringf("%s: in %s", where, name);
}

/* What ran when the error was raised, innermost first; needs no memory of Lua's. NONE: no memory. */
static struct ms_json trace_of(lua_State *co)
{
  struct ms_json trace = ms_json_array(4);
  lua_Debug ar;
  for (int level = 0; ms_json_count(trace) < TRACE_MAX && lua_getstack(co, level, &ar); level++) {
    lua_getinfo(co, "Sln", &ar);
    if (*ar.what == 'C' && *ar.namewhat == '\0') {
      continue; /* ours, below the handler */
    }
    struct ms_json line = trace_line(&ar);
    struct ms_json clean = clean_string(ms_json_text(line), 512); /* names of functions are anything */
    ms_json_unref(line);
    if (ms_json_push(&trace, clean) != 0) {
      ms_json_replace(&trace, MS_JSON_VALUE_NONE);
    }
  }
  return trace;
}

/* ---- the error object ---- */

/* What is needed to say what an error object says; the calls may raise. */
struct description {
  struct ms_lua_job *job;
  struct ms_json trace;
};

static struct ms_str text_on_top(lua_State *L)
{
  struct ms_str text;
  text.data = luaL_tolstring(L, -1, &text.len);
  return text;
}

/* The field as text on the stack, JSON if it is a table; false and nothing pushed when it is nil. */
static bool push_field(lua_State *L, const char *name)
{
  lua_pushstring(L, name);
  int type = lua_rawget(L, 1);
  if (type == LUA_TNIL) {
    lua_pop(L, 1);
    return false;
  }
  struct ms_json value;
  if (type == LUA_TTABLE && ms_lua_to_json(&value, L, -1) == 0) {
    struct ms_buf buf;
    ms_buf_init(&buf, 0);
    ms_json_print(&buf, value);
    ms_json_unref(value);
    struct ms_json text = buf.error == 0 ? ms_json_string(ms_buf_view(&buf)) : MS_JSON_VALUE_NONE;
    ms_buf_deinit(&buf);
    struct ms_lua_job *job = ((struct description *)lua_touserdata(L, 2))->job;
    ms_json_replace(&job->output, text); /* held there while Lua copies it */
    lua_pushlstring(L, ms_json_text(text).data, ms_json_text(text).len);
    ms_json_replace(&job->output, MS_JSON_VALUE_NONE);
    return true;
  }
  text_on_top(L);
  return true;
}

static void set_lambda(struct description *d, struct ms_str type, struct ms_str message)
{
  ms_json_replace(&d->job->error, clean_string(type, MS_LUA_ERROR_MAX));
  ms_json_replace(&d->job->cause, ms_lua_error_json(type, message, d->trace));
}

static bool describe_table(lua_State *L, struct description *d)
{
  if (push_field(L, "Error")) {
    struct ms_str name = text_on_top(L);
    ms_json_replace(&d->job->error, clean_string(name, MS_LUA_ERROR_MAX));
    ms_json_replace(&d->job->cause, MS_JSON_VALUE_NULL);
    if (push_field(L, "Cause")) {
      ms_json_replace(&d->job->cause, clean_string(text_on_top(L), MS_LUA_CAUSE_MAX));
    }
    return true;
  }
  if (push_field(L, "errorType")) {
    struct ms_str type = text_on_top(L);
    if (!push_field(L, "errorMessage")) {
      lua_pushliteral(L, "");
    }
    set_lambda(d, type, text_on_top(L));
    return true;
  }
  if (push_field(L, "Cause") || push_field(L, "errorMessage")) {
    set_lambda(d, MS_STR("Lua.Error"), text_on_top(L));
    return true;
  }
  return false;
}

/* (error object, light userdata description) */
static int describe(lua_State *L)
{
  struct description *d = lua_touserdata(L, 2);
  if (lua_type(L, 1) == LUA_TTABLE && describe_table(L, d)) {
    return 0;
  }
  lua_settop(L, 2);
  lua_pushvalue(L, 1);
  struct ms_json value;
  if (lua_type(L, 1) == LUA_TTABLE && !luaL_getmetafield(L, 1, "__tostring") &&
      ms_lua_to_json(&value, L, 1) == 0) {
    struct ms_buf buf;
    ms_buf_init(&buf, 0);
    ms_json_print(&buf, value);
    ms_json_unref(value);
    set_lambda(d, MS_STR("Lua.Error"), ms_buf_view(&buf));
    ms_buf_deinit(&buf);
    return 0;
  }
  lua_settop(L, 3);
  set_lambda(d, MS_STR("Lua.Error"), text_on_top(L));
  return 0;
}

static void set_memory(struct ms_lua_job *job, const struct ms_lua_vm *vm)
{
  if (vm->is_full) {
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory",
                    "RequestId: %s Error: memory limit of %zu MB exceeded", job->request_id,
                    vm->max_bytes >> 20);
  } else {
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory",
                    "RequestId: %s Error: out of memory", job->request_id);
  }
}

int ms_lua_error_of_job(struct ms_lua_job *job, lua_State *co)
{
  struct ms_lua_vm *vm = job->vm;
  lua_State *L = vm->L;
  job->outcome = MS_LUA_ERROR;
  bool is_memory = lua_status(co) == LUA_ERRMEM;
  if (lua_type(co, -1) == LUA_TSTRING) {
    size_t len;
    const char *text = lua_tolstring(co, -1, &len); /* a string already: no memory needed */
    is_memory = is_memory || (len == strlen(OUT_OF_MEMORY) && strcmp(text, OUT_OF_MEMORY) == 0);
  }
  if (!is_memory) {
    struct description d = {job, trace_of(co)};
    lua_pushcfunction(L, describe);
    lua_xmove(co, L, 1);
    lua_pushlightuserdata(L, &d);
    int status = lua_pcall(L, 2, 0, 0);
    lua_settop(L, 0);
    ms_json_unref(d.trace);
    is_memory = status == LUA_ERRMEM;
    if (status != LUA_OK && !is_memory) {
      ms_lua_job_fail(job, MS_LUA_ERROR, "Lua.Error", "the error object has no text");
    }
  }
  ms_json_replace(&job->output, MS_JSON_VALUE_NONE);
  if (is_memory) {
    set_memory(job, vm);
  }
  return MSTEP_OK;
}

/* ---- into Lua ---- */

int ms_lua_raise(lua_State *L, const char *type, const char *format, ...)
{
  va_list args;
  lua_createtable(L, 0, 2);
  lua_pushstring(L, type);
  lua_setfield(L, -2, "errorType");
  char text[1024];
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  lua_pushstring(L, text);
  lua_setfield(L, -2, "errorMessage");
  return lua_error(L);
}
