/*
 * Where the walk is and how it complains: the JSON Pointer of the value being read, AWS's form of it
 * (`/States/C/Choices[0]/Next`), its line and column, and the complaints that many fields share.
 * The wording is AWS's wherever it was recorded.
 */
#include <stdarg.h>

#include "asl/diagnostics.h"
#include "asl/parse.h"
#include "mstep/error.h"

void ms_asl_nomem(struct ms_asl_parse *parse)
{
  parse->error = MSTEP_ENOMEM;
}

size_t ms_asl_enter(struct ms_asl_parse *parse, struct ms_str key)
{
  size_t mark = parse->pointer.len;
  ms_json_pointer_push(&parse->pointer, key);
  return mark;
}

size_t ms_asl_enter_c(struct ms_asl_parse *parse, const char *key)
{
  return ms_asl_enter(parse, ms_str_c(key));
}

size_t ms_asl_enter_index(struct ms_asl_parse *parse, size_t index)
{
  size_t mark = parse->pointer.len;
  ms_json_pointer_push_index(&parse->pointer, index);
  return mark;
}

void ms_asl_leave(struct ms_asl_parse *parse, size_t mark)
{
  if (parse->pointer.error != 0) {
    ms_asl_nomem(parse);
    return;
  }
  parse->pointer.len = mark;
  if (parse->pointer.data != NULL) {
    parse->pointer.data[mark] = '\0';
  }
}

struct ms_str ms_asl_here(struct ms_asl_parse *parse)
{
  struct ms_str here = ms_arena_str(parse->scratch, ms_buf_view(&parse->pointer));
  if (here.data == NULL) {
    ms_asl_nomem(parse);
  }
  return here;
}

void ms_asl_unescape(struct ms_buf *out, struct ms_str token)
{
  for (size_t i = 0; i < token.len; i++) {
    if (token.data[i] == '~' && i + 1 < token.len) {
      i++;
      ms_buf_char(out, token.data[i] == '1' ? '/' : '~');
    } else {
      ms_buf_char(out, token.data[i]);
    }
  }
}

/* AWS writes array indexes in brackets, member names unescaped and the root as "/". */
static void print_location(struct ms_asl_parse *parse, struct ms_buf *out, struct ms_str pointer)
{
  struct ms_json at = parse->root;
  size_t pos = 0;
  while (pos < pointer.len) {
    size_t end = ms_str_find(pointer, pos + 1, '/');
    struct ms_str token = ms_str_sub(pointer, pos + 1, end);
    if (ms_json_is_array(at)) {
      ms_buf_char(out, '[');
      ms_buf_str(out, token);
      ms_buf_char(out, ']');
    } else {
      ms_buf_char(out, '/');
      ms_asl_unescape(out, token);
    }
    at = ms_json_pointer(at, ms_str_sub(pointer, pos, end));
    pos = end;
  }
  if (pointer.len == 0) {
    ms_buf_char(out, '/');
  }
}

static void locate(struct ms_asl_parse *parse, struct ms_diagnostic *problem, struct ms_str pointer,
                   struct ms_str key, bool is_at_name)
{
  struct ms_json_position at = {0};
  if (parse->map == NULL) {
    return;
  }
  if (key.data != NULL) {
    struct ms_buf member;
    ms_buf_init(&member, MS_BUF_MAX_DEFAULT);
    ms_buf_str(&member, pointer);
    ms_json_pointer_push(&member, key);
    (void)ms_json_locate(&at, parse->map, ms_buf_view(&member), true);
    ms_buf_deinit(&member);
  } else {
    (void)ms_json_locate(&at, parse->map, pointer, is_at_name);
  }
  problem->line = at.line;
  problem->column = at.column;
}

