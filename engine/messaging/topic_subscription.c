/* Subscriptions: compiled from their row whole, like rules; confirmed at once or by a token. */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/topic_internal.h"

void ms_subscription_free(struct ms_subscription *subscription)
{
  ms_policy_free(subscription->policy);
  ms_json_unref(subscription->row);
  ms_free(subscription);
}

static int compile(struct ms_subscription *subscription, struct ms_queue_refusal *why)
{
  struct ms_str policy = ms_topic_text(subscription->attributes, "FilterPolicy");
  bool on_body =
      ms_str_is(ms_topic_text(subscription->attributes, "FilterPolicyScope"), "MessageBody");
  struct ms_buf message;
  if (policy.len == 0) {
    return MSTEP_OK;
  }
  ms_buf_init(&message, 0);
  int err = ms_policy_compile(&subscription->policy, policy, on_body, &message);
  if (err == MSTEP_EINVALID) {
    err = ms_refuse(why, "InvalidParameterException", "Invalid parameter: %.*s",
                    MS_STR_ARG(ms_buf_view(&message)));
  }
  ms_buf_deinit(&message);
  return err;
}

int ms_subscription_install(struct ms_topic *topic, struct ms_topics *topics, struct ms_json row,
                            bool is_saved, struct ms_queue_refusal *why)
{
  struct ms_subscription *one = ms_calloc(1, sizeof *one);
  if (one == NULL || ms_json_is_none(row)) {
    ms_json_unref(row);
    ms_free(one);
    return ms_error_nomem();
  }
  one->topic = topic;
  one->row = row;
  one->arn = ms_topic_text(row, "SubscriptionArn");
  one->protocol = ms_topic_text(row, "Protocol");
  one->endpoint = ms_topic_text(row, "Endpoint");
  one->token = ms_topic_text(row, "Token");
  one->attributes = ms_json_getc(row, "Attributes");
  one->is_raw = ms_str_is(ms_topic_text(one->attributes, "RawMessageDelivery"), "true");
  int err = compile(one, why);
  if (err == 0 && !is_saved) {
    err = ms_resource_save(&topics->env->ledger, "subscription", one->arn, row);
  }
  if (err != 0) {
    ms_subscription_free(one);
    return err;
  }
  struct ms_subscription **slot = &topic->subscriptions, *old;
  while ((old = *slot) != NULL && !ms_str_eq(old->arn, one->arn)) {
    slot = &old->next;
  }
  one->next = old == NULL ? NULL : old->next;
  *slot = one;
  if (old != NULL) {
    ms_subscription_free(old);
  }
  return MSTEP_OK;
}

/* ---- Subscribe ---- */

static bool is_protocol(struct ms_str protocol, struct ms_str endpoint)
{
  return (ms_str_is(protocol, "sqs") && ms_str_has_prefix(endpoint, "arn:aws:sqs:")) ||
         (ms_str_is(protocol, "lambda") && ms_str_has_prefix(endpoint, "arn:aws:lambda:")) ||
         (ms_str_is(protocol, "http") && ms_str_has_prefix(endpoint, "http://")) ||
         (ms_str_is(protocol, "https") && ms_str_has_prefix(endpoint, "https://"));
}

static int make_row(struct ms_json *out, struct ms_topics *topics, const struct ms_topic *topic,
                    struct ms_json request)
{
  char id[37], token[37];
  struct ms_json asked = ms_json_getc(request, "Attributes"), row = ms_json_object(7);
  ms_random_uuid(topics->env->random, id);
  ms_random_uuid(topics->env->random, token);
  int err =
      ms_json_setc(&row, "SubscriptionArn", ms_json_stringf("%.*s:%s", MS_STR_ARG(topic->arn), id));
  err |= ms_json_setc(&row, "TopicArn", ms_json_ref(ms_json_getc(topic->row, "TopicArn")));
  err |= ms_json_setc(&row, "Protocol", ms_json_ref(ms_json_getc(request, "Protocol")));
  err |= ms_json_setc(&row, "Endpoint", ms_json_ref(ms_json_getc(request, "Endpoint")));
  err |= ms_json_setc(&row, "Owner", ms_json_cstring(topics->env->account));
  err |= ms_json_setc(&row, "Attributes",
                      ms_json_is_object(asked) ? ms_json_ref(asked) : ms_json_object(0));
  if (ms_str_has_prefix(ms_topic_text(request, "Protocol"), "http")) {
    err |= ms_json_setc(&row, "Token", ms_json_cstring(token));
  }
  if (err != 0) {
    ms_json_unref(row);
    return ms_error_nomem();
  }
  *out = row;
  return MSTEP_OK;
}

