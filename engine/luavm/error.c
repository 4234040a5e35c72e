/*
 * Errors across the border, both ways and only here.
 *
 * Out of Lua, what a handler raised becomes an error name and a cause:
 *   {Error = , Cause = }                passes as it is
 *   {errorType = , errorMessage = }     the name, and Lambda's error JSON as cause
 *   anything else                       "Lua.Error", and Lambda's error JSON as cause
 * Lambda's error JSON is {"errorMessage", "errorType", "requestId", "stackTrace"}, cut to what the
 * API allows.
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

/* What Lambda's error JSON says besides the message. */
struct frame {
  struct ms_str type;
  const char *request_id; /* NULL: not said */
  struct ms_json trace;   /* or NONE */
};

static void print_error(struct ms_buf *out, const struct frame *frame, struct ms_str message)
{
  ms_buf_reset(out);
  ms_buf_cstr(out, "{\"errorMessage\":");
  ms_json_print_string(out, message);
  ms_buf_cstr(out, ",\"errorType\":");
  ms_json_print_string(out, frame->type);
  if (frame->request_id != NULL) {
    ms_buf_cstr(out, ",\"requestId\":");
    ms_json_print_string(out, ms_str_c(frame->request_id));
  }
  if (!ms_json_is_none(frame->trace)) {
    ms_buf_cstr(out, ",\"stackTrace\":");
    ms_json_print(out, frame->trace);
  }
  ms_buf_char(out, '}');
}

/* Characters of the whole text when the message is cut to `keep`; SIZE_MAX: no memory. */
static size_t printed_chars(struct ms_buf *out, const struct frame *frame, struct ms_str message,
                            size_t keep)
{
  struct ms_json cut = clean_string(message, keep);
  print_error(out, frame, ms_json_text(cut));
  bool is_failed = out->error != 0 || ms_json_is_none(cut);
  ms_json_unref(cut);
  return is_failed ? SIZE_MAX : ms_utf8_count(ms_buf_view(out));
}

/*
 * Prints with as much of the message as fits; what a character takes depends on how it is
 * escaped.
 */
static bool print_fitting(struct ms_buf *out, const struct frame *frame, struct ms_str message)
{
  size_t fits = 0;
  size_t too_many = MS_LUA_CAUSE_MAX + 1;
  if (printed_chars(out, frame, message, MS_LUA_CAUSE_MAX) <= MS_LUA_CAUSE_MAX) {
    return true;
  }
  while (too_many - fits > 1) {
    size_t middle = fits + (too_many - fits) / 2;
    if (printed_chars(out, frame, message, middle) <= MS_LUA_CAUSE_MAX) {
      fits = middle;
    } else {
      too_many = middle;
    }
  }
  return printed_chars(out, frame, message, fits) != SIZE_MAX;
}

