/* A message as SendMessage and its batch have it. */
#include <stdio.h>

#include "api/sqs.h"
#include "base/error.h"

static struct ms_str text_of(struct ms_json request, const char *name)
{
  struct ms_json value = ms_json_getc(request, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

/* The one system attribute that may be sent. */
static int read_trace(struct ms_str *out, struct ms_json attributes, struct ms_queue_refusal *why)
{
  for (size_t i = 0; i < ms_json_count(attributes); i++) {
    struct ms_str name = ms_json_key(attributes, i);
    if (!ms_str_is(name, "AWSTraceHeader")) {
      why->name = "InvalidParameterValueException";
      snprintf(why->text, sizeof why->text, "Message system attribute name '%.*s' is invalid.",
               name.len > 128 ? 128 : (int)name.len, name.data);
      return MSTEP_EINVALID;
    }
    *out = text_of(ms_json_member(attributes, i), "StringValue");
  }
  return MSTEP_OK;
}

static int put_text(struct ms_json *out, const char *name, const char *text)
{
  return text[0] == '\0' ? MSTEP_OK : ms_json_setc(out, name, ms_json_cstring(text));
}

static int describe(struct ms_json *out, const struct ms_queue_sent *sent)
{
  int err = put_text(out, "MD5OfMessageBody", sent->body_md5);
  err = err != 0 ? err : put_text(out, "MD5OfMessageAttributes", sent->attributes_md5);
  err = err != 0 ? err : put_text(out, "MD5OfMessageSystemAttributes", sent->trace_md5);
  err = err != 0 ? err : put_text(out, "MessageId", sent->id);
  return err != 0 ? err : put_text(out, "SequenceNumber", sent->sequence);
}

int ms_sqs_send(struct ms_json *out, struct ms_queue *queue, struct ms_json request,
                struct ms_queue_refusal *why)
{
  int64_t delay_s = -1;
  struct ms_queue_sent sent;
  struct ms_json delay = ms_json_getc(request, "DelaySeconds");
  if (ms_json_to_int(&delay_s, delay) && delay_s == -1) {
    delay_s = INT64_MIN; /* -1 stands for none */
  }
  struct ms_queue_message message = {
      .body = text_of(request, "MessageBody"),
      .attributes = ms_json_getc(request, "MessageAttributes"),
      .group = text_of(request, "MessageGroupId"),
      .deduplication = text_of(request, "MessageDeduplicationId"),
      .delay_s = delay_s,
  };
  int err = read_trace(&message.trace, ms_json_getc(request, "MessageSystemAttributes"), why);
  err = err != 0 ? err : ms_queue_send(queue, &message, &sent, why, NULL, NULL);
  return err != 0 ? err : describe(out, &sent);
}
