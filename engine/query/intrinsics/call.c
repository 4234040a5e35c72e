/*
 * Intrinsic calls: text -> tree, tree -> value. Knows the syntax, nesting, arity and the wording of
 * failures; what a function does is in the file of its family.
 *
 *   call     = "States." name "(" [ argument *("," argument) ] ")"
 *   argument = 'text' | number | true | false | null | path | call
 *
 * AWS reports every failure as States.Runtime.
 */
#include "query/intrinsics/call.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/error.h"

#define PREFIX "States."
#define TEXT_MAX_BYTES ((size_t)64 << 20)
#define INLINE_ARGUMENTS 6

enum argument_kind {
  ARGUMENT_VALUE,
  ARGUMENT_PATH,
  ARGUMENT_CALL,
  ARGUMENT_BROKEN /* a string with a backslash that escapes nothing: fails when evaluated */
};

struct argument {
  enum argument_kind kind;
  struct ms_json value;
  struct ms_path *path;
  struct ms_call *call;
};

struct function {
  const char *name;
  uint16_t min;
  uint16_t max;
  bool is_text;
  ms_call_function run;
};

struct ms_call {
  const struct function *function;
  struct ms_json source; /* text of the whole field; NONE in nested calls */
  uint32_t count;
  struct argument *arguments;
};

struct parser {
  struct ms_str text;
  size_t pos;
  unsigned nesting;
  struct ms_path_error *error;
};

static const struct function functions[] = {
#define MS_FUNCTION(name, min, max, is_text, function) {name, min, max, is_text, function},
#include "query/intrinsics/functions.def"
#undef MS_FUNCTION
};

/* ---- parse ---- */

