/* GetExecutionHistory: pages in both directions, with or without payloads. */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("executionArn", true),
    MS_MEMBER_MAX_RESULTS,
    {.name = "reverseOrder", .kind = MS_API_BOOLEAN},
    MS_MEMBER_NEXT_TOKEN,
    {.name = "includeExecutionData", .kind = MS_API_BOOLEAN},
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  const struct ms_engine_history history = {
      .arn = ms_api_arn(call, "executionArn", "execution"),
      .max_results = (unsigned)ms_api_int(call, "maxResults", 0),
      .is_reverse = ms_api_bool(call, "reverseOrder", false),
      .is_without_data = !ms_api_bool(call, "includeExecutionData", true),
      .next_token = ms_api_text(call, "nextToken"),
  };
  if (history.arn.data == NULL) {
    return MSTEP_OK;
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_engine_execution_history(&text, ms_api_engine(call), &history);
  if (err == 0) {
    return ms_api_reply_buf(call, &text);
  }
  ms_buf_deinit(&text);
  if (err == MSTEP_ENOTFOUND) {
    return ms_api_fail(call, MS_API_ERROR_EXECUTION_DOES_NOT_EXIST, history.arn);
  }
  return err == MSTEP_EINVALID ? ms_api_fail(call, MS_API_ERROR_INVALID_TOKEN, MS_STR("")) : err;
}

const struct ms_op ms_op_get_execution_history = {members, run};
