/* StartExecution. */
#include "api/start.h"
#include "base/error.h"
#include "runtime/names.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("stateMachineArn", true),
    {.name = "name", .kind = MS_API_STRING, .min = 1, .max = MS_API_NAME_MAX},
    {.name = "input", .kind = MS_API_STRING},
    {.name = "traceHeader", .kind = MS_API_STRING, .max = 256},
    MS_MEMBER_END};

/* Asked again for one that runs: the date is that of the first time. */
static int started(struct ms_api_call *call)
{
  struct ms_json reply = ms_json_ref(ms_api_kept(call));
  struct ms_str arn = ms_json_text(ms_json_getc(reply, "executionArn"));
  struct ms_json date = ms_api_described(call, ms_engine_execution_describe, arn, "startDate");
  if (!ms_json_is_none(date) && ms_json_setc(&reply, "startDate", date) != 0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_reply_json(call, reply);
}

static int run(struct ms_api_call *call)
{
  struct ms_str machine = ms_api_arn(call, "stateMachineArn", "stateMachine");
  struct ms_str name = ms_api_text(call, "name");
  if (machine.data == NULL) {
    return MSTEP_OK;
  }
  if (name.data != NULL && ms_name_check(name) != 0) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_NAME, name);
  }
  char arn[MS_ENGINE_ARN_SIZE] = "";
  const struct ms_engine_start request = {.machine_arn = machine,
                                          .name = name,
                                          .input = ms_api_text(call, "input"),
                                          .accepted = ms_api_when_accepted(call, started)};
  struct ms_json now = ms_api_date(ms_engine_now_ms(ms_api_engine(call)));
  int err = ms_engine_execution_start(arn, ms_api_engine(call), &request);
  if (err != 0) {
    return ms_api_start_failed(call, err, machine, arn);
  }
  /* From here on the call is answered by `started`, whatever happens. */
  struct ms_json reply = ms_api_object("executionArn", ms_json_cstring(arn));
  if (ms_json_setc(&reply, "startDate", now) != 0) {
    ms_json_replace(&reply, MS_JSON_VALUE_NONE);
  }
  ms_api_keep(call, reply);
  return MSTEP_OK;
}

const struct ms_op ms_op_start_execution = {members, run};
