/* TagResource: adds tags, and changes those that are there. */
#include "api/tags.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("resourceArn", true),
                                               MS_MEMBER_TAGS(true), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_tags_resource(call);
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  struct ms_json tags = ms_api_tags_merge(call, arn, ms_api_get(call, "tags"));
  return ms_json_is_none(tags) ? MSTEP_ENOMEM : ms_api_tags_change(call, arn, tags);
}

const struct ms_op ms_op_tag_resource = {members, run};
