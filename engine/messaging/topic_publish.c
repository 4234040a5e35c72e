/* Publishing: what a subscriber gets of a message, in which form, and by which retries. */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"
#include "messaging/topic_internal.h"

#define MESSAGE_MAX ((size_t)256 * 1024)
#define BATCH_MAX 10
#define HOUR_MS 3600000

/* A message on its way to the subscriptions of a topic. */
struct message {
  struct ms_topics *topics;
  const struct ms_topic *topic;
  struct ms_str text, subject, group, deduplication;
  struct ms_json attributes; /* in SQS's form */
  struct ms_json forms;      /* MessageStructure json: {protocol: text} */
  char id[37], time[MS_TIME_TEXT_SIZE], sequence[24], hash[MS_DIGEST_HEX_SIZE];
  struct ms_topic_recent *recent; /* of FIFO topics */
  bool is_known;                  /* it was published before: id and sequence are that one's */
};

/* ---- forms ---- */

static void put_member(struct ms_buf *out, const char *name, struct ms_str text)
{
  ms_buf_printf(out, "%s\"%s\":", out->len > 0 && out->data[out->len - 1] == '{' ? "" : ",", name);
  ms_json_print_string(out, text);
}

static void put_attributes(struct ms_buf *out, struct ms_json attributes)
{
  ms_buf_cstr(out, ",\"MessageAttributes\":{");
  for (size_t i = 0; i < ms_json_count(attributes); i++) {
    struct ms_json value = ms_json_member(attributes, i);
    struct ms_str text = ms_topic_text(value, "StringValue");
    ms_buf_cstr(out, i == 0 ? "" : ",");
    ms_json_print_string(out, ms_json_key(attributes, i));
    ms_buf_cstr(out, ":{");
    put_member(out, "Type", ms_topic_text(value, "DataType"));
    put_member(out, "Value", text.data != NULL ? text : ms_topic_text(value, "BinaryValue"));
    ms_buf_char(out, '}');
  }
  ms_buf_char(out, '}');
}

/* Where the service is reached: this engine's address, or AWS's when it has none. */
static void put_address(struct ms_buf *out, const struct ms_driver_env *env)
{
  if (env->base_url != NULL && env->base_url[0] != '\0') {
    ms_buf_cstr(out, env->base_url);
  } else {
    ms_buf_printf(out, "https://sns.%s.amazonaws.com", env->region);
  }
}

/*
 * There is no key that a receiver could trust, so nothing is signed: the members are there, with a signature that
 * is the base64 of "not signed" and the address of a certificate that does not exist.
 */
static void put_signature(struct ms_buf *out, const struct ms_topics *topics, bool is_event)
{
  struct ms_buf url;
  ms_buf_init(&url, 0);
  ms_buf_printf(&url, "https://sns.%s.amazonaws.com/SimpleNotificationService.pem",
                topics->env->region);
  put_member(out, "SignatureVersion", MS_STR("1"));
  put_member(out, "Signature", MS_STR("bm90IHNpZ25lZA=="));
  put_member(out, is_event ? "SigningCertUrl" : "SigningCertURL", ms_buf_view(&url));
  out->error = out->error != 0 ? out->error : url.error;
  ms_buf_deinit(&url);
}

static void put_origin(struct ms_buf *out, const struct message *message,
                       const struct ms_subscription *to, bool is_event)
{
  struct ms_buf url;
  ms_buf_init(&url, 0);
  put_member(out, "Timestamp", ms_str_c(message->time));
  if (!message->topic->is_fifo) {
    put_signature(out, message->topics, is_event);
  }
  put_address(&url, message->topics->env);
  ms_buf_printf(&url, "/?Action=Unsubscribe&SubscriptionArn=%.*s&Version=2010-03-31",
                MS_STR_ARG(to->arn));
  put_member(out, is_event ? "UnsubscribeUrl" : "UnsubscribeURL", ms_buf_view(&url));
  out->error = out->error != 0 ? out->error : url.error;
  ms_buf_deinit(&url);
}

