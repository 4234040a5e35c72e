/* Configurations of asynchronous invocation: checked, put together, shown. */
#include "api/event_config.h"

#include "base/error.h"
#include "dest/dest.h"

#define BACKOFF_MEMBERS                                                                            \
  {.name = "IntervalSeconds", .kind = MS_API_INTEGER, .min = 1, .max = 99999999},                  \
      {.name = "BackoffRate", .kind = MS_API_ANY},                                                 \
      {.name = "MaxDelaySeconds", .kind = MS_API_INTEGER, .min = 1, .max = 31622400},              \
  {                                                                                                \
    .name = "JitterStrategy", .kind = MS_API_STRING, .values = "FULL, NONE"                        \
  }

static const struct ms_api_member backoff_members[] = {BACKOFF_MEMBERS, MS_MEMBER_END};
static const struct ms_api_member policy_members[] = {
    BACKOFF_MEMBERS,
    {.name = "MaximumRetryAttempts", .kind = MS_API_INTEGER, .max = 99999999},
    {.name = "MaximumAgeInSeconds", .kind = MS_API_INTEGER, .min = 1, .max = 31622400},
    MS_MEMBER_END};
static const struct ms_api_member route_members[] = {
    {.name = "Destination", .kind = MS_API_STRING, .max = 350},
    {.name = "SigningSecret", .kind = MS_API_STRING, .is_secret = true, .max = 1024},
    {.name = "RetryPolicy", .kind = MS_API_STRUCTURE, .members = policy_members},
    MS_MEMBER_END};
static const struct ms_api_member destination_members[] = {
    {.name = "OnSuccess", .kind = MS_API_STRUCTURE, .members = route_members},
    {.name = "OnFailure", .kind = MS_API_STRUCTURE, .members = route_members},
    MS_MEMBER_END};
const struct ms_api_member ms_api_event_config_members[] = {
    MS_MEMBER_FUNCTION_NAME,
    MS_MEMBER_QUALIFIER,
    {.name = "MaximumRetryAttempts", .kind = MS_API_INTEGER, .max = 99999999},
    {.name = "MaximumEventAgeInSeconds", .kind = MS_API_INTEGER, .min = 60, .max = 21600},
    {.name = "DestinationConfig", .kind = MS_API_STRUCTURE, .members = destination_members},
    {.name = "RetryBackoff", .kind = MS_API_STRUCTURE, .members = backoff_members},
    MS_MEMBER_END};

static const char *const routes[] = {"OnSuccess", "OnFailure"};

/* ---- targets ---- */

static bool is_letters(struct ms_str text, const char *more)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = ms_ascii_lower(text.data[i]);
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(more, c) != NULL)) {
      return false;
    }
  }
  return true;
}

/* As AWS's pattern has it: arn:PARTITION:SERVICE:REGION:ACCOUNT:ANYTHING */
static bool is_arn(struct ms_str text)
{
  struct ms_str fields[5];
  size_t from = 0;
  for (size_t i = 0; i < 5; i++) {
    size_t end = ms_str_find(text, from, ':');
    if (end == text.len) {
      return false;
    }
    fields[i] = ms_str_sub(text, from, end);
    from = end + 1;
  }
  return ms_str_is(fields[0], "arn") && ms_str_has_prefix(fields[1], "aws") &&
         is_letters(fields[1], "-") && fields[2].len > 0 && is_letters(fields[2], "-") &&
         is_letters(fields[3], "-") && (fields[4].len == 0 || fields[4].len == 12) &&
         is_letters(fields[4], "");
}

static int fail_pattern(struct ms_api_call *call, const char *route, struct ms_str target)
{
  return ms_api_fail_f(
      call, MS_API_ERROR_VALIDATION,
      "1 validation error detected: Value '%.*s' at 'destinationConfig.%s.destination' failed to "
      "satisfy constraint: Member must satisfy regular expression pattern: "
      "$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:"
      "((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)",
      MS_STR_ARG(target), strcmp(route, "OnSuccess") == 0 ? "onSuccess" : "onFailure");
}

static void print_route(struct ms_buf *out, struct ms_json config, const char *route,
                        const char *name, const char *type)
{
  struct ms_json target = ms_json_getc(ms_json_getc(config, route), "Destination");
  ms_buf_printf(out, "%s=", name);
  if (ms_json_is_string(target)) {
    ms_buf_printf(out, "%s(destination=%.*s)", type, MS_STR_ARG(ms_json_text(target)));
  } else {
    ms_buf_cstr(out, "null");
  }
}

