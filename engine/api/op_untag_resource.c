/* UntagResource: tags that are not there are no mistake. */
#include "api/tags.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("resourceArn", true),
    {.name = "tagKeys", .kind = MS_API_LIST, .is_required = true},
    MS_MEMBER_END};

static bool is_among(struct ms_json keys, struct ms_str key)
{
  for (size_t i = 0; i < ms_json_count(keys); i++) {
    if (ms_str_eq(ms_json_text(ms_json_at(keys, i)), key)) {
      return true;
    }
  }
  return false;
}

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_tags_resource(call);
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  struct ms_json there = ms_api_tags_of(call, arn), left = ms_json_array(0);
  int err = MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(there); i++) {
    struct ms_json tag = ms_json_at(there, i);
    if (!is_among(ms_api_get(call, "tagKeys"), ms_json_text(ms_json_getc(tag, "key")))) {
      err = ms_json_push(&left, ms_json_ref(tag));
    }
  }
  if (err != 0) {
    ms_json_unref(left);
    return ms_error_nomem();
  }
  return ms_api_tags_change(call, arn, left);
}

const struct ms_op ms_op_untag_resource = {members, run};
