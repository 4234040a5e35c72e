/*
 * SetTaskRoutes, ours: which resources of tasks are answered by somebody else, and AWS's endpoint. It replaces what
 * was set before, and is forgotten with the process: it belongs to its configuration.
 */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    {.name = "routes", .kind = MS_API_STRUCTURE},
    {.name = "awsEndpoint", .kind = MS_API_STRING, .max = 2048},
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  int err = ms_engine_routes_set(ms_api_engine(call), ms_api_get(call, "routes"),
                                 ms_api_text(call, "awsEndpoint"));
  return err != 0 ? err : ms_api_reply_text(call, MS_STR("{}"));
}

const struct ms_op ms_op_set_task_routes = {members, run};
