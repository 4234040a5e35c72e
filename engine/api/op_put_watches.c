/*
 * PutWatches, Moonstep's own: folders of a project that are watched, which take the place of those that were; {"watches":
 * [...]} as in source/folder.h -> {}. They are as long as the engine runs; what was told of their files stays known.
 */
#include "api/members.h"
#include "base/error.h"
#include "source/folder.h"

static const struct ms_api_member members[] = {
    {.name = "watches", .kind = MS_API_ANY, .is_required = true}, MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  struct ms_folders *folders = ms_engine_driver(ms_api_engine(call), &ms_folders_driver);
  int err = ms_folders_put(folders, ms_api_get(call, "watches"));
  if (err == MSTEP_EINVALID) {
    return ms_api_fail(call, MS_API_ERROR_VALIDATION, ms_str_c(ms_error_detail()));
  }
  return err != 0 ? err : ms_api_reply_text(call, MS_STR("{}"));
}

const struct ms_op ms_op_put_watches = {members, run};