static void put_envelope(struct ms_buf *out, const struct message *message, struct ms_str text,
                         const struct ms_subscription *to, bool is_event)
{
  ms_buf_char(out, '{');
  put_member(out, "Type", MS_STR("Notification"));
  put_member(out, "MessageId", ms_str_c(message->id));
  if (message->sequence[0] != '\0') {
    put_member(out, "SequenceNumber", ms_str_c(message->sequence));
  }
  put_member(out, "TopicArn", message->topic->arn);
  if (message->subject.data != NULL) {
    put_member(out, "Subject", message->subject);
  } else if (is_event) {
    ms_buf_cstr(out, ",\"Subject\":null");
  }
  put_member(out, "Message", text);
  put_origin(out, message, to, is_event);
  if (is_event || ms_json_count(message->attributes) > 0) {
    put_attributes(out, message->attributes);
  }
  ms_buf_char(out, '}');
}

static void put_headers(struct ms_buf *out, const char *type, const char *id, struct ms_str topic,
                        const struct ms_subscription *to)
{
  ms_buf_char(out, '{');
  put_member(out, "x-amz-sns-message-type", ms_str_c(type));
  put_member(out, "x-amz-sns-message-id", ms_str_c(id));
  put_member(out, "x-amz-sns-topic-arn", topic);
  if (to->token.data == NULL) {
    put_member(out, "x-amz-sns-subscription-arn", to->arn);
  }
  if (to->is_raw) {
    put_member(out, "x-amz-sns-rawdelivery", MS_STR("true"));
  }
  put_member(out, "Content-Type", MS_STR("text/plain; charset=UTF-8"));
  put_member(out, "User-Agent", MS_STR("Amazon Simple Notification Service Agent"));
  ms_buf_char(out, '}');
}

static struct ms_relay_policy policy_of(const struct ms_subscription *to)
{
  if (ms_str_has_prefix(to->protocol, "http")) {
    return (struct ms_relay_policy){MS_RELAY_LINEAR, 3, HOUR_MS, 20000, 20000};
  }
  return (struct ms_relay_policy){MS_RELAY_PHASES, 100015, 0, 1000, 20000};
}

/* ---- one subscriber ---- */

static struct ms_json dead_letter_of(const struct ms_subscription *to)
{
  struct ms_json policy = MS_JSON_VALUE_NONE;
  struct ms_str text = ms_topic_text(to->attributes, "RedrivePolicy");
  if (text.len > 0 && ms_json_parse(&policy, text, NULL, NULL) != 0) {
    policy = MS_JSON_VALUE_NONE;
  }
  return policy;
}

static int stage(const struct message *message, struct ms_batch *batch,
                 const struct ms_subscription *to)
{
  struct ms_buf body, headers, attributes;
  struct ms_json policy = dead_letter_of(to);
  struct ms_str form = ms_json_text(ms_json_get(message->forms, to->protocol));
  struct ms_str text = form.data != NULL && form.len > 0 ? form : message->text;
  bool is_function = ms_str_is(to->protocol, "lambda");
  bool is_http = ms_str_has_prefix(to->protocol, "http");
  ms_buf_init(&body, 0);
  ms_buf_init(&headers, 0);
  ms_buf_init(&attributes, 0);
  if (is_function) {
    ms_buf_cstr(&body, "{\"Records\":[{\"EventSource\":\"aws:sns\",\"EventVersion\":\"1.0\"");
    put_member(&body, "EventSubscriptionArn", to->arn);
    ms_buf_cstr(&body, ",\"Sns\":");
  }
  if (to->is_raw && !is_function) {
    ms_buf_str(&body, text);
    ms_json_print(&attributes, message->attributes);
  } else {
    put_envelope(&body, message, text, to, is_function);
  }
  ms_buf_cstr(&body, is_function ? "}]}" : "");
  if (is_http) {
    put_headers(&headers, "Notification", message->id, message->topic->arn, to);
  }
  const struct ms_relay_entry entry = {.delivery = {.target = to->endpoint,
                                                    .body = ms_buf_view(&body),
                                                    .attributes = ms_buf_view(&attributes),
                                                    .headers = ms_buf_view(&headers),
                                                    .group = message->group,
                                                    .deduplication = message->deduplication,
                                                    .lineage = message->topics->lineage,
                                                    .reason = to->arn},
                                       .policy = policy_of(to),
                                       .dead_letter = ms_topic_text(policy, "deadLetterTargetArn")};
  int err = body.error != 0 ? body.error : headers.error != 0 ? headers.error : attributes.error;
  err = err != 0 ? err : ms_relay_add(message->topics->relay, batch, &entry);
  ms_json_unref(policy);
  ms_buf_deinit(&body);
  ms_buf_deinit(&headers);
  ms_buf_deinit(&attributes);
  return err;
}

