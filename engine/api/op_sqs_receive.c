/* ReceiveMessage: answered when there are messages, or when there were none for as long as was
 * asked for. */
#include <inttypes.h>

#include "api/sqs.h"
#include "base/digest.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_SQS_MEMBER_TEXT("QueueUrl"),
                                               MS_SQS_MEMBER_INT("MaxNumberOfMessages"),
                                               MS_SQS_MEMBER_INT("VisibilityTimeout"),
                                               MS_SQS_MEMBER_INT("WaitTimeSeconds"),
                                               MS_SQS_MEMBER_LIST("MessageSystemAttributeNames"),
                                               MS_SQS_MEMBER_LIST("AttributeNames"),
                                               MS_SQS_MEMBER_LIST("MessageAttributeNames"),
                                               MS_SQS_MEMBER_TEXT("ReceiveRequestAttemptId"),
                                               MS_MEMBER_END};

/* ---- what was asked to see ---- */

static bool is_in(struct ms_json names, const char *name)
{
  for (size_t i = 0; i < ms_json_count(names); i++) {
    struct ms_str one = ms_json_text(ms_json_at(names, i));
    if (ms_str_is(one, name) || ms_str_is(one, "All")) {
      return true;
    }
  }
  return false;
}

static bool is_asked(const struct ms_api_call *call, const char *name)
{
  return is_in(ms_api_get(call, "MessageSystemAttributeNames"), name) ||
         is_in(ms_api_get(call, "AttributeNames"), name);
}

/* "All", ".*", "prefix.*", or the name itself. */
static bool is_attribute_asked(struct ms_json names, struct ms_str name)
{
  for (size_t i = 0; i < ms_json_count(names); i++) {
    struct ms_str one = ms_json_text(ms_json_at(names, i));
    bool is_prefix = ms_str_has_suffix(one, ".*");
    if (ms_str_is(one, "All") || ms_str_eq(one, name) ||
        (is_prefix &&
         ms_str_eq(ms_str_sub(name, 0, one.len - 2), ms_str_sub(one, 0, one.len - 2)))) {
      return true;
    }
  }
  return false;
}

/* ---- a message ---- */

static int put_system(struct ms_json *out, const struct ms_api_call *call, const char *name,
                      struct ms_str value)
{
  return value.len == 0 || !is_asked(call, name) ? MSTEP_OK
                                                 : ms_json_setc(out, name, ms_json_string(value));
}

static int put_system_number(struct ms_json *out, const struct ms_api_call *call, const char *name,
                             int64_t value)
{
  return is_asked(call, name) ? ms_json_setc(out, name, ms_json_stringf("%" PRId64, value))
                              : MSTEP_OK;
}

static int put_system_attributes(struct ms_json *out, const struct ms_api_call *call,
                                 const struct ms_queue_received *message)
{
  const char *account = ms_queues_env(ms_sqs(call))->account;
  struct ms_json all = ms_json_object(9);
  int err = put_system(&all, call, "SenderId", ms_str_c(account));
  err = err != 0 ? err : put_system_number(&all, call, "SentTimestamp", message->sent_at_ms);
  err =
      err != 0 ? err : put_system_number(&all, call, "ApproximateReceiveCount", message->receives);
  err = err != 0 ? err
                 : put_system_number(&all, call, "ApproximateFirstReceiveTimestamp",
                                     message->first_received_ms);
  err = err != 0 ? err : put_system(&all, call, "SequenceNumber", ms_str_c(message->sequence));
  err = err != 0 ? err : put_system(&all, call, "MessageDeduplicationId", message->deduplication);
  err = err != 0 ? err : put_system(&all, call, "MessageGroupId", message->group);
  err = err != 0 ? err : put_system(&all, call, "AWSTraceHeader", message->trace);
  err = err != 0 ? err
                 : put_system(&all, call, "DeadLetterQueueSourceArn", message->dead_letter_source);
  if (err == 0 && ms_json_count(all) > 0) {
    err = ms_json_setc(out, "Attributes", ms_json_ref(all));
  }
  ms_json_unref(all);
  return err;
}

