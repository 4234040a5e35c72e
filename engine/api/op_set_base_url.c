/*
 * SetBaseUrl, Moonstep's own: where clients reach this engine, {"baseUrl": "http://127.0.0.1:4566"} -> {}. It is
 * in QueueUrl, SubscribeURL, UnsubscribeURL and FunctionUrl from then on; without it they name AWS's hosts.
 */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    {.name = "baseUrl", .kind = MS_API_STRING, .max = MS_ENGINE_BASE_URL_SIZE - 1}, MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_str url = ms_api_text(call, "baseUrl");
  if (ms_engine_set_base_url(ms_api_engine(call), url) != 0) {
    return ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                         "baseUrl is not of the form http://host:port or https://host:port");
  }
  return ms_api_reply_text(call, MS_STR("{}"));
}

const struct ms_op ms_op_set_base_url = {members, run};