void ms_asl_vproblem(struct ms_asl_parse *parse, const struct ms_asl_problem *problem,
                     const char *format, va_list args)
{
  if (parse->diagnostics->count >= parse->diagnostics->max) {
    /* Only counted: finding the place of each of a million problems would be work for nobody. */
    (void)ms_diagnostics_add(parse->diagnostics,
                             &(struct ms_diagnostic){.severity = problem->severity});
    return;
  }
  struct ms_str pointer = problem->pointer.data != NULL ? problem->pointer
                                                        : ms_buf_view(&parse->pointer);
  struct ms_diagnostic out = {
      .severity = problem->severity, .code = problem->code, .hint = problem->hint};
  struct ms_buf *text = &parse->text;
  ms_buf_reset(text);
  ms_buf_vprintf(text, format, args);
  size_t message_len = text->len;
  if (!problem->is_placeless) {
    print_location(parse, text, pointer);
  }
  if (text->error != 0 || parse->pointer.error != 0) {
    ms_asl_nomem(parse);
    return;
  }
  out.message = ms_str_sub(ms_buf_view(text), 0, message_len);
  out.pointer = ms_str_sub(ms_buf_view(text), message_len, text->len);
  locate(parse, &out, pointer, problem->key, problem->is_at_name);
  if (ms_diagnostics_add(parse->diagnostics, &out) != 0) {
    ms_asl_nomem(parse);
  }
}

void ms_asl_problem(struct ms_asl_parse *parse, const struct ms_asl_problem *problem,
                    const char *format, ...)
{
  va_list args;
  va_start(args, format);
  ms_asl_vproblem(parse, problem, format, args);
  va_end(args);
}

void ms_asl_error(struct ms_asl_parse *parse, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  ms_asl_vproblem(parse, &(struct ms_asl_problem){.code = MS_ASL_SCHEMA}, format, args);
  va_end(args);
}

void ms_asl_warn(struct ms_asl_parse *parse, const char *code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  ms_asl_vproblem(parse, &(struct ms_asl_problem){.code = code, .severity = MS_SEVERITY_WARNING},
                  format, args);
  va_end(args);
}

void ms_asl_query_report(const char *code, struct ms_str pointer, struct ms_str message,
                         struct ms_str hint, void *user)
{
  struct ms_asl_problem problem = {.code = code, .pointer = pointer, .hint = hint};
  ms_asl_problem(user, &problem, "%.*s", MS_STR_ARG(message));
}

struct ms_str ms_asl_hintf(struct ms_asl_parse *parse, const char *format, ...)
{
  ms_buf_reset(&parse->text);
  va_list args;
  va_start(args, format);
  ms_buf_vprintf(&parse->text, format, args);
  va_end(args);
  struct ms_str hint = {NULL, 0};
  if (parse->text.error == 0) {
    hint = ms_arena_str(parse->scratch, ms_buf_view(&parse->text));
  }
  if (hint.data == NULL) {
    ms_asl_nomem(parse);
  }
  return hint;
}

void ms_asl_expected(struct ms_asl_parse *parse, const char *type)
{
  ms_asl_error(parse, "Expected value of type %s", type);
}

void ms_asl_unsupported_field(struct ms_asl_parse *parse, struct ms_str field, struct ms_str hint)
{
  struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .key = field, .hint = hint};
  ms_asl_problem(parse, &problem, "Field '%.*s' is not supported", MS_STR_ARG(field));
}

void ms_asl_ours(struct ms_asl_parse *parse, struct ms_str field, struct ms_str hint)
{
  if (parse->options->is_portable) {
    struct ms_asl_problem problem = {.code = MS_ASL_NOT_PORTABLE, .hint = hint};
    ms_asl_problem(parse, &problem, "AWS does not know the field '%.*s'", MS_STR_ARG(field));
  }
}

void ms_asl_other_language(struct ms_asl_parse *parse, struct ms_str field, bool is_of_jsonpath)
{
  if (parse->is_mixed) {
    return;
  }
  const char *lang = parse->lang == NULL ? "JSONata" : parse->lang->name;
  struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .key = field};
  ms_asl_problem(parse, &problem,
                 "The QueryLanguage is set to '%s', but field '%.*s' is only supported for the '%s' "
                 "QueryLanguage",
                 lang, MS_STR_ARG(field), is_of_jsonpath ? "JSONPath" : "JSONata");
}
