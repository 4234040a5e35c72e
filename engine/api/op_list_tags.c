/* ListTagsForResource. */
#include "api/tags.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("resourceArn", true), MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_tags_resource(call);
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  struct ms_json tags = ms_api_tags_of(call, arn);
  return ms_api_reply_json(
      call, ms_api_object("tags", ms_json_is_none(tags) ? ms_json_array(0) : ms_json_ref(tags)));
}

const struct ms_op ms_op_list_tags = {members, run};