static struct ms_subscription *find_same(struct ms_topic *topic, struct ms_json request)
{
  struct ms_subscription *one = topic->subscriptions;
  while (one != NULL && !(ms_str_eq(one->protocol, ms_topic_text(request, "Protocol")) &&
                          ms_str_eq(one->endpoint, ms_topic_text(request, "Endpoint")))) {
    one = one->next;
  }
  return one;
}

static int answer_subscription(struct ms_json *reply, const struct ms_subscription *one,
                               struct ms_json request)
{
  struct ms_json wants = ms_json_getc(request, "ReturnSubscriptionArn");
  *reply = ms_json_object(1);
  return ms_json_setc(reply, "SubscriptionArn",
                      one->token.data != NULL && !ms_json_is_true(wants)
                          ? ms_json_cstring("pending confirmation")
                          : ms_json_ref(ms_json_getc(one->row, "SubscriptionArn")));
}

int ms_topic_subscribe(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                       struct ms_queue_refusal *why)
{
  struct ms_topic *topic = ms_topic_asked(topics, request, "TopicArn", why);
  struct ms_str protocol = ms_topic_text(request, "Protocol");
  struct ms_json row;
  if (topic == NULL) {
    return MSTEP_EINVALID;
  }
  if (!is_protocol(protocol, ms_topic_text(request, "Endpoint"))) {
    return ms_refuse(why, "InvalidParameterException", "Invalid parameter: %.*s endpoint",
                     MS_STR_ARG(protocol));
  }
  struct ms_subscription *one = find_same(topic, request);
  struct ms_json asked = ms_json_getc(request, "Attributes");
  if (one != NULL && ms_json_count(asked) > 0 && !ms_json_equal(asked, one->attributes)) {
    return ms_refuse(why, "InvalidParameterException",
                     "Invalid parameter: Attributes Reason: Subscription already exists with "
                     "different attributes");
  }
  int err = MSTEP_OK;
  if (one == NULL) {
    err = make_row(&row, topics, topic, request);
    err = err != 0 ? err : ms_subscription_install(topic, topics, row, false, why);
    one = err != 0 ? NULL : find_same(topic, request);
  }
  if (one != NULL && one->token.data != NULL) {
    err = ms_topic_ask_to_confirm(topics, one);
  }
  return err != 0 ? err : answer_subscription(reply, one, request);
}

/* ---- the rest ---- */

static struct ms_subscription *find_subscription(struct ms_topics *topics, struct ms_str arn,
                                                 struct ms_queue_refusal *why)
{
  for (struct ms_topic *topic = topics->first; topic != NULL; topic = topic->next) {
    for (struct ms_subscription *one = topic->subscriptions; one != NULL; one = one->next) {
      if (ms_str_eq(one->arn, arn)) {
        return one;
      }
    }
  }
  ms_refuse(why, "NotFoundException", "Subscription does not exist");
  return NULL;
}

int ms_topic_confirm(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why)
{
  struct ms_topic *topic = ms_topic_asked(topics, request, "TopicArn", why);
  struct ms_str token = ms_topic_text(request, "Token");
  struct ms_subscription *one = topic == NULL ? NULL : topic->subscriptions;
  while (one != NULL && (one->token.data == NULL || !ms_str_eq(one->token, token))) {
    one = one->next;
  }
  if (topic == NULL) {
    return MSTEP_EINVALID;
  }
  if (one == NULL) {
    return ms_refuse(why, "InvalidParameterException", "Invalid token");
  }
  struct ms_json arn = ms_json_ref(ms_json_getc(one->row, "SubscriptionArn"));
  struct ms_json row = ms_json_ref(one->row);
  int err = ms_json_remove(&row, MS_STR("Token"));
  if (err != 0) {
    ms_json_unref(row);
  }
  err = err != 0 ? err : ms_subscription_install(topic, topics, row, false, why);
  if (err != 0) {
    ms_json_unref(arn);
    return err;
  }
  *reply = ms_json_object(1);
  return ms_json_setc(reply, "SubscriptionArn", arn);
}

int ms_topic_unsubscribe(struct ms_topics *topics, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  struct ms_subscription *one =
      find_subscription(topics, ms_topic_text(request, "SubscriptionArn"), why);
  (void)reply;
  if (one == NULL) {
    return MSTEP_OK;
  }
  int err = ms_resource_save(&topics->env->ledger, "subscription", one->arn, MS_JSON_VALUE_NONE);
  if (err == 0) {
    struct ms_subscription **slot = &one->topic->subscriptions;
    while (*slot != one) {
      slot = &(*slot)->next;
    }
    *slot = one->next;
    ms_subscription_free(one);
  }
  return err;
}

