/* A queue's message as the function gets it: SQS's members, spelled and ordered as Lambda does. */
#include "base/digest.h"
#include "base/error.h"
#include "source/source_queue.h"

static int put_text(struct ms_json *out, const char *name, struct ms_str text)
{
  return text.data == NULL || text.len == 0 ? MSTEP_OK
                                            : ms_json_setc(out, name, ms_json_string(text));
}

static int put_ms(struct ms_json *out, const char *name, int64_t at_ms)
{
  return ms_json_setc(out, name, ms_json_stringf("%lld", (long long)at_ms));
}

static int put_attributes(struct ms_json *record, const struct ms_mapping *mapping,
                          const struct ms_queue_received *message)
{
  struct ms_json out = ms_json_object(8);
  int err = ms_json_setc(&out, "ApproximateReceiveCount", ms_json_stringf("%u", message->receives));
  err = err != 0 ? err : put_text(&out, "AWSTraceHeader", message->trace);
  err = err != 0 ? err : put_ms(&out, "SentTimestamp", message->sent_at_ms);
  err = err != 0 ? err : put_text(&out, "SequenceNumber", ms_str_c(message->sequence));
  err = err != 0 ? err : put_text(&out, "MessageGroupId", message->group);
  err = err != 0 ? err : put_text(&out, "SenderId", ms_str_c(mapping->sources->env->account));
  err = err != 0 ? err : put_text(&out, "MessageDeduplicationId", message->deduplication);
  err =
      err != 0 ? err : put_ms(&out, "ApproximateFirstReceiveTimestamp", message->first_received_ms);
  err = err != 0 ? err : put_text(&out, "DeadLetterQueueSourceArn", message->dead_letter_source);
  if (err != 0) {
    ms_json_unref(out);
    return err;
  }
  return ms_json_setc(record, "attributes", out);
}

/* {"DataType", "StringValue" | "BinaryValue"} with small letters, and lists that SQS does not have. */
static struct ms_json lower(struct ms_json value)
{
  static const char *const names[][2] = {{"StringValue", "stringValue"},
                                         {"BinaryValue", "binaryValue"}};
  struct ms_json out = ms_json_object(4);
  int err = ms_json_is_none(out) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < 2 && err == 0; i++) {
    struct ms_json text = ms_json_getc(value, names[i][0]);
    err = ms_json_is_none(text) ? MSTEP_OK : ms_json_setc(&out, names[i][1], ms_json_ref(text));
  }
  err = err != 0 ? err : ms_json_setc(&out, "stringListValues", ms_json_array(0));
  err = err != 0 ? err : ms_json_setc(&out, "binaryListValues", ms_json_array(0));
  err =
      err != 0 ? err : ms_json_setc(&out, "dataType", ms_json_ref(ms_json_getc(value, "DataType")));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* Without attributes Lambda's batching window writes a null hash, and its plain poller none. */
static int put_message_attributes(struct ms_json *record, const struct ms_mapping *mapping,
                                  struct ms_json attributes)
{
  char md5[33];
  struct ms_json out = ms_json_object(ms_json_count(attributes));
  int err = ms_json_is_none(out) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(attributes) && err == 0; i++) {
    err = ms_json_set_key(&out, ms_json_key_value(attributes, i),
                          lower(ms_json_member(attributes, i)));
  }
  if (err != 0) {
    ms_json_unref(out);
    return err;
  }
  err = ms_json_setc(record, "messageAttributes", out);
  if (err == 0 && ms_json_count(attributes) > 0) {
    err = ms_queue_attributes_md5(md5, attributes);
    err = err != 0 ? err : ms_json_setc(record, "md5OfMessageAttributes", ms_json_cstring(md5));
  } else if (err == 0 && mapping->settings.window_ms > 0) {
    err = ms_json_setc(record, "md5OfMessageAttributes", MS_JSON_VALUE_NULL);
  }
  return err;
}

struct ms_json ms_queue_record(const struct ms_mapping *mapping,
                               const struct ms_queue_received *message)
{
  const struct ms_driver_env *env = mapping->sources->env;
  char md5[MS_DIGEST_HEX_SIZE];
  struct ms_json out = ms_json_object(10);
  int err = ms_json_setc(&out, "messageId", ms_json_cstring(message->id));
  err = err != 0 ? err : ms_json_setc(&out, "receiptHandle", ms_json_cstring(message->handle));
  err = err != 0 ? err : ms_json_setc(&out, "body", ms_json_string(message->body));
  err = err != 0 ? err : put_attributes(&out, mapping, message);
  err = err != 0 ? err : put_message_attributes(&out, mapping, message->attributes);
  err = err != 0 ? err : ms_digest_hex(md5, MS_STR("MD5"), message->body);
  err = err != 0 ? err : ms_json_setc(&out, "md5OfBody", ms_json_cstring(md5));
  err = err != 0 ? err : ms_json_setc(&out, "eventSource", ms_json_cstring("aws:sqs"));
  err = err != 0 ? err : ms_json_setc(&out, "eventSourceARN", ms_json_string(mapping->source_arn));
  err = err != 0 ? err : ms_json_setc(&out, "awsRegion", ms_json_cstring(env->region));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}
