/* UpdateMapRun: of one that runs; iterations that have begun go on. */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    {.name = "mapRunArn", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 2000},
    {.name = "maxConcurrency", .kind = MS_API_INTEGER, .max = INT32_MAX},
    {.name = "toleratedFailureCount", .kind = MS_API_INTEGER, .max = INT32_MAX},
    {.name = "toleratedFailurePercentage", .kind = MS_API_ANY},
    MS_MEMBER_END};

static int updated(struct ms_api_call *call)
{
  return ms_api_reply_json(call, ms_json_object(0));
}

/* What the core is told; NONE: out of memory. Concurrency 0 is the most there is. */
static struct ms_json settings_of(struct ms_api_call *call, struct ms_json percentage)
{
  struct ms_json out = ms_json_object(3);
  int err = ms_json_is_none(out) ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && ms_api_has(call, "maxConcurrency")) {
    int64_t most = ms_api_int(call, "maxConcurrency", 0);
    err = ms_json_setc(&out, "concurrency", ms_json_int(most == 0 || most > 10000 ? 10000 : most));
  }
  if (err == 0 && ms_api_has(call, "toleratedFailureCount")) {
    err = ms_json_setc(&out, "toleratedCount",
                       ms_json_int(ms_api_int(call, "toleratedFailureCount", 0)));
  }
  if (err == 0 && !ms_json_is_none(percentage)) {
    err = ms_json_setc(&out, "toleratedPercentage", ms_json_ref(percentage));
  }
  if (err == 0) {
    return out;
  }
  ms_json_unref(out);
  return MS_JSON_VALUE_NONE;
}

static int run(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_text(call, "mapRunArn");
  struct ms_json percentage = ms_api_get(call, "toleratedFailurePercentage");
  double number = ms_json_number(percentage);
  if (!ms_json_is_none(percentage) &&
      (!ms_json_is_number(percentage) || !(number >= 0 && number <= 100))) {
    return ms_api_fail(call, MS_API_ERROR_VALIDATION,
                       MS_STR("toleratedFailurePercentage must be between 0 and 100"));
  }
  if (ms_json_is_none(percentage) && !ms_api_has(call, "maxConcurrency") &&
      !ms_api_has(call, "toleratedFailureCount")) {
    return ms_api_fail(call, MS_API_ERROR_VALIDATION, MS_STR("Nothing to update"));
  }
  struct ms_json settings = settings_of(call, percentage);
  if (ms_json_is_none(settings)) {
    return ms_error_nomem();
  }
  int err = ms_engine_map_run_update(ms_api_engine(call), arn, settings,
                                     ms_api_when_accepted(call, updated));
  ms_json_unref(settings);
  if (err == MSTEP_ENOTFOUND) {
    return ms_api_fail_f(call, MS_API_ERROR_STEP_RESOURCE_NOT_FOUND, "Resource not found: '%.*s'",
                         MS_STR_ARG(arn));
  }
  return err == MSTEP_ESTATE
             ? ms_api_fail(call, MS_API_ERROR_VALIDATION, ms_str_c(ms_error_detail()))
             : err;
}

const struct ms_op ms_op_update_map_run = {members, run};
