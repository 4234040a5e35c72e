/* What the operations on functions share. */
#ifndef MS_API_FUNCTION_H
#define MS_API_FUNCTION_H

#include "api/members.h"
#include "invoke/invoke.h"

#define MS_MEMBER_FUNCTION_NAME                                                                    \
  {                                                                                                \
    .name = "FunctionName", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 256       \
  }
#define MS_MEMBER_QUALIFIER                                                                        \
  {                                                                                                \
    .name = "Qualifier", .kind = MS_API_STRING, .min = 1, .max = 128                               \
  }

#define MS_MEMBER_REVISION                                                                         \
  {                                                                                                \
    .name = "RevisionId", .kind = MS_API_STRING                                                    \
  }
/* Of operations that answer with ms_api_reply_page. */
#define MS_MEMBERS_PAGE(most)                                                                      \
  {.name = "MaxItems", .kind = MS_API_INTEGER, .min = 1, .max = most},                             \
  {                                                                                                \
    .name = "Marker", .kind = MS_API_STRING, .max = 1024                                           \
  }

struct ms_invoke *ms_api_invoke(const struct ms_api_call *call);
/* FunctionName and Qualifier. False: the call has been answered. */
bool ms_api_function(struct ms_function_name *out, struct ms_api_call *call);
/* The same of one that is there and was named without a version. */
bool ms_api_plain_function(struct ms_function_name *out, struct ms_api_call *call);
int ms_api_no_function(struct ms_api_call *call, const struct ms_function_name *name);
struct ms_json ms_api_function_arn(const struct ms_api_call *call,
                                   const struct ms_function_name *name, bool is_plain);
/* Whether RevisionId, if it is given, is that of the function or alias. False: the call has been answered. */
bool ms_api_revision_check(struct ms_api_call *call, struct ms_json current);
/* A copy of the function's row to change, an object in any case. NONE: out of memory. */
struct ms_json ms_api_function_row(const struct ms_api_call *call,
                                   const struct ms_function_name *name);
/* Sets row[group][key]; value NONE: removes it. Takes value. */
int ms_api_row_set(struct ms_json *row, const char *group, struct ms_str key, struct ms_json value);
/* Puts the row and answers with the reply when that is durable. Takes both; either may be NONE: no memory. */
int ms_api_function_put(struct ms_api_call *call, const struct ms_function_name *name,
                        struct ms_json row, struct ms_json reply);
/*
 * Answers with what Marker and MaxItems ask for of the list, at most 50 of it, as {member: [...]}, and with the
 * marker of what follows. Takes list; NONE: no memory.
 */
int ms_api_reply_page(struct ms_api_call *call, const char *member, struct ms_json list);

#endif
