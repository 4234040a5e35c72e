/* Members that several operations have, as rows of their tables. */
#ifndef MS_API_MEMBERS_H
#define MS_API_MEMBERS_H

#include "api/arn.h"

#define MS_API_DEFINITION_MAX 1048576
#define MS_API_NAME_MAX 80
#define MS_API_ERROR_MAX 256
#define MS_API_CAUSE_MAX 32768
#define MS_API_TASK_TOKEN_MAX 2048

#define MS_MEMBER_END                                                                              \
  {                                                                                                \
    .name = NULL                                                                                   \
  }
#define MS_MEMBER_TEXT(member, required, max_len)                                                  \
  {                                                                                                \
    .name = member, .kind = MS_API_STRING, .is_required = required, .min = required,               \
    .max = max_len                                                                                 \
  }
#define MS_MEMBER_SECRET(member, max_len)                                                          \
  {                                                                                                \
    .name = member, .kind = MS_API_STRING, .is_required = true, .is_secret = true, .min = 1,       \
    .max = max_len                                                                                 \
  }
#define MS_MEMBER_ARN(member, required)                                                            \
  {                                                                                                \
    .name = member, .kind = MS_API_STRING, .is_required = required, .min = 1,                      \
    .max = MS_API_ARN_MAX                                                                          \
  }
#define MS_MEMBER_MAX_RESULTS                                                                      \
  {                                                                                                \
    .name = "maxResults", .kind = MS_API_INTEGER, .max = 1000                                      \
  }
#define MS_MEMBER_NEXT_TOKEN                                                                       \
  {                                                                                                \
    .name = "nextToken", .kind = MS_API_STRING, .min = 1, .max = 1024                              \
  }
#define MS_MEMBER_TASK_TOKEN                                                                       \
  {                                                                                                \
    .name = "taskToken", .kind = MS_API_STRING, .is_required = true, .min = 1,                     \
    .max = MS_API_TASK_TOKEN_MAX                                                                   \
  }
#define MS_MEMBER_ERROR                                                                            \
  {                                                                                                \
    .name = "error", .kind = MS_API_STRING, .max = MS_API_ERROR_MAX                                \
  }
#define MS_MEMBER_CAUSE                                                                            \
  {                                                                                                \
    .name = "cause", .kind = MS_API_STRING, .max = MS_API_CAUSE_MAX                                \
  }
#define MS_MEMBER_INCLUDED_DATA                                                                    \
  {                                                                                                \
    .name = "includedData", .kind = MS_API_STRING, .values = "ALL_DATA, METADATA_ONLY"             \
  }

#endif
