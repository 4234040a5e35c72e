/*
 * Warnings about text that looks as if it should be evaluated and will not be. They never stop a
 * definition. Templates of JSONPath only: in other languages nothing looks like a path.
 */
#include "asl/parse.h"

/* `States.Name(` */
static bool looks_like_call(struct ms_str text)
{
  if (!ms_str_has_prefix(text, "States.")) {
    return false;
  }
  size_t i = 7;
  while (i < text.len && ((text.data[i] >= 'a' && text.data[i] <= 'z') ||
                          (text.data[i] >= 'A' && text.data[i] <= 'Z') ||
                          (text.data[i] >= '0' && text.data[i] <= '9'))) {
    i++;
  }
  return i > 7 && i < text.len && text.data[i] == '(';
}

/* `$`, `$.a`, `$[0]`, `$$.a`; not `$name`, which is as often a price or a shell's variable. */
static bool looks_like_path(struct ms_str text)
{
  if (text.len == 0 || text.data[0] != '$') {
    return false;
  }
  size_t i = text.len > 1 && text.data[1] == '$' ? 2 : 1;
  return i == text.len || ((text.data[i] == '.' || text.data[i] == '[') && i + 1 < text.len);
}

bool ms_asl_looks_dynamic(struct ms_str text)
{
  return looks_like_path(text) || looks_like_call(text);
}

static void warn_member(struct ms_asl_parse *parse, struct ms_str key, struct ms_json value)
{
  if (!ms_json_is_string(value) || ms_str_has_suffix(key, ".$") ||
      !ms_asl_looks_dynamic(ms_json_text(value))) {
    return;
  }
  size_t mark = ms_asl_enter(parse, key);
  struct ms_asl_problem problem = {
      .code = "NO_DOLLAR", .severity = MS_SEVERITY_WARNING,
      .hint = ms_asl_hintf(parse, "Name the field \"%.*s.$\" to have it evaluated.", MS_STR_ARG(key))};
  ms_asl_problem(parse, &problem,
                 "The value of the field '%.*s' looks like a path or an intrinsic function but is taken "
                 "as it is",
                 MS_STR_ARG(key));
  ms_asl_leave(parse, mark);
}

/* No deeper than the JSON parser lets a text be. */
void ms_asl_warn_template(struct ms_asl_parse *parse, struct ms_json value)
{
  bool is_object = ms_json_is_object(value);
  if (!is_object && !ms_json_is_array(value)) {
    return;
  }
  size_t count = ms_json_count(value);
  for (size_t i = 0; i < count && parse->error == 0; i++) {
    struct ms_json item = is_object ? ms_json_member(value, i) : ms_json_at(value, i);
    if (is_object) {
      warn_member(parse, ms_json_key(value, i), item);
    }
    if (ms_json_is_object(item) || ms_json_is_array(item)) {
      size_t mark = is_object ? ms_asl_enter(parse, ms_json_key(value, i))
                              : ms_asl_enter_index(parse, i);
      ms_asl_warn_template(parse, item);
      ms_asl_leave(parse, mark);
    }
  }
}

/* A string anywhere in the value that looks dynamic; its place is left in the pointer's text. */
static bool has_dynamic(struct ms_json value)
{
  if (ms_json_is_string(value)) {
    return ms_asl_looks_dynamic(ms_json_text(value));
  }
  bool is_object = ms_json_is_object(value);
  size_t count = is_object || ms_json_is_array(value) ? ms_json_count(value) : 0;
  for (size_t i = 0; i < count; i++) {
    if (has_dynamic(is_object ? ms_json_member(value, i) : ms_json_at(value, i))) {
      return true;
    }
  }
  return false;
}

void ms_asl_warn_literal(struct ms_asl_parse *parse, const char *field, struct ms_json value)
{
  if (!parse->is_jsonpath || !has_dynamic(value)) {
    return;
  }
  if (strcmp(field, "Result") == 0) {
    struct ms_asl_problem problem = {
        .code = "PASS_RESULT_IS_STATIC", .severity = MS_SEVERITY_WARNING,
        .hint = MS_STR("Use \"Parameters\" to have paths evaluated.")};
    ms_asl_problem(parse, &problem, "The 'Result' of a Pass state is taken as it is; the path in it is "
                                    "not evaluated");
    return;
  }
  struct ms_asl_problem problem = {
      .code = "NO_PATH", .severity = MS_SEVERITY_WARNING,
      .hint = ms_asl_hintf(parse, "Use \"%sPath\" to have it evaluated.", field)};
  ms_asl_problem(parse, &problem,
                 "The value of the field '%s' looks like a path but the field's name does not end with "
                 "'Path'",
                 field);
}