bool ms_call_is_call(struct ms_str text)
{
  return ms_str_has_prefix(text, PREFIX);
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char peek(struct parser *p)
{
  while (p->pos < p->text.len && is_blank(p->text.data[p->pos])) {
    p->pos++;
  }
  return p->pos < p->text.len ? p->text.data[p->pos] : '\0';
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int parse_name(const struct function **out, struct parser *p)
{
  size_t begin = p->pos + sizeof PREFIX - 1;
  size_t end = begin;
  while (end < p->text.len && is_letter(p->text.data[end])) {
    end++;
  }
  struct ms_str name = ms_str_sub(p->text, begin, end);
  p->pos = end;
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    if (ms_str_is(name, functions[i].name)) {
      *out = &functions[i];
      return 0;
    }
  }
  return ms_path_error_set(p->error, "There is no intrinsic function States.%.*s",
                           (int)(name.len < 60 ? name.len : 60), name.data);
}

/*
 * The text between quotes. A string that a function is to take as it is has its escapes resolved; the
 * template of States.Format keeps them, since `\{` and `{` differ there.
 */
static int parse_string(struct argument *out, struct parser *p, bool keep_escapes)
{
  size_t begin = p->pos;
  size_t end = ms_path_closing_quote(p->text, begin, '\'');
  if (end == p->text.len) {
    return ms_path_error_set(p->error, "A string is not closed, position %zu", begin);
  }
  p->pos = end + 1;
  struct ms_buf text;
  ms_buf_init(&text, TEXT_MAX_BYTES);
  for (size_t i = begin + 1; i < end; i++) {
    char c = p->text.data[i];
    if (c == '\\') {
      char escaped = p->text.data[++i];
      if (escaped == '"') {
        ms_buf_deinit(&text);
        return ms_path_error_set(p->error, "A quotation mark needs no backslash, position %zu", i);
      }
      if (escaped != '\'' && escaped != '{' && escaped != '}' && escaped != '\\') {
        out->kind = ARGUMENT_BROKEN;
      }
      if (keep_escapes) {
        ms_buf_char(&text, c);
      }
      c = escaped;
    }
    ms_buf_char(&text, c);
  }
  int err = text.error;
  if (err == 0) {
    out->value = ms_json_string(ms_buf_view(&text));
    err = ms_json_is_none(out->value) ? ms_error_nomem() : 0;
  }
  ms_buf_deinit(&text);
  return err;
}

/* Up to the comma or the parenthesis that ends the argument. */
static struct ms_str path_text(struct parser *p)
{
  size_t begin = p->pos;
  while (p->pos < p->text.len) {
    char c = p->text.data[p->pos];
    if (c == ',' || c == ')') {
      break;
    }
    if (c == '[' || c == '(') {
      p->pos = ms_path_closing_bracket(p->text, p->pos, true);
    }
    p->pos += p->pos < p->text.len ? 1 : 0;
  }
  struct ms_str text = ms_str_sub(p->text, begin, p->pos);
  while (text.len > 0 && is_blank(text.data[text.len - 1])) {
    text.len--;
  }
  return text;
}

static int parse_literal(struct argument *out, struct parser *p)
{
  size_t begin = p->pos;
  while (p->pos < p->text.len && !is_blank(p->text.data[p->pos]) && p->text.data[p->pos] != ',' &&
         p->text.data[p->pos] != ')') {
    p->pos++;
  }
  struct ms_str text = ms_str_sub(p->text, begin, p->pos);
  bool is_literal = text.len > 0 && strchr("\"[{", text.data[0]) == NULL;
  int err = is_literal ? ms_json_parse(&out->value, text, NULL, NULL) : MSTEP_ESYNTAX;
  if (err != 0 && err != MSTEP_ENOMEM) {
    err = ms_path_error_set(p->error, "Not an argument, position %zu: %.*s", begin,
                            (int)(text.len < 80 ? text.len : 80), text.data);
  }
  return err;
}

static int parse_call(struct ms_call **out, struct parser *p);

static int parse_argument(struct argument *out, struct parser *p, bool keep_escapes)
{
  char c = peek(p);
  memset(out, 0, sizeof *out);
  out->kind = ARGUMENT_VALUE;
  out->value = MS_JSON_VALUE_NONE;
  if (c == '\'') {
    return parse_string(out, p, keep_escapes);
  }
  if (c == '$') {
    out->kind = ARGUMENT_PATH;
    return ms_path_compile(&out->path, path_text(p), p->error);
  }
  if (ms_call_is_call(ms_str_sub(p->text, p->pos, p->text.len))) {
    out->kind = ARGUMENT_CALL;
    return parse_call(&out->call, p);
  }
  return parse_literal(out, p);
}

static int add_argument(struct ms_call *call, struct parser *p)
{
  if (call->count == MS_CALL_ARGUMENTS_MAX) {
    return ms_path_error_set(p->error, "States.%s takes at most %d arguments", call->function->name,
                             MS_CALL_ARGUMENTS_MAX);
  }
  struct argument *arguments =
      ms_reallocarray(call->arguments, (size_t)call->count + 1, sizeof *arguments);
  if (arguments == NULL) {
    return ms_error_nomem();
  }
  call->arguments = arguments;
  bool is_template = call->count == 0 && call->function->run == ms_call_format;
  /* Counted even when it fails, so that what there is of it is released. */
  return parse_argument(&arguments[call->count++], p, is_template);
}

/* "(" arguments ")" */
static int parse_arguments(struct ms_call *call, struct parser *p)
{
  if (p->pos >= p->text.len || p->text.data[p->pos] != '(') {
    return ms_path_error_set(p->error, "Expected '(' behind States.%s", call->function->name);
  }
  p->pos++;
  if (peek(p) == ')') {
    p->pos++;
    return 0;
  }
  for (;;) {
    int err = add_argument(call, p);
    if (err != 0) {
      return err;
    }
    char c = peek(p);
    p->pos++;
    if (c == ')') {
      return 0;
    }
    if (c != ',') {
      return ms_path_error_set(p->error, "Expected ',' or ')' at position %zu", p->pos - 1);
    }
  }
}

static int parse_call(struct ms_call **out, struct parser *p)
{
  *out = NULL;
  if (p->nesting == MS_CALL_NESTING_MAX) {
    return ms_path_error_set(p->error, "At most %d intrinsic functions may be nested",
                             MS_CALL_NESTING_MAX);
  }
  struct ms_call *call = ms_calloc(1, sizeof *call);
  if (call == NULL) {
    return ms_error_nomem();
  }
  call->source = MS_JSON_VALUE_NONE;
  p->nesting++;
  int err = parse_name(&call->function, p);
  if (err == 0) {
    err = parse_arguments(call, p);
  }
  p->nesting--;
  if (err != 0) {
    ms_call_free(call);
    return err;
  }
  *out = call;
  return 0;
}

int ms_call_compile(struct ms_call **out, struct ms_str text, bool is_text,
                    struct ms_path_error *error)
{
  struct parser p = {text, 0, 0, error};
  struct ms_call *call = NULL;
  *out = NULL;
  if (!ms_call_is_call(text)) {
    return ms_path_error_set(error, "An intrinsic function begins with States.");
  }
  int err = parse_call(&call, &p);
  if (err == 0 && (peek(&p), p.pos < text.len)) {
    err = ms_path_error_set(error, "Text behind the call, position %zu", p.pos);
  }
  if (err == 0 && is_text && !call->function->is_text) {
    err = ms_path_error_set(error, "States.%s does not give a string", call->function->name);
  }
  if (err == 0) {
    call->source = ms_json_string(text);
    err = ms_json_is_none(call->source) ? ms_error_nomem() : 0;
  }
  if (err != 0) {
    ms_call_free(call);
    return err;
  }
  *out = call;
  return 0;
}

void ms_call_free(struct ms_call *call)
{
  if (call == NULL) {
    return;
  }
  for (uint32_t i = 0; i < call->count; i++) {
    ms_json_unref(call->arguments[i].value);
    ms_path_free(call->arguments[i].path);
    ms_call_free(call->arguments[i].call);
  }
  ms_json_unref(call->source);
  ms_free(call->arguments);
  ms_free(call);
}

struct ms_str ms_call_text(const struct ms_call *call)
{
  return ms_json_text(call->source);
}

void ms_call_references(const struct ms_call *call, ms_query_reference_cb cb, void *user)
{
  for (uint32_t i = 0; i < call->count; i++) {
    const struct argument *argument = &call->arguments[i];
    if (argument->kind == ARGUMENT_PATH) {
      ms_path_references(argument->path, cb, user);
    } else if (argument->kind == ARGUMENT_CALL) {
      ms_call_references(argument->call, cb, user);
    }
  }
}

/* ---- failures ---- */

int ms_call_fail(struct ms_call_run *run, const char *format, ...)
{
  struct ms_buf text;
  va_list args;
  ms_buf_init(&text, TEXT_MAX_BYTES);
  va_start(args, format);
  ms_buf_vprintf(&text, format, args);
  va_end(args);
  int err = text.error != 0
                ? ms_error_nomem()
                : ms_fail(run->failure, "States.Runtime",
                          "There was an error while evaluating the intrinsic function: %.*s. %.*s",
                          MS_STR_ARG(run->source), MS_STR_ARG(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  return err;
}

int ms_call_invalid(struct ms_call_run *run)
{
  return ms_call_fail(run, "Invalid arguments in States.%s", run->name);
}

static int fail_path(struct ms_call_run *run, const struct ms_path *path,
                     const struct ms_path_miss *miss)
{
  struct ms_buf text;
  int err;
  ms_buf_init(&text, TEXT_MAX_BYTES);
  if (ms_path_miss_is_absence(miss) && miss->kind != MS_MISS_VARIABLE) {
    ms_json_print(&text, miss->searched);
    err =
        ms_fail(run->failure, "States.Runtime",
                "The function '%.*s' had the following error: The JsonPath argument for the field "
                "'%.*s' could not be found in the input '%.*s'",
                MS_STR_ARG(run->source), MS_STR_ARG(ms_json_text(path->text)),
                MS_STR_ARG(ms_buf_view(&text)));
  } else {
    ms_path_miss_text(&text, miss);
    err =
        ms_fail(run->failure, "States.Runtime", "The function '%.*s' had the following error: %.*s",
                MS_STR_ARG(run->source), MS_STR_ARG(ms_buf_view(&text)));
  }
  err = text.error != 0 ? ms_error_nomem() : err;
  ms_buf_deinit(&text);
  return err;
}

bool ms_call_to_int(int64_t *out, struct ms_json value)
{
  if (value.type == MS_JSON_INT) {
    *out = value.u.integer;
    return true;
  }
  double number = ms_json_number(value);
  if (value.type != MS_JSON_DOUBLE || !(number > -9.0e18 && number < 9.0e18)) {
    return false;
  }
  *out = (int64_t)number;
  return true;
}

/* ---- evaluate ---- */

static int eval_call(struct ms_json *out, const struct ms_call *call, struct ms_call_run *run);

static int eval_argument(struct ms_json *out, const struct argument *argument,
                         struct ms_call_run *run)
{
  struct ms_path_miss miss;
  int err;
  switch (argument->kind) {
  case ARGUMENT_PATH:
    err = ms_path_eval(out, argument->path, run->env, &miss);
    return err == MS_FAILED ? fail_path(run, argument->path, &miss) : err;
  case ARGUMENT_CALL:
    return eval_call(out, argument->call, run);
  case ARGUMENT_BROKEN:
    return ms_call_fail(run, "Invalid escape sequence in a string argument");
  default:
    *out = ms_json_ref(argument->value);
    return 0;
  }
}

static int run_function(struct ms_json *out, const struct ms_call *call, struct ms_call_run *run,
                        struct ms_json *args)
{
  uint32_t count = 0;
  int err = 0;
  while (count < call->count && err == 0) {
    err = eval_argument(&args[count], &call->arguments[count], run);
    count += err == 0 ? 1 : 0;
  }
  if (err == 0) {
    run->name = call->function->name;
    bool is_arity = count >= call->function->min && count <= call->function->max;
    err = is_arity ? call->function->run(out, run, args, count) : ms_call_invalid(run);
  }
  for (uint32_t i = 0; i < count; i++) {
    ms_json_unref(args[i]);
  }
  if (err == 0 && ms_json_is_none(*out)) {
    return ms_error_nomem();
  }
  if (err == MSTEP_ETOOBIG) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
    return ms_call_fail(run, "The result of States.%s is too large", call->function->name);
  }
  return err;
}

static int eval_call(struct ms_json *out, const struct ms_call *call, struct ms_call_run *run)
{
  struct ms_json few[INLINE_ARGUMENTS];
  *out = MS_JSON_VALUE_NONE;
  if (call->count <= INLINE_ARGUMENTS) {
    return run_function(out, call, run, few);
  }
  struct ms_json *many = ms_calloc(call->count, sizeof *many);
  if (many == NULL) {
    return ms_error_nomem();
  }
  int err = run_function(out, call, run, many);
  ms_free(many);
  return err;
}

int ms_call_eval(struct ms_json *out, const struct ms_call *call, struct ms_query_env *env,
                 struct ms_failure *failure)
{
  struct ms_call_run run = {env, failure, ms_json_text(call->source), call->function->name};
  return eval_call(out, call, &run);
}
