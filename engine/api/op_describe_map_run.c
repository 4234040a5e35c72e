/* DescribeMapRun. */
#include "api/describe.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    {.name = "mapRunArn", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 2000},
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "mapRunArn");
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_engine_map_run_describe(&text, ms_api_engine(call), arn);
  if (err == 0) {
    return ms_api_reply_buf(call, &text);
  }
  ms_buf_deinit(&text);
  return err == MSTEP_ENOTFOUND ? ms_api_fail_f(call, MS_API_ERROR_STEP_RESOURCE_NOT_FOUND,
                                                "Resource not found: '%.*s'", MS_STR_ARG(arn))
                                : err;
}

const struct ms_op ms_op_describe_map_run = {members, run};
