/*
 * Checks of single values that many fields share: type, range, one of a list. Each complains at the
 * place being read and says whether the value is right.
 */
#include "asl/parse.h"

bool ms_asl_want_string(struct ms_asl_parse *parse, struct ms_json value)
{
  if (!ms_json_is_string(value)) {
    ms_asl_expected(parse, "[STRING]");
    return false;
  }
  return true;
}

bool ms_asl_want_object(struct ms_asl_parse *parse, struct ms_json value)
{
  if (!ms_json_is_object(value)) {
    ms_asl_expected(parse, "[OBJECT]");
    return false;
  }
  return true;
}

bool ms_asl_want_array(struct ms_asl_parse *parse, struct ms_json value)
{
  if (!ms_json_is_array(value)) {
    ms_asl_expected(parse, "[ARRAY]");
    return false;
  }
  return true;
}

bool ms_asl_want_boolean(struct ms_asl_parse *parse, struct ms_json value)
{
  if (!ms_json_is_bool(value)) {
    ms_asl_expected(parse, "[BOOLEAN]");
    return false;
  }
  return true;
}

bool ms_asl_want_integer(struct ms_asl_parse *parse, struct ms_json value, int64_t min, int64_t max,
                         int64_t *out)
{
  if (!ms_json_is_number(value) || !ms_json_to_int(out, value)) {
    /* A whole number past 64 bits is out of range and not of a wrong type. */
    if (value.type == MS_JSON_BIG) {
      ms_asl_error(parse, "Maximum value is %lld", (long long)max);
    } else {
      ms_asl_expected(parse, "Integer");
    }
    return false;
  }
  if (*out < min) {
    ms_asl_error(parse, "Minimum value is %lld", (long long)min);
    return false;
  }
  if (*out > max) {
    ms_asl_error(parse, "Maximum value is %lld", (long long)max);
    return false;
  }
  return true;
}

bool ms_asl_want_number(struct ms_asl_parse *parse, struct ms_json value, double min, double max)
{
  if (!ms_json_is_number(value)) {
    ms_asl_expected(parse, "Number");
    return false;
  }
  double number = ms_json_number(value);
  if (!(number >= min)) {
    ms_asl_error(parse, "Minimum value is %g", min);
    return false;
  }
  if (number > max) {
    ms_asl_error(parse, "Maximum value is %g", max);
    return false;
  }
  return true;
}

/* "[A, B, C]" for messages. */
static void print_list(struct ms_buf *out, const char *const *items)
{
  ms_buf_char(out, '[');
  for (size_t i = 0; items[i] != NULL; i++) {
    ms_buf_printf(out, "%s%s", i == 0 ? "" : ", ", items[i]);
  }
  ms_buf_char(out, ']');
}

int ms_asl_want_one_of(struct ms_asl_parse *parse, struct ms_json value, const char *const *choices)
{
  if (!ms_asl_want_string(parse, value)) {
    return -1;
  }
  struct ms_str text = ms_json_text(value);
  for (int i = 0; choices[i] != NULL; i++) {
    if (ms_str_is(text, choices[i])) {
      return i;
    }
  }
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, text);
  for (int i = 0; choices[i] != NULL; i++) {
    ms_asl_guess_offer_c(&guess, choices[i]);
  }
  struct ms_buf list;
  ms_buf_init(&list, 4096);
  print_list(&list, choices);
  if (list.error != 0) {
    ms_asl_nomem(parse);
  } else {
    struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .hint = ms_asl_guess_hint(&guess)};
    ms_asl_problem(parse, &problem, "Value should be one of the following: %s", list.data);
  }
  ms_buf_deinit(&list);
  return -1;
}