static int spread(const struct message *message, struct ms_batch *batch)
{
  int err = MSTEP_OK;
  for (struct ms_subscription *to = message->topic->subscriptions; to != NULL && err == 0;
       to = to->next) {
    bool is_wanted = to->token.data == NULL;
    if (is_wanted && to->policy != NULL) {
      err = ms_policy_match(&is_wanted, to->policy, message->attributes, message->text);
    }
    if (err == 0 && is_wanted) {
      err = stage(message, batch, to);
    }
  }
  return err;
}

/* One change. */
static int send_all(struct ms_topics *topics, int (*stage_it)(void *arg, struct ms_batch *batch),
                    void *arg)
{
  const struct ms_ledger *ledger = &topics->env->ledger;
  struct ms_batch *batch = NULL;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  err = stage_it(arg, batch);
  if (err != 0 && batch != NULL) {
    batch->error = batch->error != 0 ? batch->error : err;
  }
  int end = ledger->end(ledger->user);
  err = err != 0 ? err : end;
  if (err != 0) {
    ms_relay_rollback(topics->relay);
  } else {
    ms_relay_commit(topics->relay);
  }
  return err;
}

/* ---- Publish ---- */

static size_t size_of(const struct message *message)
{
  size_t size = message->text.len;
  for (size_t i = 0; i < ms_json_count(message->attributes); i++) {
    struct ms_json value = ms_json_member(message->attributes, i);
    size += ms_json_key(message->attributes, i).len + ms_topic_text(value, "DataType").len +
            ms_topic_text(value, "StringValue").len + ms_topic_text(value, "BinaryValue").len;
  }
  return size;
}

static int read_structure(struct message *message, struct ms_json request,
                          struct ms_queue_refusal *why)
{
  if (!ms_str_is(ms_topic_text(request, "MessageStructure"), "json")) {
    return MSTEP_OK;
  }
  int err = ms_json_parse(&message->forms, message->text, NULL, NULL);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  if (err != 0) {
    message->forms = MS_JSON_VALUE_NONE;
    return ms_refuse(why, "InvalidParameterException",
                     "Invalid parameter: Message Structure - JSON message body failed to parse");
  }
  message->text = ms_topic_text(message->forms, "default");
  return message->text.data != NULL
             ? MSTEP_OK
             : ms_refuse(why, "InvalidParameterException",
                         "Invalid parameter: Message Structure - No default entry in JSON message "
                         "body");
}

static void new_sequence(struct message *message)
{
  struct ms_topics *topics = message->topics;
  int64_t floor = ms_loop_now_ms(topics->env->loop) << 20;
  topics->sequence = topics->sequence >= floor ? topics->sequence + 1 : floor;
  snprintf(message->sequence, sizeof message->sequence, "1%019" PRId64, topics->sequence);
}

/* Is it one that was published in the last five minutes? */
static int note_recent(struct message *message)
{
  struct ms_buf key;
  ms_buf_init(&key, 0);
  int err = ms_topic_recent_key(&key, message->topic, message->group, message->deduplication);
  const struct ms_topic_recent *known =
      err != 0 ? NULL : ms_topic_recent_find(message->topics, ms_buf_view(&key));
  if (known != NULL) {
    message->is_known = true;
    memcpy(message->id, known->id, sizeof message->id);
    memcpy(message->sequence, known->sequence, sizeof message->sequence);
  } else if (err == 0) {
    err = ms_topic_recent_add(&message->recent, message->topics, ms_buf_view(&key));
  }
  if (message->recent != NULL) {
    new_sequence(message);
    memcpy(message->recent->id, message->id, sizeof message->id);
    memcpy(message->recent->sequence, message->sequence, sizeof message->sequence);
  }
  ms_buf_deinit(&key);
  return err;
}