/* The hash is that of what is shown. */
static int put_attributes(struct ms_json *out, const struct ms_api_call *call,
                          struct ms_json attributes)
{
  struct ms_json names = ms_api_get(call, "MessageAttributeNames"), shown = ms_json_object(4);
  char md5[33];
  int err = ms_json_is_none(shown) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(attributes) && err == 0; i++) {
    if (is_attribute_asked(names, ms_json_key(attributes, i))) {
      err = ms_json_set(&shown, ms_json_key(attributes, i),
                        ms_json_ref(ms_json_member(attributes, i)));
    }
  }
  if (err == 0 && ms_json_count(shown) > 0) {
    err = ms_queue_attributes_md5(md5, shown);
    err = err != 0 ? err : ms_json_setc(out, "MD5OfMessageAttributes", ms_json_cstring(md5));
    err = err != 0 ? err : ms_json_setc(out, "MessageAttributes", ms_json_ref(shown));
  }
  ms_json_unref(shown);
  return err;
}

static int put_message(struct ms_json *list, const struct ms_api_call *call,
                       const struct ms_queue_received *message)
{
  char md5[MS_DIGEST_HEX_SIZE];
  struct ms_json out = ms_json_object(7);
  int err = ms_json_setc(&out, "MessageId", ms_json_cstring(message->id));
  err = err != 0 ? err : ms_json_setc(&out, "ReceiptHandle", ms_json_cstring(message->handle));
  err = err != 0 ? err : ms_digest_hex(md5, MS_STR("MD5"), message->body);
  err = err != 0 ? err : ms_json_setc(&out, "MD5OfBody", ms_json_cstring(md5));
  err = err != 0 ? err : ms_json_setc(&out, "Body", ms_json_string(message->body));
  err = err != 0 ? err : put_system_attributes(&out, call, message);
  err = err != 0 ? err : put_attributes(&out, call, message->attributes);
  if (err != 0) {
    ms_json_unref(out);
    return err;
  }
  return ms_json_push(list, out);
}

static int answer(struct ms_api_call *call, const struct ms_queue_received *messages, size_t count)
{
  if (count == 0) {
    return ms_api_reply_text(call, MS_STR("{}"));
  }
  struct ms_json list = ms_json_array(count);
  int err = MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = put_message(&list, call, &messages[i]);
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  return ms_api_reply_json(call, ms_api_object("Messages", list));
}

static void received(int code, const struct ms_queue_received *messages, size_t count, void *arg)
{
  struct ms_api_call *call = arg;
  if (code == MSTEP_ENOTFOUND) {
    ms_sqs_fail_f(call, "QueueDoesNotExist", "The specified queue does not exist.");
    return;
  }
  int err = code != 0 ? code : answer(call, messages, count);
  if (err != 0) {
    ms_api_fail_code(call, err);
  }
}

/* ---- the request ---- */

static bool check(struct ms_api_call *call)
{
  int64_t max = ms_api_int(call, "MaxNumberOfMessages", 1);
  if (max < 1 || max > MS_QUEUE_MAX_MESSAGES) {
    ms_sqs_fail_f(call, "InvalidParameterValueException",
                  "Value %" PRId64 " for parameter MaxNumberOfMessages is invalid. Reason: Must be "
                  "between 1 and 10, if provided.",
                  max);
    return false;
  }
  return ms_sqs_in_range(call, "VisibilityTimeout", 0, 43200) &&
         ms_sqs_in_range(call, "WaitTimeSeconds", 0, 20);
}

/* The client has left: its messages are for somebody else. */
static void cancel(struct ms_api_call *call, void *receive)
{
  ms_queue_receive_cancel(receive);
  ms_api_reply_text(call, MS_STR("{}"));
}

static int run(struct ms_api_call *call)
{
  struct ms_queue_receive *receive;
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_queue *queue = ms_sqs_queue(call);
  if (queue == NULL || !check(call)) {
    return MSTEP_OK;
  }
  int64_t wait_s = ms_api_int(call, "WaitTimeSeconds", -1);
  const struct ms_queue_request request = {
      .max = (unsigned)ms_api_int(call, "MaxNumberOfMessages", 1),
      .visibility_s = ms_api_int(call, "VisibilityTimeout", -1),
      .wait_ms = wait_s < 0 ? -1 : wait_s * 1000,
      .attempt = ms_api_text(call, "ReceiveRequestAttemptId"),
  };
  int err = ms_queue_receive(queue, &request, &receive, &why, received, call);
  if (err == 0) {
    ms_api_on_cancel(call, cancel, receive);
  }
  return ms_sqs_refuse(call, err, &why);
}

const struct ms_op ms_op_sqs_receive = {members, run};
