/* Backup, Moonstep's own: {"path"} -> {"path"}, a copy of the store as of now in a new file. */
#include "api/members.h"
#include "base/error.h"

static const struct ms_api_member members[] = {
    {.name = "path", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = 4096},
    MS_MEMBER_END};

static int run(struct ms_api_call *call)
{
  char path[4 * 4096 + 1];
  struct ms_str text = ms_api_text(call, "path");
  if (text.len >= sizeof path || memchr(text.data, '\0', text.len) != NULL) {
    return ms_api_fail(call, MS_API_ERROR_VALIDATION, MS_STR("path cannot be a file's name"));
  }
  memcpy(path, text.data, text.len);
  path[text.len] = '\0';
  int err = ms_engine_backup(ms_api_engine(call), path);
  if (err == MSTEP_ENOMEM) {
    return err;
  }
  return err != 0 ? ms_api_fail(call, MS_API_ERROR_BACKUP_FAILED, ms_str_c(ms_error_detail()))
                  : ms_api_reply_json(call, ms_api_object("path", ms_json_string(text)));
}

const struct ms_op ms_op_backup = {members, run};