static int read_fifo(struct message *message, struct ms_queue_refusal *why)
{
  if (!message->topic->is_fifo) {
    return MSTEP_OK;
  }
  if (message->group.len == 0) {
    return ms_refuse(why, "InvalidParameterException",
                     "Invalid parameter: The MessageGroupId parameter is required for FIFO topics");
  }
  if (message->deduplication.len == 0) {
    if (!ms_str_is(ms_topic_text(message->topic->attributes, "ContentBasedDeduplication"),
                   "true")) {
      return ms_refuse(why, "InvalidParameterException",
                       "Invalid parameter: The topic should either have ContentBasedDeduplication "
                       "enabled or MessageDeduplicationId provided explicitly");
    }
    int err = ms_digest_hex(message->hash, MS_STR("SHA-256"), message->text);
    if (err != 0) {
      return err;
    }
    message->deduplication = ms_str_c(message->hash);
  }
  return note_recent(message);
}

/* forms is the caller's to drop, whatever is returned. */
static int read_message(struct message *out, struct ms_topics *topics, const struct ms_topic *topic,
                        struct ms_json request, struct ms_queue_refusal *why)
{
  *out = (struct message){.topics = topics,
                          .topic = topic,
                          .text = ms_topic_text(request, "Message"),
                          .subject = ms_topic_text(request, "Subject"),
                          .group = ms_topic_text(request, "MessageGroupId"),
                          .deduplication = ms_topic_text(request, "MessageDeduplicationId"),
                          .attributes = ms_json_getc(request, "MessageAttributes"),
                          .forms = MS_JSON_VALUE_NONE};
  ms_random_uuid(topics->env->random, out->id);
  ms_time_format_ms(out->time, ms_loop_now_ms(topics->env->loop));
  if (out->text.len == 0) {
    return ms_refuse(why, "InvalidParameterException", "Invalid parameter: Empty message");
  }
  if (size_of(out) > MESSAGE_MAX) {
    return ms_refuse(why, "InvalidParameterException", "Invalid parameter: Message too long");
  }
  if (out->subject.data != NULL && (out->subject.len == 0 || out->subject.len > 100)) {
    return ms_refuse(why, "InvalidParameterException", "Invalid parameter: Subject");
  }
  int err = read_structure(out, request, why);
  return err != 0 ? err : read_fifo(out, why);
}

static int stage_message(void *arg, struct ms_batch *batch)
{
  const struct message *message = arg;
  int err = message->recent == NULL ? MSTEP_OK : ms_topic_recent_put(batch, message->recent);
  return err != 0 ? err : spread(message, batch);
}

static int publish(struct ms_topics *topics, const struct ms_topic *topic, struct ms_json request,
                   struct ms_json *reply, struct ms_queue_refusal *why)
{
  struct message message;
  int err = read_message(&message, topics, topic, request, why);
  if (err == 0) {
    *reply = ms_json_object(3);
    err = ms_json_setc(reply, "MessageId", ms_json_cstring(message.id));
  }
  if (err == 0 && message.sequence[0] != '\0') {
    err = ms_json_setc(reply, "SequenceNumber", ms_json_cstring(message.sequence));
  }
  if (err == 0 && !message.is_known) {
    err = send_all(topics, stage_message, &message);
    topics->published += err == 0;
  }
  if (err != 0 && message.recent != NULL) {
    ms_topic_recent_take_back(topics, message.recent);
  } else if (message.recent != NULL) {
    topics->env->touch(topics->env->user); /* it runs out */
  }
  ms_json_unref(message.forms);
  return err;
}

void ms_topics_set_lineage(struct ms_topics *topics, struct ms_str lineage)
{
  topics->lineage = lineage;
}

