/*
 * Lua as a query language: compiles expressions once, runs them under caps on instructions and memory,
 * words what goes wrong. What an expression sees is expr_env.c's; fields and templates are
 * query/expression.c's.
 *
 * A text is tried as an expression (`return TEXT`) and then as a chunk. It lives as a function in the
 * instance's Lua state. An evaluation that passes a cap takes the state with it: others are compiled again
 * in the next one.
 */
#include "luavm/expr.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "luavm/expr_env.h"
#include "luavm/portable.h"
#include "luavm/scan.h"
#include "query/expression.h"

#define STEPS_DEFAULT 1000000u
#define BYTES_DEFAULT ((size_t)64 << 20)
#define NAMES_MAX 65536
#define MESSAGE_MAX 2000 /* bytes of an error's message */
#define INVALID "INVALID_LUA_EXPRESSION"
#define UNSUPPORTED "UNSUPPORTED_LUA_EXPRESSION"
#define NOT_PORTABLE "NOT_PORTABLE"

struct program {
  struct ms_lua_lang *lang;
  char *text;
  size_t len;
  bool is_chunk;
  unsigned states; /* members of `states` that it uses */
  MS_VEC(struct ms_str) names; /* free ones, within text */
  uint32_t generation; /* of the Lua state that `ref` is of; 0: of none */
  int ref;
  size_t bytes;        /* about what it takes there */
};

static struct ms_str text_of(const struct program *program)
{
  return (struct ms_str){program->text, program->len};
}

/* ---- the Lua state ---- */

static void drop_state(struct ms_lua_lang *lang)
{
  ms_lua_vm_free(lang->vm);
  lang->vm = NULL;
}

static int need_state(struct ms_lua_lang *lang)
{
  if (lang->vm != NULL) {
    return MSTEP_OK;
  }
  int err = ms_lua_vm_new(&lang->vm, &lang->shell, NULL, NULL);
  if (err != 0) {
    lang->vm = NULL;
    return err;
  }
  lua_State *L = lang->vm->L;
  lua_pushcfunction(L, ms_lua_expr_open);
  lua_pushlightuserdata(L, lang);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    drop_state(lang);
    return ms_error_nomem();
  }
  lang->generation++;
  lang->base_bytes = lang->vm->used_bytes;
  lang->code_bytes = 0;
  return MSTEP_OK;
}

/* ---- loading ---- */

/*
 * Gives the text to Lua byte by byte: where Lua stops reading is where it found the mistake, which its
 * messages tell by line only.
 */
struct reader {
  struct ms_str prefix;
  struct ms_str text;
  size_t at;
  bool is_at_end;
};

static const char *read_byte(lua_State *L, void *user, size_t *size)
{
  struct reader *reader = user;
  (void)L;
  size_t at = reader->at++;
  *size = 1;
  if (at < reader->prefix.len) {
    return reader->prefix.data + at;
  }
  if (at - reader->prefix.len < reader->text.len) {
    return reader->text.data + (at - reader->prefix.len);
  }
  *size = 0;
  reader->at--;
  reader->is_at_end = true;
  return NULL;
}

struct load {
  struct reader reader;
  int status;
  int ref;
};

/* (light userdata load) -> the message, when the status says so */
static int run_load(lua_State *L)
{
  struct load *load = lua_touserdata(L, 1);
  load->status = lua_load(L, read_byte, &load->reader, "=line", "t");
  if (load->status != LUA_OK) {
    return 1;
  }
  load->ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushnil(L);
  return 1;
}

/*
 * 0: compiled. MSTEP_ESYNTAX: the message is on top of the stack, and *end is where in the text the token
 * ends that Lua stumbled over. MSTEP_ENOMEM.
 */
static int load(struct program *program, bool is_chunk, size_t *end)
{
  struct ms_lua_lang *lang = program->lang;
  struct ms_lua_vm *vm = lang->vm;
  lua_State *L = vm->L;
  struct load load = {.reader = {is_chunk ? MS_STR("") : MS_STR("return "), text_of(program), 0, false}};
  vm->max_bytes = SIZE_MAX; /* bounded by the definition's size */
  size_t before = vm->used_bytes;
  lua_gc(L, LUA_GCSTOP);
  lua_pushcfunction(L, run_load);
  lua_pushlightuserdata(L, &load);
  int status = lua_pcall(L, 1, 1, 0);
  lua_gc(L, LUA_GCRESTART);
  if (status == LUA_OK) {
    status = load.status;
  }
  if (status != LUA_OK && status != LUA_ERRMEM) { /* nested too deep is no LUA_ERRSYNTAX */
    size_t got = load.reader.at - !load.reader.is_at_end; /* Lua looks one byte ahead */
    *end = got <= load.reader.prefix.len ? 0 : got - load.reader.prefix.len;
    return MSTEP_ESYNTAX;
  }
  lua_settop(L, 0);
  if (status != LUA_OK) {
    return ms_error_nomem();
  }
  program->is_chunk = is_chunk;
  program->ref = load.ref;
  program->generation = lang->generation;
  program->bytes = vm->used_bytes > before ? vm->used_bytes - before : 0;
  lang->code_bytes += program->bytes;
  return MSTEP_OK;
}

