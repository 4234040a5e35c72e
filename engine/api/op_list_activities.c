/* ListActivities. */
#include "api/catalog_list.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_MAX_RESULTS, MS_MEMBER_NEXT_TOKEN,
                                               MS_MEMBER_END};

static struct ms_json item(struct ms_str name, struct ms_json value)
{
  struct ms_json out = ms_json_ref(value);
  (void)name;
  if (ms_json_remove(&out, MS_STR("encryptionConfiguration")) != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

static int run(struct ms_api_call *call)
{
  static const struct ms_api_catalog_list list = {
      .kind = "activity", .member = "activities", .item = item};
  return ms_api_catalog_list(call, &list);
}

const struct ms_op ms_op_list_activities = {members, run};
