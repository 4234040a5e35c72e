/* STS's GetCallerIdentity: whoever calls is the account itself. The first thing that many tools ask. */
#include "api/iam.h"
#include "base/error.h"
#include "runtime/runtime.h"

static const struct ms_api_member members[] = {MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  char arn[MS_ENGINE_ARN_SIZE];
  int err = ms_engine_arn(arn, ms_api_engine(call), "x", MS_STR("x"));
  if (err != 0) {
    return err;
  }
  struct ms_str account = ms_api_arn_part(ms_str_c(arn), 4);
  struct ms_json reply = ms_api_object("UserId", ms_json_string(account));
  err = ms_json_setc(&reply, "Account", ms_json_string(account));
  if (err == 0) {
    err =
        ms_json_setc(&reply, "Arn", ms_json_stringf("arn:aws:iam::%.*s:root", MS_STR_ARG(account)));
  }
  if (err != 0) {
    ms_json_replace(&reply, MS_JSON_VALUE_NONE);
  }
  return ms_api_reply_json(call, reply);
}

const struct ms_op ms_op_sts_get_caller_identity = {members, run};
