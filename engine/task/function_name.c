/*
 * The ways in which Lambda lets a function be named. Only what can be a file name passes: letters,
 * digits, `-` and `_`.
 */
#include "task/internal.h"

#define NAME_MAX_LEN 140

static bool is_name_char(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

static bool is_name(struct ms_str s)
{
  if (s.len == 0 || s.len > NAME_MAX_LEN) {
    return false;
  }
  for (size_t i = 0; i < s.len; i++) {
    if (!is_name_char(s.data[i])) {
      return false;
    }
  }
  return true;
}

/* An alias, a number or $LATEST. */
static bool is_qualifier(struct ms_str s)
{
  return ms_str_is(s, "$LATEST") || is_name(s);
}

/* Moves *rest behind "PREFIX:" where one of these parts is anything that is not empty. */
static bool skip_part(struct ms_str *rest, const char *expected)
{
  size_t end = ms_str_find(*rest, 0, ':');
  struct ms_str part = ms_str_sub(*rest, 0, end);
  if (end == rest->len || part.len == 0 || (expected != NULL && !ms_str_is(part, expected))) {
    return false;
  }
  *rest = ms_str_sub(*rest, end + 1, rest->len);
  return true;
}

/* NAME or NAME:QUALIFIER, and nothing more. */
static bool parse_short(struct ms_task_function_name *out, struct ms_str text)
{
  size_t colon = ms_str_find(text, 0, ':');
  out->name = ms_str_sub(text, 0, colon);
  out->qualifier = (struct ms_str){"", 0};
  if (colon < text.len) {
    out->qualifier = ms_str_sub(text, colon + 1, text.len);
    if (!is_qualifier(out->qualifier)) {
      return false;
    }
  }
  return is_name(out->name);
}

bool ms_task_function_name(struct ms_task_function_name *out, struct ms_str text)
{
  struct ms_str rest = text;
  if (ms_str_has_prefix(text, "arn:")) {
    if (!skip_part(&rest, "arn") || !skip_part(&rest, NULL) || !skip_part(&rest, "lambda") ||
        !skip_part(&rest, NULL)) {
      return false;
    }
    return skip_part(&rest, NULL) && skip_part(&rest, "function") && parse_short(out, rest);
  }
  if (skip_part(&rest, NULL) && skip_part(&rest, "function")) {
    return parse_short(out, rest);
  }
  return parse_short(out, text);
}
