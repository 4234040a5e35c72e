/* See service.h: requests and results. */
#include "task/service.h"

#include <math.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"

static const struct ms_task_service services[] = {
#define MS_TASK_SERVICE(integration, sdk, operations, prefix, sdk1, unmodelled, sdk2, is_lower,    \
                        type, texts)                                                               \
  {integration, sdk, operations, prefix, sdk1, unmodelled, sdk2, is_lower, type, texts},
#include "task/services.def"
#undef MS_TASK_SERVICE
};

bool ms_task_service_find(struct ms_task_service_request *out,
                          const struct ms_task_request *request)
{
  struct ms_str name = request->service;
  bool is_sdk = ms_str_has_prefix(name, "aws-sdk:");
  if (request->kind != MS_TASK_SERVICE || request->action.len == 0) {
    return false;
  }
  name = is_sdk ? ms_str_sub(name, strlen("aws-sdk:"), name.len) : name;
  for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
    if (name.len > 0 && ms_str_is(name, is_sdk ? services[i].sdk : services[i].integration)) {
      *out = (struct ms_task_service_request){&services[i], is_sdk, request->action};
      return true;
    }
  }
  return false;
}

struct ms_json ms_task_service_operation(const struct ms_task_service_request *call)
{
  return ms_json_stringf("%s:%c%.*s", call->service->operations,
                         ms_ascii_upper(call->action.data[0]), (int)call->action.len - 1,
                         call->action.data + 1);
}

/* ---- parameters ---- */

static bool is_listed(const char *names, struct ms_str name)
{
  for (const char *at = names; *at != '\0';) {
    size_t len = strcspn(at, " ");
    if (ms_str_eq(name, (struct ms_str){at, len})) {
      return true;
    }
    at += len + (at[len] == ' ');
  }
  return false;
}

struct ms_json ms_task_service_text(struct ms_json value)
{
  return ms_json_is_string(value) ? ms_json_ref(value) : ms_json_print_value(value);
}

/* The name with its first letter small or large. */
static struct ms_json with_first(struct ms_str name, char (*letter)(char))
{
  return name.len == 0
             ? ms_json_string(name)
             : ms_json_stringf("%c%.*s", letter(name.data[0]), (int)name.len - 1, name.data + 1);
}

static struct ms_json convert(const struct ms_task_service *service, struct ms_json value,
                              bool is_call);

/* Of what is called: its texts are made texts, and a member that is null is one that was not given. */
static int convert_member(struct ms_json *object, const struct ms_task_service *service,
                          struct ms_json key, struct ms_json value, bool is_call)
{
  struct ms_str name = ms_json_text(key);
  if (is_call && ms_json_is_null(value)) {
    return MSTEP_OK;
  }
  bool is_text = is_call && is_listed(service->texts, name);
  bool has_calls = is_call && ms_str_is(name, "Entries");
  struct ms_json converted =
      is_text ? ms_task_service_text(value) : convert(service, value, has_calls);
  if (!service->is_lower) {
    return ms_json_set_key(object, key, converted);
  }
  struct ms_json lower = with_first(name, ms_ascii_lower);
  int err = ms_json_is_none(lower) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0) {
    err = ms_json_set_key(object, lower, converted);
  } else {
    ms_json_unref(converted);
  }
  ms_json_unref(lower);
  return err;
}

static struct ms_json convert(const struct ms_task_service *service, struct ms_json value,
                              bool is_call)
{
  bool is_array = ms_json_is_array(value);
  if (!(is_array || ms_json_is_object(value)) || !(is_call || service->is_lower)) {
    return ms_json_ref(value);
  }
  size_t count = ms_json_count(value);
  struct ms_json out = is_array ? ms_json_array(count) : ms_json_object(count);
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    if (is_array) {
      err = ms_json_push(&out, convert(service, ms_json_at(value, i), is_call));
    } else {
      err = convert_member(&out, service, ms_json_key_value(value, i), ms_json_member(value, i),
                           is_call);
    }
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

struct ms_json ms_task_service_parameters(const struct ms_task_service_request *call,
                                          struct ms_json parameters)
{
  if (!ms_json_is_object(parameters)) {
    return ms_json_object(0);
  }
  return convert(call->service, parameters, true);
}

/* ---- results ---- */

/* The integration gives milliseconds, the SDK a text. Takes nothing. */
static struct ms_json convert_date(const struct ms_task_service_request *call, struct ms_json date)
{
  int64_t at_ms = (int64_t)llround(ms_json_number(date) * 1000);
  if (!call->is_sdk) {
    return ms_json_int(at_ms);
  }
  char text[MS_TIME_TEXT_SIZE];
  ms_time_format_ms(text, at_ms);
  return ms_json_cstring(text);
}

static int result_member(struct ms_json *out, const struct ms_task_service_request *call,
                         struct ms_str name, struct ms_json value)
{
  bool is_date = ms_json_is_number(value) && ms_str_has_suffix(name, "Date");
  struct ms_json key = with_first(name, ms_ascii_upper);
  struct ms_json converted =
      is_date ? convert_date(call, value) : ms_task_service_members(call, ms_json_ref(value));
  int err = ms_json_is_none(key) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0) {
    err = ms_json_set_key(out, key, converted);
  } else {
    ms_json_unref(converted);
  }
  ms_json_unref(key);
  return err;
}

struct ms_json ms_task_service_members(const struct ms_task_service_request *call,
                                       struct ms_json value)
{
  bool is_array = ms_json_is_array(value);
  if (!call->service->is_lower || (!is_array && !ms_json_is_object(value))) {
    return value;
  }
  size_t count = ms_json_count(value);
  struct ms_json out = is_array ? ms_json_array(count) : ms_json_object(count);
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    if (is_array) {
      err = ms_json_push(&out, ms_task_service_members(call, ms_json_ref(ms_json_at(value, i))));
    } else {
      err = result_member(&out, call, ms_json_key(value, i), ms_json_member(value, i));
    }
  }
  ms_json_unref(value);
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* PutEvents comes without what AWS wraps around the others. */
int ms_task_service_result(struct ms_json *out, struct ms_tasks *tasks,
                           const struct ms_task_service_request *call, struct ms_str reply)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json value;
  int err = ms_json_parse(&value, reply, &limits, NULL);
  if (err != 0) {
    return err;
  }
  *out = ms_task_service_members(call, value);
  if (ms_json_is_none(*out)) {
    return ms_error_nomem();
  }
  if (call->is_sdk || ms_str_is(ms_str_c(call->service->integration), "events")) {
    return MSTEP_OK;
  }
  char request_id[37];
  ms_random_uuid(tasks->random, request_id);
  bool is_table = ms_str_is(ms_str_c(call->service->integration), "dynamodb");
  const struct ms_task_service_result result = {.request_id = request_id,
                                                .now_ms = tasks->up.now_ms(tasks->up.user),
                                                .http_status = 200,
                                                .content_length = reply.len,
                                                .content_type = call->service->content_type,
                                                .table_reply = is_table ? reply : (struct ms_str){0}};
  err = ms_task_add_sdk_members(out, &result);
  if (err != 0) {
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  }
  return err;
}

int ms_task_child_name(char out[37], struct ms_tasks *tasks, struct ms_task *task)
{
  const char *token;
  char hex[MS_DIGEST_HEX_SIZE];
  int err = tasks->up.token(&token, task, tasks->up.user);
  err = err != 0 ? err : ms_digest_hex(hex, MS_STR("SHA-256"), ms_str_c(token));
  if (err == 0) {
    snprintf(out, 37, "%.8s-%.4s-5%.3s-a%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15, hex + 18);
  }
  return err;
}
