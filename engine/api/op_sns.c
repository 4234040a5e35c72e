/*
 * SNS: topics, subscriptions, publishing. What an operation does is messaging/topic.h's; here is what may be
 * asked, and that the answer waits for the disk.
 */
#include "api/members.h"
#include "base/error.h"
#include "messaging/topic.h"
#include "runtime/runtime.h"

#define TEXT(member, required)                                                                     \
  {                                                                                                \
    .name = member, .kind = MS_API_STRING, .is_required = required                                 \
  }
#define MAP(member)                                                                                \
  {                                                                                                \
    .name = member, .kind = MS_API_STRUCTURE                                                       \
  }

static const struct ms_api_member tag[] = {
    {.name = "Key", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 128},
    {.name = "Value", .kind = MS_API_STRING, .is_required = true, .max = 256},
    MS_MEMBER_END};
#define TAGS(required)                                                                             \
  {                                                                                                \
    .name = "Tags", .kind = MS_API_LIST, .is_required = required, .max = 50, .members = tag        \
  }

static int refuse(struct ms_api_call *call, const struct ms_queue_refusal *why)
{
  static const struct {
    const char *name;
    enum ms_api_error error;
  } errors[] = {{"NotFoundException", MS_API_ERROR_SNS_NOT_FOUND},
                {"ResourceNotFoundException", MS_API_ERROR_SNS_RESOURCE_NOT_FOUND},
                {"TagLimitExceededException", MS_API_ERROR_SNS_TAG_LIMIT},
                {"EmptyBatchRequestException", MS_API_ERROR_SNS_EMPTY_BATCH},
                {"TooManyEntriesInBatchRequestException", MS_API_ERROR_SNS_TOO_MANY_ENTRIES},
                {"BatchEntryIdsNotDistinctException", MS_API_ERROR_SNS_IDS_NOT_DISTINCT}};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    if (why->name != NULL && strcmp(why->name, errors[i].name) == 0) {
      return ms_api_fail(call, errors[i].error, ms_str_c(why->text));
    }
  }
  return ms_api_fail(call, MS_API_ERROR_SNS_INVALID_PARAMETER, ms_str_c(why->text));
}

static int carry_out(struct ms_api_call *call, ms_topic_operation operation)
{
  struct ms_topics *topics = ms_engine_driver(ms_api_engine(call), &ms_topics_driver);
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json reply = MS_JSON_VALUE_NONE;
  int err = operation(topics, ms_api_get(call, NULL), &reply, &why);
  if (err != 0) {
    ms_json_unref(reply);
    return err == MSTEP_EINVALID && why.name != NULL ? refuse(call, &why) : err;
  }
  ms_api_keep(call, ms_json_is_none(reply) ? ms_json_object(0) : reply);
  return ms_api_accept(call, ms_api_reply_kept);
}

/* OPERATION(ms_op_x, operation, members...) */
#define OPERATION(op, operation, ...)                                                              \
  static const struct ms_api_member members_of_##op[] = {__VA_ARGS__, MS_MEMBER_END};              \
  static int run_##op(struct ms_api_call *call)                                                    \
  {                                                                                                \
    return carry_out(call, operation);                                                             \
  }                                                                                                \
  const struct ms_op op = {members_of_##op, run_##op};

OPERATION(ms_op_sns_create_topic, ms_topic_create, TEXT("Name", true), MAP("Attributes"),
          TAGS(false))
OPERATION(ms_op_sns_delete_topic, ms_topic_delete, TEXT("TopicArn", true))
OPERATION(ms_op_sns_list_topics, ms_topic_list, TEXT("NextToken", false))
OPERATION(ms_op_sns_get_topic_attributes, ms_topic_get_attributes, TEXT("TopicArn", true))
OPERATION(ms_op_sns_set_topic_attributes, ms_topic_set_attribute, TEXT("TopicArn", true),
          TEXT("AttributeName", true), TEXT("AttributeValue", false))
OPERATION(ms_op_sns_subscribe, ms_topic_subscribe, TEXT("TopicArn", true), TEXT("Protocol", true),
          TEXT("Endpoint", true), MAP("Attributes"),
          {.name = "ReturnSubscriptionArn", .kind = MS_API_BOOLEAN})
OPERATION(ms_op_sns_confirm_subscription, ms_topic_confirm, TEXT("TopicArn", true),
          TEXT("Token", true))
OPERATION(ms_op_sns_unsubscribe, ms_topic_unsubscribe, TEXT("SubscriptionArn", true))
OPERATION(ms_op_sns_list_subscriptions, ms_topic_list_subscriptions, TEXT("NextToken", false))
OPERATION(ms_op_sns_list_subscriptions_by_topic, ms_topic_list_subscriptions,
          TEXT("TopicArn", true), TEXT("NextToken", false))
OPERATION(ms_op_sns_get_subscription_attributes, ms_subscription_get_attributes,
          TEXT("SubscriptionArn", true))
OPERATION(ms_op_sns_set_subscription_attributes, ms_subscription_set_attribute,
          TEXT("SubscriptionArn", true), TEXT("AttributeName", true), TEXT("AttributeValue", false))
OPERATION(ms_op_sns_publish, ms_topic_publish, TEXT("TopicArn", false), TEXT("TargetArn", false),
          TEXT("Message", true), TEXT("Subject", false), TEXT("MessageStructure", false),
          TEXT("MessageGroupId", false), TEXT("MessageDeduplicationId", false),
          MAP("MessageAttributes"))
OPERATION(ms_op_sns_publish_batch, ms_topic_publish_batch, TEXT("TopicArn", true),
          {.name = "PublishBatchRequestEntries", .kind = MS_API_ANY, .is_required = true})
OPERATION(ms_op_sns_tag, ms_topic_tag, TEXT("ResourceArn", true), TAGS(true))
OPERATION(ms_op_sns_untag, ms_topic_untag, TEXT("ResourceArn", true),
          {.name = "TagKeys", .kind = MS_API_LIST, .is_required = true})
OPERATION(ms_op_sns_list_tags, ms_topic_tags, TEXT("ResourceArn", true))