int ms_topic_publish(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why)
{
  bool by_target = ms_json_is_none(ms_json_getc(request, "TopicArn"));
  struct ms_topic *topic =
      ms_topic_asked(topics, request, by_target ? "TargetArn" : "TopicArn", why);
  return topic == NULL ? MSTEP_EINVALID : publish(topics, topic, request, reply, why);
}

static int publish_entry(struct ms_topics *topics, const struct ms_topic *topic,
                         struct ms_json entry, struct ms_json *done, struct ms_json *failed)
{
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json item = MS_JSON_VALUE_NONE;
  int err = publish(topics, topic, entry, &item, &why);
  bool is_refused = err == MSTEP_EINVALID && why.name != NULL;
  if (is_refused) {
    ms_json_replace(&item, ms_json_object(4));
    err = ms_json_setc(&item, "Code", ms_json_cstring("InvalidParameter"));
    err |= ms_json_setc(&item, "Message", ms_json_stringf("%s", why.text));
    err |= ms_json_setc(&item, "SenderFault", ms_json_bool(true));
  }
  if (err == 0) {
    err = ms_json_setc(&item, "Id", ms_json_ref(ms_json_getc(entry, "Id")));
  }
  if (err != 0) {
    ms_json_unref(item);
    return err;
  }
  return ms_json_push(is_refused ? failed : done, item);
}

static int check_batch(struct ms_json entries, struct ms_queue_refusal *why)
{
  size_t count = ms_json_count(entries);
  if (count == 0) {
    return ms_refuse(why, "EmptyBatchRequestException",
                     "The batch request doesn't contain any entries.");
  }
  if (count > BATCH_MAX) {
    return ms_refuse(why, "TooManyEntriesInBatchRequestException",
                     "The batch request contains more entries than permissible (more than 10).");
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_str id = ms_topic_text(ms_json_at(entries, i), "Id");
    for (size_t k = 0; k < i; k++) {
      if (ms_str_eq(id, ms_topic_text(ms_json_at(entries, k), "Id"))) {
        return ms_refuse(why, "BatchEntryIdsNotDistinctException",
                         "Two or more batch entries in the request have the same Id.");
      }
    }
  }
  return MSTEP_OK;
}

int ms_topic_publish_batch(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why)
{
  struct ms_topic *topic = ms_topic_asked(topics, request, "TopicArn", why);
  struct ms_json entries = ms_json_getc(request, "PublishBatchRequestEntries");
  int err = topic == NULL ? MSTEP_EINVALID : check_batch(entries, why);
  if (err != 0) {
    return err;
  }
  struct ms_json done = ms_json_array(0), failed = ms_json_array(0);
  for (size_t i = 0; i < ms_json_count(entries) && err == 0; i++) {
    err = publish_entry(topics, topic, ms_json_at(entries, i), &done, &failed);
  }
  *reply = ms_json_object(2);
  int set = ms_json_setc(reply, "Successful", done);
  set |= ms_json_setc(reply, "Failed", failed);
  return err != 0 ? err : set;
}

/* ---- confirmation ---- */

static void put_confirmation(struct ms_buf *out, const struct ms_topics *topics,
                             const struct ms_subscription *to, const char *id)
{
  char time[MS_TIME_TEXT_SIZE];
  struct ms_str arn = to->topic->arn;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_time_format_ms(time, ms_loop_now_ms(topics->env->loop));
  ms_buf_char(out, '{');
  put_member(out, "Type", MS_STR("SubscriptionConfirmation"));
  put_member(out, "MessageId", ms_str_c(id));
  put_member(out, "Token", to->token);
  put_member(out, "TopicArn", arn);
  ms_buf_printf(
      &text,
      "You have chosen to subscribe to the topic %.*s.\nTo confirm the subscription, visit "
      "the SubscribeURL included in this message.",
      MS_STR_ARG(arn));
  put_member(out, "Message", ms_buf_view(&text));
  out->error = out->error != 0 ? out->error : text.error;
  ms_buf_reset(&text);
  put_address(&text, topics->env);
  ms_buf_printf(&text,
                "/?Action=ConfirmSubscription&TopicArn=%.*s&Token=%.*s&Version=2010-03-31",
                MS_STR_ARG(arn), MS_STR_ARG(to->token));
  put_member(out, "SubscribeURL", ms_buf_view(&text));
  out->error = out->error != 0 ? out->error : text.error;
  ms_buf_deinit(&text);
  put_member(out, "Timestamp", ms_str_c(time));
  put_signature(out, topics, false);
  ms_buf_char(out, '}');
}

