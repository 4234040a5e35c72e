/*
 * Numbers that are found out at run time (TimeoutSecondsPath, MaxConcurrency `{% %}` ...). Literals were
 * checked by the compiler.
 */
#include "states/setting.h"

#include "base/buf.h"
#include "base/error.h"

/* The value as AWS quotes it: strings bare, all else as JSON. */
static void quote_value(struct ms_buf *out, struct ms_json value)
{
  if (ms_json_is_string(value))
    ms_buf_str(out, ms_json_text(value));
  else
    ms_json_print(out, value);
}

int ms_setting_fail_type(struct ms_failure *failure, const struct ms_query *query, const char *field,
                         const char *expected, struct ms_json value)
{
  struct ms_json text = ms_json_print_value(value);
  int status = ms_fail(failure, "States.QueryEvaluationError",
                       "The %s expression '%.*s' specified for the field '%s' returned an unexpected "
                       "result type. Expected '%s', but was '%s' for value: %.*s",
                       query->lang->name, MS_STR_ARG(ms_query_text(query)), field, expected,
                       ms_json_type_name(value), MS_STR_ARG(ms_json_text(text)));
  ms_json_unref(text);
  if (status == MS_FAILED)
    ms_json_replace(&failure->location, ms_json_cstring(field));
  return status;
}

static int fail_kind(const struct ms_setting *setting, struct ms_json value, const char *kind,
                     bool is_path, struct ms_failure *failure)
{
  struct ms_buf text;
  ms_buf_init(&text, 4096);
  quote_value(&text, value);
  int status;
  if (is_path)
    status = ms_fail(failure, "States.Runtime",
                     "The %s field refers to value \"%.*s\" which is not a valid %s: %.*s",
                     setting->field, MS_STR_ARG(ms_buf_view(&text)), kind,
                     MS_STR_ARG(ms_jsonpath_text(setting->query)));
  else if (ms_json_is_number(value))
    status = ms_fail(failure, "States.QueryEvaluationError",
                     "The %s field cannot be parsed as an %s: %.*s", setting->field, kind,
                     MS_STR_ARG(ms_buf_view(&text)));
  else
    status = ms_setting_fail_type(failure, setting->query, setting->field, "number", value);
  ms_buf_deinit(&text);
  return status;
}

/* "ToleratedFailureCountPath" -> "ToleratedFailureCount". */
static struct ms_str base_name(const struct ms_setting *setting)
{
  struct ms_str name = ms_str_c(setting->field);
  return ms_str_has_suffix(name, "Path") ? ms_str_sub(name, 0, name.len - 4) : name;
}

static int fail_range(const struct ms_setting *setting, double value, bool is_path,
                      struct ms_failure *failure)
{
  struct ms_str name = base_name(setting);
  if (!is_path)
    return ms_fail(failure, "States.QueryEvaluationError",
                   "%.*s must be between %lld and %lld but was: %.15g", MS_STR_ARG(name),
                   (long long)setting->min, (long long)setting->max, value);
  if (setting->max <= 100)
    return ms_fail(failure, "States.Runtime", "%.*s must be between %lld and %lld.", MS_STR_ARG(name),
                   (long long)setting->min, (long long)setting->max);
  if (setting->min == 0 && value < 0)
    return ms_fail(failure, "States.Runtime", "%.*s cannot be negative.", MS_STR_ARG(name));
  return ms_fail(failure, "States.Runtime", "%.*s must be between %lld and %lld but was: %.15g",
                 MS_STR_ARG(name), (long long)setting->min, (long long)setting->max, value);
}

/* AWS takes numeric strings where a path leads to a number; *value is replaced by what they say. */
static void read_numeric_string(struct ms_json *value)
{
  struct ms_json number = MS_JSON_VALUE_NONE;
  if (!ms_json_is_string(*value) || ms_json_parse(&number, ms_json_text(*value), NULL, NULL) != 0)
    return;
  if (ms_json_is_number(number))
    ms_json_replace(value, ms_json_ref(number));
  ms_json_unref(number);
}

int ms_setting_number(double *out, struct ms_decision *decision, const struct ms_frame *frame,
                      const struct ms_setting *setting, struct ms_json input,
                      struct ms_failure *failure)
{
  struct ms_json value;
  int status = ms_decision_setting(&value, decision, frame, setting, input, failure);
  if (status != 0 || setting->kind == MS_SETTING_ABSENT)
    return status;
  bool is_path = ms_state_is_jsonpath(frame->state);
  if (is_path)
    read_numeric_string(&value);
  double number = ms_json_number(value);
  if (!ms_json_is_number(value))
    status = fail_kind(setting, value, "float", is_path, failure);
  else if (number < (double)setting->min || number > (double)setting->max)
    status = fail_range(setting, number, is_path, failure);
  else
    *out = number;
  ms_json_unref(value);
  return status;
}

int ms_setting_integer(int64_t *out, struct ms_decision *decision, const struct ms_frame *frame,
                       const struct ms_setting *setting, struct ms_json input,
                       struct ms_failure *failure)
{
  struct ms_json value;
  int status = ms_decision_setting(&value, decision, frame, setting, input, failure);
  if (status != 0 || setting->kind == MS_SETTING_ABSENT)
    return status;
  bool is_path = ms_state_is_jsonpath(frame->state);
  if (is_path)
    read_numeric_string(&value);
  int64_t number = 0;
  if (!ms_json_is_number(value) || !ms_json_to_int(&number, value))
    status = fail_kind(setting, value, "integer", is_path, failure);
  else if (number < setting->min || number > setting->max)
    status = fail_range(setting, (double)number, is_path, failure);
  else
    *out = number;
  ms_json_unref(value);
  return status;
}