static int fail_config(struct ms_api_call *call)
{
  struct ms_json config = ms_api_get(call, "DestinationConfig");
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_cstr(&text, "The provided destination config DestinationConfig(");
  print_route(&text, config, "OnSuccess", "onSuccess", "OnSuccess");
  ms_buf_cstr(&text, ", ");
  print_route(&text, config, "OnFailure", "onFailure", "OnFailure");
  ms_buf_cstr(&text, ") is invalid.");
  int err = text.error != 0
                ? text.error
                : ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE, ms_buf_view(&text));
  ms_buf_deinit(&text);
  return err;
}

/* A function that may be one: it is there and another one. False: the call has been answered. */
static bool check_function(struct ms_api_call *call, const struct ms_function_name *self,
                           struct ms_str target)
{
  struct ms_function_name name;
  const struct ms_str none = {NULL, 0};
  int err = ms_function_name_parse(&name, ms_api_invoke(call), target, none);
  if (err == 0 && ms_str_eq(name.name, self->name)) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                MS_STR("You can't specify the function as a destination for itself."));
    return false;
  }
  if (err != 0 || !ms_invoke_has(ms_api_invoke(call), &name)) {
    ms_api_fail_f(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                  "The destination ARN %.*s is invalid.", MS_STR_ARG(target));
    return false;
  }
  return true;
}

static bool is_of(struct ms_str target, const char *service)
{
  size_t partition = ms_str_find(target, 4, ':');
  struct ms_str rest = ms_str_sub(target, partition + 1, target.len);
  return ms_str_is(ms_str_sub(rest, 0, ms_str_find(rest, 0, ':')), service);
}

/* False: the call has been answered. */
static bool check_target(struct ms_api_call *call, const struct ms_function_name *self,
                         const char *route)
{
  struct ms_json config = ms_api_get(call, "DestinationConfig");
  struct ms_str target = ms_json_text(ms_json_getc(ms_json_getc(config, route), "Destination"));
  bool is_ours = !ms_str_has_prefix(target, "arn:") && ms_dest_is_target(target);
  if (target.len == 0 || is_ours) {
    return true;
  }
  if (!is_arn(target)) {
    fail_pattern(call, route, target);
    return false;
  }
  if (is_of(target, "lambda")) {
    return check_function(call, self, target);
  }
  bool is_fifo = ms_str_has_suffix(target, ".fifo");
  bool is_early_bucket = is_of(target, "s3") && strcmp(route, "OnSuccess") == 0;
  if (!ms_dest_is_target(target) || is_fifo || is_early_bucket) {
    fail_config(call);
    return false;
  }
  return true;
}

/* ---- putting together ---- */

static bool is_rate(struct ms_json backoff)
{
  struct ms_json rate = ms_json_getc(backoff, "BackoffRate");
  return ms_json_is_none(rate) || (ms_json_is_number(rate) && ms_json_number(rate) >= 1 &&
                                   ms_json_number(rate) <= 1000);
}

bool ms_api_event_config_check(struct ms_api_call *call)
{
  int64_t retries = ms_api_int(call, "MaximumRetryAttempts", 0);
  bool has_route = ms_json_count(ms_api_get(call, "DestinationConfig")) > 0;
  if (!ms_api_has(call, "MaximumRetryAttempts") && !ms_api_has(call, "MaximumEventAgeInSeconds") &&
      !ms_api_has(call, "RetryBackoff") && !has_route) {
    ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                MS_STR("You must specify at least one of error handling or destination setting."));
    return false;
  }
  if (retries > 2 && !ms_api_has(call, "RetryBackoff")) {
    ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                  "1 validation error detected: Value '%lld' at 'maximumRetryAttempts' failed to "
                  "satisfy constraint: Member must have value less than or equal to 2",
                  (long long)retries);
    return false;
  }
  bool are_fine = is_rate(ms_api_get(call, "RetryBackoff"));
  for (size_t i = 0; i < 2; i++) {
    struct ms_json route = ms_json_getc(ms_api_get(call, "DestinationConfig"), routes[i]);
    are_fine = are_fine && is_rate(ms_json_getc(route, "RetryPolicy"));
  }
  if (!are_fine) {
    ms_api_fail(call, MS_API_ERROR_VALIDATION,
                MS_STR("BackoffRate must be a number from 1 to 1000"));
  }
  return are_fine;
}

bool ms_api_event_config_function(struct ms_function_name *out, struct ms_api_call *call)
{
  if (!ms_api_function(out, call)) {
    return false;
  }
  if (!ms_invoke_has(ms_api_invoke(call), out)) {
    ms_api_fail(call, MS_API_ERROR_LAMBDA_NOT_FOUND, MS_STR("The function doesn't exist."));
    return false;
  }
  return true;
}

