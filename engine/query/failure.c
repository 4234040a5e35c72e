/*
 * Workflow failures as data: filling, moving and releasing them. Which name and wording a failure
 * has is decided where it happens, not here.
 */
#include "query/failure.h"

#include <stdarg.h>

#include "base/error.h"

/* A cause that quotes a document is as long as the document; past this it is a mistake. */
#define CAUSE_MAX_BYTES ((size_t)64 << 20)

void ms_failure_deinit(struct ms_failure *failure)
{
  ms_json_unref(failure->error);
  ms_json_unref(failure->cause);
  ms_json_unref(failure->location);
  *failure = (struct ms_failure)MS_FAILURE_INIT;
}

int ms_fail(struct ms_failure *failure, const char *error, const char *format, ...)
{
  struct ms_buf text;
  va_list args;
  ms_buf_init(&text, CAUSE_MAX_BYTES);
  va_start(args, format);
  ms_buf_vprintf(&text, format, args);
  va_end(args);
  ms_failure_deinit(failure);
  int err = text.error;
  if (err == 0) {
    failure->error = error == NULL ? MS_JSON_VALUE_NULL : ms_json_cstring(error);
    failure->cause = ms_json_string(ms_buf_view(&text));
    if (ms_json_is_none(failure->error) || ms_json_is_none(failure->cause)) {
      err = MSTEP_ENOMEM;
    }
  }
  ms_buf_deinit(&text);
  if (err != 0) {
    ms_failure_deinit(failure);
    return ms_error_nomem();
  }
  return MS_FAILED;
}

void ms_failure_move(struct ms_failure *to, struct ms_failure *from)
{
  struct ms_failure moved = *from;
  *from = (struct ms_failure)MS_FAILURE_INIT;
  ms_failure_deinit(to);
  *to = moved;
}
