/*
 * EventBridge Scheduler: schedules and their groups. What an operation does is messaging/scheduler.h's; here is
 * what may be asked, and that the answer waits for the disk.
 */
#include "api/members.h"
#include "base/error.h"
#include "messaging/scheduler.h"
#include "runtime/runtime.h"

#define TEXT(member, required, most)                                                               \
  {                                                                                                \
    .name = member, .kind = MS_API_STRING, .is_required = required, .min = 1, .max = most          \
  }
#define PAGE                                                                                       \
  {.name = "MaxResults", .kind = MS_API_INTEGER, .min = 1, .max = 100},                            \
      TEXT("NextToken", false, 2048), TEXT("NamePrefix", false, 64)
#define TOKEN TEXT("ClientToken", false, 64)
#define STATE                                                                                      \
  {                                                                                                \
    .name = "State", .kind = MS_API_STRING, .values = "ENABLED, DISABLED"                          \
  }

static int refuse(struct ms_api_call *call, const struct ms_queue_refusal *why)
{
  static const struct {
    const char *name;
    enum ms_api_error error;
  } errors[] = {{"ResourceNotFoundException", MS_API_ERROR_SCHEDULER_NOT_FOUND},
                {"ConflictException", MS_API_ERROR_SCHEDULER_CONFLICT},
                {"ServiceQuotaExceededException", MS_API_ERROR_SERVICE_QUOTA_EXCEEDED}};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    if (strcmp(why->name, errors[i].name) == 0) {
      return ms_api_fail(call, errors[i].error, ms_str_c(why->text));
    }
  }
  return ms_api_fail(call, MS_API_ERROR_VALIDATION, ms_str_c(why->text));
}

static int carry_out(struct ms_api_call *call, ms_scheduler_operation operation)
{
  struct ms_scheduler *scheduler = ms_engine_driver(ms_api_engine(call), &ms_scheduler_driver);
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json reply = MS_JSON_VALUE_NONE;
  int err = operation(scheduler, ms_api_get(call, NULL), &reply, &why);
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

static const struct ms_api_member retry_policy[] = {
    {.name = "MaximumRetryAttempts", .kind = MS_API_INTEGER, .max = 185},
    {.name = "MaximumEventAgeInSeconds", .kind = MS_API_INTEGER, .min = 60, .max = 86400},
    MS_MEMBER_END};
static const struct ms_api_member dead_letter[] = {TEXT("Arn", false, 1600), MS_MEMBER_END};
static const struct ms_api_member sqs[] = {TEXT("MessageGroupId", false, 128), MS_MEMBER_END};
static const struct ms_api_member event[] = {TEXT("DetailType", true, 128),
                                             TEXT("Source", true, 256), MS_MEMBER_END};
static const struct ms_api_member target[] = {
    TEXT("Arn", true, 1600),
    TEXT("RoleArn", false, 1600),
    {.name = "Input", .kind = MS_API_STRING, .min = 1},
    {.name = "RetryPolicy", .kind = MS_API_STRUCTURE, .members = retry_policy},
    {.name = "DeadLetterConfig", .kind = MS_API_STRUCTURE, .members = dead_letter},
    {.name = "SqsParameters", .kind = MS_API_STRUCTURE, .members = sqs},
    {.name = "EventBridgeParameters", .kind = MS_API_STRUCTURE, .members = event},
    MS_MEMBER_END};
static const struct ms_api_member window[] = {
    {.name = "Mode", .kind = MS_API_STRING, .is_required = true, .values = "OFF, FLEXIBLE"},
    {.name = "MaximumWindowInMinutes", .kind = MS_API_INTEGER, .min = 1, .max = 1440},
    MS_MEMBER_END};
static const struct ms_api_member tag[] = {TEXT("Key", true, 128), TEXT("Value", true, 256),
                                           MS_MEMBER_END};

#define SCHEDULE                                                                                   \
  TEXT("Name", true, 64), TEXT("GroupName", false, 64), TOKEN, STATE,                              \
      TEXT("ScheduleExpression", true, 256), TEXT("ScheduleExpressionTimezone", false, 50),        \
      TEXT("KmsKeyArn", false, 2048), {.name = "Description", .kind = MS_API_STRING, .max = 512},  \
      {.name = "StartDate", .kind = MS_API_TIMESTAMP},                                             \
      {.name = "EndDate", .kind = MS_API_TIMESTAMP},                                               \
      {.name = "ActionAfterCompletion", .kind = MS_API_STRING, .values = "NONE, DELETE"},          \
      {.name = "MissedRuns", .kind = MS_API_STRING, .values = "once, skip, all"},                  \
      {.name = "FlexibleTimeWindow",                                                               \
       .kind = MS_API_STRUCTURE,                                                                   \
       .is_required = true,                                                                        \
       .members = window},                                                                         \
  {                                                                                                \
    .name = "Target", .kind = MS_API_STRUCTURE, .is_required = true, .members = target             \
  }

OPERATION(ms_op_scheduler_create, ms_scheduler_create, SCHEDULE)
OPERATION(ms_op_scheduler_update, ms_scheduler_update, SCHEDULE)
OPERATION(ms_op_scheduler_get, ms_scheduler_get, TEXT("Name", true, 64),
          TEXT("GroupName", false, 64))
OPERATION(ms_op_scheduler_delete, ms_scheduler_delete, TEXT("Name", true, 64),
          TEXT("GroupName", false, 64), TOKEN)
OPERATION(ms_op_scheduler_list, ms_scheduler_list, PAGE, TEXT("GroupName", false, 64), STATE)
OPERATION(ms_op_scheduler_create_group, ms_scheduler_create_group, TEXT("Name", true, 64), TOKEN,
          {.name = "Tags", .kind = MS_API_LIST, .max = 200, .members = tag})
OPERATION(ms_op_scheduler_get_group, ms_scheduler_get_group, TEXT("Name", true, 64))
OPERATION(ms_op_scheduler_delete_group, ms_scheduler_delete_group, TEXT("Name", true, 64), TOKEN)
OPERATION(ms_op_scheduler_list_groups, ms_scheduler_list_groups, PAGE)
OPERATION(ms_op_scheduler_tag, ms_scheduler_tag, TEXT("ResourceArn", true, 1011),
          {.name = "Tags", .kind = MS_API_LIST, .is_required = true, .max = 200, .members = tag})
OPERATION(ms_op_scheduler_untag, ms_scheduler_untag, TEXT("ResourceArn", true, 1011),
          {.name = "TagKeys", .kind = MS_API_LIST, .is_required = true, .max = 50})
OPERATION(ms_op_scheduler_list_tags, ms_scheduler_list_tags, TEXT("ResourceArn", true, 1011))
