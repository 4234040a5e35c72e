/* See task_answer.h. */
#include "api/task_answer.h"

#include "base/error.h"

#define TOKEN_MIN 24 /* characters of the shortest token that was ever given out */

/* AWS tells a token that it never gave from one whose task is gone. */
static bool is_token(struct ms_str token)
{
  for (size_t i = 0; i < token.len; i++) {
    char c = token.data[i];
    bool is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
    if (!is_fine) {
      return false;
    }
  }
  return token.len >= TOKEN_MIN;
}

int ms_api_task_answered(struct ms_api_call *call, int err)
{
  if (err == MSTEP_ENOTFOUND) {
    bool is_ours = is_token(ms_api_text(call, "taskToken"));
    return ms_api_fail(call, is_ours ? MS_API_ERROR_TASK_TIMED_OUT : MS_API_ERROR_INVALID_TOKEN,
                       MS_STR(""));
  }
  if (err != 0) {
    return err;
  }
  ms_api_keep(call, ms_json_object(0));
  return ms_api_accept(call, ms_api_reply_kept);
}
