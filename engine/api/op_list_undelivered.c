/*
 * ListUndelivered, Moonstep's own: what targets did not take, of functions (records, dead letters), rules, topics,
 * schedules and watched folders.
 * {"maxResults", "nextToken"} -> {"undelivered": [{Id, Target, Reason, Error, Attempts, CreatedAt, Body}], "nextToken"}
 */
#include "api/undelivered.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_MAX_RESULTS, MS_MEMBER_NEXT_TOKEN,
                                               MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_json list, token;
  int64_t max = ms_api_int(call, "maxResults", 0);
  int err = ms_undelivered_list(&list, &token, call, ms_api_text(call, "nextToken"),
                                max == 0 ? 100 : (size_t)max);
  if (err != 0) {
    ms_json_unref(token);
    return err;
  }
  struct ms_json out = ms_api_object("undelivered", list);
  if (!ms_json_is_none(token) && ms_json_setc(&out, "nextToken", token) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, out);
}

const struct ms_op ms_op_list_undelivered = {members, run};