static struct ms_json error_json(struct frame frame, struct ms_str message)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct ms_json name = clean_string(frame.type, MS_LUA_ERROR_MAX);
  struct ms_buf text;
  ms_buf_init(&text, 0);
  frame.type = ms_json_text(name);
  if (!ms_json_is_none(name) && print_fitting(&text, &frame, message)) {
    value = ms_json_string(ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
  ms_json_unref(name);
  return value;
}

struct ms_json ms_lua_error_json(struct ms_str type, struct ms_str message)
{
  return error_json((struct frame){type, NULL, MS_JSON_VALUE_NONE}, message);
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
                  ms_lua_error_json(ms_str_c(error), ms_str_c(message)));
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

/* What runs in the coroutine, innermost first; needs no memory of Lua's. NONE: no memory. */
static struct ms_json trace_of(lua_State *co)
{
  struct ms_json trace = ms_json_array(4);
  lua_Debug ar;
  for (int level = 0; ms_json_count(trace) < TRACE_MAX && lua_getstack(co, level, &ar); level++) {
    lua_getinfo(co, "Sln", &ar);
    if (*ar.what == 'C' && *ar.namewhat == '\0') {
      continue; /* ours, around the handler */
    }
    struct ms_json line = trace_line(&ar);
    /* names of functions are anything */
    struct ms_json clean = clean_string(ms_json_text(line), 512);
    ms_json_unref(line);
    if (ms_json_push(&trace, clean) != 0) {
      ms_json_replace(&trace, MS_JSON_VALUE_NONE);
    }
  }
  return trace;
}

int ms_lua_note_trace(lua_State *L)
{
  struct ms_lua_job *job = ms_lua_vm_of(L)->host->job;
  ms_json_replace(&job->trace, trace_of(L));
  return 1; /* the error object as it is */
}

/* ---- the error object ---- */

static struct ms_str text_on_top(lua_State *L)
{
  struct ms_str text;
  text.data = luaL_tolstring(L, -1, &text.len);
  return text;
}

/* The value on top as JSON text on the stack; false and nothing pushed when it cannot be JSON. */
static bool push_json_text(lua_State *L)
{
  struct ms_lua_vm *vm = ms_lua_vm_of(L);
  struct ms_json value;
  if (ms_lua_to_json(&value, L, -1) != 0) {
    return false;
  }
  ms_buf_reset(&vm->text);
  ms_json_print(&vm->text, value);
  ms_json_unref(value);
  if (vm->text.error != 0) {
    return false;
  }
  lua_pushlstring(L, vm->text.data, vm->text.len);
  return true;
}

/* The field of the error object as text on the stack; false and nothing pushed when it is nil. */
static bool push_field(lua_State *L, int object, const char *name)
{
  lua_pushstring(L, name);
  int type = lua_rawget(L, object);
  if (type == LUA_TNIL) {
    lua_pop(L, 1);
    return false;
  }
  if (type != LUA_TTABLE || !push_json_text(L)) {
    text_on_top(L);
  }
  return true;
}

static struct ms_str top(lua_State *L)
{
  struct ms_str text;
  text.data = lua_tolstring(L, -1, &text.len);
  return text;
}

/* As Lambda has it, a function that could not be loaded has no request yet. */
static void set_lambda(struct ms_lua_job *job, struct ms_str type, struct ms_str message)
{
  const struct frame frame = {type, job->is_init ? "" : job->request_id, job->trace};
  ms_json_replace(&job->error, clean_string(type, MS_LUA_ERROR_MAX));
  ms_json_replace(&job->cause, error_json(frame, message));
}

static bool describe_table(lua_State *L, int object, struct ms_lua_job *job)
{
  if (push_field(L, object, "Error")) {
    ms_json_replace(&job->error, clean_string(top(L), MS_LUA_ERROR_MAX));
    ms_json_replace(&job->cause, MS_JSON_VALUE_NULL);
    if (push_field(L, object, "Cause")) {
      ms_json_replace(&job->cause, clean_string(top(L), MS_LUA_CAUSE_MAX));
    }
    return true;
  }
  if (push_field(L, object, "errorType")) {
    struct ms_str type = top(L);
    if (!push_field(L, object, "errorMessage")) {
      lua_pushliteral(L, "");
    }
    set_lambda(job, type, top(L));
    return true;
  }
  if (push_field(L, object, "Cause") || push_field(L, object, "errorMessage")) {
    set_lambda(job, ms_str_c(job->error_type), top(L));
    return true;
  }
  return false;
}

void ms_lua_describe(lua_State *L, struct ms_lua_job *job)
{
  int object = lua_gettop(L);
  bool is_table = lua_istable(L, object);
  luaL_checkstack(L, 12, NULL);
  if (is_table && describe_table(L, object, job)) {
    return;
  }
  lua_settop(L, object);
  bool has_text = luaL_getmetafield(L, object, "__tostring") != LUA_TNIL;
  lua_settop(L, object);
  if (!is_table || has_text || !push_json_text(L)) {
    text_on_top(L);
  }
  set_lambda(job, ms_str_c(job->error_type), top(L));
}

void ms_lua_set_memory(struct ms_lua_job *job, const struct ms_lua_vm *vm)
{
  if (vm->is_full) {
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory",
                    "RequestId: %s Error: memory limit of %zu MB exceeded", job->request_id,
                    vm->max_bytes >> 20);
  } else {
    ms_lua_job_fail(job, MS_LUA_MEMORY, "Runtime.OutOfMemory", "RequestId: %s Error: out of memory",
                    job->request_id);
  }
}

/* Also one that was caught and raised again. */
bool ms_lua_is_memory_error(lua_State *L, int status)
{
  if (status == LUA_ERRMEM) {
    return true;
  }
  return lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), OUT_OF_MEMORY) == 0;
}

/* ---- into Lua ---- */

int ms_lua_raise_memory(lua_State *L)
{
  lua_pushliteral(L, OUT_OF_MEMORY); /* Lua keeps this string in store: no memory is needed */
  return lua_error(L);
}

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
