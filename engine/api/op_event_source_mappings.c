/*
 * Lambda's event source mappings. What an operation does is source/source.h's; here is what may be asked, and that
 * the answer waits for the disk.
 */
#include "api/event_source.h"
#include "base/error.h"
#include "runtime/runtime.h"

static const struct ms_api_member filter_members[] = {
    {.name = "Pattern", .kind = MS_API_STRING, .max = 4096}, MS_MEMBER_END};
static const struct ms_api_member criteria_members[] = {
    {.name = "Filters", .kind = MS_API_LIST, .members = filter_members}, MS_MEMBER_END};
static const struct ms_api_member route_members[] = {
    {.name = "Destination", .kind = MS_API_STRING, .max = 350}, MS_MEMBER_END};
static const struct ms_api_member destination_members[] = {
    {.name = "OnSuccess", .kind = MS_API_STRUCTURE, .members = route_members},
    {.name = "OnFailure", .kind = MS_API_STRUCTURE, .members = route_members},
    MS_MEMBER_END};
static const struct ms_api_member scaling_members[] = {
    {.name = "MaximumConcurrency", .kind = MS_API_INTEGER, .min = 2, .max = 1000}, MS_MEMBER_END};
static const struct ms_api_member poller_members[] = {
    {.name = "MinimumPollers", .kind = MS_API_INTEGER, .min = 1, .max = 200},
    {.name = "MaximumPollers", .kind = MS_API_INTEGER, .min = 1, .max = 10000},
    MS_MEMBER_END};

/* What both making and changing take. */
#define SETTINGS                                                                                   \
  {.name = "Enabled", .kind = MS_API_BOOLEAN},                                                     \
      {.name = "BatchSize", .kind = MS_API_INTEGER, .min = 1, .max = 10000},                       \
      {.name = "FilterCriteria", .kind = MS_API_STRUCTURE, .members = criteria_members},           \
      {.name = "MaximumBatchingWindowInSeconds", .kind = MS_API_INTEGER, .max = 300},              \
      {.name = "ParallelizationFactor", .kind = MS_API_INTEGER, .min = 1, .max = 10},              \
      {.name = "DestinationConfig", .kind = MS_API_STRUCTURE, .members = destination_members},     \
      {.name = "MaximumRecordAgeInSeconds", .kind = MS_API_INTEGER, .min = -1, .max = 604800},     \
      {.name = "BisectBatchOnFunctionError", .kind = MS_API_BOOLEAN},                              \
      {.name = "MaximumRetryAttempts", .kind = MS_API_INTEGER, .min = -1, .max = 10000},           \
      {.name = "TumblingWindowInSeconds", .kind = MS_API_INTEGER, .max = 900},                     \
      {.name = "FunctionResponseTypes", .kind = MS_API_LIST, .max = 1},                            \
      {.name = "ScalingConfig", .kind = MS_API_STRUCTURE, .members = scaling_members},             \
      {.name = "ProvisionedPollerConfig", .kind = MS_API_STRUCTURE, .members = poller_members},    \
      {.name = "MetricsConfig", .kind = MS_API_STRUCTURE},                                         \
      {.name = "KMSKeyArn", .kind = MS_API_STRING, .max = 10000},                                  \
  {                                                                                                \
    .name = "SourceAccessConfigurations", .kind = MS_API_LIST, .max = 22, .members = any_members   \
  }

#define UUID                                                                                       \
  {                                                                                                \
    .name = "UUID", .kind = MS_API_STRING, .is_required = true, .min = 1                           \
  }

static const struct ms_api_member any_members[] = {MS_MEMBER_END};

static const struct ms_api_member create_members[] = {
    {.name = "FunctionName", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 256},
    {.name = "EventSourceArn", .kind = MS_API_STRING},
    {.name = "StartingPosition",
     .kind = MS_API_STRING,
     .values = "LATEST, AT_TIMESTAMP, TRIM_HORIZON"},
    {.name = "StartingPositionTimestamp", .kind = MS_API_TIMESTAMP},
    {.name = "SelfManagedEventSource", .kind = MS_API_STRUCTURE},
    {.name = "Tags", .kind = MS_API_STRUCTURE},
    SETTINGS,
    MS_MEMBER_END};
static const struct ms_api_member update_members[] = {
    UUID,
    {.name = "FunctionName", .kind = MS_API_STRING, .min = 1, .max = 256},
    SETTINGS,
    MS_MEMBER_END};
static const struct ms_api_member uuid_members[] = {UUID, MS_MEMBER_END};
static const struct ms_api_member list_members[] = {
    {.name = "EventSourceArn", .kind = MS_API_STRING},
    {.name = "FunctionName", .kind = MS_API_STRING, .min = 1, .max = 256},
    {.name = "Marker", .kind = MS_API_STRING},
    {.name = "MaxItems", .kind = MS_API_INTEGER, .min = 1, .max = 10000},
    MS_MEMBER_END};

static int refuse(struct ms_api_call *call, const struct ms_queue_refusal *why)
{
  static const struct {
    const char *name;
    enum ms_api_error error;
  } errors[] = {{"ResourceNotFoundException", MS_API_ERROR_LAMBDA_NOT_FOUND},
                {"ResourceConflictException", MS_API_ERROR_LAMBDA_CONFLICT},
                {"ResourceInUseException", MS_API_ERROR_LAMBDA_IN_USE}};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    if (strcmp(why->name, errors[i].name) == 0) {
      return ms_api_fail(call, errors[i].error, ms_str_c(why->text));
    }
  }
  return ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE, ms_str_c(why->text));
}

int ms_api_mapping(struct ms_api_call *call, ms_source_operation operation)
{
  struct ms_sources *sources = ms_engine_driver(ms_api_engine(call), &ms_sources_driver);
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json reply = MS_JSON_VALUE_NONE;
  int err = operation(sources, ms_api_get(call, NULL), &reply, &why);
  if (err != 0) {
    ms_json_unref(reply);
    return err == MSTEP_EINVALID && why.name != NULL ? refuse(call, &why) : err;
  }
  ms_api_keep(call, reply);
  return ms_api_accept(call, ms_api_reply_kept);
}

/* OPERATION(ms_op_x, members, operation) */
#define OPERATION(op, members, operation)                                                          \
  static int run_##op(struct ms_api_call *call)                                                    \
  {                                                                                                \
    return ms_api_mapping(call, operation);                                                             \
  }                                                                                                \
  const struct ms_op op = {members, run_##op};

OPERATION(ms_op_create_event_source_mapping, create_members, ms_mapping_create)
OPERATION(ms_op_get_event_source_mapping, uuid_members, ms_mapping_get)
OPERATION(ms_op_update_event_source_mapping, update_members, ms_mapping_update)
OPERATION(ms_op_delete_event_source_mapping, uuid_members, ms_mapping_delete)
OPERATION(ms_op_list_event_source_mappings, list_members, ms_mapping_list)