/* A route that says nothing keeps the old one; an empty destination takes it away. */
static struct ms_json merge_routes(int *err, struct ms_json wanted, struct ms_json old)
{
  struct ms_json out = ms_json_object(2);
  *err = ms_json_is_none(out) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < 2 && *err == 0; i++) {
    struct ms_json route = ms_json_getc(wanted, routes[i]);
    bool is_said = ms_json_is_string(ms_json_getc(route, "Destination"));
    route = is_said ? route : ms_json_getc(old, routes[i]);
    if (ms_json_text(ms_json_getc(route, "Destination")).len > 0) {
      *err = ms_json_setc(&out, routes[i], ms_json_ref(route));
    }
  }
  return out;
}

struct ms_json ms_api_event_config_new(int *err, struct ms_api_call *call,
                                       const struct ms_function_name *name, struct ms_json old)
{
  static const char *const copied[] = {"MaximumRetryAttempts", "MaximumEventAgeInSeconds",
                                       "RetryBackoff"};
  *err = MSTEP_OK;
  for (size_t i = 0; i < 2; i++) {
    if (!check_target(call, name, routes[i])) {
      return MS_JSON_VALUE_NONE;
    }
  }
  struct ms_json out = ms_json_is_none(old) ? ms_json_object(4) : ms_json_ref(old);
  int64_t now_ms = ms_engine_now_ms(ms_api_engine(call));
  *err = ms_json_setc(&out, "LastModified", ms_json_int(now_ms));
  for (size_t i = 0; i < 3 && *err == 0; i++) {
    if (ms_api_has(call, copied[i])) {
      *err = ms_json_setc(&out, copied[i], ms_json_ref(ms_api_get(call, copied[i])));
    }
  }
  if (*err == 0) {
    struct ms_json merged = merge_routes(err, ms_api_get(call, "DestinationConfig"),
                                         ms_json_getc(old, "DestinationConfig"));
    if (*err != 0) {
      ms_json_unref(merged);
    } else {
      *err = ms_json_setc(&out, "DestinationConfig", merged);
    }
  }
  if (*err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* ---- showing ---- */

struct ms_str ms_api_event_config_key(const struct ms_function_name *name)
{
  return name->qualifier.len == 0 ? MS_STR(MS_INVOKE_LATEST) : name->qualifier;
}

struct ms_json ms_api_event_config_of(const struct ms_api_call *call,
                                      const struct ms_function_name *name)
{
  struct ms_json row = ms_invoke_row(ms_api_invoke(call), name->name);
  return ms_json_get(ms_json_getc(row, "EventInvokeConfigs"), ms_api_event_config_key(name));
}

static struct ms_json show_routes(struct ms_json config)
{
  struct ms_json out = ms_json_object(2);
  int err = ms_json_is_none(out) ? MSTEP_ENOMEM : MSTEP_OK;
  for (size_t i = 0; i < 2 && err == 0; i++) {
    struct ms_json route = ms_json_getc(config, routes[i]);
    struct ms_json target = ms_json_getc(route, "Destination");
    struct ms_json policy = ms_json_getc(route, "RetryPolicy");
    struct ms_json shown = ms_json_is_none(target)
                               ? ms_json_object(0)
                               : ms_api_object("Destination", ms_json_ref(target));
    err = ms_json_is_none(policy) ? MSTEP_OK
                                  : ms_json_setc(&shown, "RetryPolicy", ms_json_ref(policy));
    if (err != 0) {
      ms_json_unref(shown);
    } else {
      err = ms_json_setc(&out, routes[i], shown);
    }
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

struct ms_json ms_api_event_config_show(const struct ms_api_call *call,
                                        const struct ms_function_name *name, struct ms_json config)
{
  static const char *const shown[] = {"MaximumRetryAttempts", "MaximumEventAgeInSeconds",
                                      "RetryBackoff"};
  int64_t at_ms = 0;
  ms_json_to_int(&at_ms, ms_json_getc(config, "LastModified"));
  struct ms_json out = ms_json_object(6);
  int err = ms_json_setc(&out, "LastModified", ms_api_date(at_ms));
  err = err != 0 ? err : ms_json_setc(&out, "FunctionArn", ms_api_function_arn(call, name, false));
  for (size_t i = 0; i < 3 && err == 0; i++) {
    struct ms_json value = ms_json_getc(config, shown[i]);
    err = ms_json_is_none(value) ? MSTEP_OK : ms_json_setc(&out, shown[i], ms_json_ref(value));
  }
  if (err == 0) {
    err = ms_json_setc(&out, "DestinationConfig",
                       show_routes(ms_json_getc(config, "DestinationConfig")));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

int ms_api_no_event_config(struct ms_api_call *call, const struct ms_function_name *name)
{
  struct ms_json arn = ms_api_function_arn(call, name, false);
  int err = ms_api_fail_f(call, MS_API_ERROR_LAMBDA_NOT_FOUND,
                          "The function %.*s doesn't have an EventInvokeConfig",
                          MS_STR_ARG(ms_json_text(arn)));
  ms_json_unref(arn);
  return err;
}