static void unload(struct program *program)
{
  struct ms_lua_lang *lang = program->lang;
  if (lang->vm != NULL && program->generation == lang->generation) {
    luaL_unref(lang->vm->L, LUA_REGISTRYINDEX, program->ref); /* sets fields that are there */
    lang->code_bytes -= program->bytes;
  }
  program->generation = 0;
}

/* ---- what Lua says ---- */

/* Text of Lua's as valid UTF-8 of a reasonable length. */
static void put_clean(struct ms_buf *out, struct ms_str text)
{
  ms_utf8_repair(out, ms_str_sub(text, 0, MESSAGE_MAX));
}

/* "line:3: text" becomes 3 and "text"; 0 when there is no line. */
static unsigned take_line(struct ms_str *message)
{
  unsigned line = 0;
  size_t at = 5;
  if (!ms_str_has_prefix(*message, "line:")) {
    return 0;
  }
  while (at < message->len && message->data[at] >= '0' && message->data[at] <= '9') {
    line = line * 10 + (unsigned)(message->data[at] - '0');
    at++;
  }
  struct ms_str rest = ms_str_sub(*message, at, message->len);
  if (!ms_str_has_prefix(rest, ": ")) {
    return 0;
  }
  *message = ms_str_sub(rest, 2, rest.len);
  return line;
}

/* Where the token begins that the message names and that ends at `end`. */
static size_t token_start(struct ms_str text, size_t end, struct ms_str message)
{
  size_t near = message.len;
  for (size_t i = 0; i + 6 < message.len && near == message.len; i++) {
    if (memcmp(message.data + i, "near '", 6) == 0) {
      near = i + 6;
    }
  }
  if (near == message.len || message.data[message.len - 1] != '\'') {
    return end;
  }
  struct ms_str token = ms_str_sub(message, near, message.len - 1);
  if (ms_str_has_prefix(token, "<\\")) { /* a byte by its number */
    return end == 0 ? 0 : end - 1;
  }
  bool is_there = token.len <= end && memcmp(text.data + end - token.len, token.data, token.len) == 0;
  return is_there ? end - token.len : end;
}

static void put_position(struct ms_buf *out, struct ms_str text, size_t at)
{
  size_t line = 1;
  size_t start = 0;
  at = at > text.len ? text.len : at;
  for (size_t i = 0; i < at; i++) {
    if (text.data[i] == '\n') {
      line++;
      start = i + 1;
    }
  }
  ms_buf_printf(out, "line %zu, column %zu", line, ms_utf8_count(ms_str_sub(text, start, at)) + 1);
}

/* ---- compilation ---- */

/* The attempt's message is on top of the stack: it becomes a text with a position. */
static int take_message(struct ms_buf *out, const struct program *program, size_t end)
{
  lua_State *L = program->lang->vm->L;
  struct ms_str message = {NULL, 0};
  if (lua_type(L, -1) == LUA_TSTRING) {
    message.data = lua_tolstring(L, -1, &message.len);
  }
  take_line(&message);
  ms_buf_reset(out);
  put_position(out, text_of(program), token_start(text_of(program), end, message));
  ms_buf_cstr(out, ": ");
  put_clean(out, message);
  lua_settop(L, 0);
  return out->error;
}

/* Is the text's first word one that only a chunk begins with? */
static bool begins_chunk(struct ms_str text)
{
  static const char *const words[] = {"local", "if", "for", "while", "return", "repeat", "do", "goto"};
  struct ms_lua_scanner scanner = {text, 0};
  struct ms_lua_token token;
  ms_lua_scan(&token, &scanner);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (token.kind == MS_LUA_TOKEN_KEYWORD && ms_str_is(token.text, words[i])) {
      return true;
    }
  }
  return token.kind == MS_LUA_TOKEN_SYMBOL && (ms_str_is(token.text, "::") || ms_str_is(token.text, ";"));
}

/*
 * Compiles, whichever of the two it is. MSTEP_ESYNTAX: *why says where and what, of the attempt that came
 * further.
 */
