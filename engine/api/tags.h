/* Tags of machines and activities: in the catalog, under "tags". */
#ifndef MS_API_TAGS_H
#define MS_API_TAGS_H

#include "api/members.h"
#include "runtime/runtime.h"

#define MS_API_TAGS_MAX 50

extern const struct ms_api_member ms_api_tag_members[];

#define MS_MEMBER_TAGS(required)                                                                   \
  {                                                                                                \
    .name = "tags", .kind = MS_API_LIST, .is_required = required, .members = ms_api_tag_members    \
  }

/*
 * Settings that AWS has no member for are tags, so that every client can give them:
 * moonstep:durability (fsync, os, none), moonstep:retention-seconds, moonstep:retention-count.
 * False: the call has been answered with what is wrong with a tag.
 */
bool ms_api_tags_check(struct ms_api_call *call, struct ms_engine_machine_request *request,
                       struct ms_json tags);
struct ms_json ms_api_tags_of(const struct ms_api_call *call, struct ms_str arn); /* borrowed list */
/* What `arn` has, and `tags` over it; owned. NONE: out of memory. */
struct ms_json ms_api_tags_merge(const struct ms_api_call *call, struct ms_str arn,
                                 struct ms_json tags);
/* Takes tags. */
int ms_api_tags_set(struct ms_api_call *call, struct ms_str arn, struct ms_json tags);
/* Sets them (takes) and what they say of the machine, and answers {}. */
int ms_api_tags_change(struct ms_api_call *call, struct ms_str arn, struct ms_json tags);
/* Member resourceArn, of something that is there. data NULL: the call has been answered. */
struct ms_str ms_api_tags_resource(struct ms_api_call *call);

#endif