struct confirmation {
  struct ms_topics *topics;
  const struct ms_subscription *to;
};

static int stage_confirmation(void *arg, struct ms_batch *batch)
{
  const struct confirmation *confirmation = arg;
  const struct ms_subscription *to = confirmation->to;
  char id[37];
  struct ms_buf body, headers;
  ms_buf_init(&body, 0);
  ms_buf_init(&headers, 0);
  ms_random_uuid(confirmation->topics->env->random, id);
  put_confirmation(&body, confirmation->topics, to, id);
  put_headers(&headers, "SubscriptionConfirmation", id, to->topic->arn, to);
  const struct ms_relay_entry entry = {.delivery = {.target = to->endpoint,
                                                    .body = ms_buf_view(&body),
                                                    .headers = ms_buf_view(&headers),
                                                    .reason = to->arn},
                                       .policy = policy_of(to)};
  int err = body.error != 0 ? body.error : headers.error;
  err = err != 0 ? err : ms_relay_add(confirmation->topics->relay, batch, &entry);
  ms_buf_deinit(&body);
  ms_buf_deinit(&headers);
  return err;
}

int ms_topic_ask_to_confirm(struct ms_topics *topics, const struct ms_subscription *subscription)
{
  struct confirmation confirmation = {topics, subscription};
  return send_all(topics, stage_confirmation, &confirmation);
}

/* ---- from the engine itself ---- */

struct ms_topic_wait {
  struct ms_topic_wait *next, **slot;
  ms_delivered_cb cb;
  void *arg;
};

static void on_durable(int code, void *arg)
{
  struct ms_topic_wait *wait = arg;
  *wait->slot = wait->next;
  if (wait->next != NULL) {
    wait->next->slot = wait->slot;
  }
  wait->cb(code, false, code == 0 ? "" : "the store failed", wait->arg);
  ms_free(wait);
}

void ms_topic_waits_free(struct ms_topics *topics)
{
  for (struct ms_topic_wait *wait = topics->waits, *next; wait != NULL; wait = next) {
    next = wait->next;
    ms_free(wait);
  }
  topics->waits = NULL;
}

int ms_topic_deliver(struct ms_topics *topics, const struct ms_delivery *delivery,
                     ms_delivered_cb cb, void *arg)
{
  const struct ms_ledger *ledger = &topics->env->ledger;
  struct ms_json request = ms_json_object(2), reply = MS_JSON_VALUE_NONE;
  struct ms_topic_wait *wait = ms_calloc(1, sizeof *wait);
  struct ms_queue_refusal why = {.name = NULL};
  int err = ms_json_setc(&request, "TopicArn", ms_json_string(delivery->target));
  err |= ms_json_setc(&request, "Message", ms_json_string(delivery->body));
  ms_topics_set_lineage(topics, delivery->lineage);
  err =
      err != 0 || wait == NULL ? ms_error_nomem() : ms_topic_publish(topics, request, &reply, &why);
  ms_topics_set_lineage(topics, (struct ms_str){NULL, 0});
  ms_json_unref(request);
  ms_json_unref(reply);
  if (err == MSTEP_EINVALID && why.name != NULL && strcmp(why.name, "NotFoundException") == 0) {
    err = ms_error(MSTEP_ENOTFOUND, "%s", why.text);
  }
  err = err != 0 ? err : ledger->when_durable(on_durable, wait, ledger->user);
  if (err != 0) {
    ms_free(wait);
    return err;
  }
  wait->cb = cb;
  wait->arg = arg;
  wait->next = topics->waits;
  wait->slot = &topics->waits;
  if (wait->next != NULL) {
    wait->next->slot = &wait->next;
  }
  topics->waits = wait;
  return MSTEP_OK;
}
