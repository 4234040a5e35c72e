/*
 * EventBridge: events, rules, targets, buses. What an operation does is messaging/bus.h's; here is what may be
 * asked, and that the answer waits for the disk.
 */
#include "api/members.h"
#include "base/error.h"
#include "messaging/bus.h"
#include "runtime/runtime.h"

#define NAME(member, required)                                                                     \
  {                                                                                                \
    .name = member, .kind = MS_API_STRING, .is_required = required, .min = 1, .max = 1600          \
  }
#define TEXT(member, required)                                                                     \
  {                                                                                                \
    .name = member, .kind = MS_API_STRING, .is_required = required                                 \
  }
#define BUS_NAME NAME("EventBusName", false)
#define PAGE                                                                                       \
  {.name = "Limit", .kind = MS_API_INTEGER, .min = 1, .max = 100}, NAME("NextToken", false)

static int refuse(struct ms_api_call *call, const struct ms_queue_refusal *why)
{
  static const struct {
    const char *name;
    enum ms_api_error error;
  } errors[] = {{"ResourceNotFoundException", MS_API_ERROR_EVENTS_NOT_FOUND},
                {"ResourceAlreadyExistsException", MS_API_ERROR_EVENTS_EXISTS},
                {"InvalidEventPatternException", MS_API_ERROR_EVENTS_PATTERN},
                {"LimitExceededException", MS_API_ERROR_EVENTS_LIMIT},
                {"IllegalStatusException", MS_API_ERROR_EVENTS_STATUS}};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    if (why->name != NULL && strcmp(why->name, errors[i].name) == 0) {
      return ms_api_fail(call, errors[i].error, ms_str_c(why->text));
    }
  }
  return ms_api_fail(call, MS_API_ERROR_VALIDATION, ms_str_c(why->text));
}

