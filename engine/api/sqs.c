/* What the operations of SQS have in common. */
#include "api/sqs.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/error.h"

struct ms_queues *ms_sqs(const struct ms_api_call *call)
{
  return ms_engine_driver(ms_api_engine(call), &ms_queues_driver);
}

/* ---- refusals ---- */

static const struct {
  const char *name;
  enum ms_api_error error;
} refusals[] = {
    {"QueueDoesNotExist", MS_API_ERROR_SQS_QUEUE_DOES_NOT_EXIST},
    {"QueueNameExists", MS_API_ERROR_SQS_QUEUE_NAME_EXISTS},
    {"QueueDeletedRecently", MS_API_ERROR_SQS_QUEUE_DELETED_RECENTLY},
    {"InvalidParameterValueException", MS_API_ERROR_INVALID_PARAMETER_VALUE},
    {"MissingRequiredParameterException", MS_API_ERROR_SQS_MISSING_PARAMETER},
    {"InvalidAttributeName", MS_API_ERROR_SQS_INVALID_ATTRIBUTE_NAME},
    {"InvalidAttributeValue", MS_API_ERROR_SQS_INVALID_ATTRIBUTE_VALUE},
    {"InvalidMessageContents", MS_API_ERROR_SQS_INVALID_MESSAGE_CONTENTS},
    {"ReceiptHandleIsInvalid", MS_API_ERROR_SQS_RECEIPT_HANDLE_IS_INVALID},
    {"MessageNotInflight", MS_API_ERROR_SQS_MESSAGE_NOT_IN_FLIGHT},
    {"OverLimit", MS_API_ERROR_SQS_OVER_LIMIT},
    {"PurgeQueueInProgress", MS_API_ERROR_SQS_PURGE_QUEUE_IN_PROGRESS},
    {"UnsupportedOperation", MS_API_ERROR_SQS_UNSUPPORTED_OPERATION},
    {"ResourceNotFoundException", MS_API_ERROR_SQS_RESOURCE_NOT_FOUND},
    {"BatchEntryIdsNotDistinct", MS_API_ERROR_SQS_BATCH_ENTRY_IDS_NOT_DISTINCT},
    {"BatchRequestTooLong", MS_API_ERROR_SQS_BATCH_REQUEST_TOO_LONG},
    {"EmptyBatchRequest", MS_API_ERROR_SQS_EMPTY_BATCH_REQUEST},
    {"InvalidBatchEntryId", MS_API_ERROR_SQS_INVALID_BATCH_ENTRY_ID},
    {"TooManyEntriesInBatchRequest", MS_API_ERROR_SQS_TOO_MANY_ENTRIES},
    {"InvalidAddress", MS_API_ERROR_SQS_INVALID_ADDRESS},
};

int ms_sqs_refuse(struct ms_api_call *call, int err, const struct ms_queue_refusal *why)
{
  for (size_t i = 0; err == MSTEP_EINVALID && i < sizeof refusals / sizeof *refusals; i++) {
    if (why->name != NULL && strcmp(why->name, refusals[i].name) == 0) {
      return ms_api_fail(call, refusals[i].error, ms_str_c(why->text));
    }
  }
  return err;
}

int ms_sqs_fail_f(struct ms_api_call *call, const char *name, const char *format, ...)
{
  struct ms_queue_refusal why = {.name = name};
  va_list args;
  va_start(args, format);
  vsnprintf(why.text, sizeof why.text, format, args);
  va_end(args);
  return ms_sqs_refuse(call, MSTEP_EINVALID, &why);
}

bool ms_sqs_has(struct ms_api_call *call, const char *name)
{
  if (!ms_api_has(call, name)) {
    ms_sqs_fail_f(call, "MissingRequiredParameterException",
                  "The request must contain the parameter %s.", name);
    return false;
  }
  return true;
}

