/*
 * What CreateStateMachine and UpdateStateMachine share: members, checks, how a bad definition is
 * said.
 */
#ifndef MS_API_MACHINE_H
#define MS_API_MACHINE_H

#include "api/members.h"

extern const struct ms_api_member ms_api_logging_members[];
extern const struct ms_api_member ms_api_tracing_members[];
extern const struct ms_api_member ms_api_encryption_members[];

#define MS_MEMBER_DEFINITION(required)                                                             \
  {                                                                                                \
    .name = "definition", .kind = MS_API_STRING, .is_required = required, .min = 1,                \
    .max = MS_API_DEFINITION_MAX                                                                   \
  }
#define MS_MEMBERS_OF_MACHINE                                                                      \
  MS_MEMBER_ARN("roleArn", false),                                                                 \
      {.name = "loggingConfiguration",                                                             \
       .kind = MS_API_STRUCTURE,                                                                   \
       .members = ms_api_logging_members},                                                         \
      {.name = "tracingConfiguration",                                                             \
       .kind = MS_API_STRUCTURE,                                                                   \
       .members = ms_api_tracing_members},                                                         \
      {.name = "encryptionConfiguration",                                                          \
       .kind = MS_API_STRUCTURE,                                                                   \
       .members = ms_api_encryption_members},                                                      \
      {.name = "publish", .kind = MS_API_BOOLEAN},                                                 \
  {                                                                                                \
    .name = "versionDescription", .kind = MS_API_STRING, .max = 256                                \
  }

/* An ms_engine_diagnostic_cb: what InvalidDefinition says of it, at the end of *(struct ms_buf *)user. */
void ms_api_add_problem(const struct ms_engine_diagnostic *problem, void *user);

/* False: the call has been answered. */
bool ms_api_machine_check(struct ms_api_call *call);

/*
 * Creates or (arn given) updates, with the call's configurations, and answers with then(call) when
 * it is durable, whose ms_api_kept is {stateMachineArn, stateMachineVersionArn?}; or with what is wrong.
 */
int ms_api_machine_make(struct ms_api_call *call, struct ms_str arn,
                        const struct ms_engine_machine_request *request,
                        int (*then)(struct ms_api_call *call));

#endif