static int list_one(struct ms_json *list, const struct ms_subscription *one)
{
  static const char *const members[] = {"SubscriptionArn", "Owner",    "Protocol",
                                        "Endpoint",        "TopicArn", NULL};
  struct ms_json item = ms_json_object(5);
  int err = ms_resource_copy(&item, one->row, members);
  if (err == 0 && one->token.data != NULL) {
    err = ms_json_setc(&item, "SubscriptionArn", ms_json_cstring("PendingConfirmation"));
  }
  if (err != 0) {
    ms_json_unref(item);
    return err;
  }
  return ms_json_push(list, item);
}

int ms_topic_list_subscriptions(struct ms_topics *topics, struct ms_json request,
                                struct ms_json *reply, struct ms_queue_refusal *why)
{
  bool is_by_topic = !ms_json_is_none(ms_json_getc(request, "TopicArn"));
  struct ms_topic *only = is_by_topic ? ms_topic_asked(topics, request, "TopicArn", why) : NULL;
  struct ms_json list = ms_json_array(0);
  size_t from = ms_str_place(ms_topic_text(request, "NextToken")), at = 0;
  int err = is_by_topic && only == NULL ? MSTEP_EINVALID : MSTEP_OK;
  for (struct ms_topic *topic = topics->first; topic != NULL && err == 0; topic = topic->next) {
    struct ms_subscription *one =
        only == NULL || only == topic ? topic->subscriptions : NULL;
    for (; one != NULL && err == 0; one = one->next, at++) {
      bool is_wanted = at >= from && at - from < MS_TOPIC_PAGE;
      err = is_wanted ? list_one(&list, one) : MSTEP_OK;
    }
  }
  if (err != 0) {
    ms_json_unref(list);
    return err;
  }
  *reply = ms_json_object(2);
  err = ms_json_setc(reply, "Subscriptions", list);
  if (err == 0 && at > from && at - from > MS_TOPIC_PAGE) {
    err = ms_json_setc(reply, "NextToken", ms_json_stringf("%zu", from + MS_TOPIC_PAGE));
  }
  return err;
}

int ms_subscription_get_attributes(struct ms_topics *topics, struct ms_json request,
                                   struct ms_json *reply, struct ms_queue_refusal *why)
{
  static const char *const members[] = {"SubscriptionArn", "Owner",    "Protocol",
                                        "Endpoint",        "TopicArn", NULL};
  struct ms_subscription *one =
      find_subscription(topics, ms_topic_text(request, "SubscriptionArn"), why);
  if (one == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json all = ms_json_ref(one->attributes);
  int err = ms_resource_copy(&all, one->row, members);
  err |= ms_json_setc(&all, "PendingConfirmation",
                      ms_json_cstring(one->token.data != NULL ? "true" : "false"));
  err |= ms_json_setc(&all, "ConfirmationWasAuthenticated", ms_json_cstring("true"));
  if (ms_topic_text(all, "RawMessageDelivery").data == NULL) {
    err |= ms_json_setc(&all, "RawMessageDelivery", ms_json_cstring("false"));
  }
  *reply = ms_json_object(1);
  int set = ms_json_setc(reply, "Attributes", all);
  return err != 0 ? MSTEP_ENOMEM : set;
}

int ms_subscription_set_attribute(struct ms_topics *topics, struct ms_json request,
                                  struct ms_json *reply, struct ms_queue_refusal *why)
{
  struct ms_subscription *one =
      find_subscription(topics, ms_topic_text(request, "SubscriptionArn"), why);
  struct ms_str name = ms_topic_text(request, "AttributeName");
  struct ms_json value = ms_json_getc(request, "AttributeValue");
  (void)reply;
  if (one == NULL) {
    return MSTEP_EINVALID;
  }
  if (name.len == 0) {
    return ms_refuse(why, "InvalidParameterException", "Invalid parameter: AttributeName");
  }
  struct ms_json attributes = ms_json_ref(one->attributes), row = ms_json_ref(one->row);
  int err = ms_json_is_string(value) ? ms_json_set(&attributes, name, ms_json_ref(value))
                                     : ms_json_remove(&attributes, name);
  err |= ms_json_setc(&row, "Attributes", attributes);
  if (err != 0) {
    ms_json_unref(row);
    return ms_error_nomem();
  }
  return ms_subscription_install(one->topic, topics, row, false, why);
}