static int load_either(struct program *program, struct ms_buf *why)
{
  size_t end = 0;
  int err = MSTEP_ESYNTAX;
  bool is_chunk = begins_chunk(text_of(program));
  if (!is_chunk) {
    err = load(program, false, &end);
    if (err != MSTEP_ESYNTAX) {
      return err;
    }
    err = take_message(why, program, end);
    if (err != 0) {
      return err;
    }
  }
  size_t chunk_end = 0;
  err = load(program, true, &chunk_end);
  if (err != MSTEP_ESYNTAX) {
    return err;
  }
  if (!is_chunk && chunk_end <= end) {
    lua_settop(program->lang->vm->L, 0);
  } else {
    int nomem = take_message(why, program, chunk_end);
    err = nomem != 0 ? nomem : err;
  }
  return err;
}

/* Loads in a state that came after the one it was compiled in. */
static int reload(struct program *program)
{
  size_t end;
  int err = load(program, program->is_chunk, &end);
  if (err == MSTEP_ESYNTAX) {
    lua_settop(program->lang->vm->L, 0);
    return ms_error(MSTEP_EINTERNAL, "an expression no longer compiles");
  }
  return err;
}

static void program_free(void *user)
{
  struct program *program = user;
  if (program != NULL) {
    unload(program);
    ms_free(program->names.data);
    ms_free(program->text);
    ms_free(program);
  }
}

struct check {
  struct program *program;
  struct ms_expression_compiler *compiler;
};

static int report_member(struct check *check, struct ms_str name, bool exists)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_printf(&text, exists ? "Field 'states.%.*s' is not available here."
                              : "Field 'states.%.*s' does not exist.",
                MS_STR_ARG(name));
  int err = text.error != 0
                ? ms_error_nomem()
                : ms_expression_report(check->compiler, UNSUPPORTED, ms_buf_view(&text),
                                       "states has input and context; result in Output and Assign "
                                       "of Task, Parallel and Map, errorOutput in those of Catch");
  ms_buf_deinit(&text);
  return err;
}

/* An ms_lua_name_cb. */
static int note_name(enum ms_lua_name_kind kind, struct ms_str name, void *user)
{
  struct check *check = user;
  struct program *program = check->program;
  unsigned allow = ms_expression_allow(check->compiler);
  unsigned allowed = MS_LUA_STATES_INPUT | MS_LUA_STATES_CONTEXT |
                     ((allow & MS_QUERY_ALLOW_RESULT) != 0 ? MS_LUA_STATES_RESULT : 0) |
                     ((allow & MS_QUERY_ALLOW_ERROR_OUTPUT) != 0 ? MS_LUA_STATES_ERROR_OUTPUT : 0);
  if (kind == MS_LUA_NAME_WHOLE) {
    program->states |= allowed;
    return MSTEP_OK;
  }
  if (kind == MS_LUA_NAME_STATE) {
    unsigned bit = ms_lua_states_bit(name);
    program->states |= bit;
    return (bit & allowed) != 0 ? MSTEP_OK : report_member(check, name, bit != 0);
  }
  int err = MS_VEC_RESERVE(&program->names, NAMES_MAX, 1);
  if (err == 0) {
    program->names.data[program->names.count++] = name;
  }
  return err == MSTEP_ETOOBIG ? MSTEP_OK : err;
}

static int report_syntax(struct ms_expression_compiler *compiler, const struct ms_buf *why)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_printf(&text, "Lua syntax error at %.*s", MS_STR_ARG(ms_buf_view(why)));
  int err = text.error != 0 ? ms_error_nomem()
                            : ms_expression_report(compiler, INVALID, ms_buf_view(&text), NULL);
  ms_buf_deinit(&text);
  return err;
}

/* Says that AWS would not take it and, where that can be told, what would do the same there. */
static int report_portable(const struct program *program, struct ms_expression_compiler *compiler)
{
  struct ms_buf hint;
  struct ms_buf jsonata;
  ms_buf_init(&hint, 0);
  ms_buf_init(&jsonata, 0);
  if (!program->is_chunk && ms_lua_to_jsonata(&jsonata, text_of(program))) {
    ms_buf_printf(&hint, "In JSONata: {%% %.*s %%}", MS_STR_ARG(ms_buf_view(&jsonata)));
  } else {
    ms_buf_cstr(&hint, "Write it in JSONata: data is in $states, variables begin with $.");
  }
  int err = hint.error != 0
                ? ms_error_nomem()
                : ms_expression_report(compiler, NOT_PORTABLE,
                                       MS_STR("AWS does not take expressions in Lua"), hint.data);
  ms_buf_deinit(&hint);
  ms_buf_deinit(&jsonata);
  return err;
}

