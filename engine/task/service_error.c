/*
 * What failed in a service, in Step Functions' words: the exception's name as the SDK of the integration has
 * it (version 1 of the optimised ones, version 2 of aws-sdk), and the cause around the message.
 */
#include "base/error.h"
#include "task/service.h"

/* Codes that no SDK has an exception of its own for. */
static const char *const unmodelled[] = {"AccessDeniedException",
                                         "InternalFailure",
                                         "SerializationException",
                                         "ServiceUnavailable",
                                         "UnknownOperationException",
                                         "MissingParameter",
                                         "InvalidParameterValue",
                                         "InvalidParameterCombination",
                                         NULL};

/* SQS: what its codes are called by its first protocol, in which the integration speaks. */
static const struct {
  const char *type;
  const char *code;
} sqs_codes[] = {{"MissingRequiredParameterException", "MissingParameter"},
                 {"ValidationException", "InvalidParameterValue"},
                 {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"},
                 {"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"},
                 {"InvalidAttributeValue", "InvalidAttributeValue"},
                 {NULL, NULL}};

struct failure {
  struct ms_str type; /* "QueueDoesNotExist" */
  struct ms_str message;
  struct ms_str code; /* "AWS.SimpleQueueService.NonExistentQueue" */
  bool is_modelled;
};

static bool has_exception(const struct ms_task_service *service, struct ms_str name)
{
  if (name.len == 0 || (ms_str_is(name, "ValidationException") && !service->is_lower)) {
    return false;
  }
  for (size_t i = 0; unmodelled[i] != NULL; i++) {
    if (ms_str_is(name, unmodelled[i])) {
      return false;
    }
  }
  return true;
}

static void read_failure(struct failure *out, const struct ms_task_service *service,
                         struct ms_json reply)
{
  out->type = ms_json_text(ms_json_getc(reply, "__type"));
  out->type = ms_str_sub(
      out->type,
      ms_str_find(out->type, 0, '#') + 1 > out->type.len ? 0 : ms_str_find(out->type, 0, '#') + 1,
      out->type.len);
  out->message = ms_json_text(ms_json_getc(reply, "message"));
  if (out->message.len == 0) {
    out->message = ms_json_text(ms_json_getc(reply, "Message"));
  }
  out->code = out->type;
  bool is_sqs = ms_str_is(ms_str_c(service->operations), "sqs");
  for (size_t i = 0; is_sqs && sqs_codes[i].type != NULL; i++) {
    if (ms_str_is(out->type, sqs_codes[i].type)) {
      out->code = ms_str_c(sqs_codes[i].code);
    }
  }
  if (ms_str_is(ms_str_c(service->operations), "sns") &&
      ms_str_has_suffix(out->code, "Exception")) {
    out->code.len -= strlen("Exception");
  }
  out->is_modelled = has_exception(service, out->type) && has_exception(service, out->code);
}

static struct ms_json error_name(const struct ms_task_service_request *call,
                                 const struct failure *failure)
{
  const struct ms_task_service *service = call->service;
  const char *prefix = call->is_sdk ? service->sdk2 : service->prefix;
  if (!failure->is_modelled) {
    return call->is_sdk ? ms_json_stringf("%s.%sException", prefix, service->sdk2)
                        : ms_json_stringf("%s.%s", prefix, service->unmodelled);
  }
  return ms_json_stringf("%s.%.*s%s", prefix, MS_STR_ARG(failure->type),
                         ms_str_has_suffix(failure->type, "Exception") ? "" : "Exception");
}

static struct ms_json cause_text(const struct ms_task_service_request *call,
                                 const struct failure *failure, int status, const char *request_id)
{
  const struct ms_task_service *service = call->service;
  if (call->is_sdk) {
    return ms_json_stringf(
        "%.*s (Service: %s, Status Code: %d, Request ID: %s) (SDK Attempt Count: 1)",
        MS_STR_ARG(failure->message), service->sdk2, status, request_id);
  }
  return ms_json_stringf("%.*s (Service: %s; Status Code: %d; Error Code: %.*s; Request ID: %s; "
                         "Proxy: null)",
                         MS_STR_ARG(failure->message), service->sdk1, status,
                         MS_STR_ARG(failure->code), request_id);
}

void ms_task_service_fail(struct ms_tasks *tasks, struct ms_task *task,
                          const struct ms_task_service_request *call,
                          const struct ms_task_reply *reply)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct failure failure;
  char request_id[37];
  ms_random_uuid(tasks->random, request_id);
  if (ms_json_parse(&value, reply->text, NULL, NULL) != 0) {
    value = MS_JSON_VALUE_NONE;
  }
  read_failure(&failure, call->service, value);
  struct ms_json error = error_name(call, &failure);
  struct ms_json cause = cause_text(call, &failure, reply->http_status, request_id);
  ms_task_fail(tasks, task, error, cause);
  ms_json_unref(error);
  ms_json_unref(cause);
  ms_json_unref(value);
}
