/*
 * A mocked result against the answer of the service that it stands for, by mocks.def: the services that we
 * have ourselves. What is answered by others is not looked at.
 */
#include "api/test_state.h"

enum kind { KIND_string, KIND_number, KIND_array, KIND_object };

static const struct row {
  const char *action, *path;
  enum kind kind;
  bool is_required;
} rows[] = {
#define MS_MOCK(action, path, kind, is_required) {action, path, KIND_##kind, is_required},
#include "api/mocks.def"
#undef MS_MOCK
};

static const char *const names[] = {"a string", "a number", "an array", "an object"};

static bool is_kind(struct ms_json value, enum kind kind)
{
  switch (kind) {
  case KIND_string:
    return ms_json_is_string(value);
  case KIND_number:
    return ms_json_is_number(value);
  case KIND_array:
    return ms_json_is_array(value);
  default:
    return ms_json_is_object(value);
  }
}

/* "sqs:sendMessage" of "arn:aws:states:::sqs:sendMessage.waitForTaskToken". */
static struct ms_str action_of(const struct ms_test_state *test)
{
  struct ms_str rest = ms_test_resource(test);
  return ms_str_sub(rest, 0, ms_str_find(rest, 0, '.'));
}

static bool is_of(const struct row *row, struct ms_str action)
{
  struct ms_str wanted = ms_str_c(row->action);
  if (ms_str_has_suffix(wanted, ":*")) {
    wanted = ms_str_sub(wanted, 0, wanted.len - 1);
    return action.len > wanted.len && ms_str_eq(ms_str_sub(action, 0, wanted.len), wanted);
  }
  return ms_str_eq(wanted, action);
}

/* The first value at the path that is of another kind; NONE: there is none. */
static struct ms_json wrong_value(struct ms_json value, struct ms_str path, enum kind kind)
{
  size_t end = ms_str_find(path, 0, '/');
  struct ms_str step = ms_str_sub(path, 0, end), rest = ms_str_sub(path, end + 1, path.len);
  if (ms_str_is(step, "*")) {
    struct ms_json wrong = MS_JSON_VALUE_NONE;
    for (size_t i = 0; ms_json_is_array(value) && i < ms_json_count(value) && ms_json_is_none(wrong); i++) {
      wrong = wrong_value(ms_json_at(value, i), rest, kind);
    }
    return wrong;
  }
  struct ms_json member = ms_json_get(value, step);
  if (ms_json_is_none(member) || rest.len > 0) {
    return ms_json_is_none(member) ? member : wrong_value(member, rest, kind);
  }
  return is_kind(member, kind) ? MS_JSON_VALUE_NONE : member;
}

static struct ms_str last_step(const char *path)
{
  struct ms_str rest = ms_str_c(path);
  for (size_t at = ms_str_find(rest, 0, '/'); at < rest.len; at = ms_str_find(rest, 0, '/')) {
    rest = ms_str_sub(rest, at + 1, rest.len);
  }
  return rest;
}

static bool check_row(struct ms_api_call *call, const struct row *row, struct ms_json result,
                      bool is_strict)
{
  struct ms_str name = last_step(row->path);
  if (is_strict && row->is_required && ms_json_is_none(ms_json_get(result, name))) {
    ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                  "Mock result schema validation error: Required field '%.*s' is missing",
                  MS_STR_ARG(name));
    return false;
  }
  if (!ms_json_is_none(wrong_value(result, ms_str_c(row->path), row->kind))) {
    ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                  "Mock result schema validation error: Field '%.*s' must be %s", MS_STR_ARG(name),
                  names[row->kind]);
    return false;
  }
  return true;
}

bool ms_test_mock_check(struct ms_api_call *call, const struct ms_test_state *test)
{
  struct ms_str mode = ms_json_text(ms_json_getc(ms_api_get(call, "mock"), "fieldValidationMode"));
  struct ms_str action = action_of(test);
  if (ms_str_is(mode, "NONE") || !ms_test_state_is(test, "Task")) {
    return true;
  }
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (is_of(&rows[i], action) &&
        !check_row(call, &rows[i], test->result, !ms_str_is(mode, "PRESENT"))) {
      return false;
    }
  }
  return true;
}