static int check_program(struct program *program, struct ms_expression_compiler *compiler)
{
  if (program->is_chunk && !ms_lua_has_keyword(text_of(program), "return")) {
    return ms_expression_report(compiler, INVALID, MS_STR("The Lua chunk has no 'return'"),
                                "write an expression, or return the value at the end of the chunk");
  }
  struct check check = {program, compiler};
  int err = ms_lua_names(text_of(program), note_name, &check);
  if (err == 0 && (ms_expression_allow(compiler) & MS_QUERY_PORTABLE) != 0) {
    err = report_portable(program, compiler);
  }
  return err;
}

static int expression_compile(void **out, struct ms_expression_compiler *compiler, struct ms_str text)
{
  /* The instance is the row itself, as ms_lua_lang_new gave it. */
  struct ms_lua_lang *lang = (struct ms_lua_lang *)(uintptr_t)ms_expression_lang(compiler);
  struct program *program = ms_calloc(1, sizeof *program);
  *out = program;
  if (program == NULL) {
    return ms_error_nomem();
  }
  program->lang = lang;
  program->text = ms_strdupn(text.data, text.len);
  program->len = text.len;
  int err = program->text == NULL ? ms_error_nomem() : need_state(lang);
  if (err != 0) {
    return err;
  }
  if (text.len == 0) {
    return ms_expression_report(compiler, INVALID, MS_STR("The Lua expression is empty"), NULL);
  }
  struct ms_buf why;
  ms_buf_init(&why, 0);
  err = load_either(program, &why);
  if (err == MSTEP_ESYNTAX) {
    err = report_syntax(compiler, &why);
  } else if (err == 0) {
    err = check_program(program, compiler);
  }
  ms_buf_deinit(&why);
  return err;
}

/* ---- evaluation ---- */

/* (light userdata program) -> result */
static int run(lua_State *L)
{
  const struct program *program = lua_touserdata(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, program->ref);
  ms_lua_expr_push_env(L);
  if (lua_setupvalue(L, -2, 1) == NULL) {
    lua_pop(L, 1);
  }
  lua_call(L, 0, 1);
  return 1;
}

/* Lets go of the environment, which holds what may be large. */
static void drop_environment(lua_State *L, const struct program *program)
{
  lua_settop(L, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, program->ref);
  lua_pushnil(L);
  if (lua_setupvalue(L, -2, 1) == NULL) {
    lua_pop(L, 1);
  }
  lua_settop(L, 0);
}

static void set_caps(struct ms_lua_lang *lang, const struct ms_query_limits *limits)
{
  struct ms_lua_vm *vm = lang->vm;
  size_t max = limits == NULL ? BYTES_DEFAULT : limits->max_bytes;
  vm->max_bytes = lang->base_bytes + lang->code_bytes + max;
  if (vm->used_bytes > vm->max_bytes) {
    lua_gc(vm->L, LUA_GCCOLLECT);
  }
  if (vm->used_bytes > vm->max_bytes) {
    vm->max_bytes = vm->used_bytes;
  }
  vm->is_full = false;
  lang->is_out_of_memory = false;
  ms_lua_begin_steps(vm, limits == NULL ? STEPS_DEFAULT : limits->max_steps);
}

/* The error object on top is no text: the JSON of what it is, or what kind of thing. */
static void put_object(struct ms_buf *out, lua_State *L)
{
  struct ms_json value;
  if (lua_istable(L, -1) && ms_lua_to_json(&value, L, -1) == 0) {
    ms_json_print(out, value);
    ms_json_unref(value);
  } else {
    ms_buf_printf(out, "(error object is a %s value)", luaL_typename(L, -1));
  }
}

