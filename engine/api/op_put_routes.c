/*
 * PutRoutes, Moonstep's own: HTTP routes of a project, which take the place of those that were there; {"apiId"?, "routes":
 * [...]} as in source/web.h -> {}. They are as long as the engine runs.
 */
#include "api/members.h"
#include "base/error.h"
#include "source/web.h"

static const struct ms_api_member members[] = {
    {.name = "apiId", .kind = MS_API_STRING, .max = 63},
    {.name = "routes", .kind = MS_API_ANY, .is_required = true},
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_web *web = ms_engine_driver(ms_api_engine(call), &ms_web_driver);
  int err = ms_web_put_routes(web, ms_api_text(call, "apiId"), ms_api_get(call, "routes"));
  if (err == MSTEP_EINVALID) {
    return ms_api_fail(call, MS_API_ERROR_VALIDATION, ms_str_c(ms_error_detail()));
  }
  return err != 0 ? err : ms_api_reply_text(call, MS_STR("{}"));
}

const struct ms_op ms_op_put_routes = {members, run};
