/* The driver of topics: which there are, their attributes, what is read from the store. */
#include "messaging/topic.h"

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/tags.h"
#include "messaging/topic_internal.h"
#include "metrics/metrics.h"

#define NAME_MAX_LEN 256

struct ms_str ms_topic_text(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

static struct ms_topic *find_topic(struct ms_topics *topics, struct ms_str arn)
{
  struct ms_topic *topic = topics->first;
  while (topic != NULL && !ms_str_eq(topic->arn, arn)) {
    topic = topic->next;
  }
  return topic;
}

struct ms_topic *ms_topic_asked(struct ms_topics *topics, struct ms_json request,
                                const char *member, struct ms_queue_refusal *why)
{
  struct ms_topic *topic = find_topic(topics, ms_topic_text(request, member));
  if (topic == NULL) {
    ms_refuse(why, "NotFoundException", "Topic does not exist");
  }
  return topic;
}

/* ---- life of a topic ---- */

static void topic_free(struct ms_topic *topic)
{
  for (struct ms_subscription *one = topic->subscriptions, *next; one != NULL; one = next) {
    next = one->next;
    ms_subscription_free(one);
  }
  ms_json_unref(topic->row);
  ms_free(topic);
}

static void take_row(struct ms_topic *topic, struct ms_json row)
{
  ms_json_replace(&topic->row, row);
  topic->arn = ms_topic_text(row, "TopicArn");
  topic->attributes = ms_json_getc(row, "Attributes");
  topic->is_fifo = ms_str_has_suffix(topic->arn, ".fifo");
}

/* Takes row. */
static int topic_new(struct ms_topic **out, struct ms_json row)
{
  struct ms_topic *topic = ms_calloc(1, sizeof *topic);
  if (topic == NULL || ms_json_is_none(row)) {
    ms_json_unref(row);
    ms_free(topic);
    return ms_error_nomem();
  }
  take_row(topic, row);
  *out = topic;
  return MSTEP_OK;
}

static void link_topic(struct ms_topics *topics, struct ms_topic *topic)
{
  struct ms_topic **slot = &topics->first;
  while (*slot != NULL && ms_str_cmp((*slot)->arn, topic->arn) < 0) {
    slot = &(*slot)->next;
  }
  topic->next = *slot;
  *slot = topic;
}

static struct ms_json make_row(struct ms_json arn, struct ms_json attributes, struct ms_json tags)
{
  struct ms_json row = ms_json_object(3);
  int err = ms_json_setc(&row, "TopicArn", arn);
  err |= ms_json_setc(&row, "Attributes", attributes);
  err |= ms_json_count(tags) == 0 ? MSTEP_OK : ms_json_setc(&row, "Tags", ms_json_ref(tags));
  if (err != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

/* ---- operations ---- */

static bool is_name(struct ms_str name, bool is_fifo)
{
  size_t len = name.len;
  if (len == 0 || len > NAME_MAX_LEN || is_fifo != ms_str_has_suffix(name, ".fifo")) {
    return false;
  }
  for (size_t i = 0; i < len - (is_fifo ? 5 : 0); i++) {
    char c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
          c == '_')) {
      return false;
    }
  }
  return true;
}

static int answer_arn(struct ms_json *reply, struct ms_json arn)
{
  *reply = ms_json_object(1);
  return ms_json_setc(reply, "TopicArn", ms_json_ref(arn));
}

/* The same name again is the same topic, unless an attribute that is named, or a tag, differs. */
static int create_again(struct ms_topic *topic, struct ms_json request, struct ms_json *reply,
                        struct ms_queue_refusal *why)
{
  struct ms_json asked = ms_json_getc(request, "Attributes");
  struct ms_json tags = ms_json_getc(request, "Tags");
  for (size_t i = 0; i < ms_json_count(asked); i++) {
    if (!ms_json_equal(ms_json_get(topic->attributes, ms_json_key(asked, i)),
                       ms_json_member(asked, i))) {
      return ms_refuse(why, "InvalidParameterException",
                       "Invalid parameter: Attributes Reason: Topic already exists with different "
                       "attributes");
    }
  }
  if (ms_json_count(tags) > 0 && !ms_json_equal(tags, ms_json_getc(topic->row, "Tags"))) {
    return ms_refuse(why, "InvalidParameterException",
                     "Invalid parameter: Tags Reason: Topic already exists with different tags");
  }
  return answer_arn(reply, ms_json_getc(topic->row, "TopicArn"));
}

int ms_topic_create(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why)
{
  struct ms_str name = ms_topic_text(request, "Name");
  struct ms_json asked = ms_json_getc(request, "Attributes");
  const struct ms_driver_env *env = topics->env;
  if (!is_name(name, ms_str_is(ms_topic_text(asked, "FifoTopic"), "true"))) {
    return ms_refuse(why, "InvalidParameterException", "Invalid parameter: Topic Name");
  }
  struct ms_json arn =
      ms_json_stringf("arn:aws:sns:%s:%s:%.*s", env->region, env->account, MS_STR_ARG(name));
  struct ms_topic *topic = find_topic(topics, ms_json_text(arn));
  if (topic != NULL) {
    ms_json_unref(arn);
    return create_again(topic, request, reply, why);
  }
  struct ms_json attributes = ms_json_is_object(asked) ? ms_json_ref(asked) : ms_json_object(0);
  int err = topic_new(&topic, make_row(arn, attributes, ms_json_getc(request, "Tags")));
  if (err != 0) {
    return err;
  }
  err = answer_arn(reply, ms_json_getc(topic->row, "TopicArn"));
  err = err != 0 ? err : ms_resource_save(&env->ledger, "topic", topic->arn, topic->row);
  if (err != 0) {
    topic_free(topic);
    return err;
  }
  link_topic(topics, topic);
  return MSTEP_OK;
}

int ms_topic_delete(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why)
{
  struct ms_topic *topic = find_topic(topics, ms_topic_text(request, "TopicArn"));
  const struct ms_ledger *ledger = &topics->env->ledger;
  struct ms_batch *batch = NULL;
  (void)reply;
  (void)why;
  int err = topic == NULL ? MSTEP_OK : ledger->begin(&batch, ledger->user);
  if (topic == NULL || err != 0) {
    return err;
  }
  ms_resource_remove(batch, "topic", topic->arn);
  for (struct ms_subscription *one = topic->subscriptions; one != NULL; one = one->next) {
    ms_resource_remove(batch, "subscription", one->arn);
  }
  err = ledger->end(ledger->user);
  if (err == 0) {
    struct ms_topic **slot = &topics->first;
    while (*slot != topic) {
      slot = &(*slot)->next;
    }
    *slot = topic->next;
    topic_free(topic);
  }
  return err;
}

int ms_topic_list(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why)
{
  struct ms_str from = ms_topic_text(request, "NextToken");
  struct ms_json list = ms_json_array(0), next = MS_JSON_VALUE_NONE;
  int err = MSTEP_OK;
  (void)why;
  for (struct ms_topic *topic = topics->first; topic != NULL && err == 0; topic = topic->next) {
    if (from.data != NULL && ms_str_cmp(topic->arn, from) < 0) {
      continue;
    }
    if (ms_json_count(list) == MS_TOPIC_PAGE) {
      next = ms_json_getc(topic->row, "TopicArn");
      break;
    }
    struct ms_json item = MS_JSON_VALUE_NONE;
    err = answer_arn(&item, ms_json_getc(topic->row, "TopicArn"));
    err = err != 0 ? err : ms_json_push(&list, ms_json_ref(item));
    ms_json_unref(item);
  }
  *reply = ms_json_object(2);
  int set = ms_json_setc(reply, "Topics", list);
  if (set == 0 && !ms_json_is_none(next)) {
    set = ms_json_setc(reply, "NextToken", ms_json_ref(next));
  }
  return err != 0 ? err : set;
}

/* What SNS shows of a topic for which nobody has set it. */
static int put_defaults(struct ms_json *all, const struct ms_topic *topic, const char *account)
{
  static const char policy[] =
      "{\"Version\":\"2008-10-17\",\"Id\":\"__default_policy_ID\",\"Statement\":[{\"Sid\":"
      "\"__default_statement_ID\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":["
      "\"SNS:GetTopicAttributes\",\"SNS:SetTopicAttributes\",\"SNS:AddPermission\","
      "\"SNS:RemovePermission\",\"SNS:DeleteTopic\",\"SNS:Subscribe\","
      "\"SNS:ListSubscriptionsByTopic\",\"SNS:Publish\"],\"Resource\":\"%.*s\",\"Condition\":{"
      "\"StringEquals\":{\"AWS:SourceOwner\":\"%s\"}}}]}";
  static const char delivery[] =
      "{\"http\":{\"defaultHealthyRetryPolicy\":{\"minDelayTarget\":20,\"maxDelayTarget\":20,"
      "\"numRetries\":3,\"numMaxDelayRetries\":0,\"numNoDelayRetries\":0,\"numMinDelayRetries\":0,"
      "\"backoffFunction\":\"linear\"},\"disableSubscriptionOverrides\":false,"
      "\"defaultRequestPolicy\":{\"headerContentType\":\"text/plain; charset=UTF-8\"}}}";
  struct ms_json own = ms_json_getc(*all, "DeliveryPolicy");
  bool has_own = ms_json_text(own).len > 0;
  int err = ms_json_setc(all, "EffectiveDeliveryPolicy",
                         has_own ? ms_json_ref(own) : ms_json_cstring(delivery));
  if (err == 0 && ms_json_is_none(ms_json_getc(*all, "DisplayName"))) {
    err = ms_json_setc(all, "DisplayName", ms_json_cstring(""));
  }
  if (err == 0 && ms_json_is_none(ms_json_getc(*all, "Policy"))) {
    err = ms_json_setc(all, "Policy", ms_json_stringf(policy, MS_STR_ARG(topic->arn), account));
  }
  return err;
}

int ms_topic_get_attributes(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                            struct ms_queue_refusal *why)
{
  struct ms_topic *topic = ms_topic_asked(topics, request, "TopicArn", why);
  int confirmed = 0, pending = 0;
  if (topic == NULL) {
    return MSTEP_EINVALID;
  }
  for (struct ms_subscription *one = topic->subscriptions; one != NULL; one = one->next) {
    pending += one->token.data != NULL;
    confirmed += one->token.data == NULL;
  }
  struct ms_json all = ms_json_ref(topic->attributes);
  int err = ms_json_setc(&all, "TopicArn", ms_json_ref(ms_json_getc(topic->row, "TopicArn")));
  err |= ms_json_setc(&all, "Owner", ms_json_cstring(topics->env->account));
  err |= ms_json_setc(&all, "SubscriptionsConfirmed", ms_json_stringf("%d", confirmed));
  err |= ms_json_setc(&all, "SubscriptionsPending", ms_json_stringf("%d", pending));
  err |= ms_json_setc(&all, "SubscriptionsDeleted", ms_json_cstring("0"));
  err |= put_defaults(&all, topic, topics->env->account);
  *reply = ms_json_object(1);
  int set = ms_json_setc(reply, "Attributes", all);
  return err != 0 ? MSTEP_ENOMEM : set;
}

/* Takes value. */
static int replace_member(struct ms_topics *topics, struct ms_topic *topic, const char *member,
                          struct ms_json value)
{
  struct ms_json row = ms_json_ref(topic->row);
  int err = ms_json_setc(&row, member, value);
  err = err != 0 ? err : ms_resource_save(&topics->env->ledger, "topic", topic->arn, row);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  take_row(topic, row);
  return MSTEP_OK;
}

int ms_topic_set_attribute(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                           struct ms_queue_refusal *why)
{
  struct ms_topic *topic = ms_topic_asked(topics, request, "TopicArn", why);
  struct ms_str name = ms_topic_text(request, "AttributeName");
  struct ms_json value = ms_json_getc(request, "AttributeValue");
  (void)reply;
  if (topic == NULL) {
    return MSTEP_EINVALID;
  }
  if (name.len == 0 || ms_str_is(name, "TopicArn") || ms_str_is(name, "Owner") ||
      ms_str_is(name, "FifoTopic")) {
    return ms_refuse(why, "InvalidParameterException", "Invalid parameter: AttributeName");
  }
  struct ms_json attributes = ms_json_ref(topic->attributes);
  int err = ms_json_set(&attributes, name,
                        ms_json_is_string(value) ? ms_json_ref(value) : ms_json_cstring(""));
  if (err != 0) {
    ms_json_unref(attributes);
    return err;
  }
  return replace_member(topics, topic, "Attributes", attributes);
}

/* ---- tags ---- */

static struct ms_topic *tagged(struct ms_topics *topics, struct ms_json request,
                               struct ms_queue_refusal *why)
{
  struct ms_topic *topic = find_topic(topics, ms_topic_text(request, "ResourceArn"));
  if (topic == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "Resource does not exist");
  }
  return topic;
}

int ms_topic_tag(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                 struct ms_queue_refusal *why)
{
  struct ms_topic *topic = tagged(topics, request, why);
  struct ms_json tags = MS_JSON_VALUE_NONE;
  (void)reply;
  int err = topic == NULL ? MSTEP_EINVALID
                          : ms_tags_change(&tags, ms_json_getc(topic->row, "Tags"),
                                           MS_JSON_VALUE_NONE, ms_json_getc(request, "Tags"));
  if (err == 0 && ms_json_count(tags) > MS_TAGS_MAX) {
    err = ms_refuse(why, "TagLimitExceededException",
                    "Could not complete request: tag quota of per resource exceeded");
  }
  return err != 0 ? (ms_json_unref(tags), err) : replace_member(topics, topic, "Tags", tags);
}

int ms_topic_untag(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why)
{
  struct ms_topic *topic = tagged(topics, request, why);
  struct ms_json tags = MS_JSON_VALUE_NONE;
  (void)reply;
  int err = topic == NULL ? MSTEP_EINVALID
                          : ms_tags_change(&tags, ms_json_getc(topic->row, "Tags"),
                                           ms_json_getc(request, "TagKeys"), MS_JSON_VALUE_NONE);
  return err != 0 ? err : replace_member(topics, topic, "Tags", tags);
}

int ms_topic_tags(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why)
{
  const struct ms_topic *topic = tagged(topics, request, why);
  return topic == NULL ? MSTEP_EINVALID : ms_tags_answer(reply, ms_json_getc(topic->row, "Tags"));
}

/* ---- the driver ---- */

static void drop_all(struct ms_topics *topics)
{
  for (struct ms_topic *topic = topics->first, *next; topic != NULL; topic = next) {
    next = topic->next;
    topic_free(topic);
  }
  topics->first = NULL;
}

static void close_topics(void *driver)
{
  struct ms_topics *topics = driver;
  if (topics != NULL) {
    drop_all(topics);
    ms_topic_recents_clear(topics);
    ms_topic_waits_free(topics);
    ms_relay_free(topics->relay);
    ms_free(topics);
  }
}

static int open_topics(void **driver, const struct ms_driver_env *env)
{
  struct ms_topics *topics = ms_calloc(1, sizeof *topics);
  if (topics == NULL) {
    return ms_error_nomem();
  }
  topics->env = env;
  ms_topic_recents_init(topics);
  int err = ms_relay_new(&topics->relay, env, MS_RELAY_TOPICS);
  if (err != 0) {
    close_topics(topics);
    return err;
  }
  *driver = topics;
  return MSTEP_OK;
}

static int load_topic(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_topic *topic = NULL;
  (void)name;
  int err = topic_new(&topic, ms_json_ref(row));
  if (err == 0) {
    link_topic(user, topic);
  }
  return err;
}

static int load_subscription(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_topic *topic = find_topic(user, ms_topic_text(row, "TopicArn"));
  (void)name;
  return topic == NULL ? MSTEP_OK
                       : ms_subscription_install(topic, user, ms_json_ref(row), true, NULL);
}

static int load_topics(void *driver)
{
  struct ms_topics *topics = driver;
  struct ms_store *reader = topics->env->ledger.reader;
  if (reader == NULL) {
    return MSTEP_OK;
  }
  drop_all(topics);
  ms_topic_recents_clear(topics);
  int err = ms_topic_recents_load(topics);
  err = err != 0 ? err : ms_resource_scan(reader, "topic", load_topic, topics);
  err = err != 0 ? err : ms_resource_scan(reader, "subscription", load_subscription, topics);
  return err != 0 ? err : ms_relay_load(topics->relay);
}

static void resume_topics(void *driver)
{
  ms_relay_resume(((struct ms_topics *)driver)->relay);
}

static int64_t next_due_ms(void *driver)
{
  struct ms_topics *topics = driver;
  int64_t due_ms = ms_relay_next_due_ms(topics->relay);
  int64_t recent_ms = ms_topic_recents_due_ms(topics);
  return due_ms == 0 || (recent_ms != 0 && recent_ms < due_ms) ? recent_ms : due_ms;
}

static void on_timer(void *driver, int64_t now_ms)
{
  struct ms_topics *topics = driver;
  ms_topic_recents_expire(topics, now_ms);
  ms_relay_on_timer(topics->relay, now_ms);
}

static bool is_busy(void *driver)
{
  return ms_relay_is_busy(((struct ms_topics *)driver)->relay);
}

static void collect(void *driver, struct ms_metrics *metrics)
{
  const struct ms_topics *topics = driver;
  ms_metrics_set(metrics, MS_METRIC_TOPIC_PUBLISHED, topics->published);
  ms_relay_collect(topics->relay, metrics);
}

const struct ms_driver_type ms_topics_driver = {
    .name = "topics",
    .open = open_topics,
    .close = close_topics,
    .load = load_topics,
    .resume = resume_topics,
    .next_due_ms = next_due_ms,
    .on_timer = on_timer,
    .is_busy = is_busy,
    .collect = collect,
};

struct ms_relay *ms_topics_relay(const struct ms_topics *topics)
{
  return topics->relay;
}