/* The error object is on top. */
static int fail_error(struct ms_expression_evaluation *evaluation, lua_State *L)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (lua_type(L, -1) == LUA_TSTRING) {
    struct ms_str message;
    message.data = lua_tolstring(L, -1, &message.len);
    unsigned line = take_line(&message);
    if (line != 0) {
      ms_buf_printf(&text, "line %u: ", line);
    }
    put_clean(&text, message);
  } else {
    put_object(&text, L);
  }
  int err = text.error != 0 ? ms_error_nomem()
                            : ms_expression_fail(evaluation, "threw an error during evaluation: %.*s",
                                                 MS_STR_ARG(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  return err;
}

static int fail_steps(struct ms_expression_evaluation *evaluation)
{
  return ms_expression_fail(evaluation, "threw an error during evaluation: Expression evaluation "
                                        "timeout: Check for infinite loop");
}

static int fail_memory(struct ms_expression_evaluation *evaluation)
{
  return ms_expression_fail(evaluation, "threw an error during evaluation: Expression evaluation "
                                        "memory limit exceeded: Check for excessive memory usage");
}

/* The value on top; nil is no value. */
static int take_result(struct ms_json *out, struct ms_lua_lang *lang,
                       struct ms_expression_evaluation *evaluation)
{
  lua_State *L = lang->vm->L;
  if (lua_isnil(L, -1)) {
    return MSTEP_OK;
  }
  int err = ms_lua_to_json(out, L, -1);
  switch (err) {
  case MSTEP_EINVALID:
    return ms_expression_fail(evaluation, "returned an unsupported result type: %s.",
                              ms_error_detail());
  case MSTEP_ETOOBIG:
    return fail_memory(evaluation);
  case MSTEP_ETIMEOUT:
    return fail_steps(evaluation);
  default:
    return err;
  }
}

static int finish(struct ms_json *out, struct ms_lua_lang *lang, int status,
                  struct ms_expression_evaluation *evaluation)
{
  struct ms_lua_vm *vm = lang->vm;
  if (lang->is_out_of_memory || (status == LUA_ERRMEM && !vm->is_full)) {
    return ms_error_nomem();
  }
  if (vm->is_over) {
    return fail_steps(evaluation);
  }
  if (status == LUA_ERRMEM) {
    return fail_memory(evaluation);
  }
  return status == LUA_OK ? take_result(out, lang, evaluation) : fail_error(evaluation, vm->L);
}

static int expression_eval(struct ms_json *out, const void *user, struct ms_query_env *env,
                           struct ms_expression_evaluation *evaluation)
{
  /* Compiling again after a kill changes the program, not what it means. */
  struct program *program = (struct program *)(uintptr_t)user;
  struct ms_lua_lang *lang = program->lang;
  *out = MS_JSON_VALUE_NONE;
  int err = need_state(lang);
  if (err == 0 && program->generation != lang->generation) {
    err = reload(program);
  }
  if (err != 0) {
    return err;
  }
  lua_State *L = lang->vm->L;
  set_caps(lang, env->limits);
  lang->env = env;
  lang->states = program->states;
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, program);
  int status = lua_pcall(L, 1, 1, 0);
  err = finish(out, lang, status, evaluation);
  lang->env = NULL;
  if (lang->vm->is_over || status == LUA_ERRMEM) {
    drop_state(lang);
  } else {
    drop_environment(L, program);
  }
  return err;
}

/* ---- the row ---- */

static bool is_library(struct ms_str name)
{
  static const char *const names[] = {
      "assert",   "error", "ipairs",   "math", "mstep",  "next", "pairs", "pcall",
      "select",   "string", "table",   "tonumber", "tostring", "type", "utf8",
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (ms_str_is(name, names[i])) {
      return true;
    }
  }
  return false;
}

static void expression_references(const void *user, ms_query_reference_cb cb, void *cb_user)
{
  const struct program *program = user;
  for (size_t i = 0; i < program->names.count; i++) {
    if (!is_library(program->names.data[i])) {
      cb(program->names.data[i], cb_user);
    }
  }
}

static struct ms_str expression_text(const void *user)
{
  return text_of(user);
}

static const struct ms_expression_type lua_expressions = {
    .name = "Lua",
    .invalid_code = INVALID,
    .compile = expression_compile,
    .eval = expression_eval,
    .free = program_free,
    .references = expression_references,
    .text = expression_text,
};

static int query_compile(struct ms_query **out, const struct ms_query_lang *lang,
                         const struct ms_query_source *source, ms_query_report_cb report, void *user)
{
  return ms_expression_compile(out, lang, &lua_expressions, source, report, user);
}

int ms_lua_lang_new(const struct ms_query_lang **out)
{
  struct ms_lua_lang *lang = ms_calloc(1, sizeof *lang);
  *out = NULL;
  if (lang == NULL) {
    return ms_error_nomem();
  }
  lang->lang = (struct ms_query_lang)MS_EXPRESSION_LANG("Lua", query_compile);
  lang->shell.options.memory_max_bytes = SIZE_MAX;
  *out = &lang->lang;
  return MSTEP_OK;
}

void ms_lua_lang_free(const struct ms_query_lang *row)
{
  struct ms_lua_lang *lang = (struct ms_lua_lang *)(uintptr_t)row;
  if (lang != NULL) {
    ms_lua_vm_free(lang->vm);
    ms_free(lang);
  }
}
