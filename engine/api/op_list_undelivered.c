/*
 * ListUndelivered, Moonstep's own: records and dead letters of functions that their targets did not take.
 * {"maxResults", "nextToken"} -> {"undelivered": [{Id, Target, Reason, Error, Attempts, CreatedAt, Body}], "nextToken"}
 */
#include "api/function.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_MAX_RESULTS, MS_MEMBER_NEXT_TOKEN,
                                               MS_MEMBER_END};

static uint64_t number_of(struct ms_str text)
{
  uint64_t number = 0;
  for (size_t i = 0; i < text.len && i < 18; i++) {
    char c = text.data[i];
    number = c >= '0' && c <= '9' ? number * 10 + (uint64_t)(c - '0') : number;
  }
  return number;
}

static int run(struct ms_api_call *call)
{
  struct ms_json list;
  uint64_t next;
  int64_t max = ms_api_int(call, "maxResults", 0);
  int err = ms_outbox_list(&list, &next, ms_invoke_outbox(ms_api_invoke(call)),
                           number_of(ms_api_text(call, "nextToken")), max == 0 ? 100 : (size_t)max);
  if (err != 0) {
    return err;
  }
  struct ms_json out = ms_api_object("undelivered", list);
  if (next != 0 &&
      ms_json_setc(&out, "nextToken", ms_json_stringf("%llu", (unsigned long long)next)) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, out);
}

const struct ms_op ms_op_list_undelivered = {members, run};
