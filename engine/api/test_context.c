/* The Context Object that a caller of TestState gives: its fields, and AWS's words about others. */
#include "api/test_state.h"

struct field {
  const char *name;
  bool is_text, is_number;
};

static const struct field execution_fields[] = {
    {"Id", true, false},       {"Input", false, false},       {"Name", true, false},
    {"RoleArn", true, false},  {"StartTime", true, false},    {"RedriveCount", false, true},
    {"RedriveTime", true, false}, {NULL, false, false}};
static const struct field state_fields[] = {{"EnteredTime", true, false},
                                            {"Name", true, false},
                                            {"RetryCount", false, true},
                                            {NULL, false, false}};
static const struct field machine_fields[] = {
    {"Id", true, false}, {"Name", true, false}, {NULL, false, false}};
static const struct field task_fields[] = {{"Token", true, false}, {NULL, false, false}};

static const struct {
  const char *name;
  const struct field *fields;
} parts[] = {{"Execution", execution_fields},
             {"State", state_fields},
             {"StateMachine", machine_fields},
             {"Task", task_fields}};

static bool refuse(struct ms_api_call *call, const char *format, struct ms_str part, struct ms_str name)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_cstr(&text, "Invalid Context object provided: ");
  for (const char *at = format; *at != '\0'; at++) {
    if (*at == '1' || *at == '2') {
      ms_buf_str(&text, *at == '1' ? part : name);
    } else {
      ms_buf_char(&text, *at);
    }
  }
  ms_api_fail(call, MS_API_ERROR_VALIDATION, ms_buf_view(&text));
  ms_buf_deinit(&text);
  return false;
}

static bool check_part(struct ms_api_call *call, struct ms_str part, struct ms_json object,
                       const struct field *fields)
{
  if (!ms_json_is_object(object)) {
    return refuse(call, "1 must be an object", part, part);
  }
  for (size_t i = 0; i < ms_json_count(object); i++) {
    struct ms_str name = ms_json_key(object, i);
    struct ms_json value = ms_json_member(object, i);
    const struct field *field = fields;
    while (field->name != NULL && !ms_str_is(name, field->name)) {
      field++;
    }
    if (field->name == NULL) {
      return refuse(call, "Field '2' is not allowed", part, name);
    }
    if (field->is_text && !ms_json_is_string(value)) {
      return refuse(call, "1.2 must be a string", part, name);
    }
    if (field->is_number && !ms_json_is_number(value)) {
      return refuse(call, "1.2 must be a number", part, name);
    }
  }
  return true;
}

static bool has_token(const struct ms_test_state *test)
{
  struct ms_str resource = ms_json_text(ms_json_getc(test->state, "Resource"));
  return ms_str_has_suffix(resource, ".sync") || ms_str_has_suffix(resource, ".sync:2") ||
         ms_str_has_suffix(resource, ".waitForTaskToken");
}

bool ms_test_context_check(struct ms_api_call *call, const struct ms_test_state *test)
{
  if (!ms_json_is_object(test->context)) {
    return refuse(call, "it must be an object", MS_STR(""), MS_STR(""));
  }
  for (size_t i = 0; i < ms_json_count(test->context); i++) {
    struct ms_str name = ms_json_key(test->context, i);
    size_t at = 0;
    while (at < sizeof parts / sizeof parts[0] && !ms_str_is(name, parts[at].name)) {
      at++;
    }
    if (ms_str_is(name, "Map")) {
      return refuse(call, "'Map' field is not supported when mocking a Context object", name, name);
    }
    if (at == sizeof parts / sizeof parts[0]) {
      return refuse(call, "Field '2' is not allowed", name, name);
    }
    if (ms_str_is(name, "Task") && !has_token(test)) {
      return refuse(call, "Context object contains 'Task' when state is not a Task state with a '.sync' or "
                          "'.waitForTaskToken' service integration pattern", name, name);
    }
    if (!check_part(call, name, ms_json_member(test->context, i), parts[at].fields)) {
      return false;
    }
  }
  return true;
}