bool ms_sqs_in_range(struct ms_api_call *call, const char *name, int64_t min, int64_t max)
{
  int64_t value = ms_api_int(call, name, min);
  if (value < min || value > max) {
    ms_sqs_fail_f(call, "InvalidParameterValueException",
                  "Value %" PRId64 " for parameter %s is invalid. Reason: Must be >= %" PRId64
                  " and <= %" PRId64 ", if provided.",
                  value, name, min, max);
    return false;
  }
  return true;
}

/* ---- queues ---- */

struct ms_queue *ms_sqs_queue(struct ms_api_call *call)
{
  struct ms_str url = ms_api_text(call, "QueueUrl");
  if (!ms_sqs_has(call, "QueueUrl")) {
    return NULL;
  }
  struct ms_queue *queue = ms_queue_at(ms_sqs(call), url);
  if (queue == NULL && ms_str_find(url, 0, '/') == url.len) {
    ms_sqs_fail_f(call, "InvalidAddress", "The address %.*s is not valid for this endpoint.",
                  url.len > 200 ? 200 : (int)url.len, url.data);
  } else if (queue == NULL) {
    ms_sqs_fail_f(call, "QueueDoesNotExist", "The specified queue does not exist.");
  }
  return queue;
}

struct ms_json ms_sqs_url(const struct ms_api_call *call, struct ms_str queue_name)
{
  const struct ms_driver_env *env = ms_queues_env(ms_sqs(call));
  if (env->base_url != NULL && env->base_url[0] != '\0') {
    return ms_json_stringf("%s/%s/%.*s", env->base_url, env->account, MS_STR_ARG(queue_name));
  }
  return ms_json_stringf("https://sqs.%s.amazonaws.com/%s/%.*s", env->region, env->account,
                         MS_STR_ARG(queue_name));
}

static int reply_nothing(struct ms_api_call *call)
{
  return ms_api_reply_text(call, MS_STR("{}"));
}

int ms_sqs_done(struct ms_api_call *call)
{
  return ms_api_accept(call, reply_nothing);
}

/* ---- pages ---- */

static int put_token(struct ms_json *page, struct ms_str name)
{
  struct ms_buf token;
  ms_buf_init(&token, 0);
  ms_base64_encode(&token, name);
  int err = token.error != 0 ? token.error
                             : ms_json_setc(page, "NextToken", ms_json_string(ms_buf_view(&token)));
  ms_buf_deinit(&token);
  return err;
}

static int fill_page(struct ms_json *page, struct ms_api_call *call, const char *member,
                     struct ms_json names, bool has_more)
{
  size_t count = ms_json_count(names);
  struct ms_json urls = ms_json_array(count);
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = ms_json_push(&urls, ms_sqs_url(call, ms_json_text(ms_json_at(names, i))));
  }
  if (err == 0 && has_more) {
    err = put_token(page, ms_json_text(ms_json_at(names, count - 1)));
  }
  if (err != 0 ||
      (count == 0 && strcmp(member, "QueueUrls") == 0)) { /* absent when there is none */
    ms_json_unref(urls);
    return err;
  }
  return ms_json_setc(page, member, urls);
}

int ms_sqs_page(struct ms_api_call *call, const char *member, struct ms_json names, bool has_more)
{
  struct ms_json page = ms_json_object(2);
  int err = fill_page(&page, call, member, names, has_more);
  ms_json_unref(names);
  if (err != 0) {
    ms_json_unref(page);
    return err;
  }
  return ms_api_reply_json(call, page);
}

bool ms_sqs_after(struct ms_api_call *call, struct ms_buf *out)
{
  struct ms_str token = ms_api_text(call, "NextToken");
  int err = token.data == NULL ? MSTEP_OK : ms_base64_decode(out, token);
  if (err == MSTEP_ENOMEM) {
    ms_api_fail_code(call, err);
  } else if (err != 0) {
    ms_sqs_fail_f(call, "InvalidParameterValueException", "Invalid or expired next token.");
  }
  return err == 0;
}