static int carry_out(struct ms_api_call *call, ms_bus_operation operation)
{
  struct ms_buses *buses = ms_engine_driver(ms_api_engine(call), &ms_buses_driver);
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json reply = MS_JSON_VALUE_NONE;
  int err = operation(buses, ms_api_get(call, NULL), &reply, &why);
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

static const struct ms_api_member entry[] = {TEXT("Source", false),
                                             TEXT("DetailType", false),
                                             TEXT("Detail", false),
                                             TEXT("EventBusName", false),
                                             TEXT("TraceHeader", false),
                                             {.name = "Time", .kind = MS_API_ANY},
                                             {.name = "Resources", .kind = MS_API_LIST},
                                             MS_MEMBER_END};

static const struct ms_api_member tag[] = {
    {.name = "Key", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 128},
    {.name = "Value", .kind = MS_API_STRING, .is_required = true, .max = 256},
    MS_MEMBER_END};
#define TAGS(required)                                                                             \
  {                                                                                                \
    .name = "Tags", .kind = MS_API_LIST, .is_required = required, .max = 50, .members = tag        \
  }
static const struct ms_api_member condition[] = {TEXT("Type", true), TEXT("Key", true),
                                                 TEXT("Value", true), MS_MEMBER_END};
static const struct ms_api_member retry_policy[] = {
    {.name = "MaximumRetryAttempts", .kind = MS_API_INTEGER, .max = 185},
    {.name = "MaximumEventAgeInSeconds", .kind = MS_API_INTEGER, .min = 60, .max = 86400},
    MS_MEMBER_END};
static const struct ms_api_member dead_letter[] = {NAME("Arn", false), MS_MEMBER_END};
static const struct ms_api_member sqs[] = {TEXT("MessageGroupId", false), MS_MEMBER_END};
static const struct ms_api_member transformer[] = {
    {.name = "InputPathsMap", .kind = MS_API_ANY},
    {.name = "InputTemplate", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 8192},
    MS_MEMBER_END};
static const struct ms_api_member target[] = {
    {.name = "Id", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 64},
    NAME("Arn", true),
    NAME("RoleArn", false),
    {.name = "Input", .kind = MS_API_STRING, .max = 8192},
    {.name = "InputPath", .kind = MS_API_STRING, .max = 256},
    {.name = "InputTransformer", .kind = MS_API_STRUCTURE, .members = transformer},
    {.name = "SqsParameters", .kind = MS_API_STRUCTURE, .members = sqs},
    {.name = "RetryPolicy", .kind = MS_API_STRUCTURE, .members = retry_policy},
    {.name = "DeadLetterConfig", .kind = MS_API_STRUCTURE, .members = dead_letter},
    MS_MEMBER_END};

OPERATION(ms_op_events_put_events, ms_bus_put_events,
          {.name = "Entries", .kind = MS_API_LIST, .is_required = true, .members = entry})
OPERATION(ms_op_events_put_rule, ms_bus_put_rule,
          {.name = "Name", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 64},
          {.name = "EventPattern", .kind = MS_API_STRING, .max = 4096},
          {.name = "ScheduleExpression", .kind = MS_API_STRING, .max = 256},
          {.name = "State",
           .kind = MS_API_STRING,
           .values = "ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"},
          {.name = "Description", .kind = MS_API_STRING, .max = 512}, NAME("RoleArn", false),
          BUS_NAME, TAGS(false))
OPERATION(ms_op_events_delete_rule, ms_bus_delete_rule, NAME("Name", true), BUS_NAME)
OPERATION(ms_op_events_describe_rule, ms_bus_describe_rule, NAME("Name", true), BUS_NAME)
OPERATION(ms_op_events_list_rules, ms_bus_list_rules, NAME("NamePrefix", false), BUS_NAME, PAGE)
OPERATION(ms_op_events_enable_rule, ms_bus_enable_rule, NAME("Name", true), BUS_NAME)
OPERATION(ms_op_events_disable_rule, ms_bus_disable_rule, NAME("Name", true), BUS_NAME)
OPERATION(ms_op_events_put_targets, ms_bus_put_targets, NAME("Rule", true), BUS_NAME,
          {.name = "Targets",
           .kind = MS_API_LIST,
           .is_required = true,
           .min = 1,
           .max = 100,
           .members = target})
OPERATION(ms_op_events_remove_targets, ms_bus_remove_targets, NAME("Rule", true), BUS_NAME,
          {.name = "Ids", .kind = MS_API_LIST, .is_required = true, .min = 1, .max = 100})
OPERATION(ms_op_events_list_targets, ms_bus_list_targets, NAME("Rule", true), BUS_NAME, PAGE)
OPERATION(ms_op_events_list_rule_names, ms_bus_list_rule_names, NAME("TargetArn", true), BUS_NAME,
          PAGE)
#define BUS                                                                                        \
  {.name = "Description", .kind = MS_API_STRING, .max = 512},                                      \
      {.name = "KmsKeyIdentifier", .kind = MS_API_STRING, .max = 2048},                            \
  {                                                                                                \
    .name = "DeadLetterConfig", .kind = MS_API_STRUCTURE, .members = dead_letter                   \
  }
OPERATION(ms_op_events_create_bus, ms_bus_create, NAME("Name", true), BUS, TAGS(false))
OPERATION(ms_op_events_update_bus, ms_bus_update, NAME("Name", false), BUS)
OPERATION(ms_op_events_put_permission, ms_bus_put_permission, BUS_NAME,
          {.name = "Action", .kind = MS_API_STRING, .max = 64},
          {.name = "Principal", .kind = MS_API_STRING, .max = 12},
          {.name = "StatementId", .kind = MS_API_STRING, .max = 64},
          {.name = "Condition", .kind = MS_API_STRUCTURE, .members = condition},
          {.name = "Policy", .kind = MS_API_STRING, .max = 10240})
OPERATION(ms_op_events_remove_permission, ms_bus_remove_permission, BUS_NAME,
          {.name = "StatementId", .kind = MS_API_STRING, .max = 64},
          {.name = "RemoveAllPermissions", .kind = MS_API_BOOLEAN})
OPERATION(ms_op_events_tag, ms_bus_tag, NAME("ResourceARN", true), TAGS(true))
OPERATION(ms_op_events_untag, ms_bus_untag, NAME("ResourceARN", true),
          {.name = "TagKeys", .kind = MS_API_LIST, .is_required = true})
OPERATION(ms_op_events_list_tags, ms_bus_tags, NAME("ResourceARN", true))
OPERATION(ms_op_events_delete_bus, ms_bus_delete, NAME("Name", true))
OPERATION(ms_op_events_describe_bus, ms_bus_describe, NAME("Name", false))
OPERATION(ms_op_events_list_buses, ms_bus_list, NAME("NamePrefix", false), PAGE)
OPERATION(ms_op_events_test_pattern, ms_bus_test_pattern, TEXT("EventPattern", true),
          TEXT("Event", true))

#define ARCHIVE                                                                                    \
  {                                                                                                \
    .name = "ArchiveName", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 48         \
  }
#define REPLAY                                                                                     \
  {                                                                                                \
    .name = "ReplayName", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 64          \
  }
#define DESCRIPTION                                                                                \
  {                                                                                                \
    .name = "Description", .kind = MS_API_STRING, .max = 512                                       \
  }
#define KEPT                                                                                       \
  DESCRIPTION, {.name = "EventPattern", .kind = MS_API_STRING, .max = 4096},                       \
      {.name = "RetentionDays", .kind = MS_API_INTEGER, .max = 2147483647},                        \
  {                                                                                                \
    .name = "KmsKeyIdentifier", .kind = MS_API_STRING, .max = 2048                                 \
  }

#define DATE(member)                                                                               \
  {                                                                                                \
    .name = member, .kind = MS_API_TIMESTAMP, .is_required = true                                  \
  }

static const struct ms_api_member destination[] = {
    NAME("Arn", true), {.name = "FilterArns", .kind = MS_API_LIST}, MS_MEMBER_END};

#define DESTINATION                                                                                \
  {                                                                                                \
    .name = "Destination", .kind = MS_API_STRUCTURE, .is_required = true, .members = destination   \
  }

OPERATION(ms_op_events_create_archive, ms_bus_create_archive, ARCHIVE, NAME("EventSourceArn", true),
          KEPT)
OPERATION(ms_op_events_update_archive, ms_bus_update_archive, ARCHIVE, KEPT)
OPERATION(ms_op_events_describe_archive, ms_bus_describe_archive, ARCHIVE)
OPERATION(ms_op_events_delete_archive, ms_bus_delete_archive, ARCHIVE)
OPERATION(ms_op_events_list_archives, ms_bus_list_archives, NAME("NamePrefix", false),
          NAME("EventSourceArn", false),
          {.name = "State",
           .kind = MS_API_STRING,
           .values = "ENABLED, DISABLED, CREATING, UPDATING, CREATE_FAILED, UPDATE_FAILED"},
          PAGE)
OPERATION(ms_op_events_start_replay, ms_bus_start_replay, REPLAY, DESCRIPTION,
          NAME("EventSourceArn", true), DATE("EventStartTime"), DATE("EventEndTime"), DESTINATION)
OPERATION(ms_op_events_describe_replay, ms_bus_describe_replay, REPLAY)
OPERATION(ms_op_events_cancel_replay, ms_bus_cancel_replay, REPLAY)
OPERATION(ms_op_events_list_replays, ms_bus_list_replays, NAME("NamePrefix", false),
          NAME("EventSourceArn", false),
          {.name = "State",
           .kind = MS_API_STRING,
           .values = "STARTING, RUNNING, CANCELLING, COMPLETED, CANCELLED, FAILED"},
          PAGE)
